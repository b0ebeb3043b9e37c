#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A queue that is not in use has no directory in /sys/class/net/*/queues, and
# never had one.
#
#	ip link add name va type KIND peer name vb
#
# veth registers an end with a queue for each possible CPU in either direction,
# tells the world of each, and deletes all but one of them again.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	churn
	churn_with_queues
"

require_command busybox

# Events of the namespace's own devices, a line each. A question is put to lo
# until the listener has answered: it hears all that comes then.
listen_to_uevents()
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
	setup_ns NS
	listen_to_uevents || abort "no uevents"
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
	check_churn 4 $((4 * $(possible_cpus))) type "$KIND" peer name vb
	log_test "queues made and deleted"
}

# All the room is used on both ends, so veth has nothing to delete either.
churn_with_queues()
{
	check_churn 10 10 numtxqueues 3 numrxqueues 2 type "$KIND"
	log_test "queues made and deleted when their numbers are given"
}

tests_run
exit $EXIT_STATUS
