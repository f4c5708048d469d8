/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Joining several tasks at once. Included by linux/ktask.h.
 */
#ifndef _LINUX_KTASK_JOIN_ALL_H
#define _LINUX_KTASK_JOIN_ALL_H

/**
 * DOC: join all
 *
 * ktask_join_all() waits for a number of tasks, and is woken once, when the last
 * of them has ended. How each has ended is then asked with ktask_try_join().
 *
 * ktask_try_join_all() is for parts of one thing, of which none is of use
 * without the others: when one of them ends with an error, that is, with a
 * negative result, cancelled or failed, the others are aborted. It returns when
 * all have ended, with the error that was the first; and if it cannot wait for
 * that, because of a timeout or a signal, it aborts them as well. In whatever
 * way it is left, none of the tasks is at work any more.
 *
 * Tokio's words for these are join! and try_join!; but there what is left behind
 * is only dropped.
 *
 * A task that waits has the storage in its frame:
 *
 *	struct parts {
 *		struct ktask *tasks[4];
 *		struct ktask_join_all all;
 *		struct ktask_join_slot slots[4];
 *	};
 *
 *	KTASK_TRY_JOIN_ALL(t, &p->all, p->tasks, 4, p->slots);
 *	err = ktask_join_all_status(&p->all);
 */

struct ktask_join_all;

/**
 * struct ktask_join_slot - room that it takes to wait for one of several tasks
 *
 * Needs no initialisation.
 */
struct ktask_join_slot {
	/* private: */
	struct ktask_waiter waiter;
	struct ktask_join_all *all;
};

/**
 * struct ktask_join_all - somebody who waits for several tasks
 *
 * Needs no initialisation; may be used again when the wait is over.
 */
struct ktask_join_all {
	/* private: */
	struct ktask_request request;
	struct ktask **tasks;
	struct ktask_join_slot *slots;
	unsigned int n;
	bool try;
	bool late;		/* of KTASK_TRY_JOIN_ALL(): it timed out */
	u8 step;		/* ... and how far it is */
	atomic_t left;		/* tasks that have not ended */
	atomic_long_t verdict;	/* of try: see kernel/async/join_all.c */
	struct ktask_future over; /* of try, after an error: all have ended */
	ktime_t timeout;
};

int ktask_join_all(struct ktask **tasks, unsigned int n, unsigned int state,
		   ktime_t deadline);
long ktask_try_join_all(struct ktask **tasks, unsigned int n,
			unsigned int state, ktime_t deadline);

struct ktask_request *ktask_join_all_start(struct ktask_join_all *all,
					   struct ktask *t,
					   struct ktask **tasks, unsigned int n,
					   struct ktask_join_slot *slots);
struct ktask_request *ktask_try_join_all_start(struct ktask_join_all *all,
					       struct ktask *t,
					       struct ktask **tasks,
					       unsigned int n,
					       struct ktask_join_slot *slots);
long ktask_join_all_status(struct ktask_join_all *all);
void __ktask_join_all_awaited(struct ktask_join_all *all);
bool __ktask_try_join_all_await(struct ktask *t, struct ktask_join_all *all);

/**
 * KTASK_JOIN_ALL - go on when all of several tasks have ended
 * @t: the task
 * @all: a &struct ktask_join_all in its frame
 * @tasks: array of the tasks, which must stay; @t has a reference to each, and
 *	keeps it. Entries may be NULL
 * @n: how many
 * @slots: as many &struct ktask_join_slot, in the frame or in memory that is
 *	freed by a cleanup that was deferred before
 *
 * If @t is aborted meanwhile, the others are left alone.
 */
#define KTASK_JOIN_ALL(t, all, tasks, n, slots)				\
	KTASK_JOIN_ALL_TIMEOUT(t, all, tasks, n, slots, KTIME_MAX)

/**
 * KTASK_JOIN_ALL_TIMEOUT - the same, but give up after a time
 * @t: the task
 * @all: a &struct ktask_join_all in its frame
 * @tasks: array of the tasks
 * @n: how many
 * @slots: as many &struct ktask_join_slot
 * @timeout: ktime_t from now
 *
 * After the time, ktask_timed_out() is true and ktask_join_all_status() is
 * -ETIMEDOUT, and the tasks that have not ended are left alone.
 */
#define KTASK_JOIN_ALL_TIMEOUT(t, all, tasks, n, slots, timeout)	\
do {									\
	ktask_join_all_start(all, t, tasks, n, slots);			\
	KTASK_AWAIT_REQUEST_TIMEOUT(t, &(all)->request, timeout);	\
	__ktask_join_all_awaited(all);					\
} while (0)

/**
 * KTASK_TRY_JOIN_ALL - go on when all of several tasks have ended well, or one
 *	has not and the others are over
 * @t: the task
 * @all: a &struct ktask_join_all in its frame
 * @tasks: array of the tasks, as for KTASK_JOIN_ALL()
 * @n: how many
 * @slots: as many &struct ktask_join_slot
 *
 * ktask_join_all_status() tells the first error. If @t is aborted meanwhile, the
 * others are aborted, and @t ends when they have.
 */
#define KTASK_TRY_JOIN_ALL(t, all, tasks, n, slots)			\
	KTASK_TRY_JOIN_ALL_TIMEOUT(t, all, tasks, n, slots, KTIME_MAX)

/**
 * KTASK_TRY_JOIN_ALL_TIMEOUT - the same, but for a time
 * @t: the task
 * @all: a &struct ktask_join_all in its frame
 * @tasks: array of the tasks
 * @n: how many
 * @slots: as many &struct ktask_join_slot
 * @time: ktime_t from now
 *
 * That the time is over is an error as any other: the tasks are aborted, and
 * when they have ended ktask_join_all_status() is -ETIMEDOUT.
 */
#define KTASK_TRY_JOIN_ALL_TIMEOUT(t, all, tasks, n, slots, time)	\
do {									\
	ktask_try_join_all_start(all, t, tasks, n, slots);		\
	(all)->timeout = (time);					\
	(t)->pc = __LINE__;						\
	fallthrough;							\
	case __LINE__:							\
		if (__ktask_try_join_all_await(t, all))			\
			return KTASK_PENDING;				\
} while (0)

#endif /* _LINUX_KTASK_JOIN_ALL_H */
