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
	sed '/^# --- the machine/,$d' "$SELFTESTS/../vm/debug-kernel.config" |
		grep '^CONFIG_' >"$SCRATCH/options" ||
		echo "what it should have, debug-kernel.config"
	grep -vxF -f "$SCRATCH/config" "$SCRATCH/options"
}

# Two of them switch themselves off when they have found something, or when they
# are short of memory. One that is off takes no orders.
find_sleepers()
{
	grep -qE '^ *debug_locks: +1$' /proc/lockdep_stats ||
		echo "lockdep is off"
	echo scan=off 2>/dev/null >$KMEMLEAK || echo "kmemleak is off"
}

begin_debugging()
{
	local missing

	missing=$(missing_options; find_sleepers
		[ -n "$(read_jiffies)" ] || echo "jiffies in /proc/timer_list")
	[ -z "$missing" ] || die "this is no debug kernel, it lacks:
$missing"
	: >"$SCRATCH/starts"
}

# What warns once per boot shall warn once per script.
begin_debugging_script()
{
	echo 1 >/sys/kernel/debug/clear_warn_once
	echo "$(read_jiffies) $1" >>"$SCRATCH/starts"
}

# Kmemleak's clock. That of /proc/uptime is some seconds ahead of it.
read_jiffies()
{
	awk '/^jiffies: / { print $2; exit }' /proc/timer_list
}

# What two scans did not see a reference to, and is older than five seconds. A
# scan takes long, so there are two for all scripts.
scan_for_leaks()
{
	sleep 6
	echo scan >$KMEMLEAK && echo scan >$KMEMLEAK
}

# The time of an allocation tells during which script it was made.
find_leaks()
{
	scan_for_leaks || echo "kmemleak does not scan"
	awk '
		NR == FNR {
			start[++scripts] = $1
			name[scripts] = $2
			next
		}
		/^unreferenced object/ {
			object = $0
			next
		}
		object {
			for (n = scripts; n > 0 && start[n] > $NF; n--)
				;
			if (n > 0)
				print "kmemleak: in " name[n] ":\n" \
					"kmemleak: " object
			object = ""
		}
		n > 0 { print "kmemleak: " $0 }
	' "$SCRATCH/starts" - <$KMEMLEAK || echo "kmemleak cannot be read"
}
