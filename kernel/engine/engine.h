/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How tasks run. Private to kernel/engine, but for the part that other rooms
 * need, which is at the top.
 */
#ifndef _KTASK_ENGINE_H
#define _KTASK_ENGINE_H

#include <linux/ktask.h>
#include <linux/percpu-refcount.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "../compat.h"

/* --- For other rooms ------------------------------------------------------ */

/**
 * struct ktask_stats - what tasks did on one CPU
 * @spawned: tasks started
 * @completed: tasks that ended in whatever way
 * @cancelled: of these, the cancelled ones
 * @resumed: how often a task was given a CPU
 * @helped: of these, how often by a thread that joined it
 *
 * Counted with this_cpu_inc(), so right in any context; a task may end on
 * another CPU than it was spawned on, so only sums mean something.
 */
struct ktask_stats {
	u64 spawned;
	u64 completed;
	u64 cancelled;
	u64 resumed;
	u64 helped;
};

void ktask_runtime_stats(struct ktask_runtime *rt, struct ktask_stats *sum);
struct ktask_runtime *ktask_default_runtime(void);
bool ktask_help(struct ktask *t);
void task_settle(struct ktask *t);
struct ktask *ktask_current_blocking(void);

int ktask_engine_init(void);
void ktask_engine_exit(void);

/* --- Private -------------------------------------------------------------- */

/* Bits of ktask.state: see task.c. */
#define KT_NEW	BIT(0)
#define KT_READY	BIT(1)
#define KT_QUEUED	BIT(2)
#define KT_RUNNING	BIT(3)
#define KT_COMPLETE	BIT(4)
#define KT_ABORT	BIT(5)

/* Why a task was woken; also bits of ktask.armed and ktask.fired. */
#define KT_FIRED_WAITER	BIT(6)
#define KT_FIRED_TIMER	BIT(7)
#define KT_FIRED		(KT_FIRED_WAITER | KT_FIRED_TIMER)

#define KT_HELD		BIT(8)

/**
 * struct ktask_drainer - a work item that drains an executor's queue
 * @work: the work
 * @ex: the executor
 * @idle: in ex->idle while it is neither queued nor running
 */
struct ktask_drainer {
	struct work_struct work;
	struct ktask_executor *ex;
	struct list_head idle;
};

/**
 * struct ktask_executor - the run queue of one CPU
 * @lock: guards the members up to @idle, and the on_queue flag of tasks. Only
 *	tried where interrupts may be off or the context be any, so that an
 *	interrupt handler never waits for it
 * @queue: tasks to run, first come first
 * @pending: a drainer is queued and has not begun to run
 * @idle: drainers that are neither queued nor running
 * @first: the first two drainers; more are allocated when they are asleep
 * @inbox: tasks pushed while @lock was held by somebody else
 * @inbox_work: moves them to @queue
 * @rt: whose executor this is
 * @cpu: the CPU that all the work is queued on
 */
struct ktask_executor {
	raw_spinlock_t lock;
	struct list_head queue;
	bool pending;
	struct list_head idle;
	struct ktask_drainer first[2];
	struct llist_head inbox;
	struct work_struct inbox_work;
	struct ktask_runtime *rt;
	int cpu;
};

/**
 * struct ktask_runtime - executors, and the tasks that run on them
 * @executors: one for each possible CPU
 * @stats: counters of each CPU
 * @wq: per-CPU workqueue that the executors drain in
 * @blocking_wq: unbound workqueue for blocking tasks
 * @ref: one for each task that the runtime has not let go of yet
 * @idle: complete when @ref is gone
 * @key: lockdep class of the executors' work, so that tasks of one runtime may
 *	destroy another
 * @lock: guards @tasks and @aborting; taken with interrupts off
 * @tasks: all tasks of a private runtime, so that it can abort them; the
 *	default runtime, which outlives its tasks, keeps no list
 * @aborting: those of them that ktask_runtime_destroy() has aborted
 * @closing: no more tasks; under @lock
 * @name: for messages and workqueues
 */
struct ktask_runtime {
	struct ktask_executor __percpu *executors;
	struct ktask_stats __percpu *stats;
	struct workqueue_struct *wq;
	struct workqueue_struct *blocking_wq;
	struct percpu_ref ref;
	struct completion idle;
	struct lock_class_key key;
	spinlock_t lock; /* see above */
	struct list_head tasks;
	struct list_head aborting;
	bool closing;
	char name[24];
};

/* future.c */
void future_complete_stored(struct ktask_future *f);

/* task.c */
int task_wake(struct ktask *t, int why);
bool task_claim(struct ktask *t, bool off_queue);
void task_run(struct ktask *t);
void task_dequeued(struct ktask *t);
void task_run_defers(struct ktask *t);
void task_finish(struct ktask *t, enum ktask_outcome outcome, long result);

/* executor.c */
void executor_init(struct ktask_executor *ex, struct ktask_runtime *rt, int cpu);
void executor_free(struct ktask_executor *ex);
void executor_push(struct ktask *t);

/* blocking.c */
void blocking_setup(void);
void blocking_init(struct ktask *t);
void blocking_queue(struct ktask *t);
void blocking_abort(struct ktask *t);
void blocking_run_other(struct ktask *t);

/* await.c */
void await_hold(struct ktask *t, struct ktask_future *after, ktime_t delay);
bool await_begin_hold(struct ktask *t);
bool await_over(struct ktask *t);

/* timer.c */
void timer_init(struct ktask *t, ktime_t duration);
void timer_start(struct ktask *t);
void timer_disarm(struct ktask *t);

/* runtime.c */
bool runtime_get(struct ktask_runtime *rt, struct ktask *t);
void runtime_forget(struct ktask_runtime *rt, struct ktask *t);
void runtime_disown(struct ktask_runtime *rt, struct ktask *t);

static inline bool task_is_blocking(const struct ktask *t)
{
	return t->kind & __KTASK_BLOCKING;
}

static inline struct module *task_pinned(const struct ktask *t)
{
	return t->kind & KTASK_NO_PIN ? NULL : t->owner;
}

static inline struct ktask_runtime *task_runtime(struct ktask *t)
{
	return t->ex->rt;
}

/*
 * Whether the calling thread is inside a task of the same class: of those that
 * begin at one line, one may wait for another, as recursive algorithms do, and
 * lockdep must not be told.
 */
static inline bool task_class_held(const struct ktask *t)
{
#ifdef CONFIG_LOCKDEP
	int i;

	for (i = 0; i < current->lockdep_depth; i++) {
		if (current->held_locks[i].instance->key == t->lockdep_map.key)
			return true;
	}
#endif
	return false;
}

#endif /* _KTASK_ENGINE_H */
