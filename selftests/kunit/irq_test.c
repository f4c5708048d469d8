// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts as something to await: each is told of, once, to everybody. The
 * interrupt line is one of software, raised from a timer's interrupt.
 */
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/ktask_irq.h>
#include <linux/slab.h>

#include "util.h"

/* A line, and the device that raises it. */
struct line {
	struct ktask_irq ki;
	int irq;
	bool requested;
	bool not_mine;
	atomic_t checks;
	int sleeps;
};

static irqreturn_t line_check(int irq, void *arg)
{
	struct line *l = arg;

	atomic_inc(&l->checks);
	if (!in_hardirq()) {
		usleep_range(50, 100);
		l->sleeps++;
	}
	return READ_ONCE(l->not_mine) ? IRQ_NONE : IRQ_HANDLED;
}

static void line_gone(void *arg)
{
	struct line *l = arg;

	if (l->requested)
		ktask_irq_free(&l->ki);
	irq_free_descs(l->irq, 1);
}

static struct line *new_line(struct kunit *test, bool threaded)
{
	struct line *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);
	int err;

	KUNIT_ASSERT_NOT_NULL(test, l);
	l->irq = irq_alloc_desc(NUMA_NO_NODE);
	KUNIT_ASSERT_GE(test, l->irq, 0);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, line_gone, l));
	irq_set_chip_and_handler(l->irq, &dummy_irq_chip, handle_simple_irq);
	irq_clear_status_flags(l->irq, IRQ_NOREQUEST);
	if (threaded)
		err = ktask_irq_request_threaded(&l->ki, l->irq, line_check, 0,
						 "kunit", l);
	else
		err = ktask_irq_request(&l->ki, l->irq, line_check, IRQF_SHARED,
					"kunit", l);
	KUNIT_ASSERT_EQ(test, err, 0);
	l->requested = true;
	return l;
}

static void free_line(struct line *l)
{
	l->requested = false;
	ktask_irq_free(&l->ki);
}

/* In hard interrupt context. */
static void raise_now(void *arg)
{
	struct line *l = arg;

	generic_handle_irq(l->irq);
}

static void raise_line(struct kunit *test, struct line *l)
{
	static const struct kt_context hardirq = { "hardirq", KT_HARDIRQ };

	kt_call_in(test, &hardirq, raise_now, l);
}

struct awaiter {
	struct ktask_irq_wait w;
	struct line *l;
	ktime_t timeout;
	int stop;
	int told;
	int times;
	bool timed_out;
};

/* Await it until told of so many. */
static ktask_poll_t await_body(struct ktask *t)
{
	struct awaiter *f = ktask_frame(t);

	KTASK_BEGIN(t);
	while (f->told < f->stop) {
		KTASK_AWAIT_IRQ_TIMEOUT(t, &f->w, &f->l->ki, f->timeout);
		f->timed_out = ktask_timed_out(t);
		if (ktask_request_status(&f->w.request) < 0)
			KTASK_RETURN(t, ktask_request_status(&f->w.request));
		f->times++;
		WRITE_ONCE(f->told,
			   f->told + ktask_request_status(&f->w.request));
	}
	KTASK_RETURN(t, f->told);
	KTASK_END(t);
}

static struct ktask *spawn_unowned(struct kunit *test, struct line *l, int stop,
				   ktime_t timeout)
{
	const struct awaiter f = { .l = l, .stop = stop, .timeout = timeout };
	struct ktask *t = ktask_spawn(await_body, struct awaiter, .init = &f);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	return t;
}

static struct ktask *spawn_await(struct kunit *test, struct line *l, int stop)
{
	return kt_own(test, spawn_unowned(test, l, stop, KTIME_MAX));
}

static void wait_waiting(struct kunit *test, struct ktask *t)
{
	struct awaiter *f = ktask_frame(t);

	KT_EVENTUALLY(test, READ_ONCE(f->w.waiting));
}

static void irq_plain(struct kunit *test)
{
	struct line *l = new_line(test, false);
	struct ktask *t = spawn_await(test, l, 1);

	wait_waiting(test, t);
	KUNIT_EXPECT_FALSE(test, ktask_done(t));
	raise_line(test, l);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 1);
	KUNIT_EXPECT_EQ(test, ktask_irq_count(&l->ki), 1);
	KUNIT_EXPECT_EQ(test, l->sleeps, 0);
}

/* Those that came before are told at once, as one. */
static void irq_coalesced(struct kunit *test)
{
	struct line *l = new_line(test, false);
	struct awaiter *f;
	struct ktask *t;
	int i;

	for (i = 0; i < 5; i++)
		raise_line(test, l);
	t = spawn_await(test, l, 5);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 5);
	f = ktask_frame(t);
	KUNIT_EXPECT_EQ(test, f->times, 1);
}

static void irq_told_to_all(struct kunit *test)
{
	struct line *l = new_line(test, false);
	struct ktask *t[4];
	int i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = spawn_await(test, l, 3);
	wait_waiting(test, t[0]);
	for (i = 0; i < 3; i++)
		raise_line(test, l);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], 3);
	}
}

static void irq_of_another(struct kunit *test)
{
	struct line *l = new_line(test, false);
	struct ktask *t = spawn_await(test, l, 1);

	wait_waiting(test, t);
	WRITE_ONCE(l->not_mine, true);
	raise_line(test, l);
	KUNIT_EXPECT_EQ(test, atomic_read(&l->checks), 1);
	KUNIT_EXPECT_EQ(test, ktask_irq_count(&l->ki), 0);
	KUNIT_EXPECT_FALSE(test, ktask_done(t));
	WRITE_ONCE(l->not_mine, false);
	raise_line(test, l);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 1);
}

static void irq_threaded(struct kunit *test)
{
	struct line *l = new_line(test, true);
	struct ktask *t = spawn_await(test, l, 1);

	wait_waiting(test, t);
	raise_line(test, l);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 1);
	KUNIT_EXPECT_EQ(test, l->sleeps, 1);
}

static void irq_no_such(struct kunit *test)
{
	struct ktask_irq *ki = kunit_kzalloc(test, sizeof(*ki), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ki);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			ktask_irq_request(ki, INT_MAX, NULL, 0, "kunit", NULL));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			ktask_irq_request_threaded(ki, INT_MAX, NULL, 0,
						   "kunit", NULL));
}

static void irq_freed(struct kunit *test)
{
	struct line *l = new_line(test, false);
	struct ktask *waits = spawn_await(test, l, 2), *t;

	wait_waiting(test, waits);
	raise_line(test, l);
	KT_EVENTUALLY(test, READ_ONCE(((struct awaiter *)
				       ktask_frame(waits))->told) == 1);
	free_line(l);
	KT_FINISH(test, waits);
	KT_EXPECT_RETURNED(test, waits, -ESHUTDOWN);

	/* What came before is still told, and then it is over. */
	t = spawn_await(test, l, 1);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 1);
	t = spawn_await(test, l, 2);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, -ESHUTDOWN);
}

static void irq_timeout(struct kunit *test)
{
	static const s64 timeouts[] = { KTIME_MIN, 0, NSEC_PER_MSEC };
	struct line *l = new_line(test, false);
	struct awaiter *f;
	struct ktask *t;
	int i;

	for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
		t = kt_own(test, spawn_unowned(test, l, 1, timeouts[i]));
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, -ETIMEDOUT);
		f = ktask_frame(t);
		KUNIT_EXPECT_TRUE(test, f->timed_out);
		KUNIT_EXPECT_TRUE(test, list_empty(&l->ki.waiters));
	}
}

static void irq_aborted(struct kunit *test)
{
	struct line *l = new_line(test, false);
	struct ktask *t = spawn_await(test, l, 1);

	wait_waiting(test, t);
	ktask_abort(t);
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_TRUE(test, list_empty(&l->ki.waiters));
	raise_line(test, l);
}

/* Dropped, as the losing arm of several would be, it is told the next time. */
static void irq_given_back(struct kunit *test)
{
	struct line *l = new_line(test, false);
	struct ktask_irq_wait w = {};
	struct ktask_request *r;

	r = ktask_irq_start(&w, NULL, &l->ki);
	raise_line(test, l);
	raise_line(test, l);
	KUNIT_EXPECT_EQ(test, 1, ktask_request_status(r));
	ktask_request_drop(r);
	KUNIT_EXPECT_EQ(test, 2, ktask_irq_wait_until(&w, &l->ki, TASK_IDLE, 0));
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_irq_wait_until(&w, &l->ki, TASK_IDLE, 0));
	raise_line(test, l);
	KUNIT_EXPECT_EQ(test, 1, ktask_irq_wait_until(&w, &l->ki, TASK_IDLE, 0));
	raise_line(test, l);
	ktask_irq_wait_init(&w, &l->ki);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_irq_wait_until(&w, &l->ki, TASK_IDLE, 0));
	free_line(l);
	KUNIT_EXPECT_EQ(test, -ESHUTDOWN,
			ktask_irq_wait_until(&w, &l->ki, TASK_IDLE, KTIME_MAX));
}

/* --- Races ---------------------------------------------------------------- */

struct storm {
	struct hrtimer timer;
	struct line *l;
	int left;
};

static enum hrtimer_restart storm_fired(struct hrtimer *timer)
{
	struct storm *s = container_of(timer, struct storm, timer);
	int burst = 1 + s->left % 20;

	while (burst-- && s->left) {
		generic_handle_irq(s->l->irq);
		s->left--;
	}
	if (!s->left)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, kt_us(20 + s->left % 50));
	return HRTIMER_RESTART;
}

static void storm_over(void *arg)
{
	struct storm *s = arg;

	hrtimer_cancel(&s->timer);
}

static void storm_start(struct kunit *test, struct line *l, int nr)
{
	struct storm *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->l = l;
	s->left = nr;
	hrtimer_init(&s->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	s->timer.function = storm_fired;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, storm_over, s));
	hrtimer_start(&s->timer, kt_us(50), HRTIMER_MODE_REL_HARD);
}

/* However they come in between awaits, the sum is right. */
static void irq_storm(struct kunit *test)
{
	enum { NR = 5000 };
	struct line *l = new_line(test, false);
	struct ktask *t[4];
	int i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = spawn_await(test, l, NR);
	storm_start(test, l, NR);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct awaiter *f = ktask_frame(t[i]);

		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], NR);
		kunit_info(test, "%d told %d times\n", f->told, f->times);
	}
}

/* Tasks come, are aborted and time out while it goes on. */
static void irq_abort_race(struct kunit *test)
{
	struct line *l = new_line(test, false);
	int i;

	storm_start(test, l, 1000000);
	for (i = 0; i < 500; i++) {
		struct ktask *t;

		t = spawn_unowned(test, l, INT_MAX, kt_us(i % 30));
		kt_dither(i % 50);
		ktask_abort(t);
		KUNIT_ASSERT_TRUE(test, kt_ended(t));
		ktask_put(t);
	}
}

/* Freed while all that happens. */
static void irq_free_race(struct kunit *test)
{
	int i, j;

	for (i = 0; i < 50; i++) {
		struct line *l = new_line(test, i & 1);
		struct ktask *t[4];

		storm_start(test, l, 1000000);
		for (j = 0; j < ARRAY_SIZE(t); j++)
			t[j] = spawn_await(test, l, INT_MAX);
		kt_dither(100);
		free_line(l);
		for (j = 0; j < ARRAY_SIZE(t); j++) {
			KT_FINISH(test, t[j]);
			KT_EXPECT_RETURNED(test, t[j], -ESHUTDOWN);
		}
	}
}

static struct kunit_case irq_cases[] = {
	KUNIT_CASE(irq_plain),
	KUNIT_CASE(irq_coalesced),
	KUNIT_CASE(irq_told_to_all),
	KUNIT_CASE(irq_of_another),
	KUNIT_CASE(irq_threaded),
	KUNIT_CASE(irq_no_such),
	KUNIT_CASE(irq_freed),
	KUNIT_CASE(irq_timeout),
	KUNIT_CASE(irq_aborted),
	KUNIT_CASE(irq_given_back),
	KUNIT_CASE(irq_storm),
	KUNIT_CASE(irq_abort_race),
	KUNIT_CASE(irq_free_race),
	{}
};

struct kunit_suite ktask_irq_suite = {
	.name = "ktask_irq",
	.test_cases = irq_cases,
};
