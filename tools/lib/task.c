// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What tasks are there, and what they do.
 */
#include "internal.h"

/* Tasks that for_each asks for at once. */
#define BATCH	32

int ktask_task_status(struct ktask_set *set, uint64_t id, struct ktask_task *task)
{
	struct ktask_status cmd = {
		.size = sizeof(cmd),
		.id = id,
		.task = to_u64(task),
		.task_size = sizeof(*task),
	};

	return set_ioctl(set, KTASK_STATUS, &cmd);
}

ssize_t ktask_task_list(struct ktask_set *set, uint32_t flags,
			const struct ktask_task *after, struct ktask_task *tasks, size_t max)
{
	struct ktask_list cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.file = after ? after->file : 0,
		.id = after ? after->id : 0,
		.tasks = to_u64(tasks),
		.task_size = sizeof(*tasks),
		.nr = max < INT32_MAX ? max : INT32_MAX,
	};
	int err;

	if (!max)
		return -EINVAL;
	err = set_ioctl(set, KTASK_LIST, &cmd);
	return err ? err : (ssize_t)cmd.nr;
}

int ktask_task_for_each(struct ktask_set *set, uint32_t flags,
			int (*fn)(const struct ktask_task *task, void *data), void *data)
{
	struct ktask_task tasks[BATCH], last;
	const struct ktask_task *after = NULL;
	ssize_t n, i;
	int ret;

	while ((n = ktask_task_list(set, flags, after, tasks, BATCH)) > 0) {
		last = tasks[n - 1];
		after = &last;
		for (i = 0; i < n; i++) {
			ret = fn(&tasks[i], data);
			if (ret)
				return ret;
		}
	}
	return n;
}
