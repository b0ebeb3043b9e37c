# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What rules.sh and texts.sh share. They source it at the top of the tree, and end
# with "exit $STATUS".

# shellcheck disable=SC2034 # of who sources this
STATUS=0

# broken RULE FINDINGS: report what breaks a rule, if anything does.
broken()
{
	[ -n "$2" ] || return
	echo "$1:"
	echo "$2"
	STATUS=1
}

# As for the machines, which get a copy of each
files()
{
	(
		# shellcheck disable=SC2034 # list_files() reads it
		TREE=$PWD
		. vm/build.sh
		list_files
	) | tr '\0' '\n' | sed 's,^\./,,'
}
