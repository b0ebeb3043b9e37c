#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What was asked for before the boot is there after it: pairs, and myveth in
# veth's place. Then a module that cannot be built.

. "$(dirname "$0")/step-lib.sh"

ALL_TESTS="
	pairs_are_there
	configured_by_networkd
	unit_starts_and_stops
	in_veths_place
	out_of_it
	build_fails
	by_make
"

pairs_are_there()
{
	check_equal "$(systemctl is-active myveth-pair@left:right)" active \
		"unit of left:right"
	is_ours left
	check_err $? "left is not ours"
	ip link show dev right >/dev/null
	check_err $? "no right"
	ip link show dev br0-q >/dev/null
	check_err $? "no br0-q"
	log_test "pairs made at boot"
}

# By who comes after them.
configured_by_networkd()
{
	slowwait 30 has_address left 192.0.2.5/24
	check_err $? "systemd-networkd has not configured left"
	run_text pair-restart
	slowwait 30 has_address left 192.0.2.5/24
	check_err $? "systemd-networkd has not configured the new left"
	must rm /etc/systemd/network/{left,right}.network
	must systemctl --quiet disable --now systemd-networkd.socket \
		systemd-networkd
	log_test "a pair that systemd-networkd configures"
}

has_address()
{
	ip address show dev "$1" up | grep -qF "inet $2 "
}

unit_starts_and_stops()
{
	run_text pair-disable
	ip link show dev right >/dev/null 2>&1
	check_fail $? "right is still there"
	run_text pair-enable
	ip link show dev right >/dev/null
	check_err $? "right is not there again"
	log_test "systemctl disable --now and enable --now"

	setup_ns ELSEWHERE
	must ip link set dev left netns "$ELSEWHERE"
	systemctl restart myveth-pair@left:right
	check_err $? "the old pair is in the way"
	is_ours left
	check_err $? "left is not ours"
	log_test "systemctl restart, when one end is elsewhere"

	must systemctl disable --now myveth-pair@br0-p:br0-q
	ip link show dev br0-q >/dev/null 2>&1
	check_fail $? "br0-q is still there"
	log_test "systemctl disable --now of a name with a dash"
}

# Also where a pair of kind myveth came first
in_veths_place()
{
	# As cron does
	must env PATH=/usr/bin:/bin /sbin/modprobe veth
	[ -d /sys/module/veth ]
	check_fail $? "modprobe veth loads veth"
	must ip link add name va type veth peer name vb
	defer ip link del dev va
	is_ours va
	check_err $? "va is not ours"
	check_equal "$(driver_of va)" veth "driver"
	check_match "$(myveth-drop-in status)" "now made by: myveth" "status"
	log_test "drop-in after a reboot"
}

out_of_it()
{
	must systemctl stop myveth-pair@left:right
	must myveth-drop-in off
	must rmmod myveth
	must ip link add name va type veth peer name vb
	is_ours va 2>/dev/null
	check_fail $? "va is ours"
	check_match "$(myveth-drop-in status)" "^off" "status"
	must rmmod veth
	must myveth-drop-in on
	must systemctl start myveth-pair@left:right
	log_test "drop-in off, and on again"
}

# break_source RELEASE: a source that this kernel cannot take, but others can
break_source()
{
	cat >>/usr/src/myveth-99.0.0/Kbuild <<-END
	ifeq (\$(KERNELRELEASE),$1)
	\$(error broken)
	endif
	END
}

# The package of the kernel that does not run is configured anew, as if that one
# were the new one. Debian 13's dkms goes on; the text mends what Debian 12's
# makes of it, which has not built the module for this kernel before.
build_fails()
{
	local other image status

	other=$(releases | head -n 1)
	image=linux-image-$other
	dkms remove "myveth/99.0.0" -k "$other" >/dev/null 2>&1
	check_not_built "$other"
	break_source "$other"
	apt install --reinstall "$image" >/dev/null
	status=$?
	tail -n 12 "$SCRATCH/apt" | sed 's/^/# /'
	log_info "apt ended with $status; $image is" \
		"$(dpkg-query --show --showformat '${Status}' "$image")"
	if [ "$SUITE" = bookworm ]; then
		check_fail "$status" "Debian 12's dkms lets the kernel be"
		check_said "autoinstall for kernel: .* failed"
		check_match "$(dpkg-query --show --showformat '${Status}' \
			"$image")" half-configured "state of $image"
	else
		check_err "$status" "a module that is broken is in the way"
		check_configured "$image"
		check_said "skipped for module\(s\) myveth"
	fi
	check_not_built "$other"
	check_built "$(uname -r)" 99.0.0
	log_test "a module that cannot be built"

	run_text mend-apt
	check_configured "$image"
	check_not_built "$(uname -r)"
	log_test "the two commands that mend it"

	run_text reinstall
	check_built "$(uname -r)" 99.0.0
	check_not_built "$other"
	log_test "dkms install for the kernel that it can be built for"

	must_apt install --reinstall "$NEXT_PACKAGES"/*.deb
	check_built "$(uname -r)" 99.0.0
	log_test "a module that can be built again"
}

by_make()
{
	get_source
	run_make dkms-install
	check_fail $? "make dkms-install beside the package"
	check_match "$(cat "$SCRATCH/make")" \
		"the package myveth-dkms is installed" "error"
	log_test "make dkms-install beside the package"
}

tests_run
exit $EXIT_STATUS
