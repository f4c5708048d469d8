/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests: something asked for that will be granted or refused, such as a
 * permit, a lock or a message. Included by linux/ktask.h.
 */
#ifndef _LINUX_KTASK_REQUEST_H
#define _LINUX_KTASK_REQUEST_H

/**
 * DOC: requests
 *
 * A request lives in the frame of the task that makes it. It has a future,
 * which is complete when the request has been granted (value 0 or above) or
 * refused (a negative errno); and it belongs to its task: if that ends, in
 * whatever way, a request that still waits is withdrawn, and what was granted
 * is given back. So nothing is lost or left locked when a task is aborted while
 * it waits, between being granted and going on, or while it holds what it got.
 * This is what Tokio calls cancel safe.
 *
 * Threads make requests too, with NULL for the task; they see to the end of it
 * themselves.
 */

struct ktask_request;

/**
 * struct ktask_request_ops - what is asked for
 * @withdraw: take back a request that waits. Return: true if it will not be
 *	completed any more; false if it is complete or just about to be, be it
 *	with -ECANCELED because of this
 * @give_back: give back what was granted; may be NULL
 *
 * Whoever grants or refuses takes the request out of its queue first, under the
 * lock that @withdraw takes, and then completes its future, without that lock.
 */
struct ktask_request_ops {
	bool (*withdraw)(struct ktask_request *r);
	void (*give_back)(struct ktask_request *r);
};

/**
 * struct ktask_request - something asked for
 *
 * Embedded in permits, guards, receives. All members are private to those who
 * implement such.
 */
struct ktask_request {
	/* private: */
	struct ktask_future done;
	const struct ktask_request_ops *ops;	/* NULL: nothing to see to */
	struct ktask *t;
	struct ktask_defer end;
};

void ktask_request_init(struct ktask_request *r, struct ktask *t,
			const struct ktask_request_ops *ops);
void ktask_request_drop(struct ktask_request *r);
void ktask_request_forget(struct ktask_request *r);
int ktask_request_wait_until(struct ktask_request *r, unsigned int state,
			     ktime_t deadline);
void __ktask_request_awaited(struct ktask *t, struct ktask_request *r);

/**
 * ktask_request_future - the future of a request
 * @r: the request
 *
 * Return: the future, complete when @r has been granted or refused.
 */
static inline struct ktask_future *ktask_request_future(struct ktask_request *r)
{
	return &r->done;
}

/**
 * ktask_request_status - what has become of a request
 * @r: the request
 *
 * Context: any.
 * Return: 0 or above if it was granted; why, if it was refused; -EINPROGRESS
 * while it waits.
 */
static inline long ktask_request_status(struct ktask_request *r)
{
	if (!ktask_future_done(&r->done))
		return -EINPROGRESS;
	return ktask_future_value(&r->done);
}

/**
 * KTASK_AWAIT_REQUEST - go on when a request was granted or refused
 * @t: the task
 * @r: the request, of @t
 *
 * ktask_request_status() tells which. What was granted belongs to @t until
 * ktask_request_drop(), or the end of @t. If @t is aborted meanwhile, its body
 * does not go on.
 */
#define KTASK_AWAIT_REQUEST(t, r)					\
	KTASK_AWAIT_REQUEST_TIMEOUT(t, r, KTIME_MAX)

/**
 * KTASK_AWAIT_REQUEST_TIMEOUT - the same, but give up after a time
 * @t: the task
 * @r: the request, of @t
 * @timeout: ktime_t from now
 *
 * After the time, the request is withdrawn, ktask_timed_out() is true and
 * ktask_request_status() is -ETIMEDOUT; unless it was granted at the last
 * moment, then it is as if it had been in time.
 */
#define KTASK_AWAIT_REQUEST_TIMEOUT(t, r, timeout)			\
do {									\
	KTASK_AWAIT_TIMEOUT(t, ktask_request_future(r), timeout);	\
	__ktask_request_awaited(t, r);					\
} while (0)

#endif /* _LINUX_KTASK_REQUEST_H */
