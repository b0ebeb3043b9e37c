#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The kernel's semantic patches over the driver; a report is a fault. Runs in
# the trixie root. (`make coccicheck` itself needs a whole kernel tree.)

# shellcheck source=kernel-scripts.sh
. lint/kernel-scripts.sh

STATUS=0
TRIED=0
for patch in "$(kernel_scripts)"/scripts/coccinelle/*/*.cocci; do
	# Those without a report mode only rewrite; those with a part in OCaml
	# need its compiler and are about other subsystems.
	grep -q '^virtual report' "$patch" || continue
	grep -q ':ocaml@' "$patch" && continue
	TRIED=$((TRIED + 1))
	report=$(spatch -D report --no-show-diff --very-quiet \
		--cocci-file "$patch" ./*.[ch] iproute2/*.c \
		2>/dev/null) ||
		report="${report:-spatch failed}"
	if [ -n "$report" ]; then
		echo "${patch##*/}:"
		echo "$report"
		STATUS=1
	fi
done
[ "$TRIED" -gt 0 ] || { echo "no semantic patch found"; STATUS=1; }
exit $STATUS
