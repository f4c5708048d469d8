// SPDX-License-Identifier: GPL-2.0
/*
 * Starting many tasks of one kind, and collecting them.
 */
#include <errno.h>

#include "cmd.h"
#include "spawn.h"

/* Completions taken at once, and tasks started at once. */
#define BATCH		256

static void count(struct ktask_set *set, struct spawn_run *run,
		  const struct ktask_completion *completion)
{
	run->joined++;
	/* Of many, the output is of no use, and would count against our limits. */
	if (run->count > 1 && completion->out_len > KTASK_OUT_MAX)
		ktask_output_drop(set, completion->id);
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
		left = deadline - (int64_t)ktask_now();
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
		count(set, run, &completions[i]);
	return 0;
}

/*
 * How many tasks may be there whose completion has not been taken. An output is
 * charged to the user until then, and those of tasks that end faster than they are
 * taken must not make the next ones fail. Half is left to the user's other programs.
 */
static int find_most(struct ktask_set *set, struct spawn_run *run)
{
	struct ktask_info info;
	int err = ktask_info(set, &info);

	if (err)
		return err;
	run->most = UINT64_MAX;
	if (run->out_size > KTASK_OUT_MAX)
		run->most = info.max_user_bytes / 2 / run->out_size;
	if (!run->most)
		run->most = 1;
	return 0;
}

/* Starts some more, or finds out that there will be no more. */
static int start(struct ktask_set *set, struct spawn_run *run, bool *full)
{
	struct ktask_desc descs[BATCH];
	uint64_t left = run->count - run->spawned;
	uint64_t room = run->most - (run->spawned - run->joined);
	size_t nr = left < BATCH ? left : BATCH;
	ssize_t n;
	int err;

	if (nr > room)
		nr = room;
	*full = !nr;
	if (*full)
		return 0;
	for (size_t i = 0; i < nr; i++) {
		descs[i] = run->desc;
		descs[i].user_data = run->spawned + i;
	}
	n = ktask_spawn_many(set, descs, nr, &err);
	if (n > 0)
		run->spawned += n;

	/* The set holds as many as it may: there is room when some are taken. */
	*full = (err == -EAGAIN || err == -EDQUOT) && run->spawned > run->joined;
	return *full ? 0 : err;
}

int spawn_run(struct ktask_set *set, struct spawn_run *run)
{
	int64_t started = ktask_now();
	int64_t deadline;
	bool full = false;
	int err;

	err = find_most(set, run);
	if (__builtin_add_overflow(started, run->timeout_ns, &deadline))
		deadline = INT64_MAX;

	while (!err && run->spawned < run->count && !run->error && !run->timed_out) {
		if (full)
			err = collect(set, run, deadline);
		run->error = start(set, run, &full);
	}
	while (!err && run->joined < run->spawned)
		err = collect(set, run, deadline);

	run->elapsed_ns = ktask_now() - started;
	return err;
}
