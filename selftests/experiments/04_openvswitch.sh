#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Experiment 4: two namespaces joined by Open vSwitch, with its datapath in the
# kernel and daemons of this test's own.
#
#	+----- ns1 -----+                                +----- ns2 -----+
#	|         veth0 |==== ovs-veth0    ovs-veth1 ====| veth1         |
#	|   10.1.1.2/24 |         |            |         | 10.1.1.3/24   |
#	+---------------+      +--+-- ovs-br --+--+      +---------------+

. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../topologies.sh"

ALL_TESTS="
	ping_through_the_switch
"

require_command ovsdb-server
require_command ovs-vswitchd
modprobe -q openvswitch 2>/dev/null || [ -d /sys/module/openvswitch ] ||
	skip_all "no kernel module openvswitch"

# The daemons write nowhere else, so the machine's own switch is not touched.
export OVS_RUNDIR=$SCRATCH OVS_DBDIR=$SCRATCH OVS_LOGDIR=$SCRATCH

in_host()
{
	ip netns exec "$HOST" "$@"
}

# It is ready when it answers on its control socket.
start_daemon()
{
	ip netns exec "$HOST" "$@" --no-chdir --pidfile \
		--log-file="$SCRATCH/$1.log" 2>/dev/null &
	defer stop $!
	slowwait 20 in_host ovs-appctl --target="$1" version >/dev/null 2>&1 ||
		abort "$1: $(tail -n 1 "$SCRATCH/$1.log")"
}

make_topology()
{
	setup_ns HOST NS1 NS2
	start_open_vswitch
	join_by_open_vswitch "$NS1" "$NS2"
	wait_for_up "$HOST" ovs-veth0 ovs-veth1
}

# has_flow FROM TO: IPv4 goes from one port to the other within the kernel.
has_flow()
{
	in_host ovs-dpctl --names dump-flows |
		grep -q "in_port($1),.*eth_type(0x0800).*actions:$2$"
}

ping_through_the_switch()
{
	make_topology
	check_ping "$NS1" 10.1.1.3

	slowwait 5 has_flow ovs-veth0 ovs-veth1
	check_err $? "no flow from ovs-veth0 to ovs-veth1"
	slowwait 5 has_flow ovs-veth1 ovs-veth0
	check_err $? "no flow from ovs-veth1 to ovs-veth0"
	check_match "$(in_host ovs-dpctl show)" " lost:0[^0-9]" "lookups"
	log_test "ping from ns1 to ns2 through ovs-br"
}

tests_run
exit $EXIT_STATUS
