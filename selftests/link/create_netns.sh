#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Where the ends of a new pair are, and how each sees the other's namespace.
# A request can name up to four namespaces:
#
#	source		where the request is sent
#	target		where the first end goes: "netns" or target-netnsid
#	link		where the rest takes place: "link-netnsid"
#	peer		where the peer goes: the same words after "peer"
#
#	   namespace A     namespace B     namespace C     namespace D
#	   (source)        (target)        (link)          (peer)
#
# Each namespace N knows each namespace M by an id: 10 * N + M, as in 12 for B
# seen from A.

. "$(dirname "$0")/../lib.sh"

ALL_TESTS="
	by_name
	by_pid
	target_netnsid
	peer_target_netnsid
	peer_target_netnsid_refused
	peer_target_netnsid_and_link
	foreign_namespace
	own_user_namespace
	refused_peer_keeps_nothing
"

require_command jq
require_command nsenter
require_command setpriv
require_command unshare
require_program newlink

NEWLINK=$MYVETH_PROGRAMS/newlink
ALL_NS="A B C D"

# --- four namespaces that know each other --------------------------------

number_of()
{
	case $1 in
	A) echo 1 ;;
	B) echo 2 ;;
	C) echo 3 ;;
	D) echo 4 ;;
	esac
}

# id_of M N: the id of namespace M, as seen from N.
id_of()
{
	echo "$(number_of "$2")$(number_of "$1")"
}

is_in_ns()
{
	[ "/proc/$1/ns/net" -ef "/run/netns/$2" ]
}

# hold_ns NS: a process in NS, for its PID.
hold_ns()
{
	ip netns exec "$1" sleep 1000 &
	defer stop $!
	slowwait 10 is_in_ns $! "$1" || abort "no process in $1"
}

setup_four_ns()
{
	local seen viewer

	setup_ns A B C D
	for viewer in $ALL_NS; do
		for seen in $ALL_NS; do
			must ip -n "${!viewer}" netns set "${!seen}" \
				"$(id_of "$seen" "$viewer")"
		done
		hold_ns "${!viewer}"
		PID[$viewer]=$!
	done
}

# --- where the ends are --------------------------------------------------

# All ends, wherever they are: "va in A sees 12", a line each.
print_ends()
{
	local ns

	for ns in $ALL_NS; do
		ip -n "${!ns}" -j link show type "$KIND"
	done | jq -r -n '[inputs] | to_entries[] | .key as $number |
		.value[] | select(.ifname) |
		"\(.ifname) in \("ABCD"[$number:][:1]) sees \(.link_netnsid)"'
}

# view PLACE PEERS_PLACE: no id when they are in the same one.
view()
{
	if [ "$1" = "$2" ]; then
		echo null
	else
		id_of "$2" "$1"
	fi
}

# check_places PLACE_OF_VA PLACE_OF_PEER [PEER]: and the pair goes again.
check_places()
{
	local wanted

	wanted="va in $1 sees $(view "$1" "$2")
${3:-vb} in $2 sees $(view "$2" "$1")"
	check_equal "$(print_ends | sort)" "$(sort <<<"$wanted")" "ends"
	remove_pair "$1"
}

# remove_pair [PLACE]: it may be elsewhere when something is wrong.
remove_pair()
{
	local ns

	for ns in ${1:-$ALL_NS}; do
		ip -n "${!ns}" link del dev va 2>/dev/null
	done
	[ "$RET" -eq "$ksft_pass" ] || [ -z "$1" ] || remove_pair
}

# --- the table -----------------------------------------------------------

# ns_by WAY NS: ip's word for a namespace.
ns_by()
{
	case $1 in
	name) echo "${!2}" ;;
	pid) echo "${PID[$2]}" ;;
	esac
}

# add_by WAY TARGET LINK PEER: "-" is what nobody speaks of; a peer "twin" is
# not spoken of at all.
add_by()
{
	local way=$1 target=$2 link=$3 peer=$4 words=()

	[ "$target" = - ] || words+=(netns "$(ns_by "$way" "$target")")
	[ "$target" = - ] && target=A
	[ "$link" = - ] || words+=(link-netnsid "$(id_of "$link" "$target")")
	words+=(type "$KIND")
	[ "$peer" = twin ] || words+=(peer name vb)
	[ ${#peer} -eq 1 ] && [ "$peer" != - ] &&
		words+=(netns "$(ns_by "$way" "$peer")")
	ip -n "$A" link add name va "${words[@]}"
	check_err $? "not made"
}

# Sent from A: target, link, peer; and there they are: va, its peer.
print_places()
{
	cat <<-END
	-	-	twin	A	A
	B	-	twin	B	B
	-	C	twin	A	C
	B	C	twin	B	B
	-	-	-	A	A
	B	-	-	B	A
	-	C	-	A	C
	B	C	-	B	C
	B	B	-	B	B
	-	-	D	A	D
	B	-	D	B	D
	-	C	D	A	D
	B	C	D	B	D
	-	A	D	A	D
	B	-	B	B	B
	B	C	A	B	A
	END
}

# walk_table WAY: with the rows of the table on stdin.
walk_table()
{
	local way=$1 target link peer va_is peer_is name

	while read -r target link peer va_is peer_is; do
		name=vb
		[ "$peer" = twin ] && name=${KIND}0
		add_by "$way" "$target" "$link" "$peer"
		check_places "$va_is" "$peer_is" "$name"
		log_test "by $way: target $target, link $link, peer $peer"
	done
}

by_name()
{
	walk_table name < <(print_places)
}

# The link namespace has no PID.
by_pid()
{
	walk_table pid < <(print_places | awk '$2 == "-"')
}

# --- by the id of a namespace --------------------------------------------

# newlink_in NS WORDS...: the answer is in $ANSWER.
newlink_in()
{
	ANSWER=$(ip netns exec "$1" "$NEWLINK" "$KIND" "${@:2}")
}

# check_newlink WORDS...: sent from A, it must do.
check_newlink()
{
	newlink_in "$A" "$@"
	check_equal "$ANSWER" OK "answer"
}

target_netnsid()
{
	check_newlink name=va target-netnsid="$(id_of B A)" peer name=vb
	check_places B A
	log_test "by id: target B, peer not"

	# The twin stays, unlike one whose namespace has a name or a PID.
	check_newlink name=va target-netnsid="$(id_of B A)"
	check_places B A "${KIND}0"
	log_test "by id: target B, peer twin"
}

# place_by_id PLACE: of a peer for which C was asked for; veth does not care.
place_by_id()
{
	if differs peer-target-netnsid; then
		echo C
	else
		echo "$1"
	fi
}

# The id is the requester's, wherever the first end goes.
peer_target_netnsid()
{
	local peer=(peer name=vb target-netnsid="$(id_of C A)")

	check_newlink name=va "${peer[@]}"
	check_places A "$(place_by_id A)"
	log_test "by id: target not, peer C"

	check_newlink name=va pid="${PID[B]}" "${peer[@]}"
	check_places B "$(place_by_id A)"
	log_test "by id: target B by pid, peer C"

	check_newlink name=va target-netnsid="$(id_of B A)" "${peer[@]}"
	check_places B "$(place_by_id A)"
	log_test "by id: target B, peer C"

	check_newlink name=va \
		peer name=vb target-netnsid="$(id_of A A)"
	check_places A A
	log_test "by id: target not, peer A"
}

# check_refused ERRNO TEXT NAME: and nothing is left.
check_refused()
{
	check_match "$ANSWER" "^$1 .*$2" "answer"
	check_equal "$(print_ends)" "" "ends"
	remove_pair
	log_test "$3"
}

# check_ignored PLACE_OF_VA PLACE_OF_VB NAME: veth does what else was asked for.
check_ignored()
{
	check_equal "$ANSWER" OK "answer"
	check_places "$1" "$2"
	log_test "$3"
}

peer_target_netnsid_refused()
{
	local name="by id and by pid: peer"
	newlink_in "$A" name=va \
		peer name=vb pid="${PID[D]}" target-netnsid="$(id_of C A)"
	if differs peer-target-netnsid; then
		check_refused EINVAL "more than once" "$name"
	else
		check_ignored A D "$name"
	fi

	name="by id and by name: peer"
	ANSWER=$(ip netns exec "$A" "$NEWLINK" "$KIND" name=va peer name=vb \
		fd=9 target-netnsid="$(id_of C A)" 9<"/run/netns/$D")
	if differs peer-target-netnsid; then
		check_refused EINVAL "more than once" "$name"
	else
		check_ignored A D "$name"
	fi

	name="by an unknown id: peer"
	newlink_in "$A" name=va peer name=vb target-netnsid=4711
	if differs peer-target-netnsid; then
		check_refused EINVAL "[Uu]nknown" "$name"
	else
		check_ignored A A "$name"
	fi
}

# Before 6.13 a driver is not told where the request was sent when there is a
# link namespace, so it cannot know what the peer's id means.
kernel_tells_the_source()
{
	[ "$(printf '%s\n' 6.13 "$(uname -r)" | sort -V | head -n 1)" = 6.13 ]
}

peer_target_netnsid_and_link()
{
	local name="by id: link D, peer C"

	newlink_in "$A" name=va link-netnsid="$(id_of D A)" \
		peer name=vb target-netnsid="$(id_of C A)"
	if ! differs peer-target-netnsid; then
		check_ignored A D "$name"
	elif kernel_tells_the_source; then
		check_ignored A C "$name"
	else
		check_refused EOPNOTSUPP "link-netnsid" "$name"
	fi
}

# --- whose namespace it is -----------------------------------------------

# as_nobody COMMAND...: by a user without any right, who is root in a user
# namespace and a network namespace of his own.
as_nobody()
{
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		unshare --user --map-root-user --net "$@"
}

# make_into WORD...: a pair with its peer in $FOREIGN, which has the id 7;
# prints the errno, if there is one, and how many devices there are.
make_into()
{
	# shellcheck disable=SC2016 # the inner shell's
	as_nobody sh -c '
		ip netns set "$1" 7
		shift
		"$@" | cut -d " " -f 1
		ip -o link show type "$2" | wc -l
	' sh "$FOREIGN" "$NEWLINK" "$KIND" name=va peer name=vb "$@" |
		on_one_line
}

# check_foreign WHAT WORD...
check_foreign()
{
	local found

	found=$(make_into "${@:2}" 9<"/run/netns/$FOREIGN")
	if differs peer-netns-capability; then
		check_refused_there "$found"
	else
		check_equal "$found" "OK 1" "errno, devices"
	fi
	log_test "peer in a foreign namespace by $1"
}

check_refused_there()
{
	check_equal "$1" "EPERM 0" "errno, devices"
	link_exists "$FOREIGN" vb
	check_fail $? "there is a device in the foreign namespace"
}

# Nobody but the driver looks at this one.
check_foreign_id()
{
	local found

	found=$(make_into target-netnsid=7)
	if differs peer-target-netnsid; then
		check_refused_there "$found"
	else
		check_equal "$found" "OK 2" "errno, devices"
	fi
	log_test "peer in a foreign namespace by id"
}

foreign_namespace()
{
	local FOREIGN

	setup_ns FOREIGN
	hold_ns "$FOREIGN"
	check_foreign pid "pid=$!"
	check_foreign name fd=9
	check_foreign_id
}

# Without any right outside, one still has all of them inside.
own_user_namespace()
{
	# shellcheck disable=SC2016 # the inner shell's
	check_equal "$(as_nobody sh -c '
		unshare --net sleep 1000 &
		until [ "$(readlink /proc/$!/ns/net)" != \
			"$(readlink /proc/self/ns/net)" ]; do :; done
		"$@" pid=$!
		nsenter --target $! --net ip -o link show type "$2" | wc -l
		kill $!
	' sh "$NEWLINK" "$KIND" name=va peer name=vb | on_one_line)" \
		"OK 1" "answer, peers"
	log_test "peer in another namespace of one's own"
}

# make_refused WORD...: one more pair, whose peer was to live in THERE.
make_refused()
{
	ip -n "$HERE" link add "$@" netns "$THERE" 2>/dev/null
	check_fail $? "not refused: $*"
}

# Who was refused must not keep the namespace alive: when it goes, the pair that
# reaches into it has to go as well.
refused_peer_keeps_nothing()
{
	setup_ns HERE THERE
	make_pair "$HERE" va vb -- netns "$THERE"
	make_refused name vc type "$KIND" peer name vb
	make_refused name va type "$KIND" peer name vd
	make_refused name vc type "$KIND" peer name vd mtu 1
	make_refused name vc type "$KIND" peer name vd numtxqueues 5000
	must ip netns del "$THERE"
	slowwait 10 not link_exists "$HERE" va
	check_err $? "the namespace does not go, nor does the pair"
	log_test "refusals keep no namespace"
}

declare -A PID
setup_four_ns

tests_run
exit $EXIT_STATUS
