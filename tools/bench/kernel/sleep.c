// SPDX-License-Identifier: GPL-2.0
/*
 * Many that sleep for half a second, and are all waited for: how long it takes
 * from the first to begin until the last has been freed. What is above 500 ms is
 * the cost. More than are usual sleep for longer, so that all have begun before the
 * first wake: a million for five seconds. asleep_at_once tells how many there were.
 *
 * The tasks run, and then sleep; those of ktask_delay do not run before, as the peers
 * do not. delayed_work is coarser than tasks are, by a jiffy, which makes it cheaper;
 * the timer of a task is an hrtimer, and the subject of that name is nothing more.
 */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "bench.h"
#include "kernel/compat.h"

#define SLEEP_MS	500
#define USUAL		100000

static unsigned int sleep_ms(unsigned int count)
{
	return SLEEP_MS * max(count / USUAL, 1U);
}

static int report_ms(struct bench *b, u64 start)
{
	return bench_report(b, "ms", bench_ns_since(start), NSEC_PER_MSEC);
}

/* --- ktask ----------------------------------------------------------------- */

struct crowd {
	ktime_t duration;
	atomic_t asleep;
	int most;
};

static ktask_poll_t sleeper(struct ktask *t)
{
	struct crowd *c = *(struct crowd **)ktask_frame(t);
	int now;

	KTASK_BEGIN(t);
	now = atomic_inc_return(&c->asleep);
	/* One that is missed by another CPU does not matter. */
	if (now > READ_ONCE(c->most))
		WRITE_ONCE(c->most, now);
	KTASK_SLEEP(t, c->duration);
	atomic_dec(&c->asleep);
	KTASK_END(t);
}

static struct ktask *spawn_sleeper(struct crowd *c)
{
	return ktask_spawn(sleeper, struct crowd *, .init = &c);
}

static ktask_poll_t late(struct ktask *t)
{
	KTASK_BEGIN(t);
	KTASK_END(t);
}

static struct ktask *spawn_late(struct crowd *c)
{
	return ktask_spawn(late, void, .delay = c->duration);
}

static int run_tasks(struct bench *b, unsigned int count,
		     struct ktask *(*spawn)(struct crowd *c))
{
	struct crowd *c = &(struct crowd){
		.duration = ms_to_ktime(sleep_ms(count)),
	};
	u64 start = ktime_get_ns();
	struct ktask **tasks = b->priv;
	unsigned int i, n;
	int err = 0;

	for (n = 0; n < count && !err; n++) {
		tasks[n] = spawn(c);
		if (IS_ERR(tasks[n])) {
			err = PTR_ERR(tasks[n]);
			break;
		}
		if (bench_pause(b, n))
			err = -EINTR;
	}
	if (!err && ktask_join_all(tasks, n, TASK_KILLABLE, KTIME_MAX))
		err = -EINTR;
	for (i = 0; i < n; i++) {
		if (err)
			ktask_abort_and_wait(tasks[i]);
		ktask_put(tasks[i]);
		bench_pause(b, i);
	}
	if (!err)
		err = report_ms(b, start);
	if (!err && c->most)
		err = bench_report(b, "asleep_at_once", c->most, 1);
	return err;
}

static int sleep_tasks(struct bench *b, unsigned int count)
{
	return run_tasks(b, count, spawn_sleeper);
}

static int delay_tasks(struct bench *b, unsigned int count)
{
	return run_tasks(b, count, spawn_late);
}

/* --- Delayed work ---------------------------------------------------------- */

struct delayed {
	struct delayed_work work;
	struct completion done;
};

static void delayed_fn(struct work_struct *work)
{
	complete(&container_of(work, struct delayed, work.work)->done);
}

static int sleep_delayed(struct bench *b, unsigned int count)
{
	u64 start = ktime_get_ns();
	struct delayed **items = b->priv;
	unsigned int i, n;
	int err = 0;

	for (n = 0; n < count && !err; n++) {
		items[n] = kmalloc(sizeof(*items[n]), GFP_KERNEL);
		if (!items[n]) {
			err = -ENOMEM;
			break;
		}
		INIT_DELAYED_WORK(&items[n]->work, delayed_fn);
		init_completion(&items[n]->done);
		queue_delayed_work(bench_wq, &items[n]->work,
				   msecs_to_jiffies(sleep_ms(count)));
		if (bench_pause(b, n))
			err = -EINTR;
	}
	for (i = 0; i < n; i++) {
		if (!err && wait_for_completion_killable(&items[i]->done))
			err = -EINTR;
		if (err)
			cancel_delayed_work_sync(&items[i]->work);
		kfree(items[i]);
		bench_pause(b, i);
	}
	return err ?: report_ms(b, start);
}

/* --- Timers ---------------------------------------------------------------- */

struct timed {
	struct hrtimer timer;
	struct completion done;
};

static enum hrtimer_restart timed_fn(struct hrtimer *timer)
{
	complete(&container_of(timer, struct timed, timer)->done);
	return HRTIMER_NORESTART;
}

static int sleep_timers(struct bench *b, unsigned int count)
{
	u64 start = ktime_get_ns();
	struct timed **items = b->priv;
	unsigned int i, n;
	int err = 0;

	for (n = 0; n < count && !err; n++) {
		items[n] = kmalloc(sizeof(*items[n]), GFP_KERNEL);
		if (!items[n]) {
			err = -ENOMEM;
			break;
		}
		hrtimer_setup(&items[n]->timer, timed_fn, CLOCK_MONOTONIC,
			      HRTIMER_MODE_REL);
		init_completion(&items[n]->done);
		hrtimer_start(&items[n]->timer, ms_to_ktime(sleep_ms(count)),
			      HRTIMER_MODE_REL);
		if (bench_pause(b, n))
			err = -EINTR;
	}
	for (i = 0; i < n; i++) {
		if (!err && wait_for_completion_killable(&items[i]->done))
			err = -EINTR;
		/* Its function may be about to return. */
		hrtimer_cancel(&items[i]->timer);
		kfree(items[i]);
		bench_pause(b, i);
	}
	return err ?: report_ms(b, start);
}

/* --- The row --------------------------------------------------------------- */

static int setup(struct bench *b)
{
	b->priv = kvcalloc(b->count, sizeof(void *), GFP_KERNEL);
	return b->priv ? 0 : -ENOMEM;
}

static void cleanup(struct bench *b)
{
	kvfree(b->priv);
}

typedef int (*measure_t)(struct bench *b, unsigned int count);

static int run(struct bench *b, unsigned int count)
{
	const measure_t *measure = b->subject->arg;

	return (*measure)(b, count);
}

static const measure_t tasks = sleep_tasks, late_tasks = delay_tasks;
static const measure_t delayed = sleep_delayed, timers = sleep_timers;

static const struct bench_subject subjects[] = {
	{ "ktask", 1, NULL, &tasks },
	{ "ktask_delay", 1, NULL, &late_tasks },
	{ "delayed_work+kmalloc", 1, NULL, &delayed },
	{ "hrtimer+kmalloc", 1, NULL, &timers },
	{}
};

const struct bench_row bench_sleepers = {
	.name = "sleepers",
	.what = "many asleep at once for 500 ms, or a million for 5 s, all waited for; in all",
	.rounds = 3,
	.count = USUAL,
	.setup = setup,
	.cleanup = cleanup,
	.run = run,
	.subjects = subjects,
};
