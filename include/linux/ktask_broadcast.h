/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Broadcasts: every receiver gets every value. Included by linux/ktask.h.
 */
#ifndef _LINUX_KTASK_BROADCAST_H
#define _LINUX_KTASK_BROADCAST_H

/**
 * DOC: broadcasts
 *
 * A broadcast is a feed that keeps the last values in a ring of the owner's:
 *
 *	struct event ring[64];
 *
 *	ktask_broadcast_init(&b, ring, sizeof(ring[0]), ARRAY_SIZE(ring));
 *
 * Values are copied in, and out to each receiver that was subscribed then. A
 * receiver that is so slow that values which it has not seen are written over is
 * told how many, and goes on with the oldest that is kept.
 *
 * The shape is that of Tokio's broadcast.
 */

/**
 * struct ktask_broadcast - a feed that keeps the last values
 * @feed: the feed, to subscribe to
 */
struct ktask_broadcast {
	struct ktask_feed feed;
	/* private: ring is guarded by feed.lock */
	void *ring;
	size_t size;			/* of a value */
	u32 slots;			/* a power of two */
};

int ktask_broadcast_init(struct ktask_broadcast *b, void *ring, size_t size,
			 u32 slots);
unsigned int ktask_broadcast_send(struct ktask_broadcast *b, const void *value);
int ktask_broadcast_try_recv(struct ktask_broadcast *b,
			     struct ktask_receiver *rx, void *value);
int ktask_broadcast_recv_until(struct ktask_broadcast *b,
			       struct ktask_receiver *rx, void *value,
			       unsigned int state, ktime_t deadline);

/**
 * ktask_broadcast_lost - how many values a receiver has missed
 * @rx: a receiver that was told -EOVERFLOW
 *
 * Return: how many, when it was told last.
 */
static inline u64 ktask_broadcast_lost(const struct ktask_receiver *rx)
{
	return rx->lost;
}

#endif /* _LINUX_KTASK_BROADCAST_H */
