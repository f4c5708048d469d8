// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that runs out: of each call that allocates, each allocation fails in
 * turn. The call says so, leaves nothing behind, and works the next time. What it
 * can do without, it does.
 *
 * kmemleak tells of what is left behind, when all has run.
 */
#include <linux/sched.h>

#include "util.h"

#ifdef CONFIG_FAULT_INJECTION

/* More than any of the calls below makes. */
#define MANY		1000

#define IGNORE_WAIT	"/sys/kernel/debug/failslab/ignore-gfp-wait"
#define TRACK		"/sys/module/ktask/parameters/track"

static void restore_file(void *path)
{
	kt_write_file(path, "Y");
}

/* By default only those allocations fail that could not wait for memory. */
static int fail_init(struct kunit *test)
{
	if (kt_write_file(IGNORE_WAIT, "N"))
		kunit_skip(test, "this kernel lets no allocation fail");
	return kunit_add_action_or_reset(test, restore_file, IGNORE_WAIT);
}

/* Have the @n-th allocation of this thread from now on fail. */
static void fail_nth(unsigned int n)
{
	WRITE_ONCE(current->fail_nth, n);
}

/* None any more. Return: whether there has been one that failed. */
static bool has_failed(void)
{
	bool failed = !READ_ONCE(current->fail_nth);

	WRITE_ONCE(current->fail_nth, 0);
	return failed;
}

/*
 * Do @call again and again, each time with another allocation failing, until it
 * makes so few that none does. Then @check, where failed tells whether one did.
 */
#define FAIL_EACH(test, call, check)					\
do {									\
	bool failed = true;						\
	unsigned int n;							\
									\
	for (n = 1; failed && n < MANY; n++) {				\
		fail_nth(n);						\
		call;							\
		failed = has_failed();					\
		check;							\
	}								\
	KUNIT_EXPECT_LT(test, n, MANY);					\
	/* Or nothing has been tried. */				\
	KUNIT_EXPECT_GT(test, n, 2);					\
} while (0)

/* @p is what a call has made that cannot do without any of its memory. */
#define EXPECT_MADE(test, p, failed)					\
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(p), (failed) ? -ENOMEM : 0)

static long blocking_body(struct ktask *t)
{
	return *(long *)ktask_frame(t);
}

static void join_and_put(struct kunit *test, struct ktask *t)
{
	if (IS_ERR(t))
		return;
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 5);
	ktask_put(t);
}

static void fail_spawn(struct kunit *test)
{
	long value = 5;
	struct ktask *t;

	FAIL_EACH(test, t = ktask_spawn(kt_return_body, long, .init = &value), {
		EXPECT_MADE(test, t, failed);
		join_and_put(test, t);
	});
	FAIL_EACH(test, t = ktask_spawn_blocking(blocking_body, long,
						 .init = &value), {
		EXPECT_MADE(test, t, failed);
		join_and_put(test, t);
	});
}

/* The list of live tasks goes without one that there is no memory to show. */
static void fail_track(struct kunit *test)
{
	unsigned int unseen = 0;
	long value = 5;
	struct ktask *t;

	KUNIT_ASSERT_EQ(test, 0, kt_write_file(TRACK, "Y"));
	FAIL_EACH(test, t = ktask_spawn(kt_return_body, long, .init = &value), {
		if (IS_ERR(t))
			EXPECT_MADE(test, t, true);
		else
			unseen += failed;
		join_and_put(test, t);
	});
	KUNIT_EXPECT_EQ(test, 0, kt_write_file(TRACK, "N"));
	KUNIT_EXPECT_GE(test, unseen, 1);
}

static void fail_set_spawn(struct kunit *test)
{
	struct ktask_set *set = kunit_kzalloc(test, sizeof(*set), GFP_KERNEL);
	long value = 5;
	struct ktask *t;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, set);
	ktask_set_init(set, 0, 0);
	FAIL_EACH(test, err = ktask_set_spawn(set, kt_return_body, long,
					      .init = &value), {
		KUNIT_EXPECT_EQ(test, err, failed ? -ENOMEM : 0);
		KUNIT_EXPECT_EQ(test, ktask_set_len(set), !failed);
	});
	KUNIT_EXPECT_EQ(test, 0, ktask_set_join_next(set, &t, NULL));
	KT_EXPECT_RETURNED(test, t, 5);
	ktask_put(t);
	ktask_set_destroy(set);
}

/* The kernel's own do without some of theirs, so it may be there all the same. */
static void check_runtime(struct kunit *test, struct ktask_runtime *rt,
			  bool failed)
{
	long value = 5;
	struct ktask *t;

	if (IS_ERR(rt)) {
		EXPECT_MADE(test, rt, true);
		KUNIT_EXPECT_TRUE(test, failed);
		return;
	}
	t = ktask_spawn(kt_return_body, long, .init = &value, .runtime = rt);
	KUNIT_EXPECT_FALSE(test, IS_ERR(t));
	join_and_put(test, t);
	ktask_runtime_destroy(rt);
}

static void fail_runtime(struct kunit *test)
{
	struct ktask_runtime *rt;

	FAIL_EACH(test, rt = ktask_runtime_create("fail", 0),
		  check_runtime(test, rt, failed));
}

/* One that has threads of its own, too. */
static void fail_runtime_mem_reclaim(struct kunit *test)
{
	struct ktask_runtime *rt;

	FAIL_EACH(test, rt = ktask_runtime_create("fail", KTASK_RT_MEM_RECLAIM),
		  check_runtime(test, rt, failed));
}

static void fail_local(struct kunit *test)
{
	struct ktask_runtime *rt;

	FAIL_EACH(test, rt = ktask_local_create("fail", 0),
		  check_runtime(test, rt, failed));
	FAIL_EACH(test, rt = ktask_local_create("fail", KTASK_ON_CPU(0)),
		  check_runtime(test, rt, failed));
}

static void fail_objects(struct kunit *test)
{
	struct ktask_promise *promise;
	struct ktask_oneshot *oneshot;
	struct ktask_token *token;

	FAIL_EACH(test, promise = ktask_promise_new(GFP_KERNEL), {
		EXPECT_MADE(test, promise, failed);
		if (!IS_ERR(promise)) {
			ktask_promise_drop(promise);
			ktask_promise_put(promise);
		}
	});
	FAIL_EACH(test, oneshot = ktask_oneshot_create(NULL, GFP_KERNEL), {
		EXPECT_MADE(test, oneshot, failed);
		if (!IS_ERR(oneshot)) {
			ktask_oneshot_sender_put(oneshot);
			ktask_oneshot_receiver_put(oneshot);
		}
	});
	FAIL_EACH(test, token = ktask_token_create(NULL, GFP_KERNEL), {
		EXPECT_MADE(test, token, failed);
		if (!IS_ERR(token))
			ktask_token_put(token);
	});
}

/* --- Joins of so many that it takes memory -------------------------------- */

#define CROWD		10

static ktask_poll_t sleep_body(struct ktask *t)
{
	KTASK_BEGIN(t);
	KTASK_SLEEP(t, *(ktime_t *)ktask_frame(t));
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

/* All but one: entries may be NULL. */
static void start_crowd(struct kunit *test, struct ktask **tasks, ktime_t duration)
{
	int i;

	tasks[0] = NULL;
	for (i = 1; i < CROWD; i++)
		tasks[i] = kt_own(test, ktask_spawn(sleep_body, ktime_t,
						    .init = &duration,
						    .flags = KTASK_NO_HELP));
}

/* It is woken for each one, then. */
static void fail_join_all(struct kunit *test)
{
	struct ktask *tasks[CROWD];
	int i, err;

	start_crowd(test, tasks, ms_to_ktime(20));
	fail_nth(1);
	err = ktask_join_all(tasks, CROWD, TASK_UNINTERRUPTIBLE,
			     ktime_add(ktime_get(), KT_HANG_KTIME));
	KUNIT_EXPECT_TRUE(test, has_failed());
	KUNIT_EXPECT_EQ(test, err, 0);
	for (i = 1; i < CROWD; i++)
		KT_EXPECT_RETURNED(test, tasks[i], 0);

	start_crowd(test, tasks, ktime_set(3600, 0));
	fail_nth(1);
	err = ktask_join_all(tasks, CROWD, TASK_UNINTERRUPTIBLE,
			     ktime_add(ktime_get(), ms_to_ktime(5)));
	KUNIT_EXPECT_TRUE(test, has_failed());
	KUNIT_EXPECT_EQ(test, err, -ETIMEDOUT);
	for (i = 1; i < CROWD; i++)
		KUNIT_EXPECT_FALSE(test, ktask_done(tasks[i]));
}

/* An error as any other: it leaves no task at work. */
static void fail_try_join_all(struct kunit *test)
{
	struct ktask *tasks[CROWD];
	long err;
	int i;

	start_crowd(test, tasks, ktime_set(3600, 0));
	fail_nth(1);
	err = ktask_try_join_all(tasks, CROWD, TASK_UNINTERRUPTIBLE,
				 ktime_add(ktime_get(), KT_HANG_KTIME));
	KUNIT_EXPECT_TRUE(test, has_failed());
	KUNIT_EXPECT_EQ(test, err, -ENOMEM);
	for (i = 1; i < CROWD; i++) {
		KUNIT_ASSERT_TRUE(test, ktask_done(tasks[i]));
		KT_EXPECT_CANCELLED(test, tasks[i]);
	}
}

static struct kunit_case fail_cases[] = {
	KUNIT_CASE(fail_spawn),
	KUNIT_CASE(fail_track),
	KUNIT_CASE(fail_set_spawn),
	KUNIT_CASE_SLOW(fail_runtime),
	KUNIT_CASE_SLOW(fail_runtime_mem_reclaim),
	KUNIT_CASE_SLOW(fail_local),
	KUNIT_CASE(fail_objects),
	KUNIT_CASE(fail_join_all),
	KUNIT_CASE(fail_try_join_all),
	{}
};

#else

static int fail_init(struct kunit *test)
{
	return 0;
}

static void fail_nothing(struct kunit *test)
{
	kunit_skip(test, "this kernel lets no allocation fail");
}

static struct kunit_case fail_cases[] = {
	KUNIT_CASE(fail_nothing),
	{}
};

#endif

struct kunit_suite ktask_fail_suite = {
	.name = "ktask_fail",
	.init = fail_init,
	.test_cases = fail_cases,
};
