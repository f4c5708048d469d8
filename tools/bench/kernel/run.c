// SPDX-License-Identifier: GPL-2.0
/*
 * Running a row: rounds, samples, and ends before the time.
 */
#include <linux/cpumask.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "bench.h"

/* So many operations are done before others get their turn on the CPU. */
#define PAUSE_EVERY	256

bool bench_killed(const struct bench *b)
{
	return fatal_signal_pending(b->runner);
}

/*
 * To be called after each operation, with its number @i.
 * Return: true if no more shall be done.
 */
bool bench_pause(const struct bench *b, unsigned int i)
{
	if (i % PAUSE_EVERY)
		return false;
	cond_resched();
	return bench_killed(b);
}

/* Join a task which may take long; abort it if the caller is killed. */
int bench_join(struct ktask *t)
{
	int err = ktask_join_killable(t, NULL);

	if (!ktask_done(t))
		ktask_abort_and_wait(t);
	return err == -ERESTARTSYS ? -EINTR : err;
}

/* Report @value for each of @per. */
int bench_report(struct bench *b, const char *metric, u64 value,
		 unsigned int per)
{
	struct bench_sample *s;

	if (!b->round)
		return 0;
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	s->subject = b->subject->name;
	strscpy(s->metric, metric, sizeof(s->metric));
	s->round = b->round;
	s->value = div_u64(value * 1000, per);
	list_add_tail(&s->node, &b->samples);
	return 0;
}

void bench_free_samples(struct bench *b)
{
	struct bench_sample *s, *next;

	list_for_each_entry_safe(s, next, &b->samples, node)
		kfree(s);
	INIT_LIST_HEAD(&b->samples);
}

/* What most rows report: the time that each operation took. */
int bench_run_per_op(struct bench *b, unsigned int count)
{
	s64 ns = b->subject->time(b, count);

	return ns < 0 ? ns : bench_report(b, "ns", ns, count);
}

static int compare_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* What others report: how long it took half of them, and nearly all; at most. */
int bench_report_latencies(struct bench *b, u64 *ns, unsigned int count)
{
	int err;

	sort(ns, count, sizeof(*ns), compare_u64, NULL);
	err = bench_report(b, "p50_ns", ns[(count - 1) / 2], 1);
	if (err)
		return err;
	return bench_report(b, "p99_ns", ns[(u64)(count - 1) * 99 / 100], 1);
}

static int run_round(struct bench *b)
{
	const struct bench_subject *subjects = b->row->subjects;
	unsigned int i, n = 0;
	int err;

	while (subjects[n].name)
		n++;
	for (i = 0; i < n; i++) {
		b->subject = &subjects[(b->round + i) % n];
		if (b->only && b->subject != b->only)
			continue;
		if (bench_killed(b))
			return -EINTR;
		err = b->row->run(b, max(b->count / (b->subject->share ?: 1),
					 1U));
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

/*
 * Return: 0; -EINTR if the caller was killed, -ENXIO if there are not CPUs
 * enough, or what a subject ran into, such as -ENOMEM.
 */
int bench_run(struct bench *b)
{
	const struct bench_row *row = b->row;
	int err = 0;

	b->runner = current;
	if (num_online_cpus() < row->cpus)
		return -ENXIO;
	if (row->setup)
		err = row->setup(b);
	for (b->round = 0; !err && b->round <= b->rounds; b->round++)
		err = run_round(b);
	if (row->cleanup)
		row->cleanup(b);
	return err;
}
