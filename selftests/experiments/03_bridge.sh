#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Experiment 3: two namespaces joined by a bridge, which learns who is where.
#
#	+----- ns1 -----+                                +----- ns2 -----+
#	|         veth0 |===== br-veth0    br-veth1 =====| veth1         |
#	|   10.1.1.2/24 |          |          |          | 10.1.1.3/24   |
#	+---------------+      +---+--- br0 --+---+      +---------------+

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topologies.sh"

ALL_TESTS="
	ping_through_the_bridge
"

make_topology()
{
	setup_ns HOST NS1 NS2
	no_ipv6 "$HOST" "$NS1" "$NS2"
	join_by_bridge "$NS1" "$NS2"
	wait_for_up "$HOST" br-veth0 br-veth1 br0
}

# has_learnt PORT MAC: learnt, not configured (which is "permanent").
has_learnt()
{
	bridge -n "$HOST" fdb show br br0 brport "$1" dynamic |
		grep "^$2 " | grep -qv permanent
}

ping_through_the_bridge()
{
	make_topology
	has_learnt br-veth0 "$(mac_of "$NS1" veth0)"
	check_fail $? "br0 knows veth0 before it has said anything"

	check_ping "$NS1" 10.1.1.3
	has_learnt br-veth0 "$(mac_of "$NS1" veth0)"
	check_err $? "br0 has not learnt veth0's address on br-veth0"
	has_learnt br-veth1 "$(mac_of "$NS2" veth1)"
	check_err $? "br0 has not learnt veth1's address on br-veth1"
	log_test "ping from ns1 to ns2 through br0"
}

tests_run
exit $EXIT_STATUS
