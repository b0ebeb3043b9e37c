# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The debug kernel, which finds faults of its own accord: series "debug". Its
# source is a package of Debian's, its configuration "debug-kernel.config". It is
# built by "build-debug-kernel.sh" in a root file system of the suite that is
# named here, which is made for that and goes when it is done. Its guests have
# that suite's root file system as well.
#
# It is built anew when one of these has changed, or what the suite has as its
# own kernel of that series, for then there is a newer source.

readonly debugged_series=6.12 debugged_suite=bookworm

# Once for each run, for the files may be edited while it lasts
DEBUG_RECIPE=$(cd "$VM_DIR" && cat packages-debug-kernel debug-kernel.config \
	build-debug-kernel.sh init | sha256sum)
readonly DEBUG_RECIPE

debug_kernel_key()
{
	local releases key

	releases=$(root_of "$debugged_suite")/boot/releases
	key=$({
		echo "$DEBUG_RECIPE"
		grep -s "^$debugged_series " "$releases" || :
	} | sha256sum)
	echo "${key:0:12}"
}

is_debug_kernel_whole()
{
	local dir

	dir=$(suite_dir debug-kernel)
	[ -s "$dir/vmlinuz" ] && [ -s "$dir/initramfs" ] &&
	[ -s "$dir/modules/modules.dep" ] &&
	[ -s "$dir/modules/build/Makefile" ] && [ -s "$dir/release" ]
}

need_debug_kernel()
{
	is_debug_kernel_whole || make_debug_kernel
	DEBUG_KERNEL=$(suite_dir debug-kernel)
	hold "$DEBUG_KERNEL"
}

make_debug_kernel()
{
	local dir=$WORK/debug-kernel start=$SECONDS

	mkdir -p "$dir/out" "$CACHE/debs/debug-kernel"
	export DEBS=$CACHE/debs/debug-kernel
	step "making a root file system to build the debug kernel in" \
		"$WORK/debug-kernel.log" bootstrap_builder "$dir/root"
	keep_debs "$dir/root" debug-kernel
	step "building the debug kernel" "$WORK/debug-kernel.log" \
		build_debug_kernel "$dir"
	write_cost debug-kernel "$dir/out" "$((SECONDS - start))"
	delete_unused "$CACHE/debug-kernel"-*
	mv "$dir/out" "$(suite_dir debug-kernel)"
	remove_work "$dir"
}

bootstrap_builder()
{
	bootstrap "$debugged_suite" "$1" "" \
		--include="$(package_list packages-debug-kernel)"
}

build_debug_kernel()
{
	in_own_mounts "$VM_DIR/in-root.sh" "$1/root" "$VM_DIR:/recipe" \
		"$1/out:/out" -- /recipe/build-debug-kernel.sh
}
