# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The blocks of the documentation in machines, on every kernel: see check-docs/.

# With SELFTEST, whether each output of theirs is compared
check_docs()
{
	begin_jobs
	prepare "$@"
	start_docs "$@"
	follow_jobs
	end_jobs
}

start_docs()
{
	local series

	for series in "$@"; do
		start_on "$series" check-docs/check-docs.sh \
			${SELFTEST:+--selftest} "${PATTERNS[@]}"
	done
	start_host_blocks "$@"
}

# require_pages [PATTERN...]
require_pages()
{
	local pattern

	for pattern in "$@"; do
		[ -n "$("$TREE/check-docs/check-docs.sh" -l "$pattern")" ] ||
			die "no page matches $pattern"
	done
}

# --- on the host ------------------------------------------------------------
#
# Blocks that show what a user does on his own machine, such as `make demo`. What
# they print is compared in a root file system, for the host may have no Python.

start_host_blocks()
{
	[[ " $* " != *" $DEMO_SERIES "* ]] ||
		start_job "$DEMO_SERIES" on_a_processor run_host_blocks
}

run_host_blocks()
{
	local list=$WORK/host-blocks number=0 failed=0
	local place lines command result

	in_docs_root --list=host "${PATTERNS[@]}" > "$list"
	while IFS=$'\t' read -rd '' place lines command; do
		[ -z "${SELFTEST:-}" ] || [ "$lines" -gt 0 ] || continue
		number=$((number + 1))
		result=ok
		host_block_is_true "$place" "$command" ||
			result="not ok" failed=$((failed + 1))
		echo "$result $number $place '$command' on the host"
	done < "$list"
	echo "$((number - failed)) passed, $failed failed, 0 skipped"
	[ "$failed" -eq 0 ]
}

# With SELFTEST: whether it is missed if it does nothing
host_block_is_true()
{
	local output=$WORK/host-output status=0

	if [ -n "${SELFTEST:-}" ]; then
		! in_docs_root "--compare=$1:0" < /dev/null > /dev/null
		return
	fi
	run_on_host "$2" < /dev/null > "$output" 2>&1 || status=$?
	in_docs_root "--compare=$1:$status" < "$output"
}

# As if no request of ours had ever been made
run_on_host()
{
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS -u KERNELS -u TESTS -u KINDS \
		-C "$TREE" bash -c "$1"
}

in_docs_root()
{
	in_root "$(suite_of "$DEMO_SERIES")" "$TREE:$TREE" -- \
		"$TREE/check-docs/check-docs.sh" "$@"
}
