// SPDX-License-Identifier: GPL-2.0
/*
 * Sets that come and go while tasks are spawned into them and joined.
 */
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "torture.h"

#define SETS	4

/**
 * struct tt_set - a set of ours
 * @set: it
 * @refs: one of who destroys it, and one of each subject
 * @users: those who use it, and are not tasks of it
 * @idle: woken when @users becomes 0
 * @results: it keeps them
 * @members: its tasks may use it, so they are not let go
 * @subjects: of all tasks that it has taken, as it may give any to a joiner
 * @dying: it is being destroyed
 * @spawned: tasks that it has taken
 * @joined: tasks that it has given to joiners
 */
struct tt_set {
	struct ktask_set set;
	refcount_t refs;
	atomic_t users;
	wait_queue_head_t idle;
	bool results;
	bool members;
	bool dying;
	struct llist_head subjects;
	atomic_t spawned;
	atomic_t joined;
};

/* Under sets_lock. */
static struct tt_set *sets[SETS];
static DEFINE_RAW_SPINLOCK(sets_lock);
static atomic_long_t sets_live;

struct ktask_set *set_of(struct tt_set *set)
{
	return &set->set;
}

bool set_dying(struct tt_set *set)
{
	return READ_ONCE(set->dying);
}

void set_get(struct tt_set *set)
{
	refcount_inc(&set->refs);
}

void set_put(struct tt_set *set)
{
	if (!refcount_dec_and_test(&set->refs))
		return;
	kfree(set);
	atomic_long_dec(&sets_live);
}

bool set_is_for_members(struct tt_set *set)
{
	return set->members;
}

/* @set has taken @s, to which the caller has a handle. */
void set_spawned(struct tt_set *set, struct subject *s)
{
	atomic_inc(&set->spawned);
	refcount_inc(&s->refs);
	llist_add(&s->of_set, &set->subjects);
}

/* Return: a new one, which the caller destroys; or NULL. Any context. */
struct tt_set *set_new(struct rnd_state *rnd, gfp_t gfp)
{
	struct tt_set *set = kzalloc(sizeof(*set), gfp);

	if (!set)
		return NULL;
	atomic_long_inc(&sets_live);
	tt_count(TT_OP_SET_NEW);
	refcount_set(&set->refs, 1);
	init_waitqueue_head(&set->idle);
	set->results = !tt_one_in(rnd, 3);
	set->members = tt_one_in(rnd, 2);
	init_llist_head(&set->subjects);
	ktask_set_init(&set->set, tt_one_in(rnd, 2) ? tt_below(rnd, 5) : 0,
		       set->results ? 0 : KTASK_SET_NO_RESULTS);
	return set;
}

/* @t, a task of @set, was given to the caller, with a reference. */
void set_joined(struct tt_set *set, struct ktask *t)
{
	struct subject *s = subject_of(t);
	long result = 0;
	int err;

	tt_count(TT_OP_SET_JOIN);
	atomic_inc(&set->joined);
	if (s->set != set)
		tt_fault("a set gave a task that is not its own");
	if (!set->results)
		tt_fault("a set gave a result that it does not keep");
	if (atomic_inc_return(&s->taken) != 1)
		tt_fault("%s %llu was given to two joiners", s->kind->name,
			 s->id);
	err = ktask_try_join(t, &result);
	if (err == -EAGAIN)
		tt_fault("%s %llu was joined before its end", s->kind->name,
			 s->id);
	ktask_put(t);
}

/* Join all that is left of a closed set: each task that came in has to come out. */
static void set_drain_all(struct tt_set *set)
{
	struct ktask *t;
	int err;

	ktask_set_close(&set->set);
	while (!(err = ktask_set_join_next(&set->set, &t, NULL)))
		set_joined(set, t);
	if (err != -ENOENT)
		tt_fault("a set that is empty says %d", err);
	if (ktask_set_len(&set->set))
		tt_fault("a set that is empty has %u tasks",
			 ktask_set_len(&set->set));
	if (set->results && set->members &&
	    atomic_read(&set->spawned) != atomic_read(&set->joined))
		tt_fault("a set took %d tasks and gave %d",
			 atomic_read(&set->spawned),
			 atomic_read(&set->joined));
}

/* Nobody joins any more. */
static void set_forget_all(struct tt_set *set)
{
	struct subject *s, *next;

	llist_for_each_entry_safe(s, next, llist_del_all(&set->subjects),
				  of_set)
		subject_put(s);
}

/* Destroy @set, which nobody else can find any more; @drain: join all first. */
void set_end(struct tt_set *set, bool drain)
{
	wait_event(set->idle, !atomic_read(&set->users));
	if (drain)
		set_drain_all(set);
	WRITE_ONCE(set->dying, true);
	ktask_set_destroy(&set->set);
	if (ktask_set_len(&set->set))
		tt_fault("a set that was destroyed has %u tasks",
			 ktask_set_len(&set->set));
	tt_count(TT_OP_SET_END);
	set_forget_all(set);
	set_put(set);
}

/* Return: one that is not destroyed before set_unuse(); or NULL. */
struct tt_set *set_pick(struct rnd_state *rnd)
{
	struct tt_set *set;
	unsigned long flags;

	raw_spin_lock_irqsave(&sets_lock, flags);
	set = sets[tt_below(rnd, SETS)];
	if (set) {
		set_get(set);
		atomic_inc(&set->users);
	}
	raw_spin_unlock_irqrestore(&sets_lock, flags);
	return set;
}

void set_unuse(struct tt_set *set)
{
	if (!set)
		return;
	if (atomic_dec_and_test(&set->users))
		wake_up(&set->idle);
	set_put(set);
}

static struct tt_set *set_swap(u32 place, struct tt_set *set)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&sets_lock, flags);
	swap(sets[place], set);
	raw_spin_unlock_irqrestore(&sets_lock, flags);
	return set;
}

static void set_join_thread(struct tt_set *set, struct rnd_state *rnd)
{
	ktime_t deadline = ktime_add(ktime_get(), tt_time(rnd, 500));
	struct ktask *t;
	int err;

	err = ktask_set_join_next_until(&set->set, &t, NULL,
					TASK_UNINTERRUPTIBLE, deadline);
	if (!err)
		set_joined(set, t);
	else if (err != -ENOENT && err != -ETIMEDOUT)
		tt_fault("a join of a set says %d", err);
}

static void set_replace(struct rnd_state *rnd)
{
	struct tt_set *old;

	old = set_swap(tt_below(rnd, SETS), set_new(rnd, GFP_KERNEL));
	if (old)
		set_end(old, tt_one_in(rnd, 2));
}

/* What a thread does with them. */
void set_step(struct rnd_state *rnd)
{
	u32 op = tt_below(rnd, 16);
	struct tt_set *set;

	if (!op) {
		set_replace(rnd);
		return;
	}
	set = set_pick(rnd);
	if (!set)
		return;
	if (op == 1) {
		ktask_set_wait_idle_until(&set->set, TASK_UNINTERRUPTIBLE,
					  ktime_add(ktime_get(),
						    tt_time(rnd, 500)));
	} else if (op < 8) {
		struct tt_ctx ctx = {
			.rnd = rnd, .rank = 1, .gfp = GFP_KERNEL, .set = set,
		};
		struct subject *s = tt_spawn(&ctx);

		if (s)
			hand_pass(rnd, s);
	} else {
		set_join_thread(set, rnd);
	}
	set_unuse(set);
}

/* The tasks of @set may be cancelled from now on. */
static void set_ask_all(struct tt_set *set)
{
	/* As if it were destroyed: to know of each would take a list. */
	WRITE_ONCE(set->dying, true);
}

/* What anybody does with them. Any context. */
void set_step_atomic(struct rnd_state *rnd)
{
	struct tt_set *set = set_pick(rnd);
	u32 op = tt_below(rnd, 32);
	struct ktask *t;

	if (!set)
		return;
	if (op == 0) {
		set_ask_all(set);
		ktask_set_abort_all(&set->set);
		tt_count(TT_OP_SET_ABORT);
	} else if (op == 1) {
		if (!set->members) {
			ktask_set_detach_all(&set->set);
			tt_count(TT_OP_SET_DETACH);
		}
	} else if (op < 10) {
		struct tt_ctx ctx = {
			.rnd = rnd, .rank = 1, .set = set,
			.gfp = GFP_ATOMIC | __GFP_NOWARN,
		};
		struct subject *s = tt_spawn(&ctx);

		if (s)
			hand_pass(rnd, s);
	} else if (!ktask_set_try_join_next(&set->set, &t, NULL)) {
		set_joined(set, t);
	}
	set_unuse(set);
}

/* --- Wishes --------------------------------------------------------------- */

static bool set_join_ask(struct tt_wish *w, struct ktask *t,
			 struct rnd_state *rnd)
{
	w->set = set_pick(rnd);
	return w->set &&
		tt_wish_request(w, ktask_set_join_next_start(&w->wait, t,
							     set_of(w->set)));
}

/* One that is not taken, or is granted too late, goes to another joiner. */
static void set_join_granted(struct tt_wish *w, long status)
{
	struct ktask *t = ktask_set_take(&w->wait, NULL);

	if (t)
		set_joined(w->set, t);
	else
		tt_fault("a set gave a task, and there was none");
}

static void set_wish_over(struct tt_wish *w)
{
	set_unuse(w->set);
}

const struct tt_wish_kind set_join_wish = {
	.op = TT_OP_AWAIT, .refusals = { -ENOENT, -ESHUTDOWN },
	.ask = set_join_ask, .granted = set_join_granted,
	.over = set_wish_over,
};

static bool set_idle_ask(struct tt_wish *w, struct ktask *t,
			 struct rnd_state *rnd)
{
	w->set = set_pick(rnd);
	return w->set &&
		tt_wish_request(w, ktask_set_wait_idle_start(&w->wait, t,
							     set_of(w->set)));
}

static void set_idle_granted(struct tt_wish *w, long status)
{
}

const struct tt_wish_kind set_idle_wish = {
	.op = TT_OP_AWAIT, .refusals = { -ENOENT, -ESHUTDOWN },
	.ask = set_idle_ask, .granted = set_idle_granted,
	.over = set_wish_over,
};

/* -------------------------------------------------------------------------- */

void sets_end(void)
{
	int i;

	for (i = 0; i < SETS; i++) {
		struct tt_set *old = set_swap(i, NULL);

		if (old)
			set_end(old, i & 1);
	}
}

void sets_check(void)
{
	if (atomic_long_read(&sets_live))
		tt_fault("%ld sets were left", atomic_long_read(&sets_live));
}
