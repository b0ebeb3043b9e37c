#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
#
#	make_pair_pyroute2.py NAME PEER NAMESPACE
#
# A pair of kind myveth by pyroute2, with the peer in another namespace. pyroute2
# knows the nested attributes of each kind by the kind's name; those of an unknown
# kind it leaves out without a word. Ours are veth's.

import os
import sys

from pyroute2 import IPRoute
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

ifinfmsg.ifinfo.register_link_kind(
    module={"myveth": ifinfmsg.ifinfo.veth_data})


def make_pair(name, peer, namespace):
    fd = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    attributes = [["IFLA_IFNAME", peer], ["IFLA_NET_NS_FD", fd]]
    with IPRoute() as ip:
        ip.link("add", ifname=name, kind="myveth",
                VETH_INFO_PEER={"attrs": attributes})
    os.close(fd)


if __name__ == "__main__":
    make_pair(*sys.argv[1:])
