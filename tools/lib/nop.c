// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The operation "nop".
 */
#include "internal.h"

int64_t ktask_spawn_nop(struct ktask_set *set, int64_t result, uint64_t user_data)
{
	struct ktask_args_nop args = { .result = result };
	uint64_t id;
	int err;

	err = ktask_spawn(set, "nop", &args, sizeof(args), NULL, user_data, &id);
	return err ? err : (int64_t)id;
}
