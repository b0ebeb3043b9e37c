#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Setup hook of mmdebstrap for the root file system $1 of suite $SUITE: before
# apt fetches its lists, adds the archives named in $ARCHIVES to its sources
# and offers it the packages in $DEBS, which need not be downloaded again.

set -euo pipefail

readonly root=$1
readonly sources=$root/etc/apt/sources.list

if [[ " $ARCHIVES " = *" backports "* ]]; then
	sed -n "s/ $SUITE main/ $SUITE-backports main/p" "$sources" |
		tee -a "$sources"
fi

mkdir -p "$root/var/cache/apt/archives"
find "$DEBS" -name '*.deb' -exec ln -t "$root/var/cache/apt/archives" {} +
