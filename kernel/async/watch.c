// SPDX-License-Identifier: GPL-2.0
/*
 * Watches: see linux/ktask_watch.h. Writers exclude each other by the feed's
 * lock; readers copy, and do it again if there was a writer.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "feed.h"

/**
 * ktask_watch_init - make a watch
 * @w: storage for it
 * @value: storage for the value, which holds the initial one
 * @size: of it, in bytes. It is copied with interrupts off
 *
 * The caller has the first sender, to be put with ktask_feed_sender_put(); in
 * the end, ktask_feed_destroy().
 *
 * Context: any.
 */
void ktask_watch_init(struct ktask_watch *w, void *value, size_t size)
{
	feed_init(&w->feed);
	seqcount_raw_spinlock_init(&w->seq, &w->feed.lock);
	w->value = value;
	w->size = size;
}
EXPORT_SYMBOL_NS_GPL(ktask_watch_init, KTASK_NS);

struct copy {
	const void *from;
	size_t size;
};

static bool copy_in(void *value, void *arg)
{
	const struct copy *copy = arg;

	memcpy(value, copy->from, copy->size);
	return true;
}

/**
 * ktask_watch_send - change the value
 * @w: the watch; the caller has a sender
 * @value: the new value, which is copied; even if it is equal to the old one,
 *	receivers are told
 *
 * Context: any but NMI.
 */
void ktask_watch_send(struct ktask_watch *w, const void *value)
{
	struct copy copy = { .from = value, .size = w->size };

	ktask_watch_modify(w, copy_in, &copy);
}
EXPORT_SYMBOL_NS_GPL(ktask_watch_send, KTASK_NS);

/**
 * ktask_watch_modify - change the value in place, if need be
 * @w: the watch; the caller has a sender
 * @modify: called once, with the value and @arg, under a spinlock and with
 *	interrupts off; returns whether it has changed the value
 * @arg: for @modify
 *
 * Receivers are told if it has changed. What happens in @modify is one change
 * for those who look.
 *
 * Context: any but NMI.
 * Return: what @modify returned.
 */
bool ktask_watch_modify(struct ktask_watch *w,
			bool (*modify)(void *value, void *arg), void *arg)
{
	struct ktask_feed *feed = &w->feed;
	unsigned long flags;
	LIST_HEAD(taken);
	bool changed;

	raw_spin_lock_irqsave(&feed->lock, flags);
	write_seqcount_begin(&w->seq);
	changed = modify(w->value, arg);
	feed->sent += changed;
	write_seqcount_end(&w->seq);
	if (changed)
		feed_take(feed, &taken);
	raw_spin_unlock_irqrestore(&feed->lock, flags);

	feed_tell(&taken, 0);
	return changed;
}
EXPORT_SYMBOL_NS_GPL(ktask_watch_modify, KTASK_NS);

/* Copy the value, unless its number is @seen. Return: its number. */
static u64 watch_copy(struct ktask_watch *w, void *value, const u64 *seen)
{
	unsigned int seq;
	u64 sent;

	do {
		seq = read_seqcount_begin(&w->seq);
		sent = w->feed.sent;
		if (!seen || sent != *seen)
			memcpy(value, w->value, w->size);
	} while (read_seqcount_retry(&w->seq, seq));
	return sent;
}

/**
 * ktask_watch_peek - look at the latest value
 * @w: the watch
 * @value: where to copy it
 *
 * For receivers it is as new as before.
 *
 * Context: any but NMI, and not inside ktask_watch_modify().
 */
void ktask_watch_peek(struct ktask_watch *w, void *value)
{
	watch_copy(w, value, NULL);
}
EXPORT_SYMBOL_NS_GPL(ktask_watch_peek, KTASK_NS);

/**
 * ktask_watch_try_recv - receive the latest value, if it was not seen
 * @w: the watch
 * @rx: a receiver of it
 * @value: where to copy it
 *
 * Context: any but NMI; that of the receiver's task or thread.
 * Return: 0; -EAGAIN if @rx has seen it, -EPIPE if moreover there will be no
 * other, as all senders are gone.
 */
int ktask_watch_try_recv(struct ktask_watch *w, struct ktask_receiver *rx,
			 void *value)
{
	struct ktask_feed *feed = &w->feed;
	unsigned long flags;
	u64 sent;
	int ret;

	if (!feed_has(feed, rx))
		return -EINVAL;

	do {
		sent = watch_copy(w, value, &rx->seen);
		if (sent != rx->seen) {
			rx->seen = sent;
			return 0;
		}
		raw_spin_lock_irqsave(&feed->lock, flags);
		ret = feed_look(rx);
		raw_spin_unlock_irqrestore(&feed->lock, flags);
	} while (!ret);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(ktask_watch_try_recv, KTASK_NS);

/**
 * ktask_watch_recv_until - have the calling thread wait for another value
 * @w: the watch
 * @rx: a receiver of it
 * @value: where to copy the latest value
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * Context: process context, sleeps. Not in a resume function.
 * Return: 0; -EPIPE as ktask_watch_try_recv(); -ETIMEDOUT; -ERESTARTSYS if a
 * signal came first; -ECANCELED if the calling blocking task was aborted.
 */
int ktask_watch_recv_until(struct ktask_watch *w, struct ktask_receiver *rx,
			   void *value, unsigned int state, ktime_t deadline)
{
	int ret;

	might_sleep();
	for (;;) {
		ret = ktask_watch_try_recv(w, rx, value);
		if (ret != -EAGAIN)
			return ret;
		ret = ktask_feed_wait_until(rx, state, deadline);
		if (ret)
			return ret;
	}
}
EXPORT_SYMBOL_NS_GPL(ktask_watch_recv_until, KTASK_NS);
