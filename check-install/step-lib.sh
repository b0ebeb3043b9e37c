# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the steps share, besides ../selftests/lib.sh. They run on a Debian of their
# own, as its root; what one of them leaves is there for the next.

export DEBIAN_FRONTEND=noninteractive

. "$(dirname "${BASH_SOURCE[0]}")/../selftests/lib.sh"

readonly TREE=/host/tree MEMORY=/var/tmp/myveth-steps
# shellcheck disable=SC2034 # for the scripts
readonly PACKAGES=/host/packages NEXT_PACKAGES=/host/next
# shellcheck disable=SC2034 # as well
SUITE=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)

mkdir -p "$MEMORY"

# As in a user's shell. Where SIGPIPE is ignored, as systemd has it, programs
# say what no user sees: dkms complains of a broken pipe.
yes 2>/dev/null | :
[ "${PIPESTATUS[0]}" -eq 141 ] || abort "SIGPIPE is ignored"

# --- tools ---------------------------------------------------------------

# shellcheck disable=SC2034 # for the scripts
readonly INITRD_TOOLS="lsinitramfs update-initramfs"

# without TOOLS COMMAND...: as if each of the tools failed.
without()
{
	local tool bin

	bin=$(mktemp -d "$SCRATCH/bin-XXXXXX") || abort "no place for a tool"
	for tool in $1; do
		must ln -s /bin/false "$bin/$tool"
	done
	shift
	PATH=$bin:$PATH "$@"
}

# --- packages ------------------------------------------------------------

# apt WORDS...: as whoever answers yes; its output is $SCRATCH/apt as well.
apt()
{
	command apt --yes "$@" 2>&1 | tee "$SCRATCH/apt"
	return "${PIPESTATUS[0]}"
}

# must_apt WORDS...: shows what it said if it fails.
must_apt()
{
	apt "$@" >/dev/null && return
	sed 's/^/# /' "$SCRATCH/apt"
	show_build_log
	abort "apt $* failed"
}

show_build_log()
{
	sed 's/^/# /' /var/lib/dkms/myveth/*/build/make.log 2>/dev/null |
		tail -n 20
}

# check_said REGEX: what apt or a maintainer's script told the user.
check_said()
{
	grep -qE -e "$1" "$SCRATCH/apt"
	check_err $? "apt does not say '$1'"
}

# check_configured PACKAGE
check_configured()
{
	check_equal "$(dpkg-query --show --showformat '${Status}' "$1" 2>&1)" \
		"install ok installed" "state of $1"
}

# The version that the tree's packages have.
tree_version()
{
	"$TREE/install/version.sh"
}

# --- the texts -----------------------------------------------------------

# run_text NAME: types what the block "check-install=NAME" of the texts says,
# here and in this shell, so that a later block finds the variables of this one.
run_text()
{
	local place command

	"$TREE/check-docs/check-docs.sh" "--list=check-install=$1" \
		>"$SCRATCH/block"
	[ -s "$SCRATCH/block" ] || abort "the texts have no block $1"
	while IFS=$'\t' read -rd '' place _ command <&3; do
		type_command "$place" "$command"
	done 3<"$SCRATCH/block"
}

# type_command PLACE COMMAND: it must print what stands below it there, if
# anything does, and end as the block says.
type_command()
{
	eval "$2" </dev/null 3<&- >"$SCRATCH/printed" 2>&1
	"$TREE/check-docs/check-docs.sh" "--compare=$1:$?" \
		<"$SCRATCH/printed" && return
	show_build_log
	abort "$1: $2"
}

# --- the source ----------------------------------------------------------

# get_source: "the directory of the source" of the texts, unchanged; we go there.
get_source()
{
	must cd "$SCRATCH"
	must rm -rf tree
	must cp -r "$TREE" tree
	must cd tree
}

# run_make WORDS...: in what get_source got, with its output in $SCRATCH/make;
# the exit status is make's.
run_make()
{
	make -C "$SCRATCH/tree" "$@" >"$SCRATCH/make" 2>&1
}

# must_make WORDS...: shows what it said if it fails.
must_make()
{
	run_make "$@" && return
	sed 's/^/# /' "$SCRATCH/make"
	abort "make $* failed"
}

# --- the module ----------------------------------------------------------

# Of all kernels that are installed.
releases()
{
	local path

	for path in /lib/modules/*/modules.builtin; do
		basename "$(dirname "$path")"
	done | sort --version-sort
}

# check_built RELEASE VERSION
check_built()
{
	local file

	file=$(modinfo -k "$1" -n myveth 2>/dev/null)
	check_match "$file" "/updates/dkms/myveth\.ko" "module for $1"
	check_equal "$(modinfo -F version "$file")" "$2" "version for $1"
	check_match "$(dkms status myveth -k "$1" 2>/dev/null)" \
		"^myveth/$2, ${1//+/[+]}, [^:]*: installed" "dkms status"
}

check_not_built()
{
	modinfo -k "$1" myveth >/dev/null 2>&1
	check_fail $? "there is a module for $1"
}

# --- pairs ---------------------------------------------------------------

is_ours()
{
	ethtool -S "$1" | grep -qw pair_id
}

# As the README has it.
check_pair_works()
{
	setup_ns BLUE
	must ip link add name a type myveth peer name b netns "$BLUE"
	defer delete_pair
	must ip addr add 192.0.2.1/24 dev a
	must ip link set dev a up
	must ip -n "$BLUE" addr add 192.0.2.2/24 dev b
	must ip -n "$BLUE" link set dev b up
	slowwait 10 link_has_carrier a
	ping -c 3 -i 0.2 -W 10 192.0.2.2 >/dev/null
	check_err $? "no answer from the other end"
	check_equal "$(driver_of a)" myveth "driver"
}

# It may have gone with its module.
delete_pair()
{
	[ ! -d /sys/class/net/a ] || ip link del dev a
}

link_has_carrier()
{
	[ "$(cat "/sys/class/net/$1/carrier" 2>/dev/null)" = 1 ]
}

# --- what is left ----------------------------------------------------------

# in_initrds NAME: the files with that name in them.
in_initrds()
{
	local initrd

	for initrd in /boot/initrd.img-*; do
		lsinitramfs "$initrd" | grep -F "$1" | sed "s|^|$initrd: |"
	done
}

# Files that no package owns, but for those that change by themselves, and the key
# that DKMS has made for all modules to come. (Directories in /usr/local are
# nobody's: who has removed the last file does not know who made them.)
unowned_files()
{
	find / -xdev \( -path /host -o -path /proc -o -path /sys -o -path /dev \
		-o -path /run -o -path /tmp -o -path /var/tmp \
		-o -path /var/log -o -path /var/cache -o -path /var/lib/apt \
		-o -path /var/lib/dpkg -o -path /repository \
		-o -path /var/lib/systemd -o -path '/var/lib/dkms/mok.*' \
		-o -path /etc/alternatives -o -lname '/etc/alternatives/*' \
		\) -prune -o \! \( -path '/usr/local/*' -type d \) -print |
		sort >"$SCRATCH/all"
	sed -E 's#^/(lib|lib64|bin|sbin)/#/usr/\1/#' /var/lib/dpkg/info/*.list |
		sort -u >"$SCRATCH/owned"
	comm -23 "$SCRATCH/all" "$SCRATCH/owned"
}

# leave_module DIRECTORY: what is left there, below a kernel that is gone.
leave_module()
{
	must mkdir -p "/lib/modules/0-gone/$1"
	: >"/lib/modules/0-gone/$1/myveth.ko"
}

# The new kernel's own files are not ours, but modules of others are.
check_nothing_is_left()
{
	local release

	release=$(releases | grep -vxF -f "$MEMORY/releases-before")
	[ -n "$release" ] || abort "no new kernel"
	check_equal "$(unowned_files | comm -13 "$MEMORY/files-before" - |
		awk -v release="$release" '!index($0, release) ||
			/\/updates(\/|$)/')" "" "files that are left"
	check_equal "$(in_initrds myveth)" "" "files in an initrd"
	check_equal "$(find / -xdev -path /host -prune -o \
		-path /var/tmp -prune -o -path /tmp -prune -o \
		-name '*myveth*' -print | grep -v ^/var/log)" "" \
		"files with its name"
	check_equal "$(dkms status myveth)" "" "dkms status"
	check_equal "$(modprobe --showconfig | grep -w myveth)" "" \
		"lines for modprobe"
}
