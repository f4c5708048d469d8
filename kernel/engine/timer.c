// SPDX-License-Identifier: GPL-2.0
/*
 * The timer of an async task.
 *
 * An hrtimer that expires in softirq, for it may be one of a hundred thousand
 * that expire at once, which must not keep interrupts off.
 */
#include "engine.h"

static enum hrtimer_restart timer_fired(struct hrtimer *timer)
{
	task_wake(container_of(timer, struct ktask, timer), KT_FIRED_TIMER);
	return HRTIMER_NORESTART;
}

/* For timer_start(). */
void timer_init(struct ktask *t, ktime_t duration)
{
	hrtimer_setup(&t->timer, timer_fired, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_SOFT);
	hrtimer_set_expires(&t->timer, duration);
}

/* Wake @t after the duration. Called by who runs or starts @t. */
void timer_start(struct ktask *t)
{
	hrtimer_start_expires(&t->timer, HRTIMER_MODE_REL_SOFT);
}

/*
 * Have the timer not wake @t any more. Called by who runs @t. Waits while the
 * timer's callback is being run on another CPU, even if it has woken the task:
 * from then on the memory may be used for something else.
 */
void timer_disarm(struct ktask *t)
{
	if (hrtimer_cancel(&t->timer) || t->fired & KT_FIRED_TIMER)
		return;
	/* It fired since @t was claimed; the next await must not see that. */
	atomic_andnot(KT_FIRED_TIMER, &t->state);
}
