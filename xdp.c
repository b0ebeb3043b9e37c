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
 * By the backlog a packet could overtake what waits in the ring. So when fewer
 * packets need the ring than before, all go by it for a while: it drains, until
 * a poll has found it empty (enum myveth_draining).
 *
 * Who runs where, and under what
 *
 *	function			context		protected by
 *	-----------------------------	---------------	---------------------
 *	myveth_xmit			BH off, any CPU	RCU; no queue lock
 *	myveth_xdp_xmit			BH off, any CPU	RCU
 *	  both, where they use a ring			its producer lock
 *	myveth_poll			softirq or a	RCU; NAPI: one CPU
 *					NAPI thread	at a time
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
 *
 * The lifetime rule of a ring
 *
 *	A receive queue is made when its NAPI is switched on for the first
 *	time and lives as long as its device, and so do its counters.
 *	Its ring comes and goes with NAPI. The pointer to it changes while
 *	NAPI is disabled, under the queue's producer lock, without which
 *	nobody adds a packet: what is in a ring that was taken away is all
 *	there will ever be. It is freed after a grace period, because the last
 *	lines of a poll, when NAPI may be disabled already, still look at it.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bpf.h>
#include <linux/bpf_trace.h>
#include <linux/ethtool.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/ptr_ring.h>
#include <linux/skbuff.h>
#include <linux/u64_stats_sync.h>
#include <net/gro.h>
#include <net/net_namespace.h>
#include <net/rtnetlink.h>
#include <net/sch_generic.h>
#include <net/sock.h>
#include <net/xdp.h>

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
 * @MYVETH_LOSS_RING: the receiving end's ring is full
 * @MYVETH_LOSS_RING_OFF: it waited in, or for, a ring that was taken away, or
 *	in one that shrunk
 * @MYVETH_LOSS_NO_NAPI: an XDP frame, for an end that has no ring
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
	MYVETH_LOSS_RING,
	MYVETH_LOSS_RING_OFF,
	MYVETH_LOSS_NO_NAPI,
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
 * enum myveth_rx_stat - what the poll of a receive queue counts
 * @MYVETH_RX_PACKETS: packets taken from the ring, whatever became of them
 * @MYVETH_RX_BYTES: their length, with the Ethernet header
 * @MYVETH_RX_DROPS: packets lost for lack of memory or room
 * @MYVETH_RX_XDP_REDIRECT: packets that a program sent to another device
 * @MYVETH_RX_XDP_DROPS: packets that a program dropped
 * @MYVETH_RX_XDP_TX: packets that a program sent back to the peer
 * @MYVETH_RX_XDP_TX_ERRORS: packets that should have gone back and did not
 * @MYVETH_RX_STATS: how many there are
 *
 * In the order in which `ethtool -S` shows them.
 */
enum myveth_rx_stat {
	MYVETH_RX_PACKETS,
	MYVETH_RX_BYTES,
	MYVETH_RX_DROPS,
	MYVETH_RX_XDP_REDIRECT,
	MYVETH_RX_XDP_DROPS,
	MYVETH_RX_XDP_TX,
	MYVETH_RX_XDP_TX_ERRORS,
	MYVETH_RX_STATS,
};

/**
 * enum myveth_draining - who goes by a ring besides those who need it
 * @MYVETH_NOT_DRAINING: nobody
 * @MYVETH_DRAIN_BEGUN: everybody, while it is being changed who needs it
 * @MYVETH_DRAINING: everybody, until a poll has emptied the ring; so that those
 *	who need the ring no longer do not overtake what they sent before
 * @MYVETH_DRAINED: everybody, until the next poll, which finds the ring empty:
 *	what a poll has taken out is delivered when that poll is over
 */
enum myveth_draining {
	MYVETH_NOT_DRAINING,
	MYVETH_DRAIN_BEGUN,
	MYVETH_DRAINING,
	MYVETH_DRAINED,
};

/**
 * struct myveth_rxq - a receive queue that has, or once had, NAPI
 * @producer_lock: held by who adds to @ring or replaces it, and by who wakes a
 *	queue that was stopped because it was full; innermost
 * @poll_pending: a poll is sure to come, so none needs to be scheduled
 * @draining: whether packets that could go by the backlog follow those that
 *	are in @ring; producer lock
 * @ring: what waits to be polled: skbs, and XDP frames marked by their lowest
 *	bit; NULL without NAPI; see the lifetime rule of a ring
 * @index: number of the queue
 * @dev: the receiving end
 * @pool: pages for what an XDP program may write to, while there is one
 * @spare_ring: a ring that is to come or has just gone; RTNL
 * @napi: what schedules the poll
 * @xdp_rxq: what an XDP program and its helpers know of the queue
 * @stats: enum myveth_rx_stat, written by the poll only
 * @syncp: for @stats
 * @frames: XDP frames that ndo_xdp_xmit, on any CPU, has put into @ring
 * @frame_errors: XDP frames that it refused: too long, or no room
 *
 * A sender needs what comes before @dev, and @napi when it wakes the poll.
 */
struct myveth_rxq {
	/* protects what goes into @ring, and the pointer */
	spinlock_t producer_lock;
	bool poll_pending;
	enum myveth_draining draining;
	struct ptr_ring __rcu *ring;

	unsigned int index;
	struct net_device *dev;
	struct page_pool *pool;
	struct ptr_ring *spare_ring;
	struct napi_struct napi;
	struct xdp_rxq_info xdp_rxq;

	u64_stats_t stats[MYVETH_RX_STATS];
	struct u64_stats_sync syncp;
	atomic64_t frames;
	atomic64_t frame_errors;
};

/**
 * struct myveth_end - one end of a pair, the private part of its net_device
 * @peer: the other end or NULL; see the lifetime rule
 * @loss: per-CPU counters of what this end failed to deliver
 * @rxqs: one pointer for each possible receive queue, or NULL before NAPI is
 *	switched on for the first time; read by myveth_rxq()
 * @prog: the native XDP program of this end or NULL; changed under RTNL
 * @pair_id: number of the pair, the same on both ends, 0 before they are tied
 * @peer_tracker: names the reference behind @peer to the leak checker
 * @rx_headroom: bytes of headroom that the user of this end asked for
 * @napi_queues: that many queues, the first ones, have NAPI on; RTNL
 * @ring_size: packets that a ring holds; RTNL
 * @rx_napi: the user wants NAPI on whenever the end is up; RTNL
 * @speed: what ethtool shows, in Mbit/s, nothing enforces it; RTNL
 * @duplex: what ethtool shows; RTNL
 *
 * The first four are all that the transmit paths of the two ends read, so they
 * come first and share a cache line.
 */
struct myveth_end {
	struct net_device __rcu *peer;
	struct myveth_loss_stats __percpu *loss;
	struct myveth_rxq **rxqs;
	struct bpf_prog __rcu *prog;

	u64 pair_id;
	netdevice_tracker peer_tracker;
	unsigned int rx_headroom;
	unsigned int napi_queues;
	unsigned int ring_size;
	bool rx_napi;
	u32 speed;
	u8 duplex;
};

static struct myveth_end *myveth_end(const struct net_device *dev)
{
	return netdev_priv(dev);
}

/**
 * myveth_rxq() - find a receive queue
 * @dev: the receiving end
 * @index: number of the queue
 *
 * Pointers are set once, from NULL, and what is behind them stays until the
 * device is freed.
 *
 * Context: any that may use @dev.
 * Return: the queue, or NULL when it never had NAPI or cannot exist.
 */
static struct myveth_rxq *myveth_rxq(const struct net_device *dev,
				     unsigned int index)
{
	struct myveth_rxq **rxqs = READ_ONCE(myveth_end(dev)->rxqs);

	/* Both READ_ONCE() pair, by the dependency of what is read next, with
	 * the smp_store_release() in myveth_make_rxq().
	 */
	if (likely(!rxqs) || index >= dev->num_rx_queues)
		return NULL;
	return READ_ONCE(rxqs[index]);
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
/* The ring between the ends						    */
/* ----------------------------------------------------------------------- */

/*
 * An XDP frame in a ring is known by the lowest bit of its pointer, which
 * alignment leaves free.
 */
#define MYVETH_FRAME_MARK	1UL

static bool myveth_is_frame(const void *entry)
{
	return (unsigned long)entry & MYVETH_FRAME_MARK;
}

static struct xdp_frame *myveth_entry_to_frame(void *entry)
{
	return (void *)((unsigned long)entry & ~MYVETH_FRAME_MARK);
}

static void *myveth_frame_to_entry(struct xdp_frame *frame)
{
	return (void *)((unsigned long)frame | MYVETH_FRAME_MARK);
}

static void myveth_free_entry(void *entry)
{
	if (myveth_is_frame(entry))
		xdp_return_frame(myveth_entry_to_frame(entry));
	else
		kfree_skb_reason(entry, SKB_DROP_REASON_DEV_READY);
}

/* The ring that the holder of the producer lock may add to, or NULL. */
static struct ptr_ring *myveth_locked_ring(const struct myveth_rxq *rxq)
{
	return rcu_dereference_protected(rxq->ring,
					 lockdep_is_held(&rxq->producer_lock));
}

/**
 * myveth_has_ring() - whether a queue takes packets by its ring
 * @rxq: the queue or NULL
 *
 * Context: any. Only a hint, without the producer lock.
 * Return: true if there is a ring.
 */
static bool myveth_has_ring(const struct myveth_rxq *rxq)
{
	return rxq && rcu_access_pointer(rxq->ring);
}

/**
 * myveth_kick() - see to it that what was just added to a ring is polled
 * @rxq: the queue
 *
 * Context: BH off, so that the softirq it raises runs soon; inside
 * rcu_read_lock(), so that NAPI is not set up anew meanwhile.
 */
static void myveth_kick(struct myveth_rxq *rxq)
{
	/* Pairs with the barrier in myveth_complete(): what we have added is
	 * visible before we look whether a poll will come. So either we see
	 * that none will, or that one sees the packet, and a stopped queue.
	 */
	smp_mb();
	if (!READ_ONCE(rxq->poll_pending) && napi_schedule_prep(&rxq->napi)) {
		WRITE_ONCE(rxq->poll_pending, true);
		__napi_schedule(&rxq->napi);
	}
}

/* The same from process context. */
static void myveth_kick_bh(struct myveth_rxq *rxq)
{
	local_bh_disable();
	rcu_read_lock();
	myveth_kick(rxq);
	rcu_read_unlock();
	local_bh_enable();
}

static bool myveth_has_qdisc(const struct netdev_queue *txq)
{
	return rcu_dereference(txq->qdisc)->enqueue;
}

/**
 * myveth_add_skb() - put an skb into the ring of a queue
 * @rxq: the queue
 * @skb: the skb
 * @txq: the transmit queue that @skb comes from
 * @only_drain: @skb need not go by the ring, unless that is draining
 *
 * With a qdisc behind it @txq is stopped as soon as the ring is full, so that
 * packets wait where they can be scheduled. myveth_wake_sender() starts it
 * again: the caller's kick makes sure that a poll comes which sees it stopped.
 *
 * Context: BH off, inside rcu_read_lock().
 * Return: 0, -ENOSPC when the ring was full, -ENXIO when it has just gone,
 * -EAGAIN when it is not draining any more.
 */
static int myveth_add_skb(struct myveth_rxq *rxq, struct sk_buff *skb,
			  struct netdev_queue *txq, bool only_drain)
{
	struct ptr_ring *ring;
	int err = -ENXIO;

	spin_lock(&rxq->producer_lock);
	ring = myveth_locked_ring(rxq);
	if (unlikely(only_drain && !rxq->draining)) {
		err = -EAGAIN;
	} else if (likely(ring)) {
		err = __ptr_ring_produce(ring, skb);
		if (unlikely(__ptr_ring_full(ring)) && myveth_has_qdisc(txq))
			netif_tx_stop_queue(txq);
	}
	spin_unlock(&rxq->producer_lock);
	return err;
}

/*
 * Put XDP frames into the ring of a queue until one does not fit, which is
 * longer than @max_len or finds no room. Returns how many did, or -ENXIO.
 */
static int myveth_add_frames(struct myveth_rxq *rxq, struct xdp_frame **frames,
			     int n, unsigned int max_len)
{
	struct ptr_ring *ring;
	int done = -ENXIO;
	void *entry;

	spin_lock(&rxq->producer_lock);
	ring = myveth_locked_ring(rxq);
	if (unlikely(!ring))
		goto out;

	for (done = 0; done < n; done++) {
		entry = myveth_frame_to_entry(frames[done]);
		if (xdp_get_frame_len(frames[done]) > max_len ||
		    __ptr_ring_produce(ring, entry))
			break;
	}
out:
	spin_unlock(&rxq->producer_lock);
	return done;
}

static void myveth_set_draining(struct myveth_rxq *rxq,
				enum myveth_draining draining)
{
	spin_lock_bh(&rxq->producer_lock);
	WRITE_ONCE(rxq->draining, draining);
	spin_unlock_bh(&rxq->producer_lock);
}

/**
 * myveth_begin_drain() - before it changes who needs the rings of an end
 * @dev: the end, or NULL
 *
 * A grace period later every poll knows of it, see myveth_deliver().
 *
 * Context: process, RTNL held.
 * Return: whether @dev has any ring.
 */
static bool myveth_begin_drain(struct net_device *dev)
{
	unsigned int i;

	for (i = 0; dev && i < myveth_end(dev)->napi_queues; i++)
		myveth_set_draining(myveth_rxq(dev, i), MYVETH_DRAIN_BEGUN);
	return i;
}

/**
 * myveth_end_drain() - after it has changed who needs the rings of an end
 * @dev: the end, or NULL
 *
 * To be called a grace period after the change: until then senders may have
 * acted on what was before. Rings that have gone meanwhile were emptied on the
 * way.
 *
 * Context: process, RTNL held.
 */
static void myveth_end_drain(struct net_device *dev)
{
	struct myveth_rxq *rxq;
	unsigned int i;

	for (i = 0; dev && i < myveth_end(dev)->napi_queues; i++) {
		rxq = myveth_rxq(dev, i);
		myveth_set_draining(rxq, MYVETH_DRAINING);
		/* There may be nothing to wait for. */
		myveth_kick_bh(rxq);
	}
}

/*
 * What a poll does when it has emptied the ring, whether it @found anything or
 * not. It still owns the NAPI: nobody else polls, or replaces @ring.
 */
static void myveth_go_on_draining(struct myveth_rxq *rxq,
				  struct ptr_ring *ring, bool found)
{
	spin_lock(&rxq->producer_lock);
	if (rxq->draining == MYVETH_DRAINING)
		WRITE_ONCE(rxq->draining, MYVETH_DRAINED);
	else if (rxq->draining == MYVETH_DRAINED && !found &&
		 __ptr_ring_empty(ring))
		WRITE_ONCE(rxq->draining, MYVETH_NOT_DRAINING);
	spin_unlock(&rxq->producer_lock);
}

/* Whether there has to be a poll though the ring is empty. */
static bool myveth_wants_poll(const struct myveth_rxq *rxq)
{
	return READ_ONCE(rxq->draining) >= MYVETH_DRAINING;
}

/**
 * myveth_wake_sender() - let a stopped transmit queue go on if there is room
 * @rxq: the receive queue that it feeds
 *
 * Also a queue that is out of use: it may come again, and nobody else would
 * wake it.
 *
 * Context: BH off.
 */
static void myveth_wake_sender(struct myveth_rxq *rxq)
{
	struct netdev_queue *txq;
	struct net_device *peer;
	struct ptr_ring *ring;

	rcu_read_lock();
	peer = rcu_dereference(myveth_end(rxq->dev)->peer);
	if (!peer || rxq->index >= peer->num_tx_queues)
		goto out;
	txq = netdev_get_tx_queue(peer, rxq->index);
	if (likely(!netif_tx_queue_stopped(txq)))
		goto out;

	/* Woken under the lock, under which it is stopped: after it the ring
	 * may be full again, and the queue stopped for that.
	 */
	spin_lock(&rxq->producer_lock);
	ring = myveth_locked_ring(rxq);
	if (!ring || !__ptr_ring_full(ring))
		netif_tx_wake_queue(txq);
	spin_unlock(&rxq->producer_lock);
out:
	rcu_read_unlock();
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
	[MYVETH_LOSS_RING] = {
		"tx_lost_ring", SKB_DROP_REASON_FULL_RING, false },
	[MYVETH_LOSS_RING_OFF] = {
		"tx_lost_ring_off", SKB_DROP_REASON_DEV_READY, false },
	[MYVETH_LOSS_NO_NAPI] = {
		"tx_lost_no_napi", SKB_DROP_REASON_DEV_READY, false },
};

/* Context: BH off, so that nobody else on this CPU writes these counters. */
static void myveth_count_loss(struct net_device *dev, enum myveth_loss loss,
			      unsigned int packets)
{
	struct myveth_loss_stats *stats = this_cpu_ptr(myveth_end(dev)->loss);

	u64_stats_update_begin(&stats->syncp);
	u64_stats_add(&stats->packets[loss], packets);
	u64_stats_update_end(&stats->syncp);
}

/* Free @skb, which cannot go from @dev to @rcv, and tell both ends. */
static void myveth_lose(struct sk_buff *skb, struct net_device *dev,
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

/*
 * Whether @skb has to go by a ring of @rcv, if there is one: an XDP program
 * must see every packet, GRO those that it may merge.
 */
static bool myveth_needs_ring(const struct sk_buff *skb,
			      const struct net_device *dev,
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

/* What myveth_forward() does where the receiving queue has a ring. */
static netdev_tx_t myveth_forward_by_ring(struct sk_buff *skb,
					  struct net_device *dev,
					  struct net_device *rcv,
					  struct myveth_rxq *rxq,
					  bool only_drain)
{
	struct netdev_queue *txq = netdev_get_tx_queue(dev, rxq->index);
	unsigned int len = skb->len;
	int err;

	/* It frees what it refuses, because the receiver has gone down, or its
	 * MTU, since we looked.
	 */
	if (unlikely(__dev_forward_skb(rcv, skb))) {
		myveth_count_loss(dev, myveth_is_up(rcv) ?
				       MYVETH_LOSS_TOO_LONG :
				       MYVETH_LOSS_PEER_DOWN, 1);
		return NET_XMIT_DROP;
	}

	err = myveth_add_skb(rxq, skb, txq, only_drain);
	if (unlikely(err == -EAGAIN))
		return myveth_count_backlog(dev, rcv, len, netif_rx(skb));

	/* The poll counts it for both ends. */
	myveth_kick(rxq);
	if (likely(!err))
		return NET_XMIT_SUCCESS;

	/* Not NETDEV_TX_BUSY: the skb is no longer what the qdisc gave us, and
	 * taps have seen it. A qdisc gets here only when others use the ring
	 * too, or the ring was full before it came.
	 */
	myveth_lose(skb, dev, rcv, err == -ENXIO ? MYVETH_LOSS_RING_OFF :
						   MYVETH_LOSS_RING);
	return NET_XMIT_DROP;
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
	struct myveth_rxq *rxq;
	enum myveth_loss loss;
	bool only_drain;

	loss = myveth_admit(skb, rcv);
	if (unlikely(loss != MYVETH_NO_LOSS)) {
		myveth_lose(skb, dev, rcv, loss);
		return NET_XMIT_DROP;
	}

	rxq = myveth_rxq(rcv, skb_get_queue_mapping(skb));
	if (unlikely(myveth_has_ring(rxq))) {
		only_drain = !myveth_needs_ring(skb, dev, rcv);
		if (!only_drain || READ_ONCE(rxq->draining))
			return myveth_forward_by_ring(skb, dev, rcv, rxq,
						      only_drain);
	}
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
/* XDP									    */
/* ----------------------------------------------------------------------- */

/* Frames handled at a time; the core's devmap does the same. */
#define MYVETH_BULK	16

/**
 * struct myveth_round - what one poll gathers on its way
 * @up: XDP frames to be made skbs and received
 * @back: XDP frames to be sent back to the peer
 * @ups: how many @up
 * @backs: how many @back
 * @draining: the ring was draining when the poll began
 * @flush: frames were redirected, and wait in queues of this CPU for a flush
 * @stats: what this poll adds to the counters of its queue
 */
struct myveth_round {
	struct xdp_frame *up[MYVETH_BULK];
	struct xdp_frame *back[MYVETH_BULK];
	unsigned int ups;
	unsigned int backs;
	bool draining;
	bool flush;
	unsigned int stats[MYVETH_RX_STATS];
};

/**
 * struct myveth_xdp_buff - what a program runs on
 * @xdp: the buffer; first, because kfuncs get a pointer to it
 * @skb: the skb that the buffer belongs to, NULL for an XDP frame
 */
struct myveth_xdp_buff {
	struct xdp_buff xdp;
	struct sk_buff *skb;
};

/* What a program may ask about its packet, when that is an skb. */

static struct sk_buff *myveth_ctx_to_skb(const struct xdp_md *ctx)
{
	return ((const struct myveth_xdp_buff *)ctx)->skb;
}

static int myveth_xdp_rx_timestamp(const struct xdp_md *ctx, u64 *timestamp)
{
	struct sk_buff *skb = myveth_ctx_to_skb(ctx);

	if (!skb)
		return -ENODATA;
	*timestamp = skb_hwtstamps(skb)->hwtstamp;
	return 0;
}

static int myveth_xdp_rx_hash(const struct xdp_md *ctx, u32 *hash,
			      enum xdp_rss_hash_type *type)
{
	struct sk_buff *skb = myveth_ctx_to_skb(ctx);

	if (!skb)
		return -ENODATA;
	*hash = skb_get_hash(skb);
	*type = skb->l4_hash ? XDP_RSS_TYPE_L4_ANY : XDP_RSS_TYPE_NONE;
	return 0;
}

static int myveth_xdp_rx_vlan_tag(const struct xdp_md *ctx, __be16 *proto,
				  u16 *tci)
{
	const struct sk_buff *skb = myveth_ctx_to_skb(ctx);
	int err;

	if (!skb)
		return -ENODATA;
	err = __vlan_hwaccel_get_tag(skb, tci);
	if (!err)
		*proto = skb->vlan_proto;
	return err;
}

static const struct xdp_metadata_ops myveth_xdp_metadata_ops = {
	.xmo_rx_timestamp	= myveth_xdp_rx_timestamp,
	.xmo_rx_hash		= myveth_xdp_rx_hash,
	.xmo_rx_vlan_tag	= myveth_xdp_rx_vlan_tag,
};

/*
 * Send XDP frames from @dev to its peer, by the ring that belongs to this CPU,
 * and tell which queue that was. Returns how many were taken; the others remain
 * the caller's. -ENXIO if none could be, because there is no peer or no ring.
 */
static int myveth_send_frames(struct net_device *dev, struct xdp_frame **frames,
			      int n, struct myveth_rxq **to)
{
	struct net_device *rcv;
	unsigned int max_len;

	rcv = rcu_dereference(myveth_end(dev)->peer);
	if (unlikely(!rcv))
		return -ENXIO;

	*to = myveth_rxq(rcv, smp_processor_id() %
			      READ_ONCE(rcv->real_num_rx_queues));
	if (unlikely(!myveth_has_ring(*to)))
		return -ENXIO;

	max_len = READ_ONCE(rcv->mtu) + rcv->hard_header_len + VLAN_HLEN;
	return myveth_add_frames(*to, frames, n, max_len);
}

/*
 * ndo_xdp_xmit: another device's program redirects frames to @dev, so that the
 * peer receives them. Returns how many were taken; the caller frees the rest.
 * It polls for them whether XDP_XMIT_FLUSH is set or not, for the call that has
 * it may never come: the last frames may be dropped by the map's own program.
 */
static int myveth_xdp_xmit(struct net_device *dev, int n,
			   struct xdp_frame **frames, u32 flags)
{
	struct myveth_rxq *rxq;
	int sent;

	if (unlikely(flags & ~XDP_XMIT_FLAGS_MASK))
		return -EINVAL;

	rcu_read_lock();
	sent = myveth_send_frames(dev, frames, n, &rxq);
	if (likely(sent >= 0)) {
		atomic64_add(sent, &rxq->frames);
		atomic64_add(n - sent, &rxq->frame_errors);
		if (sent)
			myveth_kick(rxq);
	} else {
		myveth_count_loss(dev,
				  rcu_access_pointer(myveth_end(dev)->peer) ?
				  MYVETH_LOSS_NO_NAPI : MYVETH_LOSS_NO_PEER, n);
	}
	rcu_read_unlock();
	return sent;
}

/* Send back to the peer what XDP_TX has gathered; what it refuses is lost. */
static void myveth_flush_back(struct myveth_rxq *rxq,
			      struct myveth_round *round)
{
	struct myveth_rxq *to;
	int sent, lost, i;

	if (!round->backs)
		return;

	sent = myveth_send_frames(rxq->dev, round->back, round->backs, &to);
	if (sent > 0)
		myveth_kick(to);
	lost = round->backs - max(sent, 0);
	trace_xdp_bulk_tx(rxq->dev, round->backs - lost, lost, min(sent, 0));

	for (i = round->backs - lost; i < round->backs; i++)
		xdp_return_frame(round->back[i]);
	round->stats[MYVETH_RX_XDP_TX] += round->backs - lost;
	round->stats[MYVETH_RX_XDP_TX_ERRORS] += lost;
	round->backs = 0;
}

/*
 * How many bytes of headroom the copy of @skb gets, so that a program that
 * knows of no fragments finds all of it in one page. myveth_max_mtu() leaves
 * room for the headroom that programs may expect, unless a VLAN tag stands in
 * the payload; such a packet is given up to VLAN_HLEN bytes less.
 */
static unsigned int myveth_headroom(const struct sk_buff *skb,
				    const struct bpf_prog *prog)
{
	unsigned int room = SKB_WITH_OVERHEAD(PAGE_SIZE) - XDP_PACKET_HEADROOM;

	if (prog->aux->xdp_has_frags || skb->len <= room)
		return XDP_PACKET_HEADROOM;
	return XDP_PACKET_HEADROOM - min(skb->len - room, VLAN_HLEN);
}

/* Whether a program may move the data of @skb, or it be passed on by pages. */
static bool myveth_has_own_pages(const struct sk_buff *skb)
{
	return !skb_head_is_locked(skb) && !skb_is_nonlinear(skb) &&
	       skb_headroom(skb) >= XDP_PACKET_HEADROOM;
}

/*
 * Whether @skb has to be copied before @prog sees it. A program that moves
 * neither end of the data can have it where it is, unless others have it too;
 * if it wants the packet passed on, there is time for the copy then. Fragments
 * are always copied: they may be somebody else's, or in the memory of a device
 * (see compat_allow_netmem()), where nobody can read them. Then the copy fails,
 * and the packet is lost.
 */
static bool myveth_needs_copy(const struct sk_buff *skb,
			      const struct bpf_prog *prog)
{
	if (skb_cloned(skb) || skb_is_nonlinear(skb))
		return true;
	return compat_prog_moves_data(prog) && !myveth_has_own_pages(skb);
}

/* Copy *@skb, if need be, so that @prog may write to it. */
static int myveth_make_writable(struct myveth_rxq *rxq, struct sk_buff **skb,
				const struct bpf_prog *prog)
{
	int err;

	if (myveth_needs_copy(*skb, prog)) {
		err = skb_pp_cow_data(rxq->pool, skb,
				      myveth_headroom(*skb, prog));
		if (err)
			return err;
	}
	/* It would read beyond what it knows of. */
	if (skb_is_nonlinear(*skb) && !prog->aux->xdp_has_frags)
		return -EMSGSIZE;
	return 0;
}

/* Let @buff describe the data of @skb, which is writable. */
static void myveth_skb_to_buff(struct myveth_rxq *rxq, struct sk_buff *skb,
			       struct myveth_xdp_buff *buff)
{
	struct skb_shared_info *info = skb_shinfo(skb);
	struct xdp_buff *xdp = &buff->xdp;
	u32 size;

	size = skb_end_offset(skb) + SKB_DATA_ALIGN(sizeof(*info));
	xdp_init_buff(xdp, size, &rxq->xdp_rxq);
	xdp_prepare_buff(xdp, skb->head, skb_headroom(skb), skb_headlen(skb),
			 true);
	if (info->nr_frags) {
		info->xdp_frags_size = skb->data_len;
		xdp_buff_set_frags_flag(xdp);
	}
	/* A program that cuts off fragments gives their pages back. */
	compat_set_rxq_memory(&rxq->xdp_rxq, skb->pp_recycle ?
						MEM_TYPE_PAGE_POOL :
						MEM_TYPE_PAGE_SHARED);
	buff->skb = skb;
}

/* Let @skb follow its data, which a program may have moved and cut. */
static void myveth_buff_to_skb(struct xdp_buff *xdp, struct sk_buff *skb)
{
	unsigned int headlen = xdp->data_end - xdp->data;

	skb->data = xdp->data;
	skb_set_tail_pointer(skb, headlen);
	skb->data_len = xdp_buff_has_frags(xdp) ?
			skb_shinfo(skb)->xdp_frags_size : 0;
	skb->len = headlen + skb->data_len;
	skb_reset_mac_header(skb);
}

/*
 * The skb goes, but its data is still needed: it is passed on as an XDP frame,
 * whose pages have a reference of their own.
 */
static int myveth_take_pages(struct myveth_rxq *rxq,
			     const struct bpf_prog *prog,
			     struct myveth_xdp_buff *buff)
{
	struct skb_shared_info *info;
	int err, i;

	if (!buff->skb)
		return 0;
	/* Not copied yet, and it should have been; myveth_headroom() says what
	 * a copy has at the least.
	 */
	if (skb_head_is_locked(buff->skb) ||
	    skb_headroom(buff->skb) < XDP_PACKET_HEADROOM - VLAN_HLEN) {
		err = skb_pp_cow_data(rxq->pool, &buff->skb,
				      myveth_headroom(buff->skb, prog));
		if (err)
			return err;
		myveth_skb_to_buff(rxq, buff->skb, buff);
	}

	get_page(virt_to_page(buff->xdp.data));
	if (xdp_buff_has_frags(&buff->xdp)) {
		info = xdp_get_shared_info_from_buff(&buff->xdp);
		for (i = 0; i < info->nr_frags; i++)
			__skb_frag_ref(&info->frags[i]);
	}
	compat_set_rxq_memory(&rxq->xdp_rxq, MEM_TYPE_PAGE_SHARED);
	consume_skb(buff->skb);
	buff->skb = NULL;
	return 0;
}

static void myveth_free_buff(struct myveth_xdp_buff *buff,
			     enum skb_drop_reason reason)
{
	if (buff->skb)
		kfree_skb_reason(buff->skb, reason);
	else
		xdp_return_buff(&buff->xdp);
}

static int myveth_send_back(struct myveth_rxq *rxq, struct xdp_buff *xdp,
			    struct myveth_round *round)
{
	struct xdp_frame *frame = xdp_convert_buff_to_frame(xdp);

	if (unlikely(!frame))
		return -EOVERFLOW;

	if (round->backs == MYVETH_BULK)
		myveth_flush_back(rxq, round);
	round->back[round->backs++] = frame;
	return 0;
}

/**
 * myveth_run_prog() - run an XDP program and do what it decides
 * @rxq: the queue that the packet came by
 * @prog: the program
 * @buff: the packet, whose memory @rxq->xdp_rxq describes
 * @round: what this poll gathers
 *
 * Context: myveth_poll().
 * Return: true if the packet goes on its way up; otherwise it is gone.
 */
static bool myveth_run_prog(struct myveth_rxq *rxq, struct bpf_prog *prog,
			    struct myveth_xdp_buff *buff,
			    struct myveth_round *round)
{
	enum myveth_rx_stat stat = MYVETH_RX_XDP_DROPS;
	struct net_device *dev = rxq->dev;
	u32 act;

	act = bpf_prog_run_xdp(prog, &buff->xdp);
	switch (act) {
	case XDP_PASS:
		return true;
	case XDP_TX:
		if (likely(!myveth_take_pages(rxq, prog, buff) &&
			   !myveth_send_back(rxq, &buff->xdp, round)))
			return false;
		trace_xdp_exception(dev, prog, act);
		stat = MYVETH_RX_DROPS;
		break;
	case XDP_REDIRECT:
		/* Of a broadcast that fails, some have gone to their queues. */
		round->flush = true;
		if (likely(!myveth_take_pages(rxq, prog, buff) &&
			   !xdp_do_redirect(dev, &buff->xdp, prog))) {
			round->stats[MYVETH_RX_XDP_REDIRECT]++;
			return false;
		}
		stat = MYVETH_RX_DROPS;
		break;
	default:
		bpf_warn_invalid_xdp_action(dev, prog, act);
		fallthrough;
	case XDP_ABORTED:
		trace_xdp_exception(dev, prog, act);
		fallthrough;
	case XDP_DROP:
		break;
	}

	round->stats[stat]++;
	myveth_free_buff(buff, SKB_DROP_REASON_XDP);
	return false;
}

/**
 * myveth_filter_skb() - let an XDP program decide about an skb
 * @rxq: the queue that it came by
 * @prog: the program
 * @skb: the skb, with its Ethernet header pulled; consumed, if it is not
 *	returned
 * @round: what this poll gathers
 *
 * Context: myveth_poll().
 * Return: the skb to be received, perhaps another one, or NULL.
 */
static struct sk_buff *myveth_filter_skb(struct myveth_rxq *rxq,
					 struct bpf_prog *prog,
					 struct sk_buff *skb,
					 struct myveth_round *round)
{
	struct myveth_xdp_buff buff;
	int err, meta;

	__skb_push(skb, skb->data - skb_mac_header(skb));
	err = myveth_make_writable(rxq, &skb, prog);
	if (unlikely(err)) {
		round->stats[MYVETH_RX_DROPS]++;
		kfree_skb_reason(skb, err == -EMSGSIZE ?
				      SKB_DROP_REASON_PKT_TOO_BIG :
				      SKB_DROP_REASON_NOMEM);
		return NULL;
	}

	/* The program may write to it, and then that is the sum of others. */
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;
	myveth_skb_to_buff(rxq, skb, &buff);
	if (!myveth_run_prog(rxq, prog, &buff, round))
		return NULL;

	myveth_buff_to_skb(&buff.xdp, skb);
	/* eth_type_trans() only says whom else it is for, and the program may
	 * have changed that.
	 */
	skb->pkt_type = PACKET_HOST;
	skb->protocol = eth_type_trans(skb, rxq->dev);
	meta = buff.xdp.data - buff.xdp.data_meta;
	if (meta > 0)
		skb_metadata_set(skb, meta);
	return skb;
}

/* The same for an XDP frame; true if it is to be received. */
static bool myveth_filter_frame(struct myveth_rxq *rxq, struct bpf_prog *prog,
				struct xdp_frame *frame,
				struct myveth_round *round)
{
	struct myveth_xdp_buff buff = {};

	/* It would read beyond what it knows of. */
	if (unlikely(xdp_frame_has_frags(frame)) &&
	    !prog->aux->xdp_has_frags) {
		round->stats[MYVETH_RX_DROPS]++;
		xdp_return_frame(frame);
		return false;
	}

	xdp_convert_frame_to_buff(frame, &buff.xdp);
	buff.xdp.rxq = &rxq->xdp_rxq;
	compat_set_rxq_frame_memory(&rxq->xdp_rxq, frame);
	if (!myveth_run_prog(rxq, prog, &buff, round))
		return false;

	if (unlikely(xdp_update_frame_from_buff(&buff.xdp, frame))) {
		round->stats[MYVETH_RX_DROPS]++;
		myveth_free_buff(&buff, SKB_DROP_REASON_XDP);
		return false;
	}
	return true;
}

/* ----------------------------------------------------------------------- */
/* Receive: NAPI and GRO						    */
/* ----------------------------------------------------------------------- */

/*
 * Give @skb to GRO or, by it, to the stack. While the ring drains GRO holds
 * nothing, for it may be switched off any moment, and what it does not see any
 * more would overtake what it holds. The switch waits for polls that do not
 * know of the drain.
 */
static void myveth_deliver(struct myveth_rxq *rxq, struct sk_buff *skb,
			   const struct myveth_round *round)
{
	napi_gro_receive(&rxq->napi, skb);
	if (unlikely(round->draining))
		napi_gro_flush(&rxq->napi, false);
}

/* Make skbs of the frames gathered, and receive them. */
static void myveth_flush_up(struct myveth_rxq *rxq, struct myveth_round *round)
{
	void *skbs[MYVETH_BULK];
	unsigned int got, i;
	struct sk_buff *skb;

	if (!round->ups)
		return;

	/* There may be fewer than asked for. */
	got = compat_alloc_skb_heads(skbs, round->ups);
	for (i = 0; i < got; i++) {
		skb = __xdp_build_skb_from_frame(round->up[i], skbs[i],
						 rxq->dev);
		myveth_deliver(rxq, skb, round);
	}
	for (; i < round->ups; i++) {
		round->stats[MYVETH_RX_DROPS]++;
		xdp_return_frame(round->up[i]);
	}
	round->ups = 0;
}

static void myveth_receive_frame(struct myveth_rxq *rxq, struct bpf_prog *prog,
				 struct xdp_frame *frame,
				 struct myveth_round *round)
{
	round->stats[MYVETH_RX_BYTES] += xdp_get_frame_len(frame);
	if (prog && !myveth_filter_frame(rxq, prog, frame, round))
		return;

	round->up[round->ups++] = frame;
	if (round->ups == MYVETH_BULK)
		myveth_flush_up(rxq, round);
}

static void myveth_receive_skb(struct myveth_rxq *rxq, struct bpf_prog *prog,
			       struct sk_buff *skb, struct myveth_round *round)
{
	/* Its header is pulled, and counts. */
	round->stats[MYVETH_RX_BYTES] += skb->len + ETH_HLEN;
	/* What the sender's socket left in it must not be merged. */
	skb_prepare_for_gro(skb);
	if (prog) {
		skb = myveth_filter_skb(rxq, prog, skb, round);
		if (!skb)
			return;
	}
	/* GRO writes to it, and the sender may have kept a clone. Passing it
	 * by would let it overtake those that GRO holds. GRO may be switched
	 * on at any moment, so do not ask whether it is.
	 */
	if (unlikely(skb_unclone(skb, GFP_ATOMIC))) {
		round->stats[MYVETH_RX_DROPS]++;
		kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
		return;
	}
	/* What is gathered came before it. */
	myveth_flush_up(rxq, round);
	myveth_deliver(rxq, skb, round);
}

/* Take up to @budget packets from the ring. Returns how many it were. */
static int myveth_receive(struct myveth_rxq *rxq, struct ptr_ring *ring,
			  int budget, struct myveth_round *round)
{
	struct bpf_prog *prog = rcu_dereference(myveth_end(rxq->dev)->prog);
	int done = 0;
	void *entry;

	while (done < budget) {
		entry = __ptr_ring_consume(ring);
		if (!entry)
			break;
		if (myveth_is_frame(entry))
			myveth_receive_frame(rxq, prog,
					     myveth_entry_to_frame(entry),
					     round);
		else
			myveth_receive_skb(rxq, prog, entry, round);
		done++;
	}
	myveth_flush_up(rxq, round);
	round->stats[MYVETH_RX_PACKETS] = done;
	return done;
}

static void myveth_count_round(struct myveth_rxq *rxq,
			       const struct myveth_round *round)
{
	int i;

	u64_stats_update_begin(&rxq->syncp);
	for (i = 0; i < MYVETH_RX_STATS; i++)
		u64_stats_add(&rxq->stats[i], round->stats[i]);
	u64_stats_update_end(&rxq->syncp);
}

/* The end of a poll that has emptied the ring: deliver what was in it. */
static void myveth_complete(struct myveth_rxq *rxq, struct ptr_ring *ring,
			    int done, const struct myveth_round *round)
{
	if (unlikely(round->draining))
		myveth_go_on_draining(rxq, ring, done);
	if (!napi_complete_done(&rxq->napi, done))
		return;

	/* Pairs with the barrier in myveth_kick(): who adds a packet from now
	 * on schedules a poll, and who did not is seen here.
	 */
	smp_store_mb(rxq->poll_pending, false);
	if (unlikely(!__ptr_ring_empty(ring) || myveth_wants_poll(rxq)))
		myveth_kick(rxq);
}

static int myveth_poll(struct napi_struct *napi, int budget)
{
	struct myveth_rxq *rxq = container_of(napi, struct myveth_rxq, napi);
	struct myveth_round round;
	struct ptr_ring *ring;
	int done;

	/* netpoll's budget: nothing may be received. And we may be inside of
	 * anything, as in an interrupt: the locks below are not for that.
	 */
	if (unlikely(!budget))
		return 0;

	round.ups = 0;
	round.backs = 0;
	round.flush = false;
	memset(round.stats, 0, sizeof(round.stats));

	rcu_read_lock();
	/* It is there whenever NAPI is enabled. */
	ring = rcu_dereference(rxq->ring);
	/* What GRO still holds of earlier polls (gro_flush_timeout). */
	round.draining = READ_ONCE(rxq->draining);
	if (unlikely(round.draining))
		napi_gro_flush(napi, false);

	/* Frames that end here may belong to a page pool which another CPU
	 * uses right now.
	 */
	xdp_set_return_frame_no_direct();
	done = myveth_receive(rxq, ring, budget, &round);
	/* Before the poll completes: afterwards another CPU may poll. */
	if (round.flush)
		xdp_do_flush();
	myveth_flush_back(rxq, &round);
	xdp_clear_return_frame_no_direct();
	myveth_count_round(rxq, &round);

	if (done < budget)
		myveth_complete(rxq, ring, done, &round);
	/* After myveth_complete(): who stopped the queue and left it to this
	 * poll did so before.
	 */
	myveth_wake_sender(rxq);
	rcu_read_unlock();
	return done;
}

/* ----------------------------------------------------------------------- */
/* Switching NAPI on and off						    */
/* ----------------------------------------------------------------------- */

/* The same as veth's, and what `ethtool -G` accepts: packets. */
#define MYVETH_RING_SIZE	256U
#define MYVETH_RING_SIZE_MIN	64U
#define MYVETH_RING_SIZE_MAX	32768U

static struct ptr_ring *myveth_alloc_ring(unsigned int size)
{
	struct ptr_ring *ring = kzalloc(sizeof(*ring), GFP_KERNEL_ACCOUNT);

	if (ring && ptr_ring_init(ring, size, GFP_KERNEL_ACCOUNT)) {
		kfree(ring);
		ring = NULL;
	}
	return ring;
}

/* Free a ring that is empty, or was never published. */
static void myveth_free_ring(struct ptr_ring *ring)
{
	if (!ring)
		return;
	ptr_ring_cleanup(ring, NULL);
	kfree(ring);
}

/* A pool of pages for packets that are copied for an XDP program. */
static int myveth_create_pool(struct myveth_rxq *rxq)
{
	struct page_pool_params params = {
		.pool_size = MYVETH_RING_SIZE,
		.nid = NUMA_NO_NODE,
		.dev = &rxq->dev->dev,
	};
	struct page_pool *pool;

	if (rxq->pool)
		return 0;
	pool = page_pool_create(&params);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	rxq->pool = pool;
	return 0;
}

static void myveth_destroy_pool(struct myveth_rxq *rxq)
{
	/* It takes NULL. */
	page_pool_destroy(rxq->pool);
	rxq->pool = NULL;
}

/* Find a queue or make it. It stays, see the lifetime rule of a ring. */
static struct myveth_rxq *myveth_make_rxq(struct net_device *dev,
					  unsigned int index)
{
	struct myveth_end *end = myveth_end(dev);
	struct myveth_rxq *rxq = myveth_rxq(dev, index);
	struct myveth_rxq **rxqs;

	if (rxq)
		return rxq;
	if (!end->rxqs) {
		rxqs = kvcalloc(dev->num_rx_queues, sizeof(*rxqs),
				GFP_KERNEL_ACCOUNT);
		if (!rxqs)
			return NULL;
		/* Pairs with the READ_ONCE() of it in myveth_rxq(). */
		smp_store_release(&end->rxqs, rxqs);
	}

	rxq = kzalloc(sizeof(*rxq), GFP_KERNEL_ACCOUNT);
	if (!rxq)
		return NULL;
	rxq->dev = dev;
	rxq->index = index;
	spin_lock_init(&rxq->producer_lock);
	u64_stats_init(&rxq->syncp);
	/* Likewise. */
	smp_store_release(&end->rxqs[index], rxq);
	return rxq;
}

static void myveth_free_rxqs(struct net_device *dev)
{
	struct myveth_end *end = myveth_end(dev);
	unsigned int i;

	for (i = 0; end->rxqs && i < dev->num_rx_queues; i++)
		kfree(end->rxqs[i]);
	kvfree(end->rxqs);
}

/* Publish @ring, or none, in the place of the one that is returned. */
static struct ptr_ring *myveth_swap_ring(struct myveth_rxq *rxq,
					 struct ptr_ring *ring)
{
	struct ptr_ring *old;

	spin_lock_bh(&rxq->producer_lock);
	old = myveth_locked_ring(rxq);
	rcu_assign_pointer(rxq->ring, ring);
	spin_unlock_bh(&rxq->producer_lock);
	return old;
}

static int myveth_register_xdp_rxq(struct myveth_rxq *rxq)
{
	int err;

	err = xdp_rxq_info_reg(&rxq->xdp_rxq, rxq->dev, rxq->index,
			       rxq->napi.napi_id);
	if (err)
		return err;
	err = xdp_rxq_info_reg_mem_model(&rxq->xdp_rxq, MEM_TYPE_PAGE_SHARED,
					 NULL);
	if (err)
		xdp_rxq_info_unreg(&rxq->xdp_rxq);
	return err;
}

/* Some packet may have been added while NAPI was disabled. */
static void myveth_enable_napi(struct myveth_rxq *rxq)
{
	napi_enable(&rxq->napi);
	WRITE_ONCE(rxq->poll_pending, false);
	myveth_kick_bh(rxq);
}

/**
 * myveth_start_rxq() - switch NAPI on for one receive queue
 * @dev: the end
 * @index: number of the queue
 *
 * Context: process, RTNL held.
 * Return: 0, or -ENOMEM and the like and nothing has changed.
 */
static int myveth_start_rxq(struct net_device *dev, unsigned int index)
{
	struct myveth_end *end = myveth_end(dev);
	struct myveth_rxq *rxq;
	struct ptr_ring *ring;
	int err = -ENOMEM;

	rxq = myveth_make_rxq(dev, index);
	if (!rxq)
		return err;
	ring = myveth_alloc_ring(end->ring_size);
	if (!ring)
		return err;
	if (rtnl_dereference(end->prog)) {
		err = myveth_create_pool(rxq);
		if (err)
			goto err_pool;
	}
	netif_napi_add(dev, &rxq->napi, myveth_poll);
	err = myveth_register_xdp_rxq(rxq);
	if (err)
		goto err_xdp_rxq;

	compat_link_napi(dev, index, &rxq->napi);
	myveth_set_draining(rxq, MYVETH_NOT_DRAINING);
	/* The ring first: a poll, which busy polling may begin at once, needs
	 * it. What is added meanwhile waits until NAPI is enabled.
	 */
	myveth_swap_ring(rxq, ring);
	myveth_enable_napi(rxq);
	return 0;

err_xdp_rxq:
	netif_napi_del(&rxq->napi);
	myveth_destroy_pool(rxq);
err_pool:
	myveth_free_ring(ring);
	return err;
}

/*
 * Free what was in a ring that nobody else can reach, and count it as lost. Who
 * was stopped by it goes on.
 */
static void myveth_discard(struct myveth_rxq *rxq, struct ptr_ring *ring)
{
	struct net_device *peer;
	unsigned int lost = 0;
	void *entry;

	/* For the counters, and for the lock that the last call takes. */
	local_bh_disable();
	while ((entry = __ptr_ring_consume(ring))) {
		myveth_free_entry(entry);
		lost++;
	}
	peer = rtnl_dereference(myveth_end(rxq->dev)->peer);
	if (peer && lost)
		myveth_count_loss(peer, MYVETH_LOSS_RING_OFF, lost);
	myveth_wake_sender(rxq);
	local_bh_enable();
}

/*
 * Deliver what GRO holds (gro_flush_timeout). It is counted as received, but
 * would be freed with the NAPI. That is disabled: nobody else can get at it.
 */
static void myveth_deliver_held(struct napi_struct *napi)
{
	LIST_HEAD(held);

	local_bh_disable();
	napi_gro_flush(napi, false);
	list_splice_init(compat_gro_list(napi), &held);
	netif_receive_skb_list(&held);
	local_bh_enable();
}

/*
 * Switch NAPI off for the receive queues from @first to before @end.
 *
 * The order matters. First the poll stops, then GRO lets go, then the ring
 * goes; so what comes from now on by the backlog cannot overtake what a poll
 * has taken out of the ring. What is left there is lost.
 */
static void myveth_stop_rxqs(struct net_device *dev, unsigned int first,
			     unsigned int end)
{
	struct myveth_rxq *rxq;
	unsigned int i;

	if (first >= end)
		return;
	for (i = first; i < end; i++) {
		rxq = myveth_rxq(dev, i);
		napi_disable(&rxq->napi);
		myveth_deliver_held(&rxq->napi);
		rxq->spare_ring = myveth_swap_ring(rxq, NULL);
		myveth_discard(rxq, rxq->spare_ring);
		compat_link_napi(dev, i, NULL);
		__netif_napi_del(&rxq->napi);
	}
	/* For the last lines of polls, for busy polling, which finds a NAPI by
	 * its number, and for kicks: they may still look at ring and NAPI.
	 */
	synchronize_net();
	for (i = first; i < end; i++) {
		rxq = myveth_rxq(dev, i);
		compat_set_rxq_memory(&rxq->xdp_rxq, MEM_TYPE_PAGE_SHARED);
		xdp_rxq_info_unreg(&rxq->xdp_rxq);
		myveth_destroy_pool(rxq);
		myveth_free_ring(rxq->spare_ring);
		rxq->spare_ring = NULL;
	}
}

/* Let the first @n receive queues have NAPI, and the others not. */
static int myveth_set_napi_queues(struct net_device *dev, unsigned int n)
{
	struct myveth_end *end = myveth_end(dev);
	unsigned int i;
	int err;

	for (i = end->napi_queues; i < n; i++) {
		err = myveth_start_rxq(dev, i);
		if (err) {
			myveth_stop_rxqs(dev, end->napi_queues, i);
			return err;
		}
	}
	myveth_stop_rxqs(dev, n, end->napi_queues);
	end->napi_queues = n;
	return 0;
}

/* Whether anything asks for NAPI while @dev is up. */
static bool myveth_wants_napi(const struct net_device *dev)
{
	const struct myveth_end *end = myveth_end(dev);

	return end->rx_napi || rcu_access_pointer(end->prog) ||
	       dev->wanted_features & NETIF_F_GRO;
}

/**
 * myveth_update_napi() - switch NAPI on or off, as the state of an end demands
 * @dev: the end
 *
 * To be called after anything has changed that myveth_wants_napi() asks for,
 * when the end goes up or down, and when its number of queues changes.
 *
 * Context: process, RTNL held.
 * Return: 0, or -ENOMEM and the like and nothing has changed; 0 for sure when
 * less is demanded than before.
 */
static int myveth_update_napi(struct net_device *dev)
{
	bool on = netif_running(dev) && myveth_wants_napi(dev);

	return myveth_set_napi_queues(dev, on ? dev->real_num_rx_queues : 0);
}

/*
 * Move what waits in the ring of @rxq, in its order, to @rxq->spare_ring, which
 * takes its place. What does not fit there is lost. Returns the old ring.
 */
static struct ptr_ring *myveth_replace_ring(struct myveth_rxq *rxq)
{
	struct ptr_ring *old, *new = rxq->spare_ring;
	void *entry = NULL;

	napi_disable(&rxq->napi);
	spin_lock_bh(&rxq->producer_lock);
	old = myveth_locked_ring(rxq);
	while (!__ptr_ring_full(new) && (entry = __ptr_ring_consume(old)))
		__ptr_ring_produce(new, entry);
	rcu_assign_pointer(rxq->ring, new);
	spin_unlock_bh(&rxq->producer_lock);

	myveth_discard(rxq, old);
	myveth_enable_napi(rxq);
	return old;
}

/**
 * myveth_resize_rings() - give every queue that has NAPI a ring of another size
 * @dev: the end
 * @size: packets that a ring is to hold
 *
 * Context: process, RTNL held.
 * Return: 0, or -ENOMEM and nothing has changed.
 */
static int myveth_resize_rings(struct net_device *dev, unsigned int size)
{
	struct myveth_end *end = myveth_end(dev);
	struct myveth_rxq *rxq;
	unsigned int i;
	int err = 0;

	for (i = 0; i < end->napi_queues && !err; i++) {
		rxq = myveth_rxq(dev, i);
		rxq->spare_ring = myveth_alloc_ring(size);
		err = rxq->spare_ring ? 0 : -ENOMEM;
	}
	if (err)
		goto out;

	end->ring_size = size;
	for (i = 0; i < end->napi_queues; i++) {
		rxq = myveth_rxq(dev, i);
		rxq->spare_ring = myveth_replace_ring(rxq);
	}
	/* For the last lines of polls, which may still look at the old ones. */
	if (end->napi_queues)
		synchronize_net();
out:
	for (i = 0; i < end->napi_queues; i++) {
		rxq = myveth_rxq(dev, i);
		myveth_free_ring(rxq->spare_ring);
		rxq->spare_ring = NULL;
	}
	return err;
}

/* ----------------------------------------------------------------------- */
/* Statistics								    */
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
static void myveth_sum_losses(const struct net_device *dev,
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
 * struct myveth_rx_totals - sums over receive queues
 * @stats: by enum myveth_rx_stat
 * @frames: see struct myveth_rxq
 * @frame_errors: see struct myveth_rxq
 */
struct myveth_rx_totals {
	u64 stats[MYVETH_RX_STATS];
	u64 frames;
	u64 frame_errors;
};

/**
 * myveth_sum_rxqs() - sum up what receive queues have counted
 * @dev: the receiving end
 * @first: the first queue
 * @end: the queue after the last
 * @sum: the sums since @dev was created, also of times with other numbers of
 *	queues
 *
 * Context: any that may use @dev.
 */
static void myveth_sum_rxqs(const struct net_device *dev, unsigned int first,
			    unsigned int end, struct myveth_rx_totals *sum)
{
	const struct myveth_rxq *rxq;
	unsigned int i;

	memset(sum, 0, sizeof(*sum));
	if (!READ_ONCE(myveth_end(dev)->rxqs))
		return;
	for (i = first; i < end; i++) {
		rxq = myveth_rxq(dev, i);
		if (!rxq)
			continue;
		myveth_add_counters(sum->stats, rxq->stats, &rxq->syncp,
				    MYVETH_RX_STATS);
		sum->frames += atomic64_read(&rxq->frames);
		sum->frame_errors += atomic64_read(&rxq->frame_errors);
	}
}

/*
 * What went by the backlog is counted by the sender, what went by a ring by the
 * receiver's poll. Each is what one end sent and the other received; an end
 * also receives what bpf_redirect_peer() gives it without any sending.
 */
static void myveth_get_stats64(struct net_device *dev,
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

static const struct netdev_stat_ops myveth_stat_ops = {
	.get_queue_stats_rx	= myveth_get_queue_stats_rx,
	.get_queue_stats_tx	= myveth_get_queue_stats_tx,
	.get_base_stats		= myveth_get_base_stats,
};

/* ----------------------------------------------------------------------- */
/* Attaching an XDP program						    */
/* ----------------------------------------------------------------------- */

/*
 * The peer's largest MTU while a program runs here: a frame with its Ethernet
 * header, the headroom that programs may expect and what the kernel keeps
 * behind it fill one page; a program that knows of fragments gets more of them.
 */
static unsigned int myveth_max_mtu(const struct net_device *peer,
				   const struct bpf_prog *prog)
{
	unsigned int max = SKB_WITH_OVERHEAD(PAGE_SIZE - XDP_PACKET_HEADROOM -
					     NET_IP_ALIGN) -
			   peer->hard_header_len;

	if (prog->aux->xdp_has_frags)
		max += PAGE_SIZE * MAX_SKB_FRAGS;
	return min(max, ETH_MAX_MTU);
}

/**
 * myveth_update_xdp_features() - tell others what XDP can do on an end
 * @dev: the end
 *
 * To be called when the numbers of queues of a pair have changed, or what
 * myveth_wants_napi() says of @dev's peer: that one takes frames when it is up.
 *
 * Context: process, RTNL held.
 */
static void myveth_update_xdp_features(struct net_device *dev)
{
	struct net_device *peer = rtnl_dereference(myveth_end(dev)->peer);
	xdp_features_t features = 0;

	if (peer && peer->real_num_tx_queues <= dev->real_num_rx_queues) {
		features = NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT |
			   NETDEV_XDP_ACT_RX_SG;
		if (myveth_wants_napi(peer))
			features |= NETDEV_XDP_ACT_NDO_XMIT |
				    NETDEV_XDP_ACT_NDO_XMIT_SG;
	}
	xdp_set_features_flag(dev, features);
}

static void myveth_update_pair_xdp_features(struct net_device *dev)
{
	struct net_device *peer = rtnl_dereference(myveth_end(dev)->peer);

	myveth_update_xdp_features(dev);
	if (peer)
		myveth_update_xdp_features(peer);
}

static int myveth_check_prog(const struct net_device *dev,
			     const struct bpf_prog *prog,
			     struct netlink_ext_ack *extack)
{
	const struct net_device *peer;

	peer = rtnl_dereference(myveth_end(dev)->peer);
	if (!peer) {
		NL_SET_ERR_MSG_MOD(extack,
				   "Cannot set XDP when peer is detached");
		return -ENOTCONN;
	}
	if (peer->mtu > myveth_max_mtu(peer, prog)) {
		NL_SET_ERR_MSG_MOD(extack,
				   "Peer MTU is too large to set XDP");
		return -ERANGE;
	}
	if (dev->real_num_rx_queues < peer->real_num_tx_queues) {
		NL_SET_ERR_MSG_MOD(extack,
				   "XDP expects number of rx queues not less than peer tx queues");
		return -ENOSPC;
	}
	return 0;
}

static void myveth_destroy_pools(struct net_device *dev)
{
	unsigned int i;

	for (i = 0; i < myveth_end(dev)->napi_queues; i++)
		myveth_destroy_pool(myveth_rxq(dev, i));
}

/* For the queues that have NAPI already; the others get theirs with it. */
static int myveth_create_pools(struct net_device *dev)
{
	unsigned int i;
	int err;

	for (i = 0; i < myveth_end(dev)->napi_queues; i++) {
		err = myveth_create_pool(myveth_rxq(dev, i));
		if (err) {
			myveth_destroy_pools(dev);
			return err;
		}
	}
	return 0;
}

/*
 * The first program: the pools before it, the program before NAPI, so that
 * no packet comes by a ring that NAPI is switched on for and misses it.
 */
static int myveth_start_xdp(struct net_device *dev, struct bpf_prog *prog)
{
	struct myveth_end *end = myveth_end(dev);
	int err;

	err = myveth_create_pools(dev);
	if (err)
		return err;
	/* A poll reads the pool's pointer after the program's, but nothing
	 * keeps a processor from doing it the other way round.
	 */
	if (end->napi_queues)
		synchronize_net();
	rcu_assign_pointer(end->prog, prog);
	err = myveth_update_napi(dev);
	if (!err)
		return 0;

	RCU_INIT_POINTER(end->prog, NULL);
	synchronize_net();
	myveth_destroy_pools(dev);
	return err;
}

/* The pools are in use until no poll can have seen the program. */
static void myveth_stop_xdp(struct net_device *dev)
{
	/* Who misses the program must not miss the drain. */
	if (myveth_begin_drain(dev))
		synchronize_net();
	RCU_INIT_POINTER(myveth_end(dev)->prog, NULL);
	synchronize_net();
	myveth_end_drain(dev);
	myveth_destroy_pools(dev);
	myveth_update_napi(dev);
}

/*
 * What the peer may send here depends on the program: how long it may be, and
 * whether it must be cut into segments first.
 */
static void myveth_update_sender(struct net_device *dev,
				 const struct bpf_prog *prog)
{
	struct net_device *peer = rtnl_dereference(myveth_end(dev)->peer);

	if (!peer)
		return;
	peer->max_mtu = prog ? myveth_max_mtu(peer, prog) : ETH_MAX_MTU;
	if (prog)
		peer->hw_features &= ~NETIF_F_GSO_SOFTWARE;
	else
		peer->hw_features |= NETIF_F_GSO_SOFTWARE;
	netdev_update_features(peer);
	myveth_update_xdp_features(peer);
}

/* Attach @prog, replace another one by it, or detach with NULL. */
static int myveth_set_prog(struct net_device *dev, struct bpf_prog *prog,
			   struct netlink_ext_ack *extack)
{
	struct myveth_end *end = myveth_end(dev);
	struct bpf_prog *old = rtnl_dereference(end->prog);
	int err = 0;

	if (prog) {
		err = myveth_check_prog(dev, prog, extack);
		if (err)
			return err;
	}

	if (prog && old)
		rcu_assign_pointer(end->prog, prog);
	else if (prog)
		err = myveth_start_xdp(dev, prog);
	else if (old)
		myveth_stop_xdp(dev);
	if (err) {
		NL_SET_ERR_MSG_MOD(extack, "Setup for XDP failed");
		return err;
	}

	/* It is freed when no poll runs it any more. */
	if (old)
		bpf_prog_put(old);
	myveth_update_sender(dev, prog);
	return 0;
}

/* ndo_bpf */
static int myveth_bpf(struct net_device *dev, struct netdev_bpf *bpf)
{
	if (bpf->command != XDP_SETUP_PROG)
		return -EINVAL;
	return myveth_set_prog(dev, bpf->prog, bpf->extack);
}

/* ----------------------------------------------------------------------- */
/* net_device operations						    */
/* ----------------------------------------------------------------------- */

/* ndo_init: the first thing that register_netdevice() calls. */
static int myveth_init(struct net_device *dev)
{
	struct myveth_end *end = myveth_end(dev);

	/* Pairs are stacked with other devices (a bridge over a pair). The
	 * core's locks of the one kind are taken inside those of the other.
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
	myveth_free_rxqs(dev);
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
 * See myveth_may_merge(): fewer packets need @dev's rings when it merges less,
 * and fewer need its peer's when @dev begins to leave segmentation to it.
 *
 * The core would store the features after we return, too late: packets must be
 * on their new way before the drain ends.
 */
static int myveth_set_features(struct net_device *dev,
			       netdev_features_t features)
{
	struct net_device *peer = rtnl_dereference(myveth_end(dev)->peer);
	netdev_features_t changed = dev->features ^ features;
	bool own = changed & dev->features & MYVETH_MERGE_FEATURES;
	bool others = !(dev->features & NETIF_F_ALL_TSO) &&
		      features & NETIF_F_ALL_TSO;
	int err = 0;

	if (!(changed & (MYVETH_MERGE_FEATURES | NETIF_F_ALL_TSO)))
		return 0;

	own = own && myveth_begin_drain(dev);
	others = others && myveth_begin_drain(peer);
	if (own || others)
		synchronize_net();
	if (changed & NETIF_F_GRO)
		err = myveth_update_napi(dev);
	if (!err)
		dev->features = features;
	if (own || others)
		synchronize_net();
	if (own)
		myveth_end_drain(dev);
	if (others)
		myveth_end_drain(peer);

	if (!err && changed & NETIF_F_GRO)
		myveth_update_pair_xdp_features(dev);
	return err;
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

static void myveth_get_channels(struct net_device *dev,
				struct ethtool_channels *ch)
{
	ch->tx_count = dev->real_num_tx_queues;
	ch->rx_count = dev->real_num_rx_queues;
	ch->max_tx = dev->num_tx_queues;
	ch->max_rx = dev->num_rx_queues;
}

/*
 * An XDP program sees what comes by a ring, and each transmit queue of the
 * sender feeds one; so there must be as many, at the least.
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

/*
 * The core has checked the maxima. Packets keep flowing: queues that come get
 * NAPI before anybody uses them, those that go lose it afterwards.
 */
static int myveth_set_channels(struct net_device *dev,
			       struct ethtool_channels *ch)
{
	struct myveth_end *end = myveth_end(dev);
	int err = 0;

	if (!ch->rx_count || !ch->tx_count || !myveth_channels_fit(dev, ch))
		return -EINVAL;

	if (end->napi_queues && ch->rx_count > end->napi_queues)
		err = myveth_set_napi_queues(dev, ch->rx_count);
	if (err)
		return err;
	err = netif_set_real_num_queues(dev, ch->tx_count, ch->rx_count);
	/* Only less, never more, NAPI than there is now. */
	myveth_update_napi(dev);
	if (!err)
		myveth_update_pair_xdp_features(dev);
	return err;
}

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

/* Private flags, by their bits. */
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

static u8 *myveth_put_string(u8 *data, const char *name)
{
	memcpy(data, name, ETH_GSTRING_LEN);
	return data + ETH_GSTRING_LEN;
}

static void myveth_get_stat_strings(struct net_device *dev, u8 *data)
{
	enum myveth_rx_stat stat;
	enum myveth_loss loss;
	unsigned int i;

	data = myveth_put_string(data, myveth_first_stat);
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
		data = myveth_put_string(data, myveth_loss_info[loss].name);
	myveth_put_string(data, myveth_last_stat);
}

static void myveth_get_strings(struct net_device *dev, u32 sset, u8 *data)
{
	if (sset == ETH_SS_STATS)
		myveth_get_stat_strings(dev, data);
	else if (sset == ETH_SS_PRIV_FLAGS)
		memcpy(data, myveth_flags, sizeof(myveth_flags));
}

static u64 *myveth_put_rx_stats(const struct net_device *dev, u64 *data)
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
static u64 *myveth_put_tx_stats(const struct net_device *dev, u64 *data)
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

static u64 *myveth_put_pool_stats(const struct net_device *dev, u64 *data)
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
	data = myveth_put_rx_stats(dev, data);
	data = myveth_put_tx_stats(dev, data);
	data = myveth_put_pool_stats(dev, data);
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
	.get_channels		= myveth_get_channels,
	.set_channels		= myveth_set_channels,
	.get_ringparam		= myveth_get_ringparam,
	.set_ringparam		= myveth_set_ringparam,
	.get_priv_flags		= myveth_get_priv_flags,
	.set_priv_flags		= myveth_set_priv_flags,
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
	.newlink		= COMPAT_NEWLINK,			\
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
