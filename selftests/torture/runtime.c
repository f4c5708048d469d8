// SPDX-License-Identifier: GPL-2.0
/*
 * Runtimes that come and go while tasks are spawned into them.
 */
#include <linux/cpumask.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "torture.h"

#define RUNTIMES	3

/**
 * struct tt_runtime - a runtime of ours
 * @rt: it
 * @refs: one of who destroys it, and one of each subject
 * @users: those who spawn into it, and are not tasks of it
 * @idle: woken when @users becomes 0
 * @local: it is a local set
 * @dying: it is being destroyed
 */
struct tt_runtime {
	struct ktask_runtime *rt;
	refcount_t refs;
	atomic_t users;
	wait_queue_head_t idle;
	bool local;
	bool dying;
};

/* Under runtimes_lock. */
static struct tt_runtime *runtimes[RUNTIMES];
static DEFINE_RAW_SPINLOCK(runtimes_lock);
static atomic_long_t runtimes_live;

struct ktask_runtime *runtime_of(struct tt_runtime *rt)
{
	return rt->rt;
}

bool runtime_is_local(struct tt_runtime *rt)
{
	return rt->local;
}

bool runtime_dying(struct tt_runtime *rt)
{
	return READ_ONCE(rt->dying);
}

void runtime_get(struct tt_runtime *rt)
{
	refcount_inc(&rt->refs);
}

void runtime_put(struct tt_runtime *rt)
{
	if (!refcount_dec_and_test(&rt->refs))
		return;
	kfree(rt);
	atomic_long_dec(&runtimes_live);
}

static struct ktask_runtime *create(struct rnd_state *rnd, bool *local)
{
	u32 cpu = tt_below(rnd, nr_cpu_ids);

	*local = false;
	switch (tt_below(rnd, 8)) {
	case 0:
		*local = true;
		/* Which may be offline. */
		return ktask_local_create("torture_on", KTASK_ON_CPU(cpu));
	case 1:
	case 2:
		*local = true;
		return ktask_local_create("torture_local", 0);
	case 3:
		return ktask_runtime_create("torture_reclaim",
					    KTASK_RT_MEM_RECLAIM);
	case 4:
		return ktask_runtime_create("torture_freezable",
					    KTASK_RT_FREEZABLE);
	default:
		return ktask_runtime_create("torture", 0);
	}
}

/* Return: a new one, which the caller destroys; or NULL. */
struct tt_runtime *runtime_new(struct rnd_state *rnd)
{
	struct tt_runtime *rt = kzalloc(sizeof(*rt), GFP_KERNEL);

	if (!rt)
		return NULL;
	rt->rt = create(rnd, &rt->local);
	if (IS_ERR(rt->rt)) {
		kfree(rt);
		return NULL;
	}
	atomic_long_inc(&runtimes_live);
	tt_count(TT_OP_RUNTIME_NEW);
	refcount_set(&rt->refs, 1);
	init_waitqueue_head(&rt->idle);
	return rt;
}

/* Destroy @rt, which nobody else can find any more. */
void runtime_end(struct tt_runtime *rt)
{
	wait_event(rt->idle, !atomic_read(&rt->users));
	WRITE_ONCE(rt->dying, true);
	ktask_runtime_destroy(rt->rt);
	tt_count(TT_OP_RUNTIME_END);
	runtime_put(rt);
}

/* Return: one that is not destroyed before runtime_unuse(); or NULL. */
struct tt_runtime *runtime_pick(struct rnd_state *rnd)
{
	struct tt_runtime *rt;
	unsigned long flags;

	raw_spin_lock_irqsave(&runtimes_lock, flags);
	rt = runtimes[tt_below(rnd, RUNTIMES)];
	if (rt) {
		runtime_get(rt);
		atomic_inc(&rt->users);
	}
	raw_spin_unlock_irqrestore(&runtimes_lock, flags);
	return rt;
}

void runtime_unuse(struct tt_runtime *rt)
{
	if (!rt)
		return;
	if (atomic_dec_and_test(&rt->users))
		wake_up(&rt->idle);
	runtime_put(rt);
}

/* Put @rt, or NULL, into a place. Return: what was there. */
static struct tt_runtime *runtime_swap(u32 place, struct tt_runtime *rt)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&runtimes_lock, flags);
	swap(runtimes[place], rt);
	raw_spin_unlock_irqrestore(&runtimes_lock, flags);
	return rt;
}

/* What a thread does with them. */
void runtime_step(struct rnd_state *rnd)
{
	struct tt_runtime *old;

	old = runtime_swap(tt_below(rnd, RUNTIMES), runtime_new(rnd));
	if (old)
		runtime_end(old);
}

void runtimes_end(void)
{
	int i;

	for (i = 0; i < RUNTIMES; i++) {
		struct tt_runtime *old = runtime_swap(i, NULL);

		if (old)
			runtime_end(old);
	}
}

void runtimes_check(void)
{
	if (atomic_long_read(&runtimes_live))
		tt_fault("%ld runtimes were left",
			 atomic_long_read(&runtimes_live));
}
