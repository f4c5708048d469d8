// SPDX-License-Identifier: GPL-2.0
/*
 * Work items as something to await: the run that was asked for last, run or
 * cancelled.
 */
#include <linux/ktask_work.h>
#include <linux/slab.h>

#include "util.h"

/* What a driver would have: a function, and something around its work item. */
struct device {
	struct ktask_work work;
	struct completion in;
	struct completion go;
	bool held;
	unsigned int requeues;
	atomic_t runs;
};

static void device_work(struct work_struct *w)
{
	struct device *d = container_of(ktask_work_of(w), struct device, work);

	if (READ_ONCE(d->held)) {
		complete(&d->in);
		wait_for_completion(&d->go);
	}
	if (d->requeues) {
		d->requeues--;
		ktask_work_queue(system_wq, &d->work, 0);
	}
	atomic_inc(&d->runs);
}

static void device_gone(void *arg)
{
	struct device *d = arg;

	d->requeues = 0;
	complete_all(&d->go);
	ktask_work_cancel_sync(&d->work);
}

static struct device *new_device(struct kunit *test)
{
	struct device *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, d);
	ktask_work_init(&d->work, device_work);
	init_completion(&d->in);
	init_completion(&d->go);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, device_gone, d));
	return d;
}

/* It runs, and stays there until d->go. */
static void hold(struct kunit *test, struct device *d)
{
	WRITE_ONCE(d->held, true);
	KUNIT_EXPECT_TRUE(test, ktask_work_queue(system_wq, &d->work, 0));
	KT_COMPLETED(test, &d->in);
}

static void let_go(struct device *d)
{
	WRITE_ONCE(d->held, false);
	complete(&d->go);
}

struct awaiter {
	struct ktask_work_wait w;
	struct device *d;
	ktime_t timeout;
	bool in;
};

static ktask_poll_t await_body(struct ktask *t)
{
	struct awaiter *f = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_AWAIT_WORK_TIMEOUT(t, &f->w, &f->d->work, f->timeout);
	KTASK_RETURN(t, ktask_request_status(&f->w.request));
	KTASK_END(t);
}

static struct ktask *spawn_unowned(struct kunit *test, struct device *d,
				   ktime_t timeout)
{
	const struct awaiter f = { .d = d, .timeout = timeout };
	struct ktask *t = ktask_spawn(await_body, struct awaiter, .init = &f);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	return t;
}

/* A task that is in the queue of those who wait. */
static struct ktask *spawn_await(struct kunit *test, struct device *d)
{
	struct ktask *t = kt_own(test, spawn_unowned(test, d, KTIME_MAX));
	struct awaiter *f = ktask_frame(t);

	KT_EVENTUALLY(test, READ_ONCE(f->w.waiting));
	return t;
}

static void work_idle(struct kunit *test)
{
	struct device *d = new_device(test);
	struct ktask *t = kt_own(test, spawn_unowned(test, d, 0));

	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&d->runs), 0);
	KUNIT_EXPECT_FALSE(test, ktask_work_cancel(&d->work));
	KUNIT_EXPECT_FALSE(test, ktask_work_cancel_sync(&d->work));
}

static void work_runs(struct kunit *test)
{
	struct device *d = new_device(test);
	struct ktask *t;
	int i;

	for (i = 1; i <= 3; i++) {
		hold(test, d);
		t = spawn_await(test, d);
		KUNIT_EXPECT_FALSE(test, ktask_done(t));
		let_go(d);
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, 0);
		KUNIT_EXPECT_EQ(test, atomic_read(&d->runs), i);
	}
}

static void work_delayed(struct kunit *test)
{
	struct device *d = new_device(test);
	struct ktask *t;

	KUNIT_EXPECT_TRUE(test, ktask_work_queue(system_unbound_wq, &d->work,
						 HZ / 20));
	KUNIT_EXPECT_FALSE(test, ktask_work_queue(system_unbound_wq, &d->work,
						  0));
	t = kt_own(test, spawn_unowned(test, d, KTIME_MAX));
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&d->runs), 1);
}

/* One that runs and is pending as well: each waits for its own run. */
static void work_running_and_pending(struct kunit *test)
{
	struct device *d = new_device(test);
	struct ktask *first, *second;

	hold(test, d);
	first = spawn_await(test, d);
	KUNIT_EXPECT_TRUE(test, ktask_work_queue(system_wq, &d->work, 0));
	second = spawn_await(test, d);
	complete(&d->go);
	KT_FINISH(test, first);
	KT_COMPLETED(test, &d->in);
	KUNIT_EXPECT_FALSE(test, ktask_done(second));
	let_go(d);
	KT_FINISH(test, second);
	KT_EXPECT_RETURNED(test, first, 0);
	KT_EXPECT_RETURNED(test, second, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&d->runs), 2);
}

static void work_cancelled(struct kunit *test)
{
	struct device *d = new_device(test);
	struct ktask *t[2];
	int i;

	KUNIT_EXPECT_TRUE(test, ktask_work_queue(system_wq, &d->work,
						 3600 * HZ));
	for (i = 0; i < 2; i++)
		t[i] = spawn_await(test, d);
	KUNIT_EXPECT_TRUE(test, ktask_work_cancel(&d->work));
	for (i = 0; i < 2; i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], -ECANCELED);
	}
	KUNIT_EXPECT_FALSE(test, ktask_work_cancel(&d->work));
	/* And may be queued again. */
	KUNIT_EXPECT_TRUE(test, ktask_work_queue(system_wq, &d->work, 0));
	t[0] = kt_own(test, spawn_unowned(test, d, KTIME_MAX));
	KT_FINISH(test, t[0]);
	KT_EXPECT_RETURNED(test, t[0], 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&d->runs), 1);
}

/* The pending run is cancelled, and the one that runs is not. */
static void work_cancelled_while_running(struct kunit *test)
{
	struct device *d = new_device(test);
	struct ktask *first, *second;

	hold(test, d);
	first = spawn_await(test, d);
	KUNIT_EXPECT_FALSE(test, ktask_work_cancel(&d->work));
	KUNIT_EXPECT_TRUE(test, ktask_work_queue(system_wq, &d->work, 0));
	second = spawn_await(test, d);
	KUNIT_EXPECT_TRUE(test, ktask_work_cancel(&d->work));
	KT_FINISH(test, second);
	KT_EXPECT_RETURNED(test, second, -ECANCELED);
	KUNIT_EXPECT_FALSE(test, ktask_done(first));
	let_go(d);
	KT_FINISH(test, first);
	KT_EXPECT_RETURNED(test, first, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&d->runs), 1);
}

static int cancel_sync_main(void *arg)
{
	struct device *d = arg;

	return ktask_work_cancel_sync(&d->work);
}

/* Waits for the run, tells those who await it, and lets nobody queue it. */
static void work_cancel_sync(struct kunit *test)
{
	struct device *d = new_device(test);
	struct kt_thread *thread;
	struct ktask *t;

	d->requeues = 1000000;
	hold(test, d);
	t = spawn_await(test, d);
	thread = kt_thread(test, cancel_sync_main, d);
	KT_EVENTUALLY(test, READ_ONCE(d->work.blocked));
	KUNIT_EXPECT_FALSE(test, ktask_work_queue(system_wq, &d->work, 0));
	KUNIT_EXPECT_FALSE(test, completion_done(&thread->ended));
	let_go(d);
	KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, thread));
	KUNIT_EXPECT_EQ(test, atomic_read(&d->runs), 1);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);

	/* One that was only pending. */
	KUNIT_EXPECT_TRUE(test, ktask_work_queue(system_wq, &d->work,
						 3600 * HZ));
	t = spawn_await(test, d);
	KUNIT_EXPECT_TRUE(test, ktask_work_cancel_sync(&d->work));
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, -ECANCELED);
}

static void work_requeues_itself(struct kunit *test)
{
	struct device *d = new_device(test);
	struct ktask *t;

	d->requeues = 20;
	KUNIT_EXPECT_TRUE(test, ktask_work_queue(system_wq, &d->work, 0));
	while (READ_ONCE(d->requeues)) {
		t = spawn_unowned(test, d, KTIME_MAX);
		KUNIT_EXPECT_TRUE(test, kt_ended(t));
		ktask_put(t);
	}
	t = kt_own(test, spawn_unowned(test, d, KTIME_MAX));
	KT_FINISH(test, t);
	KUNIT_EXPECT_EQ(test, atomic_read(&d->runs), 21);
}

static void work_await_aborted(struct kunit *test)
{
	struct device *d = new_device(test);
	struct ktask *t;

	hold(test, d);
	t = spawn_await(test, d);
	ktask_abort(t);
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_TRUE(test, list_empty(&d->work.waiters));
	KUNIT_EXPECT_EQ(test, atomic_read(&d->runs), 0);
	let_go(d);
}

static void work_await_timeout(struct kunit *test)
{
	static const s64 timeouts[] = { KTIME_MIN, 0, NSEC_PER_MSEC };
	struct device *d = new_device(test);
	struct ktask *t;
	int i;

	hold(test, d);
	for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
		t = kt_own(test, spawn_unowned(test, d, timeouts[i]));
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, -ETIMEDOUT);
		KUNIT_EXPECT_TRUE(test, list_empty(&d->work.waiters));
	}
	let_go(d);
}

static void work_of_thread(struct kunit *test)
{
	struct device *d = new_device(test);
	struct ktask_work_wait w;
	struct ktask_request *r;

	hold(test, d);
	r = ktask_work_start(&w, NULL, &d->work);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_request_wait_until(r, TASK_UNINTERRUPTIBLE, 0));
	r = ktask_work_start(&w, NULL, &d->work);
	let_go(d);
	KUNIT_EXPECT_EQ(test, 0,
			ktask_request_wait_until(r, TASK_UNINTERRUPTIBLE,
						 KTIME_MAX));
	ktask_request_drop(r);
}

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static void queue_it(void *arg)
{
	struct device *d = arg;

	ktask_work_queue(system_wq, &d->work, 3600 * HZ);
	ktask_work_cancel(&d->work);
	ktask_work_queue(system_wq, &d->work, 0);
}

static void cancel_it(void *arg)
{
	struct device *d = arg;

	ktask_work_cancel(&d->work);
}

static void work_in_context(struct kunit *test)
{
	struct device *d = new_device(test);
	struct ktask *t;

	kt_call_in(test, test->param_value, queue_it, d);
	t = kt_own(test, spawn_unowned(test, d, KTIME_MAX));
	KT_FINISH(test, t);
	KUNIT_EXPECT_EQ(test, atomic_read(&d->runs), 1);

	ktask_work_queue(system_wq, &d->work, 3600 * HZ);
	t = spawn_await(test, d);
	kt_call_in(test, test->param_value, cancel_it, d);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, -ECANCELED);
}

/* The item goes as soon as it is known to have run. */
static void work_freed_when_run(struct kunit *test)
{
	int i;

	for (i = 0; i < 500; i++) {
		struct device *d = kzalloc(sizeof(*d), GFP_KERNEL);
		struct ktask_work_wait w;
		struct ktask_request *r;

		KUNIT_ASSERT_NOT_NULL(test, d);
		ktask_work_init(&d->work, device_work);
		ktask_work_queue(system_unbound_wq, &d->work, 0);
		if (i & 1)
			kt_dither(20);
		r = ktask_work_start(&w, NULL, &d->work);
		ktask_request_wait_until(r, TASK_UNINTERRUPTIBLE, KTIME_MAX);
		ktask_request_drop(r);
		kfree(d);
	}
}

static void requeue_it(void *arg)
{
	struct device *d = arg;

	ktask_work_queue(system_unbound_wq, &d->work, 0);
}

/* Queued, cancelled, awaited and aborted at once; the counts agree. */
static void work_race(struct kunit *test)
{
	struct kt_rival *rivals[2] = { kt_rival(test), kt_rival(test) };
	struct device *d = new_device(test);
	unsigned int wrong = 0;
	int i;

	for (i = 0; i < 300; i++) {
		struct ktask *t;
		long result;

		kt_rival_go(rivals[0], requeue_it, d);
		kt_rival_go(rivals[1], i & 2 ? cancel_it : requeue_it, d);
		t = spawn_unowned(test, d, KTIME_MAX);
		kt_dither(i % 50);
		if (i & 1)
			ktask_abort(t);
		KUNIT_ASSERT_TRUE(test, kt_ended(t));
		result = ktask_result(t);
		wrong += result && result != -ECANCELED;
		ktask_put(t);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rivals[0]));
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rivals[1]));
	}
	ktask_work_cancel_sync(&d->work);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_EQ(test, d->work.queued, d->work.finished);
	KUNIT_EXPECT_EQ(test, d->work.finished, atomic_read(&d->runs));
	KUNIT_EXPECT_TRUE(test, list_empty(&d->work.waiters));
}

static struct kunit_case work_cases[] = {
	KUNIT_CASE(work_idle),
	KUNIT_CASE(work_runs),
	KUNIT_CASE(work_delayed),
	KUNIT_CASE(work_running_and_pending),
	KUNIT_CASE(work_cancelled),
	KUNIT_CASE(work_cancelled_while_running),
	KUNIT_CASE(work_cancel_sync),
	KUNIT_CASE(work_requeues_itself),
	KUNIT_CASE(work_await_aborted),
	KUNIT_CASE(work_await_timeout),
	KUNIT_CASE(work_of_thread),
	KUNIT_CASE_PARAM(work_in_context, context_gen_params),
	KUNIT_CASE(work_freed_when_run),
	KUNIT_CASE(work_race),
	{}
};

struct kunit_suite ktask_work_suite = {
	.name = "ktask_work",
	.test_cases = work_cases,
};
