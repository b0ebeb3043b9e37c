#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Mininet with Open vSwitch: every host of a tree of switches reaches every other.

. "$(dirname "$0")/client-lib.sh"

ALL_TESTS="
	pingall
	module_goes
"

# A tree of depth 2 and fanout 2 has 3 switches and 4 hosts; 6 pairs join them.
pingall()
{
	local program=$SCRATCH/tree.py pid

	cat >"$program" <<-'END'
	import subprocess
	from mininet.net import Mininet
	from mininet.node import OVSBridge
	from mininet.topolib import TreeTopo

	net = Mininet(topo=TreeTopo(depth=2, fanout=2), switch=OVSBridge,
	              controller=None)
	net.start()
	print("lost", net.pingAll(timeout="20"), flush=True)
	subprocess.run(["bash", "-c", "echo there; read"])
	net.stop()
	END
	coproc MN { python3 "$program" 2>"$SCRATCH/mn"; }
	pid=$MN_PID
	slowwait 300 asks_or_ends "$pid"
	check_match "$SAID" $'lost 0(\\.0)?\nthere' \
		"pingall ($(tail -n 1 "$SCRATCH/mn"))"
	check_devices 12
	echo >&"${MN[1]}"
	wait "$pid"
	check_err $? "mininet: $(tail -n 1 "$SCRATCH/mn")"
	check_no_devices
	log_test "pingall on a tree"
}

# Collects what it says until it waits for us.
asks_or_ends()
{
	local line

	kill -0 "$1" 2>/dev/null || return 0
	while read -rt 0.1 -u "${MN[0]}" line; do
		SAID+=$line$'\n'
	done
	[[ $SAID == *there* ]]
}

SAID=
say_version "Mininet $(mn --version 2>&1 | tail -n 1)," \
	"Open vSwitch $(ovs-vsctl --version | sed -n '1s/.* //p')"
put_in_veths_place
must systemctl start openvswitch-switch
tests_run
exit $EXIT_STATUS
