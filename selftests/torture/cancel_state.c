// SPDX-License-Identifier: GPL-2.0
/*
 * A task that is aborted in whatever state it is: not started, held, queued,
 * running, with a timer armed, about to complete, by itself.
 */
#include <linux/cpumask.h>
#include <linux/preempt.h>

#include "cancel.h"

/* --- What the tasks do ---------------------------------------------------- */

static ktask_poll_t quick_body(struct ktask *t)
{
	KTASK_BEGIN(t);
	KTASK_END(t);
}

static const struct tt_kind quick_kind = {
	.name = "quick", .resume = quick_body,
};

static long quick_blocking_body(struct ktask *t)
{
	return 0;
}

static const struct tt_kind quick_blocking_kind = {
	.name = "quick_blocking", .blocking = quick_blocking_body,
};

static ktask_poll_t running_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct cancel *c = f->s->arg;

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, NULL);
	for (f->left = 1 + tt_below(&f->rnd, 3); f->left; f->left--) {
		tt_spin(&f->rnd, c->us);
		KTASK_YIELD(t);
	}
	KTASK_END(t);
}

static const struct tt_kind running_kind = {
	.name = "running", .resume = running_body,
};

static ktask_poll_t sleeping_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct cancel *c = f->s->arg;

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, NULL);
	for (f->left = 1 + tt_below(&f->rnd, 3); f->left; f->left--)
		KTASK_SLEEP(t, tt_time(&f->rnd, c->us));
	KTASK_END(t);
}

static const struct tt_kind sleeping_kind = {
	.name = "sleeping", .resume = sleeping_body,
};

static ktask_poll_t awaiting_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct cancel *c = f->s->arg;

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, NULL);
	KTASK_AWAIT_TIMEOUT(t, &c->future, tt_one_in(&f->rnd, 2) ? KTIME_MAX :
			    tt_time(&f->rnd, c->us));
	if (!ktask_timed_out(t) && ktask_future_value(&c->future) != 7)
		tt_fault("a task went on, and its future was not complete");
	KTASK_END(t);
}

static const struct tt_kind awaiting_kind = {
	.name = "awaiting", .resume = awaiting_body,
};

static ktask_poll_t self_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, NULL);
	if (tt_one_in(&f->rnd, 2))
		KTASK_YIELD(t);
	tt_abort(f->s);
	f->op = tt_below(&f->rnd, 3);
	if (f->op == 0) {
		KTASK_SLEEP(t, KTIME_MAX);
		tt_fault("a task went on after it had aborted itself");
	} else if (f->op == 1) {
		KTASK_YIELD(t);
		tt_fault("a task went on after it had aborted itself");
	}
	/* Or it returns first. */
	KTASK_END(t);
}

static const struct tt_kind self_kind = { .name = "self", .resume = self_body };

/* The same, with a thread: what it waits for never comes. */
static long self_blocking_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct cancel *c = f->s->arg;
	int err;

	tt_defer(t, &f->more, NULL);
	tt_abort(f->s);
	if (!ktask_aborted(t))
		tt_fault("a task that has aborted itself does not know");
	switch (tt_below(&f->rnd, 4)) {
	case 0:
		/* It returns all the same. */
		return 0;
	case 1:
		err = ktask_future_wait_killable(&c->future);
		break;
	case 2:
		err = ktask_sleep(KTIME_MAX);
		break;
	default:
		err = ktask_future_wait_interruptible(&c->future);
	}
	if (err != -ECANCELED)
		tt_fault("a wait of a task that has aborted itself said %d",
			 err);
	return err;
}

static const struct tt_kind self_blocking_kind = {
	.name = "self_blocking", .blocking = self_blocking_body,
};

static long waiting_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct cancel *c = f->s->arg;
	int err;

	tt_defer(t, &f->more, NULL);
	switch (tt_below(&f->rnd, 3)) {
	case 0:
		err = ktask_future_wait_interruptible(&c->future);
		break;
	case 1:
		err = ktask_future_wait_killable(&c->future);
		break;
	default:
		err = ktask_sleep(tt_time(&f->rnd, c->us));
	}
	if (err && !ktask_aborted(t))
		tt_fault("a wait of a task that is not aborted said %d", err);
	return err;
}

static const struct tt_kind waiting_kind = {
	.name = "waiting", .blocking = waiting_body,
};

/* --- The races ------------------------------------------------------------ */

/* Start one, have the rival do @act, and end it. */
static void race(struct cancel *c, const struct tt_kind *kind,
		 void (*act)(struct cancel *c))
{
	c->s = cancel_start(c, kind);
	if (!c->s)
		return;
	cancel_go(c, act);
	cancel_dither(c, &c->rnd);
	if (tt_one_in(&c->rnd, 2))
		cancel_finish(tt_get(c->s));
	cancel_over(c);
	cancel_finish(c->s);
}

static void abort_when_there(struct cancel *c)
{
	/* Pairs with race_kept_queued(). */
	while (!smp_load_acquire(&c->s))
		cpu_relax();
	tt_spin(&c->rival_rnd, c->us);
	tt_abort(c->s);
}

/* For sure: where it is queued, we are, until it has been aborted. */
static void race_kept_queued(struct cancel *c, struct tt_plan *p)
{
	struct subject *s;

	p->place = KTASK_ON_CPU(raw_smp_processor_id());
	p->gfp = GFP_ATOMIC;
	cancel_go(c, abort_when_there);
	preempt_disable();
	s = cancel_plan(c, p);
	/*
	 * Pairs with abort_when_there(). Without memory, or a place, there is
	 * another one to abort.
	 */
	smp_store_release(&c->s, s ?: c->other);
	/* Pairs with rival_main(). */
	while (!smp_load_acquire(&c->over))
		cpu_relax();
	preempt_enable();
	if (s && p->kind->resume && !ktask_aborted(s->t))
		tt_fault("an abort of a queued task was lost");
	cancel_finish(s);
}

/* The rival aborts what has just been queued, and mostly not begun. */
static void race_queued(struct cancel *c)
{
	struct tt_plan p = {
		.kind = tt_one_in(&c->rnd, 3) ? &quick_blocking_kind :
			&quick_kind,
		.how = tt_below(&c->rnd, TT_IN_SET),
	};

	c->us = tt_below(&c->rnd, 4);
	if (num_online_cpus() == 1 || tt_one_in(&c->rnd, 2)) {
		race(c, p.kind, cancel_abort);
		return;
	}
	c->other = cancel_start(c, &quick_kind);
	if (!c->other)
		return;
	race_kept_queued(c, &p);
	cancel_finish(c->other);
}

static void race_running(struct cancel *c)
{
	race(c, &running_kind, cancel_abort);
}

static void race_timer(struct cancel *c)
{
	race(c, &sleeping_kind, cancel_abort);
}

/* The rival completes what it awaits, and we abort it; or the other way round. */
static void complete_it(struct cancel *c)
{
	cancel_dither(c, &c->rival_rnd);
	ktask_future_complete(&c->future, 7);
	tt_count(TT_OP_COMPLETE);
}

static void race_completing(struct cancel *c)
{
	bool blocking = tt_one_in(&c->rnd, 3);

	c->s = cancel_start(c, blocking ? &waiting_kind : &awaiting_kind);
	if (!c->s)
		return;
	/* Let it get there, half of the time. */
	if (tt_one_in(&c->rnd, 2))
		tt_spin(&c->rnd, 30);
	cancel_go(c, complete_it);
	cancel_dither(c, &c->rnd);
	tt_abort(c->s);
	cancel_finish(c->s);
	cancel_over(c);
}

/* As it returns, after about the time that the abort takes to come. */
static void race_returning(struct cancel *c)
{
	c->us = 1 + tt_below(&c->rnd, 3);
	race(c, &running_kind, cancel_abort);
}

static void race_self(struct cancel *c)
{
	race(c, tt_one_in(&c->rnd, 3) ? &self_blocking_kind : &self_kind,
	     cancel_abort);
}

static void start_it(struct cancel *c)
{
	cancel_dither(c, &c->rival_rnd);
	ktask_future_complete(&c->future, 7);
}

/* It is held until a time, or until the rival completes a future. */
static void race_held(struct cancel *c)
{
	struct tt_event *after = event_new(&c->rnd, tt_us(c->us),
					   GFP_KERNEL);
	struct tt_plan p = {
		.kind = tt_one_in(&c->rnd, 3) ? &waiting_kind : &running_kind,
		.how = tt_below(&c->rnd, TT_IN_SET),
		.after = tt_one_in(&c->rnd, 2) ? after : NULL,
		.delay = tt_one_in(&c->rnd, 2) ? tt_time(&c->rnd, c->us) : 0,
	};

	c->s = cancel_plan(c, &p);
	if (c->s) {
		cancel_go(c, start_it);
		cancel_dither(c, &c->rnd);
		tt_abort(c->s);
		cancel_finish(c->s);
		cancel_over(c);
	}
	event_put(after);
}

/* Two at once, and both wait for the end. */
static void race_twice(struct cancel *c)
{
	c->s = cancel_start(c, &sleeping_kind);
	if (!c->s)
		return;
	cancel_go(c, cancel_abort);
	cancel_dither(c, &c->rnd);
	tt_abort(c->s);
	ktask_abort_and_wait(c->s->t);
	cancel_over(c);
	cancel_finish(c->s);
}

const struct cancel_race cancel_state_races[] = {
	{ "held", race_held, 1 },
	{ "queued", race_queued, 1 },
	{ "running", race_running, 1 },
	{ "timer armed", race_timer, 1 },
	{ "about to complete", race_completing, 1 },
	{ "about to return", race_returning, 1 },
	{ "self-abort", race_self, 1 },
	{ "twice at once", race_twice, 1 },
	{}
};
