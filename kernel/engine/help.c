// SPDX-License-Identifier: GPL-2.0
/*
 * Help: who waits for a task that waits for a CPU runs it, in place of the executor
 * that has it, so that neither has to be woken for the other.
 */
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>

#include "engine.h"

/* Half the stack bounds how deep helpers that help can nest. */
static bool stack_has_room(void)
{
	unsigned long here = (unsigned long)&here;

	return here - (unsigned long)end_of_stack(current) > THREAD_SIZE / 2;
}

/* Lock the executor of @t, which a thief may be changing. */
static struct ktask_executor *executor_lock_of(struct ktask *t)
	__acquires(t->ex->lock)
{
	struct ktask_executor *ex;

	for (;;) {
		/* Pairs with spread_rob(). */
		ex = smp_load_acquire(&t->ex);
		raw_spin_lock(&ex->lock);
		if (likely(ex == READ_ONCE(t->ex)))
			return ex;
		raw_spin_unlock(&ex->lock);
	}
}

/* Whether the calling thread may run @t, as far as they two are concerned. */
bool task_may_be_run_here(const struct ktask *t)
{
	return !(t->kind & (KTASK_NO_HELP | __KTASK_BLOCKING)) &&
		stack_has_room();
}

static bool help_claim(struct ktask *t)
{
	struct ktask_executor *ex = READ_ONCE(t->ex);
	bool linked, claimed;

	if (executor_take_newest(ex, t))
		return task_claim(t, true);

	ex = executor_lock_of(t);
	/*
	 * If it is queued but not linked, it is in the inbox, on its way to a
	 * thief, or was just popped; its executor will find that it needs
	 * nothing.
	 */
	linked = executor_dequeue(ex, t);
	claimed = task_claim(t, linked);
	raw_spin_unlock(&ex->lock);
	return claimed;
}

/*
 * Run @t until its next await in the caller's context, if it waits for a CPU
 * and allows that. The caller has a reference, and may sleep.
 */
KT_IN_PAGE(help, 1024)
bool ktask_help(struct ktask *t)
{
	bool claimed = false;

	if (!task_may_be_run_here(t))
		return false;

	/* A ready task has a runtime, which stays while preemption is off. */
	preempt_disable();
	/* Pairs with ktask_start(). */
	if (atomic_read_acquire(&t->state) & KT_READY)
		claimed = help_claim(t);
	preempt_enable();

	if (!claimed)
		return false;
	this_cpu_inc(task_runtime(t)->stats->helped);
	task_run_here(t);
	return true;
}
