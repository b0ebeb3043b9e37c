#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
#	build-kernel-tests.sh PACKAGE SERIES RELEASE
#
# Builds a kernel's own tests, in the root file system "workshop":
#
#	/source		empty; gets the source in PACKAGE
#	/kernel		has vmlinuz; gets vmlinux, in which the kernel's BTF is
#	/tests		empty; gets what "keep" lists of /source
#
# Nothing is changed in the source. What is built are the programs that the
# tests in tests.tsv use, by the kernel's own rules where there are any.

set -euo pipefail
shopt -s nullglob

readonly package=$1 series=$2 release=$3
readonly here=/conformance
readonly selftests=/source/tools/testing/selftests
jobs=-j$(nproc)
headers="-isystem /source/usr/include"
readonly jobs headers
# What neither tests nor their programs are made from
readonly unneeded="drivers sound fs mm crypto block rust samples virt
	Documentation/[a-mo-z]* arch/[a-wyz]*"

unpack()
{
	local directory exclude=()

	for directory in $unneeded; do
		exclude+=("--exclude=linux-source-$series/$directory")
	done
	dpkg-deb --fsys-tarfile "$package" |
		tar -xO "./usr/src/linux-source-$series.tar.xz" |
		tar -xJ -C /source --strip-components=1 "${exclude[@]}"
}

# make_programs DIRECTORY FILE...: those that this kernel has the source of
make_programs()
{
	local directory=$selftests/$1 file wanted=()

	shift
	for file in "$@"; do
		[ -z "$(source_of "$directory/$file")" ] ||
			wanted+=("$directory/$file")
	done
	[ "${#wanted[@]}" -eq 0 ] ||
		make "$jobs" -C "$directory" OUTPUT="$directory" \
			top_srcdir=/source KHDR_INCLUDES="$headers" \
			"${wanted[@]}"
}

source_of()
{
	local name=${1%.o}

	[ ! -e "$name.c" ] || echo "$name.c"
}

# Programs that older kernels build with all of the BPF suite
make_dummy_program()
{
	local source=$selftests/bpf/progs/xdp_dummy.c

	[ -e "$source" ] && [ ! -e "$selftests/net/xdp_dummy.bpf.c" ] &&
		[ ! -e "$selftests/net/lib/xdp_dummy.bpf.c" ] || return 0
	clang -O2 -g --target=bpf -isystem /source/usr/include \
		-I"$selftests/net/tools/include" \
		-idirafter /usr/include/x86_64-linux-gnu \
		-c "$source" -o "$selftests/bpf/xdp_dummy.bpf.o"
}

keep()
{
	local pattern path

	cd /source
	while read -r pattern; do
		for path in $pattern; do
			[ ! -e "$path" ] || echo "$path"
		done
	done < <(sed 's/#.*//; /^[[:space:]]*$/d' "$here/keep") |
		tar -c --exclude-from="$here/keep-not" --files-from=- |
		tar -x -C /tests
}

unpack
bash /source/scripts/extract-vmlinux /kernel/vmlinuz > /kernel/vmlinux
make "$jobs" -C /source headers

make_programs net udpgso_bench_tx udpgso_bench_rx gro so_txtime \
	nat6to4.o nat6to4.bpf.o xdp_dummy.bpf.o
make_programs net/lib csum gro xdp_helper xdp_dummy.bpf.o xdp_native.bpf.o \
	xdp_metadata.bpf.o
make_programs drivers/net napi_id_helper so_txtime
make_dummy_program
[ ! -x "$here/build-bpf.sh" ] || "$here/build-bpf.sh" "$series" "$release"
keep
