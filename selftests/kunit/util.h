/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites share.
 *
 * A case registers what it makes with KUnit, last made first undone, so that a
 * failed assertion leaves nothing behind. So memory that a task uses is
 * allocated before the task is. What does not end within KT_HANG is a bug: it is
 * reported, and left behind together with this module.
 *
 * Assertions are made by the case's own thread only; tasks and other threads
 * leave numbers for it.
 */
#ifndef _KTASK_KUNIT_UTIL_H
#define _KTASK_KUNIT_UTIL_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/delay.h>
#include <linux/ktask.h>
#include <linux/spinlock.h>

extern struct kunit_suite ktask_future_suite;
extern struct kunit_suite ktask_spawn_suite;
extern struct kunit_suite ktask_await_suite;
extern struct kunit_suite ktask_join_suite;
extern struct kunit_suite ktask_join_all_suite;
extern struct kunit_suite ktask_set_suite;
extern struct kunit_suite ktask_set_race_suite;
extern struct kunit_suite ktask_set_spawn_suite;
extern struct kunit_suite ktask_channel_suite;
extern struct kunit_suite ktask_channel_race_suite;
extern struct kunit_suite ktask_oneshot_suite;
extern struct kunit_suite ktask_broadcast_suite;
extern struct kunit_suite ktask_watch_suite;
extern struct kunit_suite ktask_abort_suite;
extern struct kunit_suite ktask_abort_blocking_suite;
extern struct kunit_suite ktask_defer_suite;
extern struct kunit_suite ktask_blocking_suite;
extern struct kunit_suite ktask_timer_suite;
extern struct kunit_suite ktask_runtime_suite;
extern struct kunit_suite ktask_executor_suite;
extern struct kunit_suite ktask_outcome_suite;
extern struct kunit_suite ktask_detach_suite;
extern struct kunit_suite ktask_place_suite;
extern struct kunit_suite ktask_hold_suite;
extern struct kunit_suite ktask_spread_suite;
extern struct kunit_suite ktask_stall_suite;
extern struct kunit_suite ktask_local_suite;
extern struct kunit_suite ktask_budget_suite;
extern struct kunit_suite ktask_op_suite;
extern struct kunit_suite ktask_select_suite;
extern struct kunit_suite ktask_time_suite;
extern struct kunit_suite ktask_token_suite;
extern struct kunit_suite ktask_semaphore_suite;
extern struct kunit_suite ktask_mutex_suite;
extern struct kunit_suite ktask_rwlock_suite;
extern struct kunit_suite ktask_notify_suite;
extern struct kunit_suite ktask_barrier_suite;
extern struct kunit_suite ktask_once_suite;
extern struct kunit_suite ktask_promise_suite;
extern struct kunit_suite ktask_defer_helpers_suite;
extern struct kunit_suite ktask_abort_handle_suite;
extern struct kunit_suite ktask_wakeup_suite;
extern struct kunit_suite ktask_completion_suite;
extern struct kunit_suite ktask_work_suite;
extern struct kunit_suite ktask_irq_suite;
extern struct kunit_suite ktask_fence_suite;
extern struct kunit_suite ktask_fail_suite;

/* Nothing takes that long, unless it hangs. */
#define KT_HANG		(30 * HZ)
#define KT_HANG_KTIME	ktime_set(30, 0)

bool kt_or_hangs(bool happened);

/* For what comes a moment after something that can be waited for. */
#define KT_EVENTUALLY(test, cond)					\
do {									\
	unsigned long __until = jiffies + KT_HANG;			\
	bool __true;							\
									\
	for (;;) {							\
		__true = (cond);					\
		if (__true || time_after(jiffies, __until))		\
			break;						\
		usleep_range(100, 1000);				\
	}								\
	KUNIT_ASSERT_TRUE_MSG(test, kt_or_hangs(__true), "never: %s",	\
			      #cond);					\
} while (0)

#define KT_COMPLETED(test, completion)					\
	KUNIT_ASSERT_NE(test, 0UL,					\
			wait_for_completion_timeout(completion, KT_HANG))

static inline ktime_t kt_us(u64 us)
{
	return ns_to_ktime(us * NSEC_PER_USEC);
}

/* --- Tasks ---------------------------------------------------------------- */

struct ktask *kt_own(struct kunit *test, struct ktask *t);
bool kt_ended(struct ktask *t);

/* Wait for the end of a task without helping it. */
#define KT_FINISH(test, t)	KUNIT_ASSERT_TRUE(test, kt_ended(t))

#define __KT_EXPECT_END(test, t, outcome, result)			\
do {									\
	struct kunit *__test = (test);					\
	struct ktask *__t = (t);					\
									\
	KUNIT_EXPECT_EQ(__test, ktask_outcome(__t), outcome);		\
	KUNIT_EXPECT_EQ(__test, ktask_result(__t), (long)(result));	\
} while (0)

#define KT_EXPECT_RETURNED(test, t, value)				\
	__KT_EXPECT_END(test, t, KTASK_RETURNED, value)

#define KT_EXPECT_CANCELLED(test, t)					\
	__KT_EXPECT_END(test, t, KTASK_CANCELLED, -ECANCELED)

/* A body that returns what its frame, a long, holds. */
ktask_poll_t kt_return_body(struct ktask *t);
/* Its frame is a pointer to the future. */
ktask_poll_t kt_await_body(struct ktask *t);

/* --- Runtimes ------------------------------------------------------------- */

struct ktask_runtime *kt_runtime(struct kunit *test);
struct ktask_runtime *kt_local(struct kunit *test, int place);
void kt_destroy(struct kunit *test, struct ktask_runtime *rt);
struct kt_thread *kt_destroying(struct kunit *test, struct ktask_runtime *rt);

/* --- An executor that does not get its CPU ------------------------------- */

/**
 * struct kt_plug - a thread that keeps a CPU from running any executor
 * @thread: the thread
 * @cpu: the CPU
 * @in: complete when it does
 * @out: it shall not any more
 */
struct kt_plug {
	struct task_struct *thread;
	int cpu;
	struct completion in;
	bool out;
};

struct kt_plug *kt_plug(struct kunit *test);
void kt_unplug(struct kt_plug *plug);

/* Where tasks are queued and do not run, for .place; @plug may be NULL. */
#define KT_BEHIND(plug)							\
({									\
	struct kt_plug *__plug = (plug);				\
									\
	__plug ? KTASK_ON_CPU(__plug->cpu) : 0;				\
})

/* Joiners may run @t, which is not started, all the same. */
static inline void kt_allow_help(struct ktask *t)
{
	t->kind &= ~KTASK_NO_HELP;
}

/* --- What happened, in order ---------------------------------------------- */

/**
 * struct kt_trail - a string to which everybody appends
 * @lock: guards the others
 * @n: its length
 * @s: the string
 */
struct kt_trail {
	spinlock_t lock; /* see above */
	unsigned int n;
	char s[64];
};

struct kt_trail *kt_trail(struct kunit *test);
void kt_mark(struct kt_trail *trail, char c);

/**
 * struct kt_cleanup - a cleanup that leaves a mark
 * @d: for ktask_defer()
 * @trail: where
 * @c: the mark
 */
struct kt_cleanup {
	struct ktask_defer d;
	struct kt_trail *trail;
	char c;
};

void kt_defer_mark(struct ktask *t, struct kt_cleanup *cleanup,
		   struct kt_trail *trail, char c);

/* --- Threads -------------------------------------------------------------- */

/**
 * struct kt_thread - a thread that ends by itself
 * @task: the thread
 * @fn: its function
 * @arg: argument of @fn
 * @ret: what @fn returned
 * @ended: complete when it has
 */
struct kt_thread {
	struct task_struct *task;
	int (*fn)(void *arg);
	void *arg;
	int ret;
	struct completion ended;
};

struct kt_thread *kt_thread(struct kunit *test, int (*fn)(void *arg), void *arg);

/* What a thread returned. */
#define KT_THREAD_END(test, th)						\
({									\
	struct kt_thread *__th = (th);					\
									\
	KT_COMPLETED(test, &__th->ended);				\
	/* For thread_gone(), which looks as well. */			\
	complete_all(&__th->ended);					\
	__th->ret;							\
})

/**
 * struct kt_rival - a thread that does something at the same time as its maker
 * @fn: what
 * @arg: argument of @fn
 * @asked: how often it was asked
 * @done: how often it did it
 * @stop: it shall end
 */
struct kt_rival {
	void (*fn)(void *arg);
	void *arg;
	unsigned int asked;
	unsigned int done;
	bool stop;
};

struct kt_rival *kt_rival(struct kunit *test);
void kt_rival_go(struct kt_rival *rival, void (*fn)(void *arg), void *arg);
bool kt_rival_done(struct kt_rival *rival);

/* Some hundreds of nanoseconds up to @max microseconds. */
void kt_dither(unsigned int max);

/* --- Parameters and the log ----------------------------------------------- */

int kt_write_file(const char *path, const char *text);
u64 kt_log_end(void);
unsigned int kt_logged(struct kunit *test, u64 from, const char *what);

/* --- Contexts ------------------------------------------------------------- */

/**
 * struct kt_context - a context to call something in; a test parameter
 * @name: of the parameter
 * @kind: which
 */
struct kt_context {
	const char *name;
	enum { KT_PROCESS, KT_IRQS_OFF, KT_SOFTIRQ, KT_HARDIRQ } kind;
};

extern const struct kt_context kt_contexts[4];
void kt_context_desc(const struct kt_context *context, char *desc);
void kt_call_in(struct kunit *test, const struct kt_context *context,
		void (*fn)(void *arg), void *arg);

#endif /* _KTASK_KUNIT_UTIL_H */
