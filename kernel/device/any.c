// SPDX-License-Identifier: GPL-2.0
/*
 * Joining whichever of several tasks ends first: see KTASK_JOIN_ANY.
 *
 * The thread becomes a joiner of all of them, and adds a waiter to the future of
 * each, whose callback completes one future of its own.
 */
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "../engine/engine.h"
#include "device.h"

struct any;

/* One of the tasks. */
struct any_slot {
	struct ktask_waiter waiter;
	struct any *any;
	struct job *job;	/* NULL if it is not a joiner's any more */
	bool added;
};

/**
 * struct any - a thread that waits for one of several tasks
 * @first: complete when one has ended
 * @calls: one for each callback that is to come, and one for the thread
 * @over: complete when @calls is zero
 * @nr: how many tasks
 * @slots: these
 */
struct any {
	struct ktask_future first;
	atomic_t calls;
	struct ktask_future over;
	u32 nr;
	struct any_slot slots[];
};

static void any_call_over(struct any *any)
{
	if (atomic_dec_and_test(&any->calls))
		ktask_future_complete(&any->over, 0);
}

static void any_notify(struct ktask_waiter *waiter, long value)
{
	struct any_slot *slot = container_of(waiter, struct any_slot, waiter);
	struct any *any = slot->any;

	ktask_future_complete(&any->first, 0);
	any_call_over(any);
}

static struct any *any_new(u32 nr)
{
	struct any *any = kvzalloc(struct_size(any, slots, nr),
				   GFP_KERNEL_ACCOUNT);

	if (any) {
		any->nr = nr;
		atomic_set(&any->calls, 1);
	}
	return any;
}

/* Return: 0; -ENOENT, with *@index the one that is not there. */
static int any_begin(struct session *s, struct any *any, const u64 *ids,
		     u32 __user *index)
{
	u32 i;

	for (i = 0; i < any->nr; i++) {
		struct any_slot *slot = &any->slots[i];

		slot->any = any;
		slot->job = session_join_begin(s, ids[i]);
		if (!slot->job)
			return put_user(i, index) ? -EFAULT : -ENOENT;
		atomic_inc(&any->calls);
		slot->added = ktask_future_add(ktask_future(&slot->job->task),
					       &slot->waiter, any_notify);
		if (slot->added)
			continue;
		any_call_over(any);
		ktask_future_complete(&any->first, 0);
	}
	return 0;
}

/* Take the waiters back, and wait for callbacks that are under way. */
static void any_stop(struct any *any)
{
	u32 i;

	for (i = 0; i < any->nr; i++) {
		struct any_slot *slot = &any->slots[i];

		if (slot->added &&
		    ktask_future_remove(ktask_future(&slot->job->task),
					&slot->waiter))
			any_call_over(any);
		/* Its end may be about to be noted. */
		if (slot->job && ktask_done(&slot->job->task))
			task_settle(&slot->job->task);
	}
	any_call_over(any);
	ktask_future_wait(&any->over);
}

/* The first to have ended, of those whose completion is still there. */
static struct any_slot *any_first(struct session *s, struct any *any)
{
	struct any_slot *first = NULL;
	u32 i;

	session_lock(s);
	for (i = 0; i < any->nr; i++) {
		struct any_slot *slot = &any->slots[i];

		if (slot->job && slot->job->ended && !slot->job->taken &&
		    (!first || slot->job->place.nr < first->job->place.nr))
			first = slot;
	}
	session_unlock(s);
	return first;
}

static void any_end(struct session *s, struct any *any, bool abort)
{
	u32 i;

	for (i = 0; i < any->nr; i++) {
		struct any_slot *slot = &any->slots[i];

		if (!slot->job)
			continue;
		if (abort)
			job_abort(slot->job, KTASK_CAUSE_ABORT);
		session_join_cancel(s, slot->job);
	}
	kvfree(any);
}

/* One of those that have ended. */
static u32 any_ended(const struct any *any)
{
	u32 i;

	for (i = 0; i < any->nr; i++) {
		if (any->slots[i].job && ktask_done(&any->slots[i].job->task))
			return i;
	}
	return 0;
}

/*
 * One has ended. Return: 0; or why not. Which one is told before it is taken, so
 * that it is not lost if that cannot be.
 */
static int any_take(struct session *s, struct any *any, struct delivery *d,
		    u32 __user *index)
{
	struct any_slot *slot;
	int err;

	if (put_user(any_ended(any), index))
		return -EFAULT;
	for (;;) {
		slot = any_first(s, any);
		/* All that had ended have been taken by others; so was *@index. */
		if (!slot)
			return -ENOENT;
		if (put_user((u32)(slot - any->slots), index))
			return -EFAULT;
		err = session_join_take(s, slot->job, d);
		slot->job = NULL;
		if (err != -ENOENT)
			return err;
	}
}

static u64 *any_copy_ids(const struct ktask_join_any *arg)
{
	return vmemdup_user(u64_to_user_ptr(arg->ids),
			    array_size(arg->nr, sizeof(u64)));
}

/* KTASK_JOIN_ANY. @deadline: as for session_join(); @index: where to tell which. */
int session_join_any(struct session *s, const struct ktask_join_any *arg,
		     u32 __user *index, ktime_t deadline)
{
	struct delivery d = {};
	struct iov_iter to;
	struct any *any;
	bool abort;
	u64 *ids;
	int err;

	if (arg->flags & ~KTASK_JOIN_ANY_ABORT_REST)
		return -EOPNOTSUPP;
	if (!arg->nr || arg->nr > KTASK_IDS_MAX)
		return -EINVAL;
	iov_iter_ubuf(&to, ITER_DEST, u64_to_user_ptr(arg->completion),
		      sizeof(struct ktask_completion));
	d.to = &to;
	any = any_new(arg->nr);
	if (!any)
		return -ENOMEM;
	ids = any_copy_ids(arg);
	if (IS_ERR(ids)) {
		kvfree(any);
		return PTR_ERR(ids);
	}
	err = any_begin(s, any, ids, index);
	kvfree(ids);
	if (!err && !ktask_future_done(&any->first))
		err = deadline ? ktask_future_wait_until(&any->first,
							 TASK_INTERRUPTIBLE,
							 deadline)
			       : -ETIMEDOUT;
	any_stop(any);
	/* One may have ended at the last moment. */
	if (!err || (err != -ENOENT && any_first(s, any)))
		err = any_take(s, any, &d, index);
	abort = !err && arg->flags & KTASK_JOIN_ANY_ABORT_REST;
	any_end(s, any, abort);
	return err;
}
