// SPDX-License-Identifier: GPL-2.0
/*
 * Locks for many readers or one writer, first come first served.
 *
 * Not tested: destroying what somebody holds, and downgrading what one has not
 * locked for writing, since both warn, and a warning fails the lane.
 */
#include "sync.h"

/* What a task does with such a lock. */
struct locker {
	struct ktask_rwlock *rw;
	bool write;
	bool downgrade;
	ktime_t timeout;
	struct ktask_future *hold;	/* keep it until then */
	bool keep;			/* leave unlocking to the end */
	bool assassinated;
	struct ktask_rwlock_guard g;
	struct kt_assassin assassin;
	bool went_on;
};

static ktask_poll_t locker_body(struct ktask *t)
{
	struct locker *l = ktask_frame(t);
	struct ktask_request *r;

	KTASK_BEGIN(t);
	if (l->assassinated) {
		if (l->write)
			r = ktask_rwlock_request_write(l->rw, &l->g, t);
		else
			r = ktask_rwlock_request_read(l->rw, &l->g, t);
		kt_abort_when_granted(&l->assassin, t, r);
		KTASK_AWAIT_REQUEST(t, &l->g.permit.wait.request);
	} else if (l->write) {
		KTASK_RWLOCK_WRITE_TIMEOUT(t, l->rw, &l->g, l->timeout);
	} else {
		KTASK_RWLOCK_READ_TIMEOUT(t, l->rw, &l->g, l->timeout);
	}
	if (ktask_rwlock_status(&l->g))
		KTASK_RETURN(t, ktask_rwlock_status(&l->g));
	if (l->downgrade)
		ktask_rwlock_downgrade(&l->g);
	WRITE_ONCE(l->went_on, true);
	if (l->hold)
		KTASK_AWAIT(t, l->hold);
	if (!l->keep)
		ktask_rwlock_unlock(&l->g);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static struct ktask *spawn_locker(struct kunit *test, struct locker l)
{
	if (!l.timeout)
		l.timeout = KTIME_MAX;
	return kt_own(test, ktask_spawn(locker_body, struct locker,
					.init = &l));
}

/* A locker that waits, as the @n-th. */
static struct ktask *spawn_waiting(struct kunit *test, struct locker l, int n)
{
	struct ktask *t = spawn_locker(test, l);

	KT_UNTIL_WAITING(test, &l.rw->sem.queue, n);
	return t;
}

static bool went_on(struct ktask *t)
{
	struct locker *l = ktask_frame(t);

	return READ_ONCE(l->went_on);
}

static struct ktask_rwlock *new_rwlock(struct kunit *test)
{
	struct ktask_rwlock *rw = kunit_kzalloc(test, sizeof(*rw), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rw);
	ktask_rwlock_init(rw);
	return rw;
}

static struct ktask_future *new_future(struct kunit *test)
{
	struct ktask_future *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	return f;
}

/* Nobody holds it or waits. */
static bool is_free(struct ktask_rwlock *rw)
{
	struct ktask_rwlock_guard g;

	if (!ktask_rwlock_try_write(rw, &g, NULL))
		return false;
	ktask_rwlock_unlock(&g);
	return true;
}

static DEFINE_KTASK_RWLOCK(defined);

static void rwlock_try(struct kunit *test)
{
	struct ktask_rwlock_guard r[3], w, x;
	struct ktask_rwlock *rw = &defined;
	int i;

	for (i = 0; i < ARRAY_SIZE(r); i++)
		KUNIT_EXPECT_TRUE(test, ktask_rwlock_try_read(rw, &r[i], NULL));
	KUNIT_EXPECT_FALSE(test, ktask_rwlock_try_write(rw, &w, NULL));
	ktask_rwlock_unlock(&w);
	for (i = 0; i < ARRAY_SIZE(r); i++)
		ktask_rwlock_unlock(&r[i]);
	KUNIT_EXPECT_TRUE(test, ktask_rwlock_try_write(rw, &w, NULL));
	KUNIT_EXPECT_FALSE(test, ktask_rwlock_try_write(rw, &x, NULL));
	KUNIT_EXPECT_FALSE(test, ktask_rwlock_try_read(rw, &x, NULL));
	ktask_rwlock_downgrade(&w);
	KUNIT_EXPECT_TRUE(test, ktask_rwlock_try_read(rw, &x, NULL));
	ktask_rwlock_unlock(&w);
	KUNIT_EXPECT_FALSE(test, is_free(rw));
	ktask_rwlock_unlock(&x);
	ktask_rwlock_unlock(&x);
	KUNIT_EXPECT_TRUE(test, is_free(rw));
}

static void rwlock_readers_together(struct kunit *test)
{
	struct ktask_rwlock *rw = new_rwlock(test);
	struct ktask_future *hold = new_future(test);
	struct ktask *r[4], *w;
	int i;

	for (i = 0; i < ARRAY_SIZE(r); i++)
		r[i] = spawn_locker(test, (struct locker){
			.rw = rw, .hold = hold, .keep = i % 2 });
	for (i = 0; i < ARRAY_SIZE(r); i++)
		KT_EVENTUALLY(test, went_on(r[i]));
	w = spawn_waiting(test, (struct locker){ .rw = rw, .write = true }, 1);
	KUNIT_EXPECT_FALSE(test, went_on(w));
	ktask_future_complete(hold, 0);
	for (i = 0; i < ARRAY_SIZE(r); i++)
		KT_FINISH(test, r[i]);
	KT_FINISH(test, w);
	KT_EXPECT_RETURNED(test, w, 0);
	KUNIT_EXPECT_TRUE(test, is_free(rw));
	ktask_rwlock_destroy(rw);
}

static void rwlock_writer_alone(struct kunit *test)
{
	struct ktask_rwlock *rw = new_rwlock(test);
	struct ktask_future *hold = new_future(test);
	struct ktask *w, *x, *r;

	w = spawn_locker(test, (struct locker){
		.rw = rw, .write = true, .hold = hold, .keep = true });
	KT_EVENTUALLY(test, went_on(w));
	r = spawn_waiting(test, (struct locker){ .rw = rw }, 1);
	x = spawn_waiting(test, (struct locker){ .rw = rw, .write = true }, 2);
	KUNIT_EXPECT_FALSE(test, went_on(r));
	KUNIT_EXPECT_FALSE(test, went_on(x));
	ktask_future_complete(hold, 0);
	KT_FINISH(test, w);
	KT_FINISH(test, r);
	KT_FINISH(test, x);
	KUNIT_EXPECT_TRUE(test, is_free(rw));
	ktask_rwlock_destroy(rw);
}

/* A reader who comes after a writer who waits, waits as well. */
static void rwlock_fair_to_writers(struct kunit *test)
{
	struct ktask_rwlock *rw = new_rwlock(test);
	struct ktask_future *hold = new_future(test);
	struct ktask_rwlock_guard g, h;
	struct ktask *w, *r[3];
	int i;

	ktask_rwlock_read(rw, &g, NULL);
	w = spawn_waiting(test, (struct locker){
		.rw = rw, .write = true, .hold = hold }, 1);
	for (i = 0; i < ARRAY_SIZE(r); i++)
		r[i] = spawn_waiting(test, (struct locker){ .rw = rw }, i + 2);
	KUNIT_EXPECT_FALSE(test, ktask_rwlock_try_read(rw, &h, NULL));
	ktask_rwlock_unlock(&g);
	KT_EVENTUALLY(test, went_on(w));
	for (i = 0; i < ARRAY_SIZE(r); i++)
		KUNIT_EXPECT_FALSE(test, went_on(r[i]));
	KUNIT_EXPECT_EQ(test, kt_waiting(&rw->sem.queue), ARRAY_SIZE(r));
	ktask_future_complete(hold, 0);
	KT_FINISH(test, w);
	for (i = 0; i < ARRAY_SIZE(r); i++)
		KT_FINISH(test, r[i]);
	KUNIT_EXPECT_TRUE(test, is_free(rw));
	ktask_rwlock_destroy(rw);
}

/* The readers before the next writer come in, he does not. */
static void rwlock_downgrade(struct kunit *test)
{
	struct ktask_rwlock *rw = new_rwlock(test);
	struct ktask_future *hold = new_future(test);
	struct ktask *w, *r[2], *x, *late;
	struct ktask_rwlock_guard g;
	int i;

	ktask_rwlock_write(rw, &g, NULL);
	for (i = 0; i < ARRAY_SIZE(r); i++)
		r[i] = spawn_waiting(test, (struct locker){
			.rw = rw, .hold = hold }, i + 1);
	x = spawn_waiting(test, (struct locker){ .rw = rw, .write = true }, 3);
	late = spawn_waiting(test, (struct locker){ .rw = rw }, 4);
	ktask_rwlock_downgrade(&g);
	for (i = 0; i < ARRAY_SIZE(r); i++)
		KT_EVENTUALLY(test, went_on(r[i]));
	KUNIT_EXPECT_EQ(test, kt_waiting(&rw->sem.queue), 2);
	ktask_future_complete(hold, 0);
	for (i = 0; i < ARRAY_SIZE(r); i++)
		KT_FINISH(test, r[i]);
	KUNIT_EXPECT_EQ(test, kt_waiting(&rw->sem.queue), 2);
	ktask_rwlock_unlock(&g);
	KT_FINISH(test, x);
	KT_FINISH(test, late);
	KUNIT_EXPECT_TRUE(test, is_free(rw));
	/* And what was downgraded is given back with the task's end. */
	w = spawn_locker(test, (struct locker){
		.rw = rw, .write = true, .downgrade = true, .keep = true });
	KT_FINISH(test, w);
	KUNIT_EXPECT_TRUE(test, is_free(rw));
	ktask_rwlock_destroy(rw);
}

/* --- Abort and timeout ---------------------------------------------------- */

static void rwlock_abort_of_holder(struct kunit *test)
{
	struct ktask_rwlock *rw = new_rwlock(test);
	struct ktask_future *never = new_future(test);
	struct ktask *t;
	int kind;

	for (kind = 0; kind < 3; kind++) {
		t = spawn_locker(test, (struct locker){
			.rw = rw, .write = kind > 0, .downgrade = kind > 1,
			.hold = never });
		KT_EVENTUALLY(test, went_on(t));
		KUNIT_EXPECT_FALSE(test, is_free(rw));
		ktask_abort(t);
		KT_FINISH(test, t);
		KT_EXPECT_CANCELLED(test, t);
		KUNIT_EXPECT_TRUE(test, is_free(rw));
	}
	ktask_rwlock_destroy(rw);
}

/* A writer who gives up lets in the readers who waited behind him. */
static void rwlock_abort_of_waiting_writer(struct kunit *test)
{
	struct ktask_rwlock *rw = new_rwlock(test);
	struct ktask_rwlock_guard g;
	struct ktask *w, *r;

	ktask_rwlock_read(rw, &g, NULL);
	w = spawn_waiting(test, (struct locker){ .rw = rw, .write = true }, 1);
	r = spawn_waiting(test, (struct locker){ .rw = rw }, 2);
	ktask_abort(w);
	KT_FINISH(test, w);
	KT_EXPECT_CANCELLED(test, w);
	KT_FINISH(test, r);
	KT_EXPECT_RETURNED(test, r, 0);
	ktask_rwlock_unlock(&g);
	KUNIT_EXPECT_TRUE(test, is_free(rw));
	ktask_rwlock_destroy(rw);
}

static void rwlock_abort_when_granted(struct kunit *test)
{
	struct ktask_rwlock *rw = new_rwlock(test);
	struct ktask_rwlock_guard g;
	struct ktask *victim, *r, *w;
	int write;

	for (write = 0; write <= 1; write++) {
		ktask_rwlock_write(rw, &g, NULL);
		victim = spawn_waiting(test, (struct locker){
			.rw = rw, .write = write, .assassinated = true }, 1);
		w = spawn_waiting(test, (struct locker){
			.rw = rw, .write = true }, 2);
		r = spawn_waiting(test, (struct locker){ .rw = rw }, 3);
		ktask_rwlock_unlock(&g);
		KT_FINISH(test, victim);
		KT_EXPECT_CANCELLED(test, victim);
		KUNIT_EXPECT_FALSE(test, went_on(victim));
		KT_FINISH(test, w);
		KT_FINISH(test, r);
		KUNIT_EXPECT_TRUE(test, is_free(rw));
	}
	ktask_rwlock_destroy(rw);
}

static void rwlock_timeout(struct kunit *test)
{
	struct ktask_rwlock *rw = new_rwlock(test);
	struct ktask_rwlock_guard g, h;
	struct ktask *t;
	int write;

	for (write = 0; write <= 1; write++) {
		ktask_rwlock_write(rw, &g, NULL);
		t = spawn_locker(test, (struct locker){
			.rw = rw, .write = write, .timeout = kt_us(500) });
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, -ETIMEDOUT);
		KUNIT_EXPECT_EQ(test, -ETIMEDOUT, write ?
				ktask_rwlock_write_until(rw, &h, NULL,
							 TASK_IDLE, -1) :
				ktask_rwlock_read_until(rw, &h, NULL,
							TASK_IDLE, -1));
		ktask_rwlock_unlock(&g);
		t = spawn_locker(test, (struct locker){
			.rw = rw, .write = write, .timeout = -1 });
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, 0);
		KUNIT_EXPECT_TRUE(test, is_free(rw));
	}
	ktask_rwlock_destroy(rw);
}

static void unlock_it(void *g)
{
	kt_dither(30);
	ktask_rwlock_unlock(g);
}

/* A timeout, an abort and an unlock at once: it is free in the end. */
static void rwlock_races(struct kunit *test)
{
	struct ktask_rwlock *rw = new_rwlock(test);
	struct kt_rival *rival = kt_rival(test);
	struct ktask_rwlock_guard *g;
	unsigned int got = 0;
	struct ktask *t[3];
	int i, k;

	g = kunit_kzalloc(test, sizeof(*g), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, g);
	for (i = 0; i < 100; i++) {
		KUNIT_ASSERT_TRUE(test, ktask_rwlock_try_write(rw, g, NULL));
		for (k = 0; k < ARRAY_SIZE(t); k++) {
			struct locker l = {
				.rw = rw, .write = (i + k) % 2,
				.timeout = k == 2 ? kt_us(i) : KTIME_MAX,
			};

			t[k] = ktask_spawn(locker_body, struct locker,
					   .init = &l);
			KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t[k]);
		}
		if (i % 4)
			usleep_range(1, 100);
		kt_rival_go(rival, unlock_it, g);
		kt_dither(30);
		ktask_abort(t[0]);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		for (k = 0; k < ARRAY_SIZE(t); k++) {
			KUNIT_ASSERT_TRUE(test, kt_ended(t[k]));
			got += went_on(t[k]);
			ktask_put(t[k]);
		}
		KUNIT_ASSERT_TRUE(test, is_free(rw));
	}
	kunit_info(test, "%u of %d got it\n", got, 3 * i);
	ktask_rwlock_destroy(rw);
}

/* --- Contexts and threads ------------------------------------------------- */

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static void downgrade_unlock(void *arg)
{
	struct ktask_rwlock_guard *g = arg;

	ktask_rwlock_downgrade(g);
	ktask_rwlock_unlock(g);
}

static void rwlock_unlock_in(struct kunit *test)
{
	struct ktask_rwlock *rw = new_rwlock(test);
	struct ktask_rwlock_guard *g;
	struct ktask *r, *w;

	g = kunit_kzalloc(test, sizeof(*g), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, g);
	ktask_rwlock_write(rw, g, NULL);
	r = spawn_waiting(test, (struct locker){ .rw = rw }, 1);
	w = spawn_waiting(test, (struct locker){ .rw = rw, .write = true }, 2);
	kt_call_in(test, test->param_value, downgrade_unlock, g);
	KT_FINISH(test, r);
	KT_FINISH(test, w);
	KUNIT_EXPECT_TRUE(test, is_free(rw));
	ktask_rwlock_destroy(rw);
}

static int killable_main(void *rw)
{
	struct ktask_rwlock_guard g;

	allow_signal(SIGKILL);
	return ktask_rwlock_write_until(rw, &g, NULL, TASK_KILLABLE, KTIME_MAX);
}

static void rwlock_thread_killed(struct kunit *test)
{
	struct ktask_rwlock *rw = new_rwlock(test);
	struct ktask_rwlock_guard g;
	struct kt_thread *th;
	struct ktask *r;

	ktask_rwlock_read(rw, &g, NULL);
	th = kt_thread(test, killable_main, rw);
	KT_UNTIL_WAITING(test, &rw->sem.queue, 1);
	r = spawn_waiting(test, (struct locker){ .rw = rw }, 2);
	send_sig(SIGKILL, th->task, 1);
	KUNIT_EXPECT_EQ(test, KT_THREAD_END(test, th), -ERESTARTSYS);
	KT_FINISH(test, r);
	ktask_rwlock_unlock(&g);
	KUNIT_EXPECT_TRUE(test, is_free(rw));
	ktask_rwlock_destroy(rw);
}

/* --- Stress --------------------------------------------------------------- */

/* Writers change both, in two steps; readers see them equal. */
struct stress {
	struct ktask_rwlock rw;
	unsigned long a, b;
	atomic_t readers, most;
	atomic_t wrong;
};

struct stress_locker {
	struct stress *s;
	unsigned int id, i;
	bool write;
	struct ktask_rwlock_guard g;
};

static void stress_read(struct stress *s)
{
	int n = atomic_inc_return(&s->readers);

	if (n > atomic_read(&s->most))
		atomic_set(&s->most, n);
	if (READ_ONCE(s->a) != READ_ONCE(s->b))
		atomic_inc(&s->wrong);
}

static ktask_poll_t stress_body(struct ktask *t)
{
	struct stress_locker *l = ktask_frame(t);
	struct stress *s = l->s;

	KTASK_BEGIN(t);
	for (l->i = 0; l->i < 150; l->i++) {
		l->write = (l->i + l->id) % 4 == 0;
		if (l->write) {
			KTASK_RWLOCK_WRITE(t, &s->rw, &l->g);
			if (atomic_read(&s->readers))
				atomic_inc(&s->wrong);
			s->a++;
			KTASK_YIELD(t);
			s->b++;
			if (l->i % 2) {
				ktask_rwlock_downgrade(&l->g);
				stress_read(s);
				KTASK_YIELD(t);
				atomic_dec(&s->readers);
			}
		} else {
			KTASK_RWLOCK_READ(t, &s->rw, &l->g);
			stress_read(s);
			KTASK_YIELD(t);
			atomic_dec(&s->readers);
		}
		ktask_rwlock_unlock(&l->g);
	}
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static int stress_thread(void *arg)
{
	struct stress *s = arg;
	struct ktask_rwlock_guard g;
	int i;

	for (i = 0; i < 150; i++) {
		if (i % 3) {
			ktask_rwlock_read(&s->rw, &g, NULL);
			stress_read(s);
			cond_resched();
			atomic_dec(&s->readers);
		} else {
			ktask_rwlock_write(&s->rw, &g, NULL);
			s->a++;
			cond_resched();
			s->b++;
		}
		ktask_rwlock_unlock(&g);
	}
	return 0;
}

static void rwlock_stress(struct kunit *test)
{
	struct stress *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct stress_locker l = { .s = s };
	struct kt_thread *th[2];
	struct ktask *t[6], *v;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	ktask_rwlock_init(&s->rw);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		l.id = i;
		t[i] = kt_own(test, ktask_spawn(stress_body,
						struct stress_locker,
						.init = &l));
	}
	for (i = 0; i < ARRAY_SIZE(th); i++)
		th[i] = kt_thread(test, stress_thread, s);
	for (i = 0; i < 200; i++) {
		struct locker victim = { .rw = &s->rw, .write = i % 2,
					 .timeout = KTIME_MAX };

		v = ktask_spawn(locker_body, struct locker, .init = &victim);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, v);
		usleep_range(1, 100);
		ktask_abort(v);
		KUNIT_ASSERT_TRUE(test, kt_ended(v));
		ktask_put(v);
	}
	for (i = 0; i < ARRAY_SIZE(th); i++)
		KUNIT_EXPECT_EQ(test, KT_THREAD_END(test, th[i]), 0);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		KT_FINISH(test, t[i]);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->wrong), 0);
	KUNIT_EXPECT_EQ(test, s->a, s->b);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->readers), 0);
	KUNIT_EXPECT_TRUE(test, is_free(&s->rw));
	kunit_info(test, "%lu writes, up to %d readers\n", s->a,
		   atomic_read(&s->most));
	ktask_rwlock_destroy(&s->rw);
}

static struct kunit_case rwlock_cases[] = {
	KUNIT_CASE(rwlock_try),
	KUNIT_CASE(rwlock_readers_together),
	KUNIT_CASE(rwlock_writer_alone),
	KUNIT_CASE(rwlock_fair_to_writers),
	KUNIT_CASE(rwlock_downgrade),
	KUNIT_CASE(rwlock_abort_of_holder),
	KUNIT_CASE(rwlock_abort_of_waiting_writer),
	KUNIT_CASE(rwlock_abort_when_granted),
	KUNIT_CASE(rwlock_timeout),
	KUNIT_CASE(rwlock_races),
	KUNIT_CASE_PARAM(rwlock_unlock_in, context_gen_params),
	KUNIT_CASE(rwlock_thread_killed),
	KUNIT_CASE(rwlock_stress),
	{}
};

struct kunit_suite ktask_rwlock_suite = {
	.name = "ktask_rwlock",
	.test_cases = rwlock_cases,
};
