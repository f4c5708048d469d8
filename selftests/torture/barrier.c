// SPDX-License-Identifier: GPL-2.0
/*
 * A barrier: of those who go on, one in so many leads, no more and no less, also
 * where some give up or are aborted.
 */
#include <linux/slab.h>

#include "torture.h"

#define PARTIES	3

static struct ktask_barrier barrier;
static atomic64_t passed, led;

/* What became of somebody who came. */
static void came(long status)
{
	if (status < 0)
		return;
	atomic64_inc(&passed);
	if (status)
		atomic64_inc(&led);
	tt_count(TT_OP_BARRIER);
}

/* --- Wishes --------------------------------------------------------------- */

static bool barrier_ask(struct tt_wish *w, struct ktask *t,
			struct rnd_state *rnd)
{
	return tt_wish_request(w, ktask_barrier_request(&barrier, &w->barrier,
							t));
}

static void barrier_granted(struct tt_wish *w, long status)
{
	ktask_request_forget(w->request);
}

/* Who has been told too late to care has come as well. */
static void barrier_over(struct tt_wish *w)
{
	came(ktask_request_status(w->request));
}

const struct tt_wish_kind barrier_wish = {
	.op = TT_OP_AWAIT, .ask = barrier_ask, .granted = barrier_granted,
	.over = barrier_over,
};

/* --- Tasks ---------------------------------------------------------------- */

/* A task has ended while it waited, and its request is over. */
static void barrier_left(struct tt_frame *f)
{
	if (f->n)
		came(ktask_request_status(&f->u.barrier.wait.request));
}

static ktask_poll_t barrier_body(struct ktask *t)
{
	struct tt_frame *f = ktask_frame(t);
	struct rnd_state *rnd = &f->rnd;

	KTASK_BEGIN(t);
	f->n = 0;
	tt_defer(t, &f->more, barrier_left);
	for (f->left = 1 + tt_below(rnd, 5); f->left; f->left--) {
		f->n = 1;
		KTASK_BARRIER_WAIT_TIMEOUT(t, &barrier, &f->u.barrier,
					   tt_time(rnd, 400));
		f->n = 0;
		if (ktask_timed_out(t) && ktask_barrier_leads(&f->u.barrier))
			tt_fault("who has given up waiting leads");
		came(ktask_timed_out(t) ? -ETIMEDOUT :
		     ktask_barrier_leads(&f->u.barrier));
	}
	KTASK_END(t);
}

const struct tt_kind barrier_kind = {
	.name = "barrier", .resume = barrier_body,
};

/* --- Threads and interrupts ----------------------------------------------- */

/* Somebody who does not wait, but is told. */
struct comer {
	struct ktask_barrier_wait wait;
	struct ktask_waiter told;
};

static atomic_t comers;

/* Nobody else touches it any more, so it may go. */
static void comer_told(struct ktask_waiter *waiter, long value)
{
	came(value);
	kfree(container_of(waiter, struct comer, told));
	atomic_dec(&comers);
}

static void comer_come(gfp_t gfp)
{
	struct comer *c = kmalloc(sizeof(*c), gfp);
	struct ktask_future *f;

	if (!c)
		return;
	atomic_inc(&comers);
	f = ktask_request_future(ktask_barrier_request(&barrier, &c->wait,
						       NULL));
	if (!ktask_future_add(f, &c->told, comer_told))
		comer_told(&c->told, ktask_future_value(f));
}

static void barrier_step(struct rnd_state *rnd)
{
	came(ktask_barrier_wait_until(&barrier, TASK_UNINTERRUPTIBLE,
				      ktime_add(ktime_get(),
						tt_time(rnd, 200))));
}

/* Those who come so wait without an end: not too many. */
static void barrier_step_atomic(struct rnd_state *rnd)
{
	comer_come(GFP_ATOMIC | __GFP_NOWARN);
}

static void barrier_start(void)
{
	ktask_barrier_init(&barrier, PARTIES);
}

/* Who is left waits for others, and nobody else comes. */
static void barrier_help(void)
{
	if (atomic_read(&comers))
		comer_come(GFP_KERNEL);
}

static void barrier_check(void)
{
	while (atomic_read(&comers))
		barrier_help();
	if (atomic64_read(&passed) != PARTIES * atomic64_read(&led))
		tt_fault("%lld went on at a barrier for %d, and %lld led",
			 atomic64_read(&passed), PARTIES, atomic64_read(&led));
	ktask_barrier_destroy(&barrier);
}

const struct tt_shared barrier_shared = {
	.init = barrier_start, .step = barrier_step,
	.step_atomic = barrier_step_atomic, .check = barrier_check,
};
