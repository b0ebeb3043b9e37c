# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What it costs to make the root file systems: "costs" says what it did when
# `vm.sh measure` last tried.

# The sum of a column of "costs" over some suites
cost()
{
	local column=$1 suites=${*:2}

	table costs | awk -v column="$column" -v suites=" $suites " '
		index(suites, " " $1 " ") { sum += $column }
		END { print sum + 0 }'
}

# Before anything is made: what is to come, and whether there is room for it
announce_costs()
{
	local suite missing=() download disk minutes free

	for suite in "$@"; do
		is_root_whole "$suite" || missing+=("$suite")
	done
	[ "${#missing[@]}" -ne 0 ] || return 0

	download=$(cost 2 "${missing[@]}")
	disk=$(cost 3 "${missing[@]}")
	minutes=$(($(cost 4 "${missing[@]}") / 60 + 1))
	free=$(df --output=avail --block-size=1M "$CACHE" | tail -n 1)
	say "to be made, once: root file systems of ${missing[*]}"
	say "expect $download MB of downloads, $disk MB in $CACHE," \
		"$minutes minutes with $(processors_measured_on) processors"
	say "each machine uses $MEMORY of memory while it runs"
	[ "$free" -gt "$disk" ] ||
		die "$CACHE has $free MB free, but $disk MB are needed"
}

processors_measured_on()
{
	sed -n 's/^# processors: //p' "$VM_DIR/costs"
}

# What a root file system did cost, in the format of "costs"
write_cost()
{
	local suite=$1 dir=$2 seconds=$3 debs=$CACHE/debs/$1

	printf '%s\t%s\t\t%s\t\t%s\n' "$suite" "$(megabytes "$debs")" \
		"$(megabytes "$debs" "$dir")" "$seconds" > "$dir/cost"
}

megabytes()
{
	du -cm --summarize "$@" | awk 'END { print $1 }'
}

# For developers: makes everything in a cache of its own and writes "costs"
measure_costs()
{
	MYVETH_CACHE=$WORK/cache "$VM_DIR/vm.sh" prepare
	cat - "$WORK"/cache/*/cost > "$VM_DIR/costs" <<-END
	# Written by \`vm.sh measure\`
	# processors: $(nproc)
	#
	# suite		download/MB	disk/MB		seconds
	END
}
