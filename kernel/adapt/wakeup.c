// SPDX-License-Identifier: GPL-2.0
/*
 * Wake-ups of wait queues: see linux/ktask_wakeup.h.
 *
 * The entry is off the queue before its request is complete, both under the
 * queue's lock; so who finds it off the queue under that lock finds the request
 * complete, and a withdrawal never has to wait.
 *
 * A queue that goes away under its waiters says so by waking with POLLFREE, and
 * stays for an RCU grace period; what to do about it is described in
 * fs/eventpoll.c.
 */
#include <linux/ktask_wakeup.h>
#include <linux/rcupdate.h>

#include "../compat.h"

/* Called under the lock of the queue, in any context. */
static int wakeup_func(struct wait_queue_entry *entry, unsigned int mode,
		       int flags, void *key)
{
	struct ktask_wakeup *w = container_of(entry, struct ktask_wakeup,
					      entry);
	long value = 0;

	/* Only with a mask the key is known to be one; 0 is any event. */
	if (w->mask) {
		__poll_t events = key_to_poll(key);

		if (events && !(events & (w->mask | POLLFREE)))
			return 0;
		value = (__force long)(events & w->mask);
		if (events & POLLFREE)
			value = -EPIPE;
	}
	list_del_init(&entry->entry);
	if (value == -EPIPE) {
		/* Pairs with wakeup_withdraw(). */
		smp_store_release(&w->wqh, NULL);
	}
	ktask_future_complete(&w->request.done, value);
	return 1;
}

static bool wakeup_withdraw(struct ktask_request *r)
{
	struct ktask_wakeup *w = container_of(r, struct ktask_wakeup, request);
	struct wait_queue_head *wqh;
	bool waiting = false;
	unsigned long flags;

	rcu_read_lock();
	/* Pairs with wakeup_func(). */
	wqh = smp_load_acquire(&w->wqh);
	if (wqh) {
		spin_lock_irqsave(&wqh->lock, flags);
		waiting = !list_empty(&w->entry.entry);
		list_del_init(&w->entry.entry);
		spin_unlock_irqrestore(&wqh->lock, flags);
	}
	rcu_read_unlock();
	return waiting;
}

static const struct ktask_request_ops wakeup_ops = {
	.withdraw = wakeup_withdraw,
};

/**
 * ktask_wakeup_start - ask for the next wake-up of a wait queue
 * @w: storage for the request, in the frame of @t; not in use
 * @t: the task, or NULL for a thread
 * @wqh: the wait queue; stays until @w is complete or dropped
 * @mask: poll events of interest, if all wakers of @wqh give poll events or
 *	none; or 0
 *
 * What is written by who wakes @wqh afterwards is seen by who is woken; what was
 * written before a wake-up that came too early for @w is visible now, even to
 * wakers that look at waitqueue_active() first. So a condition that is false
 * after this has a wake-up to come.
 *
 * Context: the body of @t, or the thread.
 * Return: the request, to be awaited; it may also be one of several, and be
 * dropped with ktask_request_drop().
 */
struct ktask_request *ktask_wakeup_start(struct ktask_wakeup *w,
					 struct ktask *t,
					 struct wait_queue_head *wqh,
					 __poll_t mask)
{
	ktask_request_init(&w->request, t, &wakeup_ops);
	init_waitqueue_func_entry(&w->entry, wakeup_func);
	w->wqh = wqh;
	w->mask = mask;
	add_wait_queue(wqh, &w->entry);
	/* Pairs with the one that waitqueue_active() asks of wakers. */
	smp_mb();
	return &w->request;
}
EXPORT_SYMBOL_NS_GPL(ktask_wakeup_start, KTASK_NS);

/* An event begins to be awaited. */
void __ktask_event_begin(struct ktask_wakeup *w, struct ktask *t,
			 ktime_t timeout)
{
	t->timed_out = false;
	w->deadline = KTIME_MAX;
	/* Saturated addition takes a negative one for an overflow. */
	if (timeout != KTIME_MAX)
		w->deadline = ktime_add_safe(ktime_get(),
					     max_t(ktime_t, timeout, 0));
}
EXPORT_SYMBOL_NS_GPL(__ktask_event_begin, KTASK_NS);

/* How long the next wake-up may take. */
ktime_t __ktask_event_left(const struct ktask_wakeup *w)
{
	if (w->deadline == KTIME_MAX)
		return KTIME_MAX;
	return ktime_sub(w->deadline, ktime_get());
}
EXPORT_SYMBOL_NS_GPL(__ktask_event_left, KTASK_NS);

/* Whether to go on, the condition being @condition. */
bool __ktask_event_over(struct ktask *t, bool condition)
{
	if (condition)
		t->timed_out = false;
	return condition || t->timed_out;
}
EXPORT_SYMBOL_NS_GPL(__ktask_event_over, KTASK_NS);
