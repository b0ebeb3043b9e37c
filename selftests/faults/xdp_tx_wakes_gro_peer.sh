#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Who receives by NAPI because of GRO alone, without an XDP program of his own,
# must be told of the frames that XDP_TX at the other end sends back.
#
#	A  [ va: GRO ]======[ vb: XDP_TX ]  B
#
# veth puts them into va's ring and tells nobody. There they stay until another
# frame comes.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="sent_back"
FRAMES=10

require_command jq
require_command ethtool
require_program frames
require_program xdp_program

has_sent_back()
{
	[ "$(xdp_counters sent_back packets)" -eq "$FRAMES" ]
}

va_has_received()
{
	link_is "$A" va .stats64.rx.packets "$1"
}

# The two go through one ring, which keeps the order.
show_what_is_stuck()
{
	! busywait 100 not va_has_received 0
	check_err $? "va has received what nobody told it of"
	send_frames "$B" vb 100 1
	slowwait 10 va_has_received $((FRAMES + 1))
	check_err $? "one more frame does not bring the others"
}

sent_back()
{
	make_silent_pair A B
	set_offload "$A" va gro on
	set_offload "$B" vb tso off
	mount_bpffs
	xdp_load tx tx swap "counters=$BPFFS/sent_back"
	xdp_attach "$B" vb tx
	send_frames "$A" va 100 "$FRAMES"
	slowwait 10 has_sent_back
	check_err $? "vb's program has not seen $FRAMES frames"

	if differs xdp-tx-wakeup; then
		slowwait 10 va_has_received "$FRAMES"
		check_err $? "va has not received $FRAMES frames"
	else
		show_what_is_stuck
	fi
	log_test "XDP_TX to an end that has GRO"
}

tests_run
exit $EXIT_STATUS
