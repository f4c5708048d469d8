// SPDX-License-Identifier: GPL-2.0
/*
 * Where and when among others tasks run: CPU, memory node, priority.
 */
#include <linux/cpu.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/topology.h>

#include "util.h"

struct where {
	int cpu;
	int nice;
	unsigned int elsewhere;
	unsigned int rounds;
};

/* Leaves where it was run, and how often that was another CPU than before. */
static ktask_poll_t where_body(struct ktask *t)
{
	struct where *w = ktask_frame(t);

	KTASK_BEGIN(t);
	w->cpu = raw_smp_processor_id();
	w->nice = task_nice(current);
	for (w->rounds = 0; w->rounds < 20; w->rounds++) {
		KTASK_YIELD(t);
		w->elsewhere += w->cpu != raw_smp_processor_id();
		KTASK_SLEEP(t, kt_us(10));
		w->elsewhere += w->cpu != raw_smp_processor_id();
	}
	KTASK_RETURN(t, w->cpu);
	KTASK_END(t);
}

static long where_blocking_body(struct ktask *t)
{
	struct where *w = ktask_frame(t);

	w->cpu = raw_smp_processor_id();
	w->nice = task_nice(current);
	return w->cpu;
}

static void place_on_cpu(struct kunit *test)
{
	struct where *w;
	struct ktask *t;
	int cpu, i;

	for_each_online_cpu(cpu) {
		for (i = 0; i < 5; i++) {
			t = kt_own(test, ktask_spawn(where_body, struct where,
						     .place = KTASK_ON_CPU(cpu)));
			/* Joiners do not help. */
			KUNIT_EXPECT_EQ(test, 0, ktask_join(t, NULL));
			KT_EXPECT_RETURNED(test, t, cpu);
			w = ktask_frame(t);
			KUNIT_EXPECT_EQ(test, w->elsewhere, 0);
		}
	}
}

static void place_blocking_on_cpu(struct kunit *test)
{
	struct ktask *t;
	int cpu, prio;

	for (prio = 0; prio < KTASK_PRIO_COUNT; prio++) {
		for_each_online_cpu(cpu) {
			t = kt_own(test, ktask_spawn_blocking(where_blocking_body,
							      struct where,
							      .prio = prio,
							      .place = KTASK_ON_CPU(cpu)));
			KT_FINISH(test, t);
			KT_EXPECT_RETURNED(test, t, cpu);
		}
	}
}

/* Those bound to a CPU that is busy are not taken by others. */
static void place_stays(struct kunit *test)
{
	struct kt_plug *plug = kt_plug(test);
	struct ktask *t[100];
	unsigned int done = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = kt_own(test, ktask_spawn(where_body, struct where,
						.place = KT_BEHIND(plug)));
	msleep(20);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		done += ktask_done(t[i]);
	KUNIT_EXPECT_EQ(test, done, 0);
	kt_unplug(plug);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], plug->cpu);
	}
}

static void place_bad(struct kunit *test)
{
	struct ktask_runtime *rt = kt_runtime(test);

	KUNIT_EXPECT_PTR_EQ(test, ktask_spawn(where_body, struct where,
					      .place = KTASK_ON_CPU(nr_cpu_ids)),
			    ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, ktask_spawn(where_body, struct where,
					      .place = KTASK_ON_CPU(1 << 20)),
			    ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, ktask_local_create("nowhere",
						     KTASK_ON_CPU(1 << 20)),
			    ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, ktask_spawn(where_body, struct where,
					      .place = KTASK_ON_NODE(MAX_NUMNODES)),
			    ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, ktask_spawn(where_body, struct where,
					      .prio = KTASK_PRIO_COUNT),
			    ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, ktask_spawn(where_body, struct where,
					      .flags = BIT(31), .runtime = rt),
			    ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, ktask_new_blocking(where_blocking_body,
						     struct where,
						     .flags = BIT(3)),
			    ERR_PTR(-EINVAL));
}

/* The lane has two memory nodes. */
static void place_on_node(struct kunit *test)
{
	unsigned int wrong, moved;
	struct ktask *t[40];
	struct where *w;
	int node, i;

	for_each_online_node(node) {
		wrong = 0;
		moved = 0;
		for (i = 0; i < ARRAY_SIZE(t); i++)
			t[i] = kt_own(test, ktask_spawn(where_body, struct where,
							.place = KTASK_ON_NODE(node),
							.flags = KTASK_NO_HELP));
		for (i = 0; i < ARRAY_SIZE(t); i++) {
			KT_FINISH(test, t[i]);
			w = ktask_frame(t[i]);
			/* Emulated nodes may have all CPUs each. */
			wrong += !cpumask_test_cpu(w->cpu,
						   cpumask_of_node(node));
			moved += w->elsewhere;
			wrong += page_to_nid(virt_to_page(t[i])) != node;
		}
		KUNIT_EXPECT_EQ(test, wrong, 0);
		KUNIT_EXPECT_EQ(test, moved, 0);
	}
	if (num_online_nodes() < 2)
		kunit_skip(test, "there is one node only");
}

/* --- Priorities ----------------------------------------------------------- */

static void place_nice(struct kunit *test)
{
	static const int nice[KTASK_PRIO_COUNT] = {
		[KTASK_PRIO_NORMAL] = 0,
		[KTASK_PRIO_HIGH] = MIN_NICE,
		[KTASK_PRIO_IDLE] = MAX_NICE,
	};
	struct where *w;
	struct ktask *t;
	int prio, i;

	for (i = 0; i < 10; i++) {
		for (prio = 0; prio < KTASK_PRIO_COUNT; prio++) {
			t = kt_own(test, ktask_spawn(where_body, struct where,
						     .prio = prio));
			KT_FINISH(test, t);
			w = ktask_frame(t);
			KUNIT_EXPECT_EQ(test, w->nice, nice[prio]);
			t = kt_own(test, ktask_spawn_blocking(where_blocking_body,
							      struct where,
							      .prio = prio));
			KT_FINISH(test, t);
			w = ktask_frame(t);
			KUNIT_EXPECT_EQ(test, w->nice, nice[prio]);
		}
	}
}

struct counted {
	atomic_t *done;
	int before;
	bool works;
};

static ktask_poll_t counted_body(struct ktask *t)
{
	struct counted *c = ktask_frame(t);

	KTASK_BEGIN(t);
	c->before = atomic_read(c->done);
	if (c->works)
		mdelay(1);
	atomic_inc(c->done);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

/*
 * When the CPU is free again, an urgent one does not come after all the others
 * that were there before it. Which is first is up to the scheduler.
 */
static void place_high_not_last(struct kunit *test)
{
	enum { NR = 100 };
	struct kt_plug *plug = kt_plug(test);
	struct counted init = { .works = true }, *c;
	struct ktask *t[NR + 1];
	int i;

	init.done = kunit_kzalloc(test, sizeof(*init.done), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, init.done);
	for (i = 0; i <= NR; i++)
		t[i] = kt_own(test, ktask_spawn(counted_body, struct counted,
						.init = &init,
						.prio = i == NR ? KTASK_PRIO_HIGH :
							KTASK_PRIO_NORMAL,
						.place = KT_BEHIND(plug)));
	kt_unplug(plug);
	for (i = 0; i <= NR; i++)
		KT_FINISH(test, t[i]);
	c = ktask_frame(t[NR]);
	kunit_info(test, "after %d others\n", c->before);
	KUNIT_EXPECT_LT(test, c->before, (int)NR);
}

static ktask_poll_t spin_body(struct ktask *t)
{
	bool **stop = ktask_frame(t);

	KTASK_BEGIN(t);
	while (!READ_ONCE(**stop))
		KTASK_YIELD(t);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

/* Idle tasks that are always ready keep no others waiting. */
static void place_idle_gives_way(struct kunit *test)
{
	bool *stop = kunit_kzalloc(test, sizeof(*stop), GFP_KERNEL);
	const int place = KTASK_ON_CPU(0);
	struct ktask *idle[3], *t;
	long i;

	KUNIT_ASSERT_NOT_NULL(test, stop);
	for (i = 0; i < ARRAY_SIZE(idle); i++)
		idle[i] = kt_own(test, ktask_spawn(spin_body, bool *,
						   .init = &stop,
						   .prio = KTASK_PRIO_IDLE,
						   .place = place));
	for (i = 0; i < 50; i++) {
		t = kt_own(test, ktask_spawn(kt_return_body, long, .init = &i,
					     .place = place));
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, i);
	}
	for (i = 0; i < ARRAY_SIZE(idle); i++)
		KUNIT_EXPECT_FALSE(test, ktask_done(idle[i]));
	WRITE_ONCE(*stop, true);
	for (i = 0; i < ARRAY_SIZE(idle); i++)
		KT_FINISH(test, idle[i]);
}

/* --- CPUs that go --------------------------------------------------------- */

static int some_cpu(void)
{
	return cpumask_last(cpu_online_mask);
}

static void bring_back(void *cpu)
{
	add_cpu((long)cpu);
}

static void place_on_offline_cpu(struct kunit *test)
{
	long cpu = some_cpu();

	if (num_online_cpus() < 2)
		kunit_skip(test, "there is one CPU only");
	KUNIT_ASSERT_EQ(test, 0, remove_cpu(cpu));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, bring_back, (void *)cpu));
	KUNIT_EXPECT_PTR_EQ(test, ktask_spawn(where_body, struct where,
					      .place = KTASK_ON_CPU(cpu)),
			    ERR_PTR(-ENXIO));
	KUNIT_EXPECT_PTR_EQ(test, ktask_local_create("gone", KTASK_ON_CPU(cpu)),
			    ERR_PTR(-ENXIO));
}

struct sleeper {
	struct ktask_future *f;
	unsigned int rounds;
};

static ktask_poll_t sleeper_body(struct ktask *t)
{
	struct sleeper *s = ktask_frame(t);

	KTASK_BEGIN(t);
	for (s->rounds = 0; s->rounds < 10; s->rounds++) {
		KTASK_AWAIT(t, s->f);
		KTASK_YIELD(t);
		KTASK_SLEEP(t, kt_us(100));
	}
	KTASK_RETURN(t, s->rounds);
	KTASK_END(t);
}

/* Queued on it, bound to it, asleep on it: all go on, and before it is back. */
static void place_cpu_goes(struct kunit *test)
{
	struct sleeper init = {
		.f = kunit_kzalloc(test, sizeof(*init.f), GFP_KERNEL),
	};
	long cpu = some_cpu();
	struct ktask *t[60];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, init.f);
	if (num_online_cpus() < 2)
		kunit_skip(test, "there is one CPU only");
	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = kt_own(test, ktask_spawn(sleeper_body, struct sleeper,
						.init = &init,
						.prio = i % KTASK_PRIO_COUNT,
						.place = KTASK_ON_CPU(cpu)));
	KUNIT_ASSERT_EQ(test, 0, remove_cpu(cpu));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, bring_back, (void *)cpu));
	ktask_future_complete(init.f, 0);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], 10);
	}
}

static int toggle_cpu(void *arg)
{
	unsigned int *rounds = arg, i;
	int err = 0;

	for (i = 0; i < *rounds && !err; i++) {
		int cpu = some_cpu();

		err = remove_cpu(cpu);
		if (!err)
			err = add_cpu(cpu);
	}
	return err;
}

/* CPUs go and come while tasks are spawned, run, sleep and are stolen. */
static void place_hotplug(struct kunit *test)
{
	struct sleeper init = {
		.f = kunit_kzalloc(test, sizeof(*init.f), GFP_KERNEL),
	};
	unsigned int *rounds = kunit_kzalloc(test, sizeof(*rounds), GFP_KERNEL);
	unsigned int lost = 0, total = 0;
	struct ktask *t[64];
	struct kt_thread *th;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, init.f);
	KUNIT_ASSERT_NOT_NULL(test, rounds);
	if (num_online_cpus() < 2)
		kunit_skip(test, "there is one CPU only");
	*rounds = 5;
	ktask_future_complete(init.f, 0);
	th = kt_thread(test, toggle_cpu, rounds);
	do {
		for (i = 0; i < ARRAY_SIZE(t); i++) {
			t[i] = ktask_spawn(sleeper_body, struct sleeper,
					   .init = &init,
					   .prio = i % KTASK_PRIO_COUNT);
			KUNIT_ASSERT_FALSE(test, IS_ERR(t[i]));
		}
		for (i = 0; i < ARRAY_SIZE(t); i++) {
			long result = 0;

			lost += ktask_join_timeout(t[i], &result, KT_HANG) ||
				result != 10;
			ktask_put(t[i]);
		}
		total += ARRAY_SIZE(t);
	} while (!lost && !completion_done(&th->ended));
	KUNIT_EXPECT_EQ(test, lost, 0);
	KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th));
	kunit_info(test, "%u tasks meanwhile\n", total);
}

static struct kunit_case place_cases[] = {
	KUNIT_CASE(place_on_cpu),
	KUNIT_CASE(place_blocking_on_cpu),
	KUNIT_CASE(place_stays),
	KUNIT_CASE(place_bad),
	KUNIT_CASE(place_on_node),
	KUNIT_CASE(place_nice),
	KUNIT_CASE(place_high_not_last),
	KUNIT_CASE(place_idle_gives_way),
	KUNIT_CASE(place_on_offline_cpu),
	KUNIT_CASE(place_cpu_goes),
	KUNIT_CASE_SLOW(place_hotplug),
	{}
};

struct kunit_suite ktask_place_suite = {
	.name = "ktask_place",
	.test_cases = place_cases,
};
