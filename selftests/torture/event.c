// SPDX-License-Identifier: GPL-2.0
/*
 * Events: futures that are completed by one courier, or by two that race, from
 * wherever these arrive.
 */
#include <linux/slab.h>

#include "torture.h"

struct tt_event {
	struct ktask_future f;
	struct tt_courier courier[2];
	refcount_t refs;
	long value;
	bool rivals;
	atomic_t wins;
	struct rcu_head rcu;
};

static atomic_long_t events_live;

static void event_complete(struct tt_event *e)
{
	if (ktask_future_complete(&e->f, e->value))
		atomic_inc(&e->wins);
	tt_count(TT_OP_COMPLETE);
	event_put(e);
}

static void event_arrived(struct tt_courier *c)
{
	event_complete(container_of(c, struct tt_event, courier[0]));
}

static void event_rival_arrived(struct tt_courier *c)
{
	event_complete(container_of(c, struct tt_event, courier[1]));
}

/* Return: one that will be complete in up to @max; or NULL. Any context. */
struct tt_event *event_new(struct rnd_state *rnd, ktime_t max, gfp_t gfp)
{
	struct tt_event *e = kzalloc(sizeof(*e), gfp);

	if (!e)
		return NULL;
	atomic_long_inc(&events_live);
	e->value = (s32)prandom_u32_state(rnd);
	e->rivals = tt_one_in(rnd, 4);
	refcount_set(&e->refs, 2 + e->rivals);
	courier_send(&e->courier[0], rnd, max, event_arrived);
	if (e->rivals)
		courier_send(&e->courier[1], rnd, max, event_rival_arrived);
	return e;
}

struct tt_event *event_get(struct tt_event *e)
{
	refcount_inc(&e->refs);
	return e;
}

void event_put(struct tt_event *e)
{
	if (!e || !refcount_dec_and_test(&e->refs))
		return;
	if (atomic_read(&e->wins) != 1)
		tt_fault("a future was completed %d times", atomic_read(&e->wins));
	atomic_long_dec(&events_live);
	kfree_rcu(e, rcu);
}

struct ktask_future *event_future(struct tt_event *e)
{
	return &e->f;
}

/* Somebody goes on because @e is complete. */
void event_seen(struct tt_event *e)
{
	if (!ktask_future_done(&e->f))
		tt_fault("somebody went on before his future was complete");
	else if (ktask_future_value(&e->f) != e->value)
		tt_fault("a future has the value %ld, and not %ld",
			 ktask_future_value(&e->f), e->value);
}

long events_left(void)
{
	return atomic_long_read(&events_live);
}

static bool event_ask(struct tt_wish *w, struct ktask *t, struct rnd_state *rnd)
{
	w->event = event_new(rnd, tt_us(200), GFP_KERNEL);
	return w->event && tt_wish_future(w, event_future(w->event));
}

static void event_granted(struct tt_wish *w, long status)
{
	event_seen(w->event);
}

static void event_over(struct tt_wish *w)
{
	event_put(w->event);
}

const struct tt_wish_kind event_wish = {
	.op = TT_OP_AWAIT, .sure = true, .ask = event_ask,
	.granted = event_granted, .over = event_over,
};
