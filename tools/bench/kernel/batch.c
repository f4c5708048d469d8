// SPDX-License-Identifier: GPL-2.0
/*
 * Many at a time: begin all, then wait for all.
 *
 * The time is that of both, with the allocation and freeing of each piece of
 * work, but for queue_work+prealloc; an array of pointers to them, where one is
 * needed, is there before. Those named +flush and ktask_set_idle ask for no
 * outcome of each, which is the best way to use a workqueue where that will do;
 * the others learn of each piece of work by itself.
 *
 * Not measured: who else could have run in the meantime.
 */
#include <linux/async.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "bench.h"

/* --- ktask ----------------------------------------------------------------- */

static ktask_poll_t nothing(struct ktask *t)
{
	KTASK_BEGIN(t);
	KTASK_END(t);
}

/* Return: how many were spawned; if not all, @err tells why. */
static unsigned int spawn_all(struct bench *b, struct ktask **tasks,
			      unsigned int count, int *err)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		tasks[i] = ktask_spawn(nothing, void);
		if (IS_ERR(tasks[i])) {
			*err = PTR_ERR(tasks[i]);
			break;
		}
		if (bench_pause(b, i)) {
			*err = -EINTR;
			return i + 1;
		}
	}
	return i;
}

static s64 time_tasks(struct bench *b, unsigned int count)
{
	u64 start = ktime_get_ns();
	struct ktask **tasks = b->priv;
	unsigned int i, n;
	int err = 0;

	n = spawn_all(b, tasks, count, &err);
	for (i = 0; i < n; i++) {
		ktask_join(tasks[i], NULL);
		ktask_put(tasks[i]);
		bench_pause(b, i);
	}
	return err ?: bench_ns_since(start);
}

static s64 time_join_all(struct bench *b, unsigned int count)
{
	u64 start = ktime_get_ns();
	struct ktask **tasks = b->priv;
	unsigned int i, n;
	int err = 0;

	n = spawn_all(b, tasks, count, &err);
	ktask_join_all(tasks, n, TASK_UNINTERRUPTIBLE, KTIME_MAX);
	for (i = 0; i < n; i++) {
		ktask_put(tasks[i]);
		bench_pause(b, i);
	}
	return err ?: bench_ns_since(start);
}

static int set_spawn_all(struct bench *b, struct ktask_set *set,
			 unsigned int count)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < count && !err; i++) {
		err = ktask_set_spawn(set, nothing, void);
		if (!err && bench_pause(b, i))
			err = -EINTR;
	}
	return err;
}

static s64 time_set(struct bench *b, unsigned int count)
{
	u64 start = ktime_get_ns();
	struct ktask_set set;
	struct ktask *t;
	unsigned int i;
	int err;

	ktask_set_init(&set, 0, 0);
	err = set_spawn_all(b, &set, count);
	for (i = 0; !ktask_set_join_next(&set, &t, NULL); i++) {
		ktask_put(t);
		bench_pause(b, i);
	}
	ktask_set_destroy(&set);
	return err ?: bench_ns_since(start);
}

static s64 time_set_idle(struct bench *b, unsigned int count)
{
	u64 start = ktime_get_ns();
	struct ktask_set set;
	int err;

	ktask_set_init(&set, 0, KTASK_SET_NO_RESULTS);
	err = set_spawn_all(b, &set, count);
	ktask_set_wait_idle(&set);
	ktask_set_destroy(&set);
	return err ?: bench_ns_since(start);
}

/* --- Workqueues ------------------------------------------------------------ */

struct item {
	struct work_struct work;
	struct completion done;
};

static void item_work(struct work_struct *work)
{
	complete(&container_of(work, struct item, work)->done);
}

static void item_queue(struct item *item, struct workqueue_struct *wq)
{
	INIT_WORK(&item->work, item_work);
	init_completion(&item->done);
	queue_work(wq, &item->work);
}

static s64 time_new_works(struct bench *b, unsigned int count)
{
	struct workqueue_struct *wq = *(struct workqueue_struct *const *)b->subject->arg;
	u64 start = ktime_get_ns();
	struct item **items = b->priv;
	unsigned int i, n;
	int err = 0;

	for (n = 0; n < count && !err; n++) {
		items[n] = kmalloc(sizeof(*items[n]), GFP_KERNEL);
		if (!items[n]) {
			err = -ENOMEM;
			break;
		}
		item_queue(items[n], wq);
		if (bench_pause(b, n))
			err = -EINTR;
	}
	for (i = 0; i < n; i++) {
		wait_for_completion(&items[i]->done);
		kfree(items[i]);
		bench_pause(b, i);
	}
	return err ?: bench_ns_since(start);
}

static s64 time_works(struct bench *b, unsigned int count)
{
	struct item *items = kvmalloc_array(count, sizeof(*items), GFP_KERNEL);
	unsigned int i, n;
	u64 start;
	s64 ns;

	if (!items)
		return -ENOMEM;
	/* A page that is used for the first time is not the queue's cost. */
	memset(items, 0, count * sizeof(*items));
	start = ktime_get_ns();
	for (n = 0; n < count; n++) {
		item_queue(&items[n], bench_wq);
		if (bench_pause(b, n)) {
			n++;
			break;
		}
	}
	for (i = 0; i < n; i++) {
		wait_for_completion(&items[i].done);
		bench_pause(b, i);
	}
	ns = bench_killed(b) ? -EINTR : bench_ns_since(start);
	kvfree(items);
	return ns;
}

/* Nobody waits for the item itself, so that its function frees it. */
static void lone_work(struct work_struct *work)
{
	kfree(work);
}

static s64 time_flush(struct bench *b, unsigned int count)
{
	struct workqueue_struct *wq = *(struct workqueue_struct *const *)b->subject->arg;
	u64 start = ktime_get_ns();
	struct work_struct *work;
	unsigned int i;
	int err = 0;

	for (i = 0; i < count && !err; i++) {
		work = kmalloc(sizeof(*work), GFP_KERNEL);
		if (!work) {
			err = -ENOMEM;
			break;
		}
		INIT_WORK(work, lone_work);
		queue_work(wq, work);
		if (bench_pause(b, i))
			err = -EINTR;
	}
	flush_workqueue(wq);
	return err ?: bench_ns_since(start);
}

/* --- Other peers ----------------------------------------------------------- */

struct kitem {
	struct kthread_work work;
	struct completion done;
};

static void kitem_work(struct kthread_work *work)
{
	complete(&container_of(work, struct kitem, work)->done);
}

static s64 time_kthread_works(struct bench *b, unsigned int count)
{
	u64 start = ktime_get_ns();
	struct kitem **items = b->priv;
	unsigned int i, n;
	int err = 0;

	for (n = 0; n < count && !err; n++) {
		items[n] = kmalloc(sizeof(*items[n]), GFP_KERNEL);
		if (!items[n]) {
			err = -ENOMEM;
			break;
		}
		kthread_init_work(&items[n]->work, kitem_work);
		init_completion(&items[n]->done);
		kthread_queue_work(bench_worker, &items[n]->work);
		if (bench_pause(b, n))
			err = -EINTR;
	}
	for (i = 0; i < n; i++) {
		wait_for_completion(&items[i]->done);
		kfree(items[i]);
		bench_pause(b, i);
	}
	return err ?: bench_ns_since(start);
}

static ASYNC_DOMAIN_EXCLUSIVE(domain);

static void async_nothing(void *data, async_cookie_t cookie)
{
}

/* With more than 32,768 pending, it calls the function itself. */
static s64 time_asyncs(struct bench *b, unsigned int count)
{
	u64 start = ktime_get_ns();
	unsigned int i;
	int err = 0;

	for (i = 0; i < count && !err; i++) {
		async_schedule_domain(async_nothing, NULL, &domain);
		if (bench_pause(b, i))
			err = -EINTR;
	}
	async_synchronize_full_domain(&domain);
	return err ?: bench_ns_since(start);
}

static int setup(struct bench *b)
{
	b->priv = kvcalloc(b->count, sizeof(void *), GFP_KERNEL);
	return b->priv ? 0 : -ENOMEM;
}

static void cleanup(struct bench *b)
{
	kvfree(b->priv);
}

static const struct bench_subject batch_subjects[] = {
	{ "ktask", 1, time_tasks },
	{ "ktask_join_all", 1, time_join_all },
	{ "ktask_set", 1, time_set },
	{ "ktask_set_idle", 1, time_set_idle },
	{ "queue_work+kmalloc", 1, time_new_works, &bench_wq },
	{ "queue_work+prealloc", 1, time_works },
	{ "queue_work+flush", 1, time_flush, &bench_wq },
	{ "wq_unbound+kmalloc", 1, time_new_works, &bench_wq_unbound },
	{ "wq_unbound+flush", 1, time_flush, &bench_wq_unbound },
	{ "kthread_worker", 1, time_kthread_works },
	{ "async_schedule", 1, time_asyncs },
	{}
};

const struct bench_row bench_batch_join = {
	.name = "batch_join",
	.what = "many pieces of work begun, then all waited for; per piece",
	.rounds = 10,
	.count = 20000,
	.setup = setup,
	.cleanup = cleanup,
	.run = bench_run_per_op,
	.subjects = batch_subjects,
};

/* --- Few and many ---------------------------------------------------------- */

#define SCALE		1000
/* So few take no time at all, and are done again and again. */
#define FEW_TIMES	20

static int report_size(struct bench *b, unsigned int size, u64 ns,
		       unsigned int ops)
{
	char metric[24];

	snprintf(metric, sizeof(metric), "ns_at_%u", size);
	return bench_report(b, metric, ns, ops);
}

static unsigned int ps_each(u64 ns, unsigned int ops)
{
	return max_t(u64, div_u64(ns * 1000, ops), 1);
}

static int run_scale(struct bench *b, unsigned int many)
{
	unsigned int few = max(many / SCALE, 1U), i;
	s64 ns_few = 0, ns_many;
	int err;

	for (i = 0; i < FEW_TIMES; i++) {
		s64 ns = b->subject->time(b, few);

		if (ns < 0)
			return ns;
		ns_few += ns;
	}
	ns_many = b->subject->time(b, many);
	if (ns_many < 0)
		return ns_many;
	err = report_size(b, few, ns_few, few * FEW_TIMES);
	if (few < many && !err)
		err = report_size(b, many, ns_many, many);
	/* How many times as much each of many costs. */
	return err ?: bench_report(b, "x", ps_each(ns_many, many),
				   ps_each(ns_few, few * FEW_TIMES));
}

static const struct bench_subject scale_subjects[] = {
	{ "ktask", 1, time_tasks },
	{ "ktask_join_all", 1, time_join_all },
	{ "ktask_set", 1, time_set },
	{ "queue_work+kmalloc", 1, time_new_works, &bench_wq },
	{}
};

const struct bench_row bench_batch_scale = {
	.name = "batch_scale",
	.what = "a thousandth of many, and many; x: times as much for each of many",
	.rounds = 3,
	.count = 1000000,
	.setup = setup,
	.cleanup = cleanup,
	.run = run_scale,
	.subjects = scale_subjects,
};
