#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Stands for a program under the program's name, prints how it is called, and
# becomes it:
#
#	[+] a-123: ip link set dev va up
#
# is "ip -n a-123 link set dev va up", or such a line that ip(8) is given by
# ip_batch. See show_commands() in lib.sh, which says by $SHOWN where the names
# are, and by $SHOWN_PROGRAMS where our own programs are. What a shown program
# starts is not shown.

name=${0##*/}

# Takes the network namespace, if the words name one, out of "$@"
show()
{
	ns='' line=''
	case $name in
	ip|tc|bridge)
		words "$name"
		while :; do
			case $1 in
			-n|-netns)	ns=$2; shift 2 ;;
			-*)		words "$1"; shift ;;
			*)		break ;;
			esac
		done ;;
	*)
		words "$name" ;;
	esac
	if [ "$name $1 $2" = "ip netns exec" ]; then
		ns=$3 line=''
		shift 3
	fi
	words "$@"
	printf '[+] %s%s\n' "${ns:+$ns: }" "${line# }" >&8
}

# is_batch WORD...: whether ip(8), called with them, does what it reads, in $ns
is_batch()
{
	ns=''
	[ "$name" = ip ] || return
	case "$*" in
	"-batch -"|"-force -batch -")	;;
	"-n $2 -batch -")		ns=$2 ;;
	*)				return 1 ;;
	esac
}

# Shows what ip(8) is to read, and lets it read that.
show_batch()
{
	batch=$(cat)
	printf '%s\n' "$batch" | sed "s/^/[+] ${ns:+$ns: }ip /" >&8
	exec <<-END
		$batch
	END
}

# words WORD...: onto the line, with quotes where a shell would need them
words()
{
	for word; do
		case $word in
		''|*[!A-Za-z0-9_./:=@%+,-]*)
			line="$line '$(one_line "$word")'" ;;
		*/programs/*)
			line="$line ${word##*/}" ;;
		*)
			line="$line $word" ;;
		esac
	done
}

one_line()
{
	printf %s "$1" | tr -s '\n\t' '  '
}

if [ -n "$IS_SHOWN" ]; then
	:
elif is_batch "$@"; then
	show_batch
else
	show "$@" 2>/dev/null
fi
export IS_SHOWN=yes
PATH=${PATH#"$SHOWN:"}
case $0 in
"$SHOWN"/programs/*)	exec "$SHOWN_PROGRAMS/$name" "$@" ;;
*)			exec "$name" "$@" ;;
esac
