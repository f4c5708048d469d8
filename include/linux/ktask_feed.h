/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Feeds: what broadcasts and watches have in common. Included by linux/ktask.h.
 */
#ifndef _LINUX_KTASK_FEED_H
#define _LINUX_KTASK_FEED_H

#include <linux/spinlock.h>

/**
 * DOC: feeds
 *
 * A feed goes from any number of senders to any number of receivers, each of
 * which knows how far it has seen. Senders never wait. Receivers subscribe, and
 * then await news:
 *
 *	KTASK_BEGIN(t);
 *	ktask_feed_subscribe(&b->feed, &f->rx, t);
 *	for (;;) {
 *		KTASK_AWAIT_NEWS(t, &f->rx);
 *		err = ktask_broadcast_try_recv(b, &f->rx, &event);
 *		...
 *	}
 *
 * Awaiting takes nothing, so giving it up loses nothing.
 *
 * Senders are counted. When the last one has been put, receivers see what they
 * have not seen yet, and then get -EPIPE.
 */

/**
 * struct ktask_feed - what is common to broadcasts and watches
 *
 * Embedded in those.
 */
struct ktask_feed {
	/* private: lock guards all but @senderless */
	raw_spinlock_t lock;
	u64 sent;			/* so many values */
	unsigned int receivers;
	struct list_head waiting;	/* of these, who have seen all */
	refcount_t senders;		/* becomes 0 under the lock */
	struct ktask_future senderless;
};

/**
 * struct ktask_receiver - one who follows a feed
 *
 * Belongs to one task or thread, and is used by that alone.
 */
struct ktask_receiver {
	/* private: */
	struct ktask_request request;
	struct ktask_feed *feed;	/* NULL: not subscribed */
	struct ktask *t;
	struct ktask_defer end;
	u64 seen;			/* so many of feed->sent, or passed by */
	u64 lost;
	struct list_head node;		/* feed->waiting */
	bool queued;			/* there; under feed->lock */
};

void ktask_feed_destroy(struct ktask_feed *feed);

/**
 * ktask_feed_sender_get - become one sender more
 * @feed: a feed of which the caller has, or knows of, a sender
 *
 * Context: any.
 */
static inline void ktask_feed_sender_get(struct ktask_feed *feed)
{
	refcount_inc(&feed->senders);
}

void ktask_feed_sender_put(struct ktask_feed *feed);
void ktask_feed_sender_defer(struct ktask_feed *feed, struct ktask *t,
			     struct ktask_defer *d);

/**
 * ktask_feed_senderless - the future that is complete when no sender is left
 * @feed: the feed
 *
 * What ktask_feed_destroy() waits for.
 *
 * Return: the future; its value is 0.
 */
static inline struct ktask_future *
ktask_feed_senderless(struct ktask_feed *feed)
{
	return &feed->senderless;
}

/**
 * ktask_feed_receivers - how many follow a feed
 * @feed: the feed
 *
 * Context: any.
 * Return: how many do at this moment.
 */
static inline unsigned int ktask_feed_receivers(const struct ktask_feed *feed)
{
	return READ_ONCE(feed->receivers);
}

void ktask_feed_subscribe(struct ktask_feed *feed, struct ktask_receiver *rx,
			  struct ktask *t);
void ktask_feed_unsubscribe(struct ktask_receiver *rx);
void ktask_feed_await(struct ktask_receiver *rx);
int ktask_feed_wait_until(struct ktask_receiver *rx, unsigned int state,
			  ktime_t deadline);

/**
 * ktask_receiver_request - what ktask_feed_await() asks for
 * @rx: the receiver
 *
 * Return: the request: 0 if there are news; -EPIPE if there will be none.
 */
static inline struct ktask_request *
ktask_receiver_request(struct ktask_receiver *rx)
{
	return &rx->request;
}

/**
 * KTASK_AWAIT_NEWS - go on when there is something that was not seen
 * @t: the task
 * @rx: a receiver of its own
 *
 * Also when there will be nothing, since all senders are gone.
 */
#define KTASK_AWAIT_NEWS(t, rx)						\
	KTASK_AWAIT_NEWS_TIMEOUT(t, rx, KTIME_MAX)

/**
 * KTASK_AWAIT_NEWS_TIMEOUT - the same, but give up after a time
 * @t: the task
 * @rx: a receiver of its own
 * @timeout: ktime_t from now; not above zero: only look
 *
 * ktask_timed_out() tells which.
 */
#define KTASK_AWAIT_NEWS_TIMEOUT(t, rx, timeout)			\
do {									\
	ktask_feed_await(rx);						\
	KTASK_AWAIT_REQUEST_TIMEOUT(t, ktask_receiver_request(rx), timeout); \
} while (0)

#endif /* _LINUX_KTASK_FEED_H */
