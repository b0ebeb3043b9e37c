#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The statistics of queues that the kernel adds up (netdev_stat_ops) say the
# same as `ip -s link`, whatever way the packets took, and when queues or NAPI
# have gone away since.
#
#	A: va  2 queues ====== 2 queues  vb :B

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	sums
	page_pools
"

require_command ethtool
require_program frames
require_program netdev_queues
require_program xdp_program

queue_stats()
{
	"$MYVETH_PROGRAMS/netdev_queues" stats "$@" 2>&1
}

# stats_of NS DEV: by the device's own counters.
stats_of()
{
	local which

	for which in rx tx; do
		echo "$which" \
			"packets=$(statistic "$1" "$2" "${which}_packets")" \
			"bytes=$(statistic "$1" "$2" "${which}_bytes")"
	done
}

# check_queues QUEUES: each rx queue of vb counts what its ring carried, and so
# does the tx queue of va that feeds it. There are so many.
check_queues()
{
	local queue found carried

	found=$'\n'$(queue_stats "$B" vb queue | grep ^rx
		queue_stats "$A" va queue | grep ^tx)
	check_equal "$(grep -c packets <<<"$found")" $((2 * $1)) "queues"
	for ((queue = 0; queue < $1; queue++)); do
		carried=$(ethtool_counter "$B" vb \
			rx_queue_"${queue}"_xdp_packets)
		check_match "$found" $'\n'"rx $queue packets=$carried " \
			"rx queue $queue"
		check_match "$found" $'\n'"tx $queue packets=$carried " \
			"tx queue $queue"
	done
}

# check_sums QUEUES WHEN: after some more packets in both directions.
check_sums()
{
	local queue total

	for queue in 0 1; do
		send_by_queue "$A" va "$queue" $((10 + queue)) >/dev/null
		send_by_queue "$B" vb "$queue" $((20 + queue)) >/dev/null
	done
	total=$((TOTAL += 21))
	slowwait 10 statistic_is "$B" vb rx_packets "$total"
	check_equal "$(statistic "$B" vb rx_packets)" "$total" "received by vb"
	if kernel_asks && differs queue-statistics; then
		check_equal "$(queue_stats "$A" va)" "$(stats_of "$A" va)" va
		check_equal "$(queue_stats "$B" vb)" "$(stats_of "$B" vb)" vb
		check_queues "$1"
	else
		check_equal "$(queue_stats "$B" vb)" "$(no_stats)" "vb"
	fi
	log_test "sums, $2"
}

# Linux 6.1 has no such request.
kernel_asks()
{
	[[ $(uname -r) != 6.1.* ]]
}

# What one gets of a device that has none.
no_stats()
{
	kernel_asks || queue_stats "$B" lo
}

set_channels()
{
	must ip netns exec "$1" ethtool -L "${@:2}"
	wait_for_up "$A" va
}

sums()
{
	TOTAL=0
	make_two_queues A B
	check_sums 2 "by the backlog"
	xdp_attach "$B" vb pass
	check_sums 2 "by the rings"
	set_channels "$A" va tx 1 rx 1
	set_channels "$B" vb rx 1 tx 1
	check_sums 1 "with one queue"
	set_channels "$B" vb rx 2
	set_channels "$A" va tx 2
	check_sums 2 "with two queues again"
	xdp_detach "$B" vb
	check_sums 2 "by the backlog again"
	xdp_attach "$A" va pass
	check_sums 2 "with a program at the other end"
}

# The sum of what pages cost, which is no name of 6.1 and 6.12.
pages_taken()
{
	ip netns exec "$B" ethtool -S vb |
		awk '/ rx_pp_alloc_(fast|slow): / { sum += $2; found = 1 }
		     END { if (found) print sum }'
}

# A packet of a local sender is copied for a program that moves its beginning.
page_pools()
{
	make_silent_pair A B
	xdp_attach "$B" vb moving
	if [[ $(uname -r) =~ ^6\.(1|12)\. ]]; then
		check_equal "$(pages_taken)" "" "pages"
		log_test "this kernel does not count what page pools do"
		return
	fi
	check_equal "$(pages_taken)" 0 "pages at first"
	send_frames "$A" va 60 20
	slowwait 10 statistic_is "$B" vb rx_packets 20
	[ "$(pages_taken)" -gt 0 ]
	check_err $? "no pages are counted"
	log_test "counters of page pools"
}

mount_bpffs
xdp_load pass pass
xdp_load moving pass meta=4
tests_run
exit $EXIT_STATUS
