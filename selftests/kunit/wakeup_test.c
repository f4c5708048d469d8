// SPDX-License-Identifier: GPL-2.0
/*
 * Wake-ups of wait queues as something to await: none is lost, and an entry that
 * is taken back is on no queue.
 */
#include <linux/ktask_wakeup.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "util.h"

/* A wait queue and what is awaited on it. */
struct place {
	struct wait_queue_head wqh;
	unsigned int number;
	bool flag;
};

static struct place *new_place(struct kunit *test)
{
	struct place *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	init_waitqueue_head(&p->wqh);
	return p;
}

static bool waited_on(struct place *p)
{
	return wq_has_sleeper(&p->wqh);
}

struct waiter {
	struct ktask_wakeup w;
	struct place *p;
	__poll_t mask;
	ktime_t timeout;
	unsigned int looks;
	unsigned int expected;
	bool timed_out;
};

static ktask_poll_t wakeup_body(struct ktask *t)
{
	struct waiter *f = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_AWAIT_WAKEUP(t, &f->w, &f->p->wqh, f->mask);
	KTASK_RETURN(t, ktask_request_status(&f->w.request));
	KTASK_END(t);
}

static bool look(struct waiter *f)
{
	WRITE_ONCE(f->looks, f->looks + 1);
	return READ_ONCE(f->p->flag);
}

static ktask_poll_t event_body(struct ktask *t)
{
	struct waiter *f = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_AWAIT_EVENT_TIMEOUT(t, &f->w, &f->p->wqh, look(f), f->timeout);
	f->timed_out = ktask_timed_out(t);
	KTASK_RETURN(t, f->looks);
	KTASK_END(t);
}

/* Whether this one is on the queue; its frame was zero. */
static bool queued(struct waiter *f)
{
	return READ_ONCE(f->w.entry.entry.next) &&
	       !list_empty_careful(&f->w.entry.entry);
}

static struct ktask *spawn_wakeup(struct kunit *test, struct place *p,
				  __poll_t mask)
{
	const struct waiter f = { .p = p, .mask = mask };

	return kt_own(test, ktask_spawn(wakeup_body, struct waiter,
					.init = &f));
}

static struct ktask *spawn_event(struct kunit *test, struct place *p,
				 ktime_t timeout)
{
	const struct waiter f = { .p = p, .timeout = timeout };

	return kt_own(test, ktask_spawn(event_body, struct waiter, .init = &f));
}

static void wait_queued(struct kunit *test, struct place *p)
{
	KT_EVENTUALLY(test, waited_on(p));
}

#define EXPECT_NOBODY(test, p)						\
	KUNIT_EXPECT_FALSE(test, waited_on(p))

static void wakeup_plain(struct kunit *test)
{
	struct place *p = new_place(test);
	struct ktask *t;

	/* Too early, so not seen. */
	wake_up(&p->wqh);
	t = spawn_wakeup(test, p, 0);
	wait_queued(test, p);
	KUNIT_EXPECT_FALSE(test, ktask_done(t));
	wake_up(&p->wqh);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	EXPECT_NOBODY(test, p);
	wake_up(&p->wqh);
}

static void wakeup_of_every_kind(struct kunit *test)
{
	struct place *p = new_place(test);
	struct ktask *t;
	int i;

	for (i = 0; i < 5; i++) {
		t = spawn_wakeup(test, p, 0);
		wait_queued(test, p);
		switch (i) {
		case 0:
			wake_up_interruptible(&p->wqh);
			break;
		case 1:
			wake_up_all(&p->wqh);
			break;
		case 2:
			wake_up_interruptible_sync(&p->wqh);
			break;
		case 3:
			/* Its key is of no interest. */
			wake_up_poll(&p->wqh, POLLFREE | EPOLLIN);
			break;
		case 4:
			spin_lock_irq(&p->wqh.lock);
			wake_up_locked(&p->wqh);
			spin_unlock_irq(&p->wqh.lock);
			break;
		}
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, 0);
	}
}

static void wakeup_masked(struct kunit *test)
{
	struct place *p = new_place(test);
	struct ktask *in = spawn_wakeup(test, p, EPOLLIN | EPOLLPRI);
	struct ktask *out, *any;

	wait_queued(test, p);
	wake_up_poll(&p->wqh, EPOLLOUT);
	KUNIT_EXPECT_TRUE(test, waited_on(p));
	KUNIT_EXPECT_FALSE(test, ktask_done(in));
	wake_up_poll(&p->wqh, EPOLLIN | EPOLLOUT);
	KT_FINISH(test, in);
	KT_EXPECT_RETURNED(test, in, (__force long)EPOLLIN);

	/* A waker that does not say what may mean anything. */
	out = spawn_wakeup(test, p, EPOLLOUT);
	wait_queued(test, p);
	wake_up(&p->wqh);
	KT_FINISH(test, out);
	KT_EXPECT_RETURNED(test, out, 0);

	any = spawn_wakeup(test, p, 0);
	wait_queued(test, p);
	wake_up_poll(&p->wqh, EPOLLHUP);
	KT_FINISH(test, any);
	KT_EXPECT_RETURNED(test, any, 0);
}

/* The queue goes, whatever was waited for, and is not touched any more. */
static void wakeup_queue_freed(struct kunit *test)
{
	struct place *p = kzalloc(sizeof(*p), GFP_KERNEL | __GFP_NOFAIL);
	struct ktask *t;

	init_waitqueue_head(&p->wqh);
	t = spawn_wakeup(test, p, EPOLLOUT);
	wait_queued(test, p);
	wake_up_poll(&p->wqh, EPOLLHUP | POLLFREE);
	EXPECT_NOBODY(test, p);
	synchronize_rcu();
	kfree(p);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, -EPIPE);
}

/* Wakes all, and takes nothing away from an exclusive waiter. */
static void wakeup_beside_threads(struct kunit *test)
{
	struct place *p = new_place(test);
	struct ktask *t[3];
	DEFINE_WAIT(thread);
	int i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = spawn_wakeup(test, p, 0);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct waiter *f = ktask_frame(t[i]);

		KT_EVENTUALLY(test, queued(f));
	}
	prepare_to_wait_exclusive(&p->wqh, &thread, TASK_UNINTERRUPTIBLE);
	wake_up(&p->wqh);
	KUNIT_EXPECT_TRUE(test, list_empty_careful(&thread.entry));
	finish_wait(&p->wqh, &thread);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		KT_FINISH(test, t[i]);
	EXPECT_NOBODY(test, p);
}

static void wakeup_aborted(struct kunit *test)
{
	struct place *p = new_place(test);
	struct ktask *t = spawn_wakeup(test, p, 0);

	wait_queued(test, p);
	ktask_abort(t);
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
	EXPECT_NOBODY(test, p);
	wake_up(&p->wqh);
}

/* Without a task; also as it would be one of several. */
static void wakeup_of_thread(struct kunit *test)
{
	struct place *p = new_place(test);
	struct ktask_wakeup *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	struct ktask_request *r;

	KUNIT_ASSERT_NOT_NULL(test, w);
	r = ktask_wakeup_start(w, NULL, &p->wqh, 0);
	KUNIT_EXPECT_EQ(test, -EINPROGRESS, ktask_request_status(r));
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_request_wait_until(r, TASK_UNINTERRUPTIBLE, 0));
	EXPECT_NOBODY(test, p);

	r = ktask_wakeup_start(w, NULL, &p->wqh, 0);
	wake_up(&p->wqh);
	KUNIT_EXPECT_EQ(test, 0,
			ktask_request_wait_until(r, TASK_UNINTERRUPTIBLE, 0));
	ktask_request_drop(r);
	ktask_wakeup_start(w, NULL, &p->wqh, 0);
	ktask_request_drop(r);
	EXPECT_NOBODY(test, p);
}

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static void wake_it(void *arg)
{
	struct place *p = arg;

	WRITE_ONCE(p->flag, true);
	wake_up(&p->wqh);
}

static void wakeup_in_context(struct kunit *test)
{
	struct place *p = new_place(test);
	struct ktask *wakeup = spawn_wakeup(test, p, 0);
	struct ktask *event = spawn_event(test, p, KTIME_MAX);
	struct waiter *f = ktask_frame(wakeup);

	KT_EVENTUALLY(test, queued(f));
	kt_call_in(test, test->param_value, wake_it, p);
	KT_FINISH(test, wakeup);
	KT_FINISH(test, event);
	EXPECT_NOBODY(test, p);
}

/* --- Conditions ----------------------------------------------------------- */

static void event_true_at_once(struct kunit *test)
{
	struct place *p = new_place(test);
	struct waiter *f;
	struct ktask *t;

	p->flag = true;
	t = spawn_event(test, p, 0);
	KT_FINISH(test, t);
	f = ktask_frame(t);
	KUNIT_EXPECT_EQ(test, f->looks, 1);
	KUNIT_EXPECT_FALSE(test, f->timed_out);
}

/* Wake-ups for other reasons do not end it. */
static void event_after_some(struct kunit *test)
{
	struct place *p = new_place(test);
	struct ktask *t = spawn_event(test, p, KTIME_MAX);
	struct waiter *f = ktask_frame(t);
	unsigned int i;

	for (i = 0; i < 10; i++) {
		unsigned int looks = READ_ONCE(f->looks);

		wait_queued(test, p);
		wake_up(&p->wqh);
		KT_EVENTUALLY(test, READ_ONCE(f->looks) > looks);
		KUNIT_EXPECT_FALSE(test, ktask_done(t));
	}
	wake_it(p);
	KT_FINISH(test, t);
	KUNIT_EXPECT_FALSE(test, f->timed_out);
	EXPECT_NOBODY(test, p);
}

static void event_timeout(struct kunit *test)
{
	static const s64 timeouts[] = { KTIME_MIN, -1, 0, 1, 3 * NSEC_PER_MSEC };
	struct place *p = new_place(test);
	struct waiter *f;
	struct ktask *t;
	int i;

	for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
		t = spawn_event(test, p, timeouts[i]);
		KT_FINISH(test, t);
		f = ktask_frame(t);
		KUNIT_EXPECT_TRUE(test, f->timed_out);
		EXPECT_NOBODY(test, p);
	}
}

/* Many wake-ups do not make the time longer. */
static void event_timeout_is_of_all(struct kunit *test)
{
	struct place *p = new_place(test);
	struct ktask *t = spawn_event(test, p, ms_to_ktime(20));
	struct waiter *f = ktask_frame(t);

	KT_EVENTUALLY(test, (wake_up(&p->wqh), ktask_done(t)));
	KUNIT_EXPECT_TRUE(test, f->timed_out);
	EXPECT_NOBODY(test, p);
}

/* True at last, but nobody was woken: as wait_event_timeout(). */
static void event_true_after_timeout(struct kunit *test)
{
	struct place *p = new_place(test);
	struct ktask *t = spawn_event(test, p, ms_to_ktime(20));
	struct waiter *f = ktask_frame(t);

	wait_queued(test, p);
	WRITE_ONCE(p->flag, true);
	KT_FINISH(test, t);
	KUNIT_EXPECT_FALSE(test, f->timed_out);
}

static void event_aborted(struct kunit *test)
{
	struct place *p = new_place(test);
	struct ktask *t = spawn_event(test, p, KTIME_MAX);

	wait_queued(test, p);
	ktask_abort(t);
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
	EXPECT_NOBODY(test, p);
}

/* --- Races ---------------------------------------------------------------- */

static ktask_poll_t ping_body(struct ktask *t)
{
	struct waiter *f = ktask_frame(t);

	KTASK_BEGIN(t);
	for (; f->expected < 5000; f->expected += 2) {
		KTASK_AWAIT_EVENT(t, &f->w, &f->p->wqh,
				  READ_ONCE(f->p->number) == f->expected);
		WRITE_ONCE(f->p->number, f->expected + 1);
		wake_up(&f->p->wqh);
	}
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

/* Two tasks and a queue: one lost wake-up, and they hang. */
static void event_ping_pong(struct kunit *test)
{
	struct place *p = new_place(test);
	struct ktask *t[2];
	int i;

	for (i = 0; i < 2; i++) {
		const struct waiter f = { .p = p, .expected = i };

		t[i] = kt_own(test, ktask_spawn(ping_body, struct waiter,
						.init = &f));
	}
	for (i = 0; i < 2; i++)
		KT_FINISH(test, t[i]);
	KUNIT_EXPECT_EQ(test, p->number, 5000);
	EXPECT_NOBODY(test, p);
}

/* As those wake that would save the lock. */
static void wake_if_active(void *arg)
{
	struct place *p = arg;

	WRITE_ONCE(p->flag, true);
	/* Pairs with ktask_wakeup_start(). */
	smp_mb();
	if (waitqueue_active(&p->wqh)) /* see above */
		wake_up(&p->wqh);
}

static void event_against_waitqueue_active(struct kunit *test)
{
	struct kt_rival *rival = kt_rival(test);
	struct place *p = new_place(test);
	int i;

	for (i = 0; i < 400; i++) {
		const struct waiter f = { .p = p, .timeout = KTIME_MAX };
		struct ktask *t = ktask_spawn(event_body, struct waiter,
					      .init = &f);

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		kt_dither(20);
		kt_rival_go(rival, wake_if_active, p);
		KUNIT_ASSERT_TRUE(test, kt_ended(t));
		ktask_put(t);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		p->flag = false;
	}
	EXPECT_NOBODY(test, p);
}

/* Woken, aborted and timed out at once. */
static void event_abort_race(struct kunit *test)
{
	struct kt_rival *rival = kt_rival(test);
	struct place *p = new_place(test);
	unsigned int cancelled = 0;
	int i;

	for (i = 0; i < 400; i++) {
		const struct waiter f = { .p = p, .timeout = kt_us(i % 200) };
		struct ktask *t = ktask_spawn(event_body, struct waiter,
					      .init = &f);

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		kt_dither(i % 50);
		kt_rival_go(rival, wake_it, p);
		if (i & 1)
			ktask_abort(t);
		KUNIT_ASSERT_TRUE(test, kt_ended(t));
		cancelled += ktask_outcome(t) == KTASK_CANCELLED;
		ktask_put(t);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		p->flag = false;
	}
	EXPECT_NOBODY(test, p);
	KUNIT_EXPECT_LE(test, cancelled, 200);
}

static struct kunit_case wakeup_cases[] = {
	KUNIT_CASE(wakeup_plain),
	KUNIT_CASE(wakeup_of_every_kind),
	KUNIT_CASE(wakeup_masked),
	KUNIT_CASE(wakeup_queue_freed),
	KUNIT_CASE(wakeup_beside_threads),
	KUNIT_CASE(wakeup_aborted),
	KUNIT_CASE(wakeup_of_thread),
	KUNIT_CASE_PARAM(wakeup_in_context, context_gen_params),
	KUNIT_CASE(event_true_at_once),
	KUNIT_CASE(event_after_some),
	KUNIT_CASE(event_timeout),
	KUNIT_CASE(event_timeout_is_of_all),
	KUNIT_CASE(event_true_after_timeout),
	KUNIT_CASE(event_aborted),
	KUNIT_CASE(event_ping_pong),
	KUNIT_CASE(event_against_waitqueue_active),
	KUNIT_CASE(event_abort_race),
	{}
};

struct kunit_suite ktask_wakeup_suite = {
	.name = "ktask_wakeup",
	.test_cases = wakeup_cases,
};
