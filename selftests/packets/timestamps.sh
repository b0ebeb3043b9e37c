#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Software timestamps: the sender of a packet gets the time when it was handed
# over, the receiver the time when it arrived, and the one is before the other.
#
#	A: va 192.0.2.1/24 ======> B: vb 192.0.2.2/24

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	timestamps_arrive
	timestamp_of_a_lost_packet
	capabilities
"

require_command ethtool
require_program stream

# The kernel stamps what it receives while somebody wants it to, but begins late
# and ends late: a stamp may be the last one for the process before, and the next
# packet goes without. So somebody, ping, wants it all the time; when another
# ping has been answered some times, the beginning is over.
keep_stamping()
{
	ip netns exec "$A" ping -q -i 10 192.0.2.2 >/dev/null 2>&1 &
	defer stop $!
	[ "$(ping_loss "$A" -c 5 -i 0.2 192.0.2.2)" = 0 ] || abort "no answer"
}

timestamps_arrive()
{
	local protocol said

	for protocol in udp tcp; do
		said=$("$MYVETH_PROGRAMS/stream" "$A" "$B" 192.0.2.2 \
			"$protocol" 500 timestamps 2>&1)
		check_match "$said" "timestamps sent 1 received 1 in order" \
			"stream"
		log_test "software timestamps of $protocol"
	done
}

# show_capabilities NS KIND
show_capabilities()
{
	KIND=$2 make_pair "$1" va vb
	ip netns exec "$1" ethtool -T va
}

# It is the sending that is stamped.
timestamp_of_a_lost_packet()
{
	must ip -n "$A" link set dev va mtu 9000
	check_match "$("$MYVETH_PROGRAMS/stream" "$A" "$B" 192.0.2.2 \
		udp 5000 size=5000 timestamps expect=0 2>&1)" \
		"timestamps sent 1 received 0" "stream"
	log_test "software timestamp of a packet that is lost"
}

capabilities()
{
	check_match "$(ip netns exec "$A" ethtool -T va)" software-transmit \
		"ethtool -T"
	like_veth show_capabilities
	log_test "ethtool -T"
}

make_talking_pair A B
keep_stamping
tests_run
exit $EXIT_STATUS
