#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# No man page has a formatting fault. Runs in the trixie root.

warnings=$(groff -man -ww -z iproute2/*.[48] install/*.8 2>&1)
[ -z "$warnings" ] || { echo "$warnings"; exit 1; }
