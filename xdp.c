// SPDX-License-Identifier: GPL-2.0
/*
 * XDP: what a program at the receiving end sees of a packet, and what becomes
 * of it then.
 *
 * Native programs run in the poll (myveth_receive() in ring.c), on every packet
 * that an end receives, and before GRO and the stack see it:
 *
 *	in the ring	the program runs on
 *	--------------	----------------------------------------------------
 *	an skb		its data, if they are in one piece, nobody else has
 *			them, and there is room for a program that moves their
 *			ends; else a copy in pages of the queue's pool
 *			(myveth_make_writable())
 *	an XDP frame	its data, which are the frame's alone
 *
 *	it decides	what becomes of the packet
 *	--------------	----------------------------------------------------
 *	PASS		the skb follows its data (myveth_buff_to_skb()) and is
 *			received; of a frame an skb is made (ring.c)
 *	TX, REDIRECT	it goes on as an XDP frame: an skb leaves its pages,
 *			which is another occasion to copy (myveth_take_pages())
 *	anything else	it is freed
 *
 * What cannot be done as the program decides, or be shown to it, is lost and
 * counted in MYVETH_RX_DROPS.
 */
#include <linux/bpf.h>
#include <linux/bpf_trace.h>
#include <linux/filter.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/xdp.h>

#include "pair.h"

/* ----------------------------------------------------------------------- */
/* What a program may ask about its packet				    */
/* ----------------------------------------------------------------------- */

/**
 * struct myveth_xdp_buff - what a program runs on
 * @xdp: the buffer; first, because kfuncs get a pointer to it
 * @skb: the skb that the buffer belongs to, NULL for an XDP frame
 */
struct myveth_xdp_buff {
	struct xdp_buff xdp;
	struct sk_buff *skb;
};

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

/* Unused where programs cannot ask for it. */
static int __maybe_unused
myveth_xdp_rx_vlan_tag(const struct xdp_md *ctx, __be16 *proto, u16 *tci)
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

const struct xdp_metadata_ops myveth_xdp_metadata_ops = {
	.xmo_rx_timestamp	= myveth_xdp_rx_timestamp,
	.xmo_rx_hash		= myveth_xdp_rx_hash,
	COMPAT_XMO_RX_VLAN_TAG(myveth_xdp_rx_vlan_tag)
};

/* ----------------------------------------------------------------------- */
/* XDP frames on their way to the other end				    */
/* ----------------------------------------------------------------------- */

/*
 * Send XDP frames from @dev to its peer, those of a @number by the same ring,
 * and tell which queue that was. Returns how many were taken; the others remain
 * the caller's. -ENXIO if none could be, because there is no peer or no ring.
 */
static int myveth_send_frames(struct net_device *dev, unsigned int number,
			      struct xdp_frame **frames, int n,
			      struct myveth_rxq **to)
{
	struct net_device *rcv;

	rcv = rcu_dereference(myveth_end(dev)->peer);
	if (unlikely(!rcv))
		return -ENXIO;
	return myveth_add_frames(rcv, number, frames, n, to);
}

/*
 * ndo_xdp_xmit: another device's program redirects frames to @dev, so that the
 * peer receives them. Returns how many were taken; the caller frees the rest.
 * It polls for them whether XDP_XMIT_FLUSH is set or not, for the call that has
 * it may never come: the last frames may be dropped by the map's own program.
 */
int myveth_xdp_xmit(struct net_device *dev, int n,
		    struct xdp_frame **frames, u32 flags)
{
	struct myveth_rxq *rxq;
	int sent;

	if (unlikely(flags & ~XDP_XMIT_FLAGS_MASK))
		return -EINVAL;

	rcu_read_lock();
	sent = myveth_send_frames(dev, smp_processor_id(), frames, n, &rxq);
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

/* Send back to the peer what XDP_TX has collected; what it refuses is lost. */
void myveth_flush_back(struct myveth_rxq *rxq,
		       struct myveth_round *round)
{
	struct myveth_rxq *to;
	int sent, lost, i;

	/* By the number of their queue, whatever CPU polls it: in order. */
	sent = myveth_send_frames(rxq->dev, rxq->index, round->back,
				  round->num_back, &to);
	if (sent > 0)
		myveth_kick(to);
	lost = round->num_back - max(sent, 0);
	trace_xdp_bulk_tx(rxq->dev, round->num_back - lost, lost, min(sent, 0));

	for (i = round->num_back - lost; i < round->num_back; i++)
		xdp_return_frame(round->back[i]);
	round->stats[MYVETH_RX_XDP_TX] += round->num_back - lost;
	round->stats[MYVETH_RX_XDP_TX_ERRORS] += lost;
	round->num_back = 0;
}

/* ----------------------------------------------------------------------- */
/* An skb as a program sees it						    */
/* ----------------------------------------------------------------------- */

/*
 * How many bytes of headroom the copy of @skb gets, so that a program that
 * knows of no fragments finds all of it in one page. myveth_max_mtu() leaves
 * room for the headroom that programs may expect, unless a VLAN tag stands in
 * the payload; such a packet is given up to VLAN_HLEN bytes less.
 */
static unsigned int myveth_copy_headroom(const struct sk_buff *skb,
					 const struct bpf_prog *prog)
{
	unsigned int room = SKB_WITH_OVERHEAD(PAGE_SIZE) - XDP_PACKET_HEADROOM;

	if (prog->aux->xdp_has_frags || skb->len <= room)
		return XDP_PACKET_HEADROOM;
	return XDP_PACKET_HEADROOM - min_t(u32, skb->len - room, VLAN_HLEN);
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
				      myveth_copy_headroom(*skb, prog));
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
	/* Not copied yet, and it should have been; myveth_copy_headroom() says
	 * what a copy has at the least.
	 */
	if (skb_head_is_locked(buff->skb) ||
	    skb_headroom(buff->skb) < XDP_PACKET_HEADROOM - VLAN_HLEN) {
		err = skb_pp_cow_data(rxq->pool, &buff->skb,
				      myveth_copy_headroom(buff->skb, prog));
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

/* ----------------------------------------------------------------------- */
/* Running a program							    */
/* ----------------------------------------------------------------------- */

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

	if (round->num_back == MYVETH_BULK)
		myveth_flush_back(rxq, round);
	round->back[round->num_back++] = frame;
	return 0;
}

/**
 * myveth_run_prog() - run an XDP program and do what it decides
 * @rxq: the queue that the packet came by
 * @prog: the program
 * @buff: the packet, whose memory @rxq->xdp_rxq describes
 * @round: what is collected on the way
 *
 * Context: as myveth_receive().
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
 * @round: what is collected on the way
 *
 * Context: as myveth_receive().
 * Return: the skb to be received, perhaps another one, or NULL.
 */
struct sk_buff *myveth_filter_skb(struct myveth_rxq *rxq,
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
bool myveth_filter_frame(struct myveth_rxq *rxq, struct bpf_prog *prog,
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

void myveth_update_pair_xdp_features(struct net_device *dev)
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

/* A pool of pages for packets that are copied for an XDP program. */
int myveth_create_pool(struct myveth_rxq *rxq)
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

void myveth_destroy_pool(struct myveth_rxq *rxq)
{
	/* It takes NULL. */
	page_pool_destroy(rxq->pool);
	rxq->pool = NULL;
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
 * The first program. The pools come before it: a poll reads the pool's pointer
 * after the program's, but nothing keeps a processor from doing it the other
 * way round.
 */
static int myveth_start_xdp(struct net_device *dev,
			    const struct myveth_ways *ways)
{
	int err;

	err = myveth_create_pools(dev);
	if (err)
		return err;
	synchronize_net();
	err = myveth_set_ways(dev, ways);
	if (err)
		myveth_destroy_pools(dev);
	return err;
}

/* The pools are in use until no poll can have seen the program. */
static void myveth_stop_xdp(struct net_device *dev,
			    const struct myveth_ways *ways)
{
	myveth_set_ways(dev, ways);
	synchronize_net();
	myveth_destroy_pools(dev);
}

/*
 * What the peer may send here depends on the program: how long it may be, and
 * whether it must be cut into segments first.
 */
static void myveth_update_sender(struct net_device *dev,
				 const struct bpf_prog *prog)
{
	struct net_device *peer = rtnl_dereference(myveth_end(dev)->peer);
	unsigned int old_max_mtu;

	if (!peer)
		return;
	old_max_mtu = peer->max_mtu;
	peer->max_mtu = prog ? myveth_max_mtu(peer, prog) : ETH_MAX_MTU;
	if (prog)
		peer->hw_features &= ~NETIF_F_GSO_SOFTWARE;
	else
		peer->hw_features |= NETIF_F_GSO_SOFTWARE;
	/* The one announces the peer if its features change, the other in any
	 * case: the limit of the MTU is a part of what is announced.
	 */
	if (peer->max_mtu == old_max_mtu)
		netdev_update_features(peer);
	else
		netdev_change_features(peer);
	myveth_update_xdp_features(peer);
}

/* Attach @prog, replace another one by it, or detach with NULL. */
static int myveth_set_prog(struct net_device *dev, struct bpf_prog *prog,
			   struct netlink_ext_ack *extack)
{
	struct bpf_prog *old = rtnl_dereference(myveth_end(dev)->prog);
	struct myveth_ways ways;
	int err = 0;

	if (prog) {
		err = myveth_check_prog(dev, prog, extack);
		if (err)
			return err;
	}

	myveth_get_ways(dev, &ways);
	ways.prog = prog;
	if (prog && old)
		rcu_assign_pointer(myveth_end(dev)->prog, prog);
	else if (prog)
		err = myveth_start_xdp(dev, &ways);
	else if (old)
		myveth_stop_xdp(dev, &ways);
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
int myveth_bpf(struct net_device *dev, struct netdev_bpf *bpf)
{
	if (bpf->command != XDP_SETUP_PROG)
		return -EINVAL;
	return myveth_set_prog(dev, bpf->prog, bpf->extack);
}

