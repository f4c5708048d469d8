// SPDX-License-Identifier: GPL-2.0
/*
 * The files of debugfs: ktask/tasks and ktask/executors. Their format is for
 * people, and may change.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>

#include "../engine/engine.h"
#include "observe.h"
#include "tasks.h"

static struct dentry *dir;

/* Of struct observed_runtime; under runtimes_lock. */
static LIST_HEAD(runtimes);
static DEFINE_MUTEX(runtimes_lock);

/* @o is embedded in a runtime that is complete. */
void observe_runtime_begin(struct observed_runtime *o)
{
	guard(mutex)(&runtimes_lock);
	list_add_tail(&o->node, &runtimes);
}

/* Nobody reads the runtime when this has returned. */
void observe_runtime_end(struct observed_runtime *o)
{
	guard(mutex)(&runtimes_lock);
	list_del(&o->node);
}

/* Tasks that could run anywhere; the others are not counted. */
static unsigned int queued_on(struct ktask_runtime *rt, int cpu)
{
	struct ktask_cpu_executors *exs = per_cpu_ptr(rt->executors, cpu);
	unsigned int n = 0;
	int prio;

	for (prio = 0; prio < KTASK_PRIO_COUNT; prio++)
		n += READ_ONCE(exs->prio[prio].nr_queue);
	return n;
}

static void show_cpu(struct seq_file *m, struct ktask_runtime *rt, int cpu)
{
	const struct ktask_stats *s = per_cpu_ptr(rt->stats, cpu);

	if (!READ_ONCE(s->spawned) && !READ_ONCE(s->resumed))
		return;
	seq_printf(m, "%s %d %llu %llu %llu %llu %llu %llu %u\n", rt->name, cpu,
		   READ_ONCE(s->spawned), READ_ONCE(s->completed),
		   READ_ONCE(s->cancelled), READ_ONCE(s->resumed),
		   READ_ONCE(s->helped), READ_ONCE(s->stolen),
		   rt->executors ? queued_on(rt, cpu) : 0);
}

static int executors_show(struct seq_file *m, void *v)
{
	struct ktask_runtime *rt;
	int cpu;

	seq_puts(m, "# runtime cpu spawned completed cancelled resumed helped stolen queued\n");
	guard(mutex)(&runtimes_lock);
	list_for_each_entry(rt, &runtimes, observed.node) {
		for_each_possible_cpu(cpu)
			show_cpu(m, rt, cpu);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(executors);

static int tasks_open(struct inode *inode, struct file *file)
{
	return seq_open(file, &observe_tasks_ops);
}

static const struct file_operations tasks_fops = {
	.owner = THIS_MODULE,
	.open = tasks_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release,
};

/* Without debugfs there are no files, and nothing else is missing. */
void observe_init(void)
{
	dir = debugfs_create_dir("ktask", NULL);
	debugfs_create_file("tasks", 0400, dir, NULL, &tasks_fops);
	debugfs_create_file("executors", 0400, dir, NULL, &executors_fops);
}

void observe_exit(void)
{
	debugfs_remove(dir);
}
