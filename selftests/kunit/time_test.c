// SPDX-License-Identifier: GPL-2.0
/*
 * Time: timers as futures, points in time, intervals, and tasks that are
 * aborted when their time is up.
 */
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "util.h"

#define HOUR	(3600LL * NSEC_PER_SEC)

static struct ktask_timer *new_timers(struct kunit *test, unsigned int n)
{
	struct ktask_timer *timers;

	timers = kunit_kcalloc(test, n, sizeof(*timers), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, timers);
	return timers;
}

/* --- Points in time ------------------------------------------------------- */

static void time_until(struct kunit *test)
{
	ktime_t now = ktime_get();

	KUNIT_EXPECT_EQ(test, ktask_time_until(KTIME_MAX), KTIME_MAX);
	KUNIT_EXPECT_EQ(test, ktask_time_until(now), 0);
	KUNIT_EXPECT_EQ(test, ktask_time_until(0), 0);
	KUNIT_EXPECT_EQ(test, ktask_time_until(-1), 0);
	KUNIT_EXPECT_EQ(test, ktask_time_until(KTIME_MIN), 0);
	KUNIT_EXPECT_GT(test, ktask_time_until(ktime_add(now, HOUR)), 0);
	KUNIT_EXPECT_LE(test, ktask_time_until(ktime_add(now, HOUR)), HOUR);
}

/* Sleeps until a time; 0 if it was not too early. */
static ktask_poll_t until_body(struct ktask *t)
{
	ktime_t *until = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_SLEEP_UNTIL(t, *until);
	KTASK_RETURN(t, ktime_before(ktime_get(), *until));
	KTASK_END(t);
}

static void time_sleep_until(struct kunit *test)
{
	ktime_t now = ktime_get();
	const ktime_t whens[] = {
		KTIME_MIN, -1, 0, now, ktime_add_us(now, 1),
		ktime_add_ms(now, 10), ktime_add_ms(now, 30),
	};
	struct ktask *t[ARRAY_SIZE(whens)];
	int i;

	for (i = 0; i < ARRAY_SIZE(whens); i++)
		t[i] = kt_own(test, ktask_spawn(until_body, ktime_t,
						.init = &whens[i]));
	for (i = 0; i < ARRAY_SIZE(whens); i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], 0);
	}
	/* The thread form. */
	now = ktime_add_ms(ktime_get(), 5);
	KUNIT_EXPECT_EQ(test, 0, ktask_sleep_until(now));
	KUNIT_EXPECT_TRUE(test, ktime_compare(ktime_get(), now) >= 0);
	KUNIT_EXPECT_EQ(test, 0, ktask_sleep_until(0));
	KUNIT_EXPECT_EQ(test, 0, ktask_sleep_until(KTIME_MIN));
}

struct until {
	struct ktask_future *f;
	ktime_t when;
};

static ktask_poll_t await_until_body(struct ktask *t)
{
	struct until *u = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_AWAIT_UNTIL(t, u->f, u->when);
	KTASK_RETURN(t, ktask_timed_out(t));
	KTASK_END(t);
}

static void time_await_until(struct kunit *test)
{
	struct ktask_timer *f = new_timers(test, 1);
	struct until init = { .f = ktask_timer_future(f) };
	struct ktask *t;

	init.when = ktime_add_ms(ktime_get(), 5);
	t = kt_own(test, ktask_spawn(await_until_body, struct until,
				     .init = &init));
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 1);
	init.when = KTIME_MAX;
	t = kt_own(test, ktask_spawn(await_until_body, struct until,
				     .init = &init));
	ktask_future_complete(init.f, 0);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
}

/* --- Timers --------------------------------------------------------------- */

static void time_timer_fires(struct kunit *test)
{
	static const s64 ns[] = {
		KTIME_MIN, -1, 0, 1, 1000, 100000, 3000000, 10000000,
	};
	struct ktask_timer *timers = new_timers(test, 2 * ARRAY_SIZE(ns));
	ktime_t begin = ktime_get();
	int i;

	for (i = 0; i < 2 * ARRAY_SIZE(ns); i++) {
		ktime_t time = ns_to_ktime(ns[i / 2]);

		if (i & 1)
			ktask_timer_start_at(&timers[i], NULL, time > 0 ?
					     ktime_add(begin, time) : time);
		else
			ktask_timer_start(&timers[i], NULL, time);
	}
	for (i = 0; i < 2 * ARRAY_SIZE(ns); i++) {
		struct ktask_future *f = ktask_timer_future(&timers[i]);

		KUNIT_EXPECT_EQ(test, 0, ktask_future_wait(f));
		KUNIT_EXPECT_EQ(test, ktask_future_value(f), 0L);
		if (ns[i / 2] > 0)
			KUNIT_EXPECT_GE(test, ktime_sub(ktime_get(), begin),
					ns[i / 2]);
		KUNIT_EXPECT_FALSE(test, ktask_timer_cancel(&timers[i]));
	}
}

static void time_timer_cancelled(struct kunit *test)
{
	struct ktask_timer *timer = new_timers(test, 1);
	struct ktask_future *f = ktask_timer_future(timer);
	const ktime_t times[] = { HOUR, KTIME_MAX };
	int i;

	for (i = 0; i < 2 * ARRAY_SIZE(times); i++) {
		if (i & 1)
			ktask_timer_start_at(timer, NULL, times[i / 2]);
		else
			ktask_timer_start(timer, NULL, times[i / 2]);
		KUNIT_EXPECT_FALSE(test, ktask_future_done(f));
		KUNIT_EXPECT_TRUE(test, ktask_timer_cancel(timer));
		KUNIT_EXPECT_TRUE(test, ktask_future_done(f));
		KUNIT_EXPECT_EQ(test, ktask_future_value(f), (long)-ECANCELED);
		KUNIT_EXPECT_TRUE(test, ktask_timer_cancel(timer));
	}
}

/* Just about when it fires; memory is used for something else at once. */
static void time_timer_cancel_race(struct kunit *test)
{
	unsigned int cancelled = 0;
	struct ktask_timer *timer;
	bool in_time, was;
	int i;

	for (i = 0; i < 1000; i++) {
		timer = kmalloc(sizeof(*timer), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, timer);
		ktask_timer_start(timer, NULL, kt_us(i % 50));
		udelay(i % 20);
		in_time = ktask_timer_cancel(timer);
		was = ktask_future_done(ktask_timer_future(timer));
		cancelled += in_time;
		kfree(timer);
		KUNIT_EXPECT_TRUE(test, was);
	}
	kunit_info(test, "cancelled %u of %d\n", cancelled, i);
}

/* A task that lets its timer go in some way, in a frame that is freed then. */
struct timed {
	struct ktask_timer timer;
	struct ktask_select select;
	struct ktask_arm arms[2];
	struct ktask_future never;
	ktime_t duration;
	enum { T_AWAIT, T_SELECT, T_LOSE, T_LEAVE } how;
};

static ktask_poll_t timed_body(struct ktask *t)
{
	struct timed *f = ktask_frame(t);

	KTASK_BEGIN(t);
	ktask_timer_start(&f->timer, t, f->duration);
	if (f->how == T_AWAIT) {
		KTASK_AWAIT_REQUEST(t, &f->timer.request);
		KTASK_RETURN(t, ktask_request_status(&f->timer.request));
	} else if (f->how == T_SELECT) {
		f->arms[0] = ktask_arm_future(&f->never);
		f->arms[1] = ktask_arm_timer(&f->timer);
		KTASK_SELECT(t, &f->select, f->arms, 0);
		KTASK_RETURN(t, ktask_selected(&f->select));
	} else if (f->how == T_LOSE) {
		f->arms[0] = ktask_arm_timer(&f->timer);
		f->arms[1] = ktask_arm_timeout(kt_us(10));
		KTASK_SELECT(t, &f->select, f->arms, 0);
		KTASK_RETURN(t, ktask_selected(&f->select));
	}
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static void time_timer_of_task(struct kunit *test)
{
	static const struct {
		struct timed frame;
		long result;
	} cases[] = {
		{ { .how = T_AWAIT, .duration = NSEC_PER_MSEC }, 0 },
		{ { .how = T_AWAIT, .duration = 0 }, 0 },
		{ { .how = T_SELECT, .duration = NSEC_PER_MSEC }, 1 },
		{ { .how = T_LOSE, .duration = HOUR }, 1 },
		{ { .how = T_LEAVE, .duration = HOUR }, 0 },
		{ { .how = T_LEAVE, .duration = 1000 }, 0 },
	};
	struct ktask *t;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		t = kt_own(test, ktask_spawn(timed_body, struct timed,
					     .init = &cases[i].frame));
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, cases[i].result);
		KUNIT_EXPECT_TRUE(test,
				  ktask_future_done(&((struct timed *)
					ktask_frame(t))->timer.request.done));
	}
}

/* DEBUG_OBJECTS tells if a frame is freed with its timer armed. */
static void time_timer_abort_race(struct kunit *test)
{
	struct timed init = {};
	struct ktask *t;
	bool ended;
	int i;

	for (i = 0; i < 400; i++) {
		init.how = i % 4;
		init.duration = i & 4 ? HOUR : kt_us(i % 64);
		t = ktask_spawn(timed_body, struct timed, .init = &init);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		kt_dither(100);
		ktask_abort(t);
		ended = kt_ended(t);
		if (ended)
			ktask_put(t);
		KUNIT_ASSERT_TRUE(test, ended);
	}
}

/* --- Many ----------------------------------------------------------------- */

#define MANY	20000

struct many {
	struct ktask_timer timer;
	ktime_t duration;
	ktime_t begin;
	ktime_t end;
	bool plain;
};

static ktask_poll_t many_body(struct ktask *t)
{
	struct many *m = ktask_frame(t);

	KTASK_BEGIN(t);
	m->begin = ktime_get();
	if (m->plain) {
		KTASK_SLEEP_UNTIL(t, ktime_add(m->begin, m->duration));
	} else {
		ktask_timer_start(&m->timer, t, m->duration);
		KTASK_AWAIT(t, ktask_timer_future(&m->timer));
	}
	m->end = ktime_get();
	KTASK_RETURN(t, ktime_sub(m->end, m->begin) < m->duration);
	KTASK_END(t);
}

static unsigned int spawn_many(struct ktask **t, ktime_t at_least,
			       unsigned int plus_us)
{
	struct many init = {};
	unsigned int n;

	for (n = 0; n < MANY; n++) {
		init.plain = n & 1;
		init.duration = ktime_add_us(at_least,
					     get_random_u32_below(plus_us));
		t[n] = ktask_spawn(many_body, struct many, .init = &init);
		if (IS_ERR(t[n]))
			break;
	}
	return n;
}

static void free_many(void *t)
{
	kvfree(t);
}

static struct ktask **new_many(struct kunit *test)
{
	struct ktask **t = kvcalloc(MANY, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_many, t));
	return t;
}

/* All fire, and none early. */
static void time_many_fire(struct kunit *test)
{
	struct ktask **t = new_many(test);
	unsigned int i, n = spawn_many(t, 0, 300000), wrong = 0, early = 0;

	KUNIT_EXPECT_EQ(test, n, MANY);
	for (i = 0; i < n; i++) {
		if (!kt_ended(t[i])) {
			wrong++;
			break;
		}
		wrong += ktask_outcome(t[i]) != KTASK_RETURNED;
		early += ktask_result(t[i]) != 0;
		ktask_put(t[i]);
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_EQ(test, early, 0);
}

/* All are disarmed; DEBUG_OBJECTS and KASAN tell if one is not. */
static void time_many_aborted(struct kunit *test)
{
	struct ktask **t = new_many(test);
	unsigned int i, n = spawn_many(t, HOUR, 300000), wrong = 0;

	KUNIT_EXPECT_EQ(test, n, MANY);
	for (i = 0; i < n; i++)
		ktask_abort(t[i]);
	for (i = 0; i < n; i++) {
		if (!kt_ended(t[i])) {
			wrong++;
			break;
		}
		wrong += ktask_outcome(t[i]) != KTASK_CANCELLED;
		ktask_put(t[i]);
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

/* --- Intervals ------------------------------------------------------------ */

#define PERIOD	ms_to_ktime(100)

/* An interval whose next tick was due so long ago. */
static struct ktask_interval late_by(s64 ms, enum ktask_missed_tick policy)
{
	struct ktask_interval iv;

	ktask_interval_init(&iv, 0, HOUR, policy);
	iv.period = PERIOD;
	iv.next = ktime_sub(iv.next, ms_to_ktime(ms));
	return iv;
}

/* Due times are exact, whatever the machine does meanwhile, but for "delay". */
static void time_interval_policies(struct kunit *test)
{
	static const enum ktask_missed_tick policies[] = {
		KTASK_TICK_BURST, KTASK_TICK_DELAY, KTASK_TICK_SKIP,
	};
	struct ktask_interval iv;
	ktime_t due, now;
	int i;

	/* In time, or not so late that another one is due. */
	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		ktask_interval_init(&iv, 0, HOUR, policies[i]);
		due = ktask_interval_next(&iv);
		ktask_interval_ticked(&iv);
		KUNIT_EXPECT_EQ(test, ktask_interval_next(&iv),
				ktime_add(due, HOUR));
		KUNIT_EXPECT_EQ(test, ktask_interval_missed(&iv), 0ULL);
	}

	/* Three and a half periods late, or some more. */
	iv = late_by(350, KTASK_TICK_BURST);
	due = iv.next;
	for (i = 1; i <= 3; i++) {
		ktask_interval_ticked(&iv);
		KUNIT_EXPECT_EQ(test, iv.next, ktime_add(due, i * PERIOD));
		KUNIT_EXPECT_GE(test, ktask_interval_missed(&iv), 4ULL - i);
	}

	iv = late_by(350, KTASK_TICK_DELAY);
	now = ktime_get();
	ktask_interval_ticked(&iv);
	KUNIT_EXPECT_GE(test, iv.next, ktime_add(now, PERIOD));
	KUNIT_EXPECT_LE(test, iv.next, ktime_add(ktime_get(), PERIOD));
	KUNIT_EXPECT_GE(test, ktask_interval_missed(&iv), 3ULL);

	iv = late_by(350, KTASK_TICK_SKIP);
	due = iv.next;
	now = ktime_get();
	ktask_interval_ticked(&iv);
	KUNIT_EXPECT_GT(test, iv.next, now);
	KUNIT_EXPECT_LE(test, iv.next, ktime_add(ktime_get(), PERIOD));
	KUNIT_EXPECT_EQ(test, (iv.next - due) % PERIOD, 0);
	KUNIT_EXPECT_EQ(test, (iv.next - due) / PERIOD,
			ktask_interval_missed(&iv) + 1);
}

static void time_interval_reset(struct kunit *test)
{
	struct ktask_interval iv;
	ktime_t now;

	ktask_interval_init(&iv, 0, HOUR, KTASK_TICK_BURST);
	now = ktime_get();
	ktask_interval_reset(&iv);
	KUNIT_EXPECT_GE(test, iv.next, ktime_add(now, HOUR));
	KUNIT_EXPECT_LE(test, iv.next, ktime_add(ktime_get(), HOUR));
	/* For ever is not before now. */
	ktask_interval_init(&iv, KTIME_MAX, KTIME_MAX, KTASK_TICK_SKIP);
	ktask_interval_reset(&iv);
	ktask_interval_ticked(&iv);
	KUNIT_EXPECT_EQ(test, iv.next, KTIME_MAX);
	ktask_interval_init(&iv, KTIME_MIN, HOUR, KTASK_TICK_SKIP);
	KUNIT_EXPECT_GT(test, iv.next, 0);
}

struct ticker {
	struct ktask_interval iv;
	ktime_t begin;
	ktime_t first;
	ktime_t period;
	enum ktask_missed_tick policy;
	unsigned int n;
	unsigned int i;
	unsigned int early;
	unsigned int resumes;
};

static ktask_poll_t ticker_body(struct ktask *t)
{
	struct ticker *k = ktask_frame(t);

	k->resumes++;
	KTASK_BEGIN(t);
	k->begin = ktime_get();
	ktask_interval_init(&k->iv, k->first, k->period, k->policy);
	for (k->i = 0; k->i < k->n; k->i++) {
		KTASK_TICK(t, &k->iv);
		if (ktime_sub(ktime_get(), k->begin) <
		    k->first + k->i * k->period)
			k->early++;
	}
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static void time_interval_ticks(struct kunit *test)
{
	struct ticker init = { .n = 10, .period = ms_to_ktime(2) }, *k;
	struct ktask *t;
	int i;

	for (i = 0; i < 6; i++) {
		init.policy = i % 3;
		init.first = i < 3 ? 0 : init.period;
		t = kt_own(test, ktask_spawn(ticker_body, struct ticker,
					     .init = &init));
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, 0);
		k = ktask_frame(t);
		KUNIT_EXPECT_EQ(test, k->early, 0);
	}
}

/* Ticks that are all due let other tasks run, and an abort in. */
static void time_interval_yields(struct kunit *test)
{
	struct ticker init = { .n = UINT_MAX, .period = 1 }, *k;
	long one = 1;
	struct ktask *t, *other;

	t = kt_own(test, ktask_spawn(ticker_body, struct ticker,
				     .init = &init,
				     .place = KTASK_ON_CPU(0)));
	other = kt_own(test, ktask_spawn(kt_return_body, long, .init = &one,
					 .place = KTASK_ON_CPU(0)));
	KT_FINISH(test, other);
	k = ktask_frame(t);
	KT_EVENTUALLY(test, READ_ONCE(k->resumes) > 10);
	ktask_abort(t);
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
}

struct blocking_ticker {
	struct ktask_interval iv;
	struct completion ticked;
};

static long blocking_ticker_body(struct ktask *t)
{
	struct blocking_ticker *b = ktask_frame(t);
	int err;

	do {
		err = ktask_interval_tick(&b->iv);
		complete(&b->ticked);
	} while (!err);
	return err;
}

static void time_interval_blocking(struct kunit *test)
{
	struct blocking_ticker *b;
	ktime_t due;
	struct ktask *t;

	t = kt_own(test, ktask_new_blocking(blocking_ticker_body,
					    struct blocking_ticker));
	b = ktask_frame(t);
	ktask_interval_init(&b->iv, 0, HOUR, KTASK_TICK_SKIP);
	due = ktask_interval_next(&b->iv);
	init_completion(&b->ticked);
	KUNIT_ASSERT_EQ(test, 0, ktask_start(t));
	KT_COMPLETED(test, &b->ticked);
	ktask_abort(t);
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
	/* The tick that was awaited then is still to come. */
	KUNIT_EXPECT_EQ(test, ktask_interval_next(&b->iv),
			ktime_add(due, HOUR));
}

/* --- So much time and no more --------------------------------------------- */

static ktask_poll_t await_body(struct ktask *t)
{
	struct ktask_future **f = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_AWAIT(t, *f);
	KTASK_RETURN(t, ktask_future_value(*f));
	KTASK_END(t);
}

static struct ktask *spawn_await(struct kunit *test, struct ktask_future *f)
{
	return kt_own(test, ktask_spawn(await_body, struct ktask_future *,
					.init = &f));
}

static struct ktask_future *new_future(struct kunit *test)
{
	struct ktask_future *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	return f;
}

/* Does not end by an abort, but a moment later, and has a result then. */
static long stubborn_body(struct ktask *t)
{
	struct completion **begun = ktask_frame(t);

	complete(*begun);
	while (!ktask_aborted(t))
		usleep_range(500, 1000);
	usleep_range(5000, 10000);
	return 7;
}

struct joiner {
	struct ktask *other;
	ktime_t timeout;
	unsigned int asked;
	bool timed_out;
	bool ended;
	long result;
};

static ktime_t joiner_timeout(struct joiner *j)
{
	j->asked++;
	return j->timeout;
}

static ktask_poll_t joiner_body(struct ktask *t)
{
	struct joiner *j = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_JOIN_OR_ABORT(t, j->other, joiner_timeout(j));
	j->timed_out = ktask_timed_out(t);
	j->ended = ktask_done(j->other);
	KTASK_RETURN(t, ktask_try_join(j->other, &j->result));
	KTASK_END(t);
}

static struct joiner *join(struct kunit *test, struct ktask *other,
			   ktime_t timeout, int err, bool timed_out)
{
	struct joiner init = { .other = other, .timeout = timeout }, *j;
	struct ktask *t;

	t = kt_own(test, ktask_spawn(joiner_body, struct joiner,
				     .init = &init));
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, err);
	j = ktask_frame(t);
	KUNIT_EXPECT_EQ(test, j->timed_out, timed_out);
	KUNIT_EXPECT_TRUE(test, j->ended);
	KUNIT_EXPECT_EQ(test, j->asked, 1);
	return j;
}

static void time_join_or_abort(struct kunit *test)
{
	struct ktask_future *never = new_future(test), *f = new_future(test);
	struct ktask *other;
	long result = 0;

	/* In time. */
	ktask_future_complete(f, 5);
	other = spawn_await(test, f);
	KUNIT_EXPECT_EQ(test, 5L, join(test, other, HOUR, 0, false)->result);
	KUNIT_EXPECT_EQ(test, 0, ktask_join_or_abort(spawn_await(test, f),
						     &result, HOUR));
	KUNIT_EXPECT_EQ(test, result, 5L);
	/* It has ended: what is there is there. */
	join(test, other, 0, 0, false);
	join(test, other, KTIME_MIN, 0, false);
	KUNIT_EXPECT_EQ(test, 0, ktask_join_or_abort(other, &result, -1));
	/* Too late. */
	join(test, spawn_await(test, never), ms_to_ktime(5), -ECANCELED, true);
	join(test, spawn_await(test, never), 0, -ECANCELED, true);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_join_or_abort(spawn_await(test, never), NULL,
					    ms_to_ktime(5)));
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_join_or_abort(spawn_await(test, never), NULL,
					    KTIME_MIN));
	/* Aborted by somebody else, in time. */
	other = spawn_await(test, never);
	ktask_abort(other);
	join(test, other, HOUR, -ECANCELED, false);
	KUNIT_EXPECT_EQ(test, -ECANCELED,
			ktask_join_or_abort(other, NULL, HOUR));
}

static struct ktask *spawn_stubborn(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(on_stack);
	struct completion *begun = &on_stack;
	struct ktask *t;

	t = kt_own(test, ktask_spawn_blocking(stubborn_body,
					      struct completion *,
					      .init = &begun));
	/* Before, an abort would have it never run. */
	wait_for_completion(begun);
	return t;
}

/* What it returns at the last moment counts. */
static void time_join_or_abort_stubborn(struct kunit *test)
{
	struct ktask *other = spawn_stubborn(test);
	long result = 0;

	KUNIT_EXPECT_EQ(test, 7L,
			join(test, other, ms_to_ktime(5), 0, false)->result);
	other = spawn_stubborn(test);
	KUNIT_EXPECT_EQ(test, 0, ktask_join_or_abort(other, &result,
						     ms_to_ktime(5)));
	KUNIT_EXPECT_EQ(test, result, 7L);
}

/* The joiner is aborted; the other goes on. */
static void time_join_or_abort_aborted(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct joiner init = { .timeout = HOUR };
	struct ktask *t;

	init.other = spawn_await(test, f);
	t = kt_own(test, ktask_spawn(joiner_body, struct joiner,
				     .init = &init));
	usleep_range(100, 2000);
	ktask_abort(t);
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_FALSE(test, ktask_aborted(init.other));
	ktask_future_complete(f, 5);
	KT_FINISH(test, init.other);
	KT_EXPECT_RETURNED(test, init.other, 5);
}

static int joiner_thread(void *t)
{
	allow_signal(SIGUSR1);
	return ktask_join_or_abort_until(t, NULL, TASK_INTERRUPTIBLE,
					 KTIME_MAX);
}

static void time_join_or_abort_interrupted(struct kunit *test)
{
	struct ktask *t = spawn_await(test, new_future(test));
	struct kt_thread *th = kt_thread(test, joiner_thread, t);

	/* Ignored until it is allowed. */
	while (!ktask_done(t)) {
		send_sig(SIGUSR1, th->task, 1);
		usleep_range(100, 1000);
	}
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS, KT_THREAD_END(test, th));
	KT_EXPECT_CANCELLED(test, t);
}

static void complete_soon(void *f)
{
	kt_dither(100);
	ktask_future_complete(f, 5);
}

/* The end against the time: one or the other, and never both. */
static void time_join_or_abort_race(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct kt_rival *rival = kt_rival(test);
	unsigned int late = 0, in_time = 0;
	struct ktask *other, *t;
	struct joiner init, *j;
	int i;

	for (i = 0; i < 300; i++) {
		ktask_future_init(f);
		other = ktask_spawn(await_body, struct ktask_future *,
				    .init = &f);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
		init = (struct joiner){ .other = other,
					.timeout = kt_us(i % 100) };
		t = ktask_spawn(joiner_body, struct joiner, .init = &init);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		kt_rival_go(rival, complete_soon, f);
		KUNIT_ASSERT_TRUE(test, kt_ended(t));
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		j = ktask_frame(t);
		KUNIT_ASSERT_TRUE(test, j->ended);
		if (j->timed_out)
			late += ktask_result(t) == -ECANCELED;
		else
			in_time += ktask_result(t) == 0 && j->result == 5;
		ktask_put(t);
		ktask_put(other);
	}
	KUNIT_EXPECT_EQ(test, late + in_time, 300);
	kunit_info(test, "in time %u, too late %u\n", in_time, late);
}

static struct kunit_case time_cases[] = {
	KUNIT_CASE(time_until),
	KUNIT_CASE(time_sleep_until),
	KUNIT_CASE(time_await_until),
	KUNIT_CASE(time_timer_fires),
	KUNIT_CASE(time_timer_cancelled),
	KUNIT_CASE(time_timer_cancel_race),
	KUNIT_CASE(time_timer_of_task),
	KUNIT_CASE(time_timer_abort_race),
	KUNIT_CASE_SLOW(time_many_fire),
	KUNIT_CASE_SLOW(time_many_aborted),
	KUNIT_CASE(time_interval_policies),
	KUNIT_CASE(time_interval_reset),
	KUNIT_CASE(time_interval_ticks),
	KUNIT_CASE(time_interval_yields),
	KUNIT_CASE(time_interval_blocking),
	KUNIT_CASE(time_join_or_abort),
	KUNIT_CASE(time_join_or_abort_stubborn),
	KUNIT_CASE(time_join_or_abort_aborted),
	KUNIT_CASE(time_join_or_abort_interrupted),
	KUNIT_CASE(time_join_or_abort_race),
	{}
};

struct kunit_suite ktask_time_suite = {
	.name = "ktask_time",
	.test_cases = time_cases,
};
