// SPDX-License-Identifier: GPL-2.0
/*
 * Resume functions that do not come back: the others are served, and it is said.
 */
#include <linux/slab.h>
#include <linux/string.h>

#include "util.h"

#define LIMIT_FILE	"/sys/module/ktask/parameters/stall_ms"

static void restore_limit(void *unused)
{
	kt_write_file(LIMIT_FILE, "10000");
}

static void set_limit(struct kunit *test, const char *ms)
{
	KUNIT_ASSERT_EQ(test, 0, kt_write_file(LIMIT_FILE, ms));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, restore_limit, NULL));
}

struct hog {
	bool *stop;
	bool sleeps;
};

static ktask_poll_t hog_body(struct ktask *t)
{
	struct hog *h = ktask_frame(t);

	KTASK_BEGIN(t);
	while (!READ_ONCE(*h->stop)) {
		if (h->sleeps)
			usleep_range(1000, 2000);
		else
			cpu_relax();
	}
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static bool *new_stop(struct kunit *test)
{
	bool *stop = kunit_kzalloc(test, sizeof(*stop), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, stop);
	return stop;
}

static void stop_it(void *stop)
{
	WRITE_ONCE(*(bool *)stop, true);
}

/* Bound to the same CPU, all of them; nobody else can serve these. */
static void check_served(struct kunit *test, enum ktask_prio prio,
			 unsigned int nr_hogs)
{
	const int place = KTASK_ON_CPU(0);
	struct hog init = { .stop = new_stop(test) };
	struct ktask *hog[3], *t[20];
	long i;

	for (i = 0; i < nr_hogs; i++)
		hog[i] = kt_own(test, ktask_spawn(hog_body, struct hog,
						  .init = &init, .prio = prio,
						  .flags = KTASK_NO_HELP,
						  .place = place));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, stop_it, init.stop));
	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = kt_own(test, ktask_spawn(kt_return_body, long,
						.init = &i, .prio = prio,
						.flags = KTASK_NO_HELP,
						.place = place));
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], i);
	}
	for (i = 0; i < nr_hogs; i++)
		KUNIT_EXPECT_FALSE(test, ktask_done(hog[i]));
	stop_it(init.stop);
	for (i = 0; i < nr_hogs; i++)
		KT_FINISH(test, hog[i]);
}

static void stall_others_served(struct kunit *test)
{
	check_served(test, KTASK_PRIO_NORMAL, 1);
}

static void stall_others_served_prio(struct kunit *test)
{
	check_served(test, KTASK_PRIO_HIGH, 1);
	check_served(test, KTASK_PRIO_IDLE, 1);
}

static void stall_others_served_by_many(struct kunit *test)
{
	check_served(test, KTASK_PRIO_NORMAL, 3);
	check_served(test, KTASK_PRIO_HIGH, 2);
}

static struct ktask *start_hog(struct kunit *test, struct ktask_runtime *rt,
			       bool **stop, bool sleeps)
{
	struct hog init = { .stop = new_stop(test), .sleeps = sleeps };
	struct ktask *t;

	*stop = init.stop;
	/* That name tells whoever reads the console that it is meant. */
	t = kt_own(test, ktask_spawn(hog_body, struct hog, .init = &init,
				     .flags = KTASK_NO_HELP, .runtime = rt,
				     .name = "expected hog"));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, stop_it, init.stop));
	return t;
}

#define NAMED	"\"expected hog\" (hog_body"

/* @what the line says that has it. */
static void check_told(struct kunit *test, struct ktask_runtime *rt,
		       bool sleeps, const char *what)
{
	struct ktask *t;
	bool *stop;
	u64 from;

	set_limit(test, "300");
	from = kt_log_end();
	t = start_hog(test, rt, &stop, sleeps);
	KT_EVENTUALLY(test, kt_logged(test, from, what));
	/* Once only, and with its stack. */
	msleep(1000);
	KUNIT_EXPECT_EQ(test, 1, kt_logged(test, from, what));
	KUNIT_EXPECT_GE(test, kt_logged(test, from, "hog_body"),
			1 + !!strstr(what, "hog_body"));
	KUNIT_EXPECT_EQ(test, 1, kt_logged(test, from, "Call Trace"));
	WRITE_ONCE(*stop, true);
	KT_FINISH(test, t);
}

static void stall_told(struct kunit *test)
{
	check_told(test, NULL, false, NAMED);
}

static void stall_told_asleep(struct kunit *test)
{
	check_told(test, NULL, true, NAMED);
}

static void destroy(void *rt)
{
	ktask_runtime_destroy(rt);
}

static void check_told_local(struct kunit *test, int place, bool sleeps,
			     const char *what)
{
	struct ktask_runtime *rt = ktask_local_create("expected local", place);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, rt);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, destroy, rt));
	check_told(test, rt, sleeps, what);
}

static void stall_told_local(struct kunit *test)
{
	check_told_local(test, KTASK_ON_CPU(0), false, NAMED);
}

/*
 * Of one that is bound to no CPU the name is not safe to read; and its stack is
 * there to be seen when it sleeps.
 */
static void stall_told_local_anywhere(struct kunit *test)
{
	check_told_local(test, 0, true,
			 "expected local: a task has been running for ");
}

/* Nothing is said of a task that comes back in time, or if not asked to. */
static void stall_not_told(struct kunit *test)
{
	struct ktask *t;
	bool *stop;
	u64 from;

	set_limit(test, "0");
	from = kt_log_end();
	t = start_hog(test, NULL, &stop, false);
	msleep(500);
	WRITE_ONCE(*stop, true);
	KT_FINISH(test, t);
	KUNIT_EXPECT_EQ(test, 0, kt_logged(test, from, "has been running"));
}

static struct kunit_case stall_cases[] = {
	KUNIT_CASE(stall_others_served),
	KUNIT_CASE(stall_others_served_prio),
	KUNIT_CASE_SLOW(stall_others_served_by_many),
	KUNIT_CASE_SLOW(stall_told),
	KUNIT_CASE_SLOW(stall_told_asleep),
	KUNIT_CASE_SLOW(stall_told_local),
	KUNIT_CASE_SLOW(stall_told_local_anywhere),
	KUNIT_CASE(stall_not_told),
	{}
};

struct kunit_suite ktask_stall_suite = {
	.name = "ktask_stall",
	.test_cases = stall_cases,
};
