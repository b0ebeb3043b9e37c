#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A Docker Swarm of two hosts, and a network that spans both: a container on each.

. "$(dirname "$0")/two-hosts-lib.sh"

ALL_TESTS="
	overlay_network
	module_goes
"

make_swarm()
{
	local token

	must quietly docker swarm init --advertise-addr "$LEFT"
	token=$(docker swarm join-token --quiet worker) || abort "no token"
	must quietly there docker swarm join --token "$token" "$LEFT:2377"
}

answers_by_name()
{
	[ "$(docker exec one busybox wget -q -O - http://two/ 2>&1)" = "it is here" ]
}

overlay_network()
{
	make_swarm
	must quietly docker network create --driver overlay --attachable spanning
	run_container docker one --network spanning -- sleep 100000
	must quietly there docker run --detach --name two --network spanning \
		box httpd -f -h /www
	log_test "a swarm of two hosts"

	slowwait 60 answers_by_name
	check_err $? "two does not answer one by its name"
	quietly docker exec one ping -c 3 -W 10 two
	check_err $? "one gets no answer from two"
	check_all_devices
	log_test "from a container on one host to one on the other"
}

put_in_veths_place
start_docker
join_hosts
tests_run
exit $EXIT_STATUS
