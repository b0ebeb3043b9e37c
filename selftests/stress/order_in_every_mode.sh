#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The packets of one flow that is sent on one CPU arrive in order, in whatever
# mode the receiving end is, and while it changes from one to another.
#
#	A: va 192.0.2.1 ====== B: vb 192.0.2.2
#
# In the modes with NAPI a packet goes through the ring of a queue of vb, whose
# poll may be late (threaded), and va waits while the ring is full if it has a
# qdisc to wait in. Without NAPI it goes through the backlog of a CPU.
#
# numbered.c counts its packets, and names what is not where it belongs, or lost.
# What the default mode does with all processors is shown in ordering.sh.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	backlog
	gro
	rx_napi
	xdp
	switch_gro
	switch_rx_napi
	switch_xdp
	switch_channels
	switch_ring_size
"

require_command ethtool
require_program numbered
require_program xdp

SWITCHES=8

# --- the modes of vb -----------------------------------------------------

in_a()
{
	ip netns exec "$A" "$@" >/dev/null 2>&1
}

in_b()
{
	ip netns exec "$B" "$@" >/dev/null 2>&1
}

set_gro()
{
	in_b ethtool -K vb gro "$1"
}

set_rx_napi()
{
	in_b ethtool --set-priv-flags vb rx-napi "$1"
}

set_xdp()
{
	case $1 in
	on) ip -n "$B" -force link set dev vb xdpdrv pinned "$BPFFS/pass" ;;
	off) ip -n "$B" link set dev vb xdpdrv off ;;
	esac
}

# va goes along, and the flow changes the queue.
set_channels()
{
	case $1 in
	on) in_b ethtool -L vb rx 2 && in_a ethtool -L va tx 2 ;;
	off) in_a ethtool -L va tx 1 && in_b ethtool -L vb rx 1 ;;
	esac
}

set_ring_size()
{
	case $1 in
	on) in_b ethtool -G vb rx 64 ;;
	off) in_b ethtool -G vb rx 1024 ;;
	esac
}

# Only where there is NAPI, also to switch it off.
set_threaded()
{
	# shellcheck disable=SC2016 # the inner shell expands it
	must in_b sh -c 'echo "$0" >/sys/class/net/vb/threaded' "$1"
}

# With room for all that a sender may have on its way.
set_qdisc()
{
	case $1 in
	on) must tc -n "$A" qdisc replace dev va root pfifo limit 10000 ;;
	off) must tc -n "$A" qdisc replace dev va root noqueue ;;
	esac
}

# --- what is sent --------------------------------------------------------

# What va and vb say was lost, and what the qdisc says.
lost_packets()
{
	echo $(($(link_get "$A" va .stats64.tx.dropped) +
		$(tc -n "$A" -s -j qdisc show dev va root |
			jq '[.[].drops // 0] | add // 0')))
}

# By what numbered has said
check_order()
{
	check_match "$SAID" " late 0$" "its words"
}

# check_lost KNOWN: so many are known to be lost
check_lost()
{
	local sent received

	read -r _ sent _ received _ <<<"$SAID"
	check_equal $((sent - received)) "$1" "lost packets, $SAID"
}

# send_in_order WHAT: 1,000 datagrams, none of which may be lost but with a word.
send_in_order()
{
	local before

	before=$(lost_packets)
	SAID=$(taskset -c "$CPU" "$MYVETH_PROGRAMS/numbered" "$A" "$B" \
		192.0.2.2 1000 2>&1)
	check_order
	check_lost $(($(lost_packets) - before))
	log_test "in order" "$1"
}

backlog()
{
	send_in_order "backlog"
	set_qdisc on
	send_in_order "backlog, qdisc"
	set_qdisc off
}

# through_rings MODE: with and without a qdisc and a thread
through_rings()
{
	local threaded qdisc

	for threaded in 0 1; do
		set_threaded "$threaded"
		for qdisc in off on; do
			set_qdisc "$qdisc"
			send_in_order "$1, threaded $threaded, qdisc $qdisc"
		done
	done
}

# through_rings_of_sizes MODE: a qdisc and a thread are still there
through_rings_of_sizes()
{
	local size

	differs ring-size || return
	for size in 64 1024; do
		must in_b ethtool -G vb rx "$size"
		send_in_order "$1, ring of $size"
	done
}

reset_vb()
{
	set_threaded 0
	set_qdisc off
	! differs ring-size || must in_b ethtool -G vb rx 256
}

gro()
{
	set_gro on
	check_err $? "no GRO"
	through_rings "GRO"
	through_rings_of_sizes "GRO"
	reset_vb
	set_gro off
}

# Afterwards GRO is what it was: this is a mode of its own.
rx_napi()
{
	set_rx_napi on
	if ! differs rx-napi; then
		check_fail $? "rx-napi is accepted"
		log_test "this kind has no rx-napi"
		return
	fi
	check_err $? "no rx-napi"
	through_rings "rx-napi"
	through_rings_of_sizes "rx-napi"
	reset_vb
	set_rx_napi off
}

xdp()
{
	set_xdp on
	check_err $? "no native XDP"
	through_rings "XDP"
	through_rings_of_sizes "XDP"
	reset_vb
	set_xdp off
}

# --- from one mode to another --------------------------------------------

start_sending()
{
	taskset -c "$CPU" "$MYVETH_PROGRAMS/numbered" "$A" "$B" 192.0.2.2 \
		>"$SCRATCH/said" 2>&1 &
	SENDER=$!
}

stop_sending()
{
	kill "$SENDER"
	wait "$SENDER"
	SAID=$(cat "$SCRATCH/said")
}

# switch_under_traffic FUNCTION: on and off, all over again. Of veth's packets
# nothing is certain but that some arrive.
switch_under_traffic()
{
	local before n

	before=$(lost_packets)
	start_sending
	for ((n = 0; n < SWITCHES; n++)); do
		"$1" on || record "$ksft_fail" "$1 on fails"
		"$1" off || record "$ksft_fail" "$1 off fails"
	done
	stop_sending
	log_info "$SAID"
	check_match "$SAID" "received [1-9]" "its words"
	! differs ring-switch || check_lost $(($(lost_packets) - before))
}

# is_ordered FUNCTION THREADED: with another queue a flow gets another thread, as
# it would on any device. What the old one is late with arrives late.
is_ordered()
{
	differs ring-switch && [ "$*" != "set_channels 1" ]
}

# try_switch NAME FUNCTION: with a poll at once, and with one that may be late.
# Whatever is switched, there is NAPI when it is on.
try_switch()
{
	local threaded

	for threaded in 0 1; do
		"$2" on || record "$ksft_fail" "$2 on fails"
		set_threaded "$threaded"
		switch_under_traffic "$2"
		! is_ordered "$2" "$threaded" || check_order
		log_test "while $1 is switched" "threaded $threaded"
	done
	"$2" on
	set_threaded 0
	"$2" off
}

switch_gro()
{
	try_switch GRO set_gro
}

switch_rx_napi()
{
	if ! differs rx-napi; then
		set_rx_napi on
		check_fail $? "rx-napi is accepted"
		log_test "this kind has no rx-napi to switch"
		return
	fi
	try_switch rx-napi set_rx_napi
}

switch_xdp()
{
	try_switch XDP set_xdp
}

switch_channels()
{
	set_gro on
	check_err $? "no GRO"
	try_switch "the number of queues" set_channels
	must set_channels on
	set_gro off
}

switch_ring_size()
{
	set_gro on
	check_err $? "no GRO"
	if differs ring-size; then
		try_switch "the size of the ring" set_ring_size
	else
		set_ring_size on
		check_fail $? "a ring size is accepted"
		log_test "this kind has no ring size to switch"
	fi
	set_gro off
}

# Two queues each. Without TSO on va, GRO takes everything through the ring.
make_topology()
{
	setup_ns A B
	make_pair "$A" va vb numtxqueues 2 numrxqueues 2 -- \
		netns "$B" numtxqueues 2 numrxqueues 2
	must ip netns exec "$A" ethtool -K va tso off >/dev/null
	must ip -n "$A" addr add 192.0.2.1/24 dev va
	must ip -n "$B" addr add 192.0.2.2/24 dev vb
	bring_up "$A" va
	bring_up "$B" vb
	wait_for_up "$A" va
	wait_for_up "$B" vb
	mount_bpffs
	must "$MYVETH_PROGRAMS/xdp" load "$BPFFS/pass" pass
}

# The first one that we may run on.
CPU=$(sed -n 's/^Cpus_allowed_list:\t\([0-9]*\).*/\1/p' /proc/self/status)
make_topology
tests_run
exit $EXIT_STATUS
