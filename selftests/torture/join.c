// SPDX-License-Identifier: GPL-2.0
/*
 * What threads and interrupts do with the tasks of others.
 */
#include <linux/kthread.h>
#include <linux/sched.h>

#include "torture.h"

#define SEVERAL	3

static ktime_t soon(struct rnd_state *rnd)
{
	return ktime_add(ktime_get(), tt_time(rnd, 300));
}

/* A join of @s said @err; if it got no result, the task goes on. */
static void joined(struct subject *s, int err, long result, int gave_up)
{
	/* To a thread that is to stop, that is as a signal. */
	bool stopped = err == -ERESTARTSYS && kthread_should_stop();

	tt_count(TT_OP_JOIN);
	if (result != LONG_MAX)
		subject_seen(s, err, result);
	else if (stopped)
		return;
	else if (err != gave_up || !gave_up)
		tt_fault("a join of %s %llu said %d", s->kind->name, s->id,
			 err);
}

static void join_one(struct rnd_state *rnd, struct subject *s)
{
	/* No result of a body. */
	long result = LONG_MAX;
	int err;

	switch (tt_below(rnd, 5)) {
	case 0:
		err = ktask_join(s->t, &result);
		joined(s, err, result, 0);
		break;
	case 1:
		err = ktask_join_interruptible(s->t, &result);
		joined(s, err, result, 0);
		break;
	case 2:
		err = ktask_join_killable(s->t, &result);
		joined(s, err, result, 0);
		break;
	case 3:
		err = ktask_join_timeout(s->t, &result, tt_below(rnd, 2));
		joined(s, err, result, -ETIMEDOUT);
		break;
	default:
		err = ktask_join_until(s->t, &result, TASK_KILLABLE, soon(rnd));
		joined(s, err, result, -ETIMEDOUT);
	}
}

static void join_or_abort(struct rnd_state *rnd, struct subject *s)
{
	long result = 0;
	int err;

	atomic_set(&s->asked, 1);
	if (tt_one_in(rnd, 2))
		err = ktask_join_or_abort(s->t, &result, tt_time(rnd, 200));
	else
		err = ktask_join_or_abort_until(s->t, &result,
						TASK_UNINTERRUPTIBLE,
						soon(rnd));
	tt_count(TT_OP_JOIN);
	if (!ktask_done(s->t))
		tt_fault("%s %llu was to be ended, and is not", s->kind->name,
			 s->id);
	else if (!err)
		subject_seen(s, 0, result);
	else if (err != -ETIMEDOUT && err != -ECANCELED)
		tt_fault("a join of %s %llu said %d", s->kind->name, s->id,
			 err);
}

static void abort_and_wait(struct subject *s)
{
	tt_count(TT_OP_ABORT_WAIT);
	atomic_set(&s->asked, 1);
	ktask_abort_and_wait(s->t);
	if (!ktask_done(s->t))
		tt_fault("%s %llu was awaited, and has not ended",
			 s->kind->name, s->id);
}

static void abort_by_handle(struct subject *s)
{
	struct ktask_abort_handle *h = ktask_abort_handle_get(s->t);

	tt_count(TT_OP_ABORT);
	atomic_set(&s->asked, 1);
	if (!ktask_abort_by(h) && !ktask_abort_handle_done(h))
		tt_fault("an abort by a handle was lost");
	ktask_abort_handle_put(h);
}

static void try_join(struct subject *s)
{
	long result = 0;
	int err = ktask_try_join(s->t, &result);

	tt_count(TT_OP_TRY_JOIN);
	if (err != -EAGAIN)
		subject_seen(s, err, result);
}

/* --- Several at once ------------------------------------------------------ */

static void join_several(struct rnd_state *rnd, bool try)
{
	ktime_t deadline = tt_one_in(rnd, 2) ? soon(rnd) : KTIME_MAX;
	struct subject *others[SEVERAL];
	struct ktask *tasks[SEVERAL];
	int i, n, ended = 0;
	long err;

	for (n = 0; n < SEVERAL; n++) {
		others[n] = hand_pick(rnd, TT_ANY_ID, TT_ANY_RANK);
		if (!others[n])
			break;
		tasks[n] = others[n]->t;
		if (try)
			atomic_set(&others[n]->asked, 1);
	}
	tt_count(TT_OP_JOIN_ALL);
	if (try)
		err = ktask_try_join_all(tasks, n, TASK_UNINTERRUPTIBLE,
					 deadline);
	else
		err = ktask_join_all(tasks, n, TASK_UNINTERRUPTIBLE, deadline);

	for (i = 0; i < n; i++) {
		if (ktask_done(tasks[i])) {
			ended++;
			try_join(others[i]);
		}
		tt_put(others[i]);
	}
	if ((try || !err) && ended != n)
		tt_fault("%d tasks were joined (%ld), and %d have ended", n,
			 err, ended);
}

static void select_one(struct rnd_state *rnd, struct subject *s)
{
	struct tt_event *e = event_new(rnd, tt_us(200), GFP_KERNEL);
	bool keep = tt_one_in(rnd, 2);
	struct ktask_arm arms[2];
	int winner;

	if (!e)
		return;
	if (!keep)
		atomic_set(&s->asked, 1);
	arms[0] = ktask_arm_future(event_future(e));
	arms[1] = ktask_arm_task(s->t);
	tt_count(TT_OP_SELECT);
	winner = ktask_select_until(arms, ARRAY_SIZE(arms),
				    keep ? KTASK_SELECT_KEEP :
				    KTASK_SELECT_FAIR, TASK_UNINTERRUPTIBLE,
				    KTIME_MAX);
	if (winner == 0)
		event_seen(e);
	else if (winner != 1)
		tt_fault("a select said %d", winner);
	if ((winner == 1 || !keep) && !ktask_done(s->t))
		tt_fault("%s %llu has lost or won, and not ended",
			 s->kind->name, s->id);
	event_put(e);
}

/* --- Wishes --------------------------------------------------------------- */

/* It is aborted if it has lost, and nobody waits for that. */
static bool task_ask(struct tt_wish *w, struct ktask *t, struct rnd_state *rnd)
{
	w->other = hand_pick(rnd, TT_ANY_ID, TT_ANY_RANK);
	if (!w->other)
		return false;
	atomic_set(&w->other->asked, 1);
	w->arm = ktask_arm_task(w->other->t);
	return true;
}

static void task_granted(struct tt_wish *w, long status)
{
	if (!ktask_done(w->other->t))
		tt_fault("a task has won a select, and not ended");
	try_join(w->other);
}

static void task_over(struct tt_wish *w)
{
	tt_put(w->other);
}

const struct tt_wish_kind task_wish = {
	.op = TT_OP_AWAIT_TASK, .ask = task_ask, .granted = task_granted,
	.over = task_over,
};

/* --- All ------------------------------------------------------------------ */

static void join_some(struct rnd_state *rnd, struct subject *s)
{
	switch (tt_below(rnd, 10)) {
	case 0:
		join_or_abort(rnd, s);
		break;
	case 1:
		abort_and_wait(s);
		break;
	case 2:
		join_several(rnd, false);
		break;
	case 3:
		join_several(rnd, true);
		break;
	case 4:
	case 5:
		select_one(rnd, s);
		break;
	default:
		join_one(rnd, s);
	}
}

void join_step(struct rnd_state *rnd)
{
	struct subject *s = hand_pick(rnd, TT_ANY_ID, TT_ANY_RANK);

	if (!s)
		return;
	join_some(rnd, s);
	tt_put(s);
}

/* Any context. */
void join_step_atomic(struct rnd_state *rnd)
{
	struct subject *s = hand_pick(rnd, TT_ANY_ID, TT_ANY_RANK);

	if (!s)
		return;
	switch (tt_below(rnd, 4)) {
	case 0:
		tt_count(TT_OP_ABORT);
		tt_abort(s);
		break;
	case 1:
		abort_by_handle(s);
		break;
	case 2:
		/* Back, where another loses its handle. */
		hand_pass(rnd, tt_get(s));
		break;
	default:
		try_join(s);
	}
	tt_count(TT_OP_PUT);
	tt_put(s);
}
