# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What packets and pairs cost, counted by the scripts of bench/ in machines with
# one processor, whose clock counts instructions. Figures of different
# emulators, or kernels, cannot be compared; of one machine they can.

readonly FIGURES=$TREE/bench/figures.json

# A driver may make something for each that there may be: all but one of these
# never run.
readonly MANY_PROCESSORS=64

# Never a real processor, but one that has all that they have, without what
# makes a byte that is copied count as an instruction
count_instructions()
{
	ACCEL=tcg,thread=single CPU=max,-erms,-fsrm
	# shellcheck disable=SC2034 # for boot.sh
	PROCESSORS=1
	CLOCK=(-icount "shift=0,sleep=off")
	KERNEL_WORDS+=" nokaslr"
}

emulator_version()
{
	in_emulator qemu-system-x86_64 --version | head -n 1
}

machine_words()
{
	echo "-accel $ACCEL -cpu $CPU ${CLOCK[*]}; Linux: $KERNEL_WORDS"
}

# As many machines at once as the host has processors: what they count is the
# same.
bench()
{
	local series

	begin_jobs
	prepare "$@"
	count_instructions
	emulator_version
	machine_words
	for series in "$@"; do
		bench_on "$series" packets.sh
		bench_on "$series" pairs.sh
		bench_on_many_processors "$series" pairs.sh
	done
	follow_jobs need_success
	if is_whole_bench; then
		write_figures "$@"
	fi
}

# bench_on SERIES SCRIPT: if it has a case that is asked for
bench_on()
{
	[ -n "$(cases_of "$2" "${PATTERNS[@]}")" ] || return 0
	# In the order in which figures shall stand
	start_job "$1" on_a_processor \
		count_on "$1" "$2" "$WORK/figures.$((100 + ${#JOBS[@]}))"
}

bench_on_many_processors()
{
	# shellcheck disable=SC2034 # for boot.sh
	local PROCESSORS=$MANY_PROCESSORS KERNEL_WORDS="$KERNEL_WORDS maxcpus=1"

	bench_on "$@"
}

# count_on SERIES SCRIPT FILE
count_on()
{
	run_in "$1" "/myveth/bench/$2" "${PATTERNS[@]}" | keep_figures "$1" "$3"
}

cases_of()
{
	"$TREE/bench/list-cases.sh" "$@"
}

# keep_figures SERIES FILE: everything else is shown
keep_figures()
{
	local line

	while IFS= read -r line; do
		case $line in
		"figure "*)	echo "$1 ${line#* }" >> "$2" ;;
		*)		echo "$line" ;;
		esac
	done
}

require_bench()
{
	local pattern

	for pattern in "$@"; do
		[ -n "$(cases_of packets "$pattern"
			cases_of pairs "$pattern")" ] ||
			die "no case of bench/cases.tsv matches $pattern"
	done
}

is_whole_bench()
{
	[ -z "${KERNELS:-}${KINDS:-}${REPEATS:-}${PATTERNS[*]}" ]
}

# A figure a line, so that a difference can be read
write_figures()
{
	{
		echo '{'
		echo "\"emulator\": \"$(emulator_version)\","
		echo "\"machine\": \"$(machine_words)\","
		echo '"releases": {'
		print_releases "$@"
		echo '},'
		echo '"figures": ['
		print_figures
		echo ']'
		echo '}'
	} > "$FIGURES"
	"$TREE/lint/generated.sh" --write
	say "written: ${FIGURES#"$TREE/"}, and what is made from it"
}

print_releases()
{
	local series

	for series in "$@"; do
		echo "\"$series\": \"$(release_of "$series")\""
	done | sed '$!s/$/,/'
}

print_figures()
{
	local series key kind processors figure spread

	while read -r series key kind processors figure spread; do
		printf '{"key": "%s", "kernel": "%s", "kind": "%s", ' \
			"$key" "$series" "$kind"
		printf '"processors": %s, "figure": %s, "spread": %s}\n' \
			"$processors" "$figure" "$spread"
	done < <(cat "$WORK"/figures.*) | sed '$!s/$/,/'
}
