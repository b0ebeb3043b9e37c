# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Boots a guest, runs one command in it and returns the command's exit status.
#
# The guest has no network card. Its shares are the root file system and the
# layer, both read-only, and "host", through which it gets the command and
# gives back the exit status. A guest that gives none back has failed, unless it
# was expected to panic.

# What the next machines are like; a command may want other ones. GUEST_SUITE
# names their root file system if it is not that of the kernel.
MEMORY=2G
PROCESSORS=2
GUEST_SUITE=
readonly FAILED_GUEST=125
readonly PANICKED_GUEST=126
readonly IMAGE="if=virtio,format=raw,readonly=on"
# An emulator translates code for each address that it appears at, so that it
# had better appear at the same one in every process; it zeroes pages slowly
readonly CHEAPER="norandmaps init_on_alloc=0"

# And a processor that lacks what makes real ones fast or safe, but costs an
# emulator time: page tables of five levels, a switch around each access to user
# memory, and copying by bytes, which it does one by one
CPU=max,-la57,-smap,-erms,-fsrm

# How its clock goes, if not like the host's, and what its kernel is told
CLOCK=()
KERNEL_WORDS=$CHEAPER

# boot SERIES PORT SECONDS COMMAND...: PORT "output" streams what the command
# writes, "terminal" connects it to the user's terminal
boot()
{
	local series=$1 port=$2 limit=$3 dir console status

	dir=$(mktemp -d "$WORK/$series/boot.XXXXXX")
	mkdir "$dir/host"
	# Several machines of one series may run at the same time
	console=$dir/console-$series-${dir##*.}.log
	write_command "${@:4}" > "$dir/host/command"
	write_environment "$series" > "$dir/host/environment"
	run_qemu "$series" "$port" "$limit" "$dir" "$console" ||
		[ $? -ne 124 ] || say "the guest was stopped after $limit s"
	if read -r status 2> /dev/null < "$dir/host/status"; then
		return "$status"
	fi
	! panicked_as_expected "$console" || return "$PANICKED_GUEST"
	show_failure "$console"
	grep -a "Kernel panic" "$console" >&2 || :
	say "the guest did not say how its command ended"
	return "$FAILED_GUEST"
}

# $PANIC is what has to be on the console then
panicked_as_expected()
{
	[ -n "${PANIC:-}" ] && grep -aqE -e "$PANIC" "$1" &&
		grep -aq "Kernel panic" "$1"
}

write_command()
{
	printf '%q ' "$@"
	echo
}

# What of our environment the command shall see, and what it has to know
# about its machine
write_environment()
{
	local name

	for name in $FOR_GUESTS; do
		[ -z "${!name:-}" ] ||
			printf 'export %s=%q\n' "$name" "${!name}"
	done
	[ "$ACCEL" = kvm ] && [ "$1" != debug ] ||
		echo "export KSFT_MACHINE_SLOW=yes"
	[ ! -t 0 ] || stty size | sed 's/\(.*\) \(.*\)/ROWS=\1 COLUMNS=\2/'
}

run_qemu()
{
	local series=$1 port=$2 limit=$3 dir=$4 console=$5
	local suite image machine

	suite=$(suite_of "$series")
	image=$(root_of "${GUEST_SUITE:-$suite}").img
	machine=(-accel "$ACCEL" -cpu "$CPU" -smp "$PROCESSORS" -m "$MEMORY"
		"${CLOCK[@]}"
		-nodefaults -display none -nic none -no-reboot
		-kernel "$(kernel_of "$series")"
		-initrd "$(initramfs_of "$series")"
		-append "$(kernel_parameters "$series")"
		-drive "file=$(quoted "$image"),$IMAGE"
		-virtfs "$(share layer "$(layer_of "$series")"),readonly=on"
		-virtfs "$(share host "$dir/host")"
		-chardev "file,id=serial,path=$(quoted "$console")"
		-serial chardev:serial -device virtio-serial)
	if [ "$port" = terminal ]; then
		in_emulator qemu-system-x86_64 "${machine[@]}" \
			-chardev stdio,id=port,signal=off \
			-device virtconsole,chardev=port,name=terminal
	else
		in_emulator timeout --foreground --kill-after=5 "$limit" \
			qemu-system-x86_64 "${machine[@]}" \
			-chardev file,id=port,path=/proc/self/fd/1 \
			-device virtserialport,chardev=port,name=output \
			< /dev/null | cat
	fi
}

# KASAN would be silent after its first report. On a busy host the emulated timer
# may tick too late for the kernel's check of it, which ends in a panic.
kernel_parameters()
{
	local words="console=ttyS0 panic=-1 oops=panic $KERNEL_WORDS"

	words+=" no_timer_check"

	[ "$1" != debug ] || words+=" kasan_multi_shot"
	echo "$words"
}

# All files that QEMU opens are in the cache
in_emulator()
{
	in_root emulator /dev:/dev "$CACHE:$CACHE" -- "$@"
}

share()
{
	echo "local,mount_tag=$1,path=$(quoted "$2"),security_model=none"
}

# QEMU's options are separated by commas
quoted()
{
	echo "${1//,/,,}"
}

# Emulated processors take turns in one thread. With a thread for each there
# would be more of them than the host has processors when all kernels are tested,
# and one that waits for another would keep it from running. The debug kernel is
# tested alone, and to find what processors do to each other: it gets them both.
#
# /dev/kvm may exist and its guests hang. So it is used only after a guest has
# really booted with it, which is tried once after each boot of the host.
choose_accelerator()
{
	local series=$1 limit=10 answer boot_id

	ACCEL=tcg,thread=single
	[ "$series" != debug ] || ACCEL=tcg,thread=multi limit=60
	[ "${KVM:-1}" != 0 ] && [ -w /dev/kvm ] || return 0
	read -r boot_id < /proc/sys/kernel/random/boot_id
	if ! answer=$(grep -s "^$boot_id" "$CACHE/kvm"); then
		say "trying whether guests boot with KVM"
		answer="$boot_id no"
		ACCEL=kvm boot "$series" output "$limit" true 2> /dev/null &&
			answer="$boot_id yes"
		echo "$answer" > "$CACHE/kvm"
		say "KVM works: ${answer#* }"
	fi
	[[ $answer != *yes ]] || ACCEL=kvm
}
