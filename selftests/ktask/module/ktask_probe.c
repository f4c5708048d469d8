// SPDX-License-Identifier: GPL-2.0
/*
 * A driver for tests: it has a freezable runtime and one that is not, in each a
 * task that counts, which do not pin it; and if told so, it forgets to destroy
 * them when it goes. It also has an op, which no abort ends by itself.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include <linux/ktask.h>
#include <linux/ktask_op.h>

#include "kernel/compat.h"

static bool forget;
module_param(forget, bool, 0444);
MODULE_PARM_DESC(forget, "Leave the runtimes behind");

static unsigned int frozen_ticks;
module_param(frozen_ticks, uint, 0444);
MODULE_PARM_DESC(frozen_ticks, "Ticks of the task in the freezable runtime");

static unsigned int most_missed;
module_param(most_missed, uint, 0644);
MODULE_PARM_DESC(most_missed, "Ticks of the other task, at most, without one of that task");

static struct ktask_runtime *freezable, *plain;

/* What goes wrong if the code is gone and this still runs is a crash. */
static ktask_poll_t tick_body(struct ktask *t)
{
	KTASK_BEGIN(t);
	for (;;) {
		frozen_ticks++;
		KTASK_SLEEP(t, ms_to_ktime(5));
	}
	KTASK_END(t);
}

struct watcher {
	unsigned int seen;
	unsigned int missed;
};

static ktask_poll_t watch_body(struct ktask *t)
{
	struct watcher *w = ktask_frame(t);

	KTASK_BEGIN(t);
	for (;;) {
		w->missed = w->seen == frozen_ticks ? w->missed + 1 : 0;
		w->seen = frozen_ticks;
		most_missed = max(most_missed, w->missed);
		KTASK_SLEEP(t, ms_to_ktime(10));
	}
	KTASK_END(t);
}

/* --- The op ----------------------------------------------------------------- */

static int cancels;
module_param(cancels, int, 0444);
MODULE_PARM_DESC(cancels, "How often tasks of the op were cancelled");

static atomic_t nr_cancels;

struct probe {
	struct ktask_future over;
};

static int probe_prepare(struct ktask *t, const void *args)
{
	struct probe *p = ktask_frame(t);

	ktask_future_init(&p->over);
	return 0;
}

/* With an input: its length, if it is the same however often one asks. */
static long probe_run(struct ktask *t)
{
	struct probe *p = ktask_frame(t);
	const void *first, *second;
	size_t len, len2;

	if (!ktask_op_has_input(t)) {
		ktask_future_wait(&p->over);
		return 0;
	}
	first = ktask_op_input(t, &len);
	second = ktask_op_input(t, &len2);
	if (IS_ERR(first))
		return PTR_ERR(first);
	return first == second && len == len2 ? len : -EIO;
}

static void probe_cancel(struct ktask *t)
{
	struct probe *p = ktask_frame(t);

	cancels = atomic_inc_return(&nr_cancels);
	ktask_future_complete(&p->over, 0);
}

static struct ktask_op probe_op = {
	.name = "probe",
	.summary = "wait for the abort, or tell how long the input is",
	.flags = KTASK_OP_INPUT,
	.frame_size = sizeof(struct probe),
	.prepare = probe_prepare,
	.run = probe_run,
	.cancel = probe_cancel,
};

/* --- Loading and unloading -------------------------------------------------- */

static int __init probe_init(void)
{
	struct ktask *t;

	/* The name is what the tests look for. */
	freezable = ktask_runtime_create("expected freezable",
					 KTASK_RT_FREEZABLE);
	if (IS_ERR(freezable))
		return PTR_ERR(freezable);
	plain = ktask_runtime_create("expected plain", 0);
	if (IS_ERR(plain))
		goto err_freezable;
	t = ktask_spawn(tick_body, void, .runtime = freezable,
			.flags = KTASK_NO_PIN);
	if (IS_ERR(t))
		goto err_plain;
	ktask_detach(t);
	t = ktask_spawn(watch_body, struct watcher, .runtime = plain,
			.flags = KTASK_NO_PIN);
	if (IS_ERR(t))
		goto err_plain;
	ktask_detach(t);
	if (ktask_op_register(&probe_op))
		goto err_plain;
	return 0;

err_plain:
	ktask_runtime_destroy(plain);
err_freezable:
	ktask_runtime_destroy(freezable);
	return -ENOMEM;
}
module_init(probe_init);

static void __exit probe_exit(void)
{
	ktask_op_unregister(&probe_op);
	if (forget)
		return;
	ktask_runtime_destroy(plain);
	ktask_runtime_destroy(freezable);
}
module_exit(probe_exit);

MODULE_DESCRIPTION("Runtimes for tests");
MODULE_AUTHOR("The ktask developers");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(KTASK_NS);
