/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the body of an async task is written with. Included by linux/ktask.h.
 *
 * A body is one switch on where it stopped, as in Adam Dunkels' protothreads.
 * So: no local variable keeps its value across an await, no await inside another
 * switch, and no two awaits on one line.
 */
#ifndef _LINUX_KTASK_AWAIT_H
#define _LINUX_KTASK_AWAIT_H

bool __ktask_await(struct ktask *t, struct ktask_future *f, ktime_t timeout);
bool __ktask_sleep(struct ktask *t, ktime_t duration);
ktask_poll_t __ktask_lost(struct ktask *t);

/**
 * KTASK_BEGIN - first statement of an async task's body
 * @t: the task
 */
#define KTASK_BEGIN(t)							\
	switch ((t)->pc) {						\
	case 0:

/**
 * KTASK_END - last statement of an async task's body
 * @t: the task
 *
 * A body that gets here returns 0.
 */
#define KTASK_END(t)							\
		break;							\
	default:							\
		return __ktask_lost(t);					\
	}								\
	ktask_set_result(t, 0);						\
	return KTASK_READY

/**
 * KTASK_RETURN - end the body
 * @t: the task
 * @result: a value, or a negative errno
 */
#define KTASK_RETURN(t, result)						\
do {									\
	ktask_set_result(t, result);					\
	return KTASK_READY;						\
} while (0)

/* Return to the executor if @suspend says so; go on behind it. */
#define __KTASK_SUSPEND(t, suspend, poll)				\
do {									\
	(t)->pc = __LINE__;						\
	if (suspend)							\
		return poll;						\
	fallthrough;							\
	case __LINE__:							\
		;							\
} while (0)

/**
 * KTASK_AWAIT - go on when a future is complete
 * @t: the task
 * @f: the future
 *
 * If the task is aborted meanwhile, its body does not go on: the task ends
 * here, and its deferred cleanups run.
 */
#define KTASK_AWAIT(t, f)						\
	__KTASK_SUSPEND(t, __ktask_await(t, f, KTIME_MAX), KTASK_PENDING)

/**
 * KTASK_AWAIT_TIMEOUT - go on when a future is complete, or after a time
 * @t: the task
 * @f: the future
 * @timeout: ktime_t from now; not above zero: only look
 *
 * ktask_timed_out() tells which. The future is left alone by a timeout.
 */
#define KTASK_AWAIT_TIMEOUT(t, f, timeout)				\
	__KTASK_SUSPEND(t, __ktask_await(t, f, timeout), KTASK_PENDING)

/**
 * KTASK_SLEEP - go on after a time
 * @t: the task
 * @duration: ktime_t from now
 */
#define KTASK_SLEEP(t, duration)					\
	__KTASK_SUSPEND(t, __ktask_sleep(t, duration), KTASK_PENDING)

/**
 * KTASK_YIELD - go on after the other tasks of this executor
 * @t: the task
 *
 * Also the place where a long computation lets an abort in.
 */
#define KTASK_YIELD(t)							\
	__KTASK_SUSPEND(t, true, KTASK_AGAIN)

/**
 * KTASK_AWAIT_JOIN - go on when another task has ended
 * @t: the task
 * @other: the other task; @t has a reference to it
 *
 * ktask_try_join() then tells its outcome.
 */
#define KTASK_AWAIT_JOIN(t, other)						\
	KTASK_AWAIT(t, ktask_future(other))

#endif /* _LINUX_KTASK_AWAIT_H */
