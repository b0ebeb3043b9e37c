#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build-debug-kernel.sh, in the root file system that debug-kernel.sh makes:
# builds the kernel whose configuration is /recipe/debug-kernel.config from
# Debian's sources. In /out are then
#
#	vmlinuz			the kernel
#	initramfs		a program and a script, which mount the rest
#	modules/		what goes into /lib/modules/RELEASE; in "build" is
#				what it takes to build a module for this kernel
#	release			its release

set -euo pipefail

readonly config=/recipe/debug-kernel.config
readonly build=/build

unpack()
{
	mkdir -p "$build"
	tar -C "$build" --strip-components=1 -xf /usr/src/linux-source-*.tar.xz
}

# What depends on something that nobody asked for is left out without a word
missing_options()
{
	grep -E '^(# )?CONFIG_' "$config" | while read -r line; do
		case $line in
		*" is not set")
			! grep -q "^${line:2:-11}=" .config || echo "$line" ;;
		*)	grep -qxF -e "$line" .config || echo "$line" ;;
		esac
	done
}

configure()
{
	local missing

	make KCONFIG_ALLCONFIG="$config" allnoconfig
	missing=$(missing_options)
	[ -z "$missing" ] || {
		printf 'E: not in the configuration:\n%s\n' "$missing"
		exit 1
	}
}

install_kernel()
{
	local headers=scripts/package/install-extmod-build release

	release=$(make -s kernelrelease)
	cp "$(make -s image_name)" /out/vmlinuz
	make -s modules_install INSTALL_MOD_PATH=/staged INSTALL_MOD_STRIP=1
	mv "/staged/lib/modules/$release" /out/modules
	rm -f /out/modules/build
	make -s run-command KBUILD_RUN_COMMAND="$headers /out/modules/build"
	cp .config /out/modules/build
	echo "$release" > /out/release
}

# The modules that other kernels need to boot are built into this one
make_initramfs()
{
	local tree=/initramfs

	mkdir -p "$tree"/{bin,dev,layer,modules,new,root,writes}
	cp /bin/busybox "$tree/bin"
	cp /recipe/init "$tree"
	cd "$tree"
	find . | busybox cpio -o -H newc > /out/initramfs
}

unpack
cd "$build"
configure
make -j"$(nproc)" bzImage modules
install_kernel
make_initramfs
