#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A shell in a throw-away machine in which two topologies are ready to play
# with. Leaving the shell ends the machine.

set -e

. "$(dirname "$0")/../selftests/topologies.sh"

on()
{
	local place=$1

	shift
	if [ "$place" = host ]; then
		"$@"
	else
		ip netns exec "$place" "$@"
	fi
}

modprobe "$KIND"
for ns in ns1 ns2 ns3 ns4; do
	ip netns add $ns
done
join_directly ns1 ns2
on ns1 ip link set veth0 up
on ns2 ip link set veth1 up
join_by_bridge ns3 ns4

# The prompt says in which namespace one is
cat > ~/.bashrc <<'END'
PS1='$(ip netns identify $$)# '
END

cat <<END

A throw-away machine with Linux $(uname -r). Module $KIND is loaded.

    ns1 [ veth0 10.1.1.2 ]---------------------------[ veth1 10.1.1.3 ] ns2
    ns3 [ veth0 10.1.1.2 ]--br-veth0--br0--br-veth1--[ veth1 10.1.1.3 ] ns4

Things to try:

    ip netns exec ns1 ping -c 3 10.1.1.3
    ip netns exec ns2 ip link set veth1 down; ip netns exec ns1 ip link
    bridge fdb show br br0 dynamic
    ip link add name left type $KIND peer name right; ip -d link show left
    ip netns exec ns3 bash		(a shell in ns3; "exit" leaves it)
    /myveth/selftests/run.sh 'netns*'	(some selftests)
    dmesg | tail

"exit" ends the machine; nothing of it remains.

END

bash || :
