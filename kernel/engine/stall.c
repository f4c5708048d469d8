// SPDX-License-Identifier: GPL-2.0
/*
 * Resume functions that do not come back.
 *
 * While an executor has a drainer that runs, a timer looks at it from time to
 * time. If nothing was taken off the queue since the last look, though something
 * is there, one more drainer is queued where the workqueue does not make it wait
 * for the first: the other tasks of the executor go on, above all those that
 * must not run elsewhere. If one task has been running for stall_ms, that is
 * said, once, with the task's name and its stack.
 *
 * The timer runs on the executor's CPU and its drainers are bound to that, so
 * none of them goes on, and lets go of its task, while the timer's function
 * looks; but the workers of a CPU that has gone offline and those of local sets
 * are not bound, and then the name of the task is not safe to read.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/sched/debug.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "engine.h"

static unsigned int stall_ms = 10000;
module_param(stall_ms, uint, 0644);
MODULE_PARM_DESC(stall_ms, "Time after which a task that neither awaits nor ends is reported; 0: never");

/* How often an executor that is busy is looked at. */
#define WATCH_PERIOD	max(HZ / 10, 1)

static void stall_rearm(struct ktask_executor *ex)
{
	mod_timer(&ex->watch, jiffies + WATCH_PERIOD);
}

/* Have somebody look at @ex, a drainer of which begins. */
void stall_watch(struct ktask_executor *ex)
{
	if (!timer_pending(&ex->watch))
		stall_rearm(ex);
}

/* Whether @d stays as it is while the caller, on this CPU, looks at it. */
static bool drainer_is_still(const struct ktask_drainer *d)
{
	const struct task_struct *thread = d->thread;

	return thread->nr_cpus_allowed == 1 &&
	       task_cpu(thread) == smp_processor_id();
}

static void stall_report(struct ktask_drainer *d, struct ktask *t)
{
	unsigned int ms = jiffies_to_msecs(jiffies - READ_ONCE(d->since));

	if (drainer_is_still(d))
		pr_err("runtime %s: \"%s\" (%ps) has been running for %u ms\n",
		       d->ex->rt->name, t->name, t->resume, ms);
	else
		pr_err("runtime %s: a task has been running for %u ms\n",
		       d->ex->rt->name, ms);
	/* The timer may have interrupted it, then its stack is below ours. */
	if (d->thread == current)
		dump_stack();
	else
		sched_show_task(d->thread);
}

static void stall_check_drainer(struct ktask_drainer *d)
{
	unsigned int limit = READ_ONCE(stall_ms);
	struct ktask *t = READ_ONCE(d->task);

	if (!t || !limit || READ_ONCE(d->told))
		return;
	if (time_before(jiffies, READ_ONCE(d->since) + msecs_to_jiffies(limit)))
		return;
	WRITE_ONCE(d->told, true);
	stall_report(d, t);
}

/* Return: an idle drainer to be queued by rescue_kick(), or NULL. */
static struct ktask_drainer *stall_rescue(struct ktask_executor *ex)
{
	struct ktask_drainer *d;

	lockdep_assert_held(&ex->lock);
	d = list_first_entry_or_null(&ex->idle, struct ktask_drainer, idle);
	if (d) {
		list_del(&d->idle);
		d->rescue = true;
	}
	return d;
}

/* The same, if all are in use. A raw lock must not be held to allocate. */
static struct ktask_drainer *stall_rescue_anew(struct ktask_executor *ex)
{
	struct ktask_drainer *d = executor_new_drainer(ex);

	if (!d)
		return NULL;
	d->rescue = true;
	if (!executor_trylock(ex)) {
		/* The next look will do. */
		kfree(d);
		return NULL;
	}
	list_add(&d->all, &ex->drainers);
	raw_spin_unlock(&ex->lock);
	return d;
}

/*
 * Of a CPU's two worker pools the one that does not run the executor, and there
 * in a way that keeps no other work waiting.
 */
static void rescue_kick(struct ktask_drainer *d)
{
	enum ktask_wq wq = KTASK_WQ_HOGS_HIGH;

	if (!d)
		return;
	if (d->ex->prio == KTASK_PRIO_HIGH)
		wq = KTASK_WQ_HOGS;
	queue_work_on(d->ex->cpu, d->ex->rt->wq[wq], &d->work);
}

/* Whether tasks wait in the queue, and have done so since the last look. */
static bool stall_is_stuck(struct ktask_executor *ex)
{
	bool stuck = ex->popped == ex->popped_before;

	lockdep_assert_held(&ex->lock);
	ex->popped_before = ex->popped;
	/* A local set waits. */
	if (!stuck || !ex->spread)
		return false;
	return !list_empty(&ex->queue) || !list_empty(&ex->bound) ||
	       !llist_empty(&ex->inbox);
}

static void stall_look(struct timer_list *timer)
{
	struct ktask_executor *ex = container_of(timer, struct ktask_executor,
						 watch);
	struct ktask_drainer *d, *rescue = NULL;
	bool busy = false, rescued = false, stuck;

	/* This may have interrupted the holder. */
	if (!executor_trylock(ex)) {
		stall_rearm(ex);
		return;
	}
	list_for_each_entry(d, &ex->drainers, all) {
		if (!d->thread) {
			/* If even that is not run, another will not be. */
			rescued |= d->rescue;
			continue;
		}
		busy = true;
		stall_check_drainer(d);
	}
	stuck = busy && stall_is_stuck(ex) && !rescued;
	if (stuck)
		rescue = stall_rescue(ex);
	raw_spin_unlock(&ex->lock);

	if (stuck && !rescue)
		rescue = stall_rescue_anew(ex);
	rescue_kick(rescue);
	if (busy)
		stall_rearm(ex);
}

void stall_init(struct ktask_executor *ex)
{
	timer_setup(&ex->watch, stall_look, TIMER_PINNED);
}

/* No drainer runs any more. */
void stall_exit(struct ktask_executor *ex)
{
	timer_delete_sync(&ex->watch);
}
