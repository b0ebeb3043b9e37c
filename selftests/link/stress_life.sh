#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# All that can happen in a pair's life, at once and all over again, for
# $STRESS_SECONDS (default 10): pairs are made, moved, renamed and deleted from
# either end or with a namespace, while others look at them and a flood goes
# over a pair whose ends go up and down and along a tracepoint that is switched
# on and off.
#
#	   namespace LEFT                namespace RIGHT
#	+-------------------+         +-------------------+
#	|  va === flood ====|=========|=== vb, up, down   |
#	|  made, moved -----|-------> |  renamed, deleted |
#	+-------------------+         +-------------------+
#	  readers: ip -s, ethtool -S, /proc/net/dev, sysfs
#
# In the end nothing is left, and the kernel has nothing to complain about.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	stress
"

require_command ping
require_command ethtool
require_command jq

STRESS_SECONDS=${STRESS_SECONDS:-10}

# --- the workers ---------------------------------------------------------

# Each is a function that is called again and again. Most of them print words
# for ip, which gets them all at once: a process for each would take most of
# the time. Much of what they ask for is refused, because somebody else was
# faster; that is what they are there for.

# batch NS [OPTION...]: words of ip, a request in each line of stdin. Fails when
# none of them was granted, or read: then ip fails, but names no request.
batch()
{
	local requests errors failed refused

	requests=$(cat)
	errors=$(ip -n "$1" "${@:2}" -force -batch - <<<"$requests" \
		2>&1 >/dev/null)
	failed=$?
	refused=$(grep -c "^Command failed" <<<"$errors")
	((refused > 0 || !failed)) &&
		[ "$refused" -lt "$(wc -l <<<"$requests")" ]
}

# Before 6.2 a device that is up cannot be renamed.
make_and_delete()
{
	local n

	for n in {1..20}; do
		echo "link add name m$n type $KIND" \
			"peer name n$n netns $RIGHT"
		echo "link set dev m$n name c$n up"
		echo "link del dev c$n"
	done | batch "$LEFT"
}

make_and_leave()
{
	local n

	for n in {1..20}; do
		echo "link add name a$n up type $KIND" \
			"peer name b$n netns $RIGHT"
		echo "link add name e$n type $KIND peer name f$n"
		echo "link set dev f$n netns $RIGHT up"
	done | batch "$LEFT"
}

rename_move_and_delete()
{
	local n

	for n in {1..20}; do
		echo "link set dev b$n up"
		echo "link set dev b$n name d$n"
		echo "link set dev d$n netns $LEFT"
		echo "link del dev b$n"
		echo "link del dev f$n"
	done | batch "$RIGHT"
}

move_back_and_delete()
{
	local n

	for n in {1..20}; do
		echo "link set dev d$n up netns $RIGHT"
		echo "link set dev a$n up mtu 1400"
		echo "link del dev d$n"
		echo "link del dev a$n"
	done | batch "$LEFT"
}

make_and_drop_namespace()
{
	local n

	for n in {1..5}; do
		echo "netns add $LEFT-$n"
		echo "link add name va netns $LEFT-$n type $KIND" \
			"peer name vb netns $LEFT-$n"
		echo "link add name vc netns $LEFT-$n up type $KIND" \
			"peer name g$n netns $RIGHT"
		echo "netns del $LEFT-$n"
	done | batch "$LEFT"
}

go_up_and_down()
{
	local n

	for n in {1..20}; do
		echo "link set dev vb down"
		echo "link set dev vb up"
		echo "link set dev vb mtu $((1400 + n))"
	done | batch "$RIGHT"
}

read_by_netlink()
{
	local n

	for n in {1..20}; do
		echo "link show type $KIND"
		echo "link show dev a$n"
	done | batch "$LEFT" -s -s -d
}

read_files()
{
	ip netns exec "$LEFT" grep -r . /sys/class/net/va/ \
		/sys/class/net/a1/ /sys/class/net/a2/
	ip netns exec "$RIGHT" cat /proc/net/dev{,,,,}
}

read_by_ethtool()
{
	ip netns exec "$LEFT" ethtool -S a1
	ip netns exec "$LEFT" ethtool a2
	ip netns exec "$LEFT" ethtool -S va
}

flood_for_a_second()
{
	ip netns exec "$LEFT" ping -q -f -i 0 -w 1 192.0.2.2
}

# A pair is deleted while packets are on their way over it.
flood_what_is_deleted()
{
	batch "$LEFT" <<-END
		link add name h type $KIND peer name i netns $RIGHT
		addr add 198.51.100.1/24 dev h
		link set dev h up
	END
	batch "$RIGHT" <<-END
		addr add 198.51.100.2/24 dev i
		link set dev i up
	END
	ip netns exec "$LEFT" ping -q -f -i 0 -w 1 198.51.100.2 &
	sleep 0.5
	echo "link del dev i" | batch "$RIGHT" || return
	wait $! || :
}

# Each time the kernel rewrites its own code, on the packets' way.
switch_tracepoint()
{
	echo 1 >"$TRACE/events/net/netif_rx/enable"
	echo 0 >"$TRACE/events/net/netif_rx/enable"
}

WORKERS="
	make_and_delete
	make_and_leave
	rename_move_and_delete
	move_back_and_delete
	make_and_drop_namespace
	go_up_and_down
	read_by_netlink
	read_files
	read_by_ethtool
	flood_for_a_second
	flood_what_is_deleted
	switch_tracepoint
"

# They live on what others have made, and may come too late for all of it.
FOLLOWERS="
	rename_move_and_delete
	move_back_and_delete
"

# work WORKER: until the file is removed; to kill it would leave a process of
# its own behind. Rounds in which it did something are counted.
work()
{
	local rounds=0

	while [ -e "$WORK/go_on" ]; do
		"$1" >/dev/null 2>&1 && rounds=$((rounds + 1))
	done
	echo "$rounds" >"$WORK/$1"
}

# --- all of them ---------------------------------------------------------

start_workers()
{
	local worker

	touch "$WORK/go_on"
	for worker in $WORKERS; do
		work "$worker" &
		PIDS+=($!)
	done
}

stop_workers()
{
	rm -f "$WORK/go_on"
	wait "${PIDS[@]}"
	PIDS=()
}

names_in()
{
	ip -n "$1" -j link show type "$KIND" | jq -r '.[].ifname' | on_one_line
}

# delete_all_but NS DEV: pairs that were being made when it was over.
delete_all_but()
{
	local name

	for name in $(names_in "$1"); do
		[ "$name" = "$2" ] || echo "link del dev $name"
	done | batch "$1" 2>/dev/null
}

only_one_pair_is_left()
{
	[ "$(names_in "$LEFT") $(names_in "$RIGHT")" = "va vb" ]
}

check_work_was_done()
{
	local worker

	for worker in $WORKERS; do
		[[ $FOLLOWERS == *"$worker"* ]] ||
			check_fail "$(cat "$WORK/$worker")" "$worker did nothing"
		log_info "$worker: $(cat "$WORK/$worker") rounds"
	done
}

ping_works()
{
	ip netns exec "$LEFT" ping -q -c 1 -W 1 192.0.2.2 >/dev/null
}

stress()
{
	local PIDS=()

	make_talking_pair LEFT RIGHT
	make_trace
	WORK=$(mktemp -d) || abort "no temporary directory"
	defer rm -rf "$WORK"
	defer stop_workers

	start_workers
	sleep "$STRESS_SECONDS"
	stop_workers
	check_work_was_done
	log_test "all at once" "$STRESS_SECONDS s"

	delete_all_but "$LEFT" va
	delete_all_but "$RIGHT" vb
	cleanup_ns "$LEFT"-{1..5}
	slowwait 10 only_one_pair_is_left
	check_err $? "left: $(names_in "$LEFT") $(names_in "$RIGHT")"
	log_test "no other pair is left"

	bring_up "$RIGHT" vb
	slowwait 10 ping_works
	check_err $? "no answer"
	log_test "the pair that was there all the time still works"

	must ip -n "$LEFT" link del dev va
	check_equal "$(names_in "$RIGHT")" "" "devices"
	log_test "it can be deleted"
}

tests_run
exit $EXIT_STATUS
