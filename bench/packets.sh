#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a packet costs, in instructions, on each kind of pair:
#
#	packets.sh [PATTERN...]	the cases that match; default: all of them

. "$(dirname "$(readlink -f "$0")")/measure.sh"

REPEATS=${REPEATS:-5}
# Of packets
SHORT_RUN=1000
LONG_RUN=11000
# How many times what veth needs at most, for the UDP flood.
GOAL=1.01

# Whoever sends, and whoever receives
MAC_A=02:00:00:00:00:0a
MAC_B=02:00:00:00:00:0b

# --- the pairs -----------------------------------------------------------

# make_pair_of KIND A B: netkit differs in how it is made: in L2 mode (which is
# its attribute 5, being 0), and the peer gets a name of its own.
make_pair_of()
{
	if [ "$1" != netkit ]; then
		KIND=$1 make_pair "$A" "$2" "$3"
		return
	fi
	must ip netns exec "$A" "$MYVETH_PROGRAMS/newlink" netkit name="$2" \
		data=0800050000000000 >/dev/null
	must ip -n "$A" link set dev nk0 name "$3"
}

# Both ends in one namespace, without addresses.
make_silent()
{
	setup_ns A
	no_ipv6 "$A"
	make_pair_of "$1" va vb
	bring_up "$A" va vb
	wait_for_up "$A" va vb
}

# va <-> vb, bridge, vc <-> vd. How long the bridge looks for an address depends
# on how many it knows.
make_bridged()
{
	make_silent "$1"
	make_pair_of "$1" vc vd
	must ip -n "$A" link add name br0 address 02:00:00:00:00:01 \
		type bridge mcast_snooping 0 vlan_default_pvid 0
	must ip -n "$A" link set dev vb address 02:00:00:00:00:02 master br0
	must ip -n "$A" link set dev vc address 02:00:00:00:00:03 master br0
	bring_up "$A" br0 vc vd
	wait_for_up "$A" vc vd br0
	must bridge -n "$A" fdb add "$MAC_A" dev vb master static
	must bridge -n "$A" fdb add "$MAC_B" dev vc master static
}

# settle NS DEV ADDRESS MAC NEIGHBOUR MAC: nobody has to ask for the neighbour.
settle()
{
	must ip -n "$1" link set dev "$2" address "$4"
	must ip -n "$1" addr add "$3/24" dev "$2"
	bring_up "$1" "$2"
	must ip -n "$1" neigh replace "$5" lladdr "$6" dev "$2" nud permanent
}

# let_talk DEV: va, which is 192.0.2.1, with DEV, which is 192.0.2.2.
let_talk()
{
	setup_ns B
	no_ipv6 "$B"
	must ip -n "$A" link set dev "$1" netns "$B"
	settle "$A" va 192.0.2.1 "$MAC_A" 192.0.2.2 "$MAC_B"
	settle "$B" "$1" 192.0.2.2 "$MAC_B" 192.0.2.1 "$MAC_A"
	wait_for_up "$A" va
	wait_for_up "$B" "$1"
}

make_talking()
{
	make_silent "$1"
	let_talk vb
}

# has_mode COMMAND...: what puts a device into a mode.
has_mode()
{
	"$@" >/dev/null 2>&1
}

# has_gro NS DEV: what it is called on a netkit has no effect.
has_gro()
{
	[ "$MEASURED" != netkit ] &&
		has_mode ip netns exec "$1" ethtool -K "$2" gro on
}

has_rx_napi()
{
	has_mode ip netns exec "$1" ethtool --set-priv-flags "$2" rx-napi on
}

# has_xdp NS DEV VERDICT
has_xdp()
{
	must "$MYVETH_PROGRAMS/xdp_program" load "$BPFFS/$2" "$3"
	defer rm "$BPFFS/$2"
	has_mode ip -n "$1" link set dev "$2" xdpdrv pinned "$BPFFS/$2"
}

# drop_on DEV: as soon as the stack sees a packet, it is dropped.
drop_on()
{
	must tc -n "$A" qdisc add dev "$1" clsact
	must tc -n "$A" filter add dev "$1" ingress matchall action drop
}

queue_on_va()
{
	must tc -n "$A" qdisc add dev va root pfifo
}

# --- pktgen --------------------------------------------------------------

# pktgen_write FILE WORDS
pktgen_write()
{
	# shellcheck disable=SC2016 # the inner shell expands them
	ip netns exec "$A" sh -c 'echo "$2" >"/proc/net/pktgen/$1"' \
		sh "$1" "$2" 2>/dev/null
}

start_pktgen()
{
	must pktgen_write kpktgend_0 "add_device va"
	defer pktgen_write kpktgend_0 rem_device_all
	must pktgen_write va "dst_mac $MAC_B"
	must pktgen_write va "src_mac $MAC_A"
	must pktgen_write va "delay 0"
}

# Prints the time that pktgen itself has taken.
run_pktgen()
{
	pktgen_write va "count $1" && pktgen_write pgctrl start || return
	ip netns exec "$A" sed -n 's/^Result: OK: \([0-9]*\)(.*/\1000/p' \
		/proc/net/pktgen/va
}

pktgen_drop()
{
	make_silent "$1"
	drop_on vb
	start_pktgen
	figure run_pktgen
}

# pktgen keeps a reference to what it sends, unless it is told not to.
pktgen_unshared_drop()
{
	make_silent "$1"
	drop_on vb
	start_pktgen
	has_mode pktgen_write va "flag !SHARED" && figure run_pktgen
}

pktgen_bridge()
{
	make_bridged "$1"
	drop_on vd
	start_pktgen
	figure run_pktgen
}

pktgen_xdp_drop()
{
	make_silent "$1"
	start_pktgen
	has_xdp "$A" vb drop && figure run_pktgen
}

pktgen_xdp_tx()
{
	make_silent "$1"
	drop_on va
	start_pktgen
	has_xdp "$A" va pass && has_xdp "$A" vb tx && figure run_pktgen
}

pktgen_xdp_redirect()
{
	make_silent "$1"
	make_pair_of "$1" vc vd
	bring_up "$A" vc vd
	wait_for_up "$A" vc vd
	drop_on vd
	start_pktgen
	has_gro "$A" vd && has_xdp "$A" vb \
		redirect="$(link_get "$A" vc .ifindex)" && figure run_pktgen
}

# --- the UDP flood -------------------------------------------------------

run_flood()
{
	"$MYVETH_PROGRAMS/udp_flood" "$A" "$B" 192.0.2.2 "$1"
}

run_lost_flood()
{
	"$MYVETH_PROGRAMS/udp_flood" "$A" "$B" 192.0.2.2 "$1" lost
}

udp_flood()
{
	make_talking "$1"
	figure run_flood
}

udp_flood_qdisc()
{
	make_talking "$1"
	queue_on_va
	figure run_flood
}

udp_flood_bridge()
{
	make_bridged "$1"
	let_talk vd
	figure run_flood
}

udp_flood_gro()
{
	make_talking "$1"
	has_gro "$B" vb && figure run_flood
}

# Without TSO nothing is large yet when it comes, and all of it goes to GRO.
udp_flood_napi()
{
	make_talking "$1"
	must ip netns exec "$A" ethtool -K va tso off >/dev/null
	has_gro "$B" vb && figure run_flood
}

udp_flood_napi_qdisc()
{
	make_talking "$1"
	must ip netns exec "$A" ethtool -K va tso off >/dev/null
	queue_on_va
	has_gro "$B" vb && figure run_flood
}

udp_flood_rx_napi()
{
	make_talking "$1"
	has_rx_napi "$B" vb && figure run_flood
}

udp_flood_xdp_pass()
{
	make_talking "$1"
	has_xdp "$B" vb pass && figure run_flood
}

udp_flood_xdp_drop()
{
	make_talking "$1"
	has_xdp "$B" vb drop && figure run_lost_flood
}

# --- the end -------------------------------------------------------------

# For whoever reads nothing but the last line.
print_verdict()
{
	local ratio verdict=holds

	ratio=$(ratio_to_veth udp_flood myveth)
	[ "$ratio" != - ] || return 0
	awk "BEGIN { exit !($ratio <= $GOAL) }" || verdict="does not hold"
	echo "UDP flood, myveth / veth: $ratio; the goal of at most $GOAL" \
		"$verdict"
}

modprobe pktgen || abort "no pktgen"
require_command ethtool
for program in newlink udp_flood xdp_program; do
	require_program "$program"
done
mount_bpffs
measure_all "$@"
print_verdict
