#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Upstream, "fix OOB txq access in veth_poll() with asymmetric queue counts" and
# "do not record rx queue hint": the ends need not have the same number of queues.
# A receiver has more than the sender: a poll of its second looks for no second
# queue there. It has fewer: what leaves by the sender's fourth arrives as well.
#
#	A  [ va: n queues ]======[ vb: m queues, GRO ]  B

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="more_receivers more_senders"
FRAMES=5

require_command jq
require_command tc
require_command ethtool
require_program frames
require_program xdp_program

# make_topology QUEUES_OF_VA QUEUES_OF_VB
make_topology()
{
	setup_ns A B
	make_pair "$A" va vb numtxqueues "$1" -- numrxqueues "$2" netns "$B"
	bring_up_silently "$A" va
	bring_up_silently "$B" vb
	wait_for_up "$A" va
	ip netns exec "$B" ethtool -L vb rx "$2" 2>/dev/null
	wait_for_up "$A" va
	set_offload "$A" va tso off
	set_offload "$B" vb gro on
}

# Redirected frames choose their queue by the processor that sends them.
more_receivers()
{
	local cpu cpus

	make_topology 1 4
	mount_bpffs
	xdp_load redirect "redirect=$(link_get "$A" va .ifindex)"
	cpus=$(nproc)
	for ((cpu = 0; cpu < cpus; cpu++)); do
		must ip netns exec "$A" taskset -c "$cpu" \
			"$MYVETH_PROGRAMS/xdp_program" run "$BPFFS/redirect" \
			"$FRAMES" 100
	done
	slowwait 10 link_is "$B" vb .stats64.rx.packets $((cpus * FRAMES))
	check_err $? "not all frames arrive"
	for ((cpu = 0; cpu < cpus && cpu < 4; cpu++)); do
		[ "$(ring_packets "$B" vb "$cpu")" -gt 0 ]
		check_err $? "none of them by queue $cpu"
	done
	[ "$cpus" -gt 1 ]
	check_err $? "with one CPU there is no second queue"
	log_test "four queues that receive from one"
}

# By which queues of va the frames leave.
watch()
{
	make_trace
	echo 'name == "va"' >"$TRACE/events/net/net_dev_start_xmit/filter"
	echo 1 >"$TRACE/events/net/net_dev_start_xmit/enable"
	defer eval "echo 0 >'$TRACE/events/net/net_dev_start_xmit/enable'"
}

more_senders()
{
	make_topology 4 1
	leave_by "$A" va 3
	watch
	send_frames "$A" va 100 "$FRAMES"
	slowwait 10 link_is "$B" vb .stats64.rx.packets "$FRAMES"
	check_err $? "not all frames arrive"
	check_equal "$(grep -c ' queue_mapping=3 ' "$TRACE/trace")" "$FRAMES" \
		"frames that leave by the fourth queue"
	log_test "one queue that receives from the fourth of four"
}

tests_run
exit $EXIT_STATUS
