/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Barriers: some tasks wait for each other, then all go on. Included by
 * linux/ktask.h.
 */
#ifndef _LINUX_KTASK_BARRIER_H
#define _LINUX_KTASK_BARRIER_H

#include <linux/ktask_queue.h>

/**
 * DOC: barriers
 *
 * A barrier is for a number of tasks or threads. Who comes there waits until so
 * many have come; then all go on, and one of them, the last that came, is told
 * that it leads, for what is to be done once. The next that comes is the first
 * of the next round.
 *
 *	KTASK_BARRIER_WAIT(t, &job->barrier, &f->wait);
 *	if (ktask_barrier_leads(&f->wait))
 *		...
 *
 * Who gives up while it waits, by an abort, a timeout or a signal, has not come:
 * the others wait for somebody else. (With Tokio's Barrier it counts as come.)
 * Who is aborted when the round was complete already has come.
 */

/**
 * struct ktask_barrier - where a number of tasks wait for each other
 */
struct ktask_barrier {
	/* private: under queue.lock */
	struct ktask_queue queue;
	unsigned int parties;
	unsigned int missing; /* in this round */
};

/**
 * struct ktask_barrier_wait - somebody who waits at a barrier
 *
 * Lives in the frame of the task that waits.
 */
struct ktask_barrier_wait {
	/* private: */
	struct ktask_queued wait;
	struct ktask_barrier *barrier;
};

/**
 * DEFINE_KTASK_BARRIER - a barrier that needs no ktask_barrier_init()
 * @name: of the variable
 * @n: for how many, at least 1
 */
#define DEFINE_KTASK_BARRIER(name, n)					\
	struct ktask_barrier name = {					\
		.queue = __KTASK_QUEUE_INIT((name).queue),		\
		.parties = n,						\
		.missing = n,						\
	}

void ktask_barrier_init(struct ktask_barrier *b, unsigned int n);
void ktask_barrier_destroy(struct ktask_barrier *b);
struct ktask_request *ktask_barrier_request(struct ktask_barrier *b,
					    struct ktask_barrier_wait *w,
					    struct ktask *t);
int ktask_barrier_wait_until(struct ktask_barrier *b, unsigned int state,
			     ktime_t deadline);

/**
 * ktask_barrier_leads - whether one goes on as the leader
 * @w: who has waited
 *
 * Context: any, until @w is used again.
 * Return: true for one of those who went on together.
 */
static inline bool ktask_barrier_leads(struct ktask_barrier_wait *w)
{
	return ktask_request_status(&w->wait.request) == 1;
}

/**
 * ktask_barrier_wait - have the calling thread wait at a barrier
 * @b: the barrier
 *
 * Context: process context, sleeps. Not in a resume function.
 * Return: 1 if it leads, else 0.
 */
static inline int ktask_barrier_wait(struct ktask_barrier *b)
{
	return ktask_barrier_wait_until(b, TASK_UNINTERRUPTIBLE, KTIME_MAX);
}

/**
 * KTASK_BARRIER_WAIT - go on when all have come
 * @t: the task
 * @b: the barrier
 * @w: who waits, in the frame of @t
 */
#define KTASK_BARRIER_WAIT(t, b, w)					\
	KTASK_BARRIER_WAIT_TIMEOUT(t, b, w, KTIME_MAX)

/**
 * KTASK_BARRIER_WAIT_TIMEOUT - the same, but give up after a time
 * @t: the task
 * @b: the barrier
 * @w: who waits, in the frame of @t
 * @timeout: ktime_t from now; not above zero: only look
 *
 * ktask_timed_out() tells which.
 */
#define KTASK_BARRIER_WAIT_TIMEOUT(t, b, w, timeout)			\
do {									\
	ktask_barrier_request(b, w, t);					\
	KTASK_AWAIT_REQUEST_TIMEOUT(t, &(w)->wait.request, timeout);	\
	ktask_request_forget(&(w)->wait.request);			\
} while (0)

#endif /* _LINUX_KTASK_BARRIER_H */
