/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Oneshots: one value from one to another. Included by linux/ktask.h.
 */
#ifndef _LINUX_KTASK_ONESHOT_H
#define _LINUX_KTASK_ONESHOT_H

/**
 * DOC: oneshots
 *
 * A oneshot takes one value from its sender to its receiver, each of which may
 * vanish at any time. If the sender is put without having sent, the receiver
 * gets -EPIPE, and does not wait for ever; if the receiver is put or closes
 * first, the sender is told, and keeps its value. A value that was sent and never
 * received is dropped. Each side has a reference, so neither waits for the other
 * to be through:
 *
 *	o = ktask_oneshot_create(drop_reply, GFP_KERNEL);
 *	...
 *	KTASK_BEGIN(t);					the sender
 *	ktask_oneshot_sender_defer(f->o, t, &f->sender);
 *	KTASK_AWAIT(t, &f->request.done);
 *	if (ktask_oneshot_send(f->o, reply))
 *		drop_reply(reply);
 *	KTASK_END(t);
 *
 *	KTASK_BEGIN(t);					the receiver
 *	ktask_oneshot_receiver_defer(f->o, t, &f->receiver);
 *	KTASK_AWAIT_TIMEOUT(t, ktask_oneshot_future(f->o), ms_to_ktime(50));
 *	reply = ktask_oneshot_try_recv(f->o);
 *	...
 *	KTASK_END(t);
 *
 * The shape is that of Tokio's oneshot.
 */

/**
 * struct ktask_oneshot - a way for one value
 *
 * Has two references, that of its sender and that of its receiver.
 */
struct ktask_oneshot {
	/* private: */
	struct ktask_future done;	/* sent, or never will be */
	struct ktask_future closed;
	atomic_t state;			/* see kernel/async/oneshot.c */
	refcount_t refs;
	void *value;
	void (*drop)(void *value);
	void (*release)(struct ktask_oneshot *o);
};

struct ktask_oneshot *ktask_oneshot_create(void (*drop)(void *value),
					   gfp_t gfp);
void ktask_oneshot_init(struct ktask_oneshot *o, void (*drop)(void *value),
			void (*release)(struct ktask_oneshot *o));

/* --- The sender ----------------------------------------------------------- */

int ktask_oneshot_send(struct ktask_oneshot *o, void *value);
void ktask_oneshot_sender_put(struct ktask_oneshot *o);
void ktask_oneshot_sender_defer(struct ktask_oneshot *o, struct ktask *t,
				struct ktask_defer *d);

/**
 * ktask_oneshot_closed - the future that is complete when the receiver has gone
 * @o: the oneshot
 *
 * For a sender that can save itself the work. ktask_future_done() of it asks.
 *
 * Return: the future; its value is 0.
 */
static inline struct ktask_future *ktask_oneshot_closed(struct ktask_oneshot *o)
{
	return &o->closed;
}

/* --- The receiver --------------------------------------------------------- */

void *ktask_oneshot_try_recv(struct ktask_oneshot *o);
void *ktask_oneshot_recv_until(struct ktask_oneshot *o, unsigned int state,
			       ktime_t deadline);
void ktask_oneshot_close(struct ktask_oneshot *o);
void ktask_oneshot_receiver_put(struct ktask_oneshot *o);
void ktask_oneshot_receiver_defer(struct ktask_oneshot *o, struct ktask *t,
				  struct ktask_defer *d);

/**
 * ktask_oneshot_future - the future that is complete when there is a value
 * @o: the oneshot
 *
 * Return: the future; its value is 0 if there is, -EPIPE if there will be none.
 */
static inline struct ktask_future *ktask_oneshot_future(struct ktask_oneshot *o)
{
	return &o->done;
}

#endif /* _LINUX_KTASK_ONESHOT_H */
