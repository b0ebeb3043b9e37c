#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build-checked.sh SERIES [OLDER]: build the module for a kernel of that series
# with extra warnings and sparse; any message that names a file of ours is a fault.
# With OLDER, as if the headers were of that release: see older-headers.sh. Runs in
# the root file system that has the headers.

set -euo pipefail

release=$(awk -v s="$1" '$1 == s { print $2 }' /boot/releases)
headers=/lib/modules/$release/build
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/module"
cp Kbuild ./*.[ch] "$work/module"
if [ $# -gt 1 ]; then
	vm/older-headers.sh "$headers" "$work/headers" "$2"
	headers=$work/headers/build
fi

# KBUILD_CHECKSRC: Debian's headers lack the script by which newer kernels find
# out whether sparse works, and without it they do not call it.
make -C "$headers" M="$work/module" W=1 \
	C=2 KBUILD_CHECKSRC=2 \
	CF="-D__CHECK_ENDIAN__ -include $PWD/lint/sparse-gaps.h" \
	CONFIG_DEBUG_INFO_BTF_MODULES= modules >"$work/log" 2>&1 || {
	cat "$work/log"
	exit 1
}
for file in *.c; do
	grep -qE "^ *CHECK .*\b$file\$" "$work/log" || {
		echo "sparse has not looked at $file"
		exit 1
	}
done
# Of the driver, not one of the kernel's headers of the same name
! grep -E "^($work/module/)?[a-z]+\.[ch]:[0-9]" "$work/log"
