// SPDX-License-Identifier: GPL-2.0
/*
 * Putting the handle of a task that has not ended: it goes on, or is aborted.
 */
#include "util.h"

struct shown {
	struct kt_trail *trail;
	struct ktask_future *f;
	struct completion *in;
	struct kt_cleanup cleanup;
};

static ktask_poll_t shown_body(struct ktask *t)
{
	struct shown *s = ktask_frame(t);

	KTASK_BEGIN(t);
	kt_mark(s->trail, 'b');
	complete(s->in);
	KTASK_AWAIT(t, s->f);
	kt_mark(s->trail, 'e');
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static long shown_blocking_body(struct ktask *t)
{
	struct shown *s = ktask_frame(t);
	int err;

	kt_mark(s->trail, 'b');
	complete(s->in);
	err = ktask_future_wait_killable(s->f);
	if (err)
		return err;
	kt_mark(s->trail, 'e');
	return 0;
}

struct scene {
	struct kt_trail *trail;
	struct ktask_future *f;
	struct completion in;
	struct ktask_runtime *rt;
};

static struct scene *new_scene(struct kunit *test)
{
	struct scene *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->f = kunit_kzalloc(test, sizeof(*s->f), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, s->f);
	s->trail = kt_trail(test);
	init_completion(&s->in);
	/* What a case forgets ends with this. */
	s->rt = kt_runtime(test);
	return s;
}

static struct ktask *new_shown(struct kunit *test, struct scene *s,
			       bool blocking, unsigned int flags, int place)
{
	struct shown *f;
	struct ktask *t;

	if (blocking)
		t = ktask_new_blocking(shown_blocking_body, struct shown,
				       .flags = flags, .runtime = s->rt,
				       .place = place);
	else
		t = ktask_new(shown_body, struct shown, .flags = flags,
			      .runtime = s->rt, .place = place);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	f = ktask_frame(t);
	f->trail = s->trail;
	f->f = s->f;
	f->in = &s->in;
	kt_defer_mark(t, &f->cleanup, s->trail, 'c');
	return t;
}

static struct ktask *start_shown(struct kunit *test, struct scene *s,
				 bool blocking, unsigned int flags)
{
	struct ktask *t = new_shown(test, s, blocking, flags, 0);

	KUNIT_ASSERT_EQ(test, 0, ktask_start(t));
	KT_COMPLETED(test, &s->in);
	return t;
}

/* The task is gone for good, whoever put it last. */
static void check_over(struct kunit *test, struct scene *s, const char *trail)
{
	KT_EVENTUALLY(test, strchr(s->trail->s, 'c'));
	kt_destroy(test, s->rt);
	KUNIT_EXPECT_STREQ(test, s->trail->s, trail);
}

static const bool kinds[] = { false, true };

static void kind_desc(const bool *kind, char *desc)
{
	strscpy(desc, *kind ? "blocking" : "async", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(kind, kinds, kind_desc);

static bool is_blocking(struct kunit *test)
{
	return *(const bool *)test->param_value;
}

/* --- It goes on ----------------------------------------------------------- */

static void detach_goes_on(struct kunit *test)
{
	struct scene *s = new_scene(test);

	ktask_detach(start_shown(test, s, is_blocking(test), 0));
	usleep_range(1000, 2000);
	KUNIT_EXPECT_STREQ(test, s->trail->s, "b");
	ktask_future_complete(s->f, 0);
	check_over(test, s, "bec");
}

static void detach_queued(struct kunit *test)
{
	struct scene *s = new_scene(test);
	struct kt_plug *plug = kt_plug(test);
	struct ktask *t = new_shown(test, s, is_blocking(test), 0,
				    KT_BEHIND(plug));

	KUNIT_ASSERT_EQ(test, 0, ktask_start(t));
	ktask_detach(t);
	ktask_future_complete(s->f, 0);
	kt_unplug(plug);
	check_over(test, s, "bec");
}

static void detach_ends_with_runtime(struct kunit *test)
{
	struct scene *s = new_scene(test);

	ktask_detach(start_shown(test, s, is_blocking(test), 0));
	kt_destroy(test, s->rt);
	KUNIT_EXPECT_STREQ(test, s->trail->s, "bc");
}

/* --- It is aborted -------------------------------------------------------- */

static void abort_on_put_suspended(struct kunit *test)
{
	struct scene *s = new_scene(test);

	ktask_put(start_shown(test, s, is_blocking(test), KTASK_ABORT_ON_PUT));
	check_over(test, s, "bc");
}

static void abort_on_put_queued(struct kunit *test)
{
	struct scene *s = new_scene(test);
	struct kt_plug *plug = kt_plug(test);
	struct ktask *t = new_shown(test, s, is_blocking(test),
				    KTASK_ABORT_ON_PUT, KT_BEHIND(plug));

	KUNIT_ASSERT_EQ(test, 0, ktask_start(t));
	ktask_put(t);
	kt_unplug(plug);
	check_over(test, s, "c");
}

static void abort_on_put_never_started(struct kunit *test)
{
	struct scene *s = new_scene(test);

	ktask_put(new_shown(test, s, is_blocking(test), KTASK_ABORT_ON_PUT, 0));
	KUNIT_EXPECT_STREQ(test, s->trail->s, "");
}

static void abort_on_put_ended(struct kunit *test)
{
	struct scene *s = new_scene(test);
	struct ktask *t = start_shown(test, s, is_blocking(test),
				      KTASK_ABORT_ON_PUT);

	ktask_future_complete(s->f, 0);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	ktask_put(t);
	KUNIT_EXPECT_STREQ(test, s->trail->s, "bec");
}

/* The first of two is put: nothing happens. */
static void abort_on_last_put(struct kunit *test)
{
	struct scene *s = new_scene(test);
	struct ktask *t = start_shown(test, s, is_blocking(test),
				      KTASK_ABORT_ON_PUT);

	ktask_put(ktask_get(t));
	usleep_range(1000, 2000);
	KUNIT_EXPECT_FALSE(test, ktask_aborted(t));
	ktask_put(t);
	check_over(test, s, "bc");
}

/* Neither is it before the task is started. */
static void abort_on_put_then_start(struct kunit *test)
{
	struct scene *s = new_scene(test);
	struct ktask *t = new_shown(test, s, is_blocking(test),
				    KTASK_ABORT_ON_PUT, 0);

	ktask_put(ktask_get(t));
	KUNIT_EXPECT_FALSE(test, ktask_aborted(t));
	KUNIT_ASSERT_EQ(test, 0, ktask_start(t));
	KT_COMPLETED(test, &s->in);
	ktask_put(t);
	check_over(test, s, "bc");
}

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static void put_it(void *t)
{
	ktask_put(t);
}

static void abort_on_put_in(struct kunit *test)
{
	struct scene *s = new_scene(test);
	struct ktask *t = start_shown(test, s, false, KTASK_ABORT_ON_PUT);

	kt_call_in(test, test->param_value, put_it, t);
	check_over(test, s, "bc");
}

/* Two put at the same time: one of them aborts. */
static void abort_on_put_race(struct kunit *test)
{
	struct kt_rival *rival = kt_rival(test);
	struct scene *s = new_scene(test);
	struct ktask *t;
	int i;

	for (i = 0; i < 500; i++) {
		reinit_completion(&s->in);
		memset(s->trail->s, 0, sizeof(s->trail->s));
		s->trail->n = 0;
		t = start_shown(test, s, i & 1, KTASK_ABORT_ON_PUT);
		kt_rival_go(rival, put_it, ktask_get(t));
		kt_dither(3);
		ktask_put(t);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		KT_EVENTUALLY(test, strchr(s->trail->s, 'c'));
		KUNIT_ASSERT_STREQ(test, s->trail->s, "bc");
	}
}

/* Its end and the last put at the same time: either outcome, no harm. */
static void abort_on_put_end_race(struct kunit *test)
{
	struct kt_rival *rival = kt_rival(test);
	struct scene *s = new_scene(test);
	unsigned int ended = 0;
	struct ktask *t;
	int i;

	for (i = 0; i < 500; i++) {
		reinit_completion(&s->in);
		ktask_future_init(s->f);
		memset(s->trail->s, 0, sizeof(s->trail->s));
		s->trail->n = 0;
		t = start_shown(test, s, i & 1, KTASK_ABORT_ON_PUT);
		kt_rival_go(rival, put_it, t);
		kt_dither(5);
		ktask_future_complete(s->f, 0);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		KT_EVENTUALLY(test, strchr(s->trail->s, 'c'));
		ended += s->trail->n == 3;
	}
	kunit_info(test, "ended first %u times\n", ended);
	kt_destroy(test, s->rt);
}

static struct kunit_case detach_cases[] = {
	KUNIT_CASE_PARAM(detach_goes_on, kind_gen_params),
	KUNIT_CASE_PARAM(detach_queued, kind_gen_params),
	KUNIT_CASE_PARAM(detach_ends_with_runtime, kind_gen_params),
	KUNIT_CASE_PARAM(abort_on_put_suspended, kind_gen_params),
	KUNIT_CASE_PARAM(abort_on_put_queued, kind_gen_params),
	KUNIT_CASE_PARAM(abort_on_put_never_started, kind_gen_params),
	KUNIT_CASE_PARAM(abort_on_put_ended, kind_gen_params),
	KUNIT_CASE_PARAM(abort_on_last_put, kind_gen_params),
	KUNIT_CASE_PARAM(abort_on_put_then_start, kind_gen_params),
	KUNIT_CASE_PARAM(abort_on_put_in, context_gen_params),
	KUNIT_CASE(abort_on_put_race),
	KUNIT_CASE(abort_on_put_end_race),
	{}
};

struct kunit_suite ktask_detach_suite = {
	.name = "ktask_detach",
	.test_cases = detach_cases,
};
