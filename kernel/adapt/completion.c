// SPDX-License-Identifier: GPL-2.0
/*
 * Completions: see linux/ktask_completion.h.
 *
 * The waiter is a task in the storage of the request, so the request is complete
 * only when that storage is not the task's any more, which .release tells. A
 * request is withdrawn by aborting the waiter and letting the end of that
 * complete it.
 */
#include <linux/ktask_completion.h>

#include "../compat.h"

static long completion_wait(struct ktask *waiter)
{
	struct ktask_completion_wait *w;

	w = container_of(waiter, struct ktask_completion_wait, waiter);
	/* To an abort this is -ERESTARTSYS, unless it comes too late. */
	return wait_for_completion_killable(w->c);
}

/* Any context. */
static void completion_waited(struct ktask *waiter)
{
	struct ktask_completion_wait *w;

	w = container_of(waiter, struct ktask_completion_wait, waiter);
	ktask_future_complete(&w->request.done, ktask_result(waiter));
}

/*
 * The waiter may have ended, and have been put by its runtime; but its storage
 * is that of @r, and so is still there.
 */
static bool completion_withdraw(struct ktask_request *r)
{
	struct ktask_completion_wait *w;

	w = container_of(r, struct ktask_completion_wait, request);
	ktask_abort(&w->waiter);
	return false;
}

static void completion_give_back(struct ktask_request *r)
{
	complete(container_of(r, struct ktask_completion_wait, request)->c);
}

static const struct ktask_request_ops completion_ops = {
	.withdraw = completion_withdraw,
	.give_back = completion_give_back,
};

/**
 * ktask_completion_start - begin to wait for a completion
 * @w: storage for the request, in the frame of @t; not in use, nor on a stack
 * @t: the task, or NULL for a thread
 * @c: the completion; stays until @w is complete and forgotten, or dropped
 *
 * Starts no waiter if @c is complete already.
 *
 * Context: the body of @t, or the thread.
 * Return: the request, to be awaited, or one of several. When it has been
 * granted, ktask_request_forget() keeps what was taken from @c, and
 * ktask_request_drop() gives it back.
 */
struct ktask_request *ktask_completion_start(struct ktask_completion_wait *w,
					     struct ktask *t,
					     struct completion *c)
{
	int err;

	ktask_request_init(&w->request, t, &completion_ops);
	w->c = c;
	if (try_wait_for_completion(c)) {
		ktask_future_complete(&w->request.done, 0);
		return &w->request;
	}
	ktask_init_blocking(&w->waiter, completion_wait, void,
			    .release = completion_waited);
	err = ktask_start(&w->waiter);
	if (err)
		ktask_set_result(&w->waiter, err);
	/* The last one, if it was not started. */
	ktask_put(&w->waiter);
	return &w->request;
}
EXPORT_SYMBOL_NS_GPL(ktask_completion_start, KTASK_NS);
