// SPDX-License-Identifier: GPL-2.0
/*
 * Promises: kept, failed or broken, once, and in memory that both sides hold.
 */
#include <linux/sched.h>
#include <linux/slab.h>

#include "util.h"

/* KASAN and kmemleak tell if the references are not right. */
static struct ktask_promise *new_promise(struct kunit *test)
{
	struct ktask_promise *p = ktask_promise_new(GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, p);
	return p;
}

static void promise_kept(struct kunit *test)
{
	struct ktask_promise *p = new_promise(test);
	long value = 0;

	KUNIT_EXPECT_EQ(test, -EINPROGRESS, ktask_promise_result(p, &value));
	KUNIT_EXPECT_FALSE(test, ktask_promise_broken(p));
	KUNIT_EXPECT_TRUE(test, ktask_promise_keep(p, 7));
	KUNIT_EXPECT_FALSE(test, ktask_promise_keep(p, 8));
	KUNIT_EXPECT_FALSE(test, ktask_promise_fail(p, -EIO));
	ktask_promise_drop(p);
	KUNIT_EXPECT_EQ(test, 0, ktask_promise_result(p, &value));
	KUNIT_EXPECT_EQ(test, value, 7L);
	KUNIT_EXPECT_EQ(test, 0, ktask_promise_result(p, NULL));
	KUNIT_EXPECT_FALSE(test, ktask_promise_broken(p));
	ktask_promise_put(p);
}

/* A value that looks like an error is none. */
static void promise_kept_with_any_value(struct kunit *test)
{
	static const long values[] = { 0, -1, -EPIPE, LONG_MIN, LONG_MAX };
	int i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		struct ktask_promise *p = new_promise(test);
		long value = 1;

		KUNIT_EXPECT_TRUE(test, ktask_promise_keep(p, values[i]));
		KUNIT_EXPECT_EQ(test, 0, ktask_promise_result(p, &value));
		KUNIT_EXPECT_EQ(test, value, values[i]);
		ktask_promise_drop(p);
		ktask_promise_put(p);
	}
}

static void promise_failed(struct kunit *test)
{
	struct ktask_promise *p = new_promise(test);
	long value = 123;

	KUNIT_EXPECT_TRUE(test, ktask_promise_fail(p, -EPIPE));
	KUNIT_EXPECT_FALSE(test, ktask_promise_keep(p, 8));
	ktask_promise_drop(p);
	KUNIT_EXPECT_EQ(test, -EPIPE, ktask_promise_result(p, &value));
	KUNIT_EXPECT_EQ(test, value, 123L);
	/* That was the producer's own word. */
	KUNIT_EXPECT_FALSE(test, ktask_promise_broken(p));
	ktask_promise_put(p);
}

static void promise_broken(struct kunit *test)
{
	struct ktask_promise *p = new_promise(test);
	long value = 123;

	ktask_promise_drop(p);
	KUNIT_EXPECT_EQ(test, -EPIPE, ktask_promise_result(p, &value));
	KUNIT_EXPECT_EQ(test, value, 123L);
	KUNIT_EXPECT_TRUE(test, ktask_promise_broken(p));
	KUNIT_EXPECT_FALSE(test, ktask_promise_keep(p, 8));
	KUNIT_EXPECT_TRUE(test, ktask_promise_broken(p));
	ktask_promise_put(p);

	ktask_promise_drop(NULL);
	ktask_promise_put(ERR_PTR(-ENOMEM));
}

static void promise_unwanted(struct kunit *test)
{
	struct ktask_promise *p = new_promise(test);

	KUNIT_EXPECT_TRUE(test, ktask_promise_wanted(p));
	ktask_promise_put(ktask_promise_get(p));
	KUNIT_EXPECT_TRUE(test, ktask_promise_wanted(p));
	ktask_promise_put(p);
	KUNIT_EXPECT_FALSE(test, ktask_promise_wanted(p));
	/* Kept for nobody. */
	KUNIT_EXPECT_TRUE(test, ktask_promise_keep(p, 1));
	ktask_promise_drop(p);
}

struct embedded {
	struct ktask_promise p;
	int released;
};

static void embedded_release(struct ktask_promise *p)
{
	container_of(p, struct embedded, p)->released++;
}

static void promise_in_own_storage(struct kunit *test)
{
	struct embedded *e = kunit_kzalloc(test, sizeof(*e), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, e);
	for (i = 0; i < 3; i++) {
		ktask_promise_init(&e->p, embedded_release);
		KUNIT_EXPECT_EQ(test, -EINPROGRESS,
				ktask_promise_result(&e->p, NULL));
		ktask_promise_put(&e->p);
		KUNIT_EXPECT_EQ(test, e->released, i);
		ktask_promise_drop(&e->p);
		KUNIT_EXPECT_EQ(test, e->released, i + 1);
	}
}

static void promise_scoped(struct kunit *test)
{
	struct ktask_promise *consumer __free(ktask_promise_put) =
		new_promise(test);

	{
		struct ktask_promise *producer __free(ktask_promise_drop) =
			consumer;

		KUNIT_EXPECT_FALSE(test, ktask_promise_broken(producer));
	}
	KUNIT_EXPECT_TRUE(test, ktask_promise_broken(consumer));
}

/* --- Contexts ------------------------------------------------------------- */

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static void keep_it(void *p)
{
	ktask_promise_keep(p, 3);
	ktask_promise_drop(p);
}

static void drop_it(void *p)
{
	ktask_promise_drop(p);
}

static void promise_settled_in(struct kunit *test)
{
	struct ktask_promise *p = new_promise(test);
	long value = 0;

	kt_call_in(test, test->param_value, keep_it, p);
	KUNIT_EXPECT_EQ(test, 0, ktask_promise_result(p, &value));
	KUNIT_EXPECT_EQ(test, value, 3L);
	ktask_promise_put(p);

	p = new_promise(test);
	kt_call_in(test, test->param_value, drop_it, p);
	KUNIT_EXPECT_TRUE(test, ktask_promise_broken(p));
	ktask_promise_put(p);

	/* The last reference, which frees it. */
	p = new_promise(test);
	ktask_promise_put(p);
	kt_call_in(test, test->param_value, drop_it, p);
}

/* --- Tasks ---------------------------------------------------------------- */

struct producer {
	struct ktask_promise *p;
	struct ktask_future *go;
	struct ktask_defer drop;
	bool keep;
	bool in;
};

static ktask_poll_t producer_body(struct ktask *t)
{
	struct producer *f = ktask_frame(t);

	KTASK_BEGIN(t);
	WRITE_ONCE(f->in, true);
	KTASK_AWAIT(t, f->go);
	if (f->keep)
		ktask_promise_keep(f->p, 11);
	KTASK_SLEEP(t, f->keep ? KTIME_MAX : 0);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static long blocking_producer_body(struct ktask *t)
{
	struct producer *f = ktask_frame(t);
	int err;

	WRITE_ONCE(f->in, true);
	err = ktask_future_wait_interruptible(f->go);
	if (err)
		return err;
	if (f->keep)
		ktask_promise_keep(f->p, 11);
	return f->keep ? ktask_sleep(KTIME_MAX) : 0;
}

struct consumer {
	struct ktask_promise *p;
	struct ktask_defer put;
	long value;
};

static ktask_poll_t consumer_body(struct ktask *t)
{
	struct consumer *f = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_AWAIT(t, ktask_promise_future(f->p));
	KTASK_RETURN(t, ktask_promise_result(f->p, &f->value) ?: f->value);
	KTASK_END(t);
}

/* Not started, and to be put unless that is done. */
static struct ktask *new_producer(struct kunit *test, bool blocking, bool keep,
				  struct ktask_promise *p,
				  struct ktask_future *go)
{
	struct producer init = { .p = p, .keep = keep, .go = go }, *f;
	struct ktask *t;

	if (blocking)
		t = ktask_new_blocking(blocking_producer_body, struct producer,
				       .init = &init);
	else
		t = ktask_new(producer_body, struct producer, .init = &init);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	f = ktask_frame(t);
	ktask_defer_promise_drop(t, &f->drop, p);
	return t;
}

static struct ktask *new_consumer(struct kunit *test, struct ktask_promise *p)
{
	struct consumer init = { .p = p }, *f;
	struct ktask *t;

	t = ktask_new(consumer_body, struct consumer, .init = &init);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	f = ktask_frame(t);
	ktask_defer_promise_put(t, &f->put, p);
	return t;
}

static struct ktask *start(struct kunit *test, struct ktask *t)
{
	KUNIT_ASSERT_EQ(test, 0, ktask_start(t));
	return kt_own(test, t);
}

static struct ktask_future *new_future(struct kunit *test)
{
	struct ktask_future *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	return f;
}

static void wait_in(struct kunit *test, struct ktask *t)
{
	struct producer *f = ktask_frame(t);

	KT_EVENTUALLY(test, READ_ONCE(f->in));
}

static void promise_of_task(struct kunit *test)
{
	int i;

	for (i = 0; i < 4; i++) {
		struct ktask_promise *p = new_promise(test);
		struct ktask_future *go = new_future(test);
		struct ktask *consumer = start(test, new_consumer(test, p));
		bool keep = i & 2;

		start(test, new_producer(test, i & 1, keep, p, go));
		/* One that is kept goes on, and is told apart from its end. */
		ktask_future_complete(go, 0);
		KT_FINISH(test, consumer);
		KT_EXPECT_RETURNED(test, consumer, keep ? 11 : -EPIPE);
	}
}

static void promise_of_aborted_task(struct kunit *test)
{
	int blocking;

	for (blocking = 0; blocking <= 1; blocking++) {
		struct ktask_promise *p = new_promise(test);
		struct ktask_future *go = new_future(test);
		struct ktask *consumer = start(test, new_consumer(test, p));
		struct ktask *producer;

		producer = start(test, new_producer(test, blocking, true, p,
						    go));
		wait_in(test, producer);
		ktask_abort(producer);
		KT_FINISH(test, consumer);
		KT_EXPECT_RETURNED(test, consumer, -EPIPE);
	}
}

/* Its body never runs, so could not have registered anything. */
static void promise_of_task_aborted_first(struct kunit *test)
{
	int blocking;

	for (blocking = 0; blocking <= 1; blocking++) {
		struct ktask_promise *p = new_promise(test);
		struct ktask_future *go = new_future(test);
		struct ktask *consumer = start(test, new_consumer(test, p));
		struct ktask *producer = new_producer(test, blocking, true, p,
						      go);

		ktask_abort(producer);
		start(test, producer);
		KT_FINISH(test, consumer);
		KT_EXPECT_RETURNED(test, consumer, -EPIPE);
		KT_FINISH(test, producer);
		KUNIT_EXPECT_FALSE(test, ((struct producer *)
					  ktask_frame(producer))->in);
	}
}

/* The consumer goes; the producer keeps a promise that is still there. */
static void promise_to_aborted_task(struct kunit *test)
{
	struct ktask_promise *p = new_promise(test);
	struct ktask_future *go = new_future(test);
	struct ktask *consumer, *producer;

	producer = start(test, new_producer(test, false, true, p, go));
	consumer = start(test, new_consumer(test, p));
	wait_in(test, producer);
	usleep_range(100, 200);
	ktask_abort(consumer);
	KT_FINISH(test, consumer);
	KUNIT_EXPECT_FALSE(test, ktask_promise_wanted(p));
	ktask_future_complete(go, 0);
	ktask_abort(producer);
	KT_FINISH(test, producer);
}

/* --- Races ---------------------------------------------------------------- */

/* Kept, dropped, aborted and awaited at once: one outcome, and no more. */
static void promise_race(struct kunit *test)
{
	struct kt_rival *rival = kt_rival(test);
	unsigned int kept = 0, broken = 0, wrong = 0;
	int i;

	for (i = 0; i < 500; i++) {
		struct ktask_promise *p = new_promise(test);
		bool won;
		int err;

		/* The rival drops, which is about to break it. */
		ktask_promise_get(p);
		kt_rival_go(rival, drop_it, p);
		if (i & 1)
			kt_dither(1);
		won = ktask_promise_keep(p, 5);
		err = ktask_future_wait(ktask_promise_future(p)) ?:
		      ktask_promise_result(p, NULL);
		wrong += err != (won ? 0 : -EPIPE);
		wrong += ktask_promise_broken(p) == won;
		won ? kept++ : broken++;
		ktask_promise_put(p);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		wrong += ktask_promise_wanted(p);
		ktask_promise_put(p);
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	kunit_info(test, "%u kept, %u broken\n", kept, broken);
}

static void abort_it(void *t)
{
	ktask_abort(t);
}

/* One side is aborted, at any time, while the promise is kept or is not. */
static void promise_abort_race(struct kunit *test)
{
	struct kt_rival *rival = kt_rival(test);
	unsigned int wrong = 0;
	int i;

	for (i = 0; i < 200; i++) {
		struct ktask_promise *p = new_promise(test);
		struct ktask_future *go = new_future(test);
		struct ktask *consumer = new_consumer(test, p);
		struct ktask *producer = new_producer(test, i & 2, true, p, go);
		long result = 0;

		KUNIT_ASSERT_EQ(test, 0, ktask_start(consumer));
		KUNIT_ASSERT_EQ(test, 0, ktask_start(producer));
		kt_rival_go(rival, abort_it, i & 1 ? consumer : producer);
		kt_dither(i % 100);
		ktask_future_complete(go, 0);
		KUNIT_ASSERT_TRUE(test, kt_ended(consumer));
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		ktask_abort(producer);
		KUNIT_ASSERT_TRUE(test, kt_ended(producer));
		ktask_join(consumer, &result);
		wrong += result != 11 && result != -EPIPE &&
			 result != -ECANCELED;
		ktask_put(consumer);
		ktask_put(producer);
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

static struct kunit_case promise_cases[] = {
	KUNIT_CASE(promise_kept),
	KUNIT_CASE(promise_kept_with_any_value),
	KUNIT_CASE(promise_failed),
	KUNIT_CASE(promise_broken),
	KUNIT_CASE(promise_unwanted),
	KUNIT_CASE(promise_in_own_storage),
	KUNIT_CASE(promise_scoped),
	KUNIT_CASE_PARAM(promise_settled_in, context_gen_params),
	KUNIT_CASE(promise_of_task),
	KUNIT_CASE(promise_of_aborted_task),
	KUNIT_CASE(promise_of_task_aborted_first),
	KUNIT_CASE(promise_to_aborted_task),
	KUNIT_CASE(promise_race),
	KUNIT_CASE(promise_abort_race),
	{}
};

struct kunit_suite ktask_promise_suite = {
	.name = "ktask_promise",
	.test_cases = promise_cases,
};
