// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Taking rights away from a set.
 */
#include "internal.h"

int ktask_set_restrict(struct ktask_set *set, const char *const *ops, size_t nr,
		       uint32_t flags)
{
	uint32_t numbers[KTASK_RESTRICT_MAX];
	struct ktask_restrict cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.ops = to_u64(numbers),
		.nr = nr,
	};
	size_t i;
	int err;

	if (nr > KTASK_RESTRICT_MAX)
		return -EINVAL;
	for (i = 0; i < nr; i++) {
		/* Not a number that is remembered: it may be one of the past. */
		err = op_number(set, ops[i], &numbers[i]);
		if (err)
			return err;
	}
	return set_ioctl(set, KTASK_RESTRICT, &cmd);
}
