#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What can be changed of an end while it lives: its MTU, its address, and what
# the kernel keeps for every device. The ends do not depend on each other; a
# packet that is too long for the receiving one is lost there.
#
#	  va, MTU 3000		  vb, MTU 1500
#	192.0.2.1/24 ============ 192.0.2.2/24
#		     2,000 bytes ->  X

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	mtu_range
	mtu_of_one_end
	too_long_for_the_receiver
	addresses_refused
	address_of_an_end_that_is_up
	kept_by_the_kernel
	promiscuous_and_multicast
"

require_command ping
require_command jq

# set_one_by_one NS KIND WORDS...: each a request to "ip link set dev va".
set_one_by_one()
{
	local request words

	KIND=$2 make_pair "$1" va vb address 02:00:00:00:00:0a \
		-- address 02:00:00:00:00:0b
	for request in "${@:3}"; do
		read -ra words <<<"$request"
		echo "$request:"
		ip -n "$1" link set dev va "${words[@]}" 2>&1
		echo "exit status $?"
	done
	properties "$1"
}

# Of both ends, but for the kind and for what comes a moment later.
properties()
{
	ip -n "$1" -j -d link show | jq -c '.[] |
		select(.ifname != "lo") | del(.linkinfo, .operstate) |
		.flags -= ["NO-CARRIER"]'
}

# same_answers REQUEST...
same_answers()
{
	like_veth set_one_by_one "$@"
	log_test "ip link set: $(IFS=,; echo "$*")"
}

# --- MTU -----------------------------------------------------------------

mtu_is()
{
	check_equal "$(link_get "$NS" "$1" .mtu)" "$2" "MTU of $1"
}

mtu_range()
{
	same_answers "mtu 68" "mtu 67" "mtu 0"
	same_answers "mtu 65535" "mtu 65536" "mtu 4294967295"
	same_answers "up" "mtu 9000" "mtu 67" "mtu 65536"

	setup_ns NS
	make_pair "$NS" va vb
	ip -n "$NS" link set dev va mtu 67 2>/dev/null
	check_fail $? "67 is accepted"
	ip -n "$NS" link set dev va mtu 65536 2>/dev/null
	check_fail $? "65536 is accepted"
	mtu_is va 1500
	must ip -n "$NS" link set dev va mtu 68
	must ip -n "$NS" link set dev va mtu 65535
	mtu_is va 65535
	log_test "MTU from 68 to 65535"
}

mtu_of_one_end()
{
	setup_ns NS
	make_pair "$NS" va vb mtu 1400
	mtu_is va 1400
	mtu_is vb 1500
	must ip -n "$NS" link set dev vb mtu 9000
	mtu_is va 1400
	mtu_is vb 9000
	log_test "each end has its own MTU"
}

# ping_of_size BYTES: of payload, in one packet.
ping_of_size()
{
	ip netns exec "$NS" ping -q -c 1 -W 1 -M "do" -s "$1" 192.0.2.2 \
		>/dev/null 2>&1
}

dropped()
{
	link_get "$1" "$2" ".stats64.$3.dropped"
}

too_long_for_the_receiver()
{
	local lost

	setup_ns NS OTHER
	make_pair "$NS" va vb mtu 3000 -- netns "$OTHER"
	must ip -n "$NS" addr add 192.0.2.1/24 dev va
	must ip -n "$OTHER" addr add 192.0.2.2/24 dev vb
	bring_up "$NS" va
	bring_up "$OTHER" vb
	wait_for_up "$NS" va
	slowwait 10 ping_of_size 1000
	check_err $? "1,000 bytes are lost"
	log_test "what fits arrives"

	ping_of_size 2000
	check_fail $? "2,000 bytes arrive"
	lost=$(dropped "$NS" va tx)
	check_fail "$lost" "va has lost nothing"
	check_equal "$(dropped "$OTHER" vb rx)" "$lost" "dropped by vb"
	log_test "what is too long is lost"

	must ip -n "$OTHER" link set dev vb mtu 3000
	ping_of_size 2000
	check_err $? "2,000 bytes are lost"
	log_test "what is too long is not, after the MTU was raised"
	must ip -n "$OTHER" link set dev vb mtu 1500
	ping_of_size 2000
	check_fail $? "2,000 bytes arrive"
	log_test "what is too long is lost, after the MTU was lowered"
}

# --- addresses -----------------------------------------------------------

addresses_refused()
{
	same_answers "address 01:00:5e:00:00:01" "address ff:ff:ff:ff:ff:ff" \
		"address 00:00:00:00:00:00" "address 02:00:00:00:00" \
		"address 02:00:00:00:00:00:01" "address zz"
	same_answers "address 02:00:00:00:00:0b" "broadcast 02:00:00:00:00:01"
}

address_of_an_end_that_is_up()
{
	local address=02:00:00:00:00:77

	make_talking_pair NS OTHER
	slowwait 10 ping_of_size 100 || abort "no traffic"
	must ip -n "$OTHER" link set dev vb address "$address"
	check_equal "$(mac_of "$OTHER" vb)" "$address" "address"
	must ip -n "$NS" neigh flush dev va
	slowwait 10 ping_of_size 100
	check_err $? "no traffic"
	check_match "$(ip -n "$NS" neigh show dev va)" "$address" "neighbour"
	log_test "a new address under way"
}

# --- the kernel's --------------------------------------------------------

kept_by_the_kernel()
{
	same_answers "txqueuelen 55" "alias first" "group 7" "up"
	same_answers "txqueuelen 0" "txqueuelen 4294967295" "group 0" \
		"group -1"
	same_answers "arp off" "multicast off" "allmulticast on" "promisc on" \
		"promisc off" "dynamic on"
	same_answers "nomaster" "protodown on" "protodown off" "mode dormant"
	same_answers "carrier off" "vf 0 mac 02:00:00:00:00:01" "down" "up"
	like_veth alternative_names
	log_test "alternative names"
}

alternative_names()
{
	local name=a-name-that-is-longer-than-a-device-may-have-otherwise

	KIND=$2 make_pair "$1" va vb
	ip -n "$1" link property add dev va altname "$name" altname other
	ip -n "$1" link property add dev vb altname other
	ip -n "$1" link property add dev vb altname va
	ip -n "$1" -j link show dev "$name" | jq -c '.[].altnames'
	ip -n "$1" link property del dev va altname other
	ip -n "$1" link property add dev vb altname other
	ip -n "$1" link del dev "$name"
	link_exists "$1" vb
	echo "vb exists: $?"
}

# --- filters of addresses ------------------------------------------------

address_lists()
{
	KIND=$2 make_pair "$1" va vb address 02:00:00:00:00:0a
	ip -n "$1" link set dev va up
	ip -n "$1" maddr add 01:00:5e:00:00:07 dev va
	ip -n "$1" maddr add 33:33:00:00:00:07 dev va
	ip -n "$1" -o maddr show dev va | sed 's/^[0-9]*://' | sort
	ip -n "$1" maddr del 01:00:5e:00:00:07 dev va
	ip -n "$1" -o maddr show dev va | sed 's/^[0-9]*://' | sort
}

promiscuous_and_multicast()
{
	like_veth address_lists
	log_test "multicast addresses"

	setup_ns NS
	make_pair "$NS" va vb
	must ip -n "$NS" link add name br0 type bridge
	must ip -n "$NS" link set dev va master br0
	check_equal "$(link_get "$NS" va .promiscuity)" 1 "promiscuity"
	must ip -n "$NS" link set dev va nomaster
	check_equal "$(link_get "$NS" va .promiscuity)" 0 "promiscuity"
	log_test "a bridge makes its port promiscuous"
}

tests_run
exit $EXIT_STATUS
