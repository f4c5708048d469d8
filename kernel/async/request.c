// SPDX-License-Identifier: GPL-2.0
/*
 * Requests: see linux/ktask_request.h.
 *
 * A request is owned by one task or thread, and only that one calls these
 * functions. Others know it from ktask_request_init() until they have completed
 * its future, which is their last touch.
 */
#include <linux/kernel.h>

#include "../engine/engine.h"

/* The task that @arg belongs to has ended. */
static void request_end(void *arg)
{
	struct ktask_request *r = arg;

	/* It is off the list of cleanups already. */
	r->t = NULL;
	ktask_request_drop(r);
}

/**
 * ktask_request_init - begin a request
 * @r: storage for it, in the frame of @t; not in use for another request
 * @t: the task that it shall belong to, or NULL if it is a thread's
 * @ops: how to take it back
 *
 * For who implements requests: to be called before others may know @r.
 *
 * Context: the body of @t, or its maker before ktask_start().
 */
void ktask_request_init(struct ktask_request *r, struct ktask *t,
			const struct ktask_request_ops *ops)
{
	ktask_future_init(&r->done);
	r->ops = ops;
	r->t = t;
	if (t)
		ktask_defer(t, &r->end, request_end, r);
}
EXPORT_SYMBOL_NS_GPL(ktask_request_init, KTASK_NS);

/**
 * ktask_request_forget - keep what was granted when the task ends
 * @r: a request that was granted or refused, or has been dropped
 *
 * The end of the task does nothing about it any more. For what somebody else
 * gives back, or nobody.
 *
 * Context: the body of the task that made it, or the thread.
 */
void ktask_request_forget(struct ktask_request *r)
{
	if (!r->ops)
		return;
	r->ops = NULL;
	if (r->t)
		ktask_undefer(r->t, &r->end);
}
EXPORT_SYMBOL_NS_GPL(ktask_request_forget, KTASK_NS);

/**
 * ktask_request_drop - withdraw a request, or give back what was granted
 * @r: the request; may be used for another one afterwards
 *
 * Does nothing the second time.
 *
 * Context: the body of the task that made it, or the thread. Process context if
 * the request may be waiting: it may sleep for the moment that it takes somebody
 * else to complete it.
 */
void ktask_request_drop(struct ktask_request *r)
{
	const struct ktask_request_ops *ops = r->ops;

	if (!ops)
		return;
	ktask_request_forget(r);
	if (!ktask_future_done(&r->done)) {
		if (ops->withdraw(r))
			return;
		/* Off its queue, but not complete: it is about to be. */
		ktask_future_wait(&r->done);
	}
	if (ktask_future_value(&r->done) >= 0 && ops->give_back)
		ops->give_back(r);
}
EXPORT_SYMBOL_NS_GPL(ktask_request_drop, KTASK_NS);

/*
 * The wait is over. What was granted at the last moment counts as granted in
 * time: it cannot always be given back. A refused request holds nothing.
 * Return: as ktask_request_status().
 */
static long request_settle(struct ktask_request *r)
{
	long status = ktask_request_status(r);

	if (status == -EINPROGRESS) {
		if (!r->ops || r->ops->withdraw(r))
			ktask_future_complete(&r->done, -ETIMEDOUT);
		else
			/* Off its queue, but not complete: it is about to be. */
			ktask_future_wait(&r->done);
		/* It is, because it has been withdrawn. */
		if (ktask_request_status(r) == -ECANCELED)
			r->done.value = -ETIMEDOUT;
		status = ktask_request_status(r);
	}
	/* Nor is there anything to see to if nothing can be given back. */
	if (status < 0 || (r->ops && !r->ops->give_back))
		ktask_request_forget(r);
	return status;
}

/* An await of @r by @t is over. */
void __ktask_request_awaited(struct ktask *t, struct ktask_request *r)
{
	if (request_settle(r) != -ETIMEDOUT)
		t->timed_out = false;
}
EXPORT_SYMBOL_NS_GPL(__ktask_request_awaited, KTASK_NS);

/**
 * ktask_request_wait_until - have the calling thread wait for a request
 * @r: the request
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * If it returns below zero, the request has been withdrawn or refused.
 *
 * Context: process context, sleeps. Not in a resume function.
 * Return: what it was granted with, 0 or above; why, if it was refused; or as
 * ktask_future_wait_until().
 */
int ktask_request_wait_until(struct ktask_request *r, unsigned int state,
			     ktime_t deadline)
{
	int err = ktask_future_wait_until(&r->done, state, deadline);

	if (!err)
		return request_settle(r);
	/* Dropped, even if it is granted now: one outcome, and nothing held. */
	ktask_request_drop(r);
	return err;
}
EXPORT_SYMBOL_NS_GPL(ktask_request_wait_until, KTASK_NS);
