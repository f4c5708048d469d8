/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How tasks run. Private to kernel/engine, but for the part that other rooms
 * need, which is at the top.
 */
#ifndef _KTASK_ENGINE_H
#define _KTASK_ENGINE_H

#include <linux/cpumask.h>
#include <linux/debug_locks.h>
#include <linux/ktask.h>
#include <linux/percpu-refcount.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>

#include "../compat.h"
#include "../observe/observe.h"

/* --- For other rooms ------------------------------------------------------ */

/**
 * struct ktask_stats - what tasks did on one CPU
 * @spawned: tasks started
 * @completed: tasks that ended in whatever way
 * @cancelled: of these, the cancelled ones
 * @resumed: how often a task was given a CPU
 * @helped: of these, how often by a thread that joined it, or has spawned it and waits
 * @stolen: how often an executor took a task from another's queue
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
	u64 stolen;
};

void ktask_runtime_stats(struct ktask_runtime *rt, struct ktask_stats *sum);
extern struct ktask_runtime *default_runtime;
bool ktask_help(struct ktask *t);
void task_hold(struct ktask *t, struct ktask_future *after, ktime_t delay);
struct ktask *task_new_with(const struct ktask_attr *attr, size_t behind);
struct ktask *task_new_plain_with(ktask_resume_t fn, const void *init,
				  const char *name,
				  const struct ktask_site *site, size_t behind);
int task_start_known(struct ktask *t);
void task_start_promised(struct ktask *t);
void task_start_here(struct ktask *t);
void executor_hurry(void);
bool blocking_runtime(struct ktask *t, u64 *ns);
struct ktask *ktask_current_blocking(void);

/* @t, which nobody else knows yet, has so many references. */
static inline void task_count(struct ktask *t, int refs)
{
	refcount_set(&t->refs, refs);
}

/* Nobody will know @t, however many references were counted. */
static inline void task_discard(struct ktask *t)
{
	task_count(t, 1);
	ktask_put(t);
}

/* As ktask_future_add(), for a future that nobody else knows yet. */
static inline void future_add_first(struct ktask_future *f,
				    struct ktask_waiter *waiter,
				    ktask_notify_t notify)
{
	waiter->notify = notify;
	waiter->node.next = NULL;
	waiter->node.pprev = &f->head.first;
	f->head.first = &waiter->node;
}

/* memset() does it by bytes, which for a task takes as long as all the rest. */
static inline void zero_words(void *p, size_t size)
{
	memset64(p, 0, size / sizeof(u64));
}

int ktask_engine_init(void);
void ktask_engine_exit(void);

/* --- Private -------------------------------------------------------------- */

/*
 * Of a function that all tasks go through, and that is not larger than @size: it is in
 * one page, and not across the border of two, as it may be whenever something before it
 * changes. In a section of its own, as objtool does not like such gaps within one.
 */
#define KT_IN_PAGE(name, size)						\
	__section(".text.ktask_" #name) __aligned(size)

/* Bits of ktask.state: see task.c. */
#define KT_NEW	BIT(0)
#define KT_READY	BIT(1)
#define KT_QUEUED	BIT(2)
#define KT_RUNNING	BIT(3)
#define KT_COMPLETE	BIT(4)
#define KT_ABORT	BIT(5)

/* Whether it is worth asking ktask_help(). Any context. */
static inline bool task_may_be_helped(const struct ktask *t)
{
	return !(t->kind & (KTASK_NO_HELP | __KTASK_BLOCKING)) &&
		atomic_read(&t->state) & KT_READY;
}

/* Why a task was woken; also bits of ktask.armed and ktask.fired. */
#define KT_FIRED_WAITER	BIT(6)
#define KT_FIRED_TIMER	BIT(7)
#define KT_FIRED		(KT_FIRED_WAITER | KT_FIRED_TIMER)

#define KT_HELD		BIT(8)

/* ktask.on_queue: whether it is in ex->queue or ex->bound; under ex->lock. */
enum {
	TASK_OFF_QUEUE,
	TASK_ON_QUEUE,
	TASK_WAITED,	/* it is, and when ex->late fires, it has been for long enough */
	TASK_OFFERED	/* likewise, and other CPUs know of it */
};

/**
 * struct ktask_drainer - a work item that drains an executor's queue
 * @work: the work
 * @ex: the executor
 * @all: in ex->drainers
 * @idle: in ex->idle while it is neither queued nor running
 * @thread: the worker while it runs, else NULL
 * @rescue: it stands in for one that does not come back; see stall.c
 * @task: what it is running
 * @since: in jiffies, when it began to
 * @told: that this is too long has been said
 * @nice: of the worker, before and after
 */
struct ktask_drainer {
	struct work_struct work;
	struct ktask_executor *ex;
	struct list_head all;
	struct list_head idle;
	struct task_struct *thread;
	bool rescue;
	bool told;
	int nice;
	struct ktask *task;
	unsigned long since;
};

/**
 * struct ktask_executor - a run queue: of one CPU and priority, or a local set's
 * @lock: guards the members up to @idle, @patience, and on_queue of tasks. Only
 *	tried where interrupts may be off or the context be any, so that an
 *	interrupt handler never waits for it
 * @queue: tasks that any executor may run, first come first
 * @bound: tasks that only this one may run, first come first
 * @nr_queue: length of @queue
 * @turn: which of the two is next
 * @pending: a drainer is queued and has not begun to run
 * @popped: how many tasks have been taken off to be run
 * @drainers: all drainers
 * @idle: drainers that are neither queued nor running
 * @first: the first two drainers; more are allocated when they are asleep. A
 *	local set has one for ever
 * @inbox: tasks pushed while @lock was held by somebody else
 * @newest: the task that was started last on this CPU, or NULL; only while @is_late
 *	or shortly after, so that the timer comes for it. Whoever takes it out has
 *	taken it off the queue
 * @inbox_work: moves them to the queues
 * @late: makes a drainer pending for tasks that have just been started
 * @is_late: it will
 * @patience: how late: see executor.c
 * @rt: whose executor this is
 * @spread: the executors that share their tasks with it; NULL for a local set
 * @wq: where the drainers are queued
 * @cpu: on this CPU, or %WORK_CPU_UNBOUND
 * @prio: its priority
 * @watch: see stall.c
 * @popped_before: what @popped was when it last looked
 */
struct ktask_executor {
	raw_spinlock_t lock;
	struct list_head queue;
	struct list_head bound;
	unsigned int nr_queue;
	bool turn;
	bool pending;
	unsigned int popped;
	struct list_head drainers;
	struct list_head idle;
	struct ktask_drainer first[2];
	struct llist_head inbox;
	struct ktask *newest;
	struct work_struct inbox_work;
	struct hrtimer late;
	bool is_late;
	u8 patience;
	struct ktask_runtime *rt;
	struct ktask_spread *spread;
	struct workqueue_struct *wq;
	int cpu;
	enum ktask_prio prio;
	struct timer_list watch;
	unsigned int popped_before;
};

/**
 * struct ktask_cpu_executors - the executors of one CPU
 * @prio: one for each priority
 */
struct ktask_cpu_executors {
	struct ktask_executor prio[KTASK_PRIO_COUNT];
};

/**
 * struct ktask_spread - executors of one priority, which share their tasks
 * @loaded: CPUs whose executor has tasks to spare; a bit changes under the lock
 *	of the executor
 * @idle: CPUs whose executor has nothing to do
 */
struct ktask_spread {
	struct cpumask loaded;
	struct cpumask idle;
};

/**
 * enum ktask_wq - the workqueues of a runtime
 * @KTASK_WQ_TASKS: where executors drain: per CPU, one work item at a time
 * @KTASK_WQ_TASKS_HIGH: the same, before others
 * @KTASK_WQ_HOGS: per CPU, any number at a time: for executors of low priority
 *	and for blocking tasks on a CPU
 * @KTASK_WQ_HOGS_HIGH: the same, before others
 * @KTASK_WQ_BLOCKING: blocking tasks, on any CPU
 * @KTASK_WQ_BLOCKING_HIGH: the same, before others
 * @KTASK_WQ_COUNT: how many there are
 */
enum ktask_wq {
	KTASK_WQ_TASKS,
	KTASK_WQ_TASKS_HIGH,
	KTASK_WQ_HOGS,
	KTASK_WQ_HOGS_HIGH,
	KTASK_WQ_BLOCKING,
	KTASK_WQ_BLOCKING_HIGH,
	KTASK_WQ_COUNT
};

/**
 * struct ktask_runtime - executors, and the tasks that run on them
 * @executors: of each possible CPU; NULL for a local set
 * @local: the one executor of a local set, else NULL
 * @stats: counters of each CPU
 * @wq: the workqueues; of a local set only the first
 * @spread: for each priority
 * @ref: one for each task that the runtime has not let go of yet, but for those
 *	that task_has_runtime() names
 * @is_default: it is the default runtime, of which there is one, and which keeps no
 *	list of its tasks
 * @idle: complete when @ref is gone
 * @key: lockdep class of the executors' work, so that tasks of one runtime may
 *	destroy another
 * @lock: guards @tasks and @aborting; taken with interrupts off
 * @tasks: all tasks of a private runtime, so that it can abort them
 * @aborting: those of them that ktask_runtime_destroy() has aborted
 * @closing: no more tasks; under @lock
 * @owner: the module that made it
 * @all: in the list of private runtimes
 * @observed: in the list of those shown in debugfs
 * @name: for messages and workqueues
 */
struct ktask_runtime {
	struct ktask_cpu_executors __percpu *executors;
	struct ktask_executor *local;
	struct ktask_stats __percpu *stats;
	struct workqueue_struct *wq[KTASK_WQ_COUNT];
	struct ktask_spread spread[KTASK_PRIO_COUNT];
	struct percpu_ref ref;
	bool is_default;
	struct completion idle;
	struct lock_class_key key;
	spinlock_t lock; /* see above */
	struct list_head tasks;
	struct list_head aborting;
	bool closing;
	struct module *owner;
	struct list_head all;
	struct observed_runtime observed;
	char name[24];
};

/* So many tasks have been, that were over at once and of which there was no sign. */
static inline void tasks_count_brief(unsigned int nr)
{
	struct ktask_stats __percpu *stats = default_runtime->stats;

	this_cpu_add(stats->spawned, nr);
	this_cpu_add(stats->completed, nr);
	this_cpu_add(stats->resumed, nr);
	this_cpu_add(stats->helped, nr);
}

/* @d runs @t from now on. */
static inline void drainer_enter(struct ktask_drainer *d, struct ktask *t)
{
	WRITE_ONCE(d->since, jiffies);
	WRITE_ONCE(d->told, false);
	WRITE_ONCE(d->task, t);
}

/*
 * The task that @d runs, if it is a drainer that does, is about to be suspended or
 * to end; then others may run and free it, so stall.c must not look at it any more.
 */
static inline void drainer_leave(struct ktask_drainer *d)
{
	if (d)
		WRITE_ONCE(d->task, NULL);
}

/* future.c */
void future_complete_waited(struct ktask_future *f);

/*
 * As ktask_future_complete(), for a future that only one can ever complete, and
 * who has stored the value already.
 */
static __always_inline void future_complete_stored(struct ktask_future *f)
{
	struct hlist_bl_node *nobody = NULL;

	/* The release pairs with the acquire in ktask_future_done(). */
	if (!try_cmpxchg(&f->head.first, &nobody,
			 (struct hlist_bl_node *)__KTASK_FUTURE_DONE))
		future_complete_waited(f);
}

/*
 * Having seen @t end, wait until the callbacks of its future have returned and
 * its module is not pinned any more, so that who joins a task may unload the
 * module next. That is a few instructions on a CPU that does not preempt them;
 * process context only, for it must not be that CPU.
 */
static inline void task_settle(struct ktask *t)
{
	smp_cond_load_acquire(&t->state.counter, VAL & KT_COMPLETE);
}

/* Whether that would not have to wait. Any context. */
static inline bool task_settled(const struct ktask *t)
{
	return atomic_read_acquire(&t->state) & KT_COMPLETE;
}

/* task.c */
int task_wake(struct ktask *t, int why);
bool task_run(struct ktask *t, struct ktask_drainer *d);
void task_let_go(struct ktask *t);
void task_run_defers(struct ktask *t);
void task_finish(struct ktask *t, enum ktask_outcome outcome, long result);

/*
 * Any context. Without SMP trying a spinlock always succeeds; it can be held by
 * what an interrupt has interrupted, and by nothing else.
 */
#define executor_trylock(ex) \
	((IS_ENABLED(CONFIG_SMP) || in_task()) && raw_spin_trylock(&(ex)->lock))

/*
 * Become the one who runs @t, if it is ready and nobody else does. @off_queue:
 * the caller has taken it off its queue. If true is not returned, @t may be
 * gone, unless the caller has a reference.
 */
static __always_inline bool task_claim(struct ktask *t, bool off_queue)
{
	int old = atomic_read(&t->state);
	bool claimed;
	int new;

	do {
		new = old;
		if (off_queue)
			new &= ~KT_QUEUED;
		claimed = (old & (KT_READY | KT_RUNNING)) == KT_READY;
		if (claimed) {
			new &= ~(KT_READY | KT_FIRED);
			new |= KT_RUNNING;
		}
	} while (!atomic_try_cmpxchg(&t->state, &old, new));

	if (likely(claimed))
		t->fired |= old & KT_FIRED;
	else if (off_queue && (old & KT_COMPLETE))
		task_let_go(t);
	return claimed;
}

/* executor.c */
void executor_init(struct ktask_executor *ex, struct ktask_runtime *rt, int cpu,
		   enum ktask_prio prio);
void executor_stop(struct ktask_executor *ex);
void executor_free(struct ktask_executor *ex);
void executor_push(struct ktask *t);
void executor_keep_next(struct ktask_executor *ex, struct ktask *t);
void executor_push_late(struct ktask_executor *ex, struct ktask *t);
struct ktask_drainer *executor_take_drainer(struct ktask_executor *ex);
struct ktask_drainer *executor_new_drainer(struct ktask_executor *ex);
void drainer_kick(struct ktask_drainer *d);

static inline void executor_enqueue(struct ktask_executor *ex, struct ktask *t)
{
	lockdep_assert_held(&ex->lock);
	if (t->kind & __KTASK_BOUND) {
		list_add_tail(&t->run, &ex->bound);
	} else {
		list_add_tail(&t->run, &ex->queue);
		WRITE_ONCE(ex->nr_queue, ex->nr_queue + 1);
	}
	t->on_queue = TASK_ON_QUEUE;
}

/* Return: false if it was not in the queue. */
static inline bool executor_dequeue(struct ktask_executor *ex, struct ktask *t)
{
	lockdep_assert_held(&ex->lock);
	if (!t->on_queue)
		return false;
	list_del(&t->run);
	t->on_queue = TASK_OFF_QUEUE;
	if (!(t->kind & __KTASK_BOUND))
		WRITE_ONCE(ex->nr_queue, ex->nr_queue - 1);
	return true;
}

/* Return: true if @t was kept beside the queue, and is the caller's now. */
static inline bool executor_take_newest(struct ktask_executor *ex, struct ktask *t)
{
	return READ_ONCE(ex->newest) == t &&
	       cmpxchg(&ex->newest, t, NULL) == t;
}

/* Whether the drainer of @ex can wait, for a task that the caller starts. */
static __always_inline bool executor_can_be_late(const struct ktask_executor *ex)
{
	return ex->prio == KTASK_PRIO_NORMAL && in_task() && !irqs_disabled() &&
	       ex->cpu == smp_processor_id();
}

/*
 * The timer of @ex has been started: keep @t where its joiner finds it without the
 * lock. Return: false if @t is still to be pushed.
 */
static __always_inline bool executor_keep_newest(struct ktask_executor *ex,
						 struct ktask *t)
{
	if (!READ_ONCE(ex->is_late))
		return false;
	/* Only this CPU keeps one here, and has no preemption; others take it. */
	if (READ_ONCE(ex->newest)) {
		executor_keep_next(ex, t);
		return true;
	}
	/* Full barrier: pairs with executor_not_late(). */
	smp_store_mb(ex->newest, t);
	/* If not, nobody may come for it; unless somebody has. */
	return READ_ONCE(ex->is_late) || !executor_take_newest(ex, t);
}

/* As executor_push(), for a task that is being started. */
static __always_inline void executor_push_new(struct ktask *t)
{
	struct ktask_executor *ex = t->ex;

	preempt_disable();
	if (!executor_can_be_late(ex))
		executor_push(t);
	else if (!executor_keep_newest(ex, t))
		executor_push_late(ex, t);
	preempt_enable();
}

/* help.c */
bool task_may_be_run_here(const struct ktask *t);

/* spread.c */
void spread_init(struct ktask_spread *s);
bool spread_can_offer(struct ktask_executor *ex);
void spread_offer(struct ktask_executor *ex);
void spread_busy(struct ktask_executor *ex);
void spread_idle(struct ktask_executor *ex);
bool spread_steal(struct ktask_executor *ex);

/* Whether @ex has tasks to @spare has perhaps changed. */
static inline void spread_update(struct ktask_executor *ex, unsigned int spare)
{
	struct ktask_spread *s = ex->spread;

	lockdep_assert_held(&ex->lock);
	if (!s)
		return;
	if (spare) {
		if (!cpumask_test_cpu(ex->cpu, &s->loaded))
			cpumask_set_cpu(ex->cpu, &s->loaded);
	} else if (!ex->nr_queue) {
		if (cpumask_test_cpu(ex->cpu, &s->loaded))
			cpumask_clear_cpu(ex->cpu, &s->loaded);
	}
}

/* stall.c */
void stall_init(struct ktask_executor *ex);
void stall_exit(struct ktask_executor *ex);
void stall_watch(struct ktask_executor *ex);

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

/* spawn.c */
bool cpu_exists(unsigned int cpu);

/* runtime.c */
bool runtime_get(struct ktask_runtime *rt, struct ktask *t);
void runtime_disown(struct ktask_runtime *rt, struct ktask *t);

static inline bool task_is_blocking(const struct ktask *t)
{
	return t->kind & __KTASK_BLOCKING;
}

/* For messages. */
static inline const void *task_function(const struct ktask *t)
{
	return task_is_blocking(t) ? (const void *)t->blocking :
				     (const void *)t->resume;
}

static inline struct module *task_pinned(const struct ktask *t)
{
	return t->kind & KTASK_NO_PIN ? NULL : t->owner;
}

/*
 * Whether @t has @rt for as long as it lives, and needs no reference to it: a module
 * that is pinned keeps ours, and so the default runtime, from going. What is left of
 * the end of a task when its module is not pinned any more, is not preempted, and
 * runtime_end() waits for that.
 */
static inline bool task_has_runtime(const struct ktask *t,
				    const struct ktask_runtime *rt)
{
	const struct module *pinned = task_pinned(t);

	return rt->is_default && pinned && pinned != THIS_MODULE;
}

static inline struct ktask_runtime *task_runtime(struct ktask *t)
{
	/* A thief may be changing it, to another of the same runtime. */
	return READ_ONCE(t->ex)->rt;
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

	/* When it has given up, what was released stays, and may be freed. */
	if (!debug_locks)
		return false;
	for (i = 0; i < current->lockdep_depth; i++) {
		if (current->held_locks[i].instance->key == t->lockdep_map.key)
			return true;
	}
#endif
	return false;
}

/* Run @t, which the caller has claimed, in a thread that is no drainer. */
static inline void task_run_here(struct ktask *t)
{
	/* Else it is not in the body of a blocking task. */
	if (current->flags & PF_WQ_WORKER)
		blocking_run_other(t);
	else if (task_run(t, NULL))
		executor_push(t);
}

#endif /* _KTASK_ENGINE_H */
