#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
#	run-mutants.sh [-d] [NAME]
#
# The test of the tests: every broken driver that build-mutants.sh has made must
# be noticed, that is, the case of a script that noticed.tsv names must fail with
# it, and must not without it. In a throw-away machine only. KTAP; the last line
# counts as that of ../run.sh. With NAME, only the one of that name.
#
# With -d, those of noticed-debug.tsv, on a debug kernel: they must be noticed by
# what looks for faults there. The machine may be of no use after one.

HERE=$(dirname "$(readlink -f "$0")")
LOG=$(mktemp) || exit
trap 'rm -f "$LOG"' EXIT
NOTICED=0
UNNOTICED=0
declare -A PASSES

run_case()
{
	KINDS=myveth CASES=$2 FIRST_FAULT_ENDS=yes \
		"$HERE/../run.sh" ${DEBUG:+-d} "$1" >"$LOG" 2>&1
}

# Whether it passes with the whole driver; asked once for all mutants that have to
# fail it.
passes_without_mutant()
{
	[ -n "${PASSES["$*"]}" ] || run_case "$@" || return
	PASSES["$*"]=yes
}

# Whether the case fails, and not for want of the module.
is_noticed()
{
	local name=$1 script=$2 case=$3 noticed

	insmod "$HERE/built/$name/myveth.ko" || return
	run_case "$script" "$case"
	noticed=$?
	if [ -n "$DEBUG" ]; then
		grep -E "^# fault.*: (kernel|kmemleak): " "$LOG" || return
	else
		rmmod myveth && grep -q "^not ok .* KIND=myveth" "$LOG" || return
	fi
	[ "$noticed" -ne 0 ]
}

report()
{
	local number=$((NOTICED + UNNOTICED + 1)) what

	what="mutant $1 is noticed by $2, $3"
	if passes_without_mutant "$2" "$3" && is_noticed "$@"; then
		NOTICED=$((NOTICED + 1))
		echo "ok $number $what"
	else
		UNNOTICED=$((UNNOTICED + 1))
		sed 's/^/    /' "$LOG"
		echo "not ok $number $what"
	fi
}

! [ -d /sys/module/myveth ] || rmmod myveth || exit
DEBUG=
TABLE=noticed.tsv
if [ "$1" = -d ]; then
	DEBUG=yes TABLE=noticed-debug.tsv
	shift
fi
mapfile -t mutants < <(grep -v '^#' "$HERE/$TABLE" | cut -f 1-3 |
	while read -r name script case; do
		[ ! -d "$HERE/built/$name" ] || [ "${1:-$name}" != "$name" ] ||
			echo "$name $script $case"
	done)
built=("$HERE"/built/*)
if [ -z "$1" ] && [ ${#built[@]} -ne ${#mutants[@]} ]; then
	echo "${#built[@]} mutants are built, ${#mutants[@]} are in $TABLE"
	exit 1
fi
echo "KTAP version 1"
echo "1..${#mutants[@]}"
for mutant in "${mutants[@]}"; do
	# shellcheck disable=SC2086 # three words
	report $mutant
done
echo "$NOTICED passed, $UNNOTICED failed, 0 skipped"
[ "$UNNOTICED" -eq 0 ] && [ "$NOTICED" -gt 0 ]
