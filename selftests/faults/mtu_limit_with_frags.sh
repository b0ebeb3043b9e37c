#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# An XDP program that takes frames in several pieces raises the limit of the
# other end's MTU, but never above 65535, which is the largest for Ethernet.
#
#	[ va: XDP, frags ]======[ vb: what is the largest MTU? ]
#
# With veth it is 73138, and what was set stays when the program goes.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="limit"
TOO_LARGE=70000
LARGEST=65535

require_command jq
require_program xdp_program

check_sane_limit()
{
	check_equal "$(link_get "$B" vb .max_mtu)" "$LARGEST" "limit"
	try_mtu "$B" vb "$TOO_LARGE"
	check_fail $? "an MTU of $TOO_LARGE is accepted"
	try_mtu "$B" vb "$LARGEST"
	check_err $? "an MTU of $LARGEST is refused"
	xdp_detach "$A" va
	check_equal "$(link_get "$B" vb .mtu)" "$LARGEST" "MTU afterwards"
}

check_veths_limit()
{
	check_equal "$(link_get "$B" vb .max_mtu)" 73138 "limit"
	try_mtu "$B" vb "$TOO_LARGE"
	check_err $? "an MTU of $TOO_LARGE is refused"
	xdp_detach "$A" va
	check_equal "$(link_get "$B" vb .mtu)" "$TOO_LARGE" "MTU afterwards"
}

limit()
{
	make_silent_pair A B
	mount_bpffs
	xdp_load frags pass frags
	xdp_attach "$A" va frags
	if differs largest-mtu; then
		check_sane_limit
	else
		check_veths_limit
	fi
	log_test "the largest MTU beside a program for frames in pieces"
}

tests_run
exit $EXIT_STATUS
