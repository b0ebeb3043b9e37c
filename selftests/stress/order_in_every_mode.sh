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
# qdisc to wait in. Without NAPI it goes through the backlog of a CPU. Which way
# the packets took, the counters of the rings say.
#
# With rx-napi alone packets still go by the backlog; XDP frames go by the ring.
# There the flow comes from C, and a program makes frames of it:
#
#	C: vc 192.0.2.3 ====== A: vd [redirect] ---> va ====== B: vb 192.0.2.2
#
# numbered.c counts its packets, and names what is not where it belongs, or lost.
# What the default mode does with all processors is shown in napi/ordering.sh.

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
require_program xdp_program

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

# va goes along, and the flow changes the queue: of two it takes the second one.
set_channels()
{
	case $1 in
	on) in_b ethtool -L vb rx 2 && in_a ethtool -L va tx 2 &&
		take_second_queue ;;
	off) in_a ethtool -L va tx 1 && in_b ethtool -L vb rx 1 ;;
	esac
}

take_second_queue()
{
	in_a sh -c "printf %x $((1 << CPU)) \
		>/sys/class/net/va/queues/tx-1/xps_cpus"
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
	on) must tc -n "$FROM" qdisc replace dev "$SENDER" root \
		pfifo limit 10000 ;;
	off) must tc -n "$FROM" qdisc replace dev "$SENDER" root noqueue ;;
	esac
}

# --- what is sent --------------------------------------------------------

# send_by va|vc: as packets of va's, or as XDP frames that a program makes.
send_by()
{
	SENDER=$1
	[ "$1" = va ] && FROM=$A || FROM=$C
}

# What the ends say was lost on the way to vb, and what the qdisc says. A program
# that cannot redirect a frame to va loses it.
lost_packets()
{
	echo $(($(statistic "$A" va tx_dropped) +
		$([ "$SENDER" = va ] || lost_before_va) +
		$(tc -n "$FROM" -s -j qdisc show dev "$SENDER" root |
			jq '[.[].drops // 0] | add // 0')))
}

lost_before_va()
{
	echo $(($(statistic "$C" vc tx_dropped) +
		$(ethtool_counter "$A" vd rx_queue_0_drops)))
}

# What lost_packets said, and how many packets vb's rings had carried.
remember_counters()
{
	LOST=$(lost_packets)
	CARRIED=$(ring_packets "$B" vb)
	CARRIED_BY_FIRST=$(ring_packets "$B" vb 0)
}

numbered()
{
	exec taskset -c "$CPU" "$MYVETH_PROGRAMS/numbered" "$FROM" "$B" \
		192.0.2.2 "$@" 2>&1
}

# From what numbered has said
read_numbers()
{
	SAID=$1
	check_match "$SAID" "received [1-9]" "its words"
	read -r _ SENT _ RECEIVED _ <<<"$SAID"
}

check_order()
{
	check_match "$SAID" " late 0$" "its words"
}

# Each is known to be lost that is.
check_lost()
{
	check_equal $((SENT - RECEIVED)) $(($(lost_packets) - LOST)) \
		"lost packets, $SAID"
}

# check_way backlog|rings|both: what was received came that way.
check_way()
{
	case $1 in
	backlog) check_carried 0 0 ;;
	rings) check_carried "$RECEIVED" "$RECEIVED" ;;
	both) check_carried 1 $((RECEIVED - 1)) ;;
	esac
}

# check_carried LEAST MOST: by the rings. A poll counts when it ends.
check_carried()
{
	local carried

	busywait 5000 has_carried "$1"
	carried=$(($(ring_packets "$B" vb) - CARRIED))
	((carried >= $1 && carried <= $2))
	check_err $? "the rings carried $carried, not $1 to $2; $SAID"
}

has_carried()
{
	[ "$(ring_packets "$B" vb)" -ge $((CARRIED + $1)) ]
}

# send_in_order WAY WHAT: 1,000 datagrams, none of which may be lost but with a
# word.
send_in_order()
{
	remember_counters
	read_numbers "$(numbered 1000)"
	check_order
	check_lost
	check_way "$1"
	log_test "in order" "$2"
}

backlog()
{
	send_in_order backlog "backlog"
	set_qdisc on
	send_in_order backlog "backlog, qdisc"
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
			send_in_order rings \
				"$1, threaded $threaded, qdisc $qdisc"
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
		send_in_order rings "$1, ring of $size"
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
	if ! differs rx-napi; then
		set_rx_napi on
		check_fail $? "rx-napi is accepted"
		log_test "this kind has no rx-napi"
		return
	fi
	set_rx_napi on
	check_err $? "no rx-napi"
	send_in_order backlog "rx-napi, packets"
	send_by vc
	through_rings "rx-napi, frames"
	through_rings_of_sizes "rx-napi, frames"
	reset_vb
	send_by va
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
	numbered >"$SCRATCH/said" &
	NUMBERED=$!
	defer stop "$NUMBERED"
}

stop_sending()
{
	stop "$NUMBERED"
	read_numbers "$(<"$SCRATCH/said")"
}

# switch_under_traffic FUNCTION: off and on, all over again. In the end there are
# as many queues as at first, whose counters can be compared.
switch_under_traffic()
{
	local n

	remember_counters
	start_sending
	for ((n = 0; n < SWITCHES; n++)); do
		"$1" off || record "$ksft_fail" "$1 off fails"
		"$1" on || record "$ksft_fail" "$1 on fails"
	done
	stop_sending
	log_info "$SAID"
}

# try_switch NAME FUNCTION WAY [CHECK]: with a poll at once, and with one that may
# be late. Whatever is switched, there is NAPI when it is on. Of veth's packets it
# is certain only that some arrive, and by the rings if they should.
try_switch()
{
	local threaded

	for threaded in 0 1; do
		"$2" on || record "$ksft_fail" "$2 on fails"
		set_threaded "$threaded"
		switch_under_traffic "$2"
		if differs ring-switch; then
			check_order
			check_lost
			check_way "$3"
		else
			check_carried 1 "$RECEIVED"
		fi
		"${4:-true}"
		log_test "while $1 is switched" "threaded $threaded"
	done
	"$2" on
	set_threaded 0
	"$2" off
}

switch_gro()
{
	try_switch GRO set_gro both
}

switch_rx_napi()
{
	if ! differs rx-napi; then
		set_rx_napi on
		check_fail $? "rx-napi is accepted"
		log_test "this kind has no rx-napi to switch"
		return
	fi
	try_switch "rx-napi, packets," set_rx_napi backlog
	send_by vc
	try_switch "rx-napi, frames," set_rx_napi rings check_was_off
	send_by va
}

# There is no other way for frames.
check_was_off()
{
	[ "$SENT" -gt "$RECEIVED" ]
	check_err $? "no frame was lost while it was off"
}

switch_xdp()
{
	try_switch XDP set_xdp both
}

switch_channels()
{
	set_gro on
	check_err $? "no GRO"
	try_switch "the number of queues" set_channels rings check_both_queues
	must set_channels on
	set_gro off
}

check_both_queues()
{
	local first all

	first=$(($(ring_packets "$B" vb 0) - CARRIED_BY_FIRST))
	all=$(($(ring_packets "$B" vb) - CARRIED))
	((first > 0 && all > first))
	check_err $? "of $all packets the first queue carried $first"
}

switch_ring_size()
{
	set_gro on
	check_err $? "no GRO"
	if differs ring-size; then
		try_switch "the size of the ring" set_ring_size rings
	else
		set_ring_size on
		check_fail $? "a ring size is accepted"
		log_test "this kind has no ring size to switch"
	fi
	set_gro off
}

# introduce NS DEV ADDRESS: it need not ask for vb, to which nothing comes but the
# flow.
introduce()
{
	must ip -n "$1" addr add "$3/24" dev "$2"
	must ip -n "$1" neigh replace 192.0.2.2 dev "$2" nud permanent \
		lladdr "$(mac_of "$B" vb)"
}

# Two queues each. Without TSO on va, GRO takes everything through the ring.
make_topology()
{
	setup_ns A B
	make_pair "$A" va vb numtxqueues 2 numrxqueues 2 -- \
		netns "$B" numtxqueues 2 numrxqueues 2
	set_offload "$A" va tso off
	bring_up_silently "$A" va
	bring_up_silently "$B" vb
	wait_for_up "$A" va
	wait_for_up "$B" vb
	introduce "$A" va 192.0.2.1
	must ip -n "$B" addr add 192.0.2.2/24 dev vb
	mount_bpffs
	xdp_load pass pass
}

# In an XDP frame there has to be a checksum.
make_redirection()
{
	setup_ns C
	make_pair "$C" vc vd -- netns "$A"
	set_offload "$C" vc tx off
	bring_up_silently "$C" vc
	bring_up_silently "$A" vd
	wait_for_up "$C" vc
	introduce "$C" vc 192.0.2.3
	xdp_load to_va redirect="$(link_get "$A" va .ifindex)"
	xdp_attach "$A" vd to_va
}

# The first one that we may run on.
CPU=$(sed -n 's/^Cpus_allowed_list:\t\([0-9]*\).*/\1/p' /proc/self/status)
make_topology
! differs rx-napi || make_redirection
send_by va
tests_run
exit $EXIT_STATUS
