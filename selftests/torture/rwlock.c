// SPDX-License-Identifier: GPL-2.0
/*
 * A lock that many read under, and one writes under, now and then to go on reading.
 */
#include "torture.h"

#define WRITTEN	(-1)

static struct ktask_rwlock rwlock;
/* How many read, or WRITTEN. */
static atomic_t holders;

static void mark_read(void)
{
	if (!atomic_inc_unless_negative(&holders))
		tt_fault("a lock is read under while it is written under");
	tt_count(TT_OP_RWLOCK);
}

static void unmark_read(void)
{
	if (atomic_dec_return(&holders) < 0)
		tt_fault("a lock is read under less than it was locked");
}

static void mark_written(void)
{
	int old = atomic_cmpxchg(&holders, 0, WRITTEN);

	if (old)
		tt_fault("a lock is written under, and has %d holders", old);
	tt_count(TT_OP_RWLOCK);
}

/* @then: what is next. */
static void unmark_written(int then)
{
	if (atomic_cmpxchg(&holders, WRITTEN, then) != WRITTEN)
		tt_fault("a lock is not written under by who has locked it");
}

/* The caller writes, and is going to read. */
static void downgrade(struct ktask_rwlock_guard *g)
{
	unmark_written(1);
	ktask_rwlock_downgrade(g);
	tt_count(TT_OP_RWLOCK);
}

/* --- Wishes --------------------------------------------------------------- */

static bool read_ask(struct tt_wish *w, struct ktask *t, struct rnd_state *rnd)
{
	w->writes = false;
	return tt_wish_request(w, ktask_rwlock_request_read(&rwlock, &w->rw,
							    t));
}

static void read_granted(struct tt_wish *w, long status)
{
	mark_read();
}

static bool write_ask(struct tt_wish *w, struct ktask *t, struct rnd_state *rnd)
{
	w->writes = tt_one_in(rnd, 2);
	return tt_wish_request(w, ktask_rwlock_request_write(&rwlock, &w->rw,
							     t));
}

/* Some write for a moment only, and keep the lock for reading. */
static void write_granted(struct tt_wish *w, long status)
{
	mark_written();
	if (!w->writes)
		downgrade(&w->rw);
}

static void rwlock_let_go(struct tt_wish *w)
{
	if (w->writes)
		unmark_written(0);
	else
		unmark_read();
}

const struct tt_wish_kind read_wish = {
	.op = TT_OP_AWAIT, .sure = true, .ask = read_ask,
	.granted = read_granted, .let_go = rwlock_let_go,
};

const struct tt_wish_kind write_wish = {
	.op = TT_OP_AWAIT, .sure = true, .ask = write_ask,
	.granted = write_granted, .let_go = rwlock_let_go,
};

/* --- Tasks ---------------------------------------------------------------- */

static void unmark(void *arg)
{
	struct tt_frame *f = arg;

	if (f->op == 0)
		unmark_written(0);
	else
		unmark_read();
}

static ktask_poll_t rwlock_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct rnd_state *rnd = &f->rnd;

	KTASK_BEGIN(t);
	for (f->left = 1 + tt_below(rnd, 5); f->left; f->left--) {
		f->op = tt_below(rnd, 4);
		if (f->op < 2)
			KTASK_RWLOCK_WRITE_TIMEOUT(t, &rwlock, &f->u.rw,
						   tt_one_in(rnd, 2) ?
						   KTIME_MAX :
						   tt_time(rnd, 200));
		else
			KTASK_RWLOCK_READ_TIMEOUT(t, &rwlock, &f->u.rw,
						  tt_one_in(rnd, 2) ?
						  KTIME_MAX :
						  tt_time(rnd, 200));
		if (ktask_rwlock_status(&f->u.rw)) {
			if (ktask_rwlock_status(&f->u.rw) != -ETIMEDOUT)
				tt_fault("a lock was refused with %d",
					 ktask_rwlock_status(&f->u.rw));
			continue;
		}
		if (f->op < 2)
			mark_written();
		else
			mark_read();
		if (f->op == 1)
			downgrade(&f->u.rw);
		ktask_defer(t, &f->u.unmark, unmark, f);
		if (tt_one_in(rnd, 3))
			KTASK_SLEEP(t, tt_time(rnd, 30));
		else
			KTASK_YIELD(t);
		if (!ktask_undefer(t, &f->u.unmark))
			tt_fault("a cleanup was not there");
		unmark(f);
		ktask_rwlock_unlock(&f->u.rw);
	}
	KTASK_END(t);
}

const struct tt_kind rwlock_kind = { .name = "rwlock", .resume = rwlock_body };

/* --- Threads and interrupts ----------------------------------------------- */

static void rwlock_step(struct rnd_state *rnd)
{
	ktime_t deadline = KTIME_MAX;
	struct ktask_rwlock_guard g;

	if (tt_one_in(rnd, 2))
		deadline = ktime_add(ktime_get(), tt_time(rnd, 200));
	if (tt_one_in(rnd, 2)) {
		if (ktask_rwlock_read_until(&rwlock, &g, NULL,
					    TASK_UNINTERRUPTIBLE, deadline))
			return;
		mark_read();
	} else {
		if (ktask_rwlock_write_until(&rwlock, &g, NULL,
					     TASK_UNINTERRUPTIBLE, deadline))
			return;
		mark_written();
		tt_spin(rnd, 3);
		downgrade(&g);
	}
	tt_spin(rnd, 3);
	unmark_read();
	ktask_rwlock_unlock(&g);
}

static void rwlock_step_atomic(struct rnd_state *rnd)
{
	struct ktask_rwlock_guard g;

	if (tt_one_in(rnd, 2)) {
		if (!ktask_rwlock_try_read(&rwlock, &g, NULL))
			return;
		mark_read();
		unmark_read();
	} else {
		if (!ktask_rwlock_try_write(&rwlock, &g, NULL))
			return;
		mark_written();
		unmark_written(0);
	}
	ktask_rwlock_unlock(&g);
}

static void rwlock_start(void)
{
	ktask_rwlock_init(&rwlock);
}

static void rwlock_check(void)
{
	struct ktask_rwlock_guard g;

	if (atomic_read(&holders))
		tt_fault("a lock was left with %d holders",
			 atomic_read(&holders));
	else if (!ktask_rwlock_try_write(&rwlock, &g, NULL))
		tt_fault("a lock was left locked");
	else
		ktask_rwlock_unlock(&g);
	ktask_rwlock_destroy(&rwlock);
}

const struct tt_shared rwlock_shared = {
	.init = rwlock_start, .step = rwlock_step,
	.step_atomic = rwlock_step_atomic, .check = rwlock_check,
};
