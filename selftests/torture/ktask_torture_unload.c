// SPDX-License-Identifier: GPL-2.0
/*
 * ktask_torture_unload: a module that goes while its tasks are at work in every
 * state, to be loaded and unloaded in a loop. Those of its own runtimes and of its
 * set do not pin it and are cancelled as it goes; those of the default runtime do,
 * and end soon, so an unload is refused until they have. Counts that all is over
 * then.
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/prandom.h>
#include <linux/random.h>

#include <linux/ktask.h>

#include "kernel/compat.h"

static unsigned int tasks = 60;
module_param(tasks, uint, 0444);
MODULE_PARM_DESC(tasks, "How many (default 60)");

static unsigned int seed;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "Of all decisions; 0 (default): any");

static struct ktask_runtime *rt, *local;
static struct ktask_set set;
static struct ktask_future never;
static atomic_t begun, cleaned, released;
static unsigned int started;

/* In storage of ours: that it is released is our code too. */
struct leaver {
	u32 op;
	u32 us;
	struct ktask_defer d;
};

struct own {
	struct ktask t;
	struct leaver l;
};

static void own_release(struct ktask *t)
{
	atomic_inc(&released);
	kfree(container_of(t, struct own, t));
}

static void clean(void *arg)
{
	atomic_inc(&cleaned);
}

static ktask_poll_t leaver_body(struct ktask *t)
{
	struct leaver *l = ktask_frame(t);

	KTASK_BEGIN(t);
	atomic_inc(&begun);
	ktask_defer(t, &l->d, clean, NULL);
	if (l->op == 0) {
		KTASK_AWAIT(t, &never);
	} else if (l->op == 1) {
		KTASK_SLEEP(t, ns_to_ktime(l->us * 1000ULL));
	} else if (l->op == 2) {
		for (;;)
			KTASK_YIELD(t);
	}
	KTASK_END(t);
}

static long leaver_blocking(struct ktask *t)
{
	struct leaver *l = ktask_frame(t);

	atomic_inc(&begun);
	ktask_defer(t, &l->d, clean, NULL);
	return l->op ? ktask_sleep(ns_to_ktime(l->us * 1000ULL)) :
		ktask_future_wait_interruptible(&never);
}

static int leaver_init(struct own *own, struct ktask_runtime *in,
		       bool blocking)
{
	unsigned int flags = in ? KTASK_NO_PIN : 0;

	if (blocking)
		return ktask_init_blocking(&own->t, leaver_blocking,
					   struct leaver, .runtime = in,
					   .flags = flags,
					   .release = own_release);
	return ktask_init(&own->t, leaver_body, struct leaver, .runtime = in,
			  .flags = flags, .release = own_release);
}

static int leaver_start_own(struct rnd_state *rnd, struct ktask_runtime *in)
{
	struct own *own = kzalloc(sizeof(*own), GFP_KERNEL);
	bool blocking = in != local && !(prandom_u32_state(rnd) % 4);
	int err;

	if (!own)
		return -ENOMEM;
	err = leaver_init(own, in, blocking);
	/* One that pins us ends by itself. */
	own->l.op = in ? prandom_u32_state(rnd) % 4 : 1;
	own->l.us = prandom_u32_state(rnd) % 3000;
	if (!err)
		err = ktask_start(&own->t);
	started += !err;
	if (err)
		atomic_dec(&released);
	ktask_detach(&own->t);
	return err;
}

/* Into the set, which has its turns for some at a time. */
static int leaver_start_in_set(struct rnd_state *rnd)
{
	struct leaver l = {
		.op = prandom_u32_state(rnd) % 4,
		.us = prandom_u32_state(rnd) % 3000,
	};

	if (prandom_u32_state(rnd) % 4)
		return ktask_set_spawn(&set, leaver_body, struct leaver,
				       .runtime = rt, .flags = KTASK_NO_PIN,
				       .init = &l);
	return ktask_set_spawn_blocking(&set, leaver_blocking, struct leaver,
					.runtime = rt, .flags = KTASK_NO_PIN,
					.init = &l);
}

static int leaver_start(struct rnd_state *rnd)
{
	switch (prandom_u32_state(rnd) % 8) {
	case 0:
		return leaver_start_own(rnd, NULL);
	case 1:
		return leaver_start_own(rnd, local);
	case 2:
	case 3:
		return leaver_start_in_set(rnd);
	default:
		return leaver_start_own(rnd, rt);
	}
}

static int __init unload_init(void)
{
	struct rnd_state rnd;
	unsigned int i;

	if (!seed)
		seed = get_random_u32();
	prandom_seed_state(&rnd, seed);
	rt = ktask_runtime_create("torture_unload", 0);
	if (IS_ERR(rt))
		return PTR_ERR(rt);
	local = ktask_local_create("torture_unload", 0);
	if (IS_ERR(local)) {
		ktask_runtime_destroy(rt);
		return PTR_ERR(local);
	}
	ktask_set_init(&set, prandom_u32_state(&rnd) % 8, 0);
	/* Without memory for all, it is fewer: those that are started pin us. */
	for (i = 0; i < tasks && !leaver_start(&rnd); i++)
		;
	return 0;
}
module_init(unload_init);

static void __exit unload_exit(void)
{
	/* The set may be empty by then. */
	if (seed & 1)
		ktask_set_destroy(&set);
	ktask_runtime_destroy(rt);
	ktask_runtime_destroy(local);
	if (!(seed & 1))
		ktask_set_destroy(&set);
	WARN(atomic_read(&begun) != atomic_read(&cleaned) ||
	     atomic_read(&released) != started,
	     "ktask_torture_unload: %u tasks started, %d began, %d were cleaned up after, %d released (seed=%u)\n",
	     started, atomic_read(&begun), atomic_read(&cleaned),
	     atomic_read(&released), seed);
}
module_exit(unload_exit);

MODULE_DESCRIPTION("Goes while its tasks are at work");
MODULE_AUTHOR("The ktask developers");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(KTASK_NS);
