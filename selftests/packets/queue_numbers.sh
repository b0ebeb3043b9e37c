#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A BPF program may write into a packet, as the transmit queue, a number that the
# device does not have, or does not use. The kernel chooses another queue then,
# unless the program runs
#
# - at egress, behind an action that says that the number is right (skbedit). Since
#   6.12 the kernel looks at the number itself there;
# - or in the qdisc, for which a queue has been chosen already.
#
#	A  [ va: queue 0 ]======[ vb: queue 0, or 0 to 3 ]  B
#	     ^
#	     the packet names another queue
#
# Such a packet goes by the first queue: an XDP program sees it, and when the ring
# is full no queue is looked at that is not there.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	ring_if_named_at_egress
	ring_if_named_in_a_qdisc
	full_ring
	program_if_named_at_egress
	program_if_named_in_a_qdisc
"
FRAMES=10
RING=256
QUEUES=16
SENT=$((QUEUES * RING * 3 / 2))

require_command ethtool
require_command jq
require_command tc
require_program bpf
require_program frames
require_program xdp_program

# name_at_egress PROGRAM
name_at_egress()
{
	leave_by "$A" va 0 continue
	must tc -n "$A" filter add dev va egress prio 2 bpf da \
		object-pinned "$1"
}

# name_in_a_qdisc PROGRAM
name_in_a_qdisc()
{
	must tc -n "$A" qdisc add dev va root handle 1: prio
	must tc -n "$A" filter add dev va parent 1: bpf da object-pinned "$1"
}

use_rings()
{
	set_offload "$A" va tso off
	set_offload "$B" vb gro on
}

# --- which ring ----------------------------------------------------------

# check_ring QUEUE: it has carried all frames, and no other has carried any.
check_ring()
{
	local queue wanted

	send_frames "$A" va 60 "$FRAMES"
	slowwait 10 statistic_is "$B" vb rx_packets "$FRAMES"
	for queue in 0 1 2 3; do
		[ "$queue" = "$1" ] && wanted=$FRAMES || wanted=0
		check_equal "$(ethtool_counter "$B" vb \
			rx_queue_"$queue"_xdp_packets)" "$wanted" \
			"packets by ring $queue"
	done
}

ring_if_named_at_egress()
{
	local ring=0

	differs queue-named-at-egress || ring=3
	make_facing_queues A B 1 4
	use_rings
	name_at_egress "$BPFFS/name_3"
	check_ring "$ring"
	log_test "the ring, if a queue is named at egress"
}

ring_if_named_in_a_qdisc()
{
	local ring=0

	differs queue-named-in-qdisc || ring=3
	make_facing_queues A B 1 4
	use_rings
	name_in_a_qdisc "$BPFFS/name_3"
	check_ring "$ring"
	log_test "the ring, if a queue is named in a qdisc"
}

# --- a full ring ---------------------------------------------------------

# va has no room for more than one queue: behind it is the memory of others.
make_single_queue()
{
	local room="numtxqueues 1 numrxqueues $QUEUES"

	setup_ns A B
	# shellcheck disable=SC2086 # words they are
	make_pair "$A" va vb $room -- $room netns "$B"
	must ip netns exec "$B" ethtool -L vb rx "$QUEUES"
	bring_up_silently "$A" va
	bring_up_silently "$B" vb
	wait_for_up "$A" va
	wait_for_up "$B" vb
}

# check_refused COUNT: what does not fit into one ring, but for a frame that has
# been polled and may still occupy its place. Many would take most of it.
check_refused()
{
	if differs queue-named-at-egress; then
		(($1 == SENT - RING || $1 == SENT - RING + 1))
	else
		(($1 < SENT - 2 * RING))
	fi
	check_err $? "$1 of $SENT frames are lost"
	check_equal "$(statistic "$A" va tx_dropped)" "$1" "dropped by va"
	! differs loss-counters || check_equal \
		"$(ethtool_counter "$A" va tx_lost_ring)" "$1" \
		"lost for want of room"
}

# Enough to fill a ring for each number, if there were one. What does not fit is
# lost, for there is no qdisc to keep it.
full_ring()
{
	local said

	make_single_queue
	use_rings
	name_at_egress "$BPFFS/name_any"
	hold_polls "$A" va "$B" vb
	said=$("$MYVETH_PROGRAMS/frames" send "$A" va 60 "$SENT")
	check_refused "$(awk '{ print $4 }' <<<"$said")"
	log_test "a full ring"
}

# --- a program -----------------------------------------------------------

# check_seen COUNT: of all frames, which all are received.
check_seen()
{
	local before

	xdp_attach "$B" vb count
	before=$(xdp_counters seen packets)
	send_frames "$A" va 60 "$FRAMES"
	slowwait 10 statistic_is "$B" vb rx_packets "$FRAMES"
	check_equal "$(statistic "$B" vb rx_packets)" "$FRAMES" "received"
	check_equal $(($(xdp_counters seen packets) - before)) "$1" \
		"packets that the program has seen"
}

program_if_named_at_egress()
{
	local seen=$FRAMES

	differs queue-named-at-egress || seen=0
	make_facing_queues A B 1 1
	name_at_egress "$BPFFS/name_3"
	check_seen "$seen"
	log_test "the program, if a queue is named at egress"
}

program_if_named_in_a_qdisc()
{
	local seen=$FRAMES

	differs queue-named-in-qdisc || seen=0
	make_facing_queues A B 1 1
	name_in_a_qdisc "$BPFFS/name_3"
	check_seen "$seen"
	log_test "the program, if a queue is named in a qdisc"
}

mount_bpffs
must "$MYVETH_PROGRAMS/bpf" name_queue 3 3 "$BPFFS/name_3"
must "$MYVETH_PROGRAMS/bpf" name_queue 1 $((QUEUES - 1)) "$BPFFS/name_any"
xdp_load count pass "counters=$BPFFS/seen"
tests_run
exit $EXIT_STATUS
