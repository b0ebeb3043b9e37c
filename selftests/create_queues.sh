#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# How many queues the ends have: one in each direction, or as many as asked for.
#
#	ip link add name va numtxqueues 3 type KIND peer name vb numrxqueues 2
#
#	      va  tx-0 tx-1 tx-2    rx-0
#	      vb  tx-0              rx-0 rx-1
#
# Room for one per possible CPU is reserved where nobody asked. A queue that is
# not in use has no directory in /sys/class/net/*/queues, and never had one.

. "$(dirname "$0")/lib.sh"

ALL_TESTS="
	combinations
	twins
	many_queues
	churn
	churn_with_queues
"

require_command jq
require_command busybox

# asked_for WHAT WORDS...: the number that comes after the word WHAT.
asked_for()
{
	local what=$1

	shift
	while [ $# -gt 0 ] && [ "$1" != "$what" ]; do
		shift
	done
	echo "$2"
}

# look_at_queues: all that are in use, and the room that there is.
look_at_queues()
{
	QUEUES=$(ip netns exec "$NS" sh -c 'ls -d /sys/class/net/*/queues/*')
	ROOM=$(ip -n "$NS" -j -d link show dev vb |
		jq -r '.[0] | "tx \(.num_tx_queues) rx \(.num_rx_queues)"')
}

# queues DEV DIRECTION: how many there were when last looked at.
queues()
{
	grep -c "/$1/queues/$2-" <<<"$QUEUES"
}

# The fault in veth: what was asked of the first end decides whether the peer
# uses all that it has room for, or one.
veths_peer_queues()
{
	local first=$1 peer=$2

	if [ -n "$first" ]; then
		echo "${peer:-$POSSIBLE_CPUS}"
	else
		echo 1
	fi
}

# peer_queues FIRST PEER: what vb has when these numbers were asked for.
peer_queues()
{
	if differs peer-queues; then
		echo "${2:-1}"
	else
		veths_peer_queues "$@"
	fi
}

# check_queues WORDS OF BOTH
check_queues()
{
	local way first peer room

	look_at_queues
	for way in tx rx; do
		# shellcheck disable=SC2086 # words they are
		first=$(asked_for num${way}queues $1)
		# shellcheck disable=SC2086 # words they are
		peer=$(asked_for num${way}queues $2)
		# shellcheck disable=SC2086 # words they are
		room=$(asked_for $way $ROOM)
		check_equal "$(queues va "$way")" "${first:-1}" "va's $way"
		check_equal "$(queues vb "$way")" \
			"$(peer_queues "$first" "$peer")" "vb's $way"
		check_equal "$room" "${peer:-$POSSIBLE_CPUS}" "vb's $way room"
	done
}

# combination WORDS_OF_VA WORDS_OF_VB
combination()
{
	# shellcheck disable=SC2086 # words they are
	make_pair "$NS" va vb $1 -- $2
	check_queues "$1" "$2"
	must ip -n "$NS" link del dev va
	log_test "va ${1:-as it is}, vb ${2:-as it is}"
}

combinations()
{
	local first peer

	for first in "" "numtxqueues 3" "numrxqueues 2" \
		     "numtxqueues 3 numrxqueues 2"; do
		for peer in "" "numtxqueues 5" "numrxqueues 4" \
			    "numtxqueues 5 numrxqueues 4"; do
			combination "$first" "$peer"
		done
	done
}

# Whoever says nothing of the peer gets two ends alike.
twin()
{
	# shellcheck disable=SC2086 # words they are
	must ip -n "$NS" link add name va $1 type "$KIND"
	must ip -n "$NS" link set dev "${KIND}0" name vb
	look_at_queues
	check_equal "$(queues va tx)/$(queues va rx)" "$2" "va's queues"
	check_equal "$(queues vb tx)/$(queues vb rx)" "$2" "vb's queues"
	must ip -n "$NS" link del dev va
	log_test "twins ${1:-as they are}"
}

twins()
{
	twin "" 1/1
	twin "numtxqueues 3" 3/1
	twin "numrxqueues 2" 1/2
	twin "numtxqueues 3 numrxqueues 2" 3/2
}

many_queues()
{
	local many="numtxqueues 100 numrxqueues 100"

	combination "$many" "$many"
}

# --- what is made and deleted again --------------------------------------

# Events of the namespace's own devices, a line each. A question is put to lo
# until the listener has answered: it hears all that comes then.
listen()
{
	# shellcheck disable=SC2016 # the listener sets them
	ip netns exec "$NS" busybox uevent \
		sh -c 'echo "$ACTION $DEVPATH"' >"$SCRATCH/events" &
	defer stop $!
	slowwait 10 listener_has_answered change
}

# listener_has_answered ACTION
listener_has_answered()
{
	ip netns exec "$NS" sh -c "echo $1 >/sys/class/net/lo/uevent"
	busywait 500 grep -q "^$1 .*/lo$" "$SCRATCH/events"
}

# heard_until ACTION: events come in order, so all are there when that one is.
heard_until()
{
	slowwait 10 listener_has_answered "$1" || abort "no uevents"
}

# count_events ACTION: of the queues.
count_events()
{
	grep -c "^$1 .*/queues/" "$SCRATCH/events"
}

# check_churn USED VETH'S WORDS...: a pair with so many queues on both ends
# together is made; veth makes so many.
check_churn()
{
	local used=$1 made=$1

	differs queue-churn || made=$2
	shift 2
	listen || abort "no uevents"
	must ip -n "$NS" link add name va "$@"
	heard_until move
	check_equal "$(count_events add)" "$made" "queues made"
	check_equal "$(count_events remove)" $((made - used)) "queues deleted"

	must ip -n "$NS" link del dev va
	heard_until offline
	check_equal "$(count_events add)" "$made" "queues made in the end"
	check_equal "$(count_events remove)" "$made" "queues deleted in the end"
}

churn()
{
	check_churn 4 $((4 * POSSIBLE_CPUS)) type "$KIND" peer name vb
	log_test "queues made and deleted"
}

# All the room is used on both ends, so veth has nothing to delete either.
churn_with_queues()
{
	check_churn 10 10 numtxqueues 3 numrxqueues 2 type "$KIND"
	log_test "queues made and deleted when their numbers are given"
}

setup_ns NS
make_pair "$NS" va vb
POSSIBLE_CPUS=$(link_get "$NS" vb .num_tx_queues)
must ip -n "$NS" link del dev va

tests_run
exit $EXIT_STATUS
