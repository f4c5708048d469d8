// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that sleep: never too short, and in order.
 */
#include <linux/random.h>

#include "util.h"

struct sleeper {
	ktime_t duration;
	ktime_t until;			/* in place of duration, if not 0 */
	ktime_t begin;
	ktime_t end;
	unsigned int resumes;
	atomic_t *turns;
	int turn;
};

static ktask_poll_t sleep_body(struct ktask *t)
{
	struct sleeper *s = ktask_frame(t);

	s->resumes++;
	KTASK_BEGIN(t);
	s->begin = ktime_get();
	if (s->until)
		s->duration = ktime_sub(s->until, s->begin);
	KTASK_SLEEP(t, s->duration);
	s->end = ktime_get();
	if (s->turns)
		s->turn = atomic_inc_return(s->turns);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static struct ktask *spawn_sleeper(struct kunit *test, ktime_t duration)
{
	struct sleeper s = { .duration = duration };

	return kt_own(test, ktask_spawn(sleep_body, struct sleeper,
					.init = &s));
}

static bool too_early(const struct sleeper *s)
{
	return ktime_compare(s->end, ktime_add(s->begin, s->duration)) < 0;
}

static void timer_never_early(struct kunit *test)
{
	static const s64 ns[] = {
		1, 100, 1000, 10000, 100000, 1000000, 3999999, 4000001,
		10000000, 33333333, 50000000,
	};
	struct ktask *t[ARRAY_SIZE(ns)];
	struct sleeper *s;
	int i;

	for (i = 0; i < ARRAY_SIZE(ns); i++)
		t[i] = spawn_sleeper(test, ns_to_ktime(ns[i]));
	for (i = 0; i < ARRAY_SIZE(ns); i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], 0);
		s = ktask_frame(t[i]);
		KUNIT_EXPECT_FALSE(test, too_early(s));
		KUNIT_EXPECT_EQ(test, s->resumes, 2);
	}
}

static void timer_not_above_zero(struct kunit *test)
{
	static const ktime_t durations[] = { 0, -1, -NSEC_PER_SEC, KTIME_MIN };
	struct sleeper *s;
	struct ktask *t;
	int i;

	for (i = 0; i < ARRAY_SIZE(durations); i++) {
		t = spawn_sleeper(test, durations[i]);
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, 0);
		s = ktask_frame(t);
		KUNIT_EXPECT_EQ(test, s->resumes, 1);
	}
}

/*
 * Those whose time is up first wake first. What a slow machine does between
 * two lines counts, so it is the times that were really asked for that are
 * compared, and not if they are close to each other.
 */
static void timer_order(struct kunit *test)
{
	static const unsigned int ms[] = { 120, 40, 160, 80 };
	struct ktask *t[ARRAY_SIZE(ms)];
	struct sleeper init = {}, *a, *b;
	ktime_t a_end, b_end;
	atomic_t *turns;
	int i, k;

	turns = kunit_kzalloc(test, sizeof(*turns), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, turns);
	init.turns = turns;
	for (i = 0; i < ARRAY_SIZE(ms); i++) {
		init.duration = ms_to_ktime(ms[i]);
		t[i] = kt_own(test, ktask_spawn(sleep_body, struct sleeper,
						.init = &init,
						.place = KTASK_ON_CPU(0)));
	}
	for (i = 0; i < ARRAY_SIZE(ms); i++)
		KT_FINISH(test, t[i]);
	for (i = 0; i < ARRAY_SIZE(ms); i++) {
		for (k = 0; k < ARRAY_SIZE(ms); k++) {
			a = ktask_frame(t[i]);
			b = ktask_frame(t[k]);
			a_end = ktime_add(a->begin, a->duration);
			b_end = ktime_add(b->begin, b->duration);
			if (ktime_ms_delta(b_end, a_end) > 20)
				KUNIT_EXPECT_LT(test, a->turn, b->turn);
		}
	}
}

/* --- Many ----------------------------------------------------------------- */

#define MANY	10000

static void timer_many(struct kunit *test)
{
	struct ktask **t = kunit_kcalloc(test, MANY, sizeof(*t), GFP_KERNEL);
	unsigned int wrong = 0, early = 0, failed = 0;
	struct sleeper init = {};
	int i;

	KUNIT_ASSERT_NOT_NULL(test, t);
	for (i = 0; i < MANY; i++) {
		init.duration = kt_us(get_random_u32_below(200000));
		t[i] = ktask_spawn(sleep_body, struct sleeper, .init = &init);
		failed += IS_ERR(t[i]);
	}
	for (i = 0; i < MANY; i++) {
		if (IS_ERR(t[i]))
			continue;
		if (!kt_ended(t[i])) {
			wrong++;
			break;
		}
		wrong += ktask_outcome(t[i]) != KTASK_RETURNED;
		early += too_early(ktask_frame(t[i]));
		ktask_put(t[i]);
	}
	KUNIT_EXPECT_EQ(test, failed, 0);
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_EQ(test, early, 0);
}

/* All at once, as after a suspend of the machine. */
static void timer_many_at_once(struct kunit *test)
{
	struct ktask **t = kunit_kcalloc(test, 2000, sizeof(*t), GFP_KERNEL);
	unsigned int wrong = 0, early = 0;
	struct sleeper init = {};
	int i, n;

	KUNIT_ASSERT_NOT_NULL(test, t);
	init.until = ktime_add_ms(ktime_get(), 500);
	for (n = 0; n < 2000; n++) {
		t[n] = ktask_spawn(sleep_body, struct sleeper, .init = &init);
		if (IS_ERR(t[n]))
			break;
	}
	KUNIT_EXPECT_EQ(test, n, 2000);
	for (i = 0; i < n; i++) {
		if (!kt_ended(t[i])) {
			wrong++;
			break;
		}
		wrong += ktask_outcome(t[i]) != KTASK_RETURNED;
		early += too_early(ktask_frame(t[i]));
		ktask_put(t[i]);
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_EQ(test, early, 0);
}

/* DEBUG_OBJECTS tells if a task's memory is freed with its timer armed. */
static void timer_disarmed_by_abort(struct kunit *test)
{
	struct ktask *t;
	int i;

	for (i = 0; i < 100; i++) {
		struct sleeper init = { .duration = ms_to_ktime(i % 10) };
		bool ended;

		if (i & 1)
			init.duration = ktime_set(3600, 0);
		t = ktask_spawn(sleep_body, struct sleeper, .init = &init);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		usleep_range(50, 2000);
		ktask_abort(t);
		ended = kt_ended(t);
		if (ended)
			ktask_put(t);
		KUNIT_ASSERT_TRUE(test, ended);
	}
}

static struct kunit_case timer_cases[] = {
	KUNIT_CASE(timer_never_early),
	KUNIT_CASE(timer_not_above_zero),
	KUNIT_CASE(timer_order),
	KUNIT_CASE(timer_many),
	KUNIT_CASE(timer_many_at_once),
	KUNIT_CASE(timer_disarmed_by_abort),
	{}
};

struct kunit_suite ktask_timer_suite = {
	.name = "ktask_timer",
	.test_cases = timer_cases,
};
