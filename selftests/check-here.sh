#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run the selftests on this very machine, with the module and the plugin that
# were built in the work tree. `make check-here` calls it.
#
# It asks first (or YES=1), refuses when there are myveth devices already, and
# leaves the module as it found it: loaded when it was, unloaded when it was
# not.

VERBOSE='' . "$(dirname "$(readlink -f "$0")")/lib.sh"

TOP=${SELFTESTS%/*}

die()
{
	echo "check-here: $*" >&2
	exit 1
}

is_loaded()
{
	[ -d /sys/module/myveth ]
}

# By the linker's build-id, for srcversion does not know of headers on 7.3.
loaded_is_the_built_one()
{
	local id

	id=$(hex /sys/module/myveth/notes/.note.gnu.build-id)
	[ -n "$id" ] && [[ $(hex "$TOP/myveth.ko") == *$id* ]]
}

hex()
{
	od -An -v -t x1 "$1" | tr -d ' \n'
}

ask()
{
	local answer

	[ "$YES" = 1 ] && return
	cat <<-END
	This runs the selftests as root on this machine, kernel $(uname -r).
	They make network namespaces and devices of their own and remove them,
	load modules, and load and unload myveth. A fault in the driver can
	bring the machine down; "make check" does the same in a throw-away one.
	END
	read -r -p "Go on? [y/N] " answer
	[[ $answer == [yY]* ]] || die "nothing was done"
}

[ "$(id -u)" -eq 0 ] || die "must be run by root: sudo make check-here"
[ "$(modinfo -F vermagic "$TOP/myveth.ko" | cut -d ' ' -f 1)" = \
	"$(uname -r)" ] || die "myveth.ko was not built for $(uname -r)"
DEVICES=$(all_devices myveth)
[ -z "$DEVICES" ] || die "there are myveth devices, delete them first:
$DEVICES"
! is_loaded || loaded_is_the_built_one ||
	die "another build of myveth is loaded: rmmod myveth"
ask

if ! is_loaded; then
	insmod "$TOP/myveth.ko" || die "cannot load $TOP/myveth.ko"
	defer rmmod myveth
fi
export IP_LIB_DIR=$TOP/iproute2 MYVETH_PLUGIN_DIR=$TOP/iproute2
export SKIPS=$TOP/selftests/skips-here.tsv
# shellcheck disable=SC2086 # a list of patterns
"$TOP/selftests/run.sh" $TESTS
