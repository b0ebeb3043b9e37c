#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What an end says XDP can do on it (xdp_features): the kernel sends redirected
# frames only to where it is said that they are taken. So it has to be true at
# every moment:
#
#	NS: va ====== vb, two queues each
#
# va takes frames for vb when vb has NAPI, and the other way round.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	steps
	rx_napi
"

require_command ethtool
require_program netdev_queues
require_program xdp_program

readonly BASE="basic redirect rx-sg"
readonly ALL="basic redirect ndo-xmit rx-sg ndo-xmit-sg"

features()
{
	"$MYVETH_PROGRAMS/netdev_queues" features "$NS" "$1" 2>&1
}

# now VA VB WHEN: what the two say.
now()
{
	check_equal "$(features va)" "$1" "va, $3"
	check_equal "$(features vb)" "$2" "vb, $3"
	log_test "$3"
}

gro()
{
	set_offload "$NS" "$1" gro "$2"
}

channels()
{
	must ip netns exec "$NS" ethtool -L "$@"
}

make_local_pair()
{
	setup_ns NS
	make_pair "$NS" va vb numtxqueues 2 numrxqueues 2 -- \
		numtxqueues 2 numrxqueues 2
	channels va rx 2 tx 2
	channels vb rx 2 tx 2
}

# veth looks at GRO only when it is up, or comes up.
steps_of_gro()
{
	now "$BASE" "$BASE" "at first"
	gro vb on
	if differs xdp-features-down; then
		now "$ALL" "$BASE" "GRO on while down"
	else
		now "$BASE" "$BASE" "GRO on while down"
	fi
	bring_up "$NS" va vb
	now "$ALL" "$BASE" "up"
	must ip -n "$NS" link set dev vb down
	now "$ALL" "$BASE" "down"
	bring_up "$NS" vb
	gro vb off
	now "$BASE" "$BASE" "GRO off"
	gro va on
	now "$BASE" "$ALL" "GRO on at the other end"
	gro va off
	now "$BASE" "$BASE" "and off"
}

steps_of_xdp()
{
	xdp_attach "$NS" vb pass
	now "$ALL" "$BASE" "program attached"
	gro vb on
	now "$ALL" "$BASE" "and GRO on"
	xdp_detach "$NS" vb
	now "$ALL" "$BASE" "program detached, GRO still on"
	gro vb off
	now "$BASE" "$BASE" "GRO off again"
	xdp_attach "$NS" va pass
	now "$BASE" "$ALL" "program at the other end"
	must ip -n "$NS" link set dev va down
	bring_up "$NS" va
	now "$BASE" "$ALL" "down and up"
	xdp_detach "$NS" va
	now "$BASE" "$BASE" "detached"
}

# Without a ring for each queue of the sender there can be no program.
steps_of_channels()
{
	channels va rx 1
	now "" "$BASE" "fewer rx than the peer's tx queues"
	channels vb tx 1
	now "$BASE" "$BASE" "as many again"
	channels va rx 2
	channels vb tx 2 rx 1
	now "$BASE" "" "the same at the other end"
	channels vb rx 2
	now "$BASE" "$BASE" "in the end"
}

steps()
{
	if [[ $(uname -r) == 6.1.* ]]; then
		setup_ns NS
		make_pair "$NS" va vb
		check_match "$(features va)" "No such file" "features"
		log_test "this kernel has no xdp_features"
		return
	fi
	make_local_pair
	steps_of_gro
	steps_of_xdp
	steps_of_channels
}

flag()
{
	must ip netns exec "$NS" ethtool --set-priv-flags vb rx-napi "$1"
}

rx_napi()
{
	if ! differs rx-napi || [[ $(uname -r) == 6.1.* ]]; then
		log_test "nothing to show for rx-napi"
		return
	fi
	make_local_pair
	bring_up "$NS" va vb
	flag on
	now "$ALL" "$BASE" "rx-napi on"
	must ip -n "$NS" link set dev vb down
	bring_up "$NS" vb
	now "$ALL" "$BASE" "down and up"
	gro vb on
	gro vb off
	now "$ALL" "$BASE" "GRO on and off"
	xdp_attach "$NS" vb pass
	xdp_detach "$NS" vb
	now "$ALL" "$BASE" "program attached and detached"
	flag off
	now "$BASE" "$BASE" "rx-napi off"
}

mount_bpffs
xdp_load pass pass
tests_run
exit $EXIT_STATUS
