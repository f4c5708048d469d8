/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Task sets: private to set.c, their tasks, and set_wait.c, those who wait for
 * these.
 *
 * What the members of struct ktask_set are:
 *
 *	incoming	tasks that were spawned without the lock, the newest
 *			first; or SET_CLOSED, if there shall be no more, which
 *			changes under the lock. They count as the others do as
 *			soon as set_take_in() is called, by who has the lock
 *			and has to know of all
 *	nr_incoming	how many these are, or about so many: a guess
 *	running		tasks that may run: not held, not ended; those that a
 *			limit bounds
 *	live		tasks whose end will be seen, held or not
 *	len		tasks to be joined: live ones that are wanted, ended
 *			ones, and ones granted to a joiner that has not taken
 *			them yet. When it becomes 0, all joiners are refused
 *	nr_ended	length of "ended"
 *	tasks		the live ones, the newest first; and walkers
 *	held		those that wait for others to end, first come first
 *	ended		those to be joined, first ended first. Nobody waits in
 *			"joiners" while there are some
 *	over		those that nobody wants, to be put when they are settled
 *	joiners, idlers	requests that wait for a task, for live to be 0
 *	dying		no more joiners; nobody wants a task any more
 *
 * All else under the lock, which is a leaf but for those inside futures: what is
 * to be completed or put is collected under it, and done when it is released; see
 * struct set_news. The callback of a task's end does not touch the set after its
 * unlock, and the live count it has changed before is what destroy waits for.
 */
#ifndef _KTASK_SET_H
#define _KTASK_SET_H

#include <linux/ktask.h>
#include <linux/llist.h>

/**
 * struct set_entry - one in ktask_set.incoming, .tasks, .ended or .over
 * @incoming: in .incoming
 * @live: in .tasks
 * @node: in the others
 * @t: the task; NULL if this marks how far a walker of the list has come
 */
struct set_entry {
	union {
		struct llist_node incoming;
		struct hlist_node live;
		struct list_head node;
	};
	struct ktask *t;
};

/**
 * struct set_taker - a joiner that is about to run a task of the set
 * @got: it was the first to end, and the joiner has joined it by that
 * @over: the task has left the set meanwhile. If it was not @got, there is a
 *	reference for the joiner
 *
 * Until it is over, the task is in the set, and so has a reference. Changed under
 * the lock; @over last, for the joiner to read without it.
 */
struct set_taker {
	bool got;
	bool over;
};

/**
 * struct ktask_set_task - a task of a set; behind the frame of the task
 * @entry: where it is in @set
 * @set: the set
 * @waiter: on the task's future
 * @gate: what a held task waits for
 * @held: in set->held
 * @id: its number
 * @state: what it counts as; under the lock, once it is in the set
 * @unwanted: it was detached when it was about to end
 * @taker: who is about to run it; or NULL
 *
 * The set has a reference to the task, which goes to whoever joins it.
 */
struct ktask_set_task {
	struct set_entry entry;
	struct ktask_set *set;
	struct ktask_waiter waiter;
	struct ktask_future gate;
	struct list_head held;
	u64 id;
	enum set_task_state {
		SET_INCOMING,
		SET_HELD,
		SET_RUNNING,
		SET_ENDED,
	} state;
	bool unwanted;
	struct set_taker *taker;
};

/**
 * struct set_news - what to tell when the lock of the set is released
 * @waits: requests to complete, with their value
 * @opened: a task that was held and may run; with a reference; or NULL
 */
struct set_news {
	struct list_head waits;
	struct ktask_set_task *opened;
};

static inline void set_news_init(struct set_news *news)
{
	INIT_LIST_HEAD(&news->waits);
	news->opened = NULL;
}

void set_tell_news(struct set_news *news);

/* The lock is released; the set may be gone when the last has been told. */
static inline void set_tell(struct set_news *news)
{
	if (news->opened || !list_empty(&news->waits))
		set_tell_news(news);
}

/* set->incoming of a set that is closed: nothing is added any more. */
#define SET_CLOSED	((struct llist_node *)1)

static inline bool set_is_closed(const struct ktask_set *set)
{
	return READ_ONCE(set->incoming) == SET_CLOSED;
}

void set_take_in_chain(struct ktask_set *set, struct llist_node *chain);

/* Have those that were spawned without the lock be as the others. */
static __always_inline void set_take_in(struct ktask_set *set)
{
	struct llist_node *first = READ_ONCE(set->incoming);

	lockdep_assert_held(&set->lock);
	/* Pairs with the cmpxchg() in set_add_unlocked(). */
	if (first && first != SET_CLOSED)
		set_take_in_chain(set, xchg(&set->incoming, NULL));
}

/* set.c */
struct ktask *set_newest(struct ktask_set *set);
void set_bury(struct ktask_set *set, struct ktask_set_task *st);
void set_drain(struct ktask_set *set);
void set_help_all(struct ktask_set *set, unsigned int state, ktime_t deadline);

/* set_wait.c */
void set_offer(struct ktask_set *set, struct ktask_set_task *st, bool front,
	       struct set_news *news);
void set_counted_none(struct ktask_set *set, struct set_news *news);
void set_refuse_joiners(struct ktask_set *set, long why,
			struct set_news *news);

/* The counts have changed. */
static inline void set_counted(struct ktask_set *set, struct set_news *news)
{
	if (set->len && set->live)
		return;
	set_take_in(set);
	set_counted_none(set, news);
}

#endif /* _KTASK_SET_H */
