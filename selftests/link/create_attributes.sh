#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What can be asked for when a pair is made, of either end, is what one gets:
#
#	ip link add name va WORDS type KIND peer name vb WORDS
#
#	       va ============================= vb
#	  asked for here                  asked for there
#
# And what was not asked for is as it is with veth.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	each_attribute
	templates
	indexes
	unnamed_ends
	random_addresses
	twins
	no_twins
	same_state
"

require_command jq
require_program newlink

# make WORDS...: one pair, as ip's words say; gone at the end of the scope.
make()
{
	must ip -n "$NS" link add "$@"
	defer remove_devices
}

# The same in newlink's words.
make_raw()
{
	must ip netns exec "$NS" "$MYVETH_PROGRAMS/newlink" "$KIND" "$@" \
		>"$SCRATCH/answer"
	defer remove_devices
}

# Whichever is deleted, the other end goes along.
remove_devices()
{
	local dev

	for dev in $(devices); do
		link_exists "$NS" "$dev" && ip -n "$NS" link del dev "$dev"
	done
	return 0
}

devices()
{
	ip -n "$NS" -j link show type "$KIND" | jq -r 'sort_by(.ifindex) |
		map(.ifname) | join(" ")'
}

# check_link DEV FILTER VALUE
check_link()
{
	check_equal "$(link_get "$NS" "$1" "$2")" "$3" "$1's $2"
}

# check_differs FOUND UNWANTED WHAT
check_differs()
{
	[ "$1" != "$2" ]
	check_err $? "$3 is $2 as well"
}

# sysfs DEV FILE
sysfs()
{
	ip netns exec "$NS" cat "/sys/class/net/$1/$2"
}

# --- many pairs, one after the other --------------------------------------

# show_each KIND: make the pairs that stdin has the words for, a line each,
# show and delete them; all by one ip. An array for each pair.
show_each()
{
	local words dev

	while read -r words; do
		dev=${1}0
		[[ $words == *" va "* ]] && dev=va
		[[ $words == *" x%d "* ]] && dev=x0
		echo "link add ${words//KIND/$1}"
		echo "link show type $1"
		echo "link del dev $dev"
	done | ip -n "$NS" -j -d -batch -
}

# --- each by itself ------------------------------------------------------

# What can be asked for: the name that it is shown by, the value that it is
# shown with, and the words.
print_attributes()
{
	cat <<-END
	mtu 68 mtu 68
	mtu 65535 mtu 65535
	txqlen 77 txqueuelen 77
	group 7 group 7
	address 02:00:00:00:00:01 address 02:00:00:00:00:01
	broadcast ff:ff:ff:ff:ff:fe broadcast ff:ff:ff:ff:ff:fe
	linkmode DORMANT mode dormant
	num_tx_queues 33 numtxqueues 33
	num_rx_queues 35 numrxqueues 35
	gso_max_size 8000 gso_max_size 8000
	gso_max_segs 20 gso_max_segs 20
	gro_max_size 9000 gro_max_size 9000
	END
	ip_knows gso_ipv4_max_size || return
	cat <<-END
	gso_ipv4_max_size 7000 gso_ipv4_max_size 7000
	gro_ipv4_max_size 6000 gro_ipv4_max_size 6000
	END
}

# The newest words are not known to every ip.
ip_knows()
{
	ip link help 2>&1 | grep -q -w -e "$1"
}

# Two pairs for each attribute: the first end is asked for it, and the peer.
print_ways_of_asking()
{
	local words

	print_attributes | while read -r _ _ words; do
		echo "name va $words type KIND peer name vb"
		echo "name va type KIND peer name vb $words"
	done
}

# All that is shown, in SHOWN[NUMBER_OF_PAIR DEV NAME].
look_at_each()
{
	local number dev key value

	while read -r number dev key value; do
		SHOWN[$number $dev $key]=$value
	done < <(print_ways_of_asking | show_each "$KIND" |
		jq -r -n 'foreach inputs as $pair (0; . + 1;
			. as $number | $pair[] | .ifname as $dev |
			to_entries[] |
			"\($number) \($dev) \(.key) \(.value)")')
}

# Asked of one end, it is that one's alone.
each_attribute()
{
	local number=0 key value words
	local -A SHOWN

	look_at_each
	while read -r key value words; do
		number=$((number + 1))
		check_equal "${SHOWN[$number va $key]}" "$value" "va's $key"
		check_differs "${SHOWN[$number vb $key]}" "$value" "vb's $key"
		number=$((number + 1))
		check_equal "${SHOWN[$number vb $key]}" "$value" "vb's $key"
		check_differs "${SHOWN[$number va $key]}" "$value" "va's $key"
		log_test "$words, asked of either end"
	done < <(print_attributes)
}

# --- names and indexes ---------------------------------------------------

templates()
{
	make name x%d type "$KIND" peer name y%d
	make name x%d type "$KIND" peer name x%d
	check_equal "$(devices)" "y0 x0 x1 x2" "devices"
	log_test "templates of names"
}

indexes()
{
	make name va index 77 type "$KIND" peer name vb index 88
	check_link va .ifindex 77
	check_link vb .ifindex 88
	remove_devices

	make name va index 77 type "$KIND" peer name vb
	check_link va .ifindex 77
	log_test "indexes"

	# An index of the peer alone counts for nothing.
	remove_devices
	make name va type "$KIND" peer name vb index 99
	check_differs "$(link_get "$NS" vb .ifindex)" 99 "the peer's index"
	log_test "index of the peer alone"
}

unnamed_ends()
{
	make type "$KIND"
	check_equal "$(devices)" "${KIND}0 ${KIND}1" "devices"
	check_equal "$(sysfs "${KIND}0" name_assign_type)" 1 "made-up name"
	make name va type "$KIND"
	check_equal "$(devices)" "${KIND}0 ${KIND}1 ${KIND}2 va" "devices"
	check_equal "$(sysfs va name_assign_type)" 3 "given name"
	make type "$KIND" peer name vb
	check_equal "$(devices)" \
		"${KIND}0 ${KIND}1 ${KIND}2 va vb ${KIND}3" "devices"
	check_equal "$(sysfs vb name_assign_type)" 3 "peer's given name"
	log_test "ends without a name are called after the kind"
}

# --- addresses -----------------------------------------------------------

# Bit 1 of the first byte says local, bit 0 says group.
check_random_address()
{
	check_match "$(mac_of "$NS" "$1")" '^.[26ae]:' "$1's address"
	check_equal "$(sysfs "$1" addr_assign_type)" 1 "$1's addr_assign_type"
}

random_addresses()
{
	local dev

	make name va type "$KIND" peer name vb
	make name vc type "$KIND"
	for dev in $(devices); do
		check_random_address "$dev"
	done
	check_equal "$(ip -n "$NS" -j link show type "$KIND" |
		jq '[.[].address] | unique | length')" 4 "different addresses"
	log_test "addresses are random, local, and different"

	remove_devices
	make name va address 02:00:00:00:00:01 type "$KIND" peer name vb
	check_equal "$(sysfs va addr_assign_type)" 3 "addr_assign_type"
	check_random_address vb
	remove_devices
	make name va type "$KIND" peer name vb address 02:00:00:00:00:01
	check_equal "$(sysfs vb addr_assign_type)" 3 "addr_assign_type"
	check_random_address va
	log_test "the address of one end says nothing about the other's"
}

# --- not a word about the peer -------------------------------------------

# twin WORDS...: with what is said of the peer, which is nothing.
twin()
{
	make_raw name=va mtu=1400 group=7 txqueuelen=77 \
		address=020000000001 broadcast=fffffffffffe "$@"
	check_link "${KIND}0" " | [.mtu, .group, .txqlen, .broadcast] | @csv" \
		'1400,"7",77,"ff:ff:ff:ff:ff:fe"'
	check_random_address "${KIND}0"
	check_differs "$(mac_of "$NS" "${KIND}0")" 02:00:00:00:00:01 \
		"the twin's address"
	remove_devices
}

twins()
{
	twin
	log_test "the peer is a twin without IFLA_INFO_DATA"
	twin data=
	log_test "the peer is a twin with an empty IFLA_INFO_DATA"
	twin data=0800020000000000
	log_test "the peer is a twin with an unknown attribute"
}

no_twins()
{
	make_raw name=va mtu=1400 group=7 txqueuelen=77 peer
	check_link "${KIND}0" " | [.mtu, .group, .txqlen] | @csv" \
		'1500,"default",1000'
	log_test "the peer is no twin with a header, if nothing else"
}

# --- veth's state --------------------------------------------------------

ADDRESS=02:00:00:00:00:01

# The ways in which a pair is asked for; the word KIND stands for the kind.
print_ways()
{
	local set="mtu 1400 txqueuelen 77 group 7 address $ADDRESS"
	local sizes="gso_max_size 8000 gso_max_segs 20 gro_max_size 9000"
	local queues="numtxqueues 3 numrxqueues 2"

	cat <<-END
	type KIND
	name va type KIND
	name va type KIND peer
	name va type KIND peer name vb
	type KIND peer name vb
	name x%d type KIND peer name x%d
	name va $set type KIND
	name va $set type KIND peer name vb
	name va type KIND peer name vb $set
	name va broadcast ff:ff:ff:ff:ff:fe type KIND
	name va $sizes type KIND
	name va $sizes type KIND peer name vb
	name va type KIND peer name vb $sizes
	name va $queues type KIND
	name va $queues type KIND peer name vb
	name va type KIND peer name vb $queues
	name va mode dormant type KIND peer name vb mode dormant
	name va state up type KIND peer name vb state dormant
	name va index 77 type KIND peer name vb index 88
	name va type KIND peer name vb index 99
	name va index 77 type KIND peer name vb
	name va up type KIND peer name vb
	name va arp off promisc on type KIND peer name vb
	name va type KIND peer name vb multicast off allmulticast on
	name va alias first type KIND peer name vb alias second
	link lo name va type KIND peer link lo name vb
	END
}

# What must differ is left out: the kind, and addresses that nobody asked for. And
# so is what the kernel makes of the carrier of a device that is up: it looks when
# it has time.
states()
{
	local NS

	setup_ns NS
	print_ways | show_each "$1" | sed "s/\"$1\([0-9]*\)\"/\"KIND\1\"/g" |
		jq -c --arg address "$ADDRESS" 'map(
			if .address != $address then .address = "random"
			else . end |
			if .flags | index("UP") then
				del(.operstate) | .flags -= ["NO-CARRIER"]
			else . end)'
}

same_state()
{
	local words theirs ours states

	states veth >"$SCRATCH/theirs"
	states "$KIND" >"$SCRATCH/ours"
	while read -r words <&3 && read -r theirs <&4; do
		read -r ours <&5
		check_match "$theirs" '"address":"random"' "veth's state"
		check_equal "$ours" "$theirs" "state"
		log_test "state is veth's: $words"
	done 3< <(print_ways) 4<"$SCRATCH/theirs" 5<"$SCRATCH/ours"
	for states in ours theirs; do
		check_equal "$(wc -l <"$SCRATCH/$states")" \
			"$(print_ways | wc -l)" "states that are $states"
	done
	log_test "state of each pair is known"
}

setup_ns NS

tests_run
exit $EXIT_STATUS
