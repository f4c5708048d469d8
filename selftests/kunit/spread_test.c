// SPDX-License-Identifier: GPL-2.0
/*
 * Spreading tasks over the CPUs.
 */
#include <linux/cpumask.h>

#include "util.h"

/**
 * struct meeting - tasks that wait for each other without giving up their CPU
 * @wanted: how many shall be there at once
 * @there: how many have come
 * @stop: it does not work out
 */
struct meeting {
	unsigned int wanted;
	atomic_t there;
	bool stop;
};

/* Only if each has a CPU of its own will all of them return 0. */
static ktask_poll_t meet_body(struct ktask *t)
{
	struct meeting **frame = ktask_frame(t), *m = *frame;

	KTASK_BEGIN(t);
	atomic_inc(&m->there);
	while (atomic_read(&m->there) < m->wanted) {
		if (READ_ONCE(m->stop))
			break;
		cond_resched();
	}
	KTASK_RETURN(t, atomic_read(&m->there) < m->wanted ? -ETIMEDOUT : 0);
	KTASK_END(t);
}

static void spread_all(struct kunit *test, enum ktask_prio prio,
		       unsigned int flags)
{
	struct meeting *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	unsigned int nr = num_online_cpus(), i;
	unsigned long until = jiffies + KT_HANG;
	struct ktask *t[NR_CPUS];

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->wanted = nr;
	for (i = 0; i < nr; i++)
		t[i] = kt_own(test, ktask_spawn(meet_body, struct meeting *,
						.init = &m, .prio = prio,
						.flags = flags));
	while (atomic_read(&m->there) < nr && time_before(jiffies, until))
		usleep_range(1000, 2000);
	KUNIT_EXPECT_EQ(test, atomic_read(&m->there), nr);
	/* One that has not looked since must not take this for a failure. */
	if (atomic_read(&m->there) < nr)
		WRITE_ONCE(m->stop, true);
	for (i = 0; i < nr; i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], 0);
	}
}

/* As many as there are CPUs, spawned from one, run at the same time. */
static void spread_cpu_bound(struct kunit *test)
{
	int i;

	for (i = 0; i < 10; i++)
		spread_all(test, KTASK_PRIO_NORMAL, 0);
}

static void spread_priorities(struct kunit *test)
{
	spread_all(test, KTASK_PRIO_HIGH, 0);
	spread_all(test, KTASK_PRIO_IDLE, 0);
}

struct spawner {
	struct meeting *m;
	struct ktask *t[8];
	unsigned int nr;
};

/* A task that spawns others is their spawner as any thread is. */
static ktask_poll_t spawner_body(struct ktask *t)
{
	struct spawner *s = ktask_frame(t);
	unsigned int i;

	KTASK_BEGIN(t);
	for (i = 0; i < s->nr; i++) {
		s->t[i] = ktask_spawn(meet_body, struct meeting *,
				      .init = &s->m);
		if (IS_ERR(s->t[i]))
			KTASK_RETURN(t, PTR_ERR(s->t[i]));
	}
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static void spread_from_task(struct kunit *test)
{
	unsigned int nr = min(num_online_cpus(), 8U), i;
	struct spawner init = { .nr = nr };
	unsigned long until = jiffies + KT_HANG;
	struct spawner *s;
	struct ktask *t;

	init.m = kunit_kzalloc(test, sizeof(*init.m), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, init.m);
	init.m->wanted = nr;
	t = kt_own(test, ktask_spawn(spawner_body, struct spawner,
				     .init = &init, .flags = KTASK_NO_HELP));
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	s = ktask_frame(t);
	while (atomic_read(&init.m->there) < nr && time_before(jiffies, until))
		usleep_range(1000, 2000);
	KUNIT_EXPECT_EQ(test, atomic_read(&init.m->there), nr);
	if (atomic_read(&init.m->there) < nr)
		WRITE_ONCE(init.m->stop, true);
	for (i = 0; i < nr; i++) {
		kt_own(test, s->t[i]);
		KT_FINISH(test, s->t[i]);
		KT_EXPECT_RETURNED(test, s->t[i], 0);
	}
}

/* What waits behind a CPU that is busy is run by the others. */
static void spread_off_busy_cpu(struct kunit *test)
{
	struct kt_plug *plug = kt_plug(test);
	struct ktask_runtime *rt = kt_runtime(test);
	struct ktask *t[100], *bound;
	long i;

	bound = kt_own(test, ktask_spawn(kt_return_body, long, .runtime = rt,
					 .place = KT_BEHIND(plug)));
	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = kt_own(test, ktask_spawn(kt_return_body, long,
						.init = &i, .runtime = rt));
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], i);
	}
	KUNIT_EXPECT_FALSE(test, ktask_done(bound));
	kt_unplug(plug);
	KT_FINISH(test, bound);
}

/*
 * Nor does what a thread starts stay with it because a worker of its CPU will come:
 * it may be long until the thread lets it.
 */
static void spread_off_waiting_worker(struct kunit *test)
{
	struct ktask_future *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	unsigned long until;
	struct ktask *woken, *t;
	bool done = false;
	long value = 7;

	KUNIT_ASSERT_NOT_NULL(test, f);
	if (num_online_cpus() < 2)
		kunit_skip(test, "there is one CPU only");
	ktask_future_init(f);
	set_cpus_allowed_ptr(current, cpumask_of(raw_smp_processor_id()));
	woken = kt_own(test, ktask_spawn(kt_await_body, struct ktask_future *,
					 .init = &f,
					 .place = KTASK_ON_CPU(raw_smp_processor_id())));
	KT_EVENTUALLY(test, READ_ONCE(f->head.first));

	preempt_disable();
	ktask_future_complete(f, 0);
	t = ktask_spawn(kt_return_body, long, .init = &value, .gfp = GFP_ATOMIC);
	/* The watchdogs have more patience. */
	until = jiffies + KT_HANG / 3;
	while (!IS_ERR(t) && !done && time_before(jiffies, until)) {
		cpu_relax();
		done = ktask_done(t);
	}
	KUNIT_EXPECT_FALSE(test, ktask_done(woken));
	preempt_enable();

	t = kt_own(test, t);
	KUNIT_EXPECT_TRUE(test, done);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 7);
	KT_FINISH(test, woken);
}

/* --- Everything at once --------------------------------------------------- */

struct worker {
	atomic_t *running;
	atomic_t *wrong;
	unsigned int rounds;
	unsigned int i;
	bool mine;
};

/* Wrong if it is ever run twice at a time. */
static ktask_poll_t work_body(struct ktask *t)
{
	struct worker *w = ktask_frame(t);

	KTASK_BEGIN(t);
	for (w->i = 0; w->i < w->rounds; w->i++) {
		if (xchg(&w->mine, true))
			atomic_inc(w->wrong);
		kt_dither(5);
		if (!xchg(&w->mine, false))
			atomic_inc(w->wrong);
		if (w->i & 1)
			KTASK_YIELD(t);
		else
			KTASK_SLEEP(t, kt_us(w->i));
	}
	KTASK_RETURN(t, w->i);
	KTASK_END(t);
}

struct crowd {
	atomic_t running;
	atomic_t wrong;
	unsigned int returned;
	unsigned int cancelled;
};

static int crowd_main(void *arg)
{
	struct crowd *c = arg;
	struct worker init = { .running = &c->running, .wrong = &c->wrong };
	struct ktask *t[50];
	int i, k;

	for (k = 0; k < 10; k++) {
		for (i = 0; i < ARRAY_SIZE(t); i++) {
			init.rounds = i;
			t[i] = ktask_spawn(work_body, struct worker,
					   .init = &init);
		}
		for (i = 0; i < ARRAY_SIZE(t); i++) {
			if (IS_ERR(t[i]))
				continue;
			if (i % 7 == 3)
				ktask_abort(t[i]);
			if (ktask_join(t[i], NULL))
				c->cancelled++;
			else
				c->returned++;
			ktask_put(t[i]);
		}
	}
	return 0;
}

/* Spawned, helped, stolen, woken and aborted by several at once. */
static void spread_stress(struct kunit *test)
{
	struct kt_thread *th[3];
	struct crowd *c[3];
	int i;

	for (i = 0; i < ARRAY_SIZE(th); i++) {
		c[i] = kunit_kzalloc(test, sizeof(*c[i]), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, c[i]);
		th[i] = kt_thread(test, crowd_main, c[i]);
	}
	for (i = 0; i < ARRAY_SIZE(th); i++) {
		KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th[i]));
		KUNIT_EXPECT_EQ(test, atomic_read(&c[i]->wrong), 0);
		KUNIT_EXPECT_EQ(test, c[i]->returned + c[i]->cancelled, 500);
		kunit_info(test, "returned %u, cancelled %u\n",
			   c[i]->returned, c[i]->cancelled);
	}
}

static struct kunit_case spread_cases[] = {
	KUNIT_CASE(spread_cpu_bound),
	KUNIT_CASE(spread_priorities),
	KUNIT_CASE(spread_from_task),
	KUNIT_CASE(spread_off_busy_cpu),
	KUNIT_CASE(spread_off_waiting_worker),
	KUNIT_CASE_SLOW(spread_stress),
	{}
};

struct kunit_suite ktask_spread_suite = {
	.name = "ktask_spread",
	.test_cases = spread_cases,
};
