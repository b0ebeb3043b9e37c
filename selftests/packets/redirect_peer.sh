#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bpf_redirect_peer(): what comes out of one pair's end on the host goes on to
# the far end of the other pair at once, without the host's network stack:
#
#	+---- A ----+      +------- HOST -------+      +---- B ----+
#	|    va ============= ha            hb ============= vb    |
#	| 192.0.2.1 |      |   |                |      |   ^       |
#	+-----------+      |   |                |      | 192.0.2.2 |
#	                   +---|----------------+      +---|-------+
#	                       +--bpf_redirect_peer(hb)----+
#
# ha has vb's address and hb has va's, so that what arrives there is for them.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="redirect"

require_command jq
require_command tc
require_program bpf
require_program frames

# Without questions of ARP, nobody else sends anything. Nor is a question that
# was lost while nobody forwarded still waited for when somebody does.
make_topology()
{
	setup_ns A HOST B
	make_pair "$HOST" ha va address 02:00:00:00:00:0b -- \
		address 02:00:00:00:00:0a netns "$A"
	make_pair "$HOST" hb vb address 02:00:00:00:00:0a -- \
		address 02:00:00:00:00:0b netns "$B"
	must ip -n "$A" addr add 192.0.2.1/24 dev va
	must ip -n "$B" addr add 192.0.2.2/24 dev vb
	bring_up_silently "$HOST" ha hb
	bring_up_silently "$A" va
	bring_up_silently "$B" vb
	wait_for_up "$A" va
	wait_for_up "$B" vb
	must ip -n "$A" neigh replace 192.0.2.2 dev va \
		lladdr 02:00:00:00:00:0b nud permanent
	must ip -n "$B" neigh replace 192.0.2.1 dev vb \
		lladdr 02:00:00:00:00:0a nud permanent
}

# redirect_from DEV TO_PEER_OF: from now on, what comes in.
redirect_from()
{
	must "$MYVETH_PROGRAMS/bpf" redirect_peer \
		"$(link_get "$HOST" "$2" .ifindex)" "$BPFFS/$1"
	must tc -n "$HOST" qdisc add dev "$1" clsact
	must tc -n "$HOST" filter add dev "$1" ingress bpf da \
		object-pinned "$BPFFS/$1"
}

# counters_of NS DEV: packets sent, packets and bytes received.
counters_of()
{
	link_get "$1" "$2" \
		'.stats64 | [.tx.packets, .rx.packets, .rx.bytes] | join(" ")'
}

# The redirection is done in a softirq, which may come later.
counters_are()
{
	[ "$(counters_of "$B" vb)" = "$1" ]
}

redirect()
{
	make_topology
	check_equal "$(ping_loss "$A" -c 1 -W 1 192.0.2.2)" 100 "per cent lost"
	log_test "nobody forwards"

	mount_bpffs
	redirect_from ha hb
	redirect_from hb ha
	check_equal "$(ping_loss "$A" -c 3 -i 0.2 192.0.2.2)" 0 "per cent lost"
	log_test "ping through two pairs"

	count
}

# 20 frames of 500 bytes, A to B; nothing else is on the way.
count()
{
	local sent rest before

	sent=$(link_get "$HOST" hb .stats64.tx.packets)
	before=$(counters_of "$B" vb)
	check_equal "$("$MYVETH_PROGRAMS/frames" send "$A" va 500 20)" \
		"accepted 20 refused 0" "the sender"

	rest=$(awk '{ print $1, $2 + 20, $3 + 10000 }' <<<"$before")
	busywait 2000 counters_are "$rest"
	check_equal "$(counters_of "$B" vb)" "$rest" "counters of vb"
	check_equal "$(link_get "$HOST" hb .stats64.tx.packets)" "$sent" \
		"packets that hb has sent"
	check_equal "$sent" 0 "packets that hb ever sent"
	log_test "vb has received what hb has not sent"
}

tests_run
exit $EXIT_STATUS
