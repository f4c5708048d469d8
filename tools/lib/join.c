// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Waiting for one task.
 */
#include "internal.h"

int ktask_join(struct ktask_set *set, uint64_t id, struct ktask_completion *completion,
	       int64_t timeout_ns)
{
	struct ktask_join cmd = {
		.size = sizeof(cmd),
		.id = id,
		.timeout_ns = timeout_ns,
		.completion = to_u64(completion),
	};

	/* To the device it means any. */
	if (!id)
		return -ENOENT;
	return set_ioctl_wait(set, KTASK_JOIN, &cmd, &cmd.timeout_ns);
}
