# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Machines that boot from a disk of their own, by systemd, as a user's do, again
# and again if need be: the disk keeps what they have done.

readonly DISK_SECONDS=3600
# Nothing by the hour of the day: copies of dpkg's lists after midnight, or an
# apt that has the lock when a test wants it
readonly NO_TIMERS=systemd.mask=timers.target

# make_disk NAME DIR WORK-TREE: of the root file system NAME, and what the machine
# and we exchange
make_disk()
{
	local dir=$2 root

	root=$(root_of "$1")
	mkdir -p "$dir/host"
	cp --sparse=always "$root.img" "$dir/disk.img"
	cp "$root"/boot/vmlinuz-* "$dir/host/vmlinuz"
	cp "$root"/boot/initrd.img-* "$dir/host/initrd"
	cp -a "$3" "$dir/host/tree"
}

# run_step DIR STEP WORDS...: boots the kernel that the last step has left, and
# tells it these words, runs STEP.sh of the tree, and returns its status; 1, if the
# kernel has complained. Of two machines that are joined $HOST is which one this
# is, "left" or "right", and $WIRE where the sockets are, each end's own.
run_step()
{
	local dir=$1 step=$2 console status

	console=$dir/console-$(basename "$dir")-${step##*/}.log
	rm -f "$dir/host/status"
	printf '%s\n' "export KSFT_MACHINE_SLOW=yes HOST=${HOST:-}" \
		"bash /host/tree/$step.sh" "status=\$?" \
		"dmesg -t > kernel-log" "exit \$status" > "$dir/host/step"
	run_disk "$dir" "$console" "${@:3}"
	if read -r status 2> /dev/null < "$dir/host/status"; then
		check_kernel_log "$dir/host/kernel-log" || status=1
		return "$status"
	fi
	show_failure "$console"
	return "$FAILED_GUEST"
}

check_kernel_log()
{
	local splats

	splats=$("$TREE/selftests/find-splats.sh" < "$1") || return
	[ -n "$splats" ] || return 0
	echo "not ok the kernel has complained"
	echo "# kernel: ${splats//$'\n'/$'\n'# kernel: }"
	return 1
}

run_disk()
{
	local dir=$1 network words="root=/dev/vda rw console=ttyS0 panic=-1 oops=panic"

	words+=" no_timer_check $CHEAPER $NO_TIMERS ${*:3}"
	mapfile -t network < <(network_card "${HOST:-}")
	in_emulator timeout --foreground --kill-after=5 "$DISK_SECONDS" \
		qemu-system-x86_64 -accel "$ACCEL" -cpu "$CPU" -smp 2 -m 2G \
		-nodefaults -display none "${network[@]}" -no-reboot \
		-kernel "$dir/host/vmlinuz" -initrd "$dir/host/initrd" \
		-append "$words" \
		-drive "file=$(quoted "$dir/disk.img"),if=virtio,format=raw" \
		-virtfs "$(share host "$dir/host")" \
		-chardev "file,id=serial,path=$(quoted "$2")" \
		-serial chardev:serial -device virtio-serial \
		-chardev file,id=port,path=/proc/self/fd/1 \
		-device virtserialport,chardev=port,name=output \
		< /dev/null | cat
}

# The words for QEMU, a line each
network_card()
{
	local other=left

	if [ -z "$1" ]; then
		printf '%s\n' -nic none
		return
	fi
	[ "$1" = right ] || other=right
	printf '%s\n' -netdev "dgram,id=wire,$(wire_end local "$1"),$(
		wire_end remote "$other")" \
		-device "virtio-net-pci,netdev=wire,mac=$(mac_of "$1")"
}

wire_end()
{
	echo "$1.type=unix,$1.path=$(quoted "$WIRE-$2")"
}

mac_of()
{
	[ "$1" = left ] && echo 02:00:00:00:00:01 || echo 02:00:00:00:00:02
}
