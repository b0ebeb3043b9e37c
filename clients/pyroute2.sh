#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# pyroute2, a client that can be told of other kinds: kind myveth, by the lines
# that docs/make_pair_pyroute2.py has.

. "$(dirname "$0")/client-lib.sh"

ALL_TESTS="
	pair
	module_goes
"

pair()
{
	setup_ns BLUE
	python3 "$TREE/docs/make_pair_pyroute2.py" left right "$BLUE" \
		>"$SCRATCH/said" 2>&1 ||
		abort "$(tail -n 1 "$SCRATCH/said")"
	check_equal "$(ip -j -d link show dev left |
		jq -r '.[0].linkinfo.info_kind')" myveth "kind of left"
	must ip addr add 192.0.2.1/24 dev left
	must ip link set dev left up
	must ip -n "$BLUE" addr add 192.0.2.2/24 dev right
	must ip -n "$BLUE" link set dev right up
	quietly ping -c 3 -W 10 192.0.2.2
	check_err $? "no answer from right"
	log_test "a pair of kind myveth"
}

say_version "pyroute2 $(python3 -c 'import pyroute2
print(pyroute2.__version__)')"
put_in_veths_place
tests_run
exit $EXIT_STATUS
