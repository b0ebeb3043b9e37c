#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a packet costs, in instructions, on each kind of pair:
#
#	cost.sh [PATTERN...]	the cases that match; default: all of them
#
# For a machine whose clock counts them: one processor, a nanosecond for each
# instruction (`make bench` boots it). Nothing is ever late in such a machine and
# memory costs nothing, so that a figure is the same each time, and says nothing
# of the time that a packet takes on a real one.
#
# A figure is (a long run - a short one) / packets, so that what comes before
# and after the packets does not count. The kinds take turns, $REPEATS times.
# Chance (a timer, two addresses in one bucket of a table) only ever adds to a
# figure, so the least is shown, and how far above it the median is.

# To print commands would cost instructions.
VERBOSE='' . "$(dirname "$(readlink -f "$0")")/../selftests/lib.sh"

KINDS=${KINDS:-veth myveth netkit}
REPEATS=${REPEATS:-5}
SHORT_RUN=1000
LONG_RUN=11000
# How many times what veth needs at most, for the UDP flood.
GOAL=1.01

# Whoever sends, and whoever receives
MAC_A=02:00:00:00:00:0a
MAC_B=02:00:00:00:00:0b

# What is to be measured, and what it is called in the table. Each is a function
# too: it makes pairs of the kind $1 and calls figure, which it does not where
# the kind cannot do it.
ALL_CASES="
pktgen_drop		pktgen, dropped at the other end
pktgen_unshared_drop	the same, unshared packets
pktgen_bridge		pktgen, a bridge between two pairs
pktgen_xdp_drop		pktgen, XDP drops
pktgen_xdp_tx		pktgen, XDP sends back
pktgen_xdp_redirect	pktgen, XDP sends into another pair
udp_flood		UDP flood
udp_flood_qdisc		UDP flood, qdisc pfifo
udp_flood_bridge	UDP flood, a bridge between two pairs
udp_flood_gro		UDP flood, GRO, which would not help
udp_flood_napi		UDP flood, GRO, through the ring
udp_flood_napi_qdisc	the same, qdisc pfifo
udp_flood_rx_napi	UDP flood, rx-napi
udp_flood_xdp_pass	UDP flood, XDP passes
udp_flood_xdp_drop	UDP flood, XDP drops
create_pair		create a pair, in the caller
delete_pair		delete a pair, in the caller
"

# --- measuring -----------------------------------------------------------

# figure COMMAND...: COMMAND N does something N times and prints how many
# nanoseconds that took. Once before, for what is done only the first time.
figure()
{
	local short long

	sleep 1
	"$@" "$SHORT_RUN" >/dev/null || abort "failed: $*"
	short=$("$@" "$SHORT_RUN") || abort "failed: $*"
	long=$("$@" "$LONG_RUN") || abort "failed: $*"
	FIGURE=$(((long - short) * 10 / (LONG_RUN - SHORT_RUN)))
	FIGURE=${FIGURE%?}.${FIGURE: -1}
}

pktgen_set()
{
	echo "$2" 2>/dev/null >"/proc/net/pktgen/$1"
}

# Prints the time that pktgen itself has taken.
pktgen_run()
{
	pktgen_set va "count $1" && pktgen_set pgctrl start || return
	sed -n 's/^Result: OK: \([0-9]*\)(.*/\1000/p' /proc/net/pktgen/va
}

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

# --- creation and deletion -----------------------------------------------

create_words()
{
	seq "$1" | sed "s/.*/link add name a& type $MEASURED peer name b&/"
}

delete_words()
{
	seq "$1" | sed "s/.*/link del dev a&/"
}

# Deletion sleeps most of the time: only what ip(8) itself runs for is counted.
count_ip()
{
	"$MYVETH_PROGRAMS/cpu_time" ip -n "$A" -batch "$SCRATCH/words"
}

run_creation()
{
	create_words "$1" >"$SCRATCH/words"
	count_ip
	delete_words "$1" | ip -n "$A" -batch -
}

run_deletion()
{
	create_words "$1" | ip -n "$A" -batch - || return
	delete_words "$1" >"$SCRATCH/words"
	count_ip
}

create_pair()
{
	local SHORT_RUN=10 LONG_RUN=110

	setup_ns A
	[ "$1" = netkit ] || figure run_creation
}

delete_pair()
{
	local SHORT_RUN=10 LONG_RUN=110

	setup_ns A
	[ "$1" = netkit ] || figure run_deletion
}

# --- all of them ---------------------------------------------------------

# What was measured: "CASE KIND FIGURE" lines.
FIGURES=

# measure CASE KIND
measure()
{
	# shellcheck disable=SC2031 # of this shell
	local scope=${#DEFERRED[@]} FIGURE=- MEASURED=$2

	"$1" "$2"
	FIGURES+="$1 $2 $FIGURE"$'\n'
	deferred_run "$scope"
}

measure_all()
{
	local case kind _

	for case; do
		for _ in $(seq "$REPEATS"); do
			for kind in $KINDS; do
				measure "$case" "$kind"
			done
		done
		print_row "$case"
	done
}

matching_cases()
{
	local case pattern

	while read -r case _; do
		for pattern; do
			# shellcheck disable=SC2053 # a pattern it is
			[[ -z $case || $case != $pattern ]] || echo "$case"
		done
	done <<<"$ALL_CASES" | uniq
}

# --- the table -----------------------------------------------------------

figures_of()
{
	awk -v case="$1" -v kind="$2" '$1 == case && $2 == kind { print $3 }' \
		<<<"$FIGURES" | sort -n
}

least_of()
{
	figures_of "$@" | head -n 1
}

# In per cent.
median_above_least()
{
	figures_of "$@" | awk '{ figure[NR] = $1 }
		END { median = figure[int((NR + 1) / 2)]
		      print median > 0 ? 100 * (median / figure[1] - 1) : 0 }'
}

title_of()
{
	awk -v case="$1" '$1 == case { $1 = ""; print substr($0, 2) }' \
		<<<"$ALL_CASES"
}

ratio_to_veth()
{
	awk -v ours="$(least_of "$1" "$2")" -v theirs="$(least_of "$1" veth)" '
		BEGIN { if (ours > 0 && theirs > 0)
				printf "%.4f", ours / theirs
			else
				printf "-" }'
}

print_head()
{
	local kind

	log_info "Linux $(uname -r), processors: $(nproc); least of $REPEATS" \
		"times ($LONG_RUN - $SHORT_RUN) packets"
	printf '%-38s' "instructions per packet"
	for kind in $KINDS; do
		printf '%10s' "$kind"
		[ "$kind" = veth ] || printf '%8s' ratio
	done
	printf '%9s\n' median
}

print_row()
{
	local kind largest

	printf '%-38s' "$(title_of "$1")"
	for kind in $KINDS; do
		printf '%10s' "$(least_of "$1" "$kind")"
		[ "$kind" = veth ] ||
			printf '%8s' "$(ratio_to_veth "$1" "$kind")"
	done
	largest=$(for kind in $KINDS; do
		median_above_least "$1" "$kind"
	done | sort -n | tail -n 1)
	printf '   +%.2f%%\n' "$largest"
}

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

# A kind that this kernel lacks is left out.
offered_kinds()
{
	local kind

	for kind in $KINDS; do
		modprobe -q "$kind"
		unshare --net ip link add name probe0 type "$kind" \
			2>/dev/null && printf '%s ' "$kind"
	done
}

mapfile -t CASES < <(matching_cases "${@:-*}")
[ "${#CASES[@]}" -gt 0 ] || abort "no case matches: $*"
KINDS=$(offered_kinds)
modprobe pktgen || abort "no pktgen"
require_command ethtool
for program in cpu_time newlink udp_flood xdp; do
	require_program "$program"
done
mount_bpffs
print_head
measure_all "${CASES[@]}"
print_verdict
