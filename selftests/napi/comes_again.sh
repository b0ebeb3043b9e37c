#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What an end receives may lead to another packet for the same end, at once: while
# the poll that received it has not ended, or while NAPI is switched off for a
# change. Here tc sends all that vb receives back through va:
#
#	A:   va ---> [ ring ] ---> vb
#	      ^                     |
#	      +-------- tc ---------+
#
# So a frame goes round and round, and is in the ring whenever somebody looks.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	while_polled
	ring_replaced
	tso_comes
	tso_comes_behind_a_qdisc
"

require_command ethtool
require_command tc
require_program frames

# make_round FRAMES [QDISC]
make_round()
{
	setup_ns A
	make_pair "$A" va vb
	[ -z "$2" ] || must tc -n "$A" qdisc add dev va root "$2"
	set_offload "$A" va tso off
	set_offload "$A" vb gro on
	bring_up_silently "$A" va vb
	wait_for_up "$A" va vb
	must tc -n "$A" qdisc add dev vb clsact
	must tc -n "$A" filter add dev vb ingress matchall \
		action mirred egress redirect dev va
	# Nothing shall go round when the ends are deleted.
	defer tc -n "$A" qdisc del dev vb clsact
	send_frames "$A" va 60 "$1"
	check_goes_round
}

has_come_again()
{
	[ "$(statistic "$A" vb rx_packets)" -ge $((BEFORE + 500)) ]
}

check_goes_round()
{
	BEFORE=$(statistic "$A" vb rx_packets)
	slowwait 1 has_come_again
	check_err $? "no frame comes again"
}

while_polled()
{
	make_round 1
	log_test "it comes while it is polled"
}

ring_replaced()
{
	if ! differs ring-size; then
		log_test "this kind replaces no ring"
		return
	fi
	make_round 1
	must ip netns exec "$A" ethtool -G vb rx 1000
	check_goes_round
	log_test "it comes while its ring is replaced"
}

# check_lost PACKETS: myveth waits until the ring is empty, but not for ever.
check_lost()
{
	check_equal "$(ethtool_counter "$A" va tx_lost_ring)" "$1" \
		"packets for which the ring was closed"
}

# Others take no harm, be it that they go by the ring or not.
check_later_packets()
{
	local tso

	must tc -n "$A" filter del dev vb ingress
	sleep_us 200000
	for tso in on off; do
		set_offload "$A" va tso "$tso"
		BEFORE=$(statistic "$A" vb rx_packets)
		send_frames "$A" va 60 10
		busywait 1000 statistic_is "$A" vb rx_packets $((BEFORE + 10))
		check_err $? "what is sent later does not come, TSO $tso"
	done
}

tso_comes()
{
	make_round 1
	set_offload "$A" va tso on
	if differs ring-switch; then
		check_lost 1
	else
		check_goes_round
	fi
	check_later_packets
	log_test "it comes while it gets another way"
}

# The first of two finds the ring closed and is lost. Its queue is stopped then,
# and the other one waits before it.
tso_comes_behind_a_qdisc()
{
	make_round 2 pfifo
	set_offload "$A" va tso on
	! differs ring-switch || check_lost 1
	check_goes_round
	check_later_packets
	log_test "two come while they get another way, behind a qdisc"
}

tests_run
exit $EXIT_STATUS
