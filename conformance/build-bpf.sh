#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Builds, of the BPF part of a kernel's own tests, what tests.tsv lists. Called by
# build-kernel-tests.sh, with the kernel's source in /source and its image in
# /kernel.
#
# Most of that part is one program of some hundred tests, each with programs in
# BPF, of which few are about network devices. Its makefile takes all that it
# finds in two directories, so that what is not wanted is deleted there first.

set -euo pipefail
shopt -s nullglob

readonly suite=/source/tools/testing/selftests/bpf

here=$(cd "$(dirname "$0")" && pwd)

# What the tests that are scripts call
readonly programs="xskxceiver xdp_features xdp_redirect_multi"

# What the makefile names one by one and no wanted test needs: skeletons, files,
# and libraries that would be linked where they are installed
readonly unwanted="LSKELS LSKELS_EXTRA LSKELS_SIGNED LINKED_SKELS
	TRUNNER_EXTRA_FILES LIBARENA_SKEL LIBARENA_ASAN_SKEL
	PCAP_CFLAGS PCAP_LIBS feature-llvm"

# Those of the rows, and what they share with others by a header
wanted_tests()
{
	local file

	awk '$3 ~ "^bpf/prog_tests/" { print $3 }' "$here/tests.tsv" |
	while read -r file; do
		file=$suite/${file#bpf/}
		[ -e "$file" ] || continue
		echo "$file"
		sed -n "s|^#include \"\(\w*\)\.h\"|$suite/prog_tests/\1.c|p" \
			"$file"
	done
}

keep_wanted_tests()
{
	local file wanted

	wanted=$(wanted_tests)
	for file in "$suite"/prog_tests/*.c; do
		grep -qxF "$file" <<< "$wanted" || rm "$file"
	done
}

# By the names of the headers and objects that are made from them
named_programs()
{
	cat "$suite"/{prog_tests/*,test_progs*,xdp*,xsk*}.[ch] \
			"$suite"/test_x*.sh |
		grep -oE '\w+(\.skel\.h|(\.bpf)?\.o)\b' | sed 's/\..*//'
	echo btf_data	# by the makefile
}

keep_named_programs()
{
	local file names

	names=$(named_programs)
	for file in "$suite"/progs/*.c; do
		grep -qxF "$(basename "$file" .c)" <<< "$names" || rm "$file"
	done
}

build()
{
	local name targets=(test_progs) settings=()

	for name in $unwanted; do
		settings+=("$name=")
	done
	for name in $programs; do
		[ ! -e "$suite/$name.c" ] || targets+=("$name")
	done
	make "-j$(nproc)" -C "$suite" VMLINUX_BTF=/kernel/vmlinux \
		"${settings[@]}" "${targets[@]}"
}

keep_wanted_tests
keep_named_programs
build
