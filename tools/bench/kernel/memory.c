// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs to be asleep: bytes for each of many that wait and have 32 bytes
 * of their own.
 *
 * bytes is how much the slab allocator and kernel stacks have taken from the system
 * meanwhile, by the system's own counters of pages, so with all that the allocator
 * does not hand out; it is exact to a few dozen pages a CPU, which is little where
 * many sleep. bytes_object is what the allocator gives for the one allocation of
 * each, where there is one.
 *
 * Not measured: what is there once for all of them, such as executors and
 * workers; and the array of the caller's by which it knows them.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmstat.h>

#include "bench.h"

/* Nobody sleeps to the end of it. */
#define SLEEP_MS	(3600 * MSEC_PER_SEC)

struct locals {
	atomic_t *awake;
	u8 rest[32 - sizeof(atomic_t *)];
};

/* What ktask keeps of tasks that are gone it has given back after twenty seconds. */
#define KEPT_JIFFIES	(21 * HZ)

/* So few that what is kept does not matter. */
#define FEW	1000

static long bytes_now(void)
{
	long pages = global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B) +
		global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B);

	return (pages << PAGE_SHIFT) +
		global_node_page_state(NR_KERNEL_STACK_KB) * SZ_1K;
}

static int report(struct bench *b, long before, const void *object,
		  unsigned int count)
{
	int err = bench_report(b, "bytes", max(bytes_now() - before, 0L), count);

	if (!err && object)
		err = bench_report(b, "bytes_object", ksize(object), 1);
	return err;
}

/* --- ktask ----------------------------------------------------------------- */

/* Or those of the next round would seem to take nothing. */
static void wait_until_given_back(struct bench *b, unsigned int count)
{
	unsigned long until = jiffies + KEPT_JIFFIES;

	while (count > FEW && time_before(jiffies, until) && !bench_killed(b))
		schedule_timeout_uninterruptible(HZ / 10);
}

static ktask_poll_t sleeper(struct ktask *t)
{
	struct locals *l = ktask_frame(t);

	KTASK_BEGIN(t);
	atomic_dec(l->awake);
	KTASK_SLEEP(t, ms_to_ktime(SLEEP_MS));
	KTASK_END(t);
}

static int measure_tasks(struct bench *b, unsigned int count)
{
	struct ktask **tasks = kvcalloc(count, sizeof(*tasks), GFP_KERNEL);
	long before = bytes_now();
	atomic_t awake = ATOMIC_INIT(count);
	struct locals l = { &awake };
	unsigned int i, n;
	int err = 0;

	if (!tasks)
		return -ENOMEM;
	for (n = 0; n < count && !err; n++) {
		tasks[n] = ktask_spawn(sleeper, struct locals, .init = &l);
		if (IS_ERR(tasks[n])) {
			err = PTR_ERR(tasks[n]);
			break;
		}
		if (bench_pause(b, n))
			err = -EINTR;
	}
	/* They need only a moment to get there. */
	while (!err && atomic_read(&awake)) {
		if (bench_killed(b))
			err = -EINTR;
		schedule_timeout_uninterruptible(1);
	}
	if (!err)
		err = report(b, before, tasks[0], count);
	for (i = 0; i < n; i++) {
		ktask_abort_and_wait(tasks[i]);
		ktask_put(tasks[i]);
		bench_pause(b, i);
	}
	kvfree(tasks);
	wait_until_given_back(b, count);
	return err;
}

/* --- Delayed work ---------------------------------------------------------- */

struct delayed {
	struct delayed_work work;
	u8 locals[32];
};

static void delayed_fn(struct work_struct *work)
{
}

static int measure_delayed(struct bench *b, unsigned int count)
{
	struct delayed **items = kvcalloc(count, sizeof(*items), GFP_KERNEL);
	long before = bytes_now();
	unsigned int i, n;
	int err = 0;

	if (!items)
		return -ENOMEM;
	for (n = 0; n < count && !err; n++) {
		items[n] = kmalloc(sizeof(*items[n]), GFP_KERNEL);
		if (!items[n]) {
			err = -ENOMEM;
			break;
		}
		INIT_DELAYED_WORK(&items[n]->work, delayed_fn);
		queue_delayed_work(bench_wq, &items[n]->work,
				   msecs_to_jiffies(SLEEP_MS));
		if (bench_pause(b, n))
			err = -EINTR;
	}
	if (!err)
		err = report(b, before, items[0], count);
	for (i = 0; i < n; i++) {
		cancel_delayed_work_sync(&items[i]->work);
		kfree(items[i]);
		bench_pause(b, i);
	}
	kvfree(items);
	return err;
}

/* --- Threads --------------------------------------------------------------- */

static int sleeping_thread(void *arg)
{
	u8 locals[32] = {};

	/* In memory, that is on the stack. */
	barrier_data(locals);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(msecs_to_jiffies(SLEEP_MS));
	return locals[0];
}

static int measure_kthreads(struct bench *b, unsigned int count)
{
	struct task_struct **threads = kvcalloc(count, sizeof(*threads),
						GFP_KERNEL);
	long before = bytes_now();
	unsigned int i, n;
	int err = 0;

	if (!threads)
		return -ENOMEM;
	for (n = 0; n < count && !err; n++) {
		threads[n] = kthread_run(sleeping_thread, NULL, "ktask_bench");
		if (IS_ERR(threads[n])) {
			err = PTR_ERR(threads[n]);
			break;
		}
		if (bench_killed(b))
			err = -EINTR;
	}
	if (!err)
		err = report(b, before, NULL, count);
	for (i = 0; i < n; i++)
		kthread_stop(threads[i]);
	kvfree(threads);
	return err;
}

/* --- The row --------------------------------------------------------------- */

typedef int (*measure_t)(struct bench *b, unsigned int count);

static int run(struct bench *b, unsigned int count)
{
	const measure_t *measure = b->subject->arg;

	return (*measure)(b, count);
}

static const measure_t tasks = measure_tasks, delayed = measure_delayed;
static const measure_t kthreads = measure_kthreads;

static const struct bench_subject subjects[] = {
	{ "ktask", 1, NULL, &tasks },
	{ "delayed_work+kmalloc", 1, NULL, &delayed },
	{ "kthread", 1000, NULL, &kthreads },
	{}
};

const struct bench_row bench_memory = {
	.name = "memory",
	.what = "bytes for each of many that sleep and have 32 bytes of their own",
	.rounds = 3,
	.count = 100000,
	.run = run,
	.subjects = subjects,
};
