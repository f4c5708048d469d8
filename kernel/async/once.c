// SPDX-License-Identifier: GPL-2.0
/*
 * Once cells: see linux/ktask_once.h.
 *
 * state, changed under once->queue.lock:
 *
 *	EMPTY	request	BUSY	the turn is his
 *		set	SET
 *	BUSY	request		he waits
 *		leave		the turn is that of the first who waits,
 *			EMPTY	... or nobody's, if nobody does
 *		finish	SET	all who wait are told
 *	SET	nothing changes it
 */
#include <linux/kernel.h>

#include "../engine/engine.h"
#include "queue.h"

enum { ONCE_EMPTY, ONCE_BUSY, ONCE_SET };

/* What a request is granted with. */
enum { VALUE_THERE, MY_TURN };

static struct ktask_once_turn *turn_of(struct ktask_request *r)
{
	return container_of(r, struct ktask_once_turn, wait.request);
}

static bool once_withdraw(struct ktask_request *r)
{
	struct ktask_once_turn *turn = turn_of(r);
	struct ktask_once *once = turn->once;
	unsigned long flags;
	bool withdrawn;

	raw_spin_lock_irqsave(&once->queue.lock, flags);
	withdrawn = queue_remove(&once->queue, &turn->wait);
	raw_spin_unlock_irqrestore(&once->queue.lock, flags);
	return withdrawn;
}

/* The turn passes on; a value remains. */
static void once_give_back(struct ktask_request *r)
{
	struct ktask_once *once = turn_of(r)->once;
	struct ktask_queued *w;
	unsigned long flags;
	LIST_HEAD(next);

	if (ktask_request_status(r) != MY_TURN)
		return;
	raw_spin_lock_irqsave(&once->queue.lock, flags);
	w = queue_first(&once->queue);
	if (w)
		queue_take(&once->queue, w, &next);
	else
		WRITE_ONCE(once->state, ONCE_EMPTY);
	raw_spin_unlock_irqrestore(&once->queue.lock, flags);
	queue_complete(&next, MY_TURN);
}

static const struct ktask_request_ops once_ops = {
	.withdraw = once_withdraw,
	.give_back = once_give_back,
};

static void once_store(struct ktask_once *once, void *value)
{
	lockdep_assert_held(&once->queue.lock);
	once->value = value;
	/* Pairs with ktask_once_is_set(). */
	smp_store_release(&once->state, ONCE_SET);
}

/**
 * ktask_once_init - make an empty cell
 * @once: storage for it
 *
 * Holds no resources, but see ktask_once_destroy().
 *
 * Context: any.
 */
void ktask_once_init(struct ktask_once *once)
{
	queue_init(&once->queue);
	once->state = ONCE_EMPTY;
	once->value = NULL;
}
EXPORT_SYMBOL_NS_GPL(ktask_once_init, KTASK_NS);

/**
 * ktask_once_destroy - say that a cell will not be used any more
 * @once: the cell; its value is the caller's to free, see ktask_once_get()
 *
 * Warns if somebody has the turn or waits, and refuses who waits with
 * -ESHUTDOWN.
 *
 * Context: any but NMI.
 */
void ktask_once_destroy(struct ktask_once *once)
{
	WARN_ONCE(READ_ONCE(once->state) == ONCE_BUSY,
		  "ktask: once cell destroyed while somebody has the turn\n");
	queue_destroy(&once->queue);
}
EXPORT_SYMBOL_NS_GPL(ktask_once_destroy, KTASK_NS);

/**
 * ktask_once_request - ask for the value, or the turn to make it
 * @once: the cell
 * @turn: who asks, in the frame of @t; not in use
 * @t: the task that it belongs to; NULL if the caller sees to it itself
 *
 * Does not wait: that is what KTASK_ONCE_ENTER() does with what this returns, or
 * a select. To stop waiting, ktask_once_leave(); also before @turn is used
 * again.
 *
 * Context: the body of @t, or its maker before ktask_start(); with NULL for it,
 * any but NMI.
 * Return: the request, part of @turn. It is granted with 1 if the turn is the
 * caller's, and with 0 if the value is there.
 */
struct ktask_request *ktask_once_request(struct ktask_once *once,
					 struct ktask_once_turn *turn,
					 struct ktask *t)
{
	long status = -EINPROGRESS;
	unsigned long flags;

	queue_begin(&turn->wait, t, &once_ops);
	turn->once = once;
	if (ktask_once_is_set(once)) {
		queue_settle(&turn->wait, VALUE_THERE);
		return &turn->wait.request;
	}
	raw_spin_lock_irqsave(&once->queue.lock, flags);
	switch (once->state) {
	case ONCE_EMPTY:
		WRITE_ONCE(once->state, ONCE_BUSY);
		status = MY_TURN;
		break;
	case ONCE_BUSY:
		queue_add(&once->queue, &turn->wait);
		break;
	case ONCE_SET:
		status = VALUE_THERE;
		break;
	}
	raw_spin_unlock_irqrestore(&once->queue.lock, flags);
	if (status != -EINPROGRESS)
		queue_settle(&turn->wait, status);
	return &turn->wait.request;
}
EXPORT_SYMBOL_NS_GPL(ktask_once_request, KTASK_NS);

/* Of who has the value, nothing remains to be seen to. */
void __ktask_once_entered(struct ktask_once_turn *turn)
{
	if (!ktask_once_my_turn(turn))
		ktask_request_forget(&turn->wait.request);
}
EXPORT_SYMBOL_NS_GPL(__ktask_once_entered, KTASK_NS);

/**
 * ktask_once_enter_until - have the calling thread wait for the value or its turn
 * @once: the cell
 * @turn: who waits
 * @t: the blocking task that calls this, with whose end the turn passes on; or
 *	NULL, then it takes ktask_once_finish() or ktask_once_leave()
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * Context: process context, sleeps. Not in a resume function.
 * Return: 1 if it is the caller's turn to make the value, 0 if it is there;
 * -ETIMEDOUT; -ERESTARTSYS if a signal came first; -ECANCELED if the calling
 * blocking task was aborted.
 */
int ktask_once_enter_until(struct ktask_once *once,
			   struct ktask_once_turn *turn, struct ktask *t,
			   unsigned int state, ktime_t deadline)
{
	struct ktask_request *r = ktask_once_request(once, turn, t);
	int ret = ktask_request_wait_until(r, state, deadline);

	__ktask_once_entered(turn);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(ktask_once_enter_until, KTASK_NS);

/**
 * ktask_once_finish - set the value that it was one's turn to make
 * @turn: who has the turn; may be used again afterwards
 * @value: the value
 *
 * All who wait go on. What was done before is visible to whoever gets the value.
 *
 * Context: the body of its task; if it has none, any but NMI.
 */
void ktask_once_finish(struct ktask_once_turn *turn, void *value)
{
	struct ktask_once *once = turn->once;
	unsigned long flags;
	LIST_HEAD(others);

	if (WARN_ON_ONCE(!ktask_once_my_turn(turn)))
		return;
	ktask_request_forget(&turn->wait.request);
	raw_spin_lock_irqsave(&once->queue.lock, flags);
	once_store(once, value);
	queue_take_all(&once->queue, &others);
	raw_spin_unlock_irqrestore(&once->queue.lock, flags);
	queue_complete(&others, VALUE_THERE);
}
EXPORT_SYMBOL_NS_GPL(ktask_once_finish, KTASK_NS);

/**
 * ktask_once_set - set the value of an empty cell
 * @once: the cell
 * @value: the value
 *
 * Context: any but NMI.
 * Return: 0; -EEXIST if it has a value; -EBUSY if it is somebody's turn to make
 * one.
 */
int ktask_once_set(struct ktask_once *once, void *value)
{
	unsigned long flags;
	int err = 0;

	raw_spin_lock_irqsave(&once->queue.lock, flags);
	if (once->state == ONCE_EMPTY)
		once_store(once, value);
	else
		err = once->state == ONCE_SET ? -EEXIST : -EBUSY;
	raw_spin_unlock_irqrestore(&once->queue.lock, flags);
	return err;
}
EXPORT_SYMBOL_NS_GPL(ktask_once_set, KTASK_NS);

/**
 * ktask_once_is_set - whether a cell has a value
 * @once: the cell
 *
 * Context: any.
 * Return: true from the moment on when its value may be read.
 */
bool ktask_once_is_set(const struct ktask_once *once)
{
	/* Pairs with once_store(). */
	return smp_load_acquire(&once->state) == ONCE_SET;
}
EXPORT_SYMBOL_NS_GPL(ktask_once_is_set, KTASK_NS);

/**
 * ktask_once_get - the value of a cell
 * @once: the cell
 *
 * Context: any.
 * Return: the value, or NULL if there is none yet.
 */
void *ktask_once_get(const struct ktask_once *once)
{
	return ktask_once_is_set(once) ? once->value : NULL;
}
EXPORT_SYMBOL_NS_GPL(ktask_once_get, KTASK_NS);
