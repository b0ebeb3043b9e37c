#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# generated.sh NAME: print one of the texts' tables that are made from what
# the selftests read and write:
#
#	differences	from veth, out of selftests/differences.tsv
#	footprint	of the commands, out of vm/footprint.tsv
#
# generated.sh --write: put them where they belong, each behind a line
# <!-- NAME -->.
#
# generated.sh --check: print how those that are there differ.

set -euo pipefail
cd "$(dirname "$0")/.."

differences()
{
	echo '| id | kernels | veth | myveth |'
	echo '|---|---|---|---|'
	grep -v '^#' selftests/differences.tsv |
		awk -F '\t' -v OFS=' | ' \
			'{ print "| `" $1 "`", $2, $3, $4 " |" }'
}

# Who runs the first time pays for making what the command needs.
footprint()
{
	echo '| command | download | disk | the first time | afterwards |'
	echo '|---|---|---|---|---|'
	awk 'function minutes(s) { return int(s / 60) " min " s % 60 " s" }
	     function row(run, command, needs,	i, n, name, making) {
		if (!(run in seconds))
			return
		n = split(needs, name, " ")
		for (i = 1; i <= n; i++)
			making += seconds[name[i]]
		print "| `make " command "` | " download[run] " MB | " \
			disk[run] " MB | " minutes(seconds[run] + making) \
			" | " minutes(seconds[run]) " |"
	     }
	     /^#/ { next }
	     { download[$1] = $2; disk[$1] = $3; seconds[$1] = $4 }
	     END {
		machines = "emulator bookworm"
		row("demo", "demo", machines)
		row("check", "check", machines " trixie")
		row("check-debug-short", "check-debug SHORT=1",
			machines " debug-kernel")
		row("check-debug", "check-debug", machines " debug-kernel")
	     }' vm/footprint.tsv
}

# pages_with NAME: where the table belongs; it must belong somewhere.
pages_with()
{
	grep -lxF "<!-- $1 -->" README.md docs/*.md
}

# write_table NAME: instead of the lines up to the next empty one.
write_table()
{
	local page

	for page in $(pages_with "$1"); do
		sed -i -e "/^<!-- $1 -->\$/,/^\$/{/^|/d}" "$page"
		"$1" | sed -i -e "/^<!-- $1 -->\$/r /dev/stdin" "$page"
	done
}

# check_table NAME
check_table()
{
	local page pages

	pages=$(pages_with "$1") || echo "no page has a place for '$1'"
	for page in $pages; do
		diff <(sed -n "/^<!-- $1 -->\$/,/^\$/p" "$page" | grep '^|') \
			<("$1") || echo "in $page"
	done
}

case ${1:-} in
differences|footprint)	"$1" ;;
--write)		write_table differences
			write_table footprint ;;
--check)		check_table differences
			check_table footprint ;;
*)			echo "usage: $0 differences|footprint|--write|--check" >&2
			exit 2 ;;
esac
