#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The private flag rx-napi: an end takes the frames that another device's XDP
# program redirects to its peer, without a program of its own.
#
#	A: va ---> vb [redirect] --+ :B
#	C: vd <--- vc <------------+ :B		rx-napi is for vd
#
# veth has no such flag: there nothing arrives without a program at vd.
#
# What arrives is as va has sent it, also where that left the checksum undone.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	off_by_default
	takes_effect_at_once
	gro_stays_off
	survives
	unknown_flags
	others_do_not_wait
	under_load
	checksums
"

require_command ethtool
require_command nstat
require_program frames
require_program stream
require_program xdp_program

readonly SENT=20

# flag_of NS DEV: on, off, or nothing.
flag_of()
{
	ip netns exec "$1" ethtool --show-priv-flags "$2" 2>/dev/null |
		sed -nE 's/^rx-napi *: //p'
}

set_flag()
{
	must ip netns exec "$C" ethtool --set-priv-flags vd rx-napi "$1"
}

make_topology()
{
	PAIRS=$((PAIRS + 1))
	make_silent_pair A B
	setup_ns C
	join_silently "$B" vc "$C" vd
	xdp_load "to_vc$PAIRS" redirect="$(link_get "$B" vc .ifindex)"
	xdp_attach "$B" vb "to_vc$PAIRS"
}

# What vb has taken from its ring, the program has decided about.
has_seen()
{
	[ "$(statistic "$B" vb rx_packets)" -ge "$1" ]
}

has_arrived()
{
	[ "$(statistic "$C" vd rx_packets)" -ge "$1" ]
}

# send_and_receive EXPECTED: of so many that are sent.
send_and_receive()
{
	local seen arrived

	seen=$(statistic "$B" vb rx_packets)
	arrived=$(statistic "$C" vd rx_packets)
	receive_frames "$C" vd "$1"
	send_frames "$A" va 60 "$SENT"
	busywait 5000 has_seen $((seen + SENT))
	busywait 5000 has_arrived $((arrived + $1))
	check_equal $(($(statistic "$C" vd rx_packets) - arrived)) "$1" \
		"received by vd"
}

check_all_arrive()
{
	send_and_receive "$SENT"
	check_equal "$(numbers_received)" "0-$((SENT - 1))" \
		"numbers of the frames at vd"
}

check_none_arrives()
{
	send_and_receive 0
	check_equal "$(numbers_received)" "" "numbers of the frames at vd"
}

off_by_default()
{
	make_topology
	if differs rx-napi; then
		check_equal "$(flag_of "$C" vd)" off "flag"
		check_equal "$(flag_of "$B" vc)" off "flag of the other end"
	else
		check_equal "$(errno_of ip netns exec "$C" \
			ethtool --set-priv-flags vd rx-napi on)" EOPNOTSUPP \
			"refusal"
	fi
	check_none_arrives
	log_test "off by default, and nothing arrives"
}

takes_effect_at_once()
{
	make_topology
	set_flag on
	check_equal "$(flag_of "$C" vd) $(flag_of "$B" vc)" "on off" "flags"
	check_all_arrive
	log_test "switched on, everything arrives"

	set_flag off
	check_equal "$(flag_of "$C" vd)" off "flag"
	check_none_arrives
	log_test "switched off, nothing arrives"

	set_flag on
	check_all_arrive
	log_test "switched on again"
}

gro_stays_off()
{
	make_topology
	set_flag on
	check_match "$(ip netns exec "$C" ethtool -k vd)" \
		$'\ngeneric-receive-offload: off\n' "GRO"
	log_test "GRO stays off"
}

survives()
{
	make_topology
	set_flag on
	must ip -n "$C" link set dev vd down
	check_equal "$(flag_of "$C" vd)" on "flag, while down"
	bring_up "$C" vd
	wait_for_up "$B" vc
	check_all_arrive
	log_test "survives down and up"

	must ip -n "$C" link set dev vd netns "$A"
	check_equal "$(flag_of "$A" vd)" on "flag elsewhere"
	must ip -n "$A" link set dev vd netns "$C"
	bring_up_silently "$C" vd
	wait_for_up "$B" vc
	check_all_arrive
	log_test "survives a move to another namespace"

	must ip -n "$C" link set dev vd down
	set_flag off
	bring_up "$C" vd
	wait_for_up "$B" vc
	check_none_arrives
	log_test "switched off while down"

	must ip -n "$C" link set dev vd down
	set_flag on
	bring_up "$C" vd
	wait_for_up "$B" vc
	check_all_arrive
	log_test "switched on while down"
}

unknown_flags()
{
	make_topology
	set_flag on
	ip netns exec "$C" ethtool --set-priv-flags vd nosuch on 2>/dev/null
	check_fail $? "an unknown flag is accepted"
	ip netns exec "$C" ethtool --set-priv-flags vd rx-napi off nosuch on \
		2>/dev/null
	check_fail $? "a known and an unknown flag are accepted"
	check_equal "$(flag_of "$C" vd)" on "flag"
	check_all_arrive
	log_test "unknown flags are refused"
}

# A program at the other end changes nothing for what comes from there: it need
# not wait in the ring, of which the next poll comes ten minutes later.
others_do_not_wait()
{
	make_topology
	set_flag on
	delay_polls "$C" vd
	send_frames "$A" va 60 1
	busywait 5000 has_arrived 1 || abort "vd does not receive"
	xdp_load pass pass
	xdp_attach "$B" vc pass
	send_frames "$B" vc 60 1
	busywait 5000 has_arrived 2
	check_err $? "a packet waits in the ring"
	log_test "a packet that needs no ring does not wait"
}

# What comes as packets goes by the backlog whatever the flag says, but where
# it would overtake what waits in the ring.
under_load()
{
	local sender accepted redirected lost

	make_topology
	"$MYVETH_PROGRAMS/frames" send "$B" vc 60 6000 >"$SCRATCH/sent" &
	sender=$!
	defer stop "$sender"
	slowwait 10 is_busy "$C" vd
	check_err $? "nothing is received"
	for _ in 1 2 3 4; do
		set_flag on
		send_frames "$A" va 60 "$SENT"
		set_flag off
	done
	wait "$sender"
	read -r _ accepted _ <"$SCRATCH/sent"
	check_equal "$accepted" 6000 "sent"
	redirected=$(ethtool_counter "$B" vc tx_queue_0_xdp_xmit)
	lost=$(ethtool_counter "$B" vc tx_lost_ring_off)
	slowwait 10 statistic_is "$C" vd rx_packets \
		$((6000 + redirected - lost))
	check_err $? "packets are lost and not counted"
	set_flag on
	check_all_arrive
	log_test "switched under load"
}

# --- checksums -----------------------------------------------------------

let_vd_receive()
{
	if differs rx-napi; then
		set_flag on
	else
		xdp_load dummy pass
		xdp_attach "$C" vd dummy
	fi
}

# Datagrams can go from va to vd, and nothing comes back.
give_addresses()
{
	must ip -n "$A" addr add 192.0.2.1/24 dev va
	must ip -n "$C" addr add 192.0.2.2/24 dev vd
	must ip -n "$A" neigh add 192.0.2.2 dev va \
		lladdr "$(mac_of "$C" vd)" nud permanent
}

# To a port that nobody has: there the kernel looks at the checksum at once, and
# need not be asked for the datagram.
send_datagrams()
{
	ip netns exec "$A" bash -c "exec 3>/dev/udp/192.0.2.2/9
		for ((i = 0; i < $SENT; i++)); do echo >&3; done"
}

# check_all_damaged WHEN: each of the datagrams is dropped for its checksum.
check_all_damaged()
{
	local damaged

	damaged=$(($(nstat_counter "$C" UdpInCsumErrors) + SENT))
	must send_datagrams
	busywait 5000 nstat_counter_is "$C" UdpInCsumErrors "$damaged"
	check_equal "$(nstat_counter "$C" UdpInCsumErrors)" "$damaged" \
		"damaged datagrams, $1"
}

# An XDP frame cannot say that its checksum was left undone. That is up to the
# end that leaves it undone.
checksums()
{
	local damaged

	make_topology
	let_vd_receive
	give_addresses
	check_all_damaged "at first"
	log_test "datagrams of a local socket are taken for damaged"

	set_offload "$B" vb tx off
	set_offload "$B" vc tx off
	set_offload "$C" vd tx off rx off
	check_all_damaged "tx off elsewhere"
	log_test "ethtool -K tx off elsewhere does not help"

	damaged=$(nstat_counter "$C" UdpInCsumErrors)
	set_offload "$A" va tx off
	check_equal "$("$MYVETH_PROGRAMS/stream" "$A" "$C" 192.0.2.2 \
		udp $((SENT * 1000)) 2>&1)" "received $((SENT * 1000))" \
		"datagrams"
	check_equal "$(nstat_counter "$C" UdpInCsumErrors)" "$damaged" \
		"damaged datagrams"
	log_test "ethtool -K tx off at the end that sends them does"
}

PAIRS=0
differs rx-napi || ALL_TESTS="off_by_default checksums"
mount_bpffs
tests_run
exit $EXIT_STATUS
