# SPDX-License-Identifier: GPL-2.0
#
# For people: `make help`. The module itself is described in Kbuild.

# DKMS and cross-builders name the kernel; `uname -r` is only a default.
KERNELRELEASE ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KERNELRELEASE)/build

DESTDIR ?=
MODDIR = $(DESTDIR)/lib/modules/$(KERNELRELEASE)/updates
PREFIX ?= /usr/local
MANDIR ?= $(PREFIX)/share/man
SBINDIR ?= $(PREFIX)/sbin
UNITDIR ?= $(PREFIX)/lib/systemd/system
# Where the installed ip(8) looks for its plugins.
IPLIBDIR ?= $(shell iproute2/find-plugin-dir.sh)

# The keys that dkms makes, and what the kernel's configuration says
SIGN_KEY ?= /var/lib/dkms/mok.key
SIGN_CERT ?= /var/lib/dkms/mok.pub
SIGN_HASH ?= $(or $(shell sed -n 's/^CONFIG_MODULE_SIG_HASH="\(.*\)"/\1/p' \
	$(KDIR)/.config 2>/dev/null),sha256)

DKMS_TREE = /usr/src/myveth-$(shell install/version.sh)

CFLAGS ?= -O2 -Wall -Wextra
VM = vm/vm.sh

# The driver needs no types of its own for BPF, and so no pahole to be made.
KBUILD = $(MAKE) -C $(KDIR) M=$(CURDIR) CONFIG_DEBUG_INFO_BTF_MODULES=

.PHONY: all modules plugin clean help
.PHONY: install install-module install-plugin
.PHONY: uninstall uninstall-module uninstall-plugin
.PHONY: sign drop-in drop-in-off install-drop-in
.PHONY: dkms-install dkms-uninstall
.PHONY: demo vm-shell check check-debug check-install check-here lint
.PHONY: check-docs
.PHONY: conformance bench stress clients build-matrix

all: modules plugin

modules: headers
	$(KBUILD) modules

plugin: iproute2/link_myveth.so

iproute2/link_myveth.so: iproute2/link_myveth.c myveth.h
	$(CC) $(CPPFLAGS) $(CFLAGS) -fPIC -shared $(LDFLAGS) -o $@ $<

# Say what is missing before kbuild fails in words that nobody can read.
.PHONY: headers
headers:
	@test -e $(KDIR)/Makefile || { \
		echo "No kernel headers in $(KDIR)." >&2; \
		echo "On Debian and its kin: apt install" \
			"linux-headers-$(KERNELRELEASE)" >&2; \
		echo "On Fedora and its kin: dnf install" \
			"kernel-devel-$(KERNELRELEASE)" >&2; \
		echo "Elsewhere: make KDIR=/path/to/them" >&2; \
		exit 1; }

# With the key that is enrolled, for a machine with Secure Boot
sign: modules
	@test -r $(SIGN_KEY) && test -r $(SIGN_CERT) || { \
		echo "No key $(SIGN_KEY) with certificate $(SIGN_CERT)." >&2; \
		echo "dkms makes them when it builds its first module;" \
			"or name others with SIGN_KEY= and SIGN_CERT=" >&2; \
		exit 1; }
	$(KDIR)/scripts/sign-file $(SIGN_HASH) $(SIGN_KEY) $(SIGN_CERT) \
		myveth.ko
	@echo "signed by: $$(modinfo -F signer ./myveth.ko)"

install: all install-module install-plugin

install-module: modules
	$(KBUILD) modules_install INSTALL_MOD_PATH=$(DESTDIR) \
		INSTALL_MOD_DIR=updates
	depmod -b $(DESTDIR)/ $(KERNELRELEASE)

# All that DKMS does not install.
install-plugin: plugin
	$(if $(IPLIBDIR),,$(error Cannot tell where ip looks for plugins; \
		name the directory with IPLIBDIR=))
	install -D -m 644 iproute2/link_myveth.so \
		$(DESTDIR)$(IPLIBDIR)/link_myveth.so
	install -D -m 644 iproute2/ip-link-myveth.8 \
		$(DESTDIR)$(MANDIR)/man8/ip-link-myveth.8
	install -D -m 644 iproute2/myveth.4 $(DESTDIR)$(MANDIR)/man4/myveth.4
	install -D -m 644 install/myveth-pair@.service \
		$(DESTDIR)$(UNITDIR)/myveth-pair@.service

# Which module is loaded for veth; from here on, or by a command
drop-in:
	install/myveth-drop-in on

drop-in-off:
	install/myveth-drop-in off

install-drop-in:
	install -D -m 755 install/myveth-drop-in \
		$(DESTDIR)$(SBINDIR)/myveth-drop-in
	install -D -m 644 install/myveth-drop-in.8 \
		$(DESTDIR)$(MANDIR)/man8/myveth-drop-in.8

dkms-install:
	install/dkms.sh install $(DKMS_TREE)

dkms-uninstall:
	install/dkms.sh uninstall

uninstall: uninstall-module uninstall-plugin

# Nobody shall have to keep the module for what an initrd keeps of the drop-in. The
# kernel may be gone already, and with it modules.builtin, which depmod reads.
uninstall-module:
	$(if $(DESTDIR),,$(if $(filter $(shell uname -r),$(KERNELRELEASE)), \
		install/myveth-drop-in off || :))
	rm -f $(MODDIR)/myveth.ko $(MODDIR)/myveth.ko.*
	rmdir $(MODDIR) $(dir $(MODDIR)) 2>/dev/null || :
	$(if $(wildcard $(dir $(MODDIR))modules.builtin), \
		depmod -b $(DESTDIR)/ $(KERNELRELEASE))

# An empty directory for plugins is as good as none, whoever made it.
uninstall-plugin:
	$(if $(IPLIBDIR),,$(error Cannot tell where ip looks for plugins; \
		name the directory with IPLIBDIR=))
	rm -f $(DESTDIR)$(IPLIBDIR)/link_myveth.so
	rm -f $(DESTDIR)$(MANDIR)/man8/ip-link-myveth.8
	rm -f $(DESTDIR)$(MANDIR)/man4/myveth.4
	rm -f $(DESTDIR)$(UNITDIR)/myveth-pair@.service
	rmdir $(DESTDIR)$(IPLIBDIR) 2>/dev/null || :

# Also where the headers are gone with which it was built.
clean:
	rm -f *.ko *.mod *.mod.c *.o .*.o .*.cmd .*.d Module.symvers modules.order
	rm -f iproute2/link_myveth.so
	$(MAKE) -C selftests/programs clean

demo:
	$(VM) demo

vm-shell:
	$(VM) shell

check:
	KERNELS='$(KERNELS)' TESTS='$(TESTS)' $(VM) check

check-docs:
	KERNELS='$(KERNELS)' TESTS='$(TESTS)' SELFTEST='$(SELFTEST)' \
		$(VM) check-docs

conformance:
	KERNELS='$(KERNELS)' TESTS='$(TESTS)' $(VM) conformance

check-debug:
	TESTS='$(TESTS)' SHORT='$(SHORT)' $(VM) check-debug

check-install:
	$(VM) check-install

check-here: all
	$(MAKE) -C selftests/programs
	YES='$(YES)' TESTS='$(TESTS)' selftests/check-here.sh

stress:
	KERNELS='$(KERNELS)' KINDS='$(or $(KINDS),myveth)' $(VM) stress

bench:
	KERNELS='$(KERNELS)' TESTS='$(TESTS)' $(VM) bench

clients:
	TESTS='$(TESTS)' $(VM) clients

build-matrix:
	$(VM) build-matrix

lint:
	lint/lint.sh

help:
	@echo 'On this machine:'
	@echo '  make             build the module and the plugin for ip(8)'
	@echo '  make install     install both, man page and unit (as root)'
	@echo '  make uninstall   remove what install put there (as root)'
	@echo '  make uninstall-module KERNELRELEASE='
	@echo '                   remove the module of another kernel'
	@echo '  make plugin, install-plugin, uninstall-plugin'
	@echo '                   all but the module, for users of DKMS'
	@echo '  make dkms-install, dkms-uninstall'
	@echo '                   the module, for each kernel, by DKMS'
	@echo '  make drop-in     who asks for veth gets myveth'
	@echo '  make drop-in-off no longer'
	@echo '  make sign        sign the module that was built (Secure Boot)'
	@echo '  make clean       remove what was built'
	@echo 'In a throw-away machine (as root, or through sudo):'
	@echo '  make demo        run three experiments and show what happens'
	@echo '  make vm-shell    a shell in such a machine, module loaded'
	@echo '  make check       all selftests on every supported kernel'
	@echo '  make check-docs  what README and docs/ say is printed'
	@echo '  make conformance the kernels own tests, on both drivers'
	@echo '  make stress      ten minutes of changes under traffic'
	@echo '  make clients     Docker and others make pairs that are ours'
	@echo '  make build-matrix'
	@echo '                   build for every kernel that Debian has'
	@echo '  make bench       how many instructions a packet costs'
	@echo '  make check-debug all selftests on a kernel that looks for faults'
	@echo '  make check-install'
	@echo '                   Debian packages and DKMS, on Debian 12 and 13'
	@echo 'For developers:'
	@echo '  make check-here  all selftests on the running kernel'
	@echo '  make lint        style and static checks'
	@echo 'Settings:'
	@echo '  KERNELRELEASE=   kernel to build for ($(KERNELRELEASE))'
	@echo '  KDIR=            its headers ($(KDIR))'
	@echo '  DESTDIR=         root to install into'
	@echo '  IPLIBDIR=        where ip(8) looks for plugins'
	@echo '  PREFIX=          of what is for users, or one of these:'
	@echo '  MANDIR= SBINDIR= UNITDIR='
	@echo '  SIGN_KEY= SIGN_CERT='
	@echo '                   for make sign; those of dkms by default'
	@echo '  MYVETH_CACHE=    what the throw-away machines are kept in'
	@echo '  KVM=0            emulate their processors even if KVM works'
	@echo '  KERNELS= TESTS=  what to check: KERNELS=6.12 TESTS="create* gro"'
	@echo '                   (check-debug has its own kernel, stress its tests)'
	@echo '  KINDS=           of myveth and veth, which; bench knows netkit too'
	@echo '  CASES=           of each script that TESTS names: CASES="tx pass"'
	@echo '  STRESS_SECONDS= SEED=  of the stress; a seed repeats its dice'
	@echo '  SHORT=1          check-debug: for myveth alone, a minute of stress'
	@echo '  SELFTEST=1       check-docs: is each output compared?'
	@echo '  YES=1            do not ask before check-here'
