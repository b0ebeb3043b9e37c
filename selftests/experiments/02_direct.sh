#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Experiment 2: two namespaces joined by one pair.
#
#	+------- ns1 -------+        +------- ns2 -------+
#	|             veth0 |========| veth1             |
#	|       10.1.1.2/24 |        | 10.1.1.3/24       |
#	+-------------------+        +-------------------+

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topologies.sh"

ALL_TESTS="
	carrier_needs_both_ends
	ping_through_the_pair
"

# state_matches NS DEV REGEX: what the first line of ip link show says
state_matches()
{
	[[ $(ip -n "$1" link show dev "$2") =~ $3 ]]
}

# check_state NS DEV REGEX: the kernel may take a moment to find its words.
check_state()
{
	slowwait 5 state_matches "$@"
	check_match "$(ip -n "$1" link show dev "$2")" "$3" "$2"
}

# A kernel works out LOWERLAYERDOWN when the carrier changes; newer ones only
# for a peer that is in the same namespace. A pair is born without a carrier, so
# the word is found before the ends are sent away, and veth0 takes it along.
carrier_needs_both_ends()
{
	local alone="<NO-CARRIER,.*UP.*> .* state LOWERLAYERDOWN "
	local joined="<.*,UP,LOWER_UP> .* state UP "

	setup_ns HOST NS1 NS2
	make_direct_pair
	bring_up "$HOST" veth0
	check_state "$HOST" veth0 "$alone"
	check_state "$HOST" veth1 " state DOWN "

	move_the_ends "$NS1" "$NS2"
	bring_up "$NS1" veth0
	check_state "$NS1" veth0 "$alone"
	check_state "$NS2" veth1 " state DOWN "

	bring_up "$NS2" veth1
	check_state "$NS1" veth0 "$joined"
	check_state "$NS2" veth1 "$joined"
	log_test "no carrier until both ends are up"
}

ping_through_the_pair()
{
	setup_ns HOST NS1 NS2
	join_directly "$NS1" "$NS2"
	bring_up "$NS1" veth0
	bring_up "$NS2" veth1
	wait_for_up "$NS1" veth0
	check_ping "$NS1" 10.1.1.3
	log_test "ping from ns1 to ns2"
}

tests_run
exit $EXIT_STATUS
