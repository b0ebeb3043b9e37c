#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What ethtool(8) is told about an end, and what it can set.
#
# There is no medium behind an end: speed and duplex are figures that others
# take at their word, and most other questions get veth's answer, which is that
# there is no such thing.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	driver
	link
	queries_like_veth
	requests_like_veth
	channels
	settings_can_be_set
	settings_that_cannot_be
	settings_of_one_end
"

require_command ethtool

ethtool_in()
{
	ip netns exec "$1" ethtool "${@:2}"
}

# Whether there are private flags is shown in napi/rx_napi.sh.
driver_but_for_versions()
{
	KIND=$2 make_pair "$1" va vb
	ethtool_in "$1" -i va | grep -v -e '^driver:' -e '^version:' \
		-e '^supports-priv-flags:'
}

driver()
{
	local info

	setup_ns NS
	make_pair "$NS" va vb
	info=$(ethtool_in "$NS" -i va)
	check_match "$info" $'^driver: '"$KIND"$'\n' "driver"
	check_match "$info" $'\nsupports-statistics: yes\n' "statistics"
	if differs driver-version; then
		check_match "$info" $'\nversion: [0-9]+\\.[0-9]+\\.[0-9]+\n' \
			"version"
	else
		check_match "$info" $'\nversion: 1\\.0\n' "version"
	fi
	log_test "driver"

	like_veth driver_but_for_versions
	log_test "what is not known of a driver"
}

# check_link_detected NS DEV ANSWER
check_link_detected()
{
	check_match "$(ethtool_in "$1" "$2")" "Link detected: $3" "$2"
}

link()
{
	setup_ns NS
	make_pair "$NS" va vb
	bring_up "$NS" va
	check_link_detected "$NS" va no
	bring_up "$NS" vb
	check_link_detected "$NS" va yes
	check_link_detected "$NS" vb yes
	must ip -n "$NS" link set dev va down
	check_link_detected "$NS" vb no
	log_test "link detected"
}

# ask NS [OPTION [WORD...]]: va.
ask()
{
	ethtool_in "$1" "${@:2:1}" va "${@:3}" 2>&1
	echo "exit status $?"
}

queries_like_veth()
{
	like_veth answers_to ask -a -c -d -e -m -n -P -T -t -u -x \
		--phy-statistics --show-eee --show-fec --show-module \
		--show-tunnels
	log_test "queries"

	like_veth answers_to ask "" -s
	log_test "settings at first"
}

requests_like_veth()
{
	like_veth answers_to ask "-A rx on" "-C rx-usecs 5" "-p 1" -r \
		"-N rx-flow-hash udp4 sdfn" "-X equal 1" "-s wol g" \
		"-s msglvl 1" "--reset all" "--set-eee eee on" \
		"--set-fec encoding rs"
	log_test "requests"
}

# What they do is shown in napi/channels.sh.
channels()
{
	like_veth answers_to ask -l "-L rx 1 tx 1" "-L rx 2 tx 2" "-L rx 0" \
		"-L rx 1000" "-L combined 1" -l
	log_test "channels"
}

# --- settings ------------------------------------------------------------

# settings_of DEV: all of them, but for the carrier.
settings_of()
{
	ethtool_in "$NS" "$1" | grep -v "Link detected"
}

set_va()
{
	errno_of ip netns exec "$NS" ethtool -s va "$@"
}

# check_set SPEED DUPLEX WORDS...: these WORDS make it these settings.
check_set()
{
	local speed=$1 duplex=$2 refusal

	shift 2
	refusal=$(set_va "$@")
	if differs link-settings; then
		check_equal "$refusal" "" "refusal"
	else
		check_equal "$refusal" EOPNOTSUPP "refusal"
		speed=10000Mb/s duplex=Full
	fi
	check_match "$(settings_of va)" \
		"Speed: $speed"$'\n.*'"Duplex: $duplex"$'\n' "settings"
	check_equal "$(ip netns exec "$NS" cat /sys/class/net/va/speed)" \
		"${speed%Mb/s}" "speed in sysfs"
	log_test "ethtool -s $*"
}

settings_can_be_set()
{
	setup_ns NS
	make_pair "$NS" va vb
	bring_up "$NS" va
	check_set 1000Mb/s Half speed 1000 duplex half
	check_set 25000Mb/s Half speed 25000
	check_set 25000Mb/s Full duplex full
	check_set 25000Mb/s Full autoneg off port tp
}

# check_refused WORDS...: for veth any of these is not supported, for myveth
# these ones are wrong; nothing is changed in either case.
check_refused()
{
	local before refusal

	before=$(settings_of va)
	refusal=$(set_va "$@")
	if differs link-settings; then
		check_equal "$refusal" EINVAL "refusal"
	else
		check_equal "$refusal" EOPNOTSUPP "refusal"
	fi
	check_equal "$(settings_of va)" "$before" "settings"
	log_test "ethtool -s $* is refused"
}

settings_that_cannot_be()
{
	setup_ns NS
	make_pair "$NS" va vb
	check_refused autoneg on
	check_refused port mii
	check_refused advertise 0x20
	check_refused mdix on
	check_refused phyad 3
	check_refused speed 4294967294
	check_refused speed 1000 autoneg on
}

# What the core refuses by itself, it refuses for both.
refused_by_core()
{
	KIND=$2 make_pair "$1" va vb
	errno_of ip netns exec "$1" ethtool -s va "${@:3}"
}

settings_of_one_end()
{
	setup_ns NS
	make_pair "$NS" va vb
	set_va speed 100 duplex half >/dev/null
	check_match "$(settings_of vb)" 'Speed: 10000Mb/s' "speed of the peer"
	check_match "$(settings_of vb)" 'Duplex: Full' "duplex of the peer"
	log_test "the peer keeps its settings"

	like_veth refused_by_core master-slave forced-master
	like_veth refused_by_core wol g
	log_test "requests that no driver without such a thing sees"

}

tests_run
exit $EXIT_STATUS
