// SPDX-License-Identifier: GPL-2.0
/*
 * Time: see linux/ktask_time.h.
 */
#include <linux/kernel.h>
#include <linux/math64.h>

#include "../engine/engine.h"

/* --- Points in time ------------------------------------------------------- */

/**
 * ktask_time_until - how long it is until a time
 * @when: CLOCK_MONOTONIC time, or %KTIME_MAX
 *
 * Context: any.
 * Return: the time from now, never below zero; %KTIME_MAX for that.
 */
ktime_t ktask_time_until(ktime_t when)
{
	ktime_t now = ktime_get();

	if (when <= now)
		return 0;
	return when == KTIME_MAX ? KTIME_MAX : ktime_sub(when, now);
}
EXPORT_SYMBOL_NS_GPL(ktask_time_until, KTASK_NS);

/**
 * ktask_sleep_until - have the calling thread sleep until a time
 * @when: CLOCK_MONOTONIC time
 *
 * For blocking tasks: an abort of the calling task ends it.
 *
 * Context: process context, sleeps. Not in a resume function:
 * KTASK_SLEEP_UNTIL().
 * Return: 0; -ERESTARTSYS if a signal came first; -ECANCELED if the calling
 * blocking task was aborted.
 */
int ktask_sleep_until(ktime_t when)
{
	struct ktask_future never;
	int ret;

	ktask_future_init(&never);
	ret = ktask_future_wait_until(&never, TASK_INTERRUPTIBLE, when);
	return ret == -ETIMEDOUT ? 0 : ret;
}
EXPORT_SYMBOL_NS_GPL(ktask_sleep_until, KTASK_NS);

/* --- Timers --------------------------------------------------------------- */

/*
 * In softirq, as in engine/timer.c. To complete the future is the last touch;
 * the hrtimer core does not touch a timer that says HRTIMER_NORESTART either.
 */
static enum hrtimer_restart timer_fired(struct hrtimer *hrtimer)
{
	struct ktask_timer *timer;

	timer = container_of(hrtimer, struct ktask_timer, hrtimer);
	ktask_future_complete(ktask_timer_future(timer), 0);
	return HRTIMER_NORESTART;
}

/* Others than its owner may be waiting for a timer: they are told. */
static bool timer_withdraw(struct ktask_request *r)
{
	struct ktask_timer *timer;

	timer = container_of(r, struct ktask_timer, request);
	/* If it cannot take it back it waits for timer_fired() to return. */
	if (!hrtimer_cancel(&timer->hrtimer))
		return false;
	ktask_future_complete(&r->done, -ECANCELED);
	return true;
}

static const struct ktask_request_ops timer_ops = {
	.withdraw = timer_withdraw,
};

static void timer_begin(struct ktask_timer *timer, struct ktask *t,
			ktime_t expires, enum hrtimer_mode mode)
{
	ktask_request_init(&timer->request, t, &timer_ops);
	hrtimer_setup(&timer->hrtimer, timer_fired, CLOCK_MONOTONIC, mode);
	/* Below zero hrtimers take it for an overflow, and never fire. */
	if (expires > 0)
		hrtimer_start(&timer->hrtimer, expires, mode);
	else
		ktask_future_complete(ktask_timer_future(timer), 0);
}

/**
 * ktask_timer_start - have a future complete after a time
 * @timer: storage for it, in the frame of @t; not in use
 * @t: the task that it shall belong to, or NULL if it is a thread's, which calls
 *	ktask_timer_cancel() before it frees it
 * @duration: from now; not above zero: it is complete at once
 *
 * The callbacks of the future are called in softirq.
 *
 * Context: the body of @t, or its maker before ktask_start(); with NULL, any but
 * NMI.
 */
void ktask_timer_start(struct ktask_timer *timer, struct ktask *t,
		       ktime_t duration)
{
	timer_begin(timer, t, duration, HRTIMER_MODE_REL_SOFT);
}
EXPORT_SYMBOL_NS_GPL(ktask_timer_start, KTASK_NS);

/**
 * ktask_timer_start_at - have a future complete at a time
 * @timer: storage for it, in the frame of @t; not in use
 * @t: the task that it shall belong to, or NULL
 * @when: CLOCK_MONOTONIC time, or %KTIME_MAX for never
 *
 * Context: as ktask_timer_start().
 */
void ktask_timer_start_at(struct ktask_timer *timer, struct ktask *t,
			  ktime_t when)
{
	timer_begin(timer, t, when, HRTIMER_MODE_ABS_SOFT);
}
EXPORT_SYMBOL_NS_GPL(ktask_timer_start_at, KTASK_NS);

/**
 * ktask_timer_cancel - disarm a timer
 * @timer: a timer that has been started; may be started again afterwards
 *
 * If it is not just firing this does not wait. Its future is complete then:
 * with 0 if it had fired, else with -ECANCELED. Does nothing the second time.
 *
 * Context: process context; the body of its task, or the thread.
 * Return: true if it had not fired.
 */
bool ktask_timer_cancel(struct ktask_timer *timer)
{
	ktask_request_drop(&timer->request);
	return ktask_request_status(&timer->request) == -ECANCELED;
}
EXPORT_SYMBOL_NS_GPL(ktask_timer_cancel, KTASK_NS);

/* --- Intervals ------------------------------------------------------------ */

/**
 * ktask_interval_init - begin an interval
 * @iv: storage for it
 * @first: when the first tick is due, from now: 0 for at once, @period for after
 *	one period
 * @period: time between ticks, above zero
 * @policy: what becomes of ticks that were missed
 *
 * Context: any.
 */
void ktask_interval_init(struct ktask_interval *iv, ktime_t first,
			 ktime_t period, enum ktask_missed_tick policy)
{
	WARN_ONCE(period <= 0, "ktask: an interval of %lld ns\n", period);
	iv->period = max_t(ktime_t, period, 1);
	iv->next = ktime_add_safe(ktime_get(), max_t(ktime_t, first, 0));
	iv->missed = 0;
	iv->policy = policy;
}
EXPORT_SYMBOL_NS_GPL(ktask_interval_init, KTASK_NS);

/**
 * ktask_interval_reset - have the next tick come one period from now
 * @iv: the interval
 *
 * Context: that of the owner of @iv.
 */
void ktask_interval_reset(struct ktask_interval *iv)
{
	iv->next = ktime_add_safe(ktime_get(), iv->period);
}
EXPORT_SYMBOL_NS_GPL(ktask_interval_reset, KTASK_NS);

/**
 * ktask_interval_ticked - take note that a tick has come
 * @iv: the interval
 *
 * KTASK_TICK() and ktask_interval_tick() do this. For who waits for
 * ktask_interval_next() in another way, such as with a timer in a select.
 *
 * Context: that of the owner of @iv.
 */
void ktask_interval_ticked(struct ktask_interval *iv)
{
	ktime_t now = ktime_get();
	ktime_t due = iv->next;

	iv->missed = 0;
	if (now > due)
		iv->missed = div64_u64(ktime_sub(now, due), iv->period);

	if (iv->missed && iv->policy == KTASK_TICK_DELAY)
		due = now;
	else if (iv->policy == KTASK_TICK_SKIP)
		due = ktime_add_ns(due, iv->missed * iv->period);
	iv->next = ktime_add_safe(due, iv->period);
}
EXPORT_SYMBOL_NS_GPL(ktask_interval_ticked, KTASK_NS);

/**
 * ktask_interval_tick - have the calling thread wait for the next tick
 * @iv: the interval
 *
 * For blocking tasks: an abort of the calling task ends it.
 *
 * Context: process context, sleeps. Not in a resume function: KTASK_TICK().
 * Return: 0; or the tick is still to come: -ERESTARTSYS if a signal came first,
 * -ECANCELED if the calling blocking task was aborted.
 */
int ktask_interval_tick(struct ktask_interval *iv)
{
	int err = ktask_sleep_until(iv->next);

	if (!err)
		ktask_interval_ticked(iv);
	return err;
}
EXPORT_SYMBOL_NS_GPL(ktask_interval_tick, KTASK_NS);

/* --- So much time and no more --------------------------------------------- */

/*
 * t->timed_out tells the first await from the second, for which @other has been
 * aborted; that takes as long as it takes.
 */
bool __ktask_join_or_abort(struct ktask *t, struct ktask *other,
			   ktime_t timeout)
{
	bool overdue = t->timed_out;
	bool suspend;

	suspend = __ktask_await(t, ktask_future(other), timeout);
	if (overdue)
		t->timed_out = true;
	return suspend;
}
EXPORT_SYMBOL_NS_GPL(__ktask_join_or_abort, KTASK_NS);

/* Return: true if @t has to wait for the end of @other, by now aborted. */
bool __ktask_join_overdue(struct ktask *t, struct ktask *other)
{
	if (!t->timed_out)
		return false;
	if (ktask_abort(other))
		return true;
	t->timed_out = ktask_outcome(other) == KTASK_CANCELLED;
	return false;
}
EXPORT_SYMBOL_NS_GPL(__ktask_join_overdue, KTASK_NS);

/**
 * ktask_join_or_abort_until - wait for the end of a task, or see to it
 * @t: the task; the caller has a reference, and keeps it
 * @result: where to put what the body returned, or NULL
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to abort it at, or %KTIME_MAX
 *
 * Whatever ends the wait, @t has ended when this returns: it is aborted, and
 * waited for in uninterruptible sleep.
 *
 * Context: process context, sleeps. Not in a resume function:
 * KTASK_JOIN_OR_ABORT().
 * Return: 0 if the body returned, if only at the last moment; why the wait
 * ended, if @t was cancelled therefore: -ETIMEDOUT, -ERESTARTSYS, -ECANCELED; or
 * as ktask_join().
 */
int ktask_join_or_abort_until(struct ktask *t, long *result,
			      unsigned int state, ktime_t deadline)
{
	int why = ktask_join_until(t, result, state, deadline);
	int err;

	if (!ktask_abort(t))
		return ktask_join(t, result);
	err = ktask_join(t, result);
	return ktask_outcome(t) == KTASK_CANCELLED ? why : err;
}
EXPORT_SYMBOL_NS_GPL(ktask_join_or_abort_until, KTASK_NS);

/**
 * ktask_join_or_abort - wait for the end of a task, which it must reach in time
 * @t: the task; the caller has a reference, and keeps it
 * @result: where to put what the body returned, or NULL
 * @timeout: ktime_t from now, after which it is aborted
 *
 * @t has ended when this returns.
 *
 * Context: process context, sleeps.
 * Return: 0 if the body returned; -ETIMEDOUT if @t was cancelled because the
 * time was up; or as ktask_join().
 */
int ktask_join_or_abort(struct ktask *t, long *result, ktime_t timeout)
{
	ktime_t deadline;

	/* Saturated addition takes a negative one for an overflow. */
	timeout = max_t(ktime_t, timeout, 0);
	deadline = ktime_add_safe(ktime_get(), timeout);
	return ktask_join_or_abort_until(t, result, TASK_UNINTERRUPTIBLE,
					 deadline);
}
EXPORT_SYMBOL_NS_GPL(ktask_join_or_abort, KTASK_NS);
