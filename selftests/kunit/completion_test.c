// SPDX-License-Identifier: GPL-2.0
/*
 * Completions as something to await: taken once each, and not by whom an abort
 * keeps from going on.
 */
#include <linux/ktask_completion.h>
#include <linux/slab.h>

#include "util.h"

struct awaiter {
	struct ktask_completion_wait w;
	struct completion *c;
	ktime_t timeout;
	bool in;
	bool timed_out;
};

static ktask_poll_t await_body(struct ktask *t)
{
	struct awaiter *f = ktask_frame(t);

	KTASK_BEGIN(t);
	WRITE_ONCE(f->in, true);
	KTASK_AWAIT_COMPLETION_TIMEOUT(t, &f->w, f->c, f->timeout);
	f->timed_out = ktask_timed_out(t);
	KTASK_RETURN(t, ktask_request_status(&f->w.request));
	KTASK_END(t);
}

static struct ktask *spawn_unowned(struct kunit *test, struct completion *c,
				   ktime_t timeout)
{
	const struct awaiter f = { .c = c, .timeout = timeout };
	struct ktask *t = ktask_spawn(await_body, struct awaiter, .init = &f);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	return t;
}

static struct ktask *spawn_await(struct kunit *test, struct completion *c,
				 ktime_t timeout)
{
	return kt_own(test, spawn_unowned(test, c, timeout));
}

static struct completion *new_completion(struct kunit *test)
{
	struct completion *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	init_completion(c);
	return c;
}

/* Whether some thread waits for it. */
static bool waited_for(struct completion *c)
{
	return swait_active(&c->wait);
}

static void completion_plain(struct kunit *test)
{
	struct completion *c = new_completion(test);
	struct ktask *t = spawn_await(test, c, KTIME_MAX);

	KT_EVENTUALLY(test, waited_for(c));
	KUNIT_EXPECT_FALSE(test, ktask_done(t));
	complete(c);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_EQ(test, c->done, 0);
}

static void completion_early(struct kunit *test)
{
	struct completion *c = new_completion(test);
	struct ktask *t;

	complete(c);
	complete(c);
	t = spawn_await(test, c, 0);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_EQ(test, c->done, 1);
}

static void completion_of_all(struct kunit *test)
{
	struct completion *c = new_completion(test);
	struct ktask *t[5];
	int i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = spawn_await(test, c, KTIME_MAX);
	KT_EVENTUALLY(test, waited_for(c));
	complete_all(c);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], 0);
	}
	KUNIT_EXPECT_TRUE(test, completion_done(c));
	reinit_completion(c);
}

static void completion_timeout(struct kunit *test)
{
	static const s64 timeouts[] = { KTIME_MIN, 0, NSEC_PER_USEC,
					2 * NSEC_PER_MSEC };
	struct completion *c = new_completion(test);
	struct awaiter *f;
	struct ktask *t;
	int i;

	for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
		t = spawn_await(test, c, timeouts[i]);
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, -ETIMEDOUT);
		f = ktask_frame(t);
		KUNIT_EXPECT_TRUE(test, f->timed_out);
		KUNIT_EXPECT_FALSE(test, waited_for(c));
	}
	/* Nobody took it. */
	complete(c);
	KUNIT_EXPECT_EQ(test, c->done, 1);
}

/* Nobody waits for it any more, so that it may go. */
static void completion_aborted(struct kunit *test)
{
	struct completion *c = kzalloc(sizeof(*c), GFP_KERNEL | __GFP_NOFAIL);
	struct ktask *t;

	init_completion(c);
	t = spawn_await(test, c, KTIME_MAX);
	KT_EVENTUALLY(test, waited_for(c));
	ktask_abort(t);
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_FALSE(test, waited_for(c));
	kfree(c);
}

/* Granted, and then dropped: somebody else shall have it. */
static void completion_given_back(struct kunit *test)
{
	struct completion *c = new_completion(test);
	struct ktask_completion_wait *w;
	struct ktask_request *r;

	w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, w);
	complete(c);
	r = ktask_completion_start(w, NULL, c);
	KUNIT_EXPECT_EQ(test, c->done, 0);
	KUNIT_EXPECT_EQ(test, 0, ktask_request_status(r));
	ktask_request_drop(r);
	KUNIT_EXPECT_EQ(test, c->done, 1);

	wait_for_completion(c);
	r = ktask_completion_start(w, NULL, c);
	complete(c);
	KUNIT_EXPECT_EQ(test, 0, ktask_future_wait(ktask_request_future(r)));
	KUNIT_EXPECT_EQ(test, c->done, 0);
	ktask_request_drop(r);
	KUNIT_EXPECT_EQ(test, c->done, 1);

	/* And when it is kept, it is gone. */
	r = ktask_completion_start(w, NULL, c);
	ktask_request_forget(r);
	ktask_request_drop(r);
	KUNIT_EXPECT_EQ(test, c->done, 0);
}

static void completion_of_thread(struct kunit *test)
{
	struct completion *c = new_completion(test);
	struct ktask_completion_wait *w;
	struct ktask_request *r;

	w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, w);
	r = ktask_completion_start(w, NULL, c);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_request_wait_until(r, TASK_UNINTERRUPTIBLE, 0));
	KUNIT_EXPECT_FALSE(test, waited_for(c));
}

/* Storage that the waiter may not have is told of, and not waited for. */
static void completion_on_stack(struct kunit *test)
{
	struct completion *c = new_completion(test);
	struct ktask_completion_wait w = {};
	struct ktask_request *r = ktask_completion_start(&w, NULL, c);

	KUNIT_EXPECT_EQ(test, -EINVAL, ktask_request_status(r));
	ktask_request_drop(r);
}

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static void complete_it(void *c)
{
	complete(c);
}

static void completion_in_context(struct kunit *test)
{
	struct completion *c = new_completion(test);
	struct ktask *t = spawn_await(test, c, KTIME_MAX);

	KT_EVENTUALLY(test, waited_for(c));
	kt_call_in(test, test->param_value, complete_it, c);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
}

/* Completed, aborted and timed out at once: what went in is in or came out. */
static void completion_race(struct kunit *test)
{
	struct kt_rival *rival = kt_rival(test);
	struct completion *c = new_completion(test);
	unsigned int taken = 0;
	int i;

	for (i = 0; i < 300; i++) {
		struct ktask *t;

		t = spawn_unowned(test, c, i % 3 ? kt_us(i % 300) : KTIME_MAX);
		kt_dither(i % 100);
		kt_rival_go(rival, complete_it, c);
		if (i & 1)
			ktask_abort(t);
		KUNIT_ASSERT_TRUE(test, kt_ended(t));
		taken += ktask_result(t) == 0;
		ktask_put(t);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		KUNIT_ASSERT_FALSE(test, waited_for(c));
	}
	KUNIT_EXPECT_EQ(test, taken + c->done, 300);
}

static struct kunit_case completion_cases[] = {
	KUNIT_CASE(completion_plain),
	KUNIT_CASE(completion_early),
	KUNIT_CASE(completion_of_all),
	KUNIT_CASE(completion_timeout),
	KUNIT_CASE(completion_aborted),
	KUNIT_CASE(completion_given_back),
	KUNIT_CASE(completion_of_thread),
	KUNIT_CASE(completion_on_stack),
	KUNIT_CASE_PARAM(completion_in_context, context_gen_params),
	KUNIT_CASE(completion_race),
	{}
};

struct kunit_suite ktask_completion_suite = {
	.name = "ktask_completion",
	.test_cases = completion_cases,
};
