#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What cannot be is refused with veth's errno, whichever end it is asked of; by
# the driver also with a text that says why. Nothing is left of it.
#
#	newlink KIND name=va WORDS peer name=vb WORDS
#
# All requests are sent one after the other, in a namespace for veth and in one
# for $KIND. What veth accepts, $KIND has to accept as well; each pair has names
# of its own, so that it is in nobody's way. Namespaces that belong to somebody
# else are the business of create_netns.sh.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	answers
	nothing_left
	good_pair
"

require_command ping
require_program newlink

# --- requests, and how their answers are judged --------------------------

REQUESTS=()
JUDGES=()

# request JUDGE WORDS...: the names va and vb become va1 and vb1, va2 and vb2...
request()
{
	local number=${#REQUESTS[@]} line="${*:2}"

	line=${line//=va/=va$number}
	REQUESTS+=("${line//=vb/=vb$number}")
	JUDGES+=("$1")
}

# like_veths WORDS...: errno and text.
like_veths()
{
	request judge_equal "$@"
}

# refused WORDS...: with veth's errno and text.
refused()
{
	request judge_refusal "$@"
}

# each_refused WORDS...: whichever end they describe.
each_refused()
{
	refused name=va "$@" peer name=vb
	refused name=va peer name=vb "$@"
}

# each_explained REGEX WORDS...: of either end, and of twins, is refused with
# veth's errno, and with a text.
each_explained()
{
	local text=$1

	shift
	request "judge_text $text" name=va "$@" peer name=vb
	request "judge_text $text" name=va peer name=vb "$@"
	request "judge_text $text" name=va "$@"
}

# A judge finds the answers in $THEIRS and $OURS, and may be given a text.

judge_equal()
{
	check_equal "$OURS" "$THEIRS" "answer"
}

judge_refusal()
{
	judge_equal
	[ "${THEIRS%% *}" != OK ]
	check_err $? "accepted"
}

# Where veth says nothing, the driver has something to say.
judge_text()
{
	check_match "$THEIRS" '^E[A-Z]+$' "veth's answer"
	check_equal "${OURS%% *}" "$THEIRS" "errno"
	if differs refusal-text; then
		check_match "$OURS" "^E[A-Z]+ .*$1" "answer"
	else
		check_equal "$OURS" "$THEIRS" "answer"
	fi
}

# veth does not look at it.
judge_peer_target_netnsid()
{
	check_equal "$THEIRS" OK "veth's answer"
	if differs peer-target-netnsid; then
		check_match "$OURS" "^EINVAL .*[Uu]nknown" "answer"
	else
		check_equal "$OURS" OK "answer"
	fi
}

# --- the requests --------------------------------------------------------

addresses()
{
	local wrong

	for wrong in 02 0203040506 02030405060708; do
		each_explained bytes address="$wrong"
	done
	each_explained zero address=000000000000
	each_explained unicast address=010000000001
	each_explained unicast address=ffffffffffff
	# Longer than any address that there is.
	each_refused address="$(printf '02%.0s' {1..33})"
	each_refused broadcast=0203
}

mtus()
{
	local wrong

	for wrong in 0 67 65536 0xffffffff; do
		each_explained MTU.*68.*65535 mtu="$wrong"
	done
}

queues()
{
	local wrong

	for wrong in 0 4097 0xffffffff; do
		each_refused numtxqueues="$wrong"
		each_refused numrxqueues="$wrong"
	done
}

names()
{
	local wrong

	for wrong in lo . .. a/b a:b "p%s" "p%d%d" sixteenletters16; do
		refused name="$wrong" peer name=vb
		refused name=va peer name="$wrong"
	done
	like_veths name= peer name=vb
	like_veths name=va peer name=
	refused name=va peer name=va
}

# The first index is taken by lo. The peer's index counts only when the first
# end has one as well.
indexes()
{
	refused name=va index=1 peer name=vb
	refused name=va index=77 peer name=vb index=1
	refused name=va index=77 peer name=vb index=77
	refused name=va index=-1 peer name=vb
	refused name=va peer name=vb index=-1
	refused name=va index=77 peer name=vb index=-1
	like_veths name=va peer name=vb index=1
}

# A process that is gone, a file that is not open, one that is no namespace, an
# id that means nothing.
namespaces()
{
	local dead

	true &
	dead=$!
	wait "$dead"
	each_refused pid="$dead"
	each_refused fd=4711
	each_refused fd=9
	each_refused pid="$dead" fd=9
	refused name=va pid=$$ fd=9 peer name=vb
	refused name=va target-netnsid=4711 peer name=vb
	refused name=va link-netnsid=4711 peer name=vb
	like_veths name=va peer name=vb link-netnsid=4711
	request judge_peer_target_netnsid name=va \
		peer name=vb target-netnsid=4711
}

# How long a queue may be has not always been limited.
queue_lengths()
{
	local length

	for length in 32767 32768 0xffffffff; do
		like_veths name=va txqueuelen="$length" peer name=vb
		like_veths name=va peer name=vb txqueuelen="$length"
	done
}

# An ifinfomsg has 16 bytes. An attribute that says that it is longer than what
# is left, or shorter than its own header, ends the parsing, and no more.
truncated()
{
	local length

	for length in 0 4 12 15; do
		refused name=va peer="$(head -c $((2 * length)) /dev/zero |
			tr '\0' 0)"
	done
	refused name=va data=04000100
	refused name=va data=0800010000000000
	like_veths name=va data=
	like_veths name=va data=0400
	like_veths name=va data=ff000100
	like_veths name=va data=0800020000000000
	like_veths name=va peer name=vb bytes=ff000400
	like_veths name=va peer name=vb bytes=03000400
	like_veths name=va peer bytes=ff000300aabb name=vb
	like_veths name=va bytes=ff000300aabb peer name=vb
	# An MTU of two bytes, a name without an end.
	like_veths name=va peer bytes=0600040044000000
	like_veths name=va peer bytes=0800030076767676
	like_veths bytes=0800030077777777 peer name=vb
}

# --- the cases -----------------------------------------------------------

# send_all NS KIND ANSWERS
send_all()
{
	printf '%s\n' "${REQUESTS[@]}" |
		ip netns exec "$1" "$MYVETH_PROGRAMS/newlink" "$2" - \
		>"$SCRATCH/$3" 9</dev/null
	check_err $? "newlink gave up"
}

# What a request must not change: the devices where we run ourselves, and how
# often the module is in use.
surroundings()
{
	ip -br link show type "$KIND"
	cat "/sys/module/$KIND/refcnt" 2>/dev/null
}

answers()
{
	local number=0 judge text THEIRS OURS

	SURROUNDINGS=$(surroundings)
	send_all "$VETH_NS" veth theirs
	send_all "$NS" "$KIND" ours
	check_equal "$(wc -l <"$SCRATCH/ours")" ${#REQUESTS[@]} "answers"
	log_test "an answer to each request"

	while read -r THEIRS <&3 && read -r OURS <&4; do
		read -r judge text <<<"${JUDGES[number]}"
		"$judge" "$text"
		log_test "${OURS%% *}: ${REQUESTS[number]}"
		number=$((number + 1))
	done 3<"$SCRATCH/theirs" 4<"$SCRATCH/ours"
}

nothing_left()
{
	local pairs devices

	pairs=$(grep -c '^OK' "$SCRATCH/ours")
	devices=$(ip -n "$NS" -o link show type "$KIND" | wc -l)
	check_equal "$devices" $((2 * pairs)) "devices"
	check_equal "$(surroundings)" "$SURROUNDINGS" "surroundings"
	log_test "nothing but what was accepted"
}

# After all that, a pair can be made and used.
good_pair()
{
	make_pair "$NS" va vb
	setup_ns AWAY
	must ip -n "$NS" link set dev vb netns "$AWAY"
	must ip -n "$NS" addr add 192.0.2.1/24 dev va
	must ip -n "$AWAY" addr add 192.0.2.2/24 dev vb
	bring_up "$NS" va
	bring_up "$AWAY" vb
	wait_for_up "$NS" va
	ip netns exec "$NS" ping -q -c 1 -W 5 192.0.2.2 >/dev/null
	check_err $? "no answer"
	log_test "a pair made as it should be"
}

setup_ns NS VETH_NS
# The module is loaded when it is first asked for.
make_pair "$NS" va vb
must ip -n "$NS" link del dev va

addresses
mtus
queues
names
indexes
namespaces
queue_lengths
truncated

tests_run
exit $EXIT_STATUS
