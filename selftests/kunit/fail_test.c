// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that runs out: of each call that allocates, each allocation fails in
 * turn. The call says so, leaves nothing behind, and works the next time. What it
 * can do without, it does.
 *
 * kmemleak tells of what is left behind, when all has run.
 */
#include <linux/sched.h>
#include <linux/slab.h>

#include "util.h"

#ifdef CONFIG_FAULT_INJECTION

/* More than any of the calls below makes. */
#define MANY		1000

#define TRACK		"/sys/module/ktask/parameters/track"

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

/* failslab lets pass what may wait for memory, unless it has been told otherwise. */
static int fail_init(struct kunit *test)
{
	void *p;

	fail_nth(1);
	p = kmalloc(1, GFP_KERNEL);
	kfree(p);
	if (!has_failed() || p)
		kunit_skip(test, "this kernel lets no allocation fail");
	return 0;
}

/*
 * Do @call again and again, each time with another allocation failing, until it
 * makes so few that none does; and then @check, where failed tells whether one did.
 * @err is what the call has ended with: no error, for the kernel's own can do
 * without some of theirs, and so can what keeps watch over memory; or that.
 */
#define FAIL_EACH(test, call, err, check)				\
do {									\
	unsigned int n, refused = 0;					\
	bool failed = true;						\
	long __err;							\
									\
	for (n = 1; failed && n < MANY; n++) {				\
		fail_nth(n);						\
		call;							\
		failed = has_failed();					\
		__err = (err);						\
		if (__err) {						\
			KUNIT_EXPECT_EQ(test, __err, -ENOMEM);		\
			KUNIT_EXPECT_TRUE(test, failed);		\
			refused++;					\
		}							\
		check;							\
	}								\
	KUNIT_EXPECT_LT(test, n, MANY);					\
	/* Or nothing has been tried. */				\
	KUNIT_EXPECT_GE(test, refused, 1);				\
} while (0)

/* So large that no memory is kept for the next one. */
struct returned {
	long value;
	char rest[256];
};

static long blocking_body(struct ktask *t)
{
	return ((struct returned *)ktask_frame(t))->value;
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
	struct returned init = { .value = 5 };
	struct ktask *t;

	FAIL_EACH(test, t = ktask_spawn(kt_return_body, struct returned,
					.init = &init),
		  PTR_ERR_OR_ZERO(t), join_and_put(test, t));
	FAIL_EACH(test, t = ktask_spawn_blocking(blocking_body, struct returned,
						 .init = &init),
		  PTR_ERR_OR_ZERO(t), join_and_put(test, t));
}

/* The list of live tasks goes without one that there is no memory to show. */
static void fail_track(struct kunit *test)
{
	struct returned init = { .value = 5 };
	unsigned int unseen = 0;
	struct ktask *t;

	KUNIT_ASSERT_EQ(test, 0, kt_write_file(TRACK, "Y"));
	FAIL_EACH(test, t = ktask_spawn(kt_return_body, struct returned,
					.init = &init),
		  PTR_ERR_OR_ZERO(t), {
		unseen += failed && !IS_ERR(t);
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
					      .init = &value), err, {
		KUNIT_EXPECT_EQ(test, ktask_set_len(set), !err);
		if (!err) {
			KUNIT_ASSERT_EQ(test, 0,
					ktask_set_join_next(set, &t, NULL));
			KT_EXPECT_RETURNED(test, t, 5);
			ktask_put(t);
		}
	});
	ktask_set_destroy(set);
}

static void use_and_destroy(struct kunit *test, struct ktask_runtime *rt)
{
	long value = 5;
	struct ktask *t;

	if (IS_ERR(rt))
		return;
	t = ktask_spawn(kt_return_body, long, .init = &value, .runtime = rt);
	KUNIT_EXPECT_FALSE(test, IS_ERR(t));
	join_and_put(test, t);
	ktask_runtime_destroy(rt);
}

static void fail_runtime(struct kunit *test)
{
	struct ktask_runtime *rt;

	FAIL_EACH(test, rt = ktask_runtime_create("fail", 0),
		  PTR_ERR_OR_ZERO(rt), use_and_destroy(test, rt));
}

/* One that has threads of its own, too. */
static void fail_runtime_mem_reclaim(struct kunit *test)
{
	struct ktask_runtime *rt;

	FAIL_EACH(test, rt = ktask_runtime_create("fail", KTASK_RT_MEM_RECLAIM),
		  PTR_ERR_OR_ZERO(rt), use_and_destroy(test, rt));
}

static void fail_local(struct kunit *test)
{
	struct ktask_runtime *rt;

	FAIL_EACH(test, rt = ktask_local_create("fail", 0),
		  PTR_ERR_OR_ZERO(rt), use_and_destroy(test, rt));
	FAIL_EACH(test, rt = ktask_local_create("fail", KTASK_ON_CPU(0)),
		  PTR_ERR_OR_ZERO(rt), use_and_destroy(test, rt));
}

static void fail_objects(struct kunit *test)
{
	struct ktask_promise *promise;
	struct ktask_oneshot *oneshot;
	struct ktask_token *token;

	FAIL_EACH(test, promise = ktask_promise_new(GFP_KERNEL),
		  PTR_ERR_OR_ZERO(promise), {
		if (!IS_ERR(promise)) {
			ktask_promise_drop(promise);
			ktask_promise_put(promise);
		}
	});
	FAIL_EACH(test, oneshot = ktask_oneshot_create(NULL, GFP_KERNEL),
		  oneshot ? 0 : -ENOMEM, {
		if (oneshot) {
			ktask_oneshot_sender_put(oneshot);
			ktask_oneshot_receiver_put(oneshot);
		}
	});
	FAIL_EACH(test, token = ktask_token_create(NULL, GFP_KERNEL),
		  PTR_ERR_OR_ZERO(token), {
		if (!IS_ERR(token))
			ktask_token_put(token);
	});
}

/* --- Joins of so many that it takes memory -------------------------------- */

#define CROWD		10

/**
 * struct crowd - tasks that wait for the same
 * @tasks: all but the first: entries may be NULL
 * @end: what they wait for
 * @failing: the thread in which the allocation is to fail
 */
struct crowd {
	struct ktask *tasks[CROWD];
	struct ktask_future end;
	struct task_struct *failing;
};

static ktask_poll_t crowd_body(struct ktask *t)
{
	struct crowd *c = *(struct crowd **)ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_AWAIT(t, &c->end);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static struct crowd *start_crowd(struct kunit *test)
{
	struct crowd *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, c);
	ktask_future_init(&c->end);
	c->failing = current;
	for (i = 1; i < CROWD; i++)
		c->tasks[i] = kt_own(test, ktask_spawn(crowd_body, struct crowd *,
						       .init = &c,
						       .flags = KTASK_NO_HELP));
	return c;
}

/* Not before the join has found that there is no memory, or it may not need any. */
static void end_crowd(void *arg)
{
	unsigned long until = jiffies + KT_HANG;
	struct crowd *c = arg;

	while (READ_ONCE(c->failing->fail_nth) && time_before(jiffies, until))
		cond_resched();
	ktask_future_complete(&c->end, 0);
}

/* It is woken for each one, then. */
static void fail_join_all(struct kunit *test)
{
	struct kt_rival *rival = kt_rival(test);
	struct crowd *c = start_crowd(test);
	int i, err;

	fail_nth(1);
	kt_rival_go(rival, end_crowd, c);
	err = ktask_join_all(c->tasks, CROWD, TASK_UNINTERRUPTIBLE,
			     ktime_add(ktime_get(), KT_HANG_KTIME));
	KUNIT_EXPECT_TRUE(test, has_failed());
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
	for (i = 1; i < CROWD; i++) {
		KUNIT_ASSERT_TRUE(test, ktask_done(c->tasks[i]));
		KT_EXPECT_RETURNED(test, c->tasks[i], 0);
	}

	c = start_crowd(test);
	fail_nth(1);
	err = ktask_join_all(c->tasks, CROWD, TASK_UNINTERRUPTIBLE,
			     ktime_add(ktime_get(), ms_to_ktime(5)));
	KUNIT_EXPECT_TRUE(test, has_failed());
	KUNIT_EXPECT_EQ(test, err, -ETIMEDOUT);
	for (i = 1; i < CROWD; i++)
		KUNIT_EXPECT_FALSE(test, ktask_done(c->tasks[i]));
}

/* An error as any other: it leaves no task at work. */
static void fail_try_join_all(struct kunit *test)
{
	struct crowd *c = start_crowd(test);
	long err;
	int i;

	fail_nth(1);
	err = ktask_try_join_all(c->tasks, CROWD, TASK_UNINTERRUPTIBLE,
				 ktime_add(ktime_get(), KT_HANG_KTIME));
	KUNIT_EXPECT_TRUE(test, has_failed());
	KUNIT_EXPECT_EQ(test, err, -ENOMEM);
	for (i = 1; i < CROWD; i++) {
		KUNIT_ASSERT_TRUE(test, ktask_done(c->tasks[i]));
		KT_EXPECT_CANCELLED(test, c->tasks[i]);
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
