# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the scripts here share: how something is measured, on each kind in turn,
# and printed. A script sources this file, has a function for each case that
# cases.tsv gives to it, and ends with
#
#	measure_all "$@"
#
# The function makes what it needs of the kind $1 and calls figure, or found,
# which it does not where the kind cannot do it.
#
# For a machine whose clock counts instructions: one processor, a nanosecond for
# each (`make bench` boots it). Nothing is ever late in such a machine, and
# memory costs nothing, so that a figure is the same each time, and says nothing
# of the time that something takes on a real one.
#
# A figure is (a long run - a short one) / (what the long one has more of), so
# that what comes before and after does not count. The kinds take turns,
# $REPEATS times. Chance (a timer, two addresses in one bucket of a table)
# mostly adds to a figure, so the least is shown, and how far above it the
# median is.
#
# A line "figure KEY KIND PROCESSORS LEAST SPREAD" is for vm/bench.sh.

BENCH=$(readlink -f "${BASH_SOURCE[0]%/*}")

# To print commands would cost instructions.
# shellcheck source=selftests/lib.sh
VERBOSE='' . "$BENCH/../selftests/lib.sh"

KINDS=${KINDS:-veth myveth netkit}

# What was measured: "KEY KIND FIGURE" lines.
FIGURES=

# --- measuring -----------------------------------------------------------

# found FIGURE [PART]: of the case that is being measured.
found()
{
	FIGURES+="$CASE${2:+.$2} $MEASURED $1"$'\n'
}

# figure COMMAND...: COMMAND N does something N times and prints how many
# nanoseconds that took. Once before, for what is done only the first time.
figure()
{
	local short long tenths

	sleep 1
	"$@" "$SHORT_RUN" >/dev/null || abort "failed: $*"
	short=$("$@" "$SHORT_RUN") || abort "failed: $*"
	long=$("$@" "$LONG_RUN") || abort "failed: $*"
	tenths=$(((long - short) * 10 / (LONG_RUN - SHORT_RUN)))
	found "${tenths%?}.${tenths: -1}"
}

# measure CASE KIND
measure()
{
	# shellcheck disable=SC2031 # of this shell
	local scope=${#DEFERRED[@]} CASE=$1 MEASURED=$2

	"$CASE" "$MEASURED"
	deferred_run "$scope"
}

# measure_all [PATTERN...]: the cases that match; default: all of the script's.
measure_all()
{
	local cases case kind _

	mapfile -t cases < <("$BENCH/list-cases.sh" "${0##*/}" "$@")
	KINDS=$(offered_kinds)
	print_head
	for case in "${cases[@]}"; do
		for _ in $(seq "$REPEATS"); do
			for kind in $KINDS; do
				measure "$case" "$kind"
			done
		done
		print_case "$case"
	done
}

# A kind that this kernel lacks is left out.
offered_kinds()
{
	local kind

	for kind in $KINDS; do
		modprobe -q "$kind"
		unshare --net ip link add name probe0 type "$kind" \
			2>/dev/null && printf '%s ' "$kind"
	done
}

possible_processors()
{
	local range

	read -r range </sys/devices/system/cpu/possible
	echo $((${range#*-} + 1))
}

# --- printing ------------------------------------------------------------

figures_of()
{
	awk -v key="$1" -v kind="$2" '$1 == key && $2 == kind { print $3 }' \
		<<<"$FIGURES" | sort -n
}

least_of()
{
	figures_of "$@" | head -n 1
}

# In per cent; of one figure it is not known. An even number has two medians: the
# larger.
median_above_least()
{
	figures_of "$@" | awk '{ figure[NR] = $1 }
		END { if (NR < 2)
				printf "null"
			else if (figure[1] <= 0)
				printf "0.00"
			else
				printf "%.2f", 100 * \
					(figure[int(NR / 2) + 1] / figure[1] - 1)
		    }'
}

title_of()
{
	awk -F '\t' -v key="$1" '$1 == key { print $4 ", " $3 }' \
		"$BENCH/cases.tsv"
}

# ratio_to_veth KEY KIND
ratio_to_veth()
{
	awk -v ours="$(least_of "$1" "$2")" -v theirs="$(least_of "$1" veth)" '
		BEGIN { if (ours > 0 && theirs > 0)
				printf "%.4f", ours / theirs
			else
				printf "-" }'
}

print_head()
{
	local kind

	log_info "Linux $(uname -r), possible processors:" \
		"$(possible_processors); least of $REPEATS times"
	printf '%-54s' ""
	for kind in $KINDS; do
		printf '%11s' "$kind"
		[ "$kind" = veth ] || printf '%8s' ratio
	done
	printf '%9s\n' median
}

keys_of()
{
	awk -F '\t' -v case="$1" '{ name = $1; sub(/[.].*/, "", name) }
		name == case { print $1 }' "$BENCH/cases.tsv"
}

print_case()
{
	local key

	for key in $(keys_of "$1"); do
		print_row "$key"
		report "$key"
	done
}

print_row()
{
	local kind least largest

	printf '%-54s' "$(title_of "$1")"
	for kind in $KINDS; do
		least=$(least_of "$1" "$kind")
		printf '%11s' "${least:--}"
		[ "$kind" = veth ] ||
			printf '%8s' "$(ratio_to_veth "$1" "$kind")"
	done
	largest=$(for kind in $KINDS; do
		median_above_least "$1" "$kind"
		echo
	done | grep -v null | sort -n | tail -n 1)
	printf '%9s\n' "${largest:+"+$largest%"}"
}

# report KEY: for vm/bench.sh.
report()
{
	local kind least processors

	processors=$(possible_processors)
	for kind in $KINDS; do
		least=$(least_of "$1" "$kind")
		[ -z "$least" ] || echo "figure $1 $kind $processors $least" \
			"$(median_above_least "$1" "$kind")"
	done
}
