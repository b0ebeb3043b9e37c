#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kernel's style checker over all C. Runs in the trixie root.

# shellcheck source=kernel-scripts.sh
. lint/kernel-scripts.sh

"$(kernel_scripts)"/scripts/checkpatch.pl --no-tree --strict --terse \
	--max-line-length=80 --show-types --file \
	./*.[ch] iproute2/*.c selftests/programs/*.c \
	selftests/debug/provoke/*.c
