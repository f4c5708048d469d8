// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The operation "copy".
 */
#include "internal.h"

int64_t ktask_spawn_copy_range(struct ktask_set *set, int fd_in, uint64_t offset_in,
			       int fd_out, uint64_t offset_out, uint64_t length,
			       uint64_t user_data)
{
	struct ktask_args_copy args = {
		.fd_in = fd_in,
		.fd_out = fd_out,
		.offset_in = offset_in,
		.offset_out = offset_out,
		.length = length,
	};
	uint64_t id;
	int err;

	err = ktask_spawn(set, "copy", &args, sizeof(args), NULL, user_data, &id);
	return err ? err : (int64_t)id;
}

int64_t ktask_spawn_copy(struct ktask_set *set, int fd_in, int fd_out, uint64_t user_data)
{
	return ktask_spawn_copy_range(set, fd_in, 0, fd_out, 0, 0, user_data);
}
