// SPDX-License-Identifier: GPL-2.0
/*
 * What each row has to reach, ours divided by the peer's unless there is none.
 */
#include "bench.h"

/* The row, the subject and the metric; the peer or NULL; the limit. */
#define AT_MOST(...)	{ __VA_ARGS__, false }
#define AT_LEAST(...)	{ __VA_ARGS__, true }

const struct goal goals[] = {
	/* A task spawned and joined. */
	AT_MOST("kernel/spawn_join", "ktask", "ns", "queue_work", 0.06),

	/* Many spawned, then all joined; and that each of a million costs no more. */
	AT_MOST("kernel/batch_join", "ktask", "ns", "queue_work+kmalloc", 0.25),
	AT_MOST("kernel/batch_join", "ktask_join_all", "ns", "queue_work+kmalloc", 0.25),
	AT_MOST("kernel/batch_join", "ktask_set", "ns", "queue_work+kmalloc", 0.25),
	AT_MOST("kernel/batch_scale", "ktask", "x", NULL, 1.2),
	AT_MOST("kernel/batch_scale", "ktask_join_all", "x", NULL, 1.2),
	AT_MOST("kernel/batch_scale", "ktask_set", "x", NULL, 1.2),

	/* Two ready tasks that take turns. */
	AT_MOST("kernel/yield", "ktask", "ns", "kthread", 0.05),

	/* From where a future is completed to the task that awaits it. */
	AT_MOST("kernel/wake_cpu", "ktask", "p50_ns", "queue_work", 1),
	AT_MOST("kernel/wake_irq", "ktask", "p50_ns", "queue_work", 1),

	/* Tasks that compute, spawned from one CPU: how much quicker on two. */
	AT_LEAST("kernel/spread", "ktask", "x", NULL, 1.9),

	/* Sleepers: each with a frame of 32 bytes; a million; many with half a second. */
	AT_MOST("kernel/memory", "ktask", "bytes", NULL, 256),
	AT_LEAST("kernel/sleepers-1M", "ktask", "asleep_at_once", NULL, 1000000),
	AT_MOST("kernel/sleepers", "ktask", "ms", NULL, 600),

	/* By programs. */
	AT_MOST("user/nop_batch", "ktask", "ns", "io_uring_async", 0.15),
	AT_MOST("user/nop_batch", "ktask", "ns", "io_uring", 2.5),
	AT_MOST("user/nop_single", "ktask", "ns", "io_uring", 1.5),
	AT_MOST("user/nop_single", "ktask", "ns", "pthread", 0.02),
	AT_MOST("user/sleepers", "ktask", "ms", NULL, 600),
	AT_MOST("user/hash_tree", "ktask", "ms", "best", 1),
	AT_MOST("user/hash_tree", "ktask_hash", "ms", "best", 1),
	AT_MOST("user/copy_tree", "ktask", "ms", "best", 1),
	AT_MOST("user/copy_tree", "ktask_copy", "ms", "best", 1),
	{ 0 }
};
