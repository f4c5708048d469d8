// SPDX-License-Identifier: GPL-2.0
/*
 * Two who take turns on one CPU, each doing nothing but to give way to the
 * other; per turn.
 *
 * The peer that does the same is a pair of threads, of which each wakes the
 * other and sleeps: a context switch a turn. yield() is no such peer, for with it
 * the scheduler switches when it likes. Two work items that queue themselves again
 * share a worker, as two tasks do.
 *
 * Not measured: what caches and the TLB lose by a switch of threads, for both
 * threads are the kernel's; and what a task that yields after real work costs.
 */
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "bench.h"

/**
 * struct pair - two who take turns
 * @go: they begin
 * @done: one of them has ended
 * @started: when the first began, or 0
 * @ended: when the first ended
 * @stop: one of them has had all its turns, or there shall be no more
 * @turns: each was to have so many
 * @side: the two
 */
struct pair {
	struct ktask_future go;
	struct completion done;
	u64 started;
	u64 ended;
	bool stop;
	unsigned int turns;
	struct side {
		struct pair *pair;
		struct side *other;
		struct task_struct *thread;
		struct work_struct work;
		unsigned int left;
	} side[2];
};

static struct pair *pair_new(unsigned int count)
{
	struct pair *p = kzalloc(sizeof(*p), GFP_KERNEL);
	unsigned int i;

	if (!p)
		return NULL;
	ktask_future_init(&p->go);
	init_completion(&p->done);
	p->turns = DIV_ROUND_UP(count, 2);
	for (i = 0; i < 2; i++) {
		p->side[i].pair = p;
		p->side[i].other = &p->side[!i];
		p->side[i].left = p->turns;
	}
	return p;
}

/* The two are on one CPU, so nobody writes at the same time. */
static void pair_begin(struct pair *p)
{
	if (!p->started)
		p->started = ktime_get_ns();
}

static void pair_end(struct pair *p)
{
	if (!p->ended)
		p->ended = ktime_get_ns();
	WRITE_ONCE(p->stop, true);
}

/* How long @count turns took; of those that were had. Frees @p. */
static s64 pair_time(struct pair *p, const struct bench *b, unsigned int count)
{
	unsigned int had = 2 * p->turns - p->side[0].left - p->side[1].left;
	s64 ns = bench_ns_between(p->started, p->ended);

	ns = div_u64((u64)ns * count, max(had, 1U));
	kfree(p);
	return bench_killed(b) ? -EINTR : max_t(s64, ns, 1);
}

/* --- ktask ----------------------------------------------------------------- */

static ktask_poll_t side_body(struct ktask *t)
{
	struct side *s = *(struct side **)ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_AWAIT(t, &s->pair->go);
	pair_begin(s->pair);
	while (s->left && !s->pair->stop) {
		s->left--;
		KTASK_YIELD(t);
	}
	pair_end(s->pair);
	KTASK_END(t);
}

/* Bound to the CPU, for else the other CPU, being idle, takes one of them. */
static s64 time_tasks(struct bench *b, unsigned int count)
{
	int cpu = raw_smp_processor_id();
	struct pair *p = pair_new(count);
	struct ktask *tasks[2] = {};
	struct side *s;
	unsigned int i;
	int err = 0;

	if (!p)
		return -ENOMEM;
	for (i = 0; i < 2 && !err; i++) {
		s = &p->side[i];
		tasks[i] = ktask_spawn(side_body, struct side *, .init = &s,
				       .place = KTASK_ON_CPU(cpu));
		if (IS_ERR(tasks[i])) {
			err = PTR_ERR(tasks[i]);
			tasks[i] = NULL;
		}
	}
	if (err)
		WRITE_ONCE(p->stop, true);
	ktask_future_complete(&p->go, 0);
	for (i = 0; i < 2 && tasks[i]; i++) {
		err = bench_join(tasks[i]) ?: err;
		ktask_put(tasks[i]);
	}
	if (!err)
		return pair_time(p, b, count);
	kfree(p);
	return err;
}

/* --- Threads --------------------------------------------------------------- */

/* Who sleeps has woken the other before, so one of them is always awake. */
static int hand_over_thread(void *arg)
{
	struct side *s = arg;

	pair_begin(s->pair);
	while (s->left) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (READ_ONCE(s->pair->stop))
			break;
		s->left--;
		wake_up_process(s->other->thread);
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	pair_end(s->pair);
	wake_up_process(s->other->thread);
	complete(&s->pair->done);
	return 0;
}

/* Both are there before one of them runs, for it looks for the other. */
static int threads_start(struct pair *p)
{
	int cpu = raw_smp_processor_id();
	struct task_struct *thread;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		thread = kthread_create(hand_over_thread, &p->side[i],
					"ktask_bench");
		if (IS_ERR(thread)) {
			if (i)
				kthread_stop(p->side[0].thread);
			return PTR_ERR(thread);
		}
		kthread_bind(thread, cpu);
		p->side[i].thread = thread;
	}
	for (i = 0; i < 2; i++)
		get_task_struct(p->side[i].thread);
	for (i = 0; i < 2; i++)
		wake_up_process(p->side[i].thread);
	return 0;
}

static void threads_stop(struct pair *p)
{
	unsigned int i;

	if (wait_for_completion_killable(&p->done))
		WRITE_ONCE(p->stop, true);
	for (i = 0; i < 2; i++)
		kthread_stop(p->side[i].thread);
	/* The last to end has woken the other. */
	for (i = 0; i < 2; i++)
		put_task_struct(p->side[i].thread);
}

static s64 time_hand_over(struct bench *b, unsigned int count)
{
	struct pair *p = pair_new(count);
	int err;

	if (!p)
		return -ENOMEM;
	err = threads_start(p);
	if (!err) {
		threads_stop(p);
		return pair_time(p, b, count);
	}
	kfree(p);
	return err;
}

/* --- Work items ------------------------------------------------------------ */

static void side_work(struct work_struct *work)
{
	struct side *s = container_of(work, struct side, work);

	pair_begin(s->pair);
	if (s->left && !READ_ONCE(s->pair->stop)) {
		s->left--;
		queue_work_on(raw_smp_processor_id(), bench_wq, work);
		return;
	}
	pair_end(s->pair);
	complete(&s->pair->done);
}

static s64 time_works(struct bench *b, unsigned int count)
{
	int cpu = raw_smp_processor_id();
	struct pair *p = pair_new(count);
	unsigned int i;

	if (!p)
		return -ENOMEM;
	for (i = 0; i < 2; i++) {
		INIT_WORK(&p->side[i].work, side_work);
		queue_work_on(cpu, bench_wq, &p->side[i].work);
	}
	/* Each says when it is not queued again. */
	if (wait_for_completion_killable(&p->done)) {
		WRITE_ONCE(p->stop, true);
		wait_for_completion(&p->done);
	}
	wait_for_completion(&p->done);
	for (i = 0; i < 2; i++)
		flush_work(&p->side[i].work);
	return pair_time(p, b, count);
}

static const struct bench_subject subjects[] = {
	{ "ktask", 1, time_tasks },
	{ "kthread", 10, time_hand_over },
	{ "queue_work", 2, time_works },
	{}
};

const struct bench_row bench_yield = {
	.name = "yield",
	.what = "two on one CPU that take turns; per turn",
	.rounds = 10,
	.count = 100000,
	.run = bench_run_per_op,
	.subjects = subjects,
};
