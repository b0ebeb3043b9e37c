/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the chapters of the driver share: the ends of a pair, their receive
 * queues, and of each chapter what the others call.
 *
 *	"a" sends			"b" receives, by rings if it has NAPI
 *	struct myveth_end   -- peer -->	struct myveth_end
 *					  |
 *	transmit queues			rxqs: struct myveth_rxq
 *	+---+				+---------------------------+
 *	| 0 | ------------------------->| 0: ring, NAPI, counters   |
 *	+---+				+---------------------------+
 *	| 1 | ------------------------->| 1: ring, NAPI, counters   |
 *	+---+				+---------------------------+
 *	| 2 | -- shares the ring of 0
 *	+---+
 *
 * Five numbers say how many receive queues there are. Of a device the core
 * knows
 *
 *	num_rx_queues		how many it can have, from its creation
 *	real_num_rx_queues	how many it uses (`ethtool -L`)
 *
 * and the driver counts of an end
 *
 *	napi_queues		how many have NAPI, and a ring: as many as are
 *				used, or none
 *	rings			over how many rings packets are spread:
 *				napi_queues, or 1 while packets gather
 *	told_queues		the numbers below it are told to the stack: as
 *				many as are used, or, while that changes, the
 *				lesser of the two
 */
#ifndef MYVETH_PAIR_H
#define MYVETH_PAIR_H

#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/ptr_ring.h>
#include <linux/skbuff.h>
#include <linux/u64_stats_sync.h>
#include <net/xdp.h>

#include "compat.h"
#include "myveth.h"

/**
 * enum myveth_loss - why a packet did not reach the other end
 * @MYVETH_LOSS_NO_PEER: the pair is being deleted
 * @MYVETH_LOSS_SHORT: there is no whole Ethernet header
 * @MYVETH_LOSS_PEER_DOWN: the receiving end is not up
 * @MYVETH_LOSS_TOO_LONG: longer than the receiving end's MTU, and not GSO
 * @MYVETH_LOSS_NO_MEMORY: an allocation failed
 * @MYVETH_LOSS_BACKLOG: the CPU's backlog is full
 * @MYVETH_LOSS_RING: the receiving end's ring is full, or takes nothing until
 *	it is empty
 * @MYVETH_LOSS_RING_OFF: it waited in, or for, the ring of an end that went
 *	down, or had no room any more in a smaller one
 * @MYVETH_LOSS_NO_NAPI: a redirected XDP frame, for an end that has no ring
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
 * enum myveth_rx_stat - what myveth_receive() counts for a receive queue
 * @MYVETH_RX_PACKETS: packets taken from the ring, whatever became of them
 * @MYVETH_RX_BYTES: their length, with the Ethernet header
 * @MYVETH_RX_DROPS: packets that a program could not be given, or that could
 *	not be passed on as it decided
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
 * struct myveth_rxq - a receive queue that has, or once had, NAPI
 * @ring: what waits to be polled: skbs, and XDP frames marked by their lowest
 *	bit; NULL without NAPI. Its own producer_lock is held by whoever adds to
 *	it or replaces it; see the lifetime rule of a ring in ring.c
 * @index: number of the queue
 * @closed: @ring takes no packets, as if it were full; producer lock
 * @dev: the receiving end
 * @pool: pages for what an XDP program may write to, while there is one
 * @xdp_rxq: what an XDP program and its helpers know of the queue
 * @napi: what schedules the poll
 * @poll_pending: a poll is sure to come, so none needs to be scheduled
 * @sender_stopped: a transmit queue may be stopped until @ring has room;
 *	producer lock
 * @stats: enum myveth_rx_stat, written by whoever has the NAPI only
 * @syncp: for @stats
 * @frames: XDP frames that ndo_xdp_xmit, on any CPU, has put into @ring
 * @frame_errors: XDP frames that it refused: too long, or no room
 *
 * Three groups of writers, each with cache lines of its own. What every sender
 * reads comes first and hardly ever changes. What the poll writes, and a sender
 * that wakes it, follows. The last is written by the CPUs that redirect frames.
 */
struct myveth_rxq {
	struct ptr_ring __rcu *ring;
	unsigned int index;
	bool closed;
	struct net_device *dev;
	struct page_pool *pool;
	struct xdp_rxq_info xdp_rxq;

	struct napi_struct napi ____cacheline_aligned_in_smp;
	bool poll_pending;
	bool sender_stopped;
	u64_stats_t stats[MYVETH_RX_STATS];
	struct u64_stats_sync syncp;

	atomic64_t frames ____cacheline_aligned_in_smp;
	atomic64_t frame_errors;
};

/**
 * struct myveth_end - one end of a pair, the private part of its net_device
 * @peer: the other end or NULL; see the lifetime rule in myveth.c
 * @loss: per-CPU counters of what this end failed to deliver
 * @rxqs: one pointer for each possible receive queue, or NULL before NAPI is
 *	switched on for the first time
 * @prog: the native XDP program of this end or NULL; changed under RTNL
 * @rings: packets are spread over the rings of that many queues, the first
 *	ones; 0 without NAPI; written under RTNL
 * @changes: how often it has changed which way packets to this end take; RTNL,
 *	and the producer lock of the first ring, if there is one that receives
 * @told_queues: the stack is told of a queue by which a packet came if its
 *	number is below this; written under RTNL
 * @pair_id: number of the pair, the same on both ends, 0 before they are tied
 * @peer_tracker: names the reference behind @peer to the leak checker
 * @asked_headroom: bytes of headroom that the user of this end asked for
 * @napi_queues: that many queues, the first ones, have NAPI; RTNL
 * @ring_size: packets that a ring holds; RTNL
 * @rx_napi: the user wants NAPI on whenever the end is up; RTNL
 * @gathering: all packets take the first ring, and GRO merges none there;
 *	written under RTNL
 * @speed: what ethtool shows, in Mbit/s, nothing enforces it; RTNL
 * @duplex: what ethtool shows; RTNL
 *
 * The first seven are all that the transmit paths of the two ends read, so they
 * come first and share a cache line.
 */
struct myveth_end {
	struct net_device __rcu *peer;
	struct myveth_loss_stats __percpu *loss;
	struct myveth_rxq **rxqs;
	struct bpf_prog __rcu *prog;
	unsigned int rings;
	unsigned int changes;
	unsigned int told_queues;

	u64 pair_id;
	netdevice_tracker peer_tracker;
	unsigned int asked_headroom;
	unsigned int napi_queues;
	unsigned int ring_size;
	bool rx_napi;
	bool gathering;
	u32 speed;
	u8 duplex;
};

static inline struct myveth_end *myveth_end(const struct net_device *dev)
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
static inline struct myveth_rxq *myveth_rxq(const struct net_device *dev,
					    unsigned int index)
{
	struct myveth_rxq **rxqs = READ_ONCE(myveth_end(dev)->rxqs);

	/* Both READ_ONCE() pair, by the dependency of what is read next, with
	 * the smp_store_release() in myveth_make_rxq().
	 */
	if (!rxqs || index >= dev->num_rx_queues)
		return NULL;
	return READ_ONCE(rxqs[index]);
}

/**
 * myveth_pick_rxq() - find the receive queue whose ring a packet takes
 * @dev: the receiving end
 * @number: of the transmit queue that the packet comes by, or, for an XDP
 *	frame, of the receive queue or the CPU that sends it
 *
 * There may be more numbers than rings, and then some share one: where there
 * is an XDP program no packet may miss it.
 *
 * Context: BH off, inside rcu_read_lock(), or RTNL held. The answer may change
 * at once, unless the producer lock of the queue's ring is held.
 * Return: the queue, or NULL when @dev has no ring.
 */
static inline struct myveth_rxq *myveth_pick_rxq(const struct net_device *dev,
						 unsigned int number)
{
	const struct myveth_end *end = myveth_end(dev);
	/* Pairs with the smp_store_release() in myveth_take_ways(): so many
	 * queues are there, and their rings.
	 */
	unsigned int rings = smp_load_acquire(&end->rings);

	if (likely(!rings))
		return NULL;
	return end->rxqs[number < rings ? number : number % rings];
}

void myveth_record_one_of(struct sk_buff *skb, const struct net_device *rcv,
			  unsigned int number);

/**
 * myveth_record_rxq() - tell the stack which receive queue an skb came by
 * @skb: the skb
 * @rcv: the receiving end
 * @number: of the queue
 *
 * Without this the stack would take the number of the sender's transmit queue
 * for it. Where there is one queue nothing is told, which is 0: what is told
 * also decides by which of its queues a NIC sends what is forwarded.
 *
 * Context: any that may use @rcv.
 */
static inline void myveth_record_rxq(struct sk_buff *skb,
				     const struct net_device *rcv,
				     unsigned int number)
{
	if (likely(READ_ONCE(myveth_end(rcv)->told_queues) == 1))
		skb_set_queue_mapping(skb, 0);
	else
		myveth_record_one_of(skb, rcv, number);
}

/*
 * An end that goes down stops running at once and loses IFF_UP only in the end;
 * one that comes up starts running first. It receives when it has both.
 */
static inline bool myveth_is_up(const struct net_device *dev)
{
	return netif_running(dev) && dev->flags & IFF_UP;
}

/* The same as veth's, and what `ethtool -G` accepts: packets. */
#define MYVETH_RING_SIZE	256U
#define MYVETH_RING_SIZE_MIN	64U
#define MYVETH_RING_SIZE_MAX	32768U

/* Frames handled at a time; the core's devmap does the same. */
#define MYVETH_BULK	16

/**
 * struct myveth_round - what the receipt of some packets collects on its way
 * @up: XDP frames to be made skbs and received
 * @back: XDP frames to be sent back to the peer
 * @num_up: how many @up
 * @num_back: how many @back
 * @flush: frames were redirected, and wait in queues of this CPU for a flush
 * @gathering: these packets must not be held, see myveth_receive_up()
 * @stats: what is to be added to the counters of the queue
 */
struct myveth_round {
	struct xdp_frame *up[MYVETH_BULK];
	struct xdp_frame *back[MYVETH_BULK];
	unsigned int num_up;
	unsigned int num_back;
	bool flush;
	bool gathering;
	unsigned int stats[MYVETH_RX_STATS];
};

/**
 * struct myveth_ways - what decides which way packets to an end take
 * @features: of the end: what it merges
 * @peer_features: of its peer: what that leaves to others to segment
 * @prog: the native XDP program of the end or NULL
 */
struct myveth_ways {
	netdev_features_t features;
	netdev_features_t peer_features;
	struct bpf_prog *prog;
};

/* myveth.c */
bool myveth_needs_ring(const struct sk_buff *skb, const struct net_device *dev,
		       const struct net_device *rcv);
void myveth_lose(struct sk_buff *skb, struct net_device *dev,
		 struct net_device *rcv, enum myveth_loss loss);
int myveth_get_iflink(const struct net_device *dev);

/* ring.c */
void myveth_kick(struct myveth_rxq *rxq);
int myveth_forward_by_ring(struct sk_buff *skb, struct net_device *dev,
			   struct net_device *rcv, unsigned int changes);
int myveth_add_frames(struct net_device *rcv, unsigned int number,
		      struct xdp_frame **frames, int n, struct myveth_rxq **to);
void myveth_gather(struct net_device *dev);
bool myveth_wants_napi(const struct net_device *dev);
void myveth_get_ways(const struct net_device *dev, struct myveth_ways *ways);
int myveth_set_ways(struct net_device *dev, const struct myveth_ways *ways);
int myveth_update_napi(struct net_device *dev);
int myveth_resize_rings(struct net_device *dev, unsigned int size);
void myveth_free_rxqs(struct net_device *dev);

/* xdp.c */
extern const struct xdp_metadata_ops myveth_xdp_metadata_ops;
int myveth_xdp_xmit(struct net_device *dev, int n, struct xdp_frame **frames,
		    u32 flags);
void myveth_flush_back(struct myveth_rxq *rxq, struct myveth_round *round);
struct sk_buff *myveth_filter_skb(struct myveth_rxq *rxq, struct bpf_prog *prog,
				  struct sk_buff *skb,
				  struct myveth_round *round);
bool myveth_filter_frame(struct myveth_rxq *rxq, struct bpf_prog *prog,
			 struct xdp_frame *frame, struct myveth_round *round);
int myveth_create_pool(struct myveth_rxq *rxq);
void myveth_destroy_pool(struct myveth_rxq *rxq);
void myveth_update_pair_xdp_features(struct net_device *dev);
int myveth_bpf(struct net_device *dev, struct netdev_bpf *bpf);

/* stats.c */
extern const struct myveth_loss_info myveth_loss_info[MYVETH_LOSSES];
extern const struct netdev_stat_ops myveth_stat_ops;
void myveth_count_loss(struct net_device *dev, enum myveth_loss loss,
		       unsigned int packets);
void myveth_sum_losses(const struct net_device *dev, u64 sum[MYVETH_LOSSES]);
void myveth_sum_rxqs(const struct net_device *dev, unsigned int first,
		     unsigned int limit, struct myveth_rx_totals *sum);
void myveth_get_stats64(struct net_device *dev,
			struct rtnl_link_stats64 *stats);

/* ethtool.c */
extern const struct ethtool_ops myveth_ethtool_ops;

#endif /* MYVETH_PAIR_H */
