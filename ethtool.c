// SPDX-License-Identifier: GPL-2.0
/*
 * ethtool: queues, the size of rings, private flags, counters, the speed that
 * others are told.
 */
#include <linux/ethtool.h>
#include <linux/netdevice.h>

#include "pair.h"

/* ----------------------------------------------------------------------- */
/* The driver, and the speed that others are told			    */
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

	if (myveth_end(dev)->speed == cmd->base.speed &&
	    myveth_end(dev)->duplex == cmd->base.duplex)
		return 0;

	myveth_end(dev)->speed = cmd->base.speed;
	myveth_end(dev)->duplex = cmd->base.duplex;
	/* Whoever derives something from them asks again when he is told. If
	 * the end is down nobody is told, but everybody is when it comes up.
	 */
	netdev_state_change(dev);
	return 0;
}

/* ----------------------------------------------------------------------- */
/* Channels: how many queues						    */
/* ----------------------------------------------------------------------- */

static void myveth_get_channels(struct net_device *dev,
				struct ethtool_channels *ch)
{
	ch->tx_count = dev->real_num_tx_queues;
	ch->rx_count = dev->real_num_rx_queues;
	ch->max_tx = dev->num_tx_queues;
	ch->max_rx = dev->num_rx_queues;
}

/*
 * As veth, a program gets at least as many receive queues as its peer has
 * transmit queues, so that each feeds a ring of its own. (It need not be so:
 * queues can share a ring, see myveth_pick_rxq().)
 */
static bool myveth_channels_fit(const struct net_device *dev,
				const struct ethtool_channels *ch)
{
	const struct net_device *peer = rtnl_dereference(myveth_end(dev)->peer);

	if (!peer)
		return true;
	if (rcu_access_pointer(myveth_end(dev)->prog) &&
	    ch->rx_count < peer->real_num_tx_queues)
		return false;
	return !rcu_access_pointer(myveth_end(peer)->prog) ||
	       ch->tx_count <= peer->real_num_rx_queues;
}

static int myveth_set_rx_queues(struct net_device *dev, unsigned int n)
{
	unsigned int old = dev->real_num_rx_queues;
	int err;

	err = netif_set_real_num_rx_queues(dev, n);
	if (err)
		return err;
	err = myveth_update_napi(dev);
	/* To fewer, which does not fail. */
	if (err)
		netif_set_real_num_rx_queues(dev, old);
	return err;
}

/* What may fail comes first, and is undone by what does not. */
static int myveth_set_queues_of(struct net_device *dev, unsigned int tx,
				unsigned int rx)
{
	unsigned int old = dev->real_num_rx_queues;
	int err = 0;

	if (rx > old)
		err = myveth_set_rx_queues(dev, rx);
	if (err)
		return err;
	err = netif_set_real_num_tx_queues(dev, tx);
	if (err)
		rx = old;
	if (rx < dev->real_num_rx_queues)
		myveth_set_rx_queues(dev, rx);
	return err;
}

/*
 * The core has checked the maxima, and that there is one of each. Packets keep
 * flowing, and in order: those of a flow may get another queue of @dev, and
 * with it another ring of its peer.
 */
static int myveth_set_channels(struct net_device *dev,
			       struct ethtool_channels *ch)
{
	struct net_device *peer = rtnl_dereference(myveth_end(dev)->peer);
	struct myveth_end *end = myveth_end(dev);
	int err;

	if (!myveth_channels_fit(dev, ch))
		return -EINVAL;

	/* After the grace period nobody tells the stack of a queue that may go.
	 * Skbs that had been given its number before are received by
	 * myveth_gather(), but for those on the backlog of a CPU, which nobody
	 * can reach.
	 */
	WRITE_ONCE(end->told_queues, min(end->told_queues, ch->rx_count));
	synchronize_net();
	myveth_gather(dev);
	if (peer)
		myveth_gather(peer);
	err = myveth_set_queues_of(dev, ch->tx_count, ch->rx_count);
	WRITE_ONCE(end->told_queues, dev->real_num_rx_queues);
	/* Until no sender is left that has chosen among the old queues. */
	synchronize_net();
	/* Use all rings again, which does not fail. What may fail is to start
	 * NAPI that was asked for before, and could not be had then either.
	 */
	myveth_update_napi(dev);
	if (peer)
		myveth_update_napi(peer);
	if (!err)
		myveth_update_pair_xdp_features(dev);
	return err;
}

/* ----------------------------------------------------------------------- */
/* The size of rings							    */
/* ----------------------------------------------------------------------- */

static void myveth_get_ringparam(struct net_device *dev,
				 struct ethtool_ringparam *ring,
				 struct kernel_ethtool_ringparam *kernel_ring,
				 struct netlink_ext_ack *extack)
{
	ring->rx_pending = myveth_end(dev)->ring_size;
	ring->rx_max_pending = MYVETH_RING_SIZE_MAX;
}

/* The core has checked the maxima, which refuses all other rings. */
static int myveth_set_ringparam(struct net_device *dev,
				struct ethtool_ringparam *ring,
				struct kernel_ethtool_ringparam *kernel_ring,
				struct netlink_ext_ack *extack)
{
	if (ring->rx_pending < MYVETH_RING_SIZE_MIN) {
		NL_SET_ERR_MSG_MOD(extack, "A ring holds at least 64 packets");
		return -EINVAL;
	}
	if (ring->rx_pending == myveth_end(dev)->ring_size)
		return 0;
	return myveth_resize_rings(dev, ring->rx_pending);
}

/* ----------------------------------------------------------------------- */
/* Private flags							    */
/* ----------------------------------------------------------------------- */

/* By their bits. */
#define MYVETH_FLAG_RX_NAPI	BIT(0)

static const char myveth_flags[][ETH_GSTRING_LEN] = {
	"rx-napi",
};

static u32 myveth_get_priv_flags(struct net_device *dev)
{
	return myveth_end(dev)->rx_napi ? MYVETH_FLAG_RX_NAPI : 0;
}

static int myveth_set_priv_flags(struct net_device *dev, u32 flags)
{
	struct myveth_end *end = myveth_end(dev);
	bool old = end->rx_napi;
	int err;

	if (flags & ~MYVETH_FLAG_RX_NAPI)
		return -EINVAL;

	end->rx_napi = flags & MYVETH_FLAG_RX_NAPI;
	err = myveth_update_napi(dev);
	if (err) {
		end->rx_napi = old;
		return err;
	}
	myveth_update_pair_xdp_features(dev);
	return 0;
}

/* ----------------------------------------------------------------------- */
/* Counters								    */
/* ----------------------------------------------------------------------- */

/*
 * What `ethtool -S` shows, in this order: all that veth has, under its names,
 * for the peer's ifindex comes first where Open vSwitch looks for it; then the
 * causes of loss; the pair's number last.
 */
static const char myveth_first_stat[ETH_GSTRING_LEN] = "peer_ifindex";
static const char myveth_last_stat[ETH_GSTRING_LEN] = "pair_id";

static const char * const myveth_rx_stat_names[MYVETH_RX_STATS] = {
	[MYVETH_RX_PACKETS]		= "xdp_packets",
	[MYVETH_RX_BYTES]		= "xdp_bytes",
	[MYVETH_RX_DROPS]		= "drops",
	[MYVETH_RX_XDP_REDIRECT]	= "xdp_redirect",
	[MYVETH_RX_XDP_DROPS]		= "xdp_drops",
	[MYVETH_RX_XDP_TX]		= "xdp_tx",
	[MYVETH_RX_XDP_TX_ERRORS]	= "xdp_tx_errors",
};

/* Of each transmit queue: XDP frames taken and refused by ndo_xdp_xmit. */
#define MYVETH_TX_STATS		2

static int myveth_get_sset_count(struct net_device *dev, int sset)
{
	switch (sset) {
	case ETH_SS_STATS:
		return 1 + dev->real_num_rx_queues * MYVETH_RX_STATS +
		       dev->real_num_tx_queues * MYVETH_TX_STATS +
		       page_pool_ethtool_stats_get_count() +
		       MYVETH_LOSSES + 1;
	case ETH_SS_PRIV_FLAGS:
		return ARRAY_SIZE(myveth_flags);
	default:
		return -EOPNOTSUPP;
	}
}

static u8 *myveth_fill_string(u8 *data, const char *name)
{
	memcpy(data, name, ETH_GSTRING_LEN);
	return data + ETH_GSTRING_LEN;
}

static void myveth_get_stat_strings(struct net_device *dev, u8 *data)
{
	enum myveth_rx_stat stat;
	enum myveth_loss loss;
	unsigned int i;

	data = myveth_fill_string(data, myveth_first_stat);
	for (i = 0; i < dev->real_num_rx_queues; i++)
		for (stat = 0; stat < MYVETH_RX_STATS; stat++)
			ethtool_sprintf(&data, "rx_queue_%u_%s", i,
					myveth_rx_stat_names[stat]);
	for (i = 0; i < dev->real_num_tx_queues; i++) {
		ethtool_sprintf(&data, "tx_queue_%u_xdp_xmit", i);
		ethtool_sprintf(&data, "tx_queue_%u_xdp_xmit_errors", i);
	}
	data = page_pool_ethtool_stats_get_strings(data);
	for (loss = 0; loss < MYVETH_LOSSES; loss++)
		data = myveth_fill_string(data, myveth_loss_info[loss].name);
	myveth_fill_string(data, myveth_last_stat);
}

static void myveth_get_strings(struct net_device *dev, u32 sset, u8 *data)
{
	if (sset == ETH_SS_STATS)
		myveth_get_stat_strings(dev, data);
	else if (sset == ETH_SS_PRIV_FLAGS)
		memcpy(data, myveth_flags, sizeof(myveth_flags));
}

static u64 *myveth_fill_rx_stats(const struct net_device *dev, u64 *data)
{
	struct myveth_rx_totals sum;
	unsigned int i;

	for (i = 0; i < dev->real_num_rx_queues; i++) {
		myveth_sum_rxqs(dev, i, i + 1, &sum);
		memcpy(data, sum.stats, sizeof(sum.stats));
		data += MYVETH_RX_STATS;
	}
	return data;
}

/*
 * The peer's queues know what they were sent. It is ascribed as veth does it:
 * with another number of transmit queues one of them may have less than before,
 * but never all of them together.
 */
static u64 *myveth_fill_tx_stats(const struct net_device *dev, u64 *data)
{
	const struct net_device *peer = rtnl_dereference(myveth_end(dev)->peer);
	unsigned int queues = dev->real_num_tx_queues, i;
	struct myveth_rx_totals sum;
	u64 *of_queue;

	memset(data, 0, queues * MYVETH_TX_STATS * sizeof(*data));
	for (i = 0; peer && i < peer->num_rx_queues; i++) {
		myveth_sum_rxqs(peer, i, i + 1, &sum);
		of_queue = data + i % queues * MYVETH_TX_STATS;
		of_queue[0] += sum.frames;
		of_queue[1] += sum.frame_errors;
	}
	return data + queues * MYVETH_TX_STATS;
}

static u64 *myveth_fill_pool_stats(const struct net_device *dev, u64 *data)
{
#ifdef CONFIG_PAGE_POOL_STATS
	const struct myveth_rxq *rxq;
	struct page_pool_stats stats = {};
	unsigned int i;

	for (i = 0; i < myveth_end(dev)->napi_queues; i++) {
		rxq = myveth_rxq(dev, i);
		if (rxq->pool)
			page_pool_get_stats(rxq->pool, &stats);
	}
	data = page_pool_ethtool_stats_get(data, &stats);
#endif
	return data;
}

static void myveth_get_ethtool_stats(struct net_device *dev,
				     struct ethtool_stats *stats, u64 *data)
{
	*data++ = myveth_get_iflink(dev);
	data = myveth_fill_rx_stats(dev, data);
	data = myveth_fill_tx_stats(dev, data);
	data = myveth_fill_pool_stats(dev, data);
	myveth_sum_losses(dev, data);
	data += MYVETH_LOSSES;
	*data = myveth_end(dev)->pair_id;
}

const struct ethtool_ops myveth_ethtool_ops = {
	.get_drvinfo		= myveth_get_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_link_ksettings	= myveth_get_link_ksettings,
	.set_link_ksettings	= myveth_set_link_ksettings,
	.get_ts_info		= ethtool_op_get_ts_info,
	.get_sset_count		= myveth_get_sset_count,
	.get_strings		= myveth_get_strings,
	.get_ethtool_stats	= myveth_get_ethtool_stats,
	.get_channels		= myveth_get_channels,
	.set_channels		= myveth_set_channels,
	.get_ringparam		= myveth_get_ringparam,
	.set_ringparam		= myveth_set_ringparam,
	.get_priv_flags		= myveth_get_priv_flags,
	.set_priv_flags		= myveth_set_priv_flags,
};
