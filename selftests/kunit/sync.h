/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites share that test what tasks wait for.
 */
#ifndef _KTASK_KUNIT_SYNC_H
#define _KTASK_KUNIT_SYNC_H

#include <linux/list.h>
#include <linux/sched/signal.h>

#include "util.h"

/* How many wait in a queue. */
static inline int kt_waiting(struct ktask_queue *q)
{
	struct list_head *node;
	unsigned long flags;
	int n = 0;

	raw_spin_lock_irqsave(&q->lock, flags);
	list_for_each(node, &q->waiting)
		n++;
	raw_spin_unlock_irqrestore(&q->lock, flags);
	return n;
}

#define KT_UNTIL_WAITING(test, q, n)					\
	KT_EVENTUALLY(test, kt_waiting(q) == (n))

/**
 * struct kt_assassin - a waiter that aborts a task
 * @waiter: of the future whose completion kills
 * @victim: the task
 */
struct kt_assassin {
	struct ktask_waiter waiter;
	struct ktask *victim;
};

static inline void kt_assassinate(struct ktask_waiter *waiter, long value)
{
	struct kt_assassin *a = container_of(waiter, struct kt_assassin, waiter);

	ktask_abort(a->victim);
}

/*
 * Have @t aborted when its request @r has been granted and @t has not been told:
 * called by the body before it awaits @r, so that this waiter is the first.
 */
static inline void kt_abort_when_granted(struct kt_assassin *a, struct ktask *t,
					 struct ktask_request *r)
{
	a->victim = t;
	ktask_future_add(ktask_request_future(r), &a->waiter, kt_assassinate);
}

/* For a rival. */
static inline void kt_abort_soon(void *t)
{
	kt_dither(100);
	ktask_abort(t);
}

#endif /* _KTASK_KUNIT_SYNC_H */
