// SPDX-License-Identifier: GPL-2.0
/*
 * Joining a task: learning how it ended.
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/sched.h>

#include "../engine/engine.h"
#include "async.h"

/* Of a task that has ended. */
static int join_outcome(struct ktask *t, long *result)
{
	if (result)
		*result = ktask_result(t);
	if (ktask_outcome(t) == KTASK_RETURNED)
		return 0;
	return ktask_result(t);
}

/*
 * Tell lockdep that the caller waits for the body of @t, so that a lock which
 * both take is reported and not hung on.
 */
void join_lockdep(struct ktask *t)
{
	if (task_class_held(t))
		return;
	lock_map_acquire(&t->lockdep_map);
	lock_map_release(&t->lockdep_map);
}

static __always_inline int join_until(struct ktask *t, long *result,
				      unsigned int state, ktime_t deadline)
{
	int err;

	/* might_sleep() may also yield, which costs more than the join. */
	if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP))
		might_sleep();
	join_lockdep(t);

	if (!ktask_done(t))
		ktask_help(t);
	if (!ktask_done(t)) {
		err = ktask_future_wait_until(&t->done, state, deadline);
		if (err)
			return err;
	}
	task_settle(t);
	return join_outcome(t, result);
}

/**
 * ktask_join_until - wait for the end of a task
 * @t: the task; the caller has a reference, and keeps it
 * @result: where to put what the body returned, or NULL; not changed unless
 *	the task has ended
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * May run the task in the calling thread, see "the task contract". Giving up
 * leaves the task alone. When this returns the task's outcome, the callbacks of
 * its future have returned, and the task does not pin its module any more,
 * unless it has a .release to call.
 *
 * Context: process context, sleeps. Not in a resume function: KTASK_AWAIT_JOIN().
 * Return: 0 if the body returned; -ECANCELED if the task was cancelled; another
 * negative errno if it failed to run. If the task has not ended, which
 * ktask_done() tells: -ETIMEDOUT, -ERESTARTSYS if a signal came first, or
 * -ECANCELED if the calling blocking task was aborted.
 */
int ktask_join_until(struct ktask *t, long *result, unsigned int state,
		     ktime_t deadline)
{
	return join_until(t, result, state, deadline);
}
EXPORT_SYMBOL_NS_GPL(ktask_join_until, KTASK_NS);

/**
 * ktask_join - wait for the end of a task
 * @t: the task; the caller has a reference, and keeps it
 * @result: where to put what the body returned, or NULL
 *
 * Context: process context, sleeps.
 * Return: 0 if the body returned; -ECANCELED if the task was cancelled; another
 * negative errno if it failed to run.
 */
int ktask_join(struct ktask *t, long *result)
{
	return join_until(t, result, TASK_UNINTERRUPTIBLE, KTIME_MAX);
}
EXPORT_SYMBOL_NS_GPL(ktask_join, KTASK_NS);

/**
 * ktask_join_interruptible - wait for the end of a task or a signal
 * @t: the task; the caller has a reference, and keeps it
 * @result: where to put what the body returned, or NULL
 *
 * Context: process context, sleeps.
 * Return: as ktask_join_until().
 */
int ktask_join_interruptible(struct ktask *t, long *result)
{
	return ktask_join_until(t, result, TASK_INTERRUPTIBLE, KTIME_MAX);
}
EXPORT_SYMBOL_NS_GPL(ktask_join_interruptible, KTASK_NS);

/**
 * ktask_join_killable - wait for the end of a task or a fatal signal
 * @t: the task; the caller has a reference, and keeps it
 * @result: where to put what the body returned, or NULL
 *
 * Context: process context, sleeps.
 * Return: as ktask_join_until().
 */
int ktask_join_killable(struct ktask *t, long *result)
{
	return ktask_join_until(t, result, TASK_KILLABLE, KTIME_MAX);
}
EXPORT_SYMBOL_NS_GPL(ktask_join_killable, KTASK_NS);

/**
 * ktask_join_timeout - wait for the end of a task, for a time
 * @t: the task; the caller has a reference, and keeps it
 * @result: where to put what the body returned, or NULL
 * @timeout: in jiffies; %MAX_SCHEDULE_TIMEOUT for no limit
 *
 * Context: process context, sleeps.
 * Return: as ktask_join(), or -ETIMEDOUT, and the task goes on.
 */
int ktask_join_timeout(struct ktask *t, long *result, unsigned long timeout)
{
	ktime_t deadline = KTIME_MAX;

	/* Beyond that, nanoseconds overflow, and nobody is there to see it. */
	if (timeout < nsecs_to_jiffies64(KTIME_MAX))
		deadline = ktime_add_safe(ktime_get(),
					  jiffies_to_nsecs(timeout));
	return ktask_join_until(t, result, TASK_UNINTERRUPTIBLE, deadline);
}
EXPORT_SYMBOL_NS_GPL(ktask_join_timeout, KTASK_NS);

/**
 * ktask_try_join - learn how a task ended, if it did
 * @t: the task
 * @result: where to put what the body returned, or NULL
 *
 * Context: any but NMI.
 * Return: as ktask_join(), or -EAGAIN if the task has not ended.
 */
int ktask_try_join(struct ktask *t, long *result)
{
	return ktask_done(t) ? join_outcome(t, result) : -EAGAIN;
}
EXPORT_SYMBOL_NS_GPL(ktask_try_join, KTASK_NS);

/**
 * ktask_abort_and_wait - end a task
 * @t: the task, or NULL; the caller has a reference, and keeps it
 *
 * When this returns the body runs no more, its cleanups have run and so have the
 * callbacks of its future. The outcome may be any: the body may have returned
 * first.
 *
 * Context: process context, sleeps. Not from the task itself.
 */
void ktask_abort_and_wait(struct ktask *t)
{
	if (!t)
		return;
	ktask_abort(t);
	/* It will never end, but nothing of it runs either. */
	if (WARN_ONCE(atomic_read(&t->state) & KT_NEW,
		      "ktask: \"%s\" was not started\n", t->name))
		return;
	ktask_join(t, NULL);
}
EXPORT_SYMBOL_NS_GPL(ktask_abort_and_wait, KTASK_NS);
