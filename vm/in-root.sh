#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# in-root.sh ROOT [DIRECTORY:MOUNT-POINT]... -- COMMAND...
#
# Runs a command in a root file system, with /proc and the given directories
# mounted there. To be run in a mount namespace of its own.

set -euo pipefail

root=$1
mounted=()

mount_at()
{
	local to=$root$1

	mkdir -p "$to"
	mount "${@:2}" "$to"
	mounted+=("$to")
}

# Needed where the mount namespace could not be made private
unmount_all()
{
	[ "${#mounted[@]}" -eq 0 ] || umount "${mounted[@]}"
}

trap unmount_all EXIT
mount_at /proc -t proc proc
while shift; [ "$1" != -- ]; do
	mount_at "${1#*:}" --bind "${1%%:*}"
done
shift

env -i HOME=/root LC_ALL=C.UTF-8 TERM="${TERM:-dumb}" \
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	chroot "$root" "$@"
