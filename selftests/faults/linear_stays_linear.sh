#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# An XDP program that does not say it takes frames in several pieces never gets
# one, also when a frame has a VLAN tag more than the MTU allows for.
#
#	A  [ va.5 ]--[ va, MTU 3506 ]======[ vb: XDP ]--[ vb.5 ]  B
#
# That MTU is the largest beside such a program. The tag is within the frame,
# which then is 3524 bytes long, 4 more than there is room for in one piece beside
# all the headroom. veth puts them into another one, of which the program does not
# know; the driver takes them from the headroom.
#
# One frame alone cannot be shown in one piece, and is lost: one that has come in
# several, redirected by another device's program, which takes such.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	tagged
	tagged_for_metadata
	tagged_and_sent_back
	untagged
	redirected_in_pieces
"
MTU=3506
LENGTH=$((MTU + 14))

require_command jq
require_command ethtool
require_program frames
require_program xdp_program

# make_topology OPTION...: of the program, which lets all pass.
make_topology()
{
	make_silent_pair A B
	set_offload "$A" va txvlan off
	mount_bpffs
	xdp_load pass pass "counters=$BPFFS/seen" "$@"
	xdp_attach "$B" vb pass
	must ip -n "$A" link set dev va mtu "$MTU"
	must ip -n "$B" link set dev vb mtu "$MTU"
	must ip -n "$A" link add link va name va.5 type vlan id 5
	must ip -n "$B" link add link vb name vb.5 type vlan id 5
	bring_up_silently "$A" va.5
	bring_up_silently "$B" vb.5
	wait_for_up "$A" va.5
}

# What was counted as lost, at either end and in either direction.
losses()
{
	echo $(($(statistic "$A" va tx_dropped) +
		$(statistic "$A" va rx_dropped) +
		$(statistic "$B" vb tx_dropped) +
		$(statistic "$B" vb rx_dropped)))
}

# check_seen NAME LINEAR TOTAL: by the program with these counters, of one frame:
# bytes in the first piece, bytes in all.
check_seen()
{
	check_equal "$(xdp_counters "$1" packets linear total)" "1 $2 $3" \
		"frames and bytes that are $1"
}

# send_and_receive FROM TO: one frame, which gets there.
send_and_receive()
{
	receive_frames "$B" "$2" 1
	send_frames "$A" "$1" "$LENGTH" 1
	check_equal "$(numbers_received)" 0-0 "frames at $2"
	check_equal "$(losses)" 0 "frames lost"
}

# The bytes of a tagged frame that are in its first piece.
tagged_linear()
{
	differs xdp-one-piece && echo $((LENGTH + 4)) || echo "$LENGTH"
}

send_tagged()
{
	send_and_receive va.5 vb.5
	check_seen seen "$(tagged_linear)" $((LENGTH + 4))
}

tagged()
{
	make_topology
	send_tagged
	log_test "a tagged frame for a program that takes one piece"
}

# It needs room around the frame, which may have to be copied for that.
tagged_for_metadata()
{
	make_topology meta=4
	send_tagged
	log_test "a tagged frame for one that adds metadata"
}

# Then it is copied when the program has run, if that moves nothing. va's program
# takes it in one piece only.
tagged_and_sent_back()
{
	make_topology
	xdp_detach "$B" vb
	xdp_load back tx swap
	xdp_attach "$B" vb back
	xdp_load there pass "counters=$BPFFS/seen_there"
	xdp_attach "$A" va there
	send_frames "$A" va.5 "$LENGTH" 1
	slowwait 10 statistic_is "$A" va rx_packets 1
	check_err $? "va receives nothing"
	check_seen seen_there "$(tagged_linear)" $((LENGTH + 4))
	check_equal "$(losses)" 0 "frames lost"
	log_test "a tagged frame that is sent back"
}

# Without the tag it fits.
untagged()
{
	make_topology
	send_and_receive va vb
	check_seen seen "$LENGTH" "$LENGTH"
	log_test "a frame of the same length without a tag"
}

# What comes from C in pieces is redirected to va:
#
#	C  [ vc, MTU 9000 ]======[ vd: XDP, frags ]--> [ va ]======[ vb: XDP ]  B
redirect_in_pieces()
{
	setup_ns C
	make_pair "$C" vc vd mtu 9000 -- mtu 9000 netns "$A"
	bring_up_silently "$C" vc
	bring_up_silently "$A" vd
	wait_for_up "$C" vc
	xdp_load redirect "redirect=$(link_get "$A" va .ifindex)" frags
	xdp_attach "$A" vd redirect
}

# drops NS DEV: what its polls could not do anything with.
drops()
{
	ethtool_counter "$1" "$2" rx_queue_0_drops
}

is_decided()
{
	[ "$(xdp_counters seen packets) $(drops "$A" vd) $(drops "$B" vb)" != \
		"0 0 0" ]
}

# Linux 6.1 itself does not redirect such a frame.
redirected_in_pieces()
{
	make_topology
	redirect_in_pieces
	receive_frames "$B" vb 1
	send_frames "$C" vc $((LENGTH + 4)) 1
	slowwait 10 is_decided
	if [[ $(uname -r) == 6.1.* ]]; then
		check_equal "$(drops "$A" vd)" 1 "dropped by vd"
		check_equal "$(losses)" 0 "frames lost between va and vb"
	elif differs xdp-one-piece; then
		check_equal "$(xdp_counters seen packets)" 0 "frames seen"
		check_equal "$(drops "$B" vb)" 1 "dropped by vb"
		check_equal "$(losses)" 1 "frames lost"
	else
		check_equal "$(numbers_received)" 0-0 "frames at vb"
		check_seen seen "$LENGTH" $((LENGTH + 4))
		check_equal "$(losses)" 0 "frames lost"
	fi
	log_test "a frame that another program redirects in pieces"
}

tests_run
exit $EXIT_STATUS
