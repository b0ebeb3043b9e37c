#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# How many packets may wait for the next poll, `ethtool -g` and `-G`:
#
#	A: va ---> [ ring of 64 to 32768 packets ] ---> vb :B
#
# The figure that is shown is the number of packets that fit. They are made to
# wait by putting off the poll.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	default_size
	limits
	other_rings
	size_is_exact
	remembered
	grown_while_packets_wait
	shrunk_while_packets_wait
	every_queue
	under_flood
"

require_command ethtool
require_program frames
require_program xdp_program

# ring_of NS DEV: the sizes of its rings, the largest ones first.
ring_of()
{
	ip netns exec "$1" ethtool -g "$2" 2>/dev/null | sed -nE \
		's/^(RX|RX Mini|RX Jumbo|TX):[ \t]*([0-9]+|n\/a)$/\2/p' |
		on_one_line
}

# rx_ring NS DEV
rx_ring()
{
	ring_of "$1" "$2" | awk '{ print $5 }'
}

set_ring()
{
	must ip netns exec "$B" ethtool -G vb rx "$1"
}

# A pair whose end vb takes every packet by its ring.
make_ring_pair()
{
	make_silent_pair A B
	xdp_attach "$B" vb pass
}

lost()
{
	ethtool_counter "$A" va "tx_lost_$1"
}

# --- what is shown, and refused ------------------------------------------


default_size()
{
	local none='(0|n/a)'

	make_silent_pair A B
	if differs ring-size; then
		check_match "$(ring_of "$B" vb)" \
			"^32768( $none){3} 256( $none){3}\$" "rings"
	else
		check_equal "$(errno_of ip netns exec "$B" ethtool -g vb)" \
			EOPNOTSUPP "ethtool -g"
		check_equal "$(errno_of ip netns exec "$B" \
			ethtool -G vb rx 512)" EOPNOTSUPP "ethtool -G"
	fi
	log_test "the sizes at first"
}

# check_refused TEXT WORDS...: nothing is changed, and TEXT says why.
check_refused()
{
	local text=$1 before said

	shift
	before=$(ring_of "$B" vb)
	said=$(ip netns exec "$B" ethtool -G vb "$@" 2>&1)
	check_fail $? "ethtool -G $* is accepted"
	check_match "$said" "$text" "text for ethtool -G $*"
	check_match "$said" "Invalid argument" "errno of ethtool -G $*"
	check_equal "$(ring_of "$B" vb)" "$before" "rings after $*"
}

check_accepted()
{
	set_ring "$1"
	check_equal "$(rx_ring "$B" vb)" "$1" "ring after rx $1"
}

limits()
{
	local too_large="exceeds maximum" too_small="myveth: A ring holds at least 64"

	make_ring_pair
	check_refused "$too_small" rx 63
	check_refused "$too_small" rx 0
	check_refused "$too_large" rx 32769
	check_refused "$too_large" rx 4294967295
	log_test "sizes below 64 and above 32768 are refused"

	check_accepted 64
	check_accepted 32768
	check_accepted 65
	check_accepted 1000
	log_test "any other is accepted, and is no other"
	check_equal "$(rx_ring "$A" va)" 256 "ring of the peer"
	log_test "the peer keeps its size"
}

other_rings()
{
	local ring

	make_ring_pair
	for ring in tx rx-mini rx-jumbo; do
		check_refused "exceeds maximum" "$ring" 64
		check_refused "exceeds maximum" rx 512 "$ring" 64
	done
	log_test "there are no other rings"
}

# --- what fits -----------------------------------------------------------

# fits COUNT [bypass]: how many of so many frames find room.
fits()
{
	"$MYVETH_PROGRAMS/frames" send "$A" va 60 "$@" | awk '{ print $2 }'
}

# What waits goes up when a ring replaces another one, and then that one is
# replaced again: an empty ring, whatever the size was before.
set_empty_ring()
{
	set_ring 32768
	busywait 5000 statistic_is "$B" vb rx_packets "$ARRIVED"
	check_err $? "what fits is not received"
	set_ring "$1"
}

check_room()
{
	local before

	before=$(lost ring)
	check_equal "$(fits 1100)" "$1" "frames that fit into a ring of $1"
	check_equal $(($(lost ring) - before)) $((1100 - $1)) \
		"lost because the ring was full"
	ARRIVED=$((ARRIVED + $1))
}

size_is_exact()
{
	local size ARRIVED=1

	make_ring_pair
	hold_polls "$A" va "$B" vb
	for size in 64 65 1000; do
		set_empty_ring "$size"
		check_room "$size"
	done
	log_test "as many packets fit as it says"
}

# NAPI is off when the size is set, and is switched on in several ways.
remembered()
{
	make_silent_pair A B
	set_ring 500
	check_equal "$(rx_ring "$B" vb)" 500 "size without NAPI"
	xdp_attach "$B" vb pass
	check_remembered "set without NAPI"

	must ip -n "$B" link set dev vb down
	set_ring 300
	bring_up "$B" vb
	wait_for_up "$A" va
	check_remembered "set while down" 300

	must ip -n "$B" link set dev vb down
	bring_up "$B" vb
	wait_for_up "$A" va
	check_remembered "down and up" 300

	xdp_detach "$B" vb
	xdp_attach "$B" vb pass
	check_remembered "NAPI off and on" 300

	must ip -n "$B" link set dev vb netns "$A"
	must ip -n "$A" link set dev vb netns "$B"
	check_equal "$(rx_ring "$B" vb)" 300 "size after a move"
	log_test "remembered: moved to another namespace"
}

# The packet that hold_polls sends may still occupy its place. What is switched
# on later starts without a delay.
check_remembered()
{
	local size=${2:-500} fitting

	hold_polls "$A" va "$B" vb
	fitting=$(fits 510)
	[ "$fitting" = "$size" ] || [ "$fitting" = $((size - 1)) ]
	check_err $? "$fitting packets fit, not $size"
	check_equal "$(rx_ring "$B" vb)" "$size" "size that is shown"
	delay_polls "$B" vb 0
	log_test "remembered: $1"
}

# --- packets that wait ---------------------------------------------------

# let_wait COUNT [FIRST_COUNT]: in the ring, and somebody listens to what comes
# out, all of them or the first ones.
let_wait()
{
	make_ring_pair
	hold_polls "$A" va "$B" vb
	RECEIVED=$(statistic "$B" vb rx_packets)
	receive_frames "$B" vb "${2:-$1}"
	send_frames "$A" va 60 "$1"
	check_equal "$(statistic "$B" vb rx_packets)" "$RECEIVED" \
		"received while there is no poll"
}

# check_come FIRST_COUNT: of those that waited exactly the first ones came.
check_come()
{
	slowwait 10 statistic_is "$B" vb rx_packets $((RECEIVED + $1))
	check_err $? "not all that fit are received"
	check_equal "$(numbers_received)" "0-$(($1 - 1))" \
		"numbers of the frames received"
}

grown_while_packets_wait()
{
	let_wait 200
	set_ring 1000
	check_come 200
	check_equal "$(lost ring_off) $(lost ring)" "0 0" "lost"
	log_test "grown while packets wait: they all come, in order"
}

shrunk_while_packets_wait()
{
	let_wait 200
	set_ring 64
	check_come 200
	check_equal "$(lost ring_off) $(lost ring)" "0 0" "lost"
	log_test "shrunk while packets wait: all come, in order"
}

# A sender past the qdisc uses the queue of its processor's number.
every_queue()
{
	setup_ns A B
	make_pair "$A" va vb numtxqueues 2 -- numrxqueues 2 netns "$B"
	must ip netns exec "$A" ethtool -L va tx 2
	must ip netns exec "$B" ethtool -L vb rx 2
	bring_up_silently "$A" va
	bring_up_silently "$B" vb
	wait_for_up "$A" va
	xdp_attach "$B" vb pass
	set_ring 100
	hold_queues
	check_equal "$(fits_into_queue 0) $(fits_into_queue 1)" "100 100" \
		"frames that fit into the rings"
	log_test "the rings of all queues"
}

fits_into_queue()
{
	taskset -c "$1" "$MYVETH_PROGRAMS/frames" send "$A" va 60 300 bypass |
		awk '{ print $2 }'
}

# One frame each, and new rings, which are empty.
hold_queues()
{
	local queue

	delay_polls "$B" vb
	for queue in 0 1; do
		taskset -c "$queue" "$MYVETH_PROGRAMS/frames" send "$A" va 60 \
			1 bypass >/dev/null
	done
	busywait 5000 statistic_is "$B" vb rx_packets 2
	check_err $? "a queue receives nothing"
	set_ring 101
	set_ring 100
}

# Whatever a sender had accepted has been received, or lost and counted.
under_flood()
{
	local size sender

	make_ring_pair
	"$MYVETH_PROGRAMS/frames" send "$A" va 60 6000 >"$SCRATCH/sent" &
	sender=$!
	defer stop "$sender"
	slowwait 10 is_busy "$B" vb
	check_err $? "nothing is received"
	for size in 64 5000 100 32768 64 256 65 1000; do
		set_ring "$size"
	done
	wait "$sender"
	check_all_counted
	check_equal "$(rx_ring "$B" vb)" 1000 "size in the end"
	log_test "sizes that change under load"
}

check_all_counted()
{
	local accepted refused received

	read -r _ accepted _ refused _ <"$SCRATCH/sent"
	received=$((accepted - $(lost ring_off)))
	slowwait 10 statistic_is "$B" vb rx_packets "$received"
	check_equal "$(statistic "$B" vb rx_packets)" "$received" \
		"received"
	check_equal "$(lost ring)" "$refused" "refused and counted"
	check_equal $((accepted + refused)) 6000 "sent"
}

differs ring-size || ALL_TESTS="default_size"
mount_bpffs
xdp_load pass pass
tests_run
exit $EXIT_STATUS
