/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Semaphores: a number of permits, which tasks and threads acquire and release.
 * Included by linux/ktask.h.
 */
#ifndef _LINUX_KTASK_SEMAPHORE_H
#define _LINUX_KTASK_SEMAPHORE_H

#include <linux/ktask_queue.h>
#include <linux/limits.h>

struct ktask;

/**
 * DOC: semaphores
 *
 * A semaphore has permits. Who acquires some of them waits until they are there;
 * first come first served, and nobody passes those who wait, so who wants many
 * gets them in the end. What a task has acquired is released with its end, if
 * not before:
 *
 *	KTASK_SEMAPHORE_ACQUIRE(t, &dev->slots, &f->slot, 1);
 *	if (ktask_permit_status(&f->slot))
 *		KTASK_RETURN(t, ktask_permit_status(&f->slot));
 *	...
 *	ktask_permit_release(&f->slot);
 *
 * Who starts something that an interrupt handler will end forgets the permit,
 * and the handler adds it again, see ktask_permit_forget(). Who wants a task to
 * begin with a permit acquires it and passes it on, see ktask_permit_move().
 *
 * The shape is that of Tokio's Semaphore.
 */

/* As many permits as a semaphore can have. */
#define KTASK_SEMAPHORE_MAX	((unsigned int)INT_MAX)

/**
 * struct ktask_semaphore - a number of permits
 */
struct ktask_semaphore {
	/* private: all under queue.lock */
	struct ktask_queue queue;
	unsigned int available;	/* if somebody waits, less than he wants */
	unsigned int total;	/* of which the others are held by somebody */
	bool closed;
};

/**
 * struct ktask_permit - permits that somebody holds, or waits for
 *
 * Lives in the frame of the task that acquires them.
 */
struct ktask_permit {
	/* private: */
	struct ktask_queued wait;
	struct ktask_semaphore *sem;
	unsigned int n;
};

#define __KTASK_SEMAPHORE_INIT(name, permits)				\
{									\
	.queue = __KTASK_QUEUE_INIT((name).queue),			\
	.available = permits,						\
	.total = permits,						\
}

/**
 * DEFINE_KTASK_SEMAPHORE - a semaphore that needs no ktask_semaphore_init()
 * @name: of the variable
 * @permits: how many it begins with
 */
#define DEFINE_KTASK_SEMAPHORE(name, permits)				\
	struct ktask_semaphore name = __KTASK_SEMAPHORE_INIT(name, permits)

void ktask_semaphore_init(struct ktask_semaphore *sem, unsigned int permits);
void ktask_semaphore_destroy(struct ktask_semaphore *sem);

struct ktask_request *ktask_semaphore_request(struct ktask_semaphore *sem,
					      struct ktask_permit *p,
					      struct ktask *t, unsigned int n);
int ktask_semaphore_try_acquire(struct ktask_semaphore *sem,
				struct ktask_permit *p, struct ktask *t,
				unsigned int n);
void ktask_semaphore_add(struct ktask_semaphore *sem, unsigned int n);
void ktask_semaphore_close(struct ktask_semaphore *sem);
bool ktask_semaphore_closed(struct ktask_semaphore *sem);
unsigned int ktask_semaphore_available(struct ktask_semaphore *sem);

void ktask_permit_forget(struct ktask_permit *p);
void ktask_permit_move(struct ktask_permit *to, struct ktask *t,
		       struct ktask_permit *from);

/**
 * ktask_permit_status - what has become of a permit
 * @p: the permit
 *
 * Context: any.
 * Return: 0 if it was granted; -EINPROGRESS while it waits; -ESHUTDOWN if the
 * semaphore was closed, -EINVAL if more than %KTASK_SEMAPHORE_MAX were wanted,
 * -ETIMEDOUT.
 */
static inline int ktask_permit_status(struct ktask_permit *p)
{
	return ktask_request_status(&p->wait.request);
}

/**
 * ktask_permit_release - give permits back, or stop waiting for them
 * @p: the permit; may be used again afterwards
 *
 * Does nothing the second time.
 *
 * Context: if @p was acquired for a task, the body of that, a cleanup of it, or
 * its maker before ktask_start(); else any but NMI. Process context, however, if
 * it may still be waiting.
 */
static inline void ktask_permit_release(struct ktask_permit *p)
{
	ktask_request_drop(&p->wait.request);
}

/**
 * ktask_semaphore_acquire_until - have the calling thread acquire permits
 * @sem: the semaphore
 * @p: where to keep them
 * @t: the blocking task that calls this, with whose end they are released; or
 *	NULL, then it takes ktask_permit_release()
 * @n: how many
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * Context: process context, sleeps. Not in a resume function.
 * Return: 0; -ESHUTDOWN if the semaphore was closed; -EINVAL if @n is more than
 * %KTASK_SEMAPHORE_MAX; -ETIMEDOUT; -ERESTARTSYS if a signal came first;
 * -ECANCELED if the calling blocking task was aborted. Below zero, nothing is
 * held.
 */
static inline int
ktask_semaphore_acquire_until(struct ktask_semaphore *sem,
			      struct ktask_permit *p, struct ktask *t,
			      unsigned int n, unsigned int state,
			      ktime_t deadline)
{
	return ktask_request_wait_until(ktask_semaphore_request(sem, p, t, n),
					state, deadline);
}

/**
 * ktask_semaphore_acquire - have the calling thread acquire permits
 * @sem: the semaphore
 * @p: where to keep them
 * @t: the blocking task that calls this, or NULL
 * @n: how many
 *
 * Context: process context, sleeps. Not in a resume function.
 * Return: 0, -ESHUTDOWN, or -EINVAL, as ktask_semaphore_acquire_until().
 */
static inline int ktask_semaphore_acquire(struct ktask_semaphore *sem,
					  struct ktask_permit *p,
					  struct ktask *t, unsigned int n)
{
	return ktask_semaphore_acquire_until(sem, p, t, n, TASK_UNINTERRUPTIBLE,
					     KTIME_MAX);
}

/**
 * KTASK_SEMAPHORE_ACQUIRE - go on when permits were acquired, or refused
 * @t: the task
 * @sem: the semaphore
 * @p: where to keep them, in the frame of @t
 * @n: how many
 *
 * ktask_permit_status() tells which.
 */
#define KTASK_SEMAPHORE_ACQUIRE(t, sem, p, n)				\
	KTASK_SEMAPHORE_ACQUIRE_TIMEOUT(t, sem, p, n, KTIME_MAX)

/**
 * KTASK_SEMAPHORE_ACQUIRE_TIMEOUT - the same, but give up after a time
 * @t: the task
 * @sem: the semaphore
 * @p: where to keep them, in the frame of @t
 * @n: how many
 * @timeout: ktime_t from now; not above zero: only look
 *
 * After the time, ktask_permit_status() is -ETIMEDOUT.
 */
#define KTASK_SEMAPHORE_ACQUIRE_TIMEOUT(t, sem, p, n, timeout)		\
do {									\
	ktask_semaphore_request(sem, p, t, n);				\
	KTASK_AWAIT_REQUEST_TIMEOUT(t, &(p)->wait.request, timeout);	\
} while (0)

#endif /* _LINUX_KTASK_SEMAPHORE_H */
