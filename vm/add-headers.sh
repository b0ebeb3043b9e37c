#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Customize hook of mmdebstrap: puts the headers of every kernel that the suite
# has into the root file system $1: of each series and flavour the newest. They
# are unpacked only, with what they need: to install them would bring kernels
# along, and of other architectures nothing could run here. In /boot is then
#
#	headers		"RELEASE ARCHITECTURE" lines, in dpkg's words

set -euo pipefail

readonly root=$1
# Of the other architectures, one flavour each will do
readonly flavours="amd64:amd64 amd64:cloud-amd64 amd64:rt-amd64 arm64:arm64
	armhf:armmp"

# As mmdebstrap itself: the host's apt, which knows the host's proxies
export APT_CONFIG=$MMDEBSTRAP_APT_CONFIG

# releases ARCHITECTURE FLAVOUR: the newest of each series, a line each
releases()
{
	apt-cache --no-generate pkgnames linux-headers- |
		sed -E "s/:$1\$//" | sed -nE \
		"s/^linux-headers-(([0-9]+\.[0-9]+)[^-]*(-[0-9]+)?-$2)\$/\2 \1/p" |
		sort --version-sort --reverse | awk '!seen[$1]++ { print $2 }'
}

# Packages without which the headers of a release cannot be used
needed_by()
{
	apt-cache show --no-all-versions "linux-headers-$2:$1" |
		sed -n 's/^Depends: //p' | tr , '\n' | sed -nE \
		's/^ *(linux-(headers-[^ ]*-common|kbuild-)[^ ]*).*/\1/p'
}

# unpack ARCHITECTURE RELEASE
unpack()
{
	local work package

	work=$(mktemp -d)
	for package in "linux-headers-$2:$1" $(needed_by "$1" "$2"); do
		(cd "$work" && apt-get download "$package")
	done
	# /lib is a link, but a directory in some packages
	for package in "$work"/*.deb; do
		dpkg-deb --fsys-tarfile "$package" |
			tar -C "$root" -x --keep-directory-symlink
	done
	rm -r "$work"
}

# series_of FLAVOUR: "6.12", a line for each of which there are headers
series_of()
{
	releases amd64 "$1" | grep -oE '^[0-9]+[.][0-9]+'
}

for flavour in cloud-amd64 rt-amd64; do
	if [ "$(series_of $flavour)" != "$(series_of amd64)" ]; then
		echo "E: $flavour has other series than amd64" >&2
		exit 1
	fi
done
for pair in $flavours; do
	architecture=${pair%%:*}
	found=$(releases "$architecture" "${pair#*:}")
	if [ -z "$found" ]; then
		echo "E: no headers for $pair in the archive" >&2
		exit 1
	fi
	for release in $found; do
		unpack "$architecture" "$release"
		echo "$release $architecture" >> "$root/boot/headers"
	done
done
