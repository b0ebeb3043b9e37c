#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
#	dkms.sh sources TREE	what DKMS builds from, to /usr/src/myveth-VERSION
#	dkms.sh install TREE	and the module
#	dkms.sh uninstall	every version that there is
#
# For `make dkms-install` and `make dkms-uninstall`: for every kernel whose headers
# are there. What kernels to come need is DKMS's business.

set -euo pipefail

readonly NAME=myveth STATE=/var/lib/dkms SOURCES=/usr/src
# All C in the top directory is the driver's.
FILES=$(cd "$(dirname "$0")/.." && echo Kbuild dkms.conf ./*.[ch] \
	install/dkms-pre-build.sh)
readonly FILES

die()
{
	echo "dkms.sh: $*" >&2
	exit 1
}

require_dkms()
{
	[ -n "$(type -P dkms)" ] || die "no dkms; on Debian: apt install dkms"
	[ "$(id -u)" -eq 0 ] || die "must be run by root"
}

# Both would be found by modprobe, and only one of them be brought up to date
require_no_other()
{
	local other release

	for other in /lib/modules/*/updates/"$NAME".ko*; do
		[ -e "$other" ] || continue
		release=$(cut -d / -f 4 <<< "$other")
		die "$other is there; first:" \
			"make uninstall-module KERNELRELEASE=$release"
	done
}

# A package's own version is the package manager's to remove
require_no_package()
{
	! dpkg-query --show --showformat '${db:Status-Abbrev}' \
		"$NAME-dkms" 2> /dev/null | grep -q '^.[^nc]' ||
		die "the package $NAME-dkms is installed; apt removes it"
}

# DKMS gets less: who has a Makefile there works on it
is_somebodys()
{
	[ -e "$1/Makefile" ]
}

require_other_place()
{
	! is_somebodys "$1" ||
		die "$1 is what DKMS is to get; have the source elsewhere"
}

# Those that DKMS knows, and those of which only the source is left
versions()
{
	local path

	for path in "$STATE/$NAME"/[0-9]* "$SOURCES/$NAME"-[0-9]*/dkms.conf; do
		[ -e "$path" ] || continue
		path=${path%/dkms.conf}
		! is_somebodys "$path" || continue
		path=${path##*/}
		echo "${path#"$NAME"-}"
	done | sort -u
}

# Where dkms.conf is gone, dkms can remove nothing
remove_version()
{
	if [ ! -e "$STATE/$NAME/$1" ]; then
		:
	elif [ -e "$STATE/$NAME/$1/source/dkms.conf" ]; then
		dkms remove "$NAME/$1" --all
	else
		remove_modules
		rm -rf "${STATE:?}/$NAME/$1" "$STATE/$NAME"/kernel-*
	fi
	remove_sources "$SOURCES/$NAME-$1"
}

# A kernel may be gone but for this
remove_modules()
{
	local file release

	for file in /lib/modules/*/updates/dkms/"$NAME".ko*; do
		[ -e "$file" ] || continue
		release=$(cut -d / -f 4 <<< "$file")
		rm "$file"
		rmdir -p "${file%/*}" 2> /dev/null || :
		[ ! -e "/lib/modules/$release/modules.builtin" ] ||
			depmod "$release"
	done
}

install_sources()
{
	mkdir -p "$1"
	# shellcheck disable=SC2086 # a list of words
	cp --parents --preserve=mode $FILES "$1"
}

# What we have put there, and nobody else's
remove_sources()
{
	local file

	! is_somebodys "$1" || return 0
	for file in $FILES; do
		rm -f "$1/$file"
	done
	rmdir --ignore-fail-on-non-empty "$1/install" "$1" 2> /dev/null || :
}

remove_all()
{
	local version

	for version in $(versions); do
		remove_version "$version"
	done
	rmdir --ignore-fail-on-non-empty "$STATE/$NAME" 2> /dev/null || :
}

# For the running kernel it has to be built; others may have to do without
install_all()
{
	local version=$1 release headers missing=

	dkms install "$NAME/$version" -k "$(uname -r)"
	for headers in /lib/modules/*/build; do
		release=$(basename "$(dirname "$headers")")
		[ "$release" != "$(uname -r)" ] || continue
		[ -e "$headers/Makefile" ] || continue
		dkms install "$NAME/$version" -k "$release" ||
			missing+=" $release"
	done
	[ -z "$missing" ] || echo "dkms.sh: no module for:$missing" >&2
}

case ${1:-} in
sources)
	install_sources "$2"
	;;
install)
	require_dkms
	require_no_other
	require_no_package
	require_other_place "$2"
	# What cannot be built does not take the place of what can
	make modules
	remove_all
	install_sources "$2"
	install_all "${2##*-}"
	;;
uninstall)
	require_dkms
	require_no_package
	# Nobody shall have to keep the module for what an initrd keeps
	install/myveth-drop-in off || :
	remove_all
	;;
*)	echo "usage: dkms.sh sources TREE|install TREE|uninstall" >&2
	exit 2 ;;
esac
