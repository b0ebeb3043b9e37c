#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Docker: two containers on the default bridge, a published port, a network with
# names of its own, and what somebody outside sees (experiment 9).

. "$(dirname "$0")/client-lib.sh"

ALL_TESTS="
	default_bridge
	published_port
	own_network
	outside_world
	nothing_is_left
	module_goes
"

# run NAME [OPTION...] -- COMMAND...
run()
{
	run_container docker "$@"
}

readonly ADDRESS='{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'

address_of()
{
	docker inspect --format "$ADDRESS" "$1"
}

default_bridge()
{
	check_two_containers docker "$ADDRESS"
}

published_port()
{
	run web --publish 8080:80 -- httpd -f -h /www
	run asker -- sleep 100000
	slowwait 10 answers "http://$(address_of web)/"
	check_web "http://$(address_of web)/" docker exec asker
	check_web "http://127.0.0.1:8080/"
	check_devices 4
	log_test "a published port"
}

own_network()
{
	must quietly docker network create --subnet 198.51.100.0/24 own
	defer quietly docker network rm own
	run first --network own -- sleep 100000
	run second --network own -- sleep 100000
	quietly docker exec first ping -c 3 -W 10 second
	check_err $? "first gets no answer from second, by its name"
	check_devices 4
	log_test "docker network create"
}

# Outside knows no way to the containers, as the internet does not.
make_outside()
{
	setup_ns OUTSIDE
	must ip link add name out type veth peer name eth0 netns "$OUTSIDE"
	must ip addr add 203.0.113.1/24 dev out
	must ip link set dev out up
	must ip -n "$OUTSIDE" addr add 203.0.113.2/24 dev eth0
	must ip -n "$OUTSIDE" link set dev eth0 up
	slowwait 10 link_is_up "$OUTSIDE" eth0
}

outside_world()
{
	make_outside
	run web --publish 8080:80 -- httpd -f -h /www
	capture_start outside "$OUTSIDE" eth0 icmp
	quietly docker exec web ping -c 3 -W 10 203.0.113.2
	check_err $? "web gets no answer from outside"
	capture_stop outside
	check_frames outside 3 "$ECHO_REQUEST" and src host 203.0.113.1
	check_frames outside 3 "$ECHO_REPLY" and dst host 203.0.113.1
	check_frames outside 0 not net 203.0.113.0/24
	slowwait 10 answers "http://$(address_of web)/"
	check_web "http://203.0.113.1:8080/" ip netns exec "$OUTSIDE"
	check_devices 4
	log_test "to the outside, and from there to a published port"
}

nothing_is_left()
{
	check_no_devices
	log_test "containers take their devices along"
}

put_in_veths_place
start_docker
tests_run
exit $EXIT_STATUS
