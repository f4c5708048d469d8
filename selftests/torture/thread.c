// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that do all that a thread may do with tasks.
 */
#include <linux/kthread.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/sched/debug.h>
#include <linux/slab.h>

#include "torture.h"

/* In the order of tt_mix. */
enum area {
	AREA_SPAWN,
	AREA_JOIN,
	AREA_SET,
	AREA_RUNTIME,
	AREA_SHARED,
	AREA_WISH,
	AREAS
};

unsigned int tt_mix[AREAS] = { 400, 400, 160, 3, 150, 60 };
static int nr_mix = AREAS;
module_param_array_named(mix, tt_mix, uint, &nr_mix, 0444);
MODULE_PARM_DESC(mix, "Weights of what threads do: spawn, join, set, runtime, shared, wish");

struct attacker {
	struct rnd_state rnd;
	struct task_struct *thread;
	enum area doing;
};

static struct attacker *attackers;
static unsigned int nr_attackers;

static void thread_spawn(struct rnd_state *rnd)
{
	struct tt_ctx ctx = { .rnd = rnd, .rank = 1, .gfp = GFP_KERNEL };
	struct subject *s;

	if (tt_one_in(rnd, 4))
		ctx.rt = runtime_pick(rnd);
	s = tt_spawn(&ctx);
	runtime_unuse(ctx.rt);
	if (s)
		hand_pass(rnd, s);
	else if (tt_crowded())
		schedule_timeout_idle(1);
}

static enum area pick_area(struct rnd_state *rnd)
{
	unsigned int sum = 0, at;
	int i;

	for (i = 0; i < AREAS; i++)
		sum += tt_mix[i];
	at = tt_below(rnd, sum);
	for (i = 0; i < AREAS - 1 && at >= tt_mix[i]; i++)
		at -= tt_mix[i];
	return i;
}

static void thread_step(struct attacker *a)
{
	struct rnd_state *rnd = &a->rnd;
	/* What may be done in any context may be done in a thread as well. */
	bool atomic = tt_one_in(rnd, 2);

	WRITE_ONCE(a->doing, pick_area(rnd));
	switch (a->doing) {
	case AREA_SPAWN:
		thread_spawn(rnd);
		break;
	case AREA_JOIN:
		if (atomic)
			join_step_atomic(rnd);
		else
			join_step(rnd);
		break;
	case AREA_SET:
		if (atomic)
			set_step_atomic(rnd);
		else
			set_step(rnd);
		break;
	case AREA_RUNTIME:
		runtime_step(rnd);
		break;
	case AREA_SHARED:
		if (atomic)
			shared_step_atomic(rnd);
		else
			shared_step(rnd);
		break;
	default:
		tt_wishes_wait(NULL, rnd);
	}
}

static int thread_main(void *arg)
{
	struct attacker *a = arg;

	/* They are always ready, and tasks of low priority shall get on as well. */
	set_user_nice(current, MAX_NICE);
	while (!kthread_should_stop()) {
		thread_step(a);
		cond_resched();
	}
	return 0;
}

int threads_start(u64 seed, unsigned int n)
{
	struct task_struct *thread;
	unsigned int i;

	attackers = kcalloc(n, sizeof(*attackers), GFP_KERNEL);
	if (!attackers)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		prandom_seed_state(&attackers[i].rnd, seed + i);
		thread = kthread_run(thread_main, &attackers[i],
				     "ktask_torture/%u", i);
		if (IS_ERR(thread))
			return PTR_ERR(thread);
		attackers[i].thread = thread;
		nr_attackers++;
	}
	return 0;
}

/* Say where those are that have not stopped. */
void threads_dump(void)
{
	unsigned int i;

	for (i = 0; i < nr_attackers; i++) {
		pr_err("thread %u is in step %u:\n", i,
		       READ_ONCE(attackers[i].doing));
		sched_show_task(attackers[i].thread);
	}
}

void threads_stop(void)
{
	while (nr_attackers) {
		kthread_stop(attackers[nr_attackers - 1].thread);
		nr_attackers--;
	}
	kfree(attackers);
	attackers = NULL;
}
