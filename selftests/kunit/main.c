// SPDX-License-Identifier: GPL-2.0
/*
 * The KUnit suites of ktask.
 */
#include <linux/module.h>

#include "kernel/compat.h"
#include "util.h"

kunit_test_suites(&ktask_future_suite,
		  &ktask_spawn_suite,
		  &ktask_await_suite,
		  &ktask_join_suite,
		  &ktask_join_all_suite,
		  &ktask_set_suite,
		  &ktask_set_race_suite,
		  &ktask_set_spawn_suite,
		  &ktask_channel_suite,
		  &ktask_channel_race_suite,
		  &ktask_oneshot_suite,
		  &ktask_broadcast_suite,
		  &ktask_watch_suite,
		  &ktask_abort_suite,
		  &ktask_abort_blocking_suite,
		  &ktask_defer_suite,
		  &ktask_blocking_suite,
		  &ktask_timer_suite,
		  &ktask_runtime_suite,
		  &ktask_executor_suite,
		  &ktask_outcome_suite,
		  &ktask_detach_suite,
		  &ktask_place_suite,
		  &ktask_hold_suite,
		  &ktask_spread_suite,
		  &ktask_stall_suite,
		  &ktask_local_suite,
		  &ktask_budget_suite,
		  &ktask_select_suite,
		  &ktask_time_suite,
		  &ktask_token_suite,
		  &ktask_semaphore_suite,
		  &ktask_mutex_suite,
		  &ktask_rwlock_suite,
		  &ktask_notify_suite,
		  &ktask_barrier_suite,
		  &ktask_once_suite,
		  &ktask_promise_suite,
		  &ktask_defer_helpers_suite,
		  &ktask_abort_handle_suite,
		  &ktask_wakeup_suite,
		  &ktask_completion_suite,
		  &ktask_work_suite,
		  &ktask_irq_suite,
		  &ktask_fence_suite,
		  &ktask_op_suite,
		  &ktask_fail_suite);

MODULE_DESCRIPTION("KUnit suites of ktask");
MODULE_AUTHOR("The ktask developers");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(KTASK_NS);
