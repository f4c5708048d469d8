// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Starting tasks.
 */
#include "internal.h"

ssize_t ktask_spawn_many(struct ktask_set *set, struct ktask_desc *descs, size_t nr,
			 int *error)
{
	size_t done = 0;
	int err = 0;

	while (done < nr && !err) {
		size_t left = nr - done;
		struct ktask_spawn cmd = {
			.size = sizeof(cmd),
			.nr = left < KTASK_SPAWN_MAX ? left : KTASK_SPAWN_MAX,
			.desc_size = sizeof(*descs),
			.descs = to_u64(descs + done),
		};

		/* A call that fails has started nothing. */
		err = set_ioctl(set, KTASK_SPAWN, &cmd);
		if (!err) {
			done += cmd.spawned;
			err = cmd.error;
		}
		if (err == -EINTR)
			err = 0;
	}

	if (error)
		*error = err;
	return done ? (ssize_t)done : err;
}

int ktask_spawn(struct ktask_set *set, const char *op, const void *args,
		size_t args_size, const char *name, uint64_t user_data, uint64_t *id)
{
	struct ktask_desc desc = {
		.user_data = user_data,
		.args = to_u64(args),
		.args_size = args_size,
	};
	bool again = false;
	ssize_t n;
	int err;

	if (args_size > UINT32_MAX)
		return -E2BIG;
	if (name) {
		err = name_copy(desc.name, sizeof(desc.name), name);
		if (err)
			return err;
	}

	for (;;) {
		err = ktask_op_find(set, op, &desc.op);
		if (err)
			return err;

		n = ktask_spawn_many(set, &desc, 1, NULL);
		if (n != -ENOENT || again)
			break;

		/*
		 * The number that we remember may be that of a module since
		 * unloaded, and loaded again under a new number.
		 */
		op_cache_drop(&set->ops, op, desc.op);
		again = true;
	}

	if (n < 0)
		return n;
	if (id)
		*id = desc.id;
	return 0;
}
