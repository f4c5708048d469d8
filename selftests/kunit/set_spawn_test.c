// SPDX-License-Identifier: GPL-2.0
/*
 * Spawning into task sets by several threads, while these are looked at, joined and
 * closed: what comes in without the lock is there for all who ask.
 */
#include <linux/delay.h>
#include <linux/random.h>

#include "util.h"

#define SPAWNERS	3

static ktask_poll_t brief_body(struct ktask *t)
{
	unsigned int *nr = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_RETURN(t, *nr);
	KTASK_END(t);
}

/* Every seventh is spawned under the lock, as it asks for its number. */
static int spawn_one(struct ktask_set *set, unsigned int nr, u64 *id)
{
	if (nr % 7)
		return ktask_set_spawn(set, brief_body, unsigned int,
				       .init = &nr);
	return ktask_set_spawn(set, brief_body, unsigned int, .init = &nr,
			       .id = id);
}

#define ORDERED		200

/* Numbers are given in the order in which one thread spawns. */
static void set_spawn_order(struct kunit *test)
{
	struct ktask_set *set = kunit_kzalloc(test, sizeof(*set), GFP_KERNEL);
	unsigned int i, odd = 0;
	struct ktask *t;
	u64 id;

	KUNIT_ASSERT_NOT_NULL(test, set);
	ktask_set_init(set, 0, 0);
	for (i = 1; i <= ORDERED; i++) {
		id = i;
		odd += spawn_one(set, i, &id) || id != i;
	}
	KUNIT_EXPECT_EQ(test, ktask_set_len(set), (unsigned int)ORDERED);
	for (i = 0; !ktask_set_join_next(set, &t, &id); i++) {
		odd += ktask_result(t) != id;
		ktask_put(t);
	}
	ktask_set_destroy(set);
	KUNIT_EXPECT_EQ(test, i, (unsigned int)ORDERED);
	KUNIT_EXPECT_EQ(test, odd, 0U);
}

/* Each is there for the next that is asked, whatever that is. */
static void set_spawn_seen(struct kunit *test)
{
	struct ktask_set *set = kunit_kzalloc(test, sizeof(*set), GFP_KERNEL);
	struct ktask_set_wait w;
	struct ktask *t;
	u64 id;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, set);
	ktask_set_init(set, 0, 0);

	KUNIT_EXPECT_EQ(test, spawn_one(set, 1, NULL), 0);
	KUNIT_EXPECT_EQ(test, ktask_set_len(set), 1U);
	KUNIT_EXPECT_EQ(test, ktask_set_join_next(set, &t, NULL), 0);
	ktask_put(t);
	KUNIT_EXPECT_EQ(test, ktask_set_join_next(set, &t, NULL), -ENOENT);

	KUNIT_EXPECT_EQ(test, spawn_one(set, 1, NULL), 0);
	/* It may have ended by then. */
	err = ktask_set_try_join_next(set, &t, NULL);
	KUNIT_EXPECT_NE(test, err, -ENOENT);
	if (!err)
		ktask_put(t);
	ktask_set_wait_idle(set);
	ktask_set_detach_all(set);
	KUNIT_EXPECT_EQ(test, ktask_set_len(set), 0U);

	KUNIT_EXPECT_EQ(test, spawn_one(set, 1, NULL), 0);
	ktask_set_join_next_start(&w, NULL, set);
	KUNIT_EXPECT_EQ(test, ktask_request_wait_until(&w.request,
						       TASK_UNINTERRUPTIBLE,
						       KTIME_MAX), 0);
	t = ktask_set_take(&w, &id);
	KUNIT_EXPECT_EQ(test, id, 3ULL);
	ktask_put(t);

	KUNIT_EXPECT_EQ(test, spawn_one(set, 1, NULL), 0);
	ktask_set_close(set);
	KUNIT_EXPECT_EQ(test, ktask_set_len(set), 1U);
	KUNIT_EXPECT_EQ(test, spawn_one(set, 1, NULL), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, spawn_one(set, 7, NULL), -ESHUTDOWN);
	ktask_set_close(set);
	KUNIT_EXPECT_EQ(test, ktask_set_join_next(set, &t, NULL), 0);
	ktask_put(t);
	KUNIT_EXPECT_EQ(test, ktask_set_join_next(set, &t, NULL), -ENOENT);
	ktask_set_destroy(set);
}

static int spawn_await(struct ktask_set *set, struct ktask_future *f)
{
	return ktask_set_spawn(set, kt_await_body, struct ktask_future *,
			       .init = &f);
}

/*
 * What has come in counts when the last of those before it ends, and when that is
 * joined: nobody is told then that none is left.
 */
static void set_spawn_counts(struct kunit *test)
{
	struct ktask_set *set = kunit_kzalloc(test, sizeof(*set), GFP_KERNEL);
	struct ktask_future *f = kunit_kcalloc(test, 2, sizeof(*f), GFP_KERNEL);
	struct ktask_set_wait idle, join[2];
	struct ktask *t;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, set);
	KUNIT_ASSERT_NOT_NULL(test, f);
	ktask_set_init(set, 0, 0);
	for (i = 0; i < 2; i++)
		ktask_future_init(&f[i]);

	KUNIT_EXPECT_EQ(test, spawn_await(set, &f[0]), 0);
	ktask_set_wait_idle_start(&idle, NULL, set);
	for (i = 0; i < 2; i++)
		ktask_set_join_next_start(&join[i], NULL, set);
	KUNIT_EXPECT_EQ(test, spawn_await(set, &f[1]), 0);
	ktask_future_complete(&f[0], 10);

	KT_EVENTUALLY(test, ktask_set_wait_status(&join[0]) != -EINPROGRESS);
	t = ktask_set_take(&join[0], NULL);
	KUNIT_EXPECT_NOT_NULL(test, t);
	if (t)
		ktask_put(t);
	KUNIT_EXPECT_EQ(test, ktask_set_wait_status(&idle), -EINPROGRESS);
	KUNIT_EXPECT_EQ(test, ktask_set_wait_status(&join[1]), -EINPROGRESS);

	ktask_future_complete(&f[1], 20);
	KUNIT_EXPECT_EQ(test, ktask_request_wait_until(&idle.request,
						       TASK_UNINTERRUPTIBLE,
						       KTIME_MAX), 0);
	KUNIT_EXPECT_EQ(test, ktask_request_wait_until(&join[1].request,
						       TASK_UNINTERRUPTIBLE,
						       KTIME_MAX), 0);
	t = ktask_set_take(&join[1], NULL);
	KUNIT_EXPECT_NOT_NULL(test, t);
	if (t)
		ktask_put(t);
	KUNIT_EXPECT_EQ(test, ktask_set_len(set), 0U);
	ktask_set_destroy(set);
}

struct close_race {
	struct ktask_set set;
	bool closed;
	atomic_t spawned;
	atomic_t late;
	atomic_t odd;
};

/* Until it is told that the set is closed. */
static int spawn_until_closed(void *arg)
{
	struct close_race *r = arg;
	unsigned int i;
	bool closed;
	u64 id;
	int err;

	for (i = 0;; i++) {
		/* Pairs with those who have closed it. */
		closed = smp_load_acquire(&r->closed);
		err = spawn_one(&r->set, i, &id);
		if (err)
			break;
		atomic_inc(&r->spawned);
		if (closed)
			atomic_inc(&r->late);
		cond_resched();
	}
	if (err != -ESHUTDOWN)
		atomic_inc(&r->odd);
	return 0;
}

/* Joins while they spawn; there may be moments when the set is empty. */
static unsigned int join_for_a_while(struct close_race *r)
{
	unsigned int joined = 0, i = 5 + get_random_u32_below(100);
	struct ktask *t;

	while (i--) {
		if (ktask_set_join_next(&r->set, &t, NULL))
			continue;
		ktask_put(t);
		joined++;
	}
	return joined;
}

/*
 * Who has closed a set knows its tasks: none comes in later, and none that came in
 * is forgotten.
 */
static void set_spawn_close(struct kunit *test)
{
	struct kt_thread *th[SPAWNERS];
	struct close_race *r;
	unsigned int joined;
	struct ktask *t;
	int i, k;

	for (i = 0; i < 60; i++) {
		r = kzalloc(sizeof(*r), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, r);
		ktask_set_init(&r->set, 0, 0);
		for (k = 0; k < SPAWNERS; k++)
			th[k] = kt_thread(test, spawn_until_closed, r);
		joined = i & 1 ? join_for_a_while(r) : 0;
		udelay(get_random_u32_below(300));
		ktask_set_close(&r->set);
		/* Pairs with spawn_until_closed(). */
		smp_store_release(&r->closed, true);
		if (i & 2) {
			ktask_set_wait_idle(&r->set);
			if (READ_ONCE(r->set.live))
				atomic_inc(&r->odd);
		}
		while (!ktask_set_join_next(&r->set, &t, NULL)) {
			ktask_put(t);
			joined++;
		}
		for (k = 0; k < SPAWNERS; k++)
			KUNIT_EXPECT_EQ(test, KT_THREAD_END(test, th[k]), 0);
		ktask_set_destroy(&r->set);
		KUNIT_EXPECT_EQ(test, joined,
				(unsigned int)atomic_read(&r->spawned));
		KUNIT_EXPECT_EQ(test, atomic_read(&r->late), 0);
		KUNIT_EXPECT_EQ(test, atomic_read(&r->odd), 0);
		/* KASAN tells if somebody still uses it. */
		kfree(r);
	}
}

/* The last to end may be the set's end, while others come in. */
static int wait_idle_often(void *arg)
{
	struct close_race *r = arg;

	while (!READ_ONCE(r->closed)) {
		ktask_set_wait_idle(&r->set);
		cond_resched();
	}
	return 0;
}

/* Who waits until none is at work is told so, with some coming in all the time. */
static void set_spawn_idle(struct kunit *test)
{
	struct close_race *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	struct kt_thread *waiter, *th[SPAWNERS];
	int k;

	KUNIT_ASSERT_NOT_NULL(test, r);
	ktask_set_init(&r->set, 0, KTASK_SET_NO_RESULTS);
	for (k = 0; k < SPAWNERS; k++)
		th[k] = kt_thread(test, spawn_until_closed, r);
	waiter = kt_thread(test, wait_idle_often, r);
	msleep(200);
	ktask_set_close(&r->set);
	/* Pairs with spawn_until_closed(). */
	smp_store_release(&r->closed, true);
	KUNIT_EXPECT_EQ(test, KT_THREAD_END(test, waiter), 0);
	for (k = 0; k < SPAWNERS; k++)
		KUNIT_EXPECT_EQ(test, KT_THREAD_END(test, th[k]), 0);
	ktask_set_wait_idle(&r->set);
	KUNIT_EXPECT_EQ(test, ktask_set_len(&r->set), 0U);
	ktask_set_destroy(&r->set);
	KUNIT_EXPECT_EQ(test, atomic_read(&r->late), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&r->odd), 0);
}

static struct kunit_case set_spawn_cases[] = {
	KUNIT_CASE(set_spawn_order),
	KUNIT_CASE(set_spawn_seen),
	KUNIT_CASE(set_spawn_counts),
	KUNIT_CASE(set_spawn_close),
	KUNIT_CASE(set_spawn_idle),
	{}
};

struct kunit_suite ktask_set_spawn_suite = {
	.name = "ktask_set_spawn",
	.test_cases = set_spawn_cases,
};
