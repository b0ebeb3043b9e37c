#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Who keeps a copy of what can be set at an end asks for it again when he is
# told that something has changed, and not before. So each change is announced,
# to other parts of the kernel and by netlink:
#
#	ethtool -s va speed 100
#	     |
#	     +--> bridge	the cost of the port
#	     +--> 802.3ad bond	which links may carry traffic together
#	     +--> ip monitor	and so whoever listens, as Open vSwitch does

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	bridge
	bridge_while_down
	bond
	speed_is_announced_once
	others_as_veth
	limit_of_the_peer
"

require_command ethtool
require_command jq
require_program xdp_program

# set_link NS DEV WORDS...: speed and duplex; veth refuses.
set_link()
{
	ip netns exec "$1" ethtool -s "${@:2}" 2>/dev/null
}

# --- a bridge ------------------------------------------------------------

make_bridge()
{
	setup_ns NS
	make_pair "$NS" va vb
	must ip -n "$NS" link add name br0 type bridge
	must ip -n "$NS" link set dev va master br0
	bring_up_silently "$NS" br0 va vb
	wait_for_up "$NS" va vb
}

path_cost()
{
	ip netns exec "$NS" cat /sys/class/net/va/brport/path_cost
}

path_cost_is()
{
	[ "$(path_cost)" = "$1" ]
}

# The cost that belongs to SPEED, and to veth's 10000 whatever one sets.
cost_of()
{
	differs link-settings || set -- 10000
	case $1 in
	10) echo 100 ;;
	100) echo 19 ;;
	10000) echo 2 ;;
	esac
}

bridge()
{
	local speed

	make_bridge
	check_equal "$(path_cost)" "$(cost_of 10000)" "cost at first"
	for speed in 100 10 10000; do
		set_link "$NS" va speed "$speed"
		check_equal "$(path_cost)" "$(cost_of "$speed")" "cost of $speed"
	done
	log_test "a bridge knows the speed at once"
}

# The kernel tells nobody of what is down, but everybody of what comes up.
bridge_while_down()
{
	make_bridge
	must ip -n "$NS" link set dev va down
	set_link "$NS" va speed 100
	must ip -n "$NS" link set dev va up
	busywait 5000 path_cost_is "$(cost_of 100)"
	check_err $? "cost of 100: $(path_cost)"
	log_test "set while down, a bridge knows it when the end is up"

	must ip -n "$NS" link set dev vb down
	set_link "$NS" va speed 10
	must ip -n "$NS" link set dev vb up
	busywait 5000 path_cost_is "$(cost_of 10)"
	check_err $? "cost of 10: $(path_cost)"
	log_test "set without a carrier, a bridge knows it with the carrier"
}

# --- a bond --------------------------------------------------------------

# The module's own bond0 is of no use here, and would be left.
need_bonding()
{
	module_is_loaded bonding && return
	modprobe -q bonding max_bonds=0 || return
	defer modprobe -r bonding
}

# make_bond NS DEV...
make_bond()
{
	local dev

	must ip -n "$1" link add name bond0 type bond mode 802.3ad miimon 100 \
		lacp_rate fast
	for dev in "${@:2}"; do
		must ip -n "$1" link set dev "$dev" master bond0
	done
	bring_up "$1" bond0
}

# What the bond in A has noted of va0 and va1, in Mbit/s.
noted_speeds()
{
	ip netns exec "$A" sed -n 's/^Speed: \(.*\) Mbps$/\1/p' \
		/proc/net/bonding/bond0 | on_one_line
}

# check_ports NUMBER: that many links carry traffic together, in A and in B.
check_ports()
{
	local ns

	for ns in "$A" "$B"; do
		slowwait 30 link_is "$ns" bond0 \
			.linkinfo.info_data.ad_info.num_ports "$1"
		check_err $? "not $1 ports"
	done
}

# Links of different speeds never carry traffic together.
bond()
{
	if ! need_bonding; then
		log_test_skip "a bond" "no kernel module bonding"
		return
	fi
	setup_ns A B
	make_pair "$A" va0 vb0 -- netns "$B"
	make_pair "$A" va1 vb1 -- netns "$B"
	make_bond "$A" va0 va1
	make_bond "$B" vb0 vb1
	check_ports 2
	log_test "a bond of two links"

	set_link "$A" va0 speed 100
	if differs link-settings; then
		check_equal "$(noted_speeds)" "100 10000" "speeds"
		check_ports 1
	else
		check_equal "$(noted_speeds)" "10000 10000" "speeds"
		check_ports 2
	fi
	log_test "a bond parts from a link of another speed at once"

	set_link "$A" va1 speed 100
	if differs link-settings; then
		check_equal "$(noted_speeds)" "100 100" "speeds"
	else
		check_equal "$(noted_speeds)" "10000 10000" "speeds"
	fi
	check_ports 2
	log_test "a bond takes both links again when they are alike"
}

# --- netlink -------------------------------------------------------------

make_audible_pair()
{
	make_pair "$1" va vb
	bring_up_silently "$1" va vb
	wait_for_up "$1" va vb
	listen "$1"
}

# said_of NS DEV: how often, until now.
said_of()
{
	grep -c "^[0-9]*: $2@" "$SCRATCH/$1"
}

# announcements NS COMMAND...: how many of each end COMMAND makes.
announcements()
{
	local va vb

	va=$(said_of "$1" va)
	vb=$(said_of "$1" vb)
	"${@:2}" >/dev/null 2>&1
	heard_all "$1"
	echo "va $(($(said_of "$1" va) - va)) vb $(($(said_of "$1" vb) - vb))"
}

# check_announced NUMBER WORDS...: of va, when these settings are made.
check_announced()
{
	local number=$1

	differs link-settings || number=0
	check_equal "$(announcements "$NS" set_link "$NS" va "${@:2}")" \
		"va $number vb 0" "announcements of ${*:2}"
}

speed_is_announced_once()
{
	setup_ns NS
	make_audible_pair "$NS"
	check_announced 1 speed 100
	check_announced 1 duplex half
	check_announced 1 speed 1000 duplex full
	log_test "a change is announced once"

	check_announced 0 speed 1000
	check_announced 0 speed 1000 duplex full
	log_test "what is set already is not announced"

	check_announced 0 speed 100 autoneg on
	log_test "what is refused is not announced"

	must ip -n "$NS" link set dev va down
	# What is said of vb comes later.
	busywait 5000 not link_is_up "$NS" vb
	heard_all "$NS"
	check_announced 0 speed 100
	log_test "of an end that is down nothing is announced"
}

# changes NS KIND: what changes at va, and at vb with a meaning for va.
changes()
{
	local words
	local requests="
		ip link set dev va mtu 1400
		ip link set dev va mtu 1400
		ip link set dev va address 02:00:00:00:00:77
		ip link set dev va txqueuelen 77
		ethtool -K va tso off
		ethtool -K va tso off
		ethtool -K va tso on
		ethtool -K va gro on
		ip link set dev vb xdpdrv pinned $BPFFS/pass
		ip link set dev vb xdp off"

	KIND=$2 make_audible_pair "$1"
	while read -ra words; do
		[ ${#words[@]} -gt 0 ] || continue
		echo "${words[*]}:"
		announcements "$1" ip netns exec "$1" "${words[@]}"
	done <<<"$requests"
}

others_as_veth()
{
	mount_bpffs
	xdp_load pass pass
	like_veth changes
	log_test "MTU, address, features and programs, as with veth"
}

# check_limit_announced NUMBER WORDS...: of va, when vb's program is set by these.
check_limit_announced()
{
	local number=$1

	differs peer-limit || number=0
	check_equal "$(announcements "$NS" \
		ip -n "$NS" -force link set dev vb "${@:2}")" \
		"va $number vb 1" "announcements of ${*:2}"
}

# The program at vb decides how long the frames of va may be, also of a va that
# leaves nothing to others to segment, and so has no features to lose.
limit_of_the_peer()
{
	mount_bpffs
	xdp_load pass pass
	xdp_load other pass
	xdp_load frags pass frags
	setup_ns NS
	make_audible_pair "$NS"
	set_offload "$NS" va tso off tx-gso-list off \
		tx-sctp-segmentation off tx-udp-segmentation off
	heard_all "$NS"
	check_limit_announced 1 xdpdrv pinned "$BPFFS/pass"
	check_limit_announced 1 xdpdrv pinned "$BPFFS/frags"
	check_limit_announced 1 xdpdrv pinned "$BPFFS/pass"
	check_limit_announced 1 xdpdrv off
	log_test "the peer's largest MTU, when it changes"

	must ip -n "$NS" link set dev vb xdpdrv pinned "$BPFFS/pass"
	heard_all "$NS"
	check_limit_announced 0 xdpdrv pinned "$BPFFS/other"
	log_test "the peer's largest MTU, when it stays"
}

tests_run
exit $EXIT_STATUS
