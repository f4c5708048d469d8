/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Notifications: a task waits until another tells it to look. Included by
 * linux/ktask.h.
 */
#ifndef _LINUX_KTASK_NOTIFY_H
#define _LINUX_KTASK_NOTIFY_H

#include <linux/ktask_queue.h>

/**
 * DOC: notifications
 *
 * A notification carries no value; it tells that there is something to look at.
 * One that nobody waits for is kept for who comes next, but never more than one.
 * A task that is aborted when it has been notified, but has not gone on yet,
 * passes the notification on, so none is lost:
 *
 *	for (;;) {
 *		while ((item = take(dev)))
 *			use(item);
 *		KTASK_NOTIFIED(t, &dev->notify, &f->notified);
 *	}
 *
 * With several consumers, or with ktask_notify_all(), which keeps nothing for
 * later: ask first, then look, then await or drop.
 *
 *	r = ktask_notify_request(&dev->notify, &f->notified, t);
 *
 * The shape is that of Tokio's Notify.
 */

/**
 * struct ktask_notify - something that can be notified
 */
struct ktask_notify {
	/* private: under queue.lock */
	struct ktask_queue queue;
	bool kept; /* a notification; then nobody waits */
};

/**
 * struct ktask_notified - somebody who waits to be notified
 *
 * Lives in the frame of the task that waits.
 */
struct ktask_notified {
	/* private: */
	struct ktask_queued wait;
	struct ktask_notify *notify;
	bool one; /* notified alone, so it is passed on; under queue.lock */
};

/**
 * DEFINE_KTASK_NOTIFY - one that needs no ktask_notify_init()
 * @name: of the variable
 */
#define DEFINE_KTASK_NOTIFY(name)					\
	struct ktask_notify name = {					\
		.queue = __KTASK_QUEUE_INIT((name).queue),		\
	}

void ktask_notify_init(struct ktask_notify *n);
void ktask_notify_destroy(struct ktask_notify *n);
void ktask_notify_one(struct ktask_notify *n);
void ktask_notify_all(struct ktask_notify *n);
struct ktask_request *ktask_notify_request(struct ktask_notify *n,
					   struct ktask_notified *w,
					   struct ktask *t);
int ktask_notify_wait_until(struct ktask_notify *n, unsigned int state,
			    ktime_t deadline);

/**
 * ktask_notify_wait - have the calling thread wait to be notified
 * @n: what to wait for
 *
 * Context: process context, sleeps. Not in a resume function.
 */
static inline void ktask_notify_wait(struct ktask_notify *n)
{
	ktask_notify_wait_until(n, TASK_UNINTERRUPTIBLE, KTIME_MAX);
}

/**
 * KTASK_NOTIFIED - go on when notified
 * @t: the task
 * @n: what to wait for
 * @w: who waits, in the frame of @t
 */
#define KTASK_NOTIFIED(t, n, w)						\
	KTASK_NOTIFIED_TIMEOUT(t, n, w, KTIME_MAX)

/**
 * KTASK_NOTIFIED_TIMEOUT - the same, but give up after a time
 * @t: the task
 * @n: what to wait for
 * @w: who waits, in the frame of @t
 * @timeout: ktime_t from now; not above zero: only look
 *
 * ktask_timed_out() tells which.
 */
#define KTASK_NOTIFIED_TIMEOUT(t, n, w, timeout)			\
do {									\
	ktask_notify_request(n, w, t);					\
	KTASK_AWAIT_REQUEST_TIMEOUT(t, &(w)->wait.request, timeout);	\
	ktask_request_forget(&(w)->wait.request);			\
} while (0)

#endif /* _LINUX_KTASK_NOTIFY_H */
