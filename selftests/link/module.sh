#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module comes when it is asked for and goes when it is told to, with all
# its pairs, wherever they are and whatever they are doing.
#
# Not where somebody has pairs of this kind already: unloading would take them
# away. Where the kind is built into the kernel there is nothing to unload.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	says_what_it_is
	has_parameters
	comes_when_asked_for
	comes_and_goes
	goes_with_its_pairs
	goes_under_traffic
	goes_while_pairs_are_made
	says_nothing
"

require_command modinfo
require_command jq

# --- the module ----------------------------------------------------------

load()
{
	must modprobe "$KIND"
}

unload()
{
	must modprobe -r "$KIND"
	module_is_loaded "$KIND" && abort "$KIND is still loaded"
}

module_field()
{
	modinfo -F "$1" "$KIND"
}

says_what_it_is()
{
	check_equal "$(module_field name)" "$KIND" "name"
	check_equal "$(module_field alias)" "rtnl-link-$KIND" "alias"
	check_match "$(module_field license)" '^GPL' "license"
	check_match "$(module_field description)" '[[:alpha:]]' "description"
	check_equal "$(module_field vermagic | cut -d ' ' -f 1)" \
		"$(uname -r)" "vermagic"
	check_equal "$(module_field depends)" "" "modules that it depends on"
	log_test "modinfo"

	setup_ns NS
	make_pair "$NS" va vb
	if differs driver-version; then
		check_match "$(module_field version)" \
			'^[0-9]+\.[0-9]+\.[0-9]+$' "version"
		check_equal "$(ip netns exec "$NS" ethtool -i va |
			sed -n 's/^version: //p')" "$(module_field version)" \
			"version of ethtool -i"
		check_equal "$(cat "/sys/module/$KIND/version")" \
			"$(module_field version)" "version of the loaded module"
	else
		check_equal "$(module_field version)" "" "version"
	fi
	log_test "version"
}

# What it does is shown by as_veth.sh.
has_parameters()
{
	if differs as-veth; then
		check_match "$(module_field parm)" \
			'^as_veth:.*\(bool\)$' "parameters"
		check_equal "$(ls "/sys/module/$KIND/parameters")" as_veth \
			"parameters of the loaded module"
		check_equal "$(cat "/sys/module/$KIND/parameters/as_veth")" N \
			"as_veth"
	else
		check_equal "$(module_field parm)" "" "parameters"
		[ -e "/sys/module/$KIND/parameters" ]
		check_fail $? "the module has parameters"
	fi
	log_test "parameters"
}

# The request names a kind; the kernel asks modprobe for its alias.
comes_when_asked_for()
{
	setup_ns NS
	unload
	make_pair "$NS" va vb
	module_is_loaded "$KIND"
	check_err $? "a pair was made, but $KIND is not loaded"
	log_test "ip link add loads the module"
}

references()
{
	cat "/sys/module/$KIND/refcnt"
}

comes_and_goes()
{
	local file

	file=$(modinfo -n "$KIND")
	setup_ns NS
	for _ in {1..5}; do
		unload
		must insmod "$file"
		make_pair "$NS" va vb
		check_equal "$(references)" 0 "references of a pair"
		must rmmod "$KIND"
		link_exists "$NS" va
		check_fail $? "va is still there"
		load
	done
	log_test "insmod and rmmod, five times"
}

# --- pairs ---------------------------------------------------------------

# Pairs with both ends here, with both ends there, and across.
make_pairs()
{
	setup_ns LEFT RIGHT
	make_pair "$LEFT" va vb
	make_pair "$RIGHT" vc vd
	make_pair "$LEFT" ve vf -- netns "$RIGHT"
	make_pair "$RIGHT" vg vh -- netns "$LEFT"
	bring_up "$LEFT" va vb ve
	bring_up "$RIGHT" vf vg
	must ip -n "$LEFT" addr add 192.0.2.1/24 dev ve
	must ip -n "$RIGHT" addr add 192.0.2.2/24 dev vf
	wait_for_up "$LEFT" ve
}

links_of()
{
	ip -n "$1" -j link show | jq -r '.[].ifname' | on_one_line
}

check_nothing_is_left()
{
	check_equal "$(links_of "$LEFT")" "$LINKS_BEFORE" "devices"
	check_equal "$(links_of "$RIGHT")" "$LINKS_BEFORE" "devices"
	module_is_loaded "$KIND"
	check_fail $? "$KIND is still loaded"
}

goes_with_its_pairs()
{
	local LINKS_BEFORE

	setup_ns NS
	LINKS_BEFORE=$(links_of "$NS")
	make_pairs
	check_equal "$(references)" 0 "references of four pairs"
	unload
	check_nothing_is_left
	log_test "rmmod with pairs in two namespaces"
	load
}

goes_under_traffic()
{
	local LINKS_BEFORE

	setup_ns NS
	LINKS_BEFORE=$(links_of "$NS")
	make_pairs
	flood "$LEFT" 192.0.2.2
	flood "$RIGHT" 192.0.2.1
	slowwait 10 is_busy "$LEFT" ve || abort "no traffic"
	unload
	check_nothing_is_left
	log_test "rmmod under traffic"
	load
}

# It is fine to be refused, as long as each request ends. Prints a line for each
# that was not. To be ended by removing the file: whoever is killed leaves an ip
# behind.
make_pairs_while_file_exists()
{
	local n=0

	while [ -e "$2" ]; do
		n=$((n + 1))
		ip -n "$1" link add name "a$n" type "$KIND" \
			peer name "b$n" 2>/dev/null && echo "a$n"
	done
}

# unload_for SECONDS FILE: and on until FILE is not empty, but not for ever.
unload_for()
{
	local end=$((SECONDS + $1)) end_of_patience=$((SECONDS + $1 + 60))

	UNLOADS=0
	while ((SECONDS < end)) || [ ! -s "$2" ]; do
		((SECONDS < end_of_patience)) || return
		modprobe -q -r "$KIND" && UNLOADS=$((UNLOADS + 1))
	done
}

goes_while_pairs_are_made()
{
	local work UNLOADS LINKS_BEFORE

	setup_ns LEFT RIGHT
	LINKS_BEFORE=$(links_of "$LEFT")
	work=$(mktemp -d) || abort "no temporary directory"
	defer rm -rf "$work"
	touch "$work/go_on"
	make_pairs_while_file_exists "$LEFT" "$work/go_on" >"$work/made" &
	unload_for "${RACE_SECONDS:-5}" "$work/made"
	rm "$work/go_on"
	wait $!
	check_fail "$UNLOADS" "the module was never unloaded"
	[ -s "$work/made" ]
	check_err $? "no pair was ever made"
	log_info "unloaded $UNLOADS times, made $(wc -l <"$work/made") pairs"
	log_test "rmmod while pairs are being made"

	module_is_loaded "$KIND" && unload
	check_nothing_is_left
	log_test "nothing is left of them"
	load
}

# --- the kernel log ------------------------------------------------------

# The lines that any module of this sort causes once after boot.
taint_lines()
{
	sed -n 's/^!//p' "$SELFTESTS/splats"
}

says_nothing()
{
	local said

	mark_kernel_log says_nothing
	unload
	load
	kernel_log_since_mark >"$SCRATCH/log"
	check_err $? "the kernel log has lost its beginning"
	said=$(grep -vE -f <(taint_lines) "$SCRATCH/log")
	check_equal "$said" "" "kernel log"
	log_test "kernel log of modprobe"
}

can_be_unloaded()
{
	local file

	file=$(modinfo -n "$KIND" 2>/dev/null) && [ "$file" != "(builtin)" ]
}

can_be_unloaded || skip_all "no module $KIND, or it is built in"
[ -z "$(all_devices "$KIND")" ] ||
	skip_all "there are pairs of kind $KIND on this machine"
module_is_loaded "$KIND" || load
defer modprobe "$KIND"

tests_run
exit $EXIT_STATUS
