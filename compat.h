/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every difference between the supported kernels, and nothing else.
 *
 * The driver is written against the newest kernel. Each block below gives an
 * older one the same interface, says which kernels need it, and goes when the
 * last of them is dropped. HAVE_* comes from the probes in Kbuild.
 */
#ifndef MYVETH_COMPAT_H
#define MYVETH_COMPAT_H

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
 * Since 6.13 the core parses the peer's nest, validates it and looks up its
 * namespace (peer_type), and since 6.15 newlink gets its arguments in one
 * structure. Needed by 6.1 and 6.12: compat_newlink() does there what the core
 * does since.
 */
#ifdef HAVE_RTNL_NEWLINK_PARAMS

#define COMPAT_NEWLINK	myveth_newlink
#define COMPAT_PEER_TYPE(attr)	.peer_type = (attr),

/* The namespace that an id in the request is relative to. */
static inline struct net *
compat_requester_net(const struct rtnl_newlink_params *params)
{
	return params->src_net;
}

#else

#define COMPAT_NEWLINK	compat_newlink
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
static noinline_for_stack struct net *
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

static int myveth_newlink(struct net_device *dev,
			  struct rtnl_newlink_params *params,
			  struct netlink_ext_ack *extack);

static inline int compat_newlink(struct net *src_net, struct net_device *dev,
				 struct nlattr *tb[], struct nlattr *data[],
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

	err = myveth_newlink(dev, &params, extack);
	if (params.peer_net)
		put_net(params.peer_net);
	return err;
}

#endif /* HAVE_RTNL_NEWLINK_PARAMS */

#endif /* MYVETH_COMPAT_H */
