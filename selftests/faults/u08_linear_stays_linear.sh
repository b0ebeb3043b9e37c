#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# U8: an XDP program that does not say it takes frames in several pieces never
# gets one, also when a frame has a VLAN tag more than the MTU allows for.
#
#	A  [ va.5 ]--[ va, MTU 3506 ]======[ vb: XDP ]  B
#
# That MTU is the largest beside such a program. The tag is within the frame,
# which then is 3524 bytes long, 4 more than there is room for in one piece.
# veth puts them into another one, of which the program does not know.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="tagged tagged_for_metadata tagged_and_sent_back untagged"
MTU=3506
LENGTH=$((MTU + 14))

require_command jq
require_command ethtool
require_program frames
require_program xdp

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
	bring_up_silently "$A" va.5
	wait_for_up "$A" va.5
}

# losses: what was counted as lost at either end.
losses()
{
	echo $(($(link_get "$A" va .stats64.tx.dropped) +
		$(link_get "$B" vb .stats64.rx.dropped)))
}

is_decided()
{
	[ "$(xdp_counters seen packets)" -gt 0 ] || [ "$(losses)" -gt "$1" ]
}

# What the program saw: "frames, bytes in the first piece, bytes in all". What
# nobody can show it in one piece may be lost as well.
check_tagged()
{
	local seen

	seen=$(xdp_counters seen packets linear total)
	if differs fault-u8; then
		check_match "$seen" \
			"^(0 0 0|1 $((LENGTH + 4)) $((LENGTH + 4)))$" "seen"
	else
		check_equal "$seen" "1 $LENGTH $((LENGTH + 4))" "seen"
	fi
}

send_tagged()
{
	local before

	before=$(losses)
	send_frames "$A" va.5 "$LENGTH" 1
	slowwait 10 is_decided "$before"
	check_err $? "the frame has neither come nor been lost"
	check_tagged
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
	local linear=$((LENGTH + 4))

	differs fault-u8 || linear=$LENGTH
	make_topology
	xdp_detach "$B" vb
	xdp_load back tx swap
	xdp_attach "$B" vb back
	xdp_load there pass "counters=$BPFFS/seen_there"
	xdp_attach "$A" va there
	send_frames "$A" va.5 "$LENGTH" 1
	slowwait 10 not statistic_is "$A" va rx_packets 0
	check_equal "$(xdp_counters seen_there packets linear total)" \
		"1 $linear $((LENGTH + 4))" "seen at va"
	log_test "a tagged frame that is sent back"
}

# Without the tag it fits.
untagged()
{
	make_topology
	send_frames "$A" va "$LENGTH" 1
	slowwait 10 is_decided 1000
	check_equal "$(xdp_counters seen packets linear total)" \
		"1 $LENGTH $LENGTH" "seen"
	log_test "a frame of the same length without a tag"
}

tests_run
exit $EXIT_STATUS
