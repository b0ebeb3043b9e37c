#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Experiment 6: an end of a pair may move to another namespace, a bridge may
# not.
#
#	+-------- red --------+        +------- blue -------+
#	|  veth0 10.1.1.2/24  |========|  veth1 10.1.1.3/24 |
#	|  br0 (stays)        |        |                    |
#	+---------------------+        +--------------------+

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	an_end_moves
	a_bridge_stays
"

require_command ethtool
require_command strace

setup_ns RED BLUE

an_end_moves()
{
	make_pair "$RED" veth0 veth1
	must ip -n "$RED" link set dev veth1 netns "$BLUE"

	link_exists "$RED" veth1
	check_fail $? "veth1 is still where it was"
	link_exists "$BLUE" veth1
	check_err $? "veth1 is not where it was sent"
	check_match "$(ip -n "$RED" link show dev veth0)" \
		" link-netns $BLUE" "veth0"

	must ip -n "$RED" addr add 10.1.1.2/24 dev veth0
	must ip -n "$BLUE" addr add 10.1.1.3/24 dev veth1
	bring_up "$RED" veth0
	bring_up "$BLUE" veth1
	wait_for_up "$RED" veth0
	check_ping "$RED" 10.1.1.3
	log_test "an end moves, and the pair still carries traffic"
}

# netns_local DEV: ethtool's word for "does not move", where it has one.
netns_local()
{
	ip netns exec "$RED" ethtool -k "$1" |
		sed -n 's/^netns-local: \(on\|off\).*/\1/p'
}

# Kernels that have the feature flag show it; those without say why instead.
a_bridge_stays()
{
	local move=(ip -n "$RED" link set dev br0 netns "$BLUE")

	make_pair "$RED" veth2 veth3
	must ip -n "$RED" link add name br0 type bridge
	if [ -n "$(netns_local lo)" ]; then
		check_equal "$(netns_local br0)" on "netns-local of br0"
		check_equal "$(netns_local veth2)" off "netns-local of veth2"
	else
		check_match "$("${move[@]}" 2>&1)" \
			"The interface netns is immutable" "the refusal"
	fi
	check_equal "$(errno_of "${move[@]}")" EINVAL "moving br0"
	link_exists "$RED" br0
	check_err $? "br0 has gone"
	log_test "a bridge does not move"
}

tests_run
exit $EXIT_STATUS
