// SPDX-License-Identifier: GPL-2.0
/*
 * Cells that come and go: one at a time has the turn to make the value, some do not
 * make it, and all get the one that was made.
 */
#include <linux/slab.h>

#include "torture.h"

#define CELLS	2

/**
 * struct tt_cell - a cell of ours
 * @once: it
 * @refs: one of its place, and one of each user
 * @value: what it is set to
 * @turns: who has the turn
 * @made: times that the value was made
 */
struct tt_cell {
	struct ktask_once once;
	refcount_t refs;
	void *value;
	atomic_t turns;
	atomic_t made;
};

/* Under cells_lock. */
static struct tt_cell *cells[CELLS];
static DEFINE_RAW_SPINLOCK(cells_lock);
static atomic_long_t cells_live;

static struct tt_cell *cell_new(gfp_t gfp)
{
	struct tt_cell *c = kzalloc(sizeof(*c), gfp);

	if (!c)
		return NULL;
	atomic_long_inc(&cells_live);
	refcount_set(&c->refs, 1);
	ktask_once_init(&c->once);
	/* Any that is there once. */
	c->value = &c->value;
	return c;
}

static void cell_put(struct tt_cell *c)
{
	int made;

	if (!c || !refcount_dec_and_test(&c->refs))
		return;
	made = atomic_read(&c->made);
	if (made > 1 || made != ktask_once_is_set(&c->once))
		tt_fault("a value was made %d times", made);
	if (atomic_read(&c->turns))
		tt_fault("somebody has the turn to make a value, and is gone");
	ktask_once_destroy(&c->once);
	kfree(c);
	atomic_long_dec(&cells_live);
}

static struct tt_cell *cell_swap(u32 place, struct tt_cell *c)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&cells_lock, flags);
	swap(cells[place], c);
	raw_spin_unlock_irqrestore(&cells_lock, flags);
	return c;
}

/* Return: one, with a reference, which is not set for long; or NULL. */
static struct tt_cell *cell_pick(struct rnd_state *rnd, gfp_t gfp)
{
	u32 place = tt_below(rnd, CELLS);
	struct tt_cell *c;
	unsigned long flags;

	raw_spin_lock_irqsave(&cells_lock, flags);
	c = cells[place];
	if (c)
		refcount_inc(&c->refs);
	raw_spin_unlock_irqrestore(&cells_lock, flags);
	if (!c || (ktask_once_is_set(&c->once) && tt_one_in(rnd, 3)))
		cell_put(cell_swap(place, cell_new(gfp)));
	return c;
}

/* The caller has the turn. */
static void turn_begin(struct tt_cell *c)
{
	if (atomic_inc_return(&c->turns) != 1)
		tt_fault("two have the turn to make a value");
}

static void turn_end(struct tt_cell *c)
{
	atomic_dec(&c->turns);
}

/* ... and makes it. */
static void turn_finish(struct tt_cell *c, struct ktask_once_turn *turn)
{
	atomic_inc(&c->made);
	turn_end(c);
	ktask_once_finish(turn, c->value);
}

/* Somebody goes on because the value is there. */
static void value_seen(struct tt_cell *c)
{
	tt_count(TT_OP_ONCE);
	if (ktask_once_get(&c->once) != c->value)
		tt_fault("a cell gave what it was not set to");
}

/* --- Wishes --------------------------------------------------------------- */

static bool once_ask(struct tt_wish *w, struct ktask *t, struct rnd_state *rnd)
{
	w->cell = cell_pick(rnd, GFP_KERNEL);
	w->makes = tt_one_in(rnd, 2);
	return w->cell &&
		tt_wish_request(w, ktask_once_request(&w->cell->once, &w->turn,
						      t));
}

static void once_granted(struct tt_wish *w, long status)
{
	if (ktask_once_my_turn(&w->turn))
		turn_begin(w->cell);
	else
		value_seen(w->cell);
}

static void once_let_go(struct tt_wish *w)
{
	if (!ktask_once_my_turn(&w->turn))
		return;
	tt_count(TT_OP_ONCE);
	if (w->makes && !w->orphan)
		turn_finish(w->cell, &w->turn);
	else
		turn_end(w->cell);
}

static void once_over(struct tt_wish *w)
{
	cell_put(w->cell);
}

const struct tt_wish_kind once_wish = {
	.op = TT_OP_AWAIT, .sure = true, .ask = once_ask,
	.granted = once_granted, .let_go = once_let_go, .over = once_over,
};

/* --- Tasks ---------------------------------------------------------------- */

/* It has ended; the turn passes on behind this. */
static void unmark(void *arg)
{
	struct tt_frame *f = arg;

	turn_end(f->u.cell);
}

static void leave_cell(struct tt_frame *f)
{
	cell_put(f->u.cell);
}

static ktask_poll_t once_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct rnd_state *rnd = &f->rnd;

	KTASK_BEGIN(t);
	for (f->left = 1 + tt_below(rnd, 3); f->left; f->left--) {
		f->u.cell = cell_pick(rnd, GFP_KERNEL);
		if (!f->u.cell)
			continue;
		tt_defer(t, &f->more, leave_cell);
		KTASK_ONCE_ENTER_TIMEOUT(t, &f->u.cell->once, &f->u.turn,
					 tt_one_in(rnd, 2) ? KTIME_MAX :
					 tt_time(rnd, 200));
		if (ktask_once_my_turn(&f->u.turn)) {
			turn_begin(f->u.cell);
			ktask_defer(t, &f->u.unmark_turn, unmark, f);
			if (tt_one_in(rnd, 2))
				KTASK_SLEEP(t, tt_time(rnd, 30));
			else
				KTASK_YIELD(t);
			if (!ktask_undefer(t, &f->u.unmark_turn))
				tt_fault("a cleanup was not there");
			if (tt_one_in(rnd, 3)) {
				turn_end(f->u.cell);
				ktask_once_leave(&f->u.turn);
			} else {
				turn_finish(f->u.cell, &f->u.turn);
				value_seen(f->u.cell);
			}
		} else if (!ktask_timed_out(t)) {
			value_seen(f->u.cell);
		}
		tt_undefer(t, &f->more);
		leave_cell(f);
	}
	KTASK_END(t);
}

const struct tt_kind once_kind = { .name = "once", .resume = once_body };

/* --- Threads and interrupts ----------------------------------------------- */

static void once_step(struct rnd_state *rnd)
{
	struct tt_cell *c = cell_pick(rnd, GFP_KERNEL);
	struct ktask_once_turn turn;
	int ret;

	if (!c)
		return;
	ret = ktask_once_enter_until(&c->once, &turn, NULL,
				     TASK_UNINTERRUPTIBLE,
				     tt_one_in(rnd, 2) ? KTIME_MAX :
				     ktime_add(ktime_get(), tt_time(rnd, 200)));
	if (ret == 1) {
		turn_begin(c);
		tt_spin(rnd, 5);
		if (tt_one_in(rnd, 2)) {
			turn_end(c);
			ktask_once_leave(&turn);
		} else {
			turn_finish(c, &turn);
		}
	} else if (!ret) {
		value_seen(c);
	} else if (ret != -ETIMEDOUT) {
		tt_fault("a cell says %d", ret);
	}
	cell_put(c);
}

static void once_step_atomic(struct rnd_state *rnd)
{
	struct tt_cell *c = cell_pick(rnd, GFP_ATOMIC | __GFP_NOWARN);
	int err;

	if (!c)
		return;
	if (tt_one_in(rnd, 2)) {
		err = ktask_once_set(&c->once, c->value);
		if (!err)
			atomic_inc(&c->made);
		else if (err != -EEXIST && err != -EBUSY)
			tt_fault("a cell says %d", err);
	}
	if (ktask_once_is_set(&c->once))
		value_seen(c);
	cell_put(c);
}

static void once_init(void)
{
}

static void once_close(void)
{
	int i;

	for (i = 0; i < CELLS; i++)
		cell_put(cell_swap(i, NULL));
}

static void once_check(void)
{
	/* A task that ended last may have asked for one. */
	once_close();
	if (atomic_long_read(&cells_live))
		tt_fault("%ld cells were left", atomic_long_read(&cells_live));
}

const struct tt_shared once_shared = {
	.init = once_init, .step = once_step, .step_atomic = once_step_atomic,
	.close = once_close, .check = once_check,
};
