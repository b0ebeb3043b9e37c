#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the selftests share. A script sources this file, lists its cases in
# ALL_TESTS, writes one function per case, and ends with
#
#	tests_run
#	exit $EXIT_STATUS
#
# A case collects its findings with check_err and check_fail and reports them
# with log_test. Whatever it makes it takes away with defer, in the line after
# the one that made it. The names are those of the kernel's own
# selftests/net/lib.sh, so that who knows one knows the other.

# Messages are matched and clocks are read: no translation, no decimal comma.
export LC_ALL=C

KIND=${KIND:-myveth}
SELFTESTS=$(readlink -f "${BASH_SOURCE[0]%/*}")
MYVETH_PROGRAMS=${MYVETH_PROGRAMS:-$SELFTESTS/programs}

# shellcheck disable=SC2034 # the four are for the scripts as well
ksft_pass=0 ksft_fail=1 ksft_xfail=2 ksft_skip=4

EXIT_STATUS=$ksft_xfail
RET=$ksft_pass
RET_MESSAGE=
RESULTS=0

# --- cleaning up ---------------------------------------------------------

DEFERRED=()

# defer COMMAND...: run it when the case ends, or the script when outside of a
# case; last deferred, first run.
defer()
{
	DEFERRED+=("${*@Q}")
}

# Run what was deferred since the list had KEEP entries.
deferred_run()
{
	local keep=$1 last

	while ((${#DEFERRED[@]} > keep)); do
		last=$((${#DEFERRED[@]} - 1))
		eval "${DEFERRED[last]}"
		unset "DEFERRED[last]"
	done
}

# A directory for whatever a script has to write down.
SCRATCH=$(mktemp -d) || exit

finish()
{
	deferred_run 0
	rm -rf "$SCRATCH"
}
trap finish EXIT

# stop PID: end a background process of ours and wait until it is gone.
stop()
{
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	return 0
}

# --- showing what is done ------------------------------------------------

# With $VERBOSE each command that makes, changes or sends something is printed
# before it runs: programs that print and then become the real ones are found
# first. To stderr as it is now, whatever a case does with the command's own.
# They are no functions, because $! has to be the process of the program.
show_commands()
{
	local name

	export SHOWN=$SCRATCH/shown SHOWN_PROGRAMS
	SHOWN_PROGRAMS=$(readlink -f "$MYVETH_PROGRAMS")
	mkdir -p "$SHOWN/programs" || exit
	for name in ip tc bridge ethtool nft iptables sysctl mount umount \
		    modprobe rmmod insmod ping tcpdump ovs-vsctl ovs-ofctl; do
		[ -z "$(type -P "$name")" ] ||
			ln -s "$SELFTESTS/show-command.sh" "$SHOWN/$name"
	done
	ln -s "$SHOWN_PROGRAMS"/* "$SHOWN/programs"
	for name in "$SHOWN_PROGRAMS"/*; do
		[[ -x $name && $name != *.so ]] || continue
		ln -sf "$SELFTESTS/show-command.sh" \
			"$SHOWN/programs/${name##*/}"
	done
	MYVETH_PROGRAMS=$SHOWN/programs
	PATH=$SHOWN:$PATH
	exec 8>&2
}

[ -z "$VERBOSE" ] || show_commands

# --- text ----------------------------------------------------------------

# on_one_line: the words that it reads. xargs(1) would start two programs for it.
on_one_line()
{
	local words

	read -rd '' -a words
	echo "${words[*]}"
}

# --- results -------------------------------------------------------------

# The first thing that went wrong is what log_test reports. A subshell cannot
# tell it, for RET is its own there: it ends the script. So does any fault where
# FIRST_FAULT_ENDS is set, by run-mutants.sh: to wait for what does not come takes
# long.
record()
{
	if [ "$BASHPID" -ne $$ ]; then
		echo "Bail out! found in a subshell: $2" >&2
		kill $$
	fi
	[ "$RET" -eq "$ksft_fail" ] && return
	RET=$1
	RET_MESSAGE=$2
	[ -z "$FIRST_FAULT_ENDS" ] || [ "$1" -ne "$ksft_fail" ] || abort "$2"
}

# check_err STATUS MESSAGE: STATUS must be 0.
check_err()
{
	[ "$1" -eq 0 ] || record $ksft_fail "$2"
}

# check_fail STATUS MESSAGE: STATUS must not be 0.
check_fail()
{
	[ "$1" -ne 0 ] || record $ksft_fail "$2"
}

# check_equal FOUND WANTED WHAT
check_equal()
{
	[ "$1" = "$2" ] || record $ksft_fail "$3: found '$1', not '$2'"
}

# check_match TEXT REGEX WHAT: TEXT must match the extended regex.
check_match()
{
	[[ $1 =~ $2 ]] || record $ksft_fail "$3: '$1' does not match '$2'"
}

# A script is as bad as its worst case: fail, skip, pass, xfail.
merge_exit_status()
{
	local status

	for status in $ksft_fail $ksft_skip $ksft_pass $ksft_xfail; do
		case $status in
		"$1"|"$EXIT_STATUS")
			EXIT_STATUS=$status
			return
			;;
		esac
	done
}

# log_test NAME [DETAIL]: report the case, and be ready for the next one.
log_test()
{
	local name="$1${2:+ ($2)}" line=ok directive=

	case $RET in
	"$ksft_fail") line="not ok" ;;
	"$ksft_skip") directive=" # SKIP $RET_MESSAGE" ;;
	"$ksft_xfail") directive=" # XFAIL $RET_MESSAGE" ;;
	esac

	RESULTS=$((RESULTS + 1))
	[ "$RET" -eq "$ksft_fail" ] && echo "# $name: $RET_MESSAGE"
	echo "$line $RESULTS $name$directive"
	merge_exit_status "$RET"
	RET=$ksft_pass
	RET_MESSAGE=
}

# log_test_skip NAME WHY: the case cannot be run here; WHY names what lacks.
log_test_skip()
{
	record $ksft_skip "$2"
	log_test "$1"
}

log_info()
{
	echo "# $*"
}

# skip_all WHY: the whole script cannot be run here.
skip_all()
{
	echo "1..0 # SKIP $1"
	exit $ksft_skip
}

# abort WHY: the test itself is wrong, or what it stands on gave way.
abort()
{
	echo "Bail out! $1"
	exit $ksft_fail
}

require_command()
{
	command -v "$1" >/dev/null || skip_all "no command $1"
}

# require_program NAME: one of ours, from programs/
require_program()
{
	[ -x "$MYVETH_PROGRAMS/$1" ] ||
		skip_all "no $MYVETH_PROGRAMS/$1, make -C selftests/programs"
}

# must COMMAND...: for the set-up, where nothing may fail.
must()
{
	"$@" || abort "failed: $*"
}

# $CASES may name some of ALL_TESTS, and nothing else.
check_cases()
{
	local case all

	# shellcheck disable=SC2153 # the script's list
	all=$(on_one_line <<<"$ALL_TESTS")
	for case in $CASES; do
		[[ " $all " == *" $case "* ]] ||
			abort "${0##*/} has no case $case, only $all"
	done
}

# Run every case, or those in $CASES, each in a defer scope of its own. The plan
# comes last: a script that stopped half-way has none, and run.sh sees that.
tests_run()
{
	local scope before case

	check_cases
	for case in ${CASES:-$ALL_TESTS}; do
		scope=${#DEFERRED[@]}
		before=$RESULTS
		"$case"
		[ "$RESULTS" -gt "$before" ] || abort "$case reported nothing"
		deferred_run "$scope"
	done
	echo "1..$RESULTS"
}

# --- waiting -------------------------------------------------------------

# An emulated machine gets the same patience in its own, slower, time.
WAIT_FACTOR=1
[ "$KSFT_MACHINE_SLOW" = yes ] && WAIT_FACTOR=5

# A pipe that nobody writes to: whoever reads it sleeps, and is no process.
exec {NOTHING}<> <(:) || abort "no <(...), is /dev/fd missing?"

# sleep_us MICROSECONDS. A read that does not end by its time-out has not waited,
# and whoever sleeps until something is so would not let it happen.
sleep_us()
{
	local seconds

	printf -v seconds '%d.%06d' $(($1 / 1000000)) $(($1 % 1000000))
	read -rt "$seconds" -u "$NOTHING"
	[ $? -gt 128 ] || abort "cannot sleep"
}

# wait_polling INTERVAL_US TIMEOUT_MS COMMAND...: asks ever more rarely, for to
# ask keeps a processor busy that others may wait for.
wait_polling()
{
	local interval=$1 begin=${EPOCHREALTIME/./} limit waited=0

	limit=$(($2 * 1000 * WAIT_FACTOR))
	shift 2
	until "$@"; do
		((waited < limit)) || return 1
		sleep_us $((waited / 5 > interval ? waited / 5 : interval))
		waited=$((${EPOCHREALTIME/./} - begin))
	done
}

# busywait MILLISECONDS COMMAND...: for what happens at once.
busywait()
{
	wait_polling 20000 "$@"
}

# slowwait SECONDS COMMAND...: for what may take a while.
slowwait()
{
	local seconds=$1

	shift
	wait_polling 100000 $((seconds * 1000)) "$@"
}

# not COMMAND...: to wait until something is no longer so.
not()
{
	! "$@"
}

# --- ip(8) ---------------------------------------------------------------

# ip_batch [-n NS] LINE...: one process of ip(8) does what the lines say, for to
# start one takes most of its time.
ip_batch()
{
	local IFS=$'\n' options=()

	[ "$1" != -n ] || {
		options=(-n "$2")
		shift 2
	}
	ip "${options[@]}" -batch - <<<"$*"
}

# --- network namespaces --------------------------------------------------

# setup_ns A B...: make network namespaces with random names, put the names
# into $A, $B..., and remove them at the end of the scope.
setup_ns()
{
	local variable names=() name

	for variable; do
		name=${variable,,}-$RANDOM$RANDOM
		names+=("$name")
		printf -v "$variable" %s "$name"
	done
	# Should one not be made, the others shall go
	defer cleanup_ns "${names[@]}"
	must ip_batch "${names[@]/#/netns add }"
	for name in "${names[@]}"; do
		must ip -n "$name" link set lo up
	done
}

ns_exists()
{
	[ -e "/run/netns/$1" ]
}

# cleanup_ns NAME...: a namespace that is gone already is fine. Should one not
# go, the others do.
cleanup_ns()
{
	local IFS=$'\n' name lines=()

	for name; do
		! ns_exists "$name" || lines+=("netns del $name")
	done
	[ ${#lines[@]} -eq 0 ] || ip -force -batch - <<<"${lines[*]}"
}

# on host|NS COMMAND...: for topologies.sh; the host is $HOST.
on()
{
	local ns=$1

	[ "$ns" = host ] && ns=$HOST
	must ip netns exec "$ns" "${@:2}"
}

# set_sysctl NS KEY=VALUE...
set_sysctl()
{
	must ip netns exec "$1" sysctl -q -w "${@:2}"
}

# no_ipv6 NS...: keep what IPv6 says by itself out of the experiment.
no_ipv6()
{
	local ns

	for ns; do
		set_sysctl "$ns" net.ipv6.conf.{all,default}.disable_ipv6=1
	done
}

# all_namespaces: a file for each network namespace that can be found from here,
# by a process that lives in it or by its name.
all_namespaces()
{
	stat -Lc '%i %n' /proc/[0-9]*/ns/net /proc/1/root/run/netns/* \
		/run/netns/* 2>/dev/null |
		sort -u -k 1,1 | cut -d ' ' -f 2
}

# all_devices KIND: of every network namespace, a line each.
all_devices()
{
	local net

	all_namespaces | while read -r net; do
		nsenter --net="$net" ip -o link show type "$1" 2>/dev/null
	done
}

# --- devices -------------------------------------------------------------

# make_pair NS A B [words for A] [-- words for B]: a pair of kind $KIND, as in
#	make_pair "$ns" veth0 veth1 mtu 1400 -- mtu 1400 netns "$other"
make_pair()
{
	local ns=$1 a=$2 b=$3 words=()

	shift 3
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	[ "$1" = -- ] && shift

	must ip -n "$ns" link add name "$a" "${words[@]}" type "$KIND" \
		peer name "$b" "$@"
}

# Debian 12's jq needs a second of an emulated processor to start, which is more
# than most of what is asked with it. gojq is there in a tenth of that.
if [ -n "$(type -P gojq)" ]; then
	jq()
	{
		gojq "$@"
	}
fi

# link_get NS DEV FILTER: one value of "ip -j -d -s link show", by jq filter.
link_get()
{
	ip -n "$1" -j -d -s link show dev "$2" | jq -r ".[0]$3"
}

# link_is NS DEV FILTER VALUE: to wait until it is so.
link_is()
{
	[ "$(link_get "$1" "$2" "$3")" = "$4" ]
}

link_exists()
{
	ip -n "$1" link show dev "$2" >/dev/null 2>&1
}

link_is_up()
{
	[[ $(ip -n "$1" link show dev "$2") == *" state UP "* ]]
}

# driver_of DEV: in the caller's namespace.
driver_of()
{
	ethtool -i "$1" | sed -n 's/^driver: //p'
}

mac_of()
{
	ip netns exec "$1" cat "/sys/class/net/$2/address"
}

# bring_up NS DEV...
bring_up()
{
	local lines=() dev

	for dev in "${@:2}"; do
		lines+=("link set dev $dev up")
	done
	must ip_batch -n "$1" "${lines[@]}"
}

# bring_up_silently NS DEV...: without any address, even of IPv6, so that nobody
# sends anything by himself. In two requests: of one the kernel would bring the
# device up first, and give it an address if it is quick.
bring_up_silently()
{
	local lines=() dev

	for dev in "${@:2}"; do
		lines+=("link set dev $dev addrgenmode none"
			"link set dev $dev up")
	done
	must ip_batch -n "$1" "${lines[@]}"
}

# wait_for_up NS DEV...: the carrier, and with it the state, comes later.
wait_for_up()
{
	local ns=$1 dev

	shift
	for dev; do
		slowwait 10 link_is_up "$ns" "$dev" || abort "$dev stays down"
	done
}

# make_talking_pair A B: put the names of two new namespaces into $A and $B,
# with va, 192.0.2.1, in the first one and vb, 192.0.2.2, in the second.
make_talking_pair()
{
	setup_ns "$1" "$2"
	make_pair "${!1}" va vb -- netns "${!2}"
	must ip_batch -n "${!1}" "addr add 192.0.2.1/24 dev va" \
		"link set dev va up"
	must ip_batch -n "${!2}" "addr add 192.0.2.2/24 dev vb" \
		"link set dev vb up"
	wait_for_up "${!1}" va
	wait_for_up "${!2}" vb
}

# make_silent_pair A B: the same without any address.
make_silent_pair()
{
	setup_ns "$1" "$2"
	join_silently "${!1}" va "${!2}" vb
}

# join_silently NS DEV NS DEV: by a pair that is up, without any address.
join_silently()
{
	make_pair "$1" "$2" "$4" -- netns "$3"
	bring_up_silently "$1" "$2"
	bring_up_silently "$3" "$4"
	wait_for_up "$1" "$2"
	wait_for_up "$3" "$4"
}

# set_offload NS DEV WORD on|off [...]: with ethtool -K.
set_offload()
{
	must ip netns exec "$1" ethtool -K "${@:2}"
}

# try_mtu NS DEV MTU: fails if it is refused.
try_mtu()
{
	ip -n "$1" link set dev "$2" mtu "$3" 2>/dev/null
}

# send_frames NS DEV LENGTH COUNT: of the EtherType for local experiments, each
# with its number behind the header; the device must take all.
send_frames()
{
	check_equal "$("$MYVETH_PROGRAMS/frames" send "$@")" \
		"accepted $4 refused 0" "sent through $2"
}

# pktgen NS FILE COMMAND
pktgen()
{
	must ip netns exec "$1" tee "/proc/net/pktgen/$2" <<<"$3" >/dev/null
}

# run_pktgen NS DEV MAC COUNT: packets of which pktgen keeps a reference while it
# sends them. Comes back when all have been sent.
run_pktgen()
{
	pktgen "$1" kpktgend_0 "add_device $2"
	pktgen "$1" "$2" "count $4"
	pktgen "$1" "$2" "pkt_size 100"
	pktgen "$1" "$2" "dst 192.0.2.2"
	pktgen "$1" "$2" "dst_mac $3"
	pktgen "$1" pgctrl start
	pktgen "$1" kpktgend_0 rem_device_all
}

# receive_frames NS DEV COUNT: from now on, until numbers_received; COUNT of them
# are waited for.
receive_frames()
{
	# What the last receiver has left must not pass for "ready"
	rm -f "$SCRATCH/numbers"
	"$MYVETH_PROGRAMS/frames" receive "$@" >"$SCRATCH/numbers" &
	RECEIVER=$!
	defer stop $RECEIVER
	busywait 5000 grep -qs ready "$SCRATCH/numbers" ||
		abort "nobody listens on $2"
}

# The numbers of the frames, in the order in which they came: "0-99" for a
# hundred, all of them and in order.
numbers_received()
{
	kill "$RECEIVER"
	slowwait 15 numbers_are_written
	sed 1d "$SCRATCH/numbers"
}

numbers_are_written()
{
	[ "$(wc -l <"$SCRATCH/numbers")" -eq 2 ]
}

# make_two_queues A B: a silent pair whose ends have two queues in each direction;
# the first processor sends by the first queue and the second one by the other.
make_two_queues()
{
	local dev ns

	setup_ns "$1" "$2"
	make_pair "${!1}" va vb numtxqueues 2 numrxqueues 2 -- \
		numtxqueues 2 numrxqueues 2 netns "${!2}"
	for dev in va vb; do
		[ $dev = va ] && ns=${!1} || ns=${!2}
		must ip netns exec "$ns" ethtool -L $dev tx 2 rx 2
		xps "$ns" $dev 0 1
		bring_up_silently "$ns" $dev
	done
	wait_for_up "${!1}" va
	wait_for_up "${!2}" vb
}

# make_facing_queues A B SENDERS RECEIVERS: a silent pair of which va sends by so
# many queues and vb receives by so many, out of 4 for which there is room.
make_facing_queues()
{
	local room="numtxqueues 4 numrxqueues 4"

	setup_ns "$1" "$2"
	# shellcheck disable=SC2086 # words they are
	make_pair "${!1}" va vb $room -- $room netns "${!2}"
	must ip netns exec "${!1}" ethtool -L va tx "$3" rx 4
	must ip netns exec "${!2}" ethtool -L vb tx 4 rx "$4"
	bring_up_silently "${!1}" va
	bring_up_silently "${!2}" vb
	wait_for_up "${!1}" va
	wait_for_up "${!2}" vb
}

# leave_by NS DEV QUEUE [continue]: from now on, whatever the kernel would choose.
leave_by()
{
	must tc -n "$1" qdisc replace dev "$2" clsact
	tc -n "$1" filter del dev "$2" egress prio 1 2>/dev/null
	must tc -n "$1" filter add dev "$2" egress prio 1 matchall \
		action skbedit queue_mapping "${@:3}"
}

# xps NS DEV QUEUE...: each belongs to the processor of its number.
xps()
{
	# shellcheck disable=SC2016 # the inner shell expands them
	must ip netns exec "$1" sh -ec 'cd "/sys/class/net/$0/queues"
		for queue; do
			printf "%x\n" $((1 << queue)) >"tx-$queue/xps_cpus"
		done' "${@:2}"
}

# send_by_queue NS DEV QUEUE COUNT: as send_frames does, but some may be lost.
send_by_queue()
{
	taskset -c "$3" "$MYVETH_PROGRAMS/frames" send "$1" "$2" 60 "$4"
}

# flood NS ADDRESS: until the scope ends; what is lost is lost.
flood()
{
	ip netns exec "$1" ping -q -f -i 0 "$2" >/dev/null 2>&1 &
	defer stop $!
}

is_busy()
{
	[ "$(statistic "$1" "$2" rx_packets)" -gt 100 ]
}

# tc(8) and ip(8) find pinned programs on a file system for them only, at $BPFFS
# until the scope ends.
mount_bpffs()
{
	BPFFS=$(mktemp -d) || abort "no place for the program"
	defer rmdir "$BPFFS"
	must mount -t bpf bpf "$BPFFS"
	defer umount "$BPFFS"
}

# --- XDP -----------------------------------------------------------------

# xdp_load NAME VERDICT [OPTION...]: see programs/xdp_program.c; pins it as
# $BPFFS/NAME.
xdp_load()
{
	must "$MYVETH_PROGRAMS/xdp_program" load "$BPFFS/$1" "${@:2}"
}

# xdp_attach NS DEV NAME [WORD]: natively, or as another WORD of ip(8) says.
xdp_attach()
{
	must ip -n "$1" link set dev "$2" "${4:-xdpdrv}" pinned "$BPFFS/$3"
}

xdp_detach()
{
	must ip -n "$1" link set dev "$2" xdp off
}

# xdp_counters NAME COUNTER...: of the program that was loaded with
# "counters=$BPFFS/NAME".
xdp_counters()
{
	"$MYVETH_PROGRAMS/xdp_program" counters "$BPFFS/$1" "${@:2}"
}

# statistic NS DEV NAME: "rx_packets" and the like. Quicker than link_get.
statistic()
{
	ip netns exec "$1" cat "/sys/class/net/$2/statistics/$3"
}

# statistic_is NS DEV NAME VALUE: to wait until it is so.
statistic_is()
{
	[ "$(statistic "$1" "$2" "$3")" = "$4" ]
}

# nstat_counter NS NAME: what nstat(8) counts for the namespace as NAME.
nstat_counter()
{
	ip netns exec "$1" nstat -asz "$2" |
		awk -v name="$2" '$1 == name { print $2 }'
}

# nstat_counter_is NS NAME VALUE: to wait until it is so.
nstat_counter_is()
{
	[ "$(nstat_counter "$1" "$2")" = "$3" ]
}

# --- NAPI ----------------------------------------------------------------

# ethtool_counter NS DEV REGEX: those whose whole name matches.
ethtool_counter()
{
	local IFS=$'\n' line

	for line in $(ip netns exec "$1" ethtool -S "$2"); do
		[[ ! $line =~ ^\ *($3):\ (.*)$ ]] || echo "${BASH_REMATCH[-1]}"
	done
}

# ring_packets NS DEV [QUEUE]: how many packets polls have taken from its rings,
# or from the one of a queue that is in use.
ring_packets()
{
	ip netns exec "$1" ethtool -S "$2" | awk -v queue="${3:-[0-9]+}" '
		$1 ~ "^rx_queue_" queue "_xdp_packets:$" { sum += $2; found = 1 }
		END { print found ? sum : "no counter" }'
}

# In nanoseconds: longer than any case waits.
readonly TEN_MINUTES=600000000000

# delay_polls NS DEV [NANOSECONDS]: once a poll has found something the next one
# comes that much later, and what is sent in the meantime waits in the ring.
delay_polls()
{
	must ip netns exec "$1" sh -c "cd '/sys/class/net/$2' &&
		echo ${3:-$TEN_MINUTES} >gro_flush_timeout &&
		echo 1000000 >napi_defer_hard_irqs"
}

# hold_polls A VA B VB [NANOSECONDS]: no poll of VB comes until something forces
# one, or after that time; the last one was for a frame that VA sends, and its
# counters know that.
hold_polls()
{
	local before

	before=$(statistic "$3" "$4" rx_packets)
	delay_polls "$3" "$4" "$5"
	send_frames "$1" "$2" 60 1
	busywait 5000 statistic_is "$3" "$4" rx_packets $((before + 1)) ||
		abort "$4 does not receive"
}

# came_up NS: how many packets have come up to IP in it.
came_up()
{
	nstat_counter "$1" IpExtInNoECTPkts
}

# came_up_is NS COUNT: to wait until it is so.
came_up_is()
{
	nstat_counter_is "$1" IpExtInNoECTPkts "$2"
}

# hold_a_datagram A B: on its way from va, 192.0.2.1, to vb, 192.0.2.2, GRO holds
# one for ten minutes, unless something else arrives. The sender gives it up.
#
# Of what comes by the same poll GRO holds what has come in this tick of the clock.
hold_a_datagram()
{
	local said

	must ip -n "$1" neigh replace 192.0.2.2 dev va nud permanent \
		lladdr "$(mac_of "$2" vb)"
	set_offload "$2" vb gro on rx-gro-list on
	must ip netns exec "$2" sh -c \
		"echo $TEN_MINUTES >/sys/class/net/vb/gro_flush_timeout"
	for _ in {1..20}; do
		said=$("$MYVETH_PROGRAMS/numbered" "$1" "$2" 192.0.2.2 1)
		[[ $said == "sent 1 received 0 "* ]] && return
	done
	abort "GRO holds nothing: $said"
}

# check_what_is_held A B COMMAND...: a datagram that GRO holds comes up when the
# command takes NAPI away from under it.
check_what_is_held()
{
	local all

	hold_a_datagram "$1" "$2"
	all=$(($(came_up "$2") + 1))
	"${@:3}"
	if differs gro-held; then
		slowwait 2 came_up_is "$2" "$all"
		check_equal "$(came_up "$2")" "$all" \
			"datagrams that have come up"
	else
		slowwait 1 came_up_is "$2" "$all"
		check_fail $? "what GRO held is lost"
	fi
}

# --- ping ----------------------------------------------------------------

# ping_loss NS WORDS...: ping's percentage of packets lost.
ping_loss()
{
	ip netns exec "$1" ping "${@:2}" 2>&1 |
		sed -n -E 's/.* ([0-9.]+)% packet loss.*/\1/p'
}

# check_loss PERCENT NS WORDS...: of a ping with these words.
check_loss()
{
	check_equal "$(ping_loss "${@:2}")" "$1" "per cent lost, ping ${*:3}"
}

# check_ping NS ADDRESS: it answers.
check_ping()
{
	check_loss 0 "$1" -c 2 -i 0.2 -W 5 "$2"
}

# --- captures ------------------------------------------------------------

# What the frames of the experiments are called in a filter.
# shellcheck disable=SC2034 # the scripts use them
{
	ARP_REQUEST="arp[6:2] = 1"
	ARP_REPLY="arp[6:2] = 2"
	ECHO_REQUEST="icmp[icmptype] = icmp-echo"
	ECHO_REPLY="icmp[icmptype] = icmp-echoreply"
	HOST_UNREACHABLE="icmp[0] = 3 and icmp[1] = 1"
}

declare -A CAPTURE_PID CAPTURE_COPIES CAPTURE_EARLY

# capture_start NAME NS DEV FILTER...: returns when frames are being captured.
# Call it before the traffic that FILTER selects begins.
#
# Without promiscuous mode: to look on must not change what a device gets.
capture_start()
{
	local name=$1 ns=$2 dev=$3 filter=${*:4} file

	file=$SCRATCH/$name
	: >"$file.log"
	ip netns exec "$ns" tcpdump -p -n -i "$dev" -s 0 -U \
		--immediate-mode -w - "$filter" \
		>"$file.pcap" 2>>"$file.log" &
	CAPTURE_PID[$name]=$!
	defer capture_kill "$name"
	slowwait 10 capture_is_decided "$name"
	[[ $SAID == *"listening on"* ]] || abort "capture on $dev: $SAID"
	capture_begin_count "$name" "$dev"
}

# What tcpdump has said since it was asked last; read without a process, for
# this is done again and again.
capture_listen()
{
	read -r -d '' SAID <"$SCRATCH/$1.log" || :
}

# Whether tcpdump has begun, or given up.
capture_is_decided()
{
	capture_listen "$1"
	[[ $SAID == *"listening on"* ]] ||
		! kill -0 "${CAPTURE_PID[$1]}" 2>/dev/null
}

capture_kill()
{
	[ -n "${CAPTURE_PID[$1]}" ] && stop "${CAPTURE_PID[$1]}"
	unset "CAPTURE_PID[$1]"
}

# Ask tcpdump how many frames it has written, how many the kernel has put into
# its queue, and how many did not fit there.
capture_ask()
{
	: >"$SCRATCH/$1.log"
	kill -USR1 "${CAPTURE_PID[$1]}" || abort "capture $1 has ended"
	busywait 5000 capture_has_answered "$1" ||
		abort "capture $1 does not answer: $SAID"
	WRITTEN=${BASH_REMATCH[1]}
	QUEUED=${BASH_REMATCH[2]}
	MISSED=${BASH_REMATCH[3]}
}

capture_has_answered()
{
	local number="([0-9]+) packets?"
	local answer="$number captured, $number received by filter, "

	capture_listen "$1"
	[[ $SAID =~ ${answer}$number\ dropped\ by\ kernel ]]
}

# The queue also counts what came before the filter was set. And each frame on
# loopback is there twice, on its way out and in; tcpdump writes one of them.
capture_begin_count()
{
	CAPTURE_COPIES[$1]=1
	[ "$2" = lo ] && CAPTURE_COPIES[$1]=2
	capture_ask "$1"
	CAPTURE_EARLY[$1]=$((QUEUED - WRITTEN * CAPTURE_COPIES[$1]))
}

# Whether every frame in the queue has been written.
capture_is_complete()
{
	capture_ask "$1"
	((MISSED == 0 && QUEUED - CAPTURE_EARLY[$1] ==
	  WRITTEN * CAPTURE_COPIES[$1]))
}

# capture_stop NAME...: every frame seen until now is in the capture.
capture_stop()
{
	local name

	for name; do
		slowwait 10 capture_is_complete "$name" ||
			abort "capture $name: $SAID"
		capture_kill "$name"
	done
}

# capture_show NAME EXPRESSION...: the frames that match, a line each.
capture_show()
{
	tcpdump -n -r "$SCRATCH/$1.pcap" "${@:2}" 2>/dev/null ||
		echo "unreadable: $1 ${*:2}"
}

# capture_count NAME EXPRESSION...: how many frames match; fails when the
# capture cannot be read.
capture_count()
{
	local frames

	frames=$(tcpdump -n -r "$SCRATCH/$1.pcap" "${@:2}" 2>/dev/null) ||
		return
	grep -c . <<<"$frames" || :
}

# capture_has NAME COUNT EXPRESSION...: to wait until that many are in.
capture_has()
{
	local found

	found=$(capture_count "$1" "${@:3}") && [ "$found" -ge "$2" ]
}

# check_frames NAME COUNT EXPRESSION...
check_frames()
{
	local found

	found=$(capture_count "$1" "${@:3}") || found=unreadable
	check_equal "$found" "$2" "frames '${*:3}' on $1"
}

# check_some_frames NAME EXPRESSION...
check_some_frames()
{
	capture_has "$1" 1 "${@:2}"
	check_err $? "no frame '${*:2}' on $1"
}

# --- announcements -------------------------------------------------------

# listen NS: write all that is said of links there to $SCRATCH/NS. lo is changed
# until it shows that somebody listens.
listen()
{
	ip -n "$1" -o monitor link >"$SCRATCH/$1" &
	defer stop $!
	slowwait 10 lo_is_heard "$1" || abort "no announcements"
}

# Announcements come in order, so all are there when that of lo is.
heard_all()
{
	slowwait 10 lo_is_heard "$1" || abort "no end"
}

# lo_is_heard NS: it gets an MTU that it has not had before, which is announced.
lo_is_heard()
{
	local mtu

	mtu=$(($(ip netns exec "$1" cat /sys/class/net/lo/mtu) + 1))
	ip -n "$1" link set dev lo mtu $mtu
	busywait 500 grep -q " lo: .* mtu $mtu " "$SCRATCH/$1"
}

# --- the kernel ----------------------------------------------------------

# As many queues as an end has room for when nobody says a number.
possible_cpus()
{
	echo $(($(sed 's/.*-//' /sys/devices/system/cpu/possible) + 1))
}

module_is_loaded()
{
	[ -d "/sys/module/$1" ]
}

# mark_kernel_log WHAT: what comes now is what kernel_log_since_mark shows.
mark_kernel_log()
{
	MARK="selftests: begin $1 ($$.$RANDOM)"
	echo "$MARK" >/dev/kmsg || abort "cannot write to the kernel log"
	busywait 2000 kernel_log_has_mark ||
		abort "cannot read the kernel log"
}

kernel_log_has_mark()
{
	dmesg -t 2>/dev/null | grep -qF -e "$MARK"
}

# What the kernel has said since the mark; fails when the mark is gone.
kernel_log_since_mark()
{
	dmesg -t | awk -v mark="$MARK" '
		found { print }
		index($0, mark) { found = 1 }
		END { exit !found }'
}

# --- tracepoints ---------------------------------------------------------

# Where they are; mounted for us alone when nobody else did.
find_tracefs()
{
	TRACEFS=/sys/kernel/tracing
	[ -d $TRACEFS/instances ] && return
	TRACEFS=$(mktemp -d) || abort "no place for tracefs"
	defer rmdir "$TRACEFS"
	mount -t tracefs tracefs "$TRACEFS" 2>/dev/null ||
		skip_all "no tracefs"
	defer umount "$TRACEFS"
}

# A buffer of our own with switches of its own, at $TRACE until the scope ends.
make_trace()
{
	find_tracefs
	TRACE=$(mktemp -d "$TRACEFS/instances/myveth-XXXXXX") ||
		abort "no instance in $TRACEFS"
	defer rmdir "$TRACE"
}

# --- the oracle ----------------------------------------------------------

# differs ID: whether $KIND behaves as the last column of row ID of
# differences.tsv says. On kernels that the row does not name, veth does too.
differs()
{
	local id kernels series _

	while IFS=$'\t' read -r id kernels _; do
		[ "$id" != "$1" ] || break
	done <"$SELFTESTS/differences.tsv"
	[[ -n $id && $id == "$1" ]] ||
		abort "differences.tsv has no difference '$1'"
	[ "$KIND" = myveth ] && return
	[ "$kernels" = all ] && return 1
	series=$(uname -r | cut -d . -f 1,2)
	[[ " $kernels " != *" $series "* ]]
}

# errno_of COMMAND...: how the kernel refused what COMMAND asked for, by
# netlink or by ioctl: "EINVAL", or nothing when it did not refuse.
errno_of()
{
	local trace

	[ -n "$(type -P strace)" ] || abort "no command strace"
	trace=$(mktemp -p "$SCRATCH") || return
	strace -f -e trace=recvmsg,ioctl -o "$trace" "$@" >/dev/null 2>&1
	grep -v -e TCGETS -e SIOCGIF "$trace" |
		grep -oE '(\{error=-|\) += -1 )E[A-Z0-9]+' |
		grep -oE 'E[A-Z0-9]+$' | grep -v EAGAIN | tail -n 1
}

# like_veth FUNCTION [WORDS...]: call FUNCTION NS KIND WORDS..., once for veth
# and once for $KIND, each in a namespace of its own, and check that both times
# it printed the same and ended with the same status. veth need not be compared
# with itself.
like_veth()
{
	local ours theirs

	[ "$KIND" = veth ] && return
	theirs=$(oracle_run veth "$@")
	ours=$(oracle_run "$KIND" "$@")
	# Both may have failed alike.
	check_match "$theirs" $'(^|\n)status [0-9]+$' "$* for veth"
	[[ $theirs != *"Bail out!"* ]]
	check_err $? "$* for veth: $theirs"
	check_equal "$ours" "$theirs" "$* for $KIND"
}

oracle_run()
{
	local kind=$1 function=$2

	(
		DEFERRED=()
		trap 'deferred_run 0' EXIT
		setup_ns ORACLE
		"$function" "$ORACLE" "$kind" "${@:3}" 2>&1
		echo "status $?"
	)
}

# answers_to NS KIND FUNCTION REQUEST...: what FUNCTION NS WORD... prints for
# each request's words. All are about one and the same pair, whose end va is up.
answers_to()
{
	local request words

	KIND=$2 make_pair "$1" va vb
	ip -n "$1" link set dev va up
	for request in "${@:4}"; do
		read -ra words <<<"$request"
		echo "$request:"
		"$3" "$1" "${words[@]}"
	done
}
