/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Awaiting work items: what flush_work() is to threads.
 */
#ifndef _LINUX_KTASK_WORK_H
#define _LINUX_KTASK_WORK_H

#include <linux/ktask.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

/**
 * DOC: awaiting a work item
 *
 * The function of a work item, with or without a delay, can be awaited once the
 * item is a &struct ktask_work, which takes the place of a &struct work_struct or
 * &struct delayed_work in a driver's structure. The function stays as it is, but
 * for the name of the member in its container_of(), and so do its workqueue, its
 * one run at a time and its lockdep class. It is queued and cancelled by the
 * functions here only.
 *
 * A plain work item cannot be awaited: the workqueue tells nobody that it has
 * run, and flush_work() needs a thread that waits. Such a thread would be a
 * blocking task that calls flush_work(), which no abort can interrupt; with
 * ktask_sleep() and work_busy() instead one would miss runs. Nor can a work item
 * be awaited whose function frees it.
 */

/**
 * struct ktask_work - a work item that can be awaited
 * @dwork: the work item, to find what it is a member of
 *
 * Every successful ktask_work_queue() has a number, and the workqueue runs them
 * in order and one at a time, so a counter tells which have finished.
 */
struct ktask_work {
	struct delayed_work dwork;
	/* private: */
	work_func_t fn;
	spinlock_t lock; /* guards all below */
	struct list_head waiters;
	u64 queued;
	u64 finished;
	unsigned int blocked;
};

/**
 * struct ktask_work_wait - a request for the end of a run of a work item
 * @request: granted with 0 when it has run, refused with -ECANCELED when it was
 *	cancelled before it could
 */
struct ktask_work_wait {
	struct ktask_request request;
	/* private: */
	struct list_head node;
	struct ktask_work *work;
	u64 number;
	bool waiting;		/* in work->waiters; under work->lock */
};

void __ktask_work_init(struct ktask_work *work, work_func_t fn);
void __ktask_work_run(struct work_struct *w);

/**
 * ktask_work_init - make a work item that can be awaited
 * @work: the &struct ktask_work
 * @fn: its function, a work_func_t; ktask_work_of() tells what it is called with
 *
 * Holds no resources, but must be idle when its memory is freed, as any work
 * item: ktask_work_cancel_sync().
 *
 * Context: any.
 */
#define ktask_work_init(work, fn)					\
do {									\
	INIT_DELAYED_WORK(&(work)->dwork, __ktask_work_run);		\
	__ktask_work_init(work, fn);					\
} while (0)

/**
 * ktask_work_of - the awaitable work item that a function was called with
 * @w: the argument of the function
 *
 * Return: the item, for container_of().
 */
static inline struct ktask_work *ktask_work_of(struct work_struct *w)
{
	return container_of(to_delayed_work(w), struct ktask_work, dwork);
}

bool ktask_work_queue(struct workqueue_struct *wq, struct ktask_work *work,
		      unsigned long delay);
bool ktask_work_cancel(struct ktask_work *work);
bool ktask_work_cancel_sync(struct ktask_work *work);
struct ktask_request *ktask_work_start(struct ktask_work_wait *w,
				       struct ktask *t,
				       struct ktask_work *work);

/**
 * KTASK_AWAIT_WORK - go on when a work item has run
 * @t: the task
 * @w: a &struct ktask_work_wait in its frame
 * @work: the &struct ktask_work
 *
 * As flush_work(): waits for the run that was queued last; an idle item is not
 * waited for. ktask_request_status() of the request is 0, or -ECANCELED if that
 * run was cancelled. If @t is aborted meanwhile, the work item is left alone.
 */
#define KTASK_AWAIT_WORK(t, w, work)					\
	KTASK_AWAIT_WORK_TIMEOUT(t, w, work, KTIME_MAX)

/**
 * KTASK_AWAIT_WORK_TIMEOUT - the same, but give up after a time
 * @t: the task
 * @w: a &struct ktask_work_wait in its frame
 * @work: the &struct ktask_work
 * @timeout: ktime_t from now; not above zero: only look
 *
 * ktask_timed_out() tells which.
 */
#define KTASK_AWAIT_WORK_TIMEOUT(t, w, work, timeout)			\
do {									\
	ktask_work_start(w, t, work);					\
	KTASK_AWAIT_REQUEST_TIMEOUT(t, &(w)->request, timeout);		\
	ktask_request_forget(&(w)->request);				\
} while (0)

#endif /* _LINUX_KTASK_WORK_H */
