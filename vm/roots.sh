# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Root file systems: Debian suites made by mmdebstrap, with the packages that
# build and test the driver and the kernels that it is tested on. They are both
# the build environments (entered by chroot) and the guests' file systems.
#
# One more, "emulator", holds QEMU and nothing else. Debian 12's own lets guests
# crash: while one processor replaces an instruction, as Linux does to turn its
# static keys, another may keep the old one and run it when nobody expects it
# any more ("Oops: int3").
#
# And one, "workshop", in which the kernels' own tests are built and run: see
# conformance.sh.
#
# And for each suite "packager-SUITE", in which Debian packages are built, and
# "user-SUITE", a Debian on which they are installed (see check-install.sh),
# "client-SUITE", a Debian with programs that make pairs (see clients.sh), and
# "matrix-SUITE", with the headers of all kernels (see build-matrix.sh). For the
# kernels that are tested on request there is "rt-SUITE".

# Of all that a root file system is made from; once for each run, for the files
# may be edited while it lasts
key_of()
{
	(cd "$VM_DIR" && cat kernels.tsv make-root.sh prepare-apt.sh "$@") |
		sha256sum | head -c 12
}

# What a user installs on a Debian, besides a newer kernel: the packages that
# the texts name, but for those whose names he finds out.
packages_of_texts()
{
	(cd "$TREE" && check-docs/check-docs.sh -l | xargs cat) |
		sed -n "/^ *\`\`\`console .*check-install/,/^ *\`\`\`\$/p" |
		sed -e ':more' -e '/\\$/{N; s/\\\n> */ /; b more' -e '}' |
		sed -n 's/^# apt install //p' | tr ' ' '\n' |
		grep -x '[a-z][a-z0-9.+-]*' | sort -u
}

KEY=$(key_of packages add-kernels.sh init)
WORKSHOP_KEY=$(key_of packages-workshop)
PACKAGER_KEY=$(key_of packages-packager)
USER_KEY=$(key_of packages-user users.tsv add-repository.sh add-run-step.sh \
	run-step run-step.service <(packages_of_texts))
CLIENT_KEY=$(key_of packages-client add-run-step.sh run-step run-step.service)
MATRIX_KEY=$(key_of packages-matrix add-headers.sh limit-armhf.sh)
RT_KEY=$(key_of packages add-kernels.sh init kernels-on-request.tsv)
readonly KEY WORKSHOP_KEY PACKAGER_KEY USER_KEY CLIENT_KEY MATRIX_KEY RT_KEY

# table NAME: what NAME.tsv, or the list NAME, says beside its comments
table()
{
	local file=$VM_DIR/$1

	[ -e "$file" ] || file+=.tsv
	sed 's/#.*//; /^[[:space:]]*$/d' "$file"
}

all_series()
{
	table kernels | awk '{ print $1 }'
}

series_on_request()
{
	table kernels-on-request | awk '{ print $1 }'
}

# The series whose flavour this is: 6.12 of 6.12-rt, and of 6.12
base_of()
{
	echo "${1%%-*}"
}

all_kernels()
{
	table kernels
	table kernels-on-request
}

# What it takes to test some series
needed_for()
{
	echo emulator
	suites_of "$@"
	[[ " $* " != *" debug "* ]] || echo debug-kernel
}

# The suites of some series, each once
suites_of()
{
	local series

	for series in "$@"; do
		suite_of "$series"
	done | sort -u
}

suite_of()
{
	# shellcheck disable=SC2154 # in debug-kernel.sh
	[ "$1" != debug ] || echo "$debugged_suite"
	all_kernels | awk -v series="$1" '$1 == series { print $2 }'
}

series_of()
{
	all_kernels | awk -v suite="$1" '$2 == suite { print $1 }' | xargs
}

archives_of()
{
	all_kernels | awk -v suite="$1" '$2 == suite { print $3 }' | xargs
}

suite_dir()
{
	local key=$KEY

	case $1 in
	workshop)	key=$WORKSHOP_KEY ;;
	packager-*)	key=$PACKAGER_KEY ;;
	user-*)		key=$USER_KEY ;;
	client-*)	key=$CLIENT_KEY ;;
	matrix-*)	key=$MATRIX_KEY ;;
	rt-*)		key=$RT_KEY ;;
	debug-kernel)	key=$(debug_kernel_key) ;;
	esac
	echo "$CACHE/$1-$key"
}

# The guests' file systems
has_image()
{
	[[ $1 != @(emulator|packager-*|matrix-*) ]]
}

root_of()
{
	echo "$(suite_dir "$1")/root"
}

release_of()
{
	local root

	if [ "$1" = debug ]; then
		cat "$DEBUG_KERNEL/release"
		return
	fi
	root=$(root_of "$(suite_of "$1")")
	awk -v series="$1" '$1 == series { print $2 }' "$root/boot/releases"
}

# Of some series: what is booted, and what is in /lib/modules
kernel_of()
{
	file_of "$1" vmlinuz
}

initramfs_of()
{
	file_of "$1" initramfs
}

file_of()
{
	if [ "$1" = debug ]; then
		echo "$DEBUG_KERNEL/$2"
	else
		echo "$(root_of "$(suite_of "$1")")/boot/$2-$(release_of "$1")"
	fi
}

modules_of()
{
	if [ "$1" = debug ]; then
		echo "$DEBUG_KERNEL/modules"
	else
		echo "$(root_of "$(suite_of "$1")")/usr/lib/modules/$(
			release_of "$1")"
	fi
}

is_root_whole()
{
	local root release _

	[ "$1" != debug-kernel ] || { is_debug_kernel_whole; return; }
	root=$(root_of "$1")
	case $1 in
	emulator)	[ -x "$root/usr/bin/qemu-system-x86_64" ]; return ;;
	workshop)	[ -x "$root/usr/bin/clang" ] && [ -s "$root.img" ]
			return ;;
	packager-*)	[ -x "$root/usr/bin/lintian" ]; return ;;
	user-*)		[ -s "$root/repository/${1#*-}/Packages" ] &&
				[ -s "$root.img" ]
			return ;;
	matrix-*)	[ -s "$root/boot/headers" ]; return ;;
	client-*)	[ -x "$root/usr/bin/mn" ] && [ -s "$root.img" ]
			return ;;
	esac
	[ -x "$root/usr/bin/make" ] && [ -s "$root/boot/releases" ] &&
		[ -s "$root.img" ] || return 1
	while read -r _ release; do
		[ -s "$root/boot/vmlinuz-$release" ] &&
		[ -s "$root/boot/initramfs-$release" ] &&
		[ -s "$root/usr/lib/modules/$release/modules.dep" ] || return 1
	done < "$root/boot/releases"
}

need_roots()
{
	local suite

	announce_footprint "$@"
	for suite in "$@"; do
		alone need_root "$suite"
	done
	# shellcheck disable=SC2034 # for footprint.sh
	MADE_ROOTS=$SECONDS
}

need_root()
{
	[ "$1" != debug-kernel ] || { need_debug_kernel; return; }
	is_root_whole "$1" || make_root "$1"
	hold "$(suite_dir "$1")"
}

# A namespace in which mounts vanish by themselves. It can be private only
# where / is a mount point, which it is not in a chroot.
in_own_mounts()
{
	local propagation=private

	unshare --mount true 2> /dev/null || propagation=unchanged
	unshare --mount --propagation "$propagation" "$@"
}

# in_root SUITE [DIRECTORY:MOUNT-POINT]... -- COMMAND...
in_root()
{
	in_own_mounts "$VM_DIR/in-root.sh" "$(root_of "$1")" "${@:2}"
}
