#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Experiment 9: two containers on one host, as Docker joins them to each other
# and to the world.
#
#	+------ c1 ------+   +------ c2 ------+
#	| 172.17.0.2/16  |   | 172.17.0.3/16  |
#	| eth0           |   | eth0           |
#	+--||------------+   +--||------------+
#	   ||                   ||
#	+--||------- host ------||--------------+      +---- outside ----+
#	| port-c1            port-c2            |      |                 |
#	|   +------ docker0 ----+          eth0 |======| eth0            |
#	|        172.17.0.1/16   203.0.113.1/24 |      | 203.0.113.2/24  |
#	+---------------------------------------+      +-----------------+

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	container_to_container
	container_to_outside
	outside_to_published_port
"

require_command iptables
require_command tcpdump
require_command python3

make_host()
{
	set_sysctl "$HOST" net.ipv4.ip_forward=1
	must ip -n "$HOST" link add name docker0 type bridge
	must ip -n "$HOST" addr add 172.17.0.1/16 dev docker0
	bring_up "$HOST" docker0
}

# add_container NS NAME ADDRESS
add_container()
{
	make_pair "$HOST" "port-$2" eth0 -- netns "$1"
	must ip -n "$HOST" link set dev "port-$2" master docker0
	must ip -n "$1" addr add "$3" dev eth0
	bring_up "$HOST" "port-$2"
	bring_up "$1" eth0
	must ip -n "$1" route add default via 172.17.0.1
	wait_for_up "$HOST" "port-$2"
}

# Outside knows no way to 172.17.0.0/16, as the internet does not.
add_outside()
{
	make_pair "$HOST" eth0 eth0 -- netns "$OUTSIDE"
	must ip -n "$HOST" addr add 203.0.113.1/24 dev eth0
	must ip -n "$OUTSIDE" addr add 203.0.113.2/24 dev eth0
	bring_up "$HOST" eth0
	bring_up "$OUTSIDE" eth0
	wait_for_up "$HOST" eth0
}

translate_addresses()
{
	on host iptables -t nat -A POSTROUTING \
		-s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
	on host iptables -t nat -A PREROUTING ! -i docker0 \
		-p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
}

container_to_container()
{
	check_ping "$C1" 172.17.0.3
	log_test "container to container"
}

container_to_outside()
{
	capture_start outside "$OUTSIDE" eth0 icmp
	check_ping "$C1" 203.0.113.2
	capture_stop outside

	check_frames outside 2 "$ECHO_REQUEST" and src host 203.0.113.1
	check_frames outside 2 "$ECHO_REPLY" and dst host 203.0.113.1
	check_frames outside 0 net 172.17.0.0/16
	log_test "container to outside, under the host's address"
}

# A server on the container's port 80 that tells one client who it is.
serve()
{
	ip netns exec "$C1" timeout 60 python3 -c '
import socket

server = socket.create_server(("172.17.0.2", 80))
client, (address, port) = server.accept()
client.sendall(address.encode())
' &
	defer stop $!
	slowwait 20 is_serving || abort "no server"
}

is_serving()
{
	ip netns exec "$C1" ss -H -l -t -n "sport = :80" | grep -q .
}

outside_to_published_port()
{
	local answer

	serve
	answer=$(ip netns exec "$OUTSIDE" timeout 20 \
		 bash -c 'cat </dev/tcp/203.0.113.1/8080')
	check_equal "$answer" 203.0.113.2 "the server's answer"
	log_test "outside to a published port of a container"
}

setup_ns HOST C1 C2 OUTSIDE
make_host
add_container "$C1" c1 172.17.0.2/16
add_container "$C2" c2 172.17.0.3/16
add_outside
translate_addresses
tests_run
exit $EXIT_STATUS
