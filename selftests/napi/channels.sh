#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# How many queues an end has, `ethtool -l` and `-L`, while packets flow and XDP
# programs run:
#
#	A: va  2 tx, 2 rx ====== 2 rx, 2 tx  vb :B
#
# What is refused is refused as veth does, and changes nothing.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	answers_like_veth
	queues_in_sysfs
	programs_are_kept
	counters_never_go_back
	redirected_frames_stay_counted
	every_ring_is_emptied
	carrier_is_left_alone
	under_load
"

require_command ethtool
require_program frames
require_program xdp_program

# --- what is refused -----------------------------------------------------

# To "DEV WORDS...": what ethtool says, and the queues in use afterwards.
# shellcheck disable=SC2016 # the inner shell expands it
readonly ASK='for request; do
	echo "$request:"
	ethtool -L $request 2>&1
	echo "status $?"
	ethtool -l ${request%% *} | tail -n 5
done'

# answers NS KIND [PROGRAM_ON]: in an order in which each request matters.
answers()
{
	local dev requests=()

	KIND=$2 make_pair "$1" va vb numtxqueues 2 numrxqueues 2 -- \
		numtxqueues 2 numrxqueues 2
	bring_up "$1" va vb
	for dev in va vb; do
		requests+=("$dev rx 2 tx 2")
	done
	for dev in va vb; do
		requests+=("$dev rx 0" "$dev tx 0" "$dev rx 1000" \
			"$dev combined 1" "$dev other 1" "$dev rx 1" \
			"$dev tx 1" "$dev rx 1" "$dev rx 1 tx 2" \
			"$dev rx 2 tx 1" "$dev rx 2 tx 2")
	done
	if [ -n "$3" ]; then
		ip netns exec "$1" ethtool -L "$3" rx 2
		xdp_attach "$1" "$3" pass
	fi
	ip netns exec "$1" bash -c "$ASK" ask "${requests[@]}"
}

# As both ends are asked, the program is once here and once at the other end.
answers_like_veth()
{
	like_veth answers
	log_test "requests and refusals"
	like_veth answers vb
	log_test "requests and refusals beside a program"
}

# --- what is granted -----------------------------------------------------

queues_in()
{
	ip netns exec "$A" sh -c "cd /sys/class/net/va/queues && echo *"
}

set_channels()
{
	must ip netns exec "$1" ethtool -L "$2" "${@:3}"
}

queues_in_sysfs()
{
	make_two_queues A B
	check_equal "$(queues_in)" "rx-0 rx-1 tx-0 tx-1" "queues at first"
	set_channels "$A" va rx 1
	check_equal "$(queues_in)" "rx-0 tx-0 tx-1" "one rx queue"
	set_channels "$A" va rx 2 tx 1
	check_equal "$(queues_in)" "rx-0 rx-1 tx-0" "one tx queue"
	set_channels "$A" va tx 2
	check_equal "$(queues_in)" "rx-0 rx-1 tx-0 tx-1" "queues in the end"
	log_test "queues in sysfs"
}

# check_seen QUEUE COUNT: the program has seen so many by now.
check_seen()
{
	send_by_queue "$A" va "$1" 10 >/dev/null
	busywait 5000 has_seen "$2"
	check_equal "$(xdp_counters seen packets)" "$2" \
		"packets that the program has seen by queue $1"
}

has_seen()
{
	[ "$(xdp_counters seen packets)" = "$1" ]
}

# A queue that comes later runs the program as well.
programs_are_kept()
{
	make_two_queues A B
	xdp_attach "$B" vb count
	check_seen 0 10
	check_seen 1 20
	set_channels "$A" va tx 1
	set_channels "$B" vb rx 1
	check_seen 1 30
	set_channels "$B" vb rx 2
	set_channels "$A" va tx 2
	xps "$A" va 1
	wait_for_up "$A" va
	check_seen 1 40
	check_seen 0 50
	check_equal "$(ethtool_counter "$B" vb rx_queue_1_xdp_packets)" 20 \
		"packets of queue 1, which was away for a while"
	log_test "programs see the packets of queues that come and go"
}

# --- counters ------------------------------------------------------------

# All that grows, as "name value".
counters_of()
{
	ip netns exec "$1" sh -c "cd '/sys/class/net/$2/statistics' &&
		grep . *" | tr : ' '
	ip netns exec "$1" ethtool -S "$2" |
		sed -nE 's/^ *(.*(packets|bytes|drops|xmit|lost).*): /\1 /p'
}

# remember NS DEV: nothing is less than when it was remembered before.
remember()
{
	local old=$SCRATCH/counters-$2

	counters_of "$1" "$2" >"$old.new"
	if [ -e "$old" ]; then
		awk 'NR == FNR { before[$1] = $2; next }
		     $2 + 0 < before[$1] + 0 { print $1, before[$1], $2 }' \
			"$old" "$old.new" >"$SCRATCH/less"
		check_equal "$(<"$SCRATCH/less")" "" "counters of $2 that fell"
	fi
	mv "$old.new" "$old"
}

check_counters()
{
	send_by_queue "$A" va 0 20 >/dev/null
	send_by_queue "$A" va 1 20 >/dev/null
	send_by_queue "$B" vb 1 20 >/dev/null
	remember "$A" va
	remember "$B" vb
}

counters_never_go_back()
{
	local before

	make_two_queues A B
	xdp_attach "$B" vb count
	check_counters
	set_channels "$A" va tx 1 rx 1
	check_counters
	set_channels "$B" vb rx 1
	check_counters
	set_channels "$B" vb tx 1
	check_counters
	set_channels "$B" vb tx 2 rx 2
	check_counters
	set_channels "$A" va tx 2 rx 2
	check_counters
	before=$(statistic "$B" vb rx_packets)
	xdp_detach "$B" vb
	check_counters
	[ "$(statistic "$B" vb rx_packets)" -ge "$before" ]
	check_err $? "packets received, when the program is gone"
	log_test "counters never go back"
}

# Of all queues of va, for a queue may leave some of its own to another one.
frames_taken_by_va()
{
	ip netns exec "$A" ethtool -S va |
		awk '/tx_queue_[0-9]+_xdp_xmit:/ { sum += $2 } END { print sum }'
}

frames_taken_are()
{
	[ "$(frames_taken_by_va)" = "$1" ]
}

# Frames that XDP redirects to va, 10 on each processor, wait in both rings of
# vb:
#
#	C [ vc ]======[ vd ]--XDP->-[ va ]======[ vb ] B
redirected_frames_stay_counted()
{
	local queue

	make_two_queues A B
	xdp_attach "$B" vb count
	setup_ns C
	join_silently "$C" vc "$A" vd
	xdp_load redirect "redirect=$(link_get "$A" va .ifindex)"
	xdp_attach "$A" vd redirect
	for queue in 0 1; do
		send_by_queue "$C" vc "$queue" 10 >/dev/null
	done
	slowwait 10 frames_taken_are 20
	check_equal "$(frames_taken_by_va)" 20 "frames that va has taken"
	set_channels "$A" va tx 1
	check_equal "$(frames_taken_by_va)" 20 "so many, says one queue"
	set_channels "$B" vb rx 1
	if differs channels-counters; then
		check_equal "$(frames_taken_by_va)" 20 \
			"so many, when vb has one queue"
	else
		check_fail $((20 - $(frames_taken_by_va))) \
			"what the other queue was sent is still counted"
	fi
	log_test "redirected frames stay counted"
}

# --- what waits -------------------------------------------------------------

# In the rings of both queues, while polls are put off. Then no ring is needed.
every_ring_is_emptied()
{
	local queue

	make_two_queues A B
	xdp_attach "$B" vb pass
	delay_polls "$B" vb
	for queue in 0 1; do
		send_by_queue "$A" va "$queue" 1 >/dev/null
		busywait 5000 statistic_is "$B" vb rx_packets $((queue + 1))
		send_by_queue "$A" va "$queue" 20 >/dev/null
	done
	xdp_detach "$B" vb
	if differs ring-switch; then
		busywait 1000 statistic_is "$B" vb rx_packets 42
		check_equal "$(statistic "$B" vb rx_packets)" 42 "received"
	else
		check_equal "$(statistic "$B" vb rx_packets)" 2 "received"
	fi
	log_test "what waits in the rings of all queues is received"
}

# --- the carrier ---------------------------------------------------------

carrier_changes()
{
	ip netns exec "$1" cat "/sys/class/net/$2/carrier_changes"
}

carrier_of()
{
	ip netns exec "$1" cat "/sys/class/net/$2/carrier"
}

carrier_is_left_alone()
{
	local before

	make_two_queues A B
	before=$(carrier_changes "$A" va)
	set_channels "$A" va tx 1
	if differs channels-carrier; then
		check_equal "$(carrier_changes "$A" va)" "$before" \
			"changes of the carrier"
	else
		check_fail $(($(carrier_changes "$A" va) - before)) \
			"the carrier does not change"
	fi
	log_test "the carrier while the queues change"

	must ip -n "$B" link set dev vb down
	set_channels "$A" va tx 2
	if differs channels-carrier; then
		check_equal "$(carrier_of "$A" va)" 0 "carrier"
	else
		check_equal "$(carrier_of "$A" va)" 1 "carrier"
	fi
	log_test "the carrier, when the other end is down"
}

# --- under load ----------------------------------------------------------

# Whatever the sender was told: received, or lost and counted.
check_sent()
{
	local accepted refused lost received

	read -r _ accepted _ refused _ <"$SCRATCH/sent"
	check_equal $((accepted + refused)) 6000 "sent"
	differs channels-carrier || return
	check_equal "$(ethtool_counter "$A" va tx_lost_ring)" "$refused" \
		"refused because a ring was full"
	lost=$(ethtool_counter "$A" va tx_lost_ring_off)
	received=$((accepted - lost))
	slowwait 10 statistic_is "$B" vb rx_packets "$received"
	check_equal "$(statistic "$B" vb rx_packets)" "$received" \
		"received"
}

# load PROGRAM_ON_VB: with numbers that a program allows.
load()
{
	local sender

	"$MYVETH_PROGRAMS/frames" send "$A" va 60 6000 >"$SCRATCH/sent" &
	sender=$!
	defer stop "$sender"
	slowwait 10 is_busy "$B" vb
	check_err $? "nothing is received"
	for _ in 1 2 3; do
		set_channels "$A" va tx 1 rx 1
		set_channels "$B" vb rx 1
		set_channels "$B" vb rx 2
		set_channels "$A" va tx 2 rx 2
	done
	wait "$sender"
	check_sent
	wait_for_up "$A" va
	send_frames "$A" va 60 1
	log_test "queues come and go under load, $1"
}

under_load()
{
	make_two_queues A B
	load "without a program"

	make_two_queues A B
	xdp_attach "$B" vb pass
	load "with a program"
}

mount_bpffs
xdp_load pass pass
xdp_load count pass counters="$BPFFS/seen"
tests_run
exit $EXIT_STATUS
