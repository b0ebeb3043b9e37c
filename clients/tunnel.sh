#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Experiment 10 with a program that people use: socat carries the packets of a tun
# device over UDP, and the pair carries the UDP.
#
#	+---------- left ---------+        +--------- right ---------+
#	|  tun0 10.2.2.2/24       |        |  tun0 10.2.2.3/24       |
#	|    socat                |        |    socat                |
#	|  10.1.1.2/24         va |========| vb         10.1.1.3/24  |
#	+-------------------------+        +-------------------------+

. "$(dirname "$0")/client-lib.sh"

ALL_TESTS="
	ping_through_the_tunnel
	module_goes
"

readonly PORT=5555

# carry NS TUN_ADDRESS FROM TO
carry()
{
	ip netns exec "$1" socat "UDP4-DATAGRAM:$4:$PORT,bind=$3:$PORT" \
		"TUN:$2/24,tun-name=tun0,iff-up" &
	defer stop $!
	slowwait 20 tun_is_up "$1" || abort "no tunnel on $3"
}

tun_is_up()
{
	ip -n "$1" -4 addr show dev tun0 up 2>/dev/null | grep -q inet
}

make_topology()
{
	setup_ns LEFT RIGHT
	no_ipv6 "$LEFT" "$RIGHT"
	must ip link add name va netns "$LEFT" type veth \
		peer name vb netns "$RIGHT"
	must ip -n "$LEFT" addr add 10.1.1.2/24 dev va
	must ip -n "$RIGHT" addr add 10.1.1.3/24 dev vb
	bring_up "$LEFT" va
	bring_up "$RIGHT" vb
	wait_for_up "$LEFT" va
	carry "$LEFT" 10.2.2.2 10.1.1.2 10.1.1.3
	carry "$RIGHT" 10.2.2.3 10.1.1.3 10.1.1.2
}

ping_through_the_tunnel()
{
	make_topology
	capture_start pair "$LEFT" va ip
	capture_start tun "$LEFT" tun0 ip
	quietly ip netns exec "$LEFT" ping -c 3 -W 10 10.2.2.3
	check_err $? "no answer through the tunnel"
	capture_stop pair
	capture_stop tun
	check_frames tun 3 "$ECHO_REQUEST"
	check_frames tun 3 "$ECHO_REPLY"
	check_frames pair 6 udp port "$PORT"
	check_frames pair 0 icmp
	check_devices 2
	log_test "ping through the tunnel; the pair carries UDP only"
}

say_version "socat $(socat -V | sed -n 's/^socat version \([^ ]*\).*/\1/p')"
put_in_veths_place
tests_run
exit $EXIT_STATUS
