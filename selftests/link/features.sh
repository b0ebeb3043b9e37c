#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Nothing that crosses a pair touches a wire, so all that hardware could do for
# a packet is left undone: an end offers every offload that veth offers, to
# what is on top of it too. The whole list of "ethtool -k", as it is at first
# and as it becomes when features are switched, is veth's.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	at_first
	switched_off_and_on
	switched_on
	switched_at_one_end
	gro
	devices_on_top
	sizes
	netmem
	xdp
"

require_command ethtool
require_command jq
require_program netdev_queues

features_of()
{
	ip netns exec "$1" ethtool -k "$2"
}

switch()
{
	ip netns exec "$1" ethtool -K "${@:2}" 2>&1
	echo "exit status $?"
}

# features_after NS WORD...: those of va.
features_after()
{
	switch "$1" va "${@:2}"
	features_of "$1" va
}

same_features()
{
	like_veth answers_to features_after "$@"
	log_test "ethtool -K: $(IFS=,; echo "$*")"
}

first_features()
{
	KIND=$2 make_pair "$1" va vb
	features_of "$1" va
	features_of "$1" vb
	bring_up "$1" va vb
	features_of "$1" va
}

at_first()
{
	local list

	setup_ns NS
	make_pair "$NS" va vb
	list=$(features_of "$NS" va)
	check_match "$list" $'\ntx-checksumming: on\n' "checksums"
	check_match "$list" $'\ntcp-segmentation-offload: on\n' "segmentation"
	check_match "$list" $'\nscatter-gather: on\n' "scatter-gather"
	log_test "offloads are on"

	like_veth first_features
	log_test "all features at first"
}

switched_off_and_on()
{
	same_features "tx off" "tx on" "sg off" "sg on" "tso off" "gso off" \
		"rx off"
	same_features "tx off sg off tso off gso off" "tso on" "sg on tx on" \
		"rxvlan off txvlan off" "tx-vlan-stag-hw-insert off"
}

# The rest is fixed, or there is no such thing.
switched_on()
{
	same_features "tx-nocache-copy on" "rx-gro-list on" \
		"rx-udp-gro-forwarding on" "lro on" "ntuple on" "rxhash on" \
		"hw-tc-offload on" "nosuch on"
}

other_end()
{
	KIND=$2 make_pair "$1" va vb
	switch "$1" va tx off sg off
	features_of "$1" vb
}

switched_at_one_end()
{
	like_veth other_end
	log_test "the peer keeps its features"
}

gro_of()
{
	ip netns exec "$NS" ethtool -k "$1" |
		sed -n 's/^generic-receive-offload: //p'
}

# That it does something is shown in napi/gro.sh.
gro()
{
	setup_ns NS
	make_pair "$NS" va vb
	bring_up "$NS" va vb
	check_equal "$(gro_of va) $(gro_of vb)" "off off" "GRO at first"
	log_test "GRO is off at first"

	check_equal "$(switch "$NS" va gro on)" "exit status 0" "answer"
	check_equal "$(gro_of va) $(gro_of vb)" "on off" "GRO"
	log_test "GRO switched on at one end"

	same_features "gro on" "tso off" "rx off" "rx on" "gro off" "gro on" \
		"rx-gro-list on" "rx-udp-gro-forwarding on" "rx-gro-hw on"
}

# --- devices on top ------------------------------------------------------

# on_top NS KIND WORDS...: the features of what "ip link add WORDS..." makes
# over va.
on_top()
{
	KIND=$2 make_pair "$1" va vb
	ip -n "$1" addr add 192.0.2.1/24 dev va
	ip -n "$1" link set dev va up
	must ip -n "$1" link add name top link va "${@:3}"
	features_of "$1" top
	ip netns exec "$1" ethtool -K va tx off >/dev/null
	features_of "$1" top
}

# Not every kernel has every kind of device.
can_be_on_top()
{
	ip -n "$PROBE" link add name top link va "$@" 2>/dev/null &&
		must ip -n "$PROBE" link del dev top
}

same_on_top()
{
	if ! can_be_on_top "$@"; then
		log_test_skip "features of: $*" "no link type $2"
		return
	fi
	like_veth on_top "$@"
	log_test "features of: $*"
}

devices_on_top()
{
	setup_ns PROBE
	KIND=veth make_pair "$PROBE" va vb
	same_on_top type vlan id 5
	same_on_top type vlan protocol 802.1ad id 5
	same_on_top type macvlan
	same_on_top type vxlan id 5 dstport 4789 remote 192.0.2.2 dev va
}

# --- sizes ---------------------------------------------------------------

sizes_of()
{
	ip -n "$1" -j -d link show dev va | jq -c '.[0] |
		with_entries(select(.key |
			test("^(gso|gro|tso)_.*|^(min|max)_mtu$")))'
}

change_sizes()
{
	KIND=$2 make_pair "$1" va vb
	sizes_of "$1"
	ip -n "$1" link set dev va gso_max_size 200000 gro_max_size 200000
	sizes_of "$1"
	ip -n "$1" link set dev va gso_max_segs 10
	sizes_of "$1"
	ip -n "$1" link set dev va gso_max_size 600000
	ip -n "$1" link set dev va gso_max_segs 70000
	sizes_of "$1"
}

sizes()
{
	setup_ns NS
	make_pair "$NS" va vb
	check_equal "$(link_get "$NS" va .tso_max_size)" 524280 "tso_max_size"
	check_equal "$(link_get "$NS" va .gso_max_size)" 65536 "gso_max_size"
	log_test "largest packets"

	like_veth change_sizes
	log_test "sizes that are changed"
}

# --- packets in the memory of another device -----------------------------

# There is no such memory here: the kernel says why it will not be.
netmem_answer()
{
	case $(uname -r) in
	6.1.*) echo "refused: No such file or directory" ;;
	6.12.*) echo "refused: Operation not supported" ;;
	*)
		differs netmem && echo "refused: No DMA-capable device" \
			"found for netmem TX: Operation not supported" ||
			echo "refused: Driver does not support netmem TX:" \
				"Operation not supported"
		;;
	esac
}

netmem()
{
	setup_ns NS
	make_pair "$NS" va vb
	check_equal "$("$MYVETH_PROGRAMS/netdev_queues" bind-tx "$NS" va 2>&1)" \
		"netdev_queues: $(netmem_answer)" "answer"
	log_test "packets in the memory of another device"
}

# --- XDP -----------------------------------------------------------------

xdp_mode_of()
{
	link_get "$NS" "$1" '.xdp.mode // "none"'
}

set_xdp()
{
	ip -n "$NS" link set dev va "$1" pinned "$2" 2>/dev/null
}

# The attached program goes with the device.
xdp()
{
	local native=1 generic=2

	if [ ! -x "$MYVETH_PROGRAMS/xdp_program" ]; then
		log_test_skip "XDP" "no program xdp_program in $MYVETH_PROGRAMS"
		return
	fi
	mount_bpffs
	xdp_load pass pass
	setup_ns NS
	make_pair "$NS" va vb

	set_xdp xdpdrv "$BPFFS/pass"
	check_err $? "native XDP is refused"
	check_equal "$(xdp_mode_of va)" "$native" "mode"
	must ip -n "$NS" link set dev va xdpdrv off
	log_test "native XDP"

	set_xdp xdpgeneric "$BPFFS/pass"
	check_err $? "generic XDP is refused"
	check_equal "$(xdp_mode_of va)" "$generic" "mode"
	must ip -n "$NS" link set dev va xdpgeneric off
	log_test "generic XDP"
}

tests_run
exit $EXIT_STATUS
