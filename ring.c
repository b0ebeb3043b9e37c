// SPDX-License-Identifier: GPL-2.0
/*
 * Rings, NAPI and GRO: packets wait at the receiving end, many at a time.
 *
 * Who goes by a ring
 *
 *	An skb goes by a ring of the receiving end if it needs one: an XDP
 *	program must see it, or GRO may merge it (myveth_needs_ring()). Else it
 *	goes by the backlog of a CPU. XDP frames have no other way than a ring.
 *	Each transmit queue of the sender, and each CPU that redirects frames,
 *	feeds one ring.
 *
 * How the way of packets is changed
 *
 *	A packet that takes another way than those before it could overtake
 *	them. So what decides about the way (struct myveth_ways) is changed in
 *	the moment in which nothing is under way in a ring, by
 *	myveth_set_ways():
 *
 *	1. Where there are several rings, all new packets take the first one,
 *	   and what is in the others, which is older, is received
 *	   (myveth_gather()). For that moment an XDP program sees new packets
 *	   come by the first queue only, and AF_XDP sockets of the others get
 *	   none. With one ring, too, GRO merges nothing that is new. Now the
 *	   number of queues of either end can be changed
 *	   (myveth_set_channels()).
 *	2. What is in the first ring is received. If it is empty then, the
 *	   change is made under its lock (myveth_hand_over()).
 *	3. A sender that has waited for the lock sees by end->changes that it
 *	   must look for its way anew (myveth_forward_by_ring()).
 *
 *	An end that goes down receives no more: what is in its rings is lost,
 *	and what GRO holds, which has been received, is delivered.
 *
 *	What a change receives it receives in process context, with NAPI
 *	disabled, and under RTNL: there is one change of an end at a time.
 *
 *	Nobody can do that for the backlog of a CPU. When packets begin to go
 *	by a ring the first of them may overtake what waits there. And what a
 *	program sends back meanwhile, by the number of its queue, may change its
 *	ring at the other end. Nor does a change wait for what is in a qdisc of
 *	the sender: it was given its queue, and its hash, before.
 *
 * The lifetime rule of a ring
 *
 *	A receive queue is made when its NAPI is switched on for the first
 *	time and lives as long as its device, and so do its counters.
 *	Its ring comes and goes with NAPI. It is there before packets are spread
 *	over it (end->rings). When they no longer are it stays for a grace
 *	period: for senders that have found it, and for the last lines of a
 *	poll, when NAPI may be disabled already.
 *
 *	A ring may be replaced by one of another size.
 *	The pointer changes under the old one's producer lock then, and a sender
 *	that has got that lock looks at the pointer again.
 */
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/netdevice.h>
#include <linux/ptr_ring.h>
#include <linux/skbuff.h>
#include <net/busy_poll.h>
#include <net/gro.h>
#include <net/sch_generic.h>
#include <net/xdp.h>

#include "pair.h"

/* ----------------------------------------------------------------------- */
/* What is in a ring							    */
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

/* ----------------------------------------------------------------------- */
/* Into a ring								    */
/* ----------------------------------------------------------------------- */

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

static bool myveth_has_qdisc(const struct netdev_queue *txq)
{
	return rcu_dereference(txq->qdisc)->enqueue;
}

/**
 * myveth_add_skb() - put an skb into a ring
 * @rcv: the receiving end
 * @skb: the skb
 * @txq: the transmit queue that @skb comes by
 * @number: its number
 * @changes: what @rcv's changes were before it was found that @skb needs a ring
 *
 * With a qdisc behind it @txq is stopped as soon as the ring is full, so that
 * packets wait where they can be scheduled. myveth_wake_senders() starts it
 * again: the kick makes sure that a poll comes which sees it stopped.
 *
 * Context: BH off, inside rcu_read_lock().
 * Return: 0; -ENXIO when there is no ring; -EAGAIN when @skb may have to take
 * another way; or another errno when there is no room.
 */
static int myveth_add_skb(const struct net_device *rcv, struct sk_buff *skb,
			  struct netdev_queue *txq, unsigned int number,
			  unsigned int changes)
{
	struct myveth_rxq *rxq = myveth_pick_rxq(rcv, number);
	struct ptr_ring *ring;
	int err = -EAGAIN;

	if (unlikely(!rxq))
		return -ENXIO;
	ring = rcu_dereference(rxq->ring);
	spin_lock(&ring->producer_lock);
	if (unlikely(ring != rcu_access_pointer(rxq->ring) ||
		     rxq != myveth_pick_rxq(rcv, number) ||
		     changes != READ_ONCE(myveth_end(rcv)->changes)))
		goto out;

	/* Of a queue that is there as long as the skb is in the ring. */
	myveth_record_rxq(skb, rcv, number);
	err = unlikely(rxq->closed) ? -ENOSPC : __ptr_ring_produce(ring, skb);
	if (unlikely(rxq->closed || __ptr_ring_full(ring)) &&
	    myveth_has_qdisc(txq)) {
		netif_tx_stop_queue(txq);
		WRITE_ONCE(rxq->sender_stopped, true);
	}
out:
	spin_unlock(&ring->producer_lock);
	if (err != -EAGAIN)
		myveth_kick(rxq);
	return err;
}

/**
 * myveth_record_one_of() - what myveth_record_rxq() does with several queues
 * @skb: the skb
 * @rcv: the receiving end
 * @number: of the queue; the sender may have more of them than @rcv
 *
 * Out of line, for most pairs have one queue.
 *
 * Context: any that may use @rcv.
 */
void myveth_record_one_of(struct sk_buff *skb, const struct net_device *rcv,
			  unsigned int number)
{
	if (number < READ_ONCE(myveth_end(rcv)->told_queues))
		skb_record_rx_queue(skb, number);
	else
		skb_set_queue_mapping(skb, 0);
}

/*
 * The transmit queue that @skb comes by. A BPF program in a qdisc, on 6.1 also
 * one at egress, may have written any number into it after the core had chosen
 * a queue, and the first one is as good as another then.
 */
static unsigned int myveth_tx_number(const struct sk_buff *skb,
				     const struct net_device *dev)
{
	unsigned int number = skb_get_queue_mapping(skb);

	return number < READ_ONCE(dev->real_num_tx_queues) ? number : 0;
}

/**
 * myveth_forward_by_ring() - put an skb into a ring of the receiving end
 * @skb: the skb, which __is_skb_forwardable() has let pass
 * @dev: the sending end
 * @rcv: the receiving end
 * @changes: what @rcv's changes were before it was found that @skb needs a ring
 *
 * Context: BH off, inside rcu_read_lock().
 * Return: NET_XMIT_SUCCESS, and the poll counts it for both ends; NET_XMIT_DROP
 * when @skb was lost and counted; -EAGAIN when it is still the caller's, ready
 * for netif_rx(), because it has to go by the backlog after all.
 */
int myveth_forward_by_ring(struct sk_buff *skb, struct net_device *dev,
			   struct net_device *rcv, unsigned int changes)
{
	unsigned int number = myveth_tx_number(skb, dev);
	struct netdev_queue *txq = netdev_get_tx_queue(dev, number);
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

	while ((err = myveth_add_skb(rcv, skb, txq, number, changes)) ==
	       -EAGAIN) {
		/* Pairs with the smp_store_release() in myveth_take_ways(). */
		changes = smp_load_acquire(&myveth_end(rcv)->changes);
		if (!myveth_needs_ring(skb, dev, rcv))
			goto backlog;
	}
	if (likely(!err))
		return NET_XMIT_SUCCESS;
	/* On the backlog it would bypass the program. */
	if (err == -ENXIO && !rcu_access_pointer(myveth_end(rcv)->prog))
		goto backlog;

	/* Not NETDEV_TX_BUSY: the skb is no longer what the qdisc gave us, and
	 * taps have seen it. A qdisc gets here only when others use the ring
	 * too, or the ring was full before it came, or is closed.
	 */
	myveth_lose(skb, dev, rcv, err == -ENXIO ? MYVETH_LOSS_RING_OFF :
						   MYVETH_LOSS_RING);
	return NET_XMIT_DROP;

backlog:
	myveth_record_rxq(skb, rcv, number);
	return -EAGAIN;
}

/*
 * Put XDP frames into the ring of a queue until one does not fit, which is
 * longer than @rcv takes or finds no room. Returns how many did, or -EAGAIN
 * when they have to take another ring.
 */
static int myveth_try_frames(const struct net_device *rcv,
			     struct myveth_rxq *rxq, unsigned int number,
			     struct xdp_frame **frames, int n)
{
	unsigned int max_len = READ_ONCE(rcv->mtu) + rcv->hard_header_len +
			       VLAN_HLEN;
	struct ptr_ring *ring = rcu_dereference(rxq->ring);
	int done = -EAGAIN;
	void *entry;

	spin_lock(&ring->producer_lock);
	if (unlikely(ring != rcu_access_pointer(rxq->ring) ||
		     rxq != myveth_pick_rxq(rcv, number)))
		goto out;

	for (done = 0; done < n && !rxq->closed; done++) {
		entry = myveth_frame_to_entry(frames[done]);
		if (xdp_get_frame_len(frames[done]) > max_len ||
		    __ptr_ring_produce(ring, entry))
			break;
	}
out:
	spin_unlock(&ring->producer_lock);
	return done;
}

/**
 * myveth_add_frames() - put XDP frames into a ring
 * @rcv: the receiving end
 * @number: frames of the same number take the same ring
 * @frames: the frames
 * @n: how many
 * @to: gets the queue that took them, for myveth_kick()
 *
 * Context: BH off, inside rcu_read_lock().
 * Return: how many were taken, the first ones; the others remain the caller's.
 * -ENXIO when there is no ring.
 */
int myveth_add_frames(struct net_device *rcv, unsigned int number,
		      struct xdp_frame **frames, int n, struct myveth_rxq **to)
{
	int done;

	do {
		*to = myveth_pick_rxq(rcv, number);
		if (unlikely(!*to))
			return -ENXIO;
		done = myveth_try_frames(rcv, *to, number, frames, n);
	} while (unlikely(done == -EAGAIN));
	return done;
}

/* ----------------------------------------------------------------------- */
/* Back-pressure							    */
/* ----------------------------------------------------------------------- */

/* Start those of @peer's queues that are stopped and feed @rxq, or no ring. */
static void myveth_wake_queues(struct net_device *peer,
			       const struct net_device *dev,
			       const struct myveth_rxq *rxq)
{
	struct netdev_queue *txq;
	unsigned int i;

	/* Also those out of use: they may come again when NAPI is off, and then
	 * nobody else would wake them.
	 */
	for (i = 0; i < peer->num_tx_queues; i++) {
		txq = netdev_get_tx_queue(peer, i);
		if (netif_tx_queue_stopped(txq) &&
		    myveth_pick_rxq(dev, i) == rxq)
			netif_tx_wake_queue(txq);
	}
}

/**
 * myveth_wake_senders() - let stopped transmit queues go on if there is room
 * @rxq: the receive queue that they feed
 *
 * Context: BH off, inside rcu_read_lock().
 */
static void myveth_wake_senders(struct myveth_rxq *rxq)
{
	struct ptr_ring *ring = rcu_dereference(rxq->ring);
	struct net_device *peer;

	peer = rcu_dereference(myveth_end(rxq->dev)->peer);
	if (!peer)
		return;

	/* Woken under the lock, under which they are stopped: after it the ring
	 * may be full again, and the queues stopped for that.
	 */
	spin_lock(&ring->producer_lock);
	if (ring == rcu_access_pointer(rxq->ring)) {
		WRITE_ONCE(rxq->sender_stopped, __ptr_ring_full(ring));
		if (!rxq->sender_stopped)
			myveth_wake_queues(peer, rxq->dev, rxq);
	}
	spin_unlock(&ring->producer_lock);
}

/* After packets have got other ways: whoever was stopped by another ring. */
static void myveth_wake_all_senders(struct net_device *dev)
{
	struct myveth_end *end = myveth_end(dev);
	struct net_device *peer = rtnl_dereference(end->peer);
	unsigned int i;

	/* One at a time: each looks at all queues of the peer. */
	for (i = 0; i < end->rings; i++) {
		local_bh_disable();
		rcu_read_lock();
		myveth_wake_senders(end->rxqs[i]);
		/* If one is full: a poll has to come that sees it. */
		myveth_kick(end->rxqs[i]);
		rcu_read_unlock();
		local_bh_enable();
	}
	if (peer && !end->rings)
		myveth_wake_queues(peer, dev, NULL);
}

/* ----------------------------------------------------------------------- */
/* Out of a ring: NAPI and GRO						    */
/* ----------------------------------------------------------------------- */

/*
 * GRO tells flows apart by their hash first, which the stack computes for a
 * device with several transmit queues, to choose one. When a sender gets its
 * second one, or loses it, packets of a flow have two hashes. GRO would hold
 * them apart, and deliver them in the order of its buckets. While packets
 * gather GRO sees none of the first ring, and holds none.
 */
static void myveth_receive_up(struct myveth_rxq *rxq, struct sk_buff *skb,
			      const struct myveth_round *round)
{
	if (likely(!round->gathering)) {
		napi_gro_receive(&rxq->napi, skb);
		return;
	}
	/* As GRO does: for sockets that poll. */
	skb_mark_napi_id(skb, &rxq->napi);
	netif_receive_skb(skb);
}

/* Make skbs of the frames collected, and receive them. */
static void myveth_flush_up(struct myveth_rxq *rxq, struct myveth_round *round)
{
	void *skbs[MYVETH_BULK];
	unsigned int got, i;
	struct sk_buff *skb;

	/* There may be fewer than asked for. */
	got = compat_alloc_skb_heads(skbs, round->num_up);
	for (i = 0; i < got; i++) {
		skb = __xdp_build_skb_from_frame(round->up[i], skbs[i],
						 rxq->dev);
		myveth_record_rxq(skb, rxq->dev, rxq->index);
		myveth_receive_up(rxq, skb, round);
	}
	for (; i < round->num_up; i++) {
		round->stats[MYVETH_RX_DROPS]++;
		xdp_return_frame(round->up[i]);
	}
	round->num_up = 0;
}

static void myveth_receive_frame(struct myveth_rxq *rxq, struct bpf_prog *prog,
				 struct xdp_frame *frame,
				 struct myveth_round *round)
{
	round->stats[MYVETH_RX_BYTES] += xdp_get_frame_len(frame);
	if (prog && !myveth_filter_frame(rxq, prog, frame, round))
		return;

	round->up[round->num_up++] = frame;
	if (round->num_up == MYVETH_BULK)
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
	/* GRO writes to it, and the sender may have kept a clone. It must not
	 * go without GRO, and overtake those that GRO holds.
	 */
	if (unlikely(skb_unclone(skb, GFP_ATOMIC))) {
		round->stats[MYVETH_RX_DROPS]++;
		kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
		return;
	}
	/* What is collected came before it. */
	if (round->num_up)
		myveth_flush_up(rxq, round);
	myveth_receive_up(rxq, skb, round);
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

/**
 * myveth_receive() - take packets from a ring, and receive them
 * @rxq: the queue
 * @ring: its ring
 * @budget: so many packets at the most
 *
 * Context: BH off, inside rcu_read_lock(), NAPI is the caller's, and a
 * bpf_net_context is set.
 * Return: how many packets it were.
 */
static int myveth_receive(struct myveth_rxq *rxq, struct ptr_ring *ring,
			  int budget)
{
	struct bpf_prog *prog = rcu_dereference(myveth_end(rxq->dev)->prog);
	struct myveth_round round;
	int done = 0;
	void *entry;

	round.num_up = 0;
	round.num_back = 0;
	round.flush = false;
	/* For the first ring it changes while NAPI is disabled there. What is
	 * in the others is all older, and GRO may hold what was before it.
	 */
	round.gathering = !rxq->index &&
			  READ_ONCE(myveth_end(rxq->dev)->gathering);
	memset(round.stats, 0, sizeof(round.stats));

	/* Frames that end here may belong to a page pool which another CPU
	 * uses right now.
	 */
	xdp_set_return_frame_no_direct();
	while (done < budget) {
		entry = __ptr_ring_consume(ring);
		if (!entry)
			break;
		if (myveth_is_frame(entry))
			myveth_receive_frame(rxq, prog,
					     myveth_entry_to_frame(entry),
					     &round);
		else
			myveth_receive_skb(rxq, prog, entry, &round);
		done++;
	}
	if (round.num_up)
		myveth_flush_up(rxq, &round);
	/* Before the poll completes: afterwards another CPU may poll. */
	if (round.flush)
		xdp_do_flush();
	if (round.num_back)
		myveth_flush_back(rxq, &round);
	xdp_clear_return_frame_no_direct();

	round.stats[MYVETH_RX_PACKETS] = done;
	myveth_count_round(rxq, &round);
	return done;
}

/* The end of a poll that has emptied the ring: deliver what was in it. */
static void myveth_complete(struct myveth_rxq *rxq, struct ptr_ring *ring,
			    int done)
{
	if (!napi_complete_done(&rxq->napi, done))
		return;

	/* Pairs with the barrier in myveth_kick(): who adds a packet from now
	 * on schedules a poll, and who did not is seen here.
	 */
	smp_store_mb(rxq->poll_pending, false);
	if (unlikely(!__ptr_ring_empty(ring)))
		myveth_kick(rxq);
}

static int myveth_poll(struct napi_struct *napi, int budget)
{
	struct myveth_rxq *rxq = container_of(napi, struct myveth_rxq, napi);
	struct ptr_ring *ring;
	int done;

	/* netpoll's budget: nothing may be received. And we may be inside of
	 * anything, as in an interrupt: the locks below are not for that.
	 */
	if (unlikely(!budget))
		return 0;

	rcu_read_lock();
	/* It is there whenever NAPI is enabled. */
	ring = rcu_dereference(rxq->ring);
	done = myveth_receive(rxq, ring, budget);
	if (done < budget)
		myveth_complete(rxq, ring, done);
	/* After myveth_complete(): who stopped the queue and left it to this
	 * poll did so before.
	 */
	if (unlikely(READ_ONCE(rxq->sender_stopped)))
		myveth_wake_senders(rxq);
	rcu_read_unlock();
	return done;
}

/* ----------------------------------------------------------------------- */
/* Out of a ring, without a poll					    */
/* ----------------------------------------------------------------------- */

/* Some packet may have been added while NAPI was disabled. */
static void myveth_enable_napi(struct myveth_rxq *rxq)
{
	napi_enable(&rxq->napi);
	WRITE_ONCE(rxq->poll_pending, false);

	local_bh_disable();
	rcu_read_lock();
	myveth_kick(rxq);
	rcu_read_unlock();
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

/* A part of myveth_empty_ring(), in the surroundings of a poll. */
static int myveth_receive_some(struct myveth_rxq *rxq, struct ptr_ring *ring)
{
	struct bpf_net_context context, *set;
	int done;

	local_bh_disable();
	rcu_read_lock();
	set = bpf_net_ctx_set(&context);
	done = myveth_receive(rxq, ring, NAPI_POLL_WEIGHT);
	bpf_net_ctx_clear(set);
	rcu_read_unlock();
	local_bh_enable();
	return done;
}

/*
 * Receive what is in the ring of @rxq, and what GRO holds. More may come at any
 * time, so not more than the ring can hold. NAPI is disabled: nobody else takes
 * anything from there.
 *
 * Context: process, RTNL held.
 */
static void myveth_empty_ring(struct myveth_rxq *rxq)
{
	struct ptr_ring *ring = rtnl_dereference(rxq->ring);
	int left = ring->size, done;

	do {
		done = myveth_receive_some(rxq, ring);
		left -= done;
		cond_resched();
	} while (done == NAPI_POLL_WEIGHT && left > 0);
	myveth_deliver_held(&rxq->napi);
}

/* ----------------------------------------------------------------------- */
/* Changing the way of packets						    */
/* ----------------------------------------------------------------------- */

/**
 * myveth_gather() - let all packets to an end take its first ring
 * @dev: the receiving end
 *
 * To be called before the number of queues of either end changes, and followed
 * by myveth_set_ways(), which also wakes those senders that another ring had
 * stopped. Until then GRO holds nothing of the first ring, see
 * myveth_receive_up().
 *
 * Context: process, RTNL held.
 */
void myveth_gather(struct net_device *dev)
{
	struct myveth_end *end = myveth_end(dev);
	struct myveth_rxq *rxq;
	struct ptr_ring *ring;
	unsigned int i;

	if (!end->napi_queues || end->gathering)
		return;
	/* What comes there is newer than what is in the other rings, and than
	 * what GRO holds.
	 */
	napi_disable(&end->rxqs[0]->napi);
	myveth_deliver_held(&end->rxqs[0]->napi);
	WRITE_ONCE(end->gathering, true);
	WRITE_ONCE(end->rings, 1);
	for (i = 1; i < end->napi_queues; i++) {
		rxq = end->rxqs[i];
		/* Senders that have got the lock before us have added what they
		 * have; those that get it after us see that there is one ring.
		 */
		ring = rtnl_dereference(rxq->ring);
		spin_lock_bh(&ring->producer_lock);
		spin_unlock_bh(&ring->producer_lock);
		napi_disable(&rxq->napi);
		myveth_empty_ring(rxq);
		myveth_enable_napi(rxq);
	}
	myveth_enable_napi(end->rxqs[0]);
}

/* What decides is now @ways, and packets are spread over so many @rings. */
static void myveth_take_ways(struct net_device *dev,
			     const struct myveth_ways *ways,
			     unsigned int rings)
{
	struct net_device *peer = rtnl_dereference(myveth_end(dev)->peer);
	struct myveth_end *end = myveth_end(dev);

	dev->features = ways->features;
	if (peer)
		peer->features = ways->peer_features;
	rcu_assign_pointer(end->prog, ways->prog);
	/* All has been received that was sent before. */
	WRITE_ONCE(end->gathering, false);
	/* Pairs with the smp_load_acquire() of those who put a packet into a
	 * ring: who sees this sees all of the above.
	 */
	smp_store_release(&end->changes, end->changes + 1);
	/* Pairs with the smp_load_acquire() in myveth_pick_rxq(). A sender that
	 * sees this sees what myveth_start_rxq() has set up, and the number of
	 * changes. One that does not still takes the first ring, if there is
	 * one, and sees it when it gets the lock that we hold.
	 */
	smp_store_release(&end->rings, rings);
}

/*
 * Take new ways if the first ring is empty, under its lock: nobody adds to it
 * meanwhile. If it is not empty and @closed, it takes no more packets, so that
 * the next try finds it empty.
 */
static bool myveth_try_ways(struct net_device *dev,
			    const struct myveth_ways *ways, unsigned int rings,
			    bool closed)
{
	struct myveth_rxq *rxq = myveth_end(dev)->rxqs[0];
	struct ptr_ring *ring = rtnl_dereference(rxq->ring);
	bool empty;

	spin_lock_bh(&ring->producer_lock);
	empty = __ptr_ring_empty(ring);
	if (empty)
		myveth_take_ways(dev, ways, rings);
	rxq->closed = closed && !empty;
	spin_unlock_bh(&ring->producer_lock);
	return empty;
}

/* Under a flood the first ring may never be found empty. After so many tries it
 * is closed: packets are lost, and counted, for a moment, and the change is not
 * delayed for ever.
 */
#define MYVETH_TRIES	8

/* Change what decides about the way of packets, see the top of this file. */
static void myveth_hand_over(struct net_device *dev,
			     const struct myveth_ways *ways,
			     unsigned int rings)
{
	struct myveth_rxq *rxq = myveth_end(dev)->rxqs[0];
	int tries = 0;

	myveth_gather(dev);
	napi_disable(&rxq->napi);
	do {
		myveth_empty_ring(rxq);
	} while (!myveth_try_ways(dev, ways, rings, ++tries >= MYVETH_TRIES));
	myveth_enable_napi(rxq);
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

/**
 * myveth_start_rxq() - switch NAPI on for one receive queue
 * @dev: the end
 * @index: number of the queue
 * @prog: the program that is to run there, or NULL
 *
 * Context: process, RTNL held.
 * Return: 0, or -ENOMEM and the like and nothing has changed.
 */
static int myveth_start_rxq(struct net_device *dev, unsigned int index,
			    const struct bpf_prog *prog)
{
	struct myveth_rxq *rxq;
	struct ptr_ring *ring;
	int err = -ENOMEM;

	rxq = myveth_make_rxq(dev, index);
	if (!rxq)
		return err;
	ring = myveth_alloc_ring(myveth_end(dev)->ring_size);
	if (!ring)
		return err;
	if (prog) {
		err = myveth_create_pool(rxq);
		if (err)
			goto err_pool;
	}
	compat_napi_add(dev, &rxq->napi, myveth_poll, index);
	err = myveth_register_xdp_rxq(rxq);
	if (err)
		goto err_xdp_rxq;

	compat_link_napi(dev, index, &rxq->napi);
	/* The ring first: a poll, which busy polling may begin at once, needs
	 * it.
	 */
	rcu_assign_pointer(rxq->ring, ring);
	myveth_enable_napi(rxq);
	return 0;

err_xdp_rxq:
	netif_napi_del(&rxq->napi);
	myveth_destroy_pool(rxq);
err_pool:
	myveth_free_ring(ring);
	return err;
}

/* Free what is in a ring that nobody else can reach, and count it as lost. */
static void myveth_discard(struct myveth_rxq *rxq, struct ptr_ring *ring)
{
	struct net_device *peer = rtnl_dereference(myveth_end(rxq->dev)->peer);
	unsigned int lost = 0;
	void *entry;

	/* For the counters. */
	local_bh_disable();
	while ((entry = __ptr_ring_consume(ring))) {
		myveth_free_entry(entry);
		lost++;
	}
	if (peer && lost)
		myveth_count_loss(peer, MYVETH_LOSS_RING_OFF, lost);
	local_bh_enable();
}

/*
 * Switch NAPI off for the receive queues from @first to before @limit, over
 * whose rings no packets are spread any more.
 */
static void myveth_stop_rxqs(struct net_device *dev, unsigned int first,
			     unsigned int limit)
{
	struct myveth_rxq *rxq;
	struct ptr_ring *ring;
	unsigned int i;

	if (first >= limit)
		return;
	for (i = first; i < limit; i++) {
		rxq = myveth_rxq(dev, i);
		napi_disable(&rxq->napi);
		myveth_deliver_held(&rxq->napi);
		compat_link_napi(dev, i, NULL);
		__netif_napi_del(&rxq->napi);
	}
	/* For senders that have found a ring before it went out of use; for the
	 * last lines of polls; for busy polling, which finds a NAPI by its
	 * number; and for kicks.
	 */
	synchronize_net();
	for (i = first; i < limit; i++) {
		rxq = myveth_rxq(dev, i);
		/* A poll that was about to end when NAPI was disabled may have
		 * set it since (gro_flush_timeout).
		 */
		hrtimer_cancel(&rxq->napi.timer);
		ring = rtnl_dereference(rxq->ring);
		RCU_INIT_POINTER(rxq->ring, NULL);
		/* An end that goes down has received no more. */
		myveth_discard(rxq, ring);
		myveth_free_ring(ring);
		compat_set_rxq_memory(&rxq->xdp_rxq, MEM_TYPE_PAGE_SHARED);
		xdp_rxq_info_unreg(&rxq->xdp_rxq);
		myveth_destroy_pool(rxq);
	}
}

/* Switch NAPI on for the first @n receive queues, if it is not. */
static int myveth_start_rxqs(struct net_device *dev, unsigned int n,
			     const struct bpf_prog *prog)
{
	unsigned int old = myveth_end(dev)->napi_queues, i;
	int err;

	for (i = old; i < n; i++) {
		err = myveth_start_rxq(dev, i, prog);
		if (err) {
			myveth_stop_rxqs(dev, old, i);
			return err;
		}
	}
	return 0;
}

/* Whether anything asks for NAPI while @dev is up and has the program @prog. */
static bool myveth_wants_napi_with(const struct net_device *dev,
				   const struct bpf_prog *prog)
{
	return myveth_end(dev)->rx_napi || prog ||
	       dev->wanted_features & NETIF_F_GRO;
}

/**
 * myveth_wants_napi() - whether anything asks for NAPI while an end is up
 * @dev: the end
 *
 * Context: process, RTNL held.
 * Return: true if something does.
 */
bool myveth_wants_napi(const struct net_device *dev)
{
	return myveth_wants_napi_with(dev,
				      rtnl_dereference(myveth_end(dev)->prog));
}

/**
 * myveth_get_ways() - what decides which way packets to an end take
 * @dev: the receiving end
 * @ways: gets it
 *
 * Context: process, RTNL held.
 */
void myveth_get_ways(const struct net_device *dev, struct myveth_ways *ways)
{
	const struct myveth_end *end = myveth_end(dev);
	const struct net_device *peer = rtnl_dereference(end->peer);

	ways->features = dev->features;
	ways->peer_features = peer ? peer->features : 0;
	ways->prog = rtnl_dereference(end->prog);
}

static bool myveth_are_same(const struct myveth_ways *a,
			    const struct myveth_ways *b)
{
	return a->features == b->features &&
	       a->peer_features == b->peer_features && a->prog == b->prog;
}

/**
 * myveth_set_ways() - change which way packets to an end take
 * @dev: the receiving end
 * @ways: what is to decide about it
 *
 * NAPI is switched on or off as @ways and the state of @dev demand. No packet
 * overtakes another but as the top of this file says, and none is lost unless
 * there is a flood of them; but at an end that goes down all is lost that waits
 * there.
 *
 * Context: process, RTNL held.
 * Return: 0, or -ENOMEM and the like and nothing has changed; 0 for sure when
 * less is demanded than before.
 */
int myveth_set_ways(struct net_device *dev, const struct myveth_ways *ways)
{
	struct myveth_end *end = myveth_end(dev);
	unsigned int old = end->napi_queues, n = 0;
	struct myveth_ways present;
	int err;

	if (netif_running(dev) && myveth_wants_napi_with(dev, ways->prog))
		n = dev->real_num_rx_queues;
	myveth_get_ways(dev, &present);
	if (n == old && !end->gathering && myveth_are_same(ways, &present))
		return 0;
	err = myveth_start_rxqs(dev, n, ways->prog);
	if (err) {
		/* Nothing changes, but all rings are used again. */
		ways = &present;
		n = old;
	}

	if (old && netif_running(dev))
		myveth_hand_over(dev, ways, n);
	else
		myveth_take_ways(dev, ways, n);
	myveth_stop_rxqs(dev, n, old);
	end->napi_queues = n;
	myveth_wake_all_senders(dev);
	return err;
}

/**
 * myveth_update_napi() - switch NAPI on or off, as the state of an end demands
 * @dev: the end
 *
 * To be called when an end goes up or down, and after rx_napi or the number of
 * queues of either end has changed.
 *
 * Context: process, RTNL held.
 * Return: as myveth_set_ways() does.
 */
int myveth_update_napi(struct net_device *dev)
{
	struct myveth_ways ways;

	myveth_get_ways(dev, &ways);
	return myveth_set_ways(dev, &ways);
}

/*
 * Let @new take the place of the ring of @rxq. What is in there is received
 * first; and moved, in its order, if it has come since. Returns the old ring.
 */
static struct ptr_ring *myveth_replace_ring(struct myveth_rxq *rxq,
					    struct ptr_ring *new)
{
	struct ptr_ring *old = rtnl_dereference(rxq->ring);
	void *entry;

	napi_disable(&rxq->napi);
	myveth_empty_ring(rxq);
	spin_lock_bh(&old->producer_lock);
	while (!__ptr_ring_full(new) && (entry = __ptr_ring_consume(old)))
		__ptr_ring_produce(new, entry);
	rcu_assign_pointer(rxq->ring, new);
	spin_unlock_bh(&old->producer_lock);

	/* A flood may have brought more than a smaller one has room for. */
	myveth_discard(rxq, old);
	/* Its poll also wakes the senders that the old ring had stopped. */
	myveth_enable_napi(rxq);
	return old;
}

static void myveth_free_rings(struct ptr_ring **rings, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		myveth_free_ring(rings[i]);
	kvfree(rings);
}

static struct ptr_ring **myveth_alloc_rings(unsigned int n, unsigned int size)
{
	struct ptr_ring **rings;
	unsigned int i;

	rings = kvcalloc(n, sizeof(*rings), GFP_KERNEL_ACCOUNT);
	for (i = 0; rings && i < n; i++) {
		rings[i] = myveth_alloc_ring(size);
		if (!rings[i]) {
			myveth_free_rings(rings, n);
			return NULL;
		}
	}
	return rings;
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
	unsigned int n = end->napi_queues, i;
	struct ptr_ring **rings;

	if (n) {
		rings = myveth_alloc_rings(n, size);
		if (!rings)
			return -ENOMEM;
		for (i = 0; i < n; i++)
			rings[i] = myveth_replace_ring(end->rxqs[i], rings[i]);
		/* For senders that wait for the lock of an old one, and for the
		 * last lines of polls.
		 */
		synchronize_net();
		myveth_free_rings(rings, n);
	}
	end->ring_size = size;
	return 0;
}
