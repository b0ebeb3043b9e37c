#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build-all.sh, in a root file system "matrix-SUITE", on the tree in /myveth:
# builds the module for each line of /boot/headers and prints a row of a table
# for each; then for 6.12's headers, made as they would be in each release from 6.1
# to 6.11 (see older-headers.sh). Fails if one cannot be built, or not without a
# warning.

set -uo pipefail

STATUS=0
LOG=$(mktemp)
OLDER=$(mktemp -d)
trap 'rm -rf "$LOG" "$OLDER"' EXIT

# The words with which kbuild builds for an architecture of dpkg's
words_for()
{
	case $1 in
	amd64)	echo "ARCH=x86" ;;
	arm64)	echo "ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-" ;;
	armhf)	echo "ARCH=arm CROSS_COMPILE=arm-linux-gnueabihf-" ;;
	esac
}

build()
{
	local headers=$1 architecture=$2

	make -C /myveth clean > /dev/null 2>&1
	# shellcheck disable=SC2046 # words they are
	make -C /myveth modules W=1 "KDIR=$headers" \
		$(words_for "$architecture") > "$LOG" 2>&1
}

# row NAME HEADERS ARCHITECTURE
row()
{
	local result=built

	if ! build "$2" "$3"; then
		result="**failed**"
	elif grep -qi "warning:" "$LOG"; then
		result="**$(grep -ci "warning:" "$LOG") warnings**"
	fi
	if [ "$result" != built ]; then
		STATUS=1
		sed 's/^/    /' "$LOG" >&2
	fi
	echo "| $1 | $3 | $(size --format=sysv /myveth/myveth.ko 2> /dev/null |
		awk '$1 == ".text" { print $2 }') | $result |"
}

# rows_as_older RELEASE: its headers, as they would be in each one before
rows_as_older()
{
	local older

	for older in 6.{1..11}; do
		/myveth/vm/older-headers.sh \
			"/usr/src/linux-headers-$1" "$OLDER/$older" "$older" ||
			STATUS=1
		row "$1, as in $older" "$OLDER/$older/build" amd64
		rm -rf "${OLDER:?}/$older"
	done
}

while read -r release architecture; do
	row "$release" "/usr/src/linux-headers-$release" "$architecture"
done < /boot/headers
rows_as_older "$(grep -oP '^6\.12[^-]*(-\d+)?-amd64(?= )' /boot/headers)"
make -C /myveth clean > /dev/null 2>&1
exit "$STATUS"
