// SPDX-License-Identifier: GPL-2.0
/*
 * Op "nop": end at once. For tests, and to measure what a task costs.
 */
#include "ops.h"

static int nop_prepare(struct ktask *t, const void *args)
{
	const struct ktask_args_nop *a = args;
	long *result = ktask_frame(t);

	*result = a->result;
	return 0;
}

static ktask_poll_t nop_resume(struct ktask *t)
{
	long *result = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_RETURN(t, *result);
	KTASK_END(t);
}

static const struct ktask_op_arg nop_args[] = {
	KTASK_OP_ARG(struct ktask_args_nop, result, KTASK_ARG_S64, 0),
};

struct ktask_op nop_op = {
	.name = "nop",
	.summary = "end at once with the result given",
	.flags = KTASK_OP_PURE,
	.args = nop_args,
	.nr_args = ARRAY_SIZE(nop_args),
	.args_size = sizeof(struct ktask_args_nop),
	.args_min = 0,
	.frame_size = sizeof(long),
	.prepare = nop_prepare,
	.resume = nop_resume,
};
