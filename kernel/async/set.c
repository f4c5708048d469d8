// SPDX-License-Identifier: GPL-2.0
/*
 * Task sets: their tasks. See linux/ktask_set.h, and set.h for what is where.
 *
 * The record of a task is behind its frame, so a spawn is one allocation. It
 * waits for the task's future; its callback runs in finish(), a moment
 * before the task is settled. So who takes a task in process context settles it;
 * and one that nobody takes is kept, in "over", until it has settled, so that
 * who waits for the set to be idle can wait for that as well. These are few, as
 * it takes a few instructions that are not preempted.
 *
 * A task at work is in "tasks" while its callback is to come; a held one is in
 * "held" too. Its gate is opened by who takes it from there. A held task that is
 * aborted ends with its gate closed.
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/sched.h>

#include "../engine/engine.h"
#include "async.h"
#include "set.h"

/* How many come in without the lock before one takes it, so that it is not long held. */
#define SET_INCOMING_MAX	32

/* How many that are over a task looks at when it ends: more than come in. */
#define SET_REAP	2

/* How often destroying a set that takes long says so, in seconds. */
#define SET_WARN_INTERVAL	10

/**
 * ktask_set_init - make an empty task set
 * @set: storage for it
 * @limit: how many of its tasks may be at work at once; 0: any number
 * @flags: %KTASK_SET_NO_RESULTS
 *
 * Context: any.
 */
void ktask_set_init(struct ktask_set *set, unsigned int limit,
		    unsigned int flags)
{
	WARN_ON_ONCE(flags & ~KTASK_SET_NO_RESULTS);
	memset(set, 0, sizeof(*set));
	spin_lock_init(&set->lock);
	set->flags = flags;
	set->limit = limit;
	INIT_HLIST_HEAD(&set->tasks);
	INIT_LIST_HEAD(&set->held);
	INIT_LIST_HEAD(&set->ended);
	INIT_LIST_HEAD(&set->over);
	INIT_LIST_HEAD(&set->joiners);
	INIT_LIST_HEAD(&set->idlers);
}
EXPORT_SYMBOL_NS_GPL(ktask_set_init, KTASK_NS);

static struct ktask_set_task *to_set_task(struct set_entry *e)
{
	return container_of(e, struct ktask_set_task, entry);
}

/* --- Those that come in ---------------------------------------------------- */

static void set_count_in(struct ktask_set *set, struct ktask_set_task *st)
{
	lockdep_assert_held(&set->lock);
	st->id = ++set->last_id;
	hlist_add_head(&st->entry.live, &set->tasks);
	set->len++;
	set->live++;
}

/* @chain: what was set->incoming, the newest first. */
void set_take_in_chain(struct ktask_set *set, struct llist_node *chain)
{
	struct ktask_set_task *st, *next;

	WRITE_ONCE(set->nr_incoming, 0);
	chain = llist_reverse_order(chain);
	llist_for_each_entry_safe(st, next, chain, entry.incoming) {
		set_count_in(set, st);
		st->state = SET_RUNNING;
		set->running++;
	}
}

/* Whoever spawns from now on is told that it is too late. */
static void set_close(struct ktask_set *set)
{
	struct llist_node *chain;

	lockdep_assert_held(&set->lock);
	chain = xchg(&set->incoming, SET_CLOSED);
	if (chain && chain != SET_CLOSED)
		set_take_in_chain(set, chain);
}

/**
 * ktask_set_len - how many tasks a set has
 * @set: the set
 *
 * Context: any but NMI.
 * Return: the tasks that were spawned and neither joined nor detached; of a set
 * that keeps no results, those that have not ended.
 */
unsigned int ktask_set_len(struct ktask_set *set)
{
	unsigned long flags;
	unsigned int len;

	spin_lock_irqsave(&set->lock, flags);
	set_take_in(set);
	len = set->len;
	spin_unlock_irqrestore(&set->lock, flags);
	return len;
}
EXPORT_SYMBOL_NS_GPL(ktask_set_len, KTASK_NS);

/* --- The end of a task ----------------------------------------------------- */

/* One of those at work is not any more: the first that is held may begin. */
static __always_inline void set_free_slot(struct ktask_set *set,
					  struct set_news *news)
{
	struct ktask_set_task *st;

	lockdep_assert_held(&set->lock);
	set->running--;
	st = list_first_entry_or_null(&set->held, struct ktask_set_task, held);
	if (!st)
		return;
	list_del(&st->held);
	st->state = SET_RUNNING;
	set->running++;
	/* Aborted, it may be joined and put before its gate is opened. */
	ktask_get(st->entry.t);
	news->opened = st;
}

/* The callback of @st is being called, or will not be. */
static __always_inline void set_unlink(struct ktask_set *set,
				       struct ktask_set_task *st,
				       struct set_news *news)
{
	lockdep_assert_held(&set->lock);
	/* Most often others have by then, so its end need not look for more. */
	if (unlikely(st->state == SET_INCOMING))
		set_take_in(set);
	hlist_del(&st->entry.live);
	if (st->state == SET_HELD)
		list_del(&st->held);
	else
		set_free_slot(set, news);
	st->state = SET_ENDED;
	set->live--;
}

/* Nobody will take @st, which has ended, but who reaps or drains. */
void set_bury(struct ktask_set *set, struct ktask_set_task *st)
{
	lockdep_assert_held(&set->lock);
	list_add_tail(&st->entry.node, &set->over);
}

/*
 * Some are over. Return: the first if its task is settled, or NULL: one that is not,
 * because its CPU is kept from running, must not keep those behind it.
 */
static struct ktask *set_reap(struct ktask_set *set)
{
	struct set_entry *e;

	lockdep_assert_held(&set->lock);
	e = list_first_entry(&set->over, struct set_entry, node);
	if (!task_settled(e->t)) {
		list_move_tail(&e->node, &set->over);
		return NULL;
	}
	list_del(&e->node);
	return e->t;
}

/* @st, whose taker may still look at it, leaves the set; @got: to the taker. */
static void set_tell_taker(struct ktask_set_task *st, bool got)
{
	struct set_taker *taker = st->taker;

	st->taker = NULL;
	taker->got = got;
	if (!got)
		ktask_get(st->entry.t);
	/* Pairs with set_run(). The taker may be gone after it. */
	smp_store_release(&taker->over, true);
}

/* Whether nobody comes before the taker of @st, which has ended. */
static bool set_taker_is_next(struct ktask_set *set, struct ktask_set_task *st)
{
	lockdep_assert_held(&set->lock);
	return st->taker && list_empty(&set->ended) && list_empty(&set->joiners);
}

/* The task has ended. Any context. */
static void set_task_ended(struct ktask_waiter *waiter, long value)
{
	struct ktask *reaped[SET_REAP];
	struct ktask_set_task *st;
	struct set_news news;
	struct ktask_set *set;
	unsigned long flags;
	bool got = false;
	int i, nr = 0;

	st = container_of(waiter, struct ktask_set_task, waiter);
	set = st->set;
	set_news_init(&news);

	spin_lock_irqsave(&set->lock, flags);
	set_unlink(set, st, &news);
	if (st->unwanted) {
		set_bury(set, st);
	} else if (set->dying || set->flags & KTASK_SET_NO_RESULTS) {
		set->len--;
		set_bury(set, st);
	} else if (set_taker_is_next(set, st)) {
		set->len--;
		got = true;
	} else {
		set_offer(set, st, false, &news);
	}
	if (st->taker)
		set_tell_taker(st, got);
	while (nr < SET_REAP && !list_empty(&set->over))
		reaped[nr++] = set_reap(set);
	set_counted(set, &news);
	spin_unlock_irqrestore(&set->lock, flags);

	set_tell(&news);
	for (i = 0; i < nr; i++)
		ktask_put(reaped[i]);
}

/* Settle and put all that are over. Process context. */
void set_drain(struct ktask_set *set)
{
	struct set_entry *e;

	for (;;) {
		spin_lock_irq(&set->lock);
		e = list_first_entry_or_null(&set->over, struct set_entry,
					     node);
		if (e)
			list_del(&e->node);
		spin_unlock_irq(&set->lock);
		if (!e)
			break;
		task_settle(e->t);
		ktask_put(e->t);
		cond_resched();
	}
}

/* --- Spawn ----------------------------------------------------------------- */

/* Return: what is behind @t, which is to be a task of @set. */
static struct ktask_set_task *set_task_init(struct ktask_set *set,
					    struct ktask *t,
					    const struct ktask_site *site)
{
	struct ktask_set_task *st;

	BUILD_BUG_ON(__alignof__(*st) > sizeof(u64));
	st = ktask_frame(t) + round_up(site->frame_size, sizeof(u64));
	st->entry.t = t;
	st->set = set;
	st->unwanted = false;
	st->taker = NULL;
	ktask_future_init(&st->gate);
	future_add_first(ktask_future(t), &st->waiter, set_task_ended);
	return st;
}

/* From here on it can be aborted. Return: -ESHUTDOWN if it must not begin. */
static int set_add(struct ktask_set *set, struct ktask_set_task *st, u64 *id,
		   struct ktask **handle)
{
	unsigned long flags;
	int err = 0;

	spin_lock_irqsave(&set->lock, flags);
	if (set_is_closed(set)) {
		err = -ESHUTDOWN;
		goto unlock;
	}
	set_take_in(set);
	set_count_in(set, st);
	if (id)
		*id = st->id;
	if (handle)
		*handle = st->entry.t;
	if (set->limit && set->running >= set->limit) {
		st->state = SET_HELD;
		task_hold(st->entry.t, &st->gate, 0);
		list_add_tail(&st->held, &set->held);
	} else {
		st->state = SET_RUNNING;
		set->running++;
	}
unlock:
	spin_unlock_irqrestore(&set->lock, flags);
	return err;
}

/*
 * As set_add(), but without the lock, of a task that nobody is given, in a set
 * without a limit. Return: false if it is to be done under the lock.
 */
static __always_inline bool set_add_unlocked(struct ktask_set *set,
					     struct ktask_set_task *st)
{
	struct llist_node *first = READ_ONCE(set->incoming);
	unsigned int nr = READ_ONCE(set->nr_incoming);

	if (set->limit || nr >= SET_INCOMING_MAX)
		return false;
	WRITE_ONCE(set->nr_incoming, nr + 1);
	st->state = SET_INCOMING;
	do {
		if (first == SET_CLOSED)
			return false;
		st->entry.incoming.next = first;
		/* Pairs with the xchg() of who takes it in. */
	} while (!try_cmpxchg(&set->incoming, &first, &st->entry.incoming));
	return true;
}

/*
 * Have the set forget a task at work. Return: true if it has, and its reference
 * is the caller's; false if the task has ended, or is about to.
 */
static bool set_forget(struct ktask_set *set, struct ktask_set_task *st)
{
	struct ktask_future *f = ktask_future(st->entry.t);
	bool held, forgotten = false;
	struct set_news news;
	unsigned long flags;

	set_news_init(&news);
	spin_lock_irqsave(&set->lock, flags);
	set_take_in(set);
	held = st->state == SET_HELD;
	if (st->state == SET_ENDED || st->unwanted)
		goto unlock;
	set->len--;
	forgotten = ktask_future_remove(f, &st->waiter);
	if (forgotten)
		set_unlink(set, st, &news);
	else
		st->unwanted = true;
	if (forgotten && st->taker)
		set_tell_taker(st, false);
	set_counted(set, &news);
unlock:
	spin_unlock_irqrestore(&set->lock, flags);

	if (forgotten && held)
		ktask_future_complete(&st->gate, 0);
	set_tell(&news);
	return forgotten;
}

/* Start @t, which has just been made, in @set; or drop it. @own: it is aborted on put. */
static int set_start(struct ktask_set *set, struct ktask *t,
		     const struct ktask_site *site, u64 *id,
		     struct ktask **handle, bool own)
{
	struct ktask_set_task *st;
	int err;

	if (IS_ERR(t))
		return PTR_ERR(t);
	st = set_task_init(set, t, site);
	/*
	 * Of the set, of the runtime, of the handle. Once in the set, it may be detached
	 * at any time; who does so before it has begun does not abort it, so that is for
	 * our own put at the end, if it is to be aborted with its last handle.
	 */
	task_count(t, 2 + !!handle + own);
	if (id || handle || !set_add_unlocked(set, st)) {
		err = set_add(set, st, id, handle);
		if (err) {
			task_discard(t);
			return err;
		}
	}
	err = task_start_known(t);
	if (unlikely(err)) {
		if (set_forget(set, st))
			ktask_put(t);
		if (handle)
			ktask_put(t);
		ktask_put(t);
	}
	/* Its end may have been the set's: that is not touched any more. */
	if (own)
		ktask_put(t);
	return err;
}

int __ktask_set_spawn(struct ktask_set *set, const struct ktask_attr *attr)
{
	if (set->limit && (attr->after || attr->delay))
		return -EINVAL;
	if (set_is_closed(set))
		return -ESHUTDOWN;
	return set_start(set, task_new_with(attr, sizeof(struct ktask_set_task)),
			 attr->site, attr->id, attr->handle,
			 attr->flags & KTASK_ABORT_ON_PUT);
}
EXPORT_SYMBOL_NS_GPL(__ktask_set_spawn, KTASK_NS);

int __ktask_set_spawn_plain(struct ktask_set *set, ktask_resume_t fn,
			    const void *init, const char *name,
			    const struct ktask_site *site)
{
	struct ktask *t;

	if (set_is_closed(set))
		return -ESHUTDOWN;
	t = task_new_plain_with(fn, init, name, site,
				sizeof(struct ktask_set_task));
	return set_start(set, t, site, NULL, NULL, false);
}
EXPORT_SYMBOL_NS_GPL(__ktask_set_spawn_plain, KTASK_NS);

/**
 * ktask_set_close - let no more tasks into a set
 * @set: the set
 *
 * Spawning into it fails from now on. Its tasks go on, and can be joined: the
 * first half of an orderly end, of which ktask_set_wait_idle_until() is the
 * second.
 *
 * Context: any but NMI.
 */
void ktask_set_close(struct ktask_set *set)
{
	unsigned long flags;

	spin_lock_irqsave(&set->lock, flags);
	set_close(set);
	spin_unlock_irqrestore(&set->lock, flags);
}
EXPORT_SYMBOL_NS_GPL(ktask_set_close, KTASK_NS);

/* --- All tasks ------------------------------------------------------------- */

/*
 * Somebody who goes through the tasks that are at work, without the lock: the
 * newest first. So held ones are aborted before one that is not makes room for
 * them, and those who come later are not seen.
 */
struct set_walk {
	struct set_entry here;	/* in set->tasks, behind the last one visited */
	struct ktask_set *set;
	struct ktask_set_task *st; /* that one; with a reference */
};

static void set_walk_begin(struct set_walk *w, struct ktask_set *set)
{
	unsigned long flags;

	w->here.t = NULL;
	w->set = set;
	w->st = NULL;
	spin_lock_irqsave(&set->lock, flags);
	set_take_in(set);
	hlist_add_head(&w->here.live, &set->tasks);
	spin_unlock_irqrestore(&set->lock, flags);
}

/* There are few walkers to step over. */
static struct ktask_set_task *set_walk_step(struct set_walk *w)
{
	struct set_entry *e = &w->here;

	lockdep_assert_held(&w->set->lock);
	hlist_for_each_entry_continue(e, live) {
		if (!e->t)
			continue;
		hlist_del(&w->here.live);
		hlist_add_behind(&w->here.live, &e->live);
		ktask_get(e->t);
		return to_set_task(e);
	}
	return NULL;
}

/* Return: a task at work, until the next call; NULL if there are no more. */
static struct ktask_set_task *set_walk_next(struct set_walk *w)
{
	struct ktask_set_task *last = w->st;
	unsigned long flags;

	spin_lock_irqsave(&w->set->lock, flags);
	w->st = set_walk_step(w);
	spin_unlock_irqrestore(&w->set->lock, flags);
	if (last)
		ktask_put(last->entry.t);
	return w->st;
}

static void set_walk_end(struct set_walk *w)
{
	unsigned long flags;

	spin_lock_irqsave(&w->set->lock, flags);
	hlist_del(&w->here.live);
	spin_unlock_irqrestore(&w->set->lock, flags);
	if (w->st)
		ktask_put(w->st->entry.t);
}

/* Return: the task that was spawned last, with a reference; NULL if none is. */
struct ktask *set_newest(struct ktask_set *set)
{
	struct ktask *t = NULL;
	struct set_entry *e;

	spin_lock_irq(&set->lock);
	set_take_in(set);
	hlist_for_each_entry(e, &set->tasks, live) {
		if (e->t) {
			t = ktask_get(e->t);
			break;
		}
	}
	spin_unlock_irq(&set->lock);
	return t;
}

/* In process context; @state and @deadline tell when to stop. */
void set_help_all(struct ktask_set *set, unsigned int state, ktime_t deadline)
{
	struct ktask_set_task *st;
	struct set_walk w;

	set_walk_begin(&w, set);
	while ((st = set_walk_next(&w))) {
		join_lockdep(st->entry.t);
		if (ktask_help(st->entry.t) && join_is_over(state, deadline))
			break;
		cond_resched();
	}
	set_walk_end(&w);
}

/**
 * ktask_set_abort_all - abort the tasks of a set
 * @set: the set
 *
 * Those that have been spawned up to now; the set can be used on. Those that are
 * held end without having begun. All of them are still to be joined.
 *
 * Context: any but NMI. Takes a while for many tasks, with interrupts on if they
 * were.
 */
void ktask_set_abort_all(struct ktask_set *set)
{
	struct ktask_set_task *st;
	struct set_walk w;

	set_walk_begin(&w, set);
	while ((st = set_walk_next(&w)))
		ktask_abort(st->entry.t);
	set_walk_end(&w);
}
EXPORT_SYMBOL_NS_GPL(ktask_set_abort_all, KTASK_NS);

static void put_list(struct list_head *entries)
{
	struct set_entry *e, *next;

	list_for_each_entry_safe(e, next, entries, node)
		ktask_put(e->t);
}

/**
 * ktask_set_detach_all - let the tasks of a set go on without it
 * @set: the set
 *
 * Those that have been spawned up to now. Nobody joins them any more, and
 * destroying the set does not end them; their results are lost. Those that are
 * held begin, for they are not part of the set that has the limit.
 *
 * Context: any but NMI.
 */
void ktask_set_detach_all(struct ktask_set *set)
{
	struct ktask_set_task *st;
	struct set_news news;
	struct set_walk w;
	unsigned long flags;
	LIST_HEAD(ended);

	set_walk_begin(&w, set);
	while ((st = set_walk_next(&w))) {
		if (set_forget(set, st))
			ktask_put(st->entry.t);
	}
	set_walk_end(&w);

	set_news_init(&news);
	spin_lock_irqsave(&set->lock, flags);
	list_splice_init(&set->ended, &ended);
	set->len -= set->nr_ended;
	set->nr_ended = 0;
	set_counted(set, &news);
	spin_unlock_irqrestore(&set->lock, flags);

	set_tell(&news);
	put_list(&ended);
}
EXPORT_SYMBOL_NS_GPL(ktask_set_detach_all, KTASK_NS);

/* --- Destroy --------------------------------------------------------------- */

/* From now on nobody spawns or joins, and what ends is over. */
static void set_condemn(struct ktask_set *set)
{
	struct set_news news;

	set_news_init(&news);
	spin_lock_irq(&set->lock);
	set_close(set);
	set->dying = true;
	list_splice_tail_init(&set->ended, &set->over);
	set->len -= set->nr_ended;
	set->nr_ended = 0;
	set_refuse_joiners(set, -ESHUTDOWN, &news);
	spin_unlock_irq(&set->lock);
	set_tell(&news);
}

/* What takes so long. */
static void set_warn(struct ktask_set *set)
{
	struct set_entry *e;

	spin_lock_irq(&set->lock);
	hlist_for_each_entry(e, &set->tasks, live) {
		if (!e->t)
			continue;
		/* Its callback is to come, so its name is still there. */
		pr_warn("a set still waits for %u tasks to end, the newest is \"%s\"\n",
			set->live, ktask_name(e->t));
		break;
	}
	spin_unlock_irq(&set->lock);
}

/**
 * ktask_set_destroy - end a set, and what is left of its tasks
 * @set: the set; its memory is the caller's again when this returns
 *
 * Spawning into it fails from now on, and so does joining, also for who already
 * waits. The tasks that have not ended are aborted, and when this returns none
 * of their code runs any more. Those that were not joined are put. Says so every
 * ten seconds if that takes long.
 *
 * Only tasks of the set may be using it at that time. What a join has been
 * granted must have been taken or dropped.
 *
 * Context: process context, sleeps. Not from a task of the set. May run the
 * cleanups of its tasks in the calling thread, as a join does.
 */
void ktask_set_destroy(struct ktask_set *set)
{
	ktime_t patience = ktime_set(SET_WARN_INTERVAL, 0);
	struct ktask_set_wait w;

	might_sleep();
	set_condemn(set);
	ktask_set_abort_all(set);
	set_help_all(set, TASK_UNINTERRUPTIBLE, KTIME_MAX);

	ktask_set_wait_idle_start(&w, NULL, set);
	while (ktask_future_wait_until(&w.request.done, TASK_UNINTERRUPTIBLE,
				       ktime_add(ktime_get(), patience)))
		set_warn(set);
	set_drain(set);
	WARN_ONCE(set->len, "ktask: a set is destroyed before a joiner has taken what it got\n");
	WARN_ON_ONCE(!list_empty(&set->idlers) || !hlist_empty(&set->tasks));
}
EXPORT_SYMBOL_NS_GPL(ktask_set_destroy, KTASK_NS);

static void set_cleanup(void *set)
{
	ktask_set_destroy(set);
}

/**
 * ktask_set_defer - destroy a set when a task's body ends
 * @t: the task
 * @d: storage for the cleanup, in the frame of @t
 * @set: the set, initialised; most likely in the same frame
 *
 * ktask_defer() of ktask_set_destroy(). So the end of @t, in whatever way, is
 * the end of the set's tasks first.
 *
 * Context: as ktask_defer().
 */
void ktask_set_defer(struct ktask *t, struct ktask_defer *d,
		     struct ktask_set *set)
{
	ktask_defer(t, d, set_cleanup, set);
}
EXPORT_SYMBOL_NS_GPL(ktask_set_defer, KTASK_NS);
