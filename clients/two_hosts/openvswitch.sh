#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# An Open vSwitch bridge on each of two hosts, joined by a VXLAN port, and a
# namespace behind each.
#
#	+- box ---------+                        +- box ---------+
#	| 198.51.100.1  |                        | 198.51.100.2  |
#	| eth0          |                        | eth0          |
#	+--||-----------+                        +--||-----------+
#	+--||---- left -------+   wire   +--------- ||-- right --+
#	| port            wire|==========|wire          port     |
#	|   +-- br0 -- vxlan0 |  (VXLAN) | vxlan0 -- br0 --+     |
#	+---------------------+          +-----------------------+

. "$(dirname "$0")/two-hosts-lib.sh"

ALL_TESTS="
	through_the_tunnel
	module_goes
"

# make_side ADDRESS REMOTE. The tunnel's header takes 50 bytes of each frame.
make_side()
{
	must systemctl start openvswitch-switch
	must ip netns add box
	must ip link add name port type veth \
		peer name eth0 mtu 1450 netns box
	must ip -n box addr add "$1/24" dev eth0
	must ip -n box link set dev eth0 up
	must ip link set dev port up
	must ovs-vsctl add-br br0 -- add-port br0 port \
		-- add-port br0 vxlan0 -- set interface vxlan0 type=vxlan \
		"options:remote_ip=$2"
}

box_answers()
{
	ip netns exec box ping -c 1 -W 2 198.51.100.2 >/dev/null 2>&1
}

through_the_tunnel()
{
	slowwait 60 box_answers
	check_err $? "no answer from the other box"
	check_equal "$(ping_loss box -c 5 -i 0.2 -W 10 198.51.100.2)" 0 \
		"per cent lost"
	check_web "http://198.51.100.2/" ip netns exec box
	check_equal "$(ovs-vsctl get interface port status:driver_name)" \
		veth "driver as Open vSwitch sees it"
	check_all_devices
	log_test "from a box on one host to one on the other"
}

say_version "Open vSwitch $(ovs-vsctl --version | sed -n '1s/.* //p')"
put_in_veths_place
case $HOST in
left)	make_side 198.51.100.1 "$RIGHT" ;;
right)	make_side 198.51.100.2 "$LEFT"
	make_rootfs "$SCRATCH/rootfs"
	ip netns exec box busybox httpd -h "$SCRATCH/rootfs/www" ;;
esac
join_hosts
tests_run
exit $EXIT_STATUS
