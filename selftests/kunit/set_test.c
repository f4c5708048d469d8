// SPDX-License-Identifier: GPL-2.0
/*
 * Task sets: what is in one, who gets what has ended, and what is left when it
 * is destroyed: nothing. Races are in set_race_test.c.
 */
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "util.h"

#define MAX_MEMBERS	32

/*
 * What the members of a set use, in memory of KUnit's that goes after the set.
 * begun and ended count those whose body has begun, and whose cleanup has run.
 */
struct scene {
	struct ktask_set set;
	bool gone;
	struct ktask_future f[MAX_MEMBERS];
	atomic_t begun;
	atomic_t ended;
	atomic_t parallel;
	int max_parallel;
	int order[MAX_MEMBERS];
};

struct member {
	struct scene *s;
	int nr;
	struct ktask_defer d;
};

static void member_end(void *arg)
{
	struct member *m = arg;

	atomic_dec(&m->s->parallel);
	atomic_inc(&m->s->ended);
}

static void member_begin(struct ktask *t, struct member *m)
{
	int turn = atomic_inc_return(&m->s->begun) - 1;
	int parallel = atomic_inc_return(&m->s->parallel);
	int max = READ_ONCE(m->s->max_parallel);

	if (turn < MAX_MEMBERS)
		m->s->order[turn] = m->nr;
	while (parallel > max &&
	       !try_cmpxchg(&m->s->max_parallel, &max, parallel))
		;
	ktask_defer(t, &m->d, member_end, m);
}

/* Awaits the future of its number. */
static ktask_poll_t member_body(struct ktask *t)
{
	struct member *m = ktask_frame(t);

	KTASK_BEGIN(t);
	member_begin(t, m);
	KTASK_AWAIT(t, &m->s->f[m->nr]);
	KTASK_RETURN(t, ktask_future_value(&m->s->f[m->nr]));
	KTASK_END(t);
}

static long blocking_member(struct ktask *t)
{
	struct member *m = ktask_frame(t);
	int err;

	member_begin(t, m);
	err = ktask_future_wait_killable(&m->s->f[m->nr]);
	return err ?: ktask_future_value(&m->s->f[m->nr]);
}

static void scene_end(void *arg)
{
	struct scene *s = arg;

	if (!s->gone)
		ktask_set_destroy(&s->set);
}

static struct scene *scene(struct kunit *test, unsigned int limit,
			   unsigned int flags)
{
	struct scene *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	ktask_set_init(&s->set, limit, flags);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, scene_end, s));
	return s;
}

static void destroy(struct scene *s)
{
	ktask_set_destroy(&s->set);
	s->gone = true;
}

static int spawn(struct scene *s, int nr)
{
	struct member m = { .s = s, .nr = nr };

	return ktask_set_spawn(&s->set, member_body, struct member, .init = &m);
}

static int spawn_blocking(struct scene *s, int nr)
{
	struct member m = { .s = s, .nr = nr };

	return ktask_set_spawn_blocking(&s->set, blocking_member,
					struct member, .init = &m);
}

static void spawn_some(struct kunit *test, struct scene *s, int n)
{
	int i;

	for (i = 0; i < n; i++)
		KUNIT_ASSERT_EQ(test, 0, spawn(s, i));
}

/* Join the next, which must be @id, and put it. */
static void join_expect(struct kunit *test, struct scene *s, u64 id,
			enum ktask_outcome outcome, long result)
{
	struct ktask *t;
	u64 got = 0;

	KUNIT_ASSERT_EQ(test, 0,
			ktask_set_join_next_until(&s->set, &t, &got,
						  TASK_UNINTERRUPTIBLE,
						  ktime_add(ktime_get(),
							    KT_HANG_KTIME)));
	KUNIT_EXPECT_EQ(test, got, id);
	KUNIT_EXPECT_EQ(test, ktask_outcome(t), outcome);
	KUNIT_EXPECT_EQ(test, ktask_result(t), result);
	ktask_put(t);
}

static void expect_empty(struct kunit *test, struct scene *s)
{
	struct ktask *t;

	KUNIT_EXPECT_EQ(test, ktask_set_len(&s->set), 0U);
	KUNIT_EXPECT_EQ(test, -ENOENT, ktask_set_join_next(&s->set, &t, NULL));
	KUNIT_EXPECT_EQ(test, -ENOENT,
			ktask_set_try_join_next(&s->set, &t, NULL));
}

/* Wait until @n have ended, and are there to be joined. */
static int idle(struct scene *s)
{
	return ktask_set_wait_idle_until(&s->set, TASK_UNINTERRUPTIBLE,
					 ktime_add(ktime_get(), KT_HANG_KTIME));
}

/* --- Joining --------------------------------------------------------------- */

static void set_of_none(struct kunit *test)
{
	struct scene *s = scene(test, 0, 0);

	expect_empty(test, s);
	KUNIT_EXPECT_EQ(test, 0, idle(s));
	ktask_set_abort_all(&s->set);
	ktask_set_detach_all(&s->set);
	destroy(s);
}

static void set_joins_in_order_of_end(struct kunit *test)
{
	static const int order[] = { 3, 0, 4, 2, 1 };
	struct scene *s = scene(test, 0, 0);
	unsigned int i, n = ARRAY_SIZE(order);

	spawn_some(test, s, n);
	KUNIT_EXPECT_EQ(test, ktask_set_len(&s->set), n);
	for (i = 0; i < n; i++) {
		ktask_future_complete(&s->f[order[i]], 10 + i);
		KT_EVENTUALLY(test, READ_ONCE(s->set.nr_ended) == i + 1);
	}
	for (i = 0; i < n; i++) {
		KUNIT_EXPECT_EQ(test, ktask_set_len(&s->set), n - i);
		join_expect(test, s, order[i] + 1, KTASK_RETURNED, 10 + i);
	}
	expect_empty(test, s);
}

/* Has the other one of the set end first. */
static ktask_poll_t overtaken_body(struct ktask *t)
{
	struct scene **s = ktask_frame(t);
	unsigned long until = jiffies + KT_HANG;

	KTASK_BEGIN(t);
	/* So that this one is among the live ones. */
	ktask_set_len(&(*s)->set);
	ktask_future_complete(&(*s)->f[0], 10);
	while (READ_ONCE((*s)->set.live) > 1 && time_before(jiffies, until))
		usleep_range(100, 1000);
	KTASK_RETURN(t, 20);
	KTASK_END(t);
}

/* Also when a joiner runs one of them, and another ends meanwhile. */
static void set_joins_overtaken(struct kunit *test)
{
	struct scene *s = scene(test, 0, 0);
	int i;

	for (i = 0; i < 20; i++) {
		ktask_future_init(&s->f[0]);
		atomic_set(&s->begun, 0);
		spawn_some(test, s, 1);
		KT_EVENTUALLY(test, atomic_read(&s->begun) == 1);
		KUNIT_ASSERT_EQ(test, 0,
				ktask_set_spawn(&s->set, overtaken_body,
						struct scene *, .init = &s));
		join_expect(test, s, 2 * i + 1, KTASK_RETURNED, 10);
		join_expect(test, s, 2 * i + 2, KTASK_RETURNED, 20);
	}
	expect_empty(test, s);
}

static void set_joins_each_way(struct kunit *test)
{
	struct scene *s = scene(test, 0, 0);
	struct ktask *t;
	int i, err = 0;

	spawn_some(test, s, 4);
	for (i = 0; i < 4; i++) {
		ktask_future_complete(&s->f[i], i);
		switch (i) {
		case 0:
			err = ktask_set_join_next(&s->set, &t, NULL);
			break;
		case 1:
			err = ktask_set_join_next_interruptible(&s->set, &t,
								NULL);
			break;
		case 2:
			err = ktask_set_join_next_killable(&s->set, &t, NULL);
			break;
		case 3:
			KUNIT_ASSERT_EQ(test, 0, idle(s));
			err = ktask_set_try_join_next(&s->set, &t, NULL);
			break;
		}
		KUNIT_ASSERT_EQ(test, 0, err);
		KT_EXPECT_RETURNED(test, t, i);
		ktask_put(t);
	}
	expect_empty(test, s);
}

static void set_try_join(struct kunit *test)
{
	struct scene *s = scene(test, 0, 0);
	struct ktask *t;
	u64 id = 77;

	spawn_some(test, s, 1);
	KUNIT_EXPECT_EQ(test, -EAGAIN,
			ktask_set_try_join_next(&s->set, &t, &id));
	KUNIT_EXPECT_EQ(test, id, 77ULL);
	ktask_future_complete(&s->f[0], 1);
	KUNIT_EXPECT_EQ(test, 0, idle(s));
	KUNIT_EXPECT_EQ(test, 0, ktask_set_try_join_next(&s->set, &t, &id));
	KUNIT_EXPECT_EQ(test, id, 1ULL);
	ktask_put(t);
	expect_empty(test, s);
}

static void set_join_timeout(struct kunit *test)
{
	const ktime_t past[] = { 0, -1, KTIME_MIN };
	struct scene *s = scene(test, 0, 0);
	struct ktask *t;
	int i;

	spawn_some(test, s, 2);
	for (i = 0; i < ARRAY_SIZE(past); i++)
		KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
				ktask_set_join_next_until(&s->set, &t, NULL,
							  TASK_IDLE, past[i]));
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_set_join_next_until(&s->set, &t, NULL, TASK_IDLE,
						  ktime_add_ms(ktime_get(),
							       5)));
	ktask_future_complete(&s->f[1], 5);
	join_expect(test, s, 2, KTASK_RETURNED, 5);
	KUNIT_EXPECT_EQ(test, ktask_set_len(&s->set), 1U);
}

/* A task stays in memory for who has joined it, also without its set. */
static void set_joined_task_stays(struct kunit *test)
{
	struct scene *s = scene(test, 0, 0);
	struct member *m;
	struct ktask *t;

	spawn_some(test, s, 2);
	ktask_future_complete(&s->f[1], 5);
	KUNIT_ASSERT_EQ(test, 0, ktask_set_join_next(&s->set, &t, NULL));
	destroy(s);
	KT_EXPECT_RETURNED(test, t, 5);
	m = ktask_frame(t);
	KUNIT_EXPECT_EQ(test, m->nr, 1);
	ktask_put(t);
}

struct joiner {
	struct ktask_set *set;
	struct ktask *t;
	bool idle;
	unsigned int state;
	struct completion ready;
};

static int joiner_main(void *arg)
{
	struct joiner *j = arg;

	allow_signal(SIGUSR1);
	complete(&j->ready);
	if (j->idle)
		return ktask_set_wait_idle_until(j->set, j->state, KTIME_MAX);
	return ktask_set_join_next_until(j->set, &j->t, NULL, j->state,
					 KTIME_MAX);
}

static struct kt_thread *join_in(struct kunit *test, struct joiner *j,
				 struct ktask_set *set, bool idle)
{
	struct kt_thread *th;

	j->set = set;
	j->idle = idle;
	j->state = TASK_INTERRUPTIBLE;
	init_completion(&j->ready);
	th = kt_thread(test, joiner_main, j);
	KT_COMPLETED(test, &j->ready);
	return th;
}

static void set_join_interrupted(struct kunit *test)
{
	struct joiner *j = kunit_kcalloc(test, 2, sizeof(*j), GFP_KERNEL);
	struct scene *s = scene(test, 0, 0);
	struct kt_thread *th[2];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, j);
	spawn_some(test, s, 1);
	for (i = 0; i < 2; i++)
		th[i] = join_in(test, &j[i], &s->set, i);
	for (i = 0; i < 2; i++) {
		send_sig(SIGUSR1, th[i]->task, 1);
		KUNIT_EXPECT_EQ(test, -ERESTARTSYS, KT_THREAD_END(test, th[i]));
	}
	ktask_future_complete(&s->f[0], 5);
	join_expect(test, s, 1, KTASK_RETURNED, 5);
}

static unsigned int threads_ended(struct kt_thread **th, int n)
{
	unsigned int ended = 0;

	while (n--)
		ended += completion_done(&th[n]->ended);
	return ended;
}

/* Two tasks, four who want one: two hear that there is none when there is none. */
static void set_join_by_many(struct kunit *test)
{
	struct joiner *j = kunit_kcalloc(test, 4, sizeof(*j), GFP_KERNEL);
	struct scene *s = scene(test, 0, 0);
	unsigned int got = 0, none = 0;
	struct kt_thread *th[4];
	int i, ret;

	KUNIT_ASSERT_NOT_NULL(test, j);
	spawn_some(test, s, 2);
	for (i = 0; i < 4; i++)
		th[i] = join_in(test, &j[i], &s->set, false);
	KT_EVENTUALLY(test, !list_empty(&s->set.joiners));
	ktask_future_complete(&s->f[0], 5);
	KT_EVENTUALLY(test, threads_ended(th, 4));
	msleep(20);
	KUNIT_EXPECT_EQ(test, threads_ended(th, 4), 1U);
	ktask_future_complete(&s->f[1], 5);
	for (i = 0; i < 4; i++) {
		ret = KT_THREAD_END(test, th[i]);
		got += !ret;
		none += ret == -ENOENT;
		if (!ret)
			ktask_put(j[i].t);
	}
	KUNIT_EXPECT_EQ(test, got, 2U);
	KUNIT_EXPECT_EQ(test, none, 2U);
}

/* --- Joining by a task ----------------------------------------------------- */

struct awaiter {
	struct ktask_set *set;
	ktime_t timeout;
	bool idle;
	bool take;
	bool timed_out;
	long status;
	unsigned int joined;
	u64 last;
	struct ktask_set_wait wait;
};

/* Joins until nothing is left, and returns how often; or waits for idleness. */
static ktask_poll_t awaiter_body(struct ktask *t)
{
	struct awaiter *a = ktask_frame(t);
	struct ktask *next;

	KTASK_BEGIN(t);
	if (a->idle) {
		KTASK_SET_WAIT_IDLE_TIMEOUT(t, &a->wait, a->set, a->timeout);
		a->timed_out = ktask_timed_out(t);
		KTASK_RETURN(t, ktask_set_wait_status(&a->wait));
	}
	for (;;) {
		KTASK_JOIN_NEXT_TIMEOUT(t, &a->wait, a->set, a->timeout);
		a->timed_out = ktask_timed_out(t);
		a->status = ktask_set_wait_status(&a->wait);
		if (!a->take) {
			/* It is ours, until somebody ends us. */
			WRITE_ONCE(a->joined, 1);
			KTASK_SLEEP(t, ktime_set(3600, 0));
		}
		next = ktask_set_take(&a->wait, &a->last);
		if (!next)
			break;
		a->joined++;
		ktask_put(next);
	}
	KTASK_RETURN(t, a->status);
	KTASK_END(t);
}

static struct ktask *await_set(struct kunit *test, struct scene *s, bool idle,
			       bool take, ktime_t timeout)
{
	struct awaiter init = {
		.set = &s->set, .idle = idle, .take = take, .timeout = timeout,
	};

	return kt_own(test, ktask_spawn(awaiter_body, struct awaiter,
					.init = &init));
}

static void set_await_join(struct kunit *test)
{
	struct scene *s = scene(test, 0, 0);
	struct awaiter *a;
	struct ktask *t;
	int i;

	spawn_some(test, s, 5);
	t = await_set(test, s, false, true, KTIME_MAX);
	a = ktask_frame(t);
	for (i = 0; i < 5; i++) {
		ktask_future_complete(&s->f[i], i);
		KT_EVENTUALLY(test, READ_ONCE(a->last) == i + 1);
		usleep_range(100, 1000);
	}
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, -ENOENT);
	KUNIT_EXPECT_EQ(test, a->joined, 5U);
	expect_empty(test, s);
	/* And when it is empty from the start. */
	t = await_set(test, s, false, true, KTIME_MAX);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, -ENOENT);
}

static void set_await_timeout(struct kunit *test)
{
	static const s64 timeouts[] = { -1, 0, 3000 };
	struct scene *s = scene(test, 0, 0);
	struct awaiter *a;
	struct ktask *t;
	int i;

	spawn_some(test, s, 1);
	for (i = 0; i < 2 * ARRAY_SIZE(timeouts); i++) {
		t = await_set(test, s, i & 1, true,
			      timeouts[i / 2] * NSEC_PER_USEC);
		a = ktask_frame(t);
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, -ETIMEDOUT);
		KUNIT_EXPECT_TRUE(test, a->timed_out);
	}
	ktask_future_complete(&s->f[0], 5);
	join_expect(test, s, 1, KTASK_RETURNED, 5);
}

static void set_await_idle(struct kunit *test)
{
	struct scene *s = scene(test, 0, 0);
	struct ktask *t[2];
	int i;

	spawn_some(test, s, 2);
	for (i = 0; i < 2; i++)
		t[i] = await_set(test, s, true, true, KTIME_MAX);
	ktask_future_complete(&s->f[0], 5);
	usleep_range(1000, 2000);
	KUNIT_EXPECT_FALSE(test, ktask_done(t[0]));
	ktask_future_complete(&s->f[1], 5);
	for (i = 0; i < 2; i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], 0);
	}
	/* They are still to be joined. */
	KUNIT_EXPECT_EQ(test, ktask_set_len(&s->set), 2U);
	KUNIT_EXPECT_EQ(test, 0, idle(s));
}

/* Aborted while it waits; and when it has got a task that it has not taken. */
static void set_await_aborted(struct kunit *test)
{
	struct scene *s = scene(test, 0, 0);
	struct awaiter *a;
	struct ktask *t;
	int i;

	spawn_some(test, s, 3);
	for (i = 0; i < 2; i++) {
		t = await_set(test, s, i, true, KTIME_MAX);
		KT_EVENTUALLY(test, !list_empty(i ? &s->set.idlers :
						    &s->set.joiners));
		ktask_abort(t);
		KT_FINISH(test, t);
		KT_EXPECT_CANCELLED(test, t);
		KUNIT_EXPECT_TRUE(test, list_empty(&s->set.joiners));
		KUNIT_EXPECT_TRUE(test, list_empty(&s->set.idlers));
	}

	t = await_set(test, s, false, false, KTIME_MAX);
	a = ktask_frame(t);
	ktask_future_complete(&s->f[2], 2);
	KT_EVENTUALLY(test, READ_ONCE(a->joined));
	for (i = 1; i >= 0; i--) {
		ktask_future_complete(&s->f[i], i);
		KT_EVENTUALLY(test, READ_ONCE(s->set.nr_ended) == 2 - i);
	}
	KUNIT_EXPECT_EQ(test, ktask_set_len(&s->set), 3U);
	ktask_abort(t);
	KT_FINISH(test, t);
	KUNIT_EXPECT_EQ(test, ktask_set_len(&s->set), 3U);
	/* It is the first again. */
	join_expect(test, s, 3, KTASK_RETURNED, 2);
	join_expect(test, s, 2, KTASK_RETURNED, 1);
	join_expect(test, s, 1, KTASK_RETURNED, 0);
	expect_empty(test, s);
}

/* Who waits hears nothing while a task may come back, and gets it if it does. */
static void set_gives_back_to_waiter(struct kunit *test)
{
	struct joiner *j = kunit_kcalloc(test, 2, sizeof(*j), GFP_KERNEL);
	struct scene *s = scene(test, 0, 0);
	unsigned int got = 0, none = 0;
	struct kt_thread *th[2];
	struct awaiter *a;
	struct ktask *t;
	int i, ret;

	KUNIT_ASSERT_NOT_NULL(test, j);
	spawn_some(test, s, 1);
	t = await_set(test, s, false, false, KTIME_MAX);
	a = ktask_frame(t);
	ktask_future_complete(&s->f[0], 1);
	KT_EVENTUALLY(test, READ_ONCE(a->joined));
	for (i = 0; i < 2; i++)
		th[i] = join_in(test, &j[i], &s->set, false);
	msleep(20);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_FALSE(test, completion_done(&th[i]->ended));
	ktask_abort(t);
	for (i = 0; i < 2; i++) {
		ret = KT_THREAD_END(test, th[i]);
		got += !ret;
		none += ret == -ENOENT;
		if (!ret)
			ktask_put(j[i].t);
	}
	KUNIT_EXPECT_EQ(test, got, 1U);
	KUNIT_EXPECT_EQ(test, none, 1U);
}

/* What was dropped is not taken. */
static void set_take_after_drop(struct kunit *test)
{
	struct scene *s = scene(test, 0, 0);
	struct ktask_set_wait w;
	struct ktask_request *r;

	spawn_some(test, s, 1);
	r = ktask_set_join_next_start(&w, NULL, &s->set);
	KUNIT_EXPECT_EQ(test, ktask_set_wait_status(&w), (long)-EINPROGRESS);
	KUNIT_EXPECT_NULL(test, ktask_set_take(&w, NULL));
	ktask_request_drop(r);
	ktask_future_complete(&s->f[0], 1);
	KUNIT_EXPECT_EQ(test, 0, idle(s));
	r = ktask_set_join_next_start(&w, NULL, &s->set);
	KUNIT_EXPECT_EQ(test, ktask_set_wait_status(&w), 0L);
	ktask_request_drop(r);
	KUNIT_EXPECT_NULL(test, ktask_set_take(&w, NULL));
	join_expect(test, s, 1, KTASK_RETURNED, 1);
}

/* --- Abort, detach, close -------------------------------------------------- */

static void set_abort_all(struct kunit *test)
{
	struct scene *s = scene(test, 0, 0);
	struct ktask *t;
	int i;

	for (i = 0; i < 10; i++)
		KUNIT_ASSERT_EQ(test, 0,
				i & 1 ? spawn(s, i) : spawn_blocking(s, i));
	KT_EVENTUALLY(test, atomic_read(&s->begun) == 10);
	ktask_set_abort_all(&s->set);
	for (i = 0; i < 10; i++) {
		KUNIT_ASSERT_EQ(test, 0,
				ktask_set_join_next(&s->set, &t, NULL));
		KT_EXPECT_CANCELLED(test, t);
		ktask_put(t);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&s->ended), 10);
	expect_empty(test, s);
	/* It can be used on. */
	ktask_future_complete(&s->f[0], 1);
	spawn_some(test, s, 1);
	join_expect(test, s, 11, KTASK_RETURNED, 1);
}

/* One of them, by its handle. */
static void set_abort_one(struct kunit *test)
{
	struct scene *s = scene(test, 0, 0);
	struct member m = { .s = s, .nr = 1 };
	struct ktask *t = NULL;
	u64 id = 0;

	spawn_some(test, s, 1);
	KUNIT_ASSERT_EQ(test, 0,
			ktask_set_spawn(&s->set, member_body, struct member,
					.init = &m, .handle = &t, .id = &id));
	KUNIT_EXPECT_EQ(test, id, 2ULL);
	KUNIT_ASSERT_NOT_NULL(test, t);
	ktask_abort(t);
	join_expect(test, s, 2, KTASK_CANCELLED, -ECANCELED);
	KT_EXPECT_CANCELLED(test, t);
	ktask_put(t);
	KUNIT_EXPECT_EQ(test, ktask_set_len(&s->set), 1U);
}

static void set_detach_all(struct kunit *test)
{
	struct joiner *j = kunit_kzalloc(test, sizeof(*j), GFP_KERNEL);
	struct scene *s = scene(test, 0, 0);
	struct kt_thread *th;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, j);
	spawn_some(test, s, 4);
	KT_EVENTUALLY(test, atomic_read(&s->begun) == 4);
	ktask_future_complete(&s->f[0], 1);
	KT_EVENTUALLY(test, s->set.nr_ended == 1);
	ktask_set_detach_all(&s->set);
	expect_empty(test, s);
	KUNIT_EXPECT_EQ(test, 0, idle(s));

	/* Who waits hears of it. */
	KUNIT_ASSERT_EQ(test, 0, spawn(s, 4));
	th = join_in(test, j, &s->set, false);
	KT_EVENTUALLY(test, !list_empty(&s->set.joiners));
	ktask_set_detach_all(&s->set);
	KUNIT_EXPECT_EQ(test, -ENOENT, KT_THREAD_END(test, th));

	destroy(s);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->ended), 1);
	for (i = 0; i < 5; i++)
		ktask_future_complete(&s->f[i], 1);
	KT_EVENTUALLY(test, atomic_read(&s->ended) == 5);
}

static void set_close(struct kunit *test)
{
	struct scene *s = scene(test, 0, 0);

	spawn_some(test, s, 1);
	ktask_set_close(&s->set);
	KUNIT_EXPECT_EQ(test, -ESHUTDOWN, spawn(s, 1));
	KUNIT_EXPECT_EQ(test, -ESHUTDOWN, spawn_blocking(s, 1));
	KUNIT_EXPECT_EQ(test, ktask_set_len(&s->set), 1U);
	ktask_future_complete(&s->f[0], 1);
	join_expect(test, s, 1, KTASK_RETURNED, 1);
	expect_empty(test, s);
}

/* --- Help ------------------------------------------------------------------ */

struct helped_by {
	struct task_struct *helper;
	atomic_t nr;
	/* Others may end what they run. */
	bool others;
};

struct helped {
	struct helped_by *by;
};

static ktask_poll_t helped_body(struct ktask *t)
{
	struct helped *h = ktask_frame(t);

	KTASK_BEGIN(t);
	if (current == h->by->helper)
		atomic_inc(&h->by->nr);
	/* Aborted, if the case ends before it should. */
	while (current != h->by->helper && !READ_ONCE(h->by->others) &&
	       !ktask_aborted(t))
		usleep_range(100, 1000);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

/* Who waits runs tasks meanwhile; when the time is up, no more of them. */
static void set_help_until(struct kunit *test)
{
	struct scene *s = scene(test, 0, 0);
	struct helped h;
	int i;

	h.by = kunit_kzalloc(test, sizeof(*h.by), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, h.by);
	h.by->helper = current;
	for (i = 0; i < 200; i++)
		KUNIT_ASSERT_EQ(test, 0,
				ktask_set_spawn(&s->set, helped_body,
						struct helped, .init = &h));
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_set_wait_idle_until(&s->set, TASK_UNINTERRUPTIBLE,
						  ktime_get()));
	KUNIT_EXPECT_LE(test, atomic_read(&h.by->nr), 1);
	WRITE_ONCE(h.by->others, true);
	KUNIT_EXPECT_EQ(test, 0, idle(s));
	KUNIT_EXPECT_EQ(test, 200U, ktask_set_len(&s->set));
}

/* --- Destroy --------------------------------------------------------------- */

static void slow_end(void *arg)
{
	struct member *m = arg;

	msleep(20);
	atomic_inc(&m->s->ended);
}

static ktask_poll_t slow_body(struct ktask *t)
{
	struct member *m = ktask_frame(t);

	KTASK_BEGIN(t);
	atomic_inc(&m->s->begun);
	ktask_defer(t, &m->d, slow_end, m);
	KTASK_SLEEP(t, ktime_set(3600, 0));
	KTASK_END(t);
}

static void set_destroy_waits(struct kunit *test)
{
	struct scene *s = scene(test, 0, 0);
	struct member m = { .s = s };
	int i;

	for (i = 0; i < 5; i++)
		KUNIT_ASSERT_EQ(test, 0,
				ktask_set_spawn(&s->set, slow_body,
						struct member, .init = &m));
	KT_EVENTUALLY(test, atomic_read(&s->begun) == 5);
	destroy(s);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->ended), 5);
}

/* With some that have ended and nobody has joined. */
static void set_destroy_unjoined(struct kunit *test)
{
	struct scene *s = scene(test, 0, 0);
	int i;

	spawn_some(test, s, 10);
	KT_EVENTUALLY(test, atomic_read(&s->begun) == 10);
	for (i = 0; i < 5; i++)
		ktask_future_complete(&s->f[i], 1);
	KT_EVENTUALLY(test, atomic_read(&s->ended) == 5);
	destroy(s);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->ended), 10);
}

/* A task with a set of tasks with a set of tasks. */
struct nest {
	struct scene *s;
	int depth;
	struct ktask_set set;
	struct ktask_defer destroy;
	struct ktask_defer count;
};

static void nest_end(void *arg)
{
	struct nest *n = arg;

	atomic_inc(&n->s->ended);
}

static ktask_poll_t nest_body(struct ktask *t)
{
	struct nest *n = ktask_frame(t);
	struct nest inner = { .s = n->s, .depth = n->depth - 1 };
	int i;

	KTASK_BEGIN(t);
	ktask_defer(t, &n->count, nest_end, n);
	ktask_set_init(&n->set, 0, 0);
	ktask_set_defer(t, &n->destroy, &n->set);
	for (i = 0; n->depth && i < 3; i++)
		ktask_set_spawn(&n->set, nest_body, struct nest,
				.init = &inner);
	atomic_inc(&n->s->begun);
	KTASK_SLEEP(t, ktime_set(3600, 0));
	KTASK_END(t);
}

static void set_in_a_set(struct kunit *test)
{
	enum { NR = 1 + 3 + 9 + 27 };
	struct scene *s = scene(test, 0, 0);
	struct nest init = { .s = s, .depth = 3 };
	struct ktask *t;

	KUNIT_ASSERT_EQ(test, 0,
			ktask_set_spawn(&s->set, nest_body, struct nest,
					.init = &init, .handle = &t));
	KT_EVENTUALLY(test, atomic_read(&s->begun) == NR);
	ktask_abort_and_wait(t);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->ended), NR);
	ktask_put(t);
	join_expect(test, s, 1, KTASK_CANCELLED, -ECANCELED);
	/* By the destruction of the outermost, in the middle of things. */
	KUNIT_ASSERT_EQ(test, 0,
			ktask_set_spawn(&s->set, nest_body, struct nest,
					.init = &init));
	KT_EVENTUALLY(test, atomic_read(&s->begun) > NR);
	destroy(s);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->ended), atomic_read(&s->begun));
}

/* A task that joins the others of its set, and cannot be interrupted. */
static long sibling_body(struct ktask *t)
{
	struct member *m = ktask_frame(t);
	struct ktask *other;

	atomic_inc(&m->s->begun);
	return ktask_set_join_next(&m->s->set, &other, NULL);
}

static ktask_poll_t sibling_async_body(struct ktask *t)
{
	struct awaiter *a = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_JOIN_NEXT(t, &a->wait, a->set);
	KTASK_SLEEP(t, ktime_set(3600, 0));
	KTASK_END(t);
}

static void set_destroy_refuses_joiners(struct kunit *test)
{
	struct scene *s = scene(test, 0, 0);
	struct awaiter init = { .set = &s->set };
	struct member m = { .s = s };
	struct ktask *t;

	KUNIT_ASSERT_EQ(test, 0,
			ktask_set_spawn_blocking(&s->set, sibling_body,
						 struct member, .init = &m,
						 .handle = &t));
	kt_own(test, t);
	KT_EVENTUALLY(test, !list_empty(&s->set.joiners));
	/* One that waits, and one that has got something. */
	KUNIT_ASSERT_EQ(test, 0, ktask_set_spawn(&s->set, sibling_async_body,
						 struct awaiter,
						 .init = &init));
	destroy(s);
	KUNIT_EXPECT_TRUE(test, ktask_done(t));
	KT_EXPECT_RETURNED(test, t, -ESHUTDOWN);
}

/* One that holds what it was granted, when its set is destroyed. */
static void set_destroy_with_granted(struct kunit *test)
{
	struct scene *s = scene(test, 0, 0);
	struct awaiter init = { .set = &s->set };

	spawn_some(test, s, 2);
	KUNIT_ASSERT_EQ(test, 0, ktask_set_spawn(&s->set, sibling_async_body,
						 struct awaiter,
						 .init = &init));
	KT_EVENTUALLY(test, !list_empty(&s->set.joiners));
	ktask_future_complete(&s->f[0], 1);
	KT_EVENTUALLY(test, list_empty(&s->set.joiners));
	usleep_range(100, 1000);
	destroy(s);
	KUNIT_EXPECT_EQ(test, ktask_set_len(&s->set), 0U);
}

/* Spawns into its own set, until that is not possible. */
static ktask_poll_t breeder_body(struct ktask *t)
{
	struct member *m = ktask_frame(t);
	struct member child = { .s = m->s };

	int err;

	KTASK_BEGIN(t);
	ktask_future_complete(&m->s->f[0], 1);
	for (;;) {
		err = ktask_set_spawn(&m->s->set, member_body, struct member,
				      .init = &child);
		if (err == -ESHUTDOWN)
			KTASK_RETURN(t, err);
		KTASK_YIELD(t);
	}
	KTASK_END(t);
}

static long blocking_breeder(struct ktask *t)
{
	struct member *m = ktask_frame(t);
	struct member child = { .s = m->s };
	int err;

	ktask_future_complete(&m->s->f[1], 1);
	do {
		err = ktask_set_spawn(&m->s->set, member_body, struct member,
				      .init = &child);
		cond_resched();
	} while (err != -ESHUTDOWN);
	return err;
}

static void set_destroy_while_spawning(struct kunit *test)
{
	int i, k;

	for (i = 0; i < 20; i++) {
		struct scene *s = scene(test, i % 3 * 5,
					i & 1 ? KTASK_SET_NO_RESULTS : 0);
		struct member m = { .s = s };
		struct ktask *t = NULL;

		KUNIT_ASSERT_EQ(test, 0,
				ktask_set_spawn_blocking(&s->set,
							 blocking_breeder,
							 struct member,
							 .init = &m,
							 .handle = &t));
		kt_own(test, t);
		for (k = 0; k < 3; k++)
			KUNIT_ASSERT_EQ(test, 0,
					ktask_set_spawn(&s->set, breeder_body,
							struct member,
							.init = &m));
		/* Or it would be aborted before it has begun. */
		KT_EVENTUALLY(test, ktask_future_done(&s->f[1]));
		KT_EVENTUALLY(test, READ_ONCE(s->set.last_id) > 30);
		destroy(s);
		KUNIT_EXPECT_TRUE(test, ktask_done(t));
		KT_EXPECT_RETURNED(test, t, -ESHUTDOWN);
		KUNIT_EXPECT_EQ(test, atomic_read(&s->begun),
				atomic_read(&s->ended));
	}
}

/* --- A limit --------------------------------------------------------------- */

static void set_limit(struct kunit *test)
{
	struct scene *s = scene(test, 3, 0);
	int i;

	for (i = 0; i < 20; i++)
		KUNIT_ASSERT_EQ(test, 0,
				i & 1 ? spawn(s, i) : spawn_blocking(s, i));
	KT_EVENTUALLY(test, atomic_read(&s->begun) == 3);
	usleep_range(1000, 2000);
	for (i = 0; i < 20; i++) {
		/* No further than it should be. */
		KUNIT_EXPECT_LE(test, atomic_read(&s->begun), i + 3);
		KUNIT_EXPECT_EQ(test, ktask_set_len(&s->set), 20U - i);
		KT_EVENTUALLY(test, atomic_read(&s->begun) > i);
		ktask_future_complete(&s->f[i], i);
		join_expect(test, s, i + 1, KTASK_RETURNED, i);
	}
	KUNIT_EXPECT_EQ(test, s->max_parallel, 3);
	expect_empty(test, s);
}

/* One at a time: in the order in which they came. */
static void set_limit_one(struct kunit *test)
{
	struct scene *s = scene(test, 1, 0);
	int i;

	for (i = 0; i < MAX_MEMBERS; i++) {
		ktask_future_complete(&s->f[i], 1);
		KUNIT_ASSERT_EQ(test, 0,
				i % 3 ? spawn(s, i) : spawn_blocking(s, i));
	}
	KUNIT_EXPECT_EQ(test, 0, idle(s));
	KUNIT_EXPECT_EQ(test, s->max_parallel, 1);
	for (i = 0; i < MAX_MEMBERS; i++)
		KUNIT_EXPECT_EQ(test, s->order[i], i);
}

/* A held one ends at once; those behind it do not move up too early. */
static void set_limit_abort_held(struct kunit *test)
{
	struct scene *s = scene(test, 1, 0);
	struct ktask *t[6];
	int i;

	for (i = 0; i < 6; i++) {
		struct member m = { .s = s, .nr = i };

		if (i & 1)
			KUNIT_ASSERT_EQ(test, 0,
					ktask_set_spawn(&s->set, member_body,
							struct member,
							.init = &m,
							.handle = &t[i]));
		else
			KUNIT_ASSERT_EQ(test, 0,
					ktask_set_spawn_blocking(&s->set,
								 blocking_member,
								 struct member,
								 .init = &m,
								 .handle = &t[i]));
		kt_own(test, t[i]);
	}
	KT_EVENTUALLY(test, atomic_read(&s->begun) == 1);
	for (i = 1; i < 3; i++) {
		ktask_abort(t[i]);
		KT_FINISH(test, t[i]);
		join_expect(test, s, i + 1, KTASK_CANCELLED, -ECANCELED);
	}
	usleep_range(1000, 2000);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->begun), 1);
	for (i = 0; i < 6; i++)
		ktask_future_complete(&s->f[i], 1);
	KUNIT_EXPECT_EQ(test, 0, idle(s));
	KUNIT_EXPECT_EQ(test, atomic_read(&s->begun), 4);
	KUNIT_EXPECT_EQ(test, s->order[1], 3);
	KUNIT_EXPECT_EQ(test, s->order[2], 4);
	KUNIT_EXPECT_EQ(test, s->max_parallel, 1);
}

static void set_limit_abort_all(struct kunit *test)
{
	struct scene *s = scene(test, 2, 0);
	int i;

	for (i = 0; i < 20; i++)
		KUNIT_ASSERT_EQ(test, 0,
				i & 1 ? spawn(s, i) : spawn_blocking(s, i));
	KT_EVENTUALLY(test, atomic_read(&s->begun) == 2);
	ktask_set_abort_all(&s->set);
	KUNIT_EXPECT_EQ(test, 0, idle(s));
	KUNIT_EXPECT_EQ(test, atomic_read(&s->begun), 2);
	KUNIT_EXPECT_EQ(test, s->set.running, 0U);
	/* The places are free again. */
	ktask_future_complete(&s->f[20], 1);
	KUNIT_ASSERT_EQ(test, 0, spawn(s, 20));
	KUNIT_EXPECT_EQ(test, 0, idle(s));
	KUNIT_EXPECT_EQ(test, atomic_read(&s->begun), 3);
}

static void set_limit_detach_all(struct kunit *test)
{
	struct scene *s = scene(test, 2, 0);
	int i;

	for (i = 0; i < 20; i++)
		KUNIT_ASSERT_EQ(test, 0,
				i & 1 ? spawn(s, i) : spawn_blocking(s, i));
	ktask_set_detach_all(&s->set);
	KUNIT_EXPECT_EQ(test, s->set.running, 0U);
	destroy(s);
	/* All begin, without the set. */
	KT_EVENTUALLY(test, atomic_read(&s->begun) == 20);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->ended), 0);
	for (i = 0; i < 20; i++)
		ktask_future_complete(&s->f[i], 1);
	KT_EVENTUALLY(test, atomic_read(&s->ended) == 20);
}

static void set_limit_destroy(struct kunit *test)
{
	struct scene *s = scene(test, 2, 0);
	int i;

	for (i = 0; i < 20; i++)
		KUNIT_ASSERT_EQ(test, 0,
				i & 1 ? spawn(s, i) : spawn_blocking(s, i));
	KT_EVENTUALLY(test, atomic_read(&s->begun) == 2);
	destroy(s);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->begun), 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->ended), 2);
}

static void set_limit_and_after(struct kunit *test)
{
	struct scene *limited = scene(test, 1, 0), *s = scene(test, 0, 0);
	struct member m = { .s = s, .nr = 1 };

	KUNIT_EXPECT_EQ(test, -EINVAL,
			ktask_set_spawn(&limited->set, member_body,
					struct member, .init = &m,
					.after = &s->f[0]));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			ktask_set_spawn(&limited->set, member_body,
					struct member, .init = &m,
					.delay = 1));
	expect_empty(test, limited);

	ktask_future_complete(&s->f[1], 1);
	KUNIT_ASSERT_EQ(test, 0,
			ktask_set_spawn(&s->set, member_body, struct member,
					.init = &m, .after = &s->f[0]));
	usleep_range(1000, 2000);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->begun), 0);
	ktask_future_complete(&s->f[0], 1);
	join_expect(test, s, 1, KTASK_RETURNED, 1);
}

/* --- Spawns that fail ------------------------------------------------------ */

static long stubborn_body(struct ktask *t)
{
	struct member *m = ktask_frame(t);

	ktask_future_wait(&m->s->f[m->nr]);
	return 0;
}

/*
 * When the task is made; and at its start, when it has a place in the set:
 * its runtime is going away. Both with a free place and when held.
 */
static void set_spawn_fails(struct kunit *test)
{
	struct scene *s = scene(test, 1, 0);
	struct ktask_runtime *rt = kt_runtime(test);
	struct member m = { .s = s, .nr = 1 };
	struct kt_thread *th;
	struct ktask *t;
	int i, err;

	KUNIT_EXPECT_EQ(test, -EINVAL,
			ktask_set_spawn(&s->set, member_body, struct member,
					.init = &m, .flags = ~0));
	expect_empty(test, s);

	kt_own(test, ktask_spawn_blocking(stubborn_body, struct member,
					  .init = &m, .runtime = rt));
	th = kt_destroying(test, rt);
	/* Until it has begun to. */
	do {
		t = ktask_spawn(member_body, struct member, .init = &m,
				.runtime = rt);
		if (!IS_ERR(t))
			ktask_put(t);
	} while (!IS_ERR(t));

	m.nr = 2;
	for (i = 0; i < 2; i++) {
		t = NULL;
		err = ktask_set_spawn(&s->set, member_body, struct member,
				      .init = &m, .runtime = rt,
				      .handle = &t);
		KUNIT_EXPECT_EQ(test, err, -ESHUTDOWN);
		KUNIT_EXPECT_EQ(test, ktask_set_len(&s->set), (unsigned int)i);
		KUNIT_EXPECT_EQ(test, s->set.running, (unsigned int)i);
		KUNIT_EXPECT_TRUE(test, list_empty(&s->set.held));
		if (!i)
			KUNIT_EXPECT_EQ(test, 0, spawn(s, 0));
	}
	ktask_future_complete(&s->f[1], 1);
	KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th));
}

/* A frame whose size is nothing even, and the record behind it. */
struct odd {
	char c[13];
};

static ktask_poll_t odd_body(struct ktask *t)
{
	struct odd *o = ktask_frame(t);
	int i;

	KTASK_BEGIN(t);
	for (i = 0; i < sizeof(o->c); i++) {
		if (o->c[i] != i + 1)
			KTASK_RETURN(t, -EIO);
		o->c[i] = 0xff;
	}
	KTASK_RETURN(t, 3);
	KTASK_END(t);
}

static void set_spawn_frames(struct kunit *test)
{
	struct scene *s = scene(test, 1, 0);
	struct odd odd;
	int i;

	for (i = 0; i < sizeof(odd.c); i++)
		odd.c[i] = i + 1;
	for (i = 0; i < 3; i++)
		KUNIT_ASSERT_EQ(test, 0,
				ktask_set_spawn(&s->set, odd_body, struct odd,
						.init = &odd));
	for (i = 0; i < 3; i++)
		join_expect(test, s, i + 1, KTASK_RETURNED, 3);
}

/* --- No results ------------------------------------------------------------ */

static void set_no_results(struct kunit *test)
{
	struct scene *s = scene(test, 0, KTASK_SET_NO_RESULTS);
	struct joiner *j = kunit_kzalloc(test, sizeof(*j), GFP_KERNEL);
	struct kt_thread *th;
	struct ktask *t;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, j);
	spawn_some(test, s, 10);
	KUNIT_EXPECT_EQ(test, ktask_set_len(&s->set), 10U);
	for (i = 0; i < 9; i++) {
		ktask_future_complete(&s->f[i], 1);
		KT_EVENTUALLY(test, ktask_set_len(&s->set) == 9 - i);
	}
	KUNIT_EXPECT_EQ(test, -EAGAIN,
			ktask_set_try_join_next(&s->set, &t, NULL));
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_set_wait_idle_until(&s->set, TASK_IDLE,
						  ktime_add_ms(ktime_get(),
							       2)));
	/* Joining is waiting for nothing to be left. */
	th = join_in(test, j, &s->set, false);
	KT_EVENTUALLY(test, !list_empty(&s->set.joiners));
	ktask_future_complete(&s->f[9], 1);
	KUNIT_EXPECT_EQ(test, -ENOENT, KT_THREAD_END(test, th));
	KUNIT_EXPECT_EQ(test, 0, idle(s));
	KUNIT_EXPECT_TRUE(test, list_empty(&s->set.over));
	expect_empty(test, s);
}

static void set_no_results_many(struct kunit *test)
{
	struct scene *s = scene(test, 7, KTASK_SET_NO_RESULTS);
	int i, over = 0, most = 0;
	struct list_head *pos;

	ktask_future_complete(&s->f[0], 1);
	for (i = 0; i < 3000; i++) {
		KUNIT_ASSERT_EQ(test, 0,
				i % 50 ? spawn(s, 0) : spawn_blocking(s, 0));
		if (i % 100)
			continue;
		over = 0;
		spin_lock_irq(&s->set.lock);
		list_for_each(pos, &s->set.over)
			over++;
		spin_unlock_irq(&s->set.lock);
		most = max(most, over);
	}
	/* A few for each CPU. */
	KUNIT_EXPECT_LT(test, most, 200);
	ktask_set_wait_idle(&s->set);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->ended), 3000);
	KUNIT_EXPECT_EQ(test, ktask_set_len(&s->set), 0U);
	KUNIT_EXPECT_TRUE(test, list_empty(&s->set.over));
	kunit_info(test, "at most %d kept\n", most);
}

/* --- Contexts -------------------------------------------------------------- */

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

struct use {
	struct scene *s;
	int spawned[2];
	int joined;
	int left;
};

static void use_set(void *arg)
{
	struct use *u = arg;
	struct member m = { .s = u->s, .nr = 3 };
	struct ktask *t;

	u->joined = ktask_set_try_join_next(&u->s->set, &t, NULL);
	if (!u->joined)
		ktask_put(t);
	u->spawned[0] = ktask_set_spawn(&u->s->set, member_body,
					struct member, .init = &m,
					.gfp = GFP_ATOMIC);
	ktask_set_abort_all(&u->s->set);
	ktask_set_detach_all(&u->s->set);
	ktask_set_close(&u->s->set);
	u->spawned[1] = ktask_set_spawn(&u->s->set, member_body,
					struct member, .init = &m,
					.gfp = GFP_ATOMIC);
	u->left = ktask_set_len(&u->s->set);
}

static void set_used_in(struct kunit *test)
{
	struct use *u = kunit_kzalloc(test, sizeof(*u), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, u);
	u->s = scene(test, 2, 0);
	spawn_some(test, u->s, 3);
	ktask_future_complete(&u->s->f[0], 1);
	KT_EVENTUALLY(test, u->s->set.nr_ended == 1);
	KT_EVENTUALLY(test, atomic_read(&u->s->begun) == 3);
	kt_call_in(test, test->param_value, use_set, u);
	KUNIT_EXPECT_EQ(test, u->joined, 0);
	KUNIT_EXPECT_EQ(test, u->spawned[0], 0);
	KUNIT_EXPECT_EQ(test, u->spawned[1], -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, u->left, 0);
	/* They were aborted before they were detached. */
	KT_EVENTUALLY(test, atomic_read(&u->s->parallel) == 0);
}

static struct kunit_case set_cases[] = {
	KUNIT_CASE(set_of_none),
	KUNIT_CASE(set_joins_in_order_of_end),
	KUNIT_CASE(set_joins_overtaken),
	KUNIT_CASE(set_joins_each_way),
	KUNIT_CASE(set_try_join),
	KUNIT_CASE(set_join_timeout),
	KUNIT_CASE(set_joined_task_stays),
	KUNIT_CASE(set_join_interrupted),
	KUNIT_CASE(set_join_by_many),
	KUNIT_CASE(set_await_join),
	KUNIT_CASE(set_await_timeout),
	KUNIT_CASE(set_await_idle),
	KUNIT_CASE(set_await_aborted),
	KUNIT_CASE(set_gives_back_to_waiter),
	KUNIT_CASE(set_take_after_drop),
	KUNIT_CASE(set_abort_all),
	KUNIT_CASE(set_abort_one),
	KUNIT_CASE(set_detach_all),
	KUNIT_CASE(set_close),
	KUNIT_CASE(set_help_until),
	KUNIT_CASE(set_destroy_waits),
	KUNIT_CASE(set_destroy_unjoined),
	KUNIT_CASE(set_in_a_set),
	KUNIT_CASE(set_destroy_refuses_joiners),
	KUNIT_CASE(set_destroy_with_granted),
	KUNIT_CASE(set_destroy_while_spawning),
	KUNIT_CASE(set_limit),
	KUNIT_CASE(set_limit_one),
	KUNIT_CASE(set_limit_abort_held),
	KUNIT_CASE(set_limit_abort_all),
	KUNIT_CASE(set_limit_detach_all),
	KUNIT_CASE(set_limit_destroy),
	KUNIT_CASE(set_limit_and_after),
	KUNIT_CASE(set_spawn_fails),
	KUNIT_CASE(set_spawn_frames),
	KUNIT_CASE(set_no_results),
	KUNIT_CASE(set_no_results_many),
	KUNIT_CASE_PARAM(set_used_in, context_gen_params),
	{}
};

struct kunit_suite ktask_set_suite = {
	.name = "ktask_set",
	.test_cases = set_cases,
};
