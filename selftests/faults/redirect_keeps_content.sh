#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Upstream, "Fix use after free in XDP_REDIRECT": a frame that a program sends
# through another pair gets there as it was, while the buffer that it came in is
# given back.
#
#	A  [ va ]======[ vb: XDP --redirect--> wr ]======[ wb: XDP ]  C

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="redirected long_ones"

require_command jq
require_program frames
require_program xdp_program

make_topology()
{
	make_silent_pair A B
	setup_ns C
	make_pair "$B" wr wb -- netns "$C"
	bring_up_silently "$B" wr
	bring_up_silently "$C" wb
	wait_for_up "$B" wr
	mount_bpffs
	xdp_load redirect "redirect=$(link_get "$B" wr .ifindex)" frags
	xdp_load pass pass frags
	xdp_attach "$B" vb redirect
	xdp_attach "$C" wb pass
}

redirected()
{
	local fate

	make_topology
	fate=$("$MYVETH_PROGRAMS/frames" cross "$A" va "$C" wb \
		60 100 500 1000 1514)
	check_equal "$(grep -cE '^[0-9]+ arrives$' <<<"$fate")" 5 "$fate"
	log_test "frames redirected from pair to pair"
}

# Each in several pieces. Linux 6.1 itself does not redirect such a frame.
long_ones()
{
	local end fate wanted=arrives

	make_topology
	for end in "$A va" "$B vb" "$B wr" "$C wb"; do
		# shellcheck disable=SC2086 # two words
		set -- $end
		must ip -n "$1" link set dev "$2" mtu 9000
	done
	fate=$("$MYVETH_PROGRAMS/frames" cross "$A" va "$C" wb 3600 9014)
	[[ $(uname -r) == 6.1.* ]] && wanted="is lost"
	check_equal "$(grep -cE "^[0-9]+ $wanted\$" <<<"$fate")" 2 "$fate"
	log_test "frames in several pieces redirected"
}

tests_run
exit $EXIT_STATUS
