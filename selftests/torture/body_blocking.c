// SPDX-License-Identifier: GPL-2.0
/*
 * Blocking tasks. They look whether they are aborted wherever they wait, and may
 * then give up or not.
 */
#include <linux/sched.h>

#include "torture.h"

/*
 * A wait said @err. Return: what to give up with, or 0 to go on.
 */
static long waited(struct tt_frame *f, struct ktask *t, long err)
{
	if (err == -ETIMEDOUT || err >= 0)
		return 0;
	if (!ktask_aborted(t))
		tt_fault("a wait of a task that is not aborted said %ld", err);
	return tt_one_in(&f->rnd, 8) ? 0 : err;
}

static ktime_t soon(struct rnd_state *rnd)
{
	return ktime_add(ktime_get(), tt_time(rnd, 200));
}

static long wait_event_of(struct tt_frame *f, struct ktask *t)
{
	struct rnd_state *rnd = &f->rnd;
	struct ktask_future *future;
	int err;

	f->event = event_new(rnd, tt_us(200), GFP_KERNEL);
	if (!f->event)
		return 0;
	future = event_future(f->event);
	tt_count(TT_OP_AWAIT);
	switch (tt_below(rnd, 4)) {
	case 0:
		err = ktask_future_wait(future);
		break;
	case 1:
		err = ktask_future_wait_interruptible(future);
		break;
	case 2:
		err = ktask_future_wait_killable(future);
		break;
	default:
		err = ktask_future_wait_until(future, TASK_INTERRUPTIBLE,
					      soon(rnd));
	}
	if (!err)
		event_seen(f->event);
	event_put(f->event);
	f->event = NULL;
	return waited(f, t, err);
}

static void spawn_one(struct tt_frame *f, u8 rank)
{
	struct tt_ctx ctx = {
		.rnd = &f->rnd, .rank = rank, .gfp = GFP_KERNEL,
	};
	struct subject *s = tt_spawn(&ctx);

	if (s)
		hand_pass(&f->rnd, s);
}

static long blocking_step(struct tt_frame *f, struct ktask *t)
{
	f->op = tt_below(&f->rnd, 7);
	switch (f->op) {
	case 0:
		tt_count(TT_OP_SLEEP);
		return waited(f, t, ktask_sleep(tt_time(&f->rnd, 100)));
	case 1:
		tt_spin(&f->rnd, 20);
		cond_resched();
		return ktask_aborted(t) ? -ECANCELED : 0;
	case 2:
		shared_step(&f->rnd);
		return 0;
	case 3:
		spawn_one(f, 0);
		return 0;
	case 4:
		return waited(f, t, tt_wishes_wait(t, &f->rnd));
	default:
		return wait_event_of(f, t);
	}
}

static long blocking_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	long err = 0;

	tt_defer(t, &f->more, NULL);
	for (f->left = 1 + tt_below(&f->rnd, 4); f->left && !err; f->left--)
		err = blocking_step(f, t);
	return err;
}

const struct tt_kind blocking_kind = {
	.name = "blocking", .blocking = blocking_body,
};

/* --- Those that join ------------------------------------------------------ */

static int join_somehow(struct rnd_state *rnd, struct subject *s, long *result)
{
	switch (tt_below(rnd, 5)) {
	case 0:
		return ktask_join(s->t, result);
	case 1:
		return ktask_join_interruptible(s->t, result);
	case 2:
		return ktask_join_killable(s->t, result);
	case 3:
		return ktask_join_timeout(s->t, result, 1);
	default:
		return ktask_join_until(s->t, result, TASK_INTERRUPTIBLE,
					soon(rnd));
	}
}

static long join_one(struct tt_frame *f, struct ktask *t)
{
	struct subject *s = hand_pick(&f->rnd, f->s->horizon, 0);
	long result, err;

	if (!s)
		return 0;
	f->other[0] = s;
	tt_count(TT_OP_JOIN);
	if (tt_one_in(&f->rnd, 8)) {
		tt_abort(s);
		ktask_abort_and_wait(s->t);
	}
	/* No errno of a wait is a result of a body. */
	result = LONG_MAX;
	err = join_somehow(&f->rnd, s, &result);
	if (result != LONG_MAX) {
		subject_seen(s, err, result);
		err = 0;
	}
	f->other[0] = NULL;
	tt_put(s);
	return waited(f, t, err);
}

static long blocking_join_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	long err = 0;

	tt_defer(t, &f->more, NULL);
	for (f->left = 1 + tt_below(&f->rnd, 3); f->left && !err; f->left--) {
		if (tt_one_in(&f->rnd, 4))
			spawn_one(f, 1);
		else
			err = join_one(f, t);
	}
	return err;
}

const struct tt_kind blocking_join_kind = {
	.name = "blocking_join", .blocking = blocking_join_body, .rank = 1,
};
