/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Locks for many readers or one writer, that tasks can hold across their awaits.
 * Included by linux/ktask.h.
 */
#ifndef _LINUX_KTASK_RWLOCK_H
#define _LINUX_KTASK_RWLOCK_H

#include <linux/ktask_semaphore.h>

/**
 * DOC: readers and writers
 *
 * Any number of tasks and threads may hold such a lock for reading, or one of
 * them for writing. First come, first served: who wants to read comes after a
 * writer who waits already, so writers do not starve. Hence a task that reads
 * must not ask to read once more: if a writer came between, both would wait for
 * ever.
 *
 *	KTASK_RWLOCK_READ(t, &dev->config_lock, &f->guard);
 *	...
 *	ktask_rwlock_unlock(&f->guard);
 *
 * The shape is that of Tokio's RwLock, without the value in it.
 */

/**
 * struct ktask_rwlock - a lock for many readers or one writer
 */
struct ktask_rwlock {
	/* private: a reader takes one permit, a writer takes all */
	struct ktask_semaphore sem;
};

/**
 * struct ktask_rwlock_guard - such a lock that somebody holds, or waits for
 *
 * Lives in the frame of the task that locks it.
 */
struct ktask_rwlock_guard {
	/* private: */
	struct ktask_permit permit;
};

/**
 * DEFINE_KTASK_RWLOCK - a lock that needs no ktask_rwlock_init()
 * @name: of the variable
 */
#define DEFINE_KTASK_RWLOCK(name)					\
	struct ktask_rwlock name = {					\
		.sem = __KTASK_SEMAPHORE_INIT((name).sem,		\
					      KTASK_SEMAPHORE_MAX),	\
	}

void ktask_rwlock_init(struct ktask_rwlock *rw);
void ktask_rwlock_destroy(struct ktask_rwlock *rw);
struct ktask_request *ktask_rwlock_request_read(struct ktask_rwlock *rw,
						struct ktask_rwlock_guard *g,
						struct ktask *t);
struct ktask_request *ktask_rwlock_request_write(struct ktask_rwlock *rw,
						 struct ktask_rwlock_guard *g,
						 struct ktask *t);
bool ktask_rwlock_try_read(struct ktask_rwlock *rw,
			   struct ktask_rwlock_guard *g, struct ktask *t);
bool ktask_rwlock_try_write(struct ktask_rwlock *rw,
			    struct ktask_rwlock_guard *g, struct ktask *t);
void ktask_rwlock_downgrade(struct ktask_rwlock_guard *g);

/**
 * ktask_rwlock_status - what has become of a request for a lock
 * @g: the guard
 *
 * Context: any.
 * Return: 0 if it was granted; -EINPROGRESS while it waits; -ETIMEDOUT.
 */
static inline int ktask_rwlock_status(struct ktask_rwlock_guard *g)
{
	return ktask_permit_status(&g->permit);
}

/**
 * ktask_rwlock_unlock - unlock, or stop waiting for it
 * @g: the guard, of a reader or a writer; may be used again afterwards
 *
 * Does nothing the second time.
 *
 * Context: as ktask_permit_release().
 */
static inline void ktask_rwlock_unlock(struct ktask_rwlock_guard *g)
{
	ktask_permit_release(&g->permit);
}

/**
 * ktask_rwlock_read_until - have the calling thread lock for reading
 * @rw: the lock
 * @g: what shall hold it
 * @t: the blocking task that calls this, with whose end it is unlocked; or NULL,
 *	then it takes ktask_rwlock_unlock()
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * Context: process context, sleeps. Not in a resume function.
 * Return: 0; -ETIMEDOUT; -ERESTARTSYS if a signal came first; -ECANCELED if the
 * calling blocking task was aborted.
 */
static inline int ktask_rwlock_read_until(struct ktask_rwlock *rw,
					  struct ktask_rwlock_guard *g,
					  struct ktask *t, unsigned int state,
					  ktime_t deadline)
{
	return ktask_request_wait_until(ktask_rwlock_request_read(rw, g, t),
					state, deadline);
}

/**
 * ktask_rwlock_write_until - have the calling thread lock for writing
 * @rw: the lock
 * @g: what shall hold it
 * @t: the blocking task that calls this, or NULL
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * Context: process context, sleeps. Not in a resume function.
 * Return: as ktask_rwlock_read_until().
 */
static inline int ktask_rwlock_write_until(struct ktask_rwlock *rw,
					   struct ktask_rwlock_guard *g,
					   struct ktask *t, unsigned int state,
					   ktime_t deadline)
{
	return ktask_request_wait_until(ktask_rwlock_request_write(rw, g, t),
					state, deadline);
}

/**
 * ktask_rwlock_read - have the calling thread lock for reading
 * @rw: the lock
 * @g: what shall hold it
 * @t: the blocking task that calls this, or NULL
 *
 * Context: process context, sleeps. Not in a resume function.
 */
static inline void ktask_rwlock_read(struct ktask_rwlock *rw,
				     struct ktask_rwlock_guard *g,
				     struct ktask *t)
{
	ktask_rwlock_read_until(rw, g, t, TASK_UNINTERRUPTIBLE, KTIME_MAX);
}

/**
 * ktask_rwlock_write - have the calling thread lock for writing
 * @rw: the lock
 * @g: what shall hold it
 * @t: the blocking task that calls this, or NULL
 *
 * Context: process context, sleeps. Not in a resume function.
 */
static inline void ktask_rwlock_write(struct ktask_rwlock *rw,
				      struct ktask_rwlock_guard *g,
				      struct ktask *t)
{
	ktask_rwlock_write_until(rw, g, t, TASK_UNINTERRUPTIBLE, KTIME_MAX);
}

/**
 * KTASK_RWLOCK_READ - go on when a lock is held for reading
 * @t: the task
 * @rw: the lock
 * @g: what shall hold it, in the frame of @t
 */
#define KTASK_RWLOCK_READ(t, rw, g)					\
	KTASK_RWLOCK_READ_TIMEOUT(t, rw, g, KTIME_MAX)

/**
 * KTASK_RWLOCK_READ_TIMEOUT - the same, but give up after a time
 * @t: the task
 * @rw: the lock
 * @g: what shall hold it, in the frame of @t
 * @timeout: ktime_t from now; not above zero: only look
 *
 * After the time, ktask_rwlock_status() is -ETIMEDOUT.
 */
#define KTASK_RWLOCK_READ_TIMEOUT(t, rw, g, timeout)			\
do {									\
	ktask_rwlock_request_read(rw, g, t);				\
	KTASK_AWAIT_REQUEST_TIMEOUT(t, &(g)->permit.wait.request,	\
				    timeout);				\
} while (0)

/**
 * KTASK_RWLOCK_WRITE - go on when a lock is held for writing
 * @t: the task
 * @rw: the lock
 * @g: what shall hold it, in the frame of @t
 */
#define KTASK_RWLOCK_WRITE(t, rw, g)					\
	KTASK_RWLOCK_WRITE_TIMEOUT(t, rw, g, KTIME_MAX)

/**
 * KTASK_RWLOCK_WRITE_TIMEOUT - the same, but give up after a time
 * @t: the task
 * @rw: the lock
 * @g: what shall hold it, in the frame of @t
 * @timeout: ktime_t from now; not above zero: only look
 *
 * After the time, ktask_rwlock_status() is -ETIMEDOUT.
 */
#define KTASK_RWLOCK_WRITE_TIMEOUT(t, rw, g, timeout)			\
do {									\
	ktask_rwlock_request_write(rw, g, t);				\
	KTASK_AWAIT_REQUEST_TIMEOUT(t, &(g)->permit.wait.request,	\
				    timeout);				\
} while (0)

#endif /* _LINUX_KTASK_RWLOCK_H */
