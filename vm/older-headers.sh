#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# older-headers.sh HEADERS COPY RELEASE
#
# Debian has no headers of the kernels between 6.1 and 6.12. This makes some that
# answer the driver, and the probes in Kbuild, as those of RELEASE would. 6.12's
# HEADERS are copied to the directory COPY, which is made; then all that the
# driver uses of them goes back to what it was in RELEASE:
#
#	6.12 --> 6.11 --> 6.10 --> ... --> 6.6
#
# They are not the headers of that kernel: what is not written down here stays as
# it is in 6.12. A module can be built with COPY/build, but not loaded.

set -euo pipefail
cd "$(dirname "$0")"
. ./copy-headers.sh

readonly COPY=$2 RELEASE=$3 INCLUDE=$2/common/include
FORGOTTEN=0

die()
{
	echo "older-headers.sh: $*" >&2
	exit 1
}

is_later()
{
	[ "$1" != "$RELEASE" ] &&
		printf '%s\n' "$RELEASE" "$1" | sort --version-sort --check=quiet
}

# rename SINCE NAME BEFORE: what has NAME since a release had another before
rename()
{
	local files

	is_later "$1" || return 0
	files=$(grep -rlw "$2" "$INCLUDE"/{linux,net,uapi/linux}) ||
		die "there is no $2, which came with $1"
	xargs sed -i "s/\<$2\>/$3/g" "$COPY/build/Module.symvers" <<< "$files"
}

# forget SINCE NAME...: what came with a release goes. It gets a name that nobody
# knows, which is as good, and leaves the headers that use it whole.
forget()
{
	local name

	for name in "${@:2}"; do
		FORGOTTEN=$((FORGOTTEN + 1))
		rename "$1" "$name" "forgotten_$FORGOTTEN"
	done
}

# edit SINCE FILE EXPRESSION: a header that a release has changed is as before
edit()
{
	local file=$INCLUDE/$2

	is_later "$1" || return 0
	cp "$file" "$COPY/before"
	sed -i -E "$3" "$file"
	! cmp -s "$file" "$COPY/before" ||
		die "$2 has nothing of what came with $1: $3"
	rm "$COPY/before"
}

# One header instead of two
join_page_pool()
{
	is_later "$1" || return 0
	mv "$INCLUDE/net/page_pool" "$INCLUDE/net/page_pool_parts"
	grep -rlF net/page_pool/ "$INCLUDE" |
		xargs sed -i 's|net/page_pool/|net/page_pool_parts/|'
	echo '#include <net/page_pool_parts/helpers.h>' \
		> "$INCLUDE/net/page_pool.h"
}

# In linux/skbuff.h, and not in a header of its own
join_skbuff_ref()
{
	is_later "$1" || return 0
	cat "$INCLUDE/linux/skbuff_ref.h" >> "$INCLUDE/linux/skbuff.h"
	rm "$INCLUDE/linux/skbuff_ref.h"
}

mkdir "$COPY"
copy_headers "$1" "$COPY"

# 6.12's stable releases have it, too.
forget 6.13 changes_pkt_data

forget 6.12 do_netpoll_cleanup
forget 6.12 lltx
edit 6.12 linux/netdev_features.h 's/__UNUSED_NETIF_F_12/NETIF_F_LLTX_BIT/'
edit 6.12 linux/netdev_features.h \
	's/^#define NETIF_F_LRO.*/&\n#define NETIF_F_LLTX __NETIF_F(LLTX)/'

edit 6.11 linux/ethtool.h '/^struct kernel_ethtool_ts_info \{/,/^\}/d'
rename 6.11 kernel_ethtool_ts_info ethtool_ts_info
forget 6.11 bpf_net_context bpf_net_ctx_set bpf_net_ctx_clear

join_skbuff_ref 6.10

forget 6.9 netdev_stat_ops netdev_queue_stats_rx netdev_queue_stats_tx stat_ops
forget 6.9 skb_pp_cow_data

forget 6.8 xmo_rx_vlan_tag
forget 6.8 netif_queue_set_napi

forget 6.7 pcpu_stat_type NETDEV_PCPU_STAT_TSTATS
# min() and max() of two types, of which one is signed, but never negative
edit 6.7 linux/minmax.h 's/!__types_ok\(ux, uy\)/!__typecheck(x, y)/'

join_page_pool 6.6
edit 6.6 net/xdp.h "/^struct xdp_metadata_ops \{/,/^\}/{w $COPY/moved
d}"
edit 6.6 linux/netdevice.h 's/^struct xdp_md;/&\nenum xdp_rss_hash_type;/'
edit 6.6 linux/netdevice.h "/^enum xdp_rss_hash_type;/r $COPY/moved"

edit 6.5 net/rtnetlink.h \
	's/(rtnl_nla_parse_ifinfomsg.*)nla_peer,/\1head, int len,/'
rename 6.5 rtnl_nla_parse_ifinfomsg rtnl_nla_parse_ifla

forget 6.3 xdp_metadata_ops xdp_rss_hash_type XDP_RSS_TYPE_NONE \
	XDP_RSS_TYPE_L4_ANY
forget 6.3 xdp_set_features_flag xdp_features_t NETDEV_XDP_ACT_BASIC \
	NETDEV_XDP_ACT_REDIRECT NETDEV_XDP_ACT_RX_SG NETDEV_XDP_ACT_NDO_XMIT \
	NETDEV_XDP_ACT_NDO_XMIT_SG

edit 6.2 net/rtnetlink.h '/^int rtnl_configure_link/s/,$/);/'
edit 6.2 net/rtnetlink.h '/^\t+u32 portid, const struct nlmsghdr/d'
