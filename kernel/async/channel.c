// SPDX-License-Identifier: GPL-2.0
/*
 * Channels: see linux/ktask_channel.h.
 *
 * All state is under ch->lock, with these rules between its parts:
 *
 *	somebody waits to receive	=> the queue is empty
 *	somebody waits to send		=> the queue is full: count >= limit
 *	shut, or no senders left	=> nobody waits
 *
 * A message that is given back may make the queue longer than its limit.
 *
 * Whoever lets a transfer go on takes it off its list and clears "queued" under
 * the lock, and completes its request without it. That is its last touch of the
 * transfer, and it does not touch the channel then.
 */
#include <linux/kernel.h>

#include "../engine/engine.h"

/* --- Transfers ------------------------------------------------------------ */

static struct __ktask_transfer *to_transfer(struct ktask_request *r)
{
	return container_of(r, struct __ktask_transfer, request);
}

static void transfer_queue(struct __ktask_transfer *x, struct list_head *list)
{
	lockdep_assert_held(&x->ch->lock);
	x->queued = true;
	list_add_tail(&x->node, list);
}

static void transfer_dequeue(struct __ktask_transfer *x)
{
	lockdep_assert_held(&x->ch->lock);
	x->queued = false;
	list_del(&x->node);
}

static bool transfer_withdraw(struct ktask_request *r)
{
	struct __ktask_transfer *x = to_transfer(r);
	unsigned long flags;
	bool queued;

	raw_spin_lock_irqsave(&x->ch->lock, flags);
	queued = x->queued;
	if (queued)
		transfer_dequeue(x);
	raw_spin_unlock_irqrestore(&x->ch->lock, flags);
	return queued;
}

/* @x: may be NULL. Not under the lock. */
static void transfer_complete(struct __ktask_transfer *x, long status)
{
	if (x)
		ktask_future_complete(ktask_request_future(&x->request), status);
}

static void transfers_take(struct list_head *list, struct list_head *taken)
{
	struct __ktask_transfer *x;

	list_for_each_entry(x, list, node)
		x->queued = false;
	list_splice_tail_init(list, taken);
}

static void transfers_refuse(struct list_head *taken)
{
	struct __ktask_transfer *x, *next;

	list_for_each_entry_safe(x, next, taken, node)
		transfer_complete(x, -EPIPE);
}

static struct __ktask_transfer *transfer_first(struct list_head *list)
{
	struct __ktask_transfer *x;

	x = list_first_entry_or_null(list, struct __ktask_transfer, node);
	if (x)
		transfer_dequeue(x);
	return x;
}

/* --- The queue ------------------------------------------------------------ */

/* Return: 0, with in @receiver who must be completed, if any; or why not. */
static int channel_push(struct ktask_channel *ch, struct ktask_msg *msg,
			struct __ktask_transfer **receiver)
{
	lockdep_assert_held(&ch->lock);
	*receiver = NULL;
	if (ch->shut)
		return -EPIPE;
	*receiver = transfer_first(&ch->receivers);
	if (*receiver) {
		(*receiver)->msg = msg;
		return 0;
	}
	if (ch->count >= ch->limit)
		return -EAGAIN;
	list_add_tail(&msg->node, &ch->queue);
	ch->count++;
	return 0;
}

/* Return: 0, with in @sender who must be completed, if any; or why not. */
static int channel_pop(struct ktask_channel *ch, struct ktask_msg **msg,
		       struct __ktask_transfer **sender)
{
	lockdep_assert_held(&ch->lock);
	*sender = NULL;
	/* First one in, then one out, so that it works with a limit of 0. */
	if (ch->count <= ch->limit)
		*sender = transfer_first(&ch->blocked);
	if (*sender) {
		list_add_tail(&(*sender)->msg->node, &ch->queue);
		(*sender)->msg = NULL;
		ch->count++;
	}
	*msg = list_first_entry_or_null(&ch->queue, struct ktask_msg, node);
	if (*msg) {
		list_del(&(*msg)->node);
		ch->count--;
		return 0;
	}
	return ch->shut || !refcount_read(&ch->senders) ? -EPIPE : -EAGAIN;
}

/* --- The channel ---------------------------------------------------------- */

/**
 * ktask_channel_init - make a channel
 * @ch: storage for it
 * @limit: how many messages it holds before senders have to wait; 0 to have
 *	each send wait for its receiver; %KTASK_UNBOUNDED
 * @drop: frees a message that nobody will receive; NULL if there is nothing to
 *	free. Called by ktask_channel_destroy()
 *
 * The caller has the first sender, to be put with ktask_channel_sender_put().
 *
 * Context: any.
 */
void ktask_channel_init(struct ktask_channel *ch, unsigned int limit,
			void (*drop)(struct ktask_msg *msg))
{
	raw_spin_lock_init(&ch->lock);
	ch->shut = false;
	ch->limit = limit;
	ch->count = 0;
	INIT_LIST_HEAD(&ch->queue);
	INIT_LIST_HEAD(&ch->blocked);
	INIT_LIST_HEAD(&ch->receivers);
	refcount_set(&ch->senders, 1);
	ktask_future_init(&ch->senderless);
	ktask_future_init(&ch->closed);
	ch->drop = drop;
}
EXPORT_SYMBOL_NS_GPL(ktask_channel_init, KTASK_NS);

/**
 * ktask_channel_close - refuse further messages
 * @ch: the channel
 *
 * For the receiving side. Sends, also those that wait, get -EPIPE; what is
 * queued can still be received. Does nothing the second time.
 *
 * Context: any but NMI.
 */
void ktask_channel_close(struct ktask_channel *ch)
{
	unsigned long flags;
	LIST_HEAD(refused);

	raw_spin_lock_irqsave(&ch->lock, flags);
	ch->shut = true;
	transfers_take(&ch->blocked, &refused);
	transfers_take(&ch->receivers, &refused);
	raw_spin_unlock_irqrestore(&ch->lock, flags);

	transfers_refuse(&refused);
	ktask_future_complete(&ch->closed, 0);
}
EXPORT_SYMBOL_NS_GPL(ktask_channel_close, KTASK_NS);

/**
 * ktask_channel_destroy - close a channel, and free what is in it
 * @ch: the channel; its memory may be freed afterwards. Nobody receives from it
 *	any more
 *
 * Waits until the last sender has been put, so the caller must have put its own;
 * then calls the channel's drop callback for each message that is left. To wait
 * without a thread, close the channel and await ktask_channel_senderless()
 * before.
 *
 * Context: process context, may sleep.
 */
void ktask_channel_destroy(struct ktask_channel *ch)
{
	struct ktask_msg *msg, *next;

	WARN_ONCE(!list_empty_careful(&ch->receivers),
		  "ktask: channel destroyed while somebody receives\n");
	ktask_channel_close(ch);
	ktask_future_wait(&ch->senderless);

	list_for_each_entry_safe(msg, next, &ch->queue, node) {
		list_del(&msg->node);
		if (ch->drop)
			ch->drop(msg);
	}
	ch->count = 0;
}
EXPORT_SYMBOL_NS_GPL(ktask_channel_destroy, KTASK_NS);

/* --- Senders -------------------------------------------------------------- */

/**
 * ktask_channel_sender_put - be a sender no more
 * @ch: the channel; not used by the caller any more
 *
 * After the last one, receivers get what is queued, and then -EPIPE.
 *
 * Context: any but NMI.
 */
void ktask_channel_sender_put(struct ktask_channel *ch)
{
	unsigned long flags;
	LIST_HEAD(refused);
	bool last;

	if (refcount_dec_not_one(&ch->senders))
		return;
	raw_spin_lock_irqsave(&ch->lock, flags);
	last = refcount_dec_and_test(&ch->senders);
	if (last)
		transfers_take(&ch->receivers, &refused);
	raw_spin_unlock_irqrestore(&ch->lock, flags);
	if (!last)
		return;

	transfers_refuse(&refused);
	/* From here on it may be destroyed. */
	ktask_future_complete(&ch->senderless, 0);
}
EXPORT_SYMBOL_NS_GPL(ktask_channel_sender_put, KTASK_NS);

static void sender_end(void *ch)
{
	ktask_channel_sender_put(ch);
}

/**
 * ktask_channel_sender_defer - pass a sender to a task
 * @ch: the channel; a sender of it passes from the caller to @t
 * @t: the task
 * @d: storage, in the task's frame
 *
 * It is put when @t ends, in whatever way. To put it earlier,
 * ktask_channel_sender_put() if ktask_undefer() has returned true. If @t is
 * never started, the sender is still the caller's.
 *
 * Context: the body of @t, or its maker before ktask_start().
 */
void ktask_channel_sender_defer(struct ktask_channel *ch, struct ktask *t,
				struct ktask_defer *d)
{
	ktask_defer(t, d, sender_end, ch);
}
EXPORT_SYMBOL_NS_GPL(ktask_channel_sender_defer, KTASK_NS);

/* --- Sending -------------------------------------------------------------- */

/**
 * ktask_channel_try_send - send a message, if there is room
 * @ch: the channel; the caller has a sender
 * @msg: the message
 *
 * Always has room if the channel is unbounded.
 *
 * Context: any but NMI.
 * Return: 0, and @msg is not the caller's any more; or -EAGAIN if the channel is
 * full, -EPIPE if it is closed.
 */
int ktask_channel_try_send(struct ktask_channel *ch, struct ktask_msg *msg)
{
	struct __ktask_transfer *receiver;
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&ch->lock, flags);
	ret = channel_push(ch, msg, &receiver);
	raw_spin_unlock_irqrestore(&ch->lock, flags);
	transfer_complete(receiver, 0);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(ktask_channel_try_send, KTASK_NS);

/* What was sent is not taken back. */
static const struct ktask_request_ops send_ops = {
	.withdraw = transfer_withdraw,
};

/**
 * ktask_channel_send - begin to send a message
 * @ch: the channel; the caller has a sender
 * @s: storage for the send; not in use for another one
 * @t: the task that it belongs to, or NULL if it is a thread's
 * @msg: the message
 *
 * Its request can be awaited, see ktask_send_request(). KTASK_SEND() and
 * ktask_channel_send_until() do this.
 *
 * Context: the body of @t; any but NMI if that is NULL.
 */
void ktask_channel_send(struct ktask_channel *ch, struct ktask_send *s,
			struct ktask *t, struct ktask_msg *msg)
{
	struct __ktask_transfer *x = &s->x, *receiver;
	unsigned long flags;
	int ret;

	x->ch = ch;
	x->msg = msg;
	x->queued = false;
	ktask_request_init(&x->request, t, &send_ops);

	raw_spin_lock_irqsave(&ch->lock, flags);
	ret = channel_push(ch, msg, &receiver);
	if (!ret)
		x->msg = NULL;
	else if (ret == -EAGAIN)
		transfer_queue(x, &ch->blocked);
	raw_spin_unlock_irqrestore(&ch->lock, flags);

	transfer_complete(receiver, 0);
	/* Else whoever makes room does that, and may have. */
	if (ret != -EAGAIN)
		transfer_complete(x, ret);
}
EXPORT_SYMBOL_NS_GPL(ktask_channel_send, KTASK_NS);

/**
 * ktask_send_take_back - have a message back that was not sent
 * @s: a send that is over: done, refused, timed out or dropped; or all zero
 *
 * For the cleanup of a task that may have been aborted while it was sending.
 * The second time there is nothing.
 *
 * Context: the body of the task, or a cleanup that it has registered before the
 * send; or the thread.
 * Return: the message, or NULL if it was sent.
 */
struct ktask_msg *ktask_send_take_back(struct ktask_send *s)
{
	struct ktask_msg *msg = s->x.msg;

	s->x.msg = NULL;
	return msg;
}
EXPORT_SYMBOL_NS_GPL(ktask_send_take_back, KTASK_NS);

/**
 * ktask_channel_send_until - have the calling thread send a message
 * @ch: the channel; the caller has a sender
 * @msg: the message
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * Context: process context, sleeps. Not in a resume function.
 * Return: 0, and @msg is not the caller's any more; or -EPIPE if the channel is
 * closed, -ETIMEDOUT, -ERESTARTSYS if a signal came first, -ECANCELED if the
 * calling blocking task was aborted.
 */
int ktask_channel_send_until(struct ktask_channel *ch, struct ktask_msg *msg,
			     unsigned int state, ktime_t deadline)
{
	struct ktask_send s;
	int ret;

	might_sleep();
	ktask_channel_send(ch, &s, NULL, msg);
	ret = ktask_request_wait_until(&s.x.request, state, deadline);
	/* It may have been sent as it was given up. */
	return s.x.msg ? ret : 0;
}
EXPORT_SYMBOL_NS_GPL(ktask_channel_send_until, KTASK_NS);

/* --- Receiving ------------------------------------------------------------ */

/**
 * ktask_channel_try_recv - receive a message, if there is one
 * @ch: the channel
 *
 * Context: any but NMI.
 * Return: the message; or ERR_PTR(): -EAGAIN if there is none, -EPIPE if there
 * will be none, as there is no sender or the channel is closed.
 */
struct ktask_msg *ktask_channel_try_recv(struct ktask_channel *ch)
{
	struct __ktask_transfer *sender;
	struct ktask_msg *msg;
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&ch->lock, flags);
	ret = channel_pop(ch, &msg, &sender);
	raw_spin_unlock_irqrestore(&ch->lock, flags);
	transfer_complete(sender, 0);
	return ret ? ERR_PTR(ret) : msg;
}
EXPORT_SYMBOL_NS_GPL(ktask_channel_try_recv, KTASK_NS);

/* The message was not taken: it is the next one again. */
static void recv_give_back(struct ktask_request *r)
{
	struct __ktask_transfer *x = to_transfer(r), *other;
	struct ktask_channel *ch = x->ch;
	struct ktask_msg *msg = x->msg;
	unsigned long flags;

	x->msg = NULL;
	raw_spin_lock_irqsave(&ch->lock, flags);
	other = transfer_first(&ch->receivers);
	if (other) {
		other->msg = msg;
	} else {
		list_add(&msg->node, &ch->queue);
		ch->count++;
	}
	raw_spin_unlock_irqrestore(&ch->lock, flags);
	transfer_complete(other, 0);
}

static const struct ktask_request_ops recv_ops = {
	.withdraw = transfer_withdraw,
	.give_back = recv_give_back,
};

/**
 * ktask_channel_recv - begin to receive a message
 * @ch: the channel
 * @r: storage for the receive; not in use for another one
 * @t: the task that it belongs to, or NULL if it is a thread's
 *
 * Its request can be awaited, see ktask_recv_request(). KTASK_RECV() and
 * ktask_channel_recv_until() do this.
 *
 * Context: the body of @t; any but NMI if that is NULL.
 */
void ktask_channel_recv(struct ktask_channel *ch, struct ktask_recv *r,
			struct ktask *t)
{
	struct __ktask_transfer *x = &r->x, *sender;
	unsigned long flags;
	int ret;

	x->ch = ch;
	x->queued = false;
	ktask_request_init(&x->request, t, &recv_ops);

	raw_spin_lock_irqsave(&ch->lock, flags);
	ret = channel_pop(ch, &x->msg, &sender);
	if (ret == -EAGAIN)
		transfer_queue(x, &ch->receivers);
	raw_spin_unlock_irqrestore(&ch->lock, flags);

	transfer_complete(sender, 0);
	if (ret != -EAGAIN)
		transfer_complete(x, ret);
}
EXPORT_SYMBOL_NS_GPL(ktask_channel_recv, KTASK_NS);

/**
 * ktask_recv_take - take the message that a receive was granted
 * @r: the receive; may be used for the next one afterwards
 *
 * Context: the body of the task, or the thread.
 * Return: the message, once; or ERR_PTR(): -EPIPE if there will be none, as
 * there is no sender or the channel is closed, -ETIMEDOUT, -EINPROGRESS if it
 * waits.
 */
struct ktask_msg *ktask_recv_take(struct ktask_recv *r)
{
	struct ktask_msg *msg = r->x.msg;
	long status = ktask_request_status(&r->x.request);

	if (status < 0)
		return ERR_PTR(status);
	ktask_request_forget(&r->x.request);
	r->x.msg = NULL;
	return msg;
}
EXPORT_SYMBOL_NS_GPL(ktask_recv_take, KTASK_NS);

/**
 * ktask_channel_recv_until - have the calling thread receive a message
 * @ch: the channel
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * Context: process context, sleeps. Not in a resume function.
 * Return: the message; or ERR_PTR(): -EPIPE if there will be none, -ETIMEDOUT,
 * -ERESTARTSYS if a signal came first, -ECANCELED if the calling blocking task
 * was aborted.
 */
struct ktask_msg *ktask_channel_recv_until(struct ktask_channel *ch,
					   unsigned int state,
					   ktime_t deadline)
{
	struct ktask_recv r;
	int ret;

	might_sleep();
	ktask_channel_recv(ch, &r, NULL);
	ret = ktask_request_wait_until(&r.x.request, state, deadline);
	return ret < 0 ? ERR_PTR(ret) : ktask_recv_take(&r);
}
EXPORT_SYMBOL_NS_GPL(ktask_channel_recv_until, KTASK_NS);
