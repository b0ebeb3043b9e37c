#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A packet that does not reach the other end is counted once, by its cause, on
# the end that sent it; where veth tells the receiving end too, once there; and
# its drop reason is that of the cause.
#
#	+-------- A --------+         +-------- B --------+
#	|  va, MTU 9000     | =====X  |  vb, MTU 1500     |
#	+-------------------+         +-------------------+
#
# Two causes cannot be brought about at will: that the pair is being deleted
# (tx_lost_no_peer), and that there is no memory (tx_lost_no_memory). That they
# are not counted where they did not happen is checked.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	nothing_is_lost
	too_long
	no_ethernet_header
	peer_is_down
	backlog_is_full
	ring_goes
"

require_command ethtool
require_command jq
require_program bpf
require_program frames
require_program stream

# --- the pair ------------------------------------------------------------

make_topology()
{
	setup_ns A B
	make_pair "$A" va vb mtu 9000 -- mtu 1500 netns "$B"
	bring_up_silently "$A" va
	bring_up_silently "$B" vb
	wait_for_up "$A" va
	wait_for_up "$B" vb
}

frames()
{
	"$MYVETH_PROGRAMS/frames" "$@"
}

# --- counters ------------------------------------------------------------

# What the two ends count, in one direction and in the other.
read_counters()
{
	local filter='.stats64 | "\(.tx.packets) \(.tx.dropped)" +
		" \(.rx.packets) \(.rx.dropped)"'

	link_get "$A" va "$filter"
	link_get "$B" vb "$filter"
}

# What each end counts that loses packets, as "tx_lost_short: 3".
read_losses()
{
	ip netns exec "$A" ethtool -S va | sed -n 's/^ *tx_lost_/tx_lost_/p'
	ip netns exec "$B" ethtool -S vb | sed -n 's/^ *tx_lost_/reverse_/p'
}

# begin ETHERTYPE: everything below is about what happens from now on, and drop
# reasons about packets of that type.
begin()
{
	mapfile -t COUNTERS < <(read_counters)
	mapfile -t LOSSES < <(read_losses)
	echo "protocol == $(($1))" >"$TRACE/events/skb/kfree_skb/filter" ||
		abort "kfree_skb cannot be filtered"
	: >"$TRACE/trace"
}

# subtract OLD NEW: number by number.
subtract()
{
	local old new i difference=()

	read -ra old <<<"$1"
	read -ra new <<<"$2"
	for i in "${!new[@]}"; do
		difference+=($((new[i] - old[i])))
	done
	echo "${difference[*]}"
}

receiver_has_counted()
{
	local new

	mapfile -t new < <(read_counters)
	[ "$(subtract "${COUNTERS[1]}" "${new[1]}")" = "$1" ]
}

# check_counters PASSED LOST_BY_SENDER LOST_BY_RECEIVER. The receiver may lose
# in a softirq, which may come later.
check_counters()
{
	local new

	busywait 2000 receiver_has_counted "0 0 $1 $3"
	mapfile -t new < <(read_counters)
	check_equal "$(subtract "${COUNTERS[0]}" "${new[0]}")" "$1 $2 0 0" \
		"the sender's tx packets, tx dropped, rx packets, rx dropped"
	check_equal "$(subtract "${COUNTERS[1]}" "${new[1]}")" "0 0 $1 $3" \
		"the receiver's"
}

# check_cause PACKETS CAUSE: the one counter that has changed, and by how much.
check_cause()
{
	local new i lost found=""

	mapfile -t new < <(read_losses)
	for i in "${!new[@]}"; do
		lost=$((${new[i]#*: } - ${LOSSES[i]#*: }))
		[ "$lost" -eq 0 ] || found+="${new[i]%%:*} $lost "
	done
	if differs loss-counters; then
		check_equal "$found" "${2:+tx_lost_$2 $1 }" "causes"
	else
		check_equal "${new[*]}" "" "counters of causes"
	fi
}

# --- drop reasons --------------------------------------------------------

trace_drops()
{
	make_trace
	echo 1 >"$TRACE/events/skb/kfree_skb/enable"
	defer eval "echo 0 >'$TRACE/events/skb/kfree_skb/enable'"
}

# How many packets were freed with which reason: "3 PKT_TOO_BIG".
drop_reasons()
{
	awk '/ reason: / { sub(".* reason: ", ""); packets[$1]++ }
	     END { for (i in packets) print packets[i], i }' "$TRACE/trace"
}

# reason_of CAUSE'S_REASON: veth has none.
reason_of()
{
	differs drop-reasons && echo "$1" || echo NOT_SPECIFIED
}

# --- the cases -----------------------------------------------------------

EXPERIMENTAL=0x88b5 IPV4=0x0800

nothing_is_lost()
{
	begin "$EXPERIMENTAL"
	frames cross "$A" va "$B" vb 14 60 1000 1514 >/dev/null
	check_counters 4 0 0
	check_cause 0 ""
	check_equal "$(drop_reasons)" "" "drop reasons"
	log_test "what arrives is not counted as lost"
}

# check_too_long WORDS...: of frames(1)
check_too_long()
{
	begin "$EXPERIMENTAL"
	check_equal "$(frames send "$A" va 1600 7 "$@")" \
		"accepted 0 refused 7 ENOBUFS" "the sender"
	check_counters 0 7 7
	check_cause 7 too_long
	check_equal "$(drop_reasons)" "7 $(reason_of PKT_TOO_BIG)" \
		"drop reasons"
}

too_long()
{
	check_too_long
	log_test "longer than the receiver's MTU"

	check_too_long bypass
	log_test "longer than the receiver's MTU, sent past the queue"
}

# Nothing but a device without headers brings forth what is shorter than one.
redirect_tun_to_va()
{
	modprobe -q tun
	ip -n "$A" tuntap add dev tun0 mode tun pi 2>/dev/null &&
		ip -n "$A" link set dev tun0 addrgenmode none &&
		ip -n "$A" link set dev tun0 up &&
		tc -n "$A" qdisc add dev tun0 clsact &&
		tc -n "$A" filter add dev tun0 ingress matchall \
			action mirred egress redirect dev va 2>/dev/null
}

no_ethernet_header()
{
	local name="shorter than an Ethernet header"

	if ! redirect_tun_to_va; then
		log_test_skip "$name" "no tun device, matchall or mirred"
		return
	fi
	begin "$EXPERIMENTAL"
	must frames tun "$A" tun0 {1..13}
	check_counters 0 13 0
	check_cause 13 short
	check_equal "$(drop_reasons)" "13 $(reason_of PKT_TOO_SMALL)" \
		"drop reasons"
	log_test "$name"

	begin "$EXPERIMENTAL"
	must frames tun "$A" tun0 14
	# Nobody in B wants it: it is dropped there.
	check_counters 1 0 1
	check_cause 0 ""
	log_test "as short as an Ethernet header"
}

# set_backlog PACKETS: how many wait on a CPU; for the whole machine, until the
# end of the case.
set_backlog()
{
	local key=net.core.netdev_max_backlog

	defer sysctl -qw "$key=$(sysctl -n "$key")"
	must sysctl -qw "$key=$1"
}

# va_has_dropped PACKETS: since the counters were read.
va_has_dropped()
{
	local before

	read -r _ before _ <<<"${COUNTERS[0]}"
	[ "$(link_get "$A" va .stats64.tx.dropped)" -ge $((before + $1)) ]
}

# The sender loses its carrier together with the receiver, and then its queue
# passes nothing on. XDP goes past the queue: what comes from C finds the peer
# down.
#
#	C [ vc ]======[ vd ]--XDP->-[ va ]======X [ vb ] B
redirect_into_va()
{
	setup_ns C
	join_silently "$C" vc "$A" vd

	mount_bpffs
	xdp_load redirect "redirect=$(link_get "$A" va .ifindex)"
	must ip -n "$A" link set dev vd xdpgeneric pinned "$BPFFS/redirect"
}

peer_is_down()
{
	redirect_into_va
	must ip -n "$B" link set dev vb down
	begin "$EXPERIMENTAL"
	check_equal "$(frames send "$C" vc 100 20)" "accepted 20 refused 0" \
		"the sender"
	slowwait 10 va_has_dropped 20

	check_counters 0 20 20
	check_cause 20 peer_down
	if differs drop-reasons; then
		check_equal "$(drop_reasons)" "20 DEV_READY" "drop reasons"
	fi
	log_test "the peer is down"

	bring_up "$B" vb
	wait_for_up "$A" va
}

# The packets of one write come out of the segmentation together: the backlog
# takes some of them, and the others are lost.
backlog_is_full()
{
	local before lost

	must ip -n "$A" addr add 192.0.2.1/24 dev va
	must ip -n "$B" addr add 192.0.2.2/24 dev vb
	must ip -n "$A" neigh add 192.0.2.2 dev va \
		lladdr "$(mac_of "$B" vb)" nud permanent
	# What passes may come to a closed socket, and nobody shall answer that.
	must ip -n "$B" route flush dev vb
	must ip netns exec "$A" ethtool -K va tx-udp-segmentation off

	begin "$IPV4"
	set_backlog 1
	must "$MYVETH_PROGRAMS/stream" "$A" "$B" 192.0.2.2 udp 20000 \
		size=20000 segment=1000 expect=1000 >/dev/null

	before=$(cut -d " " -f 1 <<<"${COUNTERS[0]}")
	lost=$((20 + before - $(link_get "$A" va .stats64.tx.packets)))
	[ "$lost" -gt 0 ]
	check_err $? "nothing is lost"
	check_counters $((20 - lost)) "$lost" "$lost"
	check_cause "$lost" backlog
	# Those that passed end in a closed socket.
	check_equal "$(drop_reasons | grep BACKLOG)" "$lost CPU_BACKLOG" \
		"drop reasons"
	log_test "the backlog is full"
}

# What waits in a ring is lost when its end goes down.
ring_goes()
{
	set_offload "$A" va tso off
	set_offload "$B" vb gro on
	hold_polls "$A" va "$B" vb
	begin "$EXPERIMENTAL"
	send_frames "$A" va 100 20
	must ip -n "$B" link set dev vb down
	if differs ring-switch; then
		check_counters 0 20 0
	else
		check_counters 0 0 0
	fi
	check_cause 20 ring_off
	! differs drop-reasons ||
		check_equal "$(drop_reasons)" "20 DEV_READY" "drop reasons"
	log_test "the ring goes with its end"
}

make_topology
trace_drops
tests_run
exit $EXIT_STATUS
