#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Nobody puts a peer into a namespace where he has no right to make devices.
#
#	nobody, root of his own:  [ va ]======[ vb ]  FOREIGN
#
# On older kernels it is the driver that has to ask for the right, and veth does
# not. All ways to name the namespace are in link/create_netns.sh.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="foreign"

require_command setpriv
require_program newlink

# What he makes lives as long as his namespaces do.
make_into()
{
	# shellcheck disable=SC2016 # the inner shell's
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		unshare --user --map-root-user --net sh -c '
			"$1" "$2" name=va peer name=vb pid="$3"
			exec sleep 1000
		' sh "$MYVETH_PROGRAMS/newlink" "$KIND" "$1" \
		>"$SCRATCH/answer" &
	defer stop $!
	slowwait 10 grep -q . "$SCRATCH/answer" || abort "no answer"
}

foreign()
{
	local answer missing

	setup_ns FOREIGN
	ip netns exec "$FOREIGN" sleep 1000 &
	defer stop $!
	slowwait 10 lives_in "$!" "$FOREIGN"
	make_into "$!"
	answer=$(cat "$SCRATCH/answer")

	link_exists "$FOREIGN" vb
	missing=$?
	if differs peer-netns-capability; then
		check_fail "$missing" "nobody has put a device there"
		check_match "$answer" ^EPERM "answer"
	else
		check_err "$missing" "there is no device there"
		check_match "$answer" ^OK "answer"
	fi
	log_test "a peer for a namespace of somebody else"
}

lives_in()
{
	[ "$(stat -Lc %i "/proc/$1/ns/net")" = \
	  "$(stat -Lc %i "/run/netns/$2")" ]
}

tests_run
exit $EXIT_STATUS
