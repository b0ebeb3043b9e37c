#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Upstream, "ensure skb entering GRO are not cloned" and "use skb_prepare_for_gro":
# GRO makes one packet of many, of which nobody else may hold a part. Who listens
# at the sending end holds a copy of each: all that is sent arrives, unchanged,
# and he sees it so. The sender's socket owns their memory, and gets it back: it
# sends many times as much as it may have on the way.
#
#	A  [ va ]--tcpdump
#	     ||
#	B  [ vb: GRO ]

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="beside_listener memory_given_back"
# tcpdump has no room for many at once.
BYTES=30000

require_command jq
require_command ethtool
require_command tcpdump
require_program stream

# The bytes in the TCP segments of the capture. One that was sent again would be
# counted again, but nothing is lost here.
captured_bytes()
{
	capture_show va | sed -nE 's/.* > 192\.0\.2\.2\..* length ([0-9]+).*/\1/p' |
		awk '{ sum += $1 } END { print sum + 0 }'
}

# Where no packet goes by a ring there is no GRO.
check_gro()
{
	check_fail "$(ring_packets "$B" vb)" "nothing goes by GRO"
}

beside_listener()
{
	make_talking_pair A B
	set_offload "$A" va tso off
	set_offload "$B" vb gro on
	capture_start va "$A" va tcp and src 192.0.2.1
	check_match "$("$MYVETH_PROGRAMS/stream" "$A" "$B" 192.0.2.2 tcp \
		"$BYTES")" "^received $BYTES" "the stream"
	capture_stop va
	check_equal "$(captured_bytes)" "$BYTES" "bytes in the capture"
	check_gro
	log_test "GRO beside a listener"
}

# Datagrams of one flow and of one size are merged when this is asked for.
memory_given_back()
{
	local bytes=2000000

	make_talking_pair A B
	set_offload "$A" va tso off
	set_offload "$B" vb gro on rx-udp-gro-forwarding on
	check_match "$("$MYVETH_PROGRAMS/stream" "$A" "$B" 192.0.2.2 udp \
		"$bytes")" "^received $bytes" "the stream"
	check_gro
	log_test "GRO of datagrams"
}

tests_run
exit $EXIT_STATUS
