# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# How TESTS selects: by patterns for the name of a file, with its folder or alone,
# with its ending or without.

# matches_a_pattern NAME [PATTERN...]: without a pattern, every name does.
matches_a_pattern()
{
	local pattern

	[ $# -gt 1 ] || return 0
	for pattern in "${@:2}"; do
		! matches "$1" "$pattern" || return 0
	done
	return 1
}

matches()
{
	local name=$1 pattern=$2

	[[ $pattern == */* ]] || name=${name##*/}
	# shellcheck disable=SC2053 # a pattern it is
	[[ $name == $pattern || ${name%.*} == $pattern ]]
}
