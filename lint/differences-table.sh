#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Print README's table of the differences from veth, as made from the table
# that the selftests read. With --write, put it into the README.

set -euo pipefail
cd "$(dirname "$0")/.."

table()
{
	echo '| id | kernels | veth | myveth |'
	echo '|---|---|---|---|'
	grep -v '^#' selftests/differences.tsv |
		awk -F '\t' -v OFS=' | ' \
			'{ print "| `" $1 "`", $2, $3, $4 " |" }'
}

if [ "${1:-}" = --write ]; then
	sed -i -e '/^| id | kernels |/,/^$/{/^$/!d}' README.md
	table | sed -i -e '/^<!-- differences -->$/r /dev/stdin' README.md
else
	table
fi
