#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Customize hook of mmdebstrap: puts the headers of every kernel that the suite
# has into the root file system $1: of each series and flavour the newest. Those
# of other architectures are unpacked only, for what they depend on could not run
# here, and what builds is there for ours. In /boot is then
#
#	headers		"RELEASE ARCHITECTURE" lines, in dpkg's words

set -euo pipefail

readonly root=$1
# Of the others, one flavour each will do
readonly flavours="amd64:(cloud-|rt-)?amd64 arm64:arm64 armhf:armmp"

# As mmdebstrap itself: the host's apt, which knows the host's proxies
export APT_CONFIG=$MMDEBSTRAP_APT_CONFIG

# releases ARCHITECTURE FLAVOUR: the newest of each series, a line each
releases()
{
	apt-cache --no-generate pkgnames linux-headers- |
		sed -E "s/:$1\$//" | sed -nE \
		"s/^linux-headers-(([0-9]+\.[0-9]+)[^-]*(-[0-9]+)?-($2))\$/\2-\4 \1/p" |
		sort --version-sort --reverse | awk '!seen[$1]++ { print $2 }'
}

install_headers()
{
	apt-get --yes install "${@/#/linux-headers-}"
}

unpack_headers()
{
	local architecture=$1 release work

	work=$(mktemp -d)
	shift
	for release; do
		(cd "$work" && apt-get download \
			"linux-headers-$release:$architecture")
	done
	for release in "$work"/*.deb; do
		dpkg-deb --extract "$release" "$root"
	done
	rm -r "$work"
}

for pair in $flavours; do
	architecture=${pair%%:*}
	mapfile -t found < <(releases "$architecture" "${pair#*:}")
	if [ "$architecture" = amd64 ]; then
		install_headers "${found[@]}"
	else
		unpack_headers "$architecture" "${found[@]}"
	fi
	printf "%s $architecture\n" "${found[@]}" >> "$root/boot/headers"
done
