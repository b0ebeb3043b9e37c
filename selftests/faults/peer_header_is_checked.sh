#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A peer whose header is wrong is refused, whoever looks at it: the core, or on
# older kernels the driver. Nothing of the pair is left.
#
#	newlink KIND index=77 name=va peer name=vb index=-1
#
# No kernel's veth lets one in: newer ones ignore what their own check says, but
# only after the core's has said the same. link/fuzz_newlink.sh compares many more.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="negative_index no_header"

require_program newlink

# check_refused ERRNO WORD...
check_refused()
{
	local answer

	setup_ns NS
	answer=$(ip netns exec "$NS" "$MYVETH_PROGRAMS/newlink" "$KIND" \
		"${@:2}")
	check_equal "${answer%% *}" "$1" "answer"
	check_equal "$(ip -n "$NS" -o link show type "$KIND" | wc -l)" 0 \
		"devices left"
}

negative_index()
{
	check_refused EINVAL index=77 name=va peer name=vb index=-1
	log_test "a peer with a negative index"
	check_refused EINVAL name=va peer name=vb index=-1
	log_test "a peer with a negative index, when the first has none"
}

# 12 of its 16 bytes.
no_header()
{
	check_refused ERANGE name=va peer=000000000000000000000000
	log_test "a peer with half a header"
}

tests_run
exit $EXIT_STATUS
