#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Random descriptions of a peer, right and wrong, are answered as veth answers:
#
#	random_nests --> requests --+--> newlink veth   --> answers --+
#	                            |                                 diff
#	                            +--> newlink $KIND  --> answers --+
#
# The requests say nothing else, so each accepted one makes one more pair. Which
# requests they are follows from SEED, which is 1 unless the environment says
# otherwise. A line of the requests can be sent again:
#
#	newlink veth peer=00000000...
#
# With one difference. veth refuses to bring a peer up: ENOTCONN. Where the
# kinds differ in that, $KIND must answer as veth answers when the same
# request leaves the peer down.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	random_peers
	random_data
	good_pair
"

require_program newlink
require_program random_nests

REQUESTS=1000
SEED=${SEED:-1}

# make_requests FILE WHAT [down]
make_requests()
{
	"$MYVETH_PROGRAMS/random_nests" "$2" "$SEED" "$REQUESTS" "${@:3}" \
		>"$SCRATCH/$1" || abort "no requests"
}

# send_requests KIND REQUESTS ANSWERS: in a namespace of their own; without the
# texts. A pair for each accepted one is there then, and nothing else but lo.
send_requests()
{
	local NS devices pairs

	setup_ns NS
	ip netns exec "$NS" "$MYVETH_PROGRAMS/newlink" "$1" - \
		<"$SCRATCH/$2" | cut -d ' ' -f 1 >"$SCRATCH/$3"
	devices=$(ip -n "$NS" -o link show type "$1" | wc -l)
	pairs=$(grep -cx OK "$SCRATCH/$3")
	check_equal "$(wc -l <"$SCRATCH/$3")" "$REQUESTS" "answers of $1"
	check_equal "$devices" $((2 * pairs)) "devices of kind $1"
	cleanup_ns "$NS"
}

# The first few that veth and $KIND answer in different ways. An odd length can
# keep IFF_UP from being found and taken away; veth says ENOTCONN then.
differing_answers()
{
	local listed=0

	# shellcheck disable=SC2016 # awk's own
	! differs peer-up || listed='$2 == "ENOTCONN" && $3 == "OK"'
	(cd "$SCRATCH" && paste -d ' ' requests theirs ours) |
		awk "\$2 != \$3 && !($listed)" | head -n 3
}

# What $KIND should answer: what veth does, or would do if the peer stayed down.
ask_veth()
{
	if differs peer-up; then
		make_requests requests_down "$1" down
		send_requests veth requests_down theirs
	else
		send_requests veth requests theirs
	fi
}

# All sorts of answers are among them, or the requests were not worth sending.
check_variety()
{
	local answer

	for answer in OK EINVAL ERANGE EBADF ESRCH; do
		grep -qx "$answer" "$SCRATCH/theirs"
		check_err $? "no answer is $answer"
	done
}

# Whether the difference showed in these requests.
check_peer_up()
{
	local refused

	refused=$(grep -cx ENOTCONN "$SCRATCH/ours")
	if differs peer-up; then
		check_equal "$refused" 0 "peers that cannot be brought up"
	else
		[ "$refused" -gt 0 ]
		check_err $? "no peer was to be brought up"
	fi
}

compare_answers()
{
	make_requests requests "$1"
	ask_veth "$1"
	send_requests "$KIND" requests ours
	check_variety
	check_peer_up
	check_equal "$(differing_answers)" "" "request, veth's answer, $KIND's"
	log_info "$(sort "$SCRATCH/ours" | uniq -c | on_one_line)"
}

random_peers()
{
	compare_answers peer
	log_test "random bytes for the peer"
}

random_data()
{
	compare_answers data
	log_test "random bytes for IFLA_INFO_DATA"
}

good_pair()
{
	setup_ns NS
	make_pair "$NS" va vb
	bring_up "$NS" va vb
	wait_for_up "$NS" va vb
	log_test "a pair made as it should be"
}

log_info "SEED=$SEED"

tests_run
exit $EXIT_STATUS
