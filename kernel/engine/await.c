// SPDX-License-Identifier: GPL-2.0
/*
 * How an async task waits: it arms a waiter on a future, a timer, or both, and
 * goes on when one has fired and the other has been taken back.
 *
 * armed and fired belong to whoever runs the task; what fires meanwhile is
 * noted in the state word, and becomes visible in fired with the next claim. What
 * armed and awaited are is also shown to who asks, hence WRITE_ONCE().
 */
#include "engine.h"

/* The future is complete. Any context. */
static void await_notify(struct ktask_waiter *waiter, long value)
{
	task_wake(container_of(waiter, struct ktask, waiter),
		  KT_FIRED_WAITER);
}

static bool await_misused(struct ktask *t)
{
	return WARN_ONCE(!(atomic_read(&t->state) & KT_RUNNING),
			 "ktask: await outside of the body of \"%s\"\n",
			 t->name);
}

/*
 * There is nothing to wait for. Return: true if the task has done that so often
 * in a row that the others come first.
 */
static bool await_ready(struct ktask *t)
{
	return !--t->budget;
}

/*
 * Wait for @f, but at most for @timeout. Called by the body.
 * Return: false if the body shall go on at once.
 */
bool __ktask_await(struct ktask *t, struct ktask_future *f, ktime_t timeout)
{
	t->timed_out = false;
	/* With nothing armed, the executor ends the task. */
	if (ktask_aborted(t) || await_misused(t))
		return true;
	if (ktask_future_done(f))
		return await_ready(t);
	if (timeout <= 0) {
		t->timed_out = true;
		return await_ready(t);
	}

	t->fired = 0;
	WRITE_ONCE(t->awaited, f);
	if (!ktask_future_add(f, &t->waiter, await_notify))
		return await_ready(t);
	WRITE_ONCE(t->armed, timeout == KTIME_MAX ? KT_FIRED_WAITER :
						    KT_FIRED);
	if (timeout != KTIME_MAX) {
		timer_init(t, timeout);
		timer_start(t);
	}
	return true;
}
EXPORT_SYMBOL_NS_GPL(__ktask_await, KTASK_NS);

/* Wait for a time. Called by the body. Return: as __ktask_await(). */
bool __ktask_sleep(struct ktask *t, ktime_t duration)
{
	t->timed_out = false;
	if (ktask_aborted(t) || await_misused(t))
		return true;
	if (duration <= 0)
		return await_ready(t);

	t->fired = 0;
	WRITE_ONCE(t->armed, KT_FIRED_TIMER);
	timer_init(t, duration);
	timer_start(t);
	return true;
}
EXPORT_SYMBOL_NS_GPL(__ktask_sleep, KTASK_NS);

/* @t, which is being made, shall wait for @after or @delay before it runs. */
void await_hold(struct ktask *t, struct ktask_future *after, ktime_t delay)
{
	if (after) {
		t->awaited = after;
		t->armed |= KT_FIRED_WAITER;
	}
	if (delay > 0) {
		t->armed |= KT_FIRED_TIMER;
		timer_init(t, delay);
	}
}

/*
 * @t, which is being started, shall be held. It may be woken from now on.
 * Return: false if there is nothing to wait for.
 */
bool await_begin_hold(struct ktask *t)
{
	if (t->armed & KT_FIRED_WAITER &&
	    !ktask_future_add(t->awaited, &t->waiter, await_notify)) {
		WRITE_ONCE(t->armed, 0);
		return false;
	}
	if (t->armed & KT_FIRED_TIMER)
		timer_start(t);
	return true;
}

/*
 * Whether the await of @t is over, so that nothing will wake it any more. If
 * not, it must be suspended again: nothing has happened yet, or the future is
 * complete and its completer is about to wake the task.
 */
bool await_over(struct ktask *t)
{
	if (!t->fired && !ktask_aborted(t))
		return false;

	if (t->armed & KT_FIRED_TIMER) {
		timer_disarm(t);
		WRITE_ONCE(t->armed, t->armed & ~KT_FIRED_TIMER);
	}
	if (t->armed & KT_FIRED_WAITER) {
		if (!(t->fired & KT_FIRED_WAITER)) {
			if (!ktask_future_remove(t->awaited, &t->waiter))
				return false;
			t->timed_out = true;
		}
		WRITE_ONCE(t->armed, t->armed & ~KT_FIRED_WAITER);
	}
	return true;
}
