// SPDX-License-Identifier: GPL-2.0
/*
 * Broadcasts: every receiver gets each value that is sent while it is subscribed,
 * in order, or is told how many it has missed.
 */
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "kernel/compat.h"
#include "util.h"

#define SLOTS	8

struct event {
	unsigned int from;
	unsigned int n;
};

struct radio {
	struct ktask_broadcast b;
	bool sender;		/* the first one has not been put */
	unsigned int n;
	struct event ring[SLOTS];
};

static void switch_off(void *arg)
{
	struct radio *r = arg;

	if (r->sender)
		ktask_feed_sender_put(&r->b.feed);
	ktask_feed_destroy(&r->b.feed);
}

static struct radio *new_radio(struct kunit *test)
{
	struct radio *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->sender = true;
	KUNIT_ASSERT_EQ(test, 0, ktask_broadcast_init(&r->b, r->ring,
						      sizeof(r->ring[0]), SLOTS));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, switch_off, r));
	return r;
}

static void put_sender(void *arg)
{
	struct radio *r = arg;

	r->sender = false;
	ktask_feed_sender_put(&r->b.feed);
}

static void unsubscribe(void *rx)
{
	ktask_feed_unsubscribe(rx);
}

static struct ktask_receiver *new_receiver(struct kunit *test, struct radio *r)
{
	struct ktask_receiver *rx = kunit_kzalloc(test, sizeof(*rx), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rx);
	ktask_feed_subscribe(&r->b.feed, rx, NULL);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, unsubscribe, rx));
	return rx;
}

/* Return: how many will see it. */
static int send(struct radio *r)
{
	struct event e = { .n = r->n++ };

	return ktask_broadcast_send(&r->b, &e);
}

static void send_one(void *r)
{
	send(r);
}

/* Return: the number of the event, or an errno. */
static int try_recv(struct radio *r, struct ktask_receiver *rx)
{
	struct event e;

	return ktask_broadcast_try_recv(&r->b, rx, &e) ?: e.n;
}

static int recv_until(struct radio *r, struct ktask_receiver *rx,
		      unsigned int state, ktime_t deadline)
{
	struct event e;

	return ktask_broadcast_recv_until(&r->b, rx, &e, state, deadline) ?: e.n;
}

static bool waits(struct radio *r, size_t n)
{
	unsigned long flags;
	size_t count;

	raw_spin_lock_irqsave(&r->b.feed.lock, flags);
	count = list_count_nodes(&r->b.feed.waiting);
	raw_spin_unlock_irqrestore(&r->b.feed.lock, flags);
	return count == n;
}

/* --- Without waiting ------------------------------------------------------ */

static void broadcast_init(struct kunit *test)
{
	static const u32 bad[] = { 0, 3, 12, U32_MAX };
	struct ktask_broadcast b;
	struct event ring[4];
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ(test, -EINVAL,
				ktask_broadcast_init(&b, ring, sizeof(ring[0]),
						     bad[i]));
	KUNIT_EXPECT_EQ(test, 0, ktask_broadcast_init(&b, ring,
						      sizeof(ring[0]), 4));
}

static void broadcast_to_all(struct kunit *test)
{
	struct radio *r = new_radio(test);
	struct ktask_receiver *rx[2];
	int i, n;

	KUNIT_EXPECT_EQ(test, 0, send(r));
	rx[0] = new_receiver(test, r);
	KUNIT_EXPECT_EQ(test, 1, send(r));
	rx[1] = new_receiver(test, r);
	KUNIT_EXPECT_EQ(test, 2, send(r));
	KUNIT_EXPECT_EQ(test, 2, send(r));
	/* What was sent since each has subscribed. */
	for (i = 0; i < 2; i++) {
		for (n = 1 + i; n < 4; n++)
			KUNIT_EXPECT_EQ(test, n, try_recv(r, rx[i]));
		KUNIT_EXPECT_EQ(test, -EAGAIN, try_recv(r, rx[i]));
	}
	ktask_feed_unsubscribe(rx[0]);
	ktask_feed_unsubscribe(rx[0]);
	KUNIT_EXPECT_EQ(test, 1, send(r));
	KUNIT_EXPECT_EQ(test, 4, try_recv(r, rx[1]));
}

static void broadcast_lag(struct kunit *test)
{
	struct radio *r = new_radio(test);
	struct ktask_receiver *rx = new_receiver(test, r);
	int i;

	for (i = 0; i < SLOTS; i++)
		send(r);
	KUNIT_EXPECT_EQ(test, 0, try_recv(r, rx));
	for (i = 0; i < 4; i++)
		send(r);
	KUNIT_EXPECT_EQ(test, -EOVERFLOW, try_recv(r, rx));
	KUNIT_EXPECT_EQ(test, ktask_broadcast_lost(rx), 3ULL);
	send(r);
	KUNIT_EXPECT_EQ(test, -EOVERFLOW,
			recv_until(r, rx, TASK_IDLE, KTIME_MAX));
	KUNIT_EXPECT_EQ(test, ktask_broadcast_lost(rx), 1ULL);
	for (i = 5; i < 13; i++)
		KUNIT_EXPECT_EQ(test, i, try_recv(r, rx));
	KUNIT_EXPECT_EQ(test, -EAGAIN, try_recv(r, rx));
}

static void broadcast_drained_then_over(struct kunit *test)
{
	struct radio *r = new_radio(test);
	struct ktask_receiver *rx = new_receiver(test, r);

	ktask_feed_sender_get(&r->b.feed);
	send(r);
	put_sender(r);
	KUNIT_EXPECT_FALSE(test, ktask_future_done(ktask_feed_senderless(&r->b.feed)));
	ktask_feed_sender_put(&r->b.feed);
	KUNIT_EXPECT_TRUE(test, ktask_future_done(ktask_feed_senderless(&r->b.feed)));
	KUNIT_EXPECT_EQ(test, 0, recv_until(r, rx, TASK_IDLE, KTIME_MAX));
	KUNIT_EXPECT_EQ(test, -EPIPE, try_recv(r, rx));
	KUNIT_EXPECT_EQ(test, -EPIPE, recv_until(r, rx, TASK_IDLE, KTIME_MAX));
}

static int destroyer(void *arg)
{
	switch_off(arg);
	return 0;
}

static void broadcast_destroy_waits(struct kunit *test)
{
	struct radio *r = new_radio(test);
	struct kt_thread *th;

	ktask_feed_sender_get(&r->b.feed);
	kunit_remove_action(test, switch_off, r);
	th = kt_thread(test, destroyer, r);
	msleep(20);
	KUNIT_EXPECT_FALSE(test, completion_done(&th->ended));
	ktask_feed_sender_put(&r->b.feed);
	KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th));
}

/* --- Tasks ---------------------------------------------------------------- */

struct listener {
	struct radio *r;
	struct ktask_receiver rx;
	ktime_t timeout;
	int got;
};

static ktask_poll_t listener_body(struct ktask *t)
{
	struct listener *f = ktask_frame(t);

	KTASK_BEGIN(t);
	ktask_feed_subscribe(&f->r->b.feed, &f->rx, t);
	KTASK_AWAIT_NEWS_TIMEOUT(t, &f->rx, f->timeout);
	f->got = ktask_timed_out(t) ? -ETIMEDOUT : try_recv(f->r, &f->rx);
	/* Once more, as a loop would. */
	KTASK_AWAIT_NEWS_TIMEOUT(t, &f->rx, f->timeout);
	KTASK_END(t);
}

static struct ktask *spawn_listener(struct kunit *test, struct radio *r,
				    ktime_t timeout)
{
	struct listener f = { .r = r, .timeout = timeout };

	return kt_own(test, ktask_spawn(listener_body, struct listener,
					.init = &f));
}

static int got(struct ktask *t)
{
	struct listener *f = ktask_frame(t);

	return READ_ONCE(f->got);
}

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static void broadcast_from_context(struct kunit *test)
{
	struct radio *r = new_radio(test);
	struct ktask *t[3];
	int i;

	r->n = 7;
	for (i = 0; i < 3; i++)
		t[i] = spawn_listener(test, r, KTIME_MAX);
	KT_EVENTUALLY(test, waits(r, 3));
	kt_call_in(test, test->param_value, send_one, r);
	KT_EVENTUALLY(test, waits(r, 3) && got(t[0]) && got(t[1]) && got(t[2]));
	kt_call_in(test, test->param_value, put_sender, r);
	for (i = 0; i < 3; i++) {
		KT_FINISH(test, t[i]);
		KUNIT_EXPECT_EQ(test, 7, got(t[i]));
	}
	KUNIT_EXPECT_EQ(test, 0, ktask_feed_receivers(&r->b.feed));
}

static void broadcast_timeout(struct kunit *test)
{
	static const s64 timeouts[] = { 100 * NSEC_PER_USEC, 0, -1 };
	struct radio *r = new_radio(test);
	struct ktask_receiver *rx = new_receiver(test, r);
	struct ktask *t;
	int i;

	for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
		t = spawn_listener(test, r, timeouts[i]);
		KT_FINISH(test, t);
		KUNIT_EXPECT_EQ(test, -ETIMEDOUT, got(t));
		KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
				recv_until(r, rx, TASK_IDLE, timeouts[i]));
	}
	KUNIT_EXPECT_TRUE(test, waits(r, 0));
	send(r);
	KUNIT_EXPECT_EQ(test, 0, recv_until(r, rx, TASK_IDLE, -1));
}

static void broadcast_aborted(struct kunit *test)
{
	struct radio *r = new_radio(test);
	struct ktask *t = spawn_listener(test, r, KTIME_MAX);

	KT_EVENTUALLY(test, waits(r, 1));
	ktask_abort_and_wait(t);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_TRUE(test, waits(r, 0));
	KUNIT_EXPECT_EQ(test, 0, ktask_feed_receivers(&r->b.feed));
	KUNIT_EXPECT_EQ(test, 0, send(r));
}

/* A wait that was begun, and neither finished nor taken back by itself. */
static void broadcast_wait_given_up(struct kunit *test)
{
	struct radio *r = new_radio(test);
	struct ktask_receiver *rx = new_receiver(test, r);

	ktask_feed_await(rx);
	KUNIT_EXPECT_TRUE(test, waits(r, 1));
	ktask_feed_await(rx);
	KUNIT_EXPECT_TRUE(test, waits(r, 1));
	send(r);
	KUNIT_EXPECT_EQ(test, 0L,
			ktask_request_status(ktask_receiver_request(rx)));
	/* Told, but not looked: the news are still there. */
	KUNIT_EXPECT_EQ(test, 0, try_recv(r, rx));
	ktask_feed_await(rx);
	KUNIT_EXPECT_TRUE(test, waits(r, 1));
	ktask_feed_unsubscribe(rx);
	KUNIT_EXPECT_TRUE(test, waits(r, 0));
}

static ktask_poll_t subscribed_body(struct ktask *t)
{
	struct listener *f = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_AWAIT_NEWS(t, &f->rx);
	f->got = try_recv(f->r, &f->rx);
	ktask_feed_unsubscribe(&f->rx);
	KTASK_SLEEP(t, KTIME_MAX);
	KTASK_END(t);
}

/* Subscribed by its maker, so it sees what is sent before it runs. */
static void broadcast_subscribed_by_maker(struct kunit *test)
{
	int abort;

	for (abort = 0; abort <= 1; abort++) {
		struct radio *r = new_radio(test);
		struct ktask *t = ktask_new(subscribed_body, struct listener);
		struct listener *f;

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		f = ktask_frame(t);
		f->r = r;
		r->n = 5;
		ktask_feed_subscribe(&r->b.feed, &f->rx, t);
		KUNIT_EXPECT_EQ(test, 1, send(r));
		if (abort)
			ktask_abort(t);
		KUNIT_EXPECT_EQ(test, 0, ktask_start(t));
		kt_own(test, t);
		KT_EVENTUALLY(test, !ktask_feed_receivers(&r->b.feed));
		KUNIT_EXPECT_EQ(test, abort ? 0 : 5, got(t));
		ktask_abort_and_wait(t);
		KT_EXPECT_CANCELLED(test, t);
	}
}

struct owner {
	struct radio *r;
	struct ktask_defer sender;
};

static ktask_poll_t owner_body(struct ktask *t)
{
	struct owner *f = ktask_frame(t);

	KTASK_BEGIN(t);
	ktask_feed_sender_defer(&f->r->b.feed, t, &f->sender);
	send(f->r);
	KTASK_SLEEP(t, KTIME_MAX);
	KTASK_END(t);
}

static void broadcast_sender_deferred(struct kunit *test)
{
	struct radio *r = new_radio(test);
	struct ktask_receiver *rx = new_receiver(test, r);
	struct owner f = { .r = r };
	struct ktask *t;

	r->sender = false;
	t = kt_own(test, ktask_spawn(owner_body, struct owner, .init = &f));
	KUNIT_EXPECT_EQ(test, 0, recv_until(r, rx, TASK_IDLE, KTIME_MAX));
	KUNIT_EXPECT_EQ(test, -EAGAIN, try_recv(r, rx));
	ktask_abort(t);
	KUNIT_EXPECT_EQ(test, -EPIPE, recv_until(r, rx, TASK_IDLE, KTIME_MAX));
}

/* --- Threads and blocking tasks ------------------------------------------- */

static int thread_recv(void *arg)
{
	struct radio *r = arg;
	struct ktask_receiver rx;
	int ret;

	allow_signal(SIGUSR1);
	ktask_feed_subscribe(&r->b.feed, &rx, NULL);
	ret = recv_until(r, &rx, TASK_INTERRUPTIBLE, KTIME_MAX);
	ktask_feed_unsubscribe(&rx);
	return ret;
}

static long blocking_recv(struct ktask *t)
{
	struct radio **r = ktask_frame(t);

	return thread_recv(*r);
}

static void broadcast_threads(struct kunit *test)
{
	struct radio *r = new_radio(test);
	struct kt_thread *th;
	struct ktask *t;

	th = kt_thread(test, thread_recv, r);
	KT_EVENTUALLY(test, waits(r, 1));
	send_sig(SIGUSR1, th->task, 1);
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS, KT_THREAD_END(test, th));

	t = kt_own(test, ktask_spawn_blocking(blocking_recv, struct radio *,
					      .init = &r));
	KT_EVENTUALLY(test, waits(r, 1));
	ktask_abort_and_wait(t);
	KT_EXPECT_CANCELLED(test, t);

	r->n = 5;
	th = kt_thread(test, thread_recv, r);
	KT_EVENTUALLY(test, waits(r, 1));
	send(r);
	KUNIT_EXPECT_EQ(test, 5, KT_THREAD_END(test, th));
	KUNIT_EXPECT_EQ(test, 0, ktask_feed_receivers(&r->b.feed));
}

/* --- Races ---------------------------------------------------------------- */

static void send_late(void *arg)
{
	kt_dither(20);
	send(arg);
}

/* It is received, or there for the next look. */
static void broadcast_race_timeout(struct kunit *test)
{
	struct radio *r = new_radio(test);
	struct ktask_receiver *rx = new_receiver(test, r);
	struct kt_rival *rival = kt_rival(test);
	unsigned int late = 0;
	int i, ret;

	for (i = 0; i < 1000; i++) {
		kt_rival_go(rival, send_late, r);
		ret = recv_until(r, rx, TASK_IDLE,
				 ktime_add(ktime_get(),
					   kt_us(get_random_u32_below(30))));
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		if (ret == -ETIMEDOUT) {
			late++;
			ret = try_recv(r, rx);
		}
		KUNIT_ASSERT_EQ(test, i, ret);
		KUNIT_ASSERT_EQ(test, -EAGAIN, try_recv(r, rx));
	}
	kunit_info(test, "late: %u of %d\n", late, i);
}

static void broadcast_race_abort(struct kunit *test)
{
	struct radio *r = new_radio(test);
	struct ktask_receiver *rx = new_receiver(test, r);
	struct kt_rival *rival = kt_rival(test);
	struct ktask *t;
	int i;

	for (i = 0; i < 500; i++) {
		t = spawn_listener(test, r, KTIME_MAX);
		kt_rival_go(rival, send_late, r);
		kt_dither(30);
		ktask_abort_and_wait(t);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		KT_EXPECT_CANCELLED(test, t);
		KUNIT_ASSERT_EQ(test, 1, ktask_feed_receivers(&r->b.feed));
		KUNIT_ASSERT_EQ(test, i, try_recv(r, rx));
	}
}

/* --- Many at once --------------------------------------------------------- */

#define SENDERS	3
#define EVENTS	2000

struct crowd {
	struct radio *r;
	struct hrtimer timer;
	unsigned int next[SENDERS];
};

static void crowd_quiet(void *arg)
{
	struct crowd *c = arg;

	hrtimer_cancel(&c->timer);
}

static bool crowd_send(struct crowd *c, unsigned int from)
{
	struct event e = { .from = from, .n = c->next[from]++ };

	ktask_broadcast_send(&c->r->b, &e);
	return c->next[from] < EVENTS;
}

struct sender {
	struct crowd *c;
	struct ktask_defer end;
};

static ktask_poll_t sender_body(struct ktask *t)
{
	struct sender *f = ktask_frame(t);

	KTASK_BEGIN(t);
	ktask_feed_sender_defer(&f->c->r->b.feed, t, &f->end);
	while (crowd_send(f->c, 0))
		KTASK_YIELD(t);
	KTASK_END(t);
}

static int sender_thread(void *arg)
{
	struct crowd *c = arg;

	while (crowd_send(c, 1))
		cond_resched();
	ktask_feed_sender_put(&c->r->b.feed);
	return 0;
}

static enum hrtimer_restart sender_irq(struct hrtimer *timer)
{
	struct crowd *c = container_of(timer, struct crowd, timer);
	int i;

	for (i = 0; i < 20; i++) {
		if (!crowd_send(c, 2)) {
			ktask_feed_sender_put(&c->r->b.feed);
			return HRTIMER_NORESTART;
		}
	}
	hrtimer_forward_now(timer, kt_us(50));
	return HRTIMER_RESTART;
}

struct counter {
	struct crowd *c;
	struct ktask_receiver rx;
	unsigned int next[SENDERS];
	u64 received, lost;
	unsigned int disorder;
};

static ktask_poll_t counter_body(struct ktask *t)
{
	struct counter *f = ktask_frame(t);
	struct event e;
	int ret;

	KTASK_BEGIN(t);
	for (;;) {
		KTASK_AWAIT_NEWS(t, &f->rx);
		ret = ktask_broadcast_try_recv(&f->c->r->b, &f->rx, &e);
		if (ret == -EOVERFLOW) {
			f->lost += ktask_broadcast_lost(&f->rx);
			continue;
		}
		if (ret)
			KTASK_RETURN(t, ret);
		f->received++;
		if (e.n < f->next[e.from])
			f->disorder++;
		f->next[e.from] = e.n + 1;
	}
	KTASK_END(t);
}

static void broadcast_crowd(struct kunit *test)
{
	struct crowd *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	struct ktask *counters[4];
	struct sender s = { .c = c };
	int i;

	KUNIT_ASSERT_NOT_NULL(test, c);
	hrtimer_setup(&c->timer, sender_irq, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_HARD);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, crowd_quiet, c));
	c->r = new_radio(test);
	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		struct ktask *t = ktask_new(counter_body, struct counter);
		struct counter *f;

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		f = ktask_frame(t);
		f->c = c;
		ktask_feed_subscribe(&c->r->b.feed, &f->rx, t);
		KUNIT_ASSERT_EQ(test, 0, ktask_start(t));
		counters[i] = kt_own(test, t);
	}
	for (i = 0; i < SENDERS; i++)
		ktask_feed_sender_get(&c->r->b.feed);
	kt_own(test, ktask_spawn(sender_body, struct sender, .init = &s));
	kt_thread(test, sender_thread, c);
	hrtimer_start(&c->timer, kt_us(50), HRTIMER_MODE_REL_HARD);
	put_sender(c->r);
	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		struct counter *f = ktask_frame(counters[i]);

		KT_FINISH(test, counters[i]);
		KT_EXPECT_RETURNED(test, counters[i], -EPIPE);
		KUNIT_EXPECT_EQ(test, f->received + f->lost,
				(u64)SENDERS * EVENTS);
		KUNIT_EXPECT_EQ(test, f->disorder, 0);
		kunit_info(test, "lost %llu of %u\n", f->lost, SENDERS * EVENTS);
	}
}

static struct kunit_case broadcast_cases[] = {
	KUNIT_CASE(broadcast_init),
	KUNIT_CASE(broadcast_to_all),
	KUNIT_CASE(broadcast_lag),
	KUNIT_CASE(broadcast_drained_then_over),
	KUNIT_CASE(broadcast_destroy_waits),
	KUNIT_CASE_PARAM(broadcast_from_context, context_gen_params),
	KUNIT_CASE(broadcast_timeout),
	KUNIT_CASE(broadcast_aborted),
	KUNIT_CASE(broadcast_wait_given_up),
	KUNIT_CASE(broadcast_subscribed_by_maker),
	KUNIT_CASE(broadcast_sender_deferred),
	KUNIT_CASE(broadcast_threads),
	KUNIT_CASE_SLOW(broadcast_race_timeout),
	KUNIT_CASE_SLOW(broadcast_race_abort),
	KUNIT_CASE_SLOW(broadcast_crowd),
	{}
};

struct kunit_suite ktask_broadcast_suite = {
	.name = "ktask_broadcast",
	.test_cases = broadcast_cases,
};
