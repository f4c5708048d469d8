// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that await, select, abort and spawn others.
 */
#include "torture.h"

enum {
	JOIN_AWAIT,
	JOIN_TIMEOUT,
	JOIN_OR_ABORT,
	JOIN_SELECT_KEEP,
	JOIN_ALL,
	JOIN_ABORT,
	JOIN_SPAWN,
	/* If it is aborted, it waits for the others with its thread. */
	JOIN_SELECT,
	JOIN_TRY_ALL,
	JOIN_OPS
};

/* Take up to @n others that this task may wait for. Return: how many. */
static unsigned int take_others(struct tt_frame *f, unsigned int n, bool ask)
{
	u8 rank = f->op < JOIN_SELECT ? TT_ANY_RANK : 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		f->other[i] = hand_pick(&f->rnd, f->s->horizon, rank);
		f->tasks[i] = f->other[i] ? f->other[i]->t : NULL;
		if (!f->other[i])
			break;
		if (ask)
			atomic_set(&f->other[i]->asked, 1);
	}
	return i;
}

static void others_seen(struct tt_frame *f)
{
	int i;

	for (i = 0; i < TT_OTHERS; i++) {
		long result = 0;
		int err;

		if (!f->other[i])
			continue;
		err = ktask_try_join(f->other[i]->t, &result);
		subject_seen(f->other[i], err, result);
	}
}

static void select_arms(struct tt_frame *f)
{
	struct rnd_state *rnd = &f->rnd;

	f->u.arms[0] = ktask_arm_none();
	f->u.arms[1] = ktask_arm_task(f->tasks[0]);
	f->u.arms[2] = f->event ? ktask_arm_future(event_future(f->event)) :
		ktask_arm_none();
	f->u.arms[3] = tt_one_in(rnd, 2) ? ktask_arm_none() :
		ktask_arm_timeout(tt_time(rnd, 200));
}

/* @waited: a loser has ended. */
static void selected(struct tt_frame *f, bool waited)
{
	int winner = ktask_selected(&f->u.select);

	if (winner == 1)
		others_seen(f);
	else if (winner == 2)
		event_seen(f->event);
	else if (winner != 3)
		tt_fault("a select was won by arm %d", winner);
	if (waited && !ktask_done(f->tasks[0]))
		tt_fault("a task that has lost a select has not ended");
}

static void spawn_one(struct tt_frame *f)
{
	struct tt_ctx ctx = {
		.rnd = &f->rnd, .rank = f->s->kind->rank, .gfp = GFP_KERNEL,
		.rt = f->s->rt,
	};
	struct subject *s = tt_spawn(&ctx);

	if (s)
		hand_pass(&f->rnd, s);
}

static void abort_one(struct tt_frame *f)
{
	struct subject *s = hand_pick(&f->rnd, TT_ANY_ID, TT_ANY_RANK);

	/* Itself, now and then. */
	if (tt_one_in(&f->rnd, 16))
		tt_abort(f->s);
	if (!s)
		return;
	tt_count(TT_OP_ABORT);
	tt_abort(s);
	tt_put(s);
}

static ktask_poll_t join_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct rnd_state *rnd = &f->rnd;

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, NULL);
	for (f->left = 1 + tt_below(rnd, 4); f->left; f->left--) {
		f->op = tt_below(rnd, f->s->kind->rank ? JOIN_OPS :
				 JOIN_SELECT);
		if (f->op == JOIN_AWAIT && take_others(f, 1, false)) {
			tt_count(TT_OP_AWAIT_TASK);
			KTASK_AWAIT_JOIN(t, f->tasks[0]);
			others_seen(f);
		} else if (f->op == JOIN_TIMEOUT) {
			f->other[0] = hand_pick(rnd, TT_ANY_ID, TT_ANY_RANK);
			if (!f->other[0])
				continue;
			tt_count(TT_OP_TIMEOUT);
			KTASK_AWAIT_TIMEOUT(t, ktask_future(f->other[0]->t),
					    tt_time(rnd, 300));
			if (!ktask_timed_out(t))
				others_seen(f);
		} else if (f->op == JOIN_OR_ABORT && take_others(f, 1, true)) {
			tt_count(TT_OP_AWAIT_TASK);
			KTASK_JOIN_OR_ABORT(t, f->tasks[0], tt_time(rnd, 200));
			others_seen(f);
		} else if (f->op == JOIN_SELECT && take_others(f, 1, true)) {
			tt_count(TT_OP_SELECT);
			f->event = event_new(rnd, tt_us(200),
					     GFP_KERNEL);
			select_arms(f);
			KTASK_SELECT(t, &f->u.select, f->u.arms,
				     KTASK_SELECT_FAIR);
			selected(f, true);
		} else if (f->op == JOIN_SELECT_KEEP &&
			   take_others(f, 1, false)) {
			tt_count(TT_OP_SELECT);
			f->event = event_new(rnd, tt_us(200),
					     GFP_KERNEL);
			select_arms(f);
			KTASK_SELECT(t, &f->u.select, f->u.arms,
				     KTASK_SELECT_KEEP);
			selected(f, false);
		} else if (f->op == JOIN_ALL) {
			f->n = take_others(f, TT_OTHERS, false);
			tt_count(TT_OP_JOIN_ALL);
			KTASK_JOIN_ALL_TIMEOUT(t, &f->u.all, f->tasks, f->n,
					       f->u.slots, tt_one_in(rnd, 2) ?
					       tt_time(rnd, 300) : KTIME_MAX);
			if (!ktask_join_all_status(&f->u.all))
				others_seen(f);
		} else if (f->op == JOIN_TRY_ALL) {
			f->n = take_others(f, TT_OTHERS, true);
			tt_count(TT_OP_JOIN_ALL);
			KTASK_TRY_JOIN_ALL_TIMEOUT(t, &f->u.all, f->tasks,
						   f->n, f->u.slots,
						   tt_one_in(rnd, 2) ?
						   tt_time(rnd, 300) :
						   KTIME_MAX);
			others_seen(f);
		} else if (f->op == JOIN_ABORT) {
			abort_one(f);
			KTASK_YIELD(t);
		} else if (f->op == JOIN_SPAWN) {
			spawn_one(f);
		}
		tt_frame_clean(f);
	}
	KTASK_END(t);
}

const struct tt_kind join_kind = { .name = "join", .resume = join_body };

const struct tt_kind join_end_kind = {
	.name = "join_end", .resume = join_body, .rank = 1,
};
