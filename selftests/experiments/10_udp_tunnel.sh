#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Experiment 10: a tunnel. A program in each namespace carries the packets of a
# tun device over UDP, and the pair carries the UDP.
#
#	+---------- ns1 ----------+        +---------- ns2 ----------+
#	|  tun0 10.2.2.2/24       |        |  tun0 10.2.2.3/24       |
#	|    udp_tunnel           |        |    udp_tunnel           |
#	|  10.1.1.2/24      veth0 |========| veth1      10.1.1.3/24  |
#	+-------------------------+        +-------------------------+

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topologies.sh"

ALL_TESTS="
	ping_through_the_tunnel
"

PORT=5555

require_command tcpdump
require_program udp_tunnel
[ -c /dev/net/tun ] || modprobe -q tun 2>/dev/null
[ -c /dev/net/tun ] || skip_all "no /dev/net/tun"

make_pair_of_namespaces()
{
	setup_ns HOST NS1 NS2
	no_ipv6 "$NS1" "$NS2"
	join_directly "$NS1" "$NS2"
	bring_up "$NS1" veth0
	bring_up "$NS2" veth1
	wait_for_up "$NS1" veth0
}

# start_tunnel NS LOCAL REMOTE TUNNEL_ADDRESS
start_tunnel()
{
	ip netns exec "$1" "$MYVETH_PROGRAMS/udp_tunnel" tun0 "$2" "$3" \
		"$PORT" &
	defer stop $!
	slowwait 10 link_exists "$1" tun0 || abort "no tun0"
	must ip -n "$1" addr add "$4" dev tun0
	bring_up "$1" tun0
}

# What ARP says on the pair is about the pair, not about the tunnel.
ping_through_the_tunnel()
{
	make_pair_of_namespaces
	start_tunnel "$NS1" 10.1.1.2 10.1.1.3 10.2.2.2/24
	start_tunnel "$NS2" 10.1.1.3 10.1.1.2 10.2.2.3/24
	capture_start pair "$NS1" veth0 ip
	capture_start tun-ns1 "$NS1" tun0
	capture_start tun-ns2 "$NS2" tun0

	check_ping "$NS1" 10.2.2.3
	capture_stop pair tun-ns1 tun-ns2

	check_frames pair 4 udp and port "$PORT"
	check_frames pair 4
	check_frames tun-ns1 2 "$ECHO_REQUEST"
	check_frames tun-ns1 4
	check_frames tun-ns2 2 "$ECHO_REPLY"
	check_frames tun-ns2 4
	log_test "the pair carries UDP only, the tun devices ICMP only"
}

tests_run
exit $EXIT_STATUS
