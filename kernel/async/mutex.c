// SPDX-License-Identifier: GPL-2.0
/*
 * Mutexes: see linux/ktask_mutex.h. A semaphore of one permit, and a check for
 * deadlocks, which is in deadlock.c and costs nothing where it is not wanted.
 */
#include <linux/kernel.h>

#include "../engine/engine.h"
#include "deadlock.h"
#include "semaphore.h"

static struct ktask_mutex_guard *guard_of(struct ktask_request *r)
{
	return container_of(permit_of(r), struct ktask_mutex_guard, permit);
}

static bool mutex_withdraw(struct ktask_request *r)
{
	if (!permit_withdraw(r))
		return false;
	deadlock_forget(guard_of(r));
	return true;
}

/* Forgotten first, so that a mutex has one holder at most. */
static void mutex_give_back(struct ktask_request *r)
{
	deadlock_forget(guard_of(r));
	permit_give_back(r);
}

static const struct ktask_request_ops mutex_ops = {
	.withdraw = mutex_withdraw,
	.give_back = mutex_give_back,
};

/**
 * ktask_mutex_init - make a mutex that nobody holds
 * @m: storage for it
 *
 * Holds no resources, but see ktask_mutex_destroy().
 *
 * Context: any.
 */
void ktask_mutex_init(struct ktask_mutex *m)
{
	ktask_semaphore_init(&m->sem, 1);
	deadlock_init(m);
}
EXPORT_SYMBOL_NS_GPL(ktask_mutex_init, KTASK_NS);

/**
 * ktask_mutex_destroy - say that a mutex will not be used any more
 * @m: the mutex
 *
 * Warns if somebody holds it or waits for it.
 *
 * Context: any but NMI.
 */
void ktask_mutex_destroy(struct ktask_mutex *m)
{
	deadlock_destroy(m);
	ktask_semaphore_destroy(&m->sem);
}
EXPORT_SYMBOL_NS_GPL(ktask_mutex_destroy, KTASK_NS);

/* For @t; or if that is NULL for @thread, or if that is as well for nobody. */
static struct ktask_request *mutex_request(struct ktask_mutex *m,
					   struct ktask_mutex_guard *g,
					   struct ktask *t,
					   struct task_struct *thread)
{
	permit_begin(&g->permit, &m->sem, t, 1, &mutex_ops);
	if (deadlock_ahead(m, g, t, thread))
		queue_settle(&g->permit.wait, -EDEADLK);
	else
		permit_request(&g->permit);
	return &g->permit.wait.request;
}

/**
 * ktask_mutex_request - ask for a mutex
 * @m: the mutex
 * @g: what shall hold it, in the frame of @t; not in use
 * @t: the task that it shall belong to; NULL if the caller sees to it itself
 *
 * Does not wait: that is what KTASK_MUTEX_LOCK() does with what this returns, or
 * a select. To stop waiting, ktask_request_drop() on what this returns.
 *
 * Context: the body of @t, or its maker before ktask_start(); with NULL for it,
 * any but NMI.
 * Return: the request, part of @g. It is granted with 0; or refused with
 * -EDEADLK, in a kernel that checks mutexes, if it would wait for ever.
 */
struct ktask_request *ktask_mutex_request(struct ktask_mutex *m,
					  struct ktask_mutex_guard *g,
					  struct ktask *t)
{
	return mutex_request(m, g, t, NULL);
}
EXPORT_SYMBOL_NS_GPL(ktask_mutex_request, KTASK_NS);

/**
 * ktask_mutex_lock_until - have the calling thread lock a mutex
 * @m: the mutex
 * @g: what shall hold it
 * @t: the blocking task that calls this, with whose end it is unlocked; or NULL,
 *	then it takes ktask_mutex_unlock()
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * Context: process context, sleeps. Not in a resume function.
 * Return: 0; -ETIMEDOUT; -ERESTARTSYS if a signal came first; -ECANCELED if the
 * calling blocking task was aborted; -EDEADLK, in a kernel that checks mutexes,
 * if it would wait for ever.
 */
int ktask_mutex_lock_until(struct ktask_mutex *m, struct ktask_mutex_guard *g,
			   struct ktask *t, unsigned int state,
			   ktime_t deadline)
{
	return ktask_request_wait_until(mutex_request(m, g, t, current), state,
					deadline);
}
EXPORT_SYMBOL_NS_GPL(ktask_mutex_lock_until, KTASK_NS);

/**
 * ktask_mutex_trylock - lock a mutex, if it can be had at once
 * @m: the mutex
 * @g: what shall hold it; not in use
 * @t: the task that it shall belong to, or NULL
 *
 * Context: as ktask_mutex_request().
 * Return: true if @g holds it now; false if somebody else does, or waits for it.
 */
bool ktask_mutex_trylock(struct ktask_mutex *m, struct ktask_mutex_guard *g,
			 struct ktask *t)
{
	if (permit_try(&g->permit, &m->sem, t, 1, &mutex_ops))
		return false;
	deadlock_hold(m, g, t);
	return true;
}
EXPORT_SYMBOL_NS_GPL(ktask_mutex_trylock, KTASK_NS);

/**
 * ktask_mutex_is_locked - whether a mutex is held
 * @m: the mutex
 *
 * Context: any but NMI.
 * Return: true if somebody holds it. It may have changed by now.
 */
bool ktask_mutex_is_locked(struct ktask_mutex *m)
{
	return !ktask_semaphore_available(&m->sem);
}
EXPORT_SYMBOL_NS_GPL(ktask_mutex_is_locked, KTASK_NS);

/**
 * ktask_mutex_unlock - unlock a mutex
 * @g: the guard that holds it; may be used again afterwards
 *
 * Context: if it was locked for a task, the body of that, a cleanup of it, or
 * its maker before ktask_start(); else any but NMI.
 */
void ktask_mutex_unlock(struct ktask_mutex_guard *g)
{
	deadlock_check_unlock(g);
	ktask_request_drop(&g->permit.wait.request);
}
EXPORT_SYMBOL_NS_GPL(ktask_mutex_unlock, KTASK_NS);
