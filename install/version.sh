#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Prints the version, as dkms.conf has it; lint sees that all others are the same.

set -e

unset PACKAGE_VERSION
# shellcheck source=dkms.conf
. "$(dirname "$0")/../dkms.conf"
echo "${PACKAGE_VERSION:?}"
