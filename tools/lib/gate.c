// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A task that would start at the end of time.
 */
#include "gate.h"
#include "internal.h"

/*
 * @like: the task that it is made as, because the set may have been restricted to
 * some operations; what that runs after has %KTASK_AFTER_ANY.
 */
int gate_create(struct gate *gate, struct ktask_set *set, const struct ktask_desc *like)
{
	struct ktask_desc desc = {
		.op = like->op,
		.args = like->args,
		.args_size = like->args_size,
		.after = like->after,
		.nr_after = like->nr_after,
	};
	ssize_t n;

	ktask_desc_name(&desc, "gate");
	ktask_desc_start_at(&desc, UINT64_MAX);
	ktask_desc_detached(&desc);
	n = ktask_spawn_nowait(set, &desc, 1, NULL);
	if (n < 0)
		return n;
	gate->set = set;
	gate->id = desc.id;
	return 0;
}

void gate_open(struct gate *gate)
{
	ktask_abort(gate->set, gate->id);
}
