// SPDX-License-Identifier: GPL-2.0
/*
 * Locks for many readers or one writer: see linux/ktask_rwlock.h. A semaphore,
 * of which a reader takes one permit and a writer takes all.
 */
#include <linux/kernel.h>

#include "../engine/engine.h"
#include "semaphore.h"

#define READER	1
#define WRITER	KTASK_SEMAPHORE_MAX

/**
 * ktask_rwlock_init - make a lock that nobody holds
 * @rw: storage for it
 *
 * Holds no resources, but see ktask_rwlock_destroy().
 *
 * Context: any.
 */
void ktask_rwlock_init(struct ktask_rwlock *rw)
{
	ktask_semaphore_init(&rw->sem, WRITER);
}
EXPORT_SYMBOL_NS_GPL(ktask_rwlock_init, KTASK_NS);

/**
 * ktask_rwlock_destroy - say that a lock will not be used any more
 * @rw: the lock
 *
 * Warns if somebody holds it or waits for it.
 *
 * Context: any but NMI.
 */
void ktask_rwlock_destroy(struct ktask_rwlock *rw)
{
	ktask_semaphore_destroy(&rw->sem);
}
EXPORT_SYMBOL_NS_GPL(ktask_rwlock_destroy, KTASK_NS);

/**
 * ktask_rwlock_request_read - ask for a lock for reading
 * @rw: the lock
 * @g: what shall hold it, in the frame of @t; not in use
 * @t: the task that it shall belong to; NULL if the caller sees to it itself
 *
 * Does not wait: that is what KTASK_RWLOCK_READ() does with what this returns,
 * or a select. To stop waiting, ktask_rwlock_unlock().
 *
 * Context: as ktask_semaphore_request().
 * Return: the request, part of @g, which is granted with 0.
 */
struct ktask_request *ktask_rwlock_request_read(struct ktask_rwlock *rw,
						struct ktask_rwlock_guard *g,
						struct ktask *t)
{
	return ktask_semaphore_request(&rw->sem, &g->permit, t, READER);
}
EXPORT_SYMBOL_NS_GPL(ktask_rwlock_request_read, KTASK_NS);

/**
 * ktask_rwlock_request_write - ask for a lock for writing
 * @rw: the lock
 * @g: what shall hold it, in the frame of @t; not in use
 * @t: the task that it shall belong to; NULL if the caller sees to it itself
 *
 * Does not wait, see ktask_rwlock_request_read().
 *
 * Context: as ktask_semaphore_request().
 * Return: the request, part of @g, which is granted with 0.
 */
struct ktask_request *ktask_rwlock_request_write(struct ktask_rwlock *rw,
						 struct ktask_rwlock_guard *g,
						 struct ktask *t)
{
	return ktask_semaphore_request(&rw->sem, &g->permit, t, WRITER);
}
EXPORT_SYMBOL_NS_GPL(ktask_rwlock_request_write, KTASK_NS);

/**
 * ktask_rwlock_try_read - lock for reading, if it can be had at once
 * @rw: the lock
 * @g: what shall hold it; not in use
 * @t: the task that it shall belong to, or NULL
 *
 * Context: as ktask_semaphore_request().
 * Return: true if @g holds it now; false if a writer does, or somebody waits.
 */
bool ktask_rwlock_try_read(struct ktask_rwlock *rw,
			   struct ktask_rwlock_guard *g, struct ktask *t)
{
	return !ktask_semaphore_try_acquire(&rw->sem, &g->permit, t, READER);
}
EXPORT_SYMBOL_NS_GPL(ktask_rwlock_try_read, KTASK_NS);

/**
 * ktask_rwlock_try_write - lock for writing, if it can be had at once
 * @rw: the lock
 * @g: what shall hold it; not in use
 * @t: the task that it shall belong to, or NULL
 *
 * Context: as ktask_semaphore_request().
 * Return: true if @g holds it now; false if somebody does, or waits for it.
 */
bool ktask_rwlock_try_write(struct ktask_rwlock *rw,
			    struct ktask_rwlock_guard *g, struct ktask *t)
{
	return !ktask_semaphore_try_acquire(&rw->sem, &g->permit, t, WRITER);
}
EXPORT_SYMBOL_NS_GPL(ktask_rwlock_try_write, KTASK_NS);

/**
 * ktask_rwlock_downgrade - go on reading what one has written
 * @g: the guard of a writer who holds the lock
 *
 * No other writer comes between. Readers who come before the next writer who
 * waits may read at once.
 *
 * Context: as ktask_permit_release().
 */
void ktask_rwlock_downgrade(struct ktask_rwlock_guard *g)
{
	struct ktask_permit *p = &g->permit;

	if (WARN_ON_ONCE(!permit_held(p) || p->n != WRITER))
		return;
	permit_shrink(p, READER);
}
EXPORT_SYMBOL_NS_GPL(ktask_rwlock_downgrade, KTASK_NS);
