#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# LXC: two containers, with a pair each, on a bridge of the host.

. "$(dirname "$0")/client-lib.sh"

ALL_TESTS="
	containers
	nothing_is_left
	module_goes
"

# start NAME ADDRESS
start()
{
	local config=$SCRATCH/$1.conf rootfs=$SCRATCH/$1

	make_rootfs "$rootfs"
	cat >"$config" <<-END
	lxc.uts.name = $1
	lxc.rootfs.path = dir:$rootfs
	lxc.net.0.type = veth
	lxc.net.0.link = br0
	lxc.net.0.flags = up
	lxc.net.0.name = eth0
	lxc.net.0.ipv4.address = $2/24
	lxc.apparmor.profile = unconfined
	END
	must lxc-start --name "$1" --rcfile "$config" -- \
		/bin/sh -c "exec httpd -f -h /www"
	defer lxc-stop --kill --name "$1"
	must lxc-wait --name "$1" --state RUNNING --timeout 60
}

containers()
{
	must ip link add name br0 type bridge
	defer ip link del dev br0
	must ip addr add 198.51.100.1/24 dev br0
	must ip link set dev br0 up
	start one 198.51.100.2
	start two 198.51.100.3
	slowwait 10 answers "http://198.51.100.2/"
	check_web "http://198.51.100.2/"
	slowwait 10 answers "http://198.51.100.3/"
	check_web "http://198.51.100.3/" lxc-attach --name one --
	check_devices 4
	log_test "two containers on a bridge"
}

nothing_is_left()
{
	check_no_devices
	log_test "containers take their devices along"
}

say_version "LXC $(lxc-start --version)"
put_in_veths_place
tests_run
exit $EXIT_STATUS
