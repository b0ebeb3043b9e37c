#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Run by dkms before it builds, with the command by which it will: so that a
# driver that cannot be built, for whatever reason, does not hold up a new kernel.
# What fails, DKMS reports to the kernel's package, which is left unconfigured
# then; but 77, here, is "not for this kernel" to dkms 3.2, and the package goes
# on. (Debian 12's 3.0.10 does not look at our status, and fails as it would.)

"$@" || exit 77
