#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# GRO merges what the sender cut: off by default, on when it is told to, and
# nobody else changes that.
#
#	A: va [segments of 1500 bytes] ------> [GRO] vb :B
#
# The longest frame that is seen at vb tells.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	off_by_default
	merges
	switched_while_down
	choice_is_kept
	udp
	held_when_napi_goes
	switched_under_load
"

require_command ethtool
require_command nstat
require_program numbered
require_program stream
require_program xdp_program

# stream_to_vb PROTOCOL BYTES [OPTION...]: the longest frame that vb gets is in
# $LONGEST.
stream_to_vb()
{
	local said

	said=$("$MYVETH_PROGRAMS/stream" "$A" "$B" 192.0.2.2 "$@" \
		watch_to=vb 2>&1)
	check_match "$said" "received $2" "the stream"
	LONGEST=$(sed -n 's/^frame \([0-9]*\) .*/\1/p' <<<"$said")
}

check_merged()
{
	stream_to_vb tcp 500000 size=50000
	[ "${LONGEST:-0}" -gt 1514 ]
	check_err $? "the longest frame is $LONGEST"
}

check_not_merged()
{
	stream_to_vb tcp 500000 size=50000
	check_equal "$LONGEST" 1514 "longest frame"
}

make_cutting_pair()
{
	make_talking_pair A B
	set_offload "$A" va tso off
}

gro_of_vb()
{
	ip netns exec "${1:-$B}" ethtool -k vb |
		sed -n 's/^generic-receive-offload: //p'
}

set_gro()
{
	set_offload "$B" vb gro "$1"
}

off_by_default()
{
	make_cutting_pair
	check_equal "$(gro_of_vb)" off "GRO"
	check_not_merged
	log_test "off by default"
}

merges()
{
	make_cutting_pair
	set_gro on
	check_merged
	log_test "switched on"
	set_gro off
	check_not_merged
	log_test "switched off"
	set_gro on
	check_merged
	log_test "switched on again"
}

go_down_and_up()
{
	must ip -n "$B" link set dev vb down
	"$@"
	bring_up "$B" vb
	wait_for_up "$A" va
}

switched_while_down()
{
	make_cutting_pair
	go_down_and_up set_gro on
	check_merged
	log_test "switched on while down"
	go_down_and_up set_gro off
	check_not_merged
	log_test "switched off while down"
}

with_a_program()
{
	xdp_attach "$B" vb pass
	check_equal "$(gro_of_vb)" "$1" "GRO beside a program"
	xdp_detach "$B" vb
	check_equal "$(gro_of_vb)" "$1" "GRO after a program"
	set_offload "$A" va tso off
}

choice_is_kept()
{
	make_cutting_pair
	with_a_program off
	check_not_merged
	go_down_and_up with_a_program off
	check_not_merged
	log_test "stays off"

	set_gro on
	go_down_and_up true
	check_equal "$(gro_of_vb)" on "GRO after down and up"
	check_merged
	with_a_program on
	check_merged
	go_down_and_up with_a_program on
	check_merged
	log_test "stays on"

	must ip -n "$B" link set dev vb netns "$A"
	check_equal "$(gro_of_vb "$A")" on "GRO elsewhere"
	must ip -n "$A" link set dev vb netns "$B"
	must ip -n "$B" addr add 192.0.2.2/24 dev vb
	bring_up "$B" vb
	wait_for_up "$A" va
	check_merged
	log_test "stays on in another namespace"
}

# check_udp EXPECTED_LENGTH WHAT: of datagrams of 1000 bytes, sent by ten.
check_udp()
{
	stream_to_vb udp 100000 size=10000 segment=1000
	check_match "$LONGEST" "^$1\$" "longest frame"
	log_test "UDP, $2"
}

udp()
{
	make_talking_pair A B
	set_offload "$A" va tx-udp-segmentation off
	check_udp 1042 "GRO off"
	set_gro on
	check_udp 1042 "GRO on"
	set_offload "$B" vb rx-udp-gro-forwarding on
	check_udp "[2-9][0-9]{3}|1[0-9]{4}" "to be forwarded"
	set_offload "$B" vb rx-udp-gro-forwarding off
	check_udp 1042 "not to be forwarded"
	set_offload "$B" vb rx-gro-list on
	check_udp "[2-9][0-9]{3}|1[0-9]{4}" "as a list"
}

# --- what it holds -------------------------------------------------------

# after FUNCTION...: with which NAPI goes.
after()
{
	make_cutting_pair
	no_ipv6 "$A" "$B"
	check_what_is_held "$A" "$B" "$@"
}

vb_goes_down()
{
	must ip -n "$B" link set dev vb down
}

held_when_napi_goes()
{
	after set_gro off
	log_test "what GRO holds when it is switched off"
	after vb_goes_down
	log_test "what GRO holds when the device goes down"
}

# TCP repeats what is lost with a ring that goes.
switched_under_load()
{
	local sender

	make_cutting_pair
	"$MYVETH_PROGRAMS/stream" "$A" "$B" 192.0.2.2 tcp 20000000 \
		size=50000 >"$SCRATCH/stream" 2>&1 &
	sender=$!
	defer stop "$sender"
	slowwait 10 is_busy "$B" vb
	check_err $? "nothing is received"
	for _ in 1 2 3 4 5; do
		set_gro on
		set_gro off
	done
	set_gro on
	wait "$sender"
	check_equal "$(<"$SCRATCH/stream")" "received 20000000" "the stream"
	check_merged
	log_test "switched on and off under load"
}

mount_bpffs
xdp_load pass pass
tests_run
exit $EXIT_STATUS
