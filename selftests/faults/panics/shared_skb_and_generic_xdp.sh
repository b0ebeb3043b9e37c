#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A receiver that writes to what it gets must not get what its sender still
# holds. pktgen holds each packet while it sends it; generic XDP makes room in
# it.
#
#	A  pktgen [ va ]======[ vb: generic XDP ]  B
#
# veth passes the packet on as it is, and the kernel finds that it is shared. For
# the machine that ends the test. Other receivers are in packets/shared_skb.sh.
#
# difference: shared-skbs
# panic: kernel BUG at net/core/skbuff\.c

. "$(dirname "$0")/../../lib.sh"

ALL_TESTS="shared"
PACKETS=10000

require_command jq
require_program xdp_program

has_seen_all()
{
	[ "$(xdp_counters seen packets)" -eq "$PACKETS" ]
}

shared()
{
	make_silent_pair A B
	mount_bpffs
	xdp_load pass pass "counters=$BPFFS/seen"
	xdp_attach "$B" vb pass xdpgeneric
	differs shared-skbs || log_info "this should end the machine"
	run_pktgen "$A" va "$(mac_of "$B" vb)" "$PACKETS"
	slowwait 10 has_seen_all
	check_err $? "the program has not seen all $PACKETS packets"
	log_test "generic XDP and packets that the sender still holds"
}

modprobe -q pktgen || skip_all "no module pktgen"
tests_run
exit $EXIT_STATUS
