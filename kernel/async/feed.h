/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a feed is for those who send on it: broadcast.c and watch.c.
 */
#ifndef _KTASK_FEED_H
#define _KTASK_FEED_H

#include "../engine/engine.h"

void feed_init(struct ktask_feed *feed);
int feed_look(struct ktask_receiver *rx);
void feed_take(struct ktask_feed *feed, struct list_head *taken);
void feed_tell(struct list_head *taken, long status);

/* The receiver is one of this feed's. */
static inline bool feed_has(struct ktask_feed *feed, struct ktask_receiver *rx)
{
	return !WARN_ONCE(rx->feed != feed,
			  "ktask: a receiver of something else\n");
}

#endif /* _KTASK_FEED_H */
