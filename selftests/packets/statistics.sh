#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Both ends count what crosses a pair, packet by packet and byte by byte:
#
#	+-------- A --------+  30 x 100 bytes -->  +-------- B --------+
#	|  va               |  <-- 20 x 1000 bytes |               vb  |
#	+-------------------+                      +-------------------+
#
# and the counters say the same wherever they are read.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	counters_are_exact
	counters_say_the_same_everywhere
	counters_of_all_cpus
	counters_survive
	ethtool_counters
	pair_id
"

require_command ethtool
require_command jq
require_program frames

# send NS DEV LENGTH COUNT
send()
{
	check_equal "$("$MYVETH_PROGRAMS/frames" send "$@")" \
		"accepted $4 refused 0" "the sender"
}

# traffic_of NS DEV: packets and bytes sent, packets and bytes received.
traffic_of()
{
	link_get "$1" "$2" '.stats64 | [.tx.packets, .tx.bytes, .rx.packets,
		.rx.bytes] | join(" ")'
}

# check_traffic VA VB NS_OF_VB
check_traffic()
{
	check_equal "$(traffic_of "$A" va)" "$1" "va's tx and rx"
	check_equal "$(traffic_of "$3" vb)" "$2" "vb's tx and rx"
}

counters_are_exact()
{
	check_traffic "0 0 0 0" "0 0 0 0" "$B"
	send "$A" va 100 30
	send "$B" vb 1000 20
	check_traffic "30 3000 20 20000" "20 20000 30 3000" "$B"
	log_test "packets and bytes of both ends"
}

counters_in_proc()
{
	ip netns exec "$1" cat /proc/net/dev |
		awk -v dev="$2:" '$1 == dev { print $11, $10, $3, $2 }'
}

counters_in_sysfs()
{
	local path=/sys/class/net/$2/statistics

	ip netns exec "$1" cat "$path"/{t,r}x_{packets,bytes} | paste -sd " "
}

# By the old message with its 32-bit counters.
counters_of_ip()
{
	ip -n "$1" -s link show dev "$2" |
		awk '/TX:/ { getline; tx = $2 " " $1 }
		     /RX:/ { getline; rx = $2 " " $1 }
		     END { print tx, rx }'
}

counters_say_the_same_everywhere()
{
	local va="30 3000 20 20000" vb="20 20000 30 3000"

	check_equal "$(counters_in_proc "$A" va)" "$va" "/proc/net/dev"
	check_equal "$(counters_in_sysfs "$B" vb)" "$vb" "sysfs"
	check_equal "$(counters_of_ip "$A" va)" "$va" "ip -s"
	log_test "the same in /proc/net/dev, in sysfs and from ip -s"
}

# The first and the last CPU that we may run on.
some_cpus()
{
	local list

	list=$(sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status)
	echo "${list%%[,-]*} ${list##*[,-]}"
}

counters_of_all_cpus()
{
	local cpu pids=()

	for cpu in $(some_cpus); do
		taskset -c "$cpu" "$MYVETH_PROGRAMS/frames" \
			send "$A" va 200 2000 >/dev/null &
		pids+=($!)
	done
	wait "${pids[@]}"
	check_traffic "4030 803000 20 20000" "20 20000 4030 803000" "$B"
	log_test "senders on two CPUs at once"
}

counters_survive()
{
	local va vb

	va=$(traffic_of "$A" va)
	vb=$(traffic_of "$B" vb)
	must ip -n "$A" link set dev va down
	must ip -n "$B" link set dev vb down
	bring_up "$A" va
	bring_up "$B" vb
	check_traffic "$va" "$vb" "$B"
	log_test "counters survive down and up"

	must ip -n "$B" link set dev vb netns "$A"
	check_traffic "$va" "$vb" "$A"
	log_test "counters survive a move to another namespace"
	must ip -n "$A" link set dev vb netns "$B"
}

ethtool_names()
{
	ip netns exec "$1" ethtool -S "$2" | sed -n 's/^ *\(.*\): [0-9]*$/\1/p'
}

OUR_LAST_NAMES="tx_lost_no_peer
tx_lost_short
tx_lost_peer_down
tx_lost_too_long
tx_lost_no_memory
tx_lost_backlog
tx_lost_ring
tx_lost_ring_off
tx_lost_no_napi
pair_id"

counter_names()
{
	KIND=$2 make_pair "$1" va vb "${@:3}"
	ethtool_names "$1" va
}

# Ours come after all that veth has, which has to be there and to be the same.
ethtool_counters()
{
	local ours theirs words

	for words in "" "numtxqueues 2 numrxqueues 2"; do
		read -ra words <<<"$words"
		ours=$(oracle_run "$KIND" counter_names "${words[@]}")
		theirs=$(oracle_run veth counter_names "${words[@]}")
		check_match "$theirs" '^peer_ifindex.*status 0$' "veth's names"
		! differs ethtool-statistics ||
			theirs=${theirs%status 0}$OUR_LAST_NAMES$'\nstatus 0'
		check_equal "$ours" "$theirs" "names"
	done
	check_equal "$(ethtool_counter "$A" va peer_ifindex)" \
		"$(link_get "$B" vb .ifindex)" "va's peer_ifindex"
	check_equal "$(ethtool_counter "$B" vb peer_ifindex)" \
		"$(link_get "$A" va .ifindex)" "vb's peer_ifindex"
	log_test "the counters that ethtool shows"
}

# check_ids FIRST SECOND THIRD: numbers that only grow.
check_ids()
{
	check_match "$1" '^[1-9][0-9]*$' "number of the first pair"
	[ "$1" -lt "$2" ] && [ "$2" -lt "$3" ]
	check_err $? "numbers of pairs do not grow: $*"
}

pair_id()
{
	local first second third

	first=$(ethtool_counter "$A" va pair_id)
	check_equal "$(ethtool_counter "$B" vb pair_id)" "$first" \
		"number of the other end"
	make_pair "$A" vc vd
	second=$(ethtool_counter "$A" vc pair_id)
	must ip -n "$A" link del dev vc
	make_pair "$A" vc vd
	third=$(ethtool_counter "$A" vd pair_id)

	if differs ethtool-statistics; then
		check_ids "$first" "$second" "$third"
	else
		check_equal "$first$second$third" "" "numbers of pairs"
	fi
	log_test "each pair has a number of its own, for ever"
}

make_silent_pair A B
tests_run
exit $EXIT_STATUS
