// SPDX-License-Identifier: GPL-2.0
/*
 * Loading and unloading the module.
 */
#include <linux/module.h>

#include "device/device.h"
#include "engine/engine.h"
#include "observe/observe.h"
#include "ops/ops.h"

static int __init ktask_module_init(void)
{
	int err;

	err = account_init();
	if (err)
		return err;
	err = session_init();
	if (err)
		goto err_account;
	err = job_cache_init();
	if (err)
		goto err_session;
	err = ktask_engine_init();
	if (err)
		goto err_job_cache;
	err = ktask_ops_init();
	if (err)
		goto err_engine;
	err = ktask_chardev_init();
	if (err)
		goto err_ops;
	observe_init();
	return 0;

err_ops:
	ktask_ops_exit();
err_engine:
	ktask_engine_exit();
err_job_cache:
	job_cache_exit();
err_session:
	session_exit();
err_account:
	account_exit();
	return err;
}

static void __exit ktask_module_exit(void)
{
	observe_exit();
	ktask_chardev_exit();
	ktask_ops_exit();
	ktask_engine_exit();
	job_cache_exit();
	session_exit();
	account_exit();
}

module_init(ktask_module_init);
module_exit(ktask_module_exit);

MODULE_DESCRIPTION("Tasks with results, join, abort and cleanup");
MODULE_AUTHOR("The ktask developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(KTASK_VERSION);
