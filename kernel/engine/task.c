// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a task: woken, run, aborted, ended, put. It is made and started in
 * spawn.c.
 *
 * state is one atomic word of these bits:
 *
 *	NEW		made, not started
 *	READY		shall run
 *	QUEUED		on a run queue; independent of READY, because a joiner
 *			that runs the task itself may have to leave it there
 *	RUNNING		somebody runs it, and alone may touch its private members
 *	COMPLETE	over, nothing follows
 *	ABORT		shall end; stays set
 *	FIRED_*		why it was woken, until the runner has taken note
 *	HELD		of a blocking task: what it uses is that of an async one
 *
 * A started task with none of READY, RUNNING, COMPLETE is suspended.
 * Transitions, each one compare-and-swap; "+" sets a bit, "-" clears it:
 *
 *	start		NEW		-NEW +READY +QUEUED, push
 *			... held	-NEW: it is suspended; but as above, if it
 *					has been woken or aborted meanwhile
 *			... here	-NEW +RUNNING: run it
 *	wake		suspended	+FIRED +READY +QUEUED, push unless it was
 *					QUEUED
 *			RUNNING		+FIRED +READY: suspend will see it
 *			READY		+FIRED
 *	abort		NEW, READY	+ABORT
 *			else		+ABORT, and as wake
 *			COMPLETE	none
 *	dequeue		READY		-READY -QUEUED -FIRED +RUNNING: run it
 *			else		-QUEUED; if COMPLETE, drop the runtime's
 *					reference, which the end left to us
 *	help		READY		-READY -FIRED +RUNNING, and -QUEUED if it
 *					could be taken off its queue: run it
 *	suspend		RUNNING		-RUNNING
 *			... and READY	-RUNNING +QUEUED, push unless it was QUEUED
 *	end		RUNNING		-RUNNING -READY +COMPLETE; if not QUEUED,
 *					drop the runtime's reference
 *
 * selftests/model/task.pml is this table for a model checker.
 *
 * A task may be held at its start: then it begins suspended, with a waiter or a
 * timer armed, as if its body had begun with an await.
 *
 * A blocking task goes NEW, READY (its work is queued), RUNNING, COMPLETE. An
 * abort that catches it before its work runs takes the work off the workqueue,
 * or keeps it from getting there, and pushes the task on an executor, where it
 * ends without having run. One that is held has HELD set, and is like an async
 * task until an executor runs it:
 *
 *	begin		RUNNING, HELD	-RUNNING -HELD -FIRED +READY, queue its work
 *			... and ABORT	none, it ends
 *
 * Only who sets QUEUED pushes, and only who has taken the task off the queue
 * clears it, so a task is on one queue at most. Only who sets RUNNING runs it,
 * so it is run once at a time; what the last runner wrote is visible to the
 * next, since successful compare-and-swaps are fully ordered.
 *
 * Lifetime. A future or a timer that is armed will call task_wake(), which is
 * its last touch, at a time of its own. So a task neither resumes nor ends
 * before everything armed has fired, in this word, or has been taken back: see
 * await_over(). Hence wakers need no reference.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <trace/events/ktask.h>

#include "engine.h"
#include "memory.h"

/*
 * Awaits that a task need not wait at, before it must let others run all the
 * same. 0 means that they are used up.
 */
#define TASK_BUDGET	128

/* For how long, in jiffies, a computation may go on. */
#define SLICE		max(HZ / 250, 2)

/* --- Put ------------------------------------------------------------------ */

/*
 * Whether one of @refs references is the last but the runtime's. If the other is
 * a handle, the task has ended, or was not started, and its owner may still
 * start it.
 */
static bool task_put_last_handle(struct ktask *t, int refs)
{
	if (refs != 2)
		return false;
	/* Who started it may have put a handle since. */
	smp_rmb();
	return !(atomic_read(&t->state) & KT_NEW);
}

/*
 * Put a reference to a task that shall be aborted when only the runtime has one
 * left. So who takes the count from two to one aborts it before, while there is
 * a reference to do it with; refcount_t has nothing for that.
 * Return: true if it was the last.
 */
static noinline bool task_put_abort(struct ktask *t)
{
	int old = refcount_read(&t->refs);

	do {
		if (task_put_last_handle(t, old))
			ktask_abort(t);
	} while (!atomic_try_cmpxchg(&t->refs.refs, &old, old - 1));
	return old == 1;
}

/* Nobody can take a reference, but who has one: the last needs no atomic operation. */
static __always_inline bool refs_put(refcount_t *refs)
{
	if (refcount_read(refs) != 1)
		return refcount_dec_and_test(refs);
	/* Pairs with the release of those who have put theirs. */
	smp_acquire__after_ctrl_dep();
	/* One put too many is still found. */
	refcount_set(refs, 0);
	return true;
}

static __always_inline void task_put(struct ktask *t)
{
	bool last;

	if (unlikely(t->kind & KTASK_ABORT_ON_PUT))
		last = task_put_abort(t);
	else
		last = refs_put(&t->refs);
	if (!last)
		return;
	if (t->release)
		t->release(t);
	else
		task_free(t);
}

/**
 * ktask_put - drop a reference
 * @t: the task, or NULL; not used by the caller any more
 *
 * A task that is still at work goes on without it, see ktask_detach(), unless it
 * is %KTASK_ABORT_ON_PUT. The last put frees the task and its frame.
 *
 * Context: any but NMI.
 */
void ktask_put(struct ktask *t)
{
	if (t)
		task_put(t);
}
EXPORT_SYMBOL_NS_GPL(ktask_put, KTASK_NS);

/* The runtime lets go of a task that has ended and is on no queue. */
static __always_inline void let_go(struct ktask *t)
{
	struct ktask_runtime *rt = task_runtime(t);
	bool has = task_has_runtime(t, rt);
	/* .release is code of the module's; without it, the end has unpinned. */
	struct module *pinned = t->release ? task_pinned(t) : NULL;

	task_put(t);
	/* From the unpin on not preempted: see task_has_runtime(). */
	preempt_disable();
	if (pinned)
		module_put(pinned);
	if (!has)
		percpu_ref_put(&rt->ref);
	preempt_enable();
}

/* The same, when an executor finds it on its queue. */
void task_let_go(struct ktask *t)
{
	let_go(t);
}

/* --- Woken ---------------------------------------------------------------- */

/*
 * Put @t back on its queue, for the reason @why, unless it will run anyway.
 * Does not touch @t after the compare-and-swap, but for the push, before which
 * @t cannot be let go. Any context. Return: the state before.
 */
int task_wake(struct ktask *t, int why)
{
	int old = atomic_read(&t->state);
	int new;

	trace_ktask_wake(t, why);
	do {
		new = old | why;
		if (!(old & (KT_NEW | KT_READY | KT_COMPLETE))) {
			new |= KT_READY;
			if (!(old & KT_RUNNING))
				new |= KT_QUEUED;
		}
	} while (!atomic_try_cmpxchg(&t->state, &old, new));

	if (new & ~old & KT_QUEUED)
		executor_push(t);
	return old;
}

/**
 * ktask_aborted - whether a task has been asked to end
 * @t: the task
 *
 * Context: any. A blocking body looks at this to end early.
 * Return: true from the moment on when ktask_abort() was called.
 */
bool ktask_aborted(const struct ktask *t)
{
	return atomic_read(&t->state) & KT_ABORT;
}
EXPORT_SYMBOL_NS_GPL(ktask_aborted, KTASK_NS);

/**
 * ktask_abort - ask a task to end
 * @t: the task; the caller has a reference
 *
 * Does not wait. See "the task contract" for what happens to the task; its
 * outcome tells whether the body had returned before.
 *
 * Context: any but NMI. May be called again and by many at once.
 * Return: true if the task will end, or has been asked before; false if it has
 * ended already.
 */
bool ktask_abort(struct ktask *t)
{
	int old;

	if (ktask_done(t))
		return false;
	trace_ktask_abort(t);
	/* To a blocking task's body READY means nothing. */
	old = task_wake(t, KT_ABORT);
	if (task_is_blocking(t) && !(old & (KT_ABORT | KT_HELD)))
		blocking_abort(t);
	return true;
}
EXPORT_SYMBOL_NS_GPL(ktask_abort, KTASK_NS);

/* --- Run ------------------------------------------------------------------ */

/* The end of @t, which the caller runs, and whose cleanups have run. */
static __always_inline void finish(struct ktask *t, enum ktask_outcome outcome,
				   long result)
{
	struct ktask_runtime *rt = task_runtime(t);
	bool has_release = t->release;
	int old, new;

	trace_ktask_complete(t, outcome, result);
	if (unlikely(t->kind & __KTASK_TRACKED))
		observe_task_end(t);
	this_cpu_inc(rt->stats->completed);
	if (outcome == KTASK_CANCELLED)
		this_cpu_inc(rt->stats->cancelled);
	if (!rt->is_default)
		runtime_disown(rt, t);

	t->outcome = outcome;
	t->done.value = result;
	/* Joiners spin for what follows, see task_settle(); see task_has_runtime() too. */
	preempt_disable();
	future_complete_stored(&t->done);
	if (!has_release)
		module_put(task_pinned(t));

	/*
	 * Last, because from here on an executor that still has @t on its queue
	 * may let go of it.
	 */
	old = atomic_read(&t->state);
	do {
		new = old & ~(KT_RUNNING | KT_READY);
		new |= KT_COMPLETE;
	} while (!atomic_try_cmpxchg(&t->state, &old, new));

	/* .release may not like that, and keeps the module pinned. */
	if (has_release)
		preempt_enable();
	if (!(old & KT_QUEUED))
		let_go(t);
	if (!has_release)
		preempt_enable();
}

/* The same for a blocking task. */
void task_finish(struct ktask *t, enum ktask_outcome outcome, long result)
{
	finish(t, outcome, result);
}

/* Return: true if the caller is to push it. Else it may be gone. */
static __always_inline bool task_suspend(struct ktask *t, struct ktask_drainer *d, bool again)
{
	int old = atomic_read(&t->state);
	int new;

	trace_ktask_suspend(t, t->armed, t->pc);
	drainer_leave(d);
	do {
		new = old & ~KT_RUNNING;
		if (again)
			new |= KT_READY;
		if (new & KT_READY)
			new |= KT_QUEUED;
	} while (!atomic_try_cmpxchg(&t->state, &old, new));

	return new & ~old & KT_QUEUED;
}

/*
 * What a blocking task, which the caller runs, was held for has happened.
 * Return: false if it is to end.
 */
static bool task_begin_blocking(struct ktask *t, struct ktask_drainer *d)
{
	int old, new;

	blocking_init(t);
	drainer_leave(d);
	/* From here on an abort is one of a blocking task. */
	old = atomic_read(&t->state);
	do {
		if (old & KT_ABORT)
			return false;
		new = old & ~(KT_RUNNING | KT_HELD | KT_FIRED);
		new |= KT_READY;
	} while (!atomic_try_cmpxchg(&t->state, &old, new));
	blocking_queue(t);
	return true;
}

/* Call the body. */
static ktask_poll_t task_resume(struct ktask *t)
{
	ktask_poll_t poll;
	u64 began;

	trace_ktask_resume(t);
	if (likely(!(t->kind & __KTASK_TRACKED)))
		return t->resume(t);
	began = ktime_get_ns();
	poll = t->resume(t);
	observe_task_ran(t, ktime_get_ns() - began);
	return poll;
}

/*
 * The end of @t in an executor or a helper. Apart from task_run(), so that this is small
 * and what does not end is quick.
 */
KT_IN_PAGE(end, 1024)
static noinline void task_end(struct ktask *t, struct ktask_drainer *d,
			      enum ktask_outcome outcome, long result)
{
	bool nested;

	if (unlikely(t->defers)) {
		/* They are part of the body, for lockdep. */
		nested = task_class_held(t);
		if (!nested)
			lock_map_acquire(&t->lockdep_map);
		task_run_defers(t);
		if (!nested)
			lock_map_release(&t->lockdep_map);
	}
	drainer_leave(d);
	finish(t, outcome, result);
}

/*
 * Give @t, which the caller has claimed, the CPU until its next await; @d: the
 * drainer that does, or NULL.
 * Return: true if it shall run again, and is to be pushed by the caller. Else it
 * may be gone.
 */
KT_IN_PAGE(run, 1024)
bool task_run(struct ktask *t, struct ktask_drainer *d)
{
	enum ktask_outcome outcome = KTASK_CANCELLED;
	long result = -ECANCELED;
	ktask_poll_t poll;
	bool nested;

	this_cpu_inc(task_runtime(t)->stats->resumed);
	t->budget = TASK_BUDGET;
	t->resumed_at = jiffies;
	if (t->armed && !await_over(t))
		return task_suspend(t, d, false);
	if (unlikely(ktask_aborted(t)))
		goto end;
	if (unlikely(task_is_blocking(t))) {
		if (task_begin_blocking(t, d))
			return false;
		goto end;
	}

	nested = task_class_held(t);
	if (!nested)
		lock_map_acquire(&t->lockdep_map);
	poll = task_resume(t);
	if (!nested)
		lock_map_release(&t->lockdep_map);

	if (poll == KTASK_READY) {
		outcome = KTASK_RETURNED;
		result = t->done.value;
	} else if (poll == KTASK_AGAIN || t->armed || !t->budget) {
		return task_suspend(t, d, poll == KTASK_AGAIN || !t->budget);
	} else if (!ktask_aborted(t)) {
		WARN_ONCE(1, "ktask: \"%s\" (%ps) waits for nothing\n",
			  t->name, t->resume);
		outcome = KTASK_FAILED;
		result = -EDEADLK;
	}
end:
	task_end(t, d, outcome, result);
	return false;
}

/**
 * ktask_should_yield - whether a long computation should let others run
 * @t: the task
 *
 * To be asked now and then, and followed by KTASK_YIELD() if true, which is also
 * where an abort comes in.
 *
 * Context: the body of @t.
 * Return: true if @t has been running for some milliseconds, or something that
 * is more urgent waits for the CPU.
 */
bool ktask_should_yield(const struct ktask *t)
{
	return need_resched() || (u8)((u8)jiffies - t->resumed_at) >= SLICE;
}
EXPORT_SYMBOL_NS_GPL(ktask_should_yield, KTASK_NS);

/* KTASK_END() got here: the body has stopped at a place that it does not have. */
ktask_poll_t __ktask_lost(struct ktask *t)
{
	WARN_ONCE(1, "ktask: \"%s\" (%ps): await inside a switch of its own\n",
		  t->name, t->resume);
	return KTASK_PENDING;
}
EXPORT_SYMBOL_NS_GPL(__ktask_lost, KTASK_NS);

/* --- Ended ---------------------------------------------------------------- */

/**
 * ktask_defer - register a cleanup
 * @t: the task
 * @d: storage for it, in the task's frame
 * @fn: called once when the body has ended, in whatever way
 * @arg: passed to @fn
 *
 * The last registered is called first, in process context, where it may sleep.
 * The task has not ended, to those who wait for it, before all have returned.
 *
 * Context: the body of @t, or its maker before ktask_start(). Of a task that is
 * never started none is called.
 */
void ktask_defer(struct ktask *t, struct ktask_defer *d, void (*fn)(void *arg),
		 void *arg)
{
	/* A second time it would make a circle, and the end of @t none. */
	if (IS_ENABLED(CONFIG_DEBUG_LIST))
		WARN_ONCE(ktask_undefer(t, d),
			  "ktask: \"%s\" defers %ps that is registered already\n",
			  t->name, fn);
	d->fn = fn;
	d->arg = arg;
	d->next = t->defers;
	t->defers = d;
}
EXPORT_SYMBOL_NS_GPL(ktask_defer, KTASK_NS);

/**
 * ktask_undefer - take a cleanup back
 * @t: the task
 * @d: the cleanup
 *
 * Quick for one of the last that were registered.
 *
 * Context: the body of @t, a cleanup of it, or its maker before ktask_start().
 * Return: true if it will not be called; false if it is not registered, or has
 * been called already.
 */
bool ktask_undefer(struct ktask *t, struct ktask_defer *d)
{
	struct ktask_defer **link;

	for (link = &t->defers; *link; link = &(*link)->next) {
		if (*link == d) {
			*link = d->next;
			return true;
		}
	}
	return false;
}
EXPORT_SYMBOL_NS_GPL(ktask_undefer, KTASK_NS);

void task_run_defers(struct ktask *t)
{
	struct ktask_defer *d;

	while ((d = t->defers)) {
		t->defers = d->next;
		d->fn(d->arg);
	}
}
