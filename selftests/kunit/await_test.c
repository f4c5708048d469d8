// SPDX-License-Identifier: GPL-2.0
/*
 * Awaiting: a task goes on when what it waits for is there, once, and where it
 * was.
 *
 * Not tested: misuse that the engine answers with a warning, such as a body
 * that suspends with nothing to wait for, since a warning fails the lane.
 */
#include <linux/slab.h>

#include "util.h"

/* What the bodies below do with one future. */
struct waiting {
	struct ktask_future *f;
	ktime_t timeout;
	unsigned int resumes;
	bool timed_out;
	bool done;
};

static struct ktask_future *new_future(struct kunit *test)
{
	struct ktask_future *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	return f;
}

static ktask_poll_t await_body(struct ktask *t)
{
	struct waiting *w = ktask_frame(t);

	w->resumes++;
	KTASK_BEGIN(t);
	KTASK_AWAIT(t, w->f);
	w->done = ktask_future_done(w->f);
	w->timed_out = ktask_timed_out(t);
	KTASK_RETURN(t, ktask_future_value(w->f));
	KTASK_END(t);
}

static ktask_poll_t await_timeout_body(struct ktask *t)
{
	struct waiting *w = ktask_frame(t);

	w->resumes++;
	KTASK_BEGIN(t);
	KTASK_AWAIT_TIMEOUT(t, w->f, w->timeout);
	w->done = ktask_future_done(w->f);
	w->timed_out = ktask_timed_out(t);
	KTASK_RETURN(t, w->timed_out ? -ETIMEDOUT : ktask_future_value(w->f));
	KTASK_END(t);
}

static struct ktask *spawn_await(struct kunit *test, struct ktask_future *f)
{
	struct waiting w = { .f = f };

	return kt_own(test, ktask_spawn(await_body, struct waiting,
					.init = &w));
}

static struct ktask *spawn_timeout(struct kunit *test, struct ktask_future *f,
				   ktime_t timeout)
{
	struct waiting w = { .f = f, .timeout = timeout };

	return kt_own(test, ktask_spawn(await_timeout_body, struct waiting,
					.init = &w));
}

/* Has run as far as it can get by itself. */
static void until_suspended(struct kunit *test, struct ktask *t)
{
	struct waiting *w = ktask_frame(t);

	KT_EVENTUALLY(test, READ_ONCE(w->resumes) > 0);
	/* It may still be on its way out; either way the case goes on. */
	usleep_range(200, 400);
}

static void await_ready_goes_on(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct waiting *w;
	struct ktask *t;

	ktask_future_complete(f, 4);
	t = spawn_await(test, f);
	w = ktask_frame(t);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 4);
	KUNIT_EXPECT_EQ(test, w->resumes, 1);
	KUNIT_EXPECT_FALSE(test, w->timed_out);
}

static void await_pending_suspends(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct ktask *t = spawn_await(test, f);
	struct waiting *w = ktask_frame(t);

	until_suspended(test, t);
	KUNIT_EXPECT_FALSE(test, ktask_done(t));
	ktask_future_complete(f, 4);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 4);
	KUNIT_EXPECT_TRUE(test, w->done);
	KUNIT_EXPECT_LE(test, w->resumes, 2);
}

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static void complete_it(void *f)
{
	ktask_future_complete(f, 3);
}

static void await_completed_in(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct ktask *t = spawn_await(test, f);

	until_suspended(test, t);
	kt_call_in(test, test->param_value, complete_it, f);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 3);
}

/* --- Complete while the body is on its way out ---------------------------- */

static bool await_then_complete(struct ktask *t, struct ktask_future *f)
{
	bool suspend = __ktask_await(t, f, KTIME_MAX);

	ktask_future_complete(f, 9);
	return suspend;
}

static ktask_poll_t quick_body(struct ktask *t)
{
	struct waiting *w = ktask_frame(t);

	w->resumes++;
	KTASK_BEGIN(t);
	__KTASK_SUSPEND(t, await_then_complete(t, w->f), KTASK_PENDING);
	w->done = ktask_future_done(w->f);
	KTASK_RETURN(t, ktask_future_value(w->f));
	KTASK_END(t);
}

static void await_completed_before_suspended(struct kunit *test)
{
	struct waiting init = { .f = new_future(test) };
	struct waiting *w;
	struct ktask *t;

	t = kt_own(test, ktask_spawn(quick_body, struct waiting,
				     .init = &init));
	w = ktask_frame(t);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 9);
	KUNIT_EXPECT_TRUE(test, w->done);
	KUNIT_EXPECT_EQ(test, w->resumes, 2);
}

/* --- Tasks that await tasks ----------------------------------------------- */

static ktask_poll_t chain_body(struct ktask *t)
{
	struct ktask **next = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_AWAIT_JOIN(t, *next);
	KTASK_RETURN(t, ktask_result(*next) + 1);
	KTASK_END(t);
}

static void await_chain(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct ktask *t = spawn_await(test, f);
	int i;

	for (i = 0; i < 100; i++)
		t = kt_own(test, ktask_spawn(chain_body, struct ktask *,
					     .init = &t));
	usleep_range(1000, 2000);
	KUNIT_EXPECT_FALSE(test, ktask_done(t));
	ktask_future_complete(f, 1000);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 1100);
}

static void await_ended_task(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct ktask *t = spawn_await(test, f);

	ktask_future_complete(f, 1);
	KT_FINISH(test, t);
	t = kt_own(test, ktask_spawn(chain_body, struct ktask *, .init = &t));
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 2);
}

/* One future, many tasks. */
static void await_by_many(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct ktask *t[200];
	int i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = spawn_await(test, f);
	until_suspended(test, t[ARRAY_SIZE(t) - 1]);
	ktask_future_complete(f, 6);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], 6);
	}
}

/* --- Timeouts ------------------------------------------------------------- */

static void await_timeout_in_time(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct ktask *t = spawn_timeout(test, f, ktime_set(3600, 0));
	struct waiting *w = ktask_frame(t);

	until_suspended(test, t);
	ktask_future_complete(f, 4);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 4);
	KUNIT_EXPECT_FALSE(test, w->timed_out);
}

static void await_timeout_expires(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	ktime_t begin = ktime_get();
	struct ktask *t;

	t = spawn_timeout(test, f, ms_to_ktime(20));
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, -ETIMEDOUT);
	KUNIT_EXPECT_GE(test, ktime_ms_delta(ktime_get(), begin), 20LL);
	/* The future is left alone, and knows nothing of the task. */
	KUNIT_EXPECT_TRUE(test, ktask_future_complete(f, 1));
}

static void await_timeout_only_looks(struct kunit *test)
{
	static const ktime_t timeouts[] = { 0, -1, KTIME_MIN };
	struct ktask_future *f = new_future(test);
	struct waiting *w;
	struct ktask *t;
	int i;

	for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
		t = spawn_timeout(test, f, timeouts[i]);
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, -ETIMEDOUT);
		w = ktask_frame(t);
		KUNIT_EXPECT_EQ(test, w->resumes, 1);
	}
	ktask_future_complete(f, 4);
	for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
		t = spawn_timeout(test, f, timeouts[i]);
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, 4);
		w = ktask_frame(t);
		KUNIT_EXPECT_EQ(test, w->resumes, 1);
	}
}

static void await_timeout_none(struct kunit *test)
{
	static const ktime_t timeouts[] = { KTIME_MAX, KTIME_MAX - 1 };
	struct ktask_future *f = new_future(test);
	struct ktask *t[ARRAY_SIZE(timeouts)];
	int i;

	for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
		t[i] = spawn_timeout(test, f, timeouts[i]);
		until_suspended(test, t[i]);
		KUNIT_EXPECT_FALSE(test, ktask_done(t[i]));
	}
	ktask_future_complete(f, 4);
	for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], 4);
	}
}

/* Gives up on a future a few times before it awaits it for good. */
static ktask_poll_t patient_body(struct ktask *t)
{
	struct waiting *w = ktask_frame(t);

	KTASK_BEGIN(t);
	for (w->resumes = 0; w->resumes < 5; w->resumes++) {
		KTASK_AWAIT_TIMEOUT(t, w->f, kt_us(100));
		if (!ktask_timed_out(t))
			KTASK_RETURN(t, -EBUSY);
	}
	KTASK_AWAIT(t, w->f);
	if (ktask_timed_out(t))
		KTASK_RETURN(t, -ETIMEDOUT);
	/* A sleep is not a timeout. */
	KTASK_SLEEP(t, kt_us(100));
	if (ktask_timed_out(t))
		KTASK_RETURN(t, -ETIME);
	KTASK_RETURN(t, ktask_future_value(w->f));
	KTASK_END(t);
}

static void await_again_after_timeout(struct kunit *test)
{
	struct waiting init = { .f = new_future(test) };
	struct waiting *w;
	struct ktask *t;

	t = kt_own(test, ktask_spawn(patient_body, struct waiting,
				     .init = &init));
	w = ktask_frame(t);
	KT_EVENTUALLY(test, READ_ONCE(w->resumes) == 5);
	ktask_future_complete(init.f, 4);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 4);
}

/* --- A timeout against a completion --------------------------------------- */

#define RACE_ROUNDS	500

struct racer {
	struct ktask_future *f;		/* RACE_ROUNDS of them */
	unsigned int i;
	unsigned int resumes;
	unsigned int in_time;
	unsigned int late;
	unsigned int wrong;
	unsigned int started;		/* rounds that were begun */
};

static ktask_poll_t racer_body(struct ktask *t)
{
	struct racer *r = ktask_frame(t);

	r->resumes++;
	KTASK_BEGIN(t);
	for (r->i = 0; r->i < RACE_ROUNDS; r->i++) {
		/* Pairs with complete_each(). */
		smp_store_release(&r->started, r->i + 1);
		KTASK_AWAIT_TIMEOUT(t, &r->f[r->i],
				    kt_us(5 + r->i % 60));
		if (ktask_timed_out(t)) {
			r->late++;
			/* It must not be lost, and not be noticed twice. */
			KTASK_AWAIT(t, &r->f[r->i]);
		} else {
			r->in_time++;
		}
		if (!ktask_future_done(&r->f[r->i]) ||
		    ktask_future_value(&r->f[r->i]) != r->i)
			r->wrong++;
	}
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

struct race_completer {
	struct ktask_future *f;
	struct racer *racer;
};

static int complete_each(void *arg)
{
	struct race_completer *c = arg;
	unsigned long until = jiffies + KT_HANG;
	int i;

	for (i = 0; i < RACE_ROUNDS; i++) {
		/* Pairs with racer_body(). */
		while (smp_load_acquire(&c->racer->started) <= i) {
			if (time_after(jiffies, until))
				return -ETIMEDOUT;
			cond_resched();
		}
		kt_dither(60);
		ktask_future_complete(&c->f[i], i);
	}
	return 0;
}

static void await_timeout_race(struct kunit *test)
{
	struct race_completer c;
	struct racer *r, init = {};
	struct kt_thread *th;
	struct ktask *t;

	c.f = kunit_kcalloc(test, RACE_ROUNDS, sizeof(*c.f), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, c.f);
	init.f = c.f;
	t = kt_own(test, ktask_spawn(racer_body, struct racer, .init = &init));
	r = ktask_frame(t);
	c.racer = r;
	th = kt_thread(test, complete_each, &c);
	KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th));
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_EQ(test, r->wrong, 0);
	KUNIT_EXPECT_EQ(test, r->in_time + r->late, RACE_ROUNDS);
	/* One resume for each await that suspended, at most. */
	KUNIT_EXPECT_LE(test, r->resumes, 1 + RACE_ROUNDS + r->late);
	kunit_info(test, "in time %u, late %u, resumed %u times\n", r->in_time,
		   r->late, r->resumes);
}

/* --- Frames and turns ----------------------------------------------------- */

struct summer {
	struct ktask_future f;
	unsigned int i;
	long sum;
};

static ktask_poll_t sum_body(struct ktask *t)
{
	struct summer *s = ktask_frame(t);

	KTASK_BEGIN(t);
	for (s->i = 1; s->i <= 100; s->i++) {
		ktask_future_init(&s->f);
		if (s->i % 3 == 0)
			ktask_future_complete(&s->f, s->i);
		if (s->i % 3 == 1)
			KTASK_YIELD(t);
		KTASK_AWAIT_TIMEOUT(t, &s->f, kt_us(10));
		s->sum += s->i;
	}
	KTASK_RETURN(t, s->sum);
	KTASK_END(t);
}

static void await_frame_is_kept(struct kunit *test)
{
	struct ktask *t = kt_own(test, ktask_spawn(sum_body, struct summer));

	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 5050);
}

struct turns {
	struct kt_trail *trail;
	char c;
	int n;
};

static ktask_poll_t turns_body(struct ktask *t)
{
	struct turns *f = ktask_frame(t);

	KTASK_BEGIN(t);
	for (f->n = 0; f->n < 3; f->n++) {
		kt_mark(f->trail, f->c);
		KTASK_YIELD(t);
	}
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static void await_yield_lets_others(struct kunit *test)
{
	struct kt_trail *trail = kt_trail(test);
	struct kt_plug *plug = kt_plug(test);
	struct turns f = { .trail = trail };
	struct ktask_runtime *rt;
	struct ktask *t[3];
	int i;

	/* Not two drainers: the workqueue may take one for a hog. */
	rt = kt_local(test, KTASK_ON_CPU(plug->cpu));
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		f.c = 'a' + i;
		t[i] = ktask_new(turns_body, struct turns, .init = &f,
				 .runtime = rt);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t[i]);
		KUNIT_ASSERT_EQ(test, 0, ktask_start(t[i]));
		kt_own(test, t[i]);
	}
	kt_unplug(plug);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		KT_FINISH(test, t[i]);
	KUNIT_EXPECT_STREQ(test, trail->s, "abcabcabc");
}

/* --- A future that its only waiter frees ---------------------------------- */

static ktask_poll_t freeing_body(struct ktask *t)
{
	struct ktask_future **f = ktask_frame(t);
	long value;

	KTASK_BEGIN(t);
	KTASK_AWAIT(t, *f);
	value = ktask_future_value(*f);
	kfree(*f);
	KTASK_RETURN(t, value);
	KTASK_END(t);
}

static void await_then_free(struct kunit *test)
{
	struct kt_rival *rival = kt_rival(test);
	struct ktask_future *f;
	struct ktask *t;
	bool ended;
	int i;

	for (i = 0; i < 500; i++) {
		f = kzalloc(sizeof(*f), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, f);
		t = ktask_spawn(freeing_body, struct ktask_future *,
				.init = &f);
		if (IS_ERR(t))
			kfree(f);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		kt_rival_go(rival, complete_it, f);
		ended = kt_ended(t);
		if (ended) {
			KT_EXPECT_RETURNED(test, t, 3);
			ktask_put(t);
		}
		KUNIT_ASSERT_TRUE(test, ended);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
	}
}

static struct kunit_case await_cases[] = {
	KUNIT_CASE(await_ready_goes_on),
	KUNIT_CASE(await_pending_suspends),
	KUNIT_CASE_PARAM(await_completed_in, context_gen_params),
	KUNIT_CASE(await_completed_before_suspended),
	KUNIT_CASE(await_chain),
	KUNIT_CASE(await_ended_task),
	KUNIT_CASE(await_by_many),
	KUNIT_CASE(await_timeout_in_time),
	KUNIT_CASE(await_timeout_expires),
	KUNIT_CASE(await_timeout_only_looks),
	KUNIT_CASE(await_timeout_none),
	KUNIT_CASE(await_again_after_timeout),
	KUNIT_CASE(await_timeout_race),
	KUNIT_CASE(await_frame_is_kept),
	KUNIT_CASE(await_yield_lets_others),
	KUNIT_CASE(await_then_free),
	{}
};

struct kunit_suite ktask_await_suite = {
	.name = "ktask_await",
	.test_cases = await_cases,
};
