#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The CNI plugins bridge and ptp, called as a container runtime does.

. "$(dirname "$0")/client-lib.sh"

ALL_TESTS="
	bridge
	ptp
	module_goes
"

readonly PLUGINS=/usr/lib/cni

# call COMMAND PLUGIN NS CONFIG: what the plugin answers.
call()
{
	CNI_COMMAND=$1 CNI_CONTAINERID=$3 CNI_NETNS=/run/netns/$3 \
		CNI_IFNAME=eth0 CNI_PATH=$PLUGINS \
		"$PLUGINS/$2" <<<"$4"
}

# config PLUGIN SUBNET
config()
{
	cat <<-END
	{ "cniVersion": "0.4.0", "name": "test", "type": "$1",
	  "bridge": "cni0", "isGateway": true,
	  "ipam": { "type": "host-local", "subnet": "$2",
		    "routes": [ { "dst": "0.0.0.0/0" } ] } }
	END
}

# add PLUGIN NS SUBNET: prints the address that it has got.
add()
{
	local answer

	answer=$(call ADD "$1" "$2" "$(config "$1" "$3")") ||
		abort "$1 ADD: $answer"
	jq -r '.ips[0].address | sub("/.*"; "")' <<<"$answer"
}

check_plugin()
{
	local plugin=$1 subnet=$2 one two

	setup_ns NS1 NS2
	one=$(add "$plugin" "$NS1" "$subnet")
	two=$(add "$plugin" "$NS2" "$subnet")
	echo 1 >/proc/sys/net/ipv4/ip_forward
	quietly ip netns exec "$NS1" ping -c 3 -W 10 "$two"
	check_err $? "$one gets no answer from $two"
	quietly ping -c 3 -W 10 "$one"
	check_err $? "the host gets no answer from $one"
	check_devices 4

	call DEL "$plugin" "$NS1" "$(config "$plugin" "$subnet")"
	check_err $? "$plugin DEL"
	call DEL "$plugin" "$NS2" "$(config "$plugin" "$subnet")"
	check_err $? "$plugin DEL"
	check_no_devices
	log_test "plugin $plugin"
}

bridge()
{
	check_plugin bridge 198.51.100.0/24
	ip link del dev cni0
}

ptp()
{
	check_plugin ptp 203.0.113.0/24
}

say_version "CNI plugins $(dpkg-query --show --showformat '${Version}' \
	containernetworking-plugins)"
put_in_veths_place
tests_run
exit $EXIT_STATUS
