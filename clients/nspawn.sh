#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# systemd-nspawn --network-veth: the pair's ends are ve-NAME on the host and host0
# in the container.

. "$(dirname "$0")/client-lib.sh"

ALL_TESTS="
	container
	module_goes
"

runs()
{
	machinectl show box >/dev/null 2>&1 &&
		ip link show dev ve-box >/dev/null 2>&1
}

container()
{
	local inside="ip addr add 198.51.100.2/24 dev host0;
		ip link set dev host0 up; exec httpd -f -h /www"

	make_rootfs "$SCRATCH/rootfs"
	systemd-nspawn --quiet --machine box --directory "$SCRATCH/rootfs" \
		--network-veth --as-pid2 /bin/sh -c "$inside" \
		>"$SCRATCH/said" 2>&1 </dev/null &
	defer machinectl terminate box
	slowwait 30 runs || abort "no machine: $(cat "$SCRATCH/said")"
	must ip addr add 198.51.100.1/24 dev ve-box
	must ip link set dev ve-box up
	slowwait 10 answers "http://198.51.100.2/"
	check_web "http://198.51.100.2/"
	check_equal "$(driver_of ve-box)" veth "driver"
	check_devices 2
	log_test "systemd-nspawn --network-veth"
}

say_version "systemd-nspawn $(systemd-nspawn --version |
	sed -n '1s/.*(\(.*\))/\1/p')"
put_in_veths_place
tests_run
exit $EXIT_STATUS
