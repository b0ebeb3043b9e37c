# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Builds the project for one kernel. The result is a layer, which a guest sees
# on top of its root file system:
#
#	myveth/			a copy of the work tree, built
#	usr/lib/modules/	the kernel's modules and ours
#	usr/lib/...		the plugin of ip(8)

layer_of()
{
	echo "$WORK/$1/layer"
}

need_layer()
{
	local series=$1 layer

	layer=$(layer_of "$series")
	[ ! -d "$layer" ] || return 0
	mkdir -p "$layer/myveth"
	step "building for Linux $(release_of "$series")" \
		"$WORK/build-$series.log" make_layer "$series" "$layer"
}

# Hard links, so that depmod sees all modules and none is copied
make_layer()
{
	local release modules=$2/usr/lib/modules

	release=$(release_of "$1")
	mkdir -p "$modules"
	ln -s usr/lib "$2/lib"
	cp -al "$(modules_of "$1")" "$modules/$release"
	copy_tree "$2/myveth"
	# shellcheck disable=SC2016 # the inner shell expands them
	in_build_root "$1" "$2/myveth:/myveth" "$2:/layer" -- sh -exc '
		cd /myveth
		make "KERNELRELEASE=$1"
		make install "KERNELRELEASE=$1" DESTDIR=/layer
		make -C selftests/programs' sh "$release"
}

# As in_root, with a series in the place of the suite
in_build_root()
{
	local mounts=()

	[ "$1" != debug ] ||
		mounts=("$(modules_of debug):/usr/lib/modules/$(
			release_of debug)")
	in_root "$(suite_of "$1")" "${mounts[@]}" "${@:2}"
}

# need_mutants SERIES TABLE [PART PARTS]: the broken drivers that the selftests
# have to notice there
need_mutants()
{
	local series=$1 release

	release=$(release_of "$series")
	step "building broken drivers for Linux $release" \
		"$WORK/mutants-$series.log" \
		in_build_root "$series" \
		"$(layer_of "$series")/myveth:/myveth" -- \
		/myveth/selftests/mutants/build-mutants.sh "$release" "${@:2}"
}

# The module that does all that a debug kernel has to notice
need_provoke()
{
	step "building what the debug kernel has to notice" \
		"$WORK/debug/provoke.log" \
		in_build_root debug "$(layer_of debug)/myveth:/myveth" -- \
		make -C "/lib/modules/$(release_of debug)/build" \
		M=/myveth/selftests/debug/provoke modules
}

# What git would commit, or everything where there is no repository
copy_tree()
{
	list_files | tar -C "$TREE" --null --files-from=- -c | tar -C "$1" -x
}

list_files()
{
	local file

	cd "$TREE" || return
	if git -c safe.directory='*' rev-parse 2> /dev/null; then
		git -c safe.directory='*' ls-files -coz --exclude-standard
	else
		find . -type f -not -path './.*' -print0
	fi | while IFS= read -rd '' file; do
		[ -e "$file" ] && printf '%s\0' "$file"
	done
}
