// SPDX-License-Identifier: GPL-2.0
/*
 * Operations by name.
 */
#include <errno.h>
#include <string.h>

#include "cmd.h"
#include "ops.h"

struct ktask_op_info *op_get(struct ktask_set *set, const char *name)
{
	struct ktask_op_info *info;
	int err;

	err = ktask_op_get(set, name, &info);
	if (err == -ENOENT || err == -ENAMETOOLONG)
		message("there is no operation \"%s\" (\"ktask ops\" lists them)", name);
	else if (err)
		message("/dev/ktask: %s", strerror(-err));
	return info;
}
