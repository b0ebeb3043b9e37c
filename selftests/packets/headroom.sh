#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A tunnel in a bridge wants room in front of what it gets from the bridge's
# other ports. The port is one end of a pair, so whoever sends into the other
# end has to leave the room:
#
#	+---- A ----+      +---------- HOST ----------+
#	|    va ============ vb ---- br0 ---- tunnel  |
#	| 192.0.2.1 |      |       192.0.2.2          |
#	+-----------+      +--------------------------+
#
# It is seen by what a datagram costs: with more room in front, the memory for
# a larger one is needed earlier.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	peer_leaves_room
	as_veth
"

require_command bridge
require_program truesize

make_topology()
{
	setup_ns A HOST
	make_pair "$A" va vb -- netns "$HOST"
	must ip -n "$HOST" link add name br0 type bridge
	must ip -n "$HOST" link set dev vb master br0
	# One that stays: by itself it follows what is in the bridge.
	must ip -n "$HOST" link set dev br0 address "$(mac_of "$HOST" vb)"
	must ip -n "$A" addr add 192.0.2.1/24 dev va
	must ip -n "$A" addr add 198.51.100.1/24 dev va
	must ip -n "$HOST" addr add 192.0.2.2/24 dev br0
	# Past the bridge, which hears the answers: one way, then.
	must ip -n "$HOST" addr add 198.51.100.2/24 dev vb
	must ip -n "$HOST" neigh add 198.51.100.1 dev vb \
		lladdr "$(mac_of "$A" va)" nud permanent
	bring_up "$A" va
	bring_up "$HOST" vb br0
	wait_for_up "$A" va
	wait_for_up "$HOST" br0
}

add_tunnel()
{
	must ip -n "$HOST" link add name tunnel type vxlan id 5 dstport 4789 \
		remote 192.0.2.1
	must ip -n "$HOST" link set dev tunnel master br0
}

# threshold [back]: the shortest datagram that needs the second size of memory,
# to the bridge, or from the end in it.
threshold()
{
	local way=("$A" "$HOST" 192.0.2.2)

	[ "$1" != back ] || way=("$HOST" "$A" 198.51.100.1)
	"$MYVETH_PROGRAMS/truesize" "${way[@]}" 1 900 |
		awk 'NR == 2 { print $1; found = 1 }
		     END { if (!found) print -1 }'
}

# VXLAN wants 50 bytes for its headers, and what is left is a multiple of 16.
peer_leaves_room()
{
	local without with back

	make_topology
	without=$(threshold)
	back=$(threshold back)
	check_match "$without $back" '^[0-9]+ [0-9]+$' "lengths that cost more"
	log_test "a datagram of $without bytes costs more than a shorter one"

	add_tunnel
	with=$(threshold)
	check_equal "$((without - with))" 64 "bytes of room in front"
	log_test "room for a tunnel beside the peer"

	check_equal "$((back - $(threshold back)))" 64 "bytes of room in front"
	log_test "as much at the end that is beside the tunnel"

	must ip -n "$HOST" link set dev vb nomaster
	must ip -n "$HOST" link set dev vb master br0
	check_equal "$(threshold)" "$with" "length that costs more"
	log_test "room for a tunnel that is there already"

	must ip -n "$HOST" link set dev tunnel nomaster
	must ip -n "$HOST" link set dev vb nomaster
	must ip -n "$HOST" addr flush dev br0
	must ip -n "$HOST" addr add 192.0.2.2/24 dev vb
	must ip -n "$A" neigh flush dev va
	check_equal "$(threshold)" "$without" "length that costs more"
	log_test "no room without a bridge"
}

# Two that could not be measured would look alike.
print_threshold()
{
	local length

	length=$(threshold)
	[ "$length" -gt 0 ] || abort "no datagram costs more than another"
	echo "$length"
}

# thresholds NS KIND: as a tunnel comes and goes. HOST takes the place of NS.
thresholds()
{
	KIND=$2 make_topology
	print_threshold
	add_tunnel
	print_threshold
	must ip -n "$HOST" link set dev tunnel nomaster
	print_threshold
	must ip -n "$HOST" link set dev vb nomaster
	must ip -n "$HOST" link set dev vb master br0
	print_threshold
}

as_veth()
{
	like_veth thresholds
	log_test "as much room as with veth"
}

tests_run
exit $EXIT_STATUS
