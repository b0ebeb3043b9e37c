# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the tests with two hosts share, besides ../client-lib.sh. A machine each,
# which a wire joins; both run the same script, with HOST=left and HOST=right. The
# right one gets ready and then does what the left one, which tests, tells it:
#
#	+---- left ----+  wire  +---- right ---+
#	|   192.0.2.1  |========|  192.0.2.2   |
#	+--------------+        +--------------+

. "$(dirname "${BASH_SOURCE[0]}")/../client-lib.sh"

readonly LEFT=192.0.2.1 RIGHT=192.0.2.2 COMMANDS=9999

# The only device that has hardware behind it.
wire()
{
	basename "$(dirname /sys/class/net/*/device)"
}

join_wire()
{
	must ip addr add "$1/24" dev "$(wire)"
	must ip link set dev "$(wire)" up
}

is_there()
{
	ping -c 1 -W 2 "$1" >/dev/null 2>&1
}

# there COMMAND...: what it prints and its status are those of the right host.
there()
{
	local answer

	answer=$(printf '%q ' "$@" |
		 socat -t 600 - "TCP:$RIGHT:$COMMANDS") || return
	sed '$d' <<<"$answer"
	return "$(tail -n 1 <<<"$answer")"
}

# What the right host does with a connection.
obey()
{
	local command

	read -r command
	eval "$command" 2>&1
	printf '\n%d\n' $?
}

# Each connection gets a shell, which has our functions, until the left host has
# said that it is done, or is not there any more.
serve()
{
	# shellcheck disable=SC2046 # words they are
	export -f $(compgen -A function)
	socat -t 600 "TCP-LISTEN:$COMMANDS,fork,reuseaddr" \
		"EXEC:bash -c obey" &
	defer stop $!
	while [ ! -e /run/done ] && slowwait 10 is_there "$LEFT"; do
		sleep 2
	done
	rmmod myveth
	exit
}

# On the left host: returns when the right one obeys. On that: never.
join_hosts()
{
	case $HOST in
	left)	join_wire "$LEFT"
		slowwait 60 there true 2>/dev/null ||
			abort "the right host does not obey"
		defer there touch /run/done ;;
	right)	join_wire "$RIGHT"
		slowwait 60 is_there "$LEFT" ||
			abort "the left host does not answer"
		serve ;;
	esac
}

# What there is of kind veth on this host: "ours", if it is.
whose_devices()
{
	there_are_none && echo "none"
	foreign_devices
	[ ! -d /sys/module/veth ] && echo "ours"
}

# On both hosts every device of kind veth is ours.
check_all_devices()
{
	check_equal "$(whose_devices)" ours "devices on the left host"
	check_equal "$(there whose_devices | xargs)" ours \
		"devices on the right host"
}
