# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The cache: all that is downloaded or built, outside the work tree.
#
#	debs/SUITE/	packages, so that nothing is downloaded twice
#	SUITE-KEY/	a root file system; KEY says what it was made from
#	logs/		of the last failures
#	runs/		what the last whole runs did cost
#	tmp/		work of the runs that are going on; $WORK is ours
#
# Whoever uses a directory there holds a shared lock on it; what nobody holds may
# be deleted. Children inherit the locks, so that the machine of a killed run
# keeps what it works with. "lock" is held by the one who makes or deletes.

CACHE=${MYVETH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/myveth}

open_cache()
{
	mkdir -p "$CACHE"/{debs,logs,runs,tmp}
	tag_cache
	alone make_work
	trap close_cache EXIT
}

# What nobody holds there are leftovers of killed runs
make_work()
{
	delete_unused "$CACHE"/tmp/*
	WORK=$(mktemp -d "$CACHE/tmp/XXXXXX")
	hold "$WORK"
}

# The tag by which backup programs know what need not be saved
tag_cache()
{
	cat > "$CACHE/CACHEDIR.TAG" <<-END
	Signature: 8a477f597d28d172789f06886806bc55
	# Made by vm/vm.sh of myveth. Delete it whenever you like.
	END
}

# Runs a command while nobody else makes or deletes anything there
alone()
{
	exec {lock}> "$CACHE/lock"
	if ! flock --nonblock "$lock"; then
		say "waiting for another vm.sh, which works in $CACHE"
		flock "$lock"
	fi
	"$@"
	exec {lock}>&-
}

# Until we and all our children have ended
hold()
{
	local directory

	exec {directory}< "$1"
	flock --shared "$directory"
}

delete_unused()
{
	local dir directory

	for dir in "$@"; do
		exec {directory}< "$dir"
		! flock --nonblock "$directory" || remove_work "$dir"
		exec {directory}<&-
	done
}

# One file system only: what a killed run left mounted there is not deleted
remove_work()
{
	keep_downloads "$1"
	rm -rf --one-file-system "$1"
}

# An interrupted run downloaded packages that the next one will want
keep_downloads()
{
	local root

	for root in "$1"/*/root; do
		keep_debs "$root" "$(basename "$(dirname "$root")")"
	done
}

keep_debs()
{
	local deb

	for deb in "$1"/var/cache/apt/archives/*.deb; do
		ln -f "$deb" "$CACHE/debs/$2" 2> /dev/null || :
	done
}

close_cache()
{
	end_descendants TERM || end_descendants KILL || :
	remove_work "$WORK"
}

# A signal that ends this shell does not end what the shell has started
end_descendants()
{
	local _

	signal_descendants "$1" $$
	for _ in {1..50}; do
		sleep 0.1
		has_children || has_children || return 0
	done
	return 1
}

signal_descendants()
{
	local children child

	read_children "$2"
	for child in $children; do
		signal_descendants "$1" "$child"
		kill -s "$1" "$child" 2> /dev/null || :
	done
}

# Not always: while one child ends the kernel may leave out another
has_children()
{
	local children

	read_children $$
	[ -n "$children" ]
}

# Into $children: a command substitution would be a child itself
read_children()
{
	children=
	{ read -r children < "/proc/$1/task/$1/children"; } 2> /dev/null || :
}

# Only what is known to be ours
delete_cache()
{
	local left

	delete_unused "$CACHE"/*-????????????/ "$CACHE"/tmp/*
	left=("$CACHE"/*-????????????/ "$CACHE"/tmp/*)
	[ "${left[*]}" = "$WORK" ] || die "another vm.sh uses" \
		"${left[@]/#"$WORK"/}"
	rm -rf "$CACHE"/{debs,logs,runs,tmp,kvm,lock,CACHEDIR.TAG}
	rmdir "$CACHE"
}

# Keeps a log of a failure where the user can read it and shows its end
show_failure()
{
	local log=$1 kept

	kept=$CACHE/logs/$(basename "$log")
	cp "$log" "$kept"
	tail -n 25 "$log" | sed 's/^/    /' >&2
	say "the whole log is $kept"
}
