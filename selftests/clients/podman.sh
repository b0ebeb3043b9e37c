#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Podman, run by root: two containers on its bridge, and a pod with a published
# port.

. "$(dirname "$0")/lib.sh"

ALL_TESTS="
	bridge
	pod
	nothing_is_left
"

prepare_podman()
{
	say_version "Podman $(podman version --format '{{.Client.Version}}')"
	make_box podman
}

# run NAME [OPTION...] -- COMMAND...
run()
{
	run_container podman "$@"
}

address_of()
{
	podman inspect --format '{{.NetworkSettings.IPAddress}}' "$1"
}

bridge()
{
	run one -- sleep 100000
	run two -- sleep 100000
	podman exec one ping -c 3 -W 10 "$(address_of two)" >/dev/null
	check_err $? "one gets no answer from two"
	ping -c 3 -W 10 "$(address_of one)" >/dev/null
	check_err $? "the host gets no answer from one"
	check_devices 4
	log_test "two containers on the bridge"
}

# The containers of a pod share one namespace, and so one pair.
pod()
{
	must podman pod create --name pod --publish 8081:80 \
		--infra-image box --infra-command "sleep 100000" >/dev/null
	defer quietly podman pod rm --force --time 0 pod
	run web --pod pod -- httpd -f -h /www
	run asker --pod pod -- sleep 100000
	slowwait 10 answers "http://127.0.0.1:8081/"
	check_web "http://127.0.0.1:8081/"
	check_web "http://127.0.0.1/" podman exec asker
	check_devices 2
	log_test "a pod with a published port"
}

nothing_is_left()
{
	check_no_devices
	log_test "containers take their devices along"
}

put_in_veths_place
prepare_podman
tests_run
exit $EXIT_STATUS
