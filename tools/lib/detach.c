// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Giving up the completion of a task.
 */
#include "internal.h"

int ktask_detach(struct ktask_set *set, uint64_t id)
{
	struct ktask_detach cmd = {
		.size = sizeof(cmd),
		.id = id,
	};

	return set_ioctl(set, KTASK_DETACH, &cmd);
}
