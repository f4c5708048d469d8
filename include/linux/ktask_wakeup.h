/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Awaiting wait queues: what wait_event() is to threads.
 */
#ifndef _LINUX_KTASK_WAKEUP_H
#define _LINUX_KTASK_WAKEUP_H

#include <linux/ktask.h>
#include <linux/poll.h>
#include <linux/wait.h>

/**
 * struct ktask_wakeup - a request for a wake-up of a wait queue
 * @request: granted at the next wake-up; with the poll events of that, if a mask
 *	was given, else with 0. Refused with -EPIPE when the queue itself goes
 *	away, which only those say that wake with %POLLFREE
 *
 * An entry that is never exclusive: a wake-up wakes all entries, and there is
 * none to lose when a task is aborted.
 *
 * It is granted in the waker's context and under the lock of the wait queue. So
 * a callback of the request's future, if it has one of a driver's, must not wake
 * or wait on the same queue.
 *
 * Taking it back waits for nobody. As with any wait queue, a wake-up does not
 * tell that the waker is done with the queue: who frees the queue makes sure.
 */
struct ktask_wakeup {
	struct ktask_request request;
	/* private: */
	struct wait_queue_entry entry;
	struct wait_queue_head *wqh;	/* NULL once it is gone */
	__poll_t mask;
	ktime_t deadline;		/* of KTASK_AWAIT_EVENT_TIMEOUT() */
};

struct ktask_request *ktask_wakeup_start(struct ktask_wakeup *w,
					 struct ktask *t,
					 struct wait_queue_head *wqh,
					 __poll_t mask);
void __ktask_event_begin(struct ktask_wakeup *w, struct ktask *t,
			 ktime_t timeout);
ktime_t __ktask_event_left(const struct ktask_wakeup *w);
bool __ktask_event_over(struct ktask *t, bool condition);

/**
 * KTASK_AWAIT_WAKEUP - go on after the next wake-up of a wait queue
 * @t: the task
 * @w: a &struct ktask_wakeup in its frame
 * @wqh: the wait queue
 * @mask: poll events of interest, for a queue whose wakers give some; or 0
 *
 * Wake-ups before this are not seen: what is to be true after the wake-up is
 * awaited with KTASK_AWAIT_EVENT().
 */
#define KTASK_AWAIT_WAKEUP(t, w, wqh, mask)				\
do {									\
	ktask_wakeup_start(w, t, wqh, mask);				\
	KTASK_AWAIT_REQUEST(t, &(w)->request);				\
	ktask_request_forget(&(w)->request);				\
} while (0)

/**
 * KTASK_AWAIT_EVENT - go on when a condition is true
 * @t: the task
 * @w: a &struct ktask_wakeup in its frame
 * @wqh: the wait queue that is woken when the condition may have become true
 * @condition: looked at before, and after each wake-up; in the body's context
 *
 * As wait_event(). If @t is aborted meanwhile, its body does not go on. @w and
 * @wqh are looked at again after each wake-up, so they cannot be in local
 * variables.
 */
#define KTASK_AWAIT_EVENT(t, w, wqh, condition)				\
	KTASK_AWAIT_EVENT_TIMEOUT(t, w, wqh, condition, KTIME_MAX)

/**
 * KTASK_AWAIT_EVENT_TIMEOUT - the same, but give up after a time
 * @t: the task
 * @w: a &struct ktask_wakeup in its frame
 * @wqh: the wait queue
 * @condition: what shall be true
 * @timeout: ktime_t from now; not above zero: only look
 *
 * As wait_event_timeout(): the condition is looked at once more after the time.
 * ktask_timed_out() tells whether it was still false.
 */
#define KTASK_AWAIT_EVENT_TIMEOUT(t, w, wqh, condition, timeout)	\
do {									\
	__ktask_event_begin(w, t, timeout);				\
	while (!__ktask_event_over(t, condition)) {			\
		ktask_wakeup_start(w, t, wqh, 0);			\
		/* Now it cannot become true unnoticed. */		\
		if (condition) {					\
			ktask_request_drop(&(w)->request);		\
			break;						\
		}							\
		KTASK_AWAIT_REQUEST_TIMEOUT(t, &(w)->request,		\
					    __ktask_event_left(w));	\
		ktask_request_forget(&(w)->request);			\
	}								\
} while (0)

#endif /* _LINUX_KTASK_WAKEUP_H */
