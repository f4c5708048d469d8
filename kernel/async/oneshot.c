// SPDX-License-Identifier: GPL-2.0
/*
 * Oneshots: see linux/ktask_oneshot.h.
 *
 *	OPEN -> SENT		by the sender: the value is the oneshot's
 *	OPEN -> BROKEN		the sender was put
 *	OPEN -> CLOSED		by the receiver: the value is the sender's
 *	SENT -> TAKEN		by the receiver: the value is the receiver's
 *
 * Who moves it away from OPEN completes the future "done" then.
 */
#include <linux/kernel.h>
#include <linux/slab.h>

#include "../engine/engine.h"

enum {
	OPEN,
	SENT,
	BROKEN,
	CLOSED,
	TAKEN,
};

static bool oneshot_move(struct ktask_oneshot *o, int from, int to)
{
	return atomic_cmpxchg(&o->state, from, to) == from;
}

/**
 * ktask_oneshot_init - make a oneshot in storage of the caller's
 * @o: the storage
 * @drop: frees a value that was sent and never received; or NULL. Called for
 *	pointers only, not for NULL or ERR_PTR(), in the context of
 *	ktask_oneshot_receiver_put()
 * @release: called when both sides have been put, in any context; the storage is
 *	free again then, and not before
 *
 * Context: any.
 */
void ktask_oneshot_init(struct ktask_oneshot *o, void (*drop)(void *value),
			void (*release)(struct ktask_oneshot *o))
{
	ktask_future_init(&o->done);
	ktask_future_init(&o->closed);
	atomic_set(&o->state, OPEN);
	refcount_set(&o->refs, 2);
	o->value = NULL;
	o->drop = drop;
	o->release = release;
}
EXPORT_SYMBOL_NS_GPL(ktask_oneshot_init, KTASK_NS);

static void oneshot_free(struct ktask_oneshot *o)
{
	kfree(o);
}

/**
 * ktask_oneshot_create - make a oneshot
 * @drop: as for ktask_oneshot_init()
 * @gfp: how to allocate it
 *
 * Context: any that suits @gfp.
 * Return: the oneshot, both sides of which are the caller's; or NULL.
 */
struct ktask_oneshot *ktask_oneshot_create(void (*drop)(void *value), gfp_t gfp)
{
	struct ktask_oneshot *o = kmalloc(sizeof(*o), gfp);

	if (o)
		ktask_oneshot_init(o, drop, oneshot_free);
	return o;
}
EXPORT_SYMBOL_NS_GPL(ktask_oneshot_create, KTASK_NS);

static void oneshot_put(struct ktask_oneshot *o)
{
	if (refcount_dec_and_test(&o->refs))
		o->release(o);
}

/* --- The sender ----------------------------------------------------------- */

/**
 * ktask_oneshot_send - send the value
 * @o: the oneshot; the caller is its sender, and still has to put that
 * @value: a pointer, which passes to the oneshot, or ERR_PTR(), or anything else
 *	that a pointer has room for
 *
 * Context: any but NMI.
 * Return: 0; -EPIPE if the receiver has gone or closed, and @value is the
 * caller's still; -EALREADY if a value was sent before.
 */
int ktask_oneshot_send(struct ktask_oneshot *o, void *value)
{
	/* The receiver does not look at the value of one that is open. */
	if (atomic_read(&o->state) == OPEN) {
		o->value = value;
		if (oneshot_move(o, OPEN, SENT)) {
			ktask_future_complete(&o->done, 0);
			return 0;
		}
	}
	return atomic_read(&o->state) == CLOSED ? -EPIPE : -EALREADY;
}
EXPORT_SYMBOL_NS_GPL(ktask_oneshot_send, KTASK_NS);

/**
 * ktask_oneshot_sender_put - be the sender no more
 * @o: the oneshot, not used by the caller any more
 *
 * If nothing was sent, the receiver gets -EPIPE.
 *
 * Context: any but NMI.
 */
void ktask_oneshot_sender_put(struct ktask_oneshot *o)
{
	if (oneshot_move(o, OPEN, BROKEN))
		ktask_future_complete(&o->done, -EPIPE);
	oneshot_put(o);
}
EXPORT_SYMBOL_NS_GPL(ktask_oneshot_sender_put, KTASK_NS);

static void sender_end(void *o)
{
	ktask_oneshot_sender_put(o);
}

/**
 * ktask_oneshot_sender_defer - pass the sender to a task
 * @o: the oneshot
 * @t: the task
 * @d: storage, in the task's frame
 *
 * It is put when @t ends, in whatever way; so if @t is aborted before it has
 * sent, the receiver gets -EPIPE. If @t is never started, the sender is still
 * the caller's.
 *
 * Context: the body of @t, or its maker before ktask_start().
 */
void ktask_oneshot_sender_defer(struct ktask_oneshot *o, struct ktask *t,
				struct ktask_defer *d)
{
	ktask_defer(t, d, sender_end, o);
}
EXPORT_SYMBOL_NS_GPL(ktask_oneshot_sender_defer, KTASK_NS);

/* --- The receiver --------------------------------------------------------- */

/**
 * ktask_oneshot_try_recv - receive the value, if it is there
 * @o: the oneshot; the caller is its receiver, and still has to put that
 *
 * Context: any but NMI.
 * Return: what was sent, once, and then ERR_PTR(-EALREADY); ERR_PTR(-EAGAIN) if
 * nothing was, ERR_PTR(-EPIPE) if nothing will be.
 */
void *ktask_oneshot_try_recv(struct ktask_oneshot *o)
{
	switch (atomic_cmpxchg(&o->state, SENT, TAKEN)) {
	case SENT:
		return o->value;
	case OPEN:
		return ERR_PTR(-EAGAIN);
	case TAKEN:
		return ERR_PTR(-EALREADY);
	default:
		return ERR_PTR(-EPIPE);
	}
}
EXPORT_SYMBOL_NS_GPL(ktask_oneshot_try_recv, KTASK_NS);

/**
 * ktask_oneshot_recv_until - have the calling thread receive the value
 * @o: the oneshot; the caller is its receiver, and still has to put that
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * Context: process context, sleeps. Not in a resume function.
 * Return: what was sent; or ERR_PTR(): -EPIPE if nothing will be, -ETIMEDOUT,
 * -ERESTARTSYS if a signal came first, -ECANCELED if the calling blocking task
 * was aborted.
 */
void *ktask_oneshot_recv_until(struct ktask_oneshot *o, unsigned int state,
			       ktime_t deadline)
{
	int err = ktask_future_wait_until(&o->done, state, deadline);

	return err ? ERR_PTR(err) : ktask_oneshot_try_recv(o);
}
EXPORT_SYMBOL_NS_GPL(ktask_oneshot_recv_until, KTASK_NS);

/**
 * ktask_oneshot_close - refuse the value
 * @o: the oneshot; the caller is its receiver
 *
 * If it was sent before, it can still be received. Who waits for it gets -EPIPE.
 *
 * Context: any but NMI.
 */
void ktask_oneshot_close(struct ktask_oneshot *o)
{
	if (oneshot_move(o, OPEN, CLOSED))
		ktask_future_complete(&o->done, -EPIPE);
	ktask_future_complete(&o->closed, 0);
}
EXPORT_SYMBOL_NS_GPL(ktask_oneshot_close, KTASK_NS);

/**
 * ktask_oneshot_receiver_put - be the receiver no more
 * @o: the oneshot, not used by the caller any more
 *
 * Closes it, and drops what was sent and not received.
 *
 * Context: any but NMI, if that suits the drop callback.
 */
void ktask_oneshot_receiver_put(struct ktask_oneshot *o)
{
	ktask_oneshot_close(o);
	if (oneshot_move(o, SENT, TAKEN) && o->drop &&
	    !IS_ERR_OR_NULL(o->value))
		o->drop(o->value);
	oneshot_put(o);
}
EXPORT_SYMBOL_NS_GPL(ktask_oneshot_receiver_put, KTASK_NS);

static void receiver_end(void *o)
{
	ktask_oneshot_receiver_put(o);
}

/**
 * ktask_oneshot_receiver_defer - pass the receiver to a task
 * @o: the oneshot
 * @t: the task
 * @d: storage, in the task's frame
 *
 * It is put when @t ends, in whatever way. If @t is never started, the receiver
 * is still the caller's.
 *
 * Context: the body of @t, or its maker before ktask_start().
 */
void ktask_oneshot_receiver_defer(struct ktask_oneshot *o, struct ktask *t,
				  struct ktask_defer *d)
{
	ktask_defer(t, d, receiver_end, o);
}
EXPORT_SYMBOL_NS_GPL(ktask_oneshot_receiver_defer, KTASK_NS);
