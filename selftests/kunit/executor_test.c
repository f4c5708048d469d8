// SPDX-License-Identifier: GPL-2.0
/*
 * Executors: everybody gets a turn, no wake is lost, nobody runs twice at once.
 */
#include <linux/cpu.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "util.h"

static ktask_poll_t yield_for_ever_body(struct ktask *t)
{
	KTASK_BEGIN(t);
	for (;;)
		KTASK_YIELD(t);
	KTASK_END(t);
}

static const int one_cpu = KTASK_ON_CPU(0);

/* Those who are always ready do not keep others from running. */
static void executor_fair(struct kunit *test)
{
	struct ktask_runtime *rt = kt_runtime(test);
	struct ktask *yielders[3], *t;
	long i;

	for (i = 0; i < ARRAY_SIZE(yielders); i++)
		yielders[i] = kt_own(test, ktask_spawn(yield_for_ever_body,
						       void, .runtime = rt,
						       .place = one_cpu));
	for (i = 0; i < 50; i++) {
		t = kt_own(test, ktask_spawn(kt_return_body, long,
					     .runtime = rt, .init = &i,
					     .place = one_cpu));
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, i);
	}
	for (i = 0; i < ARRAY_SIZE(yielders); i++)
		KUNIT_EXPECT_FALSE(test, ktask_done(yielders[i]));
}

/* Nor this thread, nor a timer. */
static ktask_poll_t nap_body(struct ktask *t)
{
	KTASK_BEGIN(t);
	KTASK_SLEEP(t, kt_us(200));
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static void executor_fair_to_sleepers(struct kunit *test)
{
	struct ktask_runtime *rt = kt_runtime(test);
	struct ktask *t;
	int i;

	kt_own(test, ktask_spawn(yield_for_ever_body, void, .runtime = rt,
				 .place = one_cpu));
	for (i = 0; i < 20; i++) {
		t = kt_own(test, ktask_spawn(nap_body, void, .runtime = rt,
					     .place = one_cpu));
		KT_FINISH(test, t);
	}
}

/* --- Wakes ---------------------------------------------------------------- */

static ktask_poll_t await_body(struct ktask *t)
{
	struct ktask_future **f = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_AWAIT(t, *f);
	KTASK_RETURN(t, ktask_future_value(*f));
	KTASK_END(t);
}

static void complete_it(void *f)
{
	ktask_future_complete(f, 3);
}

/* By interrupts on each CPU in turn. */
static void executor_woken_from_each_cpu(struct kunit *test)
{
	struct ktask_future *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	struct ktask *t;
	int cpu, i;

	KUNIT_ASSERT_NOT_NULL(test, f);
	for (i = 0; i < 20; i++) {
		for_each_online_cpu(cpu) {
			ktask_future_init(f);
			t = kt_own(test, ktask_spawn(await_body,
						     struct ktask_future *,
						     .init = &f));
			if (i & 1)
				usleep_range(50, 200);
			smp_call_function_single(cpu, complete_it, f, 1);
			KT_FINISH(test, t);
			KT_EXPECT_RETURNED(test, t, 3);
		}
	}
}

#define STORM_TASKS	100
#define STORM_ROUNDS	60

/* Tasks that go from future to future, which threads complete in a row. */
struct storm {
	struct ktask_future f[STORM_ROUNDS];
	atomic_t next;
};

struct storm_task {
	struct storm *storm;
	unsigned int i;
	unsigned int resumes;
	long sum;
};

static ktask_poll_t storm_body(struct ktask *t)
{
	struct storm_task *f = ktask_frame(t);

	f->resumes++;
	KTASK_BEGIN(t);
	for (f->i = 0; f->i < STORM_ROUNDS; f->i++) {
		KTASK_AWAIT(t, &f->storm->f[f->i]);
		f->sum += ktask_future_value(&f->storm->f[f->i]);
	}
	KTASK_RETURN(t, f->sum);
	KTASK_END(t);
}

static int storm_completer(void *arg)
{
	struct storm *s = arg;
	int i;

	while ((i = atomic_inc_return(&s->next)) < STORM_ROUNDS) {
		ktask_future_complete(&s->f[i], i);
		kt_dither(100);
	}
	return 0;
}

static void executor_wake_storm(struct kunit *test)
{
	struct storm *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct storm_task init = { .storm = s }, *f;
	struct ktask *t[STORM_TASKS];
	struct kt_thread *th[3];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	atomic_set(&s->next, -1);
	for (i = 0; i < STORM_TASKS; i++)
		t[i] = kt_own(test, ktask_spawn(storm_body, struct storm_task,
						.init = &init));
	for (i = 0; i < ARRAY_SIZE(th); i++)
		th[i] = kt_thread(test, storm_completer, s);
	for (i = 0; i < ARRAY_SIZE(th); i++)
		KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th[i]));
	for (i = 0; i < STORM_TASKS; i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i],
				   STORM_ROUNDS * (STORM_ROUNDS - 1) / 2);
		f = ktask_frame(t[i]);
		KUNIT_EXPECT_LE(test, f->resumes, 1 + STORM_ROUNDS);
	}
}

#define PING_ROUNDS	300

struct ping {
	struct ktask_future (*f)[2];	/* PING_ROUNDS of them */
	int side;
	int i;
};

/* Two that wake each other. */
static ktask_poll_t ping_body(struct ktask *t)
{
	struct ping *p = ktask_frame(t);

	KTASK_BEGIN(t);
	for (p->i = 0; p->i < PING_ROUNDS; p->i++) {
		if (p->side)
			KTASK_AWAIT(t, &p->f[p->i][0]);
		if (!ktask_future_complete(&p->f[p->i][p->side], 0))
			KTASK_RETURN(t, -EBUSY);
		if (!p->side)
			KTASK_AWAIT(t, &p->f[p->i][1]);
	}
	KTASK_RETURN(t, p->i);
	KTASK_END(t);
}

struct ping_spawn {
	struct ping ping;
	struct ktask *t;
};

/* On the CPU that the task is to live on. */
static void ping_spawn(void *arg)
{
	struct ping_spawn *s = arg;

	s->t = ktask_spawn(ping_body, struct ping, .init = &s->ping,
			   .gfp = GFP_ATOMIC);
}

static void executor_ping_pong(struct kunit *test)
{
	struct ping_spawn s[2] = {};
	void *futures;
	int i;

	futures = kunit_kcalloc(test, PING_ROUNDS,
				sizeof(struct ktask_future[2]), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, futures);
	for (i = 0; i < 2; i++) {
		s[i].ping.f = futures;
		s[i].ping.side = i;
		smp_call_function_single(i ? cpumask_last(cpu_online_mask) : 0,
					 ping_spawn, &s[i], 1);
		kt_own(test, s[i].t);
	}
	for (i = 0; i < 2; i++) {
		KT_FINISH(test, s[i].t);
		KT_EXPECT_RETURNED(test, s[i].t, PING_ROUNDS);
	}
}

/* --- CPUs that go --------------------------------------------------------- */

static ktask_poll_t sleep_then_await_body(struct ktask *t)
{
	struct ktask_future **f = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_SLEEP(t, ms_to_ktime(10));
	KTASK_AWAIT(t, *f);
	KTASK_SLEEP(t, ms_to_ktime(10));
	KTASK_YIELD(t);
	KTASK_RETURN(t, ktask_future_value(*f));
	KTASK_END(t);
}

struct cpu_spawn {
	struct ktask_future *f;
	struct ktask *t;
};

static void cpu_spawn(void *arg)
{
	struct cpu_spawn *s = arg;

	s->t = ktask_spawn(sleep_then_await_body, struct ktask_future *,
			   .init = &s->f, .gfp = GFP_ATOMIC);
}

static void cpu_back(void *cpu)
{
	WARN_ON(add_cpu((long)cpu));
}

/* The tasks of a CPU outlive it. */
static void executor_cpu_goes(struct kunit *test)
{
	struct ktask_future *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	long cpu = cpumask_last(cpu_online_mask);
	struct cpu_spawn s[10] = {};
	int i;

	KUNIT_ASSERT_NOT_NULL(test, f);
	if (num_online_cpus() < 2)
		kunit_skip(test, "there is one CPU only");
	for (i = 0; i < ARRAY_SIZE(s); i++) {
		s[i].f = f;
		smp_call_function_single(cpu, cpu_spawn, &s[i], 1);
		kt_own(test, s[i].t);
	}
	if (remove_cpu(cpu))
		kunit_skip(test, "CPU %ld does not go", cpu);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, cpu_back,
							   (void *)cpu));
	ktask_abort(s[0].t);
	ktask_future_complete(f, 4);
	KT_FINISH(test, s[0].t);
	KT_EXPECT_CANCELLED(test, s[0].t);
	for (i = 1; i < ARRAY_SIZE(s); i++) {
		KT_FINISH(test, s[i].t);
		KT_EXPECT_RETURNED(test, s[i].t, 4);
	}
	kunit_release_action(test, cpu_back, (void *)cpu);
}

/* --- All at once ---------------------------------------------------------- */

#define STRESS_SLOTS	48
#define STRESS_OWNERS	3
#define STRESS_TIME	(2 * HZ)

/*
 * Owners keep a task in each of their slots and join it when they feel like
 * it; others wake, abort and join whatever they find in the slots.
 */
struct slot {
	spinlock_t lock;		/* guards all of this */
	struct ktask *t;
	struct ktask_future f;		/* the task awaits it, others complete it */
};

struct stress {
	struct slot slots[STRESS_SLOTS];
	atomic_t next_owner;
	unsigned long until;
	atomic_t spawned;
	atomic_t returned;
	atomic_t cancelled;
	atomic_t begun;
	atomic_t cleaned;
	atomic_t twice;			/* was run twice at once */
	atomic_t wrong;
};

struct unit {
	struct stress *s;
	struct slot *slot;
	struct ktask_defer defer;
	atomic_t running;
	bool cleaned;
	bool at_end;
	u32 what;
	u32 n;
};

static void unit_cleanup(void *arg)
{
	struct unit *u = arg;

	if (u->cleaned || atomic_read(&u->running))
		atomic_inc(&u->s->wrong);
	u->cleaned = true;
	atomic_inc(&u->s->cleaned);
}

static void unit_renew_future(struct unit *u)
{
	guard(spinlock_irqsave)(&u->slot->lock);
	ktask_future_init(&u->slot->f);
}

static ktask_poll_t unit_go_on(struct ktask *t, struct unit *u)
{
	KTASK_BEGIN(t);
	atomic_inc(&u->s->begun);
	ktask_defer(t, &u->defer, unit_cleanup, u);
	while (u->n) {
		u->n--;
		u->what = get_random_u32();
		if (u->what % 4 == 0) {
			KTASK_YIELD(t);
		} else if (u->what % 4 == 1) {
			KTASK_SLEEP(t, kt_us(u->what / 4 % 100));
		} else if (u->what % 4 == 2) {
			unit_renew_future(u);
			KTASK_AWAIT_TIMEOUT(t, &u->slot->f,
					    kt_us(u->what / 4 % 300));
		} else {
			unit_renew_future(u);
			KTASK_AWAIT(t, &u->slot->f);
		}
	}
	u->at_end = true;
	KTASK_RETURN(t, 1);
	KTASK_END(t);
}

static ktask_poll_t unit_body(struct ktask *t)
{
	struct unit *u = ktask_frame(t);
	ktask_poll_t poll;

	if (atomic_xchg(&u->running, 1))
		atomic_inc(&u->s->twice);
	if (u->cleaned || u->at_end)
		atomic_inc(&u->s->wrong);
	poll = unit_go_on(t, u);
	atomic_set_release(&u->running, 0);
	return poll;
}

static void owner_fill(struct stress *s, struct slot *slot)
{
	struct unit init = {
		.s = s, .slot = slot, .n = get_random_u32_below(12),
	};
	struct ktask *t = ktask_spawn(unit_body, struct unit, .init = &init);

	if (IS_ERR(t)) {
		atomic_inc(&s->wrong);
		return;
	}
	atomic_inc(&s->spawned);
	guard(spinlock_irqsave)(&slot->lock);
	slot->t = t;
}

/* The task has ended. */
static void owner_empty(struct stress *s, struct slot *slot)
{
	struct ktask *t = slot->t;
	struct unit *u = ktask_frame(t);

	if (ktask_outcome(t) == KTASK_RETURNED) {
		atomic_inc(&s->returned);
		if (!u->at_end || !u->cleaned || ktask_result(t) != 1)
			atomic_inc(&s->wrong);
	} else {
		atomic_inc(&s->cancelled);
		if (u->at_end || ktask_outcome(t) != KTASK_CANCELLED ||
		    !ktask_aborted(t))
			atomic_inc(&s->wrong);
	}
	scoped_guard(spinlock_irqsave, &slot->lock)
		slot->t = NULL;
	ktask_put(t);
}

static void owner_visit(struct stress *s, struct slot *slot)
{
	if (!slot->t) {
		owner_fill(s, slot);
		return;
	}
	/* A look, or a join that may help. */
	if (get_random_u32_below(2))
		ktask_join_until(slot->t, NULL, TASK_IDLE,
				 ktime_add_us(ktime_get(), 20));
	if (ktask_done(slot->t))
		owner_empty(s, slot);
}

static int stress_owner(void *arg)
{
	struct stress *s = arg;
	int first = atomic_inc_return(&s->next_owner) - 1;
	int i, hung = 0;

	while (time_before(jiffies, s->until)) {
		for (i = first; i < STRESS_SLOTS; i += STRESS_OWNERS)
			owner_visit(s, &s->slots[i]);
		cond_resched();
	}
	for (i = first; i < STRESS_SLOTS; i += STRESS_OWNERS) {
		if (!s->slots[i].t)
			continue;
		ktask_abort(s->slots[i].t);
		if (kt_ended(s->slots[i].t))
			owner_empty(s, &s->slots[i]);
		else
			hung++;
	}
	return hung;
}

static struct ktask *stress_pick(struct stress *s)
{
	struct slot *slot = &s->slots[get_random_u32_below(STRESS_SLOTS)];

	guard(spinlock_irqsave)(&slot->lock);
	return slot->t ? ktask_get(slot->t) : NULL;
}

static int stress_waker(void *arg)
{
	struct stress *s = arg;

	while (time_before(jiffies, s->until)) {
		struct slot *slot;

		slot = &s->slots[get_random_u32_below(STRESS_SLOTS)];
		scoped_guard(spinlock_irqsave, &slot->lock)
			ktask_future_complete(&slot->f, 0);
		cond_resched();
	}
	return 0;
}

static int stress_aborter(void *arg)
{
	struct stress *s = arg;
	struct ktask *t;

	while (time_before(jiffies, s->until)) {
		t = stress_pick(s);
		if (t)
			ktask_abort(t);
		ktask_put(t);
		usleep_range(50, 300);
	}
	return 0;
}

static int stress_joiner(void *arg)
{
	struct stress *s = arg;
	struct ktask *t;

	while (time_before(jiffies, s->until)) {
		t = stress_pick(s);
		if (t)
			ktask_join_until(t, NULL, TASK_IDLE,
					 ktime_add_us(ktime_get(), 50));
		ktask_put(t);
		cond_resched();
	}
	return 0;
}

static void executor_stress(struct kunit *test)
{
	static int (*const roles[])(void *arg) = {
		stress_owner, stress_owner, stress_owner, stress_waker,
		stress_waker, stress_aborter, stress_joiner, stress_joiner,
	};
	struct kt_thread *th[ARRAY_SIZE(roles)];
	struct stress *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	for (i = 0; i < STRESS_SLOTS; i++)
		spin_lock_init(&s->slots[i].lock);
	s->until = jiffies + STRESS_TIME;
	for (i = 0; i < ARRAY_SIZE(roles); i++)
		th[i] = kt_thread(test, roles[i], s);
	for (i = 0; i < ARRAY_SIZE(roles); i++)
		KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th[i]));

	KUNIT_EXPECT_EQ(test, atomic_read(&s->twice), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->wrong), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->begun), atomic_read(&s->cleaned));
	KUNIT_EXPECT_EQ(test, atomic_read(&s->spawned),
			atomic_read(&s->returned) + atomic_read(&s->cancelled));
	KUNIT_EXPECT_GT(test, atomic_read(&s->returned), 0);
	kunit_info(test, "spawned %d, begun %d, returned %d, cancelled %d\n",
		   atomic_read(&s->spawned), atomic_read(&s->begun),
		   atomic_read(&s->returned), atomic_read(&s->cancelled));
}

static struct kunit_case executor_cases[] = {
	KUNIT_CASE(executor_fair),
	KUNIT_CASE(executor_fair_to_sleepers),
	KUNIT_CASE(executor_woken_from_each_cpu),
	KUNIT_CASE(executor_wake_storm),
	KUNIT_CASE(executor_ping_pong),
	KUNIT_CASE(executor_cpu_goes),
	KUNIT_CASE(executor_stress),
	{}
};

struct kunit_suite ktask_executor_suite = {
	.name = "ktask_executor",
	.test_cases = executor_cases,
};
