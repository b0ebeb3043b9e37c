# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The faults of veth that bring down the machine: the scripts in faults/panics.
# Each has a machine of its own for each kind. With veth it must end as the list
# there says; with myveth, the script must pass.

readonly PANICS=faults/panics

# Those that TESTS selects; all, if the whole is asked for
panic_scripts()
{
	local patterns=("${PATTERNS[@]}")

	is_narrowed || patterns=("$PANICS/*")
	"$TREE/selftests/run.sh" -l "${patterns[@]}" | grep "^$PANICS/" || :
}

# What TESTS selects of the others; fails if it selects nothing but panics
other_patterns()
{
	local pattern

	OTHER_PATTERNS=()
	for pattern in "${PATTERNS[@]}"; do
		[[ $pattern == "$PANICS"/* ]] || OTHER_PATTERNS+=("$pattern")
	done
	[ ${#PATTERNS[@]} -eq 0 ] || [ ${#OTHER_PATTERNS[@]} -gt 0 ]
}

start_panics()
{
	local series scripts

	mapfile -t scripts < <(panic_scripts)
	[ ${#scripts[@]} -gt 0 ] || return 0
	for series in "$@"; do
		start_job "$series" on_a_processor \
			run_panics "$series" "${scripts[@]}"
	done
}

# As run.sh does: KTAP, and the last line counts
run_panics()
{
	local series=$1 number=0 failed=0 script kind result

	echo "# Linux $(release_of "$series"), each in a machine of its own"
	for script in "${@:2}"; do
		for kind in ${KINDS:-myveth veth}; do
			number=$((number + 1))
			result=ok
			ends_as_it_must "$series" "$script" "$kind" ||
				result="not ok" failed=$((failed + 1))
			echo "$result $number $script KIND=$kind"
		done
	done
	echo "$((number - failed)) passed, $failed failed, 0 skipped"
	[ "$failed" -eq 0 ]
}

ends_as_it_must()
{
	local series=$1 script=$2 kind=$3 panic="" status=0 wanted=0

	[ "$kind" != veth ] || panic=$(panic_of "$series" "$script")
	[ -z "$panic" ] || wanted=$PANICKED_GUEST
	PANIC=$panic KINDS=$kind boot "$series" output "$TIME_LIMIT" \
		/myveth/selftests/run.sh "$script" || status=$?
	[ "$status" -ne "$PANICKED_GUEST" ] || echo "# panic: $panic"
	[ "$status" -eq "$wanted" ]
}

# What the kernel says then, if veth brings down a machine of this series: the
# script names the difference, differences.tsv the kernels
panic_of()
{
	local script=$TREE/selftests/$2 series id kernels

	series=$(base_of "$1")
	id=$(sed -n 's/^# difference: //p' "$script")
	kernels=$(awk -F '\t' -v id="$id" '$1 == id { print $2 }' \
		"$TREE/selftests/differences.tsv")
	[ -n "$kernels" ] || die "$script: no difference '$id'"
	[[ $kernels != all && " $kernels " != *" $series "* ]] ||
		sed -n 's/^# panic: //p' "$script"
}
