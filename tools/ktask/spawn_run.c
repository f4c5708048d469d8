// SPDX-License-Identifier: GPL-2.0
/*
 * Starting many tasks of one kind, and collecting them.
 */
#include <errno.h>
#include <time.h>

#include "cmd.h"
#include "spawn.h"

/* Completions taken at once, and tasks started at once. */
#define BATCH		256

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void count(struct spawn_run *run, const struct ktask_completion *completion)
{
	run->joined++;
	switch (completion->outcome) {
	case KTASK_RETURNED:
		if (completion->result < 0)
			run->erred++;
		else
			run->succeeded++;
		break;
	case KTASK_CANCELLED:
		run->cancelled++;
		break;
	default:
		run->failed++;
	}
	run->last = *completion;
}

/* Waits for at least one, or until the time is over. */
static int collect(struct ktask_set *set, struct spawn_run *run, int64_t deadline)
{
	struct ktask_completion completions[BATCH];
	int64_t left = KTASK_FOREVER;
	ssize_t n;

	if (run->timeout_ns != KTASK_FOREVER && !run->timed_out) {
		left = deadline - now();
		if (left < 0)
			left = 0;
	}

	n = ktask_join_many(set, completions, BATCH, left);
	if (n == -ETIMEDOUT) {
		run->timed_out = true;
		return ktask_abort_all(set);
	}
	if (n <= 0)
		return n ? n : -ENODATA;
	for (ssize_t i = 0; i < n; i++)
		count(run, &completions[i]);
	return 0;
}

/* Starts some more, or finds out that there will be no more. */
static int start(struct ktask_set *set, struct spawn_run *run, bool *full)
{
	struct ktask_desc descs[BATCH];
	uint64_t left = run->count - run->spawned;
	size_t nr = left < BATCH ? left : BATCH;
	ssize_t n;
	int err;

	for (size_t i = 0; i < nr; i++) {
		descs[i] = run->desc;
		descs[i].user_data = run->spawned + i;
	}
	n = ktask_spawn_many(set, descs, nr, &err);
	if (n > 0)
		run->spawned += n;

	/* The set holds as many as it may: there is room when some are taken. */
	*full = err == -EAGAIN && run->spawned > run->joined;
	return *full ? 0 : err;
}

int spawn_run(struct ktask_set *set, struct spawn_run *run)
{
	int64_t started = now();
	int64_t deadline;
	bool full = false;
	int err = 0;

	if (__builtin_add_overflow(started, run->timeout_ns, &deadline))
		deadline = INT64_MAX;

	while (!err && run->spawned < run->count && !run->error && !run->timed_out) {
		if (full)
			err = collect(set, run, deadline);
		run->error = start(set, run, &full);
	}
	while (!err && run->joined < run->spawned)
		err = collect(set, run, deadline);

	run->elapsed_ns = now() - started;
	return err;
}
