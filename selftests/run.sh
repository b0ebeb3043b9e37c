#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run the selftests on the running kernel:
#
#	run.sh [-d] [-l] [PATTERN...]	-l: only list them
#					-d: on a debug kernel, with the scripts
#					in debug/ and all that it finds
#
# Every script whose name matches a PATTERN is run once for each kind in $KINDS
# (default "myveth veth"); $CASES names cases that each of them must have, if not
# all are wanted. Without a PATTERN it is every script. A script's name is that of
# its folder and its own: "napi/gro". Where a PATTERN has no slash its own name will
# do: "gro", "create*". Those in "faults/panics" and "stress" are run only where a
# PATTERN names their folder: "stress/*". The kinds must be known to modprobe, or
# loaded, and the programs made. With $VERBOSE each script prints its commands:
# see show_commands() in lib.sh.
#
# KTAP on stdout; the last line says "N passed, N failed, N skipped". A script
# fails as well when it leaves something behind, when the kernel complains (see
# "splats"), when it takes too long (see "settings"), and when it skips without
# being allowed to (see skips.tsv, or the file that $SKIPS names). With -d, what
# scripts have left in memory is said at the end.

# Our own commands are none of a test.
VERBOSE='' . "$(dirname "$(readlink -f "$0")")/lib.sh"
. "$SELFTESTS/debug/find-leaks.sh"
. "$SELFTESTS/patterns.sh"

SUBJECTS="experiments link packets napi xdp faults"
KINDS=${KINDS:-myveth veth}
SKIPS=${SKIPS:-$SELFTESTS/skips.tsv}
PASSED=0
FAILED=0
SKIPPED=0

die()
{
	echo "run.sh: $*" >&2
	exit "$ksft_fail"
}

# --- which scripts -------------------------------------------------------

# What may bring down the machine, or takes very long, has to be asked for by the
# folder's name.
is_asked_for()
{
	local pattern

	for pattern in "${@:2}"; do
		[[ $pattern == "${1%/*}"/* ]] &&
			matches "$1" "$pattern" && return
	done
	return 1
}

list_scripts()
{
	local name

	# shellcheck disable=SC2086 # a list of folders
	for name in $(scripts_in $SUBJECTS ${DEBUG:+debug}); do
		matches_a_pattern "$name" "$@" && echo "$name"
	done
	for name in $(scripts_in faults/panics stress); do
		is_asked_for "$name" "$@" && echo "$name"
	done
	return 0
}

# scripts_in FOLDER...: what we source ourselves is none.
scripts_in()
{
	local folder

	cd "$SELFTESTS" || exit
	for folder; do
		printf '%s\n' "$folder"/*.sh
	done | grep -vx debug/find-leaks.sh
}

# --- the machine ---------------------------------------------------------

# For our mounts. What lib.sh has made by now is made anew there.
begin_again_in_a_namespace()
{
	rm -r "$SCRATCH"
	MYVETH_IN_RUN=yes exec unshare --mount "$0" "$@"
}

# A list of network namespaces of our own: nobody else's appear in it, and
# whatever stays behind is gone with this process.
enter_private_namespace_list()
{
	mkdir -p /run/netns
	mount -t tmpfs myveth-selftests /run/netns ||
		die "cannot mount on /run/netns"
}

kind_is_offered()
{
	unshare --net sh -c "ip link add name probe0 type $1 &&
		ip link del dev probe0" 2>/dev/null
}

# Load what is not there; it goes again in the end.
load_kind()
{
	local kind=$1

	if [ ! -d "/sys/module/$kind" ] && modprobe -q "$kind" 2>/dev/null &&
	   [ -d "/sys/module/$kind" ]; then
		log_info "loaded module $kind"
		LOADED+=("$kind")
		defer modprobe -q -r "$kind"
	fi
	kind_is_offered "$kind" || die "this kernel has no link kind $kind"
}

unload_kinds()
{
	local faults

	mark_kernel_log unload
	faults=$(find_last_faults)
	[ -n "$faults" ] || return
	awk '{ print "# fault at the end: " $0 }' <<<"$faults"
	FAILED=$((FAILED + 1))
}

find_last_faults()
{
	local kind

	for kind in "${LOADED[@]}"; do
		slowwait 10 timeout 60 modprobe -q -r "$kind" 2>/dev/null ||
			echo "module $kind cannot be unloaded"
	done
	find_splats
	[ -z "$DEBUG" ] || find_leaks
}

# What has to be after a script as it was before.
machine_state()
{
	local path references

	for path in /run/netns/* /sys/class/net/*; do
		[ -e "$path" ] && echo "$path"
	done
	read -r references 2>/dev/null <"/sys/module/$KIND/refcnt" &&
		echo "$references references to module $KIND"
}

state_is()
{
	[ "$(machine_state)" = "$1" ]
}

show_changes()
{
	echo "$1" >"$SCRATCH/before"
	machine_state | diff "$SCRATCH/before" - |
		sed -n 's/^>/left/p; s/^</lost/p'
}

# --- the kernel log ------------------------------------------------------

find_splats()
{
	if ! kernel_log_since_mark >"$SCRATCH/log"; then
		echo "the kernel log has lost its beginning"
		return
	fi
	"$SELFTESTS/find-splats.sh" <"$SCRATCH/log" | sed 's/^/kernel: /'
}

# --- one script ----------------------------------------------------------

setting()
{
	sed -n "s/^$1=//p" "$SELFTESTS/settings"
}

read_settings()
{
	TIME_LIMIT=$(setting timeout)
	[ "$KSFT_MACHINE_SLOW" != yes ] ||
		TIME_LIMIT=$((TIME_LIMIT * $(setting slow_factor)))
	[ -z "$DEBUG" ] || TIME_LIMIT=$((TIME_LIMIT * $(setting debug_factor)))
	[ -z "$FIRST_FAULT_ENDS" ] || TIME_LIMIT=$(setting mutant_timeout)
	[ "$TIME_LIMIT" -gt 0 ] || die "settings: no timeout"
	# What somebody has asked for himself is not too long.
	TIME_LIMIT=$((TIME_LIMIT + ${STRESS_SECONDS:-0}))
}

# In a session of its own, so that nothing it started can outlive it.
run_script()
{
	setsid timeout -k 30 "$TIME_LIMIT" bash "$SELFTESTS/$1" \
		</dev/null >"$SCRATCH/output" 2>&1 &
	SESSION=$!
	wait "$SESSION" 2>/dev/null
}

end_session()
{
	[ -n "$SESSION" ] && pkill -KILL -s "$SESSION"
	SESSION=
}

session_is_over()
{
	[ -z "$(session_processes)" ]
}

# Those that only wait for their parent's last word (Z) are gone.
session_processes()
{
	pgrep -a -r D,R,S,T -s "$SESSION"
}

# A script that passes says so for each case, and how many cases there were.
has_whole_output()
{
	local results

	results=$(grep -cE '^(not )?ok [0-9]+ ' "$SCRATCH/output")
	[ "$results" -gt 0 ] && grep -qx "1\.\.$results" "$SCRATCH/output"
}

skip_is_allowed()
{
	local script kind kernel reason

	while read -r script kind kernel reason; do
		# shellcheck disable=SC2053 # patterns they are
		[[ $script != \#* && -n $reason && $1 == $script &&
		   $KIND == $kind && $(uname -r) == $kernel ]] && return
	done <"$SKIPS"
	return 1
}

# What is wrong with the way a script ended, a line each.
find_faults()
{
	local name=$1 status=$2 before=$3

	case $status in
	"$ksft_pass"|"$ksft_xfail")
		has_whole_output || echo "ended without a result" ;;
	"$ksft_skip")
		skip_is_allowed "$name" || echo "skipped, not on the list" ;;
	124|137) echo "timed out after $TIME_LIMIT s" ;;
	*) echo "exit status $status" ;;
	esac

	slowwait 2 session_is_over ||
		session_processes | sed 's/^/left process /'
	end_session
	slowwait 10 state_is "$before" || show_changes "$before"
	[ -z "$DEBUG" ] || find_sleepers
	find_splats
}

# Take away what a faulty script left, so that the next one starts clean.
remove_namespaces()
{
	local name

	for name in $(ip netns list | cut -d ' ' -f 1); do
		ip netns del "$name"
	done
}

# report NUMBER NAME STATUS: one KTAP line, after the script's own output.
report()
{
	local line="$1 $2 KIND=$KIND" reason

	sed 's/^/    /' "$SCRATCH/output"
	if [ -n "$FAULTS" ]; then
		awk '{ print "# fault: " $0 }' <<<"$FAULTS"
		FAILED=$((FAILED + 1))
		echo "not ok $line"
	elif [ "$3" -eq "$ksft_skip" ]; then
		reason=$(grep -o 'SKIP .*' "$SCRATCH/output" | head -n 1)
		SKIPPED=$((SKIPPED + 1))
		echo "ok $line # ${reason:-SKIP}"
	else
		PASSED=$((PASSED + 1))
		echo "ok $line"
	fi
}

run_and_report()
{
	local number=$1 name=$2 start=$SECONDS before status

	before=$(machine_state)
	mark_kernel_log "$name KIND=$KIND"
	[ -z "$DEBUG" ] || begin_debugging_script "$name"
	run_script "$name"
	status=$?
	# Not in a file: what does not fit on a full disk would be no fault
	FAULTS=$(find_faults "$name" $status "$before")
	SESSION=
	remove_namespaces
	log_info "$name KIND=$KIND took $((SECONDS - start)) s"
	report "$number" "$name" $status
}

# --- all of them ---------------------------------------------------------

run_all()
{
	local number=0 name

	echo "KTAP version 1"
	echo "1..$(($# * $(wc -w <<<"$KINDS")))"
	for name; do
		for KIND in $KINDS; do
			number=$((number + 1))
			run_and_report $number "$name"
		done
	done
}

main()
{
	local scripts words=("$@")

	[ "$1" = -d ] && DEBUG=yes && shift
	if [ "$1" = -l ]; then
		shift
		list_scripts "$@"
		return
	fi
	mapfile -t scripts <<<"$(list_scripts "$@")"
	[ -n "${scripts[0]}" ] || die "no test matches: $*"
	[ "$(id -u)" -eq 0 ] || die "must be run by root"
	[ -n "$MYVETH_IN_RUN" ] || begin_again_in_a_namespace "${words[@]}"

	read_settings
	"$SELFTESTS/find-splats.sh" </dev/null || die "splats: a bad expression"
	[ -z "$DEBUG" ] || begin_debugging
	enter_private_namespace_list
	for KIND in $KINDS; do
		load_kind "$KIND"
	done
	export KIND
	defer end_session
	trap 'exit 1' INT TERM

	run_all "${scripts[@]}"
	unload_kinds
	echo "$PASSED passed, $FAILED failed, $SKIPPED skipped"
	[ "$FAILED" -eq 0 ] && [ "$PASSED" -gt 0 ]
}

DEBUG=
LOADED=()
main "$@"
