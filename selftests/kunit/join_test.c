// SPDX-License-Identifier: GPL-2.0
/*
 * Joining: how a task ended, as told to threads, tasks and callbacks; and
 * joiners that help.
 */
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "util.h"

/* A task that awaits a future and tells who ran it, first and last. */
struct joined {
	struct ktask_future *f;
	struct task_struct *first;
	struct task_struct *last;
	atomic_t runs;
};

static ktask_poll_t joined_body(struct ktask *t)
{
	struct joined *j = ktask_frame(t);

	KTASK_BEGIN(t);
	atomic_inc(&j->runs);
	j->first = current;
	KTASK_AWAIT(t, j->f);
	j->last = current;
	KTASK_RETURN(t, ktask_future_value(j->f));
	KTASK_END(t);
}

static struct ktask_future *new_future(struct kunit *test)
{
	struct ktask_future *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	return f;
}

static struct ktask *spawn_behind(struct kunit *test, struct ktask_future *f,
				  struct kt_plug *plug, unsigned int flags)
{
	struct joined j = { .f = f };
	struct ktask *t;

	t = ktask_new(joined_body, struct joined, .init = &j, .flags = flags,
		      .place = KT_BEHIND(plug));
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	if (!(flags & KTASK_NO_HELP))
		kt_allow_help(t);
	KUNIT_ASSERT_EQ(test, 0, ktask_start(t));
	return kt_own(test, t);
}

static struct ktask *spawn_joined(struct kunit *test, struct ktask_future *f)
{
	return spawn_behind(test, f, NULL, 0);
}

static ktask_poll_t sleep_body(struct ktask *t)
{
	ktime_t *duration = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_SLEEP(t, *duration);
	KTASK_RETURN(t, 21);
	KTASK_END(t);
}

static struct ktask *spawn_sleep(struct kunit *test, s64 ms)
{
	ktime_t duration = ms_to_ktime(ms);

	return kt_own(test, ktask_spawn(sleep_body, ktime_t,
					.init = &duration));
}

static void join_plain(struct kunit *test)
{
	struct ktask *t = spawn_sleep(test, 10);
	long result = 0;

	KUNIT_EXPECT_EQ(test, 0, ktask_join(t, &result));
	KUNIT_EXPECT_EQ(test, result, 21L);
	KUNIT_EXPECT_TRUE(test, ktask_done(t));
	/* Again, each way, now that all is over. */
	result = 0;
	KUNIT_EXPECT_EQ(test, 0, ktask_join(t, NULL));
	KUNIT_EXPECT_EQ(test, 0, ktask_join_interruptible(t, &result));
	KUNIT_EXPECT_EQ(test, result, 21L);
	KUNIT_EXPECT_EQ(test, 0, ktask_join_killable(t, NULL));
	KUNIT_EXPECT_EQ(test, 0, ktask_join_timeout(t, NULL, 0));
	KUNIT_EXPECT_EQ(test, 0, ktask_join_until(t, NULL, TASK_IDLE, 0));
	KUNIT_EXPECT_EQ(test, 0, ktask_try_join(t, NULL));
}

static void join_interruptible_plain(struct kunit *test)
{
	long result = 0;

	KUNIT_EXPECT_EQ(test, 0,
			ktask_join_interruptible(spawn_sleep(test, 10),
						 &result));
	KUNIT_EXPECT_EQ(test, result, 21L);
	result = 0;
	KUNIT_EXPECT_EQ(test, 0,
			ktask_join_killable(spawn_sleep(test, 10), &result));
	KUNIT_EXPECT_EQ(test, result, 21L);
}

/* A body's own -ECANCELED is a result; that of a cancelled task is not. */
static void join_tells_outcomes_apart(struct kunit *test)
{
	long result = -ECANCELED;
	struct ktask *t;

	t = kt_own(test, ktask_spawn(kt_return_body, long, .init = &result));
	result = 0;
	KUNIT_EXPECT_EQ(test, 0, ktask_join(t, &result));
	KUNIT_EXPECT_EQ(test, result, (long)-ECANCELED);
	KUNIT_EXPECT_EQ(test, ktask_outcome(t), KTASK_RETURNED);
	KUNIT_EXPECT_EQ(test, 0, ktask_try_join(t, NULL));

	t = spawn_sleep(test, 3600 * 1000);
	KUNIT_EXPECT_TRUE(test, ktask_abort(t));
	result = 0;
	KUNIT_EXPECT_EQ(test, -ECANCELED, ktask_join(t, &result));
	KUNIT_EXPECT_EQ(test, result, (long)-ECANCELED);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_EQ(test, -ECANCELED, ktask_try_join(t, NULL));
}

static void join_timeout_then_for_good(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct ktask *t = spawn_joined(test, f);
	long result = 123;

	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, ktask_join_timeout(t, &result, 1));
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, ktask_join_timeout(t, &result, 0));
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_join_until(t, &result, TASK_UNINTERRUPTIBLE,
					 ktime_add_ms(ktime_get(), 2)));
	KUNIT_EXPECT_EQ(test, result, 123L);
	KUNIT_EXPECT_FALSE(test, ktask_done(t));
	KUNIT_EXPECT_FALSE(test, ktask_aborted(t));
	ktask_future_complete(f, 5);
	KUNIT_EXPECT_EQ(test, 0, ktask_join_timeout(t, &result, KT_HANG));
	KUNIT_EXPECT_EQ(test, result, 5L);
}

/* Longer than the clock can count. */
static void join_timeout_huge(struct kunit *test)
{
	static const unsigned long timeouts[] = {
		MAX_SCHEDULE_TIMEOUT, MAX_SCHEDULE_TIMEOUT - 1,
		MAX_SCHEDULE_TIMEOUT / 2 + 1, 1UL << 60, ULONG_MAX,
	};
	long result;
	int i;

	for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
		struct ktask *t = spawn_sleep(test, 30);

		result = 0;
		KUNIT_EXPECT_EQ_MSG(test, 0,
				    ktask_join_timeout(t, &result, timeouts[i]),
				    "timeout %#lx", timeouts[i]);
		KUNIT_EXPECT_EQ(test, result, 21L);
	}
}

static void join_try(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct ktask *t = spawn_joined(test, f);
	long result = 123;

	KUNIT_EXPECT_EQ(test, -EAGAIN, ktask_try_join(t, &result));
	KUNIT_EXPECT_EQ(test, result, 123L);
	ktask_future_complete(f, 5);
	KT_FINISH(test, t);
	KUNIT_EXPECT_EQ(test, 0, ktask_try_join(t, &result));
	KUNIT_EXPECT_EQ(test, result, 5L);
}

/* --- Signals -------------------------------------------------------------- */

struct joiner {
	struct ktask *t;
	int (*join)(struct ktask *t, long *result);
	long result;
	struct completion ready;
};

static int joiner_main(void *arg)
{
	struct joiner *j = arg;

	allow_signal(SIGUSR1);
	allow_signal(SIGKILL);
	complete(&j->ready);
	return j->join(j->t, &j->result);
}

static struct kt_thread *join_in(struct kunit *test, struct joiner *j,
				 struct ktask *t,
				 int (*join)(struct ktask *t, long *result))
{
	struct kt_thread *th;

	j->t = t;
	j->join = join;
	j->result = 123;
	init_completion(&j->ready);
	th = kt_thread(test, joiner_main, j);
	KT_COMPLETED(test, &j->ready);
	return th;
}

static void join_interrupted(struct kunit *test)
{
	struct joiner *j = kunit_kzalloc(test, sizeof(*j), GFP_KERNEL);
	struct ktask_future *f = new_future(test);
	struct ktask *t = spawn_joined(test, f);
	struct kt_thread *th;

	KUNIT_ASSERT_NOT_NULL(test, j);
	th = join_in(test, j, t, ktask_join_interruptible);
	send_sig(SIGUSR1, th->task, 1);
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS, KT_THREAD_END(test, th));
	KUNIT_EXPECT_EQ(test, j->result, 123L);
	KUNIT_EXPECT_FALSE(test, ktask_done(t));
	ktask_future_complete(f, 5);
	KUNIT_EXPECT_EQ(test, 0, ktask_join(t, NULL));
}

static void join_killed(struct kunit *test)
{
	struct joiner *j = kunit_kzalloc(test, sizeof(*j), GFP_KERNEL);
	struct ktask_future *f = new_future(test);
	struct ktask *t = spawn_joined(test, f);
	struct kt_thread *th;

	KUNIT_ASSERT_NOT_NULL(test, j);
	th = join_in(test, j, t, ktask_join_killable);
	send_sig(SIGUSR1, th->task, 1);
	msleep(20);
	KUNIT_EXPECT_FALSE(test, completion_done(&th->ended));
	send_sig(SIGKILL, th->task, 1);
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS, KT_THREAD_END(test, th));
	KUNIT_EXPECT_FALSE(test, ktask_done(t));
	ktask_future_complete(f, 5);
	KUNIT_EXPECT_EQ(test, 0, ktask_join(t, NULL));
}

static void join_uninterruptible(struct kunit *test)
{
	struct joiner *j = kunit_kzalloc(test, sizeof(*j), GFP_KERNEL);
	struct ktask_future *f = new_future(test);
	struct ktask *t = spawn_joined(test, f);
	struct kt_thread *th;

	KUNIT_ASSERT_NOT_NULL(test, j);
	th = join_in(test, j, t, ktask_join);
	send_sig(SIGUSR1, th->task, 1);
	send_sig(SIGKILL, th->task, 1);
	msleep(20);
	KUNIT_EXPECT_FALSE(test, completion_done(&th->ended));
	ktask_future_complete(f, 5);
	KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th));
	KUNIT_EXPECT_EQ(test, j->result, 5L);
}

/* --- Callbacks and tasks -------------------------------------------------- */

struct listener {
	struct ktask_waiter waiter;
	long value;
	atomic_t calls;
};

static void listener_notify(struct ktask_waiter *waiter, long value)
{
	struct listener *l = container_of(waiter, struct listener, waiter);

	l->value = value;
	atomic_inc_return(&l->calls);
}

static void join_by_callback(struct kunit *test)
{
	struct listener *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);
	struct ktask_future *f = new_future(test);
	struct ktask *t = spawn_joined(test, f);

	KUNIT_ASSERT_NOT_NULL(test, l);
	KUNIT_EXPECT_TRUE(test, ktask_future_add(ktask_future(t), &l->waiter,
						 listener_notify));
	KUNIT_EXPECT_EQ(test, atomic_read(&l->calls), 0);
	ktask_future_complete(f, 5);
	KT_EVENTUALLY(test, atomic_read(&l->calls));
	KUNIT_EXPECT_EQ(test, l->value, 5L);
	KUNIT_EXPECT_TRUE(test, ktask_done(t));
	KUNIT_EXPECT_FALSE(test, ktask_future_add(ktask_future(t), &l->waiter,
						  listener_notify));
	KT_FINISH(test, t);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->calls), 1);
}

struct task_joiner {
	struct ktask *other;
	int err;
};

static ktask_poll_t await_join_body(struct ktask *t)
{
	struct task_joiner *j = ktask_frame(t);
	long result = 0;

	KTASK_BEGIN(t);
	KTASK_AWAIT_JOIN(t, j->other);
	j->err = ktask_try_join(j->other, &result);
	KTASK_RETURN(t, result);
	KTASK_END(t);
}

static void join_by_task(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct task_joiner init = { .err = 1 }, *j;
	struct ktask *t, *joiner;
	int cancel;

	for (cancel = 0; cancel <= 1; cancel++) {
		ktask_future_init(f);
		t = spawn_joined(test, f);
		init.other = t;
		joiner = kt_own(test, ktask_spawn(await_join_body,
						  struct task_joiner,
						  .init = &init));
		j = ktask_frame(joiner);
		if (cancel)
			ktask_abort(t);
		else
			ktask_future_complete(f, 5);
		KT_FINISH(test, joiner);
		KUNIT_EXPECT_EQ(test, j->err, cancel ? -ECANCELED : 0);
		KT_EXPECT_RETURNED(test, joiner, cancel ? -ECANCELED : 5);
	}
}

static void join_by_many(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct ktask *t = spawn_joined(test, f);
	struct kt_thread *th[12];
	struct joiner *j;
	int i;

	j = kunit_kcalloc(test, ARRAY_SIZE(th), sizeof(*j), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, j);
	for (i = 0; i < ARRAY_SIZE(th); i++)
		th[i] = join_in(test, &j[i], t, i % 3 ? ktask_join :
				ktask_join_interruptible);
	ktask_future_complete(f, 5);
	for (i = 0; i < ARRAY_SIZE(th); i++) {
		KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th[i]));
		KUNIT_EXPECT_EQ(test, j[i].result, 5L);
	}
}

/* --- Help ----------------------------------------------------------------- */

/* The executor is busy, so nobody else can have run it. */
static void join_helps(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct kt_plug *plug = kt_plug(test);
	struct ktask *t[3];
	struct joined *j;
	int i;

	ktask_future_complete(f, 5);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = spawn_behind(test, f, plug, 0);
	/* From the middle of the queue, from its end, from its beginning. */
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		static const int order[] = { 1, 2, 0 };
		struct ktask *next = t[order[i]];

		KUNIT_EXPECT_EQ(test, 0, ktask_join_timeout(next, NULL,
							    KT_HANG));
		j = ktask_frame(next);
		KUNIT_EXPECT_PTR_EQ(test, j->first, current);
		KUNIT_EXPECT_PTR_EQ(test, j->last, current);
	}
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		j = ktask_frame(t[i]);
		KUNIT_EXPECT_EQ(test, atomic_read(&j->runs), 1);
	}
}

/* What was helped as far as its first await goes on where it belongs. */
static void join_helps_until_await(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct kt_plug *plug = kt_plug(test);
	struct joined *j;
	struct ktask *t;

	t = spawn_behind(test, f, plug, 0);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, ktask_join_timeout(t, NULL, 1));
	j = ktask_frame(t);
	KUNIT_EXPECT_PTR_EQ(test, j->first, current);
	KUNIT_EXPECT_NULL(test, j->last);
	ktask_future_complete(f, 5);
	kt_unplug(plug);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 5);
	KUNIT_EXPECT_PTR_NE(test, j->last, current);
}

/* Nor do waiting for the future and a look run anything. */
static void join_no_help(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct kt_plug *plug = kt_plug(test);
	struct ktask *forbidden, *t;
	struct joined *j;

	ktask_future_complete(f, 5);
	forbidden = spawn_behind(test, f, plug, KTASK_NO_HELP);
	t = spawn_behind(test, f, plug, 0);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_join_timeout(forbidden, NULL, 1));
	KUNIT_EXPECT_EQ(test, -EAGAIN, ktask_try_join(t, NULL));
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_future_wait_until(ktask_future(t), TASK_IDLE, 1));
	kt_unplug(plug);
	KUNIT_EXPECT_EQ(test, 0, ktask_join_timeout(forbidden, NULL, KT_HANG));
	j = ktask_frame(forbidden);
	KUNIT_EXPECT_PTR_NE(test, j->first, current);
	KT_FINISH(test, t);
	j = ktask_frame(t);
	KUNIT_EXPECT_PTR_NE(test, j->first, current);
}

/* Several at once want to help, the executor does its work as well. */
static void join_helpers_race(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct kt_thread *th[3];
	struct joined *frame;
	struct joiner *j;
	struct ktask *t;
	int i, k;

	j = kunit_kcalloc(test, ARRAY_SIZE(th), sizeof(*j), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, j);
	ktask_future_complete(f, 5);
	for (i = 0; i < 100; i++) {
		t = spawn_joined(test, f);
		for (k = 0; k < ARRAY_SIZE(th); k++)
			th[k] = join_in(test, &j[k], t, ktask_join);
		for (k = 0; k < ARRAY_SIZE(th); k++) {
			KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th[k]));
			KUNIT_EXPECT_EQ(test, j[k].result, 5L);
		}
		frame = ktask_frame(t);
		KUNIT_EXPECT_EQ(test, atomic_read(&frame->runs), 1);
	}
}

/* One thread spawns and joins at once; whoever gets it, it is run once. */
static void join_at_once(struct kunit *test)
{
	unsigned int helped = 0;
	struct ktask_future *f = new_future(test);
	struct joined init = { .f = f }, *j;
	struct ktask *t;
	long result;
	int i, err;

	ktask_future_complete(f, 5);
	for (i = 0; i < 2000; i++) {
		t = ktask_spawn(joined_body, struct joined, .init = &init);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		j = ktask_frame(t);
		result = 0;
		err = ktask_join_timeout(t, &result, KT_HANG);
		KUNIT_EXPECT_EQ(test, 0, err);
		KUNIT_EXPECT_EQ(test, result, 5L);
		KUNIT_EXPECT_EQ(test, atomic_read(&j->runs), 1);
		helped += j->first == current;
		ktask_put(t);
		KUNIT_ASSERT_EQ(test, 0, err);
	}
	kunit_info(test, "helped with %u of %d\n", helped, i);
}

static struct kunit_case join_cases[] = {
	KUNIT_CASE(join_plain),
	KUNIT_CASE(join_interruptible_plain),
	KUNIT_CASE(join_tells_outcomes_apart),
	KUNIT_CASE(join_timeout_then_for_good),
	KUNIT_CASE(join_timeout_huge),
	KUNIT_CASE(join_try),
	KUNIT_CASE(join_interrupted),
	KUNIT_CASE(join_killed),
	KUNIT_CASE(join_uninterruptible),
	KUNIT_CASE(join_by_callback),
	KUNIT_CASE(join_by_task),
	KUNIT_CASE(join_by_many),
	KUNIT_CASE(join_helps),
	KUNIT_CASE(join_helps_until_await),
	KUNIT_CASE(join_no_help),
	KUNIT_CASE(join_helpers_race),
	KUNIT_CASE(join_at_once),
	{}
};

struct kunit_suite ktask_join_suite = {
	.name = "ktask_join",
	.test_cases = join_cases,
};
