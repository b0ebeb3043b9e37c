#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build-all.sh, in a root file system "matrix-SUITE", on the tree in /myveth:
# builds the module for each line of /boot/headers and prints a row of a table
# for each. Fails if one cannot be built, or not without a warning.

set -uo pipefail

STATUS=0

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
	local release=$1 architecture=$2 log=$3

	make -C /myveth clean > /dev/null 2>&1
	# shellcheck disable=SC2046 # words they are
	make -C /myveth modules "KERNELRELEASE=$release" W=1 \
		"KDIR=/usr/src/linux-headers-$release" \
		$(words_for "$architecture") > "$log" 2>&1
}

LOG=$(mktemp)
while read -r release architecture; do
	result=built
	if ! build "$release" "$architecture" "$LOG"; then
		result="**failed**"
	elif grep -qi "warning:" "$LOG"; then
		result="**$(grep -ci "warning:" "$LOG") warnings**"
	fi
	if [ "$result" != built ]; then
		STATUS=1
		sed 's/^/    /' "$LOG" >&2
	fi
	echo "| $release | $architecture | $(size --format=sysv \
		/myveth/myveth.ko 2> /dev/null |
		awk '$1 == ".text" { print $2 }') | $result |"
done < /boot/headers
make -C /myveth clean > /dev/null 2>&1
rm "$LOG"
exit "$STATUS"
