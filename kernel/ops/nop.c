// SPDX-License-Identifier: GPL-2.0
/*
 * Op "nop": end at once. For tests, to measure what a task costs, and to join the
 * outputs of several tasks.
 */
#include <linux/string.h>

#include "ops.h"

static int nop_prepare(struct ktask *t, const void *args)
{
	const struct ktask_args_nop *a = args;
	long *result = ktask_frame(t);

	*result = a->result;
	return 0;
}

static long nop_now(const void *args)
{
	const struct ktask_args_nop *a = args;

	return a->result;
}

/* Have the input be the output. */
static int nop_hand_on(struct ktask *t)
{
	const void *input;
	size_t len;
	void *buf;

	input = ktask_op_input(t, &len);
	if (IS_ERR(input))
		return PTR_ERR(input);
	if (len <= KTASK_OUT_MAX)
		return ktask_op_output(t, input, len);
	buf = ktask_op_alloc(t, len);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	memcpy(buf, input, len);
	ktask_op_output_buffer(t, buf, len, len);
	return 0;
}

static ktask_poll_t nop_resume(struct ktask *t)
{
	long *result = ktask_frame(t);
	int err;

	KTASK_BEGIN(t);
	if (ktask_op_has_input(t)) {
		err = nop_hand_on(t);
		if (err)
			KTASK_RETURN(t, err);
	}
	KTASK_RETURN(t, *result);
	KTASK_END(t);
}

static const struct ktask_op_arg nop_args[] = {
	KTASK_OP_ARG(struct ktask_args_nop, result, KTASK_ARG_S64, 0),
};

struct ktask_op nop_op = {
	.name = "nop",
	.summary = "end at once with the result given",
	.flags = KTASK_OP_PURE | KTASK_OP_INPUT,
	.args = nop_args,
	.nr_args = ARRAY_SIZE(nop_args),
	.args_size = sizeof(struct ktask_args_nop),
	.args_min = 0,
	.out_size = KTASK_DATA_MAX,
	.frame_size = sizeof(long),
	.prepare = nop_prepare,
	.resume = nop_resume,
	.now = nop_now,
};
