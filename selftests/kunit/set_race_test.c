// SPDX-License-Identifier: GPL-2.0
/*
 * Task sets, when everything happens to them at once; and large ones.
 */
#include <linux/bitmap.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "util.h"

/* --- Large ones ------------------------------------------------------------ */

#define MANY		10000

static ktask_poll_t many_body(struct ktask *t)
{
	long *value = ktask_frame(t);

	KTASK_BEGIN(t);
	if (*value % 7 == 0)
		KTASK_YIELD(t);
	KTASK_RETURN(t, *value);
	KTASK_END(t);
}

struct crowd {
	struct ktask_set set;
	unsigned long *seen;
	atomic_t twice;
	atomic_t joined;
	atomic64_t sum;
};

static int crowd_join(void *arg)
{
	struct crowd *c = arg;
	struct ktask *t;
	u64 id;
	int err;

	while (!(err = ktask_set_join_next(&c->set, &t, &id))) {
		if (id < 1 || id > MANY || test_and_set_bit(id - 1, c->seen))
			atomic_inc(&c->twice);
		atomic64_add(ktask_result(t), &c->sum);
		atomic_inc(&c->joined);
		ktask_put(t);
	}
	return err;
}

/* Each is joined once, by one or by several; with a limit and without. */
static void set_many(struct kunit *test)
{
	static const unsigned int limits[] = { 0, 1, 64 };
	struct kt_thread *th[3];
	struct crowd *c;
	int i, k, err;
	long value;

	for (k = 0; k < ARRAY_SIZE(limits); k++) {
		c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, c);
		c->seen = kunit_kzalloc(test, BITS_TO_LONGS(MANY) *
					sizeof(long), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, c->seen);
		ktask_set_init(&c->set, limits[k], 0);
		for (i = 0, err = 0; i < MANY && !err; i++) {
			value = i;
			err = ktask_set_spawn(&c->set, many_body, long,
					      .init = &value);
		}
		if (!err && k) {
			for (i = 0; i < ARRAY_SIZE(th); i++)
				th[i] = kt_thread(test, crowd_join, c);
			for (i = 0; i < ARRAY_SIZE(th); i++)
				KUNIT_EXPECT_EQ(test, -ENOENT,
						KT_THREAD_END(test, th[i]));
		} else if (!err) {
			KUNIT_EXPECT_EQ(test, -ENOENT, crowd_join(c));
		}
		ktask_set_destroy(&c->set);
		KUNIT_EXPECT_EQ(test, err, 0);
		KUNIT_EXPECT_EQ(test, atomic_read(&c->joined), MANY);
		KUNIT_EXPECT_EQ(test, atomic_read(&c->twice), 0);
		KUNIT_EXPECT_EQ(test, atomic64_read(&c->sum),
				(s64)MANY * (MANY - 1) / 2);
	}
}

static ktask_poll_t sleep_body(struct ktask *t)
{
	KTASK_BEGIN(t);
	KTASK_SLEEP(t, ktime_set(3600, 0));
	KTASK_END(t);
}

/* All of them asleep, or held, when it is destroyed. */
static void set_many_destroyed(struct kunit *test)
{
	static const unsigned int limits[] = { 0, 64 };
	struct ktask_set *set;
	int i, k, err;

	for (k = 0; k < ARRAY_SIZE(limits); k++) {
		set = kunit_kzalloc(test, sizeof(*set), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, set);
		ktask_set_init(set, limits[k], 0);
		for (i = 0, err = 0; i < MANY && !err; i++)
			err = ktask_set_spawn(set, sleep_body, void);
		if (k)
			ktask_set_abort_all(set);
		ktask_set_destroy(set);
		KUNIT_EXPECT_EQ(test, err, 0);
	}
}

/* --- All at once ----------------------------------------------------------- */

#define RACE_MEMBERS	12
#define RACE_ROUNDS	150

/*
 * What sets go through, one after another, and what became of the tasks of all
 * of them. The runtime is destroyed before this goes, for those that have been
 * detached.
 */
struct race {
	struct ktask_set set;
	struct ktask_runtime *rt;
	struct ktask *awaiter[2];
	atomic_t spawned;
	atomic_t joined;
	atomic_t begun;
	atomic_t ended;
};

struct racer {
	struct race *r;
	struct ktask_defer d;
	unsigned int kind;
};

static int racer_spawn(struct race *r, unsigned int kinds);

static void racer_end(void *arg)
{
	struct racer *m = arg;

	atomic_inc(&m->r->ended);
}

static void racer_begin(struct ktask *t, struct racer *m)
{
	atomic_inc(&m->r->begun);
	ktask_defer(t, &m->d, racer_end, m);
}

static void race_try_join(struct race *r)
{
	struct ktask *t;

	if (!ktask_set_try_join_next(&r->set, &t, NULL)) {
		atomic_inc(&r->joined);
		ktask_put(t);
	}
}

enum {
	RETURN, NAP, SLEEP, YIELD, BLOCK,
	PLAIN_KINDS,
	SPAWN = PLAIN_KINDS, ABORT_ALL, TRY_JOIN,
	KINDS,
};

static ktask_poll_t racer_body(struct ktask *t)
{
	struct racer *m = ktask_frame(t);

	KTASK_BEGIN(t);
	racer_begin(t, m);
	switch (m->kind) {
	case SPAWN:
		racer_spawn(m->r, PLAIN_KINDS);
		break;
	case ABORT_ALL:
		ktask_set_abort_all(&m->r->set);
		break;
	case TRY_JOIN:
		race_try_join(m->r);
		break;
	}
	if (m->kind == NAP)
		KTASK_SLEEP(t, kt_us(50));
	if (m->kind == SLEEP)
		KTASK_SLEEP(t, kt_us(3000));
	if (m->kind == YIELD)
		KTASK_YIELD(t);
	KTASK_RETURN(t, 1);
	KTASK_END(t);
}

static long blocking_racer(struct ktask *t)
{
	struct racer *m = ktask_frame(t);

	racer_begin(t, m);
	return ktask_sleep(kt_us(200));
}

static int racer_spawn(struct race *r, unsigned int kinds)
{
	struct racer m = { .r = r, .kind = get_random_u32_below(kinds) };
	int err;

	if (m.kind == BLOCK)
		err = ktask_set_spawn_blocking(&r->set, blocking_racer,
					       struct racer, .init = &m,
					       .runtime = r->rt);
	else
		err = ktask_set_spawn(&r->set, racer_body, struct racer,
				      .init = &m, .runtime = r->rt);
	if (!err)
		atomic_inc(&r->spawned);
	return err;
}

static void race_abort(void *arg)
{
	struct race *r = arg;

	kt_dither(100);
	ktask_set_abort_all(&r->set);
}

static void race_detach(void *arg)
{
	struct race *r = arg;

	kt_dither(100);
	ktask_set_detach_all(&r->set);
}

static void race_abort_awaiters(void *arg)
{
	struct race *r = arg;
	int i;

	for (i = 0; i < ARRAY_SIZE(r->awaiter); i++) {
		kt_dither(50);
		ktask_abort(r->awaiter[i]);
	}
}

static void race_join(void *arg)
{
	struct race *r = arg;
	struct ktask *t;
	int err;

	do {
		err = ktask_set_join_next_until(&r->set, &t, NULL, TASK_IDLE,
						ktime_add_us(ktime_get(), 30));
		if (!err) {
			atomic_inc(&r->joined);
			ktask_put(t);
		}
	} while (!err || err == -ETIMEDOUT);
}

struct race_awaiter {
	struct race *r;
	ktime_t timeout;
	struct ktask_set_wait wait;
};

static ktask_poll_t race_awaiter_body(struct ktask *t)
{
	struct race_awaiter *a = ktask_frame(t);
	struct ktask *next;

	KTASK_BEGIN(t);
	for (;;) {
		KTASK_JOIN_NEXT_TIMEOUT(t, &a->wait, &a->r->set, a->timeout);
		/* Here what it has got may have to go back. */
		KTASK_YIELD(t);
		next = ktask_set_take(&a->wait, NULL);
		if (next) {
			atomic_inc(&a->r->joined);
			ktask_put(next);
		} else if (ktask_set_wait_status(&a->wait) == -ENOENT) {
			break;
		}
	}
	KTASK_END(t);
}

/* Whose frames hold the waits that are aborted. */
static bool race_await(struct race *r)
{
	struct race_awaiter init = { .r = r, .timeout = KTIME_MAX };
	int i;

	for (i = 0; i < ARRAY_SIZE(r->awaiter); i++) {
		r->awaiter[i] = ktask_spawn(race_awaiter_body,
					    struct race_awaiter, .init = &init);
		if (IS_ERR(r->awaiter[i])) {
			r->awaiter[i] = NULL;
			return false;
		}
		init.timeout = kt_us(40);
	}
	return true;
}

static void race_await_end(struct race *r)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(r->awaiter); i++) {
		ktask_abort_and_wait(r->awaiter[i]);
		ktask_put(r->awaiter[i]);
	}
}

static unsigned int race_limit(unsigned int i)
{
	static const unsigned int limits[] = { 0, 1, 3 };

	return limits[i % ARRAY_SIZE(limits)];
}

static struct race *race_new(struct kunit *test)
{
	struct race *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->rt = kt_runtime(test);
	return r;
}

/* Whether something is left in the books of a set that is destroyed. */
static bool race_left(struct race *r)
{
	struct ktask_set *set = &r->set;

	return set->len || set->live || set->running || set->nr_ended;
}

static int race_in_flight(struct race *r)
{
	return atomic_read(&r->begun) - atomic_read(&r->ended);
}

/* @kinds of members, @what by another thread, joins by this one or @join. */
static void race(struct kunit *test, unsigned int flags, unsigned int kinds,
		 void (*what)(void *arg), void (*join)(void *arg), bool await)
{
	struct race *r = race_new(test);
	struct kt_rival *rival = kt_rival(test);
	struct kt_rival *joiner = join ? kt_rival(test) : NULL;
	unsigned int odd = 0;
	bool done;
	int i, k;

	for (i = 0; i < RACE_ROUNDS; i++) {
		ktask_set_init(&r->set, race_limit(i), flags);
		for (k = 0; k < RACE_MEMBERS / 2; k++)
			racer_spawn(r, kinds);
		if (await)
			await = race_await(r);
		if (what)
			kt_rival_go(rival, what, r);
		if (joiner)
			kt_rival_go(joiner, join, r);
		for (; k < RACE_MEMBERS; k++)
			racer_spawn(r, kinds);
		/* Sometimes all, sometimes it is destroyed with some left. */
		if (i & 1)
			race_join(r);
		else if (!joiner && !await)
			race_try_join(r);
		done = kt_rival_done(rival) &&
			(!joiner || kt_rival_done(joiner));
		if (await)
			race_await_end(r);
		ktask_set_destroy(&r->set);
		KUNIT_ASSERT_TRUE(test, done);
		odd += race_left(r);
		/* What is left of the set is what is not its any more. */
		if (what != race_detach)
			odd += race_in_flight(r) != 0;
	}
	kt_destroy(test, r->rt);
	KUNIT_EXPECT_EQ(test, odd, 0U);
	KUNIT_EXPECT_EQ(test, race_in_flight(r), 0);
	KUNIT_EXPECT_LE(test, atomic_read(&r->joined), atomic_read(&r->spawned));
	kunit_info(test, "spawned %d, of these joined %d, begun %d\n",
		   atomic_read(&r->spawned), atomic_read(&r->joined),
		   atomic_read(&r->begun));
}

static void set_race_abort(struct kunit *test)
{
	race(test, 0, PLAIN_KINDS, race_abort, NULL, false);
	race(test, 0, PLAIN_KINDS, race_abort, race_join, false);
}

static void set_race_await(struct kunit *test)
{
	race(test, 0, PLAIN_KINDS, race_abort_awaiters, NULL, true);
	race(test, 0, PLAIN_KINDS, race_abort_awaiters, race_join, true);
}

static void set_race_no_results(struct kunit *test)
{
	race(test, KTASK_SET_NO_RESULTS, KINDS, race_abort, race_join, false);
}

/* Its own tasks use the set while it is destroyed. */
static void set_race_destroy(struct kunit *test)
{
	race(test, 0, KINDS, NULL, NULL, false);
	race(test, 0, KINDS, race_abort, NULL, false);
}

/*
 * The bodies of detached tasks do not touch the set, which may be gone. Those of
 * the others end with it.
 */
static void set_race_detach(struct kunit *test)
{
	race(test, 0, PLAIN_KINDS, race_detach, NULL, false);
	race(test, 0, PLAIN_KINDS, race_detach, race_join, false);
	race(test, KTASK_SET_NO_RESULTS, PLAIN_KINDS, race_detach, race_join,
	     false);
}

/* Each ends all; and the memory goes at once. */
static void set_race_end(struct kunit *test)
{
	struct kt_rival *rival = kt_rival(test);
	struct race *r;
	bool done;
	int i, k;

	for (i = 0; i < RACE_ROUNDS; i++) {
		r = kzalloc(sizeof(*r), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, r);
		ktask_set_init(&r->set, race_limit(i), 0);
		for (k = 0; k < RACE_MEMBERS; k++)
			racer_spawn(r, i & 1 ? KINDS : 1);
		if (i & 2) {
			kt_rival_go(rival, race_abort, r);
			done = kt_rival_done(rival);
			KUNIT_ASSERT_TRUE(test, done);
		}
		if (i & 4)
			ktask_set_wait_idle(&r->set);
		ktask_set_destroy(&r->set);
		/* KASAN tells if somebody still uses it. */
		kfree(r);
	}
}

static struct kunit_case set_race_cases[] = {
	KUNIT_CASE(set_many),
	KUNIT_CASE(set_many_destroyed),
	KUNIT_CASE(set_race_abort),
	KUNIT_CASE(set_race_await),
	KUNIT_CASE(set_race_no_results),
	KUNIT_CASE(set_race_destroy),
	KUNIT_CASE(set_race_detach),
	KUNIT_CASE(set_race_end),
	{}
};

struct kunit_suite ktask_set_race_suite = {
	.name = "ktask_set_race",
	.test_cases = set_race_cases,
};
