#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A script for sh that only bash understands: Debian's sh is dash, whose printf
# has no -v, and the stress part of veth.sh ends at once.

exec bash "./${1##*/}" "${@:2}"
