#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every shell script passes shellcheck. Runs in the trixie root.

grep -lE "^#!/bin/(ba)?sh|shellcheck shell=" \
	-r .ci bench check-docs check-install clients conformance debian \
		install iproute2 lint selftests vm |
	xargs shellcheck -x -P SCRIPTDIR:.
