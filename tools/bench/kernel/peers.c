// SPDX-License-Identifier: GPL-2.0
/*
 * Where the peers' work is queued: workqueues and a worker of our own, so that
 * nobody else's work is waited for.
 */
#include <linux/err.h>

#include "bench.h"
#include "kernel/compat.h"

struct workqueue_struct *bench_wq, *bench_wq_high, *bench_wq_unbound;
struct kthread_worker *bench_worker;

void bench_peers_exit(void)
{
	if (!IS_ERR_OR_NULL(bench_worker))
		kthread_destroy_worker(bench_worker);
	if (bench_wq_unbound)
		destroy_workqueue(bench_wq_unbound);
	if (bench_wq_high)
		destroy_workqueue(bench_wq_high);
	if (bench_wq)
		destroy_workqueue(bench_wq);
}

int bench_peers_init(void)
{
	bench_wq = alloc_workqueue("ktask_bench", WQ_PERCPU, 0);
	bench_wq_high = alloc_workqueue("ktask_bench_high", WQ_PERCPU | WQ_HIGHPRI, 0);
	bench_wq_unbound = alloc_workqueue("ktask_bench_unbound", WQ_UNBOUND, 0);
	bench_worker = kthread_run_worker(0, "ktask_bench");
	if (bench_wq && bench_wq_high && bench_wq_unbound &&
	    !IS_ERR(bench_worker))
		return 0;
	bench_peers_exit();
	return -ENOMEM;
}
