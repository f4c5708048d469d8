// SPDX-License-Identifier: GPL-2.0
/*
 * CPUs that go off and on line meanwhile.
 */
#include <linux/cpu.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include "torture.h"

static struct task_struct *hotplug_thread;
static struct rnd_state hotplug_rnd;
static unsigned int hotplug_ms;

/* The first stays; not all machines let it go. */
static void toggle(unsigned int cpu)
{
	if (cpu_online(cpu)) {
		if (num_online_cpus() > 1 && !remove_cpu(cpu))
			tt_note(TT_NOTE_CPU_DOWN);
	} else if (!add_cpu(cpu)) {
		tt_note(TT_NOTE_CPU_UP);
	}
}

static int hotplug_main(void *arg)
{
	unsigned int cpu;

	while (!kthread_should_stop()) {
		schedule_timeout_interruptible(msecs_to_jiffies(1 +
			tt_below(&hotplug_rnd, 2 * hotplug_ms)));
		cpu = 1 + tt_below(&hotplug_rnd, nr_cpu_ids - 1);
		if (cpu_present(cpu))
			toggle(cpu);
	}
	for_each_present_cpu(cpu) {
		if (!cpu_online(cpu))
			toggle(cpu);
	}
	return 0;
}

/* @ms: how long it is between two changes, on average; 0: there are none. */
int hotplug_start(u64 seed, unsigned int ms)
{
	struct task_struct *thread;

	if (!ms || num_present_cpus() < 2)
		return 0;
	prandom_seed_state(&hotplug_rnd, seed);
	hotplug_ms = ms;
	thread = kthread_run(hotplug_main, NULL, "ktask_torture_hp");
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	hotplug_thread = thread;
	return 0;
}

void hotplug_stop(void)
{
	if (hotplug_thread)
		kthread_stop(hotplug_thread);
	hotplug_thread = NULL;
}
