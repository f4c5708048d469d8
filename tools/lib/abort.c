// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Asking tasks to end.
 */
#include "internal.h"

int ktask_abort(struct ktask_set *set, uint64_t id)
{
	struct ktask_abort cmd = {
		.size = sizeof(cmd),
		.id = id,
	};

	return set_ioctl(set, KTASK_ABORT, &cmd);
}

int ktask_abort_all(struct ktask_set *set)
{
	struct ktask_abort cmd = {
		.size = sizeof(cmd),
		.flags = KTASK_ABORT_ALL,
	};

	return set_ioctl(set, KTASK_ABORT, &cmd);
}

int ktask_abort_group(struct ktask_set *set, uint32_t group)
{
	struct ktask_abort cmd = {
		.size = sizeof(cmd),
		.flags = KTASK_ABORT_GROUP,
		.id = group,
	};

	return set_ioctl(set, KTASK_ABORT, &cmd);
}
