// SPDX-License-Identifier: GPL-2.0
/*
 * Executors: the run queue of a CPU, and the work item that drains it.
 *
 * A task is pushed on the queue under the executor's lock if that is free, else
 * on the lock-free inbox, so a push never waits and may come from any context.
 * The queue can be taken from in the middle, which a joiner that helps needs.
 *
 * armed says that the work is queued or running and will look again, so that
 * most pushes need not queue it. It pairs as follows:
 *
 *	push to the queue, under the lock	sees armed, or sets it and kicks
 *	push to the inbox:			pop:
 *	  llist_add(inbox)			  armed = false
 *	  full barrier (the llist's cmpxchg)	  full barrier
 *	  if !armed, kick			  if inbox, go on
 *
 * so either the pusher kicks or the executor sees the task.
 *
 * The kick runs with preemption off, which is what runtime_destroy() waits for
 * before it takes the workqueue away: the task just pushed may end, and the
 * runtime with it, before its pusher is done.
 */
#include <linux/sched.h>
#include <linux/sched/task_stack.h>

#include "engine.h"

/* Tasks run in a row before other work of the CPU gets its turn. */
#define EXECUTOR_BUDGET	128

static void executor_kick(struct ktask_executor *ex)
{
	queue_work_on(ex->cpu, ex->rt->wq, &ex->work);
}

/* Return: whether the executor must be kicked. */
static bool executor_push_inbox(struct ktask_executor *ex, struct ktask *t)
{
	llist_add(&t->inbox, &ex->inbox);
	return !READ_ONCE(ex->armed) && !xchg(&ex->armed, true);
}

/* Return: as executor_push_inbox(). */
static bool executor_push_queue(struct ktask_executor *ex, struct ktask *t)
{
	bool armed;

	if (!raw_spin_trylock(&ex->lock))
		return executor_push_inbox(ex, t);
	list_add_tail(&t->run, &ex->queue);
	t->on_queue = true;
	armed = ex->armed;
	WRITE_ONCE(ex->armed, true);
	raw_spin_unlock(&ex->lock);
	return !armed;
}

/* Queue @t, for which the caller has set KT_QUEUED. Any context. */
void executor_push(struct ktask *t)
{
	struct ktask_executor *ex = t->ex;

	preempt_disable();
	if (executor_push_queue(ex, t))
		executor_kick(ex);
	preempt_enable();
}

/* Move the inbox, last come first, to the end of the queue, in order. */
static void executor_empty_inbox(struct ktask_executor *ex)
{
	struct llist_node *first = llist_del_all(&ex->inbox);
	struct ktask *t, *next;

	lockdep_assert_held(&ex->lock);
	first = llist_reverse_order(first);
	llist_for_each_entry_safe(t, next, first, inbox) {
		list_add_tail(&t->run, &ex->queue);
		t->on_queue = true;
	}
}

static struct ktask *executor_pop(struct ktask_executor *ex)
{
	struct ktask *t;

	raw_spin_lock(&ex->lock);
	if (!llist_empty(&ex->inbox))
		executor_empty_inbox(ex);
	t = list_first_entry_or_null(&ex->queue, struct ktask, run);
	if (!t) {
		WRITE_ONCE(ex->armed, false);
		smp_mb(); /* pairs with llist_add() in executor_push() */
		if (!llist_empty(&ex->inbox)) {
			WRITE_ONCE(ex->armed, true);
			executor_empty_inbox(ex);
			t = list_first_entry(&ex->queue, struct ktask, run);
		}
	}
	if (t) {
		list_del(&t->run);
		t->on_queue = false;
	}
	raw_spin_unlock(&ex->lock);
	return t;
}

static void executor_work(struct work_struct *work)
{
	struct ktask_executor *ex;
	int budget = EXECUTOR_BUDGET;
	struct ktask *t;

	ex = container_of(work, struct ktask_executor, work);
	while ((t = executor_pop(ex))) {
		task_dequeued(t);
		if (!--budget) {
			executor_kick(ex);
			break;
		}
		cond_resched();
	}
}

void executor_init(struct ktask_executor *ex, struct ktask_runtime *rt, int cpu)
{
	raw_spin_lock_init(&ex->lock);
	INIT_LIST_HEAD(&ex->queue);
	init_llist_head(&ex->inbox);
	INIT_WORK(&ex->work, executor_work);
	ex->rt = rt;
	ex->cpu = cpu;
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
	if (atomic_read(&t->state) & KT_READY) {
		struct ktask_executor *ex = t->ex;
		bool linked;

		raw_spin_lock(&ex->lock);
		/*
		 * If it is queued but not linked, it is in the inbox or was
		 * just popped; its executor will find that it needs nothing.
		 */
		linked = t->on_queue;
		if (linked) {
			list_del(&t->run);
			t->on_queue = false;
		}
		claimed = task_claim(t, linked);
		raw_spin_unlock(&ex->lock);
	}
	preempt_enable();

	if (!claimed)
		return false;
	this_cpu_inc(task_runtime(t)->stats->helped);
	task_run(t);
	return true;
}
