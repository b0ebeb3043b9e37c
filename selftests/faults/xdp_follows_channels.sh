#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Upstream, "manage XDP program pointers during channel resize": a queue that
# `ethtool -L` adds runs the program that is attached, and one that was taken away
# in between does not come back with it.
#
#	A  [ va: queues 0 and 1 ]======[ vb: one queue or two, XDP ]  B

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="added removed"
FRAMES=5

require_command jq
require_command tc
require_command ethtool
require_program frames
require_program xdp_program

set_channels()
{
	must ip netns exec "$1" ethtool -L "$2" rx "$3" tx 1
}

has_seen()
{
	[ "$(xdp_counters seen packets)" -eq "$1" ]
}

# All frames leave va by its second queue.
make_topology()
{
	setup_ns A B
	make_pair "$A" va vb numtxqueues 2 -- numrxqueues 2 netns "$B"
	bring_up_silently "$A" va
	bring_up_silently "$B" vb
	wait_for_up "$A" va
	set_offload "$A" va tso off
	leave_by "$A" va 1
	mount_bpffs
	xdp_load drop drop "counters=$BPFFS/seen"
}

added()
{
	make_topology
	must ip netns exec "$A" ethtool -L va tx 1
	set_channels "$B" vb 1
	xdp_attach "$B" vb drop
	set_channels "$B" vb 2
	must ip netns exec "$A" ethtool -L va tx 2
	wait_for_up "$A" va
	send_frames "$A" va 100 "$FRAMES"
	slowwait 10 has_seen "$FRAMES"
	check_err $? "a queue that was added does not run the program"
	check_equal "$(ring_packets "$B" vb 1)" "$FRAMES" \
		"frames by the second queue"
	log_test "the program of a queue that was added"
}

removed()
{
	make_topology
	set_channels "$B" vb 2
	xdp_attach "$B" vb drop
	must ip netns exec "$A" ethtool -L va tx 1
	set_channels "$B" vb 1
	xdp_detach "$B" vb
	set_offload "$B" vb gro on
	set_channels "$B" vb 2
	must ip netns exec "$A" ethtool -L va tx 2
	wait_for_up "$A" va
	send_frames "$A" va 100 "$FRAMES"
	slowwait 10 link_is "$B" vb .stats64.rx.packets "$FRAMES"
	check_err $? "not all frames arrive"
	check_equal "$(ring_packets "$B" vb 1)" "$FRAMES" \
		"frames by the second queue"
	check_equal "$(xdp_counters seen packets)" 0 "frames the program saw"
	log_test "no program in a queue that comes back"
}

tests_run
exit $EXIT_STATUS
