# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The programs that make pairs, and know veth only: each in a machine of its own,
# which has no veth but ours; or in two, which a wire joins.

readonly client_root=client-trixie

# clients [PATTERN...]: their names
clients()
{
	local path name pattern

	# shellcheck disable=SC2153 # vm.sh's
	for path in "$TREE"/clients/{,two_hosts/}*.sh; do
		name=${path#"$TREE/clients/"}
		name=${name%.sh}
		[[ $name != *lib ]] || continue
		for pattern in "${@:-*}"; do
			# shellcheck disable=SC2053 # a pattern it is
			[[ $name != $pattern ]] || { echo "$name"; break; }
		done
	done
}

require_clients()
{
	local pattern

	for pattern in "$@"; do
		[ -n "$(clients "$pattern")" ] ||
			die "no client matches $pattern; there are" \
				"$(clients | xargs)"
	done
}

# For the kernel that the machines boot
build_for_clients()
{
	local tree=$1 release

	release=$(cd "$(root_of "$client_root")/usr/lib/modules" && echo *)
	in_root "$client_root" "$tree:/myveth" -- \
		make -C /myveth "KERNELRELEASE=$release" modules plugin
}

# run_host NAME DIR
run_host()
{
	local name=$1 dir=$2 status=0

	make_disk "$client_root" "$dir" "$WORK/client-tree"
	run_step "$dir" "clients/$name" || status=1
	rm "$dir/disk.img"
	return "$status"
}

# The left one tests, and what the right one says is of interest only if that fails
run_two_hosts()
{
	local name=$1 dir=$2 right status=0

	mkdir -p "$dir-right"
	HOST=right WIRE=$dir/wire run_host "$name" "$dir-right" \
		> "$dir-right/said" 2>&1 &
	right=$!
	HOST=left WIRE=$dir/wire run_host "$name" "$dir" || status=1
	wait "$right" || status=1
	[ "$status" -eq 0 ] || sed 's/^/# right: /' "$dir-right/said"
	return "$status"
}

# run_client NAME: as run.sh does, KTAP, and the last line counts
run_client()
{
	local name=$1 dir=$WORK/client-$1 version status=0 run=run_host

	[[ $name != two_hosts/* ]] || run=run_two_hosts
	echo "# $name"
	mkdir -p "$dir"
	"$run" "$name" "$dir" || status=1
	version=$(cat "$dir/host/version" 2> /dev/null) || version=unknown
	write_row "$name" "$version" "$status" > "$WORK/clients/${name//\//:}"
	echo "$((1 - status)) passed, $status failed, 0 skipped"
	return "$status"
}

write_row()
{
	local result=passed

	[ "$3" -eq 0 ] || result="**failed**"
	echo "| $1 | $2 | $result |"
}

show_clients()
{
	echo "| client | version | result |"
	echo "|---|---|---|"
	cat "$WORK"/clients/*
}

check_clients()
{
	local name names

	mapfile -t names < <(clients "${PATTERNS[@]}")
	begin_jobs
	need_roots emulator "$client_root"
	# shellcheck disable=SC2034 # for run_disk()
	ACCEL=tcg,thread=single
	mkdir -p "$WORK"/{client-tree,client-jobs,clients}
	copy_tree "$WORK/client-tree"
	step "building for the clients' machines" "$WORK/client-tree.log" \
		build_for_clients "$WORK/client-tree"
	for name in "${names[@]}"; do
		start_job client-jobs on_a_processor run_client "$name"
	done
	follow_jobs
	show_clients
	end_jobs
}
