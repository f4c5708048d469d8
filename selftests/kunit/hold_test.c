// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that are held at their start, for a future or for a time.
 */
#include "util.h"

struct held {
	struct kt_trail *trail;
	struct kt_cleanup cleanup;
};

static ktask_poll_t held_body(struct ktask *t)
{
	struct held *h = ktask_frame(t);

	KTASK_BEGIN(t);
	kt_mark(h->trail, ktask_timed_out(t) ? 't' : 'b');
	KTASK_YIELD(t);
	kt_mark(h->trail, 'e');
	KTASK_RETURN(t, 7);
	KTASK_END(t);
}

static long held_blocking_body(struct ktask *t)
{
	struct held *h = ktask_frame(t);

	kt_mark(h->trail, 'b');
	if (ktask_sleep(kt_us(10)))
		return -ECANCELED;
	kt_mark(h->trail, 'e');
	return 7;
}

struct scene {
	struct ktask_future *f;
	struct kt_trail *trail;
	struct ktask_runtime *rt;
	bool blocking;
	struct workqueue_struct *wq;
};

/* Made, with a cleanup. */
static struct ktask *new_held(struct scene *s, struct ktask_future *after,
			      ktime_t delay)
{
	struct ktask *t;
	struct held *h;

	if (s->blocking)
		t = ktask_new_blocking(held_blocking_body, struct held,
				       .after = after, .delay = delay,
				       .runtime = s->rt, .wq = s->wq);
	else
		t = ktask_new(held_body, struct held, .after = after,
			      .delay = delay, .runtime = s->rt);
	if (IS_ERR(t))
		return t;
	h = ktask_frame(t);
	h->trail = s->trail;
	kt_defer_mark(t, &h->cleanup, s->trail, 'c');
	return t;
}

static struct ktask *start_new(struct kunit *test, struct scene *s,
			       struct ktask_future *after, ktime_t delay)
{
	struct ktask *t = new_held(s, after, delay);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	KUNIT_ASSERT_EQ(test, 0, ktask_start(t));
	return kt_own(test, t);
}

static void scene_init(struct kunit *test, struct scene *s, bool blocking)
{
	memset(s, 0, sizeof(*s));
	s->f = kunit_kzalloc(test, sizeof(*s->f), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, s->f);
	s->trail = kt_trail(test);
	s->blocking = blocking;
}

static const bool kinds[] = { false, true };

static void kind_desc(const bool *kind, char *desc)
{
	strscpy(desc, *kind ? "blocking" : "async", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(kind, kinds, kind_desc);

static bool is_blocking(struct kunit *test)
{
	return *(const bool *)test->param_value;
}

static void hold_for_future(struct kunit *test)
{
	struct ktask *t;
	struct scene s;

	scene_init(test, &s, is_blocking(test));
	t = start_new(test, &s, s.f, 0);
	usleep_range(5000, 6000);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "");
	ktask_future_complete(s.f, -EIO);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 7);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "bec");
}

/* Complete before the start: it is as if there was none. */
static void hold_for_complete(struct kunit *test)
{
	struct ktask *t;
	struct scene s;

	scene_init(test, &s, is_blocking(test));
	ktask_future_complete(s.f, 0);
	t = start_new(test, &s, s.f, KTIME_MAX);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 7);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "bec");
}

static long nothing_blocking_body(struct ktask *t)
{
	return 0;
}

/* Made and started in one call, and aborted on its way to a worker. */
static void hold_spawned_and_aborted(struct kunit *test)
{
	struct ktask *t;
	struct scene s;
	int err, i;

	scene_init(test, &s, true);
	ktask_future_complete(s.f, 0);
	for (i = 0; i < 200; i++) {
		t = ktask_spawn_blocking(nothing_blocking_body, void,
					 .after = s.f);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		ktask_abort(t);
		err = ktask_join(t, NULL);
		KUNIT_EXPECT_TRUE(test, !err || err == -ECANCELED);
		ktask_put(t);
	}
}

static void hold_for_time(struct kunit *test)
{
	ktime_t before = ktime_get();
	struct ktask *t;
	struct scene s;

	scene_init(test, &s, is_blocking(test));
	t = start_new(test, &s, NULL, ms_to_ktime(20));
	KT_FINISH(test, t);
	KUNIT_EXPECT_GE(test, ktime_ms_delta(ktime_get(), before), 20);
	KT_EXPECT_RETURNED(test, t, 7);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "bec");
}

/* Below zero is no time at all. */
static void hold_for_past(struct kunit *test)
{
	struct ktask *t;
	struct scene s;

	scene_init(test, &s, is_blocking(test));
	t = start_new(test, &s, NULL, -1);
	KT_FINISH(test, t);
	t = start_new(test, &s, NULL, KTIME_MIN);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 7);
}

/* Whichever comes first; the body is told. */
static void hold_for_either(struct kunit *test)
{
	struct ktask *t;
	struct scene s;

	scene_init(test, &s, false);
	t = start_new(test, &s, s.f, ms_to_ktime(1));
	KT_FINISH(test, t);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "tec");
	t = start_new(test, &s, s.f, ktime_set(3600, 0));
	ktask_future_complete(s.f, 0);
	KT_FINISH(test, t);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "tecbec");
}

static void hold_aborted(struct kunit *test)
{
	struct ktask *t;
	struct scene s;

	scene_init(test, &s, is_blocking(test));
	t = start_new(test, &s, s.f, ktime_set(3600, 0));
	KUNIT_EXPECT_TRUE(test, ktask_abort(t));
	KUNIT_EXPECT_TRUE(test, ktask_abort(t) || ktask_done(t));
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "c");
	/* It waits for nothing any more. */
	KUNIT_EXPECT_TRUE(test, ktask_future_complete(s.f, 0));
}

/* Between being made and being started. */
static void hold_aborted_before(struct kunit *test)
{
	struct ktask *t;
	struct scene s;

	scene_init(test, &s, is_blocking(test));
	t = new_held(&s, s.f, ktime_set(3600, 0));
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	KUNIT_EXPECT_TRUE(test, ktask_abort(t));
	KUNIT_ASSERT_EQ(test, 0, ktask_start(t));
	kt_own(test, t);
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "c");
}

static void hold_never_started(struct kunit *test)
{
	struct ktask *t;
	struct scene s;

	scene_init(test, &s, is_blocking(test));
	t = new_held(&s, s.f, ktime_set(3600, 0));
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	ktask_put(t);
	ktask_future_complete(s.f, 0);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "");
}

static void hold_runtime_goes(struct kunit *test)
{
	struct ktask *t;
	struct scene s;

	scene_init(test, &s, is_blocking(test));
	s.rt = kt_runtime(test);
	t = start_new(test, &s, s.f, ktime_set(3600, 0));
	kt_destroy(test, s.rt);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "c");
}

static void hold_own_workqueue(struct kunit *test)
{
	struct ktask *t;
	struct scene s;

	scene_init(test, &s, true);
	s.wq = alloc_workqueue("kunit_hold", WQ_UNBOUND, 1);
	KUNIT_ASSERT_NOT_NULL(test, s.wq);
	t = start_new(test, &s, s.f, 0);
	ktask_future_complete(s.f, 0);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 7);
	destroy_workqueue(s.wq);
}

/* A chain: each after the end of the one before. */
static void hold_chain(struct kunit *test)
{
	struct ktask *t[20];
	struct scene s;
	int i;

	scene_init(test, &s, false);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		s.blocking = i & 1;
		t[i] = start_new(test, &s, i ? ktask_future(t[i - 1]) : s.f, 0);
	}
	ktask_future_complete(s.f, 0);
	KT_FINISH(test, t[ARRAY_SIZE(t) - 1]);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		KUNIT_EXPECT_TRUE(test, ktask_done(t[i]));
	KUNIT_EXPECT_STREQ(test, s.trail->s,
			   "becbecbecbecbecbecbecbecbecbecbecbecbecbecbecbecbecbecbecbec");
}

/* --- Races ---------------------------------------------------------------- */

static void complete_it(void *f)
{
	ktask_future_complete(f, 0);
}

/* The future completes, the time passes and somebody aborts at once. */
static void hold_races(struct kunit *test)
{
	struct kt_rival *rival = kt_rival(test);
	unsigned int returned = 0, cancelled = 0;
	struct ktask *t;
	struct scene s;
	int i;

	scene_init(test, &s, is_blocking(test));
	for (i = 0; i < 300; i++) {
		ktask_future_init(s.f);
		s.trail->n = 0;
		t = new_held(&s, s.f, i & 1 ? kt_us(i % 50) : 0);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		kt_rival_go(rival, complete_it, s.f);
		kt_dither(20);
		KUNIT_ASSERT_EQ(test, 0, ktask_start(t));
		if (i & 2) {
			kt_dither(20);
			ktask_abort(t);
		}
		KT_FINISH(test, t);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		if (ktask_outcome(t) == KTASK_RETURNED)
			returned++;
		else
			cancelled++;
		ktask_put(t);
	}
	KUNIT_EXPECT_EQ(test, returned + cancelled, 300);
	kunit_info(test, "returned %u, cancelled %u\n", returned, cancelled);
}

static struct kunit_case hold_cases[] = {
	KUNIT_CASE_PARAM(hold_for_future, kind_gen_params),
	KUNIT_CASE_PARAM(hold_for_complete, kind_gen_params),
	KUNIT_CASE(hold_spawned_and_aborted),
	KUNIT_CASE_PARAM(hold_for_time, kind_gen_params),
	KUNIT_CASE_PARAM(hold_for_past, kind_gen_params),
	KUNIT_CASE(hold_for_either),
	KUNIT_CASE_PARAM(hold_aborted, kind_gen_params),
	KUNIT_CASE_PARAM(hold_aborted_before, kind_gen_params),
	KUNIT_CASE_PARAM(hold_never_started, kind_gen_params),
	KUNIT_CASE_PARAM(hold_runtime_goes, kind_gen_params),
	KUNIT_CASE(hold_own_workqueue),
	KUNIT_CASE(hold_chain),
	KUNIT_CASE_PARAM(hold_races, kind_gen_params),
	{}
};

struct kunit_suite ktask_hold_suite = {
	.name = "ktask_hold",
	.test_cases = hold_cases,
};
