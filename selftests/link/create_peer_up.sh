#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Flags that the ends are made with, and how a new pair is announced:
#
#	ip link add name va up type KIND peer name vb up
#
#	va [UP] ========= [UP] vb	both have a carrier at once
#	   \                   /
#	    \___ ip monitor __/		2: vb@va: ...	3: va@vb: ...

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	first_end_up
	peer_up
	peer_up_elsewhere
	both_up
	other_flags
	announcements
	announcements_elsewhere
"

require_command jq

ENOTCONN="Transport endpoint is not connected"

# check_flags DEV WANTED UNWANTED: regexes
check_flags()
{
	local flags

	flags=$(link_get "$NS" "$1" ".flags | join(\" \")")
	check_match "$flags" "$2" "$1's flags"
	[[ $flags =~ $3 ]]
	check_fail $? "$1 has flags $flags"
}

first_end_up()
{
	setup_ns NS
	make_pair "$NS" va vb up
	check_flags va '\<UP\>' LOWER_UP
	check_flags vb MULTICAST 'UP|M-DOWN'
	log_test "first end up"
}

# check_made WORDS...: veth cannot do it, and leaves nothing.
check_made()
{
	local error

	error=$(ip -n "$NS" link add name va "$@" 2>&1)
	if differs peer-up; then
		check_equal "$error" "" "error"
		return
	fi
	check_equal "$error" "RTNETLINK answers: $ENOTCONN" "error"
	check_equal "$(ip -n "$NS" -o link show type "$KIND")" "" "devices"
	return 1
}

peer_up()
{
	setup_ns NS
	if check_made type "$KIND" peer name vb up; then
		check_flags vb '\<UP\>' LOWER_UP
		check_flags va MULTICAST 'UP|M-DOWN'
		must ip -n "$NS" link set dev va up
		wait_for_up "$NS" va vb
	fi
	log_test "peer up"
}

peer_up_elsewhere()
{
	setup_ns NS AWAY
	if check_made type "$KIND" peer name vb netns "$AWAY" up; then
		NS=$AWAY check_flags vb '\<UP\>' LOWER_UP
	fi
	check_equal "$(ip -n "$AWAY" -o link show type "$KIND" | wc -l)" \
		"$(ip -n "$NS" -o link show type "$KIND" | wc -l)" "devices"
	log_test "peer up in another namespace"
}

both_up()
{
	setup_ns NS
	if check_made up type "$KIND" peer name vb up; then
		check_flags va '\<UP\>.*LOWER_UP' NO-CARRIER
		check_flags vb '\<UP\>.*LOWER_UP' NO-CARRIER
		wait_for_up "$NS" va vb
	fi
	log_test "both ends up"
}

other_flags()
{
	setup_ns NS
	make_pair "$NS" va vb \
		arp off promisc on -- multicast off allmulticast on
	check_flags va NOARP.*PROMISC ALLMULTI
	check_flags va MULTICAST ALLMULTI
	check_flags vb ALLMULTI 'NOARP|PROMISC|\<MULTICAST'
	log_test "other flags"
}

# --- announcements -------------------------------------------------------

# announced NS: the devices, in the order in which they were first spoken of,
# each with the name of the other end as it was known by then.
announced()
{
	sed -n 's/^[0-9]*: \([^ ]*\): .*/\1/p' "$SCRATCH/$1" |
		awk '{ name = $1; sub("@.*", "", name) }
		     name != "lo" && !seen[name]++ { print }' | on_one_line
}

announcements()
{
	setup_ns NS
	listen "$NS"
	make_pair "$NS" va vb
	heard_all "$NS"
	if differs peer-announcement; then
		check_equal "$(announced "$NS")" "vb@va va@vb" "announced"
	else
		check_equal "$(announced "$NS")" "vb@NONE va@vb" "announced"
	fi
	log_test "announcement of the peer, then of the first end"
}

announcements_elsewhere()
{
	setup_ns NS AWAY
	listen "$NS"
	listen "$AWAY"
	make_pair "$NS" va vb -- netns "$AWAY"
	heard_all "$NS"
	heard_all "$AWAY"
	check_match "$(announced "$NS")" '^va@if[0-9]+$' "announced"
	if differs peer-announcement; then
		check_match "$(announced "$AWAY")" '^vb@if[0-9]+$' "announced"
	else
		check_equal "$(announced "$AWAY")" vb@NONE "announced"
	fi
	log_test "announcement of each end in its namespace"
}

tests_run
exit $EXIT_STATUS
