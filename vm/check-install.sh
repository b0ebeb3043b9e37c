# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The tests of the installation: Debian packages are built in the root file
# system "packager-SUITE" and judged by lintian; then a machine boots from the
# disk of a small Debian, "user-SUITE", again and again, and does what a user
# does: see ../check-install/steps.

# The packages are upgraded to a version that is the same but for its number
readonly NEXT_VERSION=99.0.0

# build_packages SUITE VERSION TO: VERSION "" is the version of the tree
build_packages()
{
	local suite=$1 version=$2 to=$3 tree=$3/build/myveth

	mkdir -p "$tree"
	copy_tree "$tree"
	[ -z "$version" ] || change_version "$tree" "$version"
	# shellcheck disable=SC2016 # the inner shell expands them
	in_root "packager-$suite" "$to/build:/build" -- sh -exc '
		cd /build/myveth
		export DEB_BUILD_OPTIONS=noautodbgsym
		dpkg-buildpackage --unsigned-source --unsigned-changes
		lintian --allow-root --display-info \
			--fail-on error,warning ../*.changes' &&
	cp "$to"/build/*.deb "$to" &&
	rm -r "$to/build"
}

change_version()
{
	sed -i "s/^\(#define MYVETH_VERSION\t\).*/\1\"$2\"/" "$1/myveth.h"
	sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$2\"/" "$1/dkms.conf"
	sed -i "1s/(.*)/($2)/" "$1/debian/changelog"
}

# --- all of it -------------------------------------------------------------

# Steps build on each other: after one that failed the next is not tried
run_steps()
{
	local dir=$1 step words passed=0 status=0

	while read -r step words <&3; do
		echo "# $step"
		# shellcheck disable=SC2086 # words they are
		run_step "$dir" "check-install/$step" $words ||
			{ status=1; break; }
		passed=$((passed + 1))
	done 3< <(table ../check-install/steps)
	echo "$passed passed, $status failed, 0 skipped"
	return "$status"
}

test_installation()
{
	local suite=$1 dir=$WORK/install-$1

	make_disk "user-$suite" "$dir" "$WORK/install-tree"
	step "building packages on Debian $suite" "$dir-packages.log" \
		build_packages "$suite" "" "$dir/host/packages"
	step "building the next version's" "$dir-packages.log" \
		build_packages "$suite" "$NEXT_VERSION" "$dir/host/next"
	echo "# Debian $suite, accelerator $ACCEL"
	run_steps "$dir"
}

install_suites()
{
	table users | cut -f 1
}

check_install()
{
	local suite suites needed=(emulator)

	mapfile -t suites < <(install_suites)
	begin_jobs
	for suite in "${suites[@]}"; do
		needed+=("packager-$suite" "user-$suite")
	done
	need_roots "${needed[@]}"
	ACCEL=tcg,thread=single
	mkdir -p "$WORK/install-tree"
	copy_tree "$WORK/install-tree"
	for suite in "${suites[@]}"; do
		mkdir -p "$WORK/$suite"
		start_job "$suite" on_a_processor test_installation "$suite"
	done
	follow_jobs
	end_jobs
}
