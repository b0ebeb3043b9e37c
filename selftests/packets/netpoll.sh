#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# netconsole cannot use an end: it sends from wherever the kernel happens to
# print something, with interrupts off, and what is sent into a pair is received
# on the spot. On 6.1 it can, as with veth.
#
#	kernel log --> netconsole --X--> va ==== vb

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	netconsole
"

# A kernel without it has nothing to refuse.
load_netconsole()
{
	[ -d /sys/module/netconsole ] && return
	modprobe -q netconsole || skip_all "no module netconsole"
	defer modprobe -q -r netconsole
}

mount_configfs()
{
	CONFIGFS=$(mktemp -d) || abort "no temporary directory"
	defer rmdir "$CONFIGFS"
	must mount -t configfs configfs "$CONFIGFS"
	defer umount "$CONFIGFS"
	[ -d "$CONFIGFS/netconsole" ] ||
		skip_all "netconsole cannot be configured (NETCONSOLE_DYNAMIC)"
}

# write FILE VALUE: an attribute of the target.
write()
{
	must tee "$TARGET/$1" <<<"$2" >/dev/null
}

make_target()
{
	TARGET=$CONFIGFS/netconsole/$1
	must mkdir "$TARGET"
	defer rmdir "$TARGET"
	write dev_name "$2"
	write local_ip 192.0.2.1
	write remote_ip 192.0.2.2
}

# A target's device is one of the namespace of whoever enables the target.
enable_target()
{
	nsenter --net="/run/netns/$NS" tee "$TARGET/enabled" \
		<<<1 >/dev/null 2>&1
}

# A kernel that loses count of the device when it is refused must not refuse
# it: deleting the end would never end.
is_allowed()
{
	[[ $(uname -r) == 6.1.* ]]
}

netconsole()
{
	setup_ns NS
	make_pair "$NS" va vb
	must ip -n "$NS" addr add 192.0.2.1/24 dev va
	bring_up "$NS" va vb
	wait_for_up "$NS" va
	make_target "${NS##*-}" va

	if is_allowed; then
		enable_target
		check_err $? "netconsole is refused"
		check_equal "$(cat "$TARGET/enabled")" 1 "enabled"
	else
		enable_target
		check_fail $? "netconsole is accepted"
		check_equal "$(cat "$TARGET/enabled")" 0 "enabled"
	fi
	log_test "netconsole over an end"

	must ip -n "$NS" link del dev va
	check_equal "$(cat "$TARGET/enabled")" 0 "enabled"
	log_test "netconsole after the end is gone"
}

load_netconsole
mount_configfs
tests_run
exit $EXIT_STATUS
