#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The man page has no formatting fault. Runs in the trixie root.

warnings=$(groff -man -ww -z iproute2/ip-link-myveth.8 2>&1)
[ -z "$warnings" ] || { echo "$warnings"; exit 1; }
