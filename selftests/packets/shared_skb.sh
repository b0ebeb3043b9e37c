#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# pktgen keeps a reference to each packet while it sends it. The receiver must
# not write to such a packet, whatever it is made of:
#
#	+-- A --+        +------------- B --------------+
#	|  va ================ vb: - nothing            |
#	| pktgen|        |         - generic XDP        |
#	+-------+        |         - tc pedit           |
#	                 |         - a port of br0      |
#	                 +------------------------------+
#
# Each time, all packets arrive. Behind veth, a receiver that writes brings
# down the machine (BUG_ON(skb_shared()) with generic XDP) or changes what the
# sender holds: there, only the harmless case is run.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	plain_receiver
	receiver_with_generic_xdp
	receiver_with_pedit
	receiver_in_a_bridge
"
PACKETS=1000

require_command jq
require_command tc
require_program xdp_program

# count_on DEV [ACTION...]: apply it to what DEV receives, and count that.
count_on()
{
	must tc -n "$B" qdisc replace dev "$1" clsact
	defer tc -n "$B" qdisc del dev "$1" clsact
	must tc -n "$B" filter add dev "$1" ingress matchall \
		action "${@:2}" pass
}

# counted_on DEV: what has gone through the last action.
counted_on()
{
	tc -n "$B" -s -j filter show dev "$1" ingress |
		jq '[.[].options.actions // [] | last | .stats.packets // empty]
			| add'
}

counted_all_on()
{
	[ "$(counted_on "$1")" -eq "$PACKETS" ]
}

check_all_on()
{
	busywait 5000 counted_all_on "$1"
	check_err $? "of $PACKETS packets, $(counted_on "$1") arrive on $1"
}

plain_receiver()
{
	count_on vb
	run_pktgen "$A" va "$(mac_of "$B" vb)" "$PACKETS"
	check_all_on vb
	log_test "a receiver that does not write"
}

receiver_with_generic_xdp()
{
	mount_bpffs
	xdp_load pass pass
	must ip -n "$B" link set dev vb xdpgeneric pinned "$BPFFS/pass"
	defer ip -n "$B" link set dev vb xdpgeneric off
	count_on vb
	run_pktgen "$A" va "$(mac_of "$B" vb)" "$PACKETS"
	check_all_on vb
	log_test "a receiver with generic XDP"
}

receiver_with_pedit()
{
	count_on vb pedit ex munge ip ttl set 7 pipe action
	run_pktgen "$A" va "$(mac_of "$B" vb)" "$PACKETS"
	check_all_on vb
	log_test "a receiver that edits what it gets"
}

receiver_in_a_bridge()
{
	must ip -n "$B" link add name br0 type bridge
	defer ip -n "$B" link del dev br0
	must ip -n "$B" link set dev br0 address "$(mac_of "$B" vb)"
	must ip -n "$B" link set dev vb master br0
	bring_up "$B" br0
	slowwait 10 port_forwards
	count_on br0
	run_pktgen "$A" va "$(mac_of "$B" vb)" "$PACKETS"
	check_all_on br0
	log_test "a receiver that is a port of a bridge"
}

port_forwards()
{
	bridge -n "$B" link show dev vb | grep -q "state forwarding"
}

modprobe -q pktgen || skip_all "no module pktgen"
differs shared-skbs || ALL_TESTS=plain_receiver
make_silent_pair A B

tests_run
exit $EXIT_STATUS
