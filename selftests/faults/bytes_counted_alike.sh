#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A frame has as many bytes for the counters whichever way it takes.
#
#	A  [ va ]======[ vb: nothing | GRO | XDP ]  B
#
# veth counts 14 bytes less when the receiver has NAPI: it has taken off the
# Ethernet header already.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="bytes"
FRAMES=10
LENGTH=114
HEADER=14

require_command jq
require_command ethtool
require_program frames
require_program xdp_program

received_are()
{
	link_is "$B" vb .stats64.rx.packets "$1"
}

# check_bytes BYTES_OF_A_FRAME FRAMES_BY_NAPI HOW: nobody has sent anything else
# until now.
check_bytes()
{
	SENT=$((SENT + FRAMES))
	BYTES=$((BYTES + FRAMES * $1))
	BY_NAPI=$((BY_NAPI + $2))
	send_frames "$A" va "$LENGTH" "$FRAMES"
	slowwait 10 received_are "$SENT"
	check_err $? "not all are received"
	check_equal "$(link_get "$A" va .stats64.tx.bytes)" "$BYTES" \
		"bytes that va has sent"
	check_equal "$(link_get "$B" vb .stats64.rx.bytes)" "$BYTES" \
		"bytes that vb has received"
	check_equal "$(ring_packets "$B" vb)" "$BY_NAPI" "frames by NAPI"
	log_test "bytes counted $3"
}

bytes()
{
	local less=$LENGTH SENT=0 BYTES=0 BY_NAPI=0

	differs bytes-counted || less=$((LENGTH - HEADER))
	make_silent_pair A B
	set_offload "$A" va tso off
	check_bytes "$LENGTH" 0 "without NAPI"

	set_offload "$B" vb gro on
	check_bytes "$less" "$FRAMES" "with GRO"

	mount_bpffs
	xdp_load pass pass
	xdp_attach "$B" vb pass
	check_bytes "$less" "$FRAMES" "with XDP"
}

tests_run
exit $EXIT_STATUS
