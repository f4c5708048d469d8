// SPDX-License-Identifier: GPL-2.0
/*
 * Op "sleep": end after a time.
 */
#include "ops.h"

static int sleep_prepare(struct ktask *t, const void *args)
{
	const struct ktask_args_sleep *a = args;
	ktime_t *duration = ktask_frame(t);

	*duration = min_t(u64, a->duration_ns, KTIME_MAX);
	return 0;
}

static ktask_poll_t sleep_resume(struct ktask *t)
{
	ktime_t *duration = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_SLEEP(t, *duration);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static const struct ktask_op_arg sleep_args[] = {
	KTASK_OP_ARG(struct ktask_args_sleep, duration_ns, KTASK_ARG_NS,
		     KTASK_ARG_REQUIRED),
};

struct ktask_op sleep_op = {
	.name = "sleep",
	.summary = "end after a time",
	.flags = KTASK_OP_PURE,
	.args = sleep_args,
	.nr_args = ARRAY_SIZE(sleep_args),
	.args_size = sizeof(struct ktask_args_sleep),
	.args_min = offsetofend(struct ktask_args_sleep, duration_ns),
	.frame_size = sizeof(ktime_t),
	.prepare = sleep_prepare,
	.resume = sleep_resume,
};
