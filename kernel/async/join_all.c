// SPDX-License-Identifier: GPL-2.0
/*
 * Joining several tasks at once: see linux/ktask_join_all.h.
 *
 * Each task has a waiter on its future, a slot. Those that have ended are
 * counted, and who counts the last one completes the request; until then it may
 * touch all this, not after.
 *
 * ktask_try_join_all() goes on earlier, at the first error. What has happened
 * first is decided by one compare-and-swap of the verdict:
 *
 *	0 -> FINE	by who counts the last task: all have returned well.
 *			It completes the request, with 0
 *	0 -> error	by a task that ends with it: it completes the request with
 *			1, then counts itself
 *	0 -> error	by the waiter, who gives up: nobody completes the request
 *
 * After an error, who counts the last task completes "over" instead, which the
 * waiter awaits when it has aborted the others.
 *
 * A plain join has one such step, too: 0 -> ECANCELED, by the waiter that has taken
 * back the waiters of tasks that go on. Whoever counts last then, of those that were
 * just ending, completes the request with that.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "../engine/engine.h"
#include "async.h"

#define VERDICT_FINE	1

/* Values of the request of a try. */
#define TRY_FINE	0
#define TRY_ERROR	1

/* Steps of KTASK_TRY_JOIN_ALL() */
enum {
	STEP_BEGIN,
	STEP_WAIT,		/* for the request */
	STEP_END,		/* for what makes the tasks settled */
};

/* So many tasks do not need an allocation. */
#define JOIN_FEW	8

/* Of a wait in the calling thread. */
static void begin(struct ktask **tasks, unsigned int n)
{
	unsigned int i;

	/* might_sleep() may also yield, which costs more than the join. */
	if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP))
		might_sleep();
	if (!IS_ENABLED(CONFIG_LOCKDEP))
		return;
	for (i = 0; i < n; i++) {
		if (tasks[i])
			join_lockdep(tasks[i]);
	}
}

/* @unless: a future that is enough to stop; or NULL */
static void help(struct ktask **tasks, unsigned int n, unsigned int state,
		 ktime_t deadline, struct ktask_future *unless)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (!tasks[i] || ktask_done(tasks[i]) || !ktask_help(tasks[i]))
			continue;
		if (join_is_over(state, deadline))
			break;
		if (unless && ktask_future_done(unless))
			break;
		cond_resched();
	}
}

static void settle(struct ktask **tasks, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (tasks[i])
			task_settle(tasks[i]);
	}
}

/* Return: the verdict, whoever has given it. */
static long decide(struct ktask_join_all *all, long verdict)
{
	long old = atomic_long_cmpxchg(&all->verdict, 0, verdict);

	return old ?: verdict;
}

/* One more is over. Any context. */
static void join_all_count(struct ktask_join_all *all, long value)
{
	long verdict;

	if (all->try && value < 0 &&
	    !atomic_long_cmpxchg(&all->verdict, 0, value))
		ktask_future_complete(&all->request.done, TRY_ERROR);
	if (!atomic_dec_and_test(&all->left))
		return;
	verdict = decide(all, VERDICT_FINE);
	if (verdict == VERDICT_FINE)
		ktask_future_complete(&all->request.done, TRY_FINE);
	else if (all->try)
		ktask_future_complete(&all->over, 0);
	else
		ktask_future_complete(&all->request.done, verdict);
}

static void slot_notify(struct ktask_waiter *waiter, long value)
{
	join_all_count(container_of(waiter, struct ktask_join_slot, waiter)->all,
		       value);
}

/*
 * Take back all waiters of those that have not ended.
 * Return: false if the last callbacks are about to complete the request.
 */
static bool join_all_withdraw(struct ktask_request *r)
{
	struct ktask_join_all *all;
	unsigned int i, removed = 0;

	all = container_of(r, struct ktask_join_all, request);
	for (i = 0; i < all->n; i++) {
		if (all->tasks[i] &&
		    ktask_future_remove(ktask_future(all->tasks[i]),
					&all->slots[i].waiter))
			removed++;
	}
	if (!removed)
		return false;
	/* Others may still be counting: the last of these is not to say that all ended. */
	decide(all, -ECANCELED);
	/* Nobody removes what is complete: zero only if all others counted. */
	return atomic_sub_and_test(removed, &all->left);
}

static const struct ktask_request_ops join_all_ops = {
	.withdraw = join_all_withdraw,
};

/*
 * End the tasks because of @why, unless all have ended well or there was an
 * error before.
 * Return: the future that is complete when all have ended, and nobody else uses
 * @all.
 */
static struct ktask_future *try_end(struct ktask_join_all *all, long why)
{
	unsigned int i;

	if (decide(all, why) == VERDICT_FINE)
		return &all->request.done;
	for (i = 0; i < all->n; i++) {
		if (all->tasks[i])
			ktask_abort(all->tasks[i]);
	}
	return &all->over;
}

/* The same, and wait for that in the calling thread. */
static void try_end_wait(struct ktask_join_all *all, long why)
{
	struct ktask_future *f = try_end(all, why);

	/* What was aborted may be waiting for a CPU, only to end. */
	if (!ktask_future_done(f))
		help(all->tasks, all->n, TASK_UNINTERRUPTIBLE, KTIME_MAX, f);
	ktask_future_wait(f);
	settle(all->tasks, all->n);
}

/* So does a drop: no task is left at work. */
static void try_give_back(struct ktask_request *r)
{
	struct ktask_join_all *all;

	all = container_of(r, struct ktask_join_all, request);
	begin(all->tasks, all->n);
	try_end_wait(all, -ECANCELED);
}

static bool try_withdraw(struct ktask_request *r)
{
	try_give_back(r);
	return true;
}

static const struct ktask_request_ops try_ops = {
	.withdraw = try_withdraw,
	.give_back = try_give_back,
};

static struct ktask_request *start(struct ktask_join_all *all, struct ktask *t,
				   struct ktask **tasks, unsigned int n,
				   struct ktask_join_slot *slots, bool try)
{
	unsigned int i;

	all->tasks = tasks;
	all->slots = slots;
	all->n = n;
	all->try = try;
	all->step = STEP_BEGIN;
	/* One for the loop: nobody else counts the last before its end. */
	atomic_set(&all->left, n + 1);
	atomic_long_set(&all->verdict, 0);
	ktask_future_init(&all->over);
	ktask_request_init(&all->request, t, try ? &try_ops : &join_all_ops);

	for (i = 0; i < n; i++) {
		long value = 0;

		slots[i].all = all;
		if (tasks[i]) {
			struct ktask_future *f = ktask_future(tasks[i]);

			if (ktask_future_add(f, &slots[i].waiter, slot_notify))
				continue;
			value = ktask_future_value(f);
		}
		join_all_count(all, value);
	}
	join_all_count(all, 0);
	return &all->request;
}

/**
 * ktask_join_all_start - begin to wait for several tasks
 * @all: storage for it, in the frame of @t; not in use
 * @t: the task that waits, or NULL for a thread
 * @tasks: array of the tasks, which must stay; the caller has a reference to
 *	each, and keeps it. Entries may be NULL
 * @n: how many
 * @slots: as many &struct ktask_join_slot
 *
 * What KTASK_JOIN_ALL() does first; by itself for a select.
 *
 * Context: the body of @t, or the thread.
 * Return: the request, granted when all have ended. A drop leaves the tasks
 * alone.
 */
struct ktask_request *ktask_join_all_start(struct ktask_join_all *all,
					   struct ktask *t,
					   struct ktask **tasks, unsigned int n,
					   struct ktask_join_slot *slots)
{
	return start(all, t, tasks, n, slots, false);
}
EXPORT_SYMBOL_NS_GPL(ktask_join_all_start, KTASK_NS);

/**
 * ktask_try_join_all_start - begin to wait for several tasks or an error
 * @all: storage for it, in the frame of @t; not in use
 * @t: the task that waits, or NULL for a thread
 * @tasks: array of the tasks, as for ktask_join_all_start()
 * @n: how many
 * @slots: as many &struct ktask_join_slot
 *
 * What KTASK_TRY_JOIN_ALL() does first; by itself for a select.
 *
 * Context: the body of @t, or the thread.
 * Return: the request, granted when all have ended well, or one with an error.
 * A drop aborts those that have not ended, and waits for them.
 */
struct ktask_request *ktask_try_join_all_start(struct ktask_join_all *all,
					       struct ktask *t,
					       struct ktask **tasks,
					       unsigned int n,
					       struct ktask_join_slot *slots)
{
	return start(all, t, tasks, n, slots, true);
}
EXPORT_SYMBOL_NS_GPL(ktask_try_join_all_start, KTASK_NS);

/**
 * ktask_join_all_status - what has become of a wait for several tasks
 * @all: the wait
 *
 * Context: any.
 * Return: 0 if all have ended, after KTASK_TRY_JOIN_ALL() without an error; the
 * first error; -ETIMEDOUT if the wait was given up; -EINPROGRESS while it goes
 * on.
 */
long ktask_join_all_status(struct ktask_join_all *all)
{
	long verdict;

	if (!all->try)
		return ktask_request_status(&all->request);
	verdict = atomic_long_read(&all->verdict);
	if (verdict == VERDICT_FINE)
		return 0;
	return verdict ?: -EINPROGRESS;
}
EXPORT_SYMBOL_NS_GPL(ktask_join_all_status, KTASK_NS);

/* An await is over. */
void __ktask_join_all_awaited(struct ktask_join_all *all)
{
	if (ktask_request_status(&all->request))
		return;
	ktask_request_forget(&all->request);
	settle(all->tasks, all->n);
}
EXPORT_SYMBOL_NS_GPL(__ktask_join_all_awaited, KTASK_NS);

/*
 * Called by the body of @t until it returns false. Return: true if @t shall be
 * suspended, and call it again then.
 */
bool __ktask_try_join_all_await(struct ktask *t, struct ktask_join_all *all)
{
	if (all->step == STEP_BEGIN) {
		all->step = STEP_WAIT;
		if (__ktask_await(t, &all->request.done, all->timeout))
			return true;
	}
	if (all->step == STEP_WAIT) {
		all->step = STEP_END;
		all->late = t->timed_out;
		if (__ktask_await(t, try_end(all, -ETIMEDOUT), KTIME_MAX))
			return true;
	}
	ktask_request_forget(&all->request);
	settle(all->tasks, all->n);
	t->timed_out = all->late && ktask_join_all_status(all) == -ETIMEDOUT;
	return false;
}
EXPORT_SYMBOL_NS_GPL(__ktask_try_join_all_await, KTASK_NS);

/* --- Threads --------------------------------------------------------------- */

/* @few has room for JOIN_FEW. Return: NULL if there is no memory. */
static struct ktask_join_slot *slots_get(struct ktask_join_slot *few,
					 unsigned int n)
{
	if (n <= JOIN_FEW)
		return few;
	return kvmalloc_array(n, sizeof(*few), GFP_KERNEL | __GFP_NOWARN);
}

static void slots_put(struct ktask_join_slot *slots,
		      struct ktask_join_slot *few)
{
	if (slots != few)
		kvfree(slots);
}

/* With one wake-up for each that is waited for. */
static int join_each(struct ktask **tasks, unsigned int n, unsigned int state,
		     ktime_t deadline)
{
	unsigned int i;
	int err;

	for (i = 0; i < n; i++) {
		if (!tasks[i])
			continue;
		err = ktask_future_wait_until(ktask_future(tasks[i]), state,
					      deadline);
		if (err)
			return err;
	}
	return 0;
}

static int join_rest(struct ktask **tasks, unsigned int n, unsigned int state,
		     ktime_t deadline)
{
	struct ktask_join_slot few[JOIN_FEW], *slots;
	struct ktask_join_all all;
	struct ktask_request *r;
	int err;

	slots = slots_get(few, n);
	if (!slots)
		return join_each(tasks, n, state, deadline);
	r = ktask_join_all_start(&all, NULL, tasks, n, slots);
	err = ktask_request_wait_until(r, state, deadline);
	slots_put(slots, few);
	return err;
}

/**
 * ktask_join_all - wait for the end of several tasks
 * @tasks: array of the tasks; the caller has a reference to each, and keeps it.
 *	Entries may be NULL
 * @n: how many
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * Wakes the calling thread once; or, if it has to wait for many and there is no
 * memory for that, once for each. May run the tasks in the calling thread, as
 * ktask_join_until() does. Giving up leaves them alone. When this returns 0, all
 * that ktask_join_until() says of a task that has ended is true for each; how
 * they have ended tells ktask_try_join().
 *
 * Context: process context, sleeps. Not in a resume function: KTASK_JOIN_ALL().
 * Return: 0 if all have ended; -ETIMEDOUT; -ERESTARTSYS if a signal came first;
 * -ECANCELED if the calling blocking task was aborted.
 */
int ktask_join_all(struct ktask **tasks, unsigned int n, unsigned int state,
		   ktime_t deadline)
{
	unsigned int first;
	int err;

	begin(tasks, n);
	help(tasks, n, state, deadline, NULL);
	/* Often that was all. */
	for (first = 0; first < n; first++) {
		if (tasks[first] && !ktask_done(tasks[first]))
			break;
	}
	if (first < n) {
		err = join_rest(tasks + first, n - first, state, deadline);
		if (err)
			return err;
	}
	settle(tasks, n);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(ktask_join_all, KTASK_NS);

static long try_join(struct ktask_join_all *all, unsigned int state,
		     ktime_t deadline)
{
	struct ktask_future *f = &all->request.done;
	int err;

	help(all->tasks, all->n, state, deadline, f);
	err = ktask_future_wait_until(f, state, deadline);
	try_end_wait(all, err);
	ktask_request_forget(&all->request);
	return ktask_join_all_status(all);
}

static long try_join_without_memory(struct ktask **tasks, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (tasks[i])
			ktask_abort(tasks[i]);
	}
	join_each(tasks, n, TASK_UNINTERRUPTIBLE, KTIME_MAX);
	settle(tasks, n);
	return -ENOMEM;
}

/**
 * ktask_try_join_all - wait for the end of several tasks; one error ends all
 * @tasks: array of the tasks; the caller has a reference to each, and keeps it.
 *	Entries may be NULL
 * @n: how many
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * When this returns, all the tasks have ended, as after ktask_join_all(), in
 * whatever way. The first that ends with an error has the others aborted; so
 * does giving up, which is an error as any other. The wait for those that were
 * aborted is not interruptible. A task that has returned a value before keeps
 * it, as ktask_try_join() tells.
 *
 * Context: process context, sleeps. Not in a resume function:
 * KTASK_TRY_JOIN_ALL().
 * Return: 0 if all have returned 0 or above; the first error: what a task has
 * returned, -ECANCELED if it was cancelled, why it failed to run; -ETIMEDOUT;
 * -ERESTARTSYS if a signal came first; -ECANCELED if the calling blocking task
 * was aborted; -ENOMEM.
 */
long ktask_try_join_all(struct ktask **tasks, unsigned int n,
			unsigned int state, ktime_t deadline)
{
	struct ktask_join_slot few[JOIN_FEW], *slots;
	struct ktask_join_all all;
	long ret;

	begin(tasks, n);
	slots = slots_get(few, n);
	if (!slots)
		return try_join_without_memory(tasks, n);
	start(&all, NULL, tasks, n, slots, true);
	ret = try_join(&all, state, deadline);
	slots_put(slots, few);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(ktask_try_join_all, KTASK_NS);
