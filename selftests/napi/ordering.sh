#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The packets of one flow that is sent on one CPU arrive in order, all of them,
# and those that GRO holds are not overtaken when it is switched off. For what
# takes longer see stress/order_in_every_mode.sh.
#
#	A: va 192.0.2.1, 2001:db8::1 ====== B: vb 192.0.2.2, 2001:db8::2
#
# Each word of the stream is its own position in it: stream.c names the first
# one that is not where it belongs.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	one_flow
	held_by_gro
"

require_command ethtool
require_program numbered
require_program stream

# The first and the last CPU that we may run on.
some_cpus()
{
	local list

	list=$(sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status)
	printf '%s\n' "${list%%[,-]*}" "${list##*[,-]}" | sort -u
}

# one_way FROM TO ADDRESS: 5,000 datagrams of 64 bytes.
one_way()
{
	local cpu said

	for cpu in $(some_cpus); do
		said=$(taskset -c "$cpu" "$MYVETH_PROGRAMS/stream" "$@" udp \
			320000 size=64 2>&1)
		check_equal "$said" "received 320000" "sent on CPU $cpu"
	done
	log_test "5000 datagrams to $3 arrive in order"
}

one_flow()
{
	make_talking_pair A B
	must ip -n "$A" addr add 2001:db8::1/64 dev va nodad
	must ip -n "$B" addr add 2001:db8::2/64 dev vb nodad

	one_way "$A" "$B" 192.0.2.2
	one_way "$B" "$A" 192.0.2.1
	one_way "$A" "$B" 2001:db8::2
	one_way "$B" "$A" 2001:db8::1
}

# With rx-napi there is NAPI before and after. GRO holds the last datagrams of a
# burst for three seconds, after one of which the sender gives them up and sends
# the next burst.
held_by_gro()
{
	local sender

	if ! differs rx-napi; then
		log_test "this kind has no NAPI without GRO"
		return
	fi
	make_talking_pair A B
	set_offload "$A" va tso off
	set_offload "$B" vb gro on rx-gro-list on
	must ip netns exec "$B" ethtool --set-priv-flags vb rx-napi on
	must ip netns exec "$B" sh -c \
		"echo 3000000000 >/sys/class/net/vb/gro_flush_timeout"
	"$MYVETH_PROGRAMS/numbered" "$A" "$B" 192.0.2.2 >"$SCRATCH/said" 2>&1 &
	sender=$!
	defer stop "$sender"
	slowwait 10 is_busy "$B" vb
	sleep 0.5
	set_offload "$B" vb gro off
	sleep 4
	kill "$sender"
	wait "$sender"
	check_match "$(<"$SCRATCH/said")" "received [1-9].* late 0$" "its words"
	log_test "what GRO holds is not overtaken" "$(<"$SCRATCH/said")"
}

tests_run
exit $EXIT_STATUS
