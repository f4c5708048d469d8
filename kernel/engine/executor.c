// SPDX-License-Identifier: GPL-2.0
/*
 * Executors: the run queue of a CPU, and the work that drains it.
 *
 * A task is pushed on the queue under the executor's lock if that is free, else
 * on the lock-free inbox, from where a work item moves it to the queue; so a
 * push never waits, and may come from any context. The queue can be taken from
 * in the middle, which a joiner that helps needs.
 *
 * The queue is drained by work items. The rule is: while there are tasks in the
 * queue, a drainer is pending on the workqueue. When nothing ran, it runs at
 * once; while another drainer runs, it does not, since the workqueue runs one
 * work item of a CPU at a time; but when a resume function or a cleanup sleeps,
 * in whatever way, the workqueue lets the pending drainer run, and the task that
 * sleeps keeps nobody waiting but itself. What it waits for may even be a task of
 * this queue. So that there is always one more, a drainer makes sure that there
 * is before it runs a task.
 *
 * The kick runs with preemption off, which is what runtime_destroy() waits for
 * before it takes the workqueue away: the task just pushed may end, and the
 * runtime with it, before its pusher is done.
 */
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>

#include "engine.h"

/* Tasks run in a row before other work of the CPU gets its turn. */
#define EXECUTOR_BUDGET	128

/*
 * Have a drainer pending if there are tasks in the queue. If all are asleep in
 * tasks, the first to come back finds what is queued.
 * Return: a drainer to be queued by drainer_kick(), without the lock; or NULL.
 */
static struct ktask_drainer *executor_need_drainer(struct ktask_executor *ex)
{
	struct ktask_drainer *d;

	lockdep_assert_held(&ex->lock);
	if (list_empty(&ex->queue) || ex->pending)
		return NULL;
	d = list_first_entry_or_null(&ex->idle, struct ktask_drainer, idle);
	if (d) {
		list_del(&d->idle);
		ex->pending = true;
	}
	return d;
}

static void drainer_work(struct work_struct *work);

static void drainer_kick(struct ktask_drainer *d)
{
	if (d)
		queue_work_on(d->ex->cpu, d->ex->rt->wq, &d->work);
}

static void executor_enqueue(struct ktask_executor *ex, struct ktask *t)
{
	lockdep_assert_held(&ex->lock);
	list_add_tail(&t->run, &ex->queue);
	t->on_queue = true;
}

/* Return: false if it was not in the queue. */
static bool executor_dequeue(struct ktask_executor *ex, struct ktask *t)
{
	lockdep_assert_held(&ex->lock);
	if (!t->on_queue)
		return false;
	list_del(&t->run);
	t->on_queue = false;
	return true;
}

/* Queue @t, for which the caller has set KT_QUEUED. Any context. */
void executor_push(struct ktask *t)
{
	struct ktask_executor *ex = t->ex;
	struct ktask_drainer *d;

	preempt_disable();
	if (raw_spin_trylock(&ex->lock)) {
		executor_enqueue(ex, t);
		d = executor_need_drainer(ex);
		raw_spin_unlock(&ex->lock);
		drainer_kick(d);
	} else {
		llist_add(&t->inbox, &ex->inbox);
		queue_work_on(ex->cpu, ex->rt->wq, &ex->inbox_work);
	}
	preempt_enable();
}

/* The inbox is last come first. */
static void executor_empty_inbox(struct ktask_executor *ex)
{
	struct llist_node *first = llist_del_all(&ex->inbox);
	struct ktask *t, *next;

	first = llist_reverse_order(first);
	llist_for_each_entry_safe(t, next, first, inbox)
		executor_enqueue(ex, t);
}

static void drainer_init(struct ktask_drainer *d, struct ktask_executor *ex)
{
	INIT_WORK(&d->work, drainer_work);
	lockdep_init_map(&d->work.lockdep_map, "ktask_executor", &ex->rt->key,
			 0);
	d->ex = ex;
}

/* @d has nothing to do; unless there is something by now. */
static void drainer_idle(struct ktask_drainer *d)
{
	struct ktask_executor *ex = d->ex;

	raw_spin_lock(&ex->lock);
	list_add(&d->idle, &ex->idle);
	d = executor_need_drainer(ex);
	raw_spin_unlock(&ex->lock);
	drainer_kick(d);
}

/*
 * All drainers are running: if all of these sleep, nobody is left. Without
 * memory for one more, it shall be as it is.
 */
static void executor_add_drainer(struct ktask_executor *ex)
{
	struct ktask_drainer *d;

	d = kmalloc(sizeof(*d), GFP_NOWAIT | __GFP_NOWARN);
	if (!d)
		return;
	drainer_init(d, ex);
	drainer_idle(d);
}

/* Take the next task off the queue. A drainer that gets NULL is idle. */
static struct ktask *executor_pop(struct ktask_drainer *self)
{
	struct ktask_executor *ex = self->ex;
	struct ktask_drainer *d;
	struct ktask *t;
	bool last;

	raw_spin_lock(&ex->lock);
	if (!llist_empty(&ex->inbox))
		executor_empty_inbox(ex);
	t = list_first_entry_or_null(&ex->queue, struct ktask, run);
	if (t)
		executor_dequeue(ex, t);
	else
		list_add(&self->idle, &ex->idle);
	d = executor_need_drainer(ex);
	last = list_empty(&ex->idle) && !ex->pending;
	raw_spin_unlock(&ex->lock);

	drainer_kick(d);
	if (last)
		executor_add_drainer(ex);
	return t;
}

static void drainer_work(struct work_struct *work)
{
	struct ktask_drainer *self;
	int budget = EXECUTOR_BUDGET;
	struct ktask *t;

	self = container_of(work, struct ktask_drainer, work);
	raw_spin_lock(&self->ex->lock);
	self->ex->pending = false;
	raw_spin_unlock(&self->ex->lock);

	while ((t = executor_pop(self))) {
		task_dequeued(t);
		if (!--budget) {
			/* Other work of the CPU first; then on. */
			drainer_idle(self);
			break;
		}
		cond_resched();
	}
}

static void inbox_work(struct work_struct *work)
{
	struct ktask_executor *ex;
	struct ktask_drainer *d;

	ex = container_of(work, struct ktask_executor, inbox_work);
	raw_spin_lock(&ex->lock);
	executor_empty_inbox(ex);
	d = executor_need_drainer(ex);
	raw_spin_unlock(&ex->lock);
	drainer_kick(d);
}

void executor_init(struct ktask_executor *ex, struct ktask_runtime *rt, int cpu)
{
	int i;

	raw_spin_lock_init(&ex->lock);
	INIT_LIST_HEAD(&ex->queue);
	INIT_LIST_HEAD(&ex->idle);
	init_llist_head(&ex->inbox);
	INIT_WORK(&ex->inbox_work, inbox_work);
	ex->rt = rt;
	ex->cpu = cpu;
	for (i = 0; i < ARRAY_SIZE(ex->first); i++) {
		drainer_init(&ex->first[i], ex);
		list_add(&ex->first[i].idle, &ex->idle);
	}
}

static bool drainer_is_allocated(const struct ktask_drainer *d)
{
	const struct ktask_executor *ex = d->ex;

	return d < ex->first || d >= ex->first + ARRAY_SIZE(ex->first);
}

/* Nothing of the executor is queued or runs any more. */
void executor_free(struct ktask_executor *ex)
{
	struct ktask_drainer *d, *next;

	list_for_each_entry_safe(d, next, &ex->idle, idle) {
		if (drainer_is_allocated(d))
			kfree(d);
	}
}

/* Half the stack bounds how deep helpers that help can nest. */
static bool stack_has_room(void)
{
	unsigned long here = (unsigned long)&here;

	return here - (unsigned long)end_of_stack(current) > THREAD_SIZE / 2;
}

/*
 * Run @t until its next await in the caller's context, if it waits for a CPU
 * and allows that. The caller has a reference, and may sleep.
 */
bool ktask_help(struct ktask *t)
{
	bool claimed = false;

	if (t->kind & (KTASK_NO_HELP | __KTASK_BLOCKING) || !stack_has_room())
		return false;

	/* A ready task has a runtime, which stays while preemption is off. */
	preempt_disable();
	/* Pairs with ktask_start(). */
	if (atomic_read_acquire(&t->state) & KT_READY) {
		struct ktask_executor *ex = t->ex;
		bool linked;

		raw_spin_lock(&ex->lock);
		/*
		 * If it is queued but not linked, it is in the inbox or was
		 * just popped; its executor will find that it needs nothing.
		 */
		linked = executor_dequeue(ex, t);
		claimed = task_claim(t, linked);
		raw_spin_unlock(&ex->lock);
	}
	preempt_enable();

	if (!claimed)
		return false;
	this_cpu_inc(task_runtime(t)->stats->helped);
	blocking_run_other(t);
	return true;
}
