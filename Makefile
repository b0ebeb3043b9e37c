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

##@ On this machine:

all: modules plugin ## build the module and the plugin for ip(8), the default

modules: headers ## build the module alone
	$(KBUILD) modules

plugin: iproute2/link_myveth.so ## build the plugin alone

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
sign: modules ## sign the module that was built (Secure Boot)
	@test -r $(SIGN_KEY) && test -r $(SIGN_CERT) || { \
		echo "No key $(SIGN_KEY) with certificate $(SIGN_CERT)." >&2; \
		echo "dkms makes them when it builds its first module;" \
			"or name others with SIGN_KEY= and SIGN_CERT=" >&2; \
		exit 1; }
	$(KDIR)/scripts/sign-file $(SIGN_HASH) $(SIGN_KEY) $(SIGN_CERT) \
		myveth.ko
	@echo "signed by: $$(modinfo -F signer ./myveth.ko)"

install: all install-module install-plugin ## install all of it (as root)

install-module: modules ## install the module alone
	$(KBUILD) modules_install INSTALL_MOD_PATH=$(DESTDIR) \
		INSTALL_MOD_DIR=updates
	depmod -b $(DESTDIR)/ $(KERNELRELEASE)

# All that DKMS does not install.
install-plugin: plugin ## install all but the module, for users of DKMS
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
drop-in: ## programs that ask for veth get myveth
	install/myveth-drop-in on

drop-in-off: ## they get veth again
	install/myveth-drop-in off

install-drop-in: ## install the command for that, myveth-drop-in(8)
	install -D -m 755 install/myveth-drop-in \
		$(DESTDIR)$(SBINDIR)/myveth-drop-in
	install -D -m 644 install/myveth-drop-in.8 \
		$(DESTDIR)$(MANDIR)/man8/myveth-drop-in.8

dkms-install: ## install the module for each kernel, by DKMS
	install/dkms.sh install $(DKMS_TREE)

dkms-uninstall: ## remove it for each kernel
	install/dkms.sh uninstall

uninstall: uninstall-module uninstall-plugin ## remove all of it (as root)

# Nobody shall have to keep the module for what an initrd keeps of the drop-in. The
# kernel may be gone already, and with it modules.builtin, which depmod reads.
uninstall-module: ## remove the module; KERNELRELEASE= of another kernel
	$(if $(DESTDIR),,$(if $(filter $(shell uname -r),$(KERNELRELEASE)), \
		install/myveth-drop-in off || :))
	rm -f $(MODDIR)/myveth.ko $(MODDIR)/myveth.ko.*
	rmdir $(MODDIR) $(dir $(MODDIR)) 2>/dev/null || :
	$(if $(wildcard $(dir $(MODDIR))modules.builtin), \
		depmod -b $(DESTDIR)/ $(KERNELRELEASE))

# An empty directory for plugins is as good as none, whoever made it.
uninstall-plugin: ## remove all but the module
	$(if $(IPLIBDIR),,$(error Cannot tell where ip looks for plugins; \
		name the directory with IPLIBDIR=))
	rm -f $(DESTDIR)$(IPLIBDIR)/link_myveth.so
	rm -f $(DESTDIR)$(MANDIR)/man8/ip-link-myveth.8
	rm -f $(DESTDIR)$(MANDIR)/man4/myveth.4
	rm -f $(DESTDIR)$(UNITDIR)/myveth-pair@.service
	rmdir $(DESTDIR)$(IPLIBDIR) 2>/dev/null || :

# Also where the headers are gone with which it was built.
clean: ## remove what was built
	rm -f *.ko *.mod *.mod.c *.o .*.o .*.cmd .*.d Module.symvers modules.order
	rm -f iproute2/link_myveth.so
	$(MAKE) -C selftests/programs clean

check-here: all ## all selftests on the running kernel, for developers
	$(MAKE) -C selftests/programs
	YES='$(YES)' TESTS='$(TESTS)' selftests/check-here.sh

##@ In a throw-away machine, or root file system (as root, or by sudo):

demo: ## run three experiments and show what happens
	$(VM) demo

vm-shell: ## open a shell in such a machine, the module loaded
	$(VM) shell

check: ## all selftests on every supported kernel
	KERNELS='$(KERNELS)' TESTS='$(TESTS)' $(VM) check

check-docs: ## what README and docs/ say is printed
	KERNELS='$(KERNELS)' TESTS='$(TESTS)' SELFTEST='$(SELFTEST)' \
		$(VM) check-docs

conformance: ## the kernel's own tests, on both drivers
	KERNELS='$(KERNELS)' TESTS='$(TESTS)' $(VM) conformance

check-debug: ## all selftests on a kernel that looks for faults
	TESTS='$(TESTS)' SHORT='$(SHORT)' $(VM) check-debug

check-install: ## Debian packages and DKMS, on Debian 12 and 13
	$(VM) check-install

stress: ## ten minutes of changes under traffic
	KERNELS='$(KERNELS)' KINDS='$(or $(KINDS),myveth)' $(VM) stress

bench: ## what packets and pairs cost, and its tables
	KERNELS='$(KERNELS)' TESTS='$(TESTS)' $(VM) bench

clients: ## pairs that Docker and others make are myveth's
	TESTS='$(TESTS)' $(VM) clients

build-matrix: ## build for every kernel that Debian has
	$(VM) build-matrix

lint: ## style and static checks
	lint/lint.sh

# Made from what stands behind two #: a target's text, a group, a setting.
help:
	@awk -F ':.*## ' '/^##@ / { print substr($$0, 5) } \
		/^## / { print "  " substr($$0, 4) } \
		/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' \
		Makefile

##@ Settings:
## KERNELRELEASE=        kernel to build for (the running one)
## KDIR=                 its headers (/lib/modules/KERNELRELEASE/build)
## DESTDIR=              root to install into
## PREFIX=               of what is for users, or one of these:
## MANDIR= SBINDIR= UNITDIR=
## IPLIBDIR=             where ip(8) looks for plugins
## SIGN_KEY= SIGN_CERT=  for make sign (those of dkms)
## MYVETH_CACHE=         what the throw-away machines are kept in
## KVM=0                 emulate their processors even if KVM works
## KERNELS= TESTS=       what to check: KERNELS=6.12 TESTS="create* gro"
##                       (check-debug has its own kernel, stress its tests)
##                       KERNELS=6.12 KINDS=myveth: the quick round of check
## CASES=                of each script that TESTS names: CASES="tx pass"
## KINDS=                myveth, veth or both; bench knows netkit too
## VERBOSE=1             print each command of a test before it runs
## STRESS_SECONDS= SEED= of the stress; a seed repeats its dice
## SHORT=1               check-debug: for myveth alone, a minute of stress
## SELFTEST=1            check-docs: is each output compared?
## YES=1                 do not ask before check-here
