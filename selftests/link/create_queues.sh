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
# not in use has no directory in /sys/class/net/*/queues, and never had one: see
# faults/no_queue_made_in_vain.sh.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	combinations
	twins
	many_queues
"

require_command jq

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

setup_ns NS
POSSIBLE_CPUS=$(possible_cpus)

tests_run
exit $EXIT_STATUS
