// SPDX-License-Identifier: GPL-2.0
/*
 * Watches: the latest value, whole, and nobody misses the last one.
 */
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "kernel/compat.h"
#include "util.h"

#define WORDS	16

/* All words are equal, or it is torn. */
struct value {
	u64 words[WORDS];
};

struct dial {
	struct ktask_watch w;
	bool sender;		/* the first one has not been put */
	struct value value;
	struct hrtimer timer;
	u64 next;
};

static void set(struct value *v, u64 n)
{
	int i;

	for (i = 0; i < WORDS; i++)
		v->words[i] = n;
}

static bool torn(const struct value *v)
{
	int i;

	for (i = 1; i < WORDS; i++)
		if (v->words[i] != v->words[0])
			return true;
	return false;
}

static void stop(void *arg)
{
	struct dial *d = arg;

	hrtimer_cancel(&d->timer);
	if (d->sender)
		ktask_feed_sender_put(&d->w.feed);
	ktask_feed_destroy(&d->w.feed);
}

static enum hrtimer_restart turn_irq(struct hrtimer *timer);

static struct dial *new_dial(struct kunit *test)
{
	struct dial *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, d);
	d->sender = true;
	set(&d->value, 100);
	hrtimer_setup(&d->timer, turn_irq, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_HARD);
	ktask_watch_init(&d->w, &d->value, sizeof(d->value));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, stop, d));
	return d;
}

static void put_sender(void *arg)
{
	struct dial *d = arg;

	d->sender = false;
	ktask_feed_sender_put(&d->w.feed);
}

static void turn(struct dial *d, u64 n)
{
	struct value v;

	set(&v, n);
	ktask_watch_send(&d->w, &v);
}

static void unsubscribe(void *rx)
{
	ktask_feed_unsubscribe(rx);
}

static struct ktask_receiver *new_receiver(struct kunit *test, struct dial *d)
{
	struct ktask_receiver *rx = kunit_kzalloc(test, sizeof(*rx), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rx);
	ktask_feed_subscribe(&d->w.feed, rx, NULL);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, unsubscribe, rx));
	return rx;
}

static int try_recv(struct dial *d, struct ktask_receiver *rx)
{
	struct value v;

	return ktask_watch_try_recv(&d->w, rx, &v) ?: (int)v.words[0];
}

static int recv_until(struct dial *d, struct ktask_receiver *rx,
		      unsigned int state, ktime_t deadline)
{
	struct value v;

	return ktask_watch_recv_until(&d->w, rx, &v, state, deadline) ?:
		(int)v.words[0];
}

static int peek(struct dial *d)
{
	struct value v;

	ktask_watch_peek(&d->w, &v);
	return v.words[0];
}

static bool waits(struct dial *d, size_t n)
{
	unsigned long flags;
	size_t count;

	raw_spin_lock_irqsave(&d->w.feed.lock, flags);
	count = list_count_nodes(&d->w.feed.waiting);
	raw_spin_unlock_irqrestore(&d->w.feed.lock, flags);
	return count == n;
}

/* --- Without waiting ------------------------------------------------------ */

static void watch_initial(struct kunit *test)
{
	struct dial *d = new_dial(test);
	struct ktask_receiver *rx = new_receiver(test, d);

	KUNIT_EXPECT_EQ(test, 100, peek(d));
	KUNIT_EXPECT_EQ(test, -EAGAIN, try_recv(d, rx));
	ktask_watch_mark_changed(rx);
	KUNIT_EXPECT_EQ(test, 100, recv_until(d, rx, TASK_IDLE, KTIME_MAX));
	KUNIT_EXPECT_EQ(test, -EAGAIN, try_recv(d, rx));
}

static void watch_latest(struct kunit *test)
{
	struct dial *d = new_dial(test);
	struct ktask_receiver *rx = new_receiver(test, d), *later;

	turn(d, 1);
	turn(d, 2);
	later = new_receiver(test, d);
	KUNIT_EXPECT_EQ(test, 2, peek(d));
	KUNIT_EXPECT_EQ(test, 2, try_recv(d, rx));
	KUNIT_EXPECT_EQ(test, -EAGAIN, try_recv(d, rx));
	KUNIT_EXPECT_EQ(test, -EAGAIN, try_recv(d, later));
	/* An equal one is another one. */
	turn(d, 2);
	KUNIT_EXPECT_EQ(test, 2, try_recv(d, rx));
	KUNIT_EXPECT_EQ(test, 2, try_recv(d, later));
}

static bool raise_to(void *value, void *arg)
{
	struct value *v = value;
	u64 n = *(u64 *)arg;

	if (v->words[0] >= n)
		return false;
	set(v, n);
	return true;
}

static void watch_modify(struct kunit *test)
{
	struct dial *d = new_dial(test);
	struct ktask_receiver *rx = new_receiver(test, d);
	u64 n = 100;

	ktask_feed_await(rx);
	KUNIT_EXPECT_FALSE(test, ktask_watch_modify(&d->w, raise_to, &n));
	KUNIT_EXPECT_TRUE(test, waits(d, 1));
	KUNIT_EXPECT_EQ(test, -EAGAIN, try_recv(d, rx));
	n = 101;
	KUNIT_EXPECT_TRUE(test, ktask_watch_modify(&d->w, raise_to, &n));
	KUNIT_EXPECT_TRUE(test, waits(d, 0));
	KUNIT_EXPECT_EQ(test, 101, try_recv(d, rx));
}

static void watch_last_then_over(struct kunit *test)
{
	struct dial *d = new_dial(test);
	struct ktask_receiver *rx = new_receiver(test, d);

	turn(d, 1);
	put_sender(d);
	KUNIT_EXPECT_EQ(test, 1, recv_until(d, rx, TASK_IDLE, KTIME_MAX));
	KUNIT_EXPECT_EQ(test, -EPIPE, try_recv(d, rx));
	KUNIT_EXPECT_EQ(test, -EPIPE, recv_until(d, rx, TASK_IDLE, KTIME_MAX));
	KUNIT_EXPECT_EQ(test, 1, peek(d));
}

/* --- Tasks ---------------------------------------------------------------- */

struct observer {
	struct dial *d;
	struct ktask_receiver rx;
	ktime_t timeout;
	int last;		/* what was seen */
	unsigned int torn;
	unsigned int backwards;
	unsigned int seen;
};

static ktask_poll_t observer_body(struct ktask *t)
{
	struct observer *f = ktask_frame(t);
	struct value v;
	int ret;

	KTASK_BEGIN(t);
	for (;;) {
		KTASK_AWAIT_NEWS_TIMEOUT(t, &f->rx, f->timeout);
		if (ktask_timed_out(t))
			KTASK_RETURN(t, -ETIMEDOUT);
		ret = ktask_watch_try_recv(&f->d->w, &f->rx, &v);
		if (ret)
			KTASK_RETURN(t, ret);
		f->seen++;
		f->torn += torn(&v);
		f->backwards += (int)v.words[0] < f->last;
		WRITE_ONCE(f->last, v.words[0]);
	}
	KTASK_END(t);
}

static struct ktask *start_observer(struct kunit *test, struct dial *d,
				    ktime_t timeout)
{
	struct observer init = { .d = d, .timeout = timeout }, *f;
	struct ktask *t;

	t = ktask_new(observer_body, struct observer, .init = &init);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	f = ktask_frame(t);
	ktask_feed_subscribe(&d->w.feed, &f->rx, t);
	KUNIT_ASSERT_EQ(test, 0, ktask_start(t));
	return kt_own(test, t);
}

static int last(struct ktask *t)
{
	struct observer *f = ktask_frame(t);

	return READ_ONCE(f->last);
}

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static void turn_to_five(void *d)
{
	turn(d, 5);
}

static void watch_from_context(struct kunit *test)
{
	struct dial *d = new_dial(test);
	struct ktask *t[3];
	int i;

	for (i = 0; i < 3; i++)
		t[i] = start_observer(test, d, KTIME_MAX);
	KT_EVENTUALLY(test, waits(d, 3));
	kt_call_in(test, test->param_value, turn_to_five, d);
	for (i = 0; i < 3; i++)
		KT_EVENTUALLY(test, last(t[i]) == 5);
	kt_call_in(test, test->param_value, put_sender, d);
	for (i = 0; i < 3; i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], -EPIPE);
	}
	KUNIT_EXPECT_EQ(test, 0, ktask_feed_receivers(&d->w.feed));
}

static void watch_timeout(struct kunit *test)
{
	static const s64 timeouts[] = { 100 * NSEC_PER_USEC, 0, -1 };
	struct dial *d = new_dial(test);
	struct ktask_receiver *rx = new_receiver(test, d);
	struct ktask *t;
	int i;

	for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
		t = start_observer(test, d, timeouts[i]);
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, -ETIMEDOUT);
		KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
				recv_until(d, rx, TASK_IDLE, timeouts[i]));
	}
	KUNIT_EXPECT_TRUE(test, waits(d, 0));
}

static void watch_aborted(struct kunit *test)
{
	struct dial *d = new_dial(test);
	struct ktask *t = start_observer(test, d, KTIME_MAX);

	KT_EVENTUALLY(test, waits(d, 1));
	ktask_abort_and_wait(t);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_EQ(test, 0, ktask_feed_receivers(&d->w.feed));
	turn(d, 1);
}

static int thread_recv(void *arg)
{
	struct dial *d = arg;
	struct ktask_receiver rx;
	int ret;

	allow_signal(SIGUSR1);
	ktask_feed_subscribe(&d->w.feed, &rx, NULL);
	ret = recv_until(d, &rx, TASK_INTERRUPTIBLE, KTIME_MAX);
	ktask_feed_unsubscribe(&rx);
	return ret;
}

static long blocking_recv(struct ktask *t)
{
	struct dial **d = ktask_frame(t);

	return thread_recv(*d);
}

static void watch_threads(struct kunit *test)
{
	struct dial *d = new_dial(test);
	struct kt_thread *th;
	struct ktask *t;

	th = kt_thread(test, thread_recv, d);
	KT_EVENTUALLY(test, waits(d, 1));
	send_sig(SIGUSR1, th->task, 1);
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS, KT_THREAD_END(test, th));

	t = kt_own(test, ktask_spawn_blocking(blocking_recv, struct dial *,
					      .init = &d));
	KT_EVENTUALLY(test, waits(d, 1));
	ktask_abort_and_wait(t);
	KT_EXPECT_CANCELLED(test, t);

	th = kt_thread(test, thread_recv, d);
	KT_EVENTUALLY(test, waits(d, 1));
	turn(d, 5);
	KUNIT_EXPECT_EQ(test, 5, KT_THREAD_END(test, th));
}

/* --- Races ---------------------------------------------------------------- */

static void turn_late(void *arg)
{
	struct dial *d = arg;

	kt_dither(20);
	turn(d, ++d->next);
}

/* In time, or there for the next look. */
static void watch_race_timeout(struct kunit *test)
{
	struct dial *d = new_dial(test);
	struct ktask_receiver *rx = new_receiver(test, d);
	struct kt_rival *rival = kt_rival(test);
	unsigned int late = 0;
	int i, ret;

	for (i = 1; i <= 1000; i++) {
		kt_rival_go(rival, turn_late, d);
		ret = recv_until(d, rx, TASK_IDLE,
				 ktime_add(ktime_get(),
					   kt_us(get_random_u32_below(30))));
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		if (ret == -ETIMEDOUT) {
			late++;
			ret = try_recv(d, rx);
		}
		KUNIT_ASSERT_EQ(test, i, ret);
	}
	kunit_info(test, "late: %u of %d\n", late, i - 1);
}

static void watch_race_abort(struct kunit *test)
{
	struct dial *d = new_dial(test);
	struct kt_rival *rival = kt_rival(test);
	struct ktask *t;
	int i;

	for (i = 0; i < 500; i++) {
		t = start_observer(test, d, KTIME_MAX);
		kt_rival_go(rival, turn_late, d);
		kt_dither(30);
		ktask_abort_and_wait(t);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		KUNIT_ASSERT_EQ(test, 0, ktask_feed_receivers(&d->w.feed));
		KUNIT_ASSERT_TRUE(test, waits(d, 0));
	}
}

/* --- Many at once --------------------------------------------------------- */

#define TURNS	5000

static bool next_turn(void *value, void *arg)
{
	struct dial *d = arg;

	set(value, ++d->next);
	return true;
}

static enum hrtimer_restart turn_irq(struct hrtimer *timer)
{
	struct dial *d = container_of(timer, struct dial, timer);
	struct value v;

	/* The handler itself sees whole values too. */
	ktask_watch_peek(&d->w, &v);
	WARN_ON(torn(&v));
	ktask_watch_modify(&d->w, next_turn, d);
	hrtimer_forward_now(timer, kt_us(30));
	return READ_ONCE(d->next) < TURNS ? HRTIMER_RESTART : HRTIMER_NORESTART;
}

static int turner(void *arg)
{
	struct dial *d = arg;

	while (READ_ONCE(d->next) < TURNS) {
		ktask_watch_modify(&d->w, next_turn, d);
		cond_resched();
	}
	return 0;
}

static int peeper(void *arg)
{
	struct dial *d = arg;
	struct value v;
	int torn_ones = 0;

	while (READ_ONCE(d->next) < TURNS) {
		ktask_watch_peek(&d->w, &v);
		torn_ones += torn(&v);
		cond_resched();
	}
	return torn_ones;
}

static void watch_crowd(struct kunit *test)
{
	struct dial *d = new_dial(test);
	struct kt_thread *writer, *reader;
	struct ktask *t[4];
	int i;

	turn(d, 0);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = start_observer(test, d, KTIME_MAX);
	hrtimer_start(&d->timer, kt_us(30), HRTIMER_MODE_REL_HARD);
	reader = kt_thread(test, peeper, d);
	writer = kt_thread(test, turner, d);
	KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, writer));
	KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, reader));
	hrtimer_cancel(&d->timer);
	put_sender(d);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct observer *f = ktask_frame(t[i]);

		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], -EPIPE);
		KUNIT_EXPECT_EQ(test, f->last, (int)d->next);
		KUNIT_EXPECT_EQ(test, f->torn, 0);
		KUNIT_EXPECT_EQ(test, f->backwards, 0);
		kunit_info(test, "saw %u of %llu\n", f->seen, d->next);
	}
}

static struct kunit_case watch_cases[] = {
	KUNIT_CASE(watch_initial),
	KUNIT_CASE(watch_latest),
	KUNIT_CASE(watch_modify),
	KUNIT_CASE(watch_last_then_over),
	KUNIT_CASE_PARAM(watch_from_context, context_gen_params),
	KUNIT_CASE(watch_timeout),
	KUNIT_CASE(watch_aborted),
	KUNIT_CASE(watch_threads),
	KUNIT_CASE_SLOW(watch_race_timeout),
	KUNIT_CASE_SLOW(watch_race_abort),
	KUNIT_CASE_SLOW(watch_crowd),
	{}
};

struct kunit_suite ktask_watch_suite = {
	.name = "ktask_watch",
	.test_cases = watch_cases,
};
