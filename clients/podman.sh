#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Podman, run by root: two containers on its bridge, and a pod with a published
# port.

. "$(dirname "$0")/client-lib.sh"

ALL_TESTS="
	bridge
	pod
	nothing_is_left
	module_goes
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

bridge()
{
	check_two_containers podman '{{.NetworkSettings.IPAddress}}'
}

# The containers of a pod share one namespace, and so one pair.
pod()
{
	must quietly podman pod create --name pod --publish 8081:80 \
		--infra-image box --infra-command "sleep 100000"
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
