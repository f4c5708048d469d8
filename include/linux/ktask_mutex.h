/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mutexes that a task can hold across its awaits. Included by linux/ktask.h.
 */
#ifndef _LINUX_KTASK_MUTEX_H
#define _LINUX_KTASK_MUTEX_H

#include <linux/ktask_semaphore.h>
#include <linux/sched.h>

/**
 * DOC: mutexes
 *
 * A mutex is held by one task or thread at a time, and a task may hold it across
 * its awaits, which it may not with a kernel mutex. What holds it is a *guard*
 * in the frame of the task; the mutex is unlocked with the task's end, if not
 * before:
 *
 *	KTASK_MUTEX_LOCK(t, &dev->lock, &f->guard);
 *	KTASK_AWAIT(t, &f->req.done);
 *	ktask_mutex_unlock(&f->guard);
 *
 * First come, first served. Where the lock is held for a few instructions only,
 * and across no await, a spinlock or a kernel mutex is the better choice.
 *
 * In a kernel that checks mutexes (CONFIG_PROVE_LOCKING or CONFIG_DEBUG_MUTEXES)
 * a request that would wait for ever, because its own task holds the mutex, or
 * waits in a circle with others, is reported with the names of all of them, and
 * refused with -EDEADLK. A task that has made a request is taken for one that
 * waits, until it is granted; and a thread for the holder of what it has waited
 * for, whatever it does with the guard: what one thread takes and another gives
 * back is a semaphore. A request for no task is nobody's, and not followed.
 *
 * The shape is that of Tokio's Mutex, without the value in it.
 */

#if defined(CONFIG_PROVE_LOCKING) || defined(CONFIG_DEBUG_MUTEXES)
#define __KTASK_DEBUG_MUTEX
#endif

/**
 * struct ktask_mutex - a mutex
 */
struct ktask_mutex {
	/* private: */
	struct ktask_semaphore sem; /* one permit */
#ifdef __KTASK_DEBUG_MUTEX
	struct list_head guards; /* see kernel/async/deadlock.c */
#endif
};

/**
 * struct ktask_mutex_guard - a mutex that somebody holds, or waits for
 *
 * Lives in the frame of the task that locks it.
 */
struct ktask_mutex_guard {
	/* private: */
	struct ktask_permit permit;
#ifdef __KTASK_DEBUG_MUTEX
	const void *owner; /* see kernel/async/deadlock.c */
	struct hlist_node of_owner;
	struct list_head of_mutex;
	char name[2 * TASK_COMM_LEN];
#endif
};

#ifdef __KTASK_DEBUG_MUTEX
#define __KTASK_MUTEX_INIT(name)					\
{									\
	.sem = __KTASK_SEMAPHORE_INIT((name).sem, 1),			\
	.guards = LIST_HEAD_INIT((name).guards),			\
}
#else
#define __KTASK_MUTEX_INIT(name)					\
{									\
	.sem = __KTASK_SEMAPHORE_INIT((name).sem, 1),			\
}
#endif

/**
 * DEFINE_KTASK_MUTEX - a mutex that needs no ktask_mutex_init()
 * @name: of the variable
 */
#define DEFINE_KTASK_MUTEX(name)					\
	struct ktask_mutex name = __KTASK_MUTEX_INIT(name)

void ktask_mutex_init(struct ktask_mutex *m);
void ktask_mutex_destroy(struct ktask_mutex *m);
struct ktask_request *ktask_mutex_request(struct ktask_mutex *m,
					  struct ktask_mutex_guard *g,
					  struct ktask *t);
int ktask_mutex_lock_until(struct ktask_mutex *m, struct ktask_mutex_guard *g,
			   struct ktask *t, unsigned int state,
			   ktime_t deadline);
bool ktask_mutex_trylock(struct ktask_mutex *m, struct ktask_mutex_guard *g,
			 struct ktask *t);
bool ktask_mutex_is_locked(struct ktask_mutex *m);
void ktask_mutex_unlock(struct ktask_mutex_guard *g);

/**
 * ktask_mutex_status - what has become of a request for a mutex
 * @g: the guard
 *
 * Context: any.
 * Return: 0 if it was granted; -EINPROGRESS while it waits; -EDEADLK if it would
 * wait for ever; -ETIMEDOUT.
 */
static inline int ktask_mutex_status(struct ktask_mutex_guard *g)
{
	return ktask_permit_status(&g->permit);
}

/**
 * ktask_mutex_lock - have the calling thread lock a mutex
 * @m: the mutex
 * @g: what shall hold it
 * @t: the blocking task that calls this, or NULL
 *
 * Context: process context, sleeps. Not in a resume function.
 * Return: 0; -EDEADLK, in a kernel that checks mutexes, if it would wait for
 * ever.
 */
static inline int ktask_mutex_lock(struct ktask_mutex *m,
				   struct ktask_mutex_guard *g, struct ktask *t)
{
	return ktask_mutex_lock_until(m, g, t, TASK_UNINTERRUPTIBLE, KTIME_MAX);
}

/**
 * KTASK_MUTEX_LOCK - go on when a mutex is locked
 * @t: the task
 * @m: the mutex
 * @g: what shall hold it, in the frame of @t
 *
 * Cannot fail, but in a kernel that checks mutexes, and then has said why.
 */
#define KTASK_MUTEX_LOCK(t, m, g)					\
	KTASK_MUTEX_LOCK_TIMEOUT(t, m, g, KTIME_MAX)

/**
 * KTASK_MUTEX_LOCK_TIMEOUT - the same, but give up after a time
 * @t: the task
 * @m: the mutex
 * @g: what shall hold it, in the frame of @t
 * @timeout: ktime_t from now; not above zero: only look
 *
 * After the time, ktask_mutex_status() is -ETIMEDOUT.
 */
#define KTASK_MUTEX_LOCK_TIMEOUT(t, m, g, timeout)			\
do {									\
	ktask_mutex_request(m, g, t);					\
	KTASK_AWAIT_REQUEST_TIMEOUT(t, &(g)->permit.wait.request,	\
				    timeout);				\
} while (0)

#endif /* _LINUX_KTASK_MUTEX_H */
