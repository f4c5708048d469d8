// SPDX-License-Identifier: GPL-2.0
/*
 * ktask_torture: attacks ktask with all that a driver may do, at random and at
 * once, and counts whether anything is lost. See README.md.
 */
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/seq_file.h>

#include "kernel/compat.h"
#include "torture.h"

char *tt_suite = "torture";
module_param_named(suite, tt_suite, charp, 0444);
MODULE_PARM_DESC(suite, "What to run: torture (default), cancel, all");

unsigned long long tt_seed_param;
module_param_named(seed, tt_seed_param, ullong, 0444);
MODULE_PARM_DESC(seed, "Of all decisions; 0 (default): any, and it is logged");

unsigned int tt_threads;
module_param_named(threads, tt_threads, uint, 0444);
MODULE_PARM_DESC(threads, "Threads that attack, and as many timers; by default two for each CPU");

unsigned int tt_seconds = 10;
module_param_named(seconds, tt_seconds, uint, 0444);
MODULE_PARM_DESC(seconds, "For how long (default 10)");

unsigned int tt_ops;
module_param_named(ops, tt_ops, uint, 0444);
MODULE_PARM_DESC(ops, "Stop after so many operations; 0 (default): when the time is up");

unsigned int tt_rounds = 1000;
module_param_named(rounds, tt_rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "Of each cancel race (default 1000)");

unsigned int tt_hotplug;
module_param_named(hotplug, tt_hotplug, uint, 0444);
MODULE_PARM_DESC(hotplug, "Milliseconds between CPUs that go off or on line; 0 (default): they stay");

unsigned int tt_max_live = 600;
module_param_named(max_live, tt_max_live, uint, 0444);
MODULE_PARM_DESC(max_live, "Tasks at once (default 600)");

static struct dentry *dir;

/* A read waits until there is one. */
static int verdict_show(struct seq_file *m, void *unused)
{
	int err = director_wait();

	if (err)
		return err;
	seq_printf(m, "ktask_torture: %s\n", director_verdict());
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(verdict);

static int stats_show(struct seq_file *m, void *unused)
{
	tt_stats_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int __init torture_init(void)
{
	int err;

	if (!tt_threads)
		tt_threads = 2 * num_online_cpus();
	err = subjects_init();
	if (err)
		return err;
	err = start_init();
	if (err)
		goto err_subjects;
	err = spawn_init();
	if (err)
		goto err_start;
	err = director_start();
	if (err)
		goto err_spawn;
	dir = debugfs_create_dir("ktask_torture", NULL);
	debugfs_create_file("verdict", 0400, dir, NULL, &verdict_fops);
	debugfs_create_file("stats", 0400, dir, NULL, &stats_fops);
	return 0;

err_spawn:
	spawn_exit();
err_start:
	start_exit();
err_subjects:
	subjects_exit();
	return err;
}
module_init(torture_init);

/* All tasks have ended, or we would be pinned. */
static void __exit torture_exit(void)
{
	debugfs_remove(dir);
	director_stop();
	spawn_exit();
	/* Timers and tasklets may be about to return. */
	synchronize_rcu();
	start_exit();
	subjects_exit();
	if (tt_faults())
		pr_err("unloaded after %u violations\n", tt_faults());
}
module_exit(torture_exit);

MODULE_DESCRIPTION("Torture tests for ktask");
MODULE_AUTHOR("The ktask developers");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(KTASK_NS);
