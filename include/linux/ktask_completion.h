/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Awaiting completions: what wait_for_completion() is to threads.
 */
#ifndef _LINUX_KTASK_COMPLETION_H
#define _LINUX_KTASK_COMPLETION_H

#include <linux/completion.h>
#include <linux/ktask.h>

/**
 * DOC: awaiting a completion
 *
 * A completion can wake threads only, and has no place for a callback. So a
 * &struct completion that is not complete yet is awaited by a blocking task,
 * which waits for it in a worker of its own: that costs a thread for as long as
 * it takes, and two context switches. It is for the completion of somebody else's
 * code. In one's own, replace it: a &struct ktask_future that is completed once
 * is a completion with complete_all(), and threads may wait for it too; a
 * ktask semaphore counts as complete() does.
 */

/**
 * struct ktask_completion_wait - a request for a completion
 * @request: granted with 0 when it is complete. Until ktask_request_forget(),
 *	dropping it gives the completion back, as if complete() were called, so
 *	that somebody else gets it
 *
 * Lives in memory, not on a stack.
 */
struct ktask_completion_wait {
	struct ktask_request request;
	/* private: */
	struct completion *c;
	struct ktask waiter;
};

struct ktask_request *ktask_completion_start(struct ktask_completion_wait *w,
					     struct ktask *t,
					     struct completion *c);

/**
 * KTASK_AWAIT_COMPLETION - go on when a completion is complete
 * @t: the task
 * @w: a &struct ktask_completion_wait in its frame
 * @c: the completion
 *
 * As wait_for_completion(): takes one complete(). If @t is aborted before its
 * body goes on, nobody waits for @c any more when @t has ended, and nothing was
 * taken from it. ktask_request_status() of the request is 0; or -ESHUTDOWN, if
 * ktask is going away.
 */
#define KTASK_AWAIT_COMPLETION(t, w, c)					\
	KTASK_AWAIT_COMPLETION_TIMEOUT(t, w, c, KTIME_MAX)

/**
 * KTASK_AWAIT_COMPLETION_TIMEOUT - the same, but give up after a time
 * @t: the task
 * @w: a &struct ktask_completion_wait in its frame
 * @c: the completion
 * @timeout: ktime_t from now; not above zero: only look
 *
 * ktask_timed_out() tells which.
 */
#define KTASK_AWAIT_COMPLETION_TIMEOUT(t, w, c, timeout)		\
do {									\
	ktask_completion_start(w, t, c);				\
	KTASK_AWAIT_REQUEST_TIMEOUT(t, &(w)->request, timeout);		\
	ktask_request_forget(&(w)->request);				\
} while (0)

#endif /* _LINUX_KTASK_COMPLETION_H */
