// SPDX-License-Identifier: GPL-2.0
/*
 * Nops by libktask. What is spawned and waited for in one system call is the quickest
 * that there is; to spawn, and then to take the completions in another, is what a
 * program does that has other things to do in between.
 */
#include <errno.h>

#include "subjects.h"

static struct ktask_set *set;
static struct ktask_args_nop args;
static struct ktask_desc descs[NOP_BATCH];
static struct ktask_completion completions[NOP_BATCH];
static uint64_t sum;
static unsigned int users;

static int open_set(void)
{
	int err;

	if (users) {
		users++;
		return 0;
	}
	err = ktask_set_open(&set, 0);
	for (unsigned int i = 0; !err && i < NOP_BATCH; i++)
		err = ktask_desc_init(set, &descs[i], "nop", &args, sizeof(args));
	if (err)
		ktask_set_close(set);
	else
		users++;
	return err;
}

static void close_set(void)
{
	if (!--users)
		ktask_set_close(set);
}

static void fill(unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		descs[i].user_data = i;
}

static void take(unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		sum += completions[i].user_data + completions[i].result;
}

/* All numbers of the batches came back once. */
static int check_sum(unsigned int count, unsigned int nr)
{
	uint64_t want = (uint64_t)(count / nr) * nr * (nr - 1) / 2;

	return sum == want ? 0 : -EPROTO;
}

static int run_wait(unsigned int count, unsigned int nr)
{
	sum = 0;
	for (unsigned int done = 0; done + nr <= count; done += nr) {
		struct ktask_spawn spawn = {
			.nr = nr,
			.descs = (uintptr_t)descs,
			.completions = (uintptr_t)completions,
			.max_completions = nr,
			.min_completions = nr,
			.timeout_ns = KTASK_FOREVER,
		};
		int err;

		fill(nr);
		err = ktask_spawn_wait(set, &spawn);
		if (err)
			return err;
		if (spawn.completed != nr)
			return spawn.error ?: spawn.wait_error;
		take(nr);
	}
	return check_sum(count, nr);
}

static int run_batch(unsigned int count)
{
	return run_wait(count, NOP_BATCH);
}

static int run_single(unsigned int count)
{
	return run_wait(count, 1);
}

static int run_read(unsigned int count)
{
	sum = 0;
	for (unsigned int done = 0; done + NOP_BATCH <= count; done += NOP_BATCH) {
		unsigned int left = NOP_BATCH;
		ssize_t n;
		int err;

		fill(NOP_BATCH);
		n = ktask_spawn_many(set, descs, NOP_BATCH, &err);
		if (n != NOP_BATCH)
			return err;
		while (left) {
			n = ktask_join_many(set, completions, left, KTASK_FOREVER);
			if (n <= 0)
				return n ?: -EPROTO;
			take(n);
			left -= n;
		}
	}
	return check_sum(count, NOP_BATCH);
}

static int run_join(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		int64_t id = ktask_spawn_nop(set, i, i);
		int err = id < 0 ? id : ktask_join(set, id, &completions[0], KTASK_FOREVER);

		if (err)
			return err;
		if (completions[0].result != i)
			return -EPROTO;
	}
	return 0;
}

const struct subject nop_batch_ktask = {
	.name = "ktask",
	.open = open_set,
	.run = run_batch,
	.close = close_set,
};

const struct subject nop_batch_ktask_read = {
	.name = "ktask_read",
	.open = open_set,
	.run = run_read,
	.close = close_set,
};

const struct subject nop_single_ktask = {
	.name = "ktask",
	.open = open_set,
	.run = run_single,
	.close = close_set,
};

const struct subject nop_single_ktask_join = {
	.name = "ktask_join",
	.open = open_set,
	.run = run_join,
	.close = close_set,
};
