// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Having an eventfd count completions.
 */
#include "internal.h"

int ktask_group_eventfd(struct ktask_set *set, uint32_t group, int fd)
{
	struct ktask_eventfd cmd = {
		.size = sizeof(cmd),
		.fd = fd,
		.group = group,
	};

	return set_ioctl(set, KTASK_EVENTFD, &cmd);
}

int ktask_set_eventfd(struct ktask_set *set, int fd)
{
	return ktask_group_eventfd(set, 0, fd);
}
