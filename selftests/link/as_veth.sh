#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module's parameter as_veth: it offers the kind veth beside its own, so that
# programs which make a veth get our devices, and cannot tell. Only one driver
# can offer a kind, so that the kernel's own must not be there.
#
# Not where there are pairs of either kind already, which unloading would take
# away. The kernel's driver has no such parameter: it goes on without it.

. "$(dirname "$0")/../lib.sh"

if [ "$KIND" = myveth ]; then
	ALL_TESTS="
		looks_like_veth
		offers_both_kinds
		unnamed_ends
		goes_with_pairs_of_both_kinds
		place_is_taken
		offers_nothing_in_vain
		place_is_held
		drop_in_lines
		drop_in_is_refused
		drop_in_fails
		veth_is_built_in
	"
else
	ALL_TESTS="unknown_parameter"
fi

require_command ethtool
require_command jq
require_command modinfo
require_command nft

# --- the modules ---------------------------------------------------------

unload_all()
{
	local name

	for name in myveth veth; do
		! module_is_loaded "$name" || must modprobe -r "$name"
	done
}

# By their own names, whatever modprobe.d says.
load_all()
{
	unload_all
	must insmod "$OUR_FILE"
	must insmod "$VETH_FILE"
}

load_as_veth()
{
	unload_all
	must insmod "$OUR_FILE" as_veth=1
}

# driver_and_version NS DEV: "myveth 0.1.0", by what ethtool shows of it.
driver_and_version()
{
	ip netns exec "$1" ethtool -i "$2" |
		sed -nE 's/^(driver|version): //p' | on_one_line
}

our_version()
{
	modinfo -F version "$OUR_FILE"
}

# Whoever made them: only ours have the counter pair_id.
check_is_ours()
{
	[ -n "$(ethtool_counter "$1" "$2" pair_id)" ]
	check_err $? "$2 is not ours"
}

check_is_theirs()
{
	check_equal "$(ethtool_counter "$1" "$2" pair_id)" "" "pair_id of $2"
	[ -n "$(ethtool_counter "$1" "$2" peer_ifindex)" ]
	check_err $? "$2 has no counters at all"
}

# --- in veth's place -----------------------------------------------------

looks_like_veth()
{
	load_as_veth
	setup_ns A B
	KIND=veth make_pair "$A" va vb -- netns "$B"
	check_is_ours "$A" va
	check_is_ours "$B" vb
	check_equal "$(link_get "$A" va .linkinfo.info_kind)" veth "kind of va"
	check_equal "$(link_get "$B" vb .linkinfo.info_kind)" veth "kind of vb"
	check_equal "$(driver_and_version "$A" va)" "veth $(our_version)" \
		"driver"
	check_equal "$(ethtool_counter "$A" va peer_ifindex)" \
		"$(link_get "$B" vb .ifindex)" "peer_ifindex"
	check_equal "$(all_devices veth | wc -l)" 2 "devices of kind veth"
	check_equal "$(all_devices myveth | wc -l)" 0 "devices of kind myveth"

	bring_up "$A" va
	bring_up "$B" vb
	must ip -n "$A" addr add 192.0.2.1/24 dev va
	must ip -n "$B" addr add 192.0.2.2/24 dev vb
	wait_for_up "$A" va
	check_ping "$A" 192.0.2.2
	log_test "a pair that was asked for as veth"

	must ip netns exec "$B" nft "
		add table ip t
		add chain ip t in {
			type filter hook input priority 0; policy drop; }
		add rule ip t in meta iifkind \"veth\" accept"
	check_ping "$A" 192.0.2.2
	log_test "nft meta iifkind"
}

offers_both_kinds()
{
	load_as_veth
	setup_ns NS
	KIND=veth make_pair "$NS" va vb
	KIND=myveth make_pair "$NS" vc vd
	check_is_ours "$NS" va
	check_is_ours "$NS" vc
	check_equal "$(link_get "$NS" vd .linkinfo.info_kind)" myveth \
		"kind of vd"
	check_equal "$(driver_and_version "$NS" vd)" "myveth $(our_version)" \
		"driver"
	log_test "both kinds"
}

unnamed_ends()
{
	load_as_veth
	setup_ns NS
	must ip -n "$NS" link add type veth
	must ip -n "$NS" link add type myveth
	check_equal "$(ip -n "$NS" -j link show | jq -r '.[].ifname' |
		grep veth | sort | on_one_line)" \
		"myveth0 myveth1 veth0 veth1" "names"
	log_test "names that nobody chose"
}

goes_with_pairs_of_both_kinds()
{
	load_as_veth
	setup_ns NS
	KIND=veth make_pair "$NS" va vb
	KIND=myveth make_pair "$NS" vc vd
	must rmmod myveth
	check_equal "$(all_devices veth; all_devices myveth)" "" "devices"
	must insmod "$VETH_FILE"
	KIND=veth make_pair "$NS" va vb
	check_is_theirs "$NS" va
	log_test "rmmod, and veth is back"
}

# --- who comes first -----------------------------------------------------

log_has()
{
	kernel_log_since_mark | grep -q "$1"
}

# check_refused COMMAND...
check_refused()
{
	local error

	error=$("$@" 2>&1)
	check_fail $? "$1 has succeeded"
	check_match "$error" "Device or resource busy" "error of $1"
	module_is_loaded myveth
	check_fail $? "myveth is loaded"
}

place_is_taken()
{
	unload_all
	must insmod "$VETH_FILE"
	setup_ns NS
	KIND=veth make_pair "$NS" va vb
	mark_kernel_log place_is_taken
	check_refused insmod "$OUR_FILE" as_veth=1
	slowwait 5 log_has "^myveth: as_veth: the kind veth is taken"
	check_err $? "the kernel log does not say why"
	check_equal "$(kernel_log_since_mark | grep -c myveth)" 1 \
		"lines in the kernel log"
	check_refused modprobe myveth as_veth=1
	link_exists "$NS" vb
	check_err $? "veth's pair is gone"
	log_test "veth is there already"

	must insmod "$OUR_FILE"
	KIND=myveth make_pair "$NS" vc vd
	log_test "beside veth, without the parameter"
}

# A load that fails has had no kind that it would have to take back, with the pairs
# that somebody may have made meanwhile.
offers_nothing_in_vain()
{
	unload_all
	must insmod "$VETH_FILE"
	make_trace
	if [ ! -e "$TRACEFS/kprobe_events" ]; then
		log_test_skip "what fails has offered nothing" "no kprobes"
		return
	fi
	must echo "p:myveth/takes_back rtnl_link_unregister" \
		>>"$TRACEFS/kprobe_events"
	defer eval "echo '-:myveth/takes_back' >>'$TRACEFS/kprobe_events'"
	must echo 1 >"$TRACE/events/myveth/takes_back/enable"
	defer eval "echo 0 >'$TRACE/events/myveth/takes_back/enable'"
	check_refused insmod "$OUR_FILE" as_veth=1
	check_equal "$(grep -c takes_back "$TRACE/trace")" 0 "kinds taken back"
	must insmod "$OUR_FILE"
	must rmmod myveth
	check_equal "$(grep -c takes_back "$TRACE/trace")" 1 "of a load"
	log_test "what fails has offered nothing"
}

# With EEXIST, which newer kernels turn into EBUSY.
place_is_held()
{
	local error

	load_as_veth
	setup_ns NS
	KIND=veth make_pair "$NS" va vb
	error=$(insmod "$VETH_FILE" 2>&1)
	check_fail $? "veth is loaded"
	check_match "$error" "File exists|Device or resource busy" "error"
	check_is_ours "$NS" va
	log_test "veth comes later"
}

# --- what makes it come by itself ----------------------------------------

drop_in()
{
	must "${DROP_IN[@]}" "$@" >"$SCRATCH/said"
}

# check_driver NAME WHAT: who makes a pair of kind veth.
check_driver()
{
	KIND=veth make_pair "$NS" va vb
	module_is_loaded "$1"
	check_err $? "$1 is not loaded"
	if [ "$1" = myveth ]; then
		check_is_ours "$NS" va
		module_is_loaded veth
		check_fail $? "veth is loaded too"
	else
		check_is_theirs "$NS" va
	fi
	must ip -n "$NS" link del dev va
	log_test "$2"
}

drop_in_lines()
{
	[ ! -e "$DROP_IN_FILE" ] || abort "$DROP_IN_FILE is there"
	unload_all
	setup_ns NS
	defer rm -f "$DROP_IN_FILE"
	drop_in on
	check_driver myveth "drop-in on: ip link add type veth"
	unload_all
	must modprobe veth
	check_driver myveth "drop-in on: modprobe veth"
	unload_all
	KIND=myveth make_pair "$NS" vc vd
	check_driver myveth "drop-in on: after ip link add type myveth"

	unload_all
	drop_in off
	[ -e "$DROP_IN_FILE" ]
	check_fail $? "the file is still there"
	check_driver veth "drop-in off"
}

# Whoever has decided already what veth is keeps the last word.
drop_in_is_refused()
{
	local other=/run/modprobe.d/other.conf

	unload_all
	mkdir -p /run/modprobe.d
	defer rm -f "$DROP_IN_FILE" "$other"
	echo "install veth false" >"$other"
	"${DROP_IN[@]}" on >/dev/null 2>"$SCRATCH/said"
	check_fail $? "drop-in on"
	check_match "$(<"$SCRATCH/said")" "some other file of modprobe's" "error"
	[ -e "$DROP_IN_FILE" ]
	check_fail $? "the file is there"
	log_test "drop-in on, where another file says what veth is"
}

# Nobody is left without a veth because ours cannot be had.
drop_in_fails()
{
	setup_ns NS
	unload_all
	defer rm -f "$DROP_IN_FILE"
	must insmod "$OUR_FILE"
	drop_in on
	check_match "$(<"$SCRATCH/said")" "myveth is loaded without as_veth" \
		"advice"
	check_driver veth "drop-in on, but myveth is loaded without as_veth"

	unload_all
	echo "install myveth false" >>"$DROP_IN_FILE"
	check_driver veth "drop-in on, but myveth cannot be loaded"
}

# There is no way then. Such a kernel has it in this list.
veth_is_built_in()
{
	local list

	list=/lib/modules/$(uname -r)/modules.builtin
	unload_all
	defer rm -f "$DROP_IN_FILE"
	echo kernel/drivers/net/veth.ko | cat "$list" - >"$SCRATCH/list"
	# shellcheck disable=SC2016 # the inner shell expands them
	unshare --mount sh -c 'mount --bind "$1" "$2" && shift 2 && "$@" on
		"$@" status' sh "$SCRATCH/list" "$list" "${DROP_IN[@]}" \
		>"$SCRATCH/said" 2>&1
	check_match "$(<"$SCRATCH/said")" "veth is built into this kernel" \
		"error"
	check_match "$(<"$SCRATCH/said")" "now made by: veth" "status"
	[ -e "$DROP_IN_FILE" ]
	check_fail $? "the file is there"
	log_test "drop-in on, where veth is built in"
}

# --- veth ----------------------------------------------------------------

unknown_parameter()
{
	unload_all
	mark_kernel_log unknown_parameter
	must insmod "$VETH_FILE" as_veth=1
	slowwait 5 log_has "unknown parameter 'as_veth' ignored"
	check_err $? "veth knows the parameter"
	setup_ns NS
	make_pair "$NS" va vb
	check_is_theirs "$NS" va
	log_test "veth does not know as_veth"
}

# module_file NAME: of a module that can be loaded, or nothing.
module_file()
{
	modinfo -n "$1" 2>/dev/null | grep -vx "(builtin)"
}

OUR_FILE=$(module_file myveth)
VETH_FILE=$(module_file veth)
if [ -z "$OUR_FILE" ] || [ -z "$VETH_FILE" ]; then
	skip_all "no module myveth or veth, or it is built in"
fi
[ -z "$(all_devices veth)$(all_devices myveth)" ] ||
	skip_all "there are pairs of kind veth or myveth on this machine"
[ ! -e /etc/modprobe.d/myveth-drop-in.conf ] ||
	skip_all "myveth is in veth's place on this machine"
# Where modprobe looks too, and what is gone at the next boot anyway.
DROP_IN_FILE=/run/modprobe.d/myveth-drop-in.conf
DROP_IN=(env "MODPROBE_DIR=${DROP_IN_FILE%/*}"
	"$SELFTESTS/../install/myveth-drop-in")
defer load_all

tests_run
exit $EXIT_STATUS
