// SPDX-License-Identifier: GPL-2.0
/*
 * ktask against its peers in the kernel. See control.c for how to use it.
 */
#include <linux/module.h>

#include "bench.h"
#include "kernel/compat.h"

static int __init bench_init(void)
{
	int err = bench_peers_init();

	if (err)
		return err;
	bench_control_init();
	return 0;
}
module_init(bench_init);

static void __exit bench_exit(void)
{
	bench_control_exit();
	bench_peers_exit();
}
module_exit(bench_exit);

MODULE_DESCRIPTION("Compares ktask with what else the kernel has");
MODULE_AUTHOR("The ktask developers");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(KTASK_NS);
