// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Operations: their numbers, their descriptions, their arguments.
 */
#include <stdlib.h>

#include "internal.h"

/* Room for arguments at the first try; few operations have more. */
#define ARGS_GUESS	8

/* As it is now: it is not remembered, nor taken from what is. */
int op_number(const struct ktask_set *set, const char *name, uint32_t *op)
{
	struct ktask_op_info info = {
		.size = sizeof(info),
		.flags = KTASK_OP_BY_NAME,
	};
	int err;

	err = name_copy(info.name, sizeof(info.name), name);
	if (!err)
		err = set_ioctl(set, KTASK_OP_INFO, &info);
	if (!err)
		*op = info.op;
	return err;
}

int ktask_op_find(struct ktask_set *set, const char *name, uint32_t *op)
{
	uint32_t nr;
	int err;

	if (op_cache_get(&set->ops, name, op))
		return 0;

	err = op_number(set, name, &nr);
	if (!err)
		err = op_cache_put(&set->ops, name, nr);
	if (!err)
		*op = nr;
	return err;
}

/*
 * Asks what @query asks. The answer and the array of arguments that it points
 * to are one allocation.
 */
static int op_query(struct ktask_set *set, const struct ktask_op_info *query,
		    struct ktask_op_info **answer)
{
	struct ktask_op_info *info;
	uint32_t room = ARGS_GUESS;
	int err;

	*answer = NULL;
	for (;;) {
		info = calloc(1, sizeof(*info) + room * sizeof(struct ktask_arg_info));
		if (!info)
			return -ENOMEM;

		*info = *query;
		info->args = to_u64(info + 1);
		info->nr_args = room;
		err = set_ioctl(set, KTASK_OP_INFO, info);
		if (err) {
			free(info);
			return err;
		}
		if (info->nr_args <= room)
			break;

		/* More than there was room for: again, with as much as it takes. */
		room = info->nr_args;
		free(info);
	}

	*answer = info;
	return 0;
}

int ktask_op_get(struct ktask_set *set, const char *name, struct ktask_op_info **info)
{
	struct ktask_op_info query = {
		.size = sizeof(query),
		.flags = KTASK_OP_BY_NAME,
	};
	int err;

	*info = NULL;
	err = name_copy(query.name, sizeof(query.name), name);
	return err ? err : op_query(set, &query, info);
}

int ktask_op_next(struct ktask_set *set, uint32_t op, struct ktask_op_info **info)
{
	struct ktask_op_info query = {
		.size = sizeof(query),
		.op = op,
	};

	return op_query(set, &query, info);
}

const struct ktask_arg_info *ktask_op_args(const struct ktask_op_info *info)
{
	return (const struct ktask_arg_info *)(info + 1);
}

void ktask_op_free(struct ktask_op_info *info)
{
	free(info);
}
