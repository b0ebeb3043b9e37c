#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Where a qdisc is attached, packets wait there and not in a ring that
# overflows: the queue stops when the ring is full, and goes on when it is not.
#
#	A: va [pfifo] ---> [ ring, rarely polled ] ---> vb :B
#
# And whatever happens to the other end while the queue is stopped, it is not
# left so.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	waits_in_the_qdisc
	comes_in_order
	goes_on_by_itself
	every_queue
	without_a_qdisc
	not_left_stopped
	not_left_stopped_by_channels
	not_woken_by_another_ring
	deleted_while_stopped
"

require_command ethtool
require_command tc
require_program frames
require_program xdp_program

readonly RING=256
readonly SENT=600

# A pair with one packet in a ring that is polled ten minutes later.
make_slow_pair()
{
	make_silent_pair A B
	must tc -n "$A" qdisc add dev va root pfifo limit 10000
	xdp_attach "$B" vb pass
	hold_polls "$A" va "$B" vb
}

# How many packets wait, in all queues of va.
waiting()
{
	tc -n "$A" -s qdisc show dev va |
		awk '/^qdisc/ { pfifo = $2 == "pfifo" }
		     pfifo && $1 == "backlog" { sum += $3 }
		     END { print sum + 0 }'
}

qdisc_is_empty()
{
	[ "$(waiting)" = 0 ]
}

received_by_vb()
{
	statistic "$B" vb rx_packets
}

# check_lost PACKETS COUNTER: by that cause, where causes are counted.
check_lost()
{
	! differs loss-counters ||
		check_equal "$(ethtool_counter "$A" va "tx_lost_$2")" "$1" \
			"tx_lost_$2"
}

# check_waiting: all but what the ring holds waits in the qdisc. The frame
# that was polled may still occupy its place in the ring.
check_waiting()
{
	local found

	found=$(waiting)
	((found == SENT - RING || found == SENT - RING + 1))
	check_err $? "$found of $SENT packets wait in the qdisc"
}

# A kernel whose veth loses what does not fit is no ground for more.
has_back_pressure()
{
	[ "$KIND" = myveth ] || [[ $(uname -r) != 6.1.* ]]
}

# --- while there is a poll -----------------------------------------------

# A frame that the core finds a queue stopped for goes back into the qdisc too,
# so its count of requeues says nothing. The driver's own answer does.
trace_refusals()
{
	make_trace
	echo "rc == 16" >"$TRACE/events/net/net_dev_xmit/filter" ||
		abort "net_dev_xmit cannot be filtered"
	echo 1 >"$TRACE/events/net/net_dev_xmit/enable"
	defer eval "echo 0 >'$TRACE/events/net/net_dev_xmit/enable'"
}

refusals()
{
	grep -c "net_dev_xmit: dev=va" "$TRACE/trace"
}

waits_in_the_qdisc()
{
	make_slow_pair
	trace_refusals
	"$MYVETH_PROGRAMS/frames" send "$A" va 60 "$SENT" >/dev/null
	if differs back-pressure; then
		check_waiting
		check_equal "$(statistic "$A" va tx_dropped)" 0 \
			"dropped by va"
	else
		check_equal "$(waiting)" 0 "in the qdisc"
	fi
	if differs sent-twice; then
		check_equal "$(refusals)" 0 "frames that va said BUSY to"
	else
		check_fail "$(refusals)" "va says BUSY to no frame"
	fi
	check_lost 0 ring
	log_test "what does not fit into the ring waits in the qdisc"
}

# The queue is stopped and goes on many times.
comes_in_order()
{
	make_silent_pair A B
	must tc -n "$A" qdisc add dev va root pfifo limit 10000
	xdp_attach "$B" vb pass
	trace_refusals
	delay_polls "$B" vb 1000000
	receive_frames "$B" vb 3000
	"$MYVETH_PROGRAMS/frames" send "$A" va 60 3000 >/dev/null
	slowwait 10 qdisc_is_empty
	if differs back-pressure; then
		slowwait 10 statistic_is "$B" vb rx_packets 3000
		check_err $? "not everything is received"
		check_equal "$(numbers_received)" 0-2999 \
			"numbers of the frames received"
	fi
	check_lost 0 ring
	check_lost 0 ring_off
	! differs sent-twice ||
		check_equal "$(refusals)" 0 "frames that va said BUSY to"
	log_test "a queue that stops often loses nothing and keeps the order"
}

# Each poll comes a second after the one before, and lets the queue go on.
goes_on_by_itself()
{
	make_silent_pair A B
	must tc -n "$A" qdisc add dev va root pfifo limit 10000
	xdp_attach "$B" vb pass
	hold_polls "$A" va "$B" vb 1000000000
	"$MYVETH_PROGRAMS/frames" send "$A" va 60 "$SENT" >/dev/null
	if differs back-pressure; then
		slowwait 2 statistic_is "$B" vb rx_packets $((SENT + 1))
		check_equal "$(received_by_vb)" $((SENT + 1)) "received"
	fi
	check_lost 0 ring
	log_test "a queue that stops goes on when there was a poll"
}

# With a queue in front of each queue.
make_two_slow_queues()
{
	make_two_queues A B
	must tc -n "$A" qdisc add dev va root handle 1: mq
	must tc -n "$A" qdisc add dev va parent 1:1 pfifo limit 10000
	must tc -n "$A" qdisc add dev va parent 1:2 pfifo limit 10000
}

# hold_queues QUEUE...
hold_queues()
{
	local queue before

	delay_polls "$B" vb
	for queue; do
		before=$(received_by_vb)
		send_by_queue "$A" va "$queue" 1 >/dev/null
		busywait 5000 statistic_is "$B" vb rx_packets \
			$((before + 1)) || abort "queue $queue is not received"
	done
}

# A queue that is stopped does not stop the other.
every_queue()
{
	local queue

	for queue in 0 1; do
		make_two_slow_queues
		xdp_attach "$B" vb pass
		hold_queues "$queue"
		send_by_queue "$A" va "$queue" "$SENT" >/dev/null
		! differs back-pressure || check_waiting
		send_by_queue "$A" va $((1 - queue)) 1 >/dev/null
		busywait 5000 statistic_is "$B" vb rx_packets 2
		check_err $? "the other queue is stopped too"
		check_lost 0 ring
		log_test "queue $queue is stopped, the other one is not"
	done
}

trace_drops()
{
	make_trace
	echo "protocol == $((0x88b5))" >"$TRACE/events/skb/kfree_skb/filter" ||
		abort "kfree_skb cannot be filtered"
	echo 1 >"$TRACE/events/skb/kfree_skb/enable"
	defer eval "echo 0 >'$TRACE/events/skb/kfree_skb/enable'"
}

# Nobody can wait there: what does not fit is lost, and the sender knows.
without_a_qdisc()
{
	local said lost

	make_silent_pair A B
	xdp_attach "$B" vb pass
	hold_polls "$A" va "$B" vb
	trace_drops
	said=$("$MYVETH_PROGRAMS/frames" send "$A" va 60 "$SENT")
	lost=$((SENT - $(awk '{ print $2 }' <<<"$said")))
	((lost == SENT - RING || lost == SENT - RING + 1))
	check_err $? "$lost of $SENT packets are lost"
	check_match "$said" 'ENOBUFS$' "the sender"
	check_equal "$(statistic "$A" va tx_dropped)" "$lost" \
		"dropped by va"
	check_lost "$lost" ring
	! differs drop-reasons || check_equal \
		"$(grep -c 'reason: FULL_RING' "$TRACE/trace")" "$lost" \
		"dropped for want of room"
	log_test "without a qdisc what does not fit is lost"
}

# --- when the poll goes away ---------------------------------------------

# One more frame goes all the way. What waited before may be gone: a qdisc loses
# it when the kernel hears that there is no carrier.
check_flows()
{
	local before

	if ! differs queue-left-stopped; then
		"$MYVETH_PROGRAMS/frames" send "$A" va 60 1 >/dev/null
		slowwait 1 qdisc_is_empty
		check_fail "$(waiting)" "the queue goes on"
		return
	fi
	slowwait 10 qdisc_is_empty
	check_equal "$(waiting)" 0 "left in the qdisc"
	before=$(received_by_vb)
	send_frames "$A" va 60 1
	busywait 5000 statistic_is "$B" vb rx_packets $((before + 1))
	check_err $? "nothing is received any more"
}

# after FUNCTION: what happens while the queue is stopped. The poll that is put
# off is not hastened by the delay that polls have from now on.
after()
{
	make_slow_pair
	"$MYVETH_PROGRAMS/frames" send "$A" va 60 "$SENT" >/dev/null
	! differs back-pressure || check_waiting
	delay_polls "$B" vb 0
	"$@"
	check_flows
	check_lost 0 ring
	log_test "not left stopped: ${*//_/ }"
}

receiver_without_program()
{
	xdp_detach "$B" vb
	! differs queue-left-stopped || check_all_is_received
}

check_all_is_received()
{
	slowwait 10 statistic_is "$B" vb rx_packets $((SENT + 1))
	check_equal "$(received_by_vb)" $((SENT + 1)) "received"
	check_lost 0 ring_off
}

# Not at once: the kernel shall hear of both.
receiver_down_and_up()
{
	must ip -n "$B" link set dev vb down
	slowwait 10 not link_is_up "$A" va || abort "va has a carrier"
	bring_up "$B" vb
	wait_for_up "$A" va
}

# What waits in the qdisc may still be there.
receiver_down_and_up_at_once()
{
	must ip_batch -n "$B" "link set dev vb down" "link set dev vb up"
	wait_for_up "$B" vb
	wait_for_up "$A" va
}

# That alone empties no ring.
sender_down_and_up()
{
	must ip -n "$A" link set dev va down
	bring_up "$A" va
	wait_for_up "$A" va
	must ip netns exec "$B" ethtool -G vb rx 1000
}

receiver_moved()
{
	must ip -n "$B" link set dev vb netns "$A"
	must ip -n "$A" link set dev vb netns "$B"
	bring_up "$B" vb
	wait_for_up "$A" va
}

larger_ring()
{
	must ip netns exec "$B" ethtool -G vb rx 1000
	check_all_is_received
}

not_left_stopped()
{
	if ! has_back_pressure; then
		log_test "veth of this kernel never stops a queue"
		return
	fi
	after receiver_without_program
	after receiver_down_and_up
	if differs ring-size; then
		after receiver_down_and_up_at_once
		after sender_down_and_up
		after receiver_moved
		after larger_ring
	fi
}

# Only then there is something to be seen when queues come and go.
keeps_queues_right()
{
	differs queue-left-stopped && differs back-pressure
}

# The queue that is stopped loses its ring because there are fewer queues, or is
# itself one of those that go and come again.
after_channels()
{
	local dev=$2 ns

	make_two_slow_queues
	must ip netns exec "$A" ethtool -K va tso off
	must ip netns exec "$B" ethtool -K vb gro on
	hold_queues 1
	send_by_queue "$A" va 1 "$SENT" >/dev/null
	check_waiting
	delay_polls "$B" vb 0
	[ "$dev" = va ] && ns=$A || ns=$B
	must ip netns exec "$ns" ethtool -L "$dev" rx 1 tx 1
	[ "$dev" = vb ] || all_rings_go_before_it_comes_again
	wait_for_up "$A" va
	check_sends_by_queue 1
	check_sends_by_queue 0
	log_test "not left stopped: $1"
}

# Without NAPI at the receiver nobody looks at queues when their number changes.
all_rings_go_before_it_comes_again()
{
	must ip netns exec "$B" ethtool -K vb gro off
	must ip netns exec "$A" ethtool -L va rx 2 tx 2
	xps "$A" va 1
}

check_sends_by_queue()
{
	local before

	slowwait 10 qdisc_is_empty
	check_err $? "packets are left in the qdisc"
	before=$(received_by_vb)
	send_by_queue "$A" va "$1" 1 >/dev/null
	busywait 5000 statistic_is "$B" vb rx_packets $((before + 1))
	check_err $? "queue $1 does not send any more"
}

not_left_stopped_by_channels()
{
	if ! keeps_queues_right; then
		log_test "ethtool -L is left to myveth"
		return
	fi
	after_channels "the receiver has fewer queues" vb
	after_channels "the sender has fewer queues, and more again" va
}

# Both rings are full and both queues stopped. That of queue 0 is polled after ten
# seconds, and then again and again, and each time lets its queue go on.
not_woken_by_another_ring()
{
	if ! keeps_queues_right; then
		log_test "a ring that is still full is left to myveth"
		return
	fi
	make_two_slow_queues
	xdp_attach "$B" vb pass
	hold_queues 1
	send_by_queue "$A" va 1 "$SENT" >/dev/null
	check_waiting
	delay_polls "$B" vb 10000000000
	send_by_queue "$A" va 0 $((1 + SENT)) >/dev/null
	(($(waiting) > SENT))
	check_err $? "queue 0 is not stopped"
	delay_polls "$B" vb 1000000
	slowwait 20 statistic_is "$B" vb rx_packets $((2 + SENT))
	check_equal "$(received_by_vb)" $((2 + SENT)) \
		"received by the other queue"
	check_waiting
	check_lost 0 ring
	log_test "a queue is not woken by another ring than its own"
}

# Both go, and what waited for them.
deleted_while_stopped()
{
	local dev

	for dev in va vb; do
		make_slow_pair
		"$MYVETH_PROGRAMS/frames" send "$A" va 60 "$SENT" >/dev/null
		! differs back-pressure || check_waiting
		case $dev in
		va) must ip -n "$A" link del dev va ;;
		vb) must ip -n "$B" link del dev vb ;;
		esac
		! link_exists "$A" va && ! link_exists "$B" vb
		check_err $? "the other end is still there"
		log_test "$dev is deleted while the queue is stopped"
	done
}

mount_bpffs
xdp_load pass pass
tests_run
exit $EXIT_STATUS
