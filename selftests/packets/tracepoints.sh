#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The tracepoints that one packet passes on its way over a pair, in the order
# in which docs/how-a-packet-travels.md explains them:
#
#	va: net_dev_queue -> net_dev_start_xmit ...... net_dev_xmit
#	vb:                             netif_rx ......... netif_receive_skb

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	one_packet
"

require_program frames

# What was traced about the two ends: "EVENT DEVICE" each.
events()
{
	sed -n -E 's/.* ([a-z_]+): dev=(v[ab]) .*/\1 \2/p' "$TRACE/trace"
}

# The last event comes out of a softirq.
is_received()
{
	events | grep -qx "netif_receive_skb vb"
}

one_packet()
{
	local seen order="net_dev_queue va net_dev_start_xmit va netif_rx vb"

	order+=" net_dev_xmit va netif_receive_skb vb"
	make_silent_pair A B
	make_trace
	echo 1 >"$TRACE/events/net/enable"
	defer eval "echo 0 >'$TRACE/events/net/enable'"
	check_equal "$("$MYVETH_PROGRAMS/frames" send "$A" va 500 1)" \
		"accepted 1 refused 0" "the sender"
	busywait 2000 is_received
	seen=$(events | on_one_line)
	check_equal "${seen/netif_rx_entry vb /}" "$order" "events"
	log_test "the way of one packet"

	if differs netif-rx-tracepoints; then
		[[ $seen != *netif_rx_entry* ]]
		check_err $? "netif_rx_entry: $seen"
	else
		check_match "$seen" ' netif_rx_entry vb netif_rx vb ' "events"
	fi
	log_test "entry and exit of netif_rx"
}

tests_run
exit $EXIT_STATUS
