// SPDX-License-Identifier: GPL-2.0
/*
 * Rings, NAPI and GRO: how packets wait at the receiving end, many at a time.
 */
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/netdevice.h>
#include <linux/ptr_ring.h>
#include <linux/skbuff.h>
#include <net/gro.h>
#include <net/sch_generic.h>
#include <net/xdp.h>

#include "pair.h"

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
 * myveth_kick() - see to it that what was just added to a ring is polled
 * @rxq: the queue
 *
 * Context: BH off, so that the softirq it raises runs soon; inside
 * rcu_read_lock(), so that NAPI is not set up anew meanwhile.
 */
void myveth_kick(struct myveth_rxq *rxq)
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
int myveth_add_frames(struct myveth_rxq *rxq, struct xdp_frame **frames,
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
bool myveth_begin_drain(struct net_device *dev)
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
void myveth_end_drain(struct net_device *dev)
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

/**
 * myveth_forward_by_ring() - put an skb into a ring of the receiving end
 * @skb: the skb, which __is_skb_forwardable() has let pass
 * @dev: the sending end
 * @rcv: the receiving end
 * @rxq: its queue that has a ring
 * @only_drain: @skb need not go by the ring, unless that is draining
 *
 * Context: BH off, inside rcu_read_lock().
 * Return: NET_XMIT_SUCCESS, the poll counts it for both ends; NET_XMIT_DROP
 * when @skb was lost and counted; -EAGAIN when it is still the caller's, ready
 * for netif_rx(), because the ring is not draining any more.
 */
int myveth_forward_by_ring(struct sk_buff *skb, struct net_device *dev,
			   struct net_device *rcv, struct myveth_rxq *rxq,
			   bool only_drain)
{
	struct netdev_queue *txq = netdev_get_tx_queue(dev, rxq->index);
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
		return err;

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

void myveth_free_rxqs(struct net_device *dev)
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
int myveth_set_napi_queues(struct net_device *dev, unsigned int n)
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
bool myveth_wants_napi(const struct net_device *dev)
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
int myveth_update_napi(struct net_device *dev)
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
int myveth_resize_rings(struct net_device *dev, unsigned int size)
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

