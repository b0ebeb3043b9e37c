#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Upstream, "do not manipulate GRO when using XDP" and "clear GRO when clearing
# XDP even when down": GRO is what the user has said last, whatever programs come
# and go meanwhile.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="all_orders"

require_command ethtool
require_program xdp_program

gro_of_vb()
{
	ip netns exec "$B" ethtool -k vb |
		sed -n 's/^generic-receive-offload: //p'
}

# come_and_go GRO STATE_AT_FIRST STATE_IN_THE_END
come_and_go()
{
	set_offload "$B" vb gro "$1"
	must ip -n "$B" link set dev vb "$2"
	check_equal "$(gro_of_vb)" "$1" "GRO at first"
	xdp_attach "$B" vb pass
	check_equal "$(gro_of_vb)" "$1" "GRO beside a program"
	must ip -n "$B" link set dev vb "$3"
	check_equal "$(gro_of_vb)" "$1" "GRO when $3"
	xdp_detach "$B" vb
	check_equal "$(gro_of_vb)" "$1" "GRO afterwards"
	log_test "GRO $1, a program that comes when $2 and goes when $3"
}

all_orders()
{
	local gro first last

	make_silent_pair A B
	mount_bpffs
	xdp_load pass pass
	for gro in off on; do
		for first in up down; do
			for last in up down; do
				come_and_go "$gro" "$first" "$last"
			done
		done
	done
}

tests_run
exit $EXIT_STATUS
