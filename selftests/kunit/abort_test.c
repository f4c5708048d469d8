// SPDX-License-Identifier: GPL-2.0
/*
 * Abort of async tasks, in each state that it can meet them in. Blocking tasks
 * have a file of their own.
 *
 * A victim leaves in its trail: 'b' when its body begins, 'e' when the body
 * gets to its end, then '2' and '1' from the cleanups it registered, and 'm'
 * from the one that its maker did.
 */
#include <linux/random.h>
#include <linux/slab.h>

#include "util.h"

struct victim {
	struct kt_trail *trail;
	struct kt_cleanup made, first, second;
	struct ktask_future *f;
	ktime_t timeout;
	struct completion in, go;
	struct ktask_defer defer;
	bool aborted_self;
};

/* All that a body does before it gets to what the case is about. */
static void victim_begins(struct ktask *t, struct victim *v)
{
	kt_mark(v->trail, 'b');
	kt_defer_mark(t, &v->first, v->trail, '1');
	kt_defer_mark(t, &v->second, v->trail, '2');
}

static ktask_poll_t return_body(struct ktask *t)
{
	struct victim *v = ktask_frame(t);

	KTASK_BEGIN(t);
	victim_begins(t, v);
	kt_mark(v->trail, 'e');
	KTASK_RETURN(t, 1);
	KTASK_END(t);
}

static ktask_poll_t await_body(struct ktask *t)
{
	struct victim *v = ktask_frame(t);

	KTASK_BEGIN(t);
	victim_begins(t, v);
	KTASK_AWAIT(t, v->f);
	kt_mark(v->trail, 'e');
	KTASK_RETURN(t, 1);
	KTASK_END(t);
}

static ktask_poll_t timeout_body(struct ktask *t)
{
	struct victim *v = ktask_frame(t);

	KTASK_BEGIN(t);
	victim_begins(t, v);
	KTASK_AWAIT_TIMEOUT(t, v->f, v->timeout);
	kt_mark(v->trail, 'e');
	KTASK_RETURN(t, 1);
	KTASK_END(t);
}

static ktask_poll_t sleep_body(struct ktask *t)
{
	struct victim *v = ktask_frame(t);

	KTASK_BEGIN(t);
	victim_begins(t, v);
	KTASK_SLEEP(t, v->timeout);
	kt_mark(v->trail, 'e');
	KTASK_RETURN(t, 1);
	KTASK_END(t);
}

static ktask_poll_t yield_body(struct ktask *t)
{
	struct victim *v = ktask_frame(t);

	KTASK_BEGIN(t);
	victim_begins(t, v);
	for (;;)
		KTASK_YIELD(t);
	KTASK_END(t);
}

/* Is running, in the middle of its body, until it is let go. */
static ktask_poll_t busy_then_await_body(struct ktask *t)
{
	struct victim *v = ktask_frame(t);

	KTASK_BEGIN(t);
	victim_begins(t, v);
	complete(&v->in);
	wait_for_completion(&v->go);
	/* Even what could go on at once is where an abort is let in. */
	KTASK_AWAIT(t, v->f);
	kt_mark(v->trail, 'e');
	KTASK_RETURN(t, 1);
	KTASK_END(t);
}

static ktask_poll_t busy_then_return_body(struct ktask *t)
{
	struct victim *v = ktask_frame(t);

	KTASK_BEGIN(t);
	victim_begins(t, v);
	complete(&v->in);
	wait_for_completion(&v->go);
	kt_mark(v->trail, 'e');
	KTASK_RETURN(t, 1);
	KTASK_END(t);
}

static ktask_poll_t abort_self_then_sleep_body(struct ktask *t)
{
	struct victim *v = ktask_frame(t);

	KTASK_BEGIN(t);
	victim_begins(t, v);
	v->aborted_self = ktask_abort(t);
	KTASK_SLEEP(t, 0);
	kt_mark(v->trail, 'e');
	KTASK_RETURN(t, 1);
	KTASK_END(t);
}

static ktask_poll_t abort_self_then_return_body(struct ktask *t)
{
	struct victim *v = ktask_frame(t);

	KTASK_BEGIN(t);
	victim_begins(t, v);
	v->aborted_self = ktask_abort(t);
	kt_mark(v->trail, 'e');
	KTASK_RETURN(t, 1);
	KTASK_END(t);
}

static void abort_me(void *arg)
{
	struct ktask *t = arg;
	struct victim *v = ktask_frame(t);

	v->aborted_self = ktask_abort(t);
}

static ktask_poll_t abort_self_in_cleanup_body(struct ktask *t)
{
	struct victim *v = ktask_frame(t);

	KTASK_BEGIN(t);
	kt_mark(v->trail, 'b');
	kt_defer_mark(t, &v->first, v->trail, '1');
	ktask_defer(t, &v->defer, abort_me, t);
	kt_defer_mark(t, &v->second, v->trail, '2');
	kt_mark(v->trail, 'e');
	KTASK_RETURN(t, 1);
	KTASK_END(t);
}

/* A case's victim, and what it uses. */
struct scene {
	struct kt_trail *trail;
	struct ktask_future *f;
	struct ktask *t;
	struct victim *v;
};

/* Made, but not started; not registered either. */
static void make_at(struct kunit *test, struct scene *s, ktask_resume_t body,
		    int place)
{
	if (!s->trail)
		s->trail = kt_trail(test);
	if (!s->f)
		s->f = kunit_kzalloc(test, sizeof(*s->f), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, s->f);
	s->t = ktask_new(body, struct victim, .name = "victim",
			 .place = place);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s->t);
	s->v = ktask_frame(s->t);
	s->v->trail = s->trail;
	s->v->f = s->f;
	s->v->timeout = ktime_set(3600, 0);
	init_completion(&s->v->in);
	init_completion(&s->v->go);
	kt_defer_mark(s->t, &s->v->made, s->trail, 'm');
}

static void make(struct kunit *test, struct scene *s, ktask_resume_t body)
{
	make_at(test, s, body, 0);
}

static void start_behind(struct kunit *test, struct scene *s,
			 ktask_resume_t body, struct kt_plug *plug)
{
	make_at(test, s, body, KT_BEHIND(plug));
	kt_allow_help(s->t);
	KUNIT_ASSERT_EQ(test, 0, ktask_start(s->t));
	kt_own(test, s->t);
}

static void start(struct kunit *test, struct scene *s, ktask_resume_t body)
{
	start_behind(test, s, body, NULL);
}

static void let_go(void *arg)
{
	struct victim *v = arg;

	complete_all(&v->go);
}

static void start_busy(struct kunit *test, struct scene *s, ktask_resume_t body)
{
	start(test, s, body);
	/* Before the end of the case waits for it, in whatever way. */
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, let_go, s->v));
	KT_COMPLETED(test, &s->v->in);
}

static void until_begun(struct kunit *test, struct scene *s)
{
	KT_EVENTUALLY(test, READ_ONCE(s->trail->n) > 0);
	/* It may still be on its way out; either way the case goes on. */
	usleep_range(200, 400);
}

static void abort_before_start(struct kunit *test)
{
	struct scene s = {};

	make(test, &s, return_body);
	KUNIT_EXPECT_FALSE(test, ktask_aborted(s.t));
	KUNIT_EXPECT_TRUE(test, ktask_abort(s.t));
	KUNIT_EXPECT_TRUE(test, ktask_aborted(s.t));
	KUNIT_EXPECT_EQ(test, 0, ktask_start(s.t));
	kt_own(test, s.t);
	KT_FINISH(test, s.t);
	KT_EXPECT_CANCELLED(test, s.t);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "m");
}

static void abort_then_never_start(struct kunit *test)
{
	struct scene s = {};

	make(test, &s, return_body);
	KUNIT_EXPECT_TRUE(test, ktask_abort(s.t));
	ktask_put(s.t);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "");
}

static void abort_queued(struct kunit *test)
{
	enum { NR = 20 };
	struct kt_plug *plug = kt_plug(test);
	struct scene s[NR] = {};
	int i;

	for (i = 0; i < NR; i++)
		start_behind(test, &s[i], return_body, plug);
	/* Every other one. */
	for (i = 0; i < NR; i += 2)
		KUNIT_EXPECT_TRUE(test, ktask_abort(s[i].t));
	kt_unplug(plug);
	for (i = 0; i < NR; i++) {
		KT_FINISH(test, s[i].t);
		if (i & 1) {
			KT_EXPECT_RETURNED(test, s[i].t, 1);
			KUNIT_EXPECT_STREQ(test, s[i].trail->s, "be21m");
		} else {
			KT_EXPECT_CANCELLED(test, s[i].t);
			KUNIT_EXPECT_STREQ(test, s[i].trail->s, "m");
		}
	}
}

/* By the one who aborts: ended though its executor never gets to it. */
static void abort_and_wait_queued(struct kunit *test)
{
	struct scene s = {};

	start_behind(test, &s, return_body, kt_plug(test));
	ktask_abort_and_wait(s.t);
	KT_EXPECT_CANCELLED(test, s.t);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "m");
}

static void abort_suspended(struct kunit *test)
{
	static const ktask_resume_t bodies[] = {
		await_body, timeout_body, sleep_body, yield_body,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(bodies); i++) {
		struct scene s = {};

		start(test, &s, bodies[i]);
		until_begun(test, &s);
		KUNIT_EXPECT_TRUE(test, ktask_abort(s.t));
		KT_FINISH(test, s.t);
		KT_EXPECT_CANCELLED(test, s.t);
		KUNIT_EXPECT_STREQ(test, s.trail->s, "b21m");
		/* The future knows nothing of the task any more. */
		KUNIT_EXPECT_TRUE(test, ktask_future_complete(s.f, 1));
		KUNIT_EXPECT_STREQ(test, s.trail->s, "b21m");
	}
}

static void abort_and_wait_suspended(struct kunit *test)
{
	static const ktask_resume_t bodies[] = {
		await_body, timeout_body, sleep_body, yield_body,
	};
	int i;

	ktask_abort_and_wait(NULL);
	for (i = 0; i < ARRAY_SIZE(bodies); i++) {
		struct scene s = {};

		start(test, &s, bodies[i]);
		until_begun(test, &s);
		ktask_abort_and_wait(s.t);
		KT_EXPECT_CANCELLED(test, s.t);
		KUNIT_EXPECT_STREQ(test, s.trail->s, "b21m");
		ktask_abort_and_wait(s.t);
	}
}

/* Sleeps that no clock gets to the end of. */
static void abort_eternal_sleep(struct kunit *test)
{
	static const ktime_t times[] = { KTIME_MAX, KTIME_MAX - 1 };
	int i;

	for (i = 0; i < ARRAY_SIZE(times); i++) {
		struct scene s = {};

		make(test, &s, sleep_body);
		s.v->timeout = times[i];
		KUNIT_ASSERT_EQ(test, 0, ktask_start(s.t));
		kt_own(test, s.t);
		until_begun(test, &s);
		ktask_abort(s.t);
		KT_FINISH(test, s.t);
		KT_EXPECT_CANCELLED(test, s.t);
		KUNIT_EXPECT_STREQ(test, s.trail->s, "b21m");
	}
}

static void abort_running_ends_at_await(struct kunit *test)
{
	struct scene s = {};
	int ready;

	for (ready = 0; ready <= 1; ready++) {
		s = (struct scene){};
		start_busy(test, &s, busy_then_await_body);
		if (ready)
			ktask_future_complete(s.f, 1);
		KUNIT_EXPECT_TRUE(test, ktask_abort(s.t));
		KUNIT_EXPECT_FALSE(test, ktask_done(s.t));
		KUNIT_EXPECT_STREQ(test, s.trail->s, "b");
		complete_all(&s.v->go);
		KT_FINISH(test, s.t);
		KT_EXPECT_CANCELLED(test, s.t);
		KUNIT_EXPECT_STREQ(test, s.trail->s, "b21m");
	}
}

static void abort_running_returns_first(struct kunit *test)
{
	struct scene s = {};

	start_busy(test, &s, busy_then_return_body);
	KUNIT_EXPECT_TRUE(test, ktask_abort(s.t));
	complete_all(&s.v->go);
	KT_FINISH(test, s.t);
	KT_EXPECT_RETURNED(test, s.t, 1);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "be21m");
}

static void abort_ended(struct kunit *test)
{
	struct scene s = {};

	start(test, &s, return_body);
	KT_FINISH(test, s.t);
	KUNIT_EXPECT_FALSE(test, ktask_abort(s.t));
	KUNIT_EXPECT_FALSE(test, ktask_abort(s.t));
	ktask_abort_and_wait(s.t);
	KT_EXPECT_RETURNED(test, s.t, 1);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "be21m");
}

static void abort_twice(struct kunit *test)
{
	struct scene s = {};

	start_busy(test, &s, busy_then_await_body);
	KUNIT_EXPECT_TRUE(test, ktask_abort(s.t));
	KUNIT_EXPECT_TRUE(test, ktask_abort(s.t));
	complete_all(&s.v->go);
	KT_FINISH(test, s.t);
	KUNIT_EXPECT_FALSE(test, ktask_abort(s.t));
	KT_EXPECT_CANCELLED(test, s.t);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "b21m");
}

static void abort_by_itself(struct kunit *test)
{
	struct scene s = {};

	start(test, &s, abort_self_then_sleep_body);
	KT_FINISH(test, s.t);
	KUNIT_EXPECT_TRUE(test, s.v->aborted_self);
	KT_EXPECT_CANCELLED(test, s.t);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "b21m");

	s = (struct scene){};
	start(test, &s, abort_self_then_return_body);
	KT_FINISH(test, s.t);
	KUNIT_EXPECT_TRUE(test, s.v->aborted_self);
	KT_EXPECT_RETURNED(test, s.t, 1);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "be21m");
}

static void abort_by_own_cleanup(struct kunit *test)
{
	struct scene s = {};

	start(test, &s, abort_self_in_cleanup_body);
	KT_FINISH(test, s.t);
	/* It has not ended yet, but its body has returned. */
	KUNIT_EXPECT_TRUE(test, s.v->aborted_self);
	KT_EXPECT_RETURNED(test, s.t, 1);
	KUNIT_EXPECT_STREQ(test, s.trail->s, "be21m");
}

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static void abort_it(void *t)
{
	ktask_abort(t);
}

static void abort_in(struct kunit *test)
{
	static const ktask_resume_t bodies[] = {
		await_body, timeout_body, sleep_body, yield_body,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(bodies); i++) {
		struct scene s = {};

		start(test, &s, bodies[i]);
		until_begun(test, &s);
		kt_call_in(test, test->param_value, abort_it, s.t);
		KT_FINISH(test, s.t);
		KT_EXPECT_CANCELLED(test, s.t);
		KUNIT_EXPECT_STREQ(test, s.trail->s, "b21m");
	}
}

static void abort_ended_in(struct kunit *test)
{
	struct scene s = {};

	start(test, &s, return_body);
	KT_FINISH(test, s.t);
	kt_call_in(test, test->param_value, abort_it, s.t);
	KT_EXPECT_RETURNED(test, s.t, 1);
}

static int abort_many(void *arg)
{
	struct scene *s = arg;
	int i;

	for (i = 0; i < 50; i++)
		ktask_abort(s[i].t);
	return 0;
}

static void abort_by_several(struct kunit *test)
{
	static const ktask_resume_t bodies[] = {
		await_body, timeout_body, sleep_body, yield_body, return_body,
	};
	struct kt_thread *th[4];
	struct scene *s = kunit_kcalloc(test, 50, sizeof(*s), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	for (i = 0; i < 50; i++)
		start(test, &s[i], bodies[i % ARRAY_SIZE(bodies)]);
	for (i = 0; i < ARRAY_SIZE(th); i++)
		th[i] = kt_thread(test, abort_many, s);
	for (i = 0; i < ARRAY_SIZE(th); i++)
		KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th[i]));
	for (i = 0; i < 50; i++) {
		KT_FINISH(test, s[i].t);
		if (ktask_outcome(s[i].t) == KTASK_RETURNED)
			KUNIT_EXPECT_STREQ(test, s[i].trail->s, "be21m");
		else if (s[i].trail->n == 1)
			KUNIT_EXPECT_STREQ(test, s[i].trail->s, "m");
		else
			KUNIT_EXPECT_STREQ(test, s[i].trail->s, "b21m");
	}
}

/* --- Races ---------------------------------------------------------------- */

static void complete_it(void *f)
{
	kt_dither(20);
	ktask_future_complete(f, 3);
}

static void do_nothing(void *arg)
{
}

/*
 * Abort a task while what it waits for comes. It goes on or it is cancelled,
 * and its cleanups agree.
 */
static void race(struct kunit *test, ktask_resume_t body, ktime_t timeout,
		 void (*rival_fn)(void *arg))
{
	unsigned int returned = 0, cancelled = 0;
	struct kt_rival *rival;
	struct scene s = {};
	int i;

	/* Before the rival, for it must be there as long as that is. */
	s.f = kunit_kzalloc(test, sizeof(*s.f), GFP_KERNEL);
	rival = kt_rival(test);
	for (i = 0; i < 300; i++) {
		struct kt_trail *trail;

		make(test, &s, body);
		ktask_future_init(s.f);
		s.trail->n = 0;
		memset(s.trail->s, 0, sizeof(s.trail->s));
		s.v->timeout = timeout;
		trail = s.trail;
		KUNIT_ASSERT_EQ(test, 0, ktask_start(s.t));
		kt_own(test, s.t);
		/* Let it suspend, mostly. */
		if (i % 4)
			KT_EVENTUALLY(test, READ_ONCE(trail->n) > 0);
		kt_rival_go(rival, rival_fn, s.f);
		/* Off the CPU, which may be the task's, or on it. */
		if (i & 1)
			usleep_range(1, 1 + i);
		else
			kt_dither(20);
		ktask_abort(s.t);
		KT_FINISH(test, s.t);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		if (ktask_outcome(s.t) == KTASK_RETURNED) {
			returned++;
			KUNIT_ASSERT_STREQ(test, trail->s, "be21m");
		} else {
			cancelled++;
			KT_EXPECT_CANCELLED(test, s.t);
			KUNIT_ASSERT_STREQ(test, trail->s,
					   trail->n == 1 ? "m" : "b21m");
		}
	}
	kunit_info(test, "returned %u, cancelled %u\n", returned, cancelled);
}

static void abort_against_completion(struct kunit *test)
{
	race(test, await_body, 0, complete_it);
}

static void abort_against_timer(struct kunit *test)
{
	race(test, sleep_body, kt_us(60), do_nothing);
}

static void abort_against_both(struct kunit *test)
{
	race(test, timeout_body, kt_us(60), complete_it);
}

/* --- At any time ---------------------------------------------------------- */

struct life {
	struct ktask_future f;
	struct ktask_defer defer;
	unsigned int i;
	unsigned int begun;
	unsigned int cleanups;
	bool at_end;
	bool late;			/* body ran after its cleanups */
};

static void life_cleanup(void *arg)
{
	struct life *l = arg;

	l->cleanups++;
}

static ktask_poll_t life_body(struct ktask *t)
{
	struct life *l = ktask_frame(t);

	if (l->cleanups)
		l->late = true;
	KTASK_BEGIN(t);
	l->begun++;
	ktask_defer(t, &l->defer, life_cleanup, l);
	for (l->i = 0; l->i < 8; l->i++) {
		ktask_future_init(&l->f);
		KTASK_YIELD(t);
		KTASK_AWAIT_TIMEOUT(t, &l->f, kt_us(15));
		KTASK_SLEEP(t, kt_us(5));
		ktask_future_complete(&l->f, 1);
		KTASK_AWAIT(t, &l->f);
	}
	l->at_end = true;
	KTASK_RETURN(t, 1);
	KTASK_END(t);
}

/* Whatever it does at the moment. */
static void abort_at_any_time(struct kunit *test)
{
	unsigned int returned = 0, never = 0, wrong = 0;
	struct ktask *t;
	struct life *l;
	int i;

	for (i = 0; i < 400; i++) {
		unsigned int delay;
		bool ended;

		t = ktask_spawn(life_body, struct life);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		l = ktask_frame(t);
		/* Off the CPU, which is likely the task's, or on it. */
		delay = get_random_u32_below(5000);
		if (i & 3)
			usleep_range(delay, delay + 10);
		else
			kt_dither(delay / 5);
		ktask_abort(t);
		ended = kt_ended(t);
		if (ended) {
			bool ret = ktask_outcome(t) == KTASK_RETURNED;

			if (ret != l->at_end || l->begun != l->cleanups ||
			    l->begun > 1 || l->late)
				wrong++;
			returned += ret;
			never += !l->begun;
			ktask_put(t);
		}
		KUNIT_ASSERT_TRUE(test, ended);
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	kunit_info(test, "returned %u, never ran %u, ended between %u\n",
		   returned, never, i - returned - never);
}

static struct kunit_case abort_cases[] = {
	KUNIT_CASE(abort_before_start),
	KUNIT_CASE(abort_then_never_start),
	KUNIT_CASE(abort_queued),
	KUNIT_CASE(abort_and_wait_queued),
	KUNIT_CASE(abort_suspended),
	KUNIT_CASE(abort_and_wait_suspended),
	KUNIT_CASE(abort_eternal_sleep),
	KUNIT_CASE(abort_running_ends_at_await),
	KUNIT_CASE(abort_running_returns_first),
	KUNIT_CASE(abort_ended),
	KUNIT_CASE(abort_twice),
	KUNIT_CASE(abort_by_itself),
	KUNIT_CASE(abort_by_own_cleanup),
	KUNIT_CASE_PARAM(abort_in, context_gen_params),
	KUNIT_CASE_PARAM(abort_ended_in, context_gen_params),
	KUNIT_CASE(abort_by_several),
	KUNIT_CASE(abort_against_completion),
	KUNIT_CASE(abort_against_timer),
	KUNIT_CASE(abort_against_both),
	KUNIT_CASE(abort_at_any_time),
	{}
};

struct kunit_suite ktask_abort_suite = {
	.name = "ktask_abort",
	.test_cases = abort_cases,
};
