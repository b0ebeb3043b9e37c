#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every kernel-doc comment is well-formed and complete. Runs in the trixie root.

# shellcheck source=kernel-scripts.sh
. lint/kernel-scripts.sh

"$(kernel_scripts)"/scripts/kernel-doc -none -Wall -Werror \
	./*.[ch]
