// SPDX-License-Identifier: GPL-2.0
/*
 * Futures: a value that will be there once, and those who wait for it.
 *
 * The head of a future is one word:
 *
 *	0		not complete, nobody waits
 *	pointer		not complete, list of waiters, last come first
 *	... | 1		locked: somebody changes the list (bit spinlock)
 *	2		complete
 *
 * A bit lock, because a future must be small, and because "complete" and
 * "unlocked" can then be one store: once a consumer sees it, the completer is
 * done with the future and the consumer may free it. With a lock beside the
 * state, the consumer would have to take the lock once more to know that. The
 * lock is a leaf: nothing is called under it, so lockdep has nothing to see. Who
 * has the lock stores the word as a whole, as others read it meanwhile.
 *
 * Interrupts are off under the lock, because an interrupt handler may complete
 * a future that the code it interrupts is adding a waiter to.
 */
#include "engine.h"

static unsigned long *future_head(struct ktask_future *f)
{
	return (unsigned long *)&f->head.first;
}

/*
 * What the head is but for the lock, which the caller has. Others change nothing
 * else: they try to set the bit that is set.
 */
static unsigned long future_locked_head(struct ktask_future *f)
{
	return READ_ONCE(*future_head(f)) & ~LIST_BL_LOCKMASK;
}

static unsigned long future_lock(struct ktask_future *f)
	__acquires(bitlock)
{
	unsigned long flags;

	local_irq_save(flags);
	hlist_bl_lock(&f->head);
	return flags;
}

/*
 * Unlock, and have @head in place of what there was, in one store. If it says that
 * the future is complete, the value is published, and nobody touches @f after it.
 */
static void future_unlock_to(struct ktask_future *f, unsigned long flags,
			     unsigned long head)
	__releases(bitlock)
{
	/* Pairs with the acquire of the lock and in ktask_future_done(). */
	smp_store_release(future_head(f), head);
	preempt_enable();
	__release(bitlock);
	local_irq_restore(flags);
}

static void future_unlock(struct ktask_future *f, unsigned long flags)
	__releases(bitlock)
{
	future_unlock_to(f, flags, future_locked_head(f));
}

/* Who came first is called first. */
static struct hlist_bl_node *reverse(struct hlist_bl_node *n)
{
	struct hlist_bl_node *first = NULL;

	while (n) {
		struct hlist_bl_node *next = n->next;

		n->next = first;
		first = n;
		n = next;
	}
	return first;
}

/* From the moment a waiter is called it is not ours any more. */
static void notify_all(struct hlist_bl_node *n, long value)
{
	n = reverse(n);
	while (n) {
		struct ktask_waiter *w;

		w = hlist_bl_entry(n, struct ktask_waiter, node);
		n = n->next;
		w->notify(w, value);
	}
}

/**
 * ktask_future_complete - give a future its value
 * @f: the future
 * @value: its value, by custom a negative errno for an error
 *
 * Calls the callbacks of all waiters, in the order in which they came, before
 * it returns. Does not touch @f after it is seen to be complete.
 *
 * Context: any but NMI.
 * Return: true if this call completed it; false if it was complete already, and
 * keeps the value it had.
 */
bool ktask_future_complete(struct ktask_future *f, long value)
{
	struct hlist_bl_node *waiters;
	unsigned long flags;

	flags = future_lock(f);
	if (ktask_future_done(f)) {
		future_unlock(f, flags);
		return false;
	}
	f->value = value;
	waiters = (struct hlist_bl_node *)future_locked_head(f);
	future_unlock_to(f, flags, __KTASK_FUTURE_DONE);

	notify_all(waiters, value);
	return true;
}
EXPORT_SYMBOL_NS_GPL(ktask_future_complete, KTASK_NS);

/*
 * The rest of future_complete_stored(), where somebody waits, or is about to. The list
 * is taken in one step, so there is no need of the lock, but that somebody else may
 * have it for an instant: not whom we have interrupted, for interrupts are off then.
 */
void future_complete_waited(struct ktask_future *f)
{
	unsigned long *head = future_head(f);
	unsigned long old = READ_ONCE(*head);
	long value = f->value;

	/*
	 * The release pairs with the acquire in ktask_future_done(), the acquire
	 * with the release of the lock by who has added a waiter.
	 */
	while (old & LIST_BL_LOCKMASK ||
	       !try_cmpxchg(head, &old, __KTASK_FUTURE_DONE)) {
		if (old & LIST_BL_LOCKMASK) {
			cpu_relax();
			old = READ_ONCE(*head);
		}
	}
	notify_all((struct hlist_bl_node *)old, value);
}

/**
 * ktask_future_add - have a callback called when a future is complete
 * @f: the future
 * @waiter: storage that stays valid until @notify is called, or
 *	ktask_future_remove() has returned true
 * @notify: called once, in the context of whoever completes @f
 *
 * Context: any but NMI.
 * Return: true if @notify will be called; false if @f is complete already, then
 * it will not.
 */
bool ktask_future_add(struct ktask_future *f, struct ktask_waiter *waiter,
		      ktask_notify_t notify)
{
	struct hlist_bl_node *first;
	unsigned long flags;

	INIT_HLIST_BL_NODE(&waiter->node);
	waiter->notify = notify;
	if (ktask_future_done(f))
		return false;

	flags = future_lock(f);
	if (ktask_future_done(f)) {
		future_unlock(f, flags);
		return false;
	}
	first = (struct hlist_bl_node *)future_locked_head(f);
	waiter->node.next = first;
	waiter->node.pprev = &f->head.first;
	if (first)
		first->pprev = &waiter->node.next;
	future_unlock_to(f, flags, (unsigned long)&waiter->node);
	return true;
}
EXPORT_SYMBOL_NS_GPL(ktask_future_add, KTASK_NS);

/**
 * ktask_future_remove - take a waiter back
 * @f: the future it was added to; must still be there
 * @waiter: the waiter
 *
 * Context: any but NMI.
 * Return: true if the callback will not be called any more; false if it has
 * been, is being, or is just about to be, by somebody else: only the callback
 * itself can tell when @waiter is free.
 */
bool ktask_future_remove(struct ktask_future *f, struct ktask_waiter *waiter)
{
	struct hlist_bl_node *node = &waiter->node;
	unsigned long flags, head;

	if (ktask_future_done(f))
		return false;

	flags = future_lock(f);
	if (ktask_future_done(f)) {
		future_unlock(f, flags);
		return false;
	}
	head = future_locked_head(f);
	if (node->next)
		node->next->pprev = node->pprev;
	if (node->pprev == &f->head.first)
		head = (unsigned long)node->next;
	else if (node->pprev)
		*node->pprev = node->next;
	INIT_HLIST_BL_NODE(node);
	future_unlock_to(f, flags, head);
	return true;
}
EXPORT_SYMBOL_NS_GPL(ktask_future_remove, KTASK_NS);
