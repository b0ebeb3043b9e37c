#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Upstream, "fix peer NETDEV_XDP_ACT_NDO_XMIT after GRO is toggled while down" and
# "update XDP feature set when bringing up device": who switches GRO on, or
# attaches a program, while an end is down, can redirect frames to it when it is
# up.
#
#	A  --redirect--> [ va ]======[ vb: GRO or XDP ]  B

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="gro xdp"
FRAMES=5

require_command jq
require_command ethtool
require_program xdp_program

# make_topology: vb is down, and nobody can be reached through va.
make_topology()
{
	make_silent_pair A B
	must ip -n "$B" link set dev vb down
	mount_bpffs
	xdp_load redirect "redirect=$(link_get "$A" va .ifindex)"
	RECEIVED=0
}

# check_redirect FRAMES: so many of them arrive, all or none.
check_redirect()
{
	must ip -n "$B" link set dev vb up
	wait_for_up "$A" va
	must ip netns exec "$A" "$MYVETH_PROGRAMS/xdp_program" run \
		"$BPFFS/redirect" "$FRAMES" 100
	RECEIVED=$((RECEIVED + $1))
	slowwait 10 link_is "$B" vb .stats64.rx.packets "$RECEIVED"
	check_err $? "not $RECEIVED frames have arrived"
	must ip -n "$B" link set dev vb down
}

gro()
{
	make_topology
	set_offload "$B" vb gro on
	check_redirect "$FRAMES"
	log_test "GRO was switched on while down"
	set_offload "$B" vb gro off
	check_redirect 0
	log_test "GRO was switched off while down"
	set_offload "$B" vb gro on
	check_redirect "$FRAMES"
	log_test "GRO was switched on again"
}

xdp()
{
	make_topology
	xdp_load pass pass
	xdp_attach "$B" vb pass
	check_redirect "$FRAMES"
	log_test "a program was attached while down"
	xdp_detach "$B" vb
	check_redirect 0
	log_test "it was detached while down"
}

tests_run
exit $EXIT_STATUS
