// SPDX-License-Identifier: GPL-2.0
/*
 * Local sets: tasks that never run in parallel.
 */
#include <linux/cpu.h>

#include "util.h"

static const int places[] = { 0, KTASK_ON_CPU(0) };

static void place_desc(const int *place, char *desc)
{
	strscpy(desc, *place ? "on a CPU" : "anywhere", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(place, places, place_desc);

static int param_place(struct kunit *test)
{
	return *(const int *)test->param_value;
}

/* Data without locks. */
struct shared {
	bool inside;
	unsigned int wrong;
	unsigned long sum;
	struct kt_trail *trail;
};

struct member {
	struct shared *shared;
	struct ktask_future *f;
	unsigned int rounds;
	char c;
};

static void enter(struct shared *s)
{
	if (READ_ONCE(s->inside))
		s->wrong++;
	WRITE_ONCE(s->inside, true);
	kt_dither(3);
	s->sum++;
	WRITE_ONCE(s->inside, false);
}

static ktask_poll_t member_body(struct ktask *t)
{
	struct member *m = ktask_frame(t);

	KTASK_BEGIN(t);
	for (m->rounds = 0; m->rounds < 20; m->rounds++) {
		enter(m->shared);
		KTASK_YIELD(t);
		enter(m->shared);
		KTASK_SLEEP(t, kt_us(m->rounds));
		if (m->f)
			KTASK_AWAIT(t, m->f);
		enter(m->shared);
		/* A body that sleeps keeps the whole set waiting. */
		if (m->rounds == 10) {
			WRITE_ONCE(m->shared->inside, true);
			usleep_range(10, 50);
			WRITE_ONCE(m->shared->inside, false);
		}
	}
	KTASK_RETURN(t, raw_smp_processor_id());
	KTASK_END(t);
}

static void join_it(void *arg)
{
	ktask_join(arg, NULL);
}

static void local_never_parallel(struct kunit *test)
{
	struct ktask_runtime *rt = kt_local(test, param_place(test));
	struct shared *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct kt_rival *rival = kt_rival(test);
	struct member init = { .shared = s };
	struct ktask *t[40];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = kt_own(test, ktask_spawn(member_body, struct member,
						.init = &init, .runtime = rt));
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		/* Two who would help. */
		kt_rival_go(rival, join_it, t[i]);
		KUNIT_EXPECT_EQ(test, 0,
				ktask_join_timeout(t[i], NULL, KT_HANG));
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		if (param_place(test))
			KT_EXPECT_RETURNED(test, t[i], param_place(test) - 1);
	}
	KUNIT_EXPECT_EQ(test, s->wrong, 0);
	KUNIT_EXPECT_EQ(test, s->sum, ARRAY_SIZE(t) * 60);
}

static ktask_poll_t mark_body(struct ktask *t)
{
	struct member *m = ktask_frame(t);

	KTASK_BEGIN(t);
	if (m->f)
		KTASK_AWAIT(t, m->f);
	kt_mark(m->shared->trail, m->c);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

struct orderly {
	struct ktask_runtime *rt;
	struct member m;
	struct ktask *last;
};

/* By a task of the set, so that none runs before all are spawned. */
static ktask_poll_t spawn_all_body(struct ktask *t)
{
	struct orderly *o = ktask_frame(t);

	KTASK_BEGIN(t);
	for (o->m.c = 'a'; o->m.c <= 'z'; o->m.c++) {
		if (!IS_ERR_OR_NULL(o->last))
			ktask_put(o->last);
		o->last = ktask_spawn(mark_body, struct member, .init = &o->m,
				      .runtime = o->rt);
	}
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static void local_spawn_order(struct kunit *test)
{
	struct shared *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct orderly init = {}, *o;
	struct ktask *t;

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->trail = kt_trail(test);
	init.rt = kt_local(test, param_place(test));
	init.m.shared = s;
	t = kt_own(test, ktask_spawn(spawn_all_body, struct orderly,
				     .init = &init, .runtime = init.rt));
	KT_FINISH(test, t);
	o = ktask_frame(t);
	kt_own(test, o->last);
	KT_FINISH(test, o->last);
	KUNIT_EXPECT_STREQ(test, s->trail->s, "abcdefghijklmnopqrstuvwxyz");
}

static ktask_poll_t nothing_body(struct ktask *t)
{
	KTASK_BEGIN(t);
	KTASK_END(t);
}

/* Woken by one completion, in the order in which they came to wait. */
static void local_wake_order(struct kunit *test)
{
	struct ktask_runtime *rt = kt_local(test, param_place(test));
	struct shared *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct ktask_future *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	struct member init = { .shared = s, .f = f };
	struct ktask *t = NULL;

	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_ASSERT_NOT_NULL(test, f);
	s->trail = kt_trail(test);
	for (init.c = 'a'; init.c <= 'z'; init.c++)
		t = kt_own(test, ktask_spawn(mark_body, struct member,
					     .init = &init, .runtime = rt));
	/* One after them: when it runs, they all wait. */
	KT_FINISH(test, kt_own(test, ktask_spawn(nothing_body, void,
						 .runtime = rt)));
	ktask_future_complete(f, 0);
	KT_FINISH(test, t);
	KUNIT_EXPECT_STREQ(test, s->trail->s, "abcdefghijklmnopqrstuvwxyz");
}

static long blocking_body(struct ktask *t)
{
	return 0;
}

static void local_bad(struct kunit *test)
{
	struct ktask_runtime *rt = kt_local(test, 0);

	KUNIT_EXPECT_PTR_EQ(test, ktask_local_create("x", KTASK_ON_NODE(0)),
			    ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, ktask_local_create("x", KTASK_ON_CPU(nr_cpu_ids)),
			    ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, ktask_spawn(mark_body, struct member,
					      .runtime = rt,
					      .place = KTASK_ON_CPU(0)),
			    ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, ktask_spawn_blocking(blocking_body, void,
						       .runtime = rt),
			    ERR_PTR(-EINVAL));
}

static void local_destroy(struct kunit *test)
{
	struct ktask_runtime *rt = kt_local(test, param_place(test));
	struct shared *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct ktask_future *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	struct member init = { .shared = s, .f = f };
	struct ktask *t[30];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_ASSERT_NOT_NULL(test, f);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = kt_own(test, ktask_spawn(member_body, struct member,
						.init = &init, .runtime = rt));
	kt_destroy(test, rt);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		KT_EXPECT_CANCELLED(test, t[i]);
	KUNIT_EXPECT_EQ(test, s->wrong, 0);
}

/* Cleanups are of the set as well. */
static void shared_cleanup(void *arg)
{
	enter(arg);
}

struct cleaner {
	struct shared *shared;
	struct ktask_defer d;
};

static ktask_poll_t cleaner_body(struct ktask *t)
{
	struct cleaner *c = ktask_frame(t);

	KTASK_BEGIN(t);
	ktask_defer(t, &c->d, shared_cleanup, c->shared);
	enter(c->shared);
	KTASK_SLEEP(t, ktime_set(3600, 0));
	KTASK_END(t);
}

static void local_abort(struct kunit *test)
{
	struct ktask_runtime *rt = kt_local(test, param_place(test));
	struct shared *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct cleaner init = { .shared = s };
	struct ktask *t[40];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = kt_own(test, ktask_spawn(cleaner_body, struct cleaner,
						.init = &init, .runtime = rt));
	usleep_range(2000, 3000);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		KUNIT_EXPECT_TRUE(test, ktask_abort(t[i]));
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_CANCELLED(test, t[i]);
	}
	KUNIT_EXPECT_EQ(test, s->wrong, 0);
}

static struct kunit_case local_cases[] = {
	KUNIT_CASE_PARAM(local_never_parallel, place_gen_params),
	KUNIT_CASE_PARAM(local_spawn_order, place_gen_params),
	KUNIT_CASE_PARAM(local_wake_order, place_gen_params),
	KUNIT_CASE(local_bad),
	KUNIT_CASE_PARAM(local_destroy, place_gen_params),
	KUNIT_CASE_PARAM(local_abort, place_gen_params),
	{}
};

struct kunit_suite ktask_local_suite = {
	.name = "ktask_local",
	.test_cases = local_cases,
};
