// SPDX-License-Identifier: GPL-2.0
/*
 * Agents: timers that do what may be done in any context, in their own hard
 * interrupt, in softirq, or in the interrupt of another CPU.
 */
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "kernel/compat.h"
#include "torture.h"

/* How often, in microseconds, at most. */
#define AGENT_PERIOD	1000
/*
 * An agent is at rest at least so many times as long as it has been at work: where
 * all is slow, interrupts would leave no time for anything else.
 */
#define AGENT_REST	8

struct agent {
	struct rnd_state rnd;	/* of whoever has @busy */
	atomic_t busy;
	struct hrtimer timer;
	struct tasklet_struct tasklet;
	call_single_data_t csd;
	ktime_t took;		/* the last turn, or what has passed of this one */
	bool stop;
};

static struct agent *agents;
static unsigned int nr_agents;

static void agent_spawn(struct rnd_state *rnd)
{
	struct tt_ctx ctx = {
		.rnd = rnd, .rank = 1, .gfp = GFP_ATOMIC | __GFP_NOWARN,
	};
	struct subject *s;

	if (tt_one_in(rnd, 3))
		ctx.rt = runtime_pick(rnd);
	s = tt_spawn(&ctx);
	runtime_unuse(ctx.rt);
	if (s)
		hand_pass(rnd, s);
}

static void agent_step(struct rnd_state *rnd)
{
	switch (tt_below(rnd, 6)) {
	case 0:
		agent_spawn(rnd);
		break;
	case 1:
		join_step_atomic(rnd);
		break;
	case 2:
		set_step_atomic(rnd);
		break;
	default:
		shared_step_atomic(rnd);
	}
}

/* Do a few things, and let go of the agent. */
static void agent_act(struct agent *a)
{
	ktime_t began = ktime_get();
	int i;

	courier_note_context();
	for (i = 1 + tt_below(&a->rnd, 4); i; i--)
		agent_step(&a->rnd);
	WRITE_ONCE(a->took, ktime_sub(ktime_get(), began));
	atomic_set_release(&a->busy, 0);
}

static void agent_tasklet(struct tasklet_struct *tasklet)
{
	agent_act(container_of(tasklet, struct agent, tasklet));
}

static void agent_ipi(void *a)
{
	tt_note(TT_NOTE_IPI);
	agent_act(a);
}

static void agent_go(struct agent *a)
{
	/* The timer of one whose turn is not over only goes on. */
	if (atomic_cmpxchg_acquire(&a->busy, 0, 1)) {
		WRITE_ONCE(a->took, READ_ONCE(a->took) + tt_us(AGENT_PERIOD));
		return;
	}
	switch (tt_below(&a->rnd, 3)) {
	case 0:
		tasklet_schedule(&a->tasklet);
		break;
	case 1:
		if (!smp_call_function_single_async(tt_below(&a->rnd,
							     nr_cpu_ids),
						    &a->csd))
			break;
		fallthrough;
	default:
		agent_act(a);
	}
}

static enum hrtimer_restart agent_timer(struct hrtimer *timer)
{
	struct agent *a = container_of(timer, struct agent, timer);

	if (READ_ONCE(a->stop))
		return HRTIMER_NORESTART;
	agent_go(a);
	hrtimer_forward_now(timer, ktime_add(tt_us(AGENT_PERIOD), AGENT_REST *
					     READ_ONCE(a->took)));
	return HRTIMER_RESTART;
}

int agents_start(u64 seed, unsigned int n)
{
	unsigned int i;

	agents = kcalloc(n, sizeof(*agents), GFP_KERNEL);
	if (!agents)
		return -ENOMEM;
	nr_agents = n;
	for (i = 0; i < n; i++) {
		struct agent *a = &agents[i];

		prandom_seed_state(&a->rnd, seed + i);
		tasklet_setup(&a->tasklet, agent_tasklet);
		INIT_CSD(&a->csd, agent_ipi, a);
		hrtimer_setup(&a->timer, agent_timer, CLOCK_MONOTONIC,
			      HRTIMER_MODE_REL_HARD);
		hrtimer_start(&a->timer, tt_us(AGENT_PERIOD),
			      HRTIMER_MODE_REL_HARD);
	}
	return 0;
}

void agents_stop(void)
{
	unsigned int i;

	for (i = 0; i < nr_agents; i++) {
		struct agent *a = &agents[i];

		WRITE_ONCE(a->stop, true);
		hrtimer_cancel(&a->timer);
		/* One that is under way to another CPU arrives yet. */
		while (atomic_read_acquire(&a->busy))
			schedule_timeout_uninterruptible(1);
		tasklet_kill(&a->tasklet);
	}
	/* The last of them may be about to return. */
	synchronize_rcu();
	kfree(agents);
	agents = NULL;
	nr_agents = 0;
}
