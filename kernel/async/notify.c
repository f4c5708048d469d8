// SPDX-License-Identifier: GPL-2.0
/*
 * Notifications: see linux/ktask_notify.h.
 */
#include <linux/kernel.h>

#include "../engine/engine.h"
#include "queue.h"

static struct ktask_notified *notified_of(struct ktask_request *r)
{
	return container_of(r, struct ktask_notified, wait.request);
}

static bool notify_withdraw(struct ktask_request *r)
{
	struct ktask_notified *w = notified_of(r);
	struct ktask_notify *n = w->notify;
	unsigned long flags;
	bool withdrawn;

	raw_spin_lock_irqsave(&n->queue.lock, flags);
	withdrawn = queue_remove(&n->queue, &w->wait);
	raw_spin_unlock_irqrestore(&n->queue.lock, flags);
	return withdrawn;
}

/* Notified, but its owner did not come to know. All others do already. */
static void notify_give_back(struct ktask_request *r)
{
	struct ktask_notified *w = notified_of(r);

	if (w->one)
		ktask_notify_one(w->notify);
}

static const struct ktask_request_ops notify_ops = {
	.withdraw = notify_withdraw,
	.give_back = notify_give_back,
};

/**
 * ktask_notify_init - make something that can be notified
 * @n: storage for it
 *
 * Holds no resources, but see ktask_notify_destroy().
 *
 * Context: any.
 */
void ktask_notify_init(struct ktask_notify *n)
{
	queue_init(&n->queue);
	n->kept = false;
}
EXPORT_SYMBOL_NS_GPL(ktask_notify_init, KTASK_NS);

/**
 * ktask_notify_destroy - say that it will not be used any more
 * @n: what was made by ktask_notify_init()
 *
 * Warns if somebody waits, and refuses him with -ESHUTDOWN.
 *
 * Context: any but NMI.
 */
void ktask_notify_destroy(struct ktask_notify *n)
{
	queue_destroy(&n->queue);
}
EXPORT_SYMBOL_NS_GPL(ktask_notify_destroy, KTASK_NS);

/**
 * ktask_notify_one - notify who has waited longest, or who comes next
 * @n: what he waits for
 *
 * What was done before is visible to who is notified. Several calls when nobody
 * waits are one notification.
 *
 * Context: any but NMI.
 */
void ktask_notify_one(struct ktask_notify *n)
{
	struct ktask_queued *w;
	unsigned long flags;
	LIST_HEAD(taken);

	raw_spin_lock_irqsave(&n->queue.lock, flags);
	w = queue_first(&n->queue);
	if (w) {
		notified_of(&w->request)->one = true;
		queue_take(&n->queue, w, &taken);
	} else {
		n->kept = true;
	}
	raw_spin_unlock_irqrestore(&n->queue.lock, flags);
	queue_complete(&taken, 0);
}
EXPORT_SYMBOL_NS_GPL(ktask_notify_one, KTASK_NS);

/**
 * ktask_notify_all - notify all who wait now
 * @n: what they wait for
 *
 * Nothing is kept for who comes later. Tokio's notify_waiters().
 *
 * Context: any but NMI.
 */
void ktask_notify_all(struct ktask_notify *n)
{
	unsigned long flags;
	LIST_HEAD(taken);

	raw_spin_lock_irqsave(&n->queue.lock, flags);
	queue_take_all(&n->queue, &taken);
	raw_spin_unlock_irqrestore(&n->queue.lock, flags);
	queue_complete(&taken, 0);
}
EXPORT_SYMBOL_NS_GPL(ktask_notify_all, KTASK_NS);

/**
 * ktask_notify_request - ask to be notified
 * @n: what to wait for
 * @w: who waits, in the frame of @t; not in use
 * @t: the task that it belongs to; NULL if the caller sees to it itself
 *
 * Does not wait: that is what KTASK_NOTIFIED() does with what this returns, or a
 * select. From here on no notification is missed. Who has been notified and has
 * taken note calls ktask_request_forget() on what this returns; who does not
 * want to be notified any more, ktask_request_drop(), which passes on what came
 * meanwhile.
 *
 * Context: the body of @t, or its maker before ktask_start(); with NULL for it,
 * any but NMI.
 * Return: the request, part of @w, which is granted with 0.
 */
struct ktask_request *ktask_notify_request(struct ktask_notify *n,
					   struct ktask_notified *w,
					   struct ktask *t)
{
	unsigned long flags;
	bool kept;

	queue_begin(&w->wait, t, &notify_ops);
	w->notify = n;
	raw_spin_lock_irqsave(&n->queue.lock, flags);
	kept = n->kept;
	n->kept = false;
	w->one = kept;
	if (!kept)
		queue_add(&n->queue, &w->wait);
	raw_spin_unlock_irqrestore(&n->queue.lock, flags);
	if (kept)
		queue_settle(&w->wait, 0);
	return &w->wait.request;
}
EXPORT_SYMBOL_NS_GPL(ktask_notify_request, KTASK_NS);

/**
 * ktask_notify_wait_until - have the calling thread wait to be notified
 * @n: what to wait for
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * Context: process context, sleeps. Not in a resume function.
 * Return: 0; -ETIMEDOUT; -ERESTARTSYS if a signal came first; -ECANCELED if the
 * calling blocking task was aborted.
 */
int ktask_notify_wait_until(struct ktask_notify *n, unsigned int state,
			    ktime_t deadline)
{
	struct ktask_notified w;

	return ktask_request_wait_until(ktask_notify_request(n, &w, NULL),
					state, deadline);
}
EXPORT_SYMBOL_NS_GPL(ktask_notify_wait_until, KTASK_NS);
