// SPDX-License-Identifier: GPL-2.0
/*
 * Runtimes: one's own, and what is left of its tasks when it goes: nothing.
 */
#include <linux/slab.h>

#include "util.h"

/* A task of the crowd that a runtime is destroyed with. */
struct member {
	struct ktask_defer defer;
	struct ktask_future *f;
	struct ktask_runtime *rt;
	atomic_t *cleanups;
	atomic_t *begun;
	int late_spawn;			/* what a spawn in the cleanup said */
	bool cleaned;
	bool late;			/* the body ran after the cleanup */
};

static void member_cleanup(void *arg)
{
	struct member *m = arg;

	m->cleaned = true;
	atomic_inc(m->cleanups);
}

static void check_not_late(struct member *m)
{
	if (m->cleaned)
		m->late = true;
}

static ktask_poll_t return_body(struct ktask *t)
{
	KTASK_BEGIN(t);
	check_not_late(ktask_frame(t));
	KTASK_RETURN(t, 1);
	KTASK_END(t);
}

static ktask_poll_t await_body(struct ktask *t)
{
	struct member *m = ktask_frame(t);

	check_not_late(m);
	KTASK_BEGIN(t);
	KTASK_AWAIT(t, m->f);
	KTASK_RETURN(t, 1);
	KTASK_END(t);
}

static ktask_poll_t timeout_body(struct ktask *t)
{
	struct member *m = ktask_frame(t);

	check_not_late(m);
	KTASK_BEGIN(t);
	KTASK_AWAIT_TIMEOUT(t, m->f, ktime_set(3600, 0));
	KTASK_RETURN(t, 1);
	KTASK_END(t);
}

static ktask_poll_t sleep_body(struct ktask *t)
{
	check_not_late(ktask_frame(t));
	KTASK_BEGIN(t);
	KTASK_SLEEP(t, ktime_set(3600, 0));
	KTASK_RETURN(t, 1);
	KTASK_END(t);
}

static ktask_poll_t nap_body(struct ktask *t)
{
	check_not_late(ktask_frame(t));
	KTASK_BEGIN(t);
	KTASK_SLEEP(t, kt_us(500));
	KTASK_RETURN(t, 1);
	KTASK_END(t);
}

static ktask_poll_t yield_body(struct ktask *t)
{
	check_not_late(ktask_frame(t));
	KTASK_BEGIN(t);
	for (;;)
		KTASK_YIELD(t);
	KTASK_END(t);
}

static const ktask_resume_t async_bodies[] = {
	return_body, await_body, timeout_body, sleep_body, nap_body, yield_body,
};

static long blocking_sleep_body(struct ktask *t)
{
	check_not_late(ktask_frame(t));
	return ktask_sleep(ktime_set(3600, 0));
}

static long blocking_wait_body(struct ktask *t)
{
	struct member *m = ktask_frame(t);

	check_not_late(m);
	return ktask_future_wait_killable(m->f);
}

static long blocking_return_body(struct ktask *t)
{
	check_not_late(ktask_frame(t));
	return 1;
}

static const ktask_blocking_t blocking_bodies[] = {
	blocking_sleep_body, blocking_wait_body, blocking_return_body,
};

/* Made and started, one of each kind in turn; with a cleanup. */
static struct ktask *start_behind(struct kt_plug *plug,
				  struct ktask_runtime *rt, unsigned int i,
				  struct ktask_future *f, atomic_t *cleanups)
{
	const unsigned int na = ARRAY_SIZE(async_bodies);
	const int place = KT_BEHIND(plug);
	struct ktask *t;
	struct member *m;
	int err;

	i %= na + ARRAY_SIZE(blocking_bodies);
	if (i < na)
		t = ktask_new(async_bodies[i], struct member, .runtime = rt,
			      .place = place);
	else
		t = ktask_new_blocking(blocking_bodies[i - na], struct member,
				       .runtime = rt, .place = place);
	if (IS_ERR(t))
		return t;
	m = ktask_frame(t);
	m->f = f;
	m->cleanups = cleanups;
	ktask_defer(t, &m->defer, member_cleanup, m);
	err = ktask_start(t);
	if (!err)
		return t;
	ktask_put(t);
	return ERR_PTR(err);
}

static struct ktask *start_member(struct ktask_runtime *rt, unsigned int i,
				  struct ktask_future *f, atomic_t *cleanups)
{
	return start_behind(NULL, rt, i, f, cleanups);
}

/* What tasks use; there for longer than the runtime, should that hang. */
struct common {
	struct ktask_future f;
	atomic_t cleanups;
	atomic_t begun;
};

static struct common *new_common(struct kunit *test)
{
	struct common *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	return c;
}

static void runtime_empty(struct kunit *test)
{
	int i;

	ktask_runtime_destroy(NULL);
	for (i = 0; i < 3; i++)
		kt_destroy(test, kt_runtime(test));
}

static void runtime_long_name(struct kunit *test)
{
	struct ktask_runtime *rt;

	rt = ktask_runtime_create("a_name_that_goes_on_for_longer_than_it_should",
				  0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, rt);
	ktask_runtime_destroy(rt);
}

static void runtime_runs_tasks(struct kunit *test)
{
	struct ktask_runtime *rt = kt_runtime(test);
	long result = 5;
	struct ktask *t;

	t = kt_own(test, ktask_spawn(kt_return_body, long, .runtime = rt,
				     .init = &result));
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 5);
}

#define CROWD	90

static void destroy_crowd(struct kunit *test, bool settled)
{
	struct common *c = new_common(test);
	struct ktask_runtime *rt = kt_runtime(test);
	struct ktask **t = kunit_kcalloc(test, CROWD, sizeof(*t), GFP_KERNEL);
	struct member *m;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, t);
	for (i = 0; i < CROWD; i++)
		t[i] = kt_own(test, start_member(rt, i, &c->f, &c->cleanups));
	if (settled)
		msleep(20);
	kt_destroy(test, rt);
	/* All over, at once; and the handles are still good. */
	KUNIT_EXPECT_EQ(test, atomic_read(&c->cleanups), CROWD);
	for (i = 0; i < CROWD; i++) {
		KUNIT_ASSERT_TRUE(test, ktask_done(t[i]));
		m = ktask_frame(t[i]);
		KUNIT_EXPECT_TRUE(test, m->cleaned);
		KUNIT_EXPECT_FALSE(test, m->late);
		KUNIT_EXPECT_FALSE(test, ktask_abort(t[i]));
		if (ktask_outcome(t[i]) == KTASK_RETURNED)
			KT_EXPECT_RETURNED(test, t[i], 1);
		else
			KT_EXPECT_CANCELLED(test, t[i]);
	}
	/* Nobody is left who waits for it. */
	KUNIT_EXPECT_TRUE(test, ktask_future_complete(&c->f, 0));
}

static void runtime_destroy_settled(struct kunit *test)
{
	destroy_crowd(test, true);
}

static void runtime_destroy_at_once(struct kunit *test)
{
	int i;

	for (i = 0; i < 3; i++)
		destroy_crowd(test, false);
}

struct unplugger {
	struct kt_plug *plug;
	struct ktask *last;
};

/* When the last one has been aborted. */
static int unplug_later(void *arg)
{
	unsigned long until = jiffies + KT_HANG;
	struct unplugger *u = arg;

	while (!ktask_aborted(u->last) && time_before(jiffies, until))
		usleep_range(100, 1000);
	kt_unplug(u->plug);
	return ktask_aborted(u->last) ? 0 : -ETIMEDOUT;
}

/* Tasks that have not run yet when they are aborted. */
static void runtime_destroy_queued(struct kunit *test)
{
	struct common *c = new_common(test);
	struct ktask_runtime *rt = kt_runtime(test);
	struct unplugger u = { .plug = kt_plug(test) };
	struct kt_thread *th;
	struct ktask *t[20];
	int i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = kt_own(test, start_behind(u.plug, rt, i % 6, &c->f,
						 &c->cleanups));
	u.last = t[ARRAY_SIZE(t) - 1];
	th = kt_thread(test, unplug_later, &u);
	kt_destroy(test, rt);
	KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th));
	KUNIT_EXPECT_EQ(test, atomic_read(&c->cleanups), ARRAY_SIZE(t));
	for (i = 0; i < ARRAY_SIZE(t); i++)
		KT_EXPECT_CANCELLED(test, t[i]);
}

/* --- Spawning on a runtime that goes -------------------------------------- */

static void late_cleanup(void *arg)
{
	struct member *m = arg;
	struct ktask *t = ktask_spawn(kt_return_body, long, .runtime = m->rt);

	m->late_spawn = PTR_ERR_OR_ZERO(t);
	if (IS_ERR(t))
		return;
	ktask_put(t);
}

static ktask_poll_t late_body(struct ktask *t)
{
	struct member *m = ktask_frame(t);

	KTASK_BEGIN(t);
	ktask_defer(t, &m->defer, late_cleanup, m);
	WRITE_ONCE(m->cleaned, true);
	KTASK_SLEEP(t, KTIME_MAX);
	KTASK_END(t);
}

static void runtime_spawn_too_late(struct kunit *test)
{
	struct ktask_runtime *rt = kt_runtime(test);
	struct member init = { .rt = rt, .late_spawn = 1 }, *m;
	struct ktask *t;

	t = kt_own(test, ktask_spawn(late_body, struct member, .runtime = rt,
				     .init = &init));
	m = ktask_frame(t);
	KT_EVENTUALLY(test, READ_ONCE(m->cleaned));
	kt_destroy(test, rt);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_EQ(test, m->late_spawn, -ESHUTDOWN);
}

/* Made before, started after: nothing of it runs. */
static void start_late_cleanup(void *arg)
{
	struct member *m = arg;
	struct ktask *t = (struct ktask *)m->f;

	m->late_spawn = ktask_start(t);
}

static ktask_poll_t start_late_body(struct ktask *t)
{
	struct member *m = ktask_frame(t);

	KTASK_BEGIN(t);
	ktask_defer(t, &m->defer, start_late_cleanup, m);
	WRITE_ONCE(m->cleaned, true);
	KTASK_SLEEP(t, KTIME_MAX);
	KTASK_END(t);
}

static void runtime_start_too_late(struct kunit *test)
{
	struct common *c = new_common(test);
	struct ktask_runtime *rt = kt_runtime(test);
	struct member init = { .late_spawn = 1 }, *m, *other;
	struct ktask *t, *made;

	made = ktask_new(return_body, struct member, .runtime = rt);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, made);
	other = ktask_frame(made);
	other->cleanups = &c->cleanups;
	ktask_defer(made, &other->defer, member_cleanup, other);
	init.f = (struct ktask_future *)made;
	t = kt_own(test, ktask_spawn(start_late_body, struct member,
				     .runtime = rt, .init = &init));
	m = ktask_frame(t);
	KT_EVENTUALLY(test, READ_ONCE(m->cleaned));
	kt_destroy(test, rt);
	KUNIT_EXPECT_EQ(test, m->late_spawn, -ESHUTDOWN);
	KUNIT_EXPECT_FALSE(test, ktask_done(made));
	KUNIT_EXPECT_EQ(test, atomic_read(&c->cleanups), 0);
	ktask_put(made);
}

/* Tasks that each leave a successor until they may not any more. */
struct heir {
	struct ktask_defer defer;
	struct ktask_runtime *rt;
	atomic_t *alive;
	atomic_t *born;
};

static ktask_poll_t heir_body(struct ktask *t);

static void heir_cleanup(void *arg)
{
	struct heir *h = arg;

	atomic_dec(h->alive);
}

static int spawn_heir(const struct heir *of)
{
	struct ktask *t;
	struct heir *h;
	int err;

	t = ktask_new(heir_body, struct heir, .runtime = of->rt, .init = of);
	if (IS_ERR(t))
		return PTR_ERR(t);
	h = ktask_frame(t);
	ktask_defer(t, &h->defer, heir_cleanup, h);
	atomic_inc(h->alive);
	err = ktask_start(t);
	if (err)
		atomic_dec(of->alive);
	else
		atomic_inc(of->born);
	ktask_put(t);
	return err;
}

static ktask_poll_t heir_body(struct ktask *t)
{
	struct heir *h = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_YIELD(t);
	spawn_heir(h);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static void runtime_destroy_while_spawning(struct kunit *test)
{
	atomic_t *n = kunit_kcalloc(test, 2, sizeof(*n), GFP_KERNEL);
	struct heir first = {};
	int i, k;

	KUNIT_ASSERT_NOT_NULL(test, n);
	first.alive = &n[0];
	first.born = &n[1];
	for (i = 0; i < 5; i++) {
		first.rt = kt_runtime(test);
		for (k = 0; k < 8; k++)
			KUNIT_ASSERT_EQ(test, 0, spawn_heir(&first));
		KT_EVENTUALLY(test, atomic_read(first.born) > (i + 1) * 50);
		kt_destroy(test, first.rt);
		KUNIT_EXPECT_EQ(test, atomic_read(first.alive), 0);
	}
}

/* --- More than one -------------------------------------------------------- */

static void runtime_two(struct kunit *test)
{
	struct common *c = new_common(test);
	struct ktask_runtime *a = kt_runtime(test), *b = kt_runtime(test);
	struct member init = { .f = &c->f };
	struct ktask *in_a, *in_b, *in_default;

	in_a = kt_own(test, ktask_spawn(await_body, struct member,
					.runtime = a, .init = &init));
	in_b = kt_own(test, ktask_spawn(await_body, struct member,
					.runtime = b, .init = &init));
	in_default = kt_own(test, ktask_spawn(await_body, struct member,
					      .init = &init));
	msleep(20);
	kt_destroy(test, a);
	KT_EXPECT_CANCELLED(test, in_a);
	KUNIT_EXPECT_FALSE(test, ktask_done(in_b));
	KUNIT_EXPECT_FALSE(test, ktask_done(in_default));
	ktask_future_complete(&c->f, 0);
	KT_FINISH(test, in_b);
	KT_EXPECT_RETURNED(test, in_b, 1);
	KT_FINISH(test, in_default);
	KT_EXPECT_RETURNED(test, in_default, 1);
}

static void runtime_again_and_again(struct kunit *test)
{
	struct common *c = new_common(test);
	struct ktask_runtime *rt;
	struct ktask *t;
	int i, k, made = 0;

	for (i = 0; i < 20; i++) {
		rt = kt_runtime(test);
		for (k = 0; k < 18; k++) {
			t = start_member(rt, k, &c->f, &c->cleanups);
			KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
			made++;
			ktask_put(t);
		}
		if (i & 1)
			usleep_range(100, 3000);
		kt_destroy(test, rt);
		KUNIT_ASSERT_EQ(test, atomic_read(&c->cleanups), made);
	}
}

/* --- Races ---------------------------------------------------------------- */

static void complete_it(void *f)
{
	kt_dither(50);
	ktask_future_complete(f, 0);
}

/* Who wakes a task may outlive it, but not its runtime. */
static void runtime_destroy_while_woken(struct kunit *test)
{
	struct common *c = new_common(test);
	struct kt_rival *rival = kt_rival(test);
	struct member init = { .f = &c->f };
	struct ktask_runtime *rt;
	struct ktask *t;
	int i, k;

	for (i = 0; i < 20; i++) {
		ktask_future_init(&c->f);
		rt = kt_runtime(test);
		for (k = 0; k < 10; k++) {
			t = ktask_spawn(await_body, struct member,
					.runtime = rt, .init = &init);
			KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
			ktask_put(t);
		}
		kt_rival_go(rival, complete_it, &c->f);
		kt_destroy(test, rt);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
	}
}

static void join_it(void *t)
{
	kt_dither(50);
	ktask_join(t, NULL);
}

/* Nor does a joiner that helps. */
static void runtime_destroy_while_joined(struct kunit *test)
{
	struct common *c = new_common(test);
	struct kt_rival *rival = kt_rival(test);
	struct member init = { .f = &c->f };
	struct ktask_runtime *rt;
	struct ktask *t;
	int i;

	for (i = 0; i < 20; i++) {
		rt = kt_runtime(test);
		t = kt_own(test, ktask_spawn(i & 1 ? await_body : return_body,
					     struct member, .runtime = rt,
					     .init = &init));
		kt_rival_go(rival, join_it, t);
		kt_destroy(test, rt);
		KUNIT_EXPECT_TRUE(test, ktask_done(t));
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
	}
}

/* --- A runtime that a task has -------------------------------------------- */

struct host {
	struct ktask_defer defer;
	struct ktask_runtime *rt;
	atomic_t cleanups;
	struct ktask_future f;
	int err;
};

static void host_destroy(void *arg)
{
	struct host *h = arg;

	ktask_runtime_destroy(h->rt);
}

static int host_fill(struct host *h)
{
	struct ktask *t;
	int i;

	h->rt = ktask_runtime_create("hosted", 0);
	if (IS_ERR(h->rt))
		return PTR_ERR(h->rt);
	for (i = 0; i < 9; i++) {
		t = start_member(h->rt, i, &h->f, &h->cleanups);
		if (!IS_ERR(t))
			ktask_put(t);
	}
	return 0;
}

static long host_body(struct ktask *t)
{
	struct host *h = ktask_frame(t);

	h->err = host_fill(h);
	if (h->err)
		return h->err;
	fsleep(5 * USEC_PER_MSEC);
	host_destroy(h);
	return 0;
}

static ktask_poll_t async_host_body(struct ktask *t)
{
	struct host *h = ktask_frame(t);

	KTASK_BEGIN(t);
	h->err = host_fill(h);
	if (h->err)
		KTASK_RETURN(t, h->err);
	ktask_defer(t, &h->defer, host_destroy, h);
	KTASK_SLEEP(t, ms_to_ktime(5));
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

/* Made and destroyed by a task of another runtime; lockdep looks on. */
static void runtime_of_a_task(struct kunit *test)
{
	struct ktask *t;
	struct host *h;
	int i;

	for (i = 0; i < 2; i++) {
		if (i)
			t = ktask_spawn(async_host_body, struct host);
		else
			t = ktask_spawn_blocking(host_body, struct host);
		kt_own(test, t);
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, 0);
		h = ktask_frame(t);
		KUNIT_EXPECT_EQ(test, atomic_read(&h->cleanups), 9);
	}
}

static const unsigned int runtime_flags[] = {
	KTASK_RT_MEM_RECLAIM,
	KTASK_RT_FREEZABLE,
	KTASK_RT_MEM_RECLAIM | KTASK_RT_FREEZABLE,
};

static void flags_desc(const unsigned int *flags, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "flags %u", *flags);
}

KUNIT_ARRAY_PARAM(flags, runtime_flags, flags_desc);

/* Each kind of task, on each kind of runtime. */
static void runtime_of_a_kind(struct kunit *test)
{
	const unsigned int *flags = test->param_value;
	struct common *c = new_common(test);
	struct ktask *t[ARRAY_SIZE(async_bodies) + ARRAY_SIZE(blocking_bodies)];
	struct ktask_runtime *rt;
	long i, prio;

	rt = ktask_runtime_create("kind", *flags);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, rt);
	for (prio = 0; prio < KTASK_PRIO_COUNT; prio++) {
		struct ktask *one = ktask_spawn(kt_return_body, long,
						.init = &prio, .prio = prio,
						.runtime = rt);

		KUNIT_EXPECT_EQ(test, 0, ktask_join_timeout(one, &i, KT_HANG));
		KUNIT_EXPECT_EQ(test, i, prio);
		ktask_put(one);
	}
	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = start_member(rt, i, &c->f, &c->cleanups);
	ktask_runtime_destroy(rt);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		KUNIT_EXPECT_TRUE(test, ktask_done(t[i]));
		ktask_put(t[i]);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&c->cleanups), ARRAY_SIZE(t));
}

static void runtime_bad_flags(struct kunit *test)
{
	KUNIT_EXPECT_PTR_EQ(test, ktask_runtime_create("bad", BIT(2)),
			    ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, ktask_runtime_create("bad", ~0U),
			    ERR_PTR(-EINVAL));
}

/* --- Patience -------------------------------------------------------------- */

#define STUBBORN	10

/* Heeds no abort. */
static long stubborn_body(struct ktask *t)
{
	struct member *m = ktask_frame(t);

	atomic_inc(m->begun);
	ktask_future_wait(m->f);
	return 0;
}

/* Has a set of one of them, and ends when all have begun. */
static long owner_body(struct ktask *t)
{
	struct member *m = ktask_frame(t);
	struct ktask_set set;
	long err;

	ktask_set_init(&set, 0, 0);
	err = ktask_set_spawn_blocking(&set, stubborn_body, struct member,
				       .init = m, .name = "stubborn member");
	while (!err && atomic_read(m->begun) <= STUBBORN)
		usleep_range(100, 1000);
	ktask_set_destroy(&set);
	return err;
}

/* What a runtime waits for when it goes, and a set, is told after ten seconds. */
static void runtime_destroy_tells(struct kunit *test)
{
	struct common *c = new_common(test);
	struct ktask_runtime *rt = kt_runtime(test);
	struct member m = { .f = &c->f, .begun = &c->begun };
	struct kt_thread *th;
	struct ktask *t;
	u64 from = kt_log_end();
	int i;

	t = kt_own(test, ktask_spawn_blocking(owner_body, struct member,
					      .init = &m, .runtime = rt));
	for (i = 0; i < STUBBORN; i++)
		kt_own(test, ktask_spawn_blocking(stubborn_body, struct member,
						  .init = &m, .runtime = rt,
						  .name = "stubborn"));
	KT_EVENTUALLY(test, atomic_read(&c->begun) > STUBBORN);
	th = kt_destroying(test, rt);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, complete_it, &c->f));
	KT_EVENTUALLY(test, kt_logged(test, from, "a set still waits for 1 tasks"));
	KT_EVENTUALLY(test, kt_logged(test, from, "newest is \"stubborn member\""));
	KT_EVENTUALLY(test, kt_logged(test, from, "waiting for its tasks to end"));
	KT_EVENTUALLY(test, kt_logged(test, from, "\"stubborn\" (stubborn_body"));
	KUNIT_EXPECT_FALSE(test, completion_done(&th->ended));
	ktask_future_complete(&c->f, 0);
	KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th));
	/* It does not name all of them. */
	KUNIT_EXPECT_EQ(test, 0, kt_logged(test, from, " has not ended") % 8);
	KT_EXPECT_RETURNED(test, t, 0);
}

static struct kunit_case runtime_cases[] = {
	KUNIT_CASE_PARAM(runtime_of_a_kind, flags_gen_params),
	KUNIT_CASE(runtime_bad_flags),
	KUNIT_CASE(runtime_empty),
	KUNIT_CASE(runtime_long_name),
	KUNIT_CASE(runtime_runs_tasks),
	KUNIT_CASE(runtime_destroy_settled),
	KUNIT_CASE(runtime_destroy_at_once),
	KUNIT_CASE(runtime_destroy_queued),
	KUNIT_CASE(runtime_spawn_too_late),
	KUNIT_CASE(runtime_start_too_late),
	KUNIT_CASE(runtime_destroy_while_spawning),
	KUNIT_CASE(runtime_two),
	KUNIT_CASE(runtime_again_and_again),
	KUNIT_CASE(runtime_destroy_while_woken),
	KUNIT_CASE(runtime_destroy_while_joined),
	KUNIT_CASE(runtime_of_a_task),
	KUNIT_CASE_SLOW(runtime_destroy_tells),
	{}
};

struct kunit_suite ktask_runtime_suite = {
	.name = "ktask_runtime",
	.test_cases = runtime_cases,
};
