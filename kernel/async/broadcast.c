// SPDX-License-Identifier: GPL-2.0
/*
 * Broadcasts: see linux/ktask_broadcast.h. Value number n, counted from 0 by
 * feed.sent, is in slot n modulo the number of slots.
 */
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/string.h>

#include "feed.h"

static void *broadcast_slot(struct ktask_broadcast *b, u64 n)
{
	lockdep_assert_held(&b->feed.lock);
	return b->ring + (n & (b->slots - 1)) * b->size;
}

/**
 * ktask_broadcast_init - make a broadcast
 * @b: storage for it
 * @ring: storage for @slots values
 * @size: of a value, in bytes. Values are copied with interrupts off
 * @slots: how many values are kept; a power of two
 *
 * The caller has the first sender, to be put with ktask_feed_sender_put(); in
 * the end, ktask_feed_destroy().
 *
 * Context: any.
 * Return: 0, or -EINVAL if @slots is not a power of two.
 */
int ktask_broadcast_init(struct ktask_broadcast *b, void *ring, size_t size,
			 u32 slots)
{
	if (!is_power_of_2(slots))
		return -EINVAL;
	feed_init(&b->feed);
	b->ring = ring;
	b->size = size;
	b->slots = slots;
	return 0;
}
EXPORT_SYMBOL_NS_GPL(ktask_broadcast_init, KTASK_NS);

/**
 * ktask_broadcast_send - send a value to every receiver
 * @b: the broadcast; the caller has a sender
 * @value: the value, which is copied
 *
 * Context: any but NMI.
 * Return: how many receivers will see it, if they are not too slow.
 */
unsigned int ktask_broadcast_send(struct ktask_broadcast *b, const void *value)
{
	struct ktask_feed *feed = &b->feed;
	unsigned int receivers;
	unsigned long flags;
	LIST_HEAD(taken);

	raw_spin_lock_irqsave(&feed->lock, flags);
	memcpy(broadcast_slot(b, feed->sent), value, b->size);
	feed->sent++;
	receivers = feed->receivers;
	feed_take(feed, &taken);
	raw_spin_unlock_irqrestore(&feed->lock, flags);

	feed_tell(&taken, 0);
	return receivers;
}
EXPORT_SYMBOL_NS_GPL(ktask_broadcast_send, KTASK_NS);

/**
 * ktask_broadcast_try_recv - receive the next value, if there is one
 * @b: the broadcast
 * @rx: a receiver of it
 * @value: where to copy it
 *
 * Context: any but NMI; that of the receiver's task or thread.
 * Return: 0; -EOVERFLOW if the next values have been written over, see
 * ktask_broadcast_lost(), the oldest that is kept is the next now; -EAGAIN if
 * there is none, -EPIPE if there will be none, as all senders are gone.
 */
int ktask_broadcast_try_recv(struct ktask_broadcast *b,
			     struct ktask_receiver *rx, void *value)
{
	struct ktask_feed *feed = &b->feed;
	unsigned long flags;
	int ret;

	if (!feed_has(feed, rx))
		return -EINVAL;

	raw_spin_lock_irqsave(&feed->lock, flags);
	ret = feed_look(rx);
	if (!ret && feed->sent - rx->seen > b->slots) {
		rx->lost = feed->sent - rx->seen - b->slots;
		rx->seen += rx->lost;
		ret = -EOVERFLOW;
	} else if (!ret) {
		memcpy(value, broadcast_slot(b, rx->seen), b->size);
		rx->seen++;
	}
	raw_spin_unlock_irqrestore(&feed->lock, flags);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(ktask_broadcast_try_recv, KTASK_NS);

/**
 * ktask_broadcast_recv_until - have the calling thread receive the next value
 * @b: the broadcast
 * @rx: a receiver of it
 * @value: where to copy it
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * Context: process context, sleeps. Not in a resume function.
 * Return: 0; -EOVERFLOW and -EPIPE as ktask_broadcast_try_recv(); -ETIMEDOUT;
 * -ERESTARTSYS if a signal came first; -ECANCELED if the calling blocking task
 * was aborted.
 */
int ktask_broadcast_recv_until(struct ktask_broadcast *b,
			       struct ktask_receiver *rx, void *value,
			       unsigned int state, ktime_t deadline)
{
	int ret;

	might_sleep();
	for (;;) {
		ret = ktask_broadcast_try_recv(b, rx, value);
		if (ret != -EAGAIN)
			return ret;
		ret = ktask_feed_wait_until(rx, state, deadline);
		if (ret)
			return ret;
	}
}
EXPORT_SYMBOL_NS_GPL(ktask_broadcast_recv_until, KTASK_NS);
