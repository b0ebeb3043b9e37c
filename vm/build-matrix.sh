# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Does the module build for every kernel that Debian has, and without a warning?
# Each suite has a root file system of its own for that, with all headers:
# "matrix-SUITE". Of the kernels between 6.1 and 6.12 Debian has none: for them it
# is built with 6.12's headers, in which what came later is taken back. They are
# no headers of such a kernel, see older-headers.sh.

build_matrix()
{
	local suite suites status=0

	# shellcheck disable=SC2046 # words they are
	mapfile -t suites < <(suites_of $(all_series))
	need_roots "${suites[@]/#/matrix-}"
	echo "| kernel | architecture | bytes of code | result |"
	echo "|---|---|---|---|"
	for suite in "${suites[@]}"; do
		mkdir -p "$WORK/matrix-$suite"
		copy_tree "$WORK/matrix-$suite"
		in_root "matrix-$suite" "$WORK/matrix-$suite:/myveth" -- \
			/myveth/vm/build-all.sh || status=1
	done
	return "$status"
}
