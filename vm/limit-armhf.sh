#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Setup hook of mmdebstrap for the root file system $1 of suite $SUITE: takes what
# is for armhf from the suite's own archive only, because mirrors may lack it in
# the others, and one index that is missing ends it all.

set -euo pipefail

sed -i "/ $SUITE main/!s/^deb \[/&arch=amd64,arm64 /" \
	"$1/etc/apt/sources.list"
