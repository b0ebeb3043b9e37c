# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The newest kernel's own checkers, from Debian's package of its source. They
# are unpacked once and stay in the root file system. To be sourced.

# Prints the directory that holds scripts/ and tools/.
kernel_scripts()
{
	local series dir

	series=$(sed 's/#.*//' vm/kernels.tsv |
		awk 'NF { newest = $1 } END { print newest }')
	dir=/var/lib/myveth/linux-source-$series
	[ -d "$dir" ] || fetch_kernel_scripts "$series" >&2
	echo "$dir"
}

fetch_kernel_scripts()
(
	set -e
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	cd "$work"
	apt-get -qq update
	apt-get -qq download "linux-source-$1"
	dpkg-deb --fsys-tarfile linux-source-*.deb |
		tar -xO "./usr/src/linux-source-$1.tar.xz" |
		tar -xJ "linux-source-$1/scripts" "linux-source-$1/tools/docs" \
			"linux-source-$1/tools/lib/python" \
			"linux-source-$1/Documentation/process"
	mkdir -p /var/lib/myveth
	mv "linux-source-$1" /var/lib/myveth/
)
