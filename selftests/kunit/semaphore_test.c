// SPDX-License-Identifier: GPL-2.0
/*
 * Semaphores: as many as there are permits, first come first served, and no
 * permit is ever lost.
 *
 * Not tested: what is answered with a warning, such as a semaphore that is
 * destroyed while somebody waits, since a warning fails the lane.
 */
#include <linux/slab.h>

#include "sync.h"

/* What a task does with a semaphore. */
struct taker {
	struct ktask_semaphore *sem;
	unsigned int n;
	ktime_t timeout;
	struct ktask_future *hold;	/* keep the permits until then */
	bool keep;			/* leave the release to the end */
	bool assassinated;
	struct kt_trail *trail;
	char mark;
	struct ktask_permit p;
	struct kt_assassin assassin;
	bool went_on;
};

static ktask_poll_t taker_body(struct ktask *t)
{
	struct taker *u = ktask_frame(t);
	struct ktask_request *r;

	KTASK_BEGIN(t);
	r = ktask_semaphore_request(u->sem, &u->p, t, u->n);
	if (u->assassinated)
		kt_abort_when_granted(&u->assassin, t, r);
	KTASK_AWAIT_REQUEST_TIMEOUT(t, &u->p.wait.request, u->timeout);
	if (ktask_permit_status(&u->p))
		KTASK_RETURN(t, ktask_permit_status(&u->p));
	if (u->trail)
		kt_mark(u->trail, u->mark);
	WRITE_ONCE(u->went_on, true);
	if (u->hold)
		KTASK_AWAIT(t, u->hold);
	if (!u->keep)
		ktask_permit_release(&u->p);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static struct ktask *spawn_taker(struct kunit *test, struct taker u)
{
	if (!u.timeout)
		u.timeout = KTIME_MAX;
	return kt_own(test, ktask_spawn(taker_body, struct taker, .init = &u));
}

static bool went_on(struct ktask *t)
{
	struct taker *u = ktask_frame(t);

	return READ_ONCE(u->went_on);
}

static struct ktask_semaphore *new_semaphore(struct kunit *test, unsigned int n)
{
	struct ktask_semaphore *sem = kunit_kzalloc(test, sizeof(*sem),
						    GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, sem);
	ktask_semaphore_init(sem, n);
	return sem;
}

static struct ktask_permit *new_permit(struct kunit *test)
{
	struct ktask_permit *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return p;
}

static struct ktask_future *new_future(struct kunit *test)
{
	struct ktask_future *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	return f;
}

static void semaphore_counts(struct kunit *test)
{
	struct ktask_semaphore *sem = new_semaphore(test, 5);
	struct ktask_permit a, b, c;

	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 5);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_acquire(sem, &a, NULL, 2), 0);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_try_acquire(sem, &b, NULL, 3), 0);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 0);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_try_acquire(sem, &c, NULL, 1),
			-EAGAIN);
	KUNIT_EXPECT_EQ(test, ktask_permit_status(&c), -EAGAIN);
	/* What was not granted is nobody's to release. */
	ktask_permit_release(&c);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 0);
	ktask_permit_release(&a);
	ktask_permit_release(&a);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 2);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_try_acquire(sem, &a, NULL, 3),
			-EAGAIN);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_try_acquire(sem, &a, NULL, 2), 0);
	ktask_permit_release(&b);
	ktask_permit_release(&a);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 5);
	ktask_semaphore_destroy(sem);
}

static DEFINE_KTASK_SEMAPHORE(defined, 2);

static void semaphore_defined(struct kunit *test)
{
	struct ktask_permit p;

	KUNIT_EXPECT_EQ(test, ktask_semaphore_acquire(&defined, &p, NULL, 2),
			0);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(&defined), 0);
	ktask_permit_release(&p);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(&defined), 2);
}

static void semaphore_none_and_too_many(struct kunit *test)
{
	struct ktask_semaphore *sem = new_semaphore(test, 0);
	struct ktask_permit p;
	struct ktask *t;

	KUNIT_EXPECT_EQ(test, ktask_semaphore_acquire(sem, &p, NULL, 0), 0);
	ktask_permit_release(&p);
	KUNIT_EXPECT_EQ(test,
			ktask_semaphore_acquire(sem, &p, NULL,
						KTASK_SEMAPHORE_MAX + 1),
			-EINVAL);
	ktask_permit_release(&p);
	KUNIT_EXPECT_EQ(test,
			ktask_semaphore_try_acquire(sem, &p, NULL, UINT_MAX),
			-EINVAL);
	t = spawn_taker(test, (struct taker){ .sem = sem, .n = UINT_MAX });
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, -EINVAL);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 0);
	ktask_semaphore_add(sem, KTASK_SEMAPHORE_MAX);
	KUNIT_EXPECT_EQ(test,
			ktask_semaphore_acquire(sem, &p, NULL,
						KTASK_SEMAPHORE_MAX), 0);
	ktask_permit_release(&p);
	ktask_semaphore_destroy(sem);
}

/* A task that returns with permits, or is aborted with some, leaves them. */
static void semaphore_task_end_releases(struct kunit *test)
{
	struct ktask_semaphore *sem = new_semaphore(test, 3);
	struct ktask_future *never = new_future(test);
	struct ktask *t;

	t = spawn_taker(test, (struct taker){ .sem = sem, .n = 2, .keep = true });
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 3);

	t = spawn_taker(test, (struct taker){ .sem = sem, .n = 2, .hold = never });
	KT_EVENTUALLY(test, went_on(t));
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 1);
	ktask_abort(t);
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 3);
	ktask_semaphore_destroy(sem);
}

static void semaphore_first_come_first_served(struct kunit *test)
{
	struct ktask_semaphore *sem = new_semaphore(test, 1);
	struct kt_trail *trail = kt_trail(test);
	struct ktask_permit p;
	struct ktask *t[6];
	int i;

	ktask_semaphore_acquire(sem, &p, NULL, 1);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		t[i] = spawn_taker(test, (struct taker){
			.sem = sem, .n = 1, .trail = trail, .mark = 'a' + i,
			.keep = i % 2,
		});
		KT_UNTIL_WAITING(test, &sem->queue, i + 1);
	}
	ktask_permit_release(&p);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		KT_FINISH(test, t[i]);
	KUNIT_EXPECT_STREQ(test, trail->s, "abcdef");
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 1);
	ktask_semaphore_destroy(sem);
}

/* Who wants many waits, and nobody passes him. */
static void semaphore_many_not_starved(struct kunit *test)
{
	struct ktask_semaphore *sem = new_semaphore(test, 4);
	struct kt_trail *trail = kt_trail(test);
	struct ktask_permit p[4], q;
	struct ktask *big, *small;
	int i;

	for (i = 0; i < 4; i++)
		ktask_semaphore_acquire(sem, &p[i], NULL, 1);
	big = spawn_taker(test, (struct taker){
		.sem = sem, .n = 4, .trail = trail, .mark = 'B' });
	KT_UNTIL_WAITING(test, &sem->queue, 1);
	small = spawn_taker(test, (struct taker){
		.sem = sem, .n = 1, .trail = trail, .mark = 's' });
	KT_UNTIL_WAITING(test, &sem->queue, 2);
	for (i = 0; i < 3; i++) {
		ktask_permit_release(&p[i]);
		KUNIT_EXPECT_EQ(test, kt_waiting(&sem->queue), 2);
		KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 0);
		KUNIT_EXPECT_EQ(test,
				ktask_semaphore_try_acquire(sem, &q, NULL, 1),
				-EAGAIN);
	}
	ktask_permit_release(&p[3]);
	KT_FINISH(test, big);
	KT_FINISH(test, small);
	KUNIT_EXPECT_STREQ(test, trail->s, "Bs");
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 4);
	ktask_semaphore_destroy(sem);
}

static void semaphore_add_grants_several(struct kunit *test)
{
	struct ktask_semaphore *sem = new_semaphore(test, 0);
	struct ktask_future *never = new_future(test);
	struct ktask *t[5];
	int i;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		t[i] = spawn_taker(test, (struct taker){
			.sem = sem, .n = 2, .hold = never });
		KT_UNTIL_WAITING(test, &sem->queue, i + 1);
	}
	ktask_semaphore_add(sem, 7);
	for (i = 0; i < 3; i++)
		KT_EVENTUALLY(test, went_on(t[i]));
	KUNIT_EXPECT_EQ(test, kt_waiting(&sem->queue), 2);
	ktask_semaphore_add(sem, 4);
	for (; i < ARRAY_SIZE(t); i++)
		KT_EVENTUALLY(test, went_on(t[i]));
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 1);
	ktask_future_complete(never, 0);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		KT_FINISH(test, t[i]);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 11);
	ktask_semaphore_destroy(sem);
}

/* --- Abort ---------------------------------------------------------------- */

/* And those behind it, who want less, go on. */
static void semaphore_abort_while_waiting(struct kunit *test)
{
	struct ktask_semaphore *sem = new_semaphore(test, 2);
	struct ktask *big, *small;
	struct ktask_permit p;

	ktask_semaphore_acquire(sem, &p, NULL, 1);
	big = spawn_taker(test, (struct taker){ .sem = sem, .n = 2 });
	KT_UNTIL_WAITING(test, &sem->queue, 1);
	small = spawn_taker(test, (struct taker){ .sem = sem, .n = 1 });
	KT_UNTIL_WAITING(test, &sem->queue, 2);
	ktask_abort(big);
	KT_FINISH(test, big);
	KT_EXPECT_CANCELLED(test, big);
	KUNIT_EXPECT_FALSE(test, went_on(big));
	KT_FINISH(test, small);
	KT_EXPECT_RETURNED(test, small, 0);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 1);
	ktask_permit_release(&p);
	ktask_semaphore_destroy(sem);
}

/* Granted, but not told: the next one gets it. */
static void semaphore_abort_when_granted(struct kunit *test)
{
	struct ktask_semaphore *sem = new_semaphore(test, 1);
	struct ktask *victim, *next;
	struct ktask_permit p;

	ktask_semaphore_acquire(sem, &p, NULL, 1);
	victim = spawn_taker(test, (struct taker){
		.sem = sem, .n = 1, .assassinated = true });
	KT_UNTIL_WAITING(test, &sem->queue, 1);
	next = spawn_taker(test, (struct taker){ .sem = sem, .n = 1 });
	KT_UNTIL_WAITING(test, &sem->queue, 2);
	ktask_permit_release(&p);
	KT_FINISH(test, victim);
	KT_EXPECT_CANCELLED(test, victim);
	KUNIT_EXPECT_FALSE(test, went_on(victim));
	KT_FINISH(test, next);
	KT_EXPECT_RETURNED(test, next, 0);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 1);
	ktask_semaphore_destroy(sem);
}

static void semaphore_abort_races_grant(struct kunit *test)
{
	struct ktask_semaphore *sem = new_semaphore(test, 1);
	struct ktask_permit *p = new_permit(test);
	struct kt_rival *rival = kt_rival(test);
	unsigned int cancelled = 0;
	struct taker u = { .sem = sem, .n = 1, .timeout = KTIME_MAX };
	struct ktask *t;
	int i;

	for (i = 0; i < 300; i++) {
		KUNIT_ASSERT_EQ(test, 0,
				ktask_semaphore_try_acquire(sem, p, NULL, 1));
		t = ktask_spawn(taker_body, struct taker, .init = &u);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		if (i % 4)
			KT_UNTIL_WAITING(test, &sem->queue, 1);
		kt_rival_go(rival, kt_abort_soon, t);
		ktask_permit_release(p);
		KUNIT_ASSERT_TRUE(test, kt_ended(t));
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		cancelled += ktask_outcome(t) == KTASK_CANCELLED;
		ktask_put(t);
		KUNIT_ASSERT_EQ(test, ktask_semaphore_available(sem), 1);
	}
	kunit_info(test, "cancelled %u of %d\n", cancelled, i);
	ktask_semaphore_destroy(sem);
}

/* --- Timeouts ------------------------------------------------------------- */

static void semaphore_timeout(struct kunit *test)
{
	struct ktask_semaphore *sem = new_semaphore(test, 1);
	struct ktask *late, *next;
	struct ktask_permit p;

	ktask_semaphore_acquire(sem, &p, NULL, 1);
	late = spawn_taker(test, (struct taker){
		.sem = sem, .n = 1, .timeout = kt_us(3000) });
	KT_FINISH(test, late);
	KT_EXPECT_RETURNED(test, late, -ETIMEDOUT);
	late = spawn_taker(test, (struct taker){
		.sem = sem, .n = 1, .timeout = -1 });
	KT_FINISH(test, late);
	KT_EXPECT_RETURNED(test, late, -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, kt_waiting(&sem->queue), 0);
	next = spawn_taker(test, (struct taker){
		.sem = sem, .n = 1, .timeout = KT_HANG_KTIME });
	KT_UNTIL_WAITING(test, &sem->queue, 1);
	ktask_permit_release(&p);
	KT_FINISH(test, next);
	KT_EXPECT_RETURNED(test, next, 0);
	/* What is there is had, however little time there is. */
	next = spawn_taker(test, (struct taker){
		.sem = sem, .n = 1, .timeout = -1 });
	KT_FINISH(test, next);
	KT_EXPECT_RETURNED(test, next, 0);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 1);
	ktask_semaphore_destroy(sem);
}

static void release_soon(void *p)
{
	kt_dither(200);
	ktask_permit_release(p);
}

static void semaphore_timeout_races_grant(struct kunit *test)
{
	struct ktask_semaphore *sem = new_semaphore(test, 1);
	struct ktask_permit *p = new_permit(test);
	struct kt_rival *rival = kt_rival(test);
	struct taker u = { .sem = sem, .n = 1 };
	unsigned int late = 0;
	struct ktask *t;
	int i;

	for (i = 0; i < 300; i++) {
		KUNIT_ASSERT_EQ(test, 0,
				ktask_semaphore_try_acquire(sem, p, NULL, 1));
		u.timeout = kt_us(1 + i % 100);
		t = ktask_spawn(taker_body, struct taker, .init = &u);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		kt_rival_go(rival, release_soon, p);
		KUNIT_ASSERT_TRUE(test, kt_ended(t));
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		if (ktask_result(t))
			KUNIT_EXPECT_EQ(test, ktask_result(t), -ETIMEDOUT);
		KUNIT_EXPECT_EQ(test, went_on(t), !ktask_result(t));
		late += !!ktask_result(t);
		ktask_put(t);
		KUNIT_ASSERT_EQ(test, ktask_semaphore_available(sem), 1);
	}
	kunit_info(test, "too late %u of %d\n", late, i);
	ktask_semaphore_destroy(sem);
}

/* --- Close ---------------------------------------------------------------- */

static void semaphore_close(struct kunit *test)
{
	struct ktask_semaphore *sem = new_semaphore(test, 2);
	struct ktask *t[3], *later;
	struct ktask_permit p, q;
	int i;

	ktask_semaphore_acquire(sem, &p, NULL, 1);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = spawn_taker(test, (struct taker){ .sem = sem, .n = 2 });
	KT_UNTIL_WAITING(test, &sem->queue, ARRAY_SIZE(t));
	KUNIT_EXPECT_FALSE(test, ktask_semaphore_closed(sem));
	ktask_semaphore_close(sem);
	ktask_semaphore_close(sem);
	KUNIT_EXPECT_TRUE(test, ktask_semaphore_closed(sem));
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], -ESHUTDOWN);
	}
	later = spawn_taker(test, (struct taker){ .sem = sem, .n = 1 });
	KT_FINISH(test, later);
	KT_EXPECT_RETURNED(test, later, -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_try_acquire(sem, &q, NULL, 1),
			-ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_acquire(sem, &q, NULL, 1),
			-ESHUTDOWN);
	ktask_permit_release(&p);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 2);
	ktask_semaphore_destroy(sem);
}

static void close_it(void *sem)
{
	kt_dither(3);
	ktask_semaphore_close(sem);
}

/* Closed, granted and aborted all at once: whatever comes of it, it adds up. */
static void semaphore_close_races(struct kunit *test)
{
	struct ktask_semaphore *sem = new_semaphore(test, 1);
	struct kt_rival *rival = kt_rival(test);
	struct ktask_permit p;
	struct ktask *t[3];
	int i, k;

	for (i = 0; i < 150; i++) {
		struct taker u = { .sem = sem, .n = 1, .timeout = KTIME_MAX };

		ktask_semaphore_init(sem, 1);
		ktask_semaphore_acquire(sem, &p, NULL, 1);
		for (k = 0; k < ARRAY_SIZE(t); k++) {
			t[k] = ktask_spawn(taker_body, struct taker, .init = &u);
			KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t[k]);
		}
		KT_UNTIL_WAITING(test, &sem->queue, ARRAY_SIZE(t));
		kt_rival_go(rival, close_it, sem);
		kt_dither(3);
		ktask_permit_release(&p);
		ktask_abort(t[1]);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		for (k = 0; k < ARRAY_SIZE(t); k++) {
			KUNIT_ASSERT_TRUE(test, kt_ended(t[k]));
			ktask_put(t[k]);
		}
		KUNIT_ASSERT_EQ(test, ktask_semaphore_available(sem), 1);
		ktask_semaphore_destroy(sem);
	}
}

/* --- Contexts ------------------------------------------------------------- */

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static void just_release(void *p)
{
	ktask_permit_release(p);
}

static void semaphore_release_in(struct kunit *test)
{
	struct ktask_semaphore *sem = new_semaphore(test, 1);
	struct ktask_permit *p = new_permit(test);
	struct ktask *t;

	ktask_semaphore_acquire(sem, p, NULL, 1);
	t = spawn_taker(test, (struct taker){ .sem = sem, .n = 1 });
	KT_UNTIL_WAITING(test, &sem->queue, 1);
	kt_call_in(test, test->param_value, just_release, p);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 1);
	ktask_semaphore_destroy(sem);
}

struct all_calls {
	struct ktask_semaphore sem;
	struct ktask_permit a, b, c;
	int tried[3];
	unsigned int available;
};

static void call_all(void *arg)
{
	struct all_calls *all = arg;

	all->tried[0] = ktask_semaphore_try_acquire(&all->sem, &all->a, NULL, 2);
	all->tried[1] = ktask_semaphore_try_acquire(&all->sem, &all->b, NULL, 1);
	ktask_semaphore_request(&all->sem, &all->b, NULL, 2);
	ktask_permit_forget(&all->a);
	ktask_semaphore_add(&all->sem, 2);
	all->tried[2] = ktask_permit_status(&all->b);
	ktask_semaphore_request(&all->sem, &all->c, NULL, 1);
	all->available = ktask_semaphore_available(&all->sem);
	ktask_permit_release(&all->b);
	ktask_permit_release(&all->c);
	ktask_semaphore_close(&all->sem);
}

static void semaphore_all_calls_in(struct kunit *test)
{
	struct all_calls *all = kunit_kzalloc(test, sizeof(*all), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, all);
	ktask_semaphore_init(&all->sem, 2);
	kt_call_in(test, test->param_value, call_all, all);
	KUNIT_EXPECT_EQ(test, all->tried[0], 0);
	KUNIT_EXPECT_EQ(test, all->tried[1], -EAGAIN);
	KUNIT_EXPECT_EQ(test, all->tried[2], 0);
	KUNIT_EXPECT_EQ(test, all->available, 0);
	KUNIT_EXPECT_EQ(test, ktask_permit_status(&all->c), 0);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(&all->sem), 2);
	ktask_semaphore_destroy(&all->sem);
}

/* --- Permits that change hands -------------------------------------------- */

struct child {
	struct ktask_permit slot;
	struct ktask_future *hold;
};

static ktask_poll_t child_body(struct ktask *t)
{
	struct child *c = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_AWAIT(t, c->hold);
	KTASK_RETURN(t, ktask_permit_status(&c->slot));
	KTASK_END(t);
}

static void semaphore_move_to_child(struct kunit *test)
{
	struct ktask_semaphore *sem = new_semaphore(test, 2);
	struct ktask_future *hold = new_future(test);
	struct ktask_permit p;
	struct child *c;
	struct ktask *t;
	int abort;

	for (abort = 0; abort <= 1; abort++) {
		ktask_future_init(hold);
		ktask_semaphore_acquire(sem, &p, NULL, 2);
		t = ktask_new(child_body, struct child);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		c = ktask_frame(t);
		c->hold = hold;
		ktask_permit_move(&c->slot, t, &p);
		ktask_permit_release(&p);
		KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 0);
		KUNIT_ASSERT_EQ(test, 0, ktask_start(t));
		kt_own(test, t);
		usleep_range(500, 1000);
		KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 0);
		if (abort)
			ktask_abort(t);
		else
			ktask_future_complete(hold, 0);
		KT_FINISH(test, t);
		if (abort)
			KT_EXPECT_CANCELLED(test, t);
		else
			KT_EXPECT_RETURNED(test, t, 0);
		KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 2);
	}
	ktask_semaphore_destroy(sem);
}

/* Acquired at once for a task that is then not started. */
static void semaphore_child_not_started(struct kunit *test)
{
	struct ktask_semaphore *sem = new_semaphore(test, 1);
	struct child *c;
	struct ktask *t;

	t = ktask_new(child_body, struct child);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	c = ktask_frame(t);
	KUNIT_EXPECT_EQ(test,
			ktask_semaphore_acquire_until(sem, &c->slot, t, 1,
						      TASK_INTERRUPTIBLE,
						      KTIME_MAX), 0);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 0);
	ktask_permit_release(&c->slot);
	ktask_put(t);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 1);
	ktask_semaphore_destroy(sem);
}

/* Started with what an interrupt handler gives back. */
static ktask_poll_t forget_body(struct ktask *t)
{
	struct taker *u = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_SEMAPHORE_ACQUIRE(t, u->sem, &u->p, u->n);
	ktask_permit_forget(&u->p);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static void semaphore_forget(struct kunit *test)
{
	struct ktask_semaphore *sem = new_semaphore(test, 3);
	struct taker u = { .sem = sem, .n = 2 };
	struct ktask *t;

	t = kt_own(test, ktask_spawn(forget_body, struct taker, .init = &u));
	KT_FINISH(test, t);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 1);
	ktask_semaphore_add(sem, 2);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 3);
	ktask_semaphore_destroy(sem);
}

/* --- Threads -------------------------------------------------------------- */

struct thread_user {
	struct ktask_semaphore *sem;
	unsigned int state;
	struct completion ready;
};

static int thread_main(void *arg)
{
	struct thread_user *u = arg;
	struct ktask_permit p;
	int ret;

	allow_signal(SIGUSR1);
	allow_signal(SIGKILL);
	complete(&u->ready);
	ret = ktask_semaphore_acquire_until(u->sem, &p, NULL, 1, u->state,
					    KTIME_MAX);
	if (!ret)
		ktask_permit_release(&p);
	return ret;
}

static void semaphore_thread_signals(struct kunit *test)
{
	static const struct {
		unsigned int state;
		int sig;
		int ret;
	} cases[] = {
		{ TASK_INTERRUPTIBLE, SIGUSR1, -ERESTARTSYS },
		{ TASK_KILLABLE, SIGKILL, -ERESTARTSYS },
		{ TASK_UNINTERRUPTIBLE, SIGKILL, 0 },
		{ TASK_KILLABLE, SIGUSR1, 0 },
	};
	struct ktask_semaphore *sem = new_semaphore(test, 1);
	struct thread_user *u = kunit_kzalloc(test, sizeof(*u), GFP_KERNEL);
	struct ktask_permit p;
	struct kt_thread *th;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, u);
	u->sem = sem;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ktask_semaphore_acquire(sem, &p, NULL, 1);
		u->state = cases[i].state;
		init_completion(&u->ready);
		th = kt_thread(test, thread_main, u);
		KT_COMPLETED(test, &u->ready);
		KT_UNTIL_WAITING(test, &sem->queue, 1);
		send_sig(cases[i].sig, th->task, 1);
		if (cases[i].ret)
			KUNIT_EXPECT_EQ(test, KT_THREAD_END(test, th),
					cases[i].ret);
		ktask_permit_release(&p);
		if (!cases[i].ret)
			KUNIT_EXPECT_EQ(test, KT_THREAD_END(test, th), 0);
		KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 1);
	}
	ktask_semaphore_destroy(sem);
}

static void semaphore_thread_deadline(struct kunit *test)
{
	static const s64 deadlines[] = { S64_MIN, -1, 0, 1 };
	struct ktask_semaphore *sem = new_semaphore(test, 1);
	struct ktask_permit p, q;
	int i;

	ktask_semaphore_acquire(sem, &p, NULL, 1);
	for (i = 0; i < ARRAY_SIZE(deadlines); i++)
		KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
				ktask_semaphore_acquire_until(sem, &q, NULL, 1,
							      TASK_IDLE,
							      deadlines[i]));
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_semaphore_acquire_until(sem, &q, NULL, 1,
						      TASK_UNINTERRUPTIBLE,
						      ktime_add_us(ktime_get(),
								   500)));
	KUNIT_EXPECT_EQ(test, kt_waiting(&sem->queue), 0);
	ktask_permit_release(&p);
	KUNIT_EXPECT_EQ(test, 0,
			ktask_semaphore_acquire_until(sem, &q, NULL, 1,
						      TASK_IDLE, -1));
	ktask_permit_release(&q);
	ktask_semaphore_destroy(sem);
}

struct blocking_user {
	struct ktask_semaphore *sem;
	struct ktask_permit p;
	bool keep;
};

static long blocking_body(struct ktask *t)
{
	struct blocking_user *b = ktask_frame(t);
	int ret;

	ret = ktask_semaphore_acquire_until(b->sem, &b->p, t, 1, TASK_KILLABLE,
					    KTIME_MAX);
	if (!ret && !b->keep)
		ktask_permit_release(&b->p);
	return ret;
}

static void semaphore_blocking_task(struct kunit *test)
{
	struct ktask_semaphore *sem = new_semaphore(test, 1);
	struct blocking_user b = { .sem = sem, .keep = true };
	struct ktask_permit p;
	struct ktask *t;

	t = kt_own(test, ktask_spawn_blocking(blocking_body,
					      struct blocking_user,
					      .init = &b));
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 1);

	ktask_semaphore_acquire(sem, &p, NULL, 1);
	t = kt_own(test, ktask_spawn_blocking(blocking_body,
					      struct blocking_user,
					      .init = &b));
	KT_UNTIL_WAITING(test, &sem->queue, 1);
	ktask_abort(t);
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_EQ(test, kt_waiting(&sem->queue), 0);
	ktask_permit_release(&p);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(sem), 1);
	ktask_semaphore_destroy(sem);
}

static void add_one(void *sem)
{
	ktask_semaphore_add(sem, 1);
}

/* KASAN tells if who adds touches the semaphore after it was acquired. */
static void semaphore_freed_by_last(struct kunit *test)
{
	struct kt_rival *rival = kt_rival(test);
	struct ktask_semaphore *sem;
	struct ktask_permit p;
	int i;

	for (i = 0; i < 300; i++) {
		sem = kzalloc(sizeof(*sem), GFP_KERNEL | __GFP_NOFAIL);
		ktask_semaphore_init(sem, 0);
		kt_rival_go(rival, add_one, sem);
		if (i % 2)
			ktask_semaphore_acquire(sem, &p, NULL, 1);
		else
			while (ktask_semaphore_try_acquire(sem, &p, NULL, 1))
				cond_resched();
		kfree(sem);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
	}
}

/* --- Stress --------------------------------------------------------------- */

#define STRESS_PERMITS	5

/* What all of them do. */
struct stress {
	struct ktask_semaphore sem;
	atomic_t in_use;
	atomic_t exceeded;
	atomic_t acquired;
};

static void stress_enter(struct stress *s, int n)
{
	if (atomic_add_return(n, &s->in_use) > STRESS_PERMITS)
		atomic_inc(&s->exceeded);
	atomic_inc(&s->acquired);
}

struct stress_user {
	struct stress *s;
	unsigned int i;
	unsigned int n;
	struct ktask_permit p;
};

static ktask_poll_t stress_body(struct ktask *t)
{
	struct stress_user *u = ktask_frame(t);

	KTASK_BEGIN(t);
	for (u->i = 0; u->i < 150; u->i++) {
		u->n = 1 + u->i % STRESS_PERMITS;
		KTASK_SEMAPHORE_ACQUIRE_TIMEOUT(t, &u->s->sem, &u->p, u->n,
						u->i % 3 ? KTIME_MAX :
						kt_us(u->i));
		if (ktask_permit_status(&u->p))
			continue;
		stress_enter(u->s, u->n);
		if (u->i % 2)
			KTASK_YIELD(t);
		else
			KTASK_SLEEP(t, kt_us(u->i));
		atomic_sub(u->n, &u->s->in_use);
		ktask_permit_release(&u->p);
	}
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static int stress_thread(void *arg)
{
	struct stress *s = arg;
	struct ktask_permit p;
	unsigned int i, n;

	for (i = 0; i < 150; i++) {
		n = 1 + i % STRESS_PERMITS;
		if (ktask_semaphore_acquire(&s->sem, &p, NULL, n))
			return -EIO;
		stress_enter(s, n);
		cond_resched();
		atomic_sub(n, &s->in_use);
		ktask_permit_release(&p);
	}
	return 0;
}

/* A task that is aborted while it waits, all the time. */
static void stress_aborts(struct kunit *test, struct stress *s)
{
	struct taker u = { .sem = &s->sem, .n = 3, .timeout = KTIME_MAX };
	struct ktask *t;
	int i;

	for (i = 0; i < 200; i++) {
		t = ktask_spawn(taker_body, struct taker, .init = &u);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		usleep_range(1, 100);
		ktask_abort(t);
		KUNIT_ASSERT_TRUE(test, kt_ended(t));
		ktask_put(t);
	}
}

static void semaphore_stress(struct kunit *test)
{
	struct stress *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct stress_user u = { .s = s };
	struct kt_thread *th[2];
	struct ktask *t[8];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	ktask_semaphore_init(&s->sem, STRESS_PERMITS);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = kt_own(test, ktask_spawn(stress_body, struct stress_user,
						.init = &u));
	for (i = 0; i < ARRAY_SIZE(th); i++)
		th[i] = kt_thread(test, stress_thread, s);
	stress_aborts(test, s);
	for (i = 0; i < ARRAY_SIZE(th); i++)
		KUNIT_EXPECT_EQ(test, KT_THREAD_END(test, th[i]), 0);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		KT_FINISH(test, t[i]);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->exceeded), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->in_use), 0);
	KUNIT_EXPECT_EQ(test, ktask_semaphore_available(&s->sem),
			STRESS_PERMITS);
	kunit_info(test, "acquired %d times\n", atomic_read(&s->acquired));
	ktask_semaphore_destroy(&s->sem);
}

static struct kunit_case semaphore_cases[] = {
	KUNIT_CASE(semaphore_counts),
	KUNIT_CASE(semaphore_defined),
	KUNIT_CASE(semaphore_none_and_too_many),
	KUNIT_CASE(semaphore_task_end_releases),
	KUNIT_CASE(semaphore_first_come_first_served),
	KUNIT_CASE(semaphore_many_not_starved),
	KUNIT_CASE(semaphore_add_grants_several),
	KUNIT_CASE(semaphore_abort_while_waiting),
	KUNIT_CASE(semaphore_abort_when_granted),
	KUNIT_CASE(semaphore_abort_races_grant),
	KUNIT_CASE(semaphore_timeout),
	KUNIT_CASE(semaphore_timeout_races_grant),
	KUNIT_CASE(semaphore_close),
	KUNIT_CASE(semaphore_close_races),
	KUNIT_CASE_PARAM(semaphore_release_in, context_gen_params),
	KUNIT_CASE_PARAM(semaphore_all_calls_in, context_gen_params),
	KUNIT_CASE(semaphore_move_to_child),
	KUNIT_CASE(semaphore_child_not_started),
	KUNIT_CASE(semaphore_forget),
	KUNIT_CASE(semaphore_thread_signals),
	KUNIT_CASE(semaphore_thread_deadline),
	KUNIT_CASE(semaphore_blocking_task),
	KUNIT_CASE(semaphore_freed_by_last),
	KUNIT_CASE(semaphore_stress),
	{}
};

struct kunit_suite ktask_semaphore_suite = {
	.name = "ktask_semaphore",
	.test_cases = semaphore_cases,
};
