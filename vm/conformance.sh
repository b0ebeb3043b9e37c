# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The kernels' own tests, on the in-tree driver and on ours: what of that
# happens on the host. See ../conformance/README.md.
#
# The tests of a kernel are in Debian's package of its source, which is
# downloaded when they are wanted, in the version that the kernel was built
# from. They are built in the root file system "workshop", which is also the one
# that the guests have then, whatever kernel they run.

readonly CONFORMANCE=$TREE/conformance SOURCES=$CACHE/debs/sources
# For all tests on one kernel
readonly CONFORMANCE_SECONDS=14400

# require_kernel_tests [PATTERN...]
require_kernel_tests()
{
	local pattern name

	for pattern in "$@"; do
		for name in $(kernel_tests); do
			# shellcheck disable=SC2053 # a pattern it is
			[[ $name == $pattern ]] && continue 2
		done
		die "no test of the kernel's matches $pattern; there are" \
			"$(kernel_tests | xargs)"
	done
}

# The table is of series; and flavours have no package of their source
require_sources()
{
	local series

	for series in "$@"; do
		[ "$series" = "$(base_of "$series")" ] ||
			die "$series: the kernel's own tests are run on" \
				"$(base_of "$series") only"
	done
}

kernel_tests()
{
	grep -v -e '^#' -e '^$' "$CONFORMANCE/tests.tsv" | cut -f 1 | uniq
}

# The version of the package that a series' kernel was built from
source_version()
{
	# shellcheck disable=SC2016 # dpkg-query expands it
	in_root "$(suite_of "$1")" -- dpkg-query --show \
		--showformat '${Version}' "linux-headers-$(release_of "$1")"
}

source_package()
{
	echo "linux-source-$1_$(source_version "$1")_all.deb"
}

# As mmdebstrap does it: the host's apt, on the sources of the kernel's root,
# whose own lists stay as they are
download_source()
{
	local series=$1 apt=$WORK/apt-$1

	mkdir -p "$SOURCES" "$apt/lists/partial" "$apt/archives/partial"
	cat > "$apt/apt.conf" <<-END
	Dir "$(root_of "$(suite_of "$series")")";
	Dir::State::Lists "$apt/lists";
	Dir::Cache "$apt";
	APT::Architecture "amd64";
	APT::Sandbox::User "root";
	Acquire::Languages "none";
	END
	export APT_CONFIG=$apt/apt.conf
	apt-get update
	(cd "$SOURCES" && apt-get download \
		"linux-source-$series=$(source_version "$series")")
	# apt writes the colon of an epoch otherwise; there is none so far
	[ -s "$SOURCES/$(source_package "$series")" ]
}

need_source()
{
	[ -s "$SOURCES/$(source_package "$1")" ] ||
		step "downloading the source of Linux $1" \
			"$WORK/source-$1.log" download_source "$1"
}

# Of all that the tests are made from
tests_dir()
{
	local key

	key=$({ source_version "$1"; echo "$WORKSHOP_KEY"
		cat "$CONFORMANCE"/{build*.sh,keep}; } | sha256sum)
	echo "$CACHE/kernel-tests-$1-${key:0:12}"
}

need_kernel_tests()
{
	local series=$1 dir

	dir=$(tests_dir "$series")
	if [ ! -d "$dir" ]; then
		need_source "$series"
		step "building the tests of Linux $series" \
			"$WORK/kernel-tests-$series.log" \
			build_kernel_tests "$series" "$WORK/tests-$series"
		delete_unused "$CACHE/kernel-tests-$series"-*
		mv "$WORK/tests-$series/tests" "$dir"
		rm -r "$WORK/tests-$series"
	fi
	hold "$dir"
}

# The tests find each other by their places in the kernel's tree. They keep
# them, in what is left of it when all that only builds them is gone.
build_kernel_tests()
{
	local series=$1 dir=$2 release

	release=$(release_of "$series")
	mkdir -p "$dir"/{source,kernel,tests}
	ln "$(root_of "$(suite_of "$series")")/boot/vmlinuz-$release" \
		"$dir/kernel/vmlinuz"
	in_root workshop "$SOURCES:/debs" "$dir/source:/source" \
		"$dir/kernel:/kernel" "$dir/tests:/tests" \
		"$CONFORMANCE:/conformance" -- \
		/conformance/build-kernel-tests.sh \
		"/debs/$(source_package "$series")" "$series" "$release"
}

# Into the layer, from which the guests see them
add_kernel_tests()
{
	local layer

	layer=$(layer_of "$1")
	[ -d "$layer/kernel-tests" ] ||
		cp -al "$(tests_dir "$1")" "$layer/kernel-tests"
}

prepare_conformance()
{
	local series

	prepare "$@"
	need_roots workshop
	for series in "$@"; do
		alone need_kernel_tests "$series"
		add_kernel_tests "$series"
	done
}

# Many of the tests depend on the time. An emulated machine that shares its
# processors with others has its own: it counts instructions, a nanosecond each,
# so that only sleep takes the time of the host. The newest kernel has the most
# tests: it begins.
conformance()
{
	local series job results=$WORK/results.tsv jobs=() status=0

	prepare_conformance "$@"
	# Some want three processors, and some much memory
	# shellcheck disable=SC2034 # for boot.sh
	PROCESSORS=4 MEMORY=3G GUEST_SUITE=workshop
	# shellcheck disable=SC2034 # for boot.sh as well
	[ "$ACCEL" = kvm ] || CLOCK=(-icount "shift=0")
	offer_processors
	for series in $(printf '%s\n' "$@" | sort -Vr); do
		take_processor
		keep_to_processor run_kernel_tests "$series" &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do
		wait "$job" || status=1
	done
	for series in "$@"; do
		cat "$WORK/$series/results.tsv" || status=1
	done > "$results"
	show_results "$results" || status=1
	[ "${KINDS:-}" ] || keep_results "$results"
	return "$status"
}

# The log is kept: a table says what failed, but not why
run_kernel_tests()
{
	local series=$1 log=$CACHE/logs/conformance-$1.log status=0

	boot "$series" output "$CONFORMANCE_SECONDS" \
		/myveth/conformance/run-kernel-tests.sh "$series" \
		"${PATTERNS[@]}" | tee "$log" | sed -u "s/^/$series: /" >&2 ||
		status=$?
	say "the log is $log"
	awk -f "$CONFORMANCE/subtests.awk" "$log" \
		> "$WORK/$series/results.tsv"
	return "$status"
}

show_results()
{
	awk -v tests="$CONFORMANCE/tests.tsv" \
		-v reasons="$CONFORMANCE/reasons.tsv" \
		-f "$CONFORMANCE/table.awk" "$1"
}

# The repository's table has for each test and kernel what it last did, and is
# made anew as soon as that is known of all of them.
keep_results()
{
	local new=$1 kept=$CACHE/runs/conformance.tsv

	touch "$kept"
	awk -F '\t' 'NR == FNR { seen[$1, $2] = 1; print; next }
		!(($1, $2) in seen)' "$new" "$kept" |
		sort --stable --version-sort --key=1,1 > "$WORK/kept.tsv"
	mv "$WORK/kept.tsv" "$kept"
	if ! is_complete "$kept"; then
		say "results.md stays as it is: some tests have not been run" \
			"yet on some kernels"
		return
	fi
	{
		echo "<!-- Written by make conformance -->"
		show_results "$kept" || :
	} > "$CONFORMANCE/results.md"
}

is_complete()
{
	local series name

	for series in $(all_series); do
		for name in $(kernel_tests); do
			grep -q "^$series	$name	" "$1" || return
		done
	done
}
