// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Starting tasks.
 */
#include "internal.h"

/* As many calls as it takes; signals do not end a wait for room. */
static ssize_t spawn_array(struct ktask_set *set, struct ktask_desc *descs, size_t nr,
			   uint32_t flags, int *error)
{
	size_t done = 0;
	int err = 0;

	while (done < nr && !err) {
		size_t left = nr - done;
		struct ktask_spawn cmd = {
			.size = sizeof(cmd),
			.flags = flags,
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

ssize_t ktask_spawn_many(struct ktask_set *set, struct ktask_desc *descs, size_t nr,
			 int *error)
{
	return spawn_array(set, descs, nr, 0, error);
}

ssize_t ktask_spawn_nowait(struct ktask_set *set, struct ktask_desc *descs, size_t nr,
			   int *error)
{
	return spawn_array(set, descs, nr, KTASK_SPAWN_NOWAIT, error);
}

int ktask_spawn_all(struct ktask_set *set, struct ktask_desc *descs, size_t nr)
{
	ssize_t n;

	if (nr > KTASK_SPAWN_MAX)
		return -EINVAL;
	n = spawn_array(set, descs, nr, KTASK_SPAWN_ALL, NULL);
	return n < 0 ? n : 0;
}

int64_t ktask_spawn_desc(struct ktask_set *set, struct ktask_desc *desc)
{
	ssize_t n = spawn_array(set, desc, 1, 0, NULL);

	return n < 0 ? n : (int64_t)desc->id;
}

int ktask_spawn(struct ktask_set *set, const char *op, const void *args,
		size_t args_size, const char *name, uint64_t user_data, uint64_t *id)
{
	struct ktask_desc desc;
	bool again = false;
	int64_t ret;
	int err;

	for (;;) {
		err = ktask_desc_init(set, &desc, op, args, args_size);
		if (!err && name)
			err = ktask_desc_name(&desc, name);
		if (err)
			return err;
		desc.user_data = user_data;

		ret = ktask_spawn_desc(set, &desc);
		if (ret != -ENOENT || again)
			break;

		/*
		 * The number that we remember may be that of a module since
		 * unloaded, and loaded again under a new number.
		 */
		op_cache_drop(&set->ops, op, desc.op);
		again = true;
	}

	if (ret < 0)
		return ret;
	if (id)
		*id = ret;
	return 0;
}
