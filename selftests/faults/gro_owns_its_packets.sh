#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Upstream, "ensure skb entering GRO are not cloned" and "use skb_prepare_for_gro":
# GRO makes one packet of many, of which nobody else may hold a part. Who listens
# at the sending end holds a clone of each, and so does TCP: all that is sent
# arrives, and when he reads his own, after that, they are as they were. The
# sender's socket owns their memory, and gets it back: it sends many times as much
# as it may have on the way.
#
#	A  [ va ]--a listener
#	     ||
#	B  [ vb: GRO ]

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="beside_listener memory_given_back"

require_command ethtool
require_command jq
require_command nstat
require_program stream

# make_merging_pair WORD...: vb merges what a poll finds, and there is one in a
# millisecond.
make_merging_pair()
{
	make_talking_pair A B
	set_offload "$A" va tso off
	set_offload "$B" vb gro on "$@"
	delay_polls "$B" vb 1000000
}

# More packets have come by the ring than have come up to IP.
check_merged()
{
	[ "$(came_up "$B")" -lt "$(ring_packets "$B" vb)" ]
	check_err $? "nothing is merged"
}

beside_listener()
{
	local said

	make_merging_pair
	said=$("$MYVETH_PROGRAMS/stream" "$A" "$B" 192.0.2.2 tcp 100000 \
		watch=va 2>&1)
	check_err $? "$said"
	check_match "$said" "frame 1[0-9]{3} " "what the listener sees"
	check_merged
	log_test "GRO beside a listener"
}

# Datagrams of one flow and of one size are merged when this is asked for.
memory_given_back()
{
	local bytes=2000000

	make_merging_pair rx-udp-gro-forwarding on
	check_match "$("$MYVETH_PROGRAMS/stream" "$A" "$B" 192.0.2.2 udp \
		"$bytes")" "^received $bytes" "the stream"
	check_merged
	log_test "GRO of datagrams"
}

tests_run
exit $EXIT_STATUS
