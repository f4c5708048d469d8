// SPDX-License-Identifier: GPL-2.0
/*
 * sleepers: many tasks that sleep for half a second, from the first that is spawned to
 * the last that is joined. A thread for each is no peer at that number; io_uring's
 * timeouts are.
 *
 * Not measured: what the sleepers hold meanwhile; see the module's rows.
 */
#include <errno.h>
#include <stdlib.h>

#include "subjects.h"

/* Spawned, or joined, in one call. */
#define BATCH	1024

static struct ktask_set *set;
static struct ktask_args_sleep args = { .duration_ns = SLEEP_NS };
static struct ktask_desc *descs;
static struct ktask_completion *completions;

static int open_set(void)
{
	int err = ktask_set_open(&set, 0);

	if (err)
		return err;
	descs = must(calloc(BATCH, sizeof(*descs)));
	completions = must(calloc(BATCH, sizeof(*completions)));
	for (unsigned int i = 0; !err && i < BATCH; i++)
		err = ktask_desc_init(set, &descs[i], "sleep", &args, sizeof(args));
	if (err)
		ktask_set_close(set);
	return err;
}

static void close_set(void)
{
	free(descs);
	free(completions);
	ktask_set_close(set);
}

/* What has ended before the last is spawned is taken in the same call. */
static int run(unsigned int count)
{
	unsigned int spawned = 0, joined = 0, slept = 0;

	while (joined < count) {
		unsigned int nr = count - spawned < BATCH ? count - spawned : BATCH;
		struct ktask_spawn spawn = {
			.nr = nr,
			.descs = (uintptr_t)descs,
			.completions = (uintptr_t)completions,
			.max_completions = BATCH,
			.timeout_ns = nr ? 0 : KTASK_FOREVER,
		};
		int err;

		if (!nr)
			spawn.min_completions = count - joined < BATCH ? count - joined : BATCH;
		err = ktask_spawn_wait(set, &spawn);
		if (err)
			return err;
		if (spawn.spawned != nr)
			return spawn.error;
		spawned += spawn.spawned;
		joined += spawn.completed;
		for (unsigned int i = 0; i < spawn.completed; i++)
			slept += completions[i].outcome == KTASK_RETURNED;
	}
	return slept == count ? 0 : -EPROTO;
}

static const struct subject sleepers_ktask = {
	.name = "ktask",
	.open = open_set,
	.run = run,
	.close = close_set,
};

/* A user may have only so many tasks. */
static int open_row(unsigned int *count)
{
	struct ktask_info info;
	struct ktask_set *s;
	int err = ktask_set_open(&s, 0);

	if (err)
		return err;
	err = ktask_info(s, &info);
	ktask_set_close(s);
	if (!err && *count > info.max_user_tasks) {
		*count = info.max_user_tasks;
		say("user/sleepers: with only %u tasks: a user may have no more", *count);
	}
	return err;
}

static const struct subject *const subjects[] = { &sleepers_ktask, &sleepers_uring, NULL };

const struct row row_sleepers = {
	.name = "sleepers",
	.what = "100,000 sleep for 500 ms each, until the last has been joined",
	.metric = "ms",
	.rounds = 5,
	.count = 100000,
	.quick = 1000,
	.open = open_row,
	.subjects = subjects,
};
