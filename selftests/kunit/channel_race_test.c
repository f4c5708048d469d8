// SPDX-License-Identifier: GPL-2.0
/*
 * Channels under fire: sends, receives, timeouts, aborts and closes at the same
 * moment, from tasks, threads and interrupts; and then all are counted.
 */
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "kernel/compat.h"
#include "util.h"

#define ROUNDS	500

struct note {
	struct ktask_msg msg;
	unsigned int from;
	unsigned int n;
	atomic_t seen;
};

static struct note *to_note(struct ktask_msg *msg)
{
	return container_of(msg, struct note, msg);
}

/* --- Two at once ---------------------------------------------------------- */

/*
 * A channel with room for one, and two messages, for one round. It is freed at
 * the end of the round, so that late touches show. A round that fails leaves it.
 */
struct rig {
	struct ktask_channel ch;
	struct note first, second;
};

static struct rig *new_rig(struct kunit *test)
{
	struct rig *rig = kzalloc(sizeof(*rig), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rig);
	ktask_channel_init(&rig->ch, 1, NULL);
	return rig;
}

static void free_rig(struct rig *rig)
{
	ktask_channel_destroy(&rig->ch);
	kfree(rig);
}

struct racer {
	struct rig *rig;
	ktime_t timeout;
	struct ktask_recv recv;
	struct ktask_send send;
	struct ktask_defer end;
	bool begun, got, kept;
};

static void see_kept(void *arg)
{
	struct racer *f = arg;

	f->kept = ktask_send_take_back(&f->send);
}

static ktask_poll_t recv_body(struct ktask *t)
{
	struct racer *f = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_RECV_TIMEOUT(t, &f->recv, &f->rig->ch, f->timeout);
	f->got = !IS_ERR(ktask_recv_take(&f->recv));
	KTASK_END(t);
}

static ktask_poll_t send_body(struct ktask *t)
{
	struct racer *f = ktask_frame(t);

	KTASK_BEGIN(t);
	ktask_defer(t, &f->end, see_kept, f);
	WRITE_ONCE(f->begun, true);
	KTASK_SEND_TIMEOUT(t, &f->send, &f->rig->ch, &f->rig->second.msg,
			   f->timeout);
	KTASK_END(t);
}

#define spawn_racer(test, body, r, after)				\
	kt_own(test, ktask_spawn(body, struct racer,			\
				 .init = &(const struct racer){		\
					.rig = r, .timeout = after }))

static void send_late(void *arg)
{
	struct rig *rig = arg;

	kt_dither(20);
	ktask_channel_try_send(&rig->ch, &rig->first.msg);
	ktask_channel_sender_put(&rig->ch);
}

static void recv_late(void *arg)
{
	struct rig *rig = arg;

	kt_dither(20);
	ktask_channel_try_recv(&rig->ch);
}

/* A message that comes as its receiver gives up, or is given up, is not lost. */
static void race_recv_against(struct kunit *test, bool abort)
{
	struct kt_rival *rival = kt_rival(test);
	unsigned int i, in_time = 0;

	for (i = 0; i < ROUNDS; i++) {
		struct rig *rig = new_rig(test);
		struct racer *f;
		struct ktask *t;

		kt_rival_go(rival, send_late, rig);
		t = spawn_racer(test, recv_body, rig, abort ? KTIME_MAX :
				kt_us(get_random_u32_below(30)));
		f = ktask_frame(t);
		if (abort) {
			kt_dither(20);
			ktask_abort(t);
		}
		KT_FINISH(test, t);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		in_time += f->got;
		KUNIT_ASSERT_PTR_EQ(test, ktask_channel_try_recv(&rig->ch),
				    f->got ? ERR_PTR(-EPIPE) : &rig->first.msg);
		free_rig(rig);
	}
	kunit_info(test, "in time: %u of %u\n", in_time, i);
}

static void channel_recv_against_timeout(struct kunit *test)
{
	race_recv_against(test, false);
}

static void channel_recv_against_abort(struct kunit *test)
{
	race_recv_against(test, true);
}

static void channel_thread_against_timeout(struct kunit *test)
{
	struct kt_rival *rival = kt_rival(test);
	unsigned int i, in_time = 0;

	for (i = 0; i < ROUNDS; i++) {
		struct rig *rig = new_rig(test);
		struct ktask_msg *msg;
		ktime_t deadline;

		kt_rival_go(rival, send_late, rig);
		deadline = ktime_add(ktime_get(), kt_us(get_random_u32_below(30)));
		msg = ktask_channel_recv_until(&rig->ch, TASK_IDLE, deadline);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		if (IS_ERR(msg))
			KUNIT_ASSERT_PTR_EQ(test, &rig->first.msg,
					    ktask_channel_try_recv(&rig->ch));
		else
			in_time++;
		KUNIT_ASSERT_PTR_EQ(test, ERR_PTR(-EPIPE),
				    ktask_channel_try_recv(&rig->ch));
		free_rig(rig);
	}
	kunit_info(test, "in time: %u of %u\n", in_time, i);
}

enum why { TIMEOUT, ABORT, CLOSE };

/* A message is sent, or is its sender's still. */
static void race_send_against(struct kunit *test, enum why why)
{
	struct kt_rival *rival = kt_rival(test);
	unsigned int i, sent = 0;

	for (i = 0; i < ROUNDS; i++) {
		struct rig *rig = new_rig(test);
		struct racer *f;
		struct ktask *t;

		ktask_channel_try_send(&rig->ch, &rig->first.msg);
		t = spawn_racer(test, send_body, rig, why == TIMEOUT ?
				kt_us(get_random_u32_below(30)) : KTIME_MAX);
		f = ktask_frame(t);
		/* Aborted before, it would have sent nothing. */
		if (why == ABORT)
			KT_EVENTUALLY(test, READ_ONCE(f->begun));
		kt_rival_go(rival, recv_late, rig);
		kt_dither(20);
		if (why == ABORT)
			ktask_abort(t);
		else if (why == CLOSE)
			ktask_channel_close(&rig->ch);
		KT_FINISH(test, t);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		ktask_channel_sender_put(&rig->ch);
		if (!list_empty(&rig->ch.queue)) {
			sent++;
			KUNIT_ASSERT_FALSE(test, f->kept);
			KUNIT_ASSERT_PTR_EQ(test, &rig->second.msg,
					    ktask_channel_try_recv(&rig->ch));
		} else {
			KUNIT_ASSERT_TRUE(test, f->kept);
		}
		KUNIT_ASSERT_PTR_EQ(test, ERR_PTR(-EPIPE),
				    ktask_channel_try_recv(&rig->ch));
		free_rig(rig);
	}
	kunit_info(test, "sent: %u of %u\n", sent, i);
}

static void channel_send_against_timeout(struct kunit *test)
{
	race_send_against(test, TIMEOUT);
}

static void channel_send_against_abort(struct kunit *test)
{
	race_send_against(test, ABORT);
}

static void channel_send_against_close(struct kunit *test)
{
	race_send_against(test, CLOSE);
}

/* The last put, seen by a receiver that then frees the channel. */
static void channel_put_against_destroy(struct kunit *test)
{
	struct kt_rival *rival = kt_rival(test);
	struct ktask_msg *msg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		struct rig *rig = new_rig(test);

		kt_rival_go(rival, send_late, rig);
		if (i % 2) {
			msg = ktask_channel_recv_until(&rig->ch, TASK_IDLE,
						       KTIME_MAX);
			KUNIT_ASSERT_PTR_EQ(test, msg, &rig->first.msg);
			msg = ktask_channel_recv_until(&rig->ch, TASK_IDLE,
						       KTIME_MAX);
			KUNIT_ASSERT_PTR_EQ(test, msg, ERR_PTR(-EPIPE));
		}
		free_rig(rig);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
	}
}

/* --- Many at once --------------------------------------------------------- */

#define SENDERS	4
#define NOTES	1000

/* Who sends: two tasks, a thread, an interrupt handler. */
struct sender {
	struct crowd *crowd;
	struct note *notes;
	unsigned int next;
	struct hrtimer timer;
};

struct crowd {
	struct ktask_channel ch;
	struct sender senders[SENDERS];
	unsigned int seen[SENDERS];
	atomic_t total;
	unsigned int disorder;
};

static void crowd_gone(void *arg)
{
	struct crowd *crowd = arg;
	struct sender *irq = &crowd->senders[SENDERS - 1];

	ktask_channel_destroy(&crowd->ch);
	if (irq->timer.function)
		hrtimer_cancel(&irq->timer);
}

static struct crowd *new_crowd(struct kunit *test, unsigned int limit)
{
	struct crowd *crowd = kunit_kzalloc(test, sizeof(*crowd), GFP_KERNEL);
	int i, n;

	KUNIT_ASSERT_NOT_NULL(test, crowd);
	for (i = 0; i < SENDERS; i++) {
		struct sender *s = &crowd->senders[i];

		s->crowd = crowd;
		s->notes = kunit_kcalloc(test, NOTES, sizeof(*s->notes),
					 GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, s->notes);
		for (n = 0; n < NOTES; n++) {
			s->notes[n].from = i;
			s->notes[n].n = n;
		}
	}
	ktask_channel_init(&crowd->ch, limit, NULL);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, crowd_gone, crowd));
	return crowd;
}

struct sender_frame {
	struct sender *s;
	struct ktask_send send;
	struct ktask_defer end;
};

static ktask_poll_t sender_body(struct ktask *t)
{
	struct sender_frame *f = ktask_frame(t);
	struct ktask_channel *ch = &f->s->crowd->ch;

	KTASK_BEGIN(t);
	ktask_channel_sender_defer(ch, t, &f->end);
	for (; f->s->next < NOTES; f->s->next++)
		KTASK_SEND(t, &f->send, ch, &f->s->notes[f->s->next].msg);
	KTASK_END(t);
}

static int sender_thread(void *arg)
{
	struct sender *s = arg;
	int ret = 0;

	for (; !ret && s->next < NOTES; s->next++)
		ret = ktask_channel_send_until(&s->crowd->ch,
					       &s->notes[s->next].msg,
					       TASK_IDLE, KTIME_MAX);
	ktask_channel_sender_put(&s->crowd->ch);
	return ret;
}

static enum hrtimer_restart sender_irq(struct hrtimer *timer)
{
	struct sender *s = container_of(timer, struct sender, timer);
	struct ktask_channel *ch = &s->crowd->ch;
	int err;

	do {
		err = ktask_channel_try_send(ch, &s->notes[s->next].msg);
		if (!err)
			s->next++;
	} while (!err && s->next % 8);
	if (s->next == NOTES || err == -EPIPE) {
		ktask_channel_sender_put(ch);
		return HRTIMER_NORESTART;
	}
	hrtimer_forward_now(timer, kt_us(50));
	return HRTIMER_RESTART;
}

static void start_senders(struct kunit *test, struct crowd *crowd)
{
	int i;

	for (i = 0; i < SENDERS; i++) {
		struct sender *s = &crowd->senders[i];
		struct sender_frame f = { .s = s };

		if (i)
			ktask_channel_sender_get(&crowd->ch);
		if (i < 2) {
			kt_own(test, ktask_spawn(sender_body,
						 struct sender_frame,
						 .init = &f));
		} else if (i == 2) {
			kt_thread(test, sender_thread, s);
		} else {
			hrtimer_setup(&s->timer, sender_irq, CLOCK_MONOTONIC,
				      HRTIMER_MODE_REL_HARD);
			hrtimer_start(&s->timer, kt_us(50),
				      HRTIMER_MODE_REL_HARD);
		}
	}
}

static void expect_each_once(struct kunit *test, struct crowd *crowd)
{
	int i, n;

	KUNIT_EXPECT_EQ(test, atomic_read(&crowd->total), SENDERS * NOTES);
	for (i = 0; i < SENDERS; i++)
		for (n = 0; n < NOTES; n++)
			KUNIT_ASSERT_EQ(test, 1,
					atomic_read(&crowd->senders[i].notes[n].seen));
}

struct taker {
	struct crowd *crowd;
	struct ktask_recv recv;
};

static ktask_poll_t taker_body(struct ktask *t)
{
	struct taker *f = ktask_frame(t);
	struct ktask_msg *msg;
	struct note *note;
	bool bad_order;

	KTASK_BEGIN(t);
	for (;;) {
		KTASK_RECV(t, &f->recv, &f->crowd->ch);
		msg = ktask_recv_take(&f->recv);
		if (IS_ERR(msg))
			KTASK_RETURN(t, PTR_ERR(msg));
		note = to_note(msg);
		atomic_inc(&note->seen);
		atomic_inc(&f->crowd->total);
		/* data_race: of use when there is one receiver. */
		bad_order = data_race(f->crowd->seen[note->from]++) != note->n;
		if (bad_order)
			WRITE_ONCE(f->crowd->disorder, 1);
	}
	KTASK_END(t);
}

static struct ktask *spawn_taker(struct kunit *test, struct crowd *crowd)
{
	struct taker f = { .crowd = crowd };

	return ktask_spawn(taker_body, struct taker, .init = &f);
}

static void check_order(struct kunit *test, unsigned int limit)
{
	struct crowd *crowd = new_crowd(test, limit);
	struct ktask *t = kt_own(test, spawn_taker(test, crowd));

	start_senders(test, crowd);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, -EPIPE);
	KUNIT_EXPECT_EQ(test, crowd->disorder, 0);
	expect_each_once(test, crowd);
}

static void channel_order_bounded(struct kunit *test)
{
	check_order(test, 3);
}

static void channel_order_unbounded(struct kunit *test)
{
	check_order(test, KTASK_UNBOUNDED);
}

static void channel_order_rendezvous(struct kunit *test)
{
	check_order(test, 0);
}

/* Three receivers, of which now and then one is aborted and another comes. */
static void channel_receivers_aborted(struct kunit *test)
{
	struct crowd *crowd = new_crowd(test, 3);
	unsigned long until = jiffies + KT_HANG;
	unsigned int aborted = 0, cancelled = 0;
	struct ktask *t[3];
	int i, over = 0;

	for (i = 0; i < 3; i++)
		t[i] = spawn_taker(test, crowd);
	start_senders(test, crowd);
	for (i = 0; over < 3 && time_before(jiffies, until); i = (i + 1) % 3) {
		if (IS_ERR_OR_NULL(t[i]))
			continue;
		kt_dither(100);
		ktask_abort_and_wait(t[i]);
		aborted++;
		cancelled += ktask_outcome(t[i]) == KTASK_CANCELLED;
		if (ktask_outcome(t[i]) == KTASK_RETURNED) {
			over++;
			ktask_put(t[i]);
			t[i] = NULL;
		} else {
			ktask_put(t[i]);
			t[i] = spawn_taker(test, crowd);
			usleep_range(50, 300);
		}
	}
	for (i = 0; i < 3; i++) {
		if (IS_ERR_OR_NULL(t[i]))
			continue;
		ktask_abort_and_wait(t[i]);
		ktask_put(t[i]);
	}
	KUNIT_ASSERT_EQ(test, over, 3);
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EPIPE),
			    ktask_channel_try_recv(&crowd->ch));
	expect_each_once(test, crowd);
	kunit_info(test, "aborted %u, of which %u in time\n", aborted,
		   cancelled);
}

static struct kunit_case channel_race_cases[] = {
	KUNIT_CASE_SLOW(channel_recv_against_timeout),
	KUNIT_CASE_SLOW(channel_recv_against_abort),
	KUNIT_CASE_SLOW(channel_thread_against_timeout),
	KUNIT_CASE_SLOW(channel_send_against_timeout),
	KUNIT_CASE_SLOW(channel_send_against_abort),
	KUNIT_CASE_SLOW(channel_send_against_close),
	KUNIT_CASE(channel_put_against_destroy),
	KUNIT_CASE(channel_order_bounded),
	KUNIT_CASE(channel_order_unbounded),
	KUNIT_CASE(channel_order_rendezvous),
	KUNIT_CASE(channel_receivers_aborted),
	{}
};

struct kunit_suite ktask_channel_race_suite = {
	.name = "ktask_channel_race",
	.test_cases = channel_race_cases,
};
