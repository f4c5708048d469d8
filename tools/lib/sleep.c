// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The operation "sleep".
 */
#include "internal.h"

int64_t ktask_spawn_sleep(struct ktask_set *set, uint64_t duration_ns, uint64_t user_data)
{
	struct ktask_args_sleep args = { .duration_ns = duration_ns };
	uint64_t id;
	int err;

	err = ktask_spawn(set, "sleep", &args, sizeof(args), NULL, user_data, &id);
	return err ? err : (int64_t)id;
}
