// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts: see linux/ktask_irq.h.
 *
 * A waiter advances its own count when it is told, and takes that back if it is
 * dropped; so an aborted task, or a select that another arm has won, loses none.
 */
#include <linux/ktask_irq.h>

#include "../compat.h"

/*
 * Tell @w what it has not been told of.
 * Return: how often, or why it will be told no more; or 0, if it has to wait.
 */
static int irq_tell(struct ktask_irq_wait *w)
{
	struct ktask_irq *ki = w->ki;
	int news;

	lockdep_assert_held(&ki->lock);
	news = min_t(u64, ki->count - w->seen, INT_MAX);
	if (!news && ki->freed)
		return -ESHUTDOWN;
	w->seen += news;
	return news;
}

/* Take all waiters off the queue; they stay until they are told, each its own. */
static void irq_take_all(struct ktask_irq *ki, struct list_head *told)
{
	struct ktask_irq_wait *w;

	lockdep_assert_held(&ki->lock);
	list_splice_init(&ki->waiters, told);
	list_for_each_entry(w, told, node) {
		w->waiting = false;
		w->news = irq_tell(w);
	}
}

/* Not under the lock; each is gone when it has been told. */
static void irq_complete_all(struct list_head *told)
{
	struct ktask_irq_wait *w, *next;

	list_for_each_entry_safe(w, next, told, node)
		ktask_future_complete(&w->request.done, w->news);
}

/* In hard interrupt context, or in the thread of the interrupt. */
static irqreturn_t irq_occurred(int irq, void *arg)
{
	struct ktask_irq *ki = arg;
	unsigned long flags;
	LIST_HEAD(told);

	if (ki->check && ki->check(irq, ki->dev) == IRQ_NONE)
		return IRQ_NONE;

	spin_lock_irqsave(&ki->lock, flags);
	ki->count++;
	irq_take_all(ki, &told);
	spin_unlock_irqrestore(&ki->lock, flags);
	irq_complete_all(&told);
	return IRQ_HANDLED;
}

static void irq_setup(struct ktask_irq *ki, unsigned int irq,
		      irq_handler_t check, void *dev)
{
	spin_lock_init(&ki->lock);
	INIT_LIST_HEAD(&ki->waiters);
	ki->count = 0;
	ki->freed = false;
	ki->check = check;
	ki->irq = irq;
	ki->dev = dev;
}

/**
 * ktask_irq_request - have an interrupt be awaitable
 * @ki: storage for it
 * @irq: the interrupt line
 * @check: called when it occurs, in hard interrupt context, with @irq and @dev;
 *	or NULL. Quiets the device, which one that raises a level needs, and
 *	tells by IRQ_NONE that it was another that shares the line, which is not
 *	counted
 * @flags: IRQF_*, as for request_irq()
 * @name: as for request_irq(); must stay
 * @dev: for @check
 *
 * Context: process context, sleeps.
 * Return: 0, or as request_irq().
 */
int ktask_irq_request(struct ktask_irq *ki, unsigned int irq,
		      irq_handler_t check, unsigned long flags,
		      const char *name, void *dev)
{
	irq_setup(ki, irq, check, dev);
	return request_irq(irq, irq_occurred, flags, name, ki);
}
EXPORT_SYMBOL_NS_GPL(ktask_irq_request, KTASK_NS);

/**
 * ktask_irq_request_threaded - the same, in a thread of the interrupt's
 * @ki: storage for it
 * @irq: the interrupt line
 * @check: as for ktask_irq_request(), but may sleep; the line is masked until it
 *	has returned
 * @flags: IRQF_*; IRQF_ONESHOT is added
 * @name: as for request_threaded_irq(); must stay
 * @dev: for @check
 *
 * For devices that are behind a slow bus.
 *
 * Context: process context, sleeps.
 * Return: 0, or as request_threaded_irq().
 */
int ktask_irq_request_threaded(struct ktask_irq *ki, unsigned int irq,
			       irq_handler_t check, unsigned long flags,
			       const char *name, void *dev)
{
	irq_setup(ki, irq, check, dev);
	return request_threaded_irq(irq, NULL, irq_occurred,
				    flags | IRQF_ONESHOT, name, ki);
}
EXPORT_SYMBOL_NS_GPL(ktask_irq_request_threaded, KTASK_NS);

/**
 * ktask_irq_free - have an interrupt not be awaitable any more
 * @ki: the interrupt, requested
 *
 * Those who await it, now or later, get -ESHUTDOWN. As with free_irq(), the
 * handler has returned when this does. The storage must stay as long as somebody
 * may await it.
 *
 * Context: process context, sleeps.
 */
void ktask_irq_free(struct ktask_irq *ki)
{
	LIST_HEAD(told);

	free_irq(ki->irq, ki);
	spin_lock_irq(&ki->lock);
	ki->freed = true;
	irq_take_all(ki, &told);
	spin_unlock_irq(&ki->lock);
	irq_complete_all(&told);
}
EXPORT_SYMBOL_NS_GPL(ktask_irq_free, KTASK_NS);

/**
 * ktask_irq_count - how often an interrupt has occurred
 * @ki: the interrupt
 *
 * Context: any but NMI.
 * Return: the count since it was requested.
 */
u64 ktask_irq_count(struct ktask_irq *ki)
{
	unsigned long flags;
	u64 count;

	spin_lock_irqsave(&ki->lock, flags);
	count = ki->count;
	spin_unlock_irqrestore(&ki->lock, flags);
	return count;
}
EXPORT_SYMBOL_NS_GPL(ktask_irq_count, KTASK_NS);

/**
 * ktask_irq_wait_init - begin with what occurs from now on
 * @w: the request, not in use
 * @ki: the interrupt
 *
 * One that is all zero begins with what has occurred since @ki was requested.
 *
 * Context: any but NMI.
 */
void ktask_irq_wait_init(struct ktask_irq_wait *w, struct ktask_irq *ki)
{
	w->seen = ktask_irq_count(ki);
}
EXPORT_SYMBOL_NS_GPL(ktask_irq_wait_init, KTASK_NS);

static bool irq_withdraw(struct ktask_request *r)
{
	struct ktask_irq_wait *w = container_of(r, struct ktask_irq_wait,
						request);
	struct ktask_irq *ki = w->ki;
	unsigned long flags;
	bool waiting;

	spin_lock_irqsave(&ki->lock, flags);
	waiting = w->waiting;
	if (waiting)
		list_del(&w->node);
	spin_unlock_irqrestore(&ki->lock, flags);
	return waiting;
}

/* It has not been told after all. Only the owner of @r looks at what it saw. */
static void irq_give_back(struct ktask_request *r)
{
	struct ktask_irq_wait *w = container_of(r, struct ktask_irq_wait,
						request);

	w->seen -= ktask_future_value(&r->done);
}

static const struct ktask_request_ops irq_ops = {
	.withdraw = irq_withdraw,
	.give_back = irq_give_back,
};

/**
 * ktask_irq_start - begin to wait for an interrupt
 * @w: the request, in the frame of @t; not in use
 * @t: the task, or NULL for a thread
 * @ki: the interrupt; always the same for one @w
 *
 * Granted at once if the interrupt has occurred since @w was last told.
 *
 * Context: the body of @t, or the thread.
 * Return: the request, to be awaited, or one of several. When it has been
 * granted, ktask_request_forget() takes note, and ktask_request_drop() leaves it
 * for the next time.
 */
struct ktask_request *ktask_irq_start(struct ktask_irq_wait *w,
				      struct ktask *t, struct ktask_irq *ki)
{
	unsigned long flags;
	int news;

	ktask_request_init(&w->request, t, &irq_ops);
	w->ki = ki;
	spin_lock_irqsave(&ki->lock, flags);
	news = irq_tell(w);
	w->waiting = !news;
	if (!news)
		list_add_tail(&w->node, &ki->waiters);
	spin_unlock_irqrestore(&ki->lock, flags);
	if (news)
		ktask_future_complete(&w->request.done, news);
	return &w->request;
}
EXPORT_SYMBOL_NS_GPL(ktask_irq_start, KTASK_NS);

/**
 * ktask_irq_wait_until - have the calling thread wait for an interrupt
 * @w: the request, of the thread; not in use
 * @ki: the interrupt; always the same for one @w
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * Context: process context, sleeps. Not in a resume function.
 * Return: how often it has occurred since @w was last told, at most INT_MAX;
 * -ESHUTDOWN; or as ktask_future_wait_until().
 */
int ktask_irq_wait_until(struct ktask_irq_wait *w, struct ktask_irq *ki,
			 unsigned int state, ktime_t deadline)
{
	int news;

	ktask_irq_start(w, NULL, ki);
	news = ktask_request_wait_until(&w->request, state, deadline);
	ktask_request_forget(&w->request);
	return news;
}
EXPORT_SYMBOL_NS_GPL(ktask_irq_wait_until, KTASK_NS);
