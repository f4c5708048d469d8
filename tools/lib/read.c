// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The operation "read".
 */
#include "internal.h"

int64_t ktask_spawn_read(struct ktask_set *set, int fd, uint64_t offset, uint64_t length,
			 uint64_t user_data)
{
	struct ktask_args_read args = {
		.fd = fd,
		.offset = offset,
		.length = length,
	};
	uint64_t id;
	int err;

	err = ktask_spawn(set, "read", &args, sizeof(args), NULL, user_data, &id);
	return err ? err : (int64_t)id;
}
