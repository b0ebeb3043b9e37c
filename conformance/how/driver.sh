#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A test of any driver, which is told the name of a device and how to reach the
# other end: one end of a pair here, the other in a network namespace.
#
# As with most network cards GRO is on; else veth would take no frames that the
# other end's XDP program sends back. And what comes from the other end is as on
# a wire, in frames that have their checksum; else veth would leave out GRO, and
# nobody would take what an XDP program sends back.

set -e

# Merges PPPoE, which some tests expect
modprobe -q pppoe || :
ip netns add remote
ip link add name local0 numtxqueues 4 numrxqueues 4 type veth \
	peer name remote0 numtxqueues 4 numrxqueues 4 netns remote
trap 'ip link del dev local0; ip netns del remote' EXIT
ip address add 192.0.2.1/24 dev local0
ip address add 2001:db8::1/64 dev local0 nodad
ip -n remote address add 192.0.2.2/24 dev remote0
ip -n remote address add 2001:db8::2/64 dev remote0 nodad
ip link set local0 up
ip -n remote link set remote0 up
ip -n remote link set lo up
ethtool -K local0 gro on > /dev/null
ip netns exec remote ethtool -K remote0 gro on tx off tso off \
	> /dev/null

export NETIF=local0
export LOCAL_V4=192.0.2.1 REMOTE_V4=192.0.2.2
export LOCAL_V6=2001:db8::1 REMOTE_V6=2001:db8::2
export REMOTE_TYPE=netns REMOTE_ARGS=remote REMOTE_IFNAME=remote0
python3 "${0%.sh}.py" "./${1##*/}" "${@:2}"
