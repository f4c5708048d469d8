// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that are cancelled with what they belong to, a set or a runtime; and
 * tasks that are aborted as they are granted what they wait for, which must not be
 * lost with them.
 */
#include "cancel.h"

#define MEMBERS	5

/* --- With a set, with a runtime ------------------------------------------- */

static ktask_poll_t mixed_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct cancel *c = f->s->arg;

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, NULL);
	for (f->left = tt_below(&f->rnd, 3); f->left; f->left--) {
		f->op = tt_below(&f->rnd, 3);
		if (f->op == 0)
			KTASK_SLEEP(t, tt_time(&f->rnd, c->us));
		else if (f->op == 1)
			KTASK_AWAIT(t, &c->future);
		else
			tt_spin(&f->rnd, c->us);
	}
	KTASK_END(t);
}

static const struct tt_kind mixed_kind = {
	.name = "mixed", .resume = mixed_body,
};

static long mixed_blocking_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct cancel *c = f->s->arg;
	int err;

	tt_defer(t, &f->more, NULL);
	if (tt_one_in(&f->rnd, 2))
		err = ktask_sleep(tt_time(&f->rnd, c->us));
	else
		err = ktask_future_wait_interruptible(&c->future);
	return err;
}

static const struct tt_kind mixed_blocking_kind = {
	.name = "mixed_blocking", .blocking = mixed_blocking_body,
};

/* One of them is ended by the rival, or all that wait go on. */
static void disturb(struct cancel *c)
{
	cancel_dither(c, &c->rival_rnd);
	if (tt_one_in(&c->rival_rnd, 2))
		ktask_future_complete(&c->future, 7);
	tt_abort(c->s);
	cancel_dither(c, &c->rival_rnd);
	ktask_future_complete(&c->future, 7);
}

static const struct tt_kind *pick_kind(struct cancel *c)
{
	return tt_one_in(&c->rnd, 4) ? &mixed_blocking_kind : &mixed_kind;
}

static void race_set(struct cancel *c)
{
	struct tt_set *set = set_new(&c->rnd, GFP_KERNEL);
	struct subject *members[MEMBERS];
	int i;

	if (!set)
		return;
	for (i = 0; i < MEMBERS; i++) {
		struct tt_plan p = {
			.kind = pick_kind(c), .how = TT_IN_SET, .set = set,
		};

		members[i] = cancel_plan(c, &p);
		if (members[i])
			c->s = members[i];
	}
	if (c->s)
		cancel_go(c, disturb);
	cancel_dither(c, &c->rnd);
	/* Held, queued, running, at rest and ended ones, at most one a kind. */
	set_end(set, false);
	for (i = 0; i < MEMBERS; i++) {
		if (members[i] && !ktask_done(members[i]->t))
			tt_fault("a set was destroyed, and a task goes on");
	}
	if (c->s)
		cancel_over(c);
	for (i = 0; i < MEMBERS; i++)
		cancel_finish(members[i]);
}

static void race_runtime(struct cancel *c)
{
	struct tt_runtime *rt = runtime_new(&c->rnd);
	struct subject *members[MEMBERS];
	int i;

	if (!rt)
		return;
	for (i = 0; i < MEMBERS; i++) {
		struct tt_plan p = {
			.kind = runtime_is_local(rt) ? &mixed_kind :
				pick_kind(c),
			.how = tt_below(&c->rnd, TT_IN_SET), .rt = rt,
		};

		members[i] = cancel_plan(c, &p);
		if (members[i])
			c->s = members[i];
	}
	if (c->s)
		cancel_go(c, disturb);
	cancel_dither(c, &c->rnd);
	runtime_end(rt);
	for (i = 0; i < MEMBERS; i++) {
		if (members[i] && !ktask_done(members[i]->t))
			tt_fault("a runtime was destroyed, and a task goes on");
	}
	if (c->s)
		cancel_over(c);
	for (i = 0; i < MEMBERS; i++)
		cancel_finish(members[i]);
}

/* --- As it is granted ----------------------------------------------------- */

static struct ktask_semaphore slots;
static struct ktask_mutex slot_mutex;
static struct ktask_notify bell;
static struct ktask_channel pipe;

/* Between the grant and the abort it takes a while until the task goes on. */
static void dither_longer(struct cancel *c)
{
	tt_spin(&c->rnd, 4 * c->us);
}

static ktask_poll_t permit_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, NULL);
	KTASK_SEMAPHORE_ACQUIRE(t, &slots, &f->u.permit, 2);
	ktask_permit_release(&f->u.permit);
	KTASK_END(t);
}

static const struct tt_kind permit_kind = {
	.name = "permit", .resume = permit_body,
};

static void add_permits(struct cancel *c)
{
	cancel_dither(c, &c->rival_rnd);
	ktask_semaphore_add(&slots, 1);
}

/* It lacks one permit, which the rival adds as we abort it. */
static void race_permit(struct cancel *c)
{
	ktask_semaphore_init(&slots, 1);
	c->s = cancel_start(c, &permit_kind);
	if (c->s) {
		cancel_go(c, add_permits);
		dither_longer(c);
		tt_abort(c->s);
		cancel_over(c);
		cancel_finish(c->s);
		if (ktask_semaphore_available(&slots) != 2)
			tt_fault("%u permits were left of 2",
				 ktask_semaphore_available(&slots));
	}
	ktask_semaphore_destroy(&slots);
}

static ktask_poll_t guard_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, NULL);
	KTASK_MUTEX_LOCK(t, &slot_mutex, &f->u.guard);
	KTASK_YIELD(t);
	ktask_mutex_unlock(&f->u.guard);
	KTASK_END(t);
}

static const struct tt_kind guard_kind = {
	.name = "guard", .resume = guard_body,
};

/* We hold the mutex that it waits for, and abort it as we let go. */
static void race_guard(struct cancel *c)
{
	struct ktask_mutex_guard g;

	ktask_mutex_init(&slot_mutex);
	ktask_mutex_lock(&slot_mutex, &g, NULL);
	c->s = cancel_start(c, &guard_kind);
	c->other = cancel_start(c, &guard_kind);
	if (c->s) {
		cancel_go(c, cancel_abort);
		cancel_dither(c, &c->rnd);
	}
	ktask_mutex_unlock(&g);
	if (c->s) {
		cancel_over(c);
		cancel_finish(c->s);
	}
	/* Who comes after it gets it in any case. */
	cancel_finish(c->other);
	if (ktask_mutex_is_locked(&slot_mutex))
		tt_fault("a mutex was left locked");
	ktask_mutex_destroy(&slot_mutex);
}

static ktask_poll_t notified_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, NULL);
	KTASK_NOTIFIED(t, &bell, &f->u.notified);
	KTASK_END(t);
}

static const struct tt_kind notified_kind = {
	.name = "notified", .resume = notified_body,
};

static void ring(struct cancel *c)
{
	cancel_dither(c, &c->rival_rnd);
	ktask_notify_one(&bell);
}

/* One of two is notified and aborted: if it is lost, the other waits for ever. */
static void race_notified(struct cancel *c)
{
	ktask_notify_init(&bell);
	c->s = cancel_start(c, &notified_kind);
	if (!c->s)
		return;
	cancel_go(c, ring);
	dither_longer(c);
	tt_abort(c->s);
	cancel_over(c);
	if (ktask_join(c->s->t, NULL)) {
		/* It did not take the one there was. */
		if (ktask_notify_wait_until(&bell, TASK_UNINTERRUPTIBLE,
					    ktime_add_ms(ktime_get(), 10000)))
			tt_fault("a notification was lost with its task");
	}
	cancel_finish(c->s);
	ktask_notify_destroy(&bell);
}

static ktask_poll_t receiving_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, NULL);
	KTASK_RECV(t, &f->u.recv, &pipe);
	if (IS_ERR(ktask_recv_take(&f->u.recv)))
		tt_fault("a receive was refused");
	KTASK_END(t);
}

static const struct tt_kind receiving_kind = {
	.name = "receiving", .resume = receiving_body,
};

static struct ktask_msg message;

static void send_it(struct cancel *c)
{
	cancel_dither(c, &c->rival_rnd);
	if (ktask_channel_try_send(&pipe, &message))
		tt_fault("a send was refused");
}

/* What it was granted and did not take is for who comes next. */
static void race_receive(struct cancel *c)
{
	struct ktask_msg *msg;

	ktask_channel_init(&pipe, 1, NULL);
	c->s = cancel_start(c, &receiving_kind);
	if (c->s) {
		cancel_go(c, send_it);
		dither_longer(c);
		tt_abort(c->s);
		cancel_over(c);
		msg = ktask_join(c->s->t, NULL) ? &message : ERR_PTR(-EAGAIN);
		if (ktask_channel_try_recv(&pipe) != msg)
			tt_fault("a message was lost with its task, or is there twice");
		cancel_finish(c->s);
	}
	ktask_channel_sender_put(&pipe);
	ktask_channel_destroy(&pipe);
}

const struct cancel_race cancel_group_races[] = {
	{ "by set destruction", race_set, 2 },
	{ "by runtime destruction", race_runtime, 20 },
	{ "as a permit is granted", race_permit, 1 },
	{ "as a mutex is granted", race_guard, 1 },
	{ "as it is notified", race_notified, 1 },
	{ "as a message comes", race_receive, 1 },
	{}
};
