#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
#	find-splats.sh < LOG
#
# Prints the lines of a kernel log (of `dmesg -t`) that must not be there, as the
# file "splats" has it. Fails if it cannot tell.

HERE=$(dirname "$(readlink -f "$0")")

forbidden=$(sed '/^[#!]/d; /^$/d' "$HERE/splats")
allowed=$(sed -n 's/^!//p' "$HERE/splats")
if [ -z "$forbidden" ] || [ -z "$allowed" ]; then
	echo "find-splats.sh: nothing is forbidden, or nothing allowed" >&2
	exit 2
fi

# 1 is "no such line"
grep -aE -e "$forbidden" | grep -avE -e "$allowed"
status=("${PIPESTATUS[@]}")
[ "${status[0]}" -le 1 ] && [ "${status[1]}" -le 1 ]
