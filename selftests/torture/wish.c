// SPDX-License-Identifier: GPL-2.0
/*
 * Wishes: a few of whatever there is are asked for at once, and the first that is
 * granted is taken. The others are dropped by the select, kept for another one, or
 * given back by the end of the task.
 */
#include <linux/bitmap.h>
#include <linux/slab.h>

#include "torture.h"

/* At most so many at once. */
#define WISHES	4

/**
 * struct tt_wishes - some of them
 * @select: what awaits them
 * @arms: theirs, and a timeout
 * @wishes: ...
 * @n: how many
 * @flags: of the select
 * @again: selects that may follow on what is kept
 * @alone: there is one, and that is awaited as it is
 * @held: what was granted, or NULL
 * @hold: a cleanup that lets go of it
 */
struct tt_wishes {
	struct ktask_select select;
	struct ktask_arm arms[WISHES + 1];
	struct tt_wish wishes[WISHES];
	unsigned int n;
	unsigned int flags;
	unsigned int again;
	bool alone;
	struct tt_wish *held;
	struct ktask_defer hold;
};

static const struct tt_wish_kind * const kinds[] = {
	&mutex_wish, &permit_wish, &notified_wish, &read_wish, &write_wish,
	&barrier_wish, &once_wish, &send_wish, &recv_wish, &news_wish,
	&timer_wish, &set_join_wish, &set_idle_wish, &event_wish, &parcel_wish,
	&token_wish, &task_wish,
};

/* Fill in @w. Return: false if it is nothing. */
static bool ask_one(struct tt_wish *w, struct ktask *t, struct rnd_state *rnd,
		    unsigned long *asked)
{
	u32 k = tt_below(rnd, ARRAY_SIZE(kinds));

	w->kind = NULL;
	w->request = NULL;
	w->orphan = false;
	w->arm = ktask_arm_none();
	/* Nobody asks for a mutex that he has asked for already. */
	if (__test_and_set_bit(k, asked) || !kinds[k]->ask(w, t, rnd))
		return false;
	w->kind = kinds[k];
	return true;
}

static unsigned int pick_flags(struct rnd_state *rnd)
{
	static const unsigned int flags[] = {
		0, KTASK_SELECT_FAIR, KTASK_SELECT_KEEP,
		KTASK_SELECT_KEEP | KTASK_SELECT_FAIR,
	};

	/* Of a task that has lost, the end may be far away. */
	return flags[tt_below(rnd, ARRAY_SIZE(flags))] | KTASK_SELECT_NO_WAIT;
}

static void ask(struct tt_wishes *ws, struct ktask *t, struct rnd_state *rnd)
{
	DECLARE_BITMAP(asked, ARRAY_SIZE(kinds)) = {};
	bool sure = false;
	unsigned int i;

	ws->n = tt_one_in(rnd, 3) ? 1 : 2 + tt_below(rnd, WISHES - 1);
	ws->flags = pick_flags(rnd);
	ws->again = tt_below(rnd, 3);
	ws->held = NULL;
	for (i = 0; i < ws->n; i++) {
		if (ask_one(&ws->wishes[i], t, rnd, asked))
			sure |= ws->wishes[i].kind->sure;
		ws->arms[i] = ws->wishes[i].arm;
	}
	ws->alone = ws->n == 1 && ws->wishes[0].request && tt_one_in(rnd, 2);
	ws->arms[i] = sure && tt_one_in(rnd, 2) ? ktask_arm_none() :
		ktask_arm_timeout(tt_time(rnd, 300));
}

/* Arm @winner has won. Return: what is held now, or NULL. */
static struct tt_wish *wish_won(struct tt_wishes *ws, int winner)
{
	struct tt_wish *w = &ws->wishes[winner];
	long status = 0;

	tt_count(TT_OP_SELECT);
	if (winner == ws->n || winner == -ENOENT)
		return NULL;
	if (winner < 0 || winner > ws->n || !w->kind) {
		tt_fault("a select was won by arm %d of %u", winner, ws->n);
		return NULL;
	}
	if (w->request)
		status = ktask_request_status(w->request);
	if (status < 0) {
		if (status != w->kind->refusals[0] &&
		    status != w->kind->refusals[1])
			tt_fault("what wins a select was refused with %ld",
				 status);
		return NULL;
	}
	tt_count(w->kind->op);
	w->kind->granted(w, status);
	return w;
}

static void let_go(struct tt_wishes *ws)
{
	if (ws->held->kind->let_go)
		ws->held->kind->let_go(ws->held);
	ws->held = NULL;
}

/* The task has ended; what it held is given back behind this. */
static void orphaned(void *arg)
{
	struct tt_wishes *ws = arg;

	ws->held->orphan = true;
	let_go(ws);
}

static void over(struct tt_wishes *ws)
{
	unsigned int i;

	for (i = 0; i < ws->n; i++) {
		struct tt_wish *w = &ws->wishes[i];

		if (!w->kind)
			continue;
		if (w->request)
			ktask_request_drop(w->request);
		if (w->kind->over)
			w->kind->over(w);
		w->kind = NULL;
	}
	ws->n = 0;
}

/* Select once more, on what is left. Return: false if that is over. */
static bool again(struct tt_wishes *ws, int winner, struct rnd_state *rnd)
{
	if (!(ws->flags & KTASK_SELECT_KEEP) || !ws->again || ws->alone ||
	    winner < 0 || winner == ws->n)
		return false;
	ws->again--;
	/* What was granted is kept or not until all is over, as chance has it. */
	if (ws->wishes[winner].request && tt_one_in(rnd, 2))
		ktask_request_drop(ws->wishes[winner].request);
	ws->arms[winner] = ktask_arm_none();
	ws->arms[ws->n] = ktask_arm_timeout(tt_time(rnd, 200));
	return true;
}

/* What a task that ended with its wishes has left. */
void tt_wishes_drop(struct tt_wishes *ws)
{
	if (!ws)
		return;
	over(ws);
	kfree(ws);
}

/* --- Tasks ---------------------------------------------------------------- */

static ktask_poll_t wish_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct rnd_state *rnd = &f->rnd;
	struct tt_wishes *ws = f->wishes;

	KTASK_BEGIN(t);
	ws = kzalloc(sizeof(*ws), GFP_KERNEL);
	if (!ws)
		KTASK_RETURN(t, 0);
	f->wishes = ws;
	for (f->left = 1 + tt_below(rnd, 4); f->left; f->left--) {
		ask(ws, t, rnd);
again:
		if (ws->alone) {
			KTASK_AWAIT_REQUEST_TIMEOUT(t, ws->wishes[0].request,
						    ws->wishes[0].kind->sure ?
						    KTIME_MAX :
						    tt_time(rnd, 200));
			f->winner = ktask_timed_out(t) ? ws->n : 0;
		} else {
			KTASK_SELECT_N(t, &ws->select, ws->arms, ws->n + 1,
				       ws->flags);
			f->winner = ktask_selected(&ws->select);
		}
		ws->held = wish_won(ws, f->winner);
		if (ws->held) {
			ktask_defer(t, &ws->hold, orphaned, ws);
			if (tt_one_in(rnd, 4))
				KTASK_SLEEP(t, tt_time(rnd, 30));
			else if (tt_one_in(rnd, 2))
				KTASK_YIELD(t);
			if (!ktask_undefer(t, &ws->hold))
				tt_fault("a cleanup was not there");
			let_go(ws);
		}
		if (again(ws, f->winner, rnd))
			goto again;
		over(ws);
	}
	KTASK_END(t);
}

const struct tt_kind wish_kind = { .name = "wish", .resume = wish_body };

/* --- Threads -------------------------------------------------------------- */

/*
 * The calling thread waits for some wishes; @t: the blocking task that it runs, or
 * NULL. Return: 0, or why the last wait was given up.
 */
int tt_wishes_wait(struct ktask *t, struct rnd_state *rnd)
{
	struct tt_wishes *ws = kzalloc(sizeof(*ws), GFP_KERNEL);
	unsigned int state = t ? TASK_KILLABLE : TASK_UNINTERRUPTIBLE;
	ktime_t deadline = KTIME_MAX;
	int winner;

	if (!ws)
		return 0;
	ask(ws, t, rnd);
	if (tt_one_in(rnd, 4))
		deadline = ktime_add(ktime_get(), tt_time(rnd, 200));
	ws->alone = false;
	do {
		winner = ktask_select_until(ws->arms, ws->n + 1, ws->flags,
					    state, deadline);
		if (winner < 0)
			break;
		ws->held = wish_won(ws, winner);
		if (!ws->held)
			continue;
		tt_spin(rnd, 5);
		let_go(ws);
	} while (again(ws, winner, rnd));
	tt_wishes_drop(ws);
	return winner < 0 && winner != -ENOENT ? winner : 0;
}
