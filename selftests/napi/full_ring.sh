#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A full ring of the largest size is received when something is switched, by
# whoever switches it and not by a poll. If there is a program, it decides about
# each packet as it does in a poll:
#
#	A: va ---> [ ring of 32768, full ] ---> [program] vb :B
#	   va <----------------------------------+
#	C: vd <--- vc :B <-----------------------+
#
# myveth loses nothing, and counts everything where it belongs. On a kernel that
# looks for faults this shows, too, that a process may do what a poll does.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	passed_up
	sent_back
	redirected
	without_a_program
"

require_command ethtool
require_program frames
require_program xdp_program

readonly RING=32768

# The frame that was polled may still occupy its place: one more does not fit.
readonly SENT=$((RING - 1))

set_ring()
{
	must ip netns exec "$1" ethtool -G "$2" rx "$3"
}

# takes_frames NS DEV: of a program or a redirect, as many as there are.
takes_frames()
{
	set_ring "$1" "$2" "$RING"
	must ip netns exec "$1" ethtool --set-priv-flags "$2" rx-napi on
}

attach()
{
	xdp_load program "$@"
	defer rm -f "$BPFFS/program"
	xdp_attach "$B" vb program
}

# No poll comes.
fill_ring()
{
	set_ring "$B" vb "$RING"
	hold_polls "$A" va "$B" vb
	send_frames "$A" va 60 "$SENT"
	check_equal "$(ring_packets "$B" vb)" 1 "taken from the ring too early"
}

# check_all NS DEV: which has received all of them; nothing is lost on the way.
check_all()
{
	slowwait 10 statistic_is "$1" "$2" rx_packets $((1 + SENT))
	check_equal "$(statistic "$1" "$2" rx_packets)" $((1 + SENT)) \
		"received by $2"
	check_equal "$(ring_packets "$B" vb)" $((1 + SENT)) \
		"taken from the ring"
	check_equal "$(statistic "$A" va tx_dropped)" 0 "lost by va"
	check_equal "$(ethtool_counter "$B" vb rx_queue_0_drops)" 0 \
		"dropped by vb"
}

# check_decided VERDICT: so, about each of them
check_decided()
{
	check_equal "$(ethtool_counter "$B" vb "rx_queue_0_xdp_$1")" \
		$((1 + SENT)) "xdp_$1 of vb"
}

passed_up()
{
	make_silent_pair A B
	attach pass
	fill_ring
	xdp_detach "$B" vb
	check_all "$B" vb
	log_test "received by a switch: what a program passes"
}

sent_back()
{
	make_silent_pair A B
	takes_frames "$A" va
	attach tx swap
	fill_ring
	xdp_detach "$B" vb
	check_all "$A" va
	check_decided tx
	log_test "received by a switch: what a program sends back"
}

redirected()
{
	make_silent_pair A B
	setup_ns C
	join_silently "$B" vc "$C" vd
	takes_frames "$C" vd
	attach redirect="$(link_get "$B" vc .ifindex)"
	fill_ring
	xdp_detach "$B" vb
	check_all "$C" vd
	check_decided redirect
	log_test "received by a switch: what a program redirects"
}

without_a_program()
{
	make_silent_pair A B
	set_offload "$A" va tso off
	set_offload "$B" vb gro on
	fill_ring
	set_ring "$B" vb 64
	check_all "$B" vb
	log_test "received by a switch: what no program sees"
}

# It cannot be larger, and nothing is counted.
lost_with_its_ring()
{
	make_silent_pair A B
	attach pass
	hold_polls "$A" va "$B" vb
	send_frames "$A" va 60 200
	xdp_detach "$B" vb
	send_frames "$A" va 60 1
	slowwait 10 statistic_is "$B" vb rx_packets 2
	check_equal "$(statistic "$B" vb rx_packets)" 2 "received by vb"
	check_equal "$(statistic "$A" va tx_dropped)" 0 "lost by va"
	log_test "a ring of veth is lost with what it holds"
}

differs ring-switch || ALL_TESTS="lost_with_its_ring"
mount_bpffs
tests_run
exit $EXIT_STATUS
