/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests that wait in a queue. Private to kernel/async.
 *
 * The life of a queued request, as its queue sees it:
 *
 *	queue_begin()		waits; nobody else knows it yet
 *	queue_add()		others may know it, under the lock
 *	queue_take()		it will be granted or refused by who took it; on
 *				a list of that one's own
 *	queue_remove()		withdrawn by its owner, unless it was taken before
 *	queue_complete()	granted or refused, with no lock held; not
 *				touched any more
 */
#ifndef _KTASK_QUEUE_H
#define _KTASK_QUEUE_H

#include <linux/ktask.h>
#include <linux/lockdep.h>

static inline void queue_init(struct ktask_queue *q)
{
	raw_spin_lock_init(&q->lock);
	INIT_LIST_HEAD(&q->waiting);
}

static inline void queue_begin(struct ktask_queued *w, struct ktask *t,
			       const struct ktask_request_ops *ops)
{
	ktask_request_init(&w->request, t, ops);
	w->waits = true;
}

static inline void queue_add(struct ktask_queue *q, struct ktask_queued *w)
{
	lockdep_assert_held(&q->lock);
	list_add_tail(&w->node, &q->waiting);
}

/* Who came first, or NULL. */
static inline struct ktask_queued *queue_first(struct ktask_queue *q)
{
	lockdep_assert_held(&q->lock);
	return list_first_entry_or_null(&q->waiting, struct ktask_queued, node);
}

/* Take @w off @q, for queue_complete(). */
static inline void queue_take(struct ktask_queue *q, struct ktask_queued *w,
			      struct list_head *taken)
{
	lockdep_assert_held(&q->lock);
	/* The search for deadlocks looks without the lock. */
	WRITE_ONCE(w->waits, false);
	list_move_tail(&w->node, taken);
}

static inline void queue_take_all(struct ktask_queue *q,
				  struct list_head *taken)
{
	struct ktask_queued *w;

	while ((w = queue_first(q)))
		queue_take(q, w, taken);
}

/* Return: false if @w was taken, and its future is complete or will be. */
static inline bool queue_remove(struct ktask_queue *q, struct ktask_queued *w)
{
	lockdep_assert_held(&q->lock);
	if (!w->waits)
		return false;
	WRITE_ONCE(w->waits, false);
	list_del(&w->node);
	return true;
}

/* What need not wait: its owner is told at once. Nobody else knows @w. */
static inline void queue_settle(struct ktask_queued *w, long status)
{
	WRITE_ONCE(w->waits, false);
	ktask_future_init_done(&w->request.done, status);
}

/* Tell all that were taken. The lock is not held. */
static inline void queue_complete(struct list_head *taken, long status)
{
	struct ktask_queued *w, *next;

	/* As soon as one is told, its memory is its owner's again. */
	list_for_each_entry_safe(w, next, taken, node)
		ktask_future_complete(&w->request.done, status);
}

/* @q will not be used any more. */
static inline void queue_destroy(struct ktask_queue *q)
{
	unsigned long flags;
	LIST_HEAD(refused);

	raw_spin_lock_irqsave(&q->lock, flags);
	queue_take_all(q, &refused);
	raw_spin_unlock_irqrestore(&q->lock, flags);
	WARN_ONCE(!list_empty(&refused),
		  "ktask: destroyed while somebody waits for it\n");
	queue_complete(&refused, -ESHUTDOWN);
}

#endif /* _KTASK_QUEUE_H */
