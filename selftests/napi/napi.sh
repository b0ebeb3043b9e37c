#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The NAPI of an end is like any other: it runs in a thread if it is told to,
# its polls can be put off, a socket can poll by itself, and the kernel shows
# which queue it serves. In every mode that needs NAPI:
#
#	A: va, 192.0.2.1 ---> [ ring ] ---> vb, 192.0.2.2 :B	GRO or XDP

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	by_gro
	by_xdp
	by_gro_in_a_thread
	by_xdp_in_a_thread
	threads_come_and_go
	queue_is_linked
	settings_survive
	xdp_socket_polls
"

require_command ethtool
require_program busy_poll
require_program frames
require_program netdev_queues
require_program xdp_program
require_program xdp_socket

# Neighbours are known, so that nothing is sent but what a case sends.
make_quiet_pair()
{
	make_silent_pair A B
	must ip -n "$A" addr add 192.0.2.1/24 dev va
	must ip -n "$B" addr add 192.0.2.2/24 dev vb
	must ip -n "$A" neigh replace 192.0.2.2 dev va \
		lladdr "$(mac_of "$B" vb)" nud permanent
}

switch_napi_on()
{
	case $1 in
	gro)
		set_offload "$A" va tso off
		set_offload "$B" vb gro on
		;;
	xdp) xdp_attach "$B" vb pass ;;
	esac
}

set_threaded()
{
	must ip netns exec "$B" sh -c "echo $1 >/sys/class/net/vb/threaded"
}

# What waits arrives when the time has come, though nobody sends any more.
check_delayed()
{
	delay_polls "$B" vb 1000000000
	receive_frames "$B" vb 50
	send_frames "$A" va 60 50
	check_equal "$(numbers_received)" 0-49 "numbers of the frames received"
}

# check_mode GRO_OR_XDP [WORDS]
check_mode()
{
	local said

	check_delayed
	log_test "polls that are put off come, $*"

	delay_polls "$B" vb 0
	send_frames "$A" va 60 5
	slowwait 10 napi_is_idle
	delay_polls "$B" vb
	said=$("$MYVETH_PROGRAMS/busy_poll" "$A" "$B" 192.0.2.2 2>&1)
	check_match "$said" '^napi [1-9][0-9]+ waiting no polling yes$' \
		"a socket that polls"
	log_test "a socket polls by itself, $*"
}

# The last delay may still run.
napi_is_idle()
{
	local before

	before=$(statistic "$B" vb rx_packets)
	send_frames "$A" va 60 1
	busywait 200 statistic_is "$B" vb rx_packets $((before + 1))
}

by_gro()
{
	make_quiet_pair
	switch_napi_on gro
	check_mode gro
}

by_xdp()
{
	make_quiet_pair
	switch_napi_on xdp
	check_mode xdp
}

by_gro_in_a_thread()
{
	make_quiet_pair
	trace_polls
	switch_napi_on gro
	set_threaded 1
	check_polls 1 thread
	check_mode gro "in a thread"
}

by_xdp_in_a_thread()
{
	make_quiet_pair
	trace_polls
	switch_napi_on xdp
	set_threaded 1
	check_polls 1 thread
	check_mode xdp "in a thread"
}

# --- threads -------------------------------------------------------------

# What the kernel calls them: napi/vb-8200.
threads()
{
	pgrep -c '^napi/vb-'
}

trace_polls()
{
	make_trace
	echo 1 >"$TRACE/events/napi/napi_poll/enable"
	defer eval "echo 0 >'$TRACE/events/napi/napi_poll/enable'"
}

# "thread", "softirq", both, or "nobody", since the trace was emptied.
who_has_polled()
{
	local who

	who=$(sed -nE 's/^ *([^ ]*) .* napi_poll: .* device vb .*/\1/p' \
		"$TRACE/trace" | sed 's/^napi.*/thread/; t; s/.*/softirq/' |
		sort -u | on_one_line)
	echo "${who:-nobody}"
}

# check_polls THREADS WHO: there are so many threads; frames arrive, and for them
# WHO polls.
check_polls()
{
	busywait 2000 threads_are "$1"
	check_equal "$(threads)" "$1" "threads"
	: >"$TRACE/trace"
	receive_frames "$B" vb 20
	send_frames "$A" va 60 20
	check_equal "$(numbers_received)" 0-19 "numbers of the frames received"
	check_equal "$(who_has_polled)" "$2" "who has polled"
}

threads_are()
{
	[ "$(threads)" = "$1" ]
}

# How many there are when nobody wants one any more. On older kernels a thread
# lives as long as its NAPI, with nothing to do.
threads_left()
{
	case $(uname -r) in
	6.1.*|6.12.*) echo 1 ;;
	*) echo 0 ;;
	esac
}

# The wish is the device's; the thread is the NAPI's.
threads_come_and_go()
{
	make_quiet_pair
	trace_polls
	switch_napi_on xdp
	check_polls 0 softirq
	set_threaded 1
	check_polls 1 thread
	log_test "switched on while NAPI is on"

	xdp_detach "$B" vb
	check_polls 0 nobody
	xdp_attach "$B" vb pass
	check_polls 1 thread
	must ip -n "$B" link set dev vb down
	bring_up "$B" vb
	wait_for_up "$A" va
	check_polls 1 thread
	log_test "kept while NAPI comes and goes"

	set_threaded 0
	check_polls "$(threads_left)" softirq
	xdp_detach "$B" vb
	xdp_attach "$B" vb pass
	check_polls 0 softirq
	log_test "switched off while NAPI is on"
}

# --- what serves a queue -------------------------------------------------

napis_of_vb()
{
	"$MYVETH_PROGRAMS/netdev_queues" napis "$B" vb 2>&1
}

# Linux 6.1 cannot show it.
queue_is_linked()
{
	local said

	make_quiet_pair
	if [[ $(uname -r) == 6.1.* ]]; then
		napis_of_vb >/dev/null
		check_fail $? "this kernel shows a NAPI"
		log_test "this kernel does not show what serves a queue"
		return
	fi
	check_equal "$(napis_of_vb)" "" "NAPI of a queue without any"
	switch_napi_on xdp
	delay_polls "$B" vb
	said=$("$MYVETH_PROGRAMS/busy_poll" "$A" "$B" 192.0.2.2 2>&1)
	if differs queue-napi; then
		check_match "$(napis_of_vb)" '^rx 0 [1-9][0-9]+$' "NAPI"
		check_match "$said" "^napi $(napis_of_vb | cut -d ' ' -f 3) " \
			"NAPI that a socket knows"
	else
		check_equal "$(napis_of_vb)" "" "NAPI"
	fi
	xdp_detach "$B" vb
	check_equal "$(napis_of_vb)" "" "NAPI when it is off again"
	log_test "the NAPI of a queue"
}

# --- what is set for a NAPI ----------------------------------------------

settings()
{
	"$MYVETH_PROGRAMS/netdev_queues" settings "$B" vb | sort
}

# set_napis IRQS FLUSH SUSPEND
set_napis()
{
	"$MYVETH_PROGRAMS/netdev_queues" set "$B" vb "$@"
}

# check_kept COUNT FUNCTION: of the two NAPIs so many keep their number and all
# that is set for them while FUNCTION runs. The core resets the others, but for
# irq-suspend-timeout.
check_kept()
{
	local before after all="irqs 5 gro-flush-timeout 20000 irq-susp.* 30000$"
	local none="irqs 0 gro-flush-timeout 0 "

	must set_napis 5 20000 30000
	before=$(settings)
	check_equal "$(grep -c "$all" <<<"$before")" 2 "NAPIs with settings"
	"$2"
	after=$(settings)
	check_equal "$(comm -12 <(echo "$before") <(echo "$after") | wc -l)" \
		"$1" "NAPIs as before: '$before' and '$after'"
	check_equal "$(grep -c "$none" <<<"$after")" $((2 - $1)) \
		"NAPIs without settings: '$after'"
}

down_and_up()
{
	must ip -n "$B" link set dev vb down
	bring_up_silently "$B" vb
}

gro_off_and_on()
{
	set_offload "$B" vb gro off
	check_equal "$(settings)" "" "NAPIs without GRO"
	set_offload "$B" vb gro on
}

gro_gives_way_to_xdp()
{
	set_offload "$B" vb gro off
	xdp_attach "$B" vb pass
}

program_off_and_on()
{
	xdp_detach "$B" vb
	xdp_attach "$B" vb pass
}

fewer_queues_and_more()
{
	must ip netns exec "$B" ethtool -L vb rx 1
	check_equal "$(settings | wc -l)" 1 "NAPIs of one queue"
	must ip netns exec "$B" ethtool -L vb rx 2
}

rings_of_another_size()
{
	must ip netns exec "$B" ethtool -G vb rx 512
}

# Before 6.13 they are the device's only.
settings_survive()
{
	local kept=0 of_two=1

	make_two_queues A B
	switch_napi_on gro
	if [[ $(uname -r) =~ ^6\.(1|12)\. ]]; then
		set_napis 5 20000 30000 2>/dev/null
		check_fail $? "this kernel has settings of a NAPI"
		log_test "this kernel keeps no settings of a NAPI"
		return
	fi
	if differs napi-settings; then
		kept=2 of_two=2
	fi
	check_kept "$kept" down_and_up
	log_test "settings of a NAPI, down and up"
	check_kept "$of_two" fewer_queues_and_more
	log_test "settings of a NAPI, fewer queues and more"
	check_kept "$kept" gro_off_and_on
	check_kept "$kept" gro_gives_way_to_xdp
	check_kept "$kept" program_off_and_on
	log_test "settings of a NAPI, GRO and XDP on and off"
	differs ring-size || return
	check_kept 2 rings_of_another_size
	log_test "settings of a NAPI, rings of another size"
}

# --- sockets of XDP ------------------------------------------------------

# They know the NAPI since they were bound, before 6.13 since the first frame.
xdp_socket_polls()
{
	local said

	make_quiet_pair
	must "$MYVETH_PROGRAMS/xdp_program" map xskmap "$BPFFS/sockets"
	defer rm "$BPFFS/sockets"
	xdp_load to_socket queue="$BPFFS/sockets"
	defer rm "$BPFFS/to_socket"
	xdp_attach "$B" vb to_socket
	delay_polls "$B" vb
	said=$("$MYVETH_PROGRAMS/xdp_socket" "$A" va "$B" vb "$BPFFS/sockets" \
		2>&1)
	if differs xdp-socket-napi; then
		check_match "$said" \
			'^napi [1-9][0-9]+ waiting no polling yes$' "a socket"
	else
		check_equal "$said" "napi 0 waiting no polling no" "a socket"
	fi
	if differs queue-napi && [[ $(uname -r) != 6.1.* ]]; then
		check_match "$said" "^napi $(napis_of_vb | cut -d ' ' -f 3) " \
			"NAPI that a socket knows"
	fi
	log_test "a socket of XDP polls by itself"
}

mount_bpffs
xdp_load pass pass
tests_run
exit $EXIT_STATUS
