#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a pair costs, on each kind: instructions to make and to delete it, the
# events that the kernel sends to user space meanwhile, and memory:
#
#	pairs.sh [PATTERN...]	the cases that match; default: all of them
#
# What is counted for creation and deletion is the CPU time of a cgroup in which
# ip(8) does it: not that of the kernel's threads, and not the time in which
# ip(8) sleeps, which is most of a deletion.
#
# Memory is by how much the counters of slab, per-CPU and other pages grow.
# Pages of programs and of files do not count.

. "$(dirname "$(readlink -f "$0")")/measure.sh"

REPEATS=${REPEATS:-3}
# Of pairs
SHORT_RUN=10
LONG_RUN=110

# --- making and deleting -------------------------------------------------

# far_end NUMBER: into $FAR_END. Debian 12's ip(8) cannot name a netkit's.
far_end()
{
	FAR_END=b$1
	[ "$MEASURED" != netkit ] || FAR_END=nk$(($1 - 1))
}

# create_words FIRST LAST
create_words()
{
	local number peer=

	for ((number = $1; number <= $2; number++)); do
		[ "$MEASURED" = netkit ] || peer="peer name b$number"
		echo "link add name a$number type $MEASURED $peer"
	done
}

delete_words()
{
	seq "$1" "$2" | sed 's/^/link del dev a/'
}

# set_words FIRST LAST WORDS: for both ends.
set_words()
{
	local number

	for ((number = $1; number <= $2; number++)); do
		far_end "$number"
		printf "link set dev %s $3\n" "a$number" "$FAR_END"
	done
}

# Of the words that it reads.
do_words()
{
	ip -n "$A" -batch -
}

# in_cgroup COMMAND...: prints for how many nanoseconds it had a processor.
in_cgroup()
{
	local group=/sys/fs/cgroup/bench

	mkdir "$group" || return
	# shellcheck disable=SC2016 # the inner shell expands them
	sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' \
		sh "$group" "$@" || return
	sed -n 's/^usage_usec \(.*\)/\1000/p' "$group/cpu.stat"
	rmdir "$group"
}

run_creation()
{
	create_words 1 "$1" >"$SCRATCH/words"
	in_cgroup ip -n "$A" -batch "$SCRATCH/words" || return
	delete_words 1 "$1" | do_words
}

run_deletion()
{
	create_words 1 "$1" | do_words || return
	delete_words 1 "$1" >"$SCRATCH/words"
	in_cgroup ip -n "$A" -batch "$SCRATCH/words"
}

# Not on netkit: its other end would need a search for a free name.
create_pair()
{
	setup_ns A
	[ "$1" = netkit ] || figure run_creation
}

delete_pair()
{
	setup_ns A
	figure run_deletion
}

# --- uevents -------------------------------------------------------------

# per_pair AFTER BEFORE PAIRS
per_pair()
{
	awk -v after="$1" -v before="$2" -v pairs="$3" \
		'BEGIN { printf "%.1f", (after - before) / pairs }'
}

uevents()
{
	local pairs=20 before made deleted

	setup_ns A
	before=$(</sys/kernel/uevent_seqnum)
	create_words 1 $pairs | must do_words
	made=$(</sys/kernel/uevent_seqnum)
	delete_words 1 $pairs | must do_words
	deleted=$(</sys/kernel/uevent_seqnum)
	found "$(per_pair "$made" "$before" $pairs)" create
	found "$(per_pair "$deleted" "$made" $pairs)" delete
}

# --- memory --------------------------------------------------------------

# Pages that a processor keeps for itself are free too.
pages_kept()
{
	awk '$1 == "count:" { sum += $2 } END { print sum + 0 }' /proc/zoneinfo
}

# Prints slab, per-CPU and other pages, in KiB. What RCU frees, and what waits
# for a timer to be freed, is gone by then.
memory_in_use()
{
	sleep 3
	awk -v kept="$(($(pages_kept) * 4))" '
		{ of[$1] = $2 }
		END { slab = of["Slab:"]
		      percpu = of["Percpu:"]
		      free = of["MemFree:"] + kept
		      ours = of["Buffers:"] + of["Cached:"] + \
				of["AnonPages:"] + of["KernelStack:"] + \
				of["PageTables:"]
		      print slab, percpu, of["MemTotal:"] - free - ours - \
				slab - percpu }' /proc/meminfo
}

# put_into_state STATE FIRST LAST
put_into_state()
{
	create_words "$2" "$3" | must do_words
	[ "$1" = idle ] || set_words "$2" "$3" up | must do_words
	case $1 in
	napi)	turn_gro_on "$2" "$3" ;;
	xdp)	set_words "$2" "$3" "xdpdrv pinned $BPFFS/pass" |
			must do_words ;;
	esac
}

turn_gro_on()
{
	# shellcheck disable=SC2016 # the inner shell expands them
	must ip netns exec "$A" sh -c 'for number in $(seq "$1" "$2"); do
			ethtool -K a$number gro on || exit
			ethtool -K b$number gro on || exit
		done >/dev/null' sh "$1" "$2"
}

# What the first pairs find free of what is there already does not count.
memory_in_state()
{
	local first=20 pairs=100 before after

	setup_ns A
	no_ipv6 "$A"
	put_into_state "$1" 1 $first
	read -ra before < <(memory_in_use)
	put_into_state "$1" $((first + 1)) $((first + pairs))
	read -ra after < <(memory_in_use)
	found_memory $pairs "${before[*]}" "${after[*]}"
}

# found_memory PAIRS BEFORE AFTER: in bytes, all of it and its parts.
found_memory()
{
	local before after part

	read -ra before <<<"$2"
	read -ra after <<<"$3"
	for part in 0 1 2; do
		after[part]=$(((after[part] - before[part]) * 1024 / $1))
	done
	found $((after[0] + after[1] + after[2]))
	found "${after[0]}" slab
	found "${after[1]}" percpu
	found "${after[2]}" pages
}

memory_idle()
{
	memory_in_state idle
}

memory_up()
{
	memory_in_state up
}

# What GRO is called on a netkit has no effect, and it takes no program.
memory_napi()
{
	[ "$1" = netkit ] || memory_in_state napi
}

memory_xdp()
{
	[ "$1" = netkit ] || memory_in_state xdp
}

require_command ethtool
require_program xdp_program
mount_bpffs
must "$MYVETH_PROGRAMS/xdp_program" load "$BPFFS/pass" pass
defer rm "$BPFFS/pass"
measure_all "$@"
