#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A packet is received by the queue of the number by which it was sent, where the
# receiver has such a queue; and who looks at the queue of a received packet sees
# that one: RPS, which hands packets to other processors, generic XDP, and the
# device by which a forwarded packet leaves.
#
#	A  [ va: queues 0-3 ]======[ vb: queues 0-3, 0-1 or 0 ]  B
#
# An end with one receive queue says nothing about it. The kernel would take the
# queue over to the next device, and so send all flows of the pair by one queue.
#
# In a received packet the kernel keeps the receive queue plus one, or 0 for none,
# where the transmit queue was, and veth leaves that one there. For a queue that
# the receiver does not have the kernel warns, once after each boot: veth is not
# brought into that situation.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	rps_by_backlog
	rps_by_ring
	rps_by_new_queues
	generic_xdp_by_backlog
	generic_xdp_by_ring
	generic_xdp_of_frames
	held_when_its_queue_goes
	one_queue_does_not_gather_flows
	queue_is_taken_over
"

require_command ethtool
require_command jq
require_command nstat
require_command taskset
require_command tc
require_program frames
require_program numbered
require_program xdp_program

# make_queues RECEIVERS [ring]
make_queues()
{
	RECEIVERS=$1
	make_facing_queues A B 4 "$1"
	[ "$2" = ring ] || return 0
	set_offload "$A" va tso off
	set_offload "$B" vb gro on
}

# taken_for QUEUE: which receive queue the kernel sees for what was sent by it;
# nothing, where it finds that there is no such queue.
taken_for()
{
	local queue

	if differs receive-queue; then
		queue=$(($1 < RECEIVERS ? $1 : 0))
	else
		queue=$(($1 > 0 ? $1 - 1 : 0))
	fi
	[ "$queue" -ge "$RECEIVERS" ] || echo "$queue"
}

# would_warn QUEUE: the kernel would, see above.
would_warn()
{
	[ "$RECEIVERS" -gt 1 ] && [ -z "$(taken_for "$1")" ]
}

# --- RPS -----------------------------------------------------------------

# steer_by QUEUE|none: packets of that receive queue go to the second processor,
# all others stay on theirs.
steer_by()
{
	# shellcheck disable=SC2016 # the inner shell's
	must ip netns exec "$B" sh -c 'cd /sys/class/net/vb/queues &&
		for queue in rx-*; do
			[ "$queue" = "rx-$1" ] && cpus=2 || cpus=0
			echo "$cpus" >"$queue/rps_cpus" || exit
		done' sh "$1"
}

trace_receivers()
{
	make_trace
	echo 1 >"$TRACE/events/net/netif_receive_skb/enable"
	defer eval "echo 0 >'$TRACE/events/net/netif_receive_skb/enable'"
}

# The processors on which vb has received something, a line for each packet.
receivers()
{
	sed -nE 's/.* \[([0-9]+)\] .* netif_receive_skb: dev=vb .*/\1/p' \
		"$TRACE/trace"
}

receivers_are_known()
{
	[ "$(receivers | wc -l)" -eq 3 ]
}

# Where three packets are received that the first processor sends.
where_received()
{
	echo >"$TRACE/trace"
	taskset -c 0 "$MYVETH_PROGRAMS/frames" send "$A" va 60 3 >/dev/null
	busywait 5000 receivers_are_known
	receivers | on_one_line
}

# check_steered QUEUE: for what was sent by it the setting of one receive queue
# counts, and that of no other.
check_steered()
{
	local taken queue wanted

	taken=$(taken_for "$1")
	leave_by "$A" va "$1"
	for ((queue = 0; queue < RECEIVERS; queue++)); do
		[ "$queue" = "$taken" ] && wanted="001 001 001" ||
			wanted="000 000 000"
		steer_by "$queue"
		check_equal "$(where_received)" "$wanted" \
			"sent by $1, rps_cpus of $queue: processors"
	done
	steer_by none
}

# rps MODE
rps()
{
	local receivers queue

	trace_receivers
	for receivers in 4 2 1; do
		make_queues "$receivers" "$1"
		for queue in 0 1 2 3; do
			would_warn "$queue" || check_steered "$queue"
		done
		log_test "RPS by $1, 4 queues to $receivers"
	done
}

rps_by_backlog()
{
	rps backlog
}

rps_by_ring()
{
	rps ring
}

rps_by_new_queues()
{
	trace_receivers
	make_queues 1
	must ip netns exec "$B" ethtool -L vb rx 4
	RECEIVERS=4
	check_steered 3
	log_test "RPS, where there were fewer queues before"
}

# --- generic XDP ---------------------------------------------------------

# The program runs again and again, so BEFORE is what it has seen so far.
attach_generic()
{
	xdp_attach "$B" vb count xdpgeneric
	BEFORE=$(xdp_counters seen packets)
}

# has_seen COUNT: since it was attached.
has_seen()
{
	[ $(($(xdp_counters seen packets) - BEFORE)) -eq "$1" ]
}

# check_queue_seen COUNT QUEUE WHAT: after so many packets, of the last one.
check_queue_seen()
{
	busywait 5000 has_seen "$1"
	check_err $? "$3: the program has not seen it"
	check_equal "$(xdp_counters seen queue)" "$2" "$3: receive queue"
}

# For what is of no queue the kernel shows the first one.
check_generic_xdp()
{
	local queue taken seen=0

	for queue in 0 1 2 3; do
		would_warn "$queue" && continue
		leave_by "$A" va "$queue"
		send_frames "$A" va 60 1
		seen=$((seen + 1))
		taken=$(taken_for "$queue")
		check_queue_seen "$seen" "${taken:-0}" "sent by $queue"
	done
}

# generic_xdp MODE
generic_xdp()
{
	local receivers

	for receivers in 4 2; do
		make_queues "$receivers" "$1"
		attach_generic
		check_generic_xdp
		log_test "generic XDP by $1, 4 queues to $receivers"
	done
}

generic_xdp_by_backlog()
{
	generic_xdp backlog
}

generic_xdp_by_ring()
{
	generic_xdp ring
}

# Frames that are redirected to va go by the ring that belongs to the processor,
# and are made packets behind it.
generic_xdp_of_frames()
{
	local cpu wanted

	make_queues 2 ring
	attach_generic
	xdp_load redirect "redirect=$(link_get "$A" va .ifindex)"
	for cpu in 0 1; do
		differs receive-queue && wanted=$cpu || wanted=0
		must ip netns exec "$A" taskset -c "$cpu" \
			"$MYVETH_PROGRAMS/xdp_program" run "$BPFFS/redirect" \
			1 60
		check_queue_seen $((cpu + 1)) "$wanted" "processor $cpu"
	done
	log_test "generic XDP, frames that another device redirects"
}

# --- queues that go ------------------------------------------------------

# What GRO holds of a queue that goes was received while that was there: RPS looks
# for no queue that there is not. It is on by a queue that stays, since the kernel
# leaves it on until the next boot if the queue goes that has it.
held_when_its_queue_goes()
{
	make_queues 4 ring
	must ip -n "$A" addr add 192.0.2.1/24 dev va
	must ip -n "$B" addr add 192.0.2.2/24 dev vb
	leave_by "$A" va 3
	steer_by 0
	check_what_is_held "$A" "$B" \
		must ip netns exec "$B" ethtool -L vb rx 2
	steer_by none
	log_test "what GRO holds of a queue that goes"
}

# --- forwarding ----------------------------------------------------------

FLOWS=64

# make_router: B forwards what comes by vb to C, by a pair of 4 queues:
#
#	A  [ va ]======[ vb ]  B  [ vc ]======[ vd: 4 rings ]  C
make_router()
{
	local room="numtxqueues 4 numrxqueues 4"

	setup_ns C
	# shellcheck disable=SC2086 # words they are
	make_pair "$B" vc vd $room -- $room netns "$C"
	must ip netns exec "$B" ethtool -L vc tx 4 rx 4
	must ip netns exec "$C" ethtool -L vd tx 4 rx 4
	set_offload "$B" vc tso off
	set_offload "$C" vd gro on
	bring_up_silently "$B" vc
	bring_up_silently "$C" vd
	wait_for_up "$B" vc
	set_sysctl "$B" net.ipv4.ip_forward=1
	give_addresses
}

# Neighbours are known, so that nothing is sent but the flows.
give_addresses()
{
	must ip -n "$A" addr add 192.0.2.1/24 dev va
	must ip -n "$B" addr add 192.0.2.2/24 dev vb
	must ip -n "$B" addr add 198.51.100.1/24 dev vc
	must ip -n "$A" route add default via 192.0.2.2
	must ip -n "$A" neigh replace 192.0.2.2 dev va \
		lladdr "$(mac_of "$B" vb)" nud permanent
	must ip -n "$B" neigh replace 198.51.100.2 dev vc \
		lladdr "$(mac_of "$C" vd)" nud permanent
}

# How many packets each of vc's transmit queues has sent by now, a line each.
sent_by_queues()
{
	local queue

	for queue in 0 1 2 3; do
		ethtool_counter "$C" vd rx_queue_"$queue"_xdp_packets
	done
}

has_forwarded()
{
	[ "$(statistic "$C" vd rx_packets)" -eq "$1" ]
}

# send_flows: a packet of each.
send_flows()
{
	local before

	before=$(statistic "$C" vd rx_packets)
	# shellcheck disable=SC2016 # the inner shell's
	must ip netns exec "$A" bash -c 'for ((flow = 0; flow < $1; flow++)); do
			echo flow >"/dev/udp/198.51.100.2/$((20000 + flow))"
		done' bash "$FLOWS"
	slowwait 10 has_forwarded $((before + FLOWS))
	check_equal "$(statistic "$C" vd rx_packets)" $((before + FLOWS)) \
		"packets forwarded"
}

# check_flows_are_spread: one queue is missed by all of them once in 25 million
# times.
check_flows_are_spread()
{
	send_flows
	sent_by_queues >"$SCRATCH/sent"
	! grep -qx 0 "$SCRATCH/sent"
	check_err $? \
		"$1: packets of each queue: $(on_one_line <"$SCRATCH/sent")"
}

one_queue_does_not_gather_flows()
{
	make_silent_pair A B
	make_router
	check_flows_are_spread "from a pair of one queue"
	log_test "flows of a pair of one queue leave by all queues"
}

# As with a device that receives by several queues: the flows of one leave by one.
queue_is_taken_over()
{
	local queue

	for queue in 0 1 2 3; do
		RECEIVERS=4
		make_facing_queues A B 4 4
		make_router
		leave_by "$A" va "$queue"
		if [ "$queue" -gt 0 ] || differs receive-queue; then
			check_flows_leave_by "$(taken_for "$queue")"
		else
			check_flows_are_spread "from queue 0 of several"
		fi
		log_test "flows of queue $queue of four are forwarded"
	done
}

check_flows_leave_by()
{
	local queue wanted=

	for queue in 0 1 2 3; do
		[ "$queue" = "$1" ] && wanted+=" $FLOWS" || wanted+=" 0"
	done
	send_flows
	check_equal "$(sent_by_queues | on_one_line)" "${wanted# }" \
		"packets of each queue"
}

[ "$(nproc)" -ge 2 ] || skip_all "no second processor"
mount_bpffs
xdp_load count pass "counters=$BPFFS/seen"
tests_run
exit $EXIT_STATUS
