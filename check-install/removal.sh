#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Removed, or purged, and nothing is left. Then the same by make, without packages.

. "$(dirname "$0")/step-lib.sh"

ALL_TESTS="
	remove
	purge
	by_make
	by_dkms
	own_source
"

# What has failed half-way, the removal does at last.
turn_off_without_initrds()
{
	local release error

	release=$(uname -r)
	without update-initramfs myveth-drop-in off >/dev/null
	check_fail $? "myveth-drop-in off without update-initramfs"
	check_match "$(in_initrds myveth)" drop-in "files in an initrd then"
	error=$(without "$INITRD_TOOLS" myveth-drop-in off 2>&1)
	check_fail $? "myveth-drop-in off, where an initrd cannot be read"
	check_match "$error" \
		"may keep a copy .*/boot/initrd.img-${release//+/[+]}" "error"
	check_match "$error" "^off.*myveth is loaded" "advice"
}

remove()
{
	local initrd copy sum error

	check_match "$(myveth-drop-in status)" "^on: " "status before"
	check_equal "$(systemctl is-active myveth-pair@left:right)" active \
		"unit of left:right before"
	must systemctl start myveth-pair@once:only
	must update-initramfs -u -k "$(uname -r)"
	check_match "$(in_initrds myveth)" drop-in "files in an initrd before"
	turn_off_without_initrds
	# Somebody's copy of an initrd is his, whatever is in it
	initrd=/boot/initrd.img-$(uname -r)
	copy=$initrd.bak
	must cp "$initrd" "$copy"
	sum=$(sha256sum "$copy")
	must_apt remove myveth-dkms myveth-iproute2
	check_said "myveth is loaded, and makes pairs of kind veth"
	check_equal "$(sha256sum "$copy")" "$sum" "copy of an initrd"
	must rm "$copy"
	check_equal "$(all_devices myveth)" "" "devices"
	must rmmod myveth
	modprobe myveth 2>/dev/null
	check_fail $? "the module is left"
	ip link add name a type myveth 2>/dev/null
	check_fail $? "there is a kind myveth"
	check_nothing_is_left
	log_test "apt remove"

	error=$("$TREE/install/myveth-drop-in" on 2>&1)
	check_fail $? "myveth-drop-in on without a module"
	check_match "$error" "there is no module myveth" "error"
	check_nothing_is_left
	log_test "myveth-drop-in on without a module"
}

purge()
{
	must_apt install "$PACKAGES"/*.deb
	check_built "$(uname -r)" "$(tree_version)"
	must myveth-drop-in on
	must systemctl enable --now myveth-pair@left:right
	must_apt purge myveth-dkms myveth-iproute2
	must rmmod myveth
	check_equal "$(dpkg-query --show 'myveth*' 2>/dev/null)" "" "packages"
	check_nothing_is_left
	log_test "apt install again, and purge"
}

# By make, as somebody does who has the source and DKMS.
by_make()
{
	local release

	get_source
	run_text headers
	run_text dkms
	check_built "$(uname -r)" "$(tree_version)"
	for release in $(releases); do
		check_built "$release" "$(tree_version)"
	done
	must modprobe myveth
	must ip link add name a type myveth peer name b
	must rmmod myveth
	must_make drop-in
	log_test "make dkms-install, for $(releases | wc -l) kernels"

	must_make dkms-install
	check_built "$(uname -r)" "$(tree_version)"
	log_test "make dkms-install again"

	sed -i '1i #error broken' "$SCRATCH/tree/myveth.c"
	run_make dkms-install
	check_fail $? "make dkms-install of a source that is broken"
	check_match "$(cat "$SCRATCH/make")" "#error broken" "error"
	check_built "$(uname -r)" "$(tree_version)"
	must cp "$TREE/myveth.c" "$SCRATCH/tree"
	log_test "make dkms-install of what cannot be built"

	without "$INITRD_TOOLS" must_make dkms-uninstall uninstall-plugin
	check_nothing_is_left
	log_test "make dkms-uninstall uninstall-plugin"
}

# dkms keeps the source of what it removes.
add_and_remove()
{
	must env -C "$SCRATCH/tree" \
		install/dkms.sh sources "/usr/src/myveth-$(tree_version)"
	must dkms add "myveth/$(tree_version)" >/dev/null
	must dkms remove "myveth/$(tree_version)" --all >/dev/null
}

# What dkms does by itself, make puts up with.
by_dkms()
{
	add_and_remove
	must dkms install "myveth/$(tree_version)" -k "$(uname -r)" >/dev/null
	check_built "$(uname -r)" "$(tree_version)"
	log_test "dkms install of what dkms has removed"

	must rm -r "/usr/src/myveth-$(tree_version)"
	leave_module updates/dkms
	must_make dkms-uninstall
	check_nothing_is_left
	log_test "make dkms-uninstall of what has lost its source"

	add_and_remove
	must_make dkms-uninstall
	check_nothing_is_left
	log_test "make dkms-uninstall of what dkms has removed"
}

# Where DKMS has its sources somebody may work on his own.
own_source()
{
	local own

	own=/usr/src/myveth-$(tree_version)
	must cp -r "$TREE" "$own"
	make -C "$own" dkms-install >"$SCRATCH/make" 2>&1
	check_fail $? "make dkms-install there"
	check_match "$(cat "$SCRATCH/make")" "have the source elsewhere" "error"
	must_make dkms-uninstall
	check_equal "$(diff -r "$TREE" "$own")" "" "what differs"
	must rm -r "$own"
	check_nothing_is_left
	log_test "a source of one's own in /usr/src"
}

tests_run
exit $EXIT_STATUS
