// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Starting tasks and waiting for completions in one call.
 */
#include "deadline.h"
#include "internal.h"

/* What is still to be done, when so many were started and taken already. */
static struct ktask_spawn rest_of(const struct ktask_spawn *whole, int64_t deadline)
{
	struct ktask_spawn cmd = *whole;

	cmd.nr -= whole->spawned;
	cmd.descs += (uint64_t)whole->spawned * sizeof(struct ktask_desc);
	cmd.spawned = 0;
	cmd.error = 0;

	cmd.max_completions -= whole->completed;
	if (whole->min_completions > whole->completed)
		cmd.min_completions -= whole->completed;
	else
		cmd.min_completions = 0;
	if (cmd.completions)
		cmd.completions += whole->completed * sizeof(struct ktask_completion);
	cmd.completed = 0;
	cmd.wait_error = 0;

	cmd.timeout_ns = deadline_timeout(deadline, whole->timeout_ns);
	return cmd;
}

/* One call for what is left: whether a signal has ended it. */
static bool call(struct ktask_set *set, struct ktask_spawn *whole, int64_t deadline, int *err)
{
	struct ktask_spawn cmd = rest_of(whole, deadline);

	/* A call that fails has started nothing, and taken nothing. */
	*err = set_ioctl(set, KTASK_SPAWN, &cmd);
	if (*err) {
		whole->error = cmd.nr ? *err : 0;
		whole->wait_error = cmd.nr ? 0 : *err;
		return *err == -EINTR;
	}
	whole->spawned += cmd.spawned;
	whole->completed += cmd.completed;
	whole->error = cmd.error;
	whole->wait_error = cmd.wait_error;
	return cmd.error == -EINTR || (!cmd.error && cmd.wait_error == -EINTR);
}

int ktask_spawn_wait(struct ktask_set *set, struct ktask_spawn *spawn)
{
	int64_t deadline;
	int err;

	if (spawn->timeout_ns < KTASK_FOREVER)
		return -EINVAL;

	spawn->size = sizeof(*spawn);
	spawn->desc_size = sizeof(struct ktask_desc);
	spawn->spawned = 0;
	spawn->completed = 0;
	deadline = deadline_after(spawn->timeout_ns);
	while (call(set, spawn, deadline, &err))
		;
	/* What came before the one that failed counts. */
	return spawn->spawned || spawn->completed ? 0 : err;
}
