#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Customize hook of mmdebstrap: puts the kernels of the series in $SERIES into
# the root file system $1, with the headers to build for them. In /boot are then
#
#	vmlinuz-RELEASE		the kernel
#	initramfs-RELEASE	an initramfs of our own, which mounts the rest
#	releases		"SERIES RELEASE" lines: which kernels these are

set -euo pipefail

readonly root=$1
readonly boot_modules="virtio_pci virtio_blk virtio_console ext4 9p 9pnet_virtio
	overlay"
# What holds the kernel itself, the best first. Where there is a "binary",
# "image" only adds what a machine needs that boots from a disk.
readonly holders="binary binary-unsigned image"

here=$(dirname "$0")

# Like mmdebstrap itself, run the host's apt on the root: it knows the host's
# proxies, certificates and credentials
export APT_CONFIG=$MMDEBSTRAP_APT_CONFIG

packages_matching()
{
	apt-cache search --names-only "^$1\$" | cut -d ' ' -f 1
}

# The names of the packages that hold the kernel have changed with time, and a
# backport may come unsigned first. Nothing, if there is none.
kernel_packages()
{
	local release=${1//./[.]} holder package

	release=${release//+/[+]}
	for holder in $holders; do
		package=$(packages_matching "linux-$holder-$release")
		[ -n "$package" ] || continue
		echo "$package"
		packages_matching "linux-modules-$release"
		return
	done
}

# Newest first. Realtime and cloud kernels have one word more in their names, as
# their series have here: 6.12-rt.
releases_of()
{
	local flavour=-amd64

	[[ $1 != *-* ]] || flavour=-${1#*-}-amd64
	packages_matching \
		"linux-headers-${1%%-*}[.][^-]*(-[0-9]+)?$flavour" |
		sed 's/^linux-headers-//' | sort --version-sort --reverse
}

# Headers may be published before the kernel that they belong to
newest_release()
{
	local release

	for release in $(releases_of "${1//./[.]}"); do
		if [ -n "$(kernel_packages "$release")" ]; then
			echo "$release"
			return
		fi
	done
	echo "E: no kernel $1 in the archive" >&2
	return 1
}

install_kernel()
{
	local packages

	mapfile -t packages < <(kernel_packages "$1")
	# INITRD=No: the hook that generates an initramfs is not wanted
	INITRD=No apt-get --yes \
		-o Dir::Bin::dpkg=env -o DPkg::Options::=--unset=TMPDIR \
		-o DPkg::Options::=dpkg -o DPkg::Chroot-Directory="$root" \
		install "linux-headers-$1" "${packages[@]}"
	place_kernel "$1"
}

# Packages of older kernels do themselves what this does
place_kernel()
{
	local modules=$root/usr/lib/modules/$1 image=$root/boot/vmlinuz-$1

	[ -e "$modules/modules.dep" ] || chroot "$root" depmod "$1"
	[ -e "$image" ] || ln "$modules/vmlinuz" "$image" 2> /dev/null ||
		ln "$modules/vmlinuz.unsigned" "$image"
}

# Numbered, for the order in which they can be loaded
copy_boot_modules()
{
	local release=$1 to=$2 count=100 action file

	# shellcheck disable=SC2086 # a list of words
	chroot "$root" modprobe --all --show-depends --set-version "$release" \
		$boot_modules | awk '!seen[$0]++' |
	while read -r action file _; do
		[ "$action" = insmod ] || continue
		count=$((count + 1))
		case $file in
		*.ko)	cat "$root/$file" ;;
		*.xz)	chroot "$root" busybox xzcat "$file" ;;
		*)	echo "E: cannot unpack $file" >&2; exit 1 ;;
		esac > "$to/$count-$(basename "$file" .xz)"
	done
}

make_initramfs()
{
	local release=$1 tree=$root/boot/initramfs

	mkdir -p "$tree"/{bin,dev,layer,modules,new,root,writes}
	cp "$root/bin/busybox" "$tree/bin"
	cp "$here/init" "$tree"
	copy_boot_modules "$release" "$tree/modules"
	chroot "$root" sh -c 'cd /boot/initramfs &&
		find . | busybox cpio -o -H newc' \
		> "$root/boot/initramfs-$release"
	rm -r "$tree"
}

# shellcheck disable=SC2153 # a list of words, given by bootstrap()
for series in $SERIES; do
	release=$(newest_release "$series")
	install_kernel "$release"
	make_initramfs "$release"
	echo "$series $release" >> "$root/boot/releases"
done
