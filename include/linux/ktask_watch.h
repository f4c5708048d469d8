/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Watches: the latest value, and who wants to know when it changes. Included by
 * linux/ktask.h.
 */
#ifndef _LINUX_KTASK_WATCH_H
#define _LINUX_KTASK_WATCH_H

#include <linux/seqlock.h>

/**
 * DOC: watches
 *
 * A watch is a feed that keeps the latest value only, in storage of the owner's,
 * which holds the initial one:
 *
 *	struct config config = { ... };
 *
 *	ktask_watch_init(&w, &config, sizeof(config));
 *
 * Everybody can look at it in any context and without a lock, and sees a value
 * that was sent, never parts of two. A receiver gets each value that it is in
 * time for, and always the last.
 *
 * The shape is that of Tokio's watch.
 */

/**
 * struct ktask_watch - a feed that keeps the latest value
 * @feed: the feed, to subscribe to
 */
struct ktask_watch {
	struct ktask_feed feed;
	/* private: seq guards value and feed.sent against who reads them */
	seqcount_raw_spinlock_t seq;
	void *value;
	size_t size;
};

void ktask_watch_init(struct ktask_watch *w, void *value, size_t size);
void ktask_watch_send(struct ktask_watch *w, const void *value);
bool ktask_watch_modify(struct ktask_watch *w,
			bool (*modify)(void *value, void *arg), void *arg);
void ktask_watch_peek(struct ktask_watch *w, void *value);
int ktask_watch_try_recv(struct ktask_watch *w, struct ktask_receiver *rx,
			 void *value);
int ktask_watch_recv_until(struct ktask_watch *w, struct ktask_receiver *rx,
			   void *value, unsigned int state, ktime_t deadline);

/**
 * ktask_watch_mark_changed - take the latest value for one that was not seen
 * @rx: a receiver that has seen it
 *
 * For a receiver that has just subscribed and wants the initial value too.
 *
 * Context: that of its task or thread; not while it waits.
 */
static inline void ktask_watch_mark_changed(struct ktask_receiver *rx)
{
	rx->seen--;
}

#endif /* _LINUX_KTASK_WATCH_H */
