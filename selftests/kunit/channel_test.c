// SPDX-License-Identifier: GPL-2.0
/*
 * Channels: each message arrives once, or is its sender's still, whoever is
 * aborted, times out or closes, and whenever.
 */
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "util.h"

struct note {
	struct ktask_msg msg;
	char c;
	bool dropped;
};

/* A channel, and messages to send on it. */
struct line {
	struct ktask_channel ch;
	bool sender;		/* the first one has not been put */
	struct kt_trail *trail;
	struct note notes[8];	/* a, b, c ... */
};

static struct note *to_note(struct ktask_msg *msg)
{
	return container_of(msg, struct note, msg);
}

static void drop_note(struct ktask_msg *msg)
{
	to_note(msg)->dropped = true;
}

static void hang_up(void *arg)
{
	struct line *l = arg;

	if (l->sender)
		ktask_channel_sender_put(&l->ch);
	ktask_channel_destroy(&l->ch);
}

static struct line *new_line(struct kunit *test, unsigned int limit)
{
	struct line *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, l);
	for (i = 0; i < ARRAY_SIZE(l->notes); i++)
		l->notes[i].c = 'a' + i;
	l->trail = kt_trail(test);
	l->sender = true;
	ktask_channel_init(&l->ch, limit, drop_note);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, hang_up, l));
	return l;
}

static void put_sender(struct line *l)
{
	l->sender = false;
	ktask_channel_sender_put(&l->ch);
}

static int try_send(struct line *l, int i)
{
	return ktask_channel_try_send(&l->ch, &l->notes[i].msg);
}

/* What a message says; or an errno. */
static int said(struct ktask_msg *msg)
{
	return IS_ERR(msg) ? PTR_ERR(msg) : to_note(msg)->c;
}

static int try_recv(struct line *l)
{
	return said(ktask_channel_try_recv(&l->ch));
}

static bool waits(struct line *l, struct list_head *list, size_t n)
{
	unsigned long flags;
	size_t count;

	raw_spin_lock_irqsave(&l->ch.lock, flags);
	count = list_count_nodes(list);
	raw_spin_unlock_irqrestore(&l->ch.lock, flags);
	return count == n;
}

#define RECEIVERS_WAIT(test, l, n)					\
	KT_EVENTUALLY(test, waits(l, &(l)->ch.receivers, n))
#define SENDERS_WAIT(test, l, n)					\
	KT_EVENTUALLY(test, waits(l, &(l)->ch.blocked, n))

/* Aborts a task when a request of it is granted, but before it is woken. */
struct aborter {
	struct ktask_waiter waiter;
	struct ktask *t;
	bool armed;
};

static void abort_notify(struct ktask_waiter *waiter, long value)
{
	ktask_abort(container_of(waiter, struct aborter, waiter)->t);
}

static void abort_when_granted(struct aborter *a, struct ktask *t,
			       struct ktask_request *r)
{
	a->t = t;
	ktask_future_add(ktask_request_future(r), &a->waiter, abort_notify);
	WRITE_ONCE(a->armed, true);
}

/* --- A task that receives ------------------------------------------------- */

struct taker {
	struct line *l;
	struct ktask_recv recv;
	ktime_t timeout;
	int want;
	bool doomed;
	struct aborter aborter;
};

static ktask_poll_t taker_body(struct ktask *t)
{
	struct taker *f = ktask_frame(t);
	struct ktask_msg *msg;

	KTASK_BEGIN(t);
	for (; f->want; f->want--) {
		ktask_channel_recv(&f->l->ch, &f->recv, t);
		if (f->doomed)
			abort_when_granted(&f->aborter, t,
					   ktask_recv_request(&f->recv));
		KTASK_AWAIT_REQUEST_TIMEOUT(t, ktask_recv_request(&f->recv),
					    f->timeout);
		msg = ktask_recv_take(&f->recv);
		if (IS_ERR(msg))
			KTASK_RETURN(t, PTR_ERR(msg));
		kt_mark(f->l->trail, to_note(msg)->c);
	}
	KTASK_END(t);
}

static struct ktask *spawn_taker(struct kunit *test, struct line *l, int want,
				 ktime_t timeout)
{
	struct taker f = { .l = l, .want = want, .timeout = timeout };

	return kt_own(test, ktask_spawn(taker_body, struct taker, .init = &f));
}

static struct ktask *spawn_doomed_taker(struct kunit *test, struct line *l)
{
	struct taker init = {
		.l = l, .want = 1, .timeout = KTIME_MAX, .doomed = true,
	};
	struct taker *f;
	struct ktask *t;

	t = kt_own(test, ktask_spawn(taker_body, struct taker, .init = &init));
	f = ktask_frame(t);
	KT_EVENTUALLY(test, READ_ONCE(f->aborter.armed));
	return t;
}

/* --- A task that sends ---------------------------------------------------- */

struct giver {
	struct line *l;
	struct ktask_send send;
	struct ktask_defer end;
	ktime_t timeout;
	int i;
	int last;
	char kept;		/* what was not sent */
	bool doomed;
	struct aborter aborter;
};

static void keep_unsent(void *arg)
{
	struct giver *f = arg;
	struct ktask_msg *msg = ktask_send_take_back(&f->send);

	if (msg)
		f->kept = to_note(msg)->c;
}

static ktask_poll_t giver_body(struct ktask *t)
{
	struct giver *f = ktask_frame(t);
	long status;

	KTASK_BEGIN(t);
	ktask_defer(t, &f->end, keep_unsent, f);
	for (; f->i <= f->last; f->i++) {
		ktask_channel_send(&f->l->ch, &f->send, t,
				   &f->l->notes[f->i].msg);
		if (f->doomed)
			abort_when_granted(&f->aborter, t,
					   ktask_send_request(&f->send));
		KTASK_AWAIT_REQUEST_TIMEOUT(t, ktask_send_request(&f->send),
					    f->timeout);
		ktask_request_forget(ktask_send_request(&f->send));
		status = ktask_request_status(ktask_send_request(&f->send));
		if (status)
			KTASK_RETURN(t, status);
	}
	KTASK_END(t);
}

static struct ktask *spawn_giver(struct kunit *test, struct line *l, int first,
				 int last, ktime_t timeout)
{
	struct giver f = {
		.l = l, .i = first, .last = last, .timeout = timeout,
	};

	return kt_own(test, ktask_spawn(giver_body, struct giver, .init = &f));
}

static char kept(struct ktask *t)
{
	struct giver *f = ktask_frame(t);

	return f->kept;
}

/* --- Without waiting ------------------------------------------------------ */

static void channel_try(struct kunit *test)
{
	struct line *l = new_line(test, 2);

	KUNIT_EXPECT_EQ(test, -EAGAIN, try_recv(l));
	KUNIT_EXPECT_EQ(test, 0, try_send(l, 0));
	KUNIT_EXPECT_EQ(test, 0, try_send(l, 1));
	KUNIT_EXPECT_EQ(test, -EAGAIN, try_send(l, 2));
	KUNIT_EXPECT_EQ(test, 'a', try_recv(l));
	KUNIT_EXPECT_EQ(test, 0, try_send(l, 2));
	KUNIT_EXPECT_EQ(test, 'b', try_recv(l));
	KUNIT_EXPECT_EQ(test, 'c', try_recv(l));
	KUNIT_EXPECT_EQ(test, -EAGAIN, try_recv(l));
}

static void channel_unbounded(struct kunit *test)
{
	struct line *l = new_line(test, KTASK_UNBOUNDED);
	struct note *notes;
	int i;

	notes = kunit_kcalloc(test, 1000, sizeof(*notes), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, notes);
	for (i = 0; i < 1000; i++)
		KUNIT_EXPECT_EQ(test, 0,
				ktask_channel_try_send(&l->ch, &notes[i].msg));
	for (i = 0; i < 1000; i++)
		KUNIT_EXPECT_PTR_EQ(test, &notes[i].msg,
				    ktask_channel_try_recv(&l->ch));
	KUNIT_EXPECT_EQ(test, -EAGAIN, try_recv(l));
}

static void channel_drained_then_over(struct kunit *test)
{
	struct line *l = new_line(test, 2);

	ktask_channel_sender_get(&l->ch);
	KUNIT_EXPECT_EQ(test, 0, try_send(l, 0));
	KUNIT_EXPECT_EQ(test, 0, try_send(l, 1));
	put_sender(l);
	KUNIT_EXPECT_EQ(test, 'a', try_recv(l));
	KUNIT_EXPECT_FALSE(test, ktask_future_done(ktask_channel_senderless(&l->ch)));
	ktask_channel_sender_put(&l->ch);
	KUNIT_EXPECT_TRUE(test, ktask_future_done(ktask_channel_senderless(&l->ch)));
	KUNIT_EXPECT_EQ(test, 'b', try_recv(l));
	KUNIT_EXPECT_EQ(test, -EPIPE, try_recv(l));
	KUNIT_EXPECT_EQ(test, -EPIPE,
			said(ktask_channel_recv_until(&l->ch, TASK_IDLE,
						      KTIME_MAX)));
}

static void channel_closed_then_drained(struct kunit *test)
{
	struct line *l = new_line(test, 2);

	KUNIT_EXPECT_EQ(test, 0, try_send(l, 0));
	KUNIT_EXPECT_FALSE(test, ktask_future_done(ktask_channel_closed(&l->ch)));
	ktask_channel_close(&l->ch);
	ktask_channel_close(&l->ch);
	KUNIT_EXPECT_TRUE(test, ktask_future_done(ktask_channel_closed(&l->ch)));
	KUNIT_EXPECT_EQ(test, -EPIPE, try_send(l, 1));
	KUNIT_EXPECT_EQ(test, -EPIPE,
			ktask_channel_send_until(&l->ch, &l->notes[1].msg,
						 TASK_IDLE, KTIME_MAX));
	KUNIT_EXPECT_EQ(test, 'a', try_recv(l));
	KUNIT_EXPECT_EQ(test, -EPIPE, try_recv(l));
	KUNIT_EXPECT_EQ(test, -EPIPE, try_recv(l));
}

static void channel_destroy_drops(struct kunit *test)
{
	struct line *l = new_line(test, 4);

	KUNIT_EXPECT_EQ(test, 0, try_send(l, 0));
	KUNIT_EXPECT_EQ(test, 0, try_send(l, 1));
	KUNIT_EXPECT_EQ(test, 0, try_send(l, 2));
	KUNIT_EXPECT_EQ(test, 'a', try_recv(l));
	put_sender(l);
	kunit_release_action(test, hang_up, l);
	KUNIT_EXPECT_FALSE(test, l->notes[0].dropped);
	KUNIT_EXPECT_TRUE(test, l->notes[1].dropped);
	KUNIT_EXPECT_TRUE(test, l->notes[2].dropped);
	KUNIT_EXPECT_FALSE(test, l->notes[3].dropped);
}

static int destroyer(void *arg)
{
	hang_up(arg);
	return 0;
}

/* As long as somebody may send, it is not gone; but it is closed. */
static void channel_destroy_waits(struct kunit *test)
{
	struct line *l = new_line(test, 4);
	struct kt_thread *th;

	ktask_channel_sender_get(&l->ch);
	kunit_remove_action(test, hang_up, l);
	th = kt_thread(test, destroyer, l);
	KUNIT_EXPECT_EQ(test, 0, ktask_future_wait(ktask_channel_closed(&l->ch)));
	msleep(20);
	KUNIT_EXPECT_FALSE(test, completion_done(&th->ended));
	KUNIT_EXPECT_EQ(test, -EPIPE, try_send(l, 0));
	ktask_channel_sender_put(&l->ch);
	KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th));
}

/* --- Receivers wait ------------------------------------------------------- */

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static void send_a(void *arg)
{
	try_send(arg, 0);
}

static void channel_recv_from_context(struct kunit *test)
{
	struct line *l = new_line(test, 1);
	struct ktask *t = spawn_taker(test, l, 1, KTIME_MAX);

	RECEIVERS_WAIT(test, l, 1);
	kt_call_in(test, test->param_value, send_a, l);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_STREQ(test, l->trail->s, "a");
}

static void last_put(void *arg)
{
	put_sender(arg);
}

static void channel_recv_over_from_context(struct kunit *test)
{
	struct line *l = new_line(test, 1);
	struct ktask *t[2];
	int i;

	for (i = 0; i < 2; i++)
		t[i] = spawn_taker(test, l, 1, KTIME_MAX);
	RECEIVERS_WAIT(test, l, 2);
	kt_call_in(test, test->param_value, last_put, l);
	for (i = 0; i < 2; i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], -EPIPE);
	}
}

static void channel_recv_closed(struct kunit *test)
{
	struct line *l = new_line(test, 1);
	struct ktask *t = spawn_taker(test, l, 1, KTIME_MAX);

	RECEIVERS_WAIT(test, l, 1);
	ktask_channel_close(&l->ch);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, -EPIPE);
}

static void channel_recv_in_turn(struct kunit *test)
{
	struct line *l = new_line(test, 1);
	struct ktask *t[3];
	int i;

	for (i = 0; i < 3; i++) {
		t[i] = spawn_taker(test, l, 1, KTIME_MAX);
		RECEIVERS_WAIT(test, l, i + 1);
	}
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, 0, try_send(l, i));
		KT_FINISH(test, t[i]);
	}
	KUNIT_EXPECT_STREQ(test, l->trail->s, "abc");
}

static void channel_recv_timeout(struct kunit *test)
{
	static const s64 timeouts[] = { 1000, 0, -1 };
	struct line *l = new_line(test, 1);
	struct ktask *t;
	int i;

	for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
		t = spawn_taker(test, l, 1, timeouts[i] * NSEC_PER_USEC);
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, -ETIMEDOUT);
		KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
				said(ktask_channel_recv_until(&l->ch, TASK_IDLE,
							      timeouts[i])));
	}
	KUNIT_EXPECT_TRUE(test, list_empty(&l->ch.receivers));
	KUNIT_EXPECT_EQ(test, 0, try_send(l, 0));
	/* What is there is there in time. */
	t = spawn_taker(test, l, 1, -1);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_EQ(test, 0, try_send(l, 1));
	KUNIT_EXPECT_EQ(test, 'b',
			said(ktask_channel_recv_until(&l->ch, TASK_IDLE, -1)));
}

static void channel_recv_aborted(struct kunit *test)
{
	struct line *l = new_line(test, 1);
	struct ktask *t = spawn_taker(test, l, 1, KTIME_MAX);

	RECEIVERS_WAIT(test, l, 1);
	ktask_abort_and_wait(t);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_EQ(test, 0, try_send(l, 0));
	KUNIT_EXPECT_EQ(test, 'a', try_recv(l));
}

/* Granted, but it never went on: the message is the next one again. */
static void channel_recv_aborted_after_grant(struct kunit *test)
{
	struct line *l = new_line(test, 2);
	struct ktask *t = spawn_doomed_taker(test, l);

	KUNIT_EXPECT_EQ(test, 0, try_send(l, 0));
	KUNIT_EXPECT_EQ(test, 0, try_send(l, 1));
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_STREQ(test, l->trail->s, "");
	KUNIT_EXPECT_EQ(test, 'a', try_recv(l));
	KUNIT_EXPECT_EQ(test, 'b', try_recv(l));
	KUNIT_EXPECT_EQ(test, -EAGAIN, try_recv(l));
}

static void channel_recv_passed_on(struct kunit *test)
{
	struct line *l = new_line(test, 2);
	struct ktask *t = spawn_doomed_taker(test, l), *other;

	other = spawn_taker(test, l, 1, KTIME_MAX);
	RECEIVERS_WAIT(test, l, 2);
	KUNIT_EXPECT_EQ(test, 0, try_send(l, 0));
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
	KT_FINISH(test, other);
	KT_EXPECT_RETURNED(test, other, 0);
	KUNIT_EXPECT_STREQ(test, l->trail->s, "a");
}

/* What is given back may be one too many; senders then wait for two. */
static void channel_recv_not_taken(struct kunit *test)
{
	struct line *l = new_line(test, 1);
	struct ktask_recv r;
	struct ktask *t;

	ktask_channel_recv(&l->ch, &r, NULL);
	KUNIT_EXPECT_EQ(test, -EINPROGRESS, said(ktask_recv_take(&r)));
	KUNIT_EXPECT_EQ(test, 0, try_send(l, 0));
	KUNIT_EXPECT_EQ(test, 0, try_send(l, 1));
	t = spawn_giver(test, l, 2, 2, KTIME_MAX);
	SENDERS_WAIT(test, l, 1);
	ktask_request_drop(ktask_recv_request(&r));
	KUNIT_EXPECT_EQ(test, 'a', try_recv(l));
	KUNIT_EXPECT_TRUE(test, waits(l, &l->ch.blocked, 1));
	KUNIT_EXPECT_EQ(test, -EAGAIN, try_send(l, 3));
	KUNIT_EXPECT_EQ(test, 'b', try_recv(l));
	KT_FINISH(test, t);
	KUNIT_EXPECT_EQ(test, 'c', try_recv(l));
	KUNIT_EXPECT_EQ(test, -EAGAIN, try_recv(l));
}

/* --- Senders wait --------------------------------------------------------- */

static void recv_one(void *arg)
{
	struct line *l = arg;
	int c = try_recv(l);

	kt_mark(l->trail, c > 0 ? c : '!');
}

static void channel_send_waits_for_room(struct kunit *test)
{
	struct line *l = new_line(test, 1);
	struct ktask *t = spawn_giver(test, l, 0, 1, KTIME_MAX);

	SENDERS_WAIT(test, l, 1);
	kt_call_in(test, test->param_value, recv_one, l);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_EQ(test, kept(t), 0);
	recv_one(l);
	KUNIT_EXPECT_STREQ(test, l->trail->s, "ab");
}

static void channel_send_in_turn(struct kunit *test)
{
	struct line *l = new_line(test, 1);
	struct ktask *t[4];
	int i;

	for (i = 0; i < 4; i++) {
		t[i] = spawn_giver(test, l, i, i, KTIME_MAX);
		if (i == 0)
			KT_FINISH(test, t[i]);
		else
			SENDERS_WAIT(test, l, i);
	}
	KUNIT_EXPECT_EQ(test, -EAGAIN, try_send(l, 4));
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_EQ(test, 'a' + i, try_recv(l));
		/* The next one moved up, nobody got before it. */
		KUNIT_EXPECT_EQ(test, i == 3 ? 0 : -EAGAIN, try_send(l, 4));
		KT_FINISH(test, t[i]);
	}
}

static void channel_send_closed(struct kunit *test)
{
	struct line *l = new_line(test, 1);
	struct ktask *t = spawn_giver(test, l, 0, 1, KTIME_MAX);

	SENDERS_WAIT(test, l, 1);
	ktask_channel_close(&l->ch);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, -EPIPE);
	KUNIT_EXPECT_EQ(test, kept(t), 'b');
	KUNIT_EXPECT_EQ(test, 'a', try_recv(l));
	KUNIT_EXPECT_EQ(test, -EPIPE, try_recv(l));
}

static void channel_send_timeout(struct kunit *test)
{
	static const s64 timeouts[] = { 1000, 0, -1 };
	struct line *l = new_line(test, 1);
	struct ktask *t;
	int i;

	KUNIT_EXPECT_EQ(test, 0, try_send(l, 0));
	for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
		t = spawn_giver(test, l, 1, 1, timeouts[i] * NSEC_PER_USEC);
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, -ETIMEDOUT);
		KUNIT_EXPECT_EQ(test, kept(t), 'b');
		KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
				ktask_channel_send_until(&l->ch,
							 &l->notes[2].msg,
							 TASK_IDLE, timeouts[i]));
	}
	KUNIT_EXPECT_EQ(test, 'a', try_recv(l));
	KUNIT_EXPECT_EQ(test, -EAGAIN, try_recv(l));
}

static void channel_send_aborted(struct kunit *test)
{
	struct line *l = new_line(test, 1);
	struct ktask *t = spawn_giver(test, l, 0, 1, KTIME_MAX);

	SENDERS_WAIT(test, l, 1);
	ktask_abort_and_wait(t);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_EQ(test, kept(t), 'b');
	KUNIT_EXPECT_EQ(test, 'a', try_recv(l));
	KUNIT_EXPECT_EQ(test, -EAGAIN, try_recv(l));
}

static void channel_send_aborted_after_grant(struct kunit *test)
{
	struct line *l = new_line(test, 1);
	struct giver init = {
		.l = l, .i = 1, .last = 1, .timeout = KTIME_MAX, .doomed = true,
	};
	struct giver *f;
	struct ktask *t;

	KUNIT_EXPECT_EQ(test, 0, try_send(l, 0));
	t = kt_own(test, ktask_spawn(giver_body, struct giver, .init = &init));
	f = ktask_frame(t);
	KT_EVENTUALLY(test, READ_ONCE(f->aborter.armed));
	KUNIT_EXPECT_EQ(test, 'a', try_recv(l));
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_EQ(test, kept(t), 0);
	KUNIT_EXPECT_EQ(test, 'b', try_recv(l));
}

/* With no room at all, each send meets its receive. */
static void channel_rendezvous(struct kunit *test)
{
	struct line *l = new_line(test, 0);
	struct ktask *t;

	KUNIT_EXPECT_EQ(test, -EAGAIN, try_send(l, 0));
	t = spawn_giver(test, l, 0, 1, KTIME_MAX);
	SENDERS_WAIT(test, l, 1);
	KUNIT_EXPECT_EQ(test, 'a', try_recv(l));
	SENDERS_WAIT(test, l, 1);
	KUNIT_EXPECT_EQ(test, 'b',
			said(ktask_channel_recv_until(&l->ch, TASK_IDLE,
						      KTIME_MAX)));
	KT_FINISH(test, t);

	t = spawn_taker(test, l, 1, KTIME_MAX);
	RECEIVERS_WAIT(test, l, 1);
	KUNIT_EXPECT_EQ(test, 0, try_send(l, 2));
	KUNIT_EXPECT_EQ(test, -EAGAIN, try_send(l, 3));
	KT_FINISH(test, t);
	KUNIT_EXPECT_STREQ(test, l->trail->s, "c");
}

/* --- Threads and blocking tasks ------------------------------------------- */

static int thread_recv(void *arg)
{
	struct line *l = arg;

	allow_signal(SIGUSR1);
	return said(ktask_channel_recv_until(&l->ch, TASK_INTERRUPTIBLE,
					     KTIME_MAX));
}

static int thread_send(void *arg)
{
	struct line *l = arg;

	allow_signal(SIGUSR1);
	return ktask_channel_send_until(&l->ch, &l->notes[1].msg,
					TASK_INTERRUPTIBLE, KTIME_MAX);
}

static void channel_threads(struct kunit *test)
{
	struct line *l = new_line(test, 1);
	struct kt_thread *th;

	th = kt_thread(test, thread_recv, l);
	RECEIVERS_WAIT(test, l, 1);
	send_sig(SIGUSR1, th->task, 1);
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS, KT_THREAD_END(test, th));
	th = kt_thread(test, thread_recv, l);
	RECEIVERS_WAIT(test, l, 1);
	KUNIT_EXPECT_EQ(test, 0, try_send(l, 0));
	KUNIT_EXPECT_EQ(test, 'a', KT_THREAD_END(test, th));

	KUNIT_EXPECT_EQ(test, 0, try_send(l, 0));
	th = kt_thread(test, thread_send, l);
	SENDERS_WAIT(test, l, 1);
	send_sig(SIGUSR1, th->task, 1);
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS, KT_THREAD_END(test, th));
	th = kt_thread(test, thread_send, l);
	SENDERS_WAIT(test, l, 1);
	KUNIT_EXPECT_EQ(test, 'a', try_recv(l));
	KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th));
	KUNIT_EXPECT_EQ(test, 'b', try_recv(l));
}

static long blocking_recv(struct ktask *t)
{
	struct line **l = ktask_frame(t);

	return thread_recv(*l);
}

static long blocking_send(struct ktask *t)
{
	struct line **l = ktask_frame(t);

	return thread_send(*l);
}

static void channel_blocking_aborted(struct kunit *test)
{
	struct line *l = new_line(test, 1);
	struct ktask *t;

	t = kt_own(test, ktask_spawn_blocking(blocking_recv, struct line *,
					      .init = &l));
	RECEIVERS_WAIT(test, l, 1);
	ktask_abort_and_wait(t);
	KT_EXPECT_CANCELLED(test, t);

	KUNIT_EXPECT_EQ(test, 0, try_send(l, 0));
	t = kt_own(test, ktask_spawn_blocking(blocking_send, struct line *,
					      .init = &l));
	SENDERS_WAIT(test, l, 1);
	ktask_abort_and_wait(t);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_EQ(test, 'a', try_recv(l));
	KUNIT_EXPECT_EQ(test, -EAGAIN, try_recv(l));
}

/* --- Tasks that own a sender ---------------------------------------------- */

struct owner {
	struct line *l;
	struct ktask_defer sender;
	bool sleep;
};

static ktask_poll_t owner_body(struct ktask *t)
{
	struct owner *f = ktask_frame(t);

	KTASK_BEGIN(t);
	try_send(f->l, 0);
	if (f->sleep)
		KTASK_SLEEP(t, KTIME_MAX);
	KTASK_END(t);
}

/* However it ends, there is no sender then. */
static void channel_sender_deferred(struct kunit *test)
{
	int how;

	for (how = 0; how < 3; how++) {
		struct line *l = new_line(test, 1);
		struct owner *f;
		struct ktask *t;

		t = ktask_new(owner_body, struct owner);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		f = ktask_frame(t);
		f->l = l;
		f->sleep = how > 0;
		l->sender = false;
		ktask_channel_sender_defer(&l->ch, t, &f->sender);
		if (how == 2)
			ktask_abort(t);
		KUNIT_EXPECT_EQ(test, 0, ktask_start(t));
		kt_own(test, t);
		if (how < 2)
			KUNIT_EXPECT_EQ(test, 'a',
					said(ktask_channel_recv_until(&l->ch,
								      TASK_IDLE,
								      KTIME_MAX)));
		if (how == 1) {
			KUNIT_EXPECT_EQ(test, -EAGAIN, try_recv(l));
			ktask_abort(t);
		}
		KUNIT_EXPECT_EQ(test, -EPIPE,
				said(ktask_channel_recv_until(&l->ch, TASK_IDLE,
							      KTIME_MAX)));
	}
}

static struct kunit_case channel_cases[] = {
	KUNIT_CASE(channel_try),
	KUNIT_CASE(channel_unbounded),
	KUNIT_CASE(channel_drained_then_over),
	KUNIT_CASE(channel_closed_then_drained),
	KUNIT_CASE(channel_destroy_drops),
	KUNIT_CASE(channel_destroy_waits),
	KUNIT_CASE_PARAM(channel_recv_from_context, context_gen_params),
	KUNIT_CASE_PARAM(channel_recv_over_from_context, context_gen_params),
	KUNIT_CASE(channel_recv_closed),
	KUNIT_CASE(channel_recv_in_turn),
	KUNIT_CASE(channel_recv_timeout),
	KUNIT_CASE(channel_recv_aborted),
	KUNIT_CASE(channel_recv_aborted_after_grant),
	KUNIT_CASE(channel_recv_passed_on),
	KUNIT_CASE(channel_recv_not_taken),
	KUNIT_CASE_PARAM(channel_send_waits_for_room, context_gen_params),
	KUNIT_CASE(channel_send_in_turn),
	KUNIT_CASE(channel_send_closed),
	KUNIT_CASE(channel_send_timeout),
	KUNIT_CASE(channel_send_aborted),
	KUNIT_CASE(channel_send_aborted_after_grant),
	KUNIT_CASE(channel_rendezvous),
	KUNIT_CASE(channel_threads),
	KUNIT_CASE(channel_blocking_aborted),
	KUNIT_CASE(channel_sender_deferred),
	{}
};

struct kunit_suite ktask_channel_suite = {
	.name = "ktask_channel",
	.test_cases = channel_cases,
};
