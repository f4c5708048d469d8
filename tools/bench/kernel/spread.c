// SPDX-License-Identifier: GPL-2.0
/*
 * Work that computes, all begun on one CPU: how long it takes if all CPUs may do
 * it, and how many times as long on one.
 *
 * A piece takes a millisecond or so, and is the same for all; where the machine
 * has fewer CPUs to itself than it shows, that is seen in all of them.
 *
 * Not measured: work that shares memory, and how fair it is to others.
 */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/slab.h>

#include "bench.h"

#define PIECE_NS	NSEC_PER_MSEC

struct item {
	struct work_struct work;
	struct completion done;
};

struct spread {
	struct item *items;
	struct ktask **tasks;
};

/* What a piece takes; set by the first run, for all. */
static unsigned int steps_of_piece;

static noinline void compute(unsigned int steps)
{
	u32 x = steps;

	while (steps--) {
		x = x * 1664525 + 1013904223;
		OPTIMIZER_HIDE_VAR(x);
	}
	/* It is wanted by somebody, the compiler shall think. */
	barrier_data(&x);
}

/* As many steps as take so long, when nothing gets in between. */
static unsigned int calibrate(void)
{
	const unsigned int probe = 100000;
	u64 best = U64_MAX, start;
	unsigned int i;

	/* It is slow at first, where the machine is emulated or has slept. */
	for (i = 0; i < 100; i++) {
		start = ktime_get_ns();
		compute(probe);
		best = min_t(u64, best, bench_ns_since(start));
		cond_resched();
	}
	return max_t(u64, div64_u64((u64)PIECE_NS * probe, best), 1);
}

/* --- ktask ----------------------------------------------------------------- */

static ktask_poll_t piece(struct ktask *t)
{
	KTASK_BEGIN(t);
	compute(steps_of_piece);
	KTASK_END(t);
}

static s64 time_tasks(struct bench *b, unsigned int count, bool one_cpu)
{
	struct spread *s = b->priv;
	unsigned int i, n;
	u64 start;
	s64 err = 0;
	int place;

	migrate_disable();
	place = one_cpu ? KTASK_ON_CPU(raw_smp_processor_id()) : 0;
	start = ktime_get_ns();
	for (n = 0; n < count; n++) {
		s->tasks[n] = ktask_spawn(piece, void, .place = place);
		if (IS_ERR(s->tasks[n])) {
			err = PTR_ERR(s->tasks[n]);
			break;
		}
	}
	migrate_enable();
	err = ktask_join_all(s->tasks, n, TASK_KILLABLE, KTIME_MAX) ? -EINTR : err;
	if (!err)
		err = bench_ns_since(start);
	for (i = 0; i < n; i++) {
		ktask_abort_and_wait(s->tasks[i]);
		ktask_put(s->tasks[i]);
	}
	return err;
}

/* --- Workqueues ------------------------------------------------------------ */

static void item_work(struct work_struct *work)
{
	compute(steps_of_piece);
	complete(&container_of(work, struct item, work)->done);
}

static s64 time_works(struct bench *b, unsigned int count, bool one_cpu)
{
	struct spread *s = b->priv;
	unsigned int i;
	u64 start;
	s64 err = 0;

	migrate_disable();
	start = ktime_get_ns();
	for (i = 0; i < count; i++) {
		INIT_WORK(&s->items[i].work, item_work);
		init_completion(&s->items[i].done);
		if (one_cpu)
			queue_work_on(raw_smp_processor_id(), bench_wq,
				      &s->items[i].work);
		else
			queue_work(bench_wq_unbound, &s->items[i].work);
	}
	migrate_enable();
	for (i = 0; i < count && !err; i++) {
		if (wait_for_completion_killable(&s->items[i].done))
			err = -EINTR;
	}
	if (!err)
		err = bench_ns_since(start);
	for (i = 0; i < count; i++)
		cancel_work_sync(&s->items[i].work);
	return err;
}

/* --- The row --------------------------------------------------------------- */

static void cleanup(struct bench *b)
{
	struct spread *s = b->priv;

	if (!s)
		return;
	kvfree(s->items);
	kvfree(s->tasks);
	kfree(s);
}

static int setup(struct bench *b)
{
	struct spread *s = kzalloc(sizeof(*s), GFP_KERNEL);

	b->priv = s;
	if (!s)
		return -ENOMEM;
	s->items = kvcalloc(b->count, sizeof(*s->items), GFP_KERNEL);
	s->tasks = kvcalloc(b->count, sizeof(*s->tasks), GFP_KERNEL);
	if (!steps_of_piece)
		steps_of_piece = calibrate();
	return s->items && s->tasks ? 0 : -ENOMEM;
}

typedef s64 (*spread_time_t)(struct bench *b, unsigned int count, bool one_cpu);

static int run(struct bench *b, unsigned int count)
{
	const spread_time_t *time = b->subject->arg;
	s64 one, all;
	int err;

	one = (*time)(b, count, true);
	if (one < 0)
		return one;
	all = (*time)(b, count, false);
	if (all < 0)
		return all;
	err = bench_report(b, "one_cpu_ns", one, 1);
	if (!err)
		err = bench_report(b, "all_cpus_ns", all, 1);
	return err ?: bench_report(b, "x", div_u64(one * 1000, count),
				   max_t(u64, div_u64(all * 1000, count), 1));
}

static const spread_time_t tasks = time_tasks, works = time_works;

static const struct bench_subject subjects[] = {
	{ "ktask", 1, NULL, &tasks },
	{ "wq_unbound", 1, NULL, &works },
	{}
};

const struct bench_row bench_spread = {
	.name = "spread",
	.what = "work that computes, begun on one CPU; x: times as fast on all of them",
	.rounds = 10,
	.count = 100,
	.cpus = 2,
	.setup = setup,
	.cleanup = cleanup,
	.run = run,
	.subjects = subjects,
};
