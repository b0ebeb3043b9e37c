# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Jobs that run beside each other and print test results, of which the last line
# is "N passed, N failed, N skipped". They are added up.

begin_jobs()
{
	PASSED=0 FAILED=0 SKIPPED=0 JOBS=()
	offer_processors
}

# start_job DIRECTORY COMMAND...: in the background, for follow_jobs; what it
# prints is kept in $WORK/DIRECTORY
start_job()
{
	local output

	output=$(mktemp "$WORK/$1/output.XXXXXX")
	"${@:2}" >> "$output" 2>&1 &
	JOBS+=("$! $output")
}

# follow_jobs [COMMAND]: shows what each has printed, and goes on printing, until it
# ends; then runs COMMAND PID OUTPUT, by default count_results.
follow_jobs()
{
	local job

	for job in "${JOBS[@]}"; do
		tail -n +1 --follow --pid="${job% *}" "${job#* }"
		"${1:-count_results}" "${job% *}" "${job#* }"
	done
	JOBS=()
}

# For jobs that print no results
need_success()
{
	wait "$1" || die "a machine has failed: see above"
}

# A machine that ends badly counts as a failure, whatever its tests said
count_results()
{
	local pid=$1 log=$2 status=0 passed failed skipped

	wait "$pid" || status=$?
	read -r passed failed skipped < <(results_in "$log")
	[ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
	PASSED=$((PASSED + passed))
	FAILED=$((FAILED + failed))
	SKIPPED=$((SKIPPED + skipped))
}

# Their last line counts; without it there are no results, which is a failure
results_in()
{
	awk '/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ {
			line = NR; results = $1 " " $3 " " $5
		}
		END { print line && line == NR ? results : "0 1 0" }' "$1"
}

# Fails if a test did, and if there was none
end_jobs()
{
	echo "$PASSED passed, $FAILED failed, $SKIPPED skipped"
	[ "$PASSED" -gt 0 ] && [ "$FAILED" -eq 0 ]
}

# --- who may run -----------------------------------------------------------
#
# These are for background jobs, and until they end. More machines than the host
# has processors are a loss, and so is one that wanders between them if its own
# processors take turns in one thread: it wakes other threads all the time.

# A pipe with the number of each processor that nobody has taken
offer_processors()
{
	mkfifo "$WORK/processors"
	exec {PROCESSORS_LEFT}<> "$WORK/processors"
	our_processors >&"$PROCESSORS_LEFT"
}

our_processors()
{
	local list ranges range

	list=$(sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status)
	IFS=, read -ra ranges <<< "$list"
	for range in "${ranges[@]}"; do
		seq "${range%-*}" "${range#*-}"
	done
}

# on_a_processor COMMAND...: as soon as one is left
on_a_processor()
{
	local turn

	exec {turn}> "$WORK/turn"
	flock "$turn"
	take_processor
	exec {turn}>&-
	keep_to_processor "$@"
}

# Waits for one. Two that wait at once would share the digits of its number.
take_processor()
{
	read -ru "$PROCESSORS_LEFT" PROCESSOR
}

# keep_to_processor COMMAND...: to the one taken, which is left at the end
keep_to_processor()
{
	trap 'echo "$PROCESSOR" >&"$PROCESSORS_LEFT"' EXIT
	[ "$ACCEL" != tcg,thread=single ] ||
		taskset --cpu-list --pid "$PROCESSOR" "$BASHPID" > /dev/null
	"$@"
}
