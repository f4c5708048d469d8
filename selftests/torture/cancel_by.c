// SPDX-License-Identifier: GPL-2.0
/*
 * A task that is aborted from where it is delicate: under a lock that it takes
 * itself, by who waits for it, by the cleanup of another, by the last put, by a
 * select, in a hard interrupt.
 */
#include <linux/slab.h>

#include "cancel.h"

/* --- Under a lock --------------------------------------------------------- */

static void lock_shortly(struct tt_frame *f)
{
	struct cancel *c = f->s->arg;
	unsigned long flags;

	raw_spin_lock_irqsave(&c->lock, flags);
	raw_spin_unlock_irqrestore(&c->lock, flags);
}

static ktask_poll_t locking_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct cancel *c = f->s->arg;

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, lock_shortly);
	for (f->left = 1 + tt_below(&f->rnd, 3); f->left; f->left--) {
		lock_shortly(f);
		KTASK_AWAIT_TIMEOUT(t, &c->future, tt_time(&f->rnd, c->us));
	}
	KTASK_END(t);
}

static const struct tt_kind locking_kind = {
	.name = "locking", .resume = locking_body,
};

static void abort_locked(struct cancel *c)
{
	unsigned long flags;

	cancel_dither(c, &c->rival_rnd);
	raw_spin_lock_irqsave(&c->lock, flags);
	tt_abort(c->s);
	tt_spin(&c->rival_rnd, 5);
	raw_spin_unlock_irqrestore(&c->lock, flags);
}

static void race_locked(struct cancel *c)
{
	unsigned long flags;

	c->s = cancel_start(c, &locking_kind);
	if (!c->s)
		return;
	cancel_go(c, abort_locked);
	cancel_dither(c, &c->rnd);
	/* A put under the lock is as good. */
	raw_spin_lock_irqsave(&c->lock, flags);
	ktask_future_complete(&c->future, 7);
	raw_spin_unlock_irqrestore(&c->lock, flags);
	cancel_over(c);
	cancel_finish(c->s);
}

/* --- By the joiner -------------------------------------------------------- */

static ktask_poll_t slow_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct cancel *c = f->s->arg;

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, NULL);
	tt_spin(&f->rnd, c->us / 2);
	KTASK_SLEEP(t, tt_time(&f->rnd, c->us));
	tt_spin(&f->rnd, c->us / 2);
	KTASK_END(t);
}

static const struct tt_kind slow_kind = { .name = "slow", .resume = slow_body };

static void join_or_abort(struct cancel *c)
{
	long result = 0;
	int err;

	atomic_set(&c->s->asked, 1);
	err = ktask_join_or_abort(c->s->t, &result,
				  tt_time(&c->rival_rnd, c->us));
	if (!ktask_done(c->s->t))
		tt_fault("a joiner gave up, and the task goes on");
	if (!err && ktask_outcome(c->s->t) != KTASK_RETURNED)
		tt_fault("a joiner was told that a cancelled task has returned");
	tt_count(TT_OP_JOIN);
}

static void race_joiner(struct cancel *c)
{
	c->s = cancel_start(c, &slow_kind);
	if (!c->s)
		return;
	cancel_go(c, join_or_abort);
	cancel_dither(c, &c->rnd);
	if (tt_one_in(&c->rnd, 2)) {
		atomic_set(&c->s->asked, 1);
		ktask_abort_and_wait(c->s->t);
		if (!ktask_done(c->s->t))
			tt_fault("a task was awaited, and goes on");
	} else {
		cancel_finish(tt_get(c->s));
	}
	cancel_over(c);
	cancel_finish(c->s);
}

/* --- By a cleanup --------------------------------------------------------- */

/* Of the one: it ends the other, and tries to end itself. */
static void end_other(struct tt_frame *f)
{
	struct cancel *c = f->s->arg;

	tt_abort(f->s);
	tt_abort(c->other);
	ktask_abort_and_wait(c->other->t);
	if (!ktask_done(c->other->t))
		tt_fault("a cleanup has awaited a task, and that goes on");
}

static ktask_poll_t ending_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct cancel *c = f->s->arg;

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, end_other);
	KTASK_SLEEP(t, tt_time(&f->rnd, c->us));
	KTASK_END(t);
}

static const struct tt_kind ending_kind = {
	.name = "ending", .resume = ending_body, .rank = 1,
};

static void race_cleanup(struct cancel *c)
{
	c->other = cancel_start(c, &slow_kind);
	if (!c->other)
		return;
	c->s = cancel_start(c, &ending_kind);
	if (c->s) {
		cancel_go(c, cancel_abort);
		cancel_dither(c, &c->rnd);
		if (tt_one_in(&c->rnd, 2))
			tt_abort(c->other);
		cancel_over(c);
		cancel_finish(c->s);
	}
	cancel_finish(c->other);
}

/* --- By the last put ------------------------------------------------------ */

static void put_it(struct cancel *c)
{
	cancel_dither(c, &c->rival_rnd);
	tt_count(TT_OP_PUT);
	tt_put(c->s);
}

static void race_put(struct cancel *c)
{
	struct tt_plan p = {
		.kind = &slow_kind, .how = TT_OWN, .flags = KTASK_ABORT_ON_PUT,
	};

	c->s = cancel_plan(c, &p);
	if (!c->s)
		return;
	/* Two handles, and the task's end: each may be the last. */
	tt_get(c->s);
	cancel_go(c, put_it);
	cancel_dither(c, &c->rnd);
	tt_put(c->s);
	cancel_over(c);
}

/* --- By a select ---------------------------------------------------------- */

static ktask_poll_t selecting_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct cancel *c = f->s->arg;

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, NULL);
	f->u.arms[0] = ktask_arm_future(&c->future);
	f->u.arms[1] = ktask_arm_task(c->other->t);
	f->u.arms[2] = ktask_arm_timeout(tt_us(c->us));
	f->u.arms[3] = ktask_arm_none();
	KTASK_SELECT(t, &f->u.select, f->u.arms, 0);
	if (!ktask_done(c->other->t))
		tt_fault("a loser of a select has not ended");
	KTASK_END(t);
}

static const struct tt_kind selecting_kind = {
	.name = "selecting", .resume = selecting_body, .rank = 1,
};

static void complete_it(struct cancel *c)
{
	cancel_dither(c, &c->rival_rnd);
	ktask_future_complete(&c->future, 7);
}

/* Who selects is aborted as an arm wins; its losers are aborted either way. */
static void race_select(struct cancel *c)
{
	c->other = cancel_start(c, &slow_kind);
	if (!c->other)
		return;
	atomic_set(&c->other->asked, 1);
	c->s = cancel_start(c, &selecting_kind);
	if (c->s) {
		cancel_go(c, complete_it);
		cancel_dither(c, &c->rnd);
		if (tt_one_in(&c->rnd, 2))
			tt_abort(c->s);
		cancel_over(c);
		cancel_finish(c->s);
	}
	cancel_finish(c->other);
}

/* --- By who joins several ------------------------------------------------- */

static ktask_poll_t joining_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct cancel *c = f->s->arg;

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, NULL);
	f->tasks[0] = c->several[0]->t;
	f->tasks[1] = c->several[1]->t;
	f->op = tt_below(&f->rnd, 2);
	if (f->op) {
		KTASK_TRY_JOIN_ALL_TIMEOUT(t, &f->u.all, f->tasks, 2,
					   f->u.slots, tt_us(c->us));
	} else {
		KTASK_JOIN_OR_ABORT(t, f->tasks[0], tt_time(&f->rnd, c->us));
		if (!ktask_done(f->tasks[0]))
			tt_fault("a joiner went on, and the task goes on");
		KTASK_JOIN_OR_ABORT(t, f->tasks[1], tt_time(&f->rnd, c->us));
	}
	if (!ktask_done(f->tasks[0]) || !ktask_done(f->tasks[1]))
		tt_fault("a joiner went on, and the tasks go on");
	KTASK_END(t);
}

static const struct tt_kind joining_kind = {
	.name = "joining", .resume = joining_body, .rank = 1,
};

/* Who joins is aborted while it may be about to abort the others. */
static void race_several(struct cancel *c)
{
	struct subject *several[2] = {
		cancel_start(c, &slow_kind), cancel_start(c, &slow_kind),
	};

	if (several[0] && several[1]) {
		atomic_set(&several[0]->asked, 1);
		atomic_set(&several[1]->asked, 1);
		c->several = several;
		c->s = cancel_start(c, &joining_kind);
	}
	if (c->s) {
		cancel_go(c, cancel_abort);
		cancel_dither(c, &c->rnd);
		if (tt_one_in(&c->rnd, 2))
			tt_abort(several[tt_below(&c->rnd, 2)]);
		cancel_over(c);
		cancel_finish(c->s);
	}
	cancel_finish(several[0]);
	cancel_finish(several[1]);
}

/* --- In a hard interrupt -------------------------------------------------- */

struct aborter {
	struct tt_courier courier;
	struct subject *s;
	struct rcu_head rcu;
};

static void aborter_arrived(struct tt_courier *courier)
{
	struct aborter *a = container_of(courier, struct aborter, courier);

	tt_abort(a->s);
	tt_put(a->s);
	kfree_rcu(a, rcu);
}

static void race_courier(struct cancel *c)
{
	struct aborter *a = kzalloc(sizeof(*a), GFP_KERNEL);

	if (!a)
		return;
	c->s = cancel_start(c, &slow_kind);
	if (!c->s) {
		kfree(a);
		return;
	}
	a->s = tt_get(c->s);
	courier_send(&a->courier, &c->rnd, tt_us(c->us),
		     aborter_arrived);
	cancel_finish(c->s);
}

const struct cancel_race cancel_by_races[] = {
	{ "under a lock", race_locked, 1 },
	{ "by the joiner", race_joiner, 1 },
	{ "by a cleanup", race_cleanup, 1 },
	{ "by the last put", race_put, 1 },
	{ "by a select", race_select, 1 },
	{ "by who joins several", race_several, 1 },
	{ "in an interrupt", race_courier, 1 },
	{}
};
