// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that wait until a point in time, and for the ticks of an interval: none is
 * early, and none is lost.
 */
#include "torture.h"

static void not_before(ktime_t when, const char *what)
{
	if (ktime_before(ktime_get(), when))
		tt_fault("%s was early", what);
}

/* --- Wishes --------------------------------------------------------------- */

static bool timer_ask(struct tt_wish *w, struct ktask *t, struct rnd_state *rnd)
{
	w->until = ktime_add(ktime_get(), tt_time(rnd, 200));
	ktask_timer_start_at(&w->timer, t, w->until);
	return tt_wish_request(w, &w->timer.request);
}

static void timer_granted(struct tt_wish *w, long status)
{
	not_before(w->until, "a timer");
}

const struct tt_wish_kind timer_wish = {
	.op = TT_OP_SLEEP, .sure = true, .ask = timer_ask,
	.granted = timer_granted,
};

/* --- Tasks ---------------------------------------------------------------- */

static void interval_begin(struct tt_frame *f)
{
	static const enum ktask_missed_tick policies[] = {
		KTASK_TICK_BURST, KTASK_TICK_DELAY, KTASK_TICK_SKIP,
	};
	struct rnd_state *rnd = &f->rnd;
	ktime_t period = ktime_add_ns(tt_time(rnd, 50), 1000);

	f->u.policy = policies[tt_below(rnd, ARRAY_SIZE(policies))];
	f->u.period = period;
	f->u.ticks = 0;
	ktask_interval_init(&f->u.interval, tt_one_in(rnd, 2) ? 0 : period,
			    period, f->u.policy);
	f->u.first = ktask_interval_next(&f->u.interval);
}

static void ticked(struct tt_frame *f)
{
	ktime_t next = ktask_interval_next(&f->u.interval);
	s64 since = ktime_to_ns(ktime_sub(next, f->u.first));
	s64 period = ktime_to_ns(f->u.period);

	f->u.ticks++;
	tt_count(TT_OP_TICK);
	not_before(f->u.due, "a tick");
	if (f->u.policy == KTASK_TICK_BURST && since != f->u.ticks * period)
		tt_fault("after %lld ticks of %lld ns it is %lld ns",
			 f->u.ticks, period, since);
	if (f->u.policy == KTASK_TICK_SKIP && div64_s64(since, period) * period !=
	    since)
		tt_fault("a tick is due after %lld ns, with a period of %lld",
			 since, period);
	if (since < f->u.ticks * period)
		tt_fault("ticks of %lld ns come too often", period);
}

static ktask_poll_t deadline_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct rnd_state *rnd = &f->rnd;

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, NULL);
	for (f->left = 1 + tt_below(rnd, 4); f->left; f->left--) {
		f->event = event_new(rnd, tt_us(200), GFP_KERNEL);
		if (!f->event)
			continue;
		/* Some have passed. */
		f->until = ktime_sub(ktime_add(ktime_get(), tt_time(rnd, 200)),
				     tt_us(20));
		tt_count(TT_OP_TIMEOUT);
		KTASK_AWAIT_UNTIL(t, event_future(f->event), f->until);
		if (ktask_timed_out(t))
			not_before(f->until, "a deadline");
		else
			event_seen(f->event);
		event_put(f->event);
		f->event = NULL;
	}
	interval_begin(f);
	for (f->left = tt_below(rnd, 5); f->left; f->left--) {
		f->u.due = ktask_interval_next(&f->u.interval);
		KTASK_TICK(t, &f->u.interval);
		ticked(f);
		/* So that some are missed. */
		if (tt_one_in(rnd, 3))
			tt_spin(rnd, 40);
	}
	KTASK_END(t);
}

const struct tt_kind deadline_kind = {
	.name = "deadline", .resume = deadline_body,
};
