// SPDX-License-Identifier: GPL-2.0
/*
 * Barriers: see linux/ktask_barrier.h.
 *
 * The queue is the round that is not complete yet, so a round needs no number:
 * who comes last takes all of it away, and the next finds it empty.
 */
#include <linux/kernel.h>

#include "../engine/engine.h"
#include "queue.h"

static bool barrier_withdraw(struct ktask_request *r)
{
	struct ktask_barrier_wait *w;
	struct ktask_barrier *b;
	unsigned long flags;
	bool withdrawn;

	w = container_of(r, struct ktask_barrier_wait, wait.request);
	b = w->barrier;
	raw_spin_lock_irqsave(&b->queue.lock, flags);
	withdrawn = queue_remove(&b->queue, &w->wait);
	if (withdrawn)
		b->missing++;
	raw_spin_unlock_irqrestore(&b->queue.lock, flags);
	return withdrawn;
}

/* Who has come has come, so there is nothing to give back. */
static const struct ktask_request_ops barrier_ops = {
	.withdraw = barrier_withdraw,
};

/**
 * ktask_barrier_init - make a barrier
 * @b: storage for it
 * @n: for how many; 0 is taken for 1
 *
 * Holds no resources, but see ktask_barrier_destroy().
 *
 * Context: any.
 */
void ktask_barrier_init(struct ktask_barrier *b, unsigned int n)
{
	queue_init(&b->queue);
	b->parties = max(n, 1U);
	b->missing = b->parties;
}
EXPORT_SYMBOL_NS_GPL(ktask_barrier_init, KTASK_NS);

/**
 * ktask_barrier_destroy - say that a barrier will not be used any more
 * @b: the barrier
 *
 * Warns if somebody waits, and refuses him with -ESHUTDOWN.
 *
 * Context: any but NMI.
 */
void ktask_barrier_destroy(struct ktask_barrier *b)
{
	queue_destroy(&b->queue);
}
EXPORT_SYMBOL_NS_GPL(ktask_barrier_destroy, KTASK_NS);

/**
 * ktask_barrier_request - come to a barrier
 * @b: the barrier
 * @w: who comes, in the frame of @t; not in use
 * @t: the task that it belongs to; NULL if the caller sees to it itself
 *
 * Does not wait: that is what KTASK_BARRIER_WAIT() does with what this returns,
 * or a select. Who has gone on calls ktask_request_forget() on what this
 * returns; who leaves before, ktask_request_drop().
 *
 * Context: the body of @t, or its maker before ktask_start(); with NULL for it,
 * any but NMI.
 * Return: the request, part of @w, which is granted with 1 for the leader and
 * with 0 for the others.
 */
struct ktask_request *ktask_barrier_request(struct ktask_barrier *b,
					    struct ktask_barrier_wait *w,
					    struct ktask *t)
{
	unsigned long flags;
	LIST_HEAD(others);
	bool leads;

	queue_begin(&w->wait, t, &barrier_ops);
	w->barrier = b;
	raw_spin_lock_irqsave(&b->queue.lock, flags);
	leads = --b->missing == 0;
	if (leads) {
		b->missing = b->parties;
		queue_take_all(&b->queue, &others);
	} else {
		queue_add(&b->queue, &w->wait);
	}
	raw_spin_unlock_irqrestore(&b->queue.lock, flags);
	if (leads)
		queue_settle(&w->wait, 1);
	queue_complete(&others, 0);
	return &w->wait.request;
}
EXPORT_SYMBOL_NS_GPL(ktask_barrier_request, KTASK_NS);

/**
 * ktask_barrier_wait_until - have the calling thread wait at a barrier
 * @b: the barrier
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * Context: process context, sleeps. Not in a resume function.
 * Return: 1 if it leads, 0 for the others; -ETIMEDOUT; -ERESTARTSYS if a signal
 * came first; -ECANCELED if the calling blocking task was aborted.
 */
int ktask_barrier_wait_until(struct ktask_barrier *b, unsigned int state,
			     ktime_t deadline)
{
	struct ktask_barrier_wait w;
	struct ktask_request *r = ktask_barrier_request(b, &w, NULL);
	int err = ktask_future_wait_until(&r->done, state, deadline);

	if (err && !ktask_future_done(&r->done) && r->ops->withdraw(r)) {
		ktask_request_forget(r);
		return err;
	}
	/*
	 * It has met the others, or is about to be told so; they count on it, so
	 * that cannot be given back.
	 */
	ktask_future_wait(&r->done);
	ktask_request_forget(r);
	return ktask_future_value(&r->done);
}
EXPORT_SYMBOL_NS_GPL(ktask_barrier_wait_until, KTASK_NS);
