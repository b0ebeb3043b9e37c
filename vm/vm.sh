#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Throw-away machines, in which everything of myveth is built and run:
#
#	vm.sh prepare [SERIES...]	make all that is needed to boot them
#	vm.sh check			run the selftests on every kernel;
#					KERNELS="6.1 7.3" selects kernels, also
#					those of kernels-on-request.tsv,
#					TESTS="create* gro" scripts, CASES="a b"
#					cases, which each of them must have
#	vm.sh check-docs		run the console blocks of README.md and
#					docs/ on every kernel, and compare;
#					KERNELS selects, and TESTS="README"
#					pages; SELFTEST=1: is each output
#					compared?
#	vm.sh conformance		run the kernels' own tests on every kernel,
#					on both kinds; KERNELS and TESTS select
#	vm.sh bench			count what packets and pairs cost, write
#					bench/figures.json, and what is made of
#					it; KERNELS, KINDS and TESTS="udp*" select
#					kernels, kinds and cases: then the
#					figures are only printed
#	vm.sh stress			a storm of changes under traffic, for
#					STRESS_SECONDS=600 on each of 6.12 and
#					7.3, or KERNELS
#	vm.sh check-debug		run the selftests on a kernel that looks
#					for faults; SHORT=1: for myveth alone
#	vm.sh check-install		install Debian packages on Debian 12 and
#					13, and take them away again
#	vm.sh clients			make pairs with Docker and others, that
#					know veth only; TESTS="podman" selects
#	vm.sh build-matrix		build for each kernel that Debian has
#	vm.sh demo			show three experiments
#	vm.sh shell			log in to a machine with the module
#	vm.sh run SERIES COMMAND...	run a command in a machine, where the tree
#					is /myveth; "debug" is a series too,
#					whose kernel looks for faults
#	vm.sh root SUITE COMMAND...	run a command on the work tree in a
#					suite's build environment
#	vm.sh clean			delete all that was made
#	vm.sh footprint			write footprint.tsv anew, from what
#					the last demo and check did cost
#
# KINDS="myveth" or "veth" leaves out the other kind, and, of check, what is no
# script. VERBOSE=1 prints each command of a selftest before it runs, KVM=0
# emulates the processors, and after TIME_LIMIT=3600 seconds a machine is stopped.
#
# What is downloaded and made is kept in $MYVETH_CACHE, by default
# ${XDG_CACHE_HOME:-~/.cache}/myveth. The host gets no module, no daemon and no
# network configuration.

set -euo pipefail
shopt -s nullglob

VM_DIR=$(cd "$(dirname "$0")" && pwd)
TREE=${VM_DIR%/*}

readonly GUEST_DIR=/myveth/vm
readonly DEMO_SERIES=6.12 STRESSED_SERIES="6.12 7.3"
readonly TIME_LIMIT=${TIME_LIMIT:-3600}

# What the callers' environment may say; it has to survive sudo
readonly FOR_GUESTS="KINDS KIND CASES REPEATS SEED STRESS_SECONDS VERBOSE TERM"
readonly SETTINGS="KERNELS TESTS SHORT SELFTEST KVM TIME_LIMIT
	http_proxy https_proxy no_proxy
	$FOR_GUESTS"

say()
{
	printf '[%3d s] %s\n' "$SECONDS" "$*" >&2
}

die()
{
	echo "vm.sh: $*" >&2
	exit 2
}

. "$VM_DIR/cache.sh"
. "$VM_DIR/roots.sh"
. "$VM_DIR/make-root.sh"
. "$VM_DIR/footprint.sh"
. "$VM_DIR/debug-kernel.sh"
. "$VM_DIR/build.sh"
. "$VM_DIR/boot.sh"
. "$VM_DIR/jobs.sh"
. "$VM_DIR/check.sh"
. "$VM_DIR/bench.sh"
. "$VM_DIR/docs.sh"
. "$VM_DIR/panics.sh"
. "$VM_DIR/conformance.sh"
. "$VM_DIR/disk-machine.sh"
. "$VM_DIR/check-install.sh"
. "$VM_DIR/clients.sh"
. "$VM_DIR/build-matrix.sh"

usage()
{
	sed -n '/^# Throw/,/^$/s/^# \?//p' "$0"
}

# Runs a long command into a log and says every quarter of a minute that it
# still does, and how long the log is by now, for many of them print a line for
# each file. The ticker ends with the pipe that it reads.
step()
{
	local what=$1 log=$2 ticker status=0

	say "$what"
	: > "$log"
	exec {ticker}> >(tick "$what" "$log")
	"${@:3}" > "$log" 2>&1 || status=$?
	exec {ticker}>&-
	[ "$status" -ne 0 ] || return 0
	show_failure "$log"
	die "$what failed"
}

tick()
{
	while read -rt 15 _; [ $? -gt 128 ]; do
		say "$1 ... ($(wc -l < "$2") lines)"
	done
}

# --- what is asked for -----------------------------------------------------

require_series()
{
	local series

	[ $# -gt 0 ] || die "KERNELS names no kernel"
	for series in "$@"; do
		[ -n "$(suite_of "$series")" ] ||
			die "unknown kernel $series; there are" \
				"$(all_series | xargs), and, if they are asked" \
				"for, $(series_on_request | xargs)"
	done
}

require_suite()
{
	[ -n "$(series_of "$1")" ] || [ "$1" = workshop ] ||
		die "unknown suite $1"
}

# require_tests [-d] [PATTERN...]
require_tests()
{
	local words=(-l) pattern

	if [ "${1:-}" = -d ]; then
		words=(-d -l)
		shift
	fi
	for pattern in "$@"; do
		[ -n "$("$TREE/selftests/run.sh" "${words[@]}" "$pattern")" ] ||
			die "no selftest matches $pattern"
	done
}

require_words()
{
	[ $# -ge $(($1 + 2)) ] || die "usage: vm.sh $2"
}

require_tools()
{
	[ "$(uname -m)" = x86_64 ] || die "the guests are x86_64 machines"
	has_tools > /dev/null && return
	[ -n "$(type -P apt-get)" ] || die "mmdebstrap and mount are needed;" \
		"they are installed by themselves on Debian only"
	"$VM_DIR/install-host-packages.sh" >&2
	has_tools > /dev/null || die "no mmdebstrap or mount in PATH"
}

has_tools()
{
	type -P mmdebstrap && type -P mount
}

# To make root file systems, to chroot into them, and to show guests files that
# are root's. The cache remains the caller's.
become_root()
{
	local name settings=("MYVETH_CACHE=$CACHE")

	mkdir -p "$CACHE"
	[ "$(id -u)" -ne 0 ] || return 0
	[ -n "$(type -P sudo)" ] || die "must be run by root: it makes root" \
		"file systems and runs commands in them"
	for name in $SETTINGS; do
		[ -z "${!name:-}" ] || settings+=("$name=${!name}")
	done
	say "root makes, enters and shares the root file systems: asking sudo"
	exec sudo env "${settings[@]}" "$0" "$@"
}

# --- the commands ----------------------------------------------------------

prepare()
{
	local series needed

	mapfile -t needed < <(needed_for "$@")
	need_roots "${needed[@]}"
	for series in "$@"; do
		need_layer "$series"
	done
	choose_accelerator "$1"
}

run_in()
{
	local limit=$TIME_LIMIT

	[ "$1" != debug ] || limit=$((limit * 4))
	boot "$1" output "$limit" "${@:2}"
}

demo()
{
	prepare "$1"
	run_in "$1" "$GUEST_DIR/demo.sh"
	[ "$1" != "$DEMO_SERIES" ] || write_run_cost demo "$1"
}

shell_in()
{
	[ -t 0 ] || die "a shell needs a terminal"
	boot "$1" terminal "$TIME_LIMIT" "$GUEST_DIR/shell.sh"
}

run_in_root()
{
	need_roots "$1"
	in_root "$1" "$TREE:$TREE" -- env -C "$TREE" "${@:2}"
}

# Into $PATTERNS and $SELECTED, which are tests and kernels; dies if there are none
# like those
read_request()
{
	read -ra PATTERNS <<< "${TESTS:-}"
	read -ra SELECTED <<< "${KERNELS:-$(all_series | xargs)}"
	case ${1:-help} in
	prepare)	[ $# -eq 1 ] || SELECTED=("${@:2}") ;;
	check)		require_tests "${PATTERNS[@]}" ;;
	check-docs)	require_pages "${PATTERNS[@]}" ;;
	conformance)	require_kernel_tests "${PATTERNS[@]}"
			require_sources "${SELECTED[@]}" ;;
	clients)	require_clients "${PATTERNS[@]}" ;;
	stress)		read -ra SELECTED <<< "${KERNELS:-$STRESSED_SERIES}" ;;
	check-debug)	require_tests -d "${PATTERNS[@]}" ;;
	bench)		require_bench "${PATTERNS[@]}" ;;
	demo|shell)	SELECTED=("${KERNELS:+${SELECTED[@]: -1}}")
			SELECTED=("${SELECTED[0]:-$DEMO_SERIES}") ;;
	run)		require_words 3 "run SERIES COMMAND..." "$@"
			SELECTED=("$2") ;;
	root)		require_words 3 "root SUITE COMMAND..." "$@"
			require_suite "$2" ;;
	clean|footprint|check-install|build-matrix)
			;;
	*)		usage; exit 2 ;;
	esac
	require_series "${SELECTED[@]}"
}

do_request()
{
	case $1 in
	prepare)	prepare "${SELECTED[@]}" ;;
	check)		check "${SELECTED[@]}" ;;
	check-docs)	check_docs "${SELECTED[@]}" ;;
	conformance)	conformance "${SELECTED[@]}" ;;
	stress)		stress "${SELECTED[@]}" ;;
	bench)		bench "${SELECTED[@]}" ;;
	check-debug)	check_debug ;;
	check-install)	check_install ;;
	clients)	check_clients ;;
	build-matrix)	build_matrix ;;
	demo)		demo "${SELECTED[@]}" ;;
	shell)		prepare "${SELECTED[@]}"
			shell_in "${SELECTED[0]}" ;;
	run)		prepare "${SELECTED[@]}"
			run_in "${@:2}" ;;
	root)		run_in_root "${@:2}" ;;
	clean)		alone delete_cache ;;
	footprint)	write_footprint ;;
	esac
}

main()
{
	read_request "$@"
	become_root "$@"
	[[ $1 == @(clean|footprint) ]] || require_tools
	open_cache
	do_request "$@"
}

# On one line: this file may be edited while it runs
main "$@"; exit
