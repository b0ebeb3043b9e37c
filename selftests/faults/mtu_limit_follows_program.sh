#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# When an XDP program that takes frames in several pieces is replaced by one
# that does not, the limit of the other end's MTU is the new program's.
#
#	[ va: XDP, frags -> XDP ]======[ vb: MTU 9000? ]
#
# In Linux 6.1, veth looks at it when a program comes and when it goes, but not
# when it is replaced: the new program gets frames in pieces.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="replaced"
# What fits into one piece, and what does not.
SMALL=3506
LARGE=9000

require_command jq
require_program xdp_program

replace_program()
{
	ip -n "$A" -force link set dev va xdpdrv pinned "$BPFFS/$1" 2>/dev/null
}

replaced()
{
	local refused

	make_silent_pair A B
	mount_bpffs
	xdp_load frags pass frags
	xdp_load linear pass
	xdp_attach "$A" va frags
	try_mtu "$B" vb "$LARGE"
	check_err $? "an MTU of $LARGE is refused"
	replace_program linear
	check_fail $? "a program in one piece is accepted beside that MTU"
	try_mtu "$B" vb 1500
	check_err $? "an MTU of 1500 is refused"
	replace_program linear
	check_err $? "the program cannot be replaced"

	try_mtu "$B" vb "$LARGE"
	refused=$?
	if differs program-replaced; then
		check_fail "$refused" "an MTU of $LARGE is accepted afterwards"
		check_equal "$(link_get "$B" vb .max_mtu)" "$SMALL" "limit"
	else
		check_err "$refused" "an MTU of $LARGE is refused afterwards"
	fi
	log_test "the limit after a program was replaced"

	replace_program frags
	check_err $? "the program cannot be replaced again"
	try_mtu "$B" vb "$LARGE"
	check_err $? "an MTU of $LARGE is refused in the end"
	log_test "the limit after it was replaced again"
}

tests_run
exit $EXIT_STATUS
