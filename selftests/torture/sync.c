// SPDX-License-Identifier: GPL-2.0
/*
 * A mutex, a semaphore and a notification, which all share. What is held is held
 * for a time that ends by itself.
 */
#include "torture.h"

#define PERMITS	3

static struct ktask_mutex mutex;
static atomic64_t mutex_holder;

static struct ktask_semaphore semaphore;
static atomic_t permits_held;

static struct ktask_notify notify;

static void mutex_mark(u64 id)
{
	u64 old = atomic64_cmpxchg(&mutex_holder, 0, id);

	if (old)
		tt_fault("%llu holds a mutex that %llu holds", id, old);
	tt_count(TT_OP_MUTEX);
}

static void mutex_unmark(u64 id)
{
	if (atomic64_cmpxchg(&mutex_holder, id, 0) != id)
		tt_fault("%llu does not hold the mutex that it has locked", id);
}

static void permits_mark(unsigned int n)
{
	int held = atomic_add_return(n, &permits_held);

	if (held > PERMITS)
		tt_fault("%d permits of %d are held", held, PERMITS);
	tt_count(TT_OP_SEMAPHORE);
}

static void permits_unmark(unsigned int n)
{
	if (atomic_sub_return(n, &permits_held) < 0)
		tt_fault("more permits are released than were held");
}

/* --- Tasks ---------------------------------------------------------------- */

static void unmark_mutex(void *arg)
{
	struct tt_frame *f = arg;

	mutex_unmark(f->s->id);
}

static void unmark_permits(void *arg)
{
	struct tt_frame *f = arg;

	permits_unmark(f->n);
}

static ktask_poll_t sync_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct rnd_state *rnd = &f->rnd;

	KTASK_BEGIN(t);
	for (f->left = 1 + tt_below(rnd, 5); f->left; f->left--) {
		f->op = tt_below(rnd, 8);
		if (f->op < 3) {
			KTASK_MUTEX_LOCK_TIMEOUT(t, &mutex, &f->u.guard,
						 f->op ? KTIME_MAX :
						 tt_time(rnd, 200));
			if (ktask_mutex_status(&f->u.guard)) {
				if (f->op)
					tt_fault("a mutex was refused with %d",
						 ktask_mutex_status(&f->u.guard));
				continue;
			}
			mutex_mark(f->s->id);
			ktask_defer(t, &f->u.unmark, unmark_mutex, f);
			if (tt_one_in(rnd, 3))
				KTASK_SLEEP(t, tt_time(rnd, 30));
			else
				KTASK_YIELD(t);
			if (!ktask_undefer(t, &f->u.unmark))
				tt_fault("a cleanup was not there");
			mutex_unmark(f->s->id);
			ktask_mutex_unlock(&f->u.guard);
		} else if (f->op < 6) {
			f->n = 1 + tt_below(rnd, PERMITS);
			KTASK_SEMAPHORE_ACQUIRE_TIMEOUT(t, &semaphore,
							&f->u.permit, f->n,
							f->op > 3 ? KTIME_MAX :
							tt_time(rnd, 200));
			if (ktask_permit_status(&f->u.permit)) {
				if (f->op > 3)
					tt_fault("permits were refused with %d",
						 ktask_permit_status(&f->u.permit));
				continue;
			}
			permits_mark(f->n);
			ktask_defer(t, &f->u.unmark, unmark_permits, f);
			if (tt_one_in(rnd, 3))
				KTASK_SLEEP(t, tt_time(rnd, 30));
			else
				KTASK_YIELD(t);
			if (!ktask_undefer(t, &f->u.unmark))
				tt_fault("a cleanup was not there");
			permits_unmark(f->n);
			ktask_permit_release(&f->u.permit);
		} else if (f->op == 6) {
			tt_count(TT_OP_NOTIFY);
			KTASK_NOTIFIED_TIMEOUT(t, &notify, &f->u.notified,
					       tt_time(rnd, 200));
		} else {
			ktask_notify_one(&notify);
			tt_count(TT_OP_NOTIFY);
			KTASK_YIELD(t);
		}
	}
	KTASK_END(t);
}

const struct tt_kind sync_kind = { .name = "sync", .resume = sync_body };

/* --- Wishes --------------------------------------------------------------- */

/* No task has the address of a wish for its number. */
static u64 wish_id(struct tt_wish *w)
{
	return (unsigned long)w;
}

static bool mutex_ask(struct tt_wish *w, struct ktask *t, struct rnd_state *rnd)
{
	return tt_wish_request(w, ktask_mutex_request(&mutex, &w->guard, t));
}

static void mutex_granted(struct tt_wish *w, long status)
{
	mutex_mark(wish_id(w));
}

static void mutex_let_go(struct tt_wish *w)
{
	mutex_unmark(wish_id(w));
}

const struct tt_wish_kind mutex_wish = {
	.op = TT_OP_AWAIT, .sure = true, .ask = mutex_ask,
	.granted = mutex_granted, .let_go = mutex_let_go,
};

static bool permit_ask(struct tt_wish *w, struct ktask *t,
		       struct rnd_state *rnd)
{
	w->n = 1 + tt_below(rnd, PERMITS);
	return tt_wish_request(w, ktask_semaphore_request(&semaphore,
							  &w->permit, t, w->n));
}

static void permit_granted(struct tt_wish *w, long status)
{
	permits_mark(w->n);
}

static void permit_let_go(struct tt_wish *w)
{
	permits_unmark(w->n);
}

const struct tt_wish_kind permit_wish = {
	.op = TT_OP_AWAIT, .sure = true, .ask = permit_ask,
	.granted = permit_granted, .let_go = permit_let_go,
};

static bool notified_ask(struct tt_wish *w, struct ktask *t,
			 struct rnd_state *rnd)
{
	return tt_wish_request(w, ktask_notify_request(&notify, &w->notified,
						       t));
}

/* One that was not taken goes to another. */
static void notified_granted(struct tt_wish *w, long status)
{
	ktask_request_forget(w->request);
}

const struct tt_wish_kind notified_wish = {
	.op = TT_OP_NOTIFY, .ask = notified_ask, .granted = notified_granted,
};

/* --- Threads -------------------------------------------------------------- */

static ktime_t soon(struct rnd_state *rnd)
{
	return ktime_add(ktime_get(), tt_time(rnd, 200));
}

static void thread_mutex(struct rnd_state *rnd)
{
	/* No task has such an id. */
	u64 id = U64_MAX - tt_below(rnd, U16_MAX);
	struct ktask_mutex_guard g;
	int err;

	err = ktask_mutex_lock_until(&mutex, &g, NULL, TASK_UNINTERRUPTIBLE,
				     tt_one_in(rnd, 2) ? soon(rnd) : KTIME_MAX);
	if (err)
		return;
	mutex_mark(id);
	tt_spin(rnd, 5);
	mutex_unmark(id);
	ktask_mutex_unlock(&g);
}

static void thread_semaphore(struct rnd_state *rnd)
{
	unsigned int n = 1 + tt_below(rnd, PERMITS);
	struct ktask_permit p;
	int err;

	err = ktask_semaphore_acquire_until(&semaphore, &p, NULL, n,
					    TASK_UNINTERRUPTIBLE,
					    tt_one_in(rnd, 2) ? soon(rnd) :
					    KTIME_MAX);
	if (err)
		return;
	permits_mark(n);
	tt_spin(rnd, 5);
	permits_unmark(n);
	ktask_permit_release(&p);
}

static void sync_step(struct rnd_state *rnd)
{
	switch (tt_below(rnd, 3)) {
	case 0:
		thread_mutex(rnd);
		break;
	case 1:
		thread_semaphore(rnd);
		break;
	default:
		tt_count(TT_OP_NOTIFY);
		ktask_notify_wait_until(&notify, TASK_UNINTERRUPTIBLE,
					soon(rnd));
	}
}

static void sync_step_atomic(struct rnd_state *rnd)
{
	struct ktask_permit p;

	switch (tt_below(rnd, 4)) {
	case 0:
		if (ktask_semaphore_try_acquire(&semaphore, &p, NULL, 1))
			break;
		permits_mark(1);
		/* The other way to give it back. */
		ktask_permit_forget(&p);
		permits_unmark(1);
		ktask_semaphore_add(&semaphore, 1);
		break;
	case 1:
		ktask_notify_all(&notify);
		tt_count(TT_OP_NOTIFY);
		break;
	default:
		ktask_notify_one(&notify);
		tt_count(TT_OP_NOTIFY);
	}
}

static void sync_init(void)
{
	ktask_mutex_init(&mutex);
	ktask_semaphore_init(&semaphore, PERMITS);
	ktask_notify_init(&notify);
}

static void sync_check(void)
{
	if (ktask_mutex_is_locked(&mutex) || atomic64_read(&mutex_holder))
		tt_fault("a mutex was left locked");
	if (ktask_semaphore_available(&semaphore) != PERMITS ||
	    atomic_read(&permits_held))
		tt_fault("%u permits were left of %d",
			 ktask_semaphore_available(&semaphore), PERMITS);
	ktask_mutex_destroy(&mutex);
	ktask_semaphore_destroy(&semaphore);
	ktask_notify_destroy(&notify);
}

const struct tt_shared sync_shared = {
	.init = sync_init, .step = sync_step, .step_atomic = sync_step_atomic,
	.check = sync_check,
};
