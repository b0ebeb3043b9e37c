#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A script that measures when packets arrive, ends at the first that is late,
# and does not know yet of machines too slow for it. Its later form forgives
# them; all that is forgiven here is a packet that is late.

OUTPUT=$(mktemp)
trap 'rm "$OUTPUT"' EXIT

"./${1##*/}" "${@:2}" 2>&1 | tee "$OUTPUT"
status=${PIPESTATUS[0]}
if [ "$status" -ne 0 ] && [ -n "$KSFT_MACHINE_SLOW" ] &&
		grep -q "exceeds variance" "$OUTPUT"; then
	echo "# not judged, for the machine is slow"
	status=0
fi
exit "$status"
