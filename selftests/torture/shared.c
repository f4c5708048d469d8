// SPDX-License-Identifier: GPL-2.0
/*
 * What all share, one of it at random.
 */
#include <linux/kernel.h>

#include "torture.h"

static const struct tt_shared * const shared[] = {
	&sync_shared,
	&channel_shared,
	&value_shared,
	&rwlock_shared,
	&barrier_shared,
	&once_shared,
	&feed_shared,
	&token_shared,
};

static const struct tt_shared *pick(struct rnd_state *rnd)
{
	return shared[tt_below(rnd, ARRAY_SIZE(shared))];
}

void shared_step(struct rnd_state *rnd)
{
	pick(rnd)->step(rnd);
}

void shared_step_atomic(struct rnd_state *rnd)
{
	pick(rnd)->step_atomic(rnd);
}

void shared_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(shared); i++)
		shared[i]->init();
}

void shared_close(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(shared); i++) {
		if (shared[i]->close)
			shared[i]->close();
	}
}

void shared_help(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(shared); i++) {
		if (shared[i]->help)
			shared[i]->help();
	}
}

void shared_check(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(shared); i++)
		shared[i]->check();
}
