#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Customize hook of mmdebstrap for the root file system $1 of a machine that boots
# from a disk of its own: a service runs what it was booted for.

set -euo pipefail

readonly root=$1

here=$(dirname "$0")

install -m 755 "$here/run-step" "$root/usr/local/sbin"
cp "$here/run-step.service" "$root/etc/systemd/system"
chroot "$root" systemctl enable run-step.service
# An emulated processor takes minutes to pack all drivers that there are
echo MODULES=dep > "$root/etc/initramfs-tools/conf.d/small"
