#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What an XDP program decides about a frame is done, and `ethtool -S` counts it:
#
#	A: va ---> [program] vb :B	pass, drop, back to A, to vc, or to
#	C: vd <---	     vc :B	another processor
#
# Each frame has a number: what arrives is named, and in its order.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	pass
	drop
	aborted
	unknown
	tx
	tx_without_receiver
	redirect
	redirect_by_devmap
	redirect_by_cpumap
	entry_drops_the_last
	too_long
	every_processor
	frames_before_packets
	copied_before
	readdressed
	summed_no_longer
	moved_ends
	ends_of_a_frame
	metadata
	in_pieces
	whole_pages_cut
	vlan
	vlan_hint
"

require_command ethtool
require_command nstat
require_command tc
require_program bpf
require_program frames
require_program xdp_program

readonly SENT=20

# --- what is counted -----------------------------------------------------

# verdicts DEV: what its first queue has counted, but for what is 0.
verdicts()
{
	ip netns exec "$B" ethtool -S "$1" |
		sed -nE 's/^ *rx_queue_0_(.*): ([1-9][0-9]*)$/\1=\2/p' |
		grep -v bytes | sort | on_one_line
}

verdicts_are()
{
	[ "$(verdicts "$1")" = "$2" ]
}

# check_verdicts COUNTS...: of vb, after all frames have come.
check_verdicts()
{
	busywait 5000 verdicts_are vb "$*"
	check_equal "$(verdicts vb)" "$*" "counters of vb"
}

# --- the frames ----------------------------------------------------------

# make_filtered_pair VERDICT [OPTION...]: of the program at vb.
make_filtered_pair()
{
	make_silent_pair A B
	attach_new "$B" vb "$@"
}

# attach_new NS DEV VERDICT [OPTION...]
attach_new()
{
	PROGRAMS=$((PROGRAMS + 1))
	xdp_load "program$PROGRAMS" "${@:3}"
	xdp_attach "$1" "$2" "program$PROGRAMS"
}

# check_arrives NS DEV [LENGTH]: all that va sends, there and in order.
check_arrives()
{
	receive_frames "$1" "$2" "$SENT"
	send_frames "$A" va "${3:-60}" "$SENT"
	busywait 5000 has_received "$1" "$2"
	check_err $? "not all frames are received by $2"
	check_equal "$(numbers_received)" "0-$((SENT - 1))" \
		"numbers of the frames at $2"
}

has_received()
{
	[ "$(statistic "$1" "$2" rx_packets)" -ge "$SENT" ]
}

# check_nothing_arrives COUNTS...
check_nothing_arrives()
{
	receive_frames "$B" vb 0
	send_frames "$A" va 60 "$SENT"
	check_verdicts "$@"
	check_equal "$(numbers_received)" "" "numbers of the frames at vb"
}

# --- verdicts ------------------------------------------------------------

pass()
{
	make_filtered_pair pass
	check_arrives "$B" vb
	check_verdicts xdp_packets="$SENT"
	log_test "pass"
}

drop()
{
	make_filtered_pair drop
	check_nothing_arrives xdp_drops="$SENT" xdp_packets="$SENT"
	log_test "drop"
}

# trace NAME: an event of xdp, until the scope ends.
trace()
{
	make_trace
	echo 1 >"$TRACE/events/xdp/$1/enable" || abort "no event $1"
	defer eval "echo 0 >'$TRACE/events/xdp/$1/enable'"
}

traced()
{
	grep -c "$1" "$TRACE/trace"
}

aborted()
{
	make_filtered_pair aborted
	trace xdp_exception
	check_nothing_arrives xdp_drops="$SENT" xdp_packets="$SENT"
	check_equal "$(traced "action=ABORTED")" "$SENT" "exceptions"
	log_test "aborted"
}

unknown()
{
	make_filtered_pair 9
	trace xdp_exception
	check_nothing_arrives xdp_drops="$SENT" xdp_packets="$SENT"
	check_equal "$(traced "xdp_exception:")" "$SENT" "exceptions"
	log_test "a verdict that is none"
}

tx()
{
	make_filtered_pair tx swap
	attach_new "$A" va pass
	trace xdp_bulk_tx
	check_arrives "$A" va
	check_verdicts xdp_packets="$SENT" xdp_tx="$SENT"
	check_equal "$(bulk_tx sent)" "$SENT" "sent, says the event"
	check_equal "$(bulk_tx drops)" 0 "dropped, says the event"
	check_equal "$(statistic "$B" vb tx_packets)" "$SENT" "sent by vb"
	log_test "back to the sender"
}

# bulk_tx NAME: the sum of that figure over all events.
bulk_tx()
{
	sed -nE "s/.*xdp_bulk_tx:.* $1=([0-9]+).*/\\1/p" "$TRACE/trace" |
		awk '{ sum += $1 } END { print sum + 0 }'
}

tx_without_receiver()
{
	make_filtered_pair tx swap
	trace xdp_bulk_tx
	send_frames "$A" va 60 "$SENT"
	check_verdicts xdp_packets="$SENT" xdp_tx_errors="$SENT"
	check_equal "$(bulk_tx sent)" 0 "sent, says the event"
	check_equal "$(bulk_tx drops)" "$SENT" "dropped, says the event"
	check_equal "$(statistic "$B" vb tx_dropped)" "$SENT" "dropped by vb"
	log_test "back to a sender that takes no frames"
}

# A second pair, whose far end takes frames.
make_second_pair()
{
	setup_ns C
	join_silently "$B" vc "$C" vd
	attach_new "$C" vd pass
}

check_redirected()
{
	check_arrives "$C" vd
	check_verdicts xdp_packets="$SENT" xdp_redirect="$SENT"
	check_equal "$(ethtool_counter "$B" vc tx_queue_0_xdp_xmit)" "$SENT" \
		"taken by vc"
	check_equal "$(statistic "$B" vc tx_packets)" "$SENT" "sent by vc"
	check_equal "$(statistic "$C" vd rx_packets)" "$SENT" "received by vd"
}

redirect()
{
	make_silent_pair A B
	make_second_pair
	attach_new "$B" vb redirect="$(link_get "$B" vc .ifindex)"
	check_redirected
	log_test "to a device of another pair"
}

# The entry's own program sees the frames too.
redirect_by_devmap()
{
	local map

	make_silent_pair A B
	make_second_pair
	map=$BPFFS/devmap$PROGRAMS
	xdp_load on_exit"$PROGRAMS" pass for=devmap counters="$map-seen"
	must ip netns exec "$B" "$MYVETH_PROGRAMS/xdp_program" map devmap \
		"$map" "3=$(link_get "$B" vc .ifindex):$BPFFS/on_exit$PROGRAMS"
	attach_new "$B" vb map="$map:3"
	check_redirected
	check_equal "$(xdp_counters "${map##*/}-seen" packets)" "$SENT" \
		"seen by the program of the entry"
	log_test "by a map of devices"
}

redirect_by_cpumap()
{
	make_silent_pair A B
	must "$MYVETH_PROGRAMS/xdp_program" map cpumap "$BPFFS/cpus" 0=192
	attach_new "$B" vb map="$BPFFS/cpus:0"
	check_arrives "$B" vb
	check_verdicts xdp_packets="$SENT" xdp_redirect="$SENT"
	log_test "by a map of processors"
}

# What waits for a device is sent when there are 16, and to an end when the device
# is told that no more come. That is not said if the entry's program drops these.
entry_drops_the_last()
{
	make_silent_pair A B
	make_second_pair
	xdp_load first_only pass for=devmap "counters=$BPFFS/first_seen" \
		first=16
	must ip netns exec "$B" "$MYVETH_PROGRAMS/xdp_program" map devmap \
		"$BPFFS/vc_only" \
		"0=$(link_get "$B" vc .ifindex):$BPFFS/first_only"
	xdp_load feeder "map=$BPFFS/vc_only:0"
	must ip netns exec "$B" "$MYVETH_PROGRAMS/xdp_program" run \
		"$BPFFS/feeder" 20 60
	check_equal "$(xdp_counters first_seen packets)" 20 \
		"seen by the program of the entry"
	if differs xdp-unflushed; then
		busywait 5000 statistic_is "$C" vd rx_packets 16
	else
		sleep_us 500000
		check_equal "$(ethtool_counter "$B" vc tx_queue_0_xdp_xmit)" \
			16 "taken by vc"
	fi
	check_equal "$(statistic "$C" vd rx_packets)" \
		"$(differs xdp-unflushed && echo 16 || echo 0)" \
		"received by vd"
	log_test "what the entry's program drops does not hold up the others"
}

# What an end refuses is counted by the one that should have sent it. Its own MTU
# is larger here, and a frame may have a VLAN tag more.
too_long()
{
	make_silent_pair A B
	must ip -n "$A" link set dev va mtu 3000
	attach_new "$B" vb pass
	xdp_load to_va "redirect=$(link_get "$A" va .ifindex)"
	run_in_a to_va 2 1518
	run_in_a to_va 3 1519
	check_equal "$(ethtool_counter "$A" va tx_queue_0_xdp_xmit)" 2 \
		"taken by va"
	check_equal "$(ethtool_counter "$A" va tx_queue_0_xdp_xmit_errors)" 3 \
		"refused by va"
	check_verdicts xdp_packets=2
	log_test "frames that are longer than the receiver's MTU"
}

# A pair with one queue has one ring, whatever processor redirects.
every_processor()
{
	local cpu cpus

	cpus=$(nproc)
	make_filtered_pair pass
	xdp_load by_each "redirect=$(link_get "$A" va .ifindex)"
	for ((cpu = 0; cpu < cpus; cpu++)); do
		must taskset -c "$cpu" ip netns exec "$A" \
			"$MYVETH_PROGRAMS/xdp_program" run "$BPFFS/by_each" \
			10 60
	done
	check_equal "$(ethtool_counter "$A" va tx_queue_0_xdp_xmit)" \
		$((cpus * 10)) "taken by va"
	check_verdicts xdp_packets=$((cpus * 10))
	log_test "frames that any processor redirects"
}

# run_in_a PROGRAM COUNT LENGTH
run_in_a()
{
	must ip netns exec "$A" "$MYVETH_PROGRAMS/xdp_program" run "$BPFFS/$1" \
		"${@:2}"
}

# One poll, three seconds later, gets frames of 100 bytes and packets of 60.
frames_before_packets()
{
	make_filtered_pair pass
	xdp_load before "redirect=$(link_get "$A" va .ifindex)"
	make_trace
	echo 'name == "vb"' >"$TRACE/events/net/netif_receive_skb/filter"
	hold_polls "$A" va "$B" vb 3000000000
	echo 1 >"$TRACE/events/net/netif_receive_skb/enable"
	defer eval "echo 0 >'$TRACE/events/net/netif_receive_skb/enable'"
	run_in_a before 2 100
	send_frames "$A" va 60 2
	check_equal "$(received_lengths)" "" "received while there is no poll"
	slowwait 10 statistic_is "$B" vb rx_packets 5
	if differs xdp-overtaken; then
		check_equal "$(received_lengths)" "86 86 46 46" "lengths"
	else
		check_equal "$(received_lengths)" "46 46 86 86" "lengths"
	fi
	log_test "frames are received before what came later"
}

received_lengths()
{
	sed -nE 's/.* netif_receive_skb: dev=vb .* len=([0-9]+).*/\1/p' \
		"$TRACE/trace" | on_one_line
}

# --- what a program does with a frame ------------------------------------

# What is sent in C is a copy of what goes to vb, made before; it is held back
# until the program has written to that.
#
#	A  [ va ]======[ vb: to=... ] B
#	    | mirror
#	   [ plug, vc ]======[ vd ] C
copied_before()
{
	make_filtered_pair pass to=02:00:00:00:00:99
	setup_ns C
	join_silently "$A" vc "$C" vd
	modprobe -q sch_plug || skip_all "no qdisc plug"
	must tc -n "$A" qdisc add dev vc root plug
	must tc -n "$A" qdisc add dev va clsact
	must tc -n "$A" filter add dev va egress matchall \
		action mirred egress mirror dev vc
	send_frames "$A" va 60 "$SENT"
	check_verdicts xdp_packets="$SENT"
	capture_start copies "$C" vd not ip6
	must tc -n "$A" qdisc change dev vc root plug release_indefinite
	busywait 5000 has_received "$C" vd
	capture_stop copies
	check_equal "$(frames_in copies "ether broadcast")" "$SENT" \
		"copies that are what was sent"
	log_test "a program does not write to what others have"
}

# B's IP gets what is for somebody else if the program makes it B's.
readdressed()
{
	local lost=0

	make_talking_pair A B
	check_ping "$A" 192.0.2.2
	must ip -n "$A" neigh replace 192.0.2.2 lladdr 02:00:00:00:00:99 dev va
	check_loss 100 "$A" -c 1 -W 1 192.0.2.2
	log_test "a frame for somebody else"

	attach_new "$B" vb pass "to=$(mac_of "$B" vb)"
	differs xdp-readdressed || lost=100
	check_loss "$lost" "$A" -c 2 -i 0.2 -W $((lost ? 1 : 5)) 192.0.2.2
	log_test "a frame for somebody else that a program readdresses"
}

# What connection tracking has checked, and tc sends on, has a checksum of all its
# bytes. It would not be theirs any more if the program changed them.
#
#	P [ vp ]======[ vq ] A [ va ]======[ vb ] B
#			 ct ---->
readonly FORWARD="action ct pipe action mirred egress redirect dev va"
summed_no_longer()
{
	make_talking_pair A B
	setup_ns P
	make_pair "$P" vp vq -- netns "$A"
	bring_up "$P" vp
	bring_up "$A" vq
	wait_for_up "$P" vp
	must ip -n "$P" addr add 192.0.2.3/24 dev vp
	must ip -n "$P" neigh replace 192.0.2.2 \
		lladdr "$(mac_of "$B" vb)" dev vp
	must tc -n "$A" qdisc add dev vq clsact
	# shellcheck disable=SC2086 # words they are
	must tc -n "$A" filter add dev vq ingress protocol ip flower $FORWARD
	check_requests 2 "a packet that connection tracking has checked"
	must "$MYVETH_PROGRAMS/bpf" drop_summed "$BPFFS/drop_summed"
	must tc -n "$B" qdisc add dev vb clsact
	must tc -n "$B" filter add dev vb ingress bpf da \
		object-pinned "$BPFFS/drop_summed"
	check_requests 0 "a packet with a checksum of all its bytes"

	attach_new "$B" vb pass
	check_requests "$(differs xdp-checksum && echo 2 || echo 0)" \
		"the same behind a program"
}

# check_requests COUNT NAME: of 2 echo requests, so many come up to IP in B.
check_requests()
{
	local before

	before=$(nstat_counter "$B" IcmpInEchos)
	ping_loss "$P" -c 2 -i 0.2 -W 1 192.0.2.2 >/dev/null
	busywait 5000 nstat_counter_is "$B" IcmpInEchos $((before + $1))
	check_equal "$(nstat_counter "$B" IcmpInEchos)" $((before + $1)) \
		"echo requests"
	log_test "$2"
}

# check_length ADJUSTMENT LENGTH: what frames of 100 bytes become.
check_length()
{
	make_filtered_pair pass "$1"
	capture_start "$1" "$B" vb not ip6
	send_frames "$A" va 100 "$SENT"
	check_verdicts xdp_packets="$SENT"
	capture_stop "$1"
	check_equal "$(frames_in "$1" "len = $2")" "$SENT" "frames of $2 bytes"
	check_equal "$(frames_in "$1")" "$SENT" "frames"
	log_test "a program with $1"
}

# tcpdump shows the bytes of what it does not know in lines of their own.
frames_in()
{
	capture_show "$@" | grep -c '^[0-9]'
}

# The address is moved into the EtherType, or beyond; or nothing is.
moved_ends()
{
	check_length head=4 104
	check_length head=-8 92
	check_length tail=-30 70
	check_length tail=20 120
}

# The same with frames that another program has redirected.
ends_of_a_frame()
{
	make_silent_pair A B
	make_second_pair
	xdp_detach "$C" vd
	attach_new "$C" vd pass head=-8 tail=-30
	attach_new "$B" vb redirect="$(link_get "$B" vc .ifindex)"
	capture_start ends "$C" vd not ip6
	send_frames "$A" va 100 "$SENT"
	busywait 5000 has_received "$C" vd
	capture_stop ends
	check_equal "$(frames_in ends "len = 62")" "$SENT" "frames of 62 bytes"
	log_test "a program moves the ends of a redirected frame"
}

metadata()
{
	must "$MYVETH_PROGRAMS/bpf" drop_marked "$BPFFS/drop_marked"
	make_filtered_pair pass
	must tc -n "$B" qdisc add dev vb clsact
	must tc -n "$B" filter add dev vb ingress bpf da \
		object-pinned "$BPFFS/drop_marked"
	check_arrives "$B" vb
	log_test "a frame without metadata has none in tc"

	xdp_detach "$B" vb
	attach_new "$B" vb pass meta=8
	check_nothing_arrives xdp_packets=$((2 * SENT))
	log_test "metadata are seen by tc"
}

in_pieces()
{
	local words

	make_silent_pair A B
	must ip -n "$A" link set dev va mtu 9000
	must ip -n "$B" link set dev vb mtu 9000
	attach_new "$B" vb pass frags counters="$BPFFS/pieces" meta=4
	check_arrives "$B" vb 9014
	check_verdicts xdp_packets="$SENT"
	read -ra words <<<"$(xdp_counters pieces packets linear total)"
	check_equal "${words[0]} ${words[2]}" "$SENT 9014" \
		"frames and bytes that the program saw"
	((words[1] < 4096))
	check_err $? "${words[1]} bytes in the first piece"
	check_equal "$("$MYVETH_PROGRAMS/frames" cross "$A" va "$B" vb 9014)" \
		"9014 arrives" "a frame in pieces"
	log_test "frames in pieces"

	xdp_detach "$B" vb
	attach_new "$B" vb pass frags tail=-50
	check_arrives "$B" vb 9014
	log_test "frames in pieces of which a program cuts the last one"
}

# What is cut off as a whole goes back to where it is from. With veth that is
# wrong, and the machine's memory is not what it was: it is not tried there.
whole_pages_cut()
{
	if ! differs xdp-cut-pages; then
		log_test "veth is spared a program that cuts off whole pages"
		return
	fi
	make_silent_pair A B
	must ip -n "$A" link set dev va mtu 9000
	must ip -n "$B" link set dev vb mtu 9000
	attach_new "$B" vb pass frags tail=-3000
	check_arrives "$B" vb 9014
	check_arrives "$B" vb 9014
	log_test "frames in pieces of which a program cuts whole pages"
}

# --- VLAN tags -----------------------------------------------------------

make_vlan_pair()
{
	make_silent_pair A B
	must ip -n "$A" link add link va name va.5 type vlan id 5
	must ip -n "$B" link add link vb name vb.5 type vlan id 5
	bring_up_silently "$A" va.5
	bring_up_silently "$B" vb.5
}

# Beside the frame or, where that is switched off, in it.
vlan()
{
	local place

	make_vlan_pair
	attach_new "$B" vb pass
	for place in on off; do
		set_offload "$A" va txvlan "$place"
		receive_frames "$B" vb.5 "$SENT"
		send_frames "$A" va.5 60 "$SENT"
		check_equal "$(numbers_received)" "0-$((SENT - 1))" \
			"numbers of the frames at vb.5"
		log_test "tagged frames, txvlan $place"
	done
}

# Linux 6.1 has no such functions.
vlan_hint()
{
	if [[ $(uname -r) == 6.1.* ]]; then
		log_test "this kernel lets no program ask for a tag"
		return
	fi
	make_vlan_pair
	must ip netns exec "$B" "$MYVETH_PROGRAMS/xdp_program" load \
		"$BPFFS/asking" pass bound="$(link_get "$B" vb .ifindex)" \
		counters="$BPFFS/asked" hints
	xdp_attach "$B" vb asking
	send_frames "$A" va.5 60 "$SENT"
	check_verdicts xdp_packets="$SENT"
	check_equal "$(xdp_counters asked vlan vlan_tag)" "0 5" \
		"what a program learns of the tag"
	log_test "a program asks for the tag"
}

PROGRAMS=0
mount_bpffs
tests_run
exit $EXIT_STATUS
