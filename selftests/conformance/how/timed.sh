#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A script that measures when packets arrive, and does not know yet of machines
# too slow for it. Its later form forgives them.

"./${1##*/}" "${@:2}"
status=$?
if [ "$status" -ne 0 ] && [ -n "$KSFT_MACHINE_SLOW" ]; then
	echo "ok 1 times not judged, for the machine is slow"
	status=0
fi
exit "$status"
