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

/* A call that fails has started nothing, and taken nothing. */
static void tell_why(struct ktask_spawn *spawn, uint32_t nr, int err)
{
	spawn->error = nr ? err : 0;
	spawn->wait_error = nr ? 0 : err;
}

static bool interrupted(const struct ktask_spawn *spawn)
{
	return spawn->error == -EINTR || (!spawn->error && spawn->wait_error == -EINTR);
}

/* One call for what is left. Return: 0 or an error, as the system call. */
static int call_rest(struct ktask_set *set, struct ktask_spawn *whole, int64_t deadline)
{
	struct ktask_spawn cmd = rest_of(whole, deadline);
	int err = set_ioctl(set, KTASK_SPAWN, &cmd);

	if (err) {
		tell_why(whole, cmd.nr, err);
		return err;
	}
	whole->spawned += cmd.spawned;
	whole->completed += cmd.completed;
	whole->error = cmd.error;
	whole->wait_error = cmd.wait_error;
	return 0;
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
	/* Most often that is all. */
	err = set_ioctl(set, KTASK_SPAWN, spawn);
	if (err)
		tell_why(spawn, spawn->nr, err);
	while (interrupted(spawn))
		err = call_rest(set, spawn, deadline);
	/* What came before the one that failed counts. */
	return spawn->spawned || spawn->completed ? 0 : err;
}
