#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A test of the BPF part: a script, or some tests of the program test_progs,
# whose names are the arguments.

cd "$KSELFTESTS/bpf" || exit
# What a machine has that is in use: /dev/net/tun, and huge pages for AF_XDP
modprobe tun
echo 128 > /proc/sys/vm/nr_hugepages
# A slow machine has not loaded the program that lets an answer through when
# ARP, which asks once a second, gives up
echo 10 > /proc/sys/net/ipv4/neigh/default/mcast_solicit
# A test that counts what has arrived as soon as it has sent is too early when
# ksoftirqd has been woken and still waits its turn (before Linux 6.5 all later
# packets wait with it). With a real-time priority it has its turn first.
pgrep ksoftirqd | xargs -n 1 chrt --fifo --pid 1

if [[ $1 == *.sh ]]; then
	exec "./${1##*/}" "${@:2}"
fi

# At its end it repeats what is wrong, which would be counted twice
set -o pipefail
./test_progs -t "${@:2}" | awk '
	/^All error logs:/ { prefix = "# " }
	{ print prefix $0; fflush() }'
