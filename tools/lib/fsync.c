// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The operation "fsync".
 */
#include "internal.h"

int64_t ktask_spawn_fsync(struct ktask_set *set, int fd, uint32_t flags, uint64_t user_data)
{
	struct ktask_args_fsync args = {
		.fd = fd,
		.flags = flags,
	};
	uint64_t id;
	int err;

	err = ktask_spawn(set, "fsync", &args, sizeof(args), NULL, user_data, &id);
	return err ? err : (int64_t)id;
}
