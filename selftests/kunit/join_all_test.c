// SPDX-License-Identifier: GPL-2.0
/*
 * Joining several tasks at once, and ending all of them when one fails.
 */
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "util.h"

#define MAX_PARTS	100

/* A task that awaits a future and returns its value. */
struct part {
	struct ktask_future *f;
	struct task_struct *runner;
};

static ktask_poll_t part_body(struct ktask *t)
{
	struct part *p = ktask_frame(t);

	KTASK_BEGIN(t);
	p->runner = current;
	KTASK_AWAIT(t, p->f);
	KTASK_RETURN(t, ktask_future_value(p->f));
	KTASK_END(t);
}

/* Some tasks, and what each waits for. */
struct parts {
	unsigned int n;
	struct ktask *tasks[MAX_PARTS];
	struct ktask_future f[MAX_PARTS];
};

static struct parts *parts_at(struct kunit *test, unsigned int n, int place,
			      unsigned int flags)
{
	struct parts *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, p);
	p->n = n;
	for (i = 0; i < n; i++) {
		struct part init = { .f = &p->f[i] };

		struct ktask *t = ktask_new(part_body, struct part,
					    .init = &init, .flags = flags,
					    .place = place);

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		if (!(flags & KTASK_NO_HELP))
			kt_allow_help(t);
		KUNIT_ASSERT_EQ(test, 0, ktask_start(t));
		p->tasks[i] = kt_own(test, t);
	}
	return p;
}

static struct parts *parts_behind(struct kunit *test, unsigned int n,
				  struct kt_plug *plug, unsigned int flags)
{
	return parts_at(test, n, KT_BEHIND(plug), flags);
}

static struct parts *parts(struct kunit *test, unsigned int n)
{
	return parts_at(test, n, 0, 0);
}

static void parts_complete(struct parts *p, long value)
{
	unsigned int i;

	for (i = 0; i < p->n; i++)
		ktask_future_complete(&p->f[i], value);
}

static unsigned int parts_done(struct parts *p)
{
	unsigned int i, done = 0;

	for (i = 0; i < p->n; i++)
		done += ktask_done(p->tasks[i]);
	return done;
}

static unsigned int parts_cancelled(struct parts *p)
{
	unsigned int i, n = 0;

	for (i = 0; i < p->n; i++) {
		if (ktask_done(p->tasks[i]))
			n += ktask_outcome(p->tasks[i]) == KTASK_CANCELLED;
	}
	return n;
}

static int join_parts(struct parts *p)
{
	return ktask_join_all(p->tasks, p->n, TASK_UNINTERRUPTIBLE,
			      ktime_add(ktime_get(), KT_HANG_KTIME));
}

static long try_join_parts(struct parts *p)
{
	return ktask_try_join_all(p->tasks, p->n, TASK_UNINTERRUPTIBLE,
				  ktime_add(ktime_get(), KT_HANG_KTIME));
}

/* With room on the stack, and without. */
static const unsigned int sizes[] = { 1, 3, 8, 9, MAX_PARTS };

static void join_all_plain(struct kunit *test)
{
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct parts *p = parts(test, sizes[i]);

		parts_complete(p, 4);
		KUNIT_EXPECT_EQ(test, 0, join_parts(p));
		for (k = 0; k < p->n; k++)
			KT_EXPECT_RETURNED(test, p->tasks[k], 4);
		/* Again, now that all is over. */
		KUNIT_EXPECT_EQ(test, 0, join_parts(p));
		KUNIT_EXPECT_EQ(test, 0,
				ktask_join_all(p->tasks, p->n, TASK_IDLE, 0));
	}
}

static void join_all_of_none(struct kunit *test)
{
	struct ktask *none[3] = {};
	struct ktask_join_all all;
	struct ktask_join_slot slots[3];

	KUNIT_EXPECT_EQ(test, 0, ktask_join_all(NULL, 0, TASK_IDLE, 0));
	KUNIT_EXPECT_EQ(test, 0, ktask_join_all(none, 3, TASK_IDLE, 0));
	KUNIT_EXPECT_EQ(test, 0L, ktask_try_join_all(NULL, 0, TASK_IDLE, 0));
	KUNIT_EXPECT_EQ(test, 0L, ktask_try_join_all(none, 3, TASK_IDLE, 0));
	ktask_join_all_start(&all, NULL, none, 3, slots);
	KUNIT_EXPECT_EQ(test, 0L, ktask_join_all_status(&all));
	ktask_try_join_all_start(&all, NULL, none, 0, slots);
	KUNIT_EXPECT_EQ(test, 0L, ktask_join_all_status(&all));
}

static void join_all_skips_null(struct kunit *test)
{
	struct parts *p = parts(test, 2);
	struct ktask *tasks[4] = { NULL, p->tasks[0], NULL, p->tasks[1] };
	ktime_t until = ktime_add(ktime_get(), KT_HANG_KTIME);

	ktask_future_complete(&p->f[0], 1);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_join_all(tasks, 4, TASK_IDLE, 1));
	ktask_future_complete(&p->f[1], 1);
	KUNIT_EXPECT_EQ(test, 0, ktask_join_all(tasks, 4, TASK_IDLE, until));
	KUNIT_EXPECT_EQ(test, parts_done(p), 2U);
}

/* The same task twice. */
static void join_all_twice(struct kunit *test)
{
	struct parts *p = parts(test, 1);
	struct ktask *tasks[2] = { p->tasks[0], p->tasks[0] };

	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_join_all(tasks, 2, TASK_IDLE, 1));
	ktask_future_complete(&p->f[0], -5);
	KUNIT_EXPECT_EQ(test, -5L,
			ktask_try_join_all(tasks, 2, TASK_IDLE, KTIME_MAX));
	KUNIT_EXPECT_EQ(test, 0, ktask_join_all(tasks, 2, TASK_IDLE, 0));
}

/* However the tasks end, the join says only that they have. */
static void join_all_tells_no_errors(struct kunit *test)
{
	struct parts *p = parts(test, 3);

	ktask_future_complete(&p->f[0], -5);
	ktask_abort(p->tasks[1]);
	ktask_future_complete(&p->f[2], 7);
	KUNIT_EXPECT_EQ(test, 0, join_parts(p));
	KT_EXPECT_RETURNED(test, p->tasks[0], -5);
	KT_EXPECT_CANCELLED(test, p->tasks[1]);
	KT_EXPECT_RETURNED(test, p->tasks[2], 7);
}

static void join_all_timeout(struct kunit *test)
{
	const ktime_t past[] = { 0, -1, KTIME_MIN };
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct parts *p = parts(test, sizes[i]);

		/* All but the last. */
		for (k = 0; k + 1 < p->n; k++)
			ktask_future_complete(&p->f[k], 1);
		for (k = 0; k < ARRAY_SIZE(past); k++)
			KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
					ktask_join_all(p->tasks, p->n,
						       TASK_IDLE, past[k]));
		KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
				ktask_join_all(p->tasks, p->n, TASK_IDLE,
					       ktime_add_ms(ktime_get(), 10)));
		KUNIT_EXPECT_FALSE(test, ktask_done(p->tasks[p->n - 1]));
		KUNIT_EXPECT_FALSE(test, ktask_aborted(p->tasks[p->n - 1]));
		/* None has a waiter on our stack any more. */
		parts_complete(p, 1);
		KUNIT_EXPECT_EQ(test, 0, join_parts(p));
	}
}

/* --- In a thread ----------------------------------------------------------- */

struct joiner {
	struct parts *p;
	bool try;
	unsigned long sleeps;
	struct completion ready;
};

static int joiner_main(void *arg)
{
	struct joiner *j = arg;
	int ret;

	allow_signal(SIGUSR1);
	complete(&j->ready);
	j->sleeps = current->nvcsw;
	if (j->try)
		ret = ktask_try_join_all(j->p->tasks, j->p->n,
					 TASK_INTERRUPTIBLE, KTIME_MAX);
	else
		ret = ktask_join_all(j->p->tasks, j->p->n, TASK_INTERRUPTIBLE,
				     KTIME_MAX);
	j->sleeps = current->nvcsw - j->sleeps;
	return ret;
}

static struct kt_thread *join_in(struct kunit *test, struct joiner **joiner,
				 struct parts *p, bool try)
{
	struct joiner *j = kunit_kzalloc(test, sizeof(*j), GFP_KERNEL);
	struct kt_thread *th;

	KUNIT_ASSERT_NOT_NULL(test, j);
	j->p = p;
	j->try = try;
	init_completion(&j->ready);
	th = kt_thread(test, joiner_main, j);
	KT_COMPLETED(test, &j->ready);
	*joiner = j;
	return th;
}

/* Each ends on its own; the joiner does not wake up for each. */
static void join_all_wakes_once(struct kunit *test)
{
	struct parts *p = parts(test, MAX_PARTS);
	struct kt_thread *th;
	struct joiner *j;
	int i;

	th = join_in(test, &j, p, false);
	msleep(20);
	for (i = 0; i < MAX_PARTS; i++) {
		KUNIT_EXPECT_FALSE(test, completion_done(&th->ended));
		ktask_future_complete(&p->f[i], 1);
		KT_FINISH(test, p->tasks[i]);
		usleep_range(50, 100);
	}
	KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th));
	kunit_info(test, "slept %lu times\n", j->sleeps);
	KUNIT_EXPECT_LT(test, j->sleeps, (unsigned long)MAX_PARTS / 4);
}

static void join_all_interrupted(struct kunit *test)
{
	struct parts *p = parts(test, 20);
	struct kt_thread *th;
	struct joiner *j;

	th = join_in(test, &j, p, false);
	ktask_future_complete(&p->f[3], 1);
	send_sig(SIGUSR1, th->task, 1);
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS, KT_THREAD_END(test, th));
	parts_complete(p, 1);
	KUNIT_EXPECT_EQ(test, 0, join_parts(p));
	KUNIT_EXPECT_EQ(test, parts_cancelled(p), 0U);
}

/* Nothing runs before: the executor is busy. */
static void join_all_helps(struct kunit *test)
{
	struct kt_plug *plug = kt_plug(test);
	struct parts *p = parts_behind(test, 20, plug, 0);
	struct part *part;
	unsigned int i;

	parts_complete(p, 4);
	KUNIT_EXPECT_EQ(test, 0, join_parts(p));
	kt_unplug(plug);
	for (i = 0; i < p->n; i++) {
		part = ktask_frame(p->tasks[i]);
		KUNIT_EXPECT_PTR_EQ(test, part->runner, current);
	}
}

/* One is helped, then the time is over. */
static void join_all_helps_in_time(struct kunit *test)
{
	struct kt_plug *plug = kt_plug(test);
	struct parts *p = parts_behind(test, 20, plug, 0);
	unsigned int done;
	int err;

	parts_complete(p, 4);
	err = ktask_join_all(p->tasks, p->n, TASK_IDLE, 0);
	done = parts_done(p);
	kt_unplug(plug);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, err);
	KUNIT_EXPECT_EQ(test, done, 1U);
}

static long blocking_joiner(struct ktask *t)
{
	struct parts **p = ktask_frame(t);

	return ktask_join_all((*p)->tasks, (*p)->n, TASK_KILLABLE, KTIME_MAX);
}

static void join_all_aborted_blocking(struct kunit *test)
{
	struct parts *p = parts(test, 20);
	struct ktask *t;

	t = kt_own(test, ktask_spawn_blocking(blocking_joiner, struct parts *,
					      .init = &p));
	msleep(20);
	KUNIT_EXPECT_TRUE(test, ktask_abort(t));
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_EQ(test, parts_done(p), 0U);
	parts_complete(p, 1);
	KUNIT_EXPECT_EQ(test, 0, join_parts(p));
}

static ktask_poll_t return_one(struct ktask *t)
{
	KTASK_BEGIN(t);
	KTASK_RETURN(t, 1);
	KTASK_END(t);
}

static void put_all(struct ktask **tasks, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		ktask_put(tasks[i]);
}

static void join_all_many(struct kunit *test)
{
	enum { NR = 10000 };
	struct ktask **tasks = kvmalloc_array(NR, sizeof(*tasks), GFP_KERNEL);
	long try, value, sum = 0;
	int i, k, err;

	KUNIT_ASSERT_NOT_NULL(test, tasks);
	for (k = 0; k < 2; k++) {
		for (i = 0; i < NR; i++) {
			tasks[i] = ktask_spawn(return_one, void);
			if (IS_ERR(tasks[i]))
				break;
		}
		err = ktask_join_all(tasks, i, TASK_UNINTERRUPTIBLE,
				     KTIME_MAX);
		try = ktask_try_join_all(tasks, i, TASK_IDLE, 0);
		KUNIT_EXPECT_EQ(test, 0, err);
		KUNIT_EXPECT_EQ(test, 0L, try);
		while (i--) {
			if (!ktask_try_join(tasks[i], &value))
				sum += value;
			ktask_put(tasks[i]);
		}
	}
	kvfree(tasks);
	KUNIT_EXPECT_EQ(test, sum, 2L * NR);
}

/* --- Try ------------------------------------------------------------------- */

static void try_join_all_fine(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct parts *p = parts(test, sizes[i]);

		parts_complete(p, i);
		KUNIT_EXPECT_EQ(test, 0L, try_join_parts(p));
		KUNIT_EXPECT_EQ(test, parts_done(p), p->n);
		KUNIT_EXPECT_EQ(test, parts_cancelled(p), 0U);
	}
}

/* A result, the abort of one, and one that was there before. */
static void try_join_all_error(struct kunit *test)
{
	enum { RESULT, ABORT, BEFORE, KINDS };
	unsigned int i, kind;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (kind = 0; kind < KINDS; kind++) {
			struct parts *p = parts(test, sizes[i]);
			struct ktask *last = p->tasks[p->n - 1];
			unsigned int fine = p->n > 1;

			if (fine) {
				ktask_future_complete(&p->f[0], 6);
				KT_FINISH(test, p->tasks[0]);
			}
			if (kind == ABORT)
				ktask_abort(last);
			else
				ktask_future_complete(&p->f[p->n - 1], -5);
			if (kind == BEFORE)
				KT_FINISH(test, last);
			KUNIT_EXPECT_EQ(test, try_join_parts(p),
					kind == ABORT ? -ECANCELED : -5L);
			KUNIT_EXPECT_EQ(test, parts_done(p), p->n);
			KUNIT_EXPECT_EQ(test, parts_cancelled(p),
					p->n - fine - (kind != ABORT));
			if (fine)
				KT_EXPECT_RETURNED(test, p->tasks[0], 6);
		}
	}
}

static void try_join_all_timeout(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct parts *p = parts(test, sizes[i]);

		KUNIT_EXPECT_EQ(test, (long)-ETIMEDOUT,
				ktask_try_join_all(p->tasks, p->n, TASK_IDLE,
						   ktime_add_ms(ktime_get(),
								5)));
		KUNIT_EXPECT_EQ(test, parts_cancelled(p), p->n);
	}
}

static void try_join_all_interrupted(struct kunit *test)
{
	struct parts *p = parts(test, 20);
	struct kt_thread *th;
	struct joiner *j;

	th = join_in(test, &j, p, true);
	send_sig(SIGUSR1, th->task, 1);
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS, KT_THREAD_END(test, th));
	KUNIT_EXPECT_EQ(test, parts_cancelled(p), 20U);
}

/* What is queued behind a busy executor is ended by the joiner. */
static void try_join_all_ends_queued(struct kunit *test)
{
	struct kt_plug *plug = kt_plug(test);
	struct parts *p = parts_behind(test, 20, plug, 0);

	ktask_abort(p->tasks[10]);
	KUNIT_EXPECT_EQ(test, (long)-ECANCELED, try_join_parts(p));
	kt_unplug(plug);
	KUNIT_EXPECT_EQ(test, parts_cancelled(p), 20U);
}

/* A task that takes its time to end: it is waited for. */
struct slow {
	struct ktask_defer d;
	bool begun;
	bool cleaned;
};

static void slow_cleanup(void *arg)
{
	struct slow *s = arg;

	msleep(30);
	s->cleaned = true;
}

static ktask_poll_t slow_body(struct ktask *t)
{
	struct slow *s = ktask_frame(t);

	KTASK_BEGIN(t);
	ktask_defer(t, &s->d, slow_cleanup, s);
	WRITE_ONCE(s->begun, true);
	KTASK_SLEEP(t, ktime_set(3600, 0));
	KTASK_END(t);
}

static void try_join_all_waits_for_cleanups(struct kunit *test)
{
	struct parts *p = parts(test, 1);
	struct ktask *tasks[3] = {};
	struct slow *s;
	int i;

	tasks[1] = p->tasks[0];
	for (i = 0; i < 3; i += 2) {
		tasks[i] = kt_own(test, ktask_spawn(slow_body, struct slow));
		s = ktask_frame(tasks[i]);
		KT_EVENTUALLY(test, READ_ONCE(s->begun));
	}
	ktask_future_complete(&p->f[0], -7);
	KUNIT_EXPECT_EQ(test, -7L,
			ktask_try_join_all(tasks, 3, TASK_IDLE, KTIME_MAX));
	for (i = 0; i < 3; i += 2) {
		s = ktask_frame(tasks[i]);
		KT_EXPECT_CANCELLED(test, tasks[i]);
		KUNIT_EXPECT_TRUE(test, s->cleaned);
	}
}

/* --- By a task ------------------------------------------------------------- */

struct awaiter {
	struct parts *p;
	ktime_t timeout;
	unsigned int rounds;
	bool try;
	bool timed_out;
	long status;
	unsigned int done;
	struct ktask_join_all all;
	struct ktask_join_slot slots[MAX_PARTS];
};

static ktask_poll_t awaiter_body(struct ktask *t)
{
	struct awaiter *a = ktask_frame(t);
	struct parts *p = a->p;

	KTASK_BEGIN(t);
	while (a->rounds--) {
		if (a->try) {
			KTASK_TRY_JOIN_ALL_TIMEOUT(t, &a->all, p->tasks, p->n,
						   a->slots, a->timeout);
		} else {
			KTASK_JOIN_ALL_TIMEOUT(t, &a->all, p->tasks, p->n,
					       a->slots, a->timeout);
		}
		a->timed_out = ktask_timed_out(t);
		a->status = ktask_join_all_status(&a->all);
		a->done = parts_done(p);
		if (a->status)
			break;
	}
	KTASK_RETURN(t, a->status);
	KTASK_END(t);
}

static struct ktask *await_parts(struct kunit *test, struct parts *p, bool try,
				 ktime_t timeout)
{
	struct ktask *t = ktask_new(awaiter_body, struct awaiter);
	struct awaiter *a;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	a = ktask_frame(t);
	a->p = p;
	a->try = try;
	a->timeout = timeout;
	a->rounds = 3;
	a->status = 1;
	KUNIT_ASSERT_EQ(test, 0, ktask_start(t));
	return kt_own(test, t);
}

static void join_all_await(struct kunit *test)
{
	unsigned int i;
	int try;

	for (try = 0; try <= 1; try++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			struct parts *p = parts(test, sizes[i]);
			struct ktask *t = await_parts(test, p, try, KTIME_MAX);
			struct awaiter *a = ktask_frame(t);

			usleep_range(100, 2000);
			KUNIT_EXPECT_FALSE(test, ktask_done(t));
			parts_complete(p, 1);
			KT_FINISH(test, t);
			KT_EXPECT_RETURNED(test, t, 0);
			KUNIT_EXPECT_FALSE(test, a->timed_out);
			KUNIT_EXPECT_EQ(test, a->done, p->n);
		}
	}
}

static void join_all_await_timeout(struct kunit *test)
{
	static const s64 timeouts[] = { -1, 0, 5000 };
	unsigned int i;
	int try;

	for (try = 0; try <= 1; try++) {
		for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
			struct parts *p = parts(test, 20);
			ktime_t timeout = timeouts[i] * NSEC_PER_USEC;
			struct ktask *t = await_parts(test, p, try, timeout);
			struct awaiter *a = ktask_frame(t);

			KT_FINISH(test, t);
			KT_EXPECT_RETURNED(test, t, -ETIMEDOUT);
			KUNIT_EXPECT_TRUE(test, a->timed_out);
			KUNIT_EXPECT_EQ(test, a->done, try ? p->n : 0);
			KUNIT_EXPECT_EQ(test, parts_cancelled(p),
					try ? p->n : 0);
			parts_complete(p, 1);
			KUNIT_EXPECT_EQ(test, 0, join_parts(p));
		}
	}
}

static void join_all_await_aborted(struct kunit *test)
{
	int try;

	for (try = 0; try <= 1; try++) {
		struct parts *p = parts(test, 20);
		struct ktask *t = await_parts(test, p, try, KTIME_MAX);
		struct awaiter *a = ktask_frame(t);

		ktask_future_complete(&p->f[0], 1);
		KT_FINISH(test, p->tasks[0]);
		KT_EVENTUALLY(test, READ_ONCE(a->rounds) != 3);
		usleep_range(100, 2000);
		ktask_abort(t);
		KT_FINISH(test, t);
		KT_EXPECT_CANCELLED(test, t);
		KUNIT_EXPECT_EQ(test, parts_done(p), try ? 20U : 1U);
		KUNIT_EXPECT_EQ(test, parts_cancelled(p), try ? 19U : 0U);
		parts_complete(p, 1);
		KUNIT_EXPECT_EQ(test, 0, join_parts(p));
	}
}

static void try_join_all_await_error(struct kunit *test)
{
	struct parts *p = parts(test, 20);
	struct ktask *t = await_parts(test, p, true, ktime_set(3600, 0));
	struct awaiter *a = ktask_frame(t);

	usleep_range(100, 2000);
	ktask_future_complete(&p->f[7], -5);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, -5);
	KUNIT_EXPECT_FALSE(test, a->timed_out);
	KUNIT_EXPECT_EQ(test, a->done, 20U);
	KUNIT_EXPECT_EQ(test, parts_cancelled(p), 19U);
}

/* --- Races ----------------------------------------------------------------- */

#define RACE_PARTS	12
#define RACE_ROUNDS	300

/* What happens to tasks that somebody waits for. */
struct race {
	struct ktask *tasks[RACE_PARTS];
	struct ktask_future f[RACE_PARTS];
	struct ktask *awaiter;
	long value;
};

static void race_complete(void *arg)
{
	struct race *r = arg;
	int i;

	kt_dither(50);
	for (i = 0; i < RACE_PARTS; i++)
		ktask_future_complete(&r->f[i], i & 3 ? 1 : r->value);
}

static void race_abort_awaiter(void *arg)
{
	struct race *r = arg;

	kt_dither(100);
	ktask_abort(r->awaiter);
}

static bool race_begin(struct race *r, long value)
{
	int i;

	memset(r, 0, sizeof(*r));
	r->value = value;
	for (i = 0; i < RACE_PARTS; i++) {
		struct part init = { .f = &r->f[i] };

		r->tasks[i] = ktask_spawn(part_body, struct part,
					  .init = &init);
		if (IS_ERR(r->tasks[i])) {
			while (i--) {
				ktask_abort_and_wait(r->tasks[i]);
				ktask_put(r->tasks[i]);
			}
			return false;
		}
	}
	return true;
}

static bool race_all_done(struct race *r)
{
	int i;

	for (i = 0; i < RACE_PARTS; i++) {
		if (!ktask_done(r->tasks[i]))
			return false;
	}
	return true;
}

/* Keeps the end of a task from those that are told after it, for a while. */
struct staller {
	struct ktask_waiter waiter;
	bool in;
};

static void staller_notify(struct ktask_waiter *waiter, long value)
{
	WRITE_ONCE(container_of(waiter, struct staller, waiter)->in, true);
	mdelay(20);
}

/* Given up while one is just ending: that is not the end of the other. */
static void join_all_given_up_at_an_end(struct kunit *test)
{
	int cpu = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());
	struct staller *before, *behind;
	struct ktask_join_slot *slots;
	struct ktask_join_all *all;
	struct ktask_future *f;
	struct ktask_request *r;
	struct parts *p;

	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "there is one CPU only");
	all = kunit_kzalloc(test, sizeof(*all), GFP_KERNEL);
	slots = kunit_kcalloc(test, 2, sizeof(*slots), GFP_KERNEL);
	before = kunit_kzalloc(test, sizeof(*before), GFP_KERNEL);
	behind = kunit_kzalloc(test, sizeof(*behind), GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, all && slots && before && behind);
	p = parts_at(test, 2, KTASK_ON_CPU(cpu), KTASK_NO_HELP);

	f = ktask_future(p->tasks[0]);
	KUNIT_ASSERT_TRUE(test, ktask_future_add(f, &before->waiter,
						 staller_notify));
	r = ktask_join_all_start(all, NULL, p->tasks, 2, slots);
	KUNIT_EXPECT_TRUE(test, ktask_future_add(f, &behind->waiter,
						 staller_notify));
	ktask_future_complete(&p->f[0], 0);
	while (!READ_ONCE(before->in) && !READ_ONCE(behind->in))
		cond_resched();
	ktask_request_drop(r);
	KUNIT_EXPECT_NE(test, 0L, ktask_join_all_status(all));
	KUNIT_EXPECT_FALSE(test, ktask_done(p->tasks[1]));
	KT_FINISH(test, p->tasks[0]);
	ktask_future_complete(&p->f[1], 0);
	KT_FINISH(test, p->tasks[1]);
}

/* A deadline against the end of the tasks. */
static void join_all_deadline_race(struct kunit *test)
{
	struct race *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	unsigned int in_time = 0, late = 0, odd = 0;
	struct kt_rival *rival = kt_rival(test);
	int i, err;

	KUNIT_ASSERT_NOT_NULL(test, r);
	for (i = 0; i < RACE_ROUNDS; i++) {
		KUNIT_ASSERT_TRUE(test, race_begin(r, 1));
		kt_rival_go(rival, race_complete, r);
		err = ktask_join_all(r->tasks, RACE_PARTS, TASK_IDLE,
				     ktime_add_us(ktime_get(), i % 200));
		if (!err && race_all_done(r))
			in_time++;
		else if (err == -ETIMEDOUT)
			late++;
		else
			odd++;
		err = ktask_join_all(r->tasks, RACE_PARTS, TASK_IDLE,
				     KTIME_MAX);
		put_all(r->tasks, RACE_PARTS);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		KUNIT_ASSERT_EQ(test, 0, err);
	}
	KUNIT_EXPECT_EQ(test, odd, 0U);
	kunit_info(test, "in time %u, too late %u\n", in_time, late);
}

/* Errors, a deadline and the good end at once: one of these, and all are over. */
static void try_join_all_race(struct kunit *test)
{
	struct race *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	unsigned int fine = 0, late = 0, failed = 0, odd = 0;
	struct kt_rival *rival = kt_rival(test);
	long value, ret;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, r);
	for (i = 0; i < RACE_ROUNDS; i++) {
		value = i & 1 ? 1 : -5;
		KUNIT_ASSERT_TRUE(test, race_begin(r, value));
		kt_rival_go(rival, race_complete, r);
		ret = ktask_try_join_all(r->tasks, RACE_PARTS, TASK_IDLE,
					 i & 2 ? KTIME_MAX :
					 ktime_add_us(ktime_get(), i % 200));
		if (!race_all_done(r))
			odd++;
		else if (!ret && value > 0)
			fine++;
		else if (ret == value)
			failed++;
		else if (ret == -ETIMEDOUT)
			late++;
		else
			odd++;
		put_all(r->tasks, RACE_PARTS);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
	}
	KUNIT_EXPECT_EQ(test, odd, 0U);
	kunit_info(test, "fine %u, failed %u, too late %u\n", fine, failed,
		   late);
}

/* The waiters are in a frame that is freed as soon as the awaiter has ended. */
static void await_race(struct kunit *test, bool try)
{
	struct race *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	struct parts *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);
	struct kt_rival *completer = kt_rival(test);
	struct kt_rival *aborter = kt_rival(test);
	unsigned int cancelled = 0, returned = 0, odd = 0;
	struct awaiter *a;
	bool ended;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, r);
	KUNIT_ASSERT_NOT_NULL(test, p);
	for (i = 0; i < RACE_ROUNDS; i++) {
		KUNIT_ASSERT_TRUE(test, race_begin(r, i & 1 ? 1 : -5));
		p->n = RACE_PARTS;
		memcpy(p->tasks, r->tasks, sizeof(r->tasks));
		r->awaiter = ktask_new(awaiter_body, struct awaiter);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r->awaiter);
		a = ktask_frame(r->awaiter);
		a->p = p;
		a->try = try;
		a->rounds = 1;
		a->timeout = i & 2 ? KTIME_MAX : kt_us(i % 150);
		KUNIT_ASSERT_EQ(test, 0, ktask_start(r->awaiter));
		kt_rival_go(completer, race_complete, r);
		kt_rival_go(aborter, race_abort_awaiter, r);
		ended = kt_ended(r->awaiter);
		KUNIT_ASSERT_TRUE(test, ended);
		if (ktask_outcome(r->awaiter) == KTASK_CANCELLED)
			cancelled++;
		else
			returned++;
		/* Unless it was aborted before it has begun. */
		odd += try && a->rounds != 1 && !race_all_done(r);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(aborter));
		ktask_put(r->awaiter);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(completer));
		KUNIT_ASSERT_EQ(test, 0,
				ktask_join_all(r->tasks, RACE_PARTS, TASK_IDLE,
					       KTIME_MAX));
		put_all(r->tasks, RACE_PARTS);
	}
	KUNIT_EXPECT_EQ(test, odd, 0U);
	kunit_info(test, "cancelled %u, returned %u\n", cancelled, returned);
}

static void join_all_await_race(struct kunit *test)
{
	await_race(test, false);
}

static void try_join_all_await_race(struct kunit *test)
{
	await_race(test, true);
}

static struct kunit_case join_all_cases[] = {
	KUNIT_CASE(join_all_plain),
	KUNIT_CASE(join_all_of_none),
	KUNIT_CASE(join_all_skips_null),
	KUNIT_CASE(join_all_twice),
	KUNIT_CASE(join_all_tells_no_errors),
	KUNIT_CASE(join_all_timeout),
	KUNIT_CASE(join_all_wakes_once),
	KUNIT_CASE(join_all_interrupted),
	KUNIT_CASE(join_all_helps),
	KUNIT_CASE(join_all_helps_in_time),
	KUNIT_CASE(join_all_aborted_blocking),
	KUNIT_CASE(join_all_many),
	KUNIT_CASE(try_join_all_fine),
	KUNIT_CASE(try_join_all_error),
	KUNIT_CASE(try_join_all_timeout),
	KUNIT_CASE(try_join_all_interrupted),
	KUNIT_CASE(try_join_all_ends_queued),
	KUNIT_CASE(try_join_all_waits_for_cleanups),
	KUNIT_CASE(join_all_await),
	KUNIT_CASE(join_all_await_timeout),
	KUNIT_CASE(join_all_await_aborted),
	KUNIT_CASE(try_join_all_await_error),
	KUNIT_CASE(join_all_given_up_at_an_end),
	KUNIT_CASE(join_all_deadline_race),
	KUNIT_CASE(try_join_all_race),
	KUNIT_CASE(join_all_await_race),
	KUNIT_CASE(try_join_all_await_race),
	{}
};

struct kunit_suite ktask_join_all_suite = {
	.name = "ktask_join_all",
	.test_cases = join_all_cases,
};
