#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs the console blocks of README.md, docs/ and lessons/ in this machine, which
# has to be a throw-away one: `make check-docs`. See README.md.
#
#	check-docs.sh [PATTERN...]		run them, and compare
#	check-docs.sh --selftest [PATTERN...]	is each output compared?
#	check-docs.sh --lint [PATTERN...]	have they the form? (anywhere)
#	check-docs.sh --list=PLACE [PATTERN...]	and others: see check_docs.py
#	check-docs.sh -l [PATTERN...]		only list the pages
#
# A page is selected by a PATTERN for its path, or for its name alone; ".md" may be
# left out.

set -euo pipefail
cd "$(dirname "$0")/.."
. selftests/patterns.sh

# list_pages [PATTERN...]
list_pages()
{
	local page

	find README.md docs lessons -name '*.md' 2> /dev/null | sort |
		while read -r page; do
			matches_a_pattern "$page" "$@" && echo "$page"
		done || :
}

main()
{
	local pages options=()

	if [ "${1:-}" = -l ]; then
		list_pages "${@:2}"
		return
	fi
	if [[ ${1:-} == --* ]]; then
		options=("$1")
		shift
	fi
	mapfile -t pages < <(list_pages "$@")
	exec python3 -B check-docs/check_docs.py "${options[@]}" "${pages[@]}"
}

main "$@"
