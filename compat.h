/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every difference between the kernels from 6.1 on, and nothing else.
 *
 * The driver is written against the newest kernel. Each block below gives an
 * older one the same interface, says which of the supported kernels need it,
 * and goes when the last of them is dropped. HAVE_* comes from the probes in
 * Kbuild.
 *
 * One probe, one change: between two changes of different releases there is a
 * kernel that has the one and not the other.
 */
#ifndef MYVETH_COMPAT_H
#define MYVETH_COMPAT_H

#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/netdevice.h>
#include <net/net_namespace.h>
#include <net/rtnetlink.h>

#include "myveth.h"

/*
 * Since 6.15 the lock classes of a net_device have a header of their own.
 * Needed by 6.1 and 6.12.
 */
#ifdef HAVE_NETDEV_LOCK_H
#include <net/netdev_lock.h>
#endif

/*
 * Since 6.12 "transmit without the queue's lock" is a bit of its own; it was
 * a feature flag before. Needed by 6.1.
 */
static inline void compat_set_lltx(struct net_device *dev)
{
#ifdef HAVE_LLTX
	dev->lltx = true;
#else
	dev->features |= NETIF_F_LLTX;
#endif
}

/*
 * Since 6.15 what GRO has let go of, but not delivered, is not in the NAPI
 * itself. Needed by 6.1 and 6.12.
 */
static inline struct list_head *compat_gro_list(struct napi_struct *napi)
{
#ifdef HAVE_GRO_NODE
	return &napi->gro.rx_list;
#else
	return &napi->rx_list;
#endif
}

/*
 * Since 7.2 a device that only passes packets on, and touches no byte of them,
 * may say so, and gets those whose bytes are in the memory of another device.
 * They are dropped before it elsewhere. Needed by 6.1 and 6.12.
 */
static inline void compat_allow_netmem(struct net_device *dev)
{
#ifdef HAVE_NETMEM_TX_NO_DMA
	dev->netmem_tx = NETMEM_TX_NO_DMA;
#endif
}

/*
 * Since 6.7 the core allocates the counters of dev->tstats, and frees them. No
 * supported kernel needs this: 6.1 has it too, since its 123rd stable release.
 * Needed by 6.3 to 6.6.
 */
static inline void compat_want_tstats(struct net_device *dev)
{
#ifdef HAVE_PCPU_STAT_TYPE
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
#endif
}

static inline int compat_alloc_tstats(struct net_device *dev)
{
#ifndef HAVE_PCPU_STAT_TYPE
	dev->tstats = netdev_alloc_pcpu_stats(struct pcpu_sw_netstats);
	if (!dev->tstats)
		return -ENOMEM;
#endif
	return 0;
}

static inline void compat_free_tstats(struct net_device *dev)
{
#ifndef HAVE_PCPU_STAT_TYPE
	free_percpu(dev->tstats);
#endif
}

/*
 * netconsole sends with interrupts off, which is not what the backlog is for,
 * so it is refused. Not on 6.1: there a refused target keeps the device without
 * a reference to it, but gives one back, and deleting the device never ends. As
 * veth does there, netconsole is let in then. The headers do not show when that
 * was mended; do_netpoll_cleanup() appeared at the same time, in 6.12. Needed
 * by 6.1.
 */
static inline void compat_refuse_netpoll(struct net_device *dev)
{
#ifdef HAVE_NETPOLL_REFUSAL
	dev->priv_flags |= IFF_DISABLE_NETPOLL;
#endif
}

/*
 * Since 7.3 the caller names the namespace whose lock it holds while it queues
 * a device of another one. Needed by 6.1, 6.12 and 7.2.
 */
#ifndef HAVE_UNREGISTER_QUEUE_NET
static inline void unregister_netdevice_queue_net(struct net *net,
						  struct net_device *dev,
						  struct list_head *head)
{
	unregister_netdevice_queue(dev, head);
}
#endif

/*
 * Since 6.10 references to pages of an skb have a header of their own. Needed
 * by 6.1.
 */
#ifdef HAVE_SKBUFF_REF_H
#include <linux/skbuff_ref.h>
#endif

/*
 * Since 6.6 page pools have two headers. Needed by 6.1.
 */
#ifdef HAVE_PAGE_POOL_HELPERS_H
#include <net/page_pool/helpers.h>
#else
#include <net/page_pool.h>
#endif

/*
 * Since 6.3 a device says what XDP can do on it. Needed by 6.1.
 */
#ifndef HAVE_XDP_FEATURES
typedef u32 xdp_features_t;

#define NETDEV_XDP_ACT_BASIC		0
#define NETDEV_XDP_ACT_REDIRECT		0
#define NETDEV_XDP_ACT_RX_SG		0
#define NETDEV_XDP_ACT_NDO_XMIT		0
#define NETDEV_XDP_ACT_NDO_XMIT_SG	0

static inline void xdp_set_features_flag(struct net_device *dev,
					 xdp_features_t features)
{
}
#endif

/*
 * Since 6.3 an XDP program can ask the driver about its packet. Needed by 6.1,
 * where these types do not exist and nobody calls the functions.
 */
#ifdef HAVE_XDP_METADATA_OPS
static inline void
compat_set_xdp_metadata_ops(struct net_device *dev,
			    const struct xdp_metadata_ops *ops)
{
	dev->xdp_metadata_ops = ops;
}
#else
enum xdp_rss_hash_type {
	XDP_RSS_TYPE_NONE,
	XDP_RSS_TYPE_L4_ANY,
};

struct xdp_metadata_ops {
	int (*xmo_rx_timestamp)(const struct xdp_md *ctx, u64 *timestamp);
	int (*xmo_rx_hash)(const struct xdp_md *ctx, u32 *hash,
			   enum xdp_rss_hash_type *type);
};

static inline void
compat_set_xdp_metadata_ops(struct net_device *dev,
			    const struct xdp_metadata_ops *ops)
{
}
#endif

/*
 * Since 6.8 it can ask for the packet's VLAN tag, too. Needed by 6.1.
 */
#ifdef HAVE_XMO_RX_VLAN_TAG
#define COMPAT_XMO_RX_VLAN_TAG(function)	.xmo_rx_vlan_tag = (function),
#else
#define COMPAT_XMO_RX_VLAN_TAG(function)
#endif

/*
 * Since 6.9 the core asks for statistics of each queue. Needed by 6.1, where
 * nobody does.
 */
#ifdef HAVE_NETDEV_STAT_OPS
#include <net/netdev_queues.h>

static inline void compat_set_stat_ops(struct net_device *dev,
				       const struct netdev_stat_ops *ops)
{
	dev->stat_ops = ops;
}
#else
struct netdev_queue_stats_rx {
	u64 bytes;
	u64 packets;
};

struct netdev_queue_stats_tx {
	u64 bytes;
	u64 packets;
};

struct netdev_stat_ops {
	void (*get_queue_stats_rx)(struct net_device *dev, int idx,
				   struct netdev_queue_stats_rx *stats);
	void (*get_queue_stats_tx)(struct net_device *dev, int idx,
				   struct netdev_queue_stats_tx *stats);
	void (*get_base_stats)(struct net_device *dev,
			       struct netdev_queue_stats_rx *rx,
			       struct netdev_queue_stats_tx *tx);
};

static inline void compat_set_stat_ops(struct net_device *dev,
				       const struct netdev_stat_ops *ops)
{
}
#endif

/*
 * Since 6.8 the core shows which NAPI serves a queue. Needed by 6.1.
 */
static inline void compat_link_napi(struct net_device *dev, unsigned int index,
				    struct napi_struct *napi)
{
#ifdef HAVE_QUEUE_SET_NAPI
	netif_queue_set_napi(dev, index, NETDEV_QUEUE_TYPE_RX, napi);
#endif
}

/*
 * Since 6.13 what is set for a NAPI (gro-flush-timeout and the like) is kept
 * with its queue while the NAPI comes and goes, and its number is. Needed by
 * 6.1 and 6.12.
 */
static inline void compat_napi_add(struct net_device *dev,
				   struct napi_struct *napi,
				   int (*poll)(struct napi_struct *, int),
				   unsigned int index)
{
#ifdef HAVE_NAPI_ADD_CONFIG
	netif_napi_add_config(dev, napi, poll, index);
#else
	netif_napi_add(dev, napi, poll);
#endif
}

/*
 * Since 6.11 what a program that redirects tells the core is kept with the task
 * that runs it, and who runs one outside of softirqs gives room for it. Needed
 * by 6.1, which keeps it for each CPU.
 */
#ifndef HAVE_BPF_NET_CONTEXT
struct bpf_net_context {
};

static inline struct bpf_net_context *
bpf_net_ctx_set(struct bpf_net_context *context)
{
	return context;
}

static inline void bpf_net_ctx_clear(struct bpf_net_context *context)
{
}
#endif

/*
 * Tell those who convert or free what came by @rxq whose memory it is: pages of
 * some type, or that of @frame. Since 6.15 a frame knows no more than a type.
 * Needed by 6.1 and 6.12.
 */
static inline void compat_set_rxq_memory(struct xdp_rxq_info *rxq,
					 enum xdp_mem_type type)
{
	rxq->mem.type = type;
	rxq->mem.id = 0;
}

static inline void compat_set_rxq_frame_memory(struct xdp_rxq_info *rxq,
					       const struct xdp_frame *frame)
{
#ifdef HAVE_XDP_FRAME_MEM_TYPE
	rxq->mem.type = frame->mem_type;
#else
	rxq->mem = frame->mem;
#endif
}

/*
 * Get up to @n heads of skbs, zeroed, and return how many there are. Since 6.15
 * they come from the NAPI's cache. Needed by 6.1 and 6.12.
 */
static inline unsigned int compat_alloc_skb_heads(void **skbs, unsigned int n)
{
#ifdef HAVE_NAPI_SKB_CACHE_GET_BULK
	return napi_skb_cache_get_bulk(skbs, n);
#else
	return xdp_alloc_skb_bulk(skbs, n, GFP_ATOMIC | __GFP_ZERO) ? 0 : n;
#endif
}

/*
 * Whether @prog may move the beginning or the end of its packet. Since 6.13 the
 * verifier tells; 6.12 has it as well. Needed by 6.1.
 */
static inline bool compat_prog_moves_data(const struct bpf_prog *prog)
{
#ifdef HAVE_CHANGES_PKT_DATA
	return prog->aux->changes_pkt_data;
#else
	return true;
#endif
}

/*
 * Since 6.9 the core copies an skb into pages of a pool. Needed by 6.1, where
 * the pages come one by one and all of them are filled.
 */
#ifndef HAVE_SKB_PP_COW_DATA
/* Copy @len bytes of @skb, from @offset on, into pages added to @copy. */
static inline int compat_copy_to_pages(struct page_pool *pool,
				       struct sk_buff *copy,
				       const struct sk_buff *skb,
				       unsigned int offset)
{
	unsigned int size, i;
	struct page *page;

	for (i = 0; offset < skb->len; i++, offset += size) {
		page = page_pool_dev_alloc_pages(pool);
		if (!page)
			return -ENOMEM;
		size = min_t(unsigned int, skb->len - offset, PAGE_SIZE);
		skb_add_rx_frag(copy, i, page, 0, size, PAGE_SIZE);
		if (skb_copy_bits(skb, offset, page_address(page), size))
			return -EFAULT;
	}
	return 0;
}

static inline int skb_pp_cow_data(struct page_pool *pool, struct sk_buff **pskb,
				  unsigned int headroom)
{
	unsigned int room = SKB_WITH_OVERHEAD(PAGE_SIZE - headroom);
	struct sk_buff *skb = *pskb, *copy;
	unsigned int size;
	struct page *page;
	int err;

	if (skb->len > room + MAX_SKB_FRAGS * PAGE_SIZE)
		return -ENOMEM;
	page = page_pool_dev_alloc_pages(pool);
	if (!page)
		return -ENOMEM;
	copy = build_skb(page_address(page), PAGE_SIZE);
	if (!copy) {
		page_pool_recycle_direct(pool, page);
		return -ENOMEM;
	}

	skb_mark_for_recycle(copy);
	skb_reserve(copy, headroom);
	skb_copy_header(copy, skb);
	size = min(skb->len, room);
	err = skb_copy_bits(skb, 0, skb_put(copy, size), size);
	skb_headers_offset_update(copy, skb_headroom(copy) - skb_headroom(skb));
	if (!err)
		err = compat_copy_to_pages(pool, copy, skb, size);
	if (err) {
		consume_skb(copy);
		return err;
	}
	consume_skb(skb);
	*pskb = copy;
	return 0;
}
#endif

/*
 * Since 6.5 the core parses an ifinfomsg with its attributes. No supported
 * kernel needs this: 6.1 has it too, since its 52nd stable release. Needed by
 * 6.3 and 6.4.
 */
#ifndef HAVE_RTNL_NLA_PARSE_IFINFOMSG
static inline int rtnl_nla_parse_ifinfomsg(struct nlattr **tb,
					   const struct nlattr *nla,
					   struct netlink_ext_ack *extack)
{
	const struct ifinfomsg *ifm = nla_data(nla);

	if (ifm->ifi_index < 0) {
		NL_SET_ERR_MSG_ATTR(extack, nla,
				    "An interface index is not negative");
		return -EINVAL;
	}
	return rtnl_nla_parse_ifla(tb, (const struct nlattr *)(ifm + 1),
				   nla_len(nla) - sizeof(*ifm), extack);
}
#endif

/*
 * Since 6.2 the core can also answer the one who asked for a link. No supported
 * kernel needs this: 6.1 has it too, since its 170th stable release. Needed by
 * those before.
 */
#ifndef HAVE_RTNL_CONFIGURE_LINK_NLH
static inline int compat_configure_link(struct net_device *dev,
					const struct ifinfomsg *ifm,
					u32 portid, const struct nlmsghdr *nlh)
{
	return rtnl_configure_link(dev, ifm);
}

#define rtnl_configure_link	compat_configure_link
#endif

/*
 * Since 6.13 the core parses the peer's nest, validates it and looks up its
 * namespace (peer_type), and since 6.15 newlink gets its arguments in one
 * structure. Needed by 6.1 and 6.12, where compat_newlink() does what the core
 * does elsewhere. The second decides. 6.13 and 6.14 have the first only; there
 * the core leaves the peer to a driver that does not set peer_type.
 *
 * COMPAT_NEWLINK(driver) defines driver_link_newlink(), which the kernel calls,
 * out of driver_newlink(), which is written for the newest.
 */
#ifdef HAVE_RTNL_NEWLINK_PARAMS

#define COMPAT_NEWLINK(driver)						\
static int driver##_link_newlink(struct net_device *dev,		\
				 struct rtnl_newlink_params *params,	\
				 struct netlink_ext_ack *extack)	\
{									\
	return driver##_newlink(dev, params, extack);			\
}

#define COMPAT_PEER_TYPE(attr)	.peer_type = (attr),

/* The namespace that an id in the request is relative to. */
static inline struct net *
compat_requester_net(const struct rtnl_newlink_params *params)
{
	return params->src_net;
}

#else

#define COMPAT_NEWLINK(driver)						\
static int driver##_link_newlink(struct net *src_net,			\
				 struct net_device *dev,		\
				 struct nlattr *tb[],			\
				 struct nlattr *data[],			\
				 struct netlink_ext_ack *extack)	\
{									\
	return compat_newlink(driver##_newlink, src_net, dev, tb, data,	\
			      extack);					\
}

#define COMPAT_PEER_TYPE(attr)

struct rtnl_newlink_params {
	struct net *src_net;
	struct net *link_net;
	struct net *peer_net;
	struct nlattr **tb;
	struct nlattr **data;
};

static inline struct net *
rtnl_newlink_peer_net(struct rtnl_newlink_params *params)
{
	return params->peer_net ? : params->link_net ? : params->src_net;
}

/*
 * These kernels hand newlink one namespace only: the requester's, or with
 * IFLA_LINK_NETNSID that one, and then the requester's is not known here.
 */
static inline struct net *
compat_requester_net(const struct rtnl_newlink_params *params)
{
	return params->link_net ? NULL : params->src_net;
}

/* Hand out the namespace that @tb names by pid or fd with a reference. */
static inline struct net *compat_named_net(struct nlattr *tb[])
{
	if (!tb[IFLA_NET_NS_PID] && !tb[IFLA_NET_NS_FD])
		return NULL;
	return rtnl_link_get_net(NULL, tb);
}

/* Not inlined: the table of attributes would sit in the driver's frame too. */
static noinline_for_stack __maybe_unused struct net *
compat_peer_net(struct net_device *dev, struct nlattr *tb[],
		struct nlattr *data[], struct netlink_ext_ack *extack)
{
	struct nlattr *peer_tb[IFLA_MAX + 1];
	int err;

	if (!data || !data[MYVETH_INFO_PEER])
		return compat_named_net(tb);

	err = rtnl_nla_parse_ifinfomsg(peer_tb, data[MYVETH_INFO_PEER], extack);
	if (err)
		return ERR_PTR(err);
	err = dev->rtnl_link_ops->validate(peer_tb, NULL, extack);
	if (err)
		return ERR_PTR(err);
	return compat_named_net(peer_tb);
}

typedef int (*compat_newlink_t)(struct net_device *dev,
				struct rtnl_newlink_params *params,
				struct netlink_ext_ack *extack);

static inline int compat_newlink(compat_newlink_t newlink, struct net *src_net,
				 struct net_device *dev, struct nlattr *tb[],
				 struct nlattr *data[],
				 struct netlink_ext_ack *extack)
{
	struct rtnl_newlink_params params = {
		.src_net = src_net,
		.link_net = tb[IFLA_LINK_NETNSID] ? src_net : NULL,
		.tb = tb,
		.data = data,
	};
	int err;

	params.peer_net = compat_peer_net(dev, tb, data, extack);
	if (IS_ERR(params.peer_net))
		return PTR_ERR(params.peer_net);

	err = newlink(dev, &params, extack);
	if (params.peer_net)
		put_net(params.peer_net);
	return err;
}

#endif /* HAVE_RTNL_NEWLINK_PARAMS */

#endif /* MYVETH_COMPAT_H */
