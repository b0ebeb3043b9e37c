#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Upstream, "fix queue index used to wake the peer txq", "robust handling of race
# to avoid txq getting stuck", "apply qdisc backpressure": when the ring of vb's
# second queue is full, it is va's second queue that stops, and that goes on
# again. And when the receiver goes away meanwhile, nothing hangs.
#
#	A  [ mq: -, plug ]--[ va ]======[ vb: 2 queues, GRO ]  B
#
# The plug lets more frames go in one softirq than there is room for.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="woken no_receiver"
FRAMES=300

require_command jq
require_command tc
require_command ethtool
require_program frames

# In two lots: a socket has no room for more.
fill_the_plug()
{
	send_frames "$A" va 60 $((FRAMES / 2))
	send_frames "$A" va 60 $((FRAMES / 2))
}

pull_the_plug()
{
	must tc -n "$A" qdisc change dev va parent 1:2 plug release_indefinite
}

# How many frames one softirq may send: the product of two numbers.
let_one_softirq_send_all()
{
	local file=/proc/sys/net/core/dev_weight_tx_bias before

	before=$(cat "$file")
	must tee "$file" <<<100 >/dev/null
	defer eval "echo $before >$file"
}

make_topology()
{
	setup_ns A B
	make_pair "$A" va vb numtxqueues 2 -- numrxqueues 2 netns "$B"
	# Elsewhere the numbers of the first end are the peer's.
	ip netns exec "$B" ethtool -L vb rx 2 2>/dev/null
	bring_up_silently "$A" va
	bring_up_silently "$B" vb
	wait_for_up "$A" va
	set_offload "$A" va tso off
	set_offload "$B" vb gro on
	modprobe -q sch_plug || skip_all "no qdisc plug"
	must tc -n "$A" qdisc add dev va root handle 1: mq
	must tc -n "$A" qdisc add dev va parent 1:2 plug
	leave_by "$A" va 1
	let_one_softirq_send_all
}

frames_in_the_plug()
{
	tc -n "$A" -s -j qdisc show dev va |
		jq '[.[] | select(.kind == "plug")][0].qlen'
}

plug_is_empty()
{
	[ "$(frames_in_the_plug)" = 0 ]
}

woken()
{
	make_topology
	fill_the_plug
	check_equal "$(frames_in_the_plug)" "$FRAMES" "frames in the plug"
	pull_the_plug
	slowwait 10 plug_is_empty
	check_err $? "the queue stays stopped"
	if differs back-pressure; then
		slowwait 10 link_is "$B" vb .stats64.rx.packets "$FRAMES"
		check_err $? "not all frames arrive"
	fi
	check_equal "$(ring_packets "$B" vb 1)" \
		"$(statistic "$B" vb rx_packets)" "frames by the second queue"
	log_test "the second queue goes on"
}

# The sender is deleted with the receiver, and with it what is still queued.
no_receiver()
{
	make_topology
	fill_the_plug
	pull_the_plug
	must ip netns del "$B"
	slowwait 10 not link_exists "$A" va
	check_err $? "va is still there"
	log_test "the receiver goes away"
}

tests_run
exit $EXIT_STATUS
