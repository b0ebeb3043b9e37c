#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# On the kernel that has been installed; a newer version of the packages while
# pairs carry traffic; what is to be there after the next boot.

. "$(dirname "$0")/step-lib.sh"

ALL_TESTS="
	same_again
	upgrade_under_traffic
	other_kernel
	prepare_boot
"

same_again()
{
	check_equal "$(releases | tail -n 1)" "$(uname -r)" "release"
	check_pair_works
	check_match "$(modinfo -F signer myveth)" DKMS "signer"
	log_test "a pair on $(uname -r)"
}

# What another pair of the same names would not have
identity_of()
{
	cat "/sys/class/net/$1/ifindex"
	ethtool -S "$1" | grep -w pair_id
}

upgrade_under_traffic()
{
	local identity

	check_pair_works
	identity=$(identity_of a)
	ping -i 0.02 -W 30 192.0.2.2 >"$SCRATCH/ping" &
	must_apt install "$NEXT_PACKAGES"/*.deb
	kill -INT $!
	wait $!
	log_info "$(grep transmitted "$SCRATCH/ping")"
	check_equal "$(identity_of a)" "$identity" "the pair"
	check_match "$(cat "$SCRATCH/ping")" ", 0% packet loss" "ping"
	check_said "myveth $(tree_version) is loaded and keeps its pairs"
	check_equal "$(cat /sys/module/myveth/version)" "$(tree_version)" \
		"version that is loaded"
	check_built "$(uname -r)" 99.0.0
	log_test "upgrade under traffic"

	must rmmod myveth
	must modprobe myveth
	check_equal "$(cat /sys/module/myveth/version)" 99.0.0 \
		"version that is loaded"
	log_test "rmmod and modprobe"
}

# As if it were neither running nor the newest one
other_kernel()
{
	must dkms uninstall myveth/99.0.0 -k "$(uname -r)" >/dev/null
	check_not_built "$(uname -r)"
	run_text other-kernel
	check_built "$(uname -r)" 99.0.0
	log_test "dkms install for a kernel that has been left out"
}

# configure_by_networkd DEV SETTING
configure_by_networkd()
{
	printf '%s\n' "[Match]" "Name=$1" "[Network]" "$2" \
		>"/etc/systemd/network/$1.network"
}

prepare_boot()
{
	run_text pair-enable
	is_ours left
	check_err $? "left is not ours"
	must systemctl --quiet enable myveth-pair@br0-p:br0-q
	must configure_by_networkd left Address=192.0.2.5/24
	# An end without an address, too: one that is up gives the other its carrier
	must configure_by_networkd right LinkLocalAddressing=no
	must systemctl --quiet enable systemd-networkd
	must myveth-drop-in on >/dev/null
	check_match "$(myveth-drop-in status)" "^on: " "status"
	log_test "what the next boot is to find"
}

tests_run
exit $EXIT_STATUS
