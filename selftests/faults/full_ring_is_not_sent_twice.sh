#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# More frames come at once than the receiver's ring takes. With a qdisc none is
# lost, and none is sent twice: who listens at the sending end, as tcpdump does,
# gets a copy of each frame that is given to the driver.
#
#	A  [ plug ]--[ va ]======[ ring: 256 ]--[ vb: GRO ]  B
#
# The plug holds all frames back and lets them go in one softirq, in which
# nobody can empty the ring. From Linux 6.12 on, veth gives the frame that does
# not fit back to the qdisc, and gets it again.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="overflow"
FRAMES=300

require_command jq
require_command ethtool
require_command tc
require_program frames

# How many frames one softirq may send: the product of two numbers.
let_one_softirq_send_all()
{
	local file=/proc/sys/net/core/dev_weight_tx_bias before

	before=$(cat "$file")
	must tee "$file" <<<100 >/dev/null
	defer eval "echo $before >$file"
}

vb_has_all()
{
	link_is "$B" vb .stats64.rx.packets "$FRAMES"
}

# Nothing is left in va's qdisc: what was not lost has been received.
qdisc_is_empty()
{
	[ "$(tc -n "$A" -s -j qdisc show dev va root | jq '.[0].qlen')" = 0 ]
}

make_topology()
{
	make_silent_pair A B
	set_offload "$A" va tso off
	set_offload "$B" vb gro on
	modprobe -q sch_plug || skip_all "no qdisc plug"
	must tc -n "$A" qdisc add dev va root plug
	let_one_softirq_send_all
}

# Each frame that the driver gets; the listeners get their copies just before.
watch()
{
	make_trace
	echo 'name == "va"' >"$TRACE/events/net/net_dev_start_xmit/filter"
	echo 1 >"$TRACE/events/net/net_dev_start_xmit/enable"
	defer eval "echo 0 >'$TRACE/events/net/net_dev_start_xmit/enable'"
}

# In two lots: a socket has no room for more.
send_all()
{
	send_frames "$A" va 60 $((FRAMES / 2))
	send_frames "$A" va 60 $((FRAMES / 2))
}

overflow()
{
	local seen

	make_topology
	watch
	send_all
	must tc -n "$A" qdisc change dev va root plug release_indefinite
	slowwait 10 qdisc_is_empty
	check_err $? "frames stay in the qdisc"

	seen=$(grep -c ': net_dev_start_xmit: ' "$TRACE/trace")
	if differs sent-twice; then
		check_equal "$seen" "$FRAMES" "frames given to the driver"
	else
		[ "$seen" -gt "$FRAMES" ]
		check_err $? "$seen frames: none was seen twice"
	fi
	log_test "no frame is given to the driver twice"

	# Before there was back-pressure veth lost what did not fit.
	if differs back-pressure; then
		slowwait 10 vb_has_all
		check_err $? "not all frames arrive"
	else
		check_fail "$(link_get "$A" va .stats64.tx.dropped)" \
			"va has lost nothing"
	fi
	log_test "no frame is lost"
}

tests_run
exit $EXIT_STATUS
