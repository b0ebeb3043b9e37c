#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A pair has no queue of its own: what is sent is delivered or lost at once. Who
# wants one attaches it, to either end, and the traffic goes through it.
#
#	192.0.2.1/24  va [qdisc] ====== vb  192.0.2.2/24

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	none_at_first
	attached
	attached_to_an_end_that_is_down
	limits
	ingress
"

require_command tc
require_command ping

# qdiscs NS DEV: their names, without their handles.
qdiscs()
{
	tc -n "$1" qdisc show dev "$2" | cut -d ' ' -f 2 | on_one_line
}

pings()
{
	ip netns exec "$NS" ping -q -c 5 -i 0.05 -W 5 192.0.2.2 >/dev/null
}

# packets_through NS DEV: what the root qdisc has sent.
packets_through()
{
	tc -n "$1" -s qdisc show dev "$2" root |
		sed -nE 's/.* bytes ([0-9]+) pkt .*/\1/p' | head -n 1
}

none_at_first()
{
	make_talking_pair NS OTHER
	check_equal "$(qdiscs "$NS" va)" noqueue "qdisc of va"
	check_equal "$(qdiscs "$OTHER" vb)" noqueue "qdisc of vb"
	log_test "noqueue by default"
}

# check_attached WORDS...: and taken away again.
check_attached()
{
	local packets

	if ! tc -n "$NS" qdisc replace dev va root "$@" 2>/dev/null; then
		log_test_skip "$*" "no qdisc $1"
		return
	fi
	check_match "$(qdiscs "$NS" va)" "^$1( |\$)" "qdisc"
	pings
	check_err $? "packets are lost"
	packets=$(packets_through "$NS" va)
	[ "${packets:-0}" -ge 5 ]
	check_err $? "$packets packets went through the qdisc"
	must tc -n "$NS" qdisc del dev va root
	check_equal "$(qdiscs "$NS" va)" noqueue "qdisc afterwards"
	pings
	check_err $? "packets are lost without the qdisc"
	log_test "$*"
}

attached()
{
	make_talking_pair NS OTHER
	check_attached pfifo limit 100
	check_attached fq
	check_attached fq_codel
	check_attached tbf rate 100mbit burst 100k latency 50ms
	check_attached prio
	check_attached htb
	check_attached netem delay 1ms
	check_attached mq
}

# The length of the queue is the device's, and stays when the qdisc goes.
answers()
{
	KIND=$2 make_pair "$1" va vb txqueuelen 3
	tc -n "$1" qdisc add dev va root pfifo
	tc -n "$1" qdisc show dev va | sed 's/qdisc pfifo [0-9a-f]*:/pfifo/'
	tc -n "$1" qdisc add dev va root pfifo 2>&1
	echo "exit status $?"
	ip -n "$1" link set dev va up
	tc -n "$1" qdisc show dev va | sed 's/qdisc pfifo [0-9a-f]*:/pfifo/'
	ip -n "$1" link set dev va down
	tc -n "$1" qdisc del dev va root
	tc -n "$1" qdisc del dev va root 2>&1
	echo "exit status $?"
	ip -n "$1" -j link show dev va | jq -c '.[] | [.qdisc, .txqlen]'
}

attached_to_an_end_that_is_down()
{
	like_veth answers
	log_test "a qdisc on an end that is down"
}

# What does not fit into the queue is lost by the queue, not by the end.
limits()
{
	local dropped

	make_talking_pair NS OTHER
	must tc -n "$NS" qdisc add dev va root \
		tbf rate 8kbit burst 1600 limit 1600
	ip netns exec "$NS" ping -q -w 1 -i 0.01 -s 1000 192.0.2.2 >/dev/null
	dropped=$(tc -n "$NS" -s qdisc show dev va root |
		sed -nE 's/.*dropped ([0-9]+),.*/\1/p' | head -n 1)
	check_fail "$dropped" "the qdisc has dropped nothing"
	check_equal "$(link_get "$NS" va .stats64.tx.dropped)" 0 \
		"dropped by va"
	log_test "a full queue"
}

# Both directions of an end can be classified.
ingress()
{
	local filter="protocol ip flower ip_proto icmp action drop"

	make_talking_pair NS OTHER
	must tc -n "$OTHER" qdisc add dev vb clsact
	pings
	check_err $? "packets are lost"
	# shellcheck disable=SC2086 # words they are
	if ! tc -n "$OTHER" filter add dev vb ingress $filter 2>/dev/null; then
		log_test_skip "ingress" "no classifier flower"
		return
	fi
	pings
	check_fail $? "packets are not dropped"
	must tc -n "$OTHER" filter del dev vb ingress
	pings
	check_err $? "packets are lost afterwards"
	log_test "a filter at the receiving end"
}

tests_run
exit $EXIT_STATUS
