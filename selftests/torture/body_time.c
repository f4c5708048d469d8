// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that wait for a time, for an event, or for whichever comes first.
 */
#include "torture.h"

/* What every frame holds may be given back in any step. */
void tt_frame_clean(struct tt_frame *f)
{
	int i;

	tt_wishes_drop(f->wishes);
	f->wishes = NULL;
	channel_drop(f);
	event_put(f->event);
	f->event = NULL;
	for (i = 0; i < TT_OTHERS; i++) {
		if (f->other[i])
			tt_put(f->other[i]);
		f->other[i] = NULL;
	}
}

static ktask_poll_t time_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct rnd_state *rnd = &f->rnd;

	KTASK_BEGIN(t);
	if (tt_one_in(rnd, 2))
		tt_defer(t, &f->more, NULL);
	for (f->left = tt_below(rnd, 6); f->left; f->left--) {
		f->op = tt_below(rnd, 6);
		if (f->op == 0) {
			tt_count(TT_OP_YIELD);
			KTASK_YIELD(t);
		} else if (f->op == 1) {
			tt_count(TT_OP_SLEEP);
			f->until = ktime_add(ktime_get(), tt_time(rnd, 200));
			KTASK_SLEEP_UNTIL(t, f->until);
			if (ktime_before(ktime_get(), f->until))
				tt_fault("a task slept too short");
		} else if (f->op == 2) {
			tt_count(TT_OP_SLEEP);
			f->until = ktime_add(ktime_get(), tt_us(50));
			ktask_timer_start(&f->u.timer, t, tt_us(50));
			KTASK_AWAIT_REQUEST(t, &f->u.timer.request);
			if (ktime_before(ktime_get(), f->until))
				tt_fault("a timer was early");
			ktask_timer_cancel(&f->u.timer);
		} else if (f->op < 5) {
			f->event = event_new(rnd, tt_us(200),
					     GFP_KERNEL);
			if (!f->event)
				continue;
			f->n = f->op == 3;
			tt_count(f->n ? TT_OP_TIMEOUT : TT_OP_AWAIT);
			KTASK_AWAIT_TIMEOUT(t, event_future(f->event),
					    f->n ? tt_time(rnd, 200) :
					    KTIME_MAX);
			if (!ktask_timed_out(t))
				event_seen(f->event);
			else if (!f->n)
				tt_fault("an await timed out without a time");
			event_put(f->event);
			f->event = NULL;
		} else {
			tt_spin(rnd, 20);
		}
	}
	KTASK_END(t);
}

const struct tt_kind time_kind = { .name = "time", .resume = time_body };
