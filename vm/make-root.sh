# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Makes a root file system: mmdebstrap fills it from Debian's archives, two
# hooks of ours add what depends on the kernels, and an image is made of it.
# Others have less: see roots.sh.

readonly emulator_suite=trixie emulator_package=qemu-system-x86
readonly workshop_suite=trixie
readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Under a temporary name; it gets its own when it is complete. Then those of
# older recipes go, unless they are in use.
make_root()
{
	local suite=$1 dir=$WORK/$1 start=$SECONDS

	mkdir -p "$dir" "$CACHE/debs/$suite"
	export DEBS=$CACHE/debs/$suite
	step "making the root file system $suite" "$WORK/$suite.log" \
		bootstrap_suite "$suite" "$dir/root"
	keep_debs "$dir/root" "$suite"
	rm "$dir"/root/var/cache/apt/archives/*.deb
	! has_image "$suite" ||
		step "making an image of it" "$WORK/$suite.log" \
			make_image "$dir/root" "$suite"
	write_cost "$suite" "$dir" "$((SECONDS - start))"
	delete_unused "$CACHE/$suite"-*
	mv "$dir" "$(suite_dir "$suite")"
}

# For the guests. Mounted once more, the root file system shows no mounts below
# it. No journal: a machine either does not write to the image, or throws away
# what it has written, of which there is much where packages are installed.
make_image()
{
	local root=$1 megabytes room=64

	[[ $2 != @(user|client)-* ]] || room=4000
	megabytes=$(du -sm "$root" | cut -f 1)
	in_own_mounts "$VM_DIR/in-root.sh" "$root" "$root:/mnt" \
		"$(dirname "$root"):/srv" -- mke2fs -q -t ext4 \
		-O ^has_journal,^metadata_csum -m 0 -d /mnt \
		/srv/root.img "$((megabytes * 5 / 4 + room))m"
}

bootstrap_suite()
{
	case $1 in
	emulator)	bootstrap "$emulator_suite" "$2" "" \
				--include="$emulator_package" ;;
	workshop)	bootstrap "$workshop_suite" "$2" "" \
				--include="$(package_list packages-workshop)" ;;
	packager-*)	bootstrap "${1#*-}" "$2" "" \
				--include="$(package_list packages-packager)" ;;
	user-*)		bootstrap_user "${1#*-}" "$2" ;;
	matrix-*)	bootstrap "${1#*-}" "$2" "$(archives_of "${1#*-}")" \
				--architectures=amd64,arm64,armhf \
				--setup-hook="$VM_DIR/limit-armhf.sh" \
				--include="$(package_list packages-matrix)" \
				--customize-hook="$VM_DIR/add-headers.sh" ;;
	client-*)	bootstrap "${1#*-}" "$2" "" \
				--include="$(package_list packages-client)" \
				--customize-hook="$VM_DIR/add-run-step.sh" ;;
	*)		bootstrap_guest "$1" "$2" ;;
	esac
}

package_list()
{
	table "$1" | paste -sd ,
}

bootstrap_guest()
{
	export SERIES
	SERIES=$(series_of "$1")
	bootstrap "${1#rt-}" "$2" "$(archives_of "$1")" \
		--include="$(package_list packages)" \
		--customize-hook="$VM_DIR/add-kernels.sh"
}

bootstrap_user()
{
	local archive suite

	export INSTALL UPGRADE
	INSTALL=$(packages_of_texts | xargs)
	read -r _ archive UPGRADE < <(table users | grep "^$1[[:space:]]")
	bootstrap "$1" "$2" "${archive/#-/}" \
		--include="$(package_list packages-user)" \
		--customize-hook="$VM_DIR/add-repository.sh" \
		--customize-hook="$VM_DIR/add-run-step.sh"
	for suite in "$2"/repository/*; do
		list_repository "packager-$1" "$suite"
	done
}

# list_repository PACKAGER DIRECTORY: what is in a suite's, for apt. Of
# backports it takes, here as elsewhere, what it is asked to.
list_repository()
{
	local name=${2##*/} sum size

	in_root "$1" "$2:/repository" -- \
		sh -c 'cd /repository && dpkg-scanpackages . > Packages'
	sum=$(sha256sum < "$2/Packages")
	size=$(stat -c %s "$2/Packages")
	{
		printf '%s\n' "Suite: $name" "Codename: $name" \
			"Date: $(LC_ALL=C date -Ru)"
		[[ $name != *-backports ]] ||
			printf '%s: yes\n' NotAutomatic ButAutomaticUpgrades
		printf '%s\n' "SHA256:" " ${sum%% *} $size Packages"
	} > "$2/Release"
}

# bootstrap SUITE ROOT ARCHIVES OPTION...
bootstrap()
{
	local apt_options sources

	export SUITE=$1 ARCHIVES=$3
	mapfile -t apt_options < <(host_apt_options)
	mapfile -t sources < <(host_sources "$1")
	in_own_mounts mmdebstrap --mode=root --variant=apt --verbose \
		--aptopt='APT::Install-Recommends "false"' \
		"${apt_options[@]/#/--aptopt=}" \
		--dpkgopt=force-unsafe-io \
		--skip=essential/unlink,cleanup/apt/cache \
		--setup-hook="$VM_DIR/prepare-apt.sh" "${@:4}" \
		"$1" "$2" "${sources[@]}"
}

# How the host reaches its mirrors, and whether it believes their dates
host_apt_options()
{
	apt-config dump | grep -E '^Acquire::(https?::|Check-|Retries|Force)' ||
		:
}

# Debian's mirrors as the host's apt knows them. When it knows none mmdebstrap
# uses its defaults.
host_sources()
{
	local main security

	main=$(mirror_labelled Debian)
	security=$(mirror_labelled Debian-Security)
	[ -n "$main" ] && [ -n "$security" ] && [ -e "$keyring" ] || return 0
	printf "deb [signed-by=$keyring] %s main\n" \
		"$main $1" "$main $1-updates" "$security $1-security"
}

mirror_labelled()
{
	# shellcheck disable=SC2016 # apt-get expands it
	apt-get indextargets --format '$(SITE)' "Label: $1" |
		grep -v '^cdrom:' | head -n 1
}
