// SPDX-License-Identifier: GPL-2.0
/*
 * Abort handles: of use as long as the task is, and harmless afterwards.
 */
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "util.h"

static ktask_poll_t eternal_body(struct ktask *t)
{
	KTASK_BEGIN(t);
	KTASK_SLEEP(t, KTIME_MAX);
	KTASK_END(t);
}

static long eternal_blocking_body(struct ktask *t)
{
	return ktask_sleep(KTIME_MAX);
}

static struct ktask *spawn_eternal(struct kunit *test, bool blocking,
				   struct ktask_runtime *rt)
{
	struct ktask *t;

	if (blocking)
		t = ktask_spawn_blocking(eternal_blocking_body, void,
					 .runtime = rt);
	else
		t = ktask_spawn(eternal_body, void, .runtime = rt);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	return t;
}

static void handle_aborts(struct kunit *test)
{
	int blocking;

	for (blocking = 0; blocking <= 1; blocking++) {
		struct ktask *t = kt_own(test, spawn_eternal(test, blocking,
							     NULL));
		struct ktask_abort_handle *h = ktask_abort_handle_get(t);

		KUNIT_EXPECT_FALSE(test, ktask_abort_handle_done(h));
		KUNIT_EXPECT_TRUE(test, ktask_abort_by(h));
		KT_FINISH(test, t);
		KT_EXPECT_CANCELLED(test, t);
		KUNIT_EXPECT_TRUE(test, ktask_abort_handle_done(h));
		KUNIT_EXPECT_FALSE(test, ktask_abort_by(h));
		ktask_abort_handle_put(h);
	}
	ktask_abort_handle_put(NULL);
}

/* The task goes on without whoever could have joined it. */
static void handle_of_detached(struct kunit *test)
{
	int blocking;

	for (blocking = 0; blocking <= 1; blocking++) {
		struct ktask *t = spawn_eternal(test, blocking, NULL);
		struct ktask_abort_handle *h = ktask_abort_handle_get(t);

		ktask_put(t);
		KUNIT_EXPECT_TRUE(test, ktask_abort_by(h));
		KT_EVENTUALLY(test, ktask_abort_handle_done(h));
		KUNIT_EXPECT_FALSE(test, ktask_abort_by(h));
		ktask_abort_handle_put(h);
	}
}

static void handle_put_leaves_task(struct kunit *test)
{
	struct ktask *t = kt_own(test, spawn_eternal(test, false, NULL));

	ktask_abort_handle_put(ktask_abort_handle_get(t));
	KUNIT_EXPECT_FALSE(test, ktask_done(t));
	KUNIT_EXPECT_FALSE(test, ktask_aborted(t));
}

static void handle_after_runtime(struct kunit *test)
{
	struct ktask_runtime *rt = kt_runtime(test);
	struct ktask_abort_handle *h[2];
	int i;

	for (i = 0; i < 2; i++) {
		struct ktask *t = spawn_eternal(test, i, rt);

		h[i] = ktask_abort_handle_get(t);
		ktask_put(t);
	}
	kt_destroy(test, rt);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_TRUE(test, ktask_abort_handle_done(h[i]));
		KUNIT_EXPECT_FALSE(test, ktask_abort_by(h[i]));
		ktask_abort_handle_put(h[i]);
	}
}

/* Made, never started, and its runtime gone. */
static void handle_of_never_started(struct kunit *test)
{
	struct ktask_runtime *rt = kt_runtime(test);
	struct ktask_abort_handle *h[2];
	struct ktask *t[2];
	int i;

	t[0] = ktask_new(eternal_body, void, .runtime = rt);
	t[1] = ktask_new_blocking(eternal_blocking_body, void, .runtime = rt);
	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t[i]);
		h[i] = ktask_abort_handle_get(t[i]);
		ktask_put(t[i]);
	}
	kt_destroy(test, rt);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_TRUE(test, ktask_abort_by(h[i]));
		KUNIT_EXPECT_TRUE(test, ktask_abort_by(h[i]));
		ktask_abort_handle_put(h[i]);
	}
}

static void handle_keeps_no_module(struct kunit *test)
{
	int before = module_refcount(THIS_MODULE);
	struct ktask *t = spawn_eternal(test, false, NULL);
	struct ktask_abort_handle *h = ktask_abort_handle_get(t);

	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), before + 1);
	ktask_abort_and_wait(t);
	ktask_put(t);
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), before);
	ktask_abort_handle_put(h);
}

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static void abort_by_it(void *h)
{
	ktask_abort_by(h);
	ktask_abort_handle_put(h);
}

static void handle_in_context(struct kunit *test)
{
	struct ktask *t = kt_own(test, spawn_eternal(test, false, NULL));

	kt_call_in(test, test->param_value, abort_by_it,
		   ktask_abort_handle_get(t));
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
	/* Again, too late. */
	kt_call_in(test, test->param_value, abort_by_it,
		   ktask_abort_handle_get(t));
}

/* Two use a handle each while the task starts, ends, and is put. */
static void handle_race(struct kunit *test)
{
	struct kt_rival *rivals[2] = { kt_rival(test), kt_rival(test) };
	long value = 1;
	int i, j;

	for (i = 0; i < 600; i++) {
		struct ktask *t;

		if (i & 1)
			t = ktask_new(kt_return_body, long, .init = &value);
		else
			t = ktask_new_blocking(eternal_blocking_body, void);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		for (j = 0; j < 2; j++)
			kt_rival_go(rivals[j], abort_by_it,
				    ktask_abort_handle_get(t));
		kt_dither(2);
		KUNIT_EXPECT_EQ(test, 0, ktask_start(t));
		ktask_put(t);
		for (j = 0; j < 2; j++)
			KUNIT_ASSERT_TRUE(test, kt_rival_done(rivals[j]));
	}
}

static struct kunit_case abort_handle_cases[] = {
	KUNIT_CASE(handle_aborts),
	KUNIT_CASE(handle_of_detached),
	KUNIT_CASE(handle_put_leaves_task),
	KUNIT_CASE(handle_after_runtime),
	KUNIT_CASE(handle_of_never_started),
	KUNIT_CASE(handle_keeps_no_module),
	KUNIT_CASE_PARAM(handle_in_context, context_gen_params),
	KUNIT_CASE(handle_race),
	{}
};

struct kunit_suite ktask_abort_handle_suite = {
	.name = "ktask_abort_handle",
	.test_cases = abort_handle_cases,
};
