#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Experiment 11: experiments 2 and 3 with IPv6.
#
#	+---------- ns1 ----------+        +---------- ns2 ----------+
#	|                   veth0 |========| veth1                   |
#	|  2001:db8::2/64, fe80:: |        |  2001:db8::3/64, fe80:: |
#	+-------------------------+        +-------------------------+
#
#	the same, with br0 and its ports br-veth0 and br-veth1 between them

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topologies.sh"

ALL_TESTS="
	direct
	through_a_bridge
"

add_addresses()
{
	must ip -n "$NS1" addr add 2001:db8::2/64 dev veth0
	must ip -n "$NS2" addr add 2001:db8::3/64 dev veth1
	bring_up "$NS1" veth0
	bring_up "$NS2" veth1
}

addresses()
{
	ip -n "$1" -6 -o addr show dev "$2" "${@:3}"
}

# dad_has_ended NS DEV: both addresses are there, and none is being tried.
dad_has_ended()
{
	[ "$(addresses "$1" "$2" | wc -l)" -eq 2 ] &&
		[ -z "$(addresses "$1" "$2" tentative -dadfailed)" ]
}

check_dad()
{
	slowwait 10 dad_has_ended "$1" "$2"
	check_err $? "duplicate address detection on $2 does not end"
	check_equal "$(addresses "$1" "$2" dadfailed)" "" \
		"duplicate addresses on $2"
}

link_local_of()
{
	addresses "$1" "$2" scope link | grep -o 'fe80::[0-9a-f:]*'
}

# check_neighbour NS DEV ADDRESS MAC
check_neighbour()
{
	check_match "$(ip -n "$1" -6 neigh show dev "$2" "$3")" \
		"lladdr $4 .*(REACHABLE|DELAY|STALE)" "neighbour $3 of $2"
}

check_reach()
{
	local there mac

	check_dad "$NS1" veth0
	check_dad "$NS2" veth1
	there=$(link_local_of "$NS2" veth1)
	mac=$(mac_of "$NS2" veth1)

	check_ping "$NS1" 2001:db8::3
	check_ping "$NS1" "$there%veth0"
	check_neighbour "$NS1" veth0 2001:db8::3 "$mac"
	check_neighbour "$NS1" veth0 "$there" "$mac"
}

direct()
{
	setup_ns HOST NS1 NS2
	join_directly "$NS1" "$NS2"
	add_addresses
	check_reach
	log_test "IPv6 through a pair"
}

through_a_bridge()
{
	setup_ns HOST NS1 NS2
	join_by_bridge "$NS1" "$NS2"
	add_addresses
	check_reach
	log_test "IPv6 through a bridge"
}

tests_run
exit $EXIT_STATUS
