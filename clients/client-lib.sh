# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the tests of clients share, besides ../selftests/lib.sh. Each has a Debian
# to itself, with systemd, and is its root. There the kernel's own veth is missing,
# and myveth in its place.

# shellcheck source=selftests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../selftests/lib.sh"

readonly TREE=/host/tree

# For the table: say_version WORDS...
say_version()
{
	echo "$*" >/host/version
}

# They name what they remove.
quietly()
{
	"$@" >/dev/null
}

put_in_veths_place()
{
	local modules

	modules=/lib/modules/$(uname -r)
	rm -f "$modules"/kernel/drivers/net/veth.ko*
	must install -D -m 644 "$TREE/myveth.ko" "$modules/updates/myveth.ko"
	must depmod
	must "$TREE/install/myveth-drop-in" on >/dev/null
}

# make_rootfs DIRECTORY: the root of a container, out of one program.
make_rootfs()
{
	must mkdir -p "$1"/{bin,sbin,dev,etc,proc,run,sys,tmp,root,usr,var,www}
	must cp /bin/busybox "$1/bin"
	must chroot "$1" /bin/busybox --install -s /bin
	echo "root:x:0:0:root:/root:/bin/sh" >"$1/etc/passwd"
	echo "ID=busybox" >"$1/etc/os-release"
	echo "it is here" >"$1/www/index.html"
}

# --- whose devices they are ------------------------------------------------

# veth_devices COMMAND...: runs it for each device of kind veth, in its namespace,
# with the device's name as last word.
veth_devices()
{
	local net name

	# A process may end meanwhile, and its namespace with it
	all_namespaces | while read -r net; do
		for name in $(nsenter --net="$net" \
			      ip -o link show type veth 2>/dev/null |
			      sed -nE 's/^[0-9]+: ([^:@]+).*/\1/p'); do
			nsenter --net="$net" "$@" "$name"
		done
	done
}

foreign_devices()
{
	# shellcheck disable=SC2016 # the inner shell expands them
	veth_devices sh -c \
		'ethtool -S "$0" 2>/dev/null | grep -qw pair_id || echo "$0"'
}

# check_devices N: there are N of kind veth, all of them ours.
check_devices()
{
	check_equal "$(veth_devices echo | wc -l)" "$1" "devices of kind veth"
	check_equal "$(foreign_devices)" "" "devices that are not ours"
	[ ! -d /sys/module/veth ]
	check_err $? "the kernel's own veth is loaded"
}

there_are_none()
{
	[ -z "$(veth_devices echo)" ]
}

# A namespace that is gone takes its devices along a little later.
check_no_devices()
{
	slowwait 20 there_are_none
	check_devices 0
}

# The last case: who still holds a device keeps it waiting, and the kernel says so.
module_goes()
{
	must rmmod myveth
	check_devices 0
	log_test "rmmod"
}

# --- traffic ---------------------------------------------------------------

# check_web URL [WHERE...]: a web server answers; WHERE is a command before which
# the question is put.
check_web()
{
	local url=$1 answer

	shift
	answer=$("$@" /bin/busybox wget -q -O - "$url" 2>&1)
	check_equal "$answer" "it is here" "answer of $url"
}

answers()
{
	[ "$(/bin/busybox wget -q -O - "$1" 2>/dev/null)" = "it is here" ]
}

# --- containers ------------------------------------------------------------

# make_box ENGINE: an image, for docker or podman.
make_box()
{
	make_rootfs "$SCRATCH/rootfs"
	tar -C "$SCRATCH/rootfs" -c . |
		"$1" import - box >"$SCRATCH/import" 2>&1 ||
		abort "$1 import: $(tail -n 1 "$SCRATCH/import")"
}

# run_container ENGINE NAME [OPTION...] -- COMMAND...: of that image.
run_container()
{
	local engine=$1 name=$2 options=()

	shift 2
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	# ping of busybox needs a raw socket
	must quietly "$engine" run --detach --cap-add NET_RAW --name "$name" \
		"${options[@]}" box "$@"
	defer quietly "$engine" rm --force "$name"
	defer quietly "$engine" kill "$name"
}

# check_two_containers ENGINE FORMAT: on its own bridge; FORMAT is that of the
# address for its command inspect.
check_two_containers()
{
	local engine=$1 format=$2

	run_container "$engine" one -- sleep 100000
	run_container "$engine" two -- sleep 100000
	quietly "$engine" exec one \
		ping -c 3 -W 10 "$("$engine" inspect --format "$format" two)"
	check_err $? "one gets no answer from two"
	quietly ping -c 3 -W 10 \
		"$("$engine" inspect --format "$format" one)"
	check_err $? "the host gets no answer from one"
	check_devices 4
	log_test "two containers on the bridge that $engine makes"
}

docker_runs()
{
	docker info >/dev/null 2>&1
}

start_docker()
{
	must systemctl start docker
	slowwait 60 docker_runs || abort "docker does not start"
	say_version "Docker $(docker version --format '{{.Server.Version}}')"
	make_box docker
}
