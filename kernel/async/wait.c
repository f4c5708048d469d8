// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that wait for a future.
 *
 * A thread inside a blocking task's body waits for a second future as well: the
 * one that says that the task was aborted.
 */
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "../engine/engine.h"

/* On the stack of the waiting thread. */
struct thread_waiter {
	struct ktask_waiter waiter;
	struct task_struct *thread;
	bool fired;
};

/* Any context. */
static void thread_notify(struct ktask_waiter *waiter, long value)
{
	struct thread_waiter *tw;
	struct task_struct *thread;

	tw = container_of(waiter, struct thread_waiter, waiter);
	thread = tw->thread;
	/*
	 * The waiter may be gone once it sees that it has fired, and then its
	 * thread may exit; RCU keeps that.
	 */
	rcu_read_lock();
	/* Pairs with thread_waiter_fired(). */
	smp_store_release(&tw->fired, true);
	wake_up_process(thread);
	rcu_read_unlock();
}

static bool thread_waiter_fired(struct thread_waiter *tw)
{
	/* Pairs with thread_notify(). */
	return smp_load_acquire(&tw->fired);
}

static bool thread_waiter_add(struct thread_waiter *tw, struct ktask_future *f)
{
	tw->thread = current;
	tw->fired = false;
	return ktask_future_add(f, &tw->waiter, thread_notify);
}

/* Return: false if it has fired. Either way nobody knows it any more. */
static bool thread_waiter_remove(struct thread_waiter *tw,
				 struct ktask_future *f)
{
	if (!thread_waiter_fired(tw) && ktask_future_remove(f, &tw->waiter))
		return true;

	/* The completer is about to call it, if it has not. */
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (thread_waiter_fired(tw))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return false;
}

/* Sleep until @tw has fired; what else ends it is as for the functions below. */
static int thread_waiter_sleep(struct thread_waiter *tw, struct ktask *self,
			       unsigned int state, ktime_t deadline)
{
	ktime_t *expires = deadline == KTIME_MAX ? NULL : &deadline;
	int ret = 0;

	/* Below zero hrtimers take it for an overflow, and wait for ever. */
	deadline = max_t(ktime_t, deadline, 0);
	executor_hurry();
	for (;;) {
		set_current_state(state);
		if (thread_waiter_fired(tw))
			break;
		if (self && ktask_aborted(self)) {
			ret = -ECANCELED;
			break;
		}
		if (signal_pending_state(state, current)) {
			ret = -ERESTARTSYS;
			break;
		}
		if (!schedule_hrtimeout(expires, HRTIMER_MODE_ABS)) {
			ret = -ETIMEDOUT;
			break;
		}
	}
	__set_current_state(TASK_RUNNING);
	return ret;
}

/**
 * ktask_future_wait_until - have the calling thread wait for a future
 * @f: the future
 * @state: how to sleep: %TASK_UNINTERRUPTIBLE, %TASK_INTERRUPTIBLE,
 *	%TASK_KILLABLE or %TASK_IDLE
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * Inside a blocking task's body, in an interruptible or killable state, an
 * abort of that task ends the wait.
 *
 * Context: process context, sleeps. Not in a resume function: await instead.
 * Return: 0 when @f is complete; -ETIMEDOUT; -ERESTARTSYS if a signal came
 * first; -ECANCELED if the calling task was aborted.
 */
int ktask_future_wait_until(struct ktask_future *f, unsigned int state,
			    ktime_t deadline)
{
	struct thread_waiter tw, aborted;
	struct ktask *self = NULL;
	bool abortable = false;
	int ret;

	might_sleep();
	if (!thread_waiter_add(&tw, f))
		return 0;

	if (state & (TASK_INTERRUPTIBLE | TASK_WAKEKILL))
		self = ktask_current_blocking();
	if (self)
		abortable = thread_waiter_add(&aborted, &self->abort_asked);

	ret = thread_waiter_sleep(&tw, self, state, deadline);

	if (abortable)
		thread_waiter_remove(&aborted, &self->abort_asked);
	if (ret && !thread_waiter_remove(&tw, f))
		ret = 0;
	return ret;
}
EXPORT_SYMBOL_NS_GPL(ktask_future_wait_until, KTASK_NS);

/**
 * ktask_future_wait - wait for a future
 * @f: the future
 *
 * Context: process context, sleeps.
 * Return: 0.
 */
int ktask_future_wait(struct ktask_future *f)
{
	return ktask_future_wait_until(f, TASK_UNINTERRUPTIBLE, KTIME_MAX);
}
EXPORT_SYMBOL_NS_GPL(ktask_future_wait, KTASK_NS);

/**
 * ktask_future_wait_interruptible - wait for a future or a signal
 * @f: the future
 *
 * Context: process context, sleeps.
 * Return: 0; -ERESTARTSYS if a signal came first; -ECANCELED if the calling
 * blocking task was aborted.
 */
int ktask_future_wait_interruptible(struct ktask_future *f)
{
	return ktask_future_wait_until(f, TASK_INTERRUPTIBLE, KTIME_MAX);
}
EXPORT_SYMBOL_NS_GPL(ktask_future_wait_interruptible, KTASK_NS);

/**
 * ktask_future_wait_killable - wait for a future or a fatal signal
 * @f: the future
 *
 * Context: process context, sleeps.
 * Return: as ktask_future_wait_interruptible().
 */
int ktask_future_wait_killable(struct ktask_future *f)
{
	return ktask_future_wait_until(f, TASK_KILLABLE, KTIME_MAX);
}
EXPORT_SYMBOL_NS_GPL(ktask_future_wait_killable, KTASK_NS);

/**
 * ktask_sleep - have the calling thread sleep
 * @duration: how long
 *
 * For blocking tasks: an abort of the calling task ends it.
 *
 * Context: process context, sleeps. Not in a resume function: KTASK_SLEEP().
 * Return: 0; -ERESTARTSYS if a signal came first; -ECANCELED if the calling
 * blocking task was aborted.
 */
int ktask_sleep(ktime_t duration)
{
	struct ktask_future never;
	int ret;

	/* Saturated addition takes a negative one for an overflow. */
	duration = max_t(ktime_t, duration, 0);
	ktask_future_init(&never);
	ret = ktask_future_wait_until(&never, TASK_INTERRUPTIBLE,
				      ktime_add_safe(ktime_get(), duration));
	return ret == -ETIMEDOUT ? 0 : ret;
}
EXPORT_SYMBOL_NS_GPL(ktask_sleep, KTASK_NS);
