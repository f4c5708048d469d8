// SPDX-License-Identifier: GPL-2.0
/*
 * Parcels: a oneshot, a promise or a token of which one side is a task's or a
 * thread's, and the other a courier's.
 */
#include <linux/slab.h>

#include "torture.h"
#include "value.h"

/* What is sent by a oneshot. */
struct tt_gift {
	long value;
};

struct tt_parcel {
	struct tt_courier courier;
	refcount_t refs;
	enum parcel_kind kind;
	enum {
		PARCEL_KEPT,
		PARCEL_FAILED,
		PARCEL_BROKEN,
		PARCEL_ENDS
	} end;
	long value;
	struct ktask_oneshot *oneshot;
	struct ktask_promise *promise;
	struct ktask_token *token, *child;
	struct ktask_waiter told;
	struct rcu_head rcu;
};

static atomic_long_t gifts_live, parcels_live;

static void gift_free(void *gift)
{
	kfree(gift);
	atomic_long_dec(&gifts_live);
}

static struct tt_gift *gift_new(long value)
{
	struct tt_gift *g = kmalloc(sizeof(*g), GFP_ATOMIC | __GFP_NOWARN);

	if (!g)
		return NULL;
	atomic_long_inc(&gifts_live);
	g->value = value;
	return g;
}

static void parcel_unref(struct tt_parcel *p)
{
	if (!refcount_dec_and_test(&p->refs))
		return;
	atomic_long_dec(&parcels_live);
	kfree_rcu(p, rcu);
}

/* --- The courier's side --------------------------------------------------- */

static void oneshot_end(struct tt_parcel *p)
{
	struct tt_gift *g = NULL;
	int err;

	if (p->end == PARCEL_KEPT)
		g = gift_new(p->value);
	if (g) {
		err = ktask_oneshot_send(p->oneshot, g);
		if (err)
			gift_free(g);
		if (err && err != -EPIPE)
			tt_fault("a oneshot says %d", err);
	} else {
		/* That there was no memory is told as well. */
		p->end = PARCEL_BROKEN;
	}
	ktask_oneshot_sender_put(p->oneshot);
}

static void promise_end(struct tt_parcel *p)
{
	if (p->end == PARCEL_KEPT && !ktask_promise_keep(p->promise, p->value))
		tt_fault("a promise was kept before");
	if (p->end == PARCEL_FAILED && !ktask_promise_fail(p->promise, -EIO))
		tt_fault("a promise was failed before");
	ktask_promise_drop(p->promise);
}

static void token_end(struct tt_parcel *p)
{
	ktask_token_cancel(p->token);
	ktask_token_put(p->token);
}

static void parcel_arrived(struct tt_courier *c)
{
	struct tt_parcel *p = container_of(c, struct tt_parcel, courier);

	switch (p->kind) {
	case PARCEL_ONESHOT:
		oneshot_end(p);
		break;
	case PARCEL_PROMISE:
		promise_end(p);
		break;
	default:
		token_end(p);
	}
	parcel_unref(p);
}

/* --- The other side ------------------------------------------------------- */

static bool parcel_fill(struct tt_parcel *p, gfp_t gfp)
{
	switch (p->kind) {
	case PARCEL_ONESHOT:
		p->oneshot = ktask_oneshot_create(gift_free, gfp);
		return p->oneshot;
	case PARCEL_PROMISE:
		p->promise = ktask_promise_new(gfp);
		return !IS_ERR(p->promise);
	default:
		p->token = ktask_token_create(NULL, gfp);
		if (IS_ERR(p->token))
			return false;
		p->child = ktask_token_create(p->token, gfp);
		if (!IS_ERR(p->child))
			return true;
		ktask_token_put(p->token);
		return false;
	}
}

/* Return: one whose courier is on his way; or NULL. */
struct tt_parcel *parcel_new(struct rnd_state *rnd, gfp_t gfp)
{
	struct tt_parcel *p = kzalloc(sizeof(*p), gfp);

	if (!p)
		return NULL;
	p->kind = tt_below(rnd, PARCEL_KINDS);
	p->end = tt_below(rnd, PARCEL_ENDS);
	p->value = (s32)prandom_u32_state(rnd);
	if (!parcel_fill(p, gfp)) {
		kfree(p);
		return NULL;
	}
	atomic_long_inc(&parcels_live);
	refcount_set(&p->refs, 2);
	courier_send(&p->courier, rnd, tt_us(200), parcel_arrived);
	return p;
}

/* Go away, be it before the courier has come. Any context. */
void parcel_put(void *parcel)
{
	struct tt_parcel *p = parcel;

	switch (p->kind) {
	case PARCEL_ONESHOT:
		ktask_oneshot_receiver_put(p->oneshot);
		break;
	case PARCEL_PROMISE:
		ktask_promise_put(p->promise);
		break;
	default:
		ktask_token_put(p->child);
	}
	parcel_unref(p);
}

struct ktask_future *parcel_future(struct tt_parcel *p)
{
	switch (p->kind) {
	case PARCEL_ONESHOT:
		return ktask_oneshot_future(p->oneshot);
	case PARCEL_PROMISE:
		return ktask_promise_future(p->promise);
	default:
		return ktask_token_future(p->child);
	}
}

static void oneshot_open(struct tt_parcel *p)
{
	struct tt_gift *g = ktask_oneshot_try_recv(p->oneshot);

	tt_count(TT_OP_ONESHOT);
	if (IS_ERR(g)) {
		if (PTR_ERR(g) != -EPIPE || p->end == PARCEL_KEPT)
			tt_fault("a oneshot gave %ld", PTR_ERR(g));
		return;
	}
	if (p->end != PARCEL_KEPT || g->value != p->value)
		tt_fault("a oneshot gave what was not sent");
	gift_free(g);
	/* Once only. */
	if (ktask_oneshot_try_recv(p->oneshot) != ERR_PTR(-EALREADY))
		tt_fault("a oneshot gave its value twice");
}

static void promise_open(struct tt_parcel *p)
{
	static const int errs[] = {
		[PARCEL_FAILED] = -EIO, [PARCEL_BROKEN] = -EPIPE,
	};
	long value = 0;
	int err;

	tt_count(TT_OP_PROMISE);
	err = ktask_promise_result(p->promise, &value);
	if (err != errs[p->end] || (!err && value != p->value))
		tt_fault("a promise gave %d and %ld", err, value);
}

/* The future of @p is complete. */
void parcel_open(struct tt_parcel *p)
{
	switch (p->kind) {
	case PARCEL_ONESHOT:
		oneshot_open(p);
		break;
	case PARCEL_PROMISE:
		promise_open(p);
		break;
	default:
		tt_count(TT_OP_TOKEN);
		if (!ktask_token_cancelled(p->child))
			tt_fault("a token was told, and is not cancelled");
	}
}

/* --- Who waits ------------------------------------------------------------ */

static ktask_poll_t value_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct rnd_state *rnd = &f->rnd;

	KTASK_BEGIN(t);
	for (f->left = 1 + tt_below(rnd, 4); f->left; f->left--) {
		f->u.parcel = parcel_new(rnd, GFP_KERNEL);
		if (!f->u.parcel)
			continue;
		ktask_defer(t, &f->u.parcel_end, parcel_put, f->u.parcel);
		KTASK_AWAIT_TIMEOUT(t, parcel_future(f->u.parcel),
				    tt_one_in(rnd, 2) ? tt_time(rnd, 200) :
				    KTIME_MAX);
		if (!ktask_timed_out(t))
			parcel_open(f->u.parcel);
		if (!ktask_undefer(t, &f->u.parcel_end))
			tt_fault("a cleanup was not there");
		parcel_put(f->u.parcel);
	}
	KTASK_END(t);
}

const struct tt_kind value_kind = { .name = "value", .resume = value_body };

static void value_step(struct rnd_state *rnd)
{
	struct tt_parcel *p = parcel_new(rnd, GFP_KERNEL);
	ktime_t deadline = KTIME_MAX;

	if (!p)
		return;
	if (tt_one_in(rnd, 2))
		deadline = ktime_add(ktime_get(), tt_time(rnd, 200));
	if (!ktask_future_wait_until(parcel_future(p), TASK_UNINTERRUPTIBLE,
				     deadline))
		parcel_open(p);
	parcel_put(p);
}

static void parcel_told(struct ktask_waiter *waiter, long value)
{
	struct tt_parcel *p = container_of(waiter, struct tt_parcel, told);

	parcel_open(p);
	parcel_put(p);
}

/* Nobody waits: it is opened where the courier is, or is not wanted. */
static void value_step_atomic(struct rnd_state *rnd)
{
	struct tt_parcel *p = parcel_new(rnd, GFP_ATOMIC | __GFP_NOWARN);

	if (!p)
		return;
	if (tt_one_in(rnd, 4) ||
	    !ktask_future_add(parcel_future(p), &p->told, parcel_told))
		parcel_put(p);
}

static bool parcel_ask(struct tt_wish *w, struct ktask *t,
		       struct rnd_state *rnd)
{
	w->parcel = parcel_new(rnd, GFP_KERNEL);
	return w->parcel && tt_wish_future(w, parcel_future(w->parcel));
}

static void parcel_granted(struct tt_wish *w, long status)
{
	parcel_open(w->parcel);
}

static void parcel_over(struct tt_wish *w)
{
	parcel_put(w->parcel);
}

const struct tt_wish_kind parcel_wish = {
	.op = TT_OP_AWAIT, .sure = true, .ask = parcel_ask,
	.granted = parcel_granted, .over = parcel_over,
};

static void value_init(void)
{
}

static void value_check(void)
{
	if (atomic_long_read(&gifts_live) || atomic_long_read(&parcels_live))
		tt_fault("%ld values and %ld parcels were lost",
			 atomic_long_read(&gifts_live),
			 atomic_long_read(&parcels_live));
}

const struct tt_shared value_shared = {
	.init = value_init, .step = value_step,
	.step_atomic = value_step_atomic, .check = value_check,
};
