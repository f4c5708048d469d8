// SPDX-License-Identifier: GPL-2.0
/*
 * Feeds: see linux/ktask_feed.h.
 *
 * A receiver waits only when it has seen all there is and there are senders.
 * Whoever changes that takes all who wait off the list and clears "queued",
 * under the lock, and then completes their requests without it. That is the last
 * touch of them, and the feed is not touched then.
 */
#include <linux/kernel.h>

#include "feed.h"

/* Begin a feed; the caller has its first sender. */
void feed_init(struct ktask_feed *feed)
{
	raw_spin_lock_init(&feed->lock);
	feed->sent = 0;
	feed->receivers = 0;
	INIT_LIST_HEAD(&feed->waiting);
	refcount_set(&feed->senders, 1);
	ktask_future_init(&feed->senderless);
}

/* Return: 0 if there are news for @rx, -EAGAIN if none yet, -EPIPE if never. */
int feed_look(struct ktask_receiver *rx)
{
	struct ktask_feed *feed = rx->feed;

	lockdep_assert_held(&feed->lock);
	if (rx->seen != feed->sent)
		return 0;
	return refcount_read(&feed->senders) ? -EAGAIN : -EPIPE;
}

/* All who wait shall be told, by feed_tell(). */
void feed_take(struct ktask_feed *feed, struct list_head *taken)
{
	struct ktask_receiver *rx;

	lockdep_assert_held(&feed->lock);
	list_for_each_entry(rx, &feed->waiting, node)
		rx->queued = false;
	list_splice_tail_init(&feed->waiting, taken);
}

void feed_tell(struct list_head *taken, long status)
{
	struct ktask_receiver *rx, *next;

	list_for_each_entry_safe(rx, next, taken, node)
		ktask_future_complete(ktask_request_future(&rx->request),
				      status);
}

/**
 * ktask_feed_destroy - see the senders of a feed off
 * @feed: the feed; its memory may be freed afterwards. It has no receivers any
 *	more
 *
 * Waits until the last sender has been put, so the caller must have put its own.
 * To wait without a thread, await ktask_feed_senderless() before.
 *
 * Context: process context, may sleep.
 */
void ktask_feed_destroy(struct ktask_feed *feed)
{
	ktask_future_wait(&feed->senderless);
	WARN_ONCE(ktask_feed_receivers(feed),
		  "ktask: feed destroyed with receivers\n");
}
EXPORT_SYMBOL_NS_GPL(ktask_feed_destroy, KTASK_NS);

/* --- Senders -------------------------------------------------------------- */

/**
 * ktask_feed_sender_put - be a sender no more
 * @feed: the feed; not used by the caller any more
 *
 * After the last one, receivers get what they have not seen, and then -EPIPE.
 *
 * Context: any but NMI.
 */
void ktask_feed_sender_put(struct ktask_feed *feed)
{
	unsigned long flags;
	LIST_HEAD(taken);
	bool last;

	if (refcount_dec_not_one(&feed->senders))
		return;
	raw_spin_lock_irqsave(&feed->lock, flags);
	last = refcount_dec_and_test(&feed->senders);
	if (last)
		feed_take(feed, &taken);
	raw_spin_unlock_irqrestore(&feed->lock, flags);
	if (!last)
		return;

	feed_tell(&taken, -EPIPE);
	/* From here on it may be destroyed. */
	ktask_future_complete(&feed->senderless, 0);
}
EXPORT_SYMBOL_NS_GPL(ktask_feed_sender_put, KTASK_NS);

static void sender_end(void *feed)
{
	ktask_feed_sender_put(feed);
}

/**
 * ktask_feed_sender_defer - pass a sender to a task
 * @feed: the feed; a sender of it passes from the caller to @t
 * @t: the task
 * @d: storage, in the task's frame
 *
 * It is put when @t ends, in whatever way. To put it earlier,
 * ktask_feed_sender_put() if ktask_undefer() has returned true. If @t is never
 * started, the sender is still the caller's.
 *
 * Context: the body of @t, or its maker before ktask_start().
 */
void ktask_feed_sender_defer(struct ktask_feed *feed, struct ktask *t,
			     struct ktask_defer *d)
{
	ktask_defer(t, d, sender_end, feed);
}
EXPORT_SYMBOL_NS_GPL(ktask_feed_sender_defer, KTASK_NS);

/* --- Receivers ------------------------------------------------------------ */

static void receiver_end(void *arg)
{
	struct ktask_receiver *rx = arg;

	/* It is off the list of cleanups already. */
	rx->t = NULL;
	ktask_feed_unsubscribe(rx);
}

/**
 * ktask_feed_subscribe - begin to follow a feed
 * @feed: the feed
 * @rx: storage for the receiver
 * @t: the task that it belongs to, or NULL if it is a thread's
 *
 * It sees what is sent from now on, until ktask_feed_unsubscribe() or the end of
 * @t.
 *
 * Context: the body of @t, or its maker before ktask_start(), who unsubscribes
 * it if that fails. Any but NMI if @t is NULL.
 */
void ktask_feed_subscribe(struct ktask_feed *feed, struct ktask_receiver *rx,
			  struct ktask *t)
{
	unsigned long flags;

	ktask_request_init(&rx->request, NULL, NULL);
	rx->feed = feed;
	rx->t = t;
	rx->lost = 0;
	rx->queued = false;
	if (t)
		ktask_defer(t, &rx->end, receiver_end, rx);

	raw_spin_lock_irqsave(&feed->lock, flags);
	rx->seen = feed->sent;
	WRITE_ONCE(feed->receivers, feed->receivers + 1);
	raw_spin_unlock_irqrestore(&feed->lock, flags);
}
EXPORT_SYMBOL_NS_GPL(ktask_feed_subscribe, KTASK_NS);

/**
 * ktask_feed_unsubscribe - follow a feed no more
 * @rx: the receiver; does nothing the second time
 *
 * Context: that of its task or thread. Process context if it may be waiting.
 */
void ktask_feed_unsubscribe(struct ktask_receiver *rx)
{
	struct ktask_feed *feed = rx->feed;
	unsigned long flags;

	if (!feed)
		return;
	ktask_request_drop(&rx->request);
	if (rx->t)
		ktask_undefer(rx->t, &rx->end);
	rx->feed = NULL;

	raw_spin_lock_irqsave(&feed->lock, flags);
	WRITE_ONCE(feed->receivers, feed->receivers - 1);
	raw_spin_unlock_irqrestore(&feed->lock, flags);
}
EXPORT_SYMBOL_NS_GPL(ktask_feed_unsubscribe, KTASK_NS);

static bool receiver_withdraw(struct ktask_request *r)
{
	struct ktask_receiver *rx;
	unsigned long flags;
	bool queued;

	rx = container_of(r, struct ktask_receiver, request);
	raw_spin_lock_irqsave(&rx->feed->lock, flags);
	queued = rx->queued;
	if (queued) {
		rx->queued = false;
		list_del(&rx->node);
	}
	raw_spin_unlock_irqrestore(&rx->feed->lock, flags);
	return queued;
}

/* News are not handed out, so there is nothing to give back. */
static const struct ktask_request_ops receiver_ops = {
	.withdraw = receiver_withdraw,
};

/**
 * ktask_feed_await - begin to wait for news
 * @rx: the receiver
 *
 * Its request can be awaited, see ktask_receiver_request(). A wait that was
 * begun before is given up. KTASK_AWAIT_NEWS() and ktask_feed_wait_until() do
 * this.
 *
 * Context: that of its task or thread.
 */
void ktask_feed_await(struct ktask_receiver *rx)
{
	struct ktask_feed *feed = rx->feed;
	unsigned long flags;
	int status;

	ktask_request_drop(&rx->request);

	raw_spin_lock_irqsave(&feed->lock, flags);
	status = feed_look(rx);
	if (status == -EAGAIN) {
		ktask_request_init(&rx->request, rx->t, &receiver_ops);
		rx->queued = true;
		list_add_tail(&rx->node, &feed->waiting);
	} else {
		ktask_request_init(&rx->request, NULL, NULL);
	}
	raw_spin_unlock_irqrestore(&feed->lock, flags);

	if (status != -EAGAIN)
		ktask_future_complete(ktask_request_future(&rx->request),
				      status);
}
EXPORT_SYMBOL_NS_GPL(ktask_feed_await, KTASK_NS);

/**
 * ktask_feed_wait_until - have the calling thread wait for news
 * @rx: the receiver
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * Context: process context, sleeps. Not in a resume function.
 * Return: 0 if there are news; -EPIPE if there will be none; -ETIMEDOUT;
 * -ERESTARTSYS if a signal came first; -ECANCELED if the calling blocking task
 * was aborted.
 */
int ktask_feed_wait_until(struct ktask_receiver *rx, unsigned int state,
			  ktime_t deadline)
{
	int ret;

	ktask_feed_await(rx);
	ret = ktask_request_wait_until(&rx->request, state, deadline);
	ktask_request_forget(&rx->request);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(ktask_feed_wait_until, KTASK_NS);
