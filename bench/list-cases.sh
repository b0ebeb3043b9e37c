#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# list-cases.sh SCRIPT [PATTERN...]: the cases of cases.tsv that SCRIPT measures
# and that match a pattern; default: all. Some cases have several figures, whose
# keys are CASE.PART.

set -euo pipefail

script=${1%.sh}
shift
[ $# -gt 0 ] || set -- '*'
grep -v '^#' "$(dirname "$(readlink -f "$0")")/cases.tsv" |
	while IFS=$'\t' read -r key measured_by _; do
		[ "$measured_by" = "$script" ] || continue
		for pattern; do
			# shellcheck disable=SC2053 # a pattern it is
			[[ ${key%%.*} != $pattern ]] || echo "${key%%.*}"
		done
	done | uniq
