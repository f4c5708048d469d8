/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Futures: values that will be there once. What a task can await; also of use
 * without tasks. See "the task contract" in linux/ktask.h.
 */
#ifndef _LINUX_KTASK_FUTURE_H
#define _LINUX_KTASK_FUTURE_H

#include <linux/hrtimer.h>
#include <linux/list_bl.h>
#include <linux/types.h>

struct ktask_waiter;

/**
 * typedef ktask_notify_t - what a waiter does when its future is complete
 * @waiter: the waiter; the callee may free it
 * @value: the future's value
 *
 * Context: that of whoever completes the future, so any, hard IRQ included;
 * must not sleep. The future itself may be gone already.
 */
typedef void (*ktask_notify_t)(struct ktask_waiter *waiter, long value);

/**
 * struct ktask_waiter - somebody who waits for a future
 *
 * Embedded in what waits. From a successful ktask_future_add() on it belongs to
 * the future, until its callback is called or ktask_future_remove() takes it
 * back.
 */
struct ktask_waiter {
	/* private: linked under the bit lock of the future's head */
	struct hlist_bl_node node;
	ktask_notify_t notify;
};

/**
 * struct ktask_future - a value that will be there once
 *
 * Initialised by ktask_future_init(), or by all bytes being zero. Holds no
 * resources: nothing needs to be called before its memory is freed, but nobody
 * may be waiting for it then.
 *
 * The idea of an intrusive waiter with a callback is that of &struct dma_fence.
 */
struct ktask_future {
	/* private: list of waiters, its bit 0 a lock; or "done" */
	struct hlist_bl_head head;
	long value;
};

/* Set in the head, beside no waiters, once the value is there. */
#define __KTASK_FUTURE_DONE	2UL

/**
 * ktask_future_init - make a future that is not complete
 * @f: the future
 *
 * Context: any. Nobody else may know @f yet, or any more.
 */
static inline void ktask_future_init(struct ktask_future *f)
{
	f->head.first = NULL;
	f->value = 0;
}

/**
 * ktask_future_init_done - make a future that is complete from the beginning
 * @f: the future
 * @value: its value
 *
 * Quicker than to complete it, as nobody can be waiting.
 *
 * Context: any. Nobody else may know @f yet, or any more.
 */
static inline void ktask_future_init_done(struct ktask_future *f, long value)
{
	f->head.first = (struct hlist_bl_node *)__KTASK_FUTURE_DONE;
	f->value = value;
}

/**
 * ktask_future_done - whether a future is complete
 * @f: the future
 *
 * Context: any. Whoever sees true sees what was done before it was completed.
 * Return: true from the moment on when its value may be read.
 */
static inline bool ktask_future_done(const struct ktask_future *f)
{
	/* Pairs with the release in ktask_future_complete(). */
	return (unsigned long)smp_load_acquire(&f->head.first) &
		__KTASK_FUTURE_DONE;
}

/**
 * ktask_future_value - the value of a complete future
 * @f: the future; ktask_future_done() has been true
 *
 * Context: any.
 * Return: what it was completed with.
 */
static inline long ktask_future_value(const struct ktask_future *f)
{
	return f->value;
}

bool ktask_future_complete(struct ktask_future *f, long value);
bool ktask_future_add(struct ktask_future *f, struct ktask_waiter *waiter,
		      ktask_notify_t notify);
bool ktask_future_remove(struct ktask_future *f, struct ktask_waiter *waiter);

int ktask_future_wait(struct ktask_future *f);
int ktask_future_wait_interruptible(struct ktask_future *f);
int ktask_future_wait_killable(struct ktask_future *f);
int ktask_future_wait_until(struct ktask_future *f, unsigned int state,
			    ktime_t deadline);

#endif /* _LINUX_KTASK_FUTURE_H */
