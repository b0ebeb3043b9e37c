#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Installs the only packages that vm.sh needs on the host (Debian 12 or 13)
# beyond bash, git, make and a C compiler.

set -euo pipefail

packages=(
	qemu-system-x86		# runs the throw-away machines
	mmdebstrap		# makes their root file systems
	mount			# lacks in minimal containers only
)

echo "Installing what the throw-away machines need: ${packages[*]}"
[ "$(id -u)" -eq 0 ] || as_root=sudo
${as_root:-} apt-get -qq update
${as_root:-} env DEBIAN_FRONTEND=noninteractive apt-get -qq install \
	--no-install-recommends "${packages[@]}" > /dev/null
