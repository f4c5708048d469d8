// SPDX-License-Identifier: GPL-2.0
/*
 * Blocking tasks. Their aborts are in abort_blocking_test.c.
 */
#include <linux/sched.h>

#include "util.h"

static long return_body(struct ktask *t)
{
	long *result = ktask_frame(t);

	return *result;
}

static void blocking_result(struct kunit *test)
{
	/* -ECANCELED without an abort is a result like any other. */
	static const long results[] = { 0, 1, -EIO, -ECANCELED, LONG_MIN };
	struct ktask *t;
	long result;
	int i;

	for (i = 0; i < ARRAY_SIZE(results); i++) {
		t = kt_own(test, ktask_spawn_blocking(return_body, long,
						      .init = &results[i]));
		result = 123;
		KUNIT_EXPECT_EQ(test, 0, ktask_join_timeout(t, &result,
							    KT_HANG));
		KUNIT_EXPECT_EQ(test, result, results[i]);
		KT_EXPECT_RETURNED(test, t, results[i]);
	}
}

static void blocking_started_later(struct kunit *test)
{
	struct ktask *t = ktask_new_blocking(return_body, long);
	long *frame;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	KUNIT_EXPECT_STREQ(test, ktask_name(t), "return_body");
	frame = ktask_frame(t);
	KUNIT_EXPECT_EQ(test, *frame, 0L);
	*frame = 12;
	KUNIT_EXPECT_EQ(test, 0, ktask_start(t));
	kt_own(test, t);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 12);
}

/* A task in storage of its owner's. */
struct embedded {
	struct ktask task;
	long result;
	atomic_t released;
};

static void embedded_release(struct ktask *t)
{
	struct embedded *e = container_of(t, struct embedded, task);

	atomic_inc(&e->released);
}

static void blocking_in_own_storage(struct kunit *test)
{
	struct embedded *e = kunit_kzalloc(test, sizeof(*e), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, e);
	for (i = 1; i <= 3; i++) {
		e->result = i;
		ktask_init_blocking(&e->task, return_body, long,
				    .release = embedded_release);
		KUNIT_EXPECT_EQ(test, 0, ktask_start(&e->task));
		KUNIT_ASSERT_TRUE(test, kt_ended(&e->task));
		KT_EXPECT_RETURNED(test, &e->task, i);
		KUNIT_EXPECT_EQ(test, atomic_read(&e->released), i - 1);
		ktask_put(&e->task);
		KT_EVENTUALLY(test, atomic_read(&e->released) == i);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&e->released), 3);
}

/* --- What a body may do --------------------------------------------------- */

static long nap_body(struct ktask *t)
{
	ktime_t begin = ktime_get();
	int err;

	if (!in_task() || irqs_disabled())
		return -EIO;
	fsleep(10 * USEC_PER_MSEC);
	err = ktask_sleep(ms_to_ktime(10));
	if (err)
		return err;
	return ktime_ms_delta(ktime_get(), begin);
}

static void blocking_sleeps(struct kunit *test)
{
	struct ktask *t = kt_own(test, ktask_spawn_blocking(nap_body, void));

	KT_FINISH(test, t);
	KUNIT_EXPECT_EQ(test, ktask_outcome(t), KTASK_RETURNED);
	KUNIT_EXPECT_GE(test, ktask_result(t), 20L);
}

static long parent_body(struct ktask *t)
{
	struct ktask *async, *blocking;
	long a = 30, b = 12;

	async = ktask_spawn(kt_return_body, long, .init = &a);
	if (IS_ERR(async))
		return PTR_ERR(async);
	blocking = ktask_spawn_blocking(return_body, long, .init = &b);
	if (IS_ERR(blocking)) {
		ktask_put(async);
		return PTR_ERR(blocking);
	}
	a = 0;
	b = 0;
	if (ktask_join_timeout(async, &a, KT_HANG) ||
	    ktask_join_timeout(blocking, &b, KT_HANG))
		a = -EIO;
	ktask_put(async);
	ktask_put(blocking);
	return a + b;
}

static void blocking_joins_children(struct kunit *test)
{
	struct ktask *t = kt_own(test, ktask_spawn_blocking(parent_body, void));

	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 42);
}

/* A tree, each node of which waits for its children. */
static long tree_body(struct ktask *t)
{
	long *depth = ktask_frame(t);
	long below = *depth - 1;
	struct ktask *child[2];
	long sum = 1, result;
	int i;

	if (!*depth)
		return 1;
	for (i = 0; i < 2; i++)
		child[i] = ktask_spawn_blocking(tree_body, long,
						.init = &below);
	for (i = 0; i < 2; i++) {
		if (IS_ERR(child[i])) {
			sum = -1000;
			continue;
		}
		result = 0;
		ktask_join_timeout(child[i], &result, KT_HANG);
		sum += result;
		ktask_put(child[i]);
	}
	return sum;
}

static void blocking_tree(struct kunit *test)
{
	long depth = 5;
	struct ktask *t = kt_own(test, ktask_spawn_blocking(tree_body, long,
							    .init = &depth));

	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 63);
}

struct meeting {
	atomic_t here;
	struct ktask_future all;
};

#define MEMBERS	32

/* Nobody leaves before everybody is there. */
static long meet_body(struct ktask *t)
{
	struct meeting **m = ktask_frame(t);

	if (atomic_inc_return(&(*m)->here) == MEMBERS)
		ktask_future_complete(&(*m)->all, 0);
	return ktask_future_wait_interruptible(&(*m)->all);
}

static void blocking_at_once(struct kunit *test)
{
	struct meeting *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	struct ktask *t[MEMBERS];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	for (i = 0; i < MEMBERS; i++)
		t[i] = kt_own(test, ktask_spawn_blocking(meet_body,
							 struct meeting *,
							 .init = &m));
	for (i = 0; i < MEMBERS; i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], 0);
	}
}

/* More than the workqueue has workers for. */
#define CROWD	(2 * WQ_DFL_ACTIVE)

static long nap_1ms_body(struct ktask *t)
{
	return ktask_sleep(ms_to_ktime(1));
}

static void blocking_crowd(struct kunit *test)
{
	struct ktask *t;
	struct ktask **all;
	int i;

	all = kunit_kcalloc(test, CROWD, sizeof(*all), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, all);
	for (i = 0; i < CROWD; i++) {
		t = ktask_spawn_blocking(nap_1ms_body, void);
		all[i] = kt_own(test, t);
	}
	for (i = 0; i < CROWD; i++) {
		KT_FINISH(test, all[i]);
		KT_EXPECT_RETURNED(test, all[i], 0);
	}
}

/* --- Sleep ---------------------------------------------------------------- */

static long sleep_for_body(struct ktask *t)
{
	ktime_t *duration = ktask_frame(t);

	return ktask_sleep(*duration);
}

static void blocking_sleep_not_above_zero(struct kunit *test)
{
	static const ktime_t durations[] = { 0, -1, -NSEC_PER_SEC, KTIME_MIN };
	ktime_t duration;
	struct ktask *t;
	int i;

	for (i = 0; i < ARRAY_SIZE(durations); i++) {
		duration = durations[i];
		t = kt_own(test, ktask_spawn_blocking(sleep_for_body, ktime_t,
						      .init = &duration));
		/* Less than a hang, so that each gets its turn. */
		KUNIT_EXPECT_EQ_MSG(test, 0,
				    ktask_join_timeout(t, NULL, 3 * HZ),
				    "slept for %lld ns", duration);
		if (ktask_done(t))
			KT_EXPECT_RETURNED(test, t, 0);
	}
}

/* Any thread may, there is just nobody to abort it. */
static void blocking_sleep_elsewhere(struct kunit *test)
{
	ktime_t begin = ktime_get();

	KUNIT_EXPECT_EQ(test, 0, ktask_sleep(ms_to_ktime(5)));
	KUNIT_EXPECT_GE(test, ktime_us_delta(ktime_get(), begin), 5000LL);
}

static struct kunit_case blocking_cases[] = {
	KUNIT_CASE(blocking_result),
	KUNIT_CASE(blocking_started_later),
	KUNIT_CASE(blocking_in_own_storage),
	KUNIT_CASE(blocking_sleeps),
	KUNIT_CASE(blocking_joins_children),
	KUNIT_CASE(blocking_tree),
	KUNIT_CASE(blocking_at_once),
	KUNIT_CASE(blocking_crowd),
	KUNIT_CASE(blocking_sleep_not_above_zero),
	KUNIT_CASE(blocking_sleep_elsewhere),
	{}
};

struct kunit_suite ktask_blocking_suite = {
	.name = "ktask_blocking",
	.test_cases = blocking_cases,
};
