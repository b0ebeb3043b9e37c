#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Installs the only packages that vm.sh needs on the host (Debian 12 or 13).

set -euo pipefail

packages=(
	mmdebstrap		# makes root file systems
	mount			# lacks in minimal containers only
)

echo "Installing what the throw-away machines need: ${packages[*]}"
apt-get -qq update
DEBIAN_FRONTEND=noninteractive apt-get -qq install \
	--no-install-recommends "${packages[@]}" > /dev/null
