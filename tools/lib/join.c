// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Waiting for one task.
 */
#include "deadline.h"
#include "internal.h"

/* id 0: whichever ends first; then -ENOENT means that there is none. */
int set_join(struct ktask_set *set, uint64_t id, struct ktask_completion *completion,
	     int64_t timeout_ns)
{
	struct ktask_join cmd = {
		.size = sizeof(cmd),
		.id = id,
		.timeout_ns = timeout_ns,
		.completion = to_u64(completion),
	};
	int64_t deadline;
	int err;

	if (timeout_ns < KTASK_FOREVER)
		return -EINVAL;

	deadline = deadline_after(timeout_ns);
	while ((err = set_ioctl(set, KTASK_JOIN, &cmd)) == -EINTR) {
		if (timeout_ns != KTASK_FOREVER)
			cmd.timeout_ns = deadline_left(deadline);
	}
	return err;
}

int ktask_join(struct ktask_set *set, uint64_t id, struct ktask_completion *completion,
	       int64_t timeout_ns)
{
	return id ? set_join(set, id, completion, timeout_ns) : -ENOENT;
}
