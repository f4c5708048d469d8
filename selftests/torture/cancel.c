// SPDX-License-Identifier: GPL-2.0
/*
 * Cancel races: each is run many times, with both sides a random time apart. That
 * outcome, result and cleanups agree is seen to where tasks end, in subject.c.
 */
#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include "cancel.h"

/* --- The rival ------------------------------------------------------------ */

static int rival_main(void *arg)
{
	struct cancel *c = arg;

	for (;;) {
		wait_for_completion_interruptible(&c->go);
		if (!c->act)
			break;
		/* Pairs with cancel_go(). */
		smp_store_release(&c->ready, true);
		c->act(c);
		/* Pairs with cancel_over(). */
		smp_store_release(&c->over, true);
	}
	/* Until kthread_stop(), as it must not be gone by then. */
	while (!kthread_should_stop())
		schedule_timeout_idle(1);
	return 0;
}

static bool rival_begin(struct cancel *c, unsigned int cpu)
{
	struct task_struct *thread;

	thread = kthread_create(rival_main, c, "ktask_rival");
	if (IS_ERR(thread))
		return false;
	kthread_bind(thread, cpu);
	wake_up_process(thread);
	c->thread = thread;
	return true;
}

static void rival_end(struct cancel *c)
{
	c->act = NULL;
	complete(&c->go);
	kthread_stop(c->thread);
}

/* Have the rival call @act. Returns when it is about to. */
void cancel_go(struct cancel *c, void (*act)(struct cancel *c))
{
	c->act = act;
	c->ready = false;
	c->over = false;
	complete(&c->go);
	/* Pairs with rival_main(). */
	while (!smp_load_acquire(&c->ready))
		cond_resched();
}

void cancel_over(struct cancel *c)
{
	/* Pairs with rival_main(). */
	while (!smp_load_acquire(&c->over))
		cond_resched();
}

/* --- What they share ------------------------------------------------------ */

/* Let up to the time pass that the tasks of the scene take. */
void cancel_dither(struct cancel *c, struct rnd_state *rnd)
{
	tt_spin(rnd, 1 + c->us);
}

/* The most common thing for a rival to do. */
void cancel_abort(struct cancel *c)
{
	cancel_dither(c, &c->rival_rnd);
	tt_count(TT_OP_ABORT);
	tt_abort(c->s);
}

void cancel_nothing(struct cancel *c)
{
}

/* Return: a task by the plan, which lacks what chance has to say; or NULL. */
struct subject *cancel_plan(struct cancel *c, struct tt_plan *p)
{
	struct rnd_state *rnd = &c->rnd;

	p->seed = tt_seed(rnd);
	p->gfp = p->gfp ?: GFP_KERNEL;
	p->arg = c;
	if (tt_one_in(rnd, 4))
		p->prio = KTASK_PRIO_HIGH;
	if (tt_one_in(rnd, 4))
		p->flags |= KTASK_NO_HELP;
	return tt_start(p);
}

struct subject *cancel_start(struct cancel *c, const struct tt_kind *kind)
{
	struct tt_plan p = {
		.kind = kind, .how = tt_below(&c->rnd, TT_IN_SET),
	};

	return cancel_plan(c, &p);
}

/* Wait for the end of @s, and drop the handle. */
void cancel_finish(struct subject *s)
{
	long result = 0;
	int err;

	if (!s)
		return;
	err = ktask_join(s->t, &result);
	subject_seen(s, err, result);
	tt_put(s);
}

/* --- The races ------------------------------------------------------------ */

static void race_run(struct cancel *c, const struct cancel_race *race,
		     unsigned int rounds)
{
	u64 returned = tt_noted(TT_NOTE_RETURNED);
	u64 cancelled = tt_noted(TT_NOTE_CANCELLED);
	u64 unrun = tt_noted(TT_NOTE_UNRUN);
	unsigned int i;

	for (i = 0; i < rounds && !tt_faults() && !kthread_should_stop(); i++) {
		ktask_future_init(&c->future);
		c->s = NULL;
		c->other = NULL;
		c->us = 1 + tt_below(&c->rnd, 40);
		race->round(c);
		/* What was released, and has not ended to us before. */
		while (subjects_live())
			cond_resched();
		tt_count(TT_OP_CANCEL);
	}
	pr_info("cancel %s: %u rounds, returned %llu, cancelled %llu, %llu of them never ran\n",
		race->name, i, tt_noted(TT_NOTE_RETURNED) - returned,
		tt_noted(TT_NOTE_CANCELLED) - cancelled,
		tt_noted(TT_NOTE_UNRUN) - unrun);
}

static void races_run(struct cancel *c, const struct cancel_race *races,
		      unsigned int rounds)
{
	for (; races->name; races++)
		race_run(c, races, max(rounds / races->share, 1U));
}

int cancel_run(u64 seed, unsigned int rounds)
{
	struct cancel c = {};
	unsigned int cpu;

	prandom_seed_state(&c.rnd, seed);
	prandom_seed_state(&c.rival_rnd, seed + 1);
	init_completion(&c.go);
	raw_spin_lock_init(&c.lock);

	/* One on the first CPU and one on the last; all others are for tasks. */
	cpu = cpumask_first(cpu_online_mask);
	set_cpus_allowed_ptr(current, cpumask_of(cpu));
	if (!rival_begin(&c, cpumask_last(cpu_online_mask)))
		return -ENOMEM;
	races_run(&c, cancel_state_races, rounds);
	races_run(&c, cancel_by_races, rounds);
	races_run(&c, cancel_group_races, rounds);
	races_run(&c, cancel_grant_races, rounds);
	rival_end(&c);
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	return 0;
}
