#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# All static checks, each by its usual tool, in the root file systems that the
# selftests use: nothing is installed on this machine.
#
# The newest kernel's own scripts judge the style; every supported kernel's
# headers are built against, with all warnings on and with sparse.

set -uo pipefail

TOP=$(cd "$(dirname "$0")/.." && pwd)
VM=$TOP/vm/vm.sh
FAILED=0

# check NAME COMMAND...: a check passes when the command succeeds. Of what it
# prints then, lines that begin with "# " are shown: nothing is wrong with them,
# but somebody should know.
check()
{
	local name=$1 output

	shift
	if output=$("$@" 2>&1); then
		echo "ok    $name"
		sed -n 's/^# /      /p' <<< "$output"
	else
		echo "FAIL  $name"
		printf '      %s\n' "${output//$'\n'/$'\n'      }"
		FAILED=$((FAILED + 1))
	fi
}

in_root()
{
	"$VM" root "$@"
}

supported_series()
{
	sed 's/#.*//' "$TOP/vm/kernels.tsv" | awk 'NF { print $1, $2 }'
}

cd "$TOP" || exit
"$VM" prepare || exit

check "project rules" lint/rules.sh
while read -r series suite; do
	check "W=1 and sparse, $series" \
		in_root "$suite" lint/build-checked.sh "$series" </dev/null
	check "an option that is off, $series" \
		in_root "$suite" lint/option-off.sh "$series" </dev/null
done < <(supported_series)
for older in 6.3 6.6; do
	check "W=1 and sparse, 6.12 as in $older" in_root bookworm \
		lint/build-checked.sh 6.12 "$older" </dev/null
done
check "the form of console blocks" \
	in_root trixie check-docs/check-docs.sh --lint </dev/null
for tool in checkpatch kernel-doc coccicheck shellcheck man-pages texts; do
	check "$tool" in_root trixie lint/"$tool".sh </dev/null
done

[ "$FAILED" -eq 0 ]
