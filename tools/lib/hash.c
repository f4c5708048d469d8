// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The operation "hash".
 */
#include "internal.h"

int64_t ktask_spawn_hash_range(struct ktask_set *set, int fd, uint64_t offset,
			       uint64_t length, const char *alg, uint64_t user_data)
{
	struct ktask_args_hash args = {
		.fd = fd,
		.offset = offset,
		.length = length,
	};
	uint64_t id;
	int err;

	/* To the operation that means its input, which there is none of here. */
	if (fd < 0)
		return -EBADF;
	err = name_copy(args.alg, sizeof(args.alg), alg);
	if (!err)
		err = ktask_spawn(set, "hash", &args, sizeof(args), NULL, user_data, &id);
	return err ? err : (int64_t)id;
}

int64_t ktask_spawn_hash(struct ktask_set *set, int fd, const char *alg, uint64_t user_data)
{
	return ktask_spawn_hash_range(set, fd, 0, 0, alg, user_data);
}
