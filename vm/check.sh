# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The selftests in machines: on every kernel, with broken drivers, under stress,
# and on the kernel that looks for faults.

readonly MUTANT_SERIES="6.12 7.3"

# start_on SERIES SCRIPT [WORDS...]: in a guest, in the background
start_on()
{
	start_job "$1" on_a_processor run_script_on "$@"
}

run_script_on()
{
	echo "# Linux $(release_of "$1"), accelerator $ACCEL," \
		"$2${KINDS:+ KINDS=$KINDS}"
	run_in "$1" "/myveth/$2" "${@:3}"
}

# Two machines for each kernel, so that none is left in the end that takes long
# while a processor has nothing to do. Mutants are beside, for most are noticed
# by what does not come.
check()
{
	local mutants

	begin_jobs
	prepare "$@"
	! other_patterns || start_scripts "$@"
	if ! is_narrowed; then
		start_docs "$@"
		mapfile -t mutants < <(mutant_series "$@")
		start_mutants "${mutants[@]}"
	fi
	start_panics "$@"
	follow_jobs
	is_whole_run "$@" && write_run_cost check "$@"
	say_left_out "$@"
	end_jobs
}

# Who names scripts or kinds gets the scripts alone: that is the quick round.
is_narrowed()
{
	[ -n "${PATTERNS[*]}${KINDS:-}" ]
}

# A machine for each kind; of one kind alone, for each half of the scripts
start_scripts()
{
	local series kind kinds

	read -ra kinds <<< "${KINDS:-myveth veth}"
	for series in "$@"; do
		if [ ${#kinds[@]} -eq 1 ]; then
			start_halves "$series" "${OTHER_PATTERNS[@]}"
			continue
		fi
		for kind in "${kinds[@]}"; do
			KINDS=$kind start_on "$series" \
				selftests/run.sh "${OTHER_PATTERNS[@]}"
		done
	done
}

# start_halves SERIES [PATTERN...]: a machine for the first half of the scripts,
# and one for the second, which takes about as long. Dealt in turn, the long ones
# would nearly all come to the same machine.
start_halves()
{
	local option=() scripts middle half

	[ "$1" != debug ] || option=(-d)
	mapfile -t scripts < <(
		"$TREE/selftests/run.sh" "${option[@]}" -l "${@:2}")
	[ -n "${scripts[*]}" ] || die "no selftest matches ${*:2}"
	middle=$(((${#scripts[@]} + 1) / 2))
	for half in "${scripts[*]:0:middle}" "${scripts[*]:middle}"; do
		# shellcheck disable=SC2086 # names of scripts
		[ -z "$half" ] || start_on "$1" selftests/run.sh \
			"${option[@]}" $half
	done
}

is_whole_run()
{
	[ "${PATTERNS[*]}${KINDS:-} $*" = " $(all_series | xargs)" ] &&
		[ "$FAILED" -eq 0 ]
}

# A part shall not be taken for the whole
say_left_out()
{
	local series kind left=() list

	for series in $(all_series); do
		[[ " $* " == *" $series "* ]] || left+=("Linux $series")
	done
	for kind in myveth veth; do
		[[ " ${KINDS:-$kind} " == *" $kind "* ]] || left+=("$kind")
	done
	[ ${#PATTERNS[@]} -eq 0 ] || left+=("other scripts")
	! is_narrowed || left+=("broken drivers" "the documentation")
	[ -n "$(panic_scripts)" ] || left+=("panics")
	[ ${#left[@]} -gt 0 ] || return 0
	printf -v list '%s, ' "${left[@]}"
	echo "# left out: ${list%, }"
	echo "# the whole: make check"
}

# One kernel after the other, each with both processors of the host: what
# happens at the same time shall really do so.
stress()
{
	local series

	begin_jobs
	export STRESS_SECONDS=${STRESS_SECONDS:-600}
	prepare "$@"
	[ "$ACCEL" = kvm ] || ACCEL=tcg,thread=multi
	for series in "$@"; do
		start_on "$series" selftests/run.sh 'stress/*'
		follow_jobs
	done
	end_jobs
}

# The test of the tests: does the suite notice a broken driver? Each on one of
# the kernels that have all that there is to break.
mutant_series()
{
	local series

	for series in $MUTANT_SERIES; do
		[[ " $* " != *" $series "* ]] || echo "$series"
	done
}

start_mutants()
{
	local series number=0

	for series in "$@"; do
		start_job "$series" run_mutants "$series" $((number++)) $#
	done
}

# run_mutants SERIES PART PARTS: built only now, when the other machines, which
# take longer, are on their way. They see the directory that it is built in, and
# none of their scripts looks into it.
run_mutants()
{
	need_mutants "$1" noticed.tsv "${@:2}"
	run_script_on "$1" selftests/mutants/run-mutants.sh
}

# The test of the debug kernel: what it has to notice, and broken drivers, each
# in a machine of its own, for they leave it in disorder
check_debug_notices()
{
	local mutants mutant

	need_provoke
	start_on debug selftests/debug/provoke/run-faults.sh
	follow_jobs
	need_mutants debug noticed-debug.tsv
	mapfile -t mutants < <(grep -v '^#' \
		"$TREE/selftests/mutants/noticed-debug.tsv" | cut -f 1)
	for mutant in "${mutants[@]}"; do
		start_on debug selftests/mutants/run-mutants.sh -d "$mutant"
		follow_jobs
	done
}

# All kinds, or our own one only, which takes half the time. Two machines for the
# scripts, each kept on a processor of the host; one on all of them for the
# stress.
check_debug()
{
	begin_jobs
	if [ -n "${SHORT:-}" ]; then
		export KINDS=${KINDS:-myveth}
		export STRESS_SECONDS=${STRESS_SECONDS:-60}
	fi
	prepare debug
	if [ ${#PATTERNS[@]} -eq 0 ]; then
		check_debug_halves
		export STRESS_SECONDS=${STRESS_SECONDS:-600}
	fi
	start_on debug selftests/run.sh -d "${PATTERNS[@]:-stress/*}"
	follow_jobs
	[ -n "${SHORT:-}${PATTERNS[*]}" ] || check_debug_notices
	[ "${PATTERNS[*]}$FAILED" != 0 ] ||
		write_run_cost "check-debug${SHORT:+-short}" debug
	end_jobs
}

check_debug_halves()
{
	local ACCEL=$ACCEL

	[ "$ACCEL" = kvm ] || ACCEL=tcg,thread=single
	start_halves debug
	follow_jobs
}
