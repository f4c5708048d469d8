// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Taking completions in the order in which tasks end.
 */
#include "internal.h"

/* -ENOENT: it is empty. But a group may also not be there, which ktask_join_group() asks. */
static int join_first(struct ktask_set *set, uint32_t group,
		      struct ktask_completion *completion, int64_t timeout_ns)
{
	struct ktask_join cmd = {
		.size = sizeof(cmd),
		.timeout_ns = timeout_ns,
		.completion = to_u64(completion),
		.group = group,
	};

	return set_ioctl_wait(set, KTASK_JOIN, &cmd, &cmd.timeout_ns);
}

int ktask_join_next(struct ktask_set *set, struct ktask_completion *completion,
		    int64_t timeout_ns)
{
	int err = join_first(set, 0, completion, timeout_ns);

	if (!err)
		return 1;
	return err == -ENOENT ? 0 : err;
}

int ktask_join_group(struct ktask_set *set, uint32_t group,
		     struct ktask_completion *completion, int64_t timeout_ns)
{
	struct ktask_group info;
	int err = join_first(set, group, completion, timeout_ns);

	if (!err)
		return 1;
	return err == -ENOENT ? ktask_group_info(set, group, &info) : err;
}

/*
 * With a limit of time read(2) is no use: it might wait, and what poll(2) saw may
 * be taken by another thread before we read.
 */
ssize_t ktask_join_many(struct ktask_set *set, struct ktask_completion *completions,
			size_t max, int64_t timeout_ns)
{
	size_t n = 0;
	int ret;

	if (!max || timeout_ns < KTASK_FOREVER)
		return -EINVAL;
	if (timeout_ns == KTASK_FOREVER)
		return ktask_fd_read(set->fd, completions, max);

	do {
		ret = ktask_join_next(set, &completions[n], n ? 0 : timeout_ns);
		n += ret == 1;
	} while (ret == 1 && n < max);
	return n ? (ssize_t)n : ret;
}
