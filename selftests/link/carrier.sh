#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A pair has a carrier when both of its ends are up, and only then:
#
#	ends up		state of va	state of vb
#	-------		-----------	-----------
#	none		DOWN		DOWN
#	va		LOWERLAYERDOWN	DOWN
#	vb		DOWN		LOWERLAYERDOWN
#	both		UP		UP
#
# Each order in which the ends can go up and down is walked through; at every
# step the states are these, and flags and counters are veth's.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	walk_in_one_namespace
	walk_in_two_namespaces
	ip_shows_the_carrier
	carrier_is_nobody_elses
	no_carrier_no_packet
"

require_command ping
require_command jq

# --- what is seen of a pair ----------------------------------------------

# states NS...: name, state and flags of both ends.
states()
{
	local ns name state flags

	for ns; do
		while read -r name state _ flags; do
			[ "$name" = lo ] || echo "${name%@*} $state $flags"
		done < <(ip -n "$ns" -br link show)
	done
}

# counters NS: what is elsewhere is left out, and what cannot be read now, as
# "carrier" of an end that is down.
counters()
{
	local dev files=()

	for dev in va vb; do
		files+=("/sys/class/net/$dev"/{flags,carrier,dormant,link_mode}
			"/sys/class/net/$dev"/carrier_{changes,{up,down}_count}
			"/sys/class/net/$dev"/{speed,duplex})
	done
	ip netns exec "$1" grep -s . "${files[@]}"
	return 0
}

# states_are REGEX_FOR_VA REGEX_FOR_VB NS...
states_are()
{
	local found

	found=$(states "${@:3}")
	[[ $found =~ va\ $1\  && $found =~ vb\ $2\  ]]
}

# --- walks ---------------------------------------------------------------

# expect_states VA VB NS...: the table above. In two namespaces both ends are
# the first device and have the same index; to the kernel that looks like no
# lower layer, and it says DOWN. The state follows the carrier a moment later.
expect_states()
{
	local no_carrier=LOWERLAYERDOWN va=DOWN vb=DOWN

	[ $# -eq 3 ] || no_carrier=DOWN
	[ "$1" = up ] && va=$no_carrier
	[ "$2" = up ] && vb=$no_carrier
	[ "$1 $2" = "up up" ] && va=UP vb=UP
	slowwait 5 states_are "$va" "$vb" "${@:3}"
}

# walk NS_OF_VA NS_OF_VB STEP...: a step is "va up", for instance. Fails at the
# first state that is not the expected one.
walk()
{
	local -A ns=([va]=$1 [vb]=$2) is=([va]=down [vb]=down)
	local step dev space spaces=("$1")

	[ "$1" = "$2" ] || spaces+=("$2")
	for step in "${@:3}"; do
		dev=${step% *}
		is[$dev]=${step#* }
		ip -n "${ns[$dev]}" link set dev "$dev" "${is[$dev]}"
		expect_states "${is[va]}" "${is[vb]}" "${spaces[@]}" || return
		echo "$step"
		states "${spaces[@]}"
		for space in "${spaces[@]}"; do
			counters "$space"
		done
	done
}

one_namespace()
{
	KIND=$2 make_pair "$1" va vb
	walk "$1" "$1" "${@:3}"
}

two_namespaces()
{
	setup_ns OTHER
	KIND=$2 make_pair "$1" va vb -- netns "$OTHER"
	walk "$1" "$OTHER" "${@:3}"
}

# same_walk WHERE STEP...
same_walk()
{
	local ours theirs

	theirs=$(oracle_run veth "$@")
	ours=$(oracle_run "$KIND" "$@")
	check_match "$ours" $'\nstatus 0$' "walk"
	check_equal "$ours" "$theirs" "what was seen"
	log_test "$1: $(IFS=,; echo "${*:2}")"
}

walk_in_one_namespace()
{
	same_walk one_namespace "va up" "vb up" "va down" "va up" "vb down" \
		"va down" "va up"
	same_walk one_namespace "vb up" "va up" "va down" "vb down"
}

walk_in_two_namespaces()
{
	same_walk two_namespaces "va up" "vb up" "vb down" "va down" "vb up"
}

# --- the carrier itself --------------------------------------------------

check_line()
{
	check_match "$(ip -n "$NS" -o link show dev "$1")" "$2" "line of $1"
}

ip_shows_the_carrier()
{
	setup_ns NS
	make_pair "$NS" va vb
	check_line va ': va@vb: <BROADCAST,MULTICAST,M-DOWN> .* state DOWN '
	log_test "both are down"

	bring_up "$NS" va
	expect_states up down "$NS"
	check_err $? "state of va"
	check_line va ' state LOWERLAYERDOWN '
	check_line va '<NO-CARRIER,BROADCAST,MULTICAST,UP,M-DOWN>'
	check_line vb '<BROADCAST,MULTICAST> .* state DOWN '
	log_test "va is up"

	bring_up "$NS" vb
	expect_states up up "$NS"
	check_err $? "states"
	check_line va '<BROADCAST,MULTICAST,UP,LOWER_UP> .* state UP '
	check_line vb '<BROADCAST,MULTICAST,UP,LOWER_UP> .* state UP '
	log_test "both are up"
}

# Neither can the user set a carrier, nor does a twin pair share it.
set_carrier()
{
	KIND=$2 make_pair "$1" va vb
	ip -n "$1" link set dev va carrier "$3"
}

vc_has_no_carrier()
{
	[[ $(states "$NS") =~ vc\ LOWERLAYERDOWN ]]
}

carrier_is_nobody_elses()
{
	like_veth set_carrier on
	log_test "carrier set by hand"

	setup_ns NS
	make_pair "$NS" va vb
	make_pair "$NS" vc vd
	bring_up "$NS" va vb vc
	expect_states up up "$NS"
	check_err $? "va and vb, which are up"
	slowwait 5 vc_has_no_carrier
	check_err $? "vc, whose peer is down"
	must ip -n "$NS" link del dev vc
	states_are UP UP "$NS"
	check_err $? "va and vb lost their carrier"
	log_test "another pair's carrier"
}

route_is_linkdown()
{
	[[ $(ip -n "$1" route show dev "$2") == *linkdown* ]]
}

# A route over an end without a carrier is not used.
no_carrier_no_packet()
{
	setup_ns NS OTHER
	make_pair "$NS" va vb -- netns "$OTHER"
	must ip -n "$NS" addr add 192.0.2.1/24 dev va
	bring_up "$NS" va
	slowwait 5 route_is_linkdown "$NS" va
	check_err $? "route"
	log_test "route is marked linkdown"

	bring_up "$OTHER" vb
	wait_for_up "$NS" va
	must ip -n "$OTHER" addr add 192.0.2.2/24 dev vb
	ip netns exec "$NS" ping -q -c 1 -W 5 192.0.2.2 >/dev/null
	check_err $? "no answer"
	route_is_linkdown "$NS" va
	check_fail $? "route is still marked linkdown"
	log_test "ping with a carrier"
}

tests_run
exit $EXIT_STATUS
