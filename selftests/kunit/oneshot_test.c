// SPDX-License-Identifier: GPL-2.0
/*
 * Oneshots: the value arrives, or its sender has it still, or it is dropped; and
 * nobody waits for who has gone.
 */
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "kernel/compat.h"
#include "util.h"

/* A oneshot that tells when it is released, and what was dropped. */
struct shot {
	struct ktask_oneshot o;
	bool released;
};

static atomic_t dropped;

static void drop(void *value)
{
	atomic_inc((atomic_t *)value);
}

static void release(struct ktask_oneshot *o)
{
	WRITE_ONCE(container_of(o, struct shot, o)->released, true);
}

static struct shot *new_shot(struct kunit *test)
{
	struct shot *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	ktask_oneshot_init(&s->o, drop, release);
	return s;
}

#define ERR(e)	ERR_PTR(-(e))

static void oneshot_sent_then_received(struct kunit *test)
{
	struct ktask_oneshot *o = ktask_oneshot_create(NULL, GFP_KERNEL);
	int value;

	KUNIT_ASSERT_NOT_NULL(test, o);
	KUNIT_EXPECT_PTR_EQ(test, ERR(EAGAIN), ktask_oneshot_try_recv(o));
	KUNIT_EXPECT_FALSE(test, ktask_future_done(ktask_oneshot_future(o)));
	KUNIT_EXPECT_EQ(test, 0, ktask_oneshot_send(o, &value));
	KUNIT_EXPECT_EQ(test, -EALREADY, ktask_oneshot_send(o, &value));
	ktask_oneshot_sender_put(o);
	KUNIT_EXPECT_TRUE(test, ktask_future_done(ktask_oneshot_future(o)));
	KUNIT_EXPECT_PTR_EQ(test, (void *)&value, ktask_oneshot_try_recv(o));
	KUNIT_EXPECT_PTR_EQ(test, ERR(EALREADY), ktask_oneshot_try_recv(o));
	ktask_oneshot_receiver_put(o);
}

static void oneshot_sends_anything(struct kunit *test)
{
	void *values[] = { NULL, (void *)5, ERR(EIO), ERR(EPIPE) };
	int i;

	atomic_set(&dropped, 0);
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		struct shot *s = new_shot(test);

		KUNIT_EXPECT_EQ(test, 0, ktask_oneshot_send(&s->o, values[i]));
		KUNIT_EXPECT_EQ(test, 0L,
				ktask_future_value(ktask_oneshot_future(&s->o)));
		KUNIT_EXPECT_PTR_EQ(test, values[i],
				    ktask_oneshot_recv_until(&s->o, TASK_IDLE,
							     0));
		ktask_oneshot_sender_put(&s->o);
		ktask_oneshot_receiver_put(&s->o);
		KUNIT_EXPECT_TRUE(test, s->released);
	}
}

/* Not received: a value is dropped, an error is no value. */
static void oneshot_drops(struct kunit *test)
{
	struct shot *s = new_shot(test), *err = new_shot(test);

	atomic_set(&dropped, 0);
	KUNIT_EXPECT_EQ(test, 0, ktask_oneshot_send(&s->o, &dropped));
	ktask_oneshot_sender_put(&s->o);
	KUNIT_EXPECT_FALSE(test, s->released);
	ktask_oneshot_receiver_put(&s->o);
	KUNIT_EXPECT_TRUE(test, s->released);
	KUNIT_EXPECT_EQ(test, atomic_read(&dropped), 1);

	KUNIT_EXPECT_EQ(test, 0, ktask_oneshot_send(&err->o, ERR(EIO)));
	ktask_oneshot_receiver_put(&err->o);
	KUNIT_EXPECT_FALSE(test, err->released);
	ktask_oneshot_sender_put(&err->o);
	KUNIT_EXPECT_TRUE(test, err->released);
}

static void oneshot_broken(struct kunit *test)
{
	struct shot *s = new_shot(test);

	ktask_oneshot_sender_put(&s->o);
	KUNIT_EXPECT_EQ(test, (long)-EPIPE,
			ktask_future_value(ktask_oneshot_future(&s->o)));
	KUNIT_EXPECT_PTR_EQ(test, ERR(EPIPE), ktask_oneshot_try_recv(&s->o));
	KUNIT_EXPECT_PTR_EQ(test, ERR(EPIPE),
			    ktask_oneshot_recv_until(&s->o, TASK_IDLE,
						     KTIME_MAX));
	KUNIT_EXPECT_FALSE(test, s->released);
	ktask_oneshot_receiver_put(&s->o);
	KUNIT_EXPECT_TRUE(test, s->released);
}

static void oneshot_closed(struct kunit *test)
{
	struct shot *s = new_shot(test);

	atomic_set(&dropped, 0);
	ktask_oneshot_close(&s->o);
	ktask_oneshot_close(&s->o);
	KUNIT_EXPECT_TRUE(test, ktask_future_done(ktask_oneshot_closed(&s->o)));
	KUNIT_EXPECT_PTR_EQ(test, ERR(EPIPE), ktask_oneshot_try_recv(&s->o));
	KUNIT_EXPECT_EQ(test, -EPIPE, ktask_oneshot_send(&s->o, &dropped));
	ktask_oneshot_receiver_put(&s->o);
	KUNIT_EXPECT_EQ(test, -EPIPE, ktask_oneshot_send(&s->o, &dropped));
	ktask_oneshot_sender_put(&s->o);
	KUNIT_EXPECT_TRUE(test, s->released);
	KUNIT_EXPECT_EQ(test, atomic_read(&dropped), 0);
}

/* What was sent before the close is received. */
static void oneshot_closed_too_late(struct kunit *test)
{
	struct shot *s = new_shot(test);

	atomic_set(&dropped, 0);
	KUNIT_EXPECT_EQ(test, 0, ktask_oneshot_send(&s->o, &dropped));
	ktask_oneshot_close(&s->o);
	KUNIT_EXPECT_PTR_EQ(test, (void *)&dropped,
			    ktask_oneshot_try_recv(&s->o));
	ktask_oneshot_sender_put(&s->o);
	ktask_oneshot_receiver_put(&s->o);
	KUNIT_EXPECT_EQ(test, atomic_read(&dropped), 0);
}

/* --- Tasks ---------------------------------------------------------------- */

struct receiver {
	struct ktask_oneshot *o;
	struct ktask_defer end;
	ktime_t timeout;
	bool waits;
	void *got;
};

static ktask_poll_t receiver_body(struct ktask *t)
{
	struct receiver *f = ktask_frame(t);

	KTASK_BEGIN(t);
	ktask_oneshot_receiver_defer(f->o, t, &f->end);
	WRITE_ONCE(f->waits, true);
	KTASK_AWAIT_TIMEOUT(t, ktask_oneshot_future(f->o), f->timeout);
	f->got = ktask_oneshot_try_recv(f->o);
	KTASK_END(t);
}

static struct ktask *spawn_receiver(struct kunit *test, struct shot *s,
				    ktime_t timeout)
{
	struct receiver init = { .o = &s->o, .timeout = timeout }, *f;
	struct ktask *t;

	t = kt_own(test, ktask_spawn(receiver_body, struct receiver,
				     .init = &init));
	f = ktask_frame(t);
	KT_EVENTUALLY(test, READ_ONCE(f->waits));
	return t;
}

static void *received(struct ktask *t)
{
	struct receiver *f = ktask_frame(t);

	return f->got;
}

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static void send_and_put(void *arg)
{
	struct shot *s = arg;

	ktask_oneshot_send(&s->o, &dropped);
	ktask_oneshot_sender_put(&s->o);
}

static void put(void *arg)
{
	struct shot *s = arg;

	ktask_oneshot_sender_put(&s->o);
}

static void oneshot_send_from_context(struct kunit *test)
{
	struct shot *s = new_shot(test);
	struct ktask *t = spawn_receiver(test, s, KTIME_MAX);

	kt_call_in(test, test->param_value, send_and_put, s);
	KT_FINISH(test, t);
	KUNIT_EXPECT_PTR_EQ(test, received(t), (void *)&dropped);
	KT_EVENTUALLY(test, READ_ONCE(s->released));
}

static void oneshot_break_from_context(struct kunit *test)
{
	struct shot *s = new_shot(test);
	struct ktask *t = spawn_receiver(test, s, KTIME_MAX);

	kt_call_in(test, test->param_value, put, s);
	KT_FINISH(test, t);
	KUNIT_EXPECT_PTR_EQ(test, received(t), ERR(EPIPE));
}

static void oneshot_timeout(struct kunit *test)
{
	struct shot *s = new_shot(test);
	struct ktask *t;

	/* Before the task, which closes it when its own time is over. */
	KUNIT_EXPECT_PTR_EQ(test, ERR(ETIMEDOUT),
			    ktask_oneshot_recv_until(&s->o, TASK_IDLE, -1));
	t = spawn_receiver(test, s, kt_us(100));
	KT_FINISH(test, t);
	KUNIT_EXPECT_PTR_EQ(test, received(t), ERR(EAGAIN));
	KUNIT_EXPECT_EQ(test, -EPIPE, ktask_oneshot_send(&s->o, &dropped));
	ktask_oneshot_sender_put(&s->o);
	KUNIT_EXPECT_TRUE(test, s->released);
}

static void oneshot_receiver_aborted(struct kunit *test)
{
	struct shot *s = new_shot(test);
	struct ktask *t = spawn_receiver(test, s, KTIME_MAX);

	KUNIT_EXPECT_FALSE(test, ktask_future_done(ktask_oneshot_closed(&s->o)));
	ktask_abort_and_wait(t);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_TRUE(test, ktask_future_done(ktask_oneshot_closed(&s->o)));
	KUNIT_EXPECT_EQ(test, -EPIPE, ktask_oneshot_send(&s->o, &dropped));
	ktask_oneshot_sender_put(&s->o);
	KUNIT_EXPECT_TRUE(test, s->released);
}

struct sender {
	struct ktask_oneshot *o;
	struct ktask_defer end;
	ktime_t sleep;
	int err;
};

static ktask_poll_t sender_body(struct ktask *t)
{
	struct sender *f = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_AWAIT_TIMEOUT(t, ktask_oneshot_closed(f->o), f->sleep);
	f->err = ktask_oneshot_send(f->o, &dropped);
	KTASK_END(t);
}

static struct ktask *start_sender(struct kunit *test, struct shot *s,
				  ktime_t sleep, bool abort)
{
	struct sender init = { .o = &s->o, .sleep = sleep }, *f;
	struct ktask *t;

	t = ktask_new(sender_body, struct sender, .init = &init);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	f = ktask_frame(t);
	ktask_oneshot_sender_defer(&s->o, t, &f->end);
	if (abort)
		ktask_abort(t);
	KUNIT_EXPECT_EQ(test, 0, ktask_start(t));
	return kt_own(test, t);
}

/* Aborted before it began, while it waits, or not at all. */
static void oneshot_sender_deferred(struct kunit *test)
{
	int how;

	for (how = 0; how < 3; how++) {
		struct shot *s = new_shot(test);
		struct ktask *t;
		void *got;

		t = start_sender(test, s, how ? KTIME_MAX : 0, how == 2);
		if (how == 1)
			ktask_abort(t);
		got = ktask_oneshot_recv_until(&s->o, TASK_IDLE, KTIME_MAX);
		KUNIT_EXPECT_PTR_EQ(test, got, how ? ERR(EPIPE) : &dropped);
		KT_FINISH(test, t);
		ktask_oneshot_receiver_put(&s->o);
		KUNIT_EXPECT_TRUE(test, s->released);
	}
}

static void oneshot_sender_awaits_closed(struct kunit *test)
{
	struct shot *s = new_shot(test);
	struct ktask *t = start_sender(test, s, KTIME_MAX, false);
	struct sender *f = ktask_frame(t);

	ktask_oneshot_receiver_put(&s->o);
	KT_FINISH(test, t);
	KUNIT_EXPECT_EQ(test, f->err, -EPIPE);
	KUNIT_EXPECT_TRUE(test, s->released);
}

static int thread_recv(void *arg)
{
	struct shot *s = arg;

	allow_signal(SIGUSR1);
	return PTR_ERR_OR_ZERO(ktask_oneshot_recv_until(&s->o,
							TASK_INTERRUPTIBLE,
							KTIME_MAX));
}

static void oneshot_thread(struct kunit *test)
{
	struct shot *s = new_shot(test);
	struct kt_thread *th = kt_thread(test, thread_recv, s);

	KT_EVENTUALLY(test, hlist_bl_first(&s->o.done.head));
	send_sig(SIGUSR1, th->task, 1);
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS, KT_THREAD_END(test, th));
	th = kt_thread(test, thread_recv, s);
	send_and_put(s);
	KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th));
	ktask_oneshot_receiver_put(&s->o);
	KUNIT_EXPECT_TRUE(test, s->released);
}

/* --- Races ---------------------------------------------------------------- */

struct duel {
	struct ktask_oneshot *o;
	int err;
};

static void send_late(void *arg)
{
	struct duel *d = arg;

	kt_dither(5);
	d->err = ktask_oneshot_send(d->o, &dropped);
	ktask_oneshot_sender_put(d->o);
}

/* The value is received, refused or dropped: one of them. */
static void oneshot_race(struct kunit *test)
{
	unsigned int received = 0, refused = 0, was_dropped = 0;
	struct kt_rival *rival = kt_rival(test);
	struct duel *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);
	int i, got;

	KUNIT_ASSERT_NOT_NULL(test, d);
	for (i = 0; i < 2000; i++) {
		atomic_set(&dropped, 0);
		d->o = ktask_oneshot_create(drop, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, d->o);
		kt_rival_go(rival, send_late, d);
		kt_dither(5);
		if (i % 3 == 0)
			ktask_oneshot_close(d->o);
		got = i % 3 < 2 && !IS_ERR(ktask_oneshot_try_recv(d->o));
		ktask_oneshot_receiver_put(d->o);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		KUNIT_ASSERT_EQ(test, 1, got + !!d->err + atomic_read(&dropped));
		received += got;
		refused += !!d->err;
		was_dropped += atomic_read(&dropped);
	}
	kunit_info(test, "received %u, refused %u, dropped %u\n", received,
		   refused, was_dropped);
}

static void oneshot_race_abort(struct kunit *test)
{
	struct kt_rival *rival = kt_rival(test);
	struct duel *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);
	unsigned int in_time = 0;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, d);
	for (i = 0; i < 500; i++) {
		struct shot *s = new_shot(test);
		struct ktask *t;

		atomic_set(&dropped, 0);
		d->o = &s->o;
		t = spawn_receiver(test, s, KTIME_MAX);
		kt_rival_go(rival, send_late, d);
		kt_dither(10);
		ktask_abort(t);
		KT_FINISH(test, t);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		KUNIT_ASSERT_TRUE(test, s->released);
		KUNIT_ASSERT_EQ(test, 1, (received(t) == &dropped) + !!d->err +
				atomic_read(&dropped));
		in_time += received(t) == &dropped;
	}
	kunit_info(test, "received: %u of %d\n", in_time, i);
}

static struct kunit_case oneshot_cases[] = {
	KUNIT_CASE(oneshot_sent_then_received),
	KUNIT_CASE(oneshot_sends_anything),
	KUNIT_CASE(oneshot_drops),
	KUNIT_CASE(oneshot_broken),
	KUNIT_CASE(oneshot_closed),
	KUNIT_CASE(oneshot_closed_too_late),
	KUNIT_CASE_PARAM(oneshot_send_from_context, context_gen_params),
	KUNIT_CASE_PARAM(oneshot_break_from_context, context_gen_params),
	KUNIT_CASE(oneshot_timeout),
	KUNIT_CASE(oneshot_receiver_aborted),
	KUNIT_CASE(oneshot_sender_deferred),
	KUNIT_CASE(oneshot_sender_awaits_closed),
	KUNIT_CASE(oneshot_thread),
	KUNIT_CASE_SLOW(oneshot_race),
	KUNIT_CASE_SLOW(oneshot_race_abort),
	{}
};

struct kunit_suite ktask_oneshot_suite = {
	.name = "ktask_oneshot",
	.test_cases = oneshot_cases,
};
