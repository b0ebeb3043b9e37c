#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Experiment 7: the ends of a pair die together, whichever of them goes first
# and however it goes.
#
#	+--- ns1 ---+        +--- ns2 ---+
#	|     veth0 |========| veth1     |
#	+-----------+        +-----------+

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	delete_main_end
	delete_peer_end
	delete_namespace_of_main_end
	delete_namespace_of_peer_end
"

make_topology()
{
	setup_ns NS1 NS2
	make_pair "$NS1" veth0 veth1 -- netns "$NS2"
	link_exists "$NS1" veth0
	check_err $? "there is no veth0"
	link_exists "$NS2" veth1
	check_err $? "there is no veth1"
}

check_both_gone()
{
	link_exists "$NS1" veth0
	check_fail $? "veth0 is still there"
	link_exists "$NS2" veth1
	check_fail $? "veth1 is still there"
}

delete_main_end()
{
	make_topology
	must ip -n "$NS1" link del dev veth0
	check_both_gone
	log_test "ip link del veth0"
}

delete_peer_end()
{
	make_topology
	must ip -n "$NS2" link del dev veth1
	check_both_gone
	log_test "ip link del veth1"
}

# The kernel takes namespaces apart in the background.
delete_namespace_of_main_end()
{
	make_topology
	must ip netns del "$NS1"
	slowwait 10 not link_exists "$NS2" veth1
	check_err $? "veth1 has outlived veth0's namespace"
	log_test "ip netns del, with veth0 in it"
}

delete_namespace_of_peer_end()
{
	make_topology
	must ip netns del "$NS2"
	slowwait 10 not link_exists "$NS1" veth0
	check_err $? "veth0 has outlived veth1's namespace"
	log_test "ip netns del, with veth1 in it"
}

tests_run
exit $EXIT_STATUS
