#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Upstream, "convert frag_list skbs before running XDP": a packet that consists of
# several buffers, one behind the other, reaches a program whole.
#
#	A [ ta: MTU 1400 ]--GRE--[ va, MTU 500 ]===[ vb ]--GRE--[ tb ] R
#	R [ wr, MTU 1500 ]======[ wb: XDP ] B
#
# What comes through the tunnel was cut for va. R puts it together again as such
# a list, and sends what was inside on to wb.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="whole"
# Of a ping, and of its frame.
DATA=1300
LENGTH=$((DATA + 8 + 20 + 14))

require_command jq
require_command ping
require_program xdp_program

# The module of such tunnels makes some by itself, in every namespace, the
# machine's own too, unless it is told not to.
no_tunnels_by_themselves()
{
	local name=net.core.fb_tunnels_only_for_init_net before

	before=$(sysctl -n "$name") || abort "no $name"
	must sysctl -q -w "$name=2"
	defer sysctl -q -w "$name=$before"
}

# tunnel NS DEV LOCAL REMOTE
tunnel()
{
	must ip -n "$1" link add name "$2" mtu 1400 type gre \
		local "$3" remote "$4" ttl 64 nopmtudisc ignore-df
	must ip -n "$1" link set dev "$2" up
}

make_topology()
{
	no_tunnels_by_themselves
	make_talking_pair A R
	must ip -n "$A" link set dev va mtu 500
	must ip -n "$R" link set dev vb mtu 500
	tunnel "$A" ta 192.0.2.1 192.0.2.2
	tunnel "$R" tb 192.0.2.2 192.0.2.1
	setup_ns B
	make_pair "$R" wr wb -- netns "$B"
	must ip -n "$R" addr add 198.51.100.1/24 dev wr
	must ip -n "$B" addr add 198.51.100.2/24 dev wb
	bring_up "$R" wr
	bring_up "$B" wb
	wait_for_up "$R" wr
	must ip -n "$A" addr add 203.0.113.1/24 dev ta
	must ip -n "$A" route add 198.51.100.0/24 dev ta
	must ip -n "$R" route add 203.0.113.0/24 dev tb
	must ip -n "$B" route add 203.0.113.0/24 via 198.51.100.1
	set_sysctl "$R" net.ipv4.ip_forward=1
	mount_bpffs
}

# What the packet is like on its way out of wr: "len data_len", of which the
# latter is what is not in the first buffer.
watch()
{
	make_trace
	echo 'name == "wr" && len > 1000' \
		>"$TRACE/events/net/net_dev_start_xmit/filter"
	echo 1 >"$TRACE/events/net/net_dev_start_xmit/enable"
	defer eval "echo 0 >'$TRACE/events/net/net_dev_start_xmit/enable'"
}

bytes_behind_the_first_buffer()
{
	sed -n -E 's/.* net_dev_start_xmit: .* data_len=([0-9]+) .*/\1/p' \
		"$TRACE/trace" | head -n 1
}

whole()
{
	make_topology
	xdp_load pass pass only=0x0800 frags "counters=$BPFFS/seen"
	xdp_attach "$B" wb pass
	watch
	check_loss 0 "$A" -c 1 -W 20 -s "$DATA" 198.51.100.2
	check_equal "$(xdp_counters seen packets total)" "1 $LENGTH" \
		"packets and bytes that the program saw"
	check_fail "$(bytes_behind_the_first_buffer)" \
		"the packet was in one buffer already"
	log_test "a packet in a list of buffers"
}

tests_run
exit $EXIT_STATUS
