#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Upstream, "fix skb length accounting after XDP frag adjustment": a program that
# makes a frame in several pieces shorter changes its length by just as much. And
# the pieces that it takes away are given back to where they came from.
#
#	A  [ va, MTU 9000 ]======[ vb: XDP, frags ]  B

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="pieces one_piece"

require_command jq
require_command tcpdump
require_program frames
require_program xdp_program

make_topology()
{
	make_silent_pair A B
	must ip -n "$A" link set dev va mtu 9000
	must ip -n "$B" link set dev vb mtu 9000
	mount_bpffs
}

# check_adjusted LENGTH BYTES: so many less at the tail
check_adjusted()
{
	local name=length$1tail$2

	xdp_load "$name" pass frags "tail=$2"
	must ip -n "$B" -force link set dev vb xdpdrv pinned "$BPFFS/$name"
	capture_start "$name" "$B" vb ether proto 0x88b5
	send_frames "$A" va "$1" 1
	slowwait 10 capture_has "$name" 1
	capture_stop "$name"
	check_equal "$(capture_show "$name" -e |
		sed -nE 's/.*, length ([0-9]+):.*/\1/p')" \
		$(($1 + $2)) "length"
	log_test "$2 bytes at the tail of $1"
}

# The first piece holds 3520 bytes of them. Behind veth, on newer kernels, the
# kernel warns when all of another piece is taken away: there, some is left.
pieces()
{
	make_topology
	check_adjusted 5000 0
	check_adjusted 5000 -1
	check_adjusted 5000 -1000
	if differs xdp-cut-pages; then
		check_adjusted 5000 -1480
		check_adjusted 5000 -4500
	fi
}

one_piece()
{
	make_topology
	check_adjusted 500 -100
	check_adjusted 500 -440
}

tests_run
exit $EXIT_STATUS
