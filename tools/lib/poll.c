// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The operation "poll".
 */
#include "internal.h"

int64_t ktask_spawn_poll(struct ktask_set *set, int fd, uint32_t events, uint64_t user_data)
{
	struct ktask_args_poll args = {
		.fd = fd,
		.events = events,
	};
	uint64_t id;
	int err;

	err = ktask_spawn(set, "poll", &args, sizeof(args), NULL, user_data, &id);
	return err ? err : (int64_t)id;
}
