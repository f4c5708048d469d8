/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Awaiting interrupts.
 */
#ifndef _LINUX_KTASK_IRQ_H
#define _LINUX_KTASK_IRQ_H

#include <linux/interrupt.h>
#include <linux/ktask.h>
#include <linux/list.h>
#include <linux/spinlock.h>

/**
 * struct ktask_irq - an interrupt that can be awaited
 *
 * Counts how often it occurred. Each &struct ktask_irq_wait has seen so many of
 * these; so however many tasks await it, each is told of all, none is lost
 * between two awaits, and a burst is told at once.
 */
struct ktask_irq {
	/* private: */
	spinlock_t lock; /* guards all below, and what waits */
	struct list_head waiters;
	u64 count;
	bool freed;
	/* Written before the interrupt comes. */
	irq_handler_t check;
	unsigned int irq;
	void *dev;
};

/**
 * struct ktask_irq_wait - a request for an interrupt
 * @request: granted with the number of occurrences that this has not been told
 *	of before, 1 or above. Dropping it leaves them to be told of. Refused
 *	with -ESHUTDOWN when the interrupt is freed
 *
 * Begins as zero, or by ktask_irq_wait_init(), and then is awaited as often as
 * one likes.
 */
struct ktask_irq_wait {
	struct ktask_request request;
	/* private: */
	struct list_head node;
	struct ktask_irq *ki;
	u64 seen;		/* of ki->count */
	int news;		/* what it is about to be told */
	bool waiting;		/* in ki->waiters */
};

int ktask_irq_request(struct ktask_irq *ki, unsigned int irq,
		      irq_handler_t check, unsigned long flags,
		      const char *name, void *dev);
int ktask_irq_request_threaded(struct ktask_irq *ki, unsigned int irq,
			       irq_handler_t check, unsigned long flags,
			       const char *name, void *dev);
void ktask_irq_free(struct ktask_irq *ki);
u64 ktask_irq_count(struct ktask_irq *ki);
void ktask_irq_wait_init(struct ktask_irq_wait *w, struct ktask_irq *ki);
struct ktask_request *ktask_irq_start(struct ktask_irq_wait *w,
				      struct ktask *t, struct ktask_irq *ki);
int ktask_irq_wait_until(struct ktask_irq_wait *w, struct ktask_irq *ki,
			 unsigned int state, ktime_t deadline);

/**
 * KTASK_AWAIT_IRQ - go on when an interrupt has occurred
 * @t: the task
 * @w: a &struct ktask_irq_wait in its frame
 * @ki: the interrupt
 *
 * Does not wait if it has occurred since @w was last told. ktask_request_status()
 * of the request is how often, or -ESHUTDOWN.
 */
#define KTASK_AWAIT_IRQ(t, w, ki)					\
	KTASK_AWAIT_IRQ_TIMEOUT(t, w, ki, KTIME_MAX)

/**
 * KTASK_AWAIT_IRQ_TIMEOUT - the same, but give up after a time
 * @t: the task
 * @w: a &struct ktask_irq_wait in its frame
 * @ki: the interrupt
 * @timeout: ktime_t from now; not above zero: only look
 *
 * ktask_timed_out() tells which.
 */
#define KTASK_AWAIT_IRQ_TIMEOUT(t, w, ki, timeout)			\
do {									\
	ktask_irq_start(w, t, ki);					\
	KTASK_AWAIT_REQUEST_TIMEOUT(t, &(w)->request, timeout);		\
	ktask_request_forget(&(w)->request);				\
} while (0)

#endif /* _LINUX_KTASK_IRQ_H */
