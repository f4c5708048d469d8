// SPDX-License-Identifier: GPL-2.0
/*
 * Work items that can be awaited: see linux/ktask_work.h.
 *
 * work->queued counts the runs that were asked for, and those that were
 * cancelled no more; work->finished those that are over. The item is idle when
 * they are equal, and at most two apart: one run may be pending while another
 * runs. A cancelled run is always the last.
 *
 * The item may be gone once its lock is released by who has counted its last
 * run, as someone may have waited for that.
 */
#include <linux/ktask_work.h>

#include "../compat.h"

/* Take those that wait for one of the runs from @first to @last off the queue. */
static void work_take(struct ktask_work *work, u64 first, u64 last,
		      struct list_head *over)
{
	struct ktask_work_wait *w, *next;

	lockdep_assert_held(&work->lock);
	list_for_each_entry_safe(w, next, &work->waiters, node) {
		if (w->number < first || w->number > last)
			continue;
		list_move_tail(&w->node, over);
		w->waiting = false;
	}
}

/* Not under the lock; each is gone when it has been told. */
static void work_tell(struct list_head *over, long value)
{
	struct ktask_work_wait *w, *next;

	list_for_each_entry_safe(w, next, over, node)
		ktask_future_complete(&w->request.done, value);
}

/* The function of the work item proper. */
void __ktask_work_run(struct work_struct *ws)
{
	struct ktask_work *work = ktask_work_of(ws);
	unsigned long flags;
	LIST_HEAD(over);

	work->fn(ws);

	spin_lock_irqsave(&work->lock, flags);
	if (!WARN_ONCE(work->finished == work->queued,
		       "ktask: %ps was queued behind ktask's back\n", work->fn))
		work->finished++;
	work_take(work, 0, work->finished, &over);
	spin_unlock_irqrestore(&work->lock, flags);
	work_tell(&over, 0);
}
EXPORT_SYMBOL_NS_GPL(__ktask_work_run, KTASK_NS);

void __ktask_work_init(struct ktask_work *work, work_func_t fn)
{
	work->fn = fn;
	spin_lock_init(&work->lock);
	INIT_LIST_HEAD(&work->waiters);
	work->queued = 0;
	work->finished = 0;
	work->blocked = 0;
}
EXPORT_SYMBOL_NS_GPL(__ktask_work_init, KTASK_NS);

/**
 * ktask_work_queue - have a work item run
 * @wq: where
 * @work: the work item
 * @delay: jiffies to wait before; 0 for at once
 *
 * As queue_work() and queue_delayed_work().
 *
 * Context: any but NMI.
 * Return: true if it will run once more; false if it was pending already, or is
 * being cancelled by ktask_work_cancel_sync().
 */
bool ktask_work_queue(struct workqueue_struct *wq, struct ktask_work *work,
		      unsigned long delay)
{
	unsigned long flags;
	bool queued;

	/* Counted before it can have finished, and before it can be cancelled. */
	spin_lock_irqsave(&work->lock, flags);
	queued = !work->blocked &&
		 queue_delayed_work(wq, &work->dwork, delay);
	if (queued)
		work->queued++;
	spin_unlock_irqrestore(&work->lock, flags);
	return queued;
}
EXPORT_SYMBOL_NS_GPL(ktask_work_queue, KTASK_NS);

/**
 * ktask_work_cancel - have a work item not run
 * @work: the work item
 *
 * As cancel_delayed_work(): does not wait for one that runs. Those who await the
 * run get -ECANCELED.
 *
 * Context: any but NMI.
 * Return: true if a run was pending and will not be.
 */
bool ktask_work_cancel(struct ktask_work *work)
{
	unsigned long flags;
	LIST_HEAD(over);
	bool cancelled;

	spin_lock_irqsave(&work->lock, flags);
	cancelled = cancel_delayed_work(&work->dwork);
	if (cancelled) {
		work_take(work, work->queued, U64_MAX, &over);
		work->queued--;
	}
	spin_unlock_irqrestore(&work->lock, flags);
	work_tell(&over, -ECANCELED);
	return cancelled;
}
EXPORT_SYMBOL_NS_GPL(ktask_work_cancel, KTASK_NS);

/**
 * ktask_work_cancel_sync - have a work item not run, and not be running
 * @work: the work item; idle when this returns
 *
 * As cancel_delayed_work_sync(): even a function that queues itself again does
 * not meanwhile. Those who awaited @work have been told.
 *
 * Context: process context, sleeps. Not from the function itself.
 * Return: true if a run was pending and will not be.
 */
bool ktask_work_cancel_sync(struct ktask_work *work)
{
	bool cancelled;

	spin_lock_irq(&work->lock);
	work->blocked++;
	spin_unlock_irq(&work->lock);
	cancelled = ktask_work_cancel(work);
	flush_work(&work->dwork.work);
	spin_lock_irq(&work->lock);
	work->blocked--;
	spin_unlock_irq(&work->lock);
	return cancelled;
}
EXPORT_SYMBOL_NS_GPL(ktask_work_cancel_sync, KTASK_NS);

static bool work_withdraw(struct ktask_request *r)
{
	struct ktask_work_wait *w = container_of(r, struct ktask_work_wait,
						 request);
	struct ktask_work *work = w->work;
	unsigned long flags;
	bool waiting;

	spin_lock_irqsave(&work->lock, flags);
	waiting = w->waiting;
	if (waiting)
		list_del(&w->node);
	spin_unlock_irqrestore(&work->lock, flags);
	return waiting;
}

static const struct ktask_request_ops work_ops = {
	.withdraw = work_withdraw,
};

/**
 * ktask_work_start - begin to wait for a run of a work item
 * @w: storage for the request, in the frame of @t; not in use
 * @t: the task, or NULL for a thread
 * @work: the work item; stays until @t goes on or has ended
 *
 * The run is the one that was queued last. If the item is idle, the request is
 * granted at once.
 *
 * Context: the body of @t, or the thread.
 * Return: the request, to be awaited, or one of several.
 */
struct ktask_request *ktask_work_start(struct ktask_work_wait *w,
				       struct ktask *t,
				       struct ktask_work *work)
{
	unsigned long flags;
	bool idle;

	ktask_request_init(&w->request, t, &work_ops);
	w->work = work;
	spin_lock_irqsave(&work->lock, flags);
	w->number = work->queued;
	idle = work->finished == work->queued;
	w->waiting = !idle;
	if (!idle)
		list_add_tail(&w->node, &work->waiters);
	spin_unlock_irqrestore(&work->lock, flags);
	if (idle)
		ktask_future_complete(&w->request.done, 0);
	return &w->request;
}
EXPORT_SYMBOL_NS_GPL(ktask_work_start, KTASK_NS);
