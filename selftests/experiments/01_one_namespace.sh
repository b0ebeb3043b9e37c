#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Experiment 1: both ends in one namespace. Who asks through veth0 for the
# address of veth1 asks itself; the kernel answers only when told to, and the
# answer to a ping takes the shorter way, over lo.
#
#	+---------------- one namespace ----------------+
#	|                                               |
#	|  veth0 10.1.1.2/24 ======= veth1 10.1.1.3/24  |
#	|                                               |
#	+-----------------------------------------------+

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	deaf_by_default
	accepts_its_own_address
	knows_the_neighbour
	stranger_is_unreachable
	one_end_without_address
"

require_command tcpdump

# The kernel's defaults, whatever the distribution made of them.
make_namespace()
{
	setup_ns NS
	set_sysctl "$NS" net.ipv4.conf.{all,default}.rp_filter=0
	set_sysctl "$NS" net.ipv4.conf.{all,default}.accept_local=0
	make_pair "$NS" veth0 veth1
	bring_up "$NS" veth0 veth1
	wait_for_up "$NS" veth0 veth1
}

make_addresses()
{
	must ip -n "$NS" addr add 10.1.1.2/24 dev veth0
	must ip -n "$NS" addr add 10.1.1.3/24 dev veth1
}

accept_local()
{
	set_sysctl "$NS" net.ipv4.conf.{veth0,veth1}.accept_local=1
	set_sysctl "$NS" net.ipv4.conf.{all,veth0,veth1}.rp_filter=0
	must ip -n "$NS" neigh flush all
}

make_answering_pair()
{
	make_namespace
	make_addresses
	accept_local
}

watch()
{
	local dev

	for dev in veth0 veth1 lo; do
		capture_start "$dev" "$NS" "$dev" arp or icmp
	done
}

# watch_ping LOSS WORDS...: ping, with captures on all three devices.
watch_ping()
{
	watch
	check_loss "$1" "$NS" "${@:2}"
	capture_stop veth0 veth1 lo
}

# check_only_requests ADDRESS: what the two ends see of an unheard question.
check_only_requests()
{
	local dev

	for dev in veth0 veth1; do
		check_some_frames "$dev" "$ARP_REQUEST" and arp host "$1"
		check_frames "$dev" 0 not \( "$ARP_REQUEST" and arp host "$1" \)
	done
}

# check_only_unreachable ADDRESS: what lo sees when ARP has given up.
check_only_unreachable()
{
	local self="src 10.1.1.2 and dst 10.1.1.2"

	check_match "$(capture_show lo "$self")" \
		"host ${1//./\\.} unreachable" "the message on lo"
	check_frames lo 0 not \( "$HOST_UNREACHABLE" and "$self" \)
}

# ping waits longer than ARP, so that lo sees ARP's last word, but no traffic.
deaf_by_default()
{
	make_namespace
	make_addresses
	watch_ping 100 -c 2 -I veth0 10.1.1.3

	check_only_requests 10.1.1.3
	check_only_unreachable 10.1.1.3
	log_test "1a: ARP requests and nothing else"
}

accepts_its_own_address()
{
	local dev

	make_answering_pair
	watch_ping 0 -c 2 -I veth0 10.1.1.3

	for dev in veth0 veth1; do
		check_frames "$dev" 1 "$ARP_REQUEST"
		check_frames "$dev" 1 "$ARP_REPLY"
		check_frames "$dev" 2 "$ECHO_REQUEST"
		check_frames "$dev" 4
	done
	check_frames lo 2 "$ECHO_REPLY"
	check_frames lo 2
	log_test "1b: requests across the pair, replies over lo"
}

knows_the_neighbour()
{
	local dev

	make_answering_pair
	check_loss 0 "$NS" -c 1 -I veth0 10.1.1.3
	watch_ping 0 -c 2 -I veth0 10.1.1.3

	for dev in veth0 veth1; do
		check_frames "$dev" 2 "$ECHO_REQUEST"
		check_frames "$dev" 2
	done
	check_frames lo 2 "$ECHO_REPLY"
	check_frames lo 2
	log_test "1c: no ARP when the neighbour is known"
}

stranger_is_unreachable()
{
	make_answering_pair
	watch
	check_loss 100 "$NS" -c 2 -W 3 -I veth0 1.1.1.1
	slowwait 5 capture_has lo 1 icmp
	capture_stop veth0 veth1 lo

	check_only_requests 1.1.1.1
	check_only_unreachable 1.1.1.1
	log_test "1d: host unreachable, said to itself"
}

one_end_without_address()
{
	make_namespace
	must ip -n "$NS" addr add 10.70.2.10/24 dev veth0
	watch_ping 100 -c 2 -W 1 10.70.2.11

	check_only_requests 10.70.2.11
	log_test "1e: nobody answers behind an end without an address"
}

tests_run
exit $EXIT_STATUS
