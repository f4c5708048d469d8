/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Task sets: tasks that belong together. Included by linux/ktask.h.
 */
#ifndef _LINUX_KTASK_SET_H
#define _LINUX_KTASK_SET_H

#include <linux/cache.h>
#include <linux/spinlock.h>

/**
 * DOC: task sets
 *
 * A *task set* owns the tasks that are spawned into it. They are joined in the
 * order in which they end; those that are left when the set is destroyed are
 * aborted, and the destroyer waits for them. So no task outlives the scope that
 * its set belongs to: a function, a device, or the frame of a task.
 *
 *	struct ktask_set set;
 *	struct ktask *t;
 *
 *	ktask_set_init(&set, 8, 0);		// eight at a time
 *	for (i = 0; i < n && !err; i++)
 *		err = ktask_set_spawn(&set, fetch, struct fetch,
 *				      .init = &wanted[i]);
 *	while (!err && !ktask_set_join_next(&set, &t, NULL)) {
 *		err = use(ktask_frame(t), ktask_result(t));
 *		ktask_put(t);
 *	}
 *	ktask_set_destroy(&set);		// on error, aborts what is left
 *
 * With a set in its frame and ktask_set_defer(), a task that is aborted, or ends
 * in whatever way, ends with all its tasks, and these with theirs.
 *
 * A set may bound how many of its tasks are at work at once. The others are
 * held: they are spawned, count, and can be aborted, but begin only when one of
 * those at work has ended, first come, first served.
 *
 * The results of a set that keeps them stay in memory until they are joined.
 * Where nobody wants them, as for the connections of a server,
 * %KTASK_SET_NO_RESULTS lets each task go when it has ended.
 *
 * All functions but ktask_set_init() and ktask_set_destroy() may be called by
 * many at once. Nobody may call one, or wait in one, when the set is destroyed,
 * but its own tasks: spawning into it, and joining, fails with -ESHUTDOWN then.
 *
 * This is Tokio's JoinSet, and its TaskTracker. Other than these it waits when
 * it is destroyed, and has a limit.
 */

/* Flags of ktask_set_init() */

/*
 * Nobody joins: ended tasks are put at once, and joins find that nothing is
 * left, when nothing is.
 */
#define KTASK_SET_NO_RESULTS	BIT(0)

/**
 * struct ktask_set - tasks that belong together
 *
 * Embedded in what its tasks work for. Initialised by ktask_set_init().
 */
struct ktask_set {
	/* private: see kernel/async/set.h */
	struct llist_node *incoming;
	unsigned int nr_incoming;
	unsigned int limit;
	/* What a spawn touches, and what the end of a task does, are not near. */
	u8 apart[L1_CACHE_BYTES];
	spinlock_t lock; /* guards the others */
	unsigned int flags;
	bool dying;
	unsigned int running;
	unsigned int live;
	unsigned int nr_ended;
	unsigned int len;
	u64 last_id;
	struct hlist_head tasks;
	struct list_head held;
	struct list_head ended;
	struct list_head over;
	struct list_head joiners;
	struct list_head idlers;
};

/**
 * struct ktask_set_wait - somebody who waits for a task of a set, or for all
 *
 * Needs no initialisation; may be used again when the wait is over and what it
 * got has been taken.
 */
struct ktask_set_wait {
	/* private: */
	struct ktask_request request;
	struct ktask_set *set;
	struct list_head node;		/* set->joiners, set->idlers */
	bool waiting;			/* it is there */
	long value;			/* what to complete the request with */
	struct ktask_set_task *got;
};

void ktask_set_init(struct ktask_set *set, unsigned int limit,
		    unsigned int flags);
void ktask_set_destroy(struct ktask_set *set);
void ktask_set_defer(struct ktask *t, struct ktask_defer *d,
		     struct ktask_set *set);
void ktask_set_close(struct ktask_set *set);
int __ktask_set_spawn(struct ktask_set *set, const struct ktask_attr *attr);
int __ktask_set_spawn_plain(struct ktask_set *set, ktask_resume_t fn,
			    const void *init, const char *name,
			    const struct ktask_site *site);
void ktask_set_abort_all(struct ktask_set *set);
void ktask_set_detach_all(struct ktask_set *set);

static __always_inline int
__ktask_set_spawn_async(struct ktask_set *set, const struct ktask_attr *attr)
{
	if (__KTASK_IS_PLAIN(attr))
		return __ktask_set_spawn_plain(set, attr->resume, attr->init,
					       attr->name, attr->site);
	return __ktask_set_spawn(set, attr);
}

/**
 * ktask_set_spawn - start an async task in a set
 * @set: the set
 * @fn: its resume function, a ktask_resume_t
 * @frame: type of its frame, or void
 * @...: further members of &struct ktask_attr; .id = &id and .handle = &t tell
 *	which task it is. In a set with a limit not .after nor .delay
 *
 * .id is the number of the task in its set, from 1 on, and never used again;
 * ktask_set_join_next() tells it. .handle is for who wants to abort this one
 * task, or look at it; it does not keep it in the set. Both are stored before
 * the task begins, and are good only if this returns 0.
 *
 * Context: any that suits the gfp flags.
 * Return: 0; -ENOMEM; -ESHUTDOWN (the set, the runtime or the module is going
 * away); -EINVAL (attributes that do not exist, or not together), -ENXIO (the
 * CPU is offline).
 */
#define ktask_set_spawn(set, fn, frame, ...)				\
	__ktask_set_spawn_async(set, __KTASK_ATTR(resume, fn, frame,	\
						  ##__VA_ARGS__))

/**
 * ktask_set_spawn_blocking - start a blocking task in a set
 * @set: the set
 * @fn: the function it runs, a ktask_blocking_t
 * @frame: type of its frame, or void
 * @...: as for ktask_set_spawn()
 *
 * Context: any that suits the gfp flags.
 * Return: as ktask_set_spawn().
 */
#define ktask_set_spawn_blocking(set, fn, frame, ...)			\
	__ktask_set_spawn(set, __KTASK_ATTR(blocking, fn, frame,	\
					    ##__VA_ARGS__))

unsigned int ktask_set_len(struct ktask_set *set);

/* --- Joining --------------------------------------------------------------- */

int ktask_set_join_next(struct ktask_set *set, struct ktask **t, u64 *id);
int ktask_set_join_next_interruptible(struct ktask_set *set, struct ktask **t,
				      u64 *id);
int ktask_set_join_next_killable(struct ktask_set *set, struct ktask **t,
				 u64 *id);
int ktask_set_join_next_until(struct ktask_set *set, struct ktask **t, u64 *id,
			      unsigned int state, ktime_t deadline);
int ktask_set_try_join_next(struct ktask_set *set, struct ktask **t, u64 *id);
void ktask_set_wait_idle(struct ktask_set *set);
int ktask_set_wait_idle_until(struct ktask_set *set, unsigned int state,
			      ktime_t deadline);

struct ktask_request *ktask_set_join_next_start(struct ktask_set_wait *w,
						struct ktask *t,
						struct ktask_set *set);
struct ktask_request *ktask_set_wait_idle_start(struct ktask_set_wait *w,
						struct ktask *t,
						struct ktask_set *set);
struct ktask *ktask_set_take(struct ktask_set_wait *w, u64 *id);
void __ktask_set_idle_awaited(struct ktask_set_wait *w);

/**
 * ktask_set_wait_status - what has become of a wait for a set
 * @w: the wait
 *
 * Context: any.
 * Return: 0 if it has got what it waited for; -ENOENT if no task is left to
 * join; -ESHUTDOWN if the set is being destroyed; -ETIMEDOUT; -EINPROGRESS.
 */
static inline long ktask_set_wait_status(struct ktask_set_wait *w)
{
	return ktask_request_status(&w->request);
}

/**
 * KTASK_JOIN_NEXT - go on when a task of a set has ended, or none is left
 * @t: the task
 * @w: a &struct ktask_set_wait in its frame
 * @set: the set
 *
 * ktask_set_wait_status() tells which, and ktask_set_take() gives the task that
 * has ended. One that is not taken, because @t is aborted, goes to the next who
 * joins.
 */
#define KTASK_JOIN_NEXT(t, w, set)					\
	KTASK_JOIN_NEXT_TIMEOUT(t, w, set, KTIME_MAX)

/**
 * KTASK_JOIN_NEXT_TIMEOUT - the same, but give up after a time
 * @t: the task
 * @w: a &struct ktask_set_wait in its frame
 * @set: the set
 * @timeout: ktime_t from now
 *
 * After the time, ktask_timed_out() is true and ktask_set_wait_status() is
 * -ETIMEDOUT.
 */
#define KTASK_JOIN_NEXT_TIMEOUT(t, w, set, timeout)			\
do {									\
	ktask_set_join_next_start(w, t, set);				\
	KTASK_AWAIT_REQUEST_TIMEOUT(t, &(w)->request, timeout);		\
} while (0)

/**
 * KTASK_SET_WAIT_IDLE - go on when all tasks of a set have ended
 * @t: the task
 * @w: a &struct ktask_set_wait in its frame
 * @set: the set
 *
 * They stay in the set, to be joined, unless it keeps no results.
 */
#define KTASK_SET_WAIT_IDLE(t, w, set)					\
	KTASK_SET_WAIT_IDLE_TIMEOUT(t, w, set, KTIME_MAX)

/**
 * KTASK_SET_WAIT_IDLE_TIMEOUT - the same, but give up after a time
 * @t: the task
 * @w: a &struct ktask_set_wait in its frame
 * @set: the set
 * @timeout: ktime_t from now
 *
 * After the time, ktask_timed_out() is true and ktask_set_wait_status() is
 * -ETIMEDOUT.
 */
#define KTASK_SET_WAIT_IDLE_TIMEOUT(t, w, set, timeout)			\
do {									\
	ktask_set_wait_idle_start(w, t, set);				\
	KTASK_AWAIT_REQUEST_TIMEOUT(t, &(w)->request, timeout);		\
	__ktask_set_idle_awaited(w);					\
} while (0)

#endif /* _LINUX_KTASK_SET_H */
