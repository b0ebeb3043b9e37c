# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Three ways to join the network namespaces $1 and $2, for the experiments, for
# the demo and for the shell in a machine. Who sources this defines
#
#	on host COMMAND...		run it where the switches are
#	on NAMESPACE COMMAND...		run it there
#	start_daemon NAME WORDS...	on the host, for Open vSwitch; come back
#					when it is ready
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
OVS_RUNDIR=${OVS_RUNDIR:-/run/openvswitch}

# Both ends are made in one namespace and then sent away, as the guides do it.
# They stay down.
join_directly()
{
	make_direct_pair
	move_the_ends "$@"
}

make_direct_pair()
{
	on host ip link add name veth0 type "$KIND" peer name veth1
}

move_the_ends()
{
	on host ip link set veth0 netns "$1"
	on host ip link set veth1 netns "$2"
	give_addresses "$@"
}

give_addresses()
{
	on "$1" ip address add 10.1.1.2/24 dev veth0
	on "$2" ip address add 10.1.1.3/24 dev veth1
}

join_by_bridge()
{
	on host ip link add name br0 type bridge
	on host ip link set br0 up
	make_two_pairs br "$@"
	on host ip link set br-veth0 master br0
	on host ip link set br-veth1 master br0
	bring_up_two_pairs br "$@"
}

join_by_open_vswitch()
{
	on host ovs-vsctl add-br ovs-br
	make_two_pairs ovs "$@"
	on host ovs-vsctl add-port ovs-br ovs-veth0
	on host ovs-vsctl add-port ovs-br ovs-veth1
	bring_up_two_pairs ovs "$@"
}

make_two_pairs()
{
	on host ip link add name "$1-veth0" type "$KIND" \
		peer name veth0 netns "$2"
	on host ip link add name "$1-veth1" type "$KIND" \
		peer name veth1 netns "$3"
	give_addresses "$2" "$3"
}

bring_up_two_pairs()
{
	on host ip link set "$1-veth0" up
	on host ip link set "$1-veth1" up
	on "$2" ip link set veth0 up
	on "$3" ip link set veth1 up
}

start_open_vswitch()
{
	on host mkdir -p "$OVS_RUNDIR"
	on host ovsdb-tool create
	start_daemon ovsdb-server --remote="punix:$OVS_RUNDIR/db.sock"
	on host ovs-vsctl --no-wait init
	wait_for_processor_count
	start_daemon ovs-vswitchd
}

# Open vSwitch 3.1 counts its processors at most once in ten seconds of uptime,
# beginning with none: started earlier, it has nobody to handle the first packet
# of a flow, and loses it.
wait_for_processor_count()
{
	local seconds

	until IFS=. read -r seconds _ </proc/uptime && [ "$seconds" -gt 11 ]; do
		sleep 0.2
	done
}
