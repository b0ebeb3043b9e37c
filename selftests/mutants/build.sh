#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build.sh KERNELRELEASE LIST [PART PARTS]: build one module per line of "list"
# or of "list-debug", each with a line of one of the driver's files broken, as
# built/NAME/myveth.ko beside this file. With PART, from 0 on, only every
# PARTS'th.

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
TOP=$(cd "$HERE/../.." && pwd)

# A line that breaks nothing would be a test that cannot fail.
break_driver()
{
	local name=$1 expression=$2 copy=$3 file changed=0

	for file in "$TOP"/*.[ch]; do
		sed -E "$expression" "$file" >"$copy/${file##*/}"
		cmp -s "$file" "$copy/${file##*/}" || changed=$((changed + 1))
	done
	[ "$changed" -eq 1 ] || {
		echo "mutant $name: its expression changes $changed files" >&2
		exit 1
	}
}

rm -rf "$HERE/built"
grep -v '^#' "$HERE/$2" | awk "NR % ${4:-1} == ${3:-0}" |
while IFS=$'\t' read -r name _ _ expression; do
	copy=$HERE/built/$name
	mkdir -p "$copy"
	cp "$TOP/Kbuild" "$copy"
	break_driver "$name" "$expression" "$copy"
	make -s -C "/lib/modules/$1/build" M="$copy" \
		CONFIG_DEBUG_INFO_BTF_MODULES= modules
done
