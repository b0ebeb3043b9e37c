#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The older gro.sh, once for each of its tests: all at once it names those that
# failed in one line.

status=0
number=0
for protocol in ipv4 ipv6; do
	for test in data ack flags tcp ip large; do
		number=$((number + 1))
		if "./${1##*/}" -p "$protocol" -t "$test"; then
			echo "ok $number $protocol $test"
		else
			echo "not ok $number $protocol $test"
			status=1
		fi
	done
done
exit "$status"
