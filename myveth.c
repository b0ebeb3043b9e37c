// SPDX-License-Identifier: GPL-2.0
/*
 * myveth - pairs of Ethernet devices: what one end transmits, the other end
 * receives.
 *
 *	      namespace A		      namespace B
 *	+-----------------------+       +-----------------------+
 *	|  sockets, routing     |       |     routing, sockets  |
 *	|     |          ^      |       |      ^          |     |
 *	|     v          |      |       |      |          v     |
 *	|  qdisc     receive    |       |   receive     qdisc   |
 *	+-----|----------^------+       +------^----------|-----+
 *	      v          |  end "a"   end "b"  |          v
 *	 myveth_xmit()   +------<--+   +-->----+    myveth_xmit()
 *	      |                     \ /                   |
 *	      +-------------------->- X -<----------------+
 *		 dev_forward_skb(): the backlog of a CPU, or
 *		 the receiving end's ring: myveth_poll(), GRO, XDP
 *
 * There is no wire, and data is copied for an XDP program only, and the head of
 * a clone for GRO: an skb leaves one end's transmit function as a received skb
 * of the other end. It never goes all the way at once, because ndo_start_xmit
 * runs with locks of the sender held (sockets, qdiscs, bridges) which the
 * receive path takes again. It waits in between
 *
 * - on the backlog of a CPU (the sending one, unless RPS picks another), which
 *   the core empties in softirq. This is the default, and the fastest way for
 *   packets that come one by one;
 * - or, where the receiving end has NAPI and the packet needs it, in a ring
 *   that its poll function empties, many packets at a time: to be merged with
 *   others (GRO), to be shown to an XDP program, or because it is an XDP frame,
 *   redirected here by another driver, and no skb at all.
 *
 * The chapters
 *
 *	myveth.c	the pair, transmit, net_device operations, creation and
 *			deletion: all that a pair needs by default
 *	ring.c		rings, NAPI and GRO
 *	xdp.c		XDP programs
 *	stats.c		what is counted
 *	ethtool.c	what a user can look at and set
 *	pair.h		what the chapters share
 *
 * Who runs where, and under what
 *
 *	function			context		protected by
 *	-----------------------------	---------------	---------------------
 *	myveth_xmit			BH off, any CPU	RCU; no queue lock
 *	myveth_xdp_xmit			BH off, any CPU	RCU
 *	  both, where they use a ring			its producer lock
 *	myveth_poll			softirq, a NAPI	RCU; NAPI: one CPU
 *					thread, or a	at a time
 *					polling socket
 *	myveth_set_ways, which		process		RTNL; NAPI disabled
 *	  receives as a poll does
 *	myveth_get_stats64		process		RTNL or RCU
 *	myveth_get_iflink		process		RTNL or RCU
 *	myveth_get_link_net		process		RTNL or RCU
 *	myveth_get_peer_dev		softirq		RCU
 *	myveth_open, _stop, _bpf	process		RTNL
 *	myveth_set_features		process		RTNL
 *	myveth_set_rx_headroom		process		RCU
 *	myveth_set_rx_mode		process		the address list's lock
 *	myveth_fix_features		process		RTNL
 *	ethtool, queue statistics	process		RTNL
 *	myveth_newlink, _dellink	process		RTNL
 *	myveth_init			process		RTNL; not registered yet
 *	myveth_free			process		nothing; no reader left
 *
 * The lifetime rule of the peer
 *
 *	Each end holds one reference on the other. The pointer is published
 *	when both ends are registered and taken back, by whoever deletes the
 *	pair, before either is unregistered. So it is NULL or points to a
 *	registered device, and a reader inside rcu_read_lock() may use what it
 *	points to: the core waits for readers before it frees a device.
 *	NULL is normal, at any time, on any path.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/net_namespace.h>
#include <net/rtnetlink.h>
#include <net/sock.h>

#include "pair.h"

/* ----------------------------------------------------------------------- */
/* The pair								    */
/* ----------------------------------------------------------------------- */

/*
 * Numbers pairs from 1. 64 bits do not wrap, so that a number is never used
 * again until the module is unloaded. Atomic, because newlink may one day run
 * in two namespaces at once.
 */
static atomic64_t myveth_last_pair_id;

/**
 * myveth_tie() - make a pair of two registered devices
 * @a: one end
 * @b: the other end
 *
 * Both must be registered: the core allocates their per-CPU statistics on the
 * way, and /proc/net/dev reads the peer's without RTNL.
 *
 * Context: process, RTNL held.
 */
static void myveth_tie(struct net_device *a, struct net_device *b)
{
	u64 id = atomic64_inc_return(&myveth_last_pair_id);

	myveth_end(a)->pair_id = id;
	myveth_end(b)->pair_id = id;

	netdev_hold(b, &myveth_end(a)->peer_tracker, GFP_KERNEL);
	netdev_hold(a, &myveth_end(b)->peer_tracker, GFP_KERNEL);

	/* Pairs with the rcu_dereference() of all readers: they find what
	 * registration has set up in the device behind the pointer.
	 */
	rcu_assign_pointer(myveth_end(a)->peer, b);
	rcu_assign_pointer(myveth_end(b)->peer, a);
}

/**
 * myveth_untie() - take back an end's pointer to its peer
 * @dev: the end
 *
 * Whoever gets the peer owns the reference behind it, and gives it back with
 * myveth_put_peer(). xchg() sees to it that only one caller does, also when
 * both ends are deleted at once.
 *
 * Context: process.
 * Return: the peer, or NULL when somebody else was first.
 */
static struct net_device *myveth_untie(struct net_device *dev)
{
	return unrcu_pointer(xchg(&myveth_end(dev)->peer, NULL));
}

static void myveth_put_peer(struct net_device *dev, struct net_device *peer)
{
	netdev_put(peer, &myveth_end(dev)->peer_tracker);
}

/* ----------------------------------------------------------------------- */
/* Transmit								    */
/* ----------------------------------------------------------------------- */

/* Free @skb, which cannot go from @dev to @rcv, and tell both ends. */
void myveth_lose(struct sk_buff *skb, struct net_device *dev,
		 struct net_device *rcv, enum myveth_loss loss)
{
	const struct myveth_loss_info *info = &myveth_loss_info[loss];

	kfree_skb_reason(skb, info->reason);
	myveth_count_loss(dev, loss, 1);
	if (info->seen_by_receiver)
		dev_core_stats_rx_dropped_inc(rcv);
}

/*
 * Somebody may keep a reference to what he sends (pktgen does). The receive
 * path must not write to such an skb, so it gets a clone instead. When there
 * is no memory for one, @skb is left alone and NULL returned.
 */
static struct sk_buff *myveth_unshare(struct sk_buff *skb)
{
	struct sk_buff *clone;

	if (likely(!skb_shared(skb)))
		return skb;

	clone = skb_clone(skb, GFP_ATOMIC);
	if (clone)
		consume_skb(skb);
	return clone;
}

/*
 * Make @skb ready for @rcv, or say why it cannot go there.
 *
 * dev_forward_skb() checks most of this again. It would free the skb without
 * a reason, though, and without telling one cause from the other.
 */
static enum myveth_loss myveth_admit(struct sk_buff *skb,
				     const struct net_device *rcv)
{
	if (unlikely(!pskb_may_pull(skb, ETH_HLEN)))
		return skb->len < ETH_HLEN ? MYVETH_LOSS_SHORT :
					     MYVETH_LOSS_NO_MEMORY;

	/* Sent, whatever becomes of it: who asked for the time of a packet
	 * waits for it also when the packet is lost below. And not later: once
	 * it is forwarded, the skb may be gone.
	 */
	skb_tx_timestamp(skb);

	if (unlikely(!myveth_is_up(rcv)))
		return MYVETH_LOSS_PEER_DOWN;

	/* This looks at IFF_UP too, which may have gone since. */
	if (unlikely(!__is_skb_forwardable(rcv, skb, true)))
		return myveth_is_up(rcv) ? MYVETH_LOSS_TOO_LONG :
					   MYVETH_LOSS_PEER_DOWN;

	/* Somebody may wait for pages that are his, and the receiver keep the
	 * skb for ever. For pages that a socket sends without a copy this does
	 * nothing: the stack makes the copy when a receiver wants to keep them.
	 */
	if (unlikely(skb_orphan_frags(skb, GFP_ATOMIC)))
		return MYVETH_LOSS_NO_MEMORY;

	return MYVETH_NO_LOSS;
}

/*
 * Whether @skb, on its way from @dev to @rcv, may be merged with others. Where
 * @dev leaves segmentation to its peer, TCP comes in large packets already,
 * and only UDP of a local socket may gain; the ring would slow down the rest.
 */
static bool myveth_may_merge(const struct sk_buff *skb,
			     const struct net_device *dev,
			     const struct net_device *rcv)
{
	if (!(rcv->features & NETIF_F_GRO))
		return false;
	if (!(dev->features & NETIF_F_ALL_TSO))
		return true;
	return skb->destructor == sock_wfree &&
	       rcv->features & (NETIF_F_GRO_FRAGLIST | NETIF_F_GRO_UDP_FWD);
}

/**
 * myveth_needs_ring() - whether an skb has to go by a ring, where there is one
 * @skb: the skb
 * @dev: the sending end
 * @rcv: the receiving end
 *
 * An XDP program must see every packet, GRO those that it may merge.
 *
 * Context: BH off, inside rcu_read_lock().
 * Return: true if it has to.
 */
bool myveth_needs_ring(const struct sk_buff *skb, const struct net_device *dev,
		       const struct net_device *rcv)
{
	return rcu_access_pointer(myveth_end(rcv)->prog) ||
	       myveth_may_merge(skb, dev, rcv);
}

/*
 * What myveth_forward() does once an skb of @len bytes has been offered to the
 * backlog, which consumed it. It refuses when it is full, or when the receiver
 * has gone down since we looked.
 */
static netdev_tx_t myveth_count_backlog(struct net_device *dev,
					const struct net_device *rcv,
					unsigned int len, int result)
{
	if (unlikely(result != NET_RX_SUCCESS)) {
		myveth_count_loss(dev, myveth_is_up(rcv) ?
				       MYVETH_LOSS_BACKLOG :
				       MYVETH_LOSS_PEER_DOWN, 1);
		return NET_XMIT_DROP;
	}

	/* Counted by its length on the wire; forwarding pulled the header. */
	dev_sw_netstats_tx_add(dev, 1, len);
	return NET_XMIT_SUCCESS;
}

/**
 * myveth_forward() - hand an skb that is ours alone to the receiving end
 * @skb: the skb, consumed in any case
 * @dev: the sending end
 * @rcv: the receiving end, protected by RCU
 *
 * Context: BH off, inside rcu_read_lock().
 * Return: NET_XMIT_SUCCESS, or NET_XMIT_DROP when @skb was lost and counted.
 */
static netdev_tx_t myveth_forward(struct sk_buff *skb, struct net_device *dev,
				  struct net_device *rcv)
{
	const struct myveth_end *end = myveth_end(rcv);
	unsigned int len = skb->len, changes;
	enum myveth_loss loss;
	int ret;

	loss = myveth_admit(skb, rcv);
	if (unlikely(loss != MYVETH_NO_LOSS)) {
		myveth_lose(skb, dev, rcv, loss);
		return NET_XMIT_DROP;
	}

	if (unlikely(READ_ONCE(end->rings))) {
		/* Pairs with the smp_store_release() of it in
		 * myveth_take_ways(). Read before what may change.
		 */
		changes = smp_load_acquire(&end->changes);
		if (myveth_needs_ring(skb, dev, rcv)) {
			ret = myveth_forward_by_ring(skb, dev, rcv, changes);
			if (ret != -EAGAIN)
				return ret;
			return myveth_count_backlog(dev, rcv, len,
						    netif_rx(skb));
		}
	}
	myveth_record_rxq(skb, rcv, skb_get_queue_mapping(skb));
	return myveth_count_backlog(dev, rcv, len, dev_forward_skb(rcv, skb));
}

/*
 * ndo_start_xmit. NETDEV_TX_BUSY is never returned: an skb is delivered to the
 * backlog or to a ring, or lost and counted.
 */
static netdev_tx_t myveth_xmit(struct sk_buff *skb, struct net_device *dev)
{
	netdev_tx_t ret = NET_XMIT_DROP;
	struct net_device *rcv;
	struct sk_buff *own;

	rcu_read_lock();
	rcv = rcu_dereference(myveth_end(dev)->peer);
	if (unlikely(!rcv)) {
		myveth_lose(skb, dev, NULL, MYVETH_LOSS_NO_PEER);
		goto out;
	}

	own = myveth_unshare(skb);
	if (unlikely(!own)) {
		myveth_lose(skb, dev, rcv, MYVETH_LOSS_NO_MEMORY);
		goto out;
	}

	ret = myveth_forward(own, dev, rcv);
out:
	rcu_read_unlock();
	return ret;
}

/* ----------------------------------------------------------------------- */
/* net_device operations						    */
/* ----------------------------------------------------------------------- */

/* ndo_init: the first thing that register_netdevice() calls. */
static int myveth_init(struct net_device *dev)
{
	struct myveth_end *end = myveth_end(dev);
	int err;

	/* Pairs are stacked with other devices (a bridge over a pair). The
	 * core's locks of the one kind are taken inside those of the other.
	 */
	netdev_lockdep_set_classes(dev);

	end->loss = netdev_alloc_pcpu_stats(struct myveth_loss_stats);
	if (!end->loss)
		return -ENOMEM;
	err = compat_alloc_tstats(dev);
	if (err)
		free_percpu(end->loss);
	return err;
}

/*
 * priv_destructor: the core calls it when no reader is left, also when a
 * registration fails after ndo_init.
 */
static void myveth_free(struct net_device *dev)
{
	myveth_free_rxqs(dev);
	compat_free_tstats(dev);
	free_percpu(myveth_end(dev)->loss);
}

/* A pair has a carrier when both ends are up: there is nobody to listen
 * otherwise.
 */
static int myveth_open(struct net_device *dev)
{
	struct net_device *peer = rtnl_dereference(myveth_end(dev)->peer);
	int err;

	if (!peer)
		return -ENOTCONN;

	err = myveth_update_napi(dev);
	if (err)
		return err;

	if (peer->flags & IFF_UP) {
		netif_carrier_on(dev);
		netif_carrier_on(peer);
	}
	return 0;
}

static int myveth_stop(struct net_device *dev)
{
	struct net_device *peer = rtnl_dereference(myveth_end(dev)->peer);

	netif_carrier_off(dev);
	if (peer)
		netif_carrier_off(peer);
	return myveth_update_napi(dev);
}

/* The other end sends whatever it likes and we take it all. Without this
 * SIOCADDMULTI and SIOCDELMULTI are refused.
 */
static void myveth_set_rx_mode(struct net_device *dev)
{
}

/* Shown as IFLA_LINK, the "b" of `a@b`; 0 means that there is none. */
int myveth_get_iflink(const struct net_device *dev)
{
	const struct net_device *peer;
	int ifindex = 0;

	rcu_read_lock();
	peer = rcu_dereference(myveth_end(dev)->peer);
	if (peer)
		ifindex = READ_ONCE(peer->ifindex);
	rcu_read_unlock();

	return ifindex;
}

/* For bpf_redirect_peer(), which calls it inside its own RCU section. */
static struct net_device *myveth_get_peer_dev(struct net_device *dev)
{
	return rcu_dereference(myveth_end(dev)->peer);
}

/*
 * A bridge or switch on top of one end wants to prepend bytes to what it gets
 * from there, so whoever sends into the other end should leave the room. An
 * skb may also be sent back, hence both ends provide what either asks for.
 *
 * Open vSwitch calls this under a lock of its own. When both ends are asked at
 * once, the last to store wins, which costs a copy later and no more.
 */
static void myveth_set_rx_headroom(struct net_device *dev, int headroom)
{
	struct net_device *peer;
	unsigned int room;

	/* A user that leaves takes his wish back by a negative number. */
	room = max(headroom, 0);
	WRITE_ONCE(myveth_end(dev)->asked_headroom, room);

	rcu_read_lock();
	peer = rcu_dereference(myveth_end(dev)->peer);
	if (peer) {
		room = max(room, READ_ONCE(myveth_end(peer)->asked_headroom));
		/* Senders read it without a lock. */
		WRITE_ONCE(dev->needed_headroom, room);
		WRITE_ONCE(peer->needed_headroom, room);
	}
	rcu_read_unlock();
}

/*
 * A program at the other end sees packets of the size that travels a wire. What
 * is left to devices to segment would not be.
 */
static netdev_features_t myveth_fix_features(struct net_device *dev,
					     netdev_features_t features)
{
	const struct net_device *peer = rtnl_dereference(myveth_end(dev)->peer);

	if (peer && rcu_access_pointer(myveth_end(peer)->prog))
		features &= ~NETIF_F_GSO_SOFTWARE;
	return features;
}

/* What of a receiver's features myveth_may_merge() looks at. */
#define MYVETH_MERGE_FEATURES	(NETIF_F_GRO | NETIF_F_GRO_FRAGLIST | \
				 NETIF_F_GRO_UDP_FWD)

/*
 * The core stores the features after we return. That is too late: packets
 * change their way in one moment, see ring.c, and the features are stored in
 * that moment. The core sees no change then, and does not act on it. It would
 * act only on some that we do not offer, see myveth_offer_features().
 */
static int myveth_set_features(struct net_device *dev,
			       netdev_features_t features)
{
	struct net_device *peer = rtnl_dereference(myveth_end(dev)->peer);
	netdev_features_t changed = dev->features ^ features;
	struct myveth_ways ways;
	int err;

	if (changed & MYVETH_MERGE_FEATURES) {
		myveth_get_ways(dev, &ways);
		ways.features ^= changed & MYVETH_MERGE_FEATURES;
		err = myveth_set_ways(dev, &ways);
		if (err)
			return err;
	}
	if (changed & NETIF_F_ALL_TSO && peer) {
		myveth_get_ways(peer, &ways);
		ways.peer_features = features;
		/* If NAPI is wanted that could not be had before, this may fail
		 * again: then there is no ring, and the core stores them.
		 */
		myveth_set_ways(peer, &ways);
	}
	if (changed & NETIF_F_GRO)
		myveth_update_pair_xdp_features(dev);
	return 0;
}

static const struct net_device_ops myveth_netdev_ops = {
	.ndo_init		= myveth_init,
	.ndo_open		= myveth_open,
	.ndo_stop		= myveth_stop,
	.ndo_start_xmit		= myveth_xmit,
	.ndo_features_check	= passthru_features_check,
	.ndo_set_rx_mode	= myveth_set_rx_mode,
	.ndo_set_mac_address	= eth_mac_addr,
	.ndo_get_stats64	= myveth_get_stats64,
	.ndo_get_iflink		= myveth_get_iflink,
	.ndo_fix_features	= myveth_fix_features,
	.ndo_set_features	= myveth_set_features,
	.ndo_set_rx_headroom	= myveth_set_rx_headroom,
	.ndo_bpf		= myveth_bpf,
	.ndo_xdp_xmit		= myveth_xdp_xmit,
	.ndo_get_peer_dev	= myveth_get_peer_dev,
};

/* ----------------------------------------------------------------------- */
/* rtnetlink: creation and deletion					    */
/* ----------------------------------------------------------------------- */

/* Nothing touches a wire, so all that could be offloaded to one is simply
 * left undone: checksums, segmentation and tags cross the pair as they are.
 */
#define MYVETH_VLAN_FEATURES	(NETIF_F_HW_VLAN_CTAG_TX | \
				 NETIF_F_HW_VLAN_CTAG_RX | \
				 NETIF_F_HW_VLAN_STAG_TX | \
				 NETIF_F_HW_VLAN_STAG_RX)
#define MYVETH_FEATURES		(NETIF_F_SG | NETIF_F_FRAGLIST | \
				 NETIF_F_HIGHDMA | NETIF_F_RXCSUM | \
				 NETIF_F_HW_CSUM | NETIF_F_SCTP_CRC | \
				 NETIF_F_GSO_SOFTWARE | \
				 NETIF_F_GSO_ENCAP_ALL | \
				 MYVETH_VLAN_FEATURES)

static void myveth_offer_features(struct net_device *dev)
{
	/* The core acts when one of these changes; but it would not notice,
	 * for myveth_set_features() has stored the change by then.
	 */
	BUILD_BUG_ON((MYVETH_FEATURES) & (NETIF_F_RX_UDP_TUNNEL_PORT |
					  NETIF_F_HW_VLAN_CTAG_FILTER |
					  NETIF_F_HW_VLAN_STAG_FILTER));

	dev->features |= MYVETH_FEATURES;
	dev->hw_features = MYVETH_FEATURES;
	dev->hw_enc_features = MYVETH_FEATURES;
	dev->vlan_features = dev->features & ~MYVETH_VLAN_FEATURES;
	dev->mpls_features = NETIF_F_HW_CSUM | NETIF_F_GSO_SOFTWARE;
	/* A GSO packet may be as large as the core can build one. */
	netif_set_tso_max_size(dev, GSO_MAX_SIZE);
}

/* rtnl_link_ops.setup: the net_device is allocated, zeroed and unknown. */
static void myveth_setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->max_mtu = ETH_MAX_MTU;

	dev->netdev_ops = &myveth_netdev_ops;
	dev->ethtool_ops = &myveth_ethtool_ops;
	compat_set_xdp_metadata_ops(dev, &myveth_xdp_metadata_ops);
	compat_set_stat_ops(dev, &myveth_stat_ops);
	/* Mandatory with ndo_get_peer_dev: the core counts redirects there. */
	compat_want_tstats(dev);
	dev->needs_free_netdev = true;
	dev->priv_destructor = myveth_free;

	/* The receiver writes to the skb, so nobody may send it twice. */
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->priv_flags |= IFF_PHONY_HEADROOM;
	compat_refuse_netpoll(dev);
	compat_set_lltx(dev);
	compat_allow_netmem(dev);
	myveth_offer_features(dev);
	myveth_end(dev)->ring_size = MYVETH_RING_SIZE;

	/* No medium limits the speed; 10 Gbit/s is what veth reports. */
	myveth_end(dev)->speed = SPEED_10000;
	myveth_end(dev)->duplex = DUPLEX_FULL;
}

/**
 * myveth_validate() - check attributes before anything is made of them
 * @tb: attributes of either end
 * @data: nested attributes, not looked at
 * @extack: gets the reason
 *
 * Context: process, RTNL held on some kernels.
 * Return: 0, -EINVAL or -EADDRNOTAVAIL.
 */
static int myveth_validate(struct nlattr *tb[], struct nlattr *data[],
			   struct netlink_ext_ack *extack)
{
	const struct nlattr *address = tb[IFLA_ADDRESS];
	const struct nlattr *mtu = tb[IFLA_MTU];

	if (address && nla_len(address) != ETH_ALEN) {
		NL_SET_ERR_MSG_ATTR(extack, address,
				    "An Ethernet address has 6 bytes");
		return -EINVAL;
	}
	if (address && !is_valid_ether_addr(nla_data(address))) {
		NL_SET_ERR_MSG_ATTR(extack, address,
				    "Address must be unicast and not zero");
		return -EADDRNOTAVAIL;
	}
	if (mtu && (nla_get_u32(mtu) < ETH_MIN_MTU ||
		    nla_get_u32(mtu) > ETH_MAX_MTU)) {
		NL_SET_ERR_MSG_ATTR(extack, mtu,
				    "MTU must be between 68 and 65535");
		return -EINVAL;
	}
	return 0;
}

/**
 * struct myveth_peer_request - what the user wants the peer to be
 * @tb: the peer's attributes
 * @ifm: the peer's header, or NULL when the request does not mention a peer
 */
struct myveth_peer_request {
	struct nlattr *tb[IFLA_MAX + 1];
	const struct ifinfomsg *ifm;
};

/*
 * Without a word about the peer it becomes the main device's twin, but for
 * what there can be only one of.
 */
static int myveth_parse_peer(struct myveth_peer_request *req,
			     const struct rtnl_newlink_params *params,
			     struct netlink_ext_ack *extack)
{
	if (params->data && params->data[MYVETH_INFO_PEER]) {
		req->ifm = nla_data(params->data[MYVETH_INFO_PEER]);
		return rtnl_nla_parse_ifinfomsg(req->tb,
						params->data[MYVETH_INFO_PEER],
						extack);
	}

	req->ifm = NULL;
	memcpy(req->tb, params->tb, sizeof(req->tb));
	req->tb[IFLA_IFNAME] = NULL;
	req->tb[IFLA_ADDRESS] = NULL;
	/* veth puts such a twin next to the requester. */
	req->tb[IFLA_TARGET_NETNSID] = NULL;
	return 0;
}

/*
 * Look up the namespace that @req names by an id of the requester's. The core
 * does not know of it, so it is not among the namespaces that a kernel with
 * CONFIG_DEBUG_NET_SMALL_RTNL has locked one by one; RTNL covers it.
 */
static struct net *
myveth_get_net_by_id(const struct myveth_peer_request *req,
		     const struct rtnl_newlink_params *params,
		     struct netlink_ext_ack *extack)
{
	const struct nlattr *id = req->tb[IFLA_TARGET_NETNSID];
	struct net *requester = compat_requester_net(params);
	struct net *net;

	if (req->tb[IFLA_NET_NS_PID] || req->tb[IFLA_NET_NS_FD]) {
		NL_SET_ERR_MSG_ATTR(extack, id,
				    "Peer's namespace is named more than once");
		return ERR_PTR(-EINVAL);
	}
	if (!requester) {
		NL_SET_ERR_MSG_ATTR(extack, id,
				    "This kernel cannot combine the peer's target-netnsid with link-netnsid");
		return ERR_PTR(-EOPNOTSUPP);
	}
	net = get_net_ns_by_id(requester, nla_get_s32(id));
	if (!net) {
		NL_SET_ERR_MSG_ATTR(extack, id,
				    "Unknown network namespace id for the peer");
		return ERR_PTR(-EINVAL);
	}
	return net;
}

/**
 * myveth_get_peer_net() - find the namespace that the peer is to live in
 * @req: what is known of the peer
 * @params: the request
 * @extack: gets the reason
 *
 * The right to create devices there is asked for on every kernel, before
 * anything is allocated. Only the caller can be asked: newlink does not get the
 * socket, whose opener the core asks as well for the namespaces that it looks
 * up itself, which since 6.13 is the peer's by pid or fd.
 *
 * Context: process, RTNL held.
 * Return: the namespace with a reference, or -EINVAL, -EOPNOTSUPP or -EPERM.
 */
static struct net *myveth_get_peer_net(const struct myveth_peer_request *req,
				       struct rtnl_newlink_params *params,
				       struct netlink_ext_ack *extack)
{
	struct net *net;

	if (req->tb[IFLA_TARGET_NETNSID])
		net = myveth_get_net_by_id(req, params, extack);
	else
		net = get_net(rtnl_newlink_peer_net(params));
	if (IS_ERR(net))
		return net;

	if (!ns_capable(net->user_ns, CAP_NET_ADMIN)) {
		NL_SET_ERR_MSG(extack,
			       "Peer's namespace demands CAP_NET_ADMIN there");
		put_net(net);
		return ERR_PTR(-EPERM);
	}
	return net;
}

/* Allocate, not yet register, the other end of @dev. */
static struct net_device *
myveth_create_peer(struct net_device *dev, struct net *net,
		   struct myveth_peer_request *req,
		   struct netlink_ext_ack *extack)
{
	unsigned char name_assign_type = NET_NAME_USER;
	struct net_device *peer;
	char name[IFNAMSIZ];

	if (req->tb[IFLA_IFNAME]) {
		nla_strscpy(name, req->tb[IFLA_IFNAME], IFNAMSIZ);
	} else {
		snprintf(name, IFNAMSIZ, "%s%%d", dev->rtnl_link_ops->kind);
		name_assign_type = NET_NAME_ENUM;
	}

	peer = rtnl_create_link(net, name, name_assign_type,
				dev->rtnl_link_ops, req->tb, extack);
	/* As with veth, who does not choose the first index cannot choose
	 * the second.
	 */
	if (!IS_ERR(peer) && req->ifm && dev->ifindex)
		peer->ifindex = req->ifm->ifi_index;
	return peer;
}

/*
 * One real queue in each direction unless the user wants more; room for one
 * per CPU stays reserved. Each end follows its own attributes. Before
 * registration this only assigns; afterwards queue objects would be made and
 * deleted again.
 */
static int myveth_set_queues(struct net_device *dev, struct nlattr *tb[])
{
	unsigned int tx = tb[IFLA_NUM_TX_QUEUES] ? dev->num_tx_queues : 1;
	unsigned int rx = tb[IFLA_NUM_RX_QUEUES] ? dev->num_rx_queues : 1;

	myveth_end(dev)->told_queues = rx;
	return netif_set_real_num_queues(dev, tx, rx);
}

/**
 * myveth_register() - register one end: down, no carrier, no peer
 * @dev: the end
 * @tb: its attributes
 *
 * Context: process, RTNL held.
 * Return: 0, or an errno and nothing is left but the allocated device.
 */
static int myveth_register(struct net_device *dev, struct nlattr *tb[])
{
	int err;

	if (!tb[IFLA_ADDRESS])
		eth_hw_addr_random(dev);

	err = myveth_set_queues(dev, tb);
	if (err)
		return err;

	err = register_netdevice(dev);
	if (err)
		return err;

	netif_carrier_off(dev);
	/* The core switches GRO on by itself. It costs more than it gains where
	 * packets come in any size already, so it is left to the user.
	 */
	dev->features &= ~NETIF_F_GRO;
	dev->wanted_features &= ~NETIF_F_GRO;
	return 0;
}

/*
 * Make a pair of @dev, which is allocated and becomes the first end; the core
 * frees it when an error is returned.
 *
 * The order matters. The peer is registered first, so that an unnamed peer
 * gets the lower number. The ends are tied when both are registered (see
 * myveth_tie()). The peer is configured last, because bringing it up needs
 * the tie.
 */
static int myveth_newlink(struct net_device *dev,
			  struct rtnl_newlink_params *params,
			  struct netlink_ext_ack *extack)
{
	struct myveth_peer_request req;
	struct net_device *peer;
	struct net *peer_net;
	int err;

	err = myveth_parse_peer(&req, params, extack);
	if (err)
		return err;
	peer_net = myveth_get_peer_net(&req, params, extack);
	if (IS_ERR(peer_net))
		return PTR_ERR(peer_net);

	peer = myveth_create_peer(dev, peer_net, &req, extack);
	if (IS_ERR(peer)) {
		err = PTR_ERR(peer);
		goto err_create_peer;
	}
	err = myveth_register(peer, req.tb);
	if (err)
		goto err_register_peer;
	err = myveth_register(dev, params->tb);
	if (err)
		goto err_register_dev;

	myveth_tie(dev, peer);
	myveth_update_pair_xdp_features(dev);
	err = rtnl_configure_link(peer, req.ifm, 0, NULL);
	if (err)
		goto err_configure_peer;

	put_net(peer_net);
	return 0;

err_configure_peer:
	myveth_put_peer(dev, myveth_untie(dev));
	myveth_put_peer(peer, myveth_untie(peer));
	unregister_netdevice(dev);
err_register_dev:
	unregister_netdevice(peer);
	goto err_create_peer;
err_register_peer:
	free_netdev(peer);
err_create_peer:
	put_net(peer_net);
	return err;
}

/* rtnl_link_ops.newlink */
COMPAT_NEWLINK(myveth)

/*
 * rtnl_link_ops.dellink: delete @dev and its peer. Called for either end, for
 * both in turn (both live in a namespace that dies, or the module goes), and
 * one day for both at once. Each pointer is taken back once: a device whose
 * own is gone already has been queued by whoever took it, perhaps on a list of
 * his own, and is left to him.
 */
static void myveth_dellink(struct net_device *dev, struct list_head *head)
{
	struct net_device *peer, *self;

	peer = myveth_untie(dev);
	if (!peer)
		return;
	unregister_netdevice_queue(dev, head);

	self = myveth_untie(peer);
	if (self) {
		unregister_netdevice_queue_net(dev_net(dev), peer, head);
		myveth_put_peer(peer, self);
	}
	/* The reference behind our pointer has kept the peer until here. */
	myveth_put_peer(dev, peer);
}

/* The namespace that the number shown as IFLA_LINK belongs to. */
static struct net *myveth_get_link_net(const struct net_device *dev)
{
	const struct net_device *peer;

	peer = rcu_dereference_rtnl(myveth_end(dev)->peer);
	return dev_net(peer ? peer : dev);
}

/* How many queues there is room for; the core accepts 4096 at the most. */
static unsigned int myveth_get_num_queues(void)
{
	return min(num_possible_cpus(), 4096U);
}

static const struct nla_policy myveth_policy[MYVETH_INFO_MAX + 1] = {
	[MYVETH_INFO_PEER] = { .len = sizeof(struct ifinfomsg) },
};

#define MYVETH_LINK_OPS(name) {						\
	.kind			= name,					\
	.priv_size		= sizeof(struct myveth_end),		\
	.setup			= myveth_setup,				\
	COMPAT_PEER_TYPE(MYVETH_INFO_PEER)				\
	.maxtype		= MYVETH_INFO_MAX,			\
	.policy			= myveth_policy,			\
	.validate		= myveth_validate,			\
	.newlink		= myveth_link_newlink,			\
	.dellink		= myveth_dellink,			\
	.get_link_net		= myveth_get_link_net,			\
	.get_num_tx_queues	= myveth_get_num_queues,		\
	.get_num_rx_queues	= myveth_get_num_queues,		\
}

/* Two kinds, one driver: a device has the kind that it was asked for by, and
 * its ethtool driver and the name of an unnamed end follow that.
 */
static struct rtnl_link_ops myveth_link_ops = MYVETH_LINK_OPS(MYVETH_KIND);
static struct rtnl_link_ops myveth_as_veth_link_ops = MYVETH_LINK_OPS("veth");

/* ----------------------------------------------------------------------- */
/* Module								    */
/* ----------------------------------------------------------------------- */

static bool as_veth;
module_param(as_veth, bool, 0444);
MODULE_PARM_DESC(as_veth, "Offer the kind veth as well, which the kernel's own driver must not have taken");

/* A kind has one driver, whoever comes first. EEXIST would mean to modprobe
 * that this module is loaded already, so that nobody would hear of it.
 */
static int __init myveth_offer_veth(void)
{
	int err;

	err = rtnl_link_register(&myveth_as_veth_link_ops);
	if (err != -EEXIST)
		return err;
	pr_err("as_veth: the kind veth is taken by another driver; rmmod veth, which deletes its pairs, or load myveth without as_veth\n");
	return -EBUSY;
}

/* First the kind that may be taken: had the other been offered by then, a pair
 * that somebody has just made would go again with it.
 */
static int __init myveth_module_init(void)
{
	int err;

	if (as_veth) {
		err = myveth_offer_veth();
		if (err)
			return err;
	}

	err = rtnl_link_register(&myveth_link_ops);
	if (err && as_veth)
		rtnl_link_unregister(&myveth_as_veth_link_ops);
	return err;
}

/* Unregistering deletes every pair, in whatever namespace, and waits for it. */
static void __exit myveth_module_exit(void)
{
	rtnl_link_unregister(&myveth_link_ops);
	if (as_veth)
		rtnl_link_unregister(&myveth_as_veth_link_ops);
}

module_init(myveth_module_init);
module_exit(myveth_module_exit);

MODULE_DESCRIPTION("Pairs of virtual Ethernet devices");
MODULE_LICENSE("GPL");
MODULE_VERSION(MYVETH_VERSION);
/* None for veth: modprobe would load both drivers wherever veth is wanted. */
MODULE_ALIAS_RTNL_LINK(MYVETH_KIND);
