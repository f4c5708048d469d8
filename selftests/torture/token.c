// SPDX-License-Identifier: GPL-2.0
/*
 * Tokens that come and go, some as children of others: whoever listens to one is told
 * once that it is cancelled, with whatever above it.
 */
#include <linux/slab.h>

#include "torture.h"

#define TOKENS	4

/* Under tokens_lock; a reference each. */
static struct ktask_token *tokens[TOKENS];
static DEFINE_RAW_SPINLOCK(tokens_lock);

static struct ktask_token *token_pick(struct rnd_state *rnd)
{
	struct ktask_token *token;
	unsigned long flags;

	raw_spin_lock_irqsave(&tokens_lock, flags);
	token = tokens[tt_below(rnd, TOKENS)];
	if (token)
		ktask_token_get(token);
	raw_spin_unlock_irqrestore(&tokens_lock, flags);
	return token;
}

static struct ktask_token *token_swap(u32 place, struct ktask_token *token)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&tokens_lock, flags);
	swap(tokens[place], token);
	raw_spin_unlock_irqrestore(&tokens_lock, flags);
	return token;
}

/* Nobody else cancels that token itself, but maybe what is above it. */
static void token_end(struct ktask_token *token)
{
	ktask_token_cancel(token);
	ktask_token_put(token);
	tt_count(TT_OP_TOKEN);
}

/* Cancel one, and put another in its place. */
static void token_replace(struct rnd_state *rnd, gfp_t gfp)
{
	u32 place = tt_below(rnd, TOKENS);
	struct ktask_token *parent = tt_one_in(rnd, 3) ? NULL :
		token_pick(rnd);
	struct ktask_token *token = ktask_token_create(parent, gfp);

	if (!IS_ERR(token))
		token = token_swap(place, token);
	ktask_token_put(parent);
	if (!IS_ERR_OR_NULL(token))
		token_end(token);
}

/* --- Listeners ------------------------------------------------------------ */

/* Who listens to a child of its own. */
struct listener {
	struct ktask_waiter told;
	struct ktask_token *token;
};

static atomic_long_t listeners;

/* Nobody else touches it any more, so it may go. Any context. */
static void listener_told(struct ktask_waiter *waiter, long value)
{
	struct listener *l = container_of(waiter, struct listener, told);

	tt_count(TT_OP_TOKEN);
	if (value != -ECANCELED || !ktask_token_cancelled(l->token))
		tt_fault("a token that is not cancelled says %ld", value);
	ktask_token_put(l->token);
	kfree(l);
	atomic_long_dec(&listeners);
}

/* Listen to @token, of which the caller gives its reference. */
static void listen(struct ktask_token *token, gfp_t gfp)
{
	struct listener *l = kmalloc(sizeof(*l), gfp);

	if (!l) {
		ktask_token_put(token);
		return;
	}
	atomic_long_inc(&listeners);
	l->token = token;
	if (!ktask_future_add(ktask_token_future(token), &l->told,
			      listener_told))
		listener_told(&l->told, -ECANCELED);
}

static void listen_below(struct rnd_state *rnd, gfp_t gfp)
{
	struct ktask_token *parent = token_pick(rnd), *child;

	if (!parent)
		return;
	child = ktask_token_create(parent, gfp);
	ktask_token_put(parent);
	if (!IS_ERR(child))
		listen(child, gfp);
}

/* --- Wishes --------------------------------------------------------------- */

static bool token_ask(struct tt_wish *w, struct ktask *t, struct rnd_state *rnd)
{
	w->token = token_pick(rnd);
	return w->token &&
		tt_wish_future(w, ktask_token_future(w->token));
}

static void token_granted(struct tt_wish *w, long status)
{
	if (!ktask_token_cancelled(w->token))
		tt_fault("a token has won a select, and is not cancelled");
}

static void token_over(struct tt_wish *w)
{
	ktask_token_put(w->token);
}

const struct tt_wish_kind token_wish = {
	.op = TT_OP_TOKEN, .ask = token_ask, .granted = token_granted,
	.over = token_over,
};

/* --- Tasks ---------------------------------------------------------------- */

static void leave_token(struct tt_frame *f)
{
	ktask_token_put(f->u.token);
}

/* Has what is below its own token cancelled by its end, if not before. */
static void own_token(struct tt_frame *f, struct ktask *t)
{
	struct ktask_token *own, *child;

	own = ktask_token_create(f->u.token, GFP_KERNEL);
	if (IS_ERR(own))
		return;
	child = ktask_token_create(own, GFP_KERNEL);
	ktask_token_defer(t, &f->u.cancel, own);
	if (!IS_ERR(child))
		listen(child, GFP_KERNEL);
}

static ktask_poll_t token_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct rnd_state *rnd = &f->rnd;

	KTASK_BEGIN(t);
	f->u.token = token_pick(rnd);
	if (!f->u.token)
		KTASK_RETURN(t, 0);
	tt_defer(t, &f->more, leave_token);
	own_token(f, t);
	for (f->left = 1 + tt_below(rnd, 4); f->left; f->left--) {
		f->event = event_new(rnd, tt_us(200), GFP_KERNEL);
		if (!f->event)
			continue;
		KTASK_AWAIT_OR_CANCELLED(t, &f->u.or_cancelled,
					 ktask_arm_future(event_future(f->event)),
					 f->u.token);
		tt_count(TT_OP_SELECT);
		if (!ktask_was_cancelled(&f->u.or_cancelled))
			event_seen(f->event);
		else if (!ktask_token_cancelled(f->u.token))
			tt_fault("a task was told of a token that is not cancelled");
		else
			break;
		event_put(f->event);
		f->event = NULL;
	}
	KTASK_END(t);
}

const struct tt_kind token_kind = { .name = "token", .resume = token_body };

/* --- Threads and interrupts ----------------------------------------------- */

static void token_wait(struct ktask_token *token, struct rnd_state *rnd)
{
	struct tt_event *e = event_new(rnd, tt_us(200), GFP_KERNEL);
	ktime_t deadline = KTIME_MAX;
	int err;

	if (!e)
		return;
	if (tt_one_in(rnd, 2))
		deadline = ktime_add(ktime_get(), tt_time(rnd, 100));
	err = ktask_wait_or_cancelled(ktask_arm_future(event_future(e)), token,
				      TASK_UNINTERRUPTIBLE, deadline);
	tt_count(TT_OP_SELECT);
	if (!err)
		event_seen(e);
	else if (err == -ECANCELED && !ktask_token_cancelled(token))
		tt_fault("a thread was told of a token that is not cancelled");
	else if (err != -ECANCELED && err != -ETIMEDOUT)
		tt_fault("a wait for a token says %d", err);
	event_put(e);
}

static void token_step(struct rnd_state *rnd)
{
	struct ktask_token *token = token_pick(rnd);

	if (!token)
		return;
	token_wait(token, rnd);
	ktask_token_put(token);
}

static void token_step_atomic(struct rnd_state *rnd)
{
	if (tt_one_in(rnd, 4))
		token_replace(rnd, GFP_ATOMIC | __GFP_NOWARN);
	else
		listen_below(rnd, GFP_ATOMIC | __GFP_NOWARN);
}

static void token_init(void)
{
	int i;

	for (i = 0; i < TOKENS; i++) {
		struct ktask_token *token = ktask_token_create(NULL, GFP_KERNEL);

		token_swap(i, IS_ERR(token) ? NULL : token);
	}
}

static void token_close(void)
{
	int i;

	for (i = 0; i < TOKENS; i++) {
		struct ktask_token *token = token_swap(i, NULL);

		if (token)
			token_end(token);
	}
}

static void token_check(void)
{
	if (atomic_long_read(&listeners))
		tt_fault("%ld who listen to a token were not told",
			 atomic_long_read(&listeners));
}

const struct tt_shared token_shared = {
	.init = token_init, .step = token_step,
	.step_atomic = token_step_atomic, .close = token_close,
	.check = token_check,
};
