#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A poll sends what XDP_TX has collected before it says that it has ended: from
# then on another processor may poll, and use the same list.
#
#	A  [ plug ]--[ va: XDP ]======[ vb: XDP_TX, or pass if tagged ]  B
#
# The end of a poll can be seen from outside: frames that pass wait for it, to be
# received together (net:netif_receive_skb). In Linux 6.1, veth sends what goes
# back (xdp:xdp_bulk_tx) after that. The plug sees to it that one poll gets both
# frames: it lets them go in one softirq.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="order"

require_command jq
require_command ethtool
require_command tc
require_program frames
require_program xdp_program

make_topology()
{
	make_silent_pair A B
	set_offload "$A" va txvlan off
	must ip -n "$A" link add link va name va.5 type vlan id 5
	bring_up_silently "$A" va.5
	wait_for_up "$A" va.5
	mount_bpffs
	xdp_load pass pass
	xdp_load tx tx only=0x88b5
	xdp_attach "$A" va pass
	xdp_attach "$B" vb tx
	modprobe -q sch_plug || skip_all "no qdisc plug"
	must tc -n "$A" qdisc add dev va root plug
}

watch()
{
	local event

	make_trace
	echo 'name == "vb"' >"$TRACE/events/net/netif_receive_skb/filter"
	for event in net/netif_receive_skb xdp/xdp_bulk_tx; do
		echo 1 >"$TRACE/events/$event/enable"
		defer eval "echo 0 >'$TRACE/events/$event/enable'"
	done
}

# What vb did, in order.
events_of_vb()
{
	sed -n -E -e 's/.* netif_receive_skb: dev=vb .*/passed/p' \
		-e "s/.* xdp_bulk_tx: ifindex=$VB .*/sent/p" \
		"$TRACE/trace" | on_one_line
}

both_have_happened()
{
	[ "$(events_of_vb | wc -w)" -ge 2 ]
}

order()
{
	local in_order="passed sent"

	differs xdp-tx-flush && in_order="sent passed"
	make_topology
	VB=$(link_get "$B" vb .ifindex)
	watch
	send_frames "$A" va 100 1
	send_frames "$A" va.5 100 1
	must tc -n "$A" qdisc change dev va root plug release_indefinite
	slowwait 10 both_have_happened
	check_equal "$(events_of_vb)" "$in_order" "what vb has done"
	log_test "sent before the end of the poll"
}

tests_run
exit $EXIT_STATUS
