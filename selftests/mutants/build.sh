#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build.sh KERNELRELEASE LIST [PART PARTS]: build one module per line of "list"
# or of "list-debug", each with the named line of the driver broken, as
# built/NAME/myveth.ko beside this file. With PART, from 0 on, only every
# PARTS'th.

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
TOP=$(cd "$HERE/../.." && pwd)

# A line that breaks nothing would be a test that cannot fail.
break_driver()
{
	local name=$1 expression=$2 copy=$3

	sed -E "$expression" "$TOP/myveth.c" >"$copy/myveth.c"
	! cmp -s "$TOP/myveth.c" "$copy/myveth.c" || {
		echo "mutant $name: its expression matches nothing" >&2
		exit 1
	}
}

rm -rf "$HERE/built"
grep -v '^#' "$HERE/$2" | awk "NR % ${4:-1} == ${3:-0}" |
while IFS=$'\t' read -r name _ _ expression; do
	copy=$HERE/built/$name
	mkdir -p "$copy"
	cp "$TOP"/{Kbuild,myveth.h,compat.h} "$copy"
	break_driver "$name" "$expression" "$copy"
	make -s -C "/lib/modules/$1/build" M="$copy" \
		CONFIG_DEBUG_INFO_BTF_MODULES= modules
done
