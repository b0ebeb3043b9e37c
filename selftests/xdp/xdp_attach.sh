#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Attaching, replacing and detaching native XDP programs: what is refused, why,
# and that nothing is changed then; what a program here means for the other end;
# and what a program outlives.
#
#	A: va ---> [program] vb :B

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	refused_like_veth
	peer_follows
	replaced
	attached_while_down
	outlives
	deleted
	under_load
"

require_command ethtool
require_program frames
require_program xdp_program

# --- like veth -----------------------------------------------------------

# What the kernel says, without the driver's name in front of it.
say()
{
	"$@" 2>&1 | sed -E 's/^Error: (my)?veth: /Error: /'
	echo "status ${PIPESTATUS[0]}"
}

# MTUs and the program's mode; and what is left to others to segment.
state_of()
{
	ip -n "$1" -d link show dev "$2" |
		grep -oE ' (xdp[a-z]*|m[a-z]*mtu [0-9]+)' | on_one_line
	ip netns exec "$1" ethtool -k "$2" | grep segmentation | cksum
}

# try NS DEV WORD PROGRAM: to attach it natively, say.
try()
{
	say ip -n "$1" link set dev "$2" "$3" pinned "$BPFFS/$4"
	state_of "$1" va
	state_of "$1" vb
}

refusals()
{
	KIND=$2 make_pair "$1" va vb numtxqueues 2 numrxqueues 2 -- \
		numtxqueues 2 numrxqueues 2
	bring_up "$1" va vb
	must ip -n "$1" link set dev va mtu 9000
	echo "peer's MTU:"
	try "$1" vb xdpdrv pass
	try "$1" vb xdpoffload pass
	must ip -n "$1" link set dev va mtu 1500
	must ip netns exec "$1" ethtool -L vb rx 1
	echo "queues:"
	try "$1" vb xdpdrv pass
	try "$1" vb xdpdrv frags
	echo "a program of another place:"
	must ip netns exec "$1" ethtool -L vb rx 2
	try "$1" vb xdpdrv for_devmap
	echo "a second one:"
	try "$1" vb xdpdrv pass
	try "$1" vb xdpdrv frags
	try "$1" vb xdpgeneric pass
}

errnos()
{
	KIND=$2 make_pair "$1" va vb numtxqueues 2 numrxqueues 2 -- \
		numtxqueues 2 numrxqueues 2
	must ip -n "$1" link set dev va mtu 9000
	errno_of ip -n "$1" link set dev vb xdpdrv pinned "$BPFFS/pass"
	must ip -n "$1" link set dev va mtu 1500
	must ip netns exec "$1" ethtool -L vb rx 1
	errno_of ip -n "$1" link set dev vb xdpdrv pinned "$BPFFS/pass"
}

refused_like_veth()
{
	like_veth refusals
	log_test "refusals"

	setup_ns NS
	check_equal "$(errnos "$NS" "$KIND")" $'ERANGE\nENOSPC' "refusals"
	log_test "errnos of refusals"
}

# --- the other end -------------------------------------------------------

# follow NS KIND: va's limits, and what it leaves to others to segment.
follow()
{
	local program

	KIND=$2 make_pair "$1" va vb
	bring_up "$1" va vb
	for program in pass frags; do
		try "$1" vb xdpdrv "$program"
		say ip -n "$1" link set dev va mtu 3507
		say ip -n "$1" link set dev va mtu 3506
		say ip -n "$1" link set dev va mtu 3400
		say ip netns exec "$1" ethtool -K va tso on
		state_of "$1" va
		xdp_detach "$1" vb
		state_of "$1" va
		must ip -n "$1" link set dev va mtu 1500
	done
}

# The largest MTU beside a program with frags is a fault of veth, see faults/.
without_frags_limit()
{
	follow "$@" | sed -E 's/maxmtu (73138|65535)/maxmtu large/'
}

peer_follows()
{
	like_veth without_frags_limit
	log_test "the other end follows"

	make_silent_pair A B
	xdp_attach "$B" vb pass
	ip -n "$A" link set dev va mtu 9000 2>/dev/null
	check_fail $? "the sender's MTU may be 9000"
	check_match "$(ip netns exec "$A" ethtool -k va)" \
		$'\ntcp-segmentation-offload: off\n' "segmentation"
	xdp_detach "$B" vb
	must ip -n "$A" link set dev va mtu 9000
	check_match "$(ip netns exec "$A" ethtool -k va)" \
		$'\ntcp-segmentation-offload: on\n' "segmentation"
	log_test "and is free again"
}

# --- programs that come and go -------------------------------------------

has_counted()
{
	[ "$(xdp_counters "$1" packets)" = "$2" ]
}

# check_counted PROGRAM COUNT: that many packets in all, ten of them now.
check_counted()
{
	send_frames "$A" va 60 10
	busywait 5000 has_counted "$1" "$2"
	check_equal "$(xdp_counters "$1" packets)" "$2" \
		"packets that program $1 has seen"
}

# new_program NAME [OPTION...]: with counters of that name.
new_program()
{
	xdp_load "program_$1" pass counters="$BPFFS/$1" "${@:2}"
}

replace_by()
{
	must ip -n "$B" -force link set dev vb xdpdrv pinned \
		"$BPFFS/program_$1"
}

replaced()
{
	make_silent_pair A B
	new_program first
	new_program second
	new_program third frags
	xdp_attach "$B" vb program_first
	check_counted first 10
	replace_by second
	check_counted second 10
	replace_by third
	check_counted third 10
	replace_by first
	check_counted first 20
	check_counted first 30
	check_equal "$(xdp_counters second packets)" 10 "the second one's"
	log_test "one program after another"
}

attached_while_down()
{
	make_silent_pair A B
	new_program early
	must ip -n "$B" link set dev vb down
	xdp_attach "$B" vb program_early
	bring_up "$B" vb
	wait_for_up "$A" va
	check_counted early 10
	must ip -n "$B" link set dev vb down
	xdp_detach "$B" vb
	bring_up "$B" vb
	wait_for_up "$A" va
	send_frames "$A" va 60 10
	busywait 5000 statistic_is "$B" vb rx_packets 20
	check_equal "$(statistic "$B" vb rx_packets)" 20 "received"
	check_equal "$(xdp_counters early packets)" 10 "seen by the program"
	log_test "attached and detached while down"
}

outlives()
{
	make_silent_pair A B
	new_program tough
	xdp_attach "$B" vb program_tough
	must ip -n "$B" link set dev vb down
	bring_up "$B" vb
	wait_for_up "$A" va
	check_counted tough 10
	log_test "outlives down and up"

	must ip -n "$B" link set dev vb netns "$A"
	must ip -n "$A" link set dev vb netns "$B"
	bring_up_silently "$B" vb
	wait_for_up "$A" va
	check_counted tough 20
	log_test "outlives a move to another namespace"

	must ip -n "$A" link set dev va down
	bring_up "$A" va
	wait_for_up "$A" va
	check_counted tough 30
	log_test "outlives what happens to the other end"
}

# Either end, or its namespace; the programs stay, for they are pinned.
deleted()
{
	local how

	for how in "link del dev va" "link del dev vb" netns; do
		make_silent_pair A B
		xdp_attach "$A" va pass
		xdp_attach "$B" vb pass
		send_frames "$A" va 60 10
		case $how in
		*va) must ip -n "$A" link del dev va ;;
		*vb) must ip -n "$B" link del dev vb ;;
		netns) must ip netns del "$B" ;;
		esac
		slowwait 10 not link_exists "$A" va
		check_err $? "va is still there"
		log_test "deleted with programs on both ends: $how"
	done
}

under_load()
{
	local sender accepted refused lost received

	make_silent_pair A B
	"$MYVETH_PROGRAMS/frames" send "$A" va 60 6000 >"$SCRATCH/sent" &
	sender=$!
	defer stop "$sender"
	slowwait 10 is_busy "$B" vb
	check_err $? "nothing is received"
	for _ in 1 2 3 4; do
		xdp_attach "$B" vb pass
		xdp_attach "$A" va pass
		must ip -n "$B" -force link set dev vb xdpdrv pinned \
			"$BPFFS/frags"
		xdp_detach "$B" vb
		xdp_detach "$A" va
	done
	wait "$sender"
	read -r _ accepted _ refused _ <"$SCRATCH/sent"
	check_equal $((accepted + refused)) 6000 "sent"
	if differs loss-counters; then
		lost=$(ethtool_counter "$A" va tx_lost_ring_off)
		received=$((accepted - lost))
		slowwait 10 statistic_is "$B" vb rx_packets "$received"
		check_equal "$(statistic "$B" vb rx_packets)" "$received" \
			"received"
	fi
	send_frames "$A" va 60 10
	log_test "attached, replaced and detached under load"
}

mount_bpffs
xdp_load pass pass
xdp_load frags pass frags
xdp_load for_devmap pass for=devmap
tests_run
exit $EXIT_STATUS
