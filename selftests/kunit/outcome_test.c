// SPDX-License-Identifier: GPL-2.0
/*
 * The ways in which a task ends, which a join tells apart.
 */
#include "util.h"

struct ending {
	struct ktask_future *f;
	long result;
};

static ktask_poll_t end_body(struct ktask *t)
{
	struct ending *e = ktask_frame(t);

	KTASK_BEGIN(t);
	if (e->f)
		KTASK_AWAIT(t, e->f);
	KTASK_RETURN(t, e->result);
	KTASK_END(t);
}

static long end_blocking_body(struct ktask *t)
{
	struct ending *e = ktask_frame(t);
	int err = e->f ? ktask_future_wait_killable(e->f) : 0;

	return err ?: e->result;
}

static const bool kinds[] = { false, true };

static void kind_desc(const bool *kind, char *desc)
{
	strscpy(desc, *kind ? "blocking" : "async", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(kind, kinds, kind_desc);

static struct ktask *spawn_ending(struct kunit *test, struct ktask_future *f,
				  long result)
{
	const bool *blocking = test->param_value;
	struct ending init = { .f = f, .result = result };

	if (*blocking)
		return kt_own(test, ktask_spawn_blocking(end_blocking_body,
							 struct ending,
							 .init = &init));
	return kt_own(test, ktask_spawn(end_body, struct ending,
					.init = &init));
}

/* Each way of joining tells the same. */
static void check_joins(struct kunit *test, struct ktask *t, int err,
			enum ktask_outcome outcome, long value)
{
	long result = 0x55;

	KUNIT_EXPECT_EQ(test, err, ktask_join_timeout(t, &result, KT_HANG));
	KUNIT_EXPECT_EQ(test, result, value);
	result = 0x55;
	KUNIT_EXPECT_EQ(test, err, ktask_try_join(t, &result));
	KUNIT_EXPECT_EQ(test, result, value);
	KUNIT_EXPECT_EQ(test, err, ktask_join_interruptible(t, NULL));
	__KT_EXPECT_END(test, t, outcome, value);
	/* What awaits its future sees the value. */
	KUNIT_EXPECT_EQ(test, ktask_future_value(ktask_future(t)), value);
}

static void outcome_value(struct kunit *test)
{
	static const long values[] = { 0, 1, -1, LONG_MAX, LONG_MIN };
	int i;

	for (i = 0; i < ARRAY_SIZE(values); i++)
		check_joins(test, spawn_ending(test, NULL, values[i]), 0,
			    KTASK_RETURNED, values[i]);
}

static void outcome_own_error(struct kunit *test)
{
	check_joins(test, spawn_ending(test, NULL, -EIO), 0, KTASK_RETURNED,
		    -EIO);
}

static void outcome_cancelled(struct kunit *test)
{
	struct ktask_future *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	struct ktask *t;

	KUNIT_ASSERT_NOT_NULL(test, f);
	t = spawn_ending(test, f, 1);
	KUNIT_EXPECT_EQ(test, -EAGAIN, ktask_try_join(t, NULL));
	ktask_abort(t);
	check_joins(test, t, -ECANCELED, KTASK_CANCELLED, -ECANCELED);
}

/* A body's own -ECANCELED is not an abort, nor is -EINTR. */
static void outcome_looks_cancelled(struct kunit *test)
{
	check_joins(test, spawn_ending(test, NULL, -ECANCELED), 0,
		    KTASK_RETURNED, -ECANCELED);
	check_joins(test, spawn_ending(test, NULL, -EINTR), 0, KTASK_RETURNED,
		    -EINTR);
}

/* Aborted after its last await: what it returned stands. */
static void outcome_returned_though_aborted(struct kunit *test)
{
	struct ktask *t = spawn_ending(test, NULL, 9);

	KT_FINISH(test, t);
	KUNIT_EXPECT_FALSE(test, ktask_abort(t));
	check_joins(test, t, 0, KTASK_RETURNED, 9);
}

/* --- Results that are larger than a long ---------------------------------- */

struct big {
	u8 bytes[3000];
};

static ktask_poll_t fill_body(struct ktask *t)
{
	struct big *b = ktask_frame(t);

	KTASK_BEGIN(t);
	memset(b->bytes, 0xa5, sizeof(b->bytes));
	KTASK_RETURN(t, sizeof(b->bytes));
	KTASK_END(t);
}

/* Read in place, after the runtime has let go and until the last put. */
static void outcome_in_frame(struct kunit *test)
{
	struct ktask_runtime *rt = kt_runtime(test);
	struct ktask *t = kt_own(test, ktask_spawn(fill_body, struct big,
						   .runtime = rt));
	struct big *b = ktask_frame(t);
	unsigned int i, wrong = 0;
	long result;

	KUNIT_EXPECT_EQ(test, 0, ktask_join_timeout(t, &result, KT_HANG));
	kt_destroy(test, rt);
	KUNIT_EXPECT_EQ(test, result, (long)sizeof(b->bytes));
	for (i = 0; i < sizeof(b->bytes); i++)
		wrong += b->bytes[i] != 0xa5;
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

static struct kunit_case outcome_cases[] = {
	KUNIT_CASE_PARAM(outcome_value, kind_gen_params),
	KUNIT_CASE_PARAM(outcome_own_error, kind_gen_params),
	KUNIT_CASE_PARAM(outcome_cancelled, kind_gen_params),
	KUNIT_CASE_PARAM(outcome_looks_cancelled, kind_gen_params),
	KUNIT_CASE_PARAM(outcome_returned_though_aborted, kind_gen_params),
	KUNIT_CASE(outcome_in_frame),
	{}
};

struct kunit_suite ktask_outcome_suite = {
	.name = "ktask_outcome",
	.test_cases = outcome_cases,
};
