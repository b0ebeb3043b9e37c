#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# generated.sh NAME: print a part of the texts that is made from a file:
#
#	differences	from veth, out of selftests/differences.tsv
#	footprint [COMMAND]
#			of all commands, or of one, out of vm/footprint.tsv
#	summary, packets SERIES, pairs SERIES, chart
#			out of bench/figures.json: see bench/show-figures.sh
#
# generated.sh --write: put them where they belong: each table behind a line
# <!-- NAME -->, the chart into a file of its own.
#
# generated.sh --check: print how those that are there differ; fail if one does.

set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/.."

readonly CHART=docs/performance.svg

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
	awk -v wanted="${1:-}" '
	     function minutes(s) { return int(s / 60) " min " s % 60 " s" }
	     function row(run, command, needs,	i, n, name, making) {
		if (!(run in seconds) || wanted && command != wanted)
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

# What has a place in a text
tables()
{
	local series

	echo differences
	echo footprint
	echo footprint demo
	echo summary
	sed 's/#.*//' vm/kernels.tsv | while read -r series _; do
		[ -z "$series" ] || printf '%s\n' "packets $series" \
			"pairs $series"
	done
}

# print_part NAME [WORD], which may be one word
print_part()
{
	local words

	read -ra words <<< "$*"
	case ${words[0]} in
	differences|footprint)	"${words[@]}" ;;
	*)			bench/show-figures.sh "${words[@]}" ;;
	esac
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
		print_part "$1" |
			sed -i -e "/^<!-- $1 -->\$/r /dev/stdin" "$page"
	done
}

# check_table NAME
check_table()
{
	local page pages

	pages=$(pages_with "$1") || echo "no page has a place for '$1'"
	for page in $pages; do
		diff <(sed -n "/^<!-- $1 -->\$/,/^\$/p" "$page" | grep '^|') \
			<(print_part "$1") || echo "in $page"
	done
}

write_all()
{
	local name

	tables | while read -r name; do
		write_table "$name"
	done
	print_part chart > "$CHART"
}

check_all()
{
	local name

	tables | while read -r name; do
		check_table "$name"
	done
	diff "$CHART" <(print_part chart) || echo "in $CHART"
}

none_differs()
{
	local found

	found=$(check_all)
	[ -z "$found" ] || {
		echo "$found"
		return 1
	}
}

case ${1:-} in
differences|footprint|summary|packets|pairs|chart)
			print_part "$@" ;;
--write)		write_all ;;
--check)		none_differs ;;
*)			sed -n '/^# gen/,/^$/s/^# \?//p' "$0" >&2
			exit 2 ;;
esac
