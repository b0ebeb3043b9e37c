#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Customize hook of mmdebstrap for the root file system $1 of suite $SUITE, a
# user's: the machine will have no network, so that what it is to install is in
# /repository, and its apt knows nothing else: the packages $INSTALL, and
# $UPGRADE, a newer kernel, from archive $ARCHIVES if that is named. Backports, of
# which the versions tell, are a suite of their own there, as they are at Debian.

set -euo pipefail

readonly root=$1
readonly repository=$root/repository

# As mmdebstrap itself: the host's apt, which knows the host's proxies
export APT_CONFIG=$MMDEBSTRAP_APT_CONFIG

# With what a user's apt would install besides
download()
{
	apt-get --yes --download-only -o APT::Install-Recommends=true \
		-o APT::Sandbox::User=root install "$@"
}

# shellcheck disable=SC2086,SC2153 # lists of words, given by bootstrap_user()
download $INSTALL
# shellcheck disable=SC2086,SC2153 # as well
download ${ARCHIVES:+-t "$SUITE-$ARCHIVES"} $UPGRADE
for deb in "$root"/var/cache/apt/archives/*.deb; do
	to=$repository/$SUITE
	[[ $deb != *~bpo* ]] || to+=-backports
	mkdir -p "$to"
	ln "$deb" "$to"
done
rm -f "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/*
for directory in "$repository"/*; do
	echo "deb [trusted=yes] file:/repository/${directory##*/} ./"
done > "$root/etc/apt/sources.list"
