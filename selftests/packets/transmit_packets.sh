#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Packets of every shape cross a pair whole:
#
#	+-------- A --------+         +-------- B --------+
#	|  va 192.0.2.1     | ======> |  vb 192.0.2.2     |
#	|     2001:db8::1   |         |     2001:db8::2   |
#	+-------------------+         +-------------------+
#
# Whatever hardware would do to a packet is left undone when the sender may
# leave it to the device, and has been done when it may not. What a socket gets
# is compared byte by byte; what a frame looks like on its way is seen by a
# packet socket on one of the ends.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	datagrams
	datagrams_in_one_packet
	bulk_of_tcp
	big_tcp
	checksums
	wrong_checksum
	vlan_tags
	list_of_packets
	zerocopy
	frames_of_any_length
"

require_command ethtool
require_command tcpdump
require_program frames
require_program stream

make_topology()
{
	make_talking_pair A B
	must ip -n "$A" addr add 2001:db8::1/64 dev va nodad
	must ip -n "$B" addr add 2001:db8::2/64 dev vb nodad
}

# check_stream WORDS...: the bytes arrive; what is said of them is in $SAID.
check_stream()
{
	SAID=$("$MYVETH_PROGRAMS/stream" "$@" 2>&1)
	check_err $? "stream $*: $SAID"
}

# check_said TEXT: one of the lines that the last stream printed.
check_said()
{
	grep -qxF -e "$1" <<<"$SAID"
	check_err $? "no '$1' in '$SAID'"
}

longest_frame()
{
	sed -n 's/^frame \([0-9]*\) .*/\1/p' <<<"$SAID"
}

# set_feature NS DEV FEATURE on|off...
set_feature()
{
	must ip netns exec "$1" ethtool -K "$2" "${@:3}" >/dev/null
}

# without_feature FEATURE...: of va, until the end of the case.
without_feature()
{
	local feature

	for feature; do
		set_feature "$A" va "$feature" off
		defer set_feature "$A" va "$feature" on
	done
}

datagrams()
{
	local size hundred

	for size in 1 100 1400; do
		hundred=(udp $((size * 100)) size="$size")
		check_stream "$A" "$B" 192.0.2.2 "${hundred[@]}"
		check_stream "$A" "$B" 2001:db8::2 "${hundred[@]}"
		check_stream "$B" "$A" 192.0.2.1 "${hundred[@]}"
	done
	log_test "datagrams of 1, 100 and 1400 bytes"

	check_stream "$A" "$B" 192.0.2.2 udp 65000 size=65000
	log_test "a datagram in fragments"
}

# 46 datagrams with their headers: 46 * 1400 + 8 + 20 + 14 bytes.
datagrams_in_one_packet()
{
	local options=(udp 64400 size=64400 segment=1400 watch_to=vb)

	check_stream "$A" "$B" 192.0.2.2 "${options[@]}"
	check_said "frame 64442 checksum partial tag without"
	log_test "46 datagrams are one packet"

	without_feature tx-udp-segmentation
	check_stream "$A" "$B" 192.0.2.2 "${options[@]}"
	check_said "frame 1442 checksum partial tag without"
	log_test "without segmentation offload they are 46"
}

bulk_of_tcp()
{
	local address

	for address in 192.0.2.2 2001:db8::2; do
		check_stream "$A" "$B" "$address" tcp 4000000 size=100000 \
			watch_to=vb
		[ "$(longest_frame)" -gt 1514 ]
		check_err $? "no frame is longer than 1514 bytes"
		log_test "bulk to $address crosses in large packets"
	done

	without_feature tso gso
	check_stream "$A" "$B" 192.0.2.2 tcp 1000000 size=100000 watch_to=vb
	check_equal "$(longest_frame)" 1514 "longest frame"
	log_test "without segmentation offload they are small"
}

big_tcp()
{
	must ip -n "$A" link set dev va gso_max_size 200000
	defer must ip -n "$A" link set dev va gso_max_size 65536
	check_stream "$A" "$B" 2001:db8::2 tcp 8000000 size=1000000 \
		watch_to=vb
	[ "$(longest_frame)" -gt 65550 ]
	check_err $? "no frame is longer than 64 KiB: $(longest_frame)"
	log_test "BIG TCP: a packet of more than 64 KiB"
}

checksums()
{
	local options=(udp 100 size=100 watch_to=vb)

	check_stream "$A" "$B" 192.0.2.2 "${options[@]}"
	check_said "frame 142 checksum partial tag without"
	log_test "a checksum that nobody needs is not computed"

	without_feature tx
	capture_start vb "$B" vb udp
	check_stream "$A" "$B" 192.0.2.2 "${options[@]}"
	check_said "frame 142 checksum done tag without"
	capture_stop vb
	check_match "$(capture_show vb -vv)" "udp sum ok" "checksum"
	log_test "without the offload it is there, and right"
}

# The first of the two lines names the columns.
udp_checksum_errors()
{
	ip netns exec "$1" cat /proc/net/snmp | awk '
		/^Udp:/ && column { print $column }
		/^Udp:/ { for (i = 1; i <= NF; i++)
				if ($i == "InCsumErrors")
					column = i }'
}

udp_checksum_errors_are()
{
	[ "$(udp_checksum_errors "$1")" = "$2" ]
}

wrong_checksum()
{
	capture_start vb "$B" vb udp
	must "$MYVETH_PROGRAMS/frames" udp "$A" 192.0.2.2 0xbad0
	busywait 5000 udp_checksum_errors_are "$B" 1
	check_err $? "UDP's InCsumErrors is not 1"
	capture_stop vb
	check_match "$(capture_show vb -vv)" "bad udp cksum 0xbad0" "frame"
	log_test "a wrong checksum is delivered as it is"
}

# make_vlans PROTOCOL: va.7 and vb.7.
make_vlans()
{
	ip -n "$A" link add link va name va.7 type vlan \
		proto "$1" id 7 2>/dev/null || return
	must ip -n "$B" link add link vb name vb.7 type vlan proto "$1" id 7
	must ip -n "$A" addr add 198.51.100.1/24 dev va.7
	must ip -n "$B" addr add 198.51.100.2/24 dev vb.7
	bring_up "$A" va.7
	bring_up "$B" vb.7
}

# check_tag LENGTH PLACE
check_tag()
{
	check_stream "$A" "$B" 198.51.100.2 udp 10000 watch=va
	check_said "frame $1 checksum partial tag $2"
	check_stream "$A" "$B" 198.51.100.2 tcp 1000000 size=100000
}

# check_vlan PROTOCOL FEATURE: a tag is four bytes, wherever it is.
check_vlan()
{
	if ! make_vlans "$1"; then
		log_test_skip "tags of $1" "no VLAN devices"
		return
	fi
	check_tag 1042 beside
	log_test "a tag of $1 is beside the packet"

	without_feature "$2"
	check_tag 1046 inside
	log_test "without $2, a tag of $1 is inside the packet"
	must ip -n "$A" link del dev va.7
	must ip -n "$B" link del dev vb.7
}

vlan_tags()
{
	check_vlan 802.1Q tx-vlan-offload
	check_vlan 802.1ad tx-vlan-stag-hw-insert
}

# A router receives 46 datagrams, makes one packet of them that consists of a
# list of packets, and forwards it into the pair:
#
#	C: vc === vr: R: va ===> vb: B
#
# Only veth can make such a list, so vc and vr are always of that kind.
list_of_packets()
{
	local B

	setup_ns C R B
	KIND=veth make_pair "$C" vc vr -- netns "$R"
	make_pair "$R" va vb -- netns "$B"
	set_feature "$C" vc tx-udp-segmentation off
	set_feature "$R" vr gro on rx-gro-list on
	set_sysctl "$R" net.ipv4.ip_forward=1
	must ip -n "$C" addr add 198.51.100.2/24 dev vc
	must ip -n "$R" addr add 198.51.100.1/24 dev vr
	must ip -n "$R" addr add 192.0.2.1/24 dev va
	must ip -n "$B" addr add 192.0.2.2/24 dev vb
	bring_up "$C" vc
	bring_up "$R" vr va
	bring_up "$B" vb
	must ip -n "$C" route add default via 198.51.100.1
	must ip -n "$B" route add default via 192.0.2.1
	wait_for_up "$C" vc
	wait_for_up "$B" vb

	check_stream "$C" "$B" 192.0.2.2 udp 64400 size=64400 segment=1400 \
		watch_to=vb
	check_match "$SAID" "^frame 64442 |"$'\n'"frame 64442 " "frame"
	log_test "a list of packets is one packet"
}

# The receiver reads the datagrams after their pages were given back.
zerocopy()
{
	check_stream "$A" "$B" 192.0.2.2 udp 64000 zerocopy
	check_said "completed 64 of 64, copied 64"
	log_test "a zero-copy sender of datagrams gets its pages back"

	check_stream "$A" "$B" 2001:db8::2 tcp 1000000 size=100000 zerocopy
	check_match "$SAID" "completed ([0-9]+) of [0-9]+, copied [1-9]" \
		"completions"
	log_test "a zero-copy sender of a stream gets its pages back"
}

# cross_frames NS KIND LENGTH...
cross_frames()
{
	KIND=$2 make_pair "$1" va vb
	bring_up "$1" va vb
	wait_for_up "$1" va vb
	"$MYVETH_PROGRAMS/frames" cross "$1" va "$1" vb "${@:3}"
}

frames_of_any_length()
{
	local fates

	# shellcheck disable=SC2046 # a list of numbers
	like_veth cross_frames $(seq 0 60)
	# shellcheck disable=SC2046 # a list of numbers
	fates=$("$MYVETH_PROGRAMS/frames" cross "$A" va "$B" vb \
		$(seq 14 60) 1500 1514)
	check_equal "$(grep -c ' arrives$' <<<"$fates")" 49 "that arrive"
	log_test "frames of any length"
}

make_topology
tests_run
exit $EXIT_STATUS
