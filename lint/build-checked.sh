#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build-checked.sh SERIES: build the module for a kernel of that series with
# extra warnings and sparse; any message that names a file of ours is a fault.
# Runs in the root file system that has the headers.

set -euo pipefail

release=$(awk -v s="$1" '$1 == s { print $2 }' /boot/releases)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp Kbuild ./*.[ch] "$copy"

# KBUILD_CHECKSRC: Debian's headers lack the script by which newer kernels find
# out whether sparse works, and without it they do not call it.
make -C "/lib/modules/$release/build" M="$copy" W=1 \
	C=2 KBUILD_CHECKSRC=2 \
	CF="-D__CHECK_ENDIAN__ -include $PWD/lint/sparse-gaps.h" \
	CONFIG_DEBUG_INFO_BTF_MODULES= modules >"$copy/log" 2>&1 || {
	cat "$copy/log"
	exit 1
}
for file in *.c; do
	grep -qE "^ *CHECK .*\b$file\$" "$copy/log" || {
		echo "sparse has not looked at $file"
		exit 1
	}
done
# Of this directory, not one of the kernel's headers of the same name
! grep -E "^($copy/)?[a-z]+\.[ch]:[0-9]" "$copy/log"
