#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
#	build-mutants.sh KERNELRELEASE TABLE [PART PARTS]
#
# Builds one module per line of TABLE, noticed.tsv or noticed-debug.tsv, each with
# one of the driver's files broken, as built/NAME/myveth.ko beside this file. With
# PART, from 0 on, only every PARTS'th.

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
TOP=$(cd "$HERE/../.." && pwd)
# Not among the built ones: its name begins with a dot.
WORK=$HERE/built/.work

# A file that is as it was for the last mutant stays, and is not compiled again. A
# line that breaks nothing would be a test that cannot fail.
break_driver()
{
	local name=$1 expression=$2 file changed=0

	for file in "$TOP"/*.[ch]; do
		sed -E "$expression" "$file" >"$WORK/broken"
		cmp -s "$file" "$WORK/broken" || changed=$((changed + 1))
		cmp -s "$WORK/${file##*/}" "$WORK/broken" ||
			cp "$WORK/broken" "$WORK/${file##*/}"
	done
	[ "$changed" -eq 1 ] || {
		echo "mutant $name: its expression changes $changed files" >&2
		exit 1
	}
}

rm -rf "$HERE/built"
mkdir -p "$WORK"
cp "$TOP/Kbuild" "$WORK"
grep -v '^#' "$HERE/$2" | awk "NR % ${4:-1} == ${3:-0}" |
while IFS=$'\t' read -r name _ _ expression; do
	break_driver "$name" "$expression"
	make -s -C "/lib/modules/$1/build" M="$WORK" \
		CONFIG_DEBUG_INFO_BTF_MODULES= modules
	mkdir "$HERE/built/$name"
	cp "$WORK/myveth.ko" "$HERE/built/$name"
done
