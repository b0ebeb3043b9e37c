#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Experiment 5: a bridge takes over its port. What veth0 receives goes to br0,
# so veth0's own address is deaf; on br0 the address can be reached.
#
#	+--------------------- one namespace ----------------------+
#	|                                                          |
#	|  br0 ----- veth0 =================== veth1 10.1.1.1/24   |
#	|  5b: 10.1.1.2/24  5a: 10.1.1.2/24                        |
#	|                                                          |
#	+----------------------------------------------------------+

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	the_port_is_deaf
	the_bridge_hears
"

require_command tcpdump


make_topology()
{
	setup_ns NS
	set_sysctl "$NS" net.ipv4.conf.{all,default}.rp_filter=0
	set_sysctl "$NS" net.ipv4.conf.{all,default}.accept_local=1
	make_pair "$NS" veth0 veth1
	must ip -n "$NS" link add name br0 type bridge
	must ip -n "$NS" link set dev veth0 master br0
	must ip -n "$NS" addr add 10.1.1.2/24 dev veth0
	must ip -n "$NS" addr add 10.1.1.1/24 dev veth1
	bring_up "$NS" veth0 veth1 br0
	wait_for_up "$NS" veth0 veth1 br0
}

the_port_is_deaf()
{
	local dev

	make_topology
	for dev in veth0 veth1 br0; do
		capture_start "$dev" "$NS" "$dev" arp or icmp
	done
	check_loss 100 "$NS" -c 1 -I veth0 10.1.1.1
	capture_stop veth0 veth1 br0

	for dev in veth0 veth1; do
		check_some_frames "$dev" "$ARP_REQUEST"
		check_some_frames "$dev" "$ARP_REPLY"
		check_frames "$dev" 0 not arp
	done
	check_some_frames br0 "$ARP_REPLY"
	check_frames br0 0 not \( "$ARP_REPLY" \)
	log_test "5a: the replies go to the bridge, veth0 hears none"
}

the_bridge_hears()
{
	make_topology
	must ip -n "$NS" addr del 10.1.1.2/24 dev veth0
	must ip -n "$NS" addr add 10.1.1.2/24 dev br0
	check_loss 0 "$NS" -c 1 -I br0 10.1.1.1
	log_test "5b: with the address on the bridge it works"
}

tests_run
exit $EXIT_STATUS
