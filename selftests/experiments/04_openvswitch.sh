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

ALL_TESTS="
	ping_through_the_switch
"

require_command ovsdb-server
require_command ovs-vswitchd
modprobe -q openvswitch 2>/dev/null || [ -d /sys/module/openvswitch ] ||
	skip_all "no kernel module openvswitch"

# The daemons write nowhere else, so the machine's own switch is not touched.
export OVS_RUNDIR=$SCRATCH OVS_DBDIR=$SCRATCH OVS_LOGDIR=$SCRATCH
SCHEMA=/usr/share/openvswitch/vswitch.ovsschema
DATABASE=unix:$SCRATCH/db.sock

in_host()
{
	ip netns exec "$HOST" "$@"
}

vsctl()
{
	in_host ovs-vsctl --timeout=60 --db="$DATABASE" "$@"
}

# Open vSwitch counts the processors at most once in ten seconds of uptime,
# beginning with zero: a daemon that is started before has no threads for what
# the kernel asks, and loses every first packet.
processors_can_be_counted()
{
	local seconds

	IFS=. read -r seconds _ </proc/uptime
	[ "$seconds" -gt 11 ]
}

# start DAEMON WORDS...: ready when it answers on its control socket.
start()
{
	ip netns exec "$HOST" "$@" --no-chdir --pidfile \
		--log-file="$SCRATCH/$1.log" 2>/dev/null &
	defer stop $!
	slowwait 20 in_host ovs-appctl --target="$1" version >/dev/null 2>&1 ||
		abort "$1: $(tail -n 1 "$SCRATCH/$1.log")"
}

start_daemons()
{
	must ovsdb-tool create "$SCRATCH/conf.db" "$SCHEMA"
	start ovsdb-server "$SCRATCH/conf.db" --remote="p$DATABASE"
	must vsctl --no-wait init
	slowwait 12 processors_can_be_counted || abort "uptime stands still"
	start ovs-vswitchd "$DATABASE"
}

make_topology()
{
	setup_ns HOST NS1 NS2
	start_daemons
	make_pair "$HOST" ovs-veth0 veth0 -- netns "$NS1"
	make_pair "$HOST" ovs-veth1 veth1 -- netns "$NS2"
	must vsctl add-br ovs-br -- add-port ovs-br ovs-veth0 \
		-- add-port ovs-br ovs-veth1
	must ip -n "$NS1" addr add 10.1.1.2/24 dev veth0
	must ip -n "$NS2" addr add 10.1.1.3/24 dev veth1
	bring_up "$HOST" ovs-veth0 ovs-veth1
	bring_up "$NS1" veth0
	bring_up "$NS2" veth1
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
