// SPDX-License-Identifier: GPL-2.0
/*
 * Futures: one value, and everybody who waits for it is told once.
 */
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "util.h"

/* A waiter that counts its calls. */
struct probe {
	struct ktask_waiter waiter;
	long value;
	atomic_t calls;
	unsigned int *turn;
	unsigned int my_turn;
};

static void probe_notify(struct ktask_waiter *waiter, long value)
{
	struct probe *p = container_of(waiter, struct probe, waiter);

	p->value = value;
	if (p->turn)
		p->my_turn = ++*p->turn;
	/* The last touch, for those who wait for it. */
	atomic_inc_return(&p->calls);
}

static bool probe_add(struct probe *p, struct ktask_future *f)
{
	return ktask_future_add(f, &p->waiter, probe_notify);
}

static void future_value(struct kunit *test)
{
	struct ktask_future f;

	ktask_future_init(&f);
	KUNIT_EXPECT_FALSE(test, ktask_future_done(&f));
	KUNIT_EXPECT_TRUE(test, ktask_future_complete(&f, LONG_MIN));
	KUNIT_EXPECT_TRUE(test, ktask_future_done(&f));
	KUNIT_EXPECT_EQ(test, ktask_future_value(&f), LONG_MIN);
}

static void future_of_zeroes_is_fresh(struct kunit *test)
{
	struct ktask_future *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	KUNIT_EXPECT_FALSE(test, ktask_future_done(f));
	KUNIT_EXPECT_TRUE(test, ktask_future_complete(f, 1));
	KUNIT_EXPECT_EQ(test, ktask_future_value(f), 1L);
}

static void future_keeps_first_value(struct kunit *test)
{
	struct ktask_future f;

	ktask_future_init(&f);
	KUNIT_EXPECT_TRUE(test, ktask_future_complete(&f, 1));
	KUNIT_EXPECT_FALSE(test, ktask_future_complete(&f, 2));
	KUNIT_EXPECT_FALSE(test, ktask_future_complete(&f, 1));
	KUNIT_EXPECT_EQ(test, ktask_future_value(&f), 1L);
}

static void future_add_before(struct kunit *test)
{
	struct ktask_future f;
	struct probe p = {};

	ktask_future_init(&f);
	KUNIT_EXPECT_TRUE(test, probe_add(&p, &f));
	KUNIT_EXPECT_EQ(test, atomic_read(&p.calls), 0);
	ktask_future_complete(&f, 5);
	KUNIT_EXPECT_EQ(test, atomic_read(&p.calls), 1);
	KUNIT_EXPECT_EQ(test, p.value, 5L);
	ktask_future_complete(&f, 6);
	KUNIT_EXPECT_EQ(test, atomic_read(&p.calls), 1);
}

static void future_add_after(struct kunit *test)
{
	struct ktask_future f;
	struct probe p = {};

	ktask_future_init(&f);
	ktask_future_complete(&f, 5);
	KUNIT_EXPECT_FALSE(test, probe_add(&p, &f));
	KUNIT_EXPECT_EQ(test, atomic_read(&p.calls), 0);
}

static void future_remove_before(struct kunit *test)
{
	struct ktask_future f;
	struct probe p = {};

	ktask_future_init(&f);
	probe_add(&p, &f);
	KUNIT_EXPECT_TRUE(test, ktask_future_remove(&f, &p.waiter));
	ktask_future_complete(&f, 5);
	KUNIT_EXPECT_EQ(test, atomic_read(&p.calls), 0);
}

static void future_remove_after(struct kunit *test)
{
	struct ktask_future f;
	struct probe p = {};

	ktask_future_init(&f);
	probe_add(&p, &f);
	ktask_future_complete(&f, 5);
	KUNIT_EXPECT_FALSE(test, ktask_future_remove(&f, &p.waiter));
	KUNIT_EXPECT_EQ(test, atomic_read(&p.calls), 1);
}

static void future_removed_waiter_may_come_again(struct kunit *test)
{
	struct ktask_future f, g;
	struct probe p = {};

	ktask_future_init(&f);
	ktask_future_init(&g);
	probe_add(&p, &f);
	ktask_future_remove(&f, &p.waiter);
	KUNIT_EXPECT_TRUE(test, probe_add(&p, &g));
	ktask_future_complete(&f, 5);
	KUNIT_EXPECT_EQ(test, atomic_read(&p.calls), 0);
	ktask_future_complete(&g, 6);
	KUNIT_EXPECT_EQ(test, atomic_read(&p.calls), 1);
	KUNIT_EXPECT_EQ(test, p.value, 6L);
}

/* First come, first called; also when some have gone from each place. */
static void future_order(struct kunit *test)
{
	enum { NR = 10, FIRST = 0, MIDDLE = 4, LAST = NR - 1 };
	unsigned int turn = 0, expected = 0;
	struct probe p[NR] = {};
	struct ktask_future f;
	int i;

	ktask_future_init(&f);
	for (i = 0; i < NR; i++) {
		p[i].turn = &turn;
		probe_add(&p[i], &f);
	}
	KUNIT_EXPECT_TRUE(test, ktask_future_remove(&f, &p[MIDDLE].waiter));
	KUNIT_EXPECT_TRUE(test, ktask_future_remove(&f, &p[FIRST].waiter));
	KUNIT_EXPECT_TRUE(test, ktask_future_remove(&f, &p[LAST].waiter));
	ktask_future_complete(&f, 1);
	for (i = 0; i < NR; i++) {
		bool gone = i == FIRST || i == MIDDLE || i == LAST;

		KUNIT_EXPECT_EQ(test, atomic_read(&p[i].calls), !gone);
		KUNIT_EXPECT_EQ(test, p[i].my_turn, gone ? 0 : ++expected);
	}
}

/* A waiter that owns itself and the future. */
struct owner {
	struct ktask_waiter waiter;
	struct ktask_future *f;
	long *value;
};

static void owner_notify(struct ktask_waiter *waiter, long value)
{
	struct owner *o = container_of(waiter, struct owner, waiter);

	*o->value = value;
	kfree(o->f);
	kfree(o);
}

/* KASAN tells if the completer touches either once the callback was called. */
static void future_callback_may_free_both(struct kunit *test)
{
	struct ktask_future *f = kzalloc(sizeof(*f), GFP_KERNEL | __GFP_NOFAIL);
	struct owner *o = kzalloc(sizeof(*o), GFP_KERNEL | __GFP_NOFAIL);
	long value = 0;

	o->f = f;
	o->value = &value;
	ktask_future_add(f, &o->waiter, owner_notify);
	KUNIT_EXPECT_TRUE(test, ktask_future_complete(f, 8));
	KUNIT_EXPECT_EQ(test, value, 8L);
}

/* The last of several waiters may free the future. */
static void future_last_callback_may_free(struct kunit *test)
{
	struct ktask_future *f = kzalloc(sizeof(*f), GFP_KERNEL | __GFP_NOFAIL);
	struct owner *o = kzalloc(sizeof(*o), GFP_KERNEL | __GFP_NOFAIL);
	struct probe p[3] = {};
	long value = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(p); i++)
		probe_add(&p[i], f);
	o->f = f;
	o->value = &value;
	ktask_future_add(f, &o->waiter, owner_notify);
	KUNIT_EXPECT_TRUE(test, ktask_future_complete(f, 8));
	KUNIT_EXPECT_EQ(test, value, 8L);
	for (i = 0; i < ARRAY_SIZE(p); i++)
		KUNIT_EXPECT_EQ(test, atomic_read(&p[i].calls), 1);
}

/* A callback that uses futures, its own included. */
struct relay {
	struct ktask_waiter waiter;
	struct ktask_future *from;
	struct ktask_future *to;
	bool was_done;
	bool added_again;
	bool removed;
	bool completed_again;
};

static void relay_notify(struct ktask_waiter *waiter, long value)
{
	struct relay *r = container_of(waiter, struct relay, waiter);

	r->was_done = ktask_future_done(r->from);
	r->removed = ktask_future_remove(r->from, waiter);
	r->added_again = ktask_future_add(r->from, waiter, relay_notify);
	r->completed_again = ktask_future_complete(r->from, -1);
	ktask_future_complete(r->to, value + 1);
}

/* No lock is held: the same future may be used, and others be completed. */
static void future_callback_may_use_futures(struct kunit *test)
{
	struct ktask_future f, g;
	struct relay r = { .from = &f, .to = &g };

	ktask_future_init(&f);
	ktask_future_init(&g);
	ktask_future_add(&f, &r.waiter, relay_notify);
	ktask_future_complete(&f, 1);
	KUNIT_EXPECT_TRUE(test, r.was_done);
	KUNIT_EXPECT_FALSE(test, r.removed);
	KUNIT_EXPECT_FALSE(test, r.added_again);
	KUNIT_EXPECT_FALSE(test, r.completed_again);
	KUNIT_EXPECT_TRUE(test, ktask_future_done(&g));
	KUNIT_EXPECT_EQ(test, ktask_future_value(&g), 2L);
}

/* --- Contexts ------------------------------------------------------------- */

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static void complete_it(void *f)
{
	ktask_future_complete(f, 3);
}

static void future_complete_in(struct kunit *test)
{
	struct ktask_future *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	struct probe *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	KUNIT_ASSERT_NOT_NULL(test, p);
	probe_add(p, f);
	kt_call_in(test, test->param_value, complete_it, f);
	KUNIT_EXPECT_EQ(test, atomic_read(&p->calls), 1);
	KUNIT_EXPECT_EQ(test, p->value, 3L);
}

struct add_remove {
	struct ktask_future f;
	struct probe stays;
	struct probe goes;
	bool added;
	bool removed;
};

static void add_and_remove(void *arg)
{
	struct add_remove *a = arg;

	a->added = probe_add(&a->goes, &a->f) && probe_add(&a->stays, &a->f);
	a->removed = ktask_future_remove(&a->f, &a->goes.waiter);
}

static void future_add_remove_in(struct kunit *test)
{
	struct add_remove *a = kunit_kzalloc(test, sizeof(*a), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, a);
	kt_call_in(test, test->param_value, add_and_remove, a);
	KUNIT_EXPECT_TRUE(test, a->added);
	KUNIT_EXPECT_TRUE(test, a->removed);
	ktask_future_complete(&a->f, 3);
	KUNIT_EXPECT_EQ(test, atomic_read(&a->stays.calls), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&a->goes.calls), 0);
}

/* --- Threads that wait ---------------------------------------------------- */

struct sleeper {
	struct ktask_future *f;
	unsigned int state;
	ktime_t deadline;
	struct completion ready;
};

static int sleeper_main(void *arg)
{
	struct sleeper *s = arg;

	allow_signal(SIGUSR1);
	allow_signal(SIGKILL);
	complete(&s->ready);
	switch (s->state) {
	case TASK_UNINTERRUPTIBLE:
		return ktask_future_wait(s->f);
	case TASK_INTERRUPTIBLE:
		return ktask_future_wait_interruptible(s->f);
	case TASK_KILLABLE:
		return ktask_future_wait_killable(s->f);
	default:
		return ktask_future_wait_until(s->f, s->state, s->deadline);
	}
}

static struct kt_thread *sleep_in(struct kunit *test, struct ktask_future *f,
				  unsigned int state)
{
	struct sleeper *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct kt_thread *th;

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->f = f;
	s->state = state;
	s->deadline = KTIME_MAX;
	init_completion(&s->ready);
	th = kt_thread(test, sleeper_main, s);
	KT_COMPLETED(test, &s->ready);
	return th;
}

static struct ktask_future *new_future(struct kunit *test)
{
	struct ktask_future *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	return f;
}

static void future_wait_done(struct kunit *test)
{
	struct ktask_future f;

	ktask_future_init(&f);
	ktask_future_complete(&f, 1);
	KUNIT_EXPECT_EQ(test, 0, ktask_future_wait(&f));
	KUNIT_EXPECT_EQ(test, 0, ktask_future_wait_interruptible(&f));
	KUNIT_EXPECT_EQ(test, 0, ktask_future_wait_killable(&f));
	/* What is there is there, however late. */
	KUNIT_EXPECT_EQ(test, 0,
			ktask_future_wait_until(&f, TASK_UNINTERRUPTIBLE, 0));
}

static void future_wait_pending(struct kunit *test)
{
	static const unsigned int states[] = {
		TASK_UNINTERRUPTIBLE, TASK_INTERRUPTIBLE, TASK_KILLABLE,
		TASK_IDLE,
	};
	struct kt_thread *th[ARRAY_SIZE(states)];
	struct ktask_future *f = new_future(test);
	int i;

	for (i = 0; i < ARRAY_SIZE(states); i++)
		th[i] = sleep_in(test, f, states[i]);
	msleep(20);
	for (i = 0; i < ARRAY_SIZE(states); i++)
		KUNIT_EXPECT_FALSE(test, completion_done(&th[i]->ended));
	ktask_future_complete(f, 1);
	for (i = 0; i < ARRAY_SIZE(states); i++)
		KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th[i]));
}

static void future_wait_interrupted(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct kt_thread *th = sleep_in(test, f, TASK_INTERRUPTIBLE);

	send_sig(SIGUSR1, th->task, 1);
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS, KT_THREAD_END(test, th));
	/* The waiter on that thread's stack is gone. */
	KUNIT_EXPECT_TRUE(test, ktask_future_complete(f, 1));
}

static void future_wait_killed(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct kt_thread *th = sleep_in(test, f, TASK_KILLABLE);

	send_sig(SIGUSR1, th->task, 1);
	msleep(20);
	KUNIT_EXPECT_FALSE(test, completion_done(&th->ended));
	send_sig(SIGKILL, th->task, 1);
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS, KT_THREAD_END(test, th));
	KUNIT_EXPECT_TRUE(test, ktask_future_complete(f, 1));
}

static void future_wait_uninterruptible(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct kt_thread *th = sleep_in(test, f, TASK_UNINTERRUPTIBLE);

	send_sig(SIGUSR1, th->task, 1);
	send_sig(SIGKILL, th->task, 1);
	msleep(20);
	KUNIT_EXPECT_FALSE(test, completion_done(&th->ended));
	ktask_future_complete(f, 1);
	KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th));
}

/* A time that has passed, also before the clock began: only a look. */
static void future_wait_deadline_past(struct kunit *test)
{
	const ktime_t past[] = { ktime_sub_ns(ktime_get(), 1), 0, -1, KTIME_MIN };
	struct sleeper *s;
	int i;

	for (i = 0; i < ARRAY_SIZE(past); i++) {
		struct kt_thread *th;
		bool in_time;

		s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, s);
		s->f = new_future(test);
		s->state = TASK_IDLE;
		s->deadline = past[i];
		init_completion(&s->ready);
		th = kt_thread(test, sleeper_main, s);
		/* Less than a hang, so that each gets its turn. */
		in_time = wait_for_completion_timeout(&th->ended, 3 * HZ);
		/* The waiter on that thread's stack is gone, or goes now. */
		KUNIT_EXPECT_TRUE(test, ktask_future_complete(s->f, 1));
		KUNIT_EXPECT_TRUE_MSG(test, in_time, "still waiting for %lld",
				      past[i]);
		if (in_time) {
			complete_all(&th->ended);
			KUNIT_EXPECT_EQ(test, -ETIMEDOUT, th->ret);
		}
	}
}

static void future_wait_deadline(struct kunit *test)
{
	ktime_t deadline = ktime_add_ms(ktime_get(), 20);
	struct ktask_future f;

	ktask_future_init(&f);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_future_wait_until(&f, TASK_UNINTERRUPTIBLE,
						deadline));
	KUNIT_EXPECT_TRUE(test, ktime_compare(ktime_get(), deadline) >= 0);
	/* The waiter on our stack is gone. */
	KUNIT_EXPECT_TRUE(test, ktask_future_complete(&f, 1));
}

static void future_wait_ends_before_deadline(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct sleeper s = {
		.f = f,
		.state = TASK_IDLE,
		.deadline = ktime_add(ktime_get(), ktime_set(3600, 0)),
	};
	struct kt_thread *th;

	init_completion(&s.ready);
	th = kt_thread(test, sleeper_main, &s);
	KT_COMPLETED(test, &s.ready);
	ktask_future_complete(f, 1);
	KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th));
}

static void future_many_threads(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct kt_thread *th[16];
	int i;

	for (i = 0; i < ARRAY_SIZE(th); i++)
		th[i] = sleep_in(test, f, TASK_INTERRUPTIBLE);
	ktask_future_complete(f, 1);
	for (i = 0; i < ARRAY_SIZE(th); i++)
		KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th[i]));
}

/* --- Races ---------------------------------------------------------------- */

static void complete_soon(void *f)
{
	kt_dither(200);
	ktask_future_complete(f, 3);
}

/*
 * A deadline against a completion: whichever comes first, nobody may know the
 * waiter on the stack when the wait returns.
 */
static void future_deadline_race(struct kunit *test)
{
	struct ktask_future *f = new_future(test);
	struct kt_rival *rival = kt_rival(test);
	unsigned int completed = 0, late = 0;
	int i, ret;

	for (i = 0; i < 500; i++) {
		ktask_future_init(f);
		kt_rival_go(rival, complete_soon, f);
		ret = ktask_future_wait_until(f, TASK_UNINTERRUPTIBLE,
					      ktime_add_us(ktime_get(),
							   i % 100));
		if (!ret)
			completed += ktask_future_done(f);
		else
			late += ret == -ETIMEDOUT;
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		KUNIT_ASSERT_EQ(test, ktask_future_value(f), 3L);
	}
	KUNIT_EXPECT_EQ(test, completed + late, 500U);
	kunit_info(test, "completed %u, too late %u\n", completed, late);
}

#define STRESS_ROUNDS	100
#define STRESS_ADDERS	4
#define STRESS_COMPLETERS	2

/* Waiters come and go while the future they come to is completed. */
struct stress {
	struct ktask_future f[STRESS_ROUNDS];
	atomic_t here[STRESS_ROUNDS];
	atomic_t completed[STRESS_ROUNDS];
	atomic_t wrong;
	atomic_t calls;
	atomic_t removes;
	atomic_t adders;
};

static int stress_adder(void *arg)
{
	struct stress *s = arg;
	bool faithful = atomic_inc_return(&s->adders) == 1;
	int r;

	for (r = 0; r < STRESS_ROUNDS; r++) {
		struct probe p = {};
		int adds = 0, removes = 0;

		atomic_inc(&s->here[r]);
		while (probe_add(&p, &s->f[r])) {
			adds++;
			if (!faithful &&
			    ktask_future_remove(&s->f[r], &p.waiter)) {
				removes++;
				cond_resched();
				continue;
			}
			while (!atomic_read_acquire(&p.calls))
				cond_resched();
			break;
		}
		if (atomic_read(&p.calls) != adds - removes ||
		    (atomic_read(&p.calls) && p.value != r) ||
		    !ktask_future_done(&s->f[r]) ||
		    ktask_future_value(&s->f[r]) != r)
			atomic_inc(&s->wrong);
		atomic_add(atomic_read(&p.calls), &s->calls);
		atomic_add(removes, &s->removes);
	}
	return 0;
}

static int stress_completer(void *arg)
{
	struct stress *s = arg;
	int r;

	for (r = 0; r < STRESS_ROUNDS; r++) {
		while (atomic_read(&s->here[r]) < STRESS_ADDERS)
			cond_resched();
		kt_dither(3);
		if (ktask_future_complete(&s->f[r], r))
			atomic_inc(&s->completed[r]);
	}
	return 0;
}

static void future_stress(struct kunit *test)
{
	struct kt_thread *th[STRESS_ADDERS + STRESS_COMPLETERS];
	struct stress *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	for (i = 0; i < ARRAY_SIZE(th); i++)
		th[i] = kt_thread(test, i < STRESS_ADDERS ? stress_adder :
						 stress_completer, s);
	for (i = 0; i < ARRAY_SIZE(th); i++)
		KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th[i]));
	KUNIT_EXPECT_EQ(test, atomic_read(&s->wrong), 0);
	for (i = 0; i < STRESS_ROUNDS; i++)
		KUNIT_EXPECT_EQ(test, atomic_read(&s->completed[i]), 1);
	/* The one that never removes was first in some round. */
	KUNIT_EXPECT_GT(test, atomic_read(&s->calls), 0);
	kunit_info(test, "called %d, removed %d\n", atomic_read(&s->calls),
		   atomic_read(&s->removes));
}

/* Whose only waiter frees it when it wakes; KASAN tells of a late touch. */
static void future_freed_by_its_waiter(struct kunit *test)
{
	struct kt_rival *rival = kt_rival(test);
	int i;

	for (i = 0; i < 1000; i++) {
		struct ktask_future *f = kzalloc(sizeof(*f), GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, f);
		kt_rival_go(rival, complete_it, f);
		if (i & 1)
			kt_dither(5);
		KUNIT_EXPECT_EQ(test, 0, ktask_future_wait(f));
		kfree(f);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
	}
}

/* The same, by one who looks rather than waits. */
static void future_freed_by_its_watcher(struct kunit *test)
{
	struct kt_rival *rival = kt_rival(test);
	int i;

	for (i = 0; i < 1000; i++) {
		struct ktask_future *f = kzalloc(sizeof(*f), GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, f);
		kt_rival_go(rival, complete_it, f);
		while (!ktask_future_done(f))
			cond_resched();
		KUNIT_EXPECT_EQ(test, ktask_future_value(f), 3L);
		kfree(f);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
	}
}

static struct kunit_case future_cases[] = {
	KUNIT_CASE(future_value),
	KUNIT_CASE(future_of_zeroes_is_fresh),
	KUNIT_CASE(future_keeps_first_value),
	KUNIT_CASE(future_add_before),
	KUNIT_CASE(future_add_after),
	KUNIT_CASE(future_remove_before),
	KUNIT_CASE(future_remove_after),
	KUNIT_CASE(future_removed_waiter_may_come_again),
	KUNIT_CASE(future_order),
	KUNIT_CASE(future_callback_may_free_both),
	KUNIT_CASE(future_last_callback_may_free),
	KUNIT_CASE(future_callback_may_use_futures),
	KUNIT_CASE_PARAM(future_complete_in, context_gen_params),
	KUNIT_CASE_PARAM(future_add_remove_in, context_gen_params),
	KUNIT_CASE(future_wait_done),
	KUNIT_CASE(future_wait_pending),
	KUNIT_CASE(future_wait_interrupted),
	KUNIT_CASE(future_wait_killed),
	KUNIT_CASE(future_wait_uninterruptible),
	KUNIT_CASE(future_wait_deadline_past),
	KUNIT_CASE(future_wait_deadline),
	KUNIT_CASE(future_wait_ends_before_deadline),
	KUNIT_CASE(future_many_threads),
	KUNIT_CASE(future_deadline_race),
	KUNIT_CASE(future_stress),
	KUNIT_CASE(future_freed_by_its_waiter),
	KUNIT_CASE(future_freed_by_its_watcher),
	{}
};

struct kunit_suite ktask_future_suite = {
	.name = "ktask_future",
	.test_cases = future_cases,
};
