// SPDX-License-Identifier: GPL-2.0
/*
 * The list of built-in ops.
 */
#include "ops.h"

static struct ktask_op *const builtin[] = {
	&nop_op,
	&sleep_op,
	&hash_op,
	&read_op,
	&write_op,
	&fsync_op,
	&copy_op,
	&poll_op,
};

static void unregister(int n)
{
	while (n--)
		ktask_op_unregister(builtin[n]);
}

int __init ktask_ops_init(void)
{
	int err, i;

	for (i = 0; i < ARRAY_SIZE(builtin); i++) {
		err = ktask_op_register(builtin[i]);
		if (err) {
			unregister(i);
			return err;
		}
	}
	return 0;
}

void ktask_ops_exit(void)
{
	unregister(ARRAY_SIZE(builtin));
}
