/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Channels: queues of messages from senders to receivers. Included by
 * linux/ktask.h.
 */
#ifndef _LINUX_KTASK_CHANNEL_H
#define _LINUX_KTASK_CHANNEL_H

#include <linux/spinlock.h>

/**
 * DOC: channels
 *
 * A message is a &struct ktask_msg inside something of the sender's, so sending
 * allocates nothing, and may be done by an interrupt handler. With the send the
 * message passes to the channel, and with the receive to the receiver. A
 * bounded channel holds a limited number of messages; who wants to send more
 * awaits room, first come first served.
 *
 *	struct job {
 *		struct ktask_msg msg;
 *		...
 *	};
 *
 *	KTASK_BEGIN(t);
 *	for (;;) {
 *		KTASK_RECV(t, &f->recv, f->jobs);
 *		msg = ktask_recv_take(&f->recv);
 *		if (IS_ERR(msg))
 *			break;
 *		do_job(container_of(msg, struct job, msg));
 *	}
 *	KTASK_END(t);
 *
 * All of it is cancel safe. A send that was given up, or whose task was
 * aborted, has either happened, or the message is the sender's still; a message
 * that was granted to a receive which nobody takes goes back to the front.
 *
 * Senders are counted. When the last one has been put, receivers get what is
 * queued, and then -EPIPE. When the receiving side closes the channel, sends are
 * refused with -EPIPE, and what is queued can still be received.
 *
 * The shape is that of Tokio's mpsc; but there may be several receivers.
 */

/**
 * struct ktask_msg - a message, to be embedded
 */
struct ktask_msg {
	/* private: ch->queue; under ch->lock */
	struct list_head node;
};

/* A limit that no channel comes to. */
#define KTASK_UNBOUNDED	UINT_MAX

/**
 * struct ktask_channel - a queue of messages
 *
 * Embedded in what owns the receiving side, which initialises and destroys it.
 */
struct ktask_channel {
	/* private: lock guards all up to @receivers */
	raw_spinlock_t lock;
	bool shut;			/* no more sends */
	unsigned int limit;
	unsigned int count;		/* of queue */
	struct list_head queue;		/* messages */
	struct list_head blocked;	/* sends that wait: count >= limit */
	struct list_head receivers;	/* receives that wait: count == 0 */
	refcount_t senders;		/* becomes 0 under the lock */
	struct ktask_future senderless;
	struct ktask_future closed;
	void (*drop)(struct ktask_msg *msg);
};

/* Private: one message on its way in or out, which may have to wait. */
struct __ktask_transfer {
	struct ktask_request request;
	struct ktask_channel *ch;
	struct ktask_msg *msg;
	struct list_head node;		/* ch->blocked or ch->receivers */
	bool queued;			/* on one of them; under ch->lock */
};

/**
 * struct ktask_send - a send that may have to wait
 *
 * In the frame of the task that sends; for one send at a time.
 */
struct ktask_send {
	/* private: msg is NULL when it was sent */
	struct __ktask_transfer x;
};

/**
 * struct ktask_recv - a receive that may have to wait
 *
 * In the frame of the task that receives; for one receive at a time.
 */
struct ktask_recv {
	/* private: msg is what was granted */
	struct __ktask_transfer x;
};

void ktask_channel_init(struct ktask_channel *ch, unsigned int limit,
			void (*drop)(struct ktask_msg *msg));
void ktask_channel_destroy(struct ktask_channel *ch);

/* --- The sending side ----------------------------------------------------- */

void ktask_channel_sender_put(struct ktask_channel *ch);
void ktask_channel_sender_defer(struct ktask_channel *ch, struct ktask *t,
				struct ktask_defer *d);
int ktask_channel_try_send(struct ktask_channel *ch, struct ktask_msg *msg);
int ktask_channel_send_until(struct ktask_channel *ch, struct ktask_msg *msg,
			     unsigned int state, ktime_t deadline);
void ktask_channel_send(struct ktask_channel *ch, struct ktask_send *s,
			struct ktask *t, struct ktask_msg *msg);
struct ktask_msg *ktask_send_take_back(struct ktask_send *s);

/**
 * ktask_channel_sender_get - become one sender more
 * @ch: a channel of which the caller has, or knows of, a sender
 *
 * Context: any.
 */
static inline void ktask_channel_sender_get(struct ktask_channel *ch)
{
	refcount_inc(&ch->senders);
}

/**
 * ktask_channel_closed - the future that is complete when sends are refused
 * @ch: the channel; the caller has a sender
 *
 * For senders that want to know before they have something to send.
 *
 * Return: the future; its value is 0.
 */
static inline struct ktask_future *ktask_channel_closed(struct ktask_channel *ch)
{
	return &ch->closed;
}

/**
 * ktask_send_request - the request of a send
 * @s: the send
 *
 * Return: the request: 0 if the message was sent; -EPIPE if the channel is
 * closed.
 */
static inline struct ktask_request *ktask_send_request(struct ktask_send *s)
{
	return &s->x.request;
}

/**
 * KTASK_SEND - send a message, when there is room
 * @t: the task
 * @s: a &struct ktask_send in its frame
 * @ch: the channel
 * @msg: the message
 *
 * ktask_request_status() of ktask_send_request() then is 0, and the message is
 * not the sender's any more; or -EPIPE if the channel is closed, and it is. If
 * @t is aborted meanwhile, ktask_send_take_back() tells a cleanup that has been
 * registered before.
 */
#define KTASK_SEND(t, s, ch, msg)					\
	KTASK_SEND_TIMEOUT(t, s, ch, msg, KTIME_MAX)

/**
 * KTASK_SEND_TIMEOUT - the same, but give up after a time
 * @t: the task
 * @s: a &struct ktask_send in its frame
 * @ch: the channel
 * @msg: the message
 * @timeout: ktime_t from now; not above zero: only try
 *
 * -ETIMEDOUT is one more status; the message then is the sender's still.
 */
#define KTASK_SEND_TIMEOUT(t, s, ch, msg, timeout)			\
do {									\
	ktask_channel_send(ch, s, t, msg);				\
	KTASK_AWAIT_REQUEST_TIMEOUT(t, ktask_send_request(s), timeout);	\
	ktask_request_forget(ktask_send_request(s));			\
} while (0)

/* --- The receiving side --------------------------------------------------- */

void ktask_channel_close(struct ktask_channel *ch);
struct ktask_msg *ktask_channel_try_recv(struct ktask_channel *ch);
struct ktask_msg *ktask_channel_recv_until(struct ktask_channel *ch,
					   unsigned int state,
					   ktime_t deadline);
void ktask_channel_recv(struct ktask_channel *ch, struct ktask_recv *r,
			struct ktask *t);
struct ktask_msg *ktask_recv_take(struct ktask_recv *r);

/**
 * ktask_channel_senderless - the future that is complete when no sender is left
 * @ch: the channel
 *
 * What ktask_channel_destroy() waits for.
 *
 * Return: the future; its value is 0.
 */
static inline struct ktask_future *
ktask_channel_senderless(struct ktask_channel *ch)
{
	return &ch->senderless;
}

/**
 * ktask_recv_request - the request of a receive
 * @r: the receive
 *
 * Return: the request: 0 if there is a message, which ktask_recv_take() takes;
 * -EPIPE if there will be none.
 */
static inline struct ktask_request *ktask_recv_request(struct ktask_recv *r)
{
	return &r->x.request;
}

/**
 * KTASK_RECV - go on when there is a message
 * @t: the task
 * @r: a &struct ktask_recv in its frame
 * @ch: the channel
 *
 * Followed by ktask_recv_take(). A message that is not taken before @t ends goes
 * back to the front of the channel.
 */
#define KTASK_RECV(t, r, ch)						\
	KTASK_RECV_TIMEOUT(t, r, ch, KTIME_MAX)

/**
 * KTASK_RECV_TIMEOUT - the same, but give up after a time
 * @t: the task
 * @r: a &struct ktask_recv in its frame
 * @ch: the channel
 * @timeout: ktime_t from now; not above zero: only try
 */
#define KTASK_RECV_TIMEOUT(t, r, ch, timeout)				\
do {									\
	ktask_channel_recv(ch, r, t);					\
	KTASK_AWAIT_REQUEST_TIMEOUT(t, ktask_recv_request(r), timeout);	\
} while (0)

#endif /* _LINUX_KTASK_CHANNEL_H */
