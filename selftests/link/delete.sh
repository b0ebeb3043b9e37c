#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Whoever deletes an end deletes the pair, in whatever way; nothing is left.
#
#	   namespace LEFT     namespace RIGHT
#	+----------------+   +----------------+
#	|   va ==========|===|========== vb   |
#	+----------------+   +----------------+
#
# And a pair is made once: it cannot be made again, nor made into another.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	either_end
	across_namespaces
	with_either_namespace
	both_ends_in_one_namespace
	by_group
	by_kind
	by_wrong_words
	under_traffic
	peer_under_traffic
	namespace_under_traffic
	existing_names
	no_change
"

require_command ping
require_command jq

# --- what is there -------------------------------------------------------

# All devices but lo and what the kernel puts into each namespace by itself.
names_in()
{
	ip -n "$1" -br link show type "$KIND" | sed 's/[@ ].*//' | sort |
		on_one_line
}

names_are()
{
	[ "$(names_in "$1")" = "$2" ]
}

# check_names NS NAMES: a namespace is taken down in the background.
check_names()
{
	slowwait 10 names_are "$1" "$2"
	check_equal "$(names_in "$1")" "$2" "devices"
}

# --- one after the other -------------------------------------------------

either_end()
{
	local dev

	setup_ns NS
	for dev in va vb; do
		make_pair "$NS" va vb
		make_pair "$NS" vc vd
		bring_up "$NS" va
		must ip -n "$NS" link del dev "$dev"
		check_equal "$(names_in "$NS")" "vc vd" "devices"
		must ip -n "$NS" link del dev vc
		log_test "deletion of $dev"
	done
}

across_namespaces()
{
	setup_ns LEFT RIGHT
	make_pair "$LEFT" va vb -- netns "$RIGHT"
	must ip -n "$LEFT" link del dev va
	check_equal "$(names_in "$RIGHT")" "" "devices"
	log_test "deletion of the near end"

	make_pair "$LEFT" va vb -- netns "$RIGHT"
	bring_up "$LEFT" va
	bring_up "$RIGHT" vb
	must ip -n "$RIGHT" link del dev vb
	check_equal "$(names_in "$LEFT")" "" "devices"
	log_test "deletion of the far end"
}

with_either_namespace()
{
	setup_ns LEFT RIGHT
	make_pair "$LEFT" va vb -- netns "$RIGHT"
	make_pair "$LEFT" vc vd
	cleanup_ns "$RIGHT"
	check_names "$LEFT" "vc vd"
	log_test "deletion of the peer's namespace"

	setup_ns RIGHT
	make_pair "$LEFT" va vb -- netns "$RIGHT"
	bring_up "$LEFT" va
	bring_up "$RIGHT" vb
	cleanup_ns "$LEFT"
	check_names "$RIGHT" ""
	log_test "deletion of the namespace that it was made in"
}

# The third pair tells when the dying namespace is empty.
both_ends_in_one_namespace()
{
	setup_ns LEFT RIGHT
	make_pair "$LEFT" va vb
	make_pair "$LEFT" vc vd
	make_pair "$LEFT" vy vz -- netns "$RIGHT"
	bring_up "$LEFT" va vb vc vy
	cleanup_ns "$LEFT"
	check_names "$RIGHT" ""
	log_test "deletion of a namespace with both ends"

	make_pair "$RIGHT" va vb
	check_equal "$(names_in "$RIGHT")" "va vb" "devices"
	log_test "the names can be used again"
}

by_group()
{
	setup_ns LEFT RIGHT
	make_pair "$LEFT" va vb group 7 -- group 7
	make_pair "$LEFT" vc vd group 7
	make_pair "$LEFT" ve vf group 7 -- netns "$RIGHT"
	make_pair "$LEFT" vg vh group 8 -- group 8
	must ip -n "$LEFT" link del group 7
	check_equal "$(names_in "$LEFT")" "vg vh" "devices"
	check_equal "$(names_in "$RIGHT")" "" "devices of the other namespace"
	log_test "deletion of a group with both ends, one end, a far end"
}

# --- other words ---------------------------------------------------------

by_kind()
{
	setup_ns NS
	make_pair "$NS" va vb
	must ip -n "$NS" link del va type "$KIND"
	check_equal "$(names_in "$NS")" "" "devices"
	log_test "deletion of a $KIND"
}

by_wrong_words()
{
	like_veth request "del vc" "del group 9" "del lo" "del vb type dummy"
	log_test "deletion of what is not there, of lo, of another kind"
}

# --- under traffic -------------------------------------------------------

# A pair across two namespaces with a flood of questions and answers.
make_busy_pair()
{
	make_talking_pair LEFT RIGHT
	flood "$LEFT" 192.0.2.2
	slowwait 10 is_busy "$LEFT" va || abort "no traffic"
}

under_traffic()
{
	make_busy_pair
	flood "$RIGHT" 192.0.2.1
	must ip -n "$LEFT" link del dev va
	check_names "$RIGHT" ""
	log_test "deletion under traffic"
}

peer_under_traffic()
{
	make_busy_pair
	flood "$RIGHT" 192.0.2.1
	must ip -n "$RIGHT" link del dev vb
	check_names "$LEFT" ""
	log_test "deletion of the peer under traffic"
}

# The flood keeps the namespace it comes from alive; the other one goes.
namespace_under_traffic()
{
	make_busy_pair
	cleanup_ns "$RIGHT"
	check_names "$LEFT" ""
	log_test "deletion of the peer's namespace under traffic"
}

# --- one pair, made once -------------------------------------------------

# request NS KIND REQUEST...: beside a pair that is there; the word KIND stands
# for the kind.
request()
{
	local request words

	KIND=$2 make_pair "$1" va vb
	for request in "${@:3}"; do
		read -ra words <<<"${request//KIND/$2}"
		echo "$request:"
		ip -n "$1" link "${words[@]}" 2>&1
		echo "exit status $?"
	done
	KIND=$2 names_in "$1"
}

# refused_like_veth REQUEST...
refused_like_veth()
{
	local ours theirs

	theirs=$(oracle_run veth request "$@")
	ours=$(oracle_run "$KIND" request "$@")
	check_equal "$ours" "$theirs" "answers"
	check_match "$ours" $'\nva vb\nstatus 0$' "what is left"
	[[ $ours == *"exit status 0"* ]]
	check_fail $? "accepted: $ours"
	log_test "$(IFS=,; echo "$*")"
}

existing_names()
{
	refused_like_veth "add name va type KIND peer name vc" \
		"add name vc type KIND peer name vb" \
		"add name va type KIND peer name vb"
	refused_like_veth "add name vc type KIND peer name vc" \
		"add name vc type KIND peer name lo" "add name lo type KIND"
}

# Neither can a pair become another one. Who only names a kind, whichever it
# is, asks for nothing.
no_change()
{
	refused_like_veth "set dev va type KIND peer name vb" \
		"set dev va type KIND peer name vc" \
		"set dev lo type KIND peer name vb"
	refused_like_veth "replace name va type KIND peer name vb" \
		"change name va type KIND peer name vb"
	like_veth request "set dev va type dummy"
	log_test "set dev va type dummy"
}

tests_run
exit $EXIT_STATUS
