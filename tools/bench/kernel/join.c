// SPDX-License-Identifier: GPL-2.0
/*
 * One at a time: give somebody work that is nothing, and wait for its end.
 *
 * ktask allocates and frees a task each time, but where it has the caller's
 * storage; of the peers, none allocates but those that cannot do otherwise
 * (kthread, async_schedule) and queue_work+kmalloc. A kthread does fewer.
 *
 * Not measured: a caller that has better things to do than to wait; then the
 * joiner does not run the task itself, see ktask_no_help. Also task_work, which
 * runs when a thread returns to its program, so that nobody in the kernel can
 * wait for it. irq_work is in the list to show what no thread at all costs: its
 * function runs in a hard interrupt, where little may be done.
 */
#include <linux/async.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "bench.h"

/* Do @one so often. */
static __always_inline s64 each(struct bench *b, unsigned int count,
				int (*one)(void *arg), void *arg)
{
	u64 start = ktime_get_ns();
	unsigned int i;
	int err;

	for (i = 0; i < count; i++) {
		err = one(arg);
		if (err)
			return err;
		if (bench_pause(b, i))
			return -EINTR;
	}
	return bench_ns_since(start);
}

/* --- ktask ----------------------------------------------------------------- */

static ktask_poll_t nothing(struct ktask *t)
{
	KTASK_BEGIN(t);
	KTASK_END(t);
}

static __always_inline int join_and_put(struct ktask *t)
{
	if (IS_ERR(t))
		return PTR_ERR(t);
	ktask_join(t, NULL);
	ktask_put(t);
	return 0;
}

static __always_inline int one_task(void *arg)
{
	return join_and_put(ktask_spawn(nothing, void));
}

static s64 time_tasks(struct bench *b, unsigned int count)
{
	return each(b, count, one_task, NULL);
}

static __always_inline int one_task_no_help(void *arg)
{
	return join_and_put(ktask_spawn(nothing, void,
					.flags = KTASK_NO_HELP));
}

static s64 time_tasks_no_help(struct bench *b, unsigned int count)
{
	return each(b, count, one_task_no_help, NULL);
}

/* Storage of the caller's, which can be used again once it is released. */
struct own_task {
	struct completion released;
	struct ktask t;
};

static void own_task_release(struct ktask *t)
{
	complete(&container_of(t, struct own_task, t)->released);
}

static __always_inline int one_own_task(void *arg)
{
	struct own_task *own = arg;
	int err;

	reinit_completion(&own->released);
	ktask_init(&own->t, nothing, void, .release = own_task_release);
	err = ktask_start(&own->t);
	if (!err)
		ktask_join(&own->t, NULL);
	ktask_put(&own->t);
	wait_for_completion(&own->released);
	return err;
}

static s64 time_own_tasks(struct bench *b, unsigned int count)
{
	struct own_task *own = kmalloc(sizeof(*own), GFP_KERNEL);
	s64 ns;

	if (!own)
		return -ENOMEM;
	init_completion(&own->released);
	ns = each(b, count, one_own_task, own);
	kfree(own);
	return ns;
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

struct queued {
	struct item item;
	struct workqueue_struct *wq;
};

/* The item of before is done, but its work may not be off the queue's hands. */
static __always_inline int one_work(void *arg)
{
	struct queued *q = arg;

	reinit_completion(&q->item.done);
	queue_work(q->wq, &q->item.work);
	wait_for_completion(&q->item.done);
	return 0;
}

static s64 time_works(struct bench *b, unsigned int count)
{
	struct queued *q = kmalloc(sizeof(*q), GFP_KERNEL);
	s64 ns;

	if (!q)
		return -ENOMEM;
	INIT_WORK(&q->item.work, item_work);
	init_completion(&q->item.done);
	q->wq = *(struct workqueue_struct *const *)b->subject->arg;
	ns = each(b, count, one_work, q);
	flush_work(&q->item.work);
	kfree(q);
	return ns;
}

/* The worker does not touch the item any more once its function has begun. */
static __always_inline int one_new_work(void *arg)
{
	struct item *item = kmalloc(sizeof(*item), GFP_KERNEL);

	if (!item)
		return -ENOMEM;
	INIT_WORK(&item->work, item_work);
	init_completion(&item->done);
	queue_work(bench_wq, &item->work);
	wait_for_completion(&item->done);
	kfree(item);
	return 0;
}

static s64 time_new_works(struct bench *b, unsigned int count)
{
	return each(b, count, one_new_work, NULL);
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

static __always_inline int one_kthread_work(void *arg)
{
	struct kitem *item = arg;

	reinit_completion(&item->done);
	kthread_queue_work(bench_worker, &item->work);
	wait_for_completion(&item->done);
	return 0;
}

static s64 time_kthread_works(struct bench *b, unsigned int count)
{
	struct kitem *item = kmalloc(sizeof(*item), GFP_KERNEL);
	s64 ns;

	if (!item)
		return -ENOMEM;
	kthread_init_work(&item->work, kitem_work);
	init_completion(&item->done);
	ns = each(b, count, one_kthread_work, item);
	kthread_flush_work(&item->work);
	kfree(item);
	return ns;
}

/* kthread_stop() is the way to wait for a thread and learn its result. */
static int thread(void *arg)
{
	return 0;
}

static __always_inline int one_kthread(void *arg)
{
	struct task_struct *p = kthread_create(thread, NULL, "ktask_bench");

	if (IS_ERR(p))
		return PTR_ERR(p);
	/* It may end before it is stopped. */
	get_task_struct(p);
	wake_up_process(p);
	kthread_stop(p);
	put_task_struct(p);
	return 0;
}

static s64 time_kthreads(struct bench *b, unsigned int count)
{
	return each(b, count, one_kthread, NULL);
}

static ASYNC_DOMAIN_EXCLUSIVE(domain);

static void async_nothing(void *data, async_cookie_t cookie)
{
}

static __always_inline int one_async(void *arg)
{
	async_schedule_domain(async_nothing, NULL, &domain);
	async_synchronize_full_domain(&domain);
	return 0;
}

static s64 time_asyncs(struct bench *b, unsigned int count)
{
	return each(b, count, one_async, NULL);
}

static void irq_nothing(struct irq_work *work)
{
}

static __always_inline int one_irq_work(void *arg)
{
	struct irq_work *work = arg;

	irq_work_queue(work);
	irq_work_sync(work);
	return 0;
}

static s64 time_irq_works(struct bench *b, unsigned int count)
{
	struct irq_work *work = kmalloc(sizeof(*work), GFP_KERNEL);
	s64 ns;

	if (!work)
		return -ENOMEM;
	init_irq_work(work, irq_nothing);
	ns = each(b, count, one_irq_work, work);
	irq_work_sync(work);
	kfree(work);
	return ns;
}

static const struct bench_subject subjects[] = {
	{ "ktask", 1, time_tasks },
	{ "ktask_own_storage", 1, time_own_tasks },
	{ "ktask_no_help", 1, time_tasks_no_help },
	{ "queue_work", 1, time_works, &bench_wq },
	{ "queue_work+kmalloc", 1, time_new_works },
	{ "wq_unbound", 1, time_works, &bench_wq_unbound },
	{ "wq_highpri", 1, time_works, &bench_wq_high },
	{ "kthread_worker", 1, time_kthread_works },
	{ "async_schedule", 1, time_asyncs },
	{ "irq_work", 1, time_irq_works },
	{ "kthread", 100, time_kthreads },
	{}
};

const struct bench_row bench_spawn_join = {
	.name = "spawn_join",
	.what = "one piece of work at a time, begun and waited for",
	.rounds = 10,
	.count = 5000,
	.run = bench_run_per_op,
	.subjects = subjects,
};
