// SPDX-License-Identifier: GPL-2.0
/*
 * Select: see linux/ktask_select.h.
 *
 * Each arm puts a waiter of its own on its future. The first that is called
 * wakes whoever selects, who then looks at the futures in order for the winner,
 * takes back the other waiters, and cancels the losers.
 *
 * Some of these may just be being called, on other CPUs, and touch the select
 * when it should be over. So they are counted, in one word:
 *
 *	count	arms whose callback has not been called, and was not taken back
 *	WOKEN	one has been called; the first, which sets it, goes on to
 *		complete "done", as its last touch
 *	LEAVING	the one who selects is waiting for the count to be zero: who
 *		makes it that completes "quiet", as its last touch
 *
 * For all other callbacks, the change of this word is the last touch. So the
 * waiters are free when the count is zero, and the select is when "done" is
 * complete too, if WOKEN. To wait for that is a matter of instructions on
 * another CPU, and hardly ever necessary. selftests/model/select.pml is this for
 * a model checker.
 */
#include <linux/kernel.h>
#include <linux/random.h>

#include "../engine/engine.h"

#define SELECT_WOKEN	BIT(30)
#define SELECT_LEAVING	BIT(29)
#define SELECT_COUNT	(SELECT_LEAVING - 1)

/* The future of an arm is complete. Any context. */
static void select_notify(struct ktask_waiter *waiter, long value)
{
	struct ktask_arm *arm = container_of(waiter, struct ktask_arm, waiter);
	struct ktask_select *sel = arm->sel;
	int old = atomic_read(&sel->state);
	int new;

	do {
		new = (old - 1) | SELECT_WOKEN;
	} while (!atomic_try_cmpxchg(&sel->state, &old, new));

	if (old & SELECT_LEAVING) {
		if (!(new & SELECT_COUNT))
			ktask_future_complete(&sel->quiet, 0);
	} else if (!(old & SELECT_WOKEN)) {
		ktask_future_complete(&sel->done, 0);
	}
}

/* Return: the first arm that is there, or -EINPROGRESS. */
static int select_ready(const struct ktask_select *sel)
{
	unsigned int i, k = 0;

	if (sel->flags & KTASK_SELECT_FAIR)
		k = get_random_u32() % sel->n;
	for (i = 0; i < sel->n; i++) {
		struct ktask_future *f = sel->arms[k].f;

		if (f && ktask_future_done(f))
			return k;
		if (++k == sel->n)
			k = 0;
	}
	return -EINPROGRESS;
}

static void select_arm(struct ktask_select *sel)
{
	/* Those that get no waiter are counted, and taken back, as well. */
	atomic_set(&sel->state, sel->n);
	for (; sel->armed < sel->n; sel->armed++) {
		struct ktask_arm *arm = &sel->arms[sel->armed];

		arm->sel = sel;
		if (arm->f &&
		    !ktask_future_add(arm->f, &arm->waiter, select_notify)) {
			/* There by now, nothing will wake us. */
			sel->winner = select_ready(sel);
			break;
		}
	}
}

/* From here on nobody else knows the select and its waiters. May sleep. */
static void select_disarm(struct ktask_select *sel)
{
	int i, old, gone = 0;

	if (!sel->armed)
		return;
	for (i = 0; i < sel->n; i++) {
		struct ktask_arm *arm = &sel->arms[i];

		if (i >= sel->armed || !arm->f ||
		    ktask_future_remove(arm->f, &arm->waiter))
			gone++;
	}
	sel->armed = 0;

	old = atomic_fetch_add(SELECT_LEAVING - gone, &sel->state);
	if ((old - gone) & SELECT_COUNT)
		ktask_future_wait(&sel->quiet);
	if ((old & SELECT_WOKEN) && !ktask_future_done(&sel->done))
		ktask_future_wait(&sel->done);
}

static void select_begin(struct ktask_select *sel, struct ktask_arm *arms,
			 unsigned int n, unsigned int flags)
{
	bool any = false;
	int i;

	ktask_future_init(&sel->done);
	ktask_future_init(&sel->quiet);
	sel->flags = flags;
	sel->arms = arms;
	sel->n = n;
	sel->armed = 0;
	sel->awaited = NULL;
	sel->timeout = KTIME_MAX;
	sel->timeout_arm = -EINPROGRESS;
	for (i = 0; i < n; i++) {
		any |= arms[i].kind != __KTASK_ARM_NONE;
		if (arms[i].kind == __KTASK_ARM_TIMEOUT &&
		    (sel->timeout_arm < 0 || arms[i].timeout < sel->timeout)) {
			sel->timeout = arms[i].timeout;
			sel->timeout_arm = i;
		}
	}

	sel->winner = any ? select_ready(sel) : -ENOENT;
	if (sel->winner == -EINPROGRESS)
		select_arm(sel);
}

/* The winner, if there is one, is known. May sleep for a moment. */
static void select_cancel_losers(struct ktask_select *sel)
{
	int i;

	if (sel->flags & KTASK_SELECT_KEEP)
		return;
	for (i = 0; i < sel->n; i++) {
		struct ktask_arm *arm = &sel->arms[i];

		if (i == sel->winner)
			continue;
		if (arm->kind == __KTASK_ARM_REQUEST)
			ktask_request_drop(arm->request);
		else if (arm->kind == __KTASK_ARM_TASK)
			ktask_abort(arm->task);
	}
}

/* Return: a task that has lost, and has not ended, if one is waited for. */
static struct ktask *select_running_loser(struct ktask_select *sel)
{
	int i;

	if (sel->flags & (KTASK_SELECT_KEEP | KTASK_SELECT_NO_WAIT))
		return NULL;
	for (i = 0; i < sel->n; i++) {
		struct ktask_arm *arm = &sel->arms[i];

		if (arm->kind == __KTASK_ARM_TASK && i != sel->winner &&
		    !ktask_done(arm->task))
			return arm->task;
	}
	return NULL;
}

static void select_join_losers(struct ktask_select *sel)
{
	struct ktask *loser;

	while ((loser = select_running_loser(sel)))
		ktask_join(loser, NULL);
}

/* The wait is over. @otherwise: what has won if no future is complete. */
static void select_decide(struct ktask_select *sel, int otherwise)
{
	struct ktask_arm *winner;

	if (sel->winner == -EINPROGRESS)
		sel->winner = select_ready(sel);
	if (sel->winner == -EINPROGRESS)
		sel->winner = otherwise;
	select_disarm(sel);
	select_cancel_losers(sel);
	if (sel->winner < 0)
		return;
	winner = &sel->arms[sel->winner];
	if (winner->kind == __KTASK_ARM_REQUEST &&
	    ktask_request_status(winner->request) < 0)
		ktask_request_forget(winner->request);
}

/* The task has ended while it selected. */
static void select_end(void *arg)
{
	struct ktask_select *sel = arg;

	select_disarm(sel);
	select_cancel_losers(sel);
	select_join_losers(sel);
}

void __ktask_select_begin(struct ktask *t, struct ktask_select *sel,
			  struct ktask_arm *arms, unsigned int n,
			  unsigned int flags)
{
	select_begin(sel, arms, n, flags);
	ktask_defer(t, &sel->end, select_end, sel);
}
EXPORT_SYMBOL_NS_GPL(__ktask_select_begin, KTASK_NS);

/*
 * Called before the first await and after each.
 * Return: true if @t shall await sel->awaited, for sel->timeout.
 */
bool __ktask_select_again(struct ktask *t, struct ktask_select *sel)
{
	struct ktask *loser;

	if (!sel->awaited) {
		sel->awaited = &sel->done;
		if (sel->winner == -EINPROGRESS)
			return true;
	}
	if (sel->awaited == &sel->done)
		select_decide(sel, sel->timeout_arm);

	loser = select_running_loser(sel);
	if (loser) {
		sel->awaited = ktask_future(loser);
		sel->timeout = KTIME_MAX;
		return true;
	}
	ktask_undefer(t, &sel->end);
	t->timed_out = sel->winner == sel->timeout_arm;
	return false;
}
EXPORT_SYMBOL_NS_GPL(__ktask_select_again, KTASK_NS);

/**
 * ktask_select_until - have the calling thread wait for the first of several
 *	things
 * @arms: what
 * @n: how many
 * @flags: as for KTASK_SELECT()
 * @state: as for ktask_future_wait_until()
 * @deadline: CLOCK_MONOTONIC time to give up at, or %KTIME_MAX
 *
 * If nothing wins, all arms have lost. Waits for the end of tasks that have
 * lost, whatever @state and @deadline, unless @flags say otherwise.
 *
 * Context: process context, sleeps. Not in a resume function: KTASK_SELECT().
 * Return: the index of the winner; -ENOENT if all arms were ktask_arm_none(); or
 * as ktask_future_wait_until(): -ETIMEDOUT, -ERESTARTSYS, -ECANCELED.
 */
int ktask_select_until(struct ktask_arm *arms, unsigned int n,
		       unsigned int flags, unsigned int state,
		       ktime_t deadline)
{
	struct ktask_select sel;
	int otherwise = 0;

	might_sleep();
	select_begin(&sel, arms, n, flags);
	if (sel.winner == -EINPROGRESS) {
		ktime_t timeout = max_t(ktime_t, sel.timeout, 0);
		ktime_t up = ktime_add_safe(ktime_get(), timeout);
		bool arm_first = sel.timeout_arm >= 0 && up <= deadline;

		otherwise = ktask_future_wait_until(&sel.done, state,
						    min(up, deadline));
		if (otherwise == -ETIMEDOUT && arm_first)
			otherwise = sel.timeout_arm;
	}
	select_decide(&sel, otherwise);
	select_join_losers(&sel);
	return sel.winner;
}
EXPORT_SYMBOL_NS_GPL(ktask_select_until, KTASK_NS);

/**
 * ktask_select_interruptible - wait for the first of several things or a signal
 * @arms: what
 * @n: how many
 * @flags: as for KTASK_SELECT()
 *
 * Context: process context, sleeps.
 * Return: as ktask_select_until().
 */
int ktask_select_interruptible(struct ktask_arm *arms, unsigned int n,
			       unsigned int flags)
{
	return ktask_select_until(arms, n, flags, TASK_INTERRUPTIBLE,
				  KTIME_MAX);
}
EXPORT_SYMBOL_NS_GPL(ktask_select_interruptible, KTASK_NS);

/**
 * ktask_select_killable - wait for the first of several things or a fatal signal
 * @arms: what
 * @n: how many
 * @flags: as for KTASK_SELECT()
 *
 * Context: process context, sleeps.
 * Return: as ktask_select_until().
 */
int ktask_select_killable(struct ktask_arm *arms, unsigned int n,
			  unsigned int flags)
{
	return ktask_select_until(arms, n, flags, TASK_KILLABLE, KTIME_MAX);
}
EXPORT_SYMBOL_NS_GPL(ktask_select_killable, KTASK_NS);
