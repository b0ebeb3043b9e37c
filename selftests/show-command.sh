#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Stands for a program under the program's name, prints how it is called, and
# becomes it:
#
#	[+] a-123: ip link set dev va up
#
# is "ip -n a-123 link set dev va up", or that line of what ip_batch gives to ip(8).
# See show_commands() in lib.sh, which says by $SHOWN where the names are, and by
# $SHOWN_PROGRAMS where our own programs are. What a shown program starts is not
# shown.

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

show_batch()
{
	printf '%s\n' "$batch" | sed "s/^/[+] ${ns:+$ns: }ip /" >&8
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

if [ -z "$IS_SHOWN" ] && is_batch "$@"; then
	batch=$(cat)
	show_batch
	exec <<-END
		$batch
	END
elif [ -z "$IS_SHOWN" ]; then
	show "$@" 2>/dev/null
fi
export IS_SHOWN=yes
PATH=${PATH#"$SHOWN:"}
case $0 in
"$SHOWN"/programs/*)	exec "$SHOWN_PROGRAMS/$name" "$@" ;;
*)			exec "$name" "$@" ;;
esac
