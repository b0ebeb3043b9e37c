#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The first process of a guest: makes it a usable machine, runs the command
# that the host asks for and tells the host how that ended. When it fails before
# that, the kernel panics and the host learns it so.

set -e

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root LC_ALL=C.UTF-8

mount_file_systems()
{
	mount -t proc proc /proc
	mount -t sysfs sysfs /sys
	mount -t devtmpfs devtmpfs /dev
	mkdir /dev/pts /dev/shm
	ln -s /proc/self/fd /dev/fd
	mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
	ln -sf pts/ptmx /dev/ptmx
	mount -t tmpfs tmpfs /dev/shm
	mount -t tmpfs -o mode=755 tmpfs /run
	mount -t tmpfs -o mode=1777 tmpfs /tmp
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	mount -t bpf bpf /sys/fs/bpf
	mount -t debugfs debugfs /sys/kernel/debug
	mount -t tracefs tracefs /sys/kernel/tracing
	mkdir /run/host /run/lock
	mount -t 9p -o trans=virtio,version=9p2000.L host /run/host
}

# Programs start all the time here. A page of theirs that is mapped before it is
# wanted costs less than a fault, which is dear in an emulator.
make_faults_rare()
{
	echo 262144 > /sys/kernel/debug/fault_around_bytes
}

# The one port that the host has plugged in; it may take a moment to appear
find_port()
{
	local port

	until port=$(cat /sys/class/virtio-ports/*/name 2> /dev/null) &&
	      [ -n "$port" ]; do
		sleep 0.1
	done
	echo "$port"
}

# Through a pipe, because the port can be opened only once: a command could
# not write to its /dev/stdout
run_with_output()
{
	bash /run/host/command < /dev/null 2>&1 | cat > /dev/vport*
	return "${PIPESTATUS[0]}"
}

# In a session of its own, so that there is job control and ^C ends a command
run_on_terminal()
{
	{
		stty rows "$ROWS" cols "$COLUMNS"
		setsid --ctty --wait bash /run/host/command
	} < /dev/hvc0 > /dev/hvc0 2>&1
}

mount_file_systems
make_faults_rare
echo myveth > /proc/sys/kernel/hostname
ip link set lo up

# shellcheck disable=SC1091 # written by write_environment()
. /run/host/environment
cd
status=0
if [ "$(find_port)" = terminal ]; then
	run_on_terminal || status=$?
else
	run_with_output || status=$?
fi
echo "$status" > /run/host/status
busybox poweroff -f
