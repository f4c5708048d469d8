// SPDX-License-Identifier: GPL-2.0
/*
 * Deferred cleanups: once each, last first, in process context, before anybody
 * sees the end.
 */
#include <linux/sched.h>
#include <linux/slab.h>

#include "util.h"

struct deferrer {
	struct kt_trail *trail;
	struct kt_cleanup cleanups[20];
	int i;
	bool sleep;
};

static ktask_poll_t async_body(struct ktask *t)
{
	struct deferrer *f = ktask_frame(t);

	KTASK_BEGIN(t);
	for (f->i = 0; f->i < 20; f->i++) {
		kt_defer_mark(t, &f->cleanups[f->i], f->trail, 'a' + f->i);
		/* One registered here, one there. */
		if (f->i % 5 == 4)
			KTASK_YIELD(t);
	}
	if (f->sleep)
		KTASK_SLEEP(t, KTIME_MAX);
	kt_mark(f->trail, '.');
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static long blocking_body(struct ktask *t)
{
	struct deferrer *f = ktask_frame(t);
	int i;

	for (i = 0; i < 20; i++)
		kt_defer_mark(t, &f->cleanups[i], f->trail, 'a' + i);
	WRITE_ONCE(f->i, i);
	if (f->sleep)
		return ktask_sleep(ktime_set(3600, 0));
	kt_mark(f->trail, '.');
	return 0;
}

static struct ktask *spawn_deferrer(struct kunit *test, struct kt_trail *trail,
				    bool blocking, bool sleep)
{
	struct deferrer f = { .trail = trail, .sleep = sleep };
	struct ktask *t;

	if (blocking)
		t = ktask_spawn_blocking(blocking_body, struct deferrer,
					 .init = &f);
	else
		t = ktask_spawn(async_body, struct deferrer, .init = &f);
	return kt_own(test, t);
}

static void defer_on_return(struct kunit *test)
{
	int blocking;

	for (blocking = 0; blocking <= 1; blocking++) {
		struct kt_trail *trail = kt_trail(test);
		struct ktask *t = spawn_deferrer(test, trail, blocking, false);

		KT_FINISH(test, t);
		KUNIT_EXPECT_STREQ(test, trail->s, ".tsrqponmlkjihgfedcba");
	}
}

static void defer_on_abort(struct kunit *test)
{
	int blocking;

	for (blocking = 0; blocking <= 1; blocking++) {
		struct kt_trail *trail = kt_trail(test);
		struct ktask *t = spawn_deferrer(test, trail, blocking, true);
		struct deferrer *f = ktask_frame(t);

		KT_EVENTUALLY(test, READ_ONCE(f->i) == 20);
		KUNIT_EXPECT_EQ(test, READ_ONCE(trail->n), 0);
		ktask_abort(t);
		KT_FINISH(test, t);
		KUNIT_EXPECT_STREQ(test, trail->s, "tsrqponmlkjihgfedcba");
	}
}

/* --- Where they run ------------------------------------------------------- */

struct place {
	struct ktask_defer defer;
	struct ktask *t;
	struct ktask_future *f;
	bool in_task;
	bool done;
	bool blocking_cleaned;
};

static void slow_cleanup(void *arg)
{
	struct place *p = arg;

	p->in_task = in_task();
	fsleep(10 * USEC_PER_MSEC);
	p->done = ktask_done(p->t);
	p->blocking_cleaned = true;
}

static ktask_poll_t place_body(struct ktask *t)
{
	struct place *p = ktask_frame(t);

	KTASK_BEGIN(t);
	p->t = t;
	ktask_defer(t, &p->defer, slow_cleanup, p);
	KTASK_AWAIT(t, p->f);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static long place_blocking_body(struct ktask *t)
{
	struct place *p = ktask_frame(t);

	p->t = t;
	ktask_defer(t, &p->defer, slow_cleanup, p);
	return ktask_future_wait_interruptible(p->f);
}

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static void complete_it(void *f)
{
	ktask_future_complete(f, 0);
}

static void abort_it(void *t)
{
	ktask_abort(t);
}

/* Wherever the end came from: process context, and joiners see it later. */
static void defer_in_process_context(struct kunit *test)
{
	struct place init = {}, *p;
	struct ktask *t;
	int i;

	for (i = 0; i < 4; i++) {
		bool blocking = i & 1, aborts = i & 2;

		init.f = kunit_kzalloc(test, sizeof(*init.f), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, init.f);
		if (blocking)
			t = ktask_spawn_blocking(place_blocking_body,
						 struct place, .init = &init);
		else
			t = ktask_spawn(place_body, struct place,
					.init = &init);
		kt_own(test, t);
		p = ktask_frame(t);
		KT_EVENTUALLY(test, READ_ONCE(p->t));
		usleep_range(200, 400);
		if (aborts)
			kt_call_in(test, test->param_value, abort_it, t);
		else
			kt_call_in(test, test->param_value, complete_it,
				   init.f);
		KT_FINISH(test, t);
		KUNIT_EXPECT_TRUE(test, p->in_task);
		KUNIT_EXPECT_TRUE(test, p->blocking_cleaned);
		KUNIT_EXPECT_FALSE(test, p->done);
	}
}

static void free_it(void *arg)
{
	kfree(arg);
}

static void defer_frees_itself(struct kunit *test)
{
	struct ktask *t = ktask_new(kt_return_body, struct deferrer);
	struct ktask_defer *d;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	/* Its own storage is not touched when it is called. */
	d = kmalloc(sizeof(*d), GFP_KERNEL | __GFP_NOFAIL);
	ktask_defer(t, d, free_it, d);
	KUNIT_EXPECT_EQ(test, 0, ktask_start(t));
	kt_own(test, t);
	KT_FINISH(test, t);
}

/* --- Cleanups that join --------------------------------------------------- */

/* Less than a hang, so that each gets its turn. */
#define CHILD_WAIT	(3 * HZ)

struct parent {
	struct ktask_defer defer;
	struct ktask *child;
	ktask_resume_t body;
	unsigned int flags;
	bool abort;
	bool blocking;
	int err;
	long result;
};

static ktask_poll_t quick_child(struct ktask *t)
{
	KTASK_BEGIN(t);
	KTASK_RETURN(t, 5);
	KTASK_END(t);
}

static ktask_poll_t yielding_child(struct ktask *t)
{
	KTASK_BEGIN(t);
	KTASK_YIELD(t);
	KTASK_RETURN(t, 5);
	KTASK_END(t);
}

static ktask_poll_t sleeping_child(struct ktask *t)
{
	KTASK_BEGIN(t);
	KTASK_SLEEP(t, ms_to_ktime(5));
	KTASK_RETURN(t, 5);
	KTASK_END(t);
}

static ktask_poll_t eternal_child(struct ktask *t)
{
	KTASK_BEGIN(t);
	KTASK_SLEEP(t, KTIME_MAX);
	KTASK_RETURN(t, 5);
	KTASK_END(t);
}

static long blocking_child(struct ktask *t)
{
	return ktask_sleep(ms_to_ktime(5)) ?: 5;
}

/* Does not hang when its child cannot run, so that the case can tell. */
static void join_child(void *arg)
{
	struct parent *p = arg;
	struct ktask *t;

	if (p->blocking)
		t = ktask_spawn_blocking(blocking_child, void);
	else
		t = ktask_spawn(p->body, void, .flags = p->flags);
	if (IS_ERR(t)) {
		p->err = PTR_ERR(t);
		return;
	}
	if (p->abort)
		ktask_abort(t);
	p->err = ktask_join_timeout(t, &p->result, CHILD_WAIT);
	ktask_put(t);
}

static ktask_poll_t parent_body(struct ktask *t)
{
	struct parent *p = ktask_frame(t);

	KTASK_BEGIN(t);
	ktask_defer(t, &p->defer, join_child, p);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static const struct join_case {
	const char *name;
	struct parent p;
	int err;
} join_cases[] = {
	{ "quick", { .body = quick_child } },
	{ "yielding", { .body = yielding_child } },
	{ "sleeping", { .body = sleeping_child } },
	{ "no_help", { .body = quick_child, .flags = KTASK_NO_HELP } },
	{ "aborted", { .body = eternal_child, .abort = true }, -ECANCELED },
	{ "aborted_no_help", { .body = eternal_child, .abort = true,
			       .flags = KTASK_NO_HELP }, -ECANCELED },
	{ "blocking", { .blocking = true } },
	{ "aborted_blocking", { .blocking = true, .abort = true }, -ECANCELED },
};

static void join_case_desc(const struct join_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(join, join_cases, join_case_desc);

/*
 * A cleanup may sleep, and so may wait for a task, even one of the executor
 * that runs the cleanup.
 */
static void defer_joins(struct kunit *test)
{
	const struct join_case *c = test->param_value;
	struct ktask *t;
	struct parent *p;

	t = kt_own(test, ktask_spawn(parent_body, struct parent,
				     .init = &c->p));
	KT_FINISH(test, t);
	p = ktask_frame(t);
	KUNIT_EXPECT_EQ(test, p->err, c->err);
	KUNIT_EXPECT_EQ(test, p->result, c->err ? (long)c->err : 5L);
}

/* All asleep on one CPU, which has to run the children. */
static void defer_joins_by_many(struct kunit *test)
{
	const struct parent init = { .body = sleeping_child };
	struct ktask *t[40];
	unsigned int wrong = 0;
	struct parent *p;
	int i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = kt_own(test, ktask_spawn(parent_body, struct parent,
						.init = &init,
						.place = KTASK_ON_CPU(0)));
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		KT_FINISH(test, t[i]);
		p = ktask_frame(t[i]);
		wrong += p->err || p->result != 5;
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

/* --- Children that end with their parent ---------------------------------- */

struct family {
	struct ktask_defer defer;
	struct ktask *child;
	int depth;
	atomic_t *ended;
};

static void end_child(void *arg)
{
	struct family *f = arg;

	if (f->child) {
		ktask_abort(f->child);
		if (ktask_join_timeout(f->child, NULL, CHILD_WAIT) == -ECANCELED)
			atomic_inc(f->ended);
		ktask_put(f->child);
	}
}

/* Each has a child of its own kind, which does not survive it. */
static ktask_poll_t family_body(struct ktask *t)
{
	struct family *f = ktask_frame(t);
	struct family child = { .depth = f->depth - 1, .ended = f->ended };

	KTASK_BEGIN(t);
	ktask_defer(t, &f->defer, end_child, f);
	if (f->depth) {
		f->child = ktask_spawn(family_body, struct family,
				       .init = &child);
		if (IS_ERR(f->child))
			f->child = NULL;
	}
	KTASK_SLEEP(t, f->depth == 5 ? ms_to_ktime(20) : KTIME_MAX);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

/* That is no deadlock; lockdep looks on. */
static void defer_ends_own_kind(struct kunit *test)
{
	struct family init = { .depth = 5 };
	struct ktask *t;

	init.ended = kunit_kzalloc(test, sizeof(*init.ended), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, init.ended);
	t = kt_own(test, ktask_spawn(family_body, struct family,
				     .init = &init));
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(init.ended), 5);
}

/* --- Cleanups that a joiner runs ------------------------------------------ */

struct napper {
	struct ktask_defer defer;
	struct task_struct *thread;
	int err;
};

static void nap(void *arg)
{
	struct napper *n = arg;

	n->thread = current;
	n->err = ktask_sleep(ms_to_ktime(1));
}

static ktask_poll_t nap_body(struct ktask *t)
{
	struct napper *n = ktask_frame(t);

	KTASK_BEGIN(t);
	ktask_defer(t, &n->defer, nap, n);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static long aborted_joiner_body(struct ktask *t)
{
	struct ktask **other = ktask_frame(t);
	struct napper *n = ktask_frame(*other);

	ktask_abort(t);
	if (ktask_join_timeout(*other, NULL, KT_HANG))
		return -EIO;
	return n->thread == current;
}

/* The abort of who helps is not the abort of who is helped. */
static void defer_not_for_helper(struct kunit *test)
{
	struct kt_plug *plug = kt_plug(test);
	struct ktask *t, *joiner;
	struct napper *n;

	t = ktask_new(nap_body, struct napper, .place = KT_BEHIND(plug));
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	kt_allow_help(t);
	KUNIT_ASSERT_EQ(test, 0, ktask_start(t));
	kt_own(test, t);
	joiner = kt_own(test, ktask_spawn_blocking(aborted_joiner_body,
						   struct ktask *,
						   .init = &t));
	KT_FINISH(test, joiner);
	KT_EXPECT_RETURNED(test, joiner, true);
	n = ktask_frame(t);
	KUNIT_EXPECT_EQ(test, n->err, 0);
}

static struct kunit_case defer_cases[] = {
	KUNIT_CASE(defer_on_return),
	KUNIT_CASE(defer_on_abort),
	KUNIT_CASE_PARAM(defer_in_process_context, context_gen_params),
	KUNIT_CASE(defer_frees_itself),
	KUNIT_CASE_PARAM(defer_joins, join_gen_params),
	KUNIT_CASE(defer_joins_by_many),
	KUNIT_CASE(defer_not_for_helper),
	KUNIT_CASE(defer_ends_own_kind),
	{}
};

struct kunit_suite ktask_defer_suite = {
	.name = "ktask_defer",
	.test_cases = defer_cases,
};
