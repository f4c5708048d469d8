// SPDX-License-Identifier: GPL-2.0
/*
 * Registering operations. What programs do with them is tested from where
 * programs are, in selftests/ktask.
 */
#include <linux/ktask_op.h>

#include "util.h"

struct test_args {
	u32 number;
	u64 big;
	char text[16];
};

static const struct ktask_op_arg good_args[] = {
	KTASK_OP_ARG(struct test_args, number, KTASK_ARG_U32,
		     KTASK_ARG_REQUIRED),
	KTASK_OP_ARG(struct test_args, big, KTASK_ARG_U64, 0),
	KTASK_OP_ARG(struct test_args, text, KTASK_ARG_STRING, 0),
};

static long run_body(struct ktask *t)
{
	return 0;
}

/* An op that is as it should be. */
static const struct ktask_op good_op = {
	.name = "kunit",
	.summary = "an op of the tests",
	.flags = KTASK_OP_PURE,
	.args = good_args,
	.nr_args = ARRAY_SIZE(good_args),
	.args_size = sizeof(struct test_args),
	.args_min = sizeof(u32),
	.frame_size = 8,
	.run = run_body,
};

static void unregister(void *op)
{
	ktask_op_unregister(op);
}

/* Returns what registering said; unregistered when the case ends. */
static int register_op(struct kunit *test, struct ktask_op *op)
{
	int err = ktask_op_register(op);

	if (!err)
		KUNIT_ASSERT_EQ(test, 0,
				kunit_add_action_or_reset(test, unregister,
							  op));
	return err;
}

static struct ktask_op *new_op(struct kunit *test)
{
	struct ktask_op *op = kunit_kzalloc(test, sizeof(*op), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, op);
	*op = good_op;
	return op;
}

static void op_comes_and_goes(struct kunit *test)
{
	struct ktask_op *op = new_op(test);
	int i;

	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, 0, register_op(test, op));
		kunit_release_action(test, unregister, op);
	}
}

static void op_of_either_kind(struct kunit *test)
{
	struct ktask_op *op = new_op(test);

	op->run = NULL;
	op->resume = kt_return_body;
	KUNIT_EXPECT_EQ(test, 0, register_op(test, op));
}

static void op_without_arguments(struct kunit *test)
{
	struct ktask_op *op = new_op(test);

	op->args = NULL;
	op->nr_args = 0;
	op->args_size = 0;
	op->args_min = 0;
	op->summary = NULL;
	KUNIT_EXPECT_EQ(test, 0, register_op(test, op));
}

static void op_name_is_taken(struct kunit *test)
{
	struct ktask_op *op = new_op(test), *other = new_op(test);
	char name[KTASK_NAME_MAX] = "kunit";

	KUNIT_EXPECT_EQ(test, 0, register_op(test, op));
	KUNIT_EXPECT_EQ(test, -EEXIST, register_op(test, other));
	/* The name counts, not where it is. */
	other->name = name;
	KUNIT_EXPECT_EQ(test, -EEXIST, register_op(test, other));
	/* One that is built in. */
	other->name = "nop";
	KUNIT_EXPECT_EQ(test, -EEXIST, register_op(test, other));
	other->name = "Kunit";
	KUNIT_EXPECT_EQ(test, 0, register_op(test, other));
	/* Free again once its op is gone. */
	kunit_release_action(test, unregister, op);
	kunit_release_action(test, unregister, other);
	other->name = "kunit";
	KUNIT_EXPECT_EQ(test, 0, register_op(test, other));
	KUNIT_EXPECT_EQ(test, -EEXIST, register_op(test, op));
}

static void op_longest_name(struct kunit *test)
{
	char *name = kunit_kzalloc(test, KTASK_NAME_MAX + 1, GFP_KERNEL);
	struct ktask_op *op = new_op(test);

	KUNIT_ASSERT_NOT_NULL(test, name);
	op->name = name;
	memset(name, 'x', KTASK_NAME_MAX);
	KUNIT_EXPECT_EQ(test, -EINVAL, register_op(test, op));
	name[KTASK_NAME_MAX - 1] = '\0';
	KUNIT_EXPECT_EQ(test, 0, register_op(test, op));
}

/* --- Bad descriptions ----------------------------------------------------- */

#define BAD(name_, ...)	{ .name = name_, .op = { __VA_ARGS__ } }

/* As good_op, but for one thing. */
static const struct bad_op {
	const char *name;
	struct ktask_op op;
} bad_ops[] = {
	BAD("no name", .run = run_body),
	BAD("empty name", .name = "", .run = run_body),
	BAD("no body", .name = "kunit"),
	BAD("two bodies", .name = "kunit", .run = run_body,
	    .resume = kt_return_body),
	BAD("arguments too big", .name = "kunit", .run = run_body,
	    .args_size = KTASK_OP_ARGS_MAX + 1),
	BAD("least above most", .name = "kunit", .run = run_body,
	    .args_size = 8, .args_min = 9),
	BAD("unknown flag", .name = "kunit", .run = run_body,
	    .flags = KTASK_OP_PURE | 1U << 31),
};

static void bad_op_desc(const struct bad_op *bad, char *desc)
{
	strscpy(desc, bad->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bad_op, bad_ops, bad_op_desc);

static void op_bad(struct kunit *test)
{
	const struct bad_op *bad = test->param_value;
	struct ktask_op *op = new_op(test);

	*op = bad->op;
	KUNIT_EXPECT_EQ(test, -EINVAL, register_op(test, op));
}

/* As an argument of good_op should be, but for one thing. */
static const struct bad_arg {
	const char *name;
	struct ktask_op_arg arg;
} bad_args[] = {
	{ "no name", { NULL, KTASK_ARG_U32, 0, 0, 4 } },
	{ "long name", { "a_name_that_has_thirty_two_bytes",
			 KTASK_ARG_U32, 0, 0, 4 } },
	{ "begins outside", { "x", KTASK_ARG_STRING, 0,
			      sizeof(struct test_args) + 1, 0 } },
	{ "ends outside", { "x", KTASK_ARG_STRING, 0,
			    sizeof(struct test_args) - 1, 2 } },
	{ "wraps around", { "x", KTASK_ARG_STRING, 0, 8, U32_MAX - 7 } },
	{ "no type", { "x", 0, 0, 0, 4 } },
	{ "unknown type", { "x", KTASK_ARG_STRING + 1, 0, 0, 4 } },
	{ "unknown flag", { "x", KTASK_ARG_U32, 1U << 31, 0, 4 } },
	{ "u32 of 8 bytes", { "x", KTASK_ARG_U32, 0, 0, 8 } },
	{ "u64 of 4 bytes", { "x", KTASK_ARG_U64, 0, 0, 4 } },
};

static void bad_arg_desc(const struct bad_arg *bad, char *desc)
{
	strscpy(desc, bad->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bad_arg, bad_args, bad_arg_desc);

static void op_bad_argument(struct kunit *test)
{
	const struct bad_arg *bad = test->param_value;
	struct ktask_op *op = new_op(test);
	struct ktask_op_arg args[2];

	/* The good one does not hide the bad one. */
	args[0] = good_args[0];
	args[1] = bad->arg;
	op->args = args;
	op->nr_args = ARRAY_SIZE(args);
	KUNIT_EXPECT_EQ(test, -EINVAL, register_op(test, op));
}

/* --- Races ---------------------------------------------------------------- */

#define RACERS	4

struct racer {
	struct ktask_op op;
	atomic_t *holders;
	unsigned int got;
	unsigned int lost;
	unsigned int wrong;
};

static int racer_main(void *arg)
{
	struct racer *r = arg;
	int i, err;

	for (i = 0; i < 30; i++) {
		err = ktask_op_register(&r->op);
		if (err) {
			r->lost++;
			if (err != -EEXIST)
				r->wrong++;
			cond_resched();
			continue;
		}
		r->got++;
		if (atomic_inc_return(r->holders) != 1)
			r->wrong++;
		atomic_dec(r->holders);
		ktask_op_unregister(&r->op);
	}
	return 0;
}

/* One at a time has the name. */
static void op_name_race(struct kunit *test)
{
	struct racer *r = kunit_kcalloc(test, RACERS, sizeof(*r), GFP_KERNEL);
	atomic_t *holders = kunit_kzalloc(test, sizeof(*holders), GFP_KERNEL);
	struct kt_thread *th[RACERS];
	unsigned int got = 0;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, r);
	KUNIT_ASSERT_NOT_NULL(test, holders);
	for (i = 0; i < RACERS; i++) {
		r[i].op = good_op;
		r[i].holders = holders;
		th[i] = kt_thread(test, racer_main, &r[i]);
	}
	for (i = 0; i < RACERS; i++) {
		KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th[i]));
		KUNIT_EXPECT_EQ(test, r[i].wrong, 0);
		got += r[i].got;
	}
	KUNIT_EXPECT_GT(test, got, 0);
}

static struct kunit_case op_cases[] = {
	KUNIT_CASE(op_comes_and_goes),
	KUNIT_CASE(op_of_either_kind),
	KUNIT_CASE(op_without_arguments),
	KUNIT_CASE(op_name_is_taken),
	KUNIT_CASE(op_longest_name),
	KUNIT_CASE_PARAM(op_bad, bad_op_gen_params),
	KUNIT_CASE_PARAM(op_bad_argument, bad_arg_gen_params),
	KUNIT_CASE(op_name_race),
	{}
};

struct kunit_suite ktask_op_suite = {
	.name = "ktask_op",
	.test_cases = op_cases,
};
