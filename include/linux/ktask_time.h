/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Time: timers that are futures, intervals, and tasks that get so much time and
 * no more. Included by linux/ktask.h.
 */
#ifndef _LINUX_KTASK_TIME_H
#define _LINUX_KTASK_TIME_H

/**
 * DOC: time
 *
 * All times are of CLOCK_MONOTONIC, which stands still while the machine is
 * suspended. What waits until a time never goes on before it.
 *
 * A task sleeps with KTASK_SLEEP() and KTASK_SLEEP_UNTIL(), and gives up waiting
 * with KTASK_AWAIT_TIMEOUT(); both use the task's own timer. Where more is
 * needed, &struct ktask_timer is a future that is complete after a time, and
 * &struct ktask_interval tells a task what its next period is.
 */

/* --- Points in time ------------------------------------------------------- */

ktime_t ktask_time_until(ktime_t when);
int ktask_sleep_until(ktime_t when);

/**
 * KTASK_SLEEP_UNTIL - go on at a time
 * @t: the task
 * @when: CLOCK_MONOTONIC time; if it has passed, the task does not suspend
 */
#define KTASK_SLEEP_UNTIL(t, when)					\
	KTASK_SLEEP(t, ktask_time_until(when))

/**
 * KTASK_AWAIT_UNTIL - go on when a future is complete, or at a time
 * @t: the task
 * @f: the future
 * @deadline: CLOCK_MONOTONIC time, or %KTIME_MAX for none; if it has passed:
 *	only look
 *
 * See KTASK_AWAIT_TIMEOUT().
 */
#define KTASK_AWAIT_UNTIL(t, f, deadline)				\
	KTASK_AWAIT_TIMEOUT(t, f, ktask_time_until(deadline))

/* --- Timers --------------------------------------------------------------- */

/**
 * struct ktask_timer - a future that is complete after a time
 *
 * A request, so it may be an arm of a select, belongs to its task, and is
 * disarmed when that ends. In the frame of a task or allocated; not on a stack.
 */
struct ktask_timer {
	/* private: */
	struct ktask_request request;
	struct hrtimer hrtimer;
};

void ktask_timer_start(struct ktask_timer *timer, struct ktask *t,
		       ktime_t duration);
void ktask_timer_start_at(struct ktask_timer *timer, struct ktask *t,
			  ktime_t when);
bool ktask_timer_cancel(struct ktask_timer *timer);

/**
 * ktask_timer_future - the future of a timer
 * @timer: the timer
 *
 * Return: the future, complete with 0 when the time is up, and with -ECANCELED
 * when the timer was cancelled.
 */
static inline struct ktask_future *ktask_timer_future(struct ktask_timer *timer)
{
	return ktask_request_future(&timer->request);
}

/**
 * ktask_arm_timer - an arm of a select that waits for a timer
 * @timer: the timer; if it loses, it is cancelled
 *
 * Return: the arm.
 */
static inline struct ktask_arm ktask_arm_timer(struct ktask_timer *timer)
{
	return ktask_arm_request(&timer->request);
}

/* --- Intervals ------------------------------------------------------------ */

/**
 * enum ktask_missed_tick - what becomes of ticks that were missed
 * @KTASK_TICK_BURST: they come at once, one after the other, until all that were
 *	due have come
 * @KTASK_TICK_DELAY: they do not come; the next tick is due one period from now,
 *	and the others one period after that each
 * @KTASK_TICK_SKIP: they do not come; the next tick is due at the next multiple
 *	of the period since the first
 *
 * A tick is missed if the next one is due before it is awaited. This is Tokio's
 * MissedTickBehavior, but for the limit: there it is 5 ms.
 */
enum ktask_missed_tick {
	KTASK_TICK_BURST,
	KTASK_TICK_DELAY,
	KTASK_TICK_SKIP,
};

/**
 * struct ktask_interval - ticks, one a period
 *
 * Belongs to one task or thread. Holds no resources.
 */
struct ktask_interval {
	/* private: */
	ktime_t period;
	ktime_t next;
	u64 missed;
	enum ktask_missed_tick policy;
};

void ktask_interval_init(struct ktask_interval *iv, ktime_t first,
			 ktime_t period, enum ktask_missed_tick policy);
void ktask_interval_reset(struct ktask_interval *iv);
void ktask_interval_ticked(struct ktask_interval *iv);
int ktask_interval_tick(struct ktask_interval *iv);

/**
 * ktask_interval_next - when the next tick is due
 * @iv: the interval
 *
 * Context: that of the owner of @iv.
 * Return: a CLOCK_MONOTONIC time; it may have passed.
 */
static inline ktime_t ktask_interval_next(const struct ktask_interval *iv)
{
	return iv->next;
}

/**
 * ktask_interval_missed - how many ticks were missed
 * @iv: the interval
 *
 * Context: that of the owner of @iv.
 * Return: how many more had been due already when the last tick came. With
 * %KTASK_TICK_BURST these come yet.
 */
static inline u64 ktask_interval_missed(const struct ktask_interval *iv)
{
	return iv->missed;
}

/**
 * KTASK_TICK - go on when the next tick is due
 * @t: the task
 * @iv: a &struct ktask_interval in its frame
 *
 * If it is due already the task goes on after the others of its executor.
 */
#define KTASK_TICK(t, iv)						\
do {									\
	__KTASK_SUSPEND(t, true,					\
			__ktask_sleep(t, ktask_time_until((iv)->next)) ?\
			KTASK_PENDING : KTASK_AGAIN);			\
	ktask_interval_ticked(iv);					\
} while (0)

/* --- So much time and no more --------------------------------------------- */

bool __ktask_join_or_abort(struct ktask *t, struct ktask *other,
			   ktime_t timeout);
bool __ktask_join_overdue(struct ktask *t, struct ktask *other);

/**
 * KTASK_JOIN_OR_ABORT - go on when another task has ended, which it must in time
 * @t: the task
 * @other: the other task; @t has a reference to it
 * @timeout: ktime_t from now; not above zero: abort it, unless it has ended
 *
 * After the time, @other is aborted. Either way @t goes on when @other has
 * ended. ktask_timed_out() is true if it was cancelled because the time was up;
 * otherwise, also if it returned at the last moment, ktask_try_join() tells its
 * outcome.
 *
 * If @t itself is aborted, @other goes on, as with KTASK_AWAIT_JOIN();
 * KTASK_SELECT() with ktask_arm_task() and ktask_arm_timeout() aborts it in that
 * case too.
 */
#define KTASK_JOIN_OR_ABORT(t, other, timeout)				\
do {									\
	(t)->timed_out = false;						\
	do {								\
		__KTASK_SUSPEND(t,					\
				__ktask_join_or_abort(t, other,		\
					(t)->timed_out ? KTIME_MAX : (timeout)),\
				KTASK_PENDING);				\
	} while (__ktask_join_overdue(t, other));			\
} while (0)

int ktask_join_or_abort(struct ktask *t, long *result, ktime_t timeout);
int ktask_join_or_abort_until(struct ktask *t, long *result,
			      unsigned int state, ktime_t deadline);

#endif /* _LINUX_KTASK_TIME_H */
