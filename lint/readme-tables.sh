#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# readme-tables.sh NAME: print one of README's tables that are made from what
# the selftests read and write:
#
#	differences	from veth, out of selftests/differences.tsv
#	costs		of the commands, out of selftests/vm/costs
#
# readme-tables.sh --write: put both into the README, each behind the line
# <!-- NAME -->.

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

# Who runs the first time pays for the root file systems as well: the demo for
# its own, the check for all.
costs()
{
	echo '| command | download | disk | the first time | afterwards |'
	echo '|---|---|---|---|---|'
	awk 'function minutes(s) { return int(s / 60) " min " s % 60 " s" }
	     /^#/ { next }
	     $1 == "demo" || $1 == "check" {
		making = all
		if ($1 == "demo")
			making = made["bookworm"] + made["emulator"]
		print "| `make " $1 "` | " $2 " MB | " $3 " MB | " \
			minutes($4 + making) " | " minutes($4) " |"
		next
	     }
	     { made[$1] = $4; all += $4 }' selftests/vm/costs
}

# write_table NAME: instead of the lines up to the next empty one.
write_table()
{
	sed -i -e "/^<!-- $1 -->\$/,/^\$/{/^|/d}" README.md
	"$1" | sed -i -e "/^<!-- $1 -->\$/r /dev/stdin" README.md
}

case ${1:-} in
differences|costs)	"$1" ;;
--write)		write_table differences
			write_table costs ;;
*)			echo "usage: $0 differences|costs|--write" >&2
			exit 2 ;;
esac
