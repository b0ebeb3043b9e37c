// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics: what was lost and why, and what each end has sent and received.
 *
 * What becomes of a packet is counted where it is known, and both ends read it:
 *
 *	what			counted in		by
 *	----------------------	----------------------	----------------------
 *	skbs by the backlog	tstats of the sender	myveth_xmit(), per CPU
 *	all that rings carry	stats of the receiver's	whoever polls it
 *				queue
 *	redirected frames	frames, frame_errors	the CPU that redirects
 *				of the same queue
 *	skbs lost on the way	loss of the sender	whoever loses it, per
 *				(enum myveth_loss)	CPU
 *	what a poll loses	stats of the queue	whoever polls it
 *	what came to one end	tstats of that end	the core, per CPU
 *	by bpf_redirect_peer()
 *
 * What one end has sent the other one has received: myveth_get_stats64() adds
 * up the counters of both.
 */
#include <linux/netdevice.h>
#include <linux/u64_stats_sync.h>
#include <net/netdev_queues.h>

#include "pair.h"

/* ----------------------------------------------------------------------- */
/* What is lost								    */
/* ----------------------------------------------------------------------- */

/* The backlog frees what it refuses and counts it for the receiver itself. */
const struct myveth_loss_info myveth_loss_info[MYVETH_LOSSES] = {
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
	[MYVETH_LOSS_RING] = {
		"tx_lost_ring", SKB_DROP_REASON_FULL_RING, false },
	[MYVETH_LOSS_RING_OFF] = {
		"tx_lost_ring_off", SKB_DROP_REASON_DEV_READY, false },
	[MYVETH_LOSS_NO_NAPI] = {
		"tx_lost_no_napi", SKB_DROP_REASON_DEV_READY, false },
};

/* Context: BH off, so that nobody else on this CPU writes these counters. */
void myveth_count_loss(struct net_device *dev, enum myveth_loss loss,
		       unsigned int packets)
{
	struct myveth_loss_stats *stats = this_cpu_ptr(myveth_end(dev)->loss);

	u64_stats_update_begin(&stats->syncp);
	u64_stats_add(&stats->packets[loss], packets);
	u64_stats_update_end(&stats->syncp);
}

/* ----------------------------------------------------------------------- */
/* Sums									    */
/* ----------------------------------------------------------------------- */

/* Of one writer: enough for enum myveth_loss and enum myveth_rx_stat. */
#define MYVETH_MAX_COUNTERS	16

/* Add to @sum what one writer has counted. */
static void myveth_add_counters(u64 *sum, const u64_stats_t *counters,
				const struct u64_stats_sync *syncp,
				unsigned int n)
{
	u64 now[MYVETH_MAX_COUNTERS];
	unsigned int start, i;

	BUILD_BUG_ON(ARRAY_SIZE(now) < MYVETH_LOSSES);
	BUILD_BUG_ON(ARRAY_SIZE(now) < MYVETH_RX_STATS);

	/* Added up only when no writer came in between. */
	do {
		start = u64_stats_fetch_begin(syncp);
		for (i = 0; i < n; i++)
			now[i] = u64_stats_read(&counters[i]);
	} while (u64_stats_fetch_retry(syncp, start));

	for (i = 0; i < n; i++)
		sum[i] += now[i];
}

/**
 * myveth_sum_losses() - sum up what was lost on all CPUs, by cause
 * @dev: the sending end, registered
 * @sum: packets lost since @dev was created
 *
 * Context: any.
 */
void myveth_sum_losses(const struct net_device *dev,
		       u64 sum[MYVETH_LOSSES])
{
	const struct myveth_loss_stats *stats;
	int cpu;

	memset(sum, 0, MYVETH_LOSSES * sizeof(*sum));
	for_each_possible_cpu(cpu) {
		stats = per_cpu_ptr(myveth_end(dev)->loss, cpu);
		myveth_add_counters(sum, stats->packets, &stats->syncp,
				    MYVETH_LOSSES);
	}
}

/**
 * myveth_sum_rxqs() - sum up what receive queues have counted
 * @dev: the receiving end
 * @first: the first queue
 * @limit: the queue after the last
 * @sum: the sums since @dev was created, also of times with other numbers of
 *	queues
 *
 * Context: any that may use @dev.
 */
void myveth_sum_rxqs(const struct net_device *dev, unsigned int first,
		     unsigned int limit, struct myveth_rx_totals *sum)
{
	const struct myveth_rxq *rxq;
	unsigned int i;

	memset(sum, 0, sizeof(*sum));
	if (!READ_ONCE(myveth_end(dev)->rxqs))
		return;
	for (i = first; i < limit; i++) {
		rxq = myveth_rxq(dev, i);
		if (!rxq)
			continue;
		myveth_add_counters(sum->stats, rxq->stats, &rxq->syncp,
				    MYVETH_RX_STATS);
		sum->frames += atomic64_read(&rxq->frames);
		sum->frame_errors += atomic64_read(&rxq->frame_errors);
	}
}

/* ----------------------------------------------------------------------- */
/* What others ask for							    */
/* ----------------------------------------------------------------------- */

/*
 * What went by the backlog is counted by the sender, what went by a ring by the
 * receiver's poll. Each is what one end sent and the other received; an end
 * also receives what bpf_redirect_peer() gives it without any sending.
 */
void myveth_get_stats64(struct net_device *dev,
			struct rtnl_link_stats64 *stats)
{
	struct rtnl_link_stats64 backlog = {};
	struct myveth_rx_totals rx, tx = {};
	const struct net_device *peer;
	u64 lost[MYVETH_LOSSES];
	enum myveth_loss loss;

	rcu_read_lock();
	peer = rcu_dereference(myveth_end(dev)->peer);
	if (peer) {
		dev_fetch_sw_netstats(&backlog, peer->tstats);
		myveth_sum_rxqs(peer, 0, peer->num_rx_queues, &tx);
	}
	rcu_read_unlock();
	dev_fetch_sw_netstats(stats, dev->tstats);
	myveth_sum_rxqs(dev, 0, dev->num_rx_queues, &rx);
	myveth_sum_losses(dev, lost);

	stats->rx_packets += backlog.tx_packets + rx.stats[MYVETH_RX_PACKETS];
	stats->rx_bytes += backlog.tx_bytes + rx.stats[MYVETH_RX_BYTES];
	stats->rx_dropped += rx.stats[MYVETH_RX_DROPS] + rx.frame_errors +
			     tx.stats[MYVETH_RX_XDP_TX_ERRORS];
	stats->tx_packets += tx.stats[MYVETH_RX_PACKETS];
	stats->tx_bytes += tx.stats[MYVETH_RX_BYTES];
	stats->tx_dropped += tx.frame_errors +
			     rx.stats[MYVETH_RX_XDP_TX_ERRORS];
	for (loss = 0; loss < MYVETH_LOSSES; loss++)
		stats->tx_dropped += lost[loss];
}

/* Per-queue statistics, which the core adds up: what the rings carried. */
static void myveth_get_queue_stats_rx(struct net_device *dev, int index,
				      struct netdev_queue_stats_rx *stats)
{
	struct myveth_rx_totals sum;

	myveth_sum_rxqs(dev, index, index + 1, &sum);
	stats->packets = sum.stats[MYVETH_RX_PACKETS];
	stats->bytes = sum.stats[MYVETH_RX_BYTES];
}

/* Our queues are known by the peer's queues that they feed. */
static void myveth_get_queue_stats_tx(struct net_device *dev, int index,
				      struct netdev_queue_stats_tx *stats)
{
	struct net_device *peer = rtnl_dereference(myveth_end(dev)->peer);
	struct myveth_rx_totals sum = {};

	if (peer)
		myveth_sum_rxqs(peer, index, index + 1, &sum);
	stats->packets = sum.stats[MYVETH_RX_PACKETS];
	stats->bytes = sum.stats[MYVETH_RX_BYTES];
}

/*
 * The rest: what went by the backlog, which has no queues, and what queues
 * counted that are no longer in use, or have no counterpart.
 */
static void myveth_get_base_stats(struct net_device *dev,
				  struct netdev_queue_stats_rx *rx,
				  struct netdev_queue_stats_tx *tx)
{
	struct net_device *peer = rtnl_dereference(myveth_end(dev)->peer);
	struct rtnl_link_stats64 own = {}, backlog = {};
	struct myveth_rx_totals received, sent = {};

	dev_fetch_sw_netstats(&own, dev->tstats);
	myveth_sum_rxqs(dev, dev->real_num_rx_queues, dev->num_rx_queues,
			&received);
	if (peer) {
		dev_fetch_sw_netstats(&backlog, peer->tstats);
		myveth_sum_rxqs(peer, dev->real_num_tx_queues,
				peer->num_rx_queues, &sent);
	}

	rx->packets = own.rx_packets + backlog.tx_packets +
		      received.stats[MYVETH_RX_PACKETS];
	rx->bytes = own.rx_bytes + backlog.tx_bytes +
		    received.stats[MYVETH_RX_BYTES];
	tx->packets = own.tx_packets + sent.stats[MYVETH_RX_PACKETS];
	tx->bytes = own.tx_bytes + sent.stats[MYVETH_RX_BYTES];
}

const struct netdev_stat_ops myveth_stat_ops = {
	.get_queue_stats_rx	= myveth_get_queue_stats_rx,
	.get_queue_stats_tx	= myveth_get_queue_stats_tx,
	.get_base_stats		= myveth_get_base_stats,
};

