#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ip(8) with the plugin link_myveth.so treats "type myveth" as "type veth":
#
#	ip link add ... type KIND peer ...  --->  link_myveth.so
#	                                             |
#	         RTM_NEWLINK, bytes compared  <---  ip's parser for veth
#
# The same words are given to ip twice, once with veth and once with $KIND. The
# request is printed by a preloaded library instead of being sent, so that this
# tests the plugin alone: no module is needed, and no device is made.
#
# MYVETH_PLUGIN_DIR is the directory of the plugin to be tested; without it, the
# installed plugin is.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	test_same_names
	test_same_options
	test_same_namespaces
	test_same_request_types
	test_same_family
	test_same_refusals
	test_short_name
	test_unknown_word
	test_help
	test_plugin_is_needed
	test_no_veth_parser
	test_installed
"

# ip_says KIND WORDS...: the status of "ip WORDS...", in which the word KIND
# becomes the kind, in $STATUS, and what it prints in $OUT and $ERR.
ip_says()
{
	local kind=$1

	shift
	LD_PRELOAD=$RECORDER ip -n "$NS" "${@/#KIND/$kind}" \
		>"$WORK/out" 2>"$WORK/err"
	STATUS=$?
	OUT=$(<"$WORK/out")
	ERR=$(<"$WORK/err")
}

is_sent()
{
	[[ $OUT == RTM_NEWLINK* ]]
}

check_sent()
{
	is_sent
	check_err $? "no request is sent: ${ERR@Q}"
}

# A refusal of ip's, that is: the kernel is not asked.
check_refusal()
{
	check_fail "$STATUS" "exit status 0"
	is_sent
	check_fail $? "a request is sent: $OUT"
}

# What ip did last, in a line; with veth's name wherever it named the kind.
outcome()
{
	local all="status $STATUS stdout ${OUT@Q} stderr ${ERR@Q}"

	echo "${all//$KIND/veth}"
}

# check_like_veth WORDS...: leaves what $KIND did in $STATUS, $OUT and $ERR.
check_like_veth()
{
	local theirs

	ip_says veth "$@"
	theirs=$(outcome)
	ip_says "$KIND" "$@"
	check_equal "$(outcome)" "$theirs" "outcome"
}

# record_requests KIND LINES...: put into REQUESTS what ip would have sent for
# these lines, of which a single process reads all, because it takes long to
# start one. Two more words are filled in: NS, a namespace, and PID, a process.
record_requests()
{
	local kind=$1

	shift
	printf '%s\n' "$@" |
		sed -e "s/KIND/$kind/g; s/PID/$$/g; s/NS/$NS/g" |
		LD_PRELOAD=$RECORDER ip -n "$NS" -force -batch - \
			>"$WORK/out" 2>"$WORK/err"
	mapfile -t REQUESTS <"$WORK/out"
	ERR=$(<"$WORK/err")
	[ ${#REQUESTS[@]} -eq $# ]
	check_err $? "${#REQUESTS[@]} requests in $# lines: ${ERR@Q}"
}

# sent_alike < LINES: each makes ip send a request, the same for both kinds.
sent_alike()
{
	local lines ours theirs i

	mapfile -t lines
	record_requests veth "${lines[@]}"
	theirs=("${REQUESTS[@]}")
	record_requests "$KIND" "${lines[@]}"
	ours=("${REQUESTS[@]//$KIND/veth}")

	for i in "${!lines[@]}"; do
		check_match "${theirs[i]}" ^RTM_NEWLINK "request for veth"
		check_equal "${ours[i]}" "${theirs[i]}" "request for $KIND"
		log_test "sent like veth's: ${lines[i]}"
	done
}

# refused WORDS...: with veth's words, before there is a request.
refused()
{
	check_like_veth "$@"
	check_refusal
	log_test "refused like veth's: $*"
}

test_same_names()
{
	sent_alike <<-END
	link add name va type KIND peer name vb
	link add name va type KIND peer dev vb
	link add va type KIND peer vb
	link add name a type KIND peer name b
	link add name va type KIND peer
	link add name va type KIND
	link add type KIND peer name vb
	link add type KIND
	END
}

test_same_options()
{
	local a="mtu 9000 address 02:00:00:00:00:01 numtxqueues 4 numrxqueues 3"
	local b="mtu 1400 address 02:00:00:00:00:02 txqueuelen 7 group 5"

	sent_alike <<-END
	link add name va type KIND peer name vb $b
	link add name va $a type KIND peer name vb
	link add name va $a type KIND peer name vb $b
	link add name va up index 777 type KIND peer name vb up index 888
	link add name va multicast off type KIND peer name vb allmulticast on
	link add name va arp off type KIND peer name vb promisc on
	link add name va type KIND peer name vb addrgenmode none
	link add name va type KIND peer name vb alias "two words"
	link add name va gso_max_size 8000 type KIND peer name vb
	link add name va type KIND peer name vb gso_max_segs 20
	link add name va type KIND peer name vb gro_max_size 9000
	link add name va type KIND peer name vb broadcast ff:ff:ff:ff:ff:fe
	link add name va type KIND peer name vb link-netnsid 7
	link add name va type KIND peer name vb master lo
	link add name va type KIND peer name vb carrier off protodown on
	END
}

test_same_namespaces()
{
	sent_alike <<-END
	link add name va type KIND peer name vb netns NS
	link add name va netns NS type KIND peer name vb
	link add name va netns NS type KIND peer name vb netns NS
	link add name va type KIND peer name vb netns PID
	END
}

test_same_request_types()
{
	sent_alike <<-END
	link replace name va type KIND peer name vb
	link set dev lo type KIND peer dev lo mtu 1400
	END
}

test_same_family()
{
	check_like_veth -6 link add name va type KIND peer name vb
	check_sent
	log_test "sent like veth's: -6 link add"
}

test_same_refusals()
{
	refused link add name va type KIND peer name
	refused link add name va type KIND peer name vb mtu
	refused link add name va type KIND peer name vb bogus
	refused link add name va type KIND peer vb vc
	refused link add name va type KIND peer name vb type dummy
	refused link add name va type KIND peer name vb mtu abc
	refused link add name va type KIND peer name toolongifname1234
	refused link add name va type KIND peer name vb netns nosuch
	refused link add name va type KIND peer name vb address zz
	refused link add name va type KIND peer help
	refused link set dev lo type KIND peer
}

# No kind can be made with a bare name that abbreviates a keyword.
test_short_name()
{
	check_like_veth link add a type KIND peer name b
	check_refusal
	check_match "$ERR" '^"type" is invalid lladdr.$' "message"
	log_test "a is an abbreviation of address"
}

# check_usage TEXT WHERE
check_usage()
{
	check_match "$1" "type $KIND \\[ ?peer" "usage on $2"
}

check_unknown_word()
{
	local status

	ip_says veth link add name va type KIND "$@"
	status=$STATUS
	ip_says "$KIND" link add name va type KIND "$@"
	check_equal "$STATUS" "$status" "exit status"
	check_refusal

	if differs ip-unknown-word; then
		check_equal "$OUT" "" "stdout"
		check_match "$ERR" "\"$1\"" "error message"
		check_usage "$ERR" stderr
	else
		check_usage "$OUT" stdout
		check_equal "$ERR" "" "stderr"
	fi
	log_test "unknown word instead of peer: $*"
}

test_unknown_word()
{
	check_unknown_word foo
	check_unknown_word mtu 1500
}

# check_help WORDS...: the kind's usage, where and how veth's is given.
check_help()
{
	local status

	ip_says veth "$@"
	status=$STATUS
	ip_says "$KIND" "$@"
	check_equal "$STATUS" "$status" "exit status"
	check_usage "$OUT" stdout
	check_equal "$ERR" "" "stderr"
	log_test "usage: $*"
}

test_help()
{
	check_help link help KIND
	check_help link add type KIND help
}

test_plugin_is_needed()
{
	local -x IP_LIB_DIR=$WORK/empty

	must mkdir "$IP_LIB_DIR"
	ip_says "$KIND" link add name va type KIND peer name vb
	if differs ip-plugin; then
		check_refusal
		check_match "$ERR" 'Garbage instead of arguments "peer' message
	else
		check_sent
	fi
	log_test "peer without a plugin"

	ip_says "$KIND" link add name va type KIND
	check_sent
	log_test "no peer, without a plugin"
}

# A plugin for veth that has no parser in it hides ip's own.
test_no_veth_parser()
{
	local message='Garbage instead of arguments "peer'
	local -x IP_LIB_DIR=$WORK/no_veth

	must mkdir "$IP_LIB_DIR"
	must ln -s "$RECORDER" "$IP_LIB_DIR/link_veth.so"
	if differs ip-plugin; then
		must ln -s "$PLUGIN" "$IP_LIB_DIR"
		message="no parser for kind veth"
	fi

	ip_says "$KIND" link add name va type KIND peer name vb
	check_equal "$STATUS" 1 "exit status"
	check_refusal
	check_match "$ERR" "$message" "message"
	log_test "ip without a parser for veth"
}

test_installed()
{
	local name="ip finds the installed plugin by itself" IP_LIB_DIR

	if differs ip-plugin && [ ! -e "$INSTALLED_DIR/link_myveth.so" ]; then
		log_test_skip "$name" "no link_myveth.so in $INSTALLED_DIR"
		return
	fi

	unset IP_LIB_DIR
	ip_says "$KIND" link help KIND
	check_equal "$STATUS" 0 "exit status"
	check_usage "$OUT" stdout
	log_test "$name"
}

INSTALLED_DIR=$("$SELFTESTS/../iproute2/find-plugin-dir.sh") ||
	abort "where ip looks for plugins is unknown"
IP_LIB_DIR=$(readlink -f "${MYVETH_PLUGIN_DIR:-$INSTALLED_DIR}")
export IP_LIB_DIR
PLUGIN=$IP_LIB_DIR/link_myveth.so
RECORDER=$(readlink -f "$MYVETH_PROGRAMS/record_newlink.so")

if differs ip-plugin && [ ! -e "$PLUGIN" ]; then
	skip_all "no $PLUGIN"
fi
[ -e "$RECORDER" ] || skip_all "no record_newlink.so in $MYVETH_PROGRAMS"
WORK=$(mktemp -d) || abort "no place for the output of ip"
defer rm -rf "$WORK"
setup_ns NS

tests_run
exit $EXIT_STATUS
