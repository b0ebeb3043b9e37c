#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Print the directory in which the installed ip(8) looks for its plugins.
#
# The directory is a constant in ip's binary that differs by distribution
# (/usr/lib/<triplet>/ip, /usr/lib64/ip, ...), and none has to exist as long as
# there is no plugin.  IP_LIB_DIR of the environment replaces it for those who
# set it; a plugin that is installed there is lost to everybody else, so it is
# left out of account here.
#
# Usage: find-plugin-dir.sh

unset IP_LIB_DIR LD_DEBUG_OUTPUT

die()
{
	echo "find-plugin-dir.sh: $*" >&2
	exit 1
}

# The first thing ip does about an unknown kind is to open its plugin, and
# glibc's loader can be asked to report what is opened.
ask_loader()
{
	LD_DEBUG=files ip link help nosuchkind 2>&1 |
		sed -n 's|.*file=\(/.*\)/link_nosuchkind\.so .*|\1|p' |
		head -n 1
}

# Where the loader does not report (musl, or an ip with file capabilities):
# the only string of the binary that is a path from a lib directory to "ip".
search_binary()
{
	part='[[:alnum:]._+-]+'

	grep -zaxE "/($part/)*lib($part)?/($part/)*ip" "$1" | tr '\0' '\n'
}

main()
{
	# ip may be in a directory that only root has in PATH.
	PATH=$PATH:/usr/sbin:/sbin
	ip=$(command -v ip) || die "no ip command: install iproute2"
	case $(ip -V 2>&1) in
	*iproute2*) ;;
	*) die "$ip is not iproute2's ip, and only that has plugins" ;;
	esac

	dir=$(ask_loader)
	[ -n "$dir" ] || dir=$(search_binary "$ip")
	[ -n "$dir" ] || die "$ip names no plugin directory: has it plugins?"
	echo "$dir"
}

[ $# -eq 0 ] || die "no arguments are expected, got: $*"
main
