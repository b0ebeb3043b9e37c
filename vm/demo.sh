#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Shows, in a throw-away machine, how a pair of devices joins two network
# namespaces: directly, through a bridge and through Open vSwitch. Each command
# stands behind a prompt that says where it runs, followed by what it printed.

set -e

. "$(dirname "$0")/../selftests/topologies.sh"

on()
{
	local place=$1

	shift
	if [ "$place" = host ]; then
		echo "# $*"
		"$@"
	else
		echo "$place# $*"
		ip netns exec "$place" "$@"
	fi
}

start_daemon()
{
	on host "$@" --detach --pidfile -vconsole:off
}

title()
{
	printf '\n%s\n%s\n\n' "$1" "${1//?/-}"
}

ping_across()
{
	on ns1 ping -c 3 -i 0.2 10.1.1.3
}

make_namespaces()
{
	on host ip netns add ns1
	on host ip netns add ns2
}

leave_namespaces()
{
	on host ip netns del ns1
	on host ip netns del ns2
}

show_direct()
{
	title "Two namespaces, joined directly"
	make_namespaces
	join_directly ns1 ns2
	on ns1 ip link set veth0 up
	on ns1 ip -d link show veth0
	echo "  (no carrier: the other end is still down)"
	on ns2 ip link set veth1 up
	on ns1 ip -d link show veth0
	on ns2 ip -d link show veth1
	ping_across
	leave_namespaces
}

show_bridge()
{
	title "Two namespaces, joined by a bridge"
	make_namespaces
	join_by_bridge ns1 ns2
	ping_across
	on ns1 ip link show veth0
	on ns2 ip link show veth1
	on host bridge fdb show br br0 dynamic
	leave_namespaces
	on host ip link del br0
}

show_open_vswitch()
{
	title "Two namespaces, joined by Open vSwitch"
	start_open_vswitch
	make_namespaces
	join_by_open_vswitch ns1 ns2
	ping_across
	on host ovs-dpctl show
	on host ovs-dpctl dump-flows
	on host ovs-vsctl del-br ovs-br
	leave_namespaces
}

title "Linux $(uname -r)"
on host modprobe "$KIND"
on host modinfo -F description "$KIND"
show_direct
show_bridge
show_open_vswitch
