// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The operation "write".
 */
#include "internal.h"

int64_t ktask_spawn_write(struct ktask_set *set, int fd, uint64_t offset, const void *data,
			  size_t length, uint64_t user_data)
{
	struct ktask_args_write args = {
		.fd = fd,
		.offset = offset,
		.data = {
			.ptr = to_u64(data),
			.len = length,
		},
	};
	uint64_t id;
	int err;

	err = ktask_spawn(set, "write", &args, sizeof(args), NULL, user_data, &id);
	return err ? err : (int64_t)id;
}
