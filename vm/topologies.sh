# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Three ways to join the network namespaces $1 and $2. Who sources this defines
# on(): "on host COMMAND..." and "on NAMESPACE COMMAND..." run a command there.
#
# directly
#
#	ns1 [ veth0 10.1.1.2/24 ]------------[ veth1 10.1.1.3/24 ] ns2
#
# through a switch, "br" or "ovs"
#
#	ns1 [ veth0 10.1.1.2/24 ]            [ veth1 10.1.1.3/24 ] ns2
#	            |                                |
#	        [ br-veth0 ]--------[ br0 ]--------[ br-veth1 ]
#	        [ ovs-veth0 ]------[ ovs-br ]-----[ ovs-veth1 ]

KIND=${KIND:-myveth}

join_directly()
{
	on host ip netns add "$1"
	on host ip netns add "$2"
	on host ip link add name veth0 type "$KIND" peer name veth1
	move_in veth0 "$1" 10.1.1.2/24
	move_in veth1 "$2" 10.1.1.3/24
}

join_by_bridge()
{
	make_two_pairs br "$@"
	on host ip link add name br0 type bridge
	on host ip link set br-veth0 master br0
	on host ip link set br-veth1 master br0
	on host ip link set br0 up
}

join_by_open_vswitch()
{
	make_two_pairs ovs "$@"
	on host ovs-vsctl add-br ovs-br
	on host ovs-vsctl add-port ovs-br ovs-veth0
	on host ovs-vsctl add-port ovs-br ovs-veth1
}

make_two_pairs()
{
	local switch=$1

	on host ip netns add "$2"
	on host ip netns add "$3"
	on host ip link add name veth0 type "$KIND" peer name "$switch-veth0"
	on host ip link add name veth1 type "$KIND" peer name "$switch-veth1"
	move_in veth0 "$2" 10.1.1.2/24
	move_in veth1 "$3" 10.1.1.3/24
	on host ip link set "$switch-veth0" up
	on host ip link set "$switch-veth1" up
	on "$2" ip link set veth0 up
	on "$3" ip link set veth1 up
}

move_in()
{
	on host ip link set "$1" netns "$2"
	on "$2" ip address add "$3" dev "$1"
}

start_open_vswitch()
{
	on host mkdir -p /run/openvswitch
	on host ovsdb-tool create
	on host ovsdb-server --detach --pidfile \
		--remote=punix:/run/openvswitch/db.sock
	on host ovs-vsctl --no-wait init
	wait_for_processor_count
	on host ovs-vswitchd --detach --pidfile -vconsole:off
}

# Open vSwitch 3.1 counts its processors at most once in ten seconds of uptime:
# started earlier, it has nobody to handle the first packet of a flow
wait_for_processor_count()
{
	until [ "$(cut -d . -f 1 /proc/uptime)" -gt 11 ]; do
		sleep 0.2
	done
}
