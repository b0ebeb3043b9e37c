#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The ends of a pair are moved between namespaces at any time: down, up, under
# traffic, one, both, and back again.
#
#	   namespace NEAR     namespace AWAY     namespace FAR
#	+----------------+   +--------------+   +--------------+
#	|   va ==== vb   |   |              |   |              |
#	|         (vb) --|-->| (vb) --------|-->| vb           |
#	+----------------+   +--------------+   +--------------+
#
# What is shown of both ends after each step is what is shown of veth's.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	moves_when_down
	moves_when_up
	moves_with_a_new_name
	moves_that_clash
	notation
	index_is_taken
	index_is_free
	move_to_pid
	what_moves_along
	traffic_after_each_move
	under_traffic
"

require_command ping
require_command jq

# --- walks ---------------------------------------------------------------

# Where both ends are and how they name each other: namespaces by their ids.
# NO-CARRIER is left out, because it comes a moment later.
print_ends()
{
	local ns

	for ns in "$NEAR" "$AWAY" "$FAR"; do
		ip -n "$ns" -j link show
	done | jq -c '[.[] | select(.ifname != "lo") |
		[.ifname, .ifindex, .link, .link_index, .link_netnsid,
		 (.flags | sort - ["NO-CARRIER"])]]'
}

# A step is a namespace and words for "ip link set dev" there.
step()
{
	local ns=${1%% *} words answer

	words=${1#* }
	words=${words/netns NEAR/netns $NEAR}
	words=${words/netns AWAY/netns $AWAY}
	words=${words/netns FAR/netns $FAR}
	# shellcheck disable=SC2086 # words they are
	answer=$(ip -n "${!ns}" link set dev $words 2>&1)
	echo "$1: exit status $? $answer"
	print_ends
}

walk()
{
	local NEAR=$1 AWAY FAR step

	setup_ns AWAY FAR
	KIND=$2 make_pair "$NEAR" va vb
	for step in "${@:3}"; do
		step "$step"
	done
}

# same_walk STEP...
same_walk()
{
	like_veth walk "$@"
	log_test "$(IFS=,; echo "$*")"
}

moves_when_down()
{
	same_walk "NEAR va netns AWAY" "NEAR vb netns AWAY" \
		"AWAY va netns NEAR" "AWAY vb netns FAR" "NEAR va netns FAR" \
		"FAR vb netns FAR" "FAR va netns NEAR" "FAR vb netns NEAR"
}

# A move takes an end down, and the carrier of the other one with it.
moves_when_up()
{
	same_walk "NEAR va up" "NEAR vb up" "NEAR vb netns AWAY" "AWAY vb up" \
		"NEAR va netns FAR up" "AWAY vb netns FAR"
}

moves_with_a_new_name()
{
	same_walk "NEAR vb netns AWAY name eth0" "AWAY eth0 name va" \
		"AWAY va netns NEAR name vb" "NEAR va up" "NEAR va name eth0"
}

# Who finds the name taken stays where he was.
moves_that_clash()
{
	same_walk "NEAR vb netns AWAY" "AWAY vb name va" "NEAR va netns AWAY" \
		"NEAR va netns AWAY name vb" "AWAY vb name va" \
		"AWAY va netns nosuch" "NEAR va netns AWAY"
}

# --- what goes along -----------------------------------------------------

make_near_pair()
{
	setup_ns NEAR AWAY
	make_pair "$NEAR" va vb
}

link_netns_of()
{
	ip -n "$1" link show dev "$2" | grep -o 'link-netns.*'
}

head_of()
{
	ip -n "$1" -o link show dev "$2" | cut -d ' ' -f 2
}

index_of()
{
	link_get "$1" "$2" .ifindex
}

# iflink of sysfs is the peer's index wherever the peer is.
check_iflink()
{
	local index

	index=$(index_of "$3" "$4")
	check_equal "$(ip netns exec "$1" cat "/sys/class/net/$2/iflink")" \
		"$index" "iflink of $2"
	check_equal "$(ip netns exec "$1" ethtool -S "$2" |
		sed -n 's/ *peer_ifindex: //p')" "$index" \
		"peer_ifindex of $2"
}

notation()
{
	make_near_pair
	check_equal "$(head_of "$NEAR" va)" va@vb: "name"
	check_equal "$(link_netns_of "$NEAR" va)" "" "namespace"
	check_iflink "$NEAR" va "$NEAR" vb
	check_iflink "$NEAR" vb "$NEAR" va
	log_test "ends in one namespace"

	must ip -n "$NEAR" link set dev vb netns "$AWAY"
	check_equal "$(head_of "$NEAR" va)" "va@if$(index_of "$AWAY" vb):" name
	check_equal "$(head_of "$AWAY" vb)" "vb@if$(index_of "$NEAR" va):" name
	check_match "$(link_netns_of "$NEAR" va)" "^link-netns $AWAY" namespace
	check_match "$(link_netns_of "$AWAY" vb)" "^link-netns $NEAR" namespace
	check_iflink "$NEAR" va "$AWAY" vb
	check_iflink "$AWAY" vb "$NEAR" va
	log_test "ends in two namespaces"

	must ip -n "$AWAY" link set dev vb netns "$NEAR"
	check_equal "$(head_of "$NEAR" vb)" vb@va: "name"
	check_equal "$(link_netns_of "$NEAR" vb)" "" "namespace"
	check_iflink "$NEAR" va "$NEAR" vb
	log_test "ends in one namespace again"
}

index_is_taken()
{
	make_near_pair
	make_pair "$AWAY" vc vd
	INDEX=$(index_of "$NEAR" vb)
	check_match "$(index_of "$AWAY" vc) $(index_of "$AWAY" vd)" \
		"\\<$INDEX\\>" "index of vb"
	must ip -n "$NEAR" link set dev vb netns "$AWAY"
	[ "$(index_of "$AWAY" vb)" -ne "$INDEX" ]
	check_err $? "vb kept an index that was taken"
	check_iflink "$NEAR" va "$AWAY" vb
	log_test "a move to where the index is taken"
}

index_is_free()
{
	setup_ns NEAR AWAY
	must ip -n "$NEAR" link add name va index 77 type "$KIND" \
		peer name vb index 78
	must ip -n "$NEAR" link set dev vb netns "$AWAY"
	check_equal "$(index_of "$AWAY" vb)" 78 "index of vb"
	check_equal "$(index_of "$NEAR" va)" 77 "index of va"
	check_iflink "$NEAR" va "$AWAY" vb
	log_test "a move to where the index is free"
}

move_to_pid()
{
	local pid

	make_near_pair
	ip netns exec "$AWAY" sleep 100 &
	pid=$!
	defer stop "$pid"
	busywait 5000 is_in_namespace "$pid" "$AWAY"
	must ip -n "$NEAR" link set dev vb netns "$pid"
	link_exists "$AWAY" vb
	check_err $? "vb is not where the process is"
	log_test "a move to a process"
}

is_in_namespace()
{
	[ "/proc/$1/ns/net" -ef "/run/netns/$2" ]
}

# The hardware's side of an end moves along, the addresses stay behind.
properties()
{
	ip -n "$1" -j -d link show dev "$2" | jq -c '.[] |
		[.address, .mtu, .txqlen, .ifalias, .group, .qdisc,
		 .gso_max_size, .num_tx_queues, .linkinfo, .altnames]'
	ip -n "$1" -o addr show dev "$2"
	ip -n "$1" route show dev "$2"
	ip -n "$1" neigh show dev "$2"
}

move_with_properties()
{
	local NEAR=$1 AWAY

	setup_ns AWAY
	KIND=$2 make_pair "$NEAR" va vb address 02:00:00:00:00:0a mtu 1400
	ip -n "$NEAR" link set dev va txqueuelen 55 alias "the end" group 7
	ip -n "$NEAR" link property add dev va altname another-name
	ip -n "$NEAR" link set dev va gso_max_size 30000
	ip -n "$NEAR" addr add 192.0.2.1/24 dev va
	ip -n "$NEAR" link set dev va up
	ip -n "$NEAR" neigh add 192.0.2.9 dev va lladdr 02:00:00:00:00:09
	ip -n "$NEAR" link set dev va netns "$AWAY"
	properties "$AWAY" va | sed "s/\"$2\"/KIND/"
}

what_moves_along()
{
	like_veth move_with_properties
	log_test "properties after a move"
}

# --- traffic -------------------------------------------------------------

# configure NS DEV ADDRESS: after a move this has to be done again.
configure()
{
	must ip -n "$1" addr add "$3/24" dev "$2"
	bring_up "$1" "$2"
}

ping_works()
{
	ip netns exec "$1" ping -q -c 1 -W 1 "$2" >/dev/null
}

traffic_after_each_move()
{
	local ns

	setup_ns NEAR AWAY FAR
	make_pair "$NEAR" va vb -- netns "$AWAY"
	configure "$NEAR" va 192.0.2.1
	configure "$AWAY" vb 192.0.2.2
	slowwait 10 ping_works "$NEAR" 192.0.2.2
	check_err $? "no answer"
	log_test "traffic before the moves"

	must ip -n "$AWAY" link set dev vb netns "$FAR"
	configure "$FAR" vb 192.0.2.2
	slowwait 10 ping_works "$NEAR" 192.0.2.2
	check_err $? "no answer"
	log_test "traffic after a move of the far end"

	must ip -n "$NEAR" link set dev va netns "$AWAY"
	configure "$AWAY" va 192.0.2.1
	slowwait 10 ping_works "$AWAY" 192.0.2.2
	check_err $? "no answer"
	log_test "traffic after a move of the near end"

	must ip -n "$AWAY" link set dev va netns "$NEAR" name eth0
	configure "$NEAR" eth0 192.0.2.1
	slowwait 10 ping_works "$FAR" 192.0.2.1
	check_err $? "no answer"
	log_test "traffic after a move back with another name"
}

# stream NS ADDRESS: of packets, until the scope ends. A flood would take the
# time that the moves need; stress_life.sh has one.
stream()
{
	ip netns exec "$1" ping -q -i 0.005 "$2" >/dev/null 2>&1 &
	defer stop $!
}

has_received()
{
	[ "$(link_get "$1" "$2" .stats64.rx.packets)" -gt "$3" ]
}

received()
{
	link_get "$1" "$2" .stats64.rx.packets
}

check_stream_arrives()
{
	slowwait 10 has_received "$1" "$2" $(($(received "$1" "$2") + 20))
	check_err $? "$2 receives nothing"
}

# The stream is there all the time; the far end goes away and comes back.
under_traffic()
{
	local round

	setup_ns NEAR AWAY FAR
	make_pair "$NEAR" va vb -- netns "$AWAY"
	configure "$NEAR" va 192.0.2.1
	configure "$AWAY" vb 192.0.2.2
	stream "$NEAR" 192.0.2.2
	check_stream_arrives "$AWAY" vb
	for round in 1 2; do
		must ip -n "$AWAY" link set dev vb netns "$FAR"
		configure "$FAR" vb 192.0.2.2
		check_stream_arrives "$FAR" vb
		must ip -n "$FAR" link set dev vb netns "$AWAY"
		configure "$AWAY" vb 192.0.2.2
		check_stream_arrives "$AWAY" vb
		log_test "moves of the receiver under traffic" "round $round"
	done

	for round in 1 2; do
		must ip -n "$NEAR" link set dev va netns "$FAR"
		must ip -n "$FAR" link set dev va netns "$NEAR"
		configure "$NEAR" va 192.0.2.1
		check_stream_arrives "$AWAY" vb
		log_test "moves of the sender under traffic" "round $round"
	done
}

tests_run
exit $EXIT_STATUS
