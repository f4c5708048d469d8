// SPDX-License-Identifier: GPL-2.0
/*
 * Abort of blocking tasks, in each state that it can meet them in. The trail
 * reads as in abort_test.c.
 */
#include <linux/sched.h>
#include <linux/slab.h>

#include "util.h"

struct victim {
	struct kt_trail *trail;
	struct kt_cleanup made, first, second;
	struct ktask_future *f;
	struct ktask *other;
	struct completion in;
	bool saw_abort;
	long inner;			/* what a wait in the body said */
};

static void victim_begins(struct ktask *t, struct victim *v)
{
	kt_mark(v->trail, 'b');
	kt_defer_mark(t, &v->first, v->trail, '1');
	kt_defer_mark(t, &v->second, v->trail, '2');
	complete(&v->in);
}

static long victim_ends(struct ktask *t, struct victim *v, long inner)
{
	v->inner = inner;
	v->saw_abort = ktask_aborted(t);
	kt_mark(v->trail, 'e');
	return inner;
}

static long sleep_body(struct ktask *t)
{
	struct victim *v = ktask_frame(t);

	victim_begins(t, v);
	return victim_ends(t, v, ktask_sleep(ktime_set(3600, 0)));
}

static long wait_interruptible_body(struct ktask *t)
{
	struct victim *v = ktask_frame(t);

	victim_begins(t, v);
	return victim_ends(t, v, ktask_future_wait_interruptible(v->f));
}

static long wait_killable_body(struct ktask *t)
{
	struct victim *v = ktask_frame(t);

	victim_begins(t, v);
	return victim_ends(t, v, ktask_future_wait_killable(v->f));
}

static long wait_until_body(struct ktask *t)
{
	struct victim *v = ktask_frame(t);

	victim_begins(t, v);
	return victim_ends(t, v, ktask_future_wait_until(v->f,
							 TASK_INTERRUPTIBLE,
							 KTIME_MAX - 1));
}

static long join_interruptible_body(struct ktask *t)
{
	struct victim *v = ktask_frame(t);

	victim_begins(t, v);
	return victim_ends(t, v, ktask_join_interruptible(v->other, NULL));
}

static long join_killable_body(struct ktask *t)
{
	struct victim *v = ktask_frame(t);

	victim_begins(t, v);
	return victim_ends(t, v, ktask_join_killable(v->other, NULL));
}

static long poll_body(struct ktask *t)
{
	struct victim *v = ktask_frame(t);

	victim_begins(t, v);
	while (!ktask_aborted(t))
		usleep_range(100, 200);
	return victim_ends(t, v, -ECANCELED);
}

/* A wait that no abort ends. */
static long wait_plain_body(struct ktask *t)
{
	struct victim *v = ktask_frame(t);

	victim_begins(t, v);
	return victim_ends(t, v, ktask_future_wait(v->f));
}

/* Returns what it likes, though it has seen the abort. */
static long stubborn_body(struct ktask *t)
{
	struct victim *v = ktask_frame(t);

	victim_begins(t, v);
	ktask_future_wait_interruptible(v->f);
	victim_ends(t, v, 33);
	return 33;
}

static long abort_self_body(struct ktask *t)
{
	struct victim *v = ktask_frame(t);

	victim_begins(t, v);
	if (!ktask_abort(t))
		return -EIO;
	return victim_ends(t, v, ktask_sleep(ktime_set(3600, 0)));
}

static const struct blocking_case {
	const char *name;
	ktask_blocking_t body;
} abortable[] = {
	{ "sleep", sleep_body },
	{ "wait_interruptible", wait_interruptible_body },
	{ "wait_killable", wait_killable_body },
	{ "wait_until", wait_until_body },
	{ "join_interruptible", join_interruptible_body },
	{ "join_killable", join_killable_body },
	{ "poll", poll_body },
};

static void case_desc(const struct blocking_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(abortable, abortable, case_desc);
KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static ktask_poll_t await_body(struct ktask *t)
{
	struct ktask_future **f = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_AWAIT(t, *f);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

struct scene {
	struct kt_trail *trail;
	struct ktask_future *f;
	struct ktask *t;
	struct victim *v;
};

static void finish_waits(void *f)
{
	ktask_future_complete(f, 0);
}

static void make(struct kunit *test, struct scene *s, ktask_blocking_t body)
{
	struct ktask *other;

	s->trail = kt_trail(test);
	s->f = kunit_kzalloc(test, sizeof(*s->f), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, s->f);
	other = kt_own(test, ktask_spawn(await_body, struct ktask_future *,
					 .init = &s->f));
	s->t = ktask_new_blocking(body, struct victim, .name = "victim");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s->t);
	s->v = ktask_frame(s->t);
	s->v->trail = s->trail;
	s->v->f = s->f;
	s->v->other = other;
	init_completion(&s->v->in);
	kt_defer_mark(s->t, &s->v->made, s->trail, 'm');
}

static void start(struct kunit *test, struct scene *s, ktask_blocking_t body)
{
	make(test, s, body);
	KUNIT_ASSERT_EQ(test, 0, ktask_start(s->t));
	kt_own(test, s->t);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, finish_waits,
							   s->f));
}

static void start_and_see(struct kunit *test, struct scene *s,
			  ktask_blocking_t body)
{
	start(test, s, body);
	KT_COMPLETED(test, &s->v->in);
}

static void blocking_abort_before_start(struct kunit *test)
{
	struct scene s;

	make(test, &s, sleep_body);
	KUNIT_EXPECT_TRUE(test, ktask_abort(s.t));
	KUNIT_EXPECT_EQ(test, 0, ktask_start(s.t));
	kt_own(test, s.t);
	KT_FINISH(test, s.t);
	KT_EXPECT_CANCELLED(test, s.t);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "m");
}

/* A body that ends for the abort, with -ECANCELED, is cancelled. */
static void blocking_abort_running(struct kunit *test)
{
	const struct blocking_case *c = test->param_value;
	int asleep;

	/* Before it sleeps, perhaps, and after. */
	for (asleep = 0; asleep <= 1; asleep++) {
		struct scene s;

		start_and_see(test, &s, c->body);
		if (asleep)
			msleep(20);
		KUNIT_EXPECT_FALSE(test, ktask_done(s.t));
		KUNIT_EXPECT_TRUE(test, ktask_abort(s.t));
		KT_FINISH(test, s.t);
		KUNIT_EXPECT_TRUE(test, s.v->saw_abort);
		KUNIT_EXPECT_EQ(test, s.v->inner, (long)-ECANCELED);
		KT_EXPECT_CANCELLED(test, s.t);
		KUNIT_EXPECT_EQ(test, -ECANCELED, ktask_try_join(s.t, NULL));
		KUNIT_EXPECT_STREQ(test, s.trail->s, "be21m");
		/* What it waited for is left alone. */
		KUNIT_EXPECT_FALSE(test, ktask_done(s.v->other));
		KUNIT_EXPECT_TRUE(test, ktask_future_complete(s.f, 0));
	}
}

static void abort_it(void *t)
{
	ktask_abort(t);
}

static void blocking_abort_in(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(abortable); i++) {
		struct scene s;

		start_and_see(test, &s, abortable[i].body);
		kt_call_in(test, test->param_value, abort_it, s.t);
		KT_FINISH(test, s.t);
		KT_EXPECT_CANCELLED(test, s.t);
		KUNIT_EXPECT_STREQ(test, s.trail->s, "be21m");
	}
}

static void blocking_abort_and_wait(struct kunit *test)
{
	struct scene s;

	start(test, &s, sleep_body);
	ktask_abort_and_wait(s.t);
	KT_EXPECT_CANCELLED(test, s.t);

	start_and_see(test, &s, sleep_body);
	ktask_abort_and_wait(s.t);
	KT_EXPECT_CANCELLED(test, s.t);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "be21m");
}

/* A body that needs what it waits for is not disturbed. */
static void blocking_abort_uninterruptible(struct kunit *test)
{
	struct scene s;

	start_and_see(test, &s, wait_plain_body);
	KUNIT_EXPECT_TRUE(test, ktask_abort(s.t));
	msleep(20);
	KUNIT_EXPECT_FALSE(test, ktask_done(s.t));
	ktask_future_complete(s.f, 0);
	KT_FINISH(test, s.t);
	KUNIT_EXPECT_TRUE(test, s.v->saw_abort);
	KT_EXPECT_RETURNED(test, s.t, 0);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "be21m");
}

static void blocking_abort_returns_value(struct kunit *test)
{
	struct scene s;

	start_and_see(test, &s, stubborn_body);
	KUNIT_EXPECT_TRUE(test, ktask_abort(s.t));
	KT_FINISH(test, s.t);
	KT_EXPECT_RETURNED(test, s.t, 33);
	KUNIT_EXPECT_EQ(test, 0, ktask_try_join(s.t, NULL));
}

static void blocking_abort_ended(struct kunit *test)
{
	struct scene s;

	start_and_see(test, &s, stubborn_body);
	ktask_future_complete(s.f, 0);
	KT_FINISH(test, s.t);
	KUNIT_EXPECT_FALSE(test, ktask_abort(s.t));
	KUNIT_EXPECT_FALSE(test, s.v->saw_abort);
	KT_EXPECT_RETURNED(test, s.t, 33);
}

static void blocking_abort_by_itself(struct kunit *test)
{
	struct scene s;

	start(test, &s, abort_self_body);
	KT_FINISH(test, s.t);
	KT_EXPECT_CANCELLED(test, s.t);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "be21m");
}

/* The abort that comes first counts, and those that come later agree. */
static void blocking_abort_twice(struct kunit *test)
{
	struct scene s;

	start_and_see(test, &s, wait_plain_body);
	KUNIT_EXPECT_TRUE(test, ktask_abort(s.t));
	KUNIT_EXPECT_TRUE(test, ktask_abort(s.t));
	ktask_future_complete(s.f, 0);
	KT_FINISH(test, s.t);
	KUNIT_EXPECT_FALSE(test, ktask_abort(s.t));
}

/* --- Queued --------------------------------------------------------------- */

/* More than the workqueue runs at once, so that some are queued. */
#define CROWD	(2 * WQ_DFL_ACTIVE)

static void blocking_abort_queued(struct kunit *test)
{
	struct scene *s = kunit_kcalloc(test, CROWD, sizeof(*s), GFP_KERNEL);
	unsigned int never = 0;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	for (i = 0; i < CROWD; i++)
		start(test, &s[i], wait_interruptible_body);
	for (i = CROWD - 1; i >= 0; i--)
		KUNIT_EXPECT_TRUE(test, ktask_abort(s[i].t));
	for (i = 0; i < CROWD; i++) {
		KT_FINISH(test, s[i].t);
		KT_EXPECT_CANCELLED(test, s[i].t);
		if (s[i].trail->n == 1)
			never++;
		KUNIT_EXPECT_STREQ(test, s[i].trail->s,
				   s[i].trail->n == 1 ? "m" : "be21m");
	}
	KUNIT_EXPECT_GT(test, never, 0);
	kunit_info(test, "%u of %u never ran\n", never, CROWD);
}

/* --- Races ---------------------------------------------------------------- */

static void complete_it(void *f)
{
	kt_dither(30);
	ktask_future_complete(f, 0);
}

/* Against its start, and against what it waits for. */
static void blocking_abort_race(struct kunit *test)
{
	unsigned int returned = 0, cancelled = 0, never = 0;
	struct kt_rival *rival = kt_rival(test);
	int i;

	for (i = 0; i < 200; i++) {
		struct scene s;

		start(test, &s, wait_interruptible_body);
		if (i % 4)
			KT_COMPLETED(test, &s.v->in);
		kt_rival_go(rival, complete_it, s.f);
		kt_dither(50);
		ktask_abort(s.t);
		KT_FINISH(test, s.t);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		if (ktask_outcome(s.t) == KTASK_RETURNED) {
			returned++;
			KT_EXPECT_RETURNED(test, s.t, 0);
			KUNIT_EXPECT_STREQ(test, s.trail->s, "be21m");
		} else if (s.trail->n == 1) {
			never++;
			KT_EXPECT_CANCELLED(test, s.t);
			KUNIT_EXPECT_STREQ(test, s.trail->s, "m");
		} else {
			cancelled++;
			KT_EXPECT_CANCELLED(test, s.t);
			KUNIT_EXPECT_STREQ(test, s.trail->s, "be21m");
		}
	}
	kunit_info(test, "returned %u, cancelled %u, never ran %u\n", returned,
		   cancelled, never);
}

static long three_body(struct ktask *t)
{
	return 3;
}

/* An abort while the work is being queued may not lose it. */
static void blocking_abort_start_race(struct kunit *test)
{
	struct kt_rival *rival = kt_rival(test);
	unsigned int returned = 0;
	int i;

	for (i = 0; i < 1000; i++) {
		struct ktask *t = ktask_new_blocking(three_body, void);

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		kt_rival_go(rival, abort_it, t);
		kt_dither(1);
		KUNIT_ASSERT_EQ(test, 0, ktask_start(t));
		KUNIT_ASSERT_TRUE(test, kt_ended(t));
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		returned += ktask_outcome(t) == KTASK_RETURNED;
		ktask_put(t);
	}
	kunit_info(test, "returned %u\n", returned);
}

static struct kunit_case abort_blocking_cases[] = {
	KUNIT_CASE(blocking_abort_before_start),
	KUNIT_CASE_PARAM(blocking_abort_running, abortable_gen_params),
	KUNIT_CASE_PARAM(blocking_abort_in, context_gen_params),
	KUNIT_CASE(blocking_abort_and_wait),
	KUNIT_CASE(blocking_abort_uninterruptible),
	KUNIT_CASE(blocking_abort_returns_value),
	KUNIT_CASE(blocking_abort_ended),
	KUNIT_CASE(blocking_abort_by_itself),
	KUNIT_CASE(blocking_abort_twice),
	KUNIT_CASE(blocking_abort_queued),
	KUNIT_CASE(blocking_abort_race),
	KUNIT_CASE(blocking_abort_start_race),
	{}
};

struct kunit_suite ktask_abort_blocking_suite = {
	.name = "ktask_abort_blocking",
	.test_cases = abort_blocking_cases,
};
