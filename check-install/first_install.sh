#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The packages on a Debian that has never seen them, and a newer kernel, at
# first without its headers.

. "$(dirname "$0")/step-lib.sh"

ALL_TESTS="
	nothing_is_there
	from_source
	install
	pair
	documentation
	signature
	kernel_without_headers
	headers_follow
"

nothing_is_there()
{
	ip link add name a type myveth 2>/dev/null
	check_fail $? "there is a kind myveth"
	# They would leave files of their own behind
	check_equal "$(systemctl is-active timers.target)" inactive "timers"
	must_apt update
	unowned_files >"$MEMORY/files-before"
	releases >"$MEMORY/releases-before"
	log_test "a Debian without myveth"
}

# By README; and what it takes goes again.
from_source()
{
	apt-mark showmanual | sort >"$SCRATCH/manual"
	get_source
	run_text install-it
	must modprobe myveth
	check_pair_works
	must_make uninstall
	must rmmod myveth
	log_test "make, and make install"

	# shellcheck disable=SC2046 # words they are
	must apt-mark auto $(apt-mark showmanual | sort |
		comm -13 "$SCRATCH/manual" -) >/dev/null
	must_apt autoremove --purge
	check_equal "$(unowned_files | comm -13 "$MEMORY/files-before" -)" "" \
		"files that are left"
	log_test "make uninstall"
}

# Of packages that are built here
install()
{
	get_source
	run_text headers
	run_text packages
	check_configured myveth-dkms
	check_configured myveth-iproute2
	check_built "$(uname -r)" "$(tree_version)"
	# It has brought man-db, which leaves files of nobody's
	must_apt purge --autoremove debhelper
	log_test "dpkg-buildpackage, and apt install"
}

pair()
{
	must modprobe myveth
	check_pair_works
	log_test "modprobe, and a pair"
}

documentation()
{
	local page

	for page in man8/ip-link-myveth.8 man4/myveth.4 man8/myveth-drop-in.8; do
		[ -s "/usr/share/man/$page.gz" ]
		check_err $? "no manual page $page"
	done
	log_test "manual pages"
}

# DKMS has made a key, where there is openssl, and signed the module with it.
signature()
{
	[ -s /var/lib/dkms/mok.pub ]
	check_err $? "DKMS has no certificate"
	run_text signer
	log_test "signature"
}

# --- a newer kernel --------------------------------------------------------

readonly NO_HEADERS="kernel headers for this kernel do not seem to be installed"

# How a user of this suite gets a newer kernel: by these packages, and, where it
# has to be named, from this archive
read -r _ ARCHIVE UPGRADE < <(grep "^${SUITE}[[:space:]]" "$TREE/vm/users.tsv")
FROM=()
[ "$ARCHIVE" = - ] || FROM=(-t "$SUITE-$ARCHIVE")
readonly UPGRADE FROM

new_release()
{
	releases | grep -vxF -f "$MEMORY/releases-before"
}

# Of the package that only depends on the newest one
image_package()
{
	apt-cache "${FROM[@]}" depends \
		"$(grep -o 'linux-image[^ ]*' <<<"$UPGRADE")" |
		sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p'
}

kernel_without_headers()
{
	local image

	image=$(image_package)
	# apt of Debian 13 upgrades all packages of one source together
	must apt-mark hold linux-headers-amd64 >/dev/null
	must_apt install "${FROM[@]}" --no-install-recommends "$image"
	must apt-mark unhold linux-headers-amd64 >/dev/null
	check_configured "$image"
	check_match "$(new_release)" . "new kernel"
	check_not_built "$(new_release)"
	check_said "$NO_HEADERS"
	grep -qF "$NO_HEADERS" "$TREE/docs/troubleshooting.md"
	check_err $? "docs/troubleshooting.md does not have this message"
	log_test "a kernel without headers"
}

headers_follow()
{
	local release

	release=$(new_release)
	# shellcheck disable=SC2086 # words they are
	must_apt install "${FROM[@]}" $UPGRADE
	check_built "$release" "$(tree_version)"
	log_test "its headers"

	cp "/boot/vmlinuz-$release" /host/vmlinuz &&
		cp "/boot/initrd.img-$release" /host/initrd
	check_err $? "nothing to boot"
	log_test "kernel and initrd of $release"
}

tests_run
exit $EXIT_STATUS
