// SPDX-License-Identifier: GPL-2.0
/*
 * Task sets: who waits for their tasks. See linux/ktask_set.h, and set.h for
 * what is where.
 *
 * A task that is granted to a joiner counts in set->len until it is taken: it
 * may come back. So the other joiners hear that nothing is left only when that
 * is true for good.
 */
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/sched.h>

#include "../engine/engine.h"
#include "async.h"
#include "set.h"

/* How many tasks a joiner runs, at most, before it waits for the first to end. */
#define SET_HELP	8

/* --- What is told without the lock ----------------------------------------- */

/* @w, which waits, will hear @value. */
static void set_answer(struct ktask_set_wait *w, long value,
		       struct set_news *news)
{
	lockdep_assert_held(&w->set->lock);
	w->waiting = false;
	w->value = value;
	list_move_tail(&w->node, &news->waits);
}

void set_tell_news(struct set_news *news)
{
	struct ktask_set_task *opened = news->opened;
	struct ktask_set_wait *w, *next;

	list_for_each_entry_safe(w, next, &news->waits, node)
		ktask_future_complete(&w->request.done, w->value);
	if (opened) {
		ktask_future_complete(&opened->gate, 0);
		ktask_put(opened->entry.t);
	}
}

/* --- Who gets what --------------------------------------------------------- */

/* @st is there to be joined: by who waits for it, or whoever comes. */
void set_offer(struct ktask_set *set, struct ktask_set_task *st, bool front,
	       struct set_news *news)
{
	struct ktask_set_wait *w;

	lockdep_assert_held(&set->lock);
	w = list_first_entry_or_null(&set->joiners, struct ktask_set_wait,
				     node);
	if (w) {
		w->got = st;
		set_answer(w, 0, news);
		return;
	}
	if (front)
		list_add(&st->entry.node, &set->ended);
	else
		list_add_tail(&st->entry.node, &set->ended);
	set->nr_ended++;
}

/* Return: the first that has ended, or NULL. */
static struct ktask_set_task *set_pop(struct ktask_set *set)
{
	struct ktask_set_task *st;

	lockdep_assert_held(&set->lock);
	st = list_first_entry_or_null(&set->ended, struct ktask_set_task,
				      entry.node);
	if (st) {
		list_del(&st->entry.node);
		set->nr_ended--;
	}
	return st;
}

void set_refuse_joiners(struct ktask_set *set, long why,
			struct set_news *news)
{
	struct ktask_set_wait *w, *next;

	lockdep_assert_held(&set->lock);
	list_for_each_entry_safe(w, next, &set->joiners, node)
		set_answer(w, why, news);
}

/* One of the counts is 0. */
void set_counted_none(struct ktask_set *set, struct set_news *news)
{
	struct ktask_set_wait *w, *next;

	lockdep_assert_held(&set->lock);
	if (!set->len)
		set_refuse_joiners(set, -ENOENT, news);
	if (set->live)
		return;
	list_for_each_entry_safe(w, next, &set->idlers, node)
		set_answer(w, 0, news);
}

/* --- Requests -------------------------------------------------------------- */

static struct ktask_set_wait *to_wait(struct ktask_request *r)
{
	return container_of(r, struct ktask_set_wait, request);
}

static bool set_wait_withdraw(struct ktask_request *r)
{
	struct ktask_set_wait *w = to_wait(r);
	struct ktask_set *set = w->set;
	unsigned long flags;
	bool waiting;

	spin_lock_irqsave(&set->lock, flags);
	waiting = w->waiting;
	if (waiting) {
		list_del(&w->node);
		w->waiting = false;
	}
	spin_unlock_irqrestore(&set->lock, flags);
	return waiting;
}

/* What was granted has not been taken: it is the first again. */
static void join_next_give_back(struct ktask_request *r)
{
	struct ktask_set_wait *w = to_wait(r);
	struct ktask_set_task *st = w->got;
	struct ktask_set *set = w->set;
	struct set_news news;
	unsigned long flags;

	w->got = NULL;
	set_news_init(&news);
	spin_lock_irqsave(&set->lock, flags);
	if (set->dying) {
		set->len--;
		set_bury(set, st);
	} else {
		set_offer(set, st, true, &news);
	}
	spin_unlock_irqrestore(&set->lock, flags);
	set_tell(&news);
}

static const struct ktask_request_ops join_next_ops = {
	.withdraw = set_wait_withdraw,
	.give_back = join_next_give_back,
};

static const struct ktask_request_ops wait_idle_ops = {
	.withdraw = set_wait_withdraw,
};

static void set_wait_init(struct ktask_set_wait *w, struct ktask *t,
			  struct ktask_set *set,
			  const struct ktask_request_ops *ops)
{
	ktask_request_init(&w->request, t, ops);
	w->set = set;
	w->waiting = false;
	w->got = NULL;
}

static void set_enqueue(struct ktask_set_wait *w, struct list_head *queue)
{
	lockdep_assert_held(&w->set->lock);
	w->waiting = true;
	list_add_tail(&w->node, queue);
}

/**
 * ktask_set_join_next_start - ask for a task that has ended
 * @w: storage for it, in the frame of @t; not in use
 * @t: the task that asks, or NULL for a thread
 * @set: the set
 *
 * What KTASK_JOIN_NEXT() does first; by itself for a select. What it is granted
 * is taken by ktask_set_take().
 *
 * Context: the body of @t, or the thread.
 * Return: the request; its status as ktask_set_wait_status().
 */
struct ktask_request *ktask_set_join_next_start(struct ktask_set_wait *w,
						struct ktask *t,
						struct ktask_set *set)
{
	unsigned long flags;
	bool waits = false;
	long value = 0;

	set_wait_init(w, t, set, &join_next_ops);
	spin_lock_irqsave(&set->lock, flags);
	w->got = set_pop(set);
	if (!w->got) {
		set_take_in(set);
		if (set->dying)
			value = -ESHUTDOWN;
		else if (!set->len)
			value = -ENOENT;
		else
			waits = true;
	}
	if (waits)
		set_enqueue(w, &set->joiners);
	spin_unlock_irqrestore(&set->lock, flags);
	if (!waits)
		ktask_future_complete(&w->request.done, value);
	return &w->request;
}
EXPORT_SYMBOL_NS_GPL(ktask_set_join_next_start, KTASK_NS);

/* A task is being joined. */
static void set_leave(struct ktask_set *set, struct set_news *news)
{
	lockdep_assert_held(&set->lock);
	set->len--;
	set_counted(set, news);
}

/* Return: the task, for who has joined it. Process context. */
static struct ktask *set_task_joined(struct ktask_set_task *st, u64 *id)
{
	if (id)
		*id = st->id;
	task_settle(st->entry.t);
	return st->entry.t;
}

/**
 * ktask_set_take - take the task that a join was granted
 * @w: the join
 * @id: where to put its number in the set, or NULL
 *
 * Context: the body that has asked, or the thread; process context. Once.
 * Return: the task, which has ended, with a reference for the caller; NULL if
 * the join was not granted one.
 */
struct ktask *ktask_set_take(struct ktask_set_wait *w, u64 *id)
{
	struct ktask_set_task *st = w->got;
	struct ktask_set *set = w->set;
	struct set_news news;
	unsigned long flags;

	if (ktask_request_status(&w->request) || !st)
		return NULL;
	w->got = NULL;
	ktask_request_forget(&w->request);

	set_news_init(&news);
	spin_lock_irqsave(&set->lock, flags);
	set_leave(set, &news);
	spin_unlock_irqrestore(&set->lock, flags);
	set_tell(&news);
	return set_task_joined(st, id);
}
EXPORT_SYMBOL_NS_GPL(ktask_set_take, KTASK_NS);

/**
 * ktask_set_wait_idle_start - ask to be told when all tasks of a set have ended
 * @w: storage for it, in the frame of @t; not in use
 * @t: the task that asks, or NULL for a thread
 * @set: the set
 *
 * What KTASK_SET_WAIT_IDLE() does first; by itself for a select.
 *
 * Context: the body of @t, or the thread.
 * Return: the request, granted when all have ended.
 */
struct ktask_request *ktask_set_wait_idle_start(struct ktask_set_wait *w,
						struct ktask *t,
						struct ktask_set *set)
{
	unsigned long flags;
	bool waits;

	set_wait_init(w, t, set, &wait_idle_ops);
	spin_lock_irqsave(&set->lock, flags);
	set_take_in(set);
	waits = set->live;
	if (waits)
		set_enqueue(w, &set->idlers);
	spin_unlock_irqrestore(&set->lock, flags);
	if (!waits)
		ktask_future_complete(&w->request.done, 0);
	return &w->request;
}
EXPORT_SYMBOL_NS_GPL(ktask_set_wait_idle_start, KTASK_NS);

/* An await is over. */
void __ktask_set_idle_awaited(struct ktask_set_wait *w)
{
	if (ktask_request_status(&w->request))
		return;
	ktask_request_forget(&w->request);
	set_drain(w->set);
}
EXPORT_SYMBOL_NS_GPL(__ktask_set_idle_awaited, KTASK_NS);

/* --- Threads --------------------------------------------------------------- */

/* Return: a task that waits for a CPU, for @taker to run; or NULL. */
static struct ktask_set_task *set_find_ready(struct ktask_set *set,
					     struct set_taker *taker)
{
	struct ktask_set_task *st;
	int left = SET_HELP;
	struct set_entry *e;

	lockdep_assert_held(&set->lock);
	/* The newest: executors begin at the other end. */
	hlist_for_each_entry(e, &set->tasks, live) {
		if (!left--)
			break;
		if (!e->t || !task_may_be_helped(e->t))
			continue;
		st = container_of(e, struct ktask_set_task, entry);
		if (st->taker)
			continue;
		taker->got = false;
		taker->over = false;
		st->taker = taker;
		return st;
	}
	return NULL;
}

/*
 * Return: a task that has ended, and is joined; or NULL, then @ready is one for
 * @taker to run, or NULL.
 */
static struct ktask_set_task *set_join_now(struct ktask_set *set,
					   struct set_taker *taker,
					   struct ktask_set_task **ready)
{
	struct ktask_set_task *st;
	struct set_news news;

	*ready = NULL;
	set_news_init(&news);
	spin_lock_irq(&set->lock);
	st = set_pop(set);
	if (st) {
		set_leave(set, &news);
	} else {
		set_take_in(set);
		*ready = set_find_ready(set, taker);
	}
	spin_unlock_irq(&set->lock);
	set_tell(&news);
	return st;
}

/*
 * Run @st, which is for @taker, if that can still be done. Return: true if it has
 * ended, and is joined.
 */
static bool set_run(struct ktask_set *set, struct ktask_set_task *st,
		    struct set_taker *taker)
{
	ktask_help(st->entry.t);
	/* Pairs with set_tell_taker(). */
	if (!smp_load_acquire(&taker->over)) {
		spin_lock_irq(&set->lock);
		if (!taker->over)
			st->taker = NULL;
		spin_unlock_irq(&set->lock);
	}
	if (taker->over && !taker->got)
		ktask_put(st->entry.t);
	return taker->got;
}

/* Run tasks of the set until one has ended. Return: that, joined; or NULL. */
static struct ktask_set_task *set_help(struct ktask_set *set,
				       unsigned int state, ktime_t deadline)
{
	struct ktask_set_task *st, *ready;
	struct set_taker taker;
	int i;

	for (i = 0; i < SET_HELP; i++) {
		st = set_join_now(set, &taker, &ready);
		if (st || !ready)
			return st;
		if (set_run(set, ready, &taker))
			return ready;
		if (join_is_over(state, deadline))
			break;
	}
	return NULL;
}

/* The caller waits for tasks of @set. */
static void set_lockdep(struct ktask_set *set)
{
	struct ktask *t;

	if (!IS_ENABLED(CONFIG_LOCKDEP))
		return;
	t = set_newest(set);
	if (!t)
		return;
	join_lockdep(t);
	ktask_put(t);
}

/* Apart, as a kernel may clear the request even where nobody waits. */
static noinline int set_join_wait(struct ktask_set *set, struct ktask **t,
				  u64 *id, unsigned int state, ktime_t deadline)
{
	struct ktask_set_wait w;
	int err;

	ktask_set_join_next_start(&w, NULL, set);
	err = ktask_request_wait_until(&w.request, state, deadline);
	if (err)
		return err;
	*t = ktask_set_take(&w, id);
	return 0;
}

/**
 * ktask_set_join_next_until - wait for the next task of a set that ends
 * @set: the set
 * @t: where to put the task, which has ended, with a reference for the caller
 * @id: where to put its number in the set, or NULL
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * Each task of the set is given to one joiner, in the order in which they end.
 * May run tasks of the set in the calling thread, as ktask_join_until() does,
 * and all that is said there of a task that has ended is true for @t.
 *
 * Context: process context, sleeps. Not in a resume function: KTASK_JOIN_NEXT().
 * Return: 0; -ENOENT if no task is left in the set; -ESHUTDOWN if it is being
 * destroyed; -ETIMEDOUT; -ERESTARTSYS if a signal came first; -ECANCELED if the
 * calling blocking task was aborted. @t and @id are set only if it is 0.
 */
int ktask_set_join_next_until(struct ktask_set *set, struct ktask **t, u64 *id,
			      unsigned int state, ktime_t deadline)
{
	struct ktask_set_task *st;

	if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP))
		might_sleep();
	set_lockdep(set);
	st = set_help(set, state, deadline);
	if (!st)
		return set_join_wait(set, t, id, state, deadline);
	*t = set_task_joined(st, id);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(ktask_set_join_next_until, KTASK_NS);

/**
 * ktask_set_join_next - wait for the next task of a set that ends
 * @set: the set
 * @t: where to put the task, with a reference for the caller
 * @id: where to put its number in the set, or NULL
 *
 * Context: process context, sleeps.
 * Return: 0; -ENOENT if no task is left in the set; -ESHUTDOWN if it is being
 * destroyed.
 */
int ktask_set_join_next(struct ktask_set *set, struct ktask **t, u64 *id)
{
	return ktask_set_join_next_until(set, t, id, TASK_UNINTERRUPTIBLE,
					 KTIME_MAX);
}
EXPORT_SYMBOL_NS_GPL(ktask_set_join_next, KTASK_NS);

/**
 * ktask_set_join_next_interruptible - wait for the next task or a signal
 * @set: the set
 * @t: where to put the task, with a reference for the caller
 * @id: where to put its number in the set, or NULL
 *
 * Context: process context, sleeps.
 * Return: as ktask_set_join_next_until().
 */
int ktask_set_join_next_interruptible(struct ktask_set *set, struct ktask **t,
				      u64 *id)
{
	return ktask_set_join_next_until(set, t, id, TASK_INTERRUPTIBLE,
					 KTIME_MAX);
}
EXPORT_SYMBOL_NS_GPL(ktask_set_join_next_interruptible, KTASK_NS);

/**
 * ktask_set_join_next_killable - wait for the next task or a fatal signal
 * @set: the set
 * @t: where to put the task, with a reference for the caller
 * @id: where to put its number in the set, or NULL
 *
 * Context: process context, sleeps.
 * Return: as ktask_set_join_next_until().
 */
int ktask_set_join_next_killable(struct ktask_set *set, struct ktask **t,
				 u64 *id)
{
	return ktask_set_join_next_until(set, t, id, TASK_KILLABLE, KTIME_MAX);
}
EXPORT_SYMBOL_NS_GPL(ktask_set_join_next_killable, KTASK_NS);

/**
 * ktask_set_try_join_next - join a task of a set that has ended, if one has
 * @set: the set
 * @t: where to put the task, with a reference for the caller
 * @id: where to put its number in the set, or NULL
 *
 * Context: any but NMI.
 * Return: 0; -EAGAIN if none has ended; -ENOENT if no task is left in the set.
 */
int ktask_set_try_join_next(struct ktask_set *set, struct ktask **t, u64 *id)
{
	struct ktask_set_task *st;
	struct set_news news;
	unsigned long flags;
	int err = 0;

	set_news_init(&news);
	spin_lock_irqsave(&set->lock, flags);
	st = set_pop(set);
	if (st) {
		set_leave(set, &news);
	} else {
		set_take_in(set);
		err = set->len ? -EAGAIN : -ENOENT;
	}
	spin_unlock_irqrestore(&set->lock, flags);
	set_tell(&news);
	if (err)
		return err;
	if (id)
		*id = st->id;
	*t = st->entry.t;
	return 0;
}
EXPORT_SYMBOL_NS_GPL(ktask_set_try_join_next, KTASK_NS);

/**
 * ktask_set_wait_idle_until - wait until all tasks of a set have ended
 * @set: the set
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * They stay in the set, to be joined, unless it keeps no results. May run tasks
 * in the calling thread, as ktask_join_until() does. If tasks are spawned
 * meanwhile, there has been a moment when there was none.
 *
 * Context: process context, sleeps. Not in a resume function:
 * KTASK_SET_WAIT_IDLE().
 * Return: 0; -ETIMEDOUT; -ERESTARTSYS if a signal came first; -ECANCELED if the
 * calling blocking task was aborted.
 */
int ktask_set_wait_idle_until(struct ktask_set *set, unsigned int state,
			      ktime_t deadline)
{
	struct ktask_set_wait w;
	int err;

	if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP))
		might_sleep();
	set_help_all(set, state, deadline);
	ktask_set_wait_idle_start(&w, NULL, set);
	err = ktask_request_wait_until(&w.request, state, deadline);
	if (err)
		return err;
	set_drain(set);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(ktask_set_wait_idle_until, KTASK_NS);

/**
 * ktask_set_wait_idle - wait until all tasks of a set have ended
 * @set: the set
 *
 * See ktask_set_wait_idle_until().
 *
 * Context: process context, sleeps.
 */
void ktask_set_wait_idle(struct ktask_set *set)
{
	ktask_set_wait_idle_until(set, TASK_UNINTERRUPTIBLE, KTIME_MAX);
}
EXPORT_SYMBOL_NS_GPL(ktask_set_wait_idle, KTASK_NS);
