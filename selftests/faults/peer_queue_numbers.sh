#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# How many queues an end has is what was said of this end.
#
#	ip link add name va type KIND peer name vb numtxqueues 2 numrxqueues 2
#	ip link add name va numtxqueues 2 numrxqueues 2 type KIND peer name vb
#
# veth looks at what was said of va when it makes vb: in the first case one
# queue, in the second one for each CPU. All the combinations are in
# link/create_queues.sh.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="asked_of_the_peer asked_of_the_first"
TWO="numtxqueues 2 numrxqueues 2"

require_command jq

# queues DEV: "transmit/receive", of those in use.
queues()
{
	# shellcheck disable=SC2016 # the inner shell's
	ip netns exec "$NS" sh -c 'cd "/sys/class/net/$1/queues" &&
		echo "$(ls -d tx-* | wc -l)/$(ls -d rx-* | wc -l)"' sh "$1"
}

asked_of_the_peer()
{
	local peers=2/2

	differs peer-queues || peers=1/1
	setup_ns NS
	# shellcheck disable=SC2086 # words they are
	make_pair "$NS" va vb -- $TWO
	check_equal "$(queues va)" 1/1 "queues of va"
	check_equal "$(queues vb)" "$peers" "queues of vb"
	log_test "two queues for the peer"
}

asked_of_the_first()
{
	local peers=1/1 room

	setup_ns NS
	# shellcheck disable=SC2086 # words they are
	make_pair "$NS" va vb $TWO
	room=$(link_get "$NS" vb .num_tx_queues)
	differs peer-queues || peers=$room/$room
	check_equal "$(queues va)" 2/2 "queues of va"
	check_equal "$(queues vb)" "$peers" "queues of vb"
	[ "$room" -gt 1 ]
	check_err $? "with one CPU nothing can be seen"
	log_test "two queues for the first end"
}

tests_run
exit $EXIT_STATUS
