// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Waiting for the first of several tasks.
 */
#include "internal.h"

int ktask_join_any(struct ktask_set *set, const uint64_t *ids, size_t nr, uint32_t flags,
		   size_t *index, struct ktask_completion *completion, int64_t timeout_ns)
{
	struct ktask_join_any cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.ids = to_u64(ids),
		.nr = nr,
		.timeout_ns = timeout_ns,
		.completion = to_u64(completion),
	};
	int err;

	if (nr > KTASK_IDS_MAX)
		return -EINVAL;
	err = set_ioctl_wait(set, KTASK_JOIN_ANY, &cmd, &cmd.timeout_ns);
	if (index && (!err || err == -ENOENT))
		*index = cmd.index;
	return err;
}
