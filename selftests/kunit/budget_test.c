// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that would never let others run: always ready, or computing.
 */
#include "util.h"

struct greedy {
	struct ktask_future *done;
	bool *stop;
	unsigned long awaits;
};

static const int one_cpu = KTASK_ON_CPU(0);

/* What it awaits is always there. */
static ktask_poll_t greedy_body(struct ktask *t)
{
	struct greedy *g = ktask_frame(t);

	KTASK_BEGIN(t);
	while (!READ_ONCE(*g->stop)) {
		KTASK_AWAIT(t, g->done);
		g->awaits++;
		KTASK_SLEEP(t, 0);
		KTASK_AWAIT_TIMEOUT(t, g->done, 0);
	}
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static void budget_always_ready(struct kunit *test)
{
	struct greedy init = {
		.done = kunit_kzalloc(test, sizeof(*init.done), GFP_KERNEL),
		.stop = kunit_kzalloc(test, sizeof(*init.stop), GFP_KERNEL),
	};
	struct ktask *greedy[2], *t;
	long i;

	KUNIT_ASSERT_NOT_NULL(test, init.done);
	KUNIT_ASSERT_NOT_NULL(test, init.stop);
	ktask_future_complete(init.done, 1);
	for (i = 0; i < ARRAY_SIZE(greedy); i++)
		greedy[i] = kt_own(test, ktask_spawn(greedy_body, struct greedy,
						     .init = &init,
						     .place = one_cpu));
	for (i = 0; i < 50; i++) {
		t = kt_own(test, ktask_spawn(kt_return_body, long, .init = &i,
					     .flags = KTASK_NO_HELP,
					     .place = one_cpu));
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, i);
	}
	WRITE_ONCE(*init.stop, true);
	for (i = 0; i < ARRAY_SIZE(greedy); i++) {
		KT_FINISH(test, greedy[i]);
		KT_EXPECT_RETURNED(test, greedy[i], 0);
	}
}

/* It is in the awaits that are not needed that an abort comes in. */
static void budget_abort(struct kunit *test)
{
	struct greedy init = {
		.done = kunit_kzalloc(test, sizeof(*init.done), GFP_KERNEL),
		.stop = kunit_kzalloc(test, sizeof(*init.stop), GFP_KERNEL),
	};
	struct ktask *t;

	KUNIT_ASSERT_NOT_NULL(test, init.done);
	KUNIT_ASSERT_NOT_NULL(test, init.stop);
	ktask_future_complete(init.done, 1);
	t = kt_own(test, ktask_spawn(greedy_body, struct greedy,
				     .init = &init));
	usleep_range(2000, 3000);
	KUNIT_EXPECT_TRUE(test, ktask_abort(t));
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
}

struct counter {
	struct ktask_future *done;
	unsigned int i;
	unsigned int wrong;
};

/* What an await that yielded tells is what one that did not would. */
static ktask_poll_t counter_body(struct ktask *t)
{
	struct counter *c = ktask_frame(t);

	KTASK_BEGIN(t);
	for (c->i = 0; c->i < 1000; c->i++) {
		KTASK_AWAIT_TIMEOUT(t, c->done, 0);
		c->wrong += ktask_timed_out(t);
	}
	ktask_future_init(c->done);
	for (c->i = 0; c->i < 1000; c->i++) {
		KTASK_AWAIT_TIMEOUT(t, c->done, 0);
		c->wrong += !ktask_timed_out(t);
	}
	KTASK_RETURN(t, c->wrong);
	KTASK_END(t);
}

static void budget_keeps_outcome(struct kunit *test)
{
	struct counter init = {
		.done = kunit_kzalloc(test, sizeof(*init.done), GFP_KERNEL),
	};
	struct ktask *t;

	KUNIT_ASSERT_NOT_NULL(test, init.done);
	ktask_future_complete(init.done, 1);
	t = kt_own(test, ktask_spawn(counter_body, struct counter,
				     .init = &init));
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
}

struct cruncher {
	bool *stop;
	unsigned long yields;
};

static ktask_poll_t crunch_body(struct ktask *t)
{
	struct cruncher *c = ktask_frame(t);

	KTASK_BEGIN(t);
	while (!READ_ONCE(*c->stop)) {
		if (ktask_should_yield(t)) {
			c->yields++;
			KTASK_YIELD(t);
		}
		cpu_relax();
	}
	KTASK_RETURN(t, c->yields);
	KTASK_END(t);
}

static void budget_should_yield(struct kunit *test)
{
	bool *stop = kunit_kzalloc(test, sizeof(*stop), GFP_KERNEL);
	struct cruncher init = { .stop = stop };
	struct ktask *c[2], *t;
	long i;

	KUNIT_ASSERT_NOT_NULL(test, stop);
	for (i = 0; i < ARRAY_SIZE(c); i++)
		c[i] = kt_own(test, ktask_spawn(crunch_body, struct cruncher,
						.init = &init,
						.place = one_cpu));
	for (i = 0; i < 5; i++) {
		t = kt_own(test, ktask_spawn(kt_return_body, long, .init = &i,
					     .flags = KTASK_NO_HELP,
					     .place = one_cpu));
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, i);
	}
	WRITE_ONCE(*stop, true);
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		KT_FINISH(test, c[i]);
		KUNIT_EXPECT_GT(test, ktask_result(c[i]), 0);
	}
}

/* Not at once: it may run for a while. */
static ktask_poll_t fresh_body(struct ktask *t)
{
	unsigned int *early = ktask_frame(t);
	unsigned int i;

	KTASK_BEGIN(t);
	/* An interrupt may have come between, but not every time. */
	for (i = 0; i < 100; i++)
		*early += ktask_should_yield(t);
	KTASK_RETURN(t, *early);
	KTASK_END(t);
}

static void budget_not_at_once(struct kunit *test)
{
	struct ktask *t;
	long least = 100;
	int i;

	for (i = 0; i < 20; i++) {
		t = kt_own(test, ktask_spawn(fresh_body, unsigned int));
		KT_FINISH(test, t);
		least = min(least, ktask_result(t));
	}
	KUNIT_EXPECT_EQ(test, least, 0);
}

static struct kunit_case budget_cases[] = {
	KUNIT_CASE(budget_always_ready),
	KUNIT_CASE(budget_abort),
	KUNIT_CASE(budget_keeps_outcome),
	KUNIT_CASE(budget_should_yield),
	KUNIT_CASE(budget_not_at_once),
	{}
};

struct kunit_suite ktask_budget_suite = {
	.name = "ktask_budget",
	.test_cases = budget_cases,
};
