#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What waits in a ring is not overtaken by what is sent later and goes another
# way, because somebody has just switched something:
#
#	              +--> [ ring 0: some wait ] --+
#	A: va --------+--> [ ring 1 ] -------------+--> vb, 192.0.2.2 :B
#	              +--> the backlog of a CPU ---+
#
# The polls of rings in use are put off until a case wants them, those of other
# rings are not. flows.c sends 40 datagrams, goes on sending while it is switched,
# and sends 40 more. Then its sockets poll the rings, and it says how many
# datagrams came after later ones of the same flow. A datagram may get lost, but
# not without being counted.
#
# Some flows come from C, and A forwards them. What one datagram of each flow
# does before and after shows which way they go.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	program_goes
	tso_comes
	gro_goes
	gro_merges_less
	rx_napi_goes
	ring_size_changes
	senders_queues
	senders_queues_forwarded
	senders_queues_in_threads
	senders_hashes
	receivers_queues
	receivers_queues_forwarded
"

require_command ethtool
require_command nstat
require_program flows
require_program xdp_program

readonly WAITING=40

# --- the network ---------------------------------------------------------

# know NS DEV ADDRESS NS DEV: the first DEV need not ask who has ADDRESS, it is
# the second one.
know()
{
	must ip -n "$1" neigh replace "$3" dev "$2" nud permanent \
		lladdr "$(mac_of "$4" "$5")"
}

# make_quiet_pair QUEUES: nothing is sent but what flows.c sends.
make_quiet_pair()
{
	local queues=(numtxqueues "$1" numrxqueues "$1")

	setup_ns A B
	make_pair "$A" va vb "${queues[@]}" -- "${queues[@]}" netns "$B"
	bring_up_silently "$A" va
	bring_up_silently "$B" vb
	wait_for_up "$A" va
	wait_for_up "$B" vb
	must ip -n "$A" addr add 192.0.2.1/24 dev va
	must ip -n "$B" addr add 192.0.2.2/24 dev vb
	know "$A" va 192.0.2.2 "$B" vb
}

# join_c: C: vc, 198.51.100.1 ====== vd, 198.51.100.2 :A
join_c()
{
	setup_ns C
	join_silently "$C" vc "$A" vd
	must ip -n "$C" addr add 198.51.100.1/24 dev vc
	must ip -n "$A" addr add 198.51.100.2/24 dev vd
	must ip -n "$B" route add 198.51.100.0/24 via 192.0.2.1
}

forward()
{
	must ip -n "$C" route add 192.0.2.0/24 via 198.51.100.2
	know "$C" vc 198.51.100.2 "$A" vd
	set_sysctl "$A" net.ipv4.ip_forward=1
}

gro()
{
	set_offload "$B" vb gro "$1"
}

# Whatever va sends goes by a ring, and GRO may hold what a poll has found.
merge_everything()
{
	set_offload "$A" va tso off
	set_offload "$B" vb gro on rx-gro-list on
}

rx_napi()
{
	must ip netns exec "$B" ethtool --set-priv-flags vb rx-napi "$1"
}

set_ring()
{
	must ip netns exec "$B" ethtool -G vb rx "$1"
}

set_channels()
{
	must ip netns exec "$1" ethtool -L "${@:2}"
}

# --- the flows -----------------------------------------------------------

# start_flows local|forwarded|redirected COUNT: one for each ring of vb
start_flows()
{
	local from=$C

	WAY=$1
	FLOWS=$2
	[ "$WAY" = local ] && from=$A
	coproc SENDER {
		exec "$MYVETH_PROGRAMS/flows" "$from" "$B" 192.0.2.2 "$FLOWS"
	}
	defer stop "$SENDER_PID"
	hear
}

# hear: what flows.c says
hear()
{
	read -ru "${SENDER[0]}" SAID || abort "flows.c has given up"
	read -r _ SENT _ RECEIVED _ LATE <<<"$SAID"
}

# tell WORDS: flows.c does it, and says so.
tell()
{
	echo "$*" >&"${SENDER[1]}"
	hear
}

# --- which way they go ---------------------------------------------------

# How many packets polls have taken from each ring
seen_by_rings()
{
	ethtool_counter "$B" vb "rx_queue_[0-9]*_xdp_packets" | on_one_line
}

remember_rings()
{
	SEEN=$(seen_by_rings)
}

# So many more since they were remembered. Rings may have come or gone.
seen_lately()
{
	local before now i

	read -ra before <<<"$SEEN"
	read -ra now <<<"$(seen_by_rings)"
	for i in "${!now[@]}"; do
		now[i]=$((now[i] - before[i]))
	done
	echo "${now[*]}"
}

# ones LIST: 1 for each number that is not 0
ones()
{
	echo "${1//[1-9]/1}"
}

seen_lately_by()
{
	[ "$(ones "$(seen_lately)")" = "$(ones "$1")" ]
}

# hold_rings RINGS: that get so many of one datagram of each flow. The first one
# that a ring gets is polled. What comes after that poll waits for the next one,
# which is not hastened by the delay that polls have from now on.
hold_rings()
{
	remember_rings
	delay_polls "$B" vb
	tell send "$FLOWS"
	busywait 5000 seen_lately_by "$1"
	check_err $? "rings have seen $(seen_lately), of $1"
	delay_polls "$B" vb 0
}

# How many datagrams of the flows have come to va
sent_by_va()
{
	case $WAY in
	local) echo "$SENT" ;;
	forwarded) nstat_counter "$A" IpForwDatagrams ;;
	redirected) ethtool_counter "$A" va tx_queue_0_xdp_xmit ;;
	esac
}

sent_by_va_is()
{
	[ "$(sent_by_va)" = "$1" ]
}

# let_wait RINGS: as above. What goes by them is neither received nor lost, so it
# is there.
let_wait()
{
	local lost=$LOST sent received

	remember_rings
	sent=$(sent_by_va)
	tell send 0
	received=$RECEIVED
	tell send "$WAITING"
	busywait 5000 sent_by_va_is $((sent + WAITING))
	check_err $? "va does not send what it should"
	tell send 0
	check_equal $((received + WAITING - RECEIVED)) \
		$((WAITING * (${1// /+}) / FLOWS)) "datagrams that wait"
	check_equal "$(seen_by_rings)" "$SEEN" "packets seen by rings"
	count_losses
	check_equal "$LOST" "$lost" "packets lost too early"
}

# --- what has become of them ---------------------------------------------

# "tx_lost_ring 1" and the like, for all causes that there may be; also of vd, if
# there is one: its program may redirect in vain.
# shellcheck disable=SC2016 # the inner shell expands it
losses()
{
	ip netns exec "$A" sh -c 'for dev in /sys/class/net/v*; do
		ethtool -S "${dev##*/}"; done' |
		grep -E "tx_lost_(ring|ring_off|no_napi):|_drops:" |
		sed -n 's/: \([1-9]\)/ \1/p'
}

# count_losses: in $LOST, and those with a ring that has gone in $LOST_OFF
count_losses()
{
	if differs loss-counters; then
		read -r LOST LOST_OFF < <(losses | awk '
			{ sum += $2 }
			$1 == "tx_lost_ring_off" { off += $2 }
			END { print sum + 0, off + 0 }')
	else
		LOST=$(statistic "$A" va tx_dropped)
	fi
}

# check_order COUNTED: so many are known to be lost.
check_order()
{
	if differs ring-switch || [ "$RINGS" = alike ]; then
		check_equal "$LATE" 0 "late, $SAID"
		check_equal $((SENT - RECEIVED)) "$1" "lost, $SAID"
	else
		[ "$LATE" -gt 0 ] || [ $((SENT - RECEIVED)) -gt "$1" ]
		check_err $? "nothing is overtaken or lost, $SAID"
	fi
}

# check_ways RINGS: so many go by each ring of one datagram of each flow.
check_ways()
{
	remember_rings
	tell send "$FLOWS"
	tell receive
	busywait 5000 seen_lately_is "$1"
	check_equal "$(seen_lately)" "$1" "datagrams by each ring"
}

seen_lately_is()
{
	[ "$(seen_lately)" = "$1" ]
}

# try_switch RINGS BEFORE AFTER COMMAND...: which switches something. Before and
# after it so many of one datagram of each flow go by each ring. RINGS
#
#	stay	or what waits in them is received before they go,
#	shrink	so that a part of what comes meanwhile may get lost,
#	alike	stay, and veth keeps the order as well
try_switch()
{
	local RINGS=$1 lost off

	count_losses
	lost=$LOST off=$LOST_OFF
	hold_rings "$2"
	let_wait "$2"
	echo go on >&"${SENDER[1]}"
	"${@:4}"
	tell send "$WAITING"
	# Whatever can overtake shall have done so.
	sleep_us 100000
	tell receive
	RESULT=$SAID
	count_losses
	check_order $((LOST - lost))
	[ "$RINGS" = shrink ] ||
		check_equal "$LOST_OFF" "$off" "packets lost with a ring"
	check_ways "$3"
}

# --- what need not go by a ring any more ---------------------------------

# without_program WHAT_STAYS COMMAND...
without_program()
{
	make_quiet_pair 1
	"${@:2}"
	xdp_attach "$B" vb pass
	start_flows local 1
	try_switch stay 1 0 xdp_detach "$B" vb
	stop "$SENDER_PID"
	log_test "a program goes, $1" "$RESULT"
}

# The sender segments, and goes on with it: to stop would be a switch of its own.
only_rx_napi()
{
	rx_napi on
	set_offload "$A" va tso off
}

program_goes()
{
	without_program "GRO stays" gro on
	! differs rx-napi ||
		without_program "rx-napi stays" only_rx_napi
	without_program "and NAPI with it" true
}

tso_comes()
{
	make_quiet_pair 1
	set_offload "$A" va tso off
	gro on
	start_flows local 1
	try_switch stay 1 0 set_offload "$A" va tso on
	log_test "the sender segments no longer" "$RESULT"
}

# without_gro WHAT_STAYS COMMAND...
without_gro()
{
	make_quiet_pair 1
	merge_everything
	"${@:2}"
	start_flows local 1
	try_switch stay 1 0 gro off
	stop "$SENDER_PID"
	log_test "GRO goes, $1" "$RESULT"
}

gro_goes()
{
	without_gro "and NAPI with it" true
	! differs rx-napi ||
		without_gro "rx-napi stays" rx_napi on
}

gro_merges_less()
{
	make_quiet_pair 1
	set_offload "$B" vb gro on rx-gro-list on
	start_flows local 1
	try_switch stay 1 0 set_offload "$B" vb rx-gro-list off
	log_test "GRO merges no UDP any more" "$RESULT"
}

# --- XDP frames ----------------------------------------------------------

# A program redirects what C sends from vd to va. In the end nobody takes it.
rx_napi_goes()
{
	if ! differs rx-napi; then
		log_test "this kind has no rx-napi"
		return
	fi
	make_quiet_pair 1
	join_c
	must ip -n "$C" route add 192.0.2.0/24 dev vc
	know "$C" vc 192.0.2.2 "$B" vb
	set_offload "$C" vc tx off >/dev/null
	xdp_load to_va "redirect=$(link_get "$A" va .ifindex)"
	xdp_attach "$A" vd to_va
	rx_napi on
	start_flows redirected 1
	try_switch stay 1 0 rx_napi off
	log_test "rx-napi goes" "$RESULT, $(losses | on_one_line)"
}

# --- other rings ---------------------------------------------------------

ring_size_changes()
{
	if ! differs ring-size; then
		log_test "this kind has rings of one size"
		return
	fi
	make_quiet_pair 1
	merge_everything
	start_flows local 1
	try_switch stay 1 1 set_ring 1024
	log_test "a ring grows" "$RESULT"
	try_switch shrink 1 1 set_ring 64
	log_test "a ring shrinks" "$RESULT"
}

# --- other queues --------------------------------------------------------

# Four queues each. start_flows chooses one flow for each, in their order. Of two
# queues the first one gets what the first two of four had.
make_four_queues()
{
	make_quiet_pair 4
	merge_everything
}

# change_queues tx|rx NUMBER as try_switch
change_queues()
{
	case $1 in
	tx) try_switch "${@:3}" set_channels "$A" va tx "$2" ;;
	rx) try_switch "${@:3}" set_channels "$B" vb rx "$2" ;;
	esac
	log_test "flows by $1 queues: $4, then $5" "$RESULT"
}

# The flows change their queues, but for the first one. Of 2 2 0 0 the second one
# has left a ring that is still sent to.
change_senders_queues()
{
	change_queues tx 2 stay "1 1 1 1" "2 2 0 0"
	change_queues tx 1 stay "2 2 0 0" "4 0 0 0"
	change_queues tx 2 stay "4 0 0 0" "2 2 0 0"
	change_queues tx 4 stay "2 2 0 0" "1 1 1 1"
}

senders_queues()
{
	make_four_queues
	start_flows local 4
	change_senders_queues
}

senders_queues_forwarded()
{
	make_four_queues
	join_c
	forward
	start_flows forwarded 4
	change_senders_queues
}

senders_queues_in_threads()
{
	make_four_queues
	must ip netns exec "$B" sh -c "echo 1 >/sys/class/net/vb/threaded"
	start_flows local 4
	change_senders_queues
}

# Where a sender has several queues the kernel computes a hash of each flow, by
# which GRO tells flows apart, too: in one ring wait packets with it and without.
# Where GRO keeps a flow depends on the hash, and may be the right place by chance.
senders_hashes()
{
	if ! differs ring-switch; then
		log_test "this kind holds what waits beside what comes then"
		return
	fi
	for _ in 1 2; do
		make_quiet_pair 2
		set_channels "$B" vb rx 1
		merge_everything
		start_flows local 1
		change_hashes 1
		change_hashes 2
		stop "$SENDER_PID"
	done
}

# change_hashes QUEUES: so many then compute them, or the only one does not.
change_hashes()
{
	try_switch stay 1 1 set_sender_without_polls "$1"
	log_test "flows, the sender gets queues: $1" "$RESULT"
}

# GRO goes on holding what a poll finds meanwhile.
set_sender_without_polls()
{
	delay_polls "$B" vb
	set_channels "$A" va tx "$1"
	delay_polls "$B" vb 0
}

# Queues for which there is no ring share those that there are; veth sends by the
# backlog what comes by them.
change_receivers_queues()
{
	if differs shared-rings; then
		change_queues rx 2 stay "1 1 1 1" "2 2"
		change_queues rx 1 stay "2 2" "4"
		change_queues rx 2 stay "4" "2 2"
	else
		change_queues rx 2 stay "1 1 1 1" "1 1"
		change_queues rx 1 stay "1 1" "1"
		change_queues rx 2 alike "1" "1 1"
	fi
}

receivers_queues()
{
	make_four_queues
	start_flows local 4
	change_receivers_queues
}

receivers_queues_forwarded()
{
	make_four_queues
	join_c
	forward
	start_flows forwarded 4
	change_receivers_queues
}

mount_bpffs
xdp_load pass pass
tests_run
exit $EXIT_STATUS
