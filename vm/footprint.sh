# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What a root file system costs to make, and a command to run once they are
# made: footprint.tsv says what they did when `vm.sh footprint` was last run.

# The sum of a column of footprint.tsv over some suites
cost()
{
	local column=$1 suites=${*:2}

	table footprint | awk -v column="$column" -v suites=" $suites " '
		index(suites, " " $1 " ") { sum += $column }
		END { print sum + 0 }'
}

# Before anything is made: what is to come, and whether there is room for it
announce_footprint()
{
	local suite missing=() unknown=() download disk minutes free

	for suite in "$@"; do
		is_root_whole "$suite" || missing+=("$suite")
	done
	[ "${#missing[@]}" -ne 0 ] || return 0

	download=$(cost 2 "${missing[@]}")
	disk=$(cost 3 "${missing[@]}")
	minutes=$(($(cost 4 "${missing[@]}") / 60 + 1))
	free=$(df --output=avail --block-size=1M "$CACHE" | tail -n 1)
	say "to be made, once: ${missing[*]}"
	say "expect $download MB of downloads, $disk MB in $CACHE, and" \
		"$minutes minutes for this ($(processors_measured_on) processors)"
	for suite in "${missing[@]}"; do
		is_measured "$suite" || unknown+=("$suite")
	done
	[ ${#unknown[@]} -eq 0 ] ||
		say "what ${unknown[*]} will take besides is not known"
	say "each machine uses $MEMORY of memory while it runs"
	[ "$free" -gt "$disk" ] ||
		die "$CACHE has $free MB free, but $disk MB are needed"
}

is_measured()
{
	table footprint | grep -q "^$1	"
}

processors_measured_on()
{
	sed -n 's/^# processors: //p' "$VM_DIR/footprint.tsv"
}

# What a root file system did cost, in the format of footprint.tsv
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

# write_run_cost COMMAND SERIES...: what this run did cost, without the making of
# the root file systems; in the same format, their sizes summed up
write_run_cost()
{
	local command=$1 roots=() suite seconds=$((SECONDS - MADE_ROOTS))

	for suite in $(needed_for "${@:2}"); do
		roots+=("$(suite_dir "$suite")/cost")
	done
	awk -v command="$command" -v seconds="$seconds" '
		{ download += $2; disk += $3 }
		END { printf "%s\t\t%s\t\t%s\t\t%s\n",
			command, download, disk, seconds }' "${roots[@]}" \
		> "$CACHE/runs/$command"
}

# For developers, after the first demo and check with an empty cache, and
# check-debug where its footprint is wanted
write_footprint()
{
	local run runs=(demo check)

	for run in check-debug-short check-debug; do
		[ ! -s "$CACHE/runs/$run" ] || runs+=("$run")
	done
	for run in "${runs[@]}"; do
		[ -s "$CACHE/runs/$run" ] || die "nothing is known of" \
			"a whole vm.sh $run with this cache"
	done
	cat - "$CACHE"/*-"$KEY"/cost \
		"$(suite_dir workshop)"/[c]ost \
		"$(suite_dir debug-kernel)"/[c]ost \
		"${runs[@]/#/"$CACHE/runs/"}" \
		> "$VM_DIR/footprint.tsv" <<-END
	# Written by \`vm.sh footprint\`
	# processors: $(nproc)
	#
	# what		download/MB	disk/MB		seconds
	END
}
