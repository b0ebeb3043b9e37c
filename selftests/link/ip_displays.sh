#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# How a pair is shown, by ip(8) in all its formats, in sysfs, in /proc and to
# nft(8): as veth is, but for the name of the kind.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	list_of_a_kind
	ip_formats
	json
	usage
	monitor
	sysfs
	proc
	nft_kind
"

require_command jq

# In the output for $KIND, veth's name stands for the kind, whatever it is.
with_veth_for_kind()
{
	sed "s/\<$1\>/veth/g"
}

make_known_pair()
{
	KIND=$2 make_pair "$1" va vb address 02:00:00:00:00:0a \
		-- address 02:00:00:00:00:0b
}

# same_output WORDS...: of ip, about a pair that is always the same.
same_output()
{
	like_veth ip_on_known_pair "$@"
	log_test "ip $*"
}

ip_on_known_pair()
{
	local ns=$1 kind=$2

	make_known_pair "$ns" "$kind"
	shift 2
	ip -n "$ns" "${@//KIND/$kind}" 2>&1 | with_veth_for_kind "$kind"
}

names_in()
{
	jq -r '.[].ifname' | sort | on_one_line
}

list_of_a_kind()
{
	setup_ns NS
	make_pair "$NS" va vb
	must ip -n "$NS" link add name br0 type bridge
	check_equal "$(ip -n "$NS" -j link show type "$KIND" | names_in)" \
		"va vb" "devices of type $KIND"
	check_equal "$(ip -n "$NS" -j link show type bridge | names_in)" \
		"br0" "devices of type bridge"
	log_test "ip link show type $KIND"
}

ip_formats()
{
	local line

	setup_ns NS
	make_pair "$NS" va vb
	line=$(ip -n "$NS" -o link show dev va)
	check_match "$line" '^[0-9]+: va@vb: <' "line"
	check_match "$line" ' link/ether ([0-9a-f]{2}:){5}[0-9a-f]{2} brd ff:' \
		"line"
	check_match "$(ip -n "$NS" -br link show dev va)" '^va@vb  ' "brief"
	check_match "$(ip -n "$NS" -d -o link show dev va)" " $KIND " "details"
	log_test "name, peer and kind"

	same_output -o link show
	same_output -d link show dev va
	same_output -br link show
	same_output -s -s -d -o link show dev vb
	same_output addr show
	same_output link show type KIND
}

json()
{
	setup_ns NS
	make_pair "$NS" va vb
	check_equal "$(link_get "$NS" va .linkinfo.info_kind)" "$KIND" "kind"
	check_equal "$(link_get "$NS" va .linkinfo.info_data)" null "data"
	check_equal "$(link_get "$NS" va .link)" vb "peer"
	check_equal "$(link_get "$NS" va .link_type)" ether "type"
	log_test "kind and peer in JSON"

	same_output -j -d link show dev va
}

# ip link help KIND needs the plugin in its place; plugin.sh tests it.
usage()
{
	local how text

	for how in "link add type $KIND help" "link help $KIND"; do
		# shellcheck disable=SC2086 # words they are
		text=$(ip $how 2>&1)
		check_match "$text" "type $KIND \[ ?peer" "usage"
		log_test "ip $how"
	done
}

has_line()
{
	grep -q "$2" "$1"
}

monitor()
{
	local log

	setup_ns NS
	log=$(mktemp) || abort "no temporary file"
	defer rm -f "$log"
	ip -n "$NS" -o -d monitor link >"$log" 2>&1 &
	defer stop $!
	slowwait 10 monitor_works "$log"
	check_err $? "ip monitor sees nothing"

	make_pair "$NS" va vb
	slowwait 5 has_line "$log" "^[0-9]*: va@.* $KIND "
	check_err $? "no message about va"
	slowwait 5 has_line "$log" "^[0-9]*: vb[@:].* $KIND "
	check_err $? "no message about vb"
	log_test "ip monitor shows a new pair"

	must ip -n "$NS" link set dev va name eth0
	slowwait 5 has_line "$log" "^[0-9]*: eth0@vb"
	check_err $? "no message about the new name"
	log_test "ip monitor shows a new name"

	must ip -n "$NS" link del dev eth0
	slowwait 5 has_line "$log" "^Deleted [0-9]*: eth0@"
	check_err $? "no message about eth0"
	slowwait 5 has_line "$log" "^Deleted [0-9]*: vb@"
	check_err $? "no message about vb"
	log_test "ip monitor shows the deletion of both ends"
}

# It may take a while until it listens; lo is always there to be heard of.
monitor_works()
{
	ip -n "$NS" link set dev lo down
	ip -n "$NS" link set dev lo up
	grep -q " lo: " "$1"
}

sysfs_of()
{
	make_known_pair "$1" "$2"
	ip netns exec "$1" grep -s . /sys/class/net/va/uevent \
		/sys/class/net/va/{type,addr_len,dev_id,dev_port,iflink} \
		/sys/class/net/va/{name_assign_type,addr_assign_type} \
		/sys/class/net/va/{mtu,tx_queue_len,netdev_group,flags}
	ip netns exec "$1" ls /sys/class/net/va/ /sys/class/net/va/queues
	ip netns exec "$1" readlink /sys/class/net/va
}

sysfs()
{
	local uevent

	setup_ns NS
	make_pair "$NS" va vb
	uevent=$(ip netns exec "$NS" cat /sys/class/net/va/uevent)
	check_match "$uevent" "^INTERFACE=va"$'\n'"IFINDEX=[0-9]+$" "uevent"
	check_match "$(ip netns exec "$NS" readlink /sys/class/net/va)" \
		'devices/virtual/net/va$' "place of va"
	log_test "uevent names no DEVTYPE"

	like_veth sysfs_of
	log_test "sysfs"
}

proc_of()
{
	make_known_pair "$1" "$2"
	ip netns exec "$1" grep -c '^ *v[ab]:' /proc/net/dev
	ip netns exec "$1" ls /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf
	ip netns exec "$1" cat /proc/net/dev_mcast
}

proc()
{
	like_veth proc_of
	log_test "/proc/net and /proc/sys/net"
}

counted()
{
	ip netns exec "$1" nft -j list counters | jq -r --arg name "$2" '
		.nftables[].counter | select(.name == $name) | .packets'
}

nft_kind()
{
	if ! command -v nft >/dev/null; then
		log_test_skip "nft meta iifkind" "no command nft"
		return
	fi
	make_talking_pair NS OTHER
	must ip netns exec "$OTHER" nft "
		add table ip t
		add counter ip t ours
		add counter ip t others
		add chain ip t in { type filter hook input priority 0; }
		add rule ip t in icmp type echo-request \
			meta iifkind \"$KIND\" counter name ours
		add rule ip t in icmp type echo-request \
			meta iifkind != \"$KIND\" counter name others"
	ip netns exec "$NS" ping -q -c 3 -i 0.2 -W 5 192.0.2.2 >/dev/null
	check_err $? "ping"
	check_equal "$(counted "$OTHER" ours)" 3 "packets of the pair"
	check_equal "$(counted "$OTHER" others)" 0 "other packets"
	log_test "nft meta iifkind"
}

tests_run
exit $EXIT_STATUS
