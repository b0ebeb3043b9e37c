#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Experiment 8: what "ip link show" says of a pair that nobody has touched yet.
#
#	+------ one namespace ------+
#	|   veth0 ========= veth1   |
#	+---------------------------+

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	looks
	addresses
"

setup_ns NS

looks()
{
	local shown

	make_pair "$NS" veth0 veth1
	shown=$(ip -n "$NS" link show dev veth0)
	check_match "$shown" "^[0-9]+: veth0@veth1: " "veth0"
	check_match "$shown" " mtu 1500 .* state DOWN " "veth0"
	shown=$(ip -n "$NS" link show dev veth1)
	check_match "$shown" "^[0-9]+: veth1@veth0: " "veth1"
	check_match "$shown" " mtu 1500 .* state DOWN " "veth1"
	log_test "MTU 1500, state DOWN, each end names the other"
}

# Random, locally administered and no group address: the second digit is
# xx10 in binary, and the kernel says that it drew the address by lot.
addresses()
{
	local dev by_lot=1 macs=()

	make_pair "$NS" veth2 veth3
	make_pair "$NS" veth4 veth5
	for dev in veth2 veth3 veth4 veth5; do
		macs+=("$(mac_of "$NS" "$dev")")
		check_match "${macs[-1]}" "^.[26ae](:..){5}$" "$dev's address"
		check_equal "$(address_origin "$dev")" "$by_lot" \
			"addr_assign_type of $dev"
	done
	check_equal "$(printf '%s\n' "${macs[@]}" | sort -u | wc -l)" 4 \
		"different addresses"
	log_test "random addresses, locally administered, all different"
}

address_origin()
{
	ip netns exec "$NS" cat "/sys/class/net/$1/addr_assign_type"
}

tests_run
exit $EXIT_STATUS
