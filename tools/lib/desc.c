// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Building the descriptor of a task.
 */
#include "internal.h"

int ktask_desc_init(struct ktask_set *set, struct ktask_desc *desc, const char *op,
		    const void *args, size_t args_size)
{
	uint32_t nr;
	int err;

	if (args_size > UINT32_MAX)
		return -E2BIG;
	err = ktask_op_find(set, op, &nr);
	if (err)
		return err;

	*desc = (struct ktask_desc){
		.op = nr,
		.args = to_u64(args),
		.args_size = args_size,
	};
	return 0;
}

int ktask_desc_name(struct ktask_desc *desc, const char *name)
{
	return name_copy(desc->name, sizeof(desc->name), name);
}

void ktask_desc_timeout(struct ktask_desc *desc, uint64_t timeout_ns)
{
	desc->flags &= ~KTASK_DESC_DEADLINE;
	desc->timeout_ns = timeout_ns;
}

void ktask_desc_deadline(struct ktask_desc *desc, uint64_t at_ns)
{
	desc->flags |= KTASK_DESC_DEADLINE;
	desc->timeout_ns = at_ns;
}

void ktask_desc_delay(struct ktask_desc *desc, uint64_t delay_ns)
{
	desc->flags &= ~KTASK_DESC_START_AT;
	desc->delay_ns = delay_ns;
}

void ktask_desc_start_at(struct ktask_desc *desc, uint64_t at_ns)
{
	desc->flags |= KTASK_DESC_START_AT;
	desc->delay_ns = at_ns;
}

void ktask_desc_cpu(struct ktask_desc *desc, uint32_t cpu)
{
	desc->flags |= KTASK_DESC_ON_CPU;
	desc->cpu = cpu;
}

void ktask_desc_detached(struct ktask_desc *desc)
{
	desc->flags |= KTASK_DESC_DETACHED;
}

void ktask_desc_after(struct ktask_desc *desc, const struct ktask_after *after, uint32_t nr)
{
	desc->after = to_u64(after);
	desc->nr_after = nr;
}
