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
 *		    dev_forward_skb(): through the backlog
 *		    of a CPU, emptied in softirq
 *
 * Nothing is copied and there is no wire: an skb leaves one end's transmit
 * function as a received skb of the other end. It waits in between on the
 * backlog of a CPU (the sending one, unless RPS picks another), because
 * ndo_start_xmit runs with locks of the sender held (sockets, qdiscs, bridges)
 * which the receive path takes again.
 *
 * Who runs where, and under what
 *
 *	function			context		protected by
 *	-----------------------------	---------------	---------------------
 *	myveth_xmit			BH off, any CPU	RCU; no queue lock
 *	myveth_get_stats64		process		RTNL or RCU
 *	myveth_get_iflink		process		RTNL or RCU
 *	myveth_get_link_net		process		RTNL or RCU
 *	myveth_get_peer_dev		softirq		RCU
 *	myveth_open, _stop		process		RTNL
 *	myveth_set_rx_headroom		process		RCU
 *	myveth_set_rx_mode		process		the address list's lock
 *	myveth_fix_features		process		RTNL
 *	ethtool operations		process		RTNL
 *	myveth_newlink, _dellink	process		RTNL
 *	myveth_init			process		RTNL; dev is unknown
 *	myveth_free			process		nothing; dev is unknown
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

#include <linux/ethtool.h>
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/u64_stats_sync.h>
#include <net/net_namespace.h>
#include <net/rtnetlink.h>

#include "compat.h"
#include "myveth.h"

/* ----------------------------------------------------------------------- */
/* The pair								    */
/* ----------------------------------------------------------------------- */

/**
 * enum myveth_loss - why a packet did not reach the other end
 * @MYVETH_LOSS_NO_PEER: the pair is being deleted
 * @MYVETH_LOSS_SHORT: there is no whole Ethernet header
 * @MYVETH_LOSS_PEER_DOWN: the receiving end is not up
 * @MYVETH_LOSS_TOO_LONG: longer than the receiving end's MTU, and not GSO
 * @MYVETH_LOSS_NO_MEMORY: an allocation failed
 * @MYVETH_LOSS_BACKLOG: the CPU's backlog is full
 * @MYVETH_LOSSES: how many causes there are
 * @MYVETH_NO_LOSS: none of them
 */
enum myveth_loss {
	MYVETH_LOSS_NO_PEER,
	MYVETH_LOSS_SHORT,
	MYVETH_LOSS_PEER_DOWN,
	MYVETH_LOSS_TOO_LONG,
	MYVETH_LOSS_NO_MEMORY,
	MYVETH_LOSS_BACKLOG,
	MYVETH_LOSSES,
	MYVETH_NO_LOSS = MYVETH_LOSSES,
};

/**
 * struct myveth_loss_stats - what one CPU lost on one end
 * @packets: packets lost, by cause
 * @syncp: lets a 32-bit reader see whole 64-bit values
 */
struct myveth_loss_stats {
	u64_stats_t packets[MYVETH_LOSSES];
	struct u64_stats_sync syncp;
};

/**
 * struct myveth_end - one end of a pair, the private part of its net_device
 * @peer: the other end or NULL; see the lifetime rule
 * @loss: per-CPU counters of what this end failed to deliver
 * @pair_id: number of the pair, the same on both ends, 0 before they are tied
 * @peer_tracker: names the reference behind @peer to the leak checker
 * @rx_headroom: bytes of headroom that the user of this end asked for
 * @speed: what ethtool shows, in Mbit/s, nothing enforces it; RTNL
 * @duplex: what ethtool shows; RTNL
 *
 * The first two are all that the transmit path reads, so they come first and
 * share a cache line.
 */
struct myveth_end {
	struct net_device __rcu *peer;
	struct myveth_loss_stats __percpu *loss;

	u64 pair_id;
	netdevice_tracker peer_tracker;
	unsigned int rx_headroom;
	u32 speed;
	u8 duplex;
};

static struct myveth_end *myveth_end(const struct net_device *dev)
{
	return netdev_priv(dev);
}

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

/**
 * struct myveth_loss_info - what a cause of loss means to the outside
 * @name: name of the counter in `ethtool -S`
 * @reason: drop reason of the skb:kfree_skb tracepoint
 * @seen_by_receiver: counted as the receiving end's rx_dropped too
 */
struct myveth_loss_info {
	char name[ETH_GSTRING_LEN];
	enum skb_drop_reason reason;
	bool seen_by_receiver;
};

/* The backlog frees what it refuses and counts it for the receiver itself. */
static const struct myveth_loss_info myveth_loss_info[MYVETH_LOSSES] = {
	[MYVETH_LOSS_NO_PEER] = {
		"tx_lost_no_peer", SKB_DROP_REASON_DEV_READY, false },
	[MYVETH_LOSS_SHORT] = {
		"tx_lost_short", SKB_DROP_REASON_PKT_TOO_SMALL, false },
	[MYVETH_LOSS_PEER_DOWN] = {
		"tx_lost_peer_down", SKB_DROP_REASON_DEV_READY, true },
	[MYVETH_LOSS_TOO_LONG] = {
		"tx_lost_too_long", SKB_DROP_REASON_PKT_TOO_BIG, true },
	[MYVETH_LOSS_NO_MEMORY] = {
		"tx_lost_no_memory", SKB_DROP_REASON_NOMEM, true },
	[MYVETH_LOSS_BACKLOG] = {
		"tx_lost_backlog", SKB_DROP_REASON_CPU_BACKLOG, false },
};

/* Context: BH off, so that nobody else on this CPU writes these counters. */
static void myveth_count_loss(struct net_device *dev, enum myveth_loss loss)
{
	struct myveth_loss_stats *stats = this_cpu_ptr(myveth_end(dev)->loss);

	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(&stats->packets[loss]);
	u64_stats_update_end(&stats->syncp);
}

/* Free @skb, which cannot go from @dev to @rcv, and tell both ends. */
static void myveth_lose(struct sk_buff *skb, struct net_device *dev,
			struct net_device *rcv, enum myveth_loss loss)
{
	const struct myveth_loss_info *info = &myveth_loss_info[loss];

	kfree_skb_reason(skb, info->reason);
	myveth_count_loss(dev, loss);
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
 * An end that goes down stops running at once and loses IFF_UP only in the end;
 * one that comes up starts running first. It receives when it has both.
 */
static bool myveth_is_up(const struct net_device *dev)
{
	return netif_running(dev) && dev->flags & IFF_UP;
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

	/* A zero-copy sender waits for its pages; the receiver may keep the
	 * skb for ever.
	 */
	if (unlikely(skb_orphan_frags(skb, GFP_ATOMIC)))
		return MYVETH_LOSS_NO_MEMORY;

	return MYVETH_NO_LOSS;
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
	unsigned int len = skb->len;
	enum myveth_loss loss;

	loss = myveth_admit(skb, rcv);
	if (unlikely(loss != MYVETH_NO_LOSS)) {
		myveth_lose(skb, dev, rcv, loss);
		return NET_XMIT_DROP;
	}

	/* The backlog refuses when it is full, or when the receiver has gone
	 * down since we looked.
	 */
	if (unlikely(dev_forward_skb(rcv, skb) != NET_RX_SUCCESS)) {
		myveth_count_loss(dev, myveth_is_up(rcv) ?
				       MYVETH_LOSS_BACKLOG :
				       MYVETH_LOSS_PEER_DOWN);
		return NET_XMIT_DROP;
	}

	/* Counted by its length on the wire; forwarding pulled the header. */
	dev_sw_netstats_tx_add(dev, 1, len);
	return NET_XMIT_SUCCESS;
}

/*
 * ndo_start_xmit. There is no queue to be full, so NETDEV_TX_BUSY is never
 * returned: an skb is delivered to the backlog, or lost and counted.
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
/* Statistics								    */
/* ----------------------------------------------------------------------- */

/**
 * myveth_sum_losses() - sum up what was lost on all CPUs, by cause
 * @dev: the sending end, registered
 * @sum: packets lost since @dev was created
 *
 * Context: any.
 */
static void myveth_sum_losses(const struct net_device *dev,
			      u64 sum[MYVETH_LOSSES])
{
	const struct myveth_loss_stats *stats;
	u64 packets[MYVETH_LOSSES];
	unsigned int loss, start;
	int cpu;

	memset(sum, 0, sizeof(packets));
	for_each_possible_cpu(cpu) {
		stats = per_cpu_ptr(myveth_end(dev)->loss, cpu);
		/* Added up only when no writer came in between. */
		do {
			start = u64_stats_fetch_begin(&stats->syncp);
			for (loss = 0; loss < MYVETH_LOSSES; loss++)
				packets[loss] =
					u64_stats_read(&stats->packets[loss]);
		} while (u64_stats_fetch_retry(&stats->syncp, start));

		for (loss = 0; loss < MYVETH_LOSSES; loss++)
			sum[loss] += packets[loss];
	}
}

/*
 * An end counts what it sends. What it received is what its peer sent, and
 * what bpf_redirect_peer() gave it without any sending.
 */
static void myveth_get_stats64(struct net_device *dev,
			       struct rtnl_link_stats64 *stats)
{
	struct rtnl_link_stats64 sent_by_peer = {};
	const struct net_device *peer;
	u64 lost[MYVETH_LOSSES];
	enum myveth_loss loss;

	dev_fetch_sw_netstats(stats, dev->tstats);
	myveth_sum_losses(dev, lost);
	for (loss = 0; loss < MYVETH_LOSSES; loss++)
		stats->tx_dropped += lost[loss];

	rcu_read_lock();
	peer = rcu_dereference(myveth_end(dev)->peer);
	if (peer)
		dev_fetch_sw_netstats(&sent_by_peer, peer->tstats);
	rcu_read_unlock();

	stats->rx_packets += sent_by_peer.tx_packets;
	stats->rx_bytes += sent_by_peer.tx_bytes;
}

/* ----------------------------------------------------------------------- */
/* net_device operations						    */
/* ----------------------------------------------------------------------- */

/* ndo_init: the first thing that register_netdevice() calls. */
static int myveth_init(struct net_device *dev)
{
	struct myveth_end *end = myveth_end(dev);

	/* Pairs are stacked (a bridge over a pair over a bridge), each of
	 * them with its own instance of the core's locks.
	 */
	netdev_lockdep_set_classes(dev);

	end->loss = netdev_alloc_pcpu_stats(struct myveth_loss_stats);
	return end->loss ? 0 : -ENOMEM;
}

/*
 * priv_destructor: the core calls it when no reader is left, also when a
 * registration fails after ndo_init.
 */
static void myveth_free(struct net_device *dev)
{
	free_percpu(myveth_end(dev)->loss);
}

/* A pair has a carrier when both ends are up: there is nobody to listen
 * otherwise.
 */
static int myveth_open(struct net_device *dev)
{
	struct net_device *peer = rtnl_dereference(myveth_end(dev)->peer);

	if (!peer)
		return -ENOTCONN;

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
	return 0;
}

/* The other end sends whatever it likes and we take it all. Without this
 * SIOCADDMULTI and SIOCDELMULTI are refused.
 */
static void myveth_set_rx_mode(struct net_device *dev)
{
}

/* Shown as IFLA_LINK, the "b" of `a@b`; 0 means that there is none. */
static int myveth_get_iflink(const struct net_device *dev)
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
	WRITE_ONCE(myveth_end(dev)->rx_headroom, room);

	rcu_read_lock();
	peer = rcu_dereference(myveth_end(dev)->peer);
	if (peer) {
		room = max(room, READ_ONCE(myveth_end(peer)->rx_headroom));
		/* Senders read it without a lock. */
		WRITE_ONCE(dev->needed_headroom, room);
		WRITE_ONCE(peer->needed_headroom, room);
	}
	rcu_read_unlock();
}

/*
 * GRO merges packets in a NAPI poll, and the backlog has none of ours. The
 * user's wish must not look as if it had been granted.
 */
static netdev_features_t myveth_fix_features(struct net_device *dev,
					     netdev_features_t features)
{
	return features & ~NETIF_F_GRO;
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
	.ndo_set_rx_headroom	= myveth_set_rx_headroom,
	.ndo_get_peer_dev	= myveth_get_peer_dev,
};

/* ----------------------------------------------------------------------- */
/* ethtool								    */
/* ----------------------------------------------------------------------- */

static void myveth_get_drvinfo(struct net_device *dev,
			       struct ethtool_drvinfo *info)
{
	strscpy(info->driver, dev->rtnl_link_ops->kind, sizeof(info->driver));
	strscpy(info->version, MYVETH_VERSION, sizeof(info->version));
}

static int myveth_get_link_ksettings(struct net_device *dev,
				     struct ethtool_link_ksettings *cmd)
{
	cmd->base.speed = myveth_end(dev)->speed;
	cmd->base.duplex = myveth_end(dev)->duplex;
	cmd->base.port = PORT_TP;
	cmd->base.autoneg = AUTONEG_DISABLE;
	return 0;
}

/*
 * Bonding, bridges and monitoring derive costs from the speed, so it can be
 * set to what the user wants them to see. There is no medium to negotiate
 * with: all but speed and duplex must be as myveth_get_link_ksettings() says.
 */
static int myveth_set_link_ksettings(struct net_device *dev,
				     const struct ethtool_link_ksettings *cmd)
{
	if (!ethtool_validate_speed(cmd->base.speed) ||
	    !ethtool_validate_duplex(cmd->base.duplex))
		return -EINVAL;
	if (cmd->base.port != PORT_TP ||
	    cmd->base.autoneg != AUTONEG_DISABLE ||
	    cmd->base.phy_address || cmd->base.transceiver ||
	    cmd->base.eth_tp_mdix_ctrl ||
	    !bitmap_empty(cmd->link_modes.advertising,
			  __ETHTOOL_LINK_MODE_MASK_NBITS))
		return -EINVAL;

	myveth_end(dev)->speed = cmd->base.speed;
	myveth_end(dev)->duplex = cmd->base.duplex;
	return 0;
}

/*
 * What `ethtool -S` shows, in this order: the peer's ifindex first, where veth
 * has it and Open vSwitch looks for it; our own behind all that veth has; the
 * pair's number last.
 */
static const char myveth_first_stat[ETH_GSTRING_LEN] = "peer_ifindex";
static const char myveth_last_stat[ETH_GSTRING_LEN] = "pair_id";

static int myveth_get_sset_count(struct net_device *dev, int sset)
{
	if (sset != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return 1 + MYVETH_LOSSES + 1;
}

static void myveth_get_strings(struct net_device *dev, u32 sset, u8 *data)
{
	enum myveth_loss loss;

	if (sset != ETH_SS_STATS)
		return;

	memcpy(data, myveth_first_stat, ETH_GSTRING_LEN);
	data += ETH_GSTRING_LEN;
	for (loss = 0; loss < MYVETH_LOSSES; loss++) {
		memcpy(data, myveth_loss_info[loss].name, ETH_GSTRING_LEN);
		data += ETH_GSTRING_LEN;
	}
	memcpy(data, myveth_last_stat, ETH_GSTRING_LEN);
}

static void myveth_get_ethtool_stats(struct net_device *dev,
				     struct ethtool_stats *stats, u64 *data)
{
	*data++ = myveth_get_iflink(dev);
	myveth_sum_losses(dev, data);
	data += MYVETH_LOSSES;
	*data = myveth_end(dev)->pair_id;
}

static const struct ethtool_ops myveth_ethtool_ops = {
	.get_drvinfo		= myveth_get_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_link_ksettings	= myveth_get_link_ksettings,
	.set_link_ksettings	= myveth_set_link_ksettings,
	.get_ts_info		= ethtool_op_get_ts_info,
	.get_sset_count		= myveth_get_sset_count,
	.get_strings		= myveth_get_strings,
	.get_ethtool_stats	= myveth_get_ethtool_stats,
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

static void myveth_set_features(struct net_device *dev)
{
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
	/* Mandatory with ndo_get_peer_dev: the core counts redirects there. */
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	dev->needs_free_netdev = true;
	dev->priv_destructor = myveth_free;

	/* The receiver writes to the skb, so nobody may send it twice. */
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->priv_flags |= IFF_PHONY_HEADROOM;
	compat_refuse_netpoll(dev);
	compat_set_lltx(dev);
	myveth_set_features(dev);

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
	/* The core asks for GRO by itself. That myveth_fix_features() has not
	 * granted it must not look like a user's wish refused.
	 */
	dev->wanted_features &= ~NETIF_F_GRO;
	return 0;
}

/*
 * rtnl_link_ops.newlink: @dev is allocated and becomes the first end; the
 * core frees it when an error is returned.
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

static struct rtnl_link_ops myveth_link_ops = {
	.kind			= MYVETH_KIND,
	.priv_size		= sizeof(struct myveth_end),
	.setup			= myveth_setup,
	COMPAT_PEER_TYPE(MYVETH_INFO_PEER)
	.maxtype		= MYVETH_INFO_MAX,
	.policy			= myveth_policy,
	.validate		= myveth_validate,
	.newlink		= COMPAT_NEWLINK,
	.dellink		= myveth_dellink,
	.get_link_net		= myveth_get_link_net,
	.get_num_tx_queues	= myveth_get_num_queues,
	.get_num_rx_queues	= myveth_get_num_queues,
};

/* ----------------------------------------------------------------------- */
/* Module								    */
/* ----------------------------------------------------------------------- */

static int __init myveth_module_init(void)
{
	return rtnl_link_register(&myveth_link_ops);
}

/* Unregistering deletes every pair, in whatever namespace, and waits for it. */
static void __exit myveth_module_exit(void)
{
	rtnl_link_unregister(&myveth_link_ops);
}

module_init(myveth_module_init);
module_exit(myveth_module_exit);

MODULE_DESCRIPTION("Pairs of virtual Ethernet devices");
MODULE_LICENSE("GPL");
MODULE_VERSION(MYVETH_VERSION);
MODULE_ALIAS_RTNL_LINK(MYVETH_KIND);
