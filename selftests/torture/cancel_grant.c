// SPDX-License-Identifier: GPL-2.0
/*
 * More tasks that are aborted as they are granted what they wait for: a lock, the
 * turn to make a value, the others at a barrier, room for a message, news.
 */
#include "cancel.h"

/* --- A lock --------------------------------------------------------------- */

static struct ktask_rwlock rwlock;

static ktask_poll_t reading_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, NULL);
	KTASK_RWLOCK_READ(t, &rwlock, &f->u.rw);
	KTASK_YIELD(t);
	ktask_rwlock_unlock(&f->u.rw);
	KTASK_END(t);
}

static const struct tt_kind reading_kind = {
	.name = "reading", .resume = reading_body,
};

static ktask_poll_t writing_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, NULL);
	KTASK_RWLOCK_WRITE(t, &rwlock, &f->u.rw);
	KTASK_YIELD(t);
	ktask_rwlock_downgrade(&f->u.rw);
	KTASK_YIELD(t);
	ktask_rwlock_unlock(&f->u.rw);
	KTASK_END(t);
}

static const struct tt_kind writing_kind = {
	.name = "writing", .resume = writing_body,
};

static const struct tt_kind *pick_kind(struct cancel *c)
{
	return tt_one_in(&c->rnd, 2) ? &reading_kind : &writing_kind;
}

/* We hold the lock, and let go of it; or only of the right to write. */
static void race_rwlock(struct cancel *c)
{
	struct ktask_rwlock_guard g;

	ktask_rwlock_init(&rwlock);
	ktask_rwlock_write(&rwlock, &g, NULL);
	c->s = cancel_start(c, pick_kind(c));
	c->other = cancel_start(c, pick_kind(c));
	if (c->s) {
		cancel_go(c, cancel_abort);
		cancel_dither(c, &c->rnd);
	}
	if (tt_one_in(&c->rnd, 2))
		ktask_rwlock_downgrade(&g);
	cancel_dither(c, &c->rnd);
	ktask_rwlock_unlock(&g);
	if (c->s) {
		cancel_over(c);
		cancel_finish(c->s);
	}
	/* Who comes after it gets it in any case. */
	cancel_finish(c->other);
	if (!ktask_rwlock_try_write(&rwlock, &g, NULL))
		tt_fault("a lock was left locked");
	else
		ktask_rwlock_unlock(&g);
	ktask_rwlock_destroy(&rwlock);
}

/* --- A turn --------------------------------------------------------------- */

static struct ktask_once once;

static ktask_poll_t entering_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, NULL);
	KTASK_ONCE_ENTER(t, &once, &f->u.turn);
	if (ktask_once_my_turn(&f->u.turn)) {
		KTASK_YIELD(t);
		ktask_once_finish(&f->u.turn, &once);
	}
	if (ktask_once_get(&once) != &once)
		tt_fault("a task went on without the value");
	KTASK_END(t);
}

static const struct tt_kind entering_kind = {
	.name = "entering", .resume = entering_body,
};

/* We have the turn that it waits for, and abort it as we pass it on. */
static void race_turn(struct cancel *c)
{
	struct ktask_once_turn turn;

	ktask_once_init(&once);
	if (ktask_once_enter(&once, &turn, NULL) != 1)
		tt_fault("the first has not the turn");
	c->s = cancel_start(c, &entering_kind);
	c->other = cancel_start(c, &entering_kind);
	if (c->s) {
		cancel_go(c, cancel_abort);
		cancel_dither(c, &c->rnd);
	}
	ktask_once_leave(&turn);
	if (c->s) {
		cancel_over(c);
		cancel_finish(c->s);
	}
	/* Who comes after it has the turn, or the value. */
	if (c->other) {
		cancel_finish(c->other);
		if (!ktask_once_is_set(&once))
			tt_fault("a turn was lost with its task");
	}
	ktask_once_destroy(&once);
}

/* --- The others ----------------------------------------------------------- */

static struct ktask_barrier barrier;

static ktask_poll_t meeting_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, NULL);
	/* That it came so far. */
	f->n = 1;
	KTASK_BARRIER_WAIT(t, &barrier, &f->u.barrier);
	KTASK_END(t);
}

static const struct tt_kind meeting_kind = {
	.name = "meeting", .resume = meeting_body,
};

/* For two: if we have met it, it has met us, and one of us leads. */
static void race_barrier(struct cancel *c)
{
	struct ktask_barrier_wait wait;
	struct ktask_request *r;
	struct tt_frame *f;
	long ours, its = -EINPROGRESS;

	ktask_barrier_init(&barrier, 2);
	c->s = cancel_start(c, &meeting_kind);
	if (!c->s)
		return;
	cancel_go(c, cancel_abort);
	cancel_dither(c, &c->rnd);
	r = ktask_barrier_request(&barrier, &wait, NULL);
	cancel_over(c);
	cancel_finish(tt_get(c->s));
	f = ktask_frame(c->s->t);
	if (atomic_read(&c->s->begun) && f->n)
		its = ktask_request_status(&f->u.barrier.wait.request);
	ours = ktask_request_status(r);
	if (ours < 0 ? its >= 0 : ours + its != 1)
		tt_fault("at a barrier for two, one was told %ld, the other %ld",
			 ours, its);
	ktask_request_drop(r);
	tt_put(c->s);
	ktask_barrier_destroy(&barrier);
}

/* --- Room ----------------------------------------------------------------- */

static struct ktask_channel pipe;
static struct ktask_msg first, second;

static void take_back(struct tt_frame *f)
{
	struct cancel *c = f->s->arg;

	if (ktask_send_take_back(&f->u.send))
		c->us = 0;
}

static ktask_poll_t sending_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, take_back);
	KTASK_SEND(t, &f->u.send, &pipe, &second);
	KTASK_END(t);
}

static const struct tt_kind sending_kind = {
	.name = "sending", .resume = sending_body,
};

/* The channel is full, and we make room. What it had again is not there too. */
static void race_room(struct cancel *c)
{
	struct ktask_msg *msg;
	bool sent;

	ktask_channel_init(&pipe, 1, NULL);
	if (ktask_channel_try_send(&pipe, &first))
		tt_fault("a send was refused");
	c->s = cancel_start(c, &sending_kind);
	if (c->s) {
		cancel_go(c, cancel_abort);
		cancel_dither(c, &c->rnd);
		if (ktask_channel_try_recv(&pipe) != &first)
			tt_fault("a message was lost");
		cancel_over(c);
		cancel_finish(tt_get(c->s));
		sent = atomic_read(&c->s->begun) && c->us;
		msg = ktask_channel_try_recv(&pipe);
		if (msg != (sent ? &second : ERR_PTR(-EAGAIN)))
			tt_fault("a message was lost with its task, or is there twice");
		tt_put(c->s);
	}
	ktask_channel_sender_put(&pipe);
	ktask_channel_destroy(&pipe);
}

/* --- News ----------------------------------------------------------------- */

static struct ktask_broadcast broadcast;
static u32 ring[2];

static ktask_poll_t following_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	u32 value = 0;

	KTASK_BEGIN(t);
	tt_defer(t, &f->more, NULL);
	ktask_feed_subscribe(&broadcast.feed, &f->u.follower.rx, t);
	KTASK_AWAIT_NEWS_TIMEOUT(t, &f->u.follower.rx, tt_us(100));
	if (!ktask_timed_out(t) &&
	    (ktask_broadcast_try_recv(&broadcast, &f->u.follower.rx, &value) ||
	     value != 7))
		tt_fault("there were to be news, and there were none");
	KTASK_END(t);
}

static const struct tt_kind following_kind = {
	.name = "following", .resume = following_body,
};

static void send_news(struct cancel *c)
{
	u32 value = 7;

	cancel_dither(c, &c->rival_rnd);
	ktask_broadcast_send(&broadcast, &value);
}

static void race_news(struct cancel *c)
{
	if (ktask_broadcast_init(&broadcast, ring, sizeof(ring[0]),
				 ARRAY_SIZE(ring)))
		tt_fault("a broadcast could not be made");
	c->s = cancel_start(c, &following_kind);
	if (c->s) {
		cancel_go(c, send_news);
		cancel_dither(c, &c->rnd);
		tt_abort(c->s);
		cancel_over(c);
		cancel_finish(c->s);
		if (ktask_feed_receivers(&broadcast.feed))
			tt_fault("a task has ended, and follows a feed");
	}
	ktask_feed_sender_put(&broadcast.feed);
	ktask_feed_destroy(&broadcast.feed);
}

const struct cancel_race cancel_grant_races[] = {
	{ "as a lock is granted", race_rwlock, 1 },
	{ "as the turn comes", race_turn, 1 },
	{ "as a barrier is full", race_barrier, 1 },
	{ "as there is room", race_room, 1 },
	{ "as there are news", race_news, 1 },
	{}
};
