#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Whatever a user can do to a pair while packets are on their way over it, at
# random, all at once and again and again, for $STRESS_SECONDS (default 10;
# `make stress` asks for more):
#
#	+------- A -------+           +------- B -------+
#	|  a1 ============|==traffic==|============ b1  |
#	|  a2 ============|==traffic==|============ b2  |
#	+-----------------+           +-----------------+
#	    |          +------- C -------+         |
#	    +--------->| moved and back  |<--------+
#
# Queues, ring sizes, GRO, NAPI, XDP programs and queueing disciplines come and
# go, ends go down and up, to another namespace and back, and a pair is deleted
# and made again. Every $ROUND seconds the storm stops, and then packets must
# get through whatever it has left: a queue that nobody wakes stays stopped.
#
# What is done when depends on $SEED, and on who is faster. See
# link/stress_life.sh for what happens at creation and deletion.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	storm
	every_mode_works
	deletion
"

require_command ethtool
require_command jq
require_program stream
require_program traffic
require_program xdp_program

STRESS_SECONDS=${STRESS_SECONDS:-10}
ROUND=20
SEED=${SEED:-$RANDOM}
WORKERS=4
ENDS=(a1 b1 a2 b2)

# --- the pairs -----------------------------------------------------------

home_of()
{
	[ "${1:0:1}" = a ] && echo "$A" || echo "$B"
}

other_end()
{
	tr ab ba <<<"$1"
}

address_of()
{
	case $1 in
	a*) echo "198.18.${1:1}.1" ;;
	b*) echo "198.18.${1:1}.2" ;;
	esac
}

in_home_of()
{
	ip netns exec "$(home_of "$1")" "${@:2}"
}

# Words for ip(8): the address does not survive a move, nor "up" anything.
settling_words()
{
	echo "addr replace $(address_of "$1")/24 dev $1"
	echo "link set dev $1 up"
}

settle()
{
	settling_words "$1" | ip -n "$(home_of "$1")" -force -batch -
}

# Its program leads here, for whoever wants to redirect something.
load_redirection()
{
	local index

	index=$(link_get "$(home_of "$1")" "$1" .ifindex)
	rm -f "$BPFFS/to_$1"
	"$MYVETH_PROGRAMS/xdp_program" load "$BPFFS/to_$1" "redirect=$index"
}

make_numbered_pair()
{
	local queues=(numtxqueues 2 numrxqueues 2)

	ip -n "$A" link add name "a$1" "${queues[@]}" type "$KIND" \
		peer name "b$1" netns "$B" "${queues[@]}" || return
	settle "a$1"
	settle "b$1"
	load_redirection "a$1"
	load_redirection "b$1"
}

load_programs()
{
	mount_bpffs
	must "$MYVETH_PROGRAMS/xdp_program" load "$BPFFS/pass" pass
	must "$MYVETH_PROGRAMS/xdp_program" load "$BPFFS/pass_frags" pass frags
	must "$MYVETH_PROGRAMS/xdp_program" load "$BPFFS/grow" \
		pass head=-32 frags
	must "$MYVETH_PROGRAMS/xdp_program" load "$BPFFS/drop" drop
	must "$MYVETH_PROGRAMS/xdp_program" load "$BPFFS/tx" tx
}

# --- what is done to them ------------------------------------------------

# Each is called with the name of an end, which may be gone or somewhere else,
# and fails when it was refused.

# choose WORD...: one of them, in $CHOSEN. In no process of its own, which would
# throw the same dice each time.
choose()
{
	CHOSEN=${*:1 + RANDOM % $#:1}
}

set_channels()
{
	choose "rx 1 tx 1" "rx 2 tx 1" "rx 1 tx 2" "rx 2 tx 2"
	# shellcheck disable=SC2086 # several words
	in_home_of "$1" ethtool -L "$1" $CHOSEN
}

set_ring()
{
	choose 64 77 256 1024 32768
	in_home_of "$1" ethtool -G "$1" rx "$CHOSEN"
}

set_gro()
{
	choose on off
	in_home_of "$1" ethtool -K "$1" gro "$CHOSEN"
}

# With it, much takes no way through the ring even if GRO is on.
set_tso()
{
	choose on off
	in_home_of "$1" ethtool -K "$1" tso "$CHOSEN"
}

set_rx_napi()
{
	choose on off
	in_home_of "$1" ethtool --set-priv-flags "$1" rx-napi "$CHOSEN"
}

# One replaces the other.
attach_xdp()
{
	local neighbour=${1:0:1}$((3 - ${1:1}))

	choose pass pass pass_frags grow drop tx "to_$neighbour"
	ip -n "$(home_of "$1")" -force link set dev "$1" \
		xdpdrv pinned "$BPFFS/$CHOSEN"
}

detach_xdp()
{
	ip -n "$(home_of "$1")" link set dev "$1" xdpdrv off
}

go_down_and_up()
{
	ip -n "$(home_of "$1")" -batch - <<-END
		link set dev $1 down
		link set dev $1 up
	END
}

move_and_return()
{
	ip -n "$(home_of "$1")" link set dev "$1" netns "$C" || return
	ip -n "$C" -force -batch - <<-END
		link set dev $1 up
		link set dev $1 netns $(home_of "$1")
	END
	settle "$1"
}

set_qdisc()
{
	choose pfifo "pfifo limit 10" fq_codel mq noqueue
	# shellcheck disable=SC2086 # several words
	tc -n "$(home_of "$1")" qdisc replace dev "$1" root $CHOSEN
}

set_mtu()
{
	choose 1280 1500 3000 9000
	ip -n "$(home_of "$1")" link set dev "$1" mtu "$CHOSEN"
}

# set_attribute DEV NAME VALUE: in sysfs
set_attribute()
{
	# shellcheck disable=SC2016 # the inner shell expands it
	in_home_of "$1" sh -c 'echo "$2" >"/sys/class/net/$0/$1"' "$@"
}

# Only a device that has NAPI can do it.
set_threaded()
{
	in_home_of "$1" ethtool -K "$1" gro on
	choose 0 1
	set_attribute "$1" threaded "$CHOSEN"
}

set_gro_timeout()
{
	choose 0 20000
	set_attribute "$1" napi_defer_hard_irqs 2
	set_attribute "$1" gro_flush_timeout "$CHOSEN"
}

look_at()
{
	ip -n "$(home_of "$1")" -s -s -d link show dev "$1"
	in_home_of "$1" ethtool -S "$1" && in_home_of "$1" ethtool -l "$1"
}

delete_and_remake()
{
	ip -n "$(home_of "$1")" link del dev "$1" || return
	make_numbered_pair "${1:1}"
}

OPERATIONS=(
	set_channels
	set_gro
	set_tso
	attach_xdp
	detach_xdp
	go_down_and_up
	move_and_return
	set_qdisc
	set_mtu
	set_threaded
	set_gro_timeout
	look_at
	delete_and_remake
)
! differs ring-size || OPERATIONS+=(set_ring)
! differs rx-napi || OPERATIONS+=(set_rx_napi)


# --- the storm -----------------------------------------------------------

# do_to_any_end OPERATION: what was granted is written down.
do_to_any_end()
{
	choose "${ENDS[@]}"
	"$1" "$CHOSEN" >/dev/null && echo "$1"
}

# do_at_last OPERATION: somebody else may be in the way for a while.
do_at_last()
{
	local _

	for _ in {1..20}; do
		do_to_any_end "$1" && return
	done
}

# work NUMBER: first a share of all that there is, so that nothing is left out
# on a slow machine; then whatever the dice say.
work()
{
	local number

	RANDOM=$((SEED + WORKERS * ROUNDS + $1))
	for ((number = $1; number < ${#OPERATIONS[@]}; number += WORKERS)); do
		do_at_last "${OPERATIONS[number]}"
	done
	while [ -e "$SCRATCH/go_on" ]; do
		choose "${OPERATIONS[@]}"
		do_to_any_end "$CHOSEN"
	done
} >>"$SCRATCH/done.$1" 2>/dev/null

# send_traffic END PROTOCOL: what comes out at the other end is written down, for
# a storm in a vacuum would prove nothing. The traffic gets what the changes leave
# of the processors. Never returns, to be the process that gets the signal.
send_traffic()
{
	local to

	to=$(other_end "$1")
	exec nice -n 19 "$MYVETH_PROGRAMS/traffic" "$(home_of "$1")" \
		"$(home_of "$to")" "$(address_of "$to")" "$2" \
		>>"$SCRATCH/received.$2.$1"
}

# ping gives up when there is no way to the other end.
keep_pinging()
{
	local to

	to=$(address_of "$(other_end "$1")")
	while [ -e "$SCRATCH/traffic" ]; do
		in_home_of "$1" nice -n 19 ping -q -f -i 0 -w 1 "$to" ||
			sleep 0.1
	done >/dev/null 2>&1
}

# The counters of all devices: "ADDRESS.NAME VALUE". A device that comes back from
# another namespace may have an index that was another's.
read_counters()
{
	local ns

	for ns in "$A" "$B"; do
		ip -n "$ns" -j -s link show type "$KIND" | jq -r '
			.[] | select(.stats64) | .address as $dev |
			.stats64 | to_entries[] | .key as $way |
			.value | to_entries[] |
			"\($dev).\($way)_\(.key) \(.value)"'
	done
}

watch_counters()
{
	while [ -e "$SCRATCH/traffic" ]; do
		read_counters
		sleep 0.2
	done 2>/dev/null | awk '
		$2 < last[$1] { print $1, "from", last[$1], "to", $2 }
		{ last[$1] = $2 }
		END { if (!NR) print "no counter was read" }
		' >>"$SCRATCH/backwards"
}

start_traffic()
{
	local end

	touch "$SCRATCH/traffic"
	for end in "${ENDS[@]}"; do
		send_traffic "$end" udp &
		SENDERS+=($!)
		keep_pinging "$end" &
		PINGERS+=($!)
	done
	send_traffic a1 tcp &
	SENDERS+=($!)
	send_traffic b2 tcp &
	SENDERS+=($!)
	watch_counters &
	PINGERS+=($!)
}

stop_traffic()
{
	rm -f "$SCRATCH/traffic"
	kill "${SENDERS[@]}"
	wait "${SENDERS[@]}" "${PINGERS[@]}"
}

# one_round SECONDS
one_round()
{
	local SENDERS=() PINGERS=() workers=() number

	start_traffic
	touch "$SCRATCH/go_on"
	for ((number = 0; number < WORKERS; number++)); do
		work "$number" &
		workers+=($!)
	done
	sleep "$1"
	rm "$SCRATCH/go_on"
	wait "${workers[@]}"
	stop_traffic
}

has_program()
{
	[ "$(link_get "$(home_of "$1")" "$1" .xdp)" != null ]
}

# What a user would mend. A program is replaced, not detached, and "up" does
# nothing to a device that is up: nobody shall wake a queue by accident. The peer's
# MTU may be too large for a program without frags.
mend()
{
	local ns

	ns=$(home_of "$1")
	link_exists "$ns" "$1" || make_numbered_pair "${1:1}"
	# What XDP_TX has filled veth's ring with waits there for ever.
	differs xdp-tx-wakeup || go_down_and_up "$1"
	settle "$1"
	must tc -n "$ns" qdisc replace dev "$1" root pfifo limit 1000
	! has_program "$1" || must ip -n "$ns" -force link set dev "$1" \
		xdpdrv pinned "$BPFFS/pass_frags"
}

ping_works()
{
	in_home_of "$1" ping -q -c 1 -W 1 \
		"$(address_of "$(other_end "$1")")" >/dev/null
}

# check_stream END COUNT: so many datagrams to the other end.
check_stream()
{
	local to said

	to=$(other_end "$1")
	said=$("$MYVETH_PROGRAMS/stream" "$(home_of "$1")" "$(home_of "$to")" \
		"$(address_of "$to")" udp $(($2 * 64)) size=64 2>&1)
	check_equal "$said" "received $(($2 * 64))" "from $1 to $to"
}

state_of()
{
	ip -n "$(home_of "$1")" -d link show dev "$1" | on_one_line
	tc -n "$(home_of "$1")" -s qdisc show dev "$1" | on_one_line
	in_home_of "$1" ethtool -S "$1" | grep -v ': 0$' | on_one_line
}

# Through whatever the storm has left. Several streams, for there are several
# queues.
check_calm()
{
	local end _

	for end in "${ENDS[@]}"; do
		mend "$end"
	done
	for end in "${ENDS[@]}"; do
		slowwait 10 ping_works "$end"
		check_err $? "nothing gets through from $end: $(state_of "$end")"
		for _ in {1..4}; do
			check_stream "$end" 64
		done
	done
}

check_all_was_done()
{
	sort "$SCRATCH"/done.* | uniq -c | awk '{ print $2 }' >"$SCRATCH/done"
	log_info "done: $(sort "$SCRATCH"/done.* | uniq -c | on_one_line)"
	check_equal "$(cat "$SCRATCH/done")" \
		"$(printf '%s\n' "${OPERATIONS[@]}" | sort)" \
		"operations that were granted"
	cat "$SCRATCH"/received.udp.* | grep -q '[1-9]'
	check_err $? "no datagram was received"
	cat "$SCRATCH"/received.tcp.* | grep -q '[1-9]'
	check_err $? "nothing was received by TCP"
	log_info "datagrams received:" \
		"$(cat "$SCRATCH"/received.udp.* | on_one_line)"
	log_info "kilobytes of TCP:" \
		"$(cat "$SCRATCH"/received.tcp.* | on_one_line)"
}

storm()
{
	local end left=$STRESS_SECONDS

	log_info "SEED=$SEED"
	make_numbered_pair 1
	make_numbered_pair 2
	ROUNDS=0
	end=$((SECONDS + STRESS_SECONDS))
	while ((left > 0)); do
		one_round $((left < ROUND ? left : ROUND))
		ROUNDS=$((ROUNDS + 1))
		check_calm
		left=$((end - SECONDS))
	done
	log_test "packets get through when the storm is over" "$ROUNDS times"

	check_all_was_done
	log_test "everything was done under way" "$STRESS_SECONDS s"

	check_equal "$(cat "$SCRATCH/backwards" 2>&1)" "" "counters"
	log_test "no counter has gone backwards"
}

# --- afterwards ----------------------------------------------------------

# As it was made; what the kind does not know was not changed either.
reset_end()
{
	local ns

	ns=$(home_of "$1")
	ip -n "$ns" link set dev "$1" xdpdrv off
	must ip -n "$ns" link set dev "$1" mtu 1500
	in_home_of "$1" ethtool --set-priv-flags "$1" rx-napi off
	in_home_of "$1" ethtool -K "$1" gro off tso off
	in_home_of "$1" ethtool -G "$1" rx 256
	must in_home_of "$1" ethtool -L "$1" rx 2 tx 2
	set_attribute "$1" threaded 0
	set_attribute "$1" gro_flush_timeout 0
} >/dev/null 2>&1

counter_of()
{
	link_get "$(home_of "$1")" "$1" ".stats64.$2"
}

# What END has sent and the other end has not received, as they count it.
packets_missing()
{
	echo $(($(counter_of "$1" tx.packets) -
		$(counter_of "$(other_end "$1")" rx.packets)))
}

packets_missing_are()
{
	[ "$(packets_missing "$1")" = "$2" ]
}

# In $MISSING, as soon as no packet is under way.
remember_missing()
{
	MISSING=$(packets_missing "$1")
	packets_missing_are "$1" "$MISSING"
}

# What the rings of the other end have carried.
carried_from()
{
	local to

	to=$(other_end "$1")
	ring_packets "$(home_of "$to")" "$to"
}

# has_carried END LEAST MOST: so much in all of what END has sent.
has_carried()
{
	local carried

	carried=$(carried_from "$1")
	((carried >= $2 && carried <= $3))
}

# check_way WAY END CARRIED: a thousand datagrams came by the rings of the other
# end, which had carried so many, and beside them what IP says by itself; or by
# the backlog.
check_way()
{
	case $1 in
	rings) busywait 5000 has_carried "$2" $(($3 + 1000)) $(($3 + 1500)) ;;
	backlog) has_carried "$2" "$3" "$3" ;;
	esac
	check_err $? "from $2, $(carried_from "$2") by the rings, were $3"
}

# try_mode NAME WAY COMMAND...: that of each end, whose name is appended; and by
# which way the packets have to come then.
try_mode()
{
	local end carried

	for end in "${ENDS[@]}"; do
		reset_end "$end"
		"${@:3}" "$end" >/dev/null
		check_err $? "$end refuses"
	done
	for end in "${ENDS[@]}"; do
		slowwait 5 remember_missing "$end"
		carried=$(carried_from "$end")
		check_stream "$end" 1000
		slowwait 5 packets_missing_are "$end" "$MISSING"
		check_err $? "$end and its peer count differently"
		check_way "$2" "$end" "$carried"
	done
	log_test "packets get through and are counted" "$1"
}

gro_on()
{
	in_home_of "$1" ethtool -K "$1" gro on
}

rx_napi_on()
{
	in_home_of "$1" ethtool --set-priv-flags "$1" rx-napi on
}

program_on()
{
	ip -n "$(home_of "$1")" link set dev "$1" xdpdrv pinned "$BPFFS/pass"
}

every_mode_works()
{
	local end

	for end in "${ENDS[@]}"; do
		mend "$end"
	done
	try_mode "backlog" backlog true
	try_mode "GRO" rings gro_on
	try_mode "XDP" rings program_on
	if differs rx-napi; then
		try_mode "rx-napi, which is for XDP frames" backlog rx_napi_on
	fi
	try_mode "backlog again" backlog true
}

deletion()
{
	ip -n "$A" link del dev a1
	ip -n "$B" link del dev b2
	check_equal "$(all_devices "$KIND")" "" "devices"
	log_test "deleted from either end"
}

setup_ns A B C
load_programs
tests_run
exit $EXIT_STATUS
