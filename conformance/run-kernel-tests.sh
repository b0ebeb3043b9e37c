#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
#	run-kernel-tests.sh SERIES [PATTERN...]
#
# Runs the kernel's own tests that tests.tsv lists, in a guest, each on the
# in-tree driver and then on ours. All that they print goes to stdout, between
# lines that begin with "@@", from which subtests.awk makes results:
#
#	@@ kernel SERIES RELEASE
#	@@ absent TEST			no form of it is in this kernel's tree
#	@@ begin TEST KIND FORM
#	@@ fault TEXT			what is wrong beyond what it says itself
#	@@ end STATUS SECONDS

HERE=$(dirname "$(readlink -f "$0")")
. "$HERE/../selftests/patterns.sh"

KERNEL_TESTS=/kernel-tests
export KSELFTESTS=$KERNEL_TESTS/tools/testing/selftests

# Seconds for one test, of which none needs half on a slow machine
readonly TIME_LIMIT=1200

rows()
{
	sed 's/#.*//; /^[[:space:]]*$/d' "$HERE/tests.tsv"
}

# The rows of a test are read from the newest form to the oldest
form_of()
{
	local name how file arguments

	while read -r name how file arguments; do
		if [ "$name" = "$1" ] && [ -e "$KSELFTESTS/$file" ]; then
			echo "$how $file $arguments"
			return
		fi
	done < <(rows)
}

# --- one test ------------------------------------------------------------

# Where nobody else's namespaces are listed
enter()
{
	mount -t tmpfs conformance /run/netns || exit
	cd "$KSELFTESTS/$(dirname "$FILE")" || exit
	# shellcheck disable=SC2086 # words they are
	exec setsid timeout -k 10 "$TIME_LIMIT" \
		bash "$HERE/how/$HOW.sh" "$FILE" $ARGUMENTS
}

find_splats()
{
	dmesg -t | "$HERE/../selftests/find-splats.sh" | sed 's/^/@@ fault kernel: /'
}

# What a test left would be in the way of the next
remove_devices()
{
	local path name

	for path in /sys/class/net/*; do
		name=${path##*/}
		[[ $DEVICES != *" $name "* ]] || continue
		ip link del dev "$name" 2> /dev/null || :
		# Tunnel modules have devices that stay as long as they do
		if [ -e "$path" ]; then
			DEVICES+="$name "
		else
			echo "# left device $name"
		fi
	done
}

# Who asks for a veth gets a device of driver $KIND. The other driver is not
# there, so that no test can use it unseen.
use_kind()
{
	local other=veth drop_in=on

	[ "$KIND" = myveth ] || other=myveth drop_in=off
	[ ! -d "/sys/module/$other" ] || rmmod "$other" 2> /dev/null ||
		echo "@@ fault module $other is in use"
	"$HERE/../install/myveth-drop-in" "$drop_in" > /dev/null
	modprobe veth
	[ -d "/sys/module/$KIND" ] ||
		echo "@@ fault module $KIND cannot be loaded"
	[ ! -d "/sys/module/$other" ] ||
		echo "@@ fault module $other is there too"
}

run_test()
{
	local start=$SECONDS status

	echo "@@ begin $1 $KIND $FILE${ARGUMENTS:+ $ARGUMENTS}"
	dmesg --clear
	use_kind
	(export -f enter; unshare --mount bash -c enter) < /dev/null 2>&1
	status=$?
	remove_devices
	find_splats
	echo
	echo "@@ end $status $((SECONDS - start))"
}

# --- all of them ---------------------------------------------------------

main()
{
	local name names

	echo "@@ kernel $1 $(uname -r)"
	shift
	mkdir -p /run/netns
	DEVICES=" "
	remove_devices > /dev/null
	mapfile -t names < <(rows | awk '!seen[$1]++ { print $1 }')
	for name in "${names[@]}"; do
		matches_a_pattern "$name" "$@" || continue
		read -r HOW FILE ARGUMENTS <<< "$(form_of "$name")"
		export HERE HOW FILE ARGUMENTS TIME_LIMIT
		if [ -z "$HOW" ]; then
			echo "@@ absent $name"
			continue
		fi
		for KIND in ${KINDS:-veth myveth}; do
			export KIND
			run_test "$name"
		done
	done
}

main "$@"
