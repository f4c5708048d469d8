/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests that wait in a queue: what semaphores, notifications, barriers and
 * the like are made of. Included by their headers; nothing here is for users.
 */
#ifndef _LINUX_KTASK_QUEUE_H
#define _LINUX_KTASK_QUEUE_H

#include <linux/ktask_request.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * struct ktask_queue - requests that wait, first come first served
 *
 * The lock is raw, and never held for long, because whoever grants may be a
 * hard interrupt handler. It is a leaf: nothing is called under it.
 */
struct ktask_queue {
	/* private: */
	raw_spinlock_t lock;
	struct list_head waiting; /* ktask_queued.node, under @lock */
};

#define __KTASK_QUEUE_INIT(name)					\
{									\
	.lock = __RAW_SPIN_LOCK_UNLOCKED((name).lock),			\
	.waiting = LIST_HEAD_INIT((name).waiting),			\
}

/**
 * struct ktask_queued - a request that may have to wait in a queue
 */
struct ktask_queued {
	/* private: */
	struct ktask_request request;
	struct list_head node;	/* of a queue, or of a list of who was granted */
	bool waits;		/* neither granted nor refused nor withdrawn */
};

#endif /* _LINUX_KTASK_QUEUE_H */
