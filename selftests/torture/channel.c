// SPDX-License-Identifier: GPL-2.0
/*
 * A channel, on which all send to all: each message that is sent is received once,
 * or is dropped with the channel.
 */
#include <linux/slab.h>

#include "torture.h"

#define ROOM	3

struct tt_msg {
	struct ktask_msg msg;
	atomic_t seen;
};

static struct ktask_channel channel;
static atomic_long_t msgs_live;

static struct tt_msg *msg_new(gfp_t gfp)
{
	struct tt_msg *m = kzalloc(sizeof(*m), gfp);

	if (m)
		atomic_long_inc(&msgs_live);
	return m;
}

static void msg_free(struct tt_msg *m)
{
	if (!m)
		return;
	kfree(m);
	atomic_long_dec(&msgs_live);
}

static void msg_drop(struct ktask_msg *msg)
{
	msg_free(container_of(msg, struct tt_msg, msg));
}

static void msg_received(struct ktask_msg *msg)
{
	struct tt_msg *m = container_of(msg, struct tt_msg, msg);

	if (atomic_inc_return(&m->seen) != 1)
		tt_fault("a message was received twice");
	tt_count(TT_OP_RECV);
	msg_free(m);
}

static void send_failed(struct tt_msg *m, int err)
{
	if (err != -EAGAIN && err != -ETIMEDOUT && err != -EPIPE &&
	    err != -ECANCELED)
		tt_fault("a send says %d", err);
	msg_free(m);
}

/* --- Tasks ---------------------------------------------------------------- */

/* What a task that ended in a send has not sent. */
void channel_drop(struct tt_frame *f)
{
	if (!f->msg)
		return;
	if (ktask_send_take_back(&f->u.send))
		msg_free(f->msg);
	f->msg = NULL;
}

static ktask_poll_t channel_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct rnd_state *rnd = &f->rnd;
	struct ktask_msg *msg;

	KTASK_BEGIN(t);
	for (f->left = 1 + tt_below(rnd, 6); f->left; f->left--) {
		f->op = tt_below(rnd, 4);
		if (f->op < 2) {
			f->msg = msg_new(GFP_KERNEL);
			if (!f->msg)
				continue;
			KTASK_SEND_TIMEOUT(t, &f->u.send, &channel,
					   &f->msg->msg, f->op ? KTIME_MAX :
					   tt_time(rnd, 200));
			tt_count(TT_OP_SEND);
			channel_drop(f);
		} else {
			KTASK_RECV_TIMEOUT(t, &f->u.recv, &channel,
					   f->op > 2 ? KTIME_MAX :
					   tt_time(rnd, 200));
			/* Or not, and then it is for somebody else. */
			msg = ktask_recv_take(&f->u.recv);
			if (!IS_ERR(msg))
				msg_received(msg);
			else if (PTR_ERR(msg) != -EPIPE && f->op > 2)
				tt_fault("a receive says %ld", PTR_ERR(msg));
		}
	}
	KTASK_END(t);
}

const struct tt_kind channel_kind = {
	.name = "channel", .resume = channel_body,
};

/* --- Wishes --------------------------------------------------------------- */

static bool send_ask(struct tt_wish *w, struct ktask *t, struct rnd_state *rnd)
{
	w->msg = msg_new(GFP_KERNEL);
	if (!w->msg)
		return false;
	ktask_channel_send(&channel, &w->send, t, &w->msg->msg);
	return tt_wish_request(w, ktask_send_request(&w->send));
}

static void send_granted(struct tt_wish *w, long status)
{
	ktask_request_forget(w->request);
}

/* Be it that it was sent when nobody waited for that any more. */
static void send_over(struct tt_wish *w)
{
	if (ktask_send_take_back(&w->send))
		msg_free(w->msg);
}

const struct tt_wish_kind send_wish = {
	.op = TT_OP_SEND, .refusals = { -EPIPE }, .ask = send_ask,
	.granted = send_granted, .over = send_over,
};

static bool recv_ask(struct tt_wish *w, struct ktask *t, struct rnd_state *rnd)
{
	ktask_channel_recv(&channel, &w->recv, t);
	return tt_wish_request(w, ktask_recv_request(&w->recv));
}

static void recv_granted(struct tt_wish *w, long status)
{
	struct ktask_msg *msg = ktask_recv_take(&w->recv);

	if (IS_ERR(msg))
		tt_fault("a receive was granted, and says %ld", PTR_ERR(msg));
	else
		msg_received(msg);
}

const struct tt_wish_kind recv_wish = {
	.op = TT_OP_AWAIT, .refusals = { -EPIPE }, .ask = recv_ask,
	.granted = recv_granted,
};

/* --- Threads and interrupts ----------------------------------------------- */

static void channel_step(struct rnd_state *rnd)
{
	ktime_t deadline = ktime_add(ktime_get(), tt_time(rnd, 200));
	struct ktask_msg *msg;
	struct tt_msg *m;
	int err;

	if (tt_one_in(rnd, 2)) {
		msg = ktask_channel_recv_until(&channel, TASK_UNINTERRUPTIBLE,
					       deadline);
		if (!IS_ERR(msg))
			msg_received(msg);
		return;
	}
	m = msg_new(GFP_KERNEL);
	if (!m)
		return;
	tt_count(TT_OP_SEND);
	err = ktask_channel_send_until(&channel, &m->msg, TASK_UNINTERRUPTIBLE,
				       deadline);
	if (err)
		send_failed(m, err);
}

static void channel_step_atomic(struct rnd_state *rnd)
{
	struct ktask_msg *msg;
	struct tt_msg *m;
	int err;

	if (tt_one_in(rnd, 2)) {
		msg = ktask_channel_try_recv(&channel);
		if (!IS_ERR(msg))
			msg_received(msg);
		return;
	}
	m = msg_new(GFP_ATOMIC | __GFP_NOWARN);
	if (!m)
		return;
	tt_count(TT_OP_SEND);
	err = ktask_channel_try_send(&channel, &m->msg);
	if (err)
		send_failed(m, err);
}

static void channel_init(void)
{
	ktask_channel_init(&channel, ROOM, msg_drop);
}

/* Whoever still waits is refused from now on. */
static void channel_close(void)
{
	ktask_channel_close(&channel);
}

static void channel_check(void)
{
	ktask_channel_sender_put(&channel);
	ktask_channel_destroy(&channel);
	if (atomic_long_read(&msgs_live))
		tt_fault("%ld messages were lost",
			 atomic_long_read(&msgs_live));
}

const struct tt_shared channel_shared = {
	.init = channel_init, .step = channel_step,
	.step_atomic = channel_step_atomic, .close = channel_close,
	.check = channel_check,
};
