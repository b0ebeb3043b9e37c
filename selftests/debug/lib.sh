# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What run.sh looks for on a debug kernel beyond what the kernel says by itself:
# memory that nobody knows any more, and whether all that should find faults is
# still there. A check with nobody looking would pass.

KMEMLEAK=/sys/kernel/debug/kmemleak

# What vm/debug-kernel.config asks for to find faults and this kernel lacks
missing_options()
{
	zcat /proc/config.gz >"$SCRATCH/config" 2>/dev/null ||
		echo "/proc/config.gz"
	sed '/^# --- the machine/,$d' "$SELFTESTS/vm/debug-kernel.config" |
		grep '^CONFIG_' | grep -vxF -f "$SCRATCH/config"
}

# Two of them switch themselves off when they have found something, or when they
# are short of memory.
find_sleepers()
{
	grep -qE '^ *debug_locks: +1$' /proc/lockdep_stats ||
		echo "lockdep is off"
	scan || echo "kmemleak is off"
}

scan()
{
	echo scan 2>/dev/null >$KMEMLEAK
}

begin_debugging()
{
	local missing

	missing=$(missing_options; find_sleepers)
	[ -z "$missing" ] || die "this is no debug kernel, it lacks:
$missing"
	find_leaks_at_rest >/dev/null
}

# What warns once per boot shall warn once per script.
expect_warnings()
{
	echo 1 >/sys/kernel/debug/clear_warn_once
}

find_debug_faults()
{
	find_sleepers
	find_leaks
}

# What two scans did not see a reference to. What is younger than five seconds
# does not count yet.
find_leaks()
{
	scan
	sed 's/^/kmemleak: /' $KMEMLEAK
	echo clear >$KMEMLEAK
}

find_leaks_at_rest()
{
	sleep 6
	scan
	find_leaks
}
