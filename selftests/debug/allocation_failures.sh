#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every allocation of a request fails once:
#
#	request 1:  #1 fails
#	request 2:  #1, #2 fails
#	request 3:  #1, #2, #3 fails		until there are no more
#
# Each request is granted or refused for want of memory, and does all or nothing:
# never is there one end without the other, an end that is half up, or a setting
# that was refused and yet changed something. That nothing leaks is for run.sh
# to see.
#
# A request can be refused although it was carried out: when it was the answer
# for which memory lacked (ENOBUFS). Notifications that are not sent for want of
# memory refuse nothing.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	creation
	deletion
	going_up
	going_up_with_gro
	channels
	channels_with_gro
	gro
	rx_napi
	rings
	xdp_program
"

require_program xdp_program
require_program fail_nth.so
require_command jq

FAULTS=/sys/kernel/debug
# More requests than any of them makes allocations
BATCH=200 LIMIT=3000

[ -e /proc/thread-self/fail-nth ] || skip_all "no fault injection"

# What is to fail, and without a word in the kernel log.
configure_faults()
{
	local kind

	for kind in failslab fail_page_alloc; do
		set_fault "$kind" verbose 0
		set_fault "$kind" ignore-gfp-wait N
	done
	set_fault fail_page_alloc ignore-gfp-highmem N
	set_fault fail_page_alloc min-order 0
}

set_fault()
{
	local file=$FAULTS/$1/$2 before

	before=$(cat "$file") || abort "no $file"
	defer eval "echo $before >$file"
	echo "$3" >"$file" || abort "cannot write to $file"
}

# --- requests that fail --------------------------------------------------

# failing COMMAND...: in $LEFT; its first request loses its allocation number
# $NTH. Leaves in $ANSWERS what fail_nth has noted.
failing()
{
	: >"$ANSWERS"
	ip netns exec "$LEFT" env "FAIL_NTH=$NTH" "FAIL_LOG=$ANSWERS" \
		"LD_PRELOAD=$PRELOADED" "$@" >"$SCRATCH/said" 2>&1
	NTH=$((NTH + $(wc -l <"$ANSWERS")))
}

failing_batch()
{
	failing "$@" ip -force -batch -
}

# The last request did not make that many allocations any more.
has_passed()
{
	[[ $(tail -n 1 "$ANSWERS") == *" passed "* ]]
}

start_sweep()
{
	NTH=1
	: >"$SCRATCH/all"
}

# Add up the answers, and stop at what cannot end.
next_batch()
{
	cat "$ANSWERS" >>"$SCRATCH/all"
	! has_passed || return
	[ -s "$ANSWERS" ] || abort "no request: $(head -n 3 "$SCRATCH/said")"
	[ "$NTH" -lt "$LIMIT" ] || abort "there is no end of allocations"
}

check_sweep()
{
	local failed refused odd

	failed=$(grep -c " failed " "$SCRATCH/all")
	refused=$(grep -c " failed ENOMEM" "$SCRATCH/all")
	check_fail "$failed" "no allocation has failed"
	[ "$refused" -ge "$1" ]
	check_err $? "only $refused of $failed requests were refused"
	odd=$(grep -v -e " failed OK" -e " failed ENOMEM" -e " failed ENOBUFS" \
		-e " passed OK" "$SCRATCH/all" | head -n 3 | on_one_line)
	check_equal "$odd" "" "answers"
	log_info "$failed allocations, $refused refusals"
}

# --- creating and deleting -----------------------------------------------

names_in()
{
	ip -n "$1" -j link show type "$KIND" | jq -r '.[].ifname' |
		sort -V | on_one_line
}

requests_to_create()
{
	local n

	for ((n = NTH; n < NTH + BATCH; n++)); do
		echo "link add name a$n type $KIND" \
			"peer name b$n netns $RIGHT"
	done
}

requests_to_delete()
{
	local name

	for name in $(names_in "$LEFT"); do
		echo "link del dev $name"
	done
}

# Of those that were made each has its other end, and each that was granted is
# there.
check_whole_pairs()
{
	local lefts rights granted refused

	lefts=$(names_in "$LEFT")
	rights=$(names_in "$RIGHT")
	check_equal "${rights//b/a}" "$lefts" "ends that have another"
	granted=$(sed -n 's/^\([0-9]*\) .* OK$/a\1/p' "$ANSWERS" | on_one_line)
	refused=$(sed -n 's/^\([0-9]*\) .* ENOBUFS$/a\1/p' "$ANSWERS" |
		on_one_line)
	for name in $granted; do
		[[ " $lefts " == *" $name "* ]]
		check_err $? "$name was granted, and is not there"
	done
	for name in $lefts; do
		[[ " $granted $refused " == *" $name "* ]]
		check_err $? "$name was refused, and is there"
	done
}

creation()
{
	local name

	configure_faults
	setup_ns LEFT RIGHT
	start_sweep
	while :; do
		failing_batch < <(requests_to_create)
		check_whole_pairs
		requests_to_delete | ip -n "$LEFT" -batch - ||
			abort "cannot delete"
		check_equal "$(names_in "$RIGHT")" "" "ends that stay"
		next_batch || break
	done
	check_sweep 20
	log_test "making a pair"
}

deletion()
{
	local n ends others

	configure_faults
	setup_ns LEFT RIGHT
	start_sweep
	for n in {1..50}; do
		echo "link add name a$n type $KIND" \
			"peer name b$n netns $RIGHT"
	done | ip -n "$LEFT" -batch - || abort "cannot make pairs"
	failing_batch < <(requests_to_delete)
	cat "$ANSWERS" >>"$SCRATCH/all"
	has_passed
	check_err $? "50 requests are too few"
	ends=$(names_in "$LEFT")
	others=$(names_in "$RIGHT")
	check_equal "${others//b/a}" "$ends" "ends that have another"
	check_sweep 0
	log_test "deleting a pair"
}

# --- going up ------------------------------------------------------------

requests_to_go_up()
{
	local n

	for ((n = 0; n < BATCH; n++)); do
		echo "link set dev va up"
		echo "link set dev va down"
	done
}

ping_works()
{
	ip netns exec "$LEFT" ping -q -c 1 -W 1 192.0.2.2 >/dev/null
}

check_it_works()
{
	bring_up "$LEFT" va
	slowwait 10 ping_works
	check_err $? "no answer"
}

sweep_up()
{
	configure_faults
	start_sweep
	must ip -n "$LEFT" link set dev va down
	while :; do
		failing_batch FAIL_EVERY=2 < <(requests_to_go_up)
		next_batch || break
	done
	check_it_works
}

going_up()
{
	make_talking_pair LEFT RIGHT
	sweep_up
	check_sweep 0
	log_test "ip link set up"
}

going_up_with_gro()
{
	make_talking_pair LEFT RIGHT
	if can "ip link set up, with GRO" ethtool -K va gro on; then
		sweep_up
		check_sweep 2
		log_test "ip link set up, with GRO"
	fi
}

# can WHAT COMMAND...: whether $KIND knows this at all, which is for other
# scripts to judge. If not, WHAT is reported as it is.
can()
{
	ip netns exec "$LEFT" "${@:2}" >/dev/null 2>&1 && return
	log_info "$KIND refuses ${*:2}"
	log_test "$1" "is unknown"
	return 1
}

# --- ethtool -------------------------------------------------------------

# sweep_ethtool WORDS BACK: "ethtool WORDS" with one allocation failing, then
# "ethtool BACK" without.
sweep_ethtool()
{
	local before

	configure_faults
	start_sweep
	while :; do
		before=$(settings)
		# shellcheck disable=SC2086 # a list of words
		failing ethtool $1
		if [[ $(<"$ANSWERS") == *" OK" ]]; then
			# shellcheck disable=SC2086 # a list of words
			must ip netns exec "$LEFT" ethtool $2
		else
			check_equal "$(settings)" "$before" "settings"
		fi
		next_batch || break
	done
	check_it_works
}

settings()
{
	ip netns exec "$LEFT" ethtool -l va 2>&1
	ip netns exec "$LEFT" ethtool -g va 2>&1
	ip netns exec "$LEFT" ethtool -k va 2>&1
	ip netns exec "$LEFT" ethtool --show-priv-flags va 2>&1
}

make_pair_with_queues()
{
	setup_ns LEFT RIGHT
	make_pair "$LEFT" va vb numtxqueues 4 numrxqueues 4 \
		-- numtxqueues 4 numrxqueues 4 netns "$RIGHT"
	must ip -n "$LEFT" addr add 192.0.2.1/24 dev va
	must ip -n "$RIGHT" addr add 192.0.2.2/24 dev vb
	bring_up "$LEFT" va
	bring_up "$RIGHT" vb
	wait_for_up "$LEFT" va
}

channels()
{
	make_pair_with_queues
	if can "ethtool -L" ethtool -L va rx 4 tx 4; then
		sweep_ethtool "-L va rx 1 tx 2" "-L va rx 4 tx 4"
		check_sweep 0
		log_test "ethtool -L"
	fi
}

channels_with_gro()
{
	make_pair_with_queues
	if can "ethtool -L, with GRO" ethtool -K va gro on; then
		must ip netns exec "$LEFT" ethtool -L va rx 1 tx 1
		sweep_ethtool "-L va rx 4 tx 4" "-L va rx 1 tx 1"
		check_sweep 2
		log_test "ethtool -L, with GRO"
	fi
}

gro()
{
	make_pair_with_queues
	if can "ethtool -K" ethtool -K va gro on; then
		must ip netns exec "$LEFT" ethtool -K va gro off
		sweep_ethtool "-K va gro on" "-K va gro off"
		check_sweep 2
		log_test "ethtool -K"
	fi
}

rx_napi()
{
	local flag="--set-priv-flags va rx-napi"

	make_pair_with_queues
	# shellcheck disable=SC2086 # a list of words
	if can "rx-napi" ethtool $flag off; then
		sweep_ethtool "$flag on" "$flag off"
		check_sweep 2
		log_test "rx-napi"
	fi
}

rings()
{
	make_pair_with_queues
	if can "ethtool -G" ethtool -G va rx 512; then
		must ip netns exec "$LEFT" ethtool -K va gro on
		sweep_ethtool "-G va rx 1024" "-G va rx 512"
		check_sweep 2
		log_test "ethtool -G"
	fi
}

# --- XDP -----------------------------------------------------------------

requests_to_attach()
{
	local n

	for ((n = 0; n < BATCH; n++)); do
		echo "link set dev va xdpdrv pinned $BPFFS/pass"
		echo "link set dev va xdpdrv off"
	done
}

xdp_program()
{
	mount_bpffs
	make_pair_with_queues
	xdp_load pass pass
	if can "XDP" ip link set dev va xdpdrv pinned "$BPFFS/pass"; then
		must ip -n "$LEFT" link set dev va xdpdrv off
		configure_faults
		start_sweep
		while :; do
			failing_batch FAIL_EVERY=2 < <(requests_to_attach)
			check_equal "$(link_get "$LEFT" va .xdp)" null "program"
			next_batch || break
		done
		check_sweep 2
		check_it_works
		log_test "XDP program"
	fi
}

ANSWERS=$SCRATCH/answers
PRELOADED=$(readlink -f "$MYVETH_PROGRAMS/fail_nth.so")

tests_run
exit $EXIT_STATUS
