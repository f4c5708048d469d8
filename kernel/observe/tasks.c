// SPDX-License-Identifier: GPL-2.0
/*
 * The list of live tasks, in debugfs as ktask/tasks.
 *
 * Keeping it costs an allocation and a lock for each spawn and each end, so it is
 * kept only of tasks that are started while the parameter "track" is set. A task
 * knows whether it is on the list, and so comes off it whatever has become of the
 * parameter.
 *
 * A task ends its entry before it ends itself; so under the lock, and only there,
 * the tasks of entries can be read.
 */
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/xarray.h>

#include "../engine/engine.h"
#include "observe.h"
#include "tasks.h"

bool observe_track;
module_param_named(track, observe_track, bool, 0644);
MODULE_PARM_DESC(track, "Show the tasks that are started from now on in debugfs ktask/tasks");

/**
 * struct entry - a task on the list
 * @t: the task
 * @began: when it was started, ns of CLOCK_MONOTONIC
 * @runs: how often it has been given a CPU; written by who runs it
 * @run_ns: for how long, all in all
 * @rcu: to free it
 */
struct entry {
	struct ktask *t;
	u64 began;
	u64 runs;
	u64 run_ns;
	struct rcu_head rcu;
};

/* By address, which is a multiple of eight. */
static DEFINE_XARRAY_FLAGS(entries, XA_FLAGS_LOCK_IRQ);

static unsigned long index_of(const struct ktask *t)
{
	return (unsigned long)t >> 3;
}

/* Any context. Return: false if there is no memory for it; it is not shown then. */
bool observe_task_begin(struct ktask *t)
{
	struct entry *e = kzalloc(sizeof(*e), GFP_NOWAIT | __GFP_NOWARN);
	unsigned long flags;
	int err;

	if (!e)
		return false;
	e->t = t;
	e->began = ktime_get_ns();
	xa_lock_irqsave(&entries, flags);
	err = xa_err(__xa_store(&entries, index_of(t), e,
				GFP_NOWAIT | __GFP_NOWARN));
	xa_unlock_irqrestore(&entries, flags);
	if (err)
		kfree(e);
	return !err;
}

void observe_task_end(struct ktask *t)
{
	struct entry *e;
	unsigned long flags;

	xa_lock_irqsave(&entries, flags);
	e = __xa_erase(&entries, index_of(t));
	xa_unlock_irqrestore(&entries, flags);
	kfree_rcu(e, rcu);
}

/* Called by who runs @t. */
void observe_task_ran(struct ktask *t, u64 ns)
{
	struct entry *e;

	rcu_read_lock();
	e = xa_load(&entries, index_of(t));
	if (e) {
		WRITE_ONCE(e->runs, e->runs + 1);
		WRITE_ONCE(e->run_ns, e->run_ns + ns);
	}
	rcu_read_unlock();
}

static const char *state_name(int state)
{
	if (state & KT_RUNNING)
		return state & KT_ABORT ? "aborting" : "running";
	if (state & KT_READY)
		return "queued";
	return "waiting";
}

static void show_awaited(struct seq_file *m, const struct ktask *t, int state)
{
	unsigned int armed = READ_ONCE(t->armed);
	unsigned int pc;

	if (state & (KT_RUNNING | KT_READY) || !armed) {
		seq_puts(m, " -");
		return;
	}
	if (armed & KT_FIRED_WAITER)
		seq_printf(m, " future:%p", READ_ONCE(t->awaited));
	if (armed & KT_FIRED_TIMER)
		seq_puts(m, armed & KT_FIRED_WAITER ? "+timer" : " timer");
	/* One that is held has not begun. data_race: it may run on meanwhile. */
	pc = data_race(t->pc);
	if (pc)
		seq_printf(m, "@%u", pc);
}

/* One line. Under the lock, so that the task does not end. */
static void show_entry(struct seq_file *m, const struct entry *e)
{
	const struct ktask *t = e->t;
	int state = atomic_read(&t->state);

	seq_printf(m, "%s %s %s %d %s", t->name,
		   t->kind & __KTASK_BLOCKING ? "blocking" : "async",
		   state_name(state), READ_ONCE(t->ex)->cpu,
		   t->owner ? t->owner->name : "-");
	show_awaited(m, t, state);
	seq_printf(m, " %llu %llu %llu\n", READ_ONCE(e->runs),
		   READ_ONCE(e->run_ns) / NSEC_PER_USEC,
		   (ktime_get_ns() - e->began) / NSEC_PER_USEC);
}

/* The position is the index, and zero the head line. */
static void *tasks_start(struct seq_file *m, loff_t *pos)
{
	unsigned long index = *pos;

	if (!index)
		return SEQ_START_TOKEN;
	if (!xa_find(&entries, &index, ULONG_MAX, XA_PRESENT))
		return NULL;
	*pos = index;
	return pos;
}

static void *tasks_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return tasks_start(m, pos);
}

static void tasks_stop(struct seq_file *m, void *v)
{
}

static int tasks_show(struct seq_file *m, void *v)
{
	struct entry *e;

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, "# name kind state cpu module awaits@line runs run_us age_us\n");
		return 0;
	}
	xa_lock_irq(&entries);
	e = xa_load(&entries, *(loff_t *)v);
	if (e)
		show_entry(m, e);
	xa_unlock_irq(&entries);
	return 0;
}

const struct seq_operations observe_tasks_ops = {
	.start = tasks_start,
	.next = tasks_next,
	.stop = tasks_stop,
	.show = tasks_show,
};
