// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Groups of tasks within a set, and their limits.
 */
#include <string.h>

#include "internal.h"

int ktask_group_create(struct ktask_set *set, uint32_t max_running, uint32_t max_tasks,
		       uint32_t *group)
{
	struct ktask_group cmd = {
		.size = sizeof(cmd),
		.flags = KTASK_GROUP_NEW,
		.max_running = max_running,
		.max_tasks = max_tasks,
	};
	int err;

	err = set_ioctl(set, KTASK_GROUP, &cmd);
	if (!err)
		*group = cmd.group;
	return err;
}

int ktask_group_limit(struct ktask_set *set, uint32_t group, uint32_t max_running,
		      uint32_t max_tasks)
{
	struct ktask_group cmd = {
		.size = sizeof(cmd),
		.flags = KTASK_GROUP_SET,
		.group = group,
		.max_running = max_running,
		.max_tasks = max_tasks,
	};

	return set_ioctl(set, KTASK_GROUP, &cmd);
}

int ktask_group_info(struct ktask_set *set, uint32_t group, struct ktask_group *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	info->group = group;
	return set_ioctl(set, KTASK_GROUP, info);
}

int ktask_group_remove(struct ktask_set *set, uint32_t group)
{
	struct ktask_group cmd = {
		.size = sizeof(cmd),
		.flags = KTASK_GROUP_REMOVE,
		.group = group,
	};

	return set_ioctl(set, KTASK_GROUP, &cmd);
}
