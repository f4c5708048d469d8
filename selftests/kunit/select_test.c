// SPDX-License-Identifier: GPL-2.0
/*
 * Select: the first wins, and the losers are cancelled, whatever else happens.
 */
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "util.h"

/* --- Something to ask for ------------------------------------------------- */

/* Grants what is asked of it, one at a time; counts what comes back. */
struct room {
	spinlock_t lock; /* guards the others */
	struct list_head queue;
	unsigned int withdrawn;
	unsigned int returned;
};

struct ask {
	struct ktask_request request;
	struct list_head queued;
	struct room *room;
};

static bool ask_withdraw(struct ktask_request *r)
{
	struct ask *ask = container_of(r, struct ask, request);
	unsigned long flags;
	bool queued;

	spin_lock_irqsave(&ask->room->lock, flags);
	queued = !list_empty(&ask->queued);
	list_del_init(&ask->queued);
	ask->room->withdrawn += queued;
	spin_unlock_irqrestore(&ask->room->lock, flags);
	return queued;
}

static void ask_give_back(struct ktask_request *r)
{
	struct ask *ask = container_of(r, struct ask, request);
	unsigned long flags;

	spin_lock_irqsave(&ask->room->lock, flags);
	ask->room->returned++;
	spin_unlock_irqrestore(&ask->room->lock, flags);
}

static const struct ktask_request_ops ask_ops = {
	.withdraw = ask_withdraw,
	.give_back = ask_give_back,
};

static struct ktask_request *ask_start(struct ask *ask, struct room *room,
				       struct ktask *t)
{
	unsigned long flags;

	ask->room = room;
	ktask_request_init(&ask->request, t, &ask_ops);
	spin_lock_irqsave(&room->lock, flags);
	list_add_tail(&ask->queued, &room->queue);
	spin_unlock_irqrestore(&room->lock, flags);
	return &ask->request;
}

/* Return: false if nobody asks. */
static bool room_answer(struct room *room, long value)
{
	unsigned long flags;
	struct ask *ask;

	spin_lock_irqsave(&room->lock, flags);
	ask = list_first_entry_or_null(&room->queue, struct ask, queued);
	if (ask)
		list_del_init(&ask->queued);
	spin_unlock_irqrestore(&room->lock, flags);
	if (ask)
		ktask_future_complete(&ask->request.done, value);
	return ask;
}

static struct room *new_room(struct kunit *test)
{
	struct room *room = kunit_kzalloc(test, sizeof(*room), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, room);
	spin_lock_init(&room->lock);
	INIT_LIST_HEAD(&room->queue);
	return room;
}

static struct ktask_future *new_futures(struct kunit *test, unsigned int n)
{
	struct ktask_future *f = kunit_kcalloc(test, n, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	return f;
}

/* --- Tasks that select ---------------------------------------------------- */

#define MAX_ARMS	4

struct selector {
	struct ktask_select select;
	struct ktask_arm arms[MAX_ARMS];
	struct ask ask[MAX_ARMS];
	unsigned int n;
	unsigned int flags;
	unsigned int resumes;
	bool timed_out;
};

static ktask_poll_t select_body(struct ktask *t)
{
	struct selector *s = ktask_frame(t);

	s->resumes++;
	KTASK_BEGIN(t);
	KTASK_SELECT_N(t, &s->select, s->arms, s->n, s->flags);
	s->timed_out = ktask_timed_out(t);
	KTASK_RETURN(t, ktask_selected(&s->select));
	KTASK_END(t);
}

static struct ktask *new_selector_at(struct kunit *test, unsigned int n,
				     unsigned int flags, int place)
{
	struct ktask *t = ktask_new(select_body, struct selector,
				    .place = place);
	struct selector *s;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	s = ktask_frame(t);
	s->n = n;
	s->flags = flags;
	return t;
}

static struct ktask *new_selector(struct kunit *test, unsigned int n,
				  unsigned int flags)
{
	return new_selector_at(test, n, flags, 0);
}

static struct selector *start(struct kunit *test, struct ktask *t)
{
	KUNIT_ASSERT_EQ(test, 0, ktask_start(t));
	kt_own(test, t);
	return ktask_frame(t);
}

/* Until its last arm has a waiter. */
static void suspended(struct kunit *test, struct ktask *t)
{
	struct selector *s = ktask_frame(t);

	KT_EVENTUALLY(test, READ_ONCE(s->select.armed) == s->n);
}

static ktask_poll_t await_body(struct ktask *t)
{
	struct ktask_future **f = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_AWAIT(t, *f);
	KTASK_RETURN(t, ktask_future_value(*f));
	KTASK_END(t);
}

static struct ktask *spawn_await(struct kunit *test, struct ktask_future *f)
{
	return kt_own(test, ktask_spawn(await_body, struct ktask_future *,
					.init = &f));
}

/* Ends when it is let, and not before. */
struct stubborn {
	struct completion *let;
	struct completion in;
};

static long stubborn_body(struct ktask *t)
{
	struct stubborn *s = ktask_frame(t);

	complete(&s->in);
	wait_for_completion(s->let);
	return 7;
}

static struct ktask *spawn_stubborn(struct kunit *test, struct completion *let)
{
	struct stubborn init = { .let = let }, *s;
	struct ktask *t;

	t = kt_own(test, ktask_new_blocking(stubborn_body, struct stubborn,
					    .init = &init));
	s = ktask_frame(t);
	init_completion(&s->in);
	KUNIT_ASSERT_EQ(test, 0, ktask_start(t));
	KT_COMPLETED(test, &s->in);
	return t;
}

static void let_go(void *let)
{
	complete_all(let);
}

static struct completion *new_let(struct kunit *test)
{
	struct completion *let = kunit_kzalloc(test, sizeof(*let), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, let);
	init_completion(let);
	return let;
}

/* --- Who wins ------------------------------------------------------------- */

static void select_ready_wins_at_once(struct kunit *test)
{
	struct ktask_future *f = new_futures(test, MAX_ARMS);
	struct selector *s;
	struct ktask *t;
	int i, k;

	for (i = 0; i < MAX_ARMS; i++) {
		memset(f, 0, MAX_ARMS * sizeof(*f));
		t = new_selector(test, MAX_ARMS, 0);
		s = ktask_frame(t);
		for (k = 0; k < MAX_ARMS; k++)
			s->arms[k] = ktask_arm_future(&f[k]);
		/* All from there on are: the first of them wins. */
		for (k = i; k < MAX_ARMS; k++)
			ktask_future_complete(&f[k], k);
		start(test, t);
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, i);
		KUNIT_EXPECT_EQ(test, s->resumes, 1);
		KUNIT_EXPECT_FALSE(test, s->timed_out);
	}
}

static void select_late_wins(struct kunit *test)
{
	struct ktask_future *f = new_futures(test, MAX_ARMS);
	struct selector *s;
	struct ktask *t;
	int i, k;

	for (i = 0; i < MAX_ARMS; i++) {
		memset(f, 0, MAX_ARMS * sizeof(*f));
		t = new_selector(test, MAX_ARMS, 0);
		s = ktask_frame(t);
		for (k = 0; k < MAX_ARMS; k++)
			s->arms[k] = ktask_arm_future(&f[k]);
		start(test, t);
		suspended(test, t);
		ktask_future_complete(&f[i], i);
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, i);
		/* Nobody waits for the others any more: the frame may go. */
		memset(s->arms, 0xff, sizeof(s->arms));
		for (k = 0; k < MAX_ARMS; k++)
			ktask_future_complete(&f[k], k);
	}
}

static void select_fair(struct kunit *test)
{
	struct ktask_future *f = new_futures(test, 3);
	struct ktask_arm arms[3];
	unsigned int won[3] = {};
	int i, winner;

	for (i = 0; i < 3; i++) {
		ktask_future_complete(&f[i], 0);
		arms[i] = ktask_arm_future(&f[i]);
	}
	for (i = 0; i < 300; i++) {
		winner = ktask_select_interruptible(arms, 3, KTASK_SELECT_FAIR);
		KUNIT_ASSERT_GE(test, winner, 0);
		KUNIT_ASSERT_LT(test, winner, 3);
		won[winner]++;
	}
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_GT(test, won[i], 0);
	/* Without, it is always the first. */
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_EQ(test, 0,
				ktask_select_interruptible(arms, 3, 0));
}

static void select_none(struct kunit *test)
{
	struct ktask_future *f = new_futures(test, 1);
	struct selector *s;
	struct ktask *t;

	/* No arms at all, and two that never win. */
	t = new_selector(test, 0, 0);
	start(test, t);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, -ENOENT);
	t = new_selector(test, 2, KTASK_SELECT_FAIR);
	s = start(test, t);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, -ENOENT);
	KUNIT_EXPECT_EQ(test, -ENOENT,
			ktask_select_killable(s->arms, 2, 0));

	/* Beside one that does. */
	t = new_selector(test, 3, 0);
	s = ktask_frame(t);
	s->arms[0] = ktask_arm_none();
	s->arms[1] = ktask_arm_future(f);
	s->arms[2] = ktask_arm_none();
	start(test, t);
	suspended(test, t);
	ktask_future_complete(f, 0);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 1);
}

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static void complete_it(void *f)
{
	ktask_future_complete(f, 3);
}

static void select_complete_in(struct kunit *test)
{
	struct ktask_future *f = new_futures(test, 2);
	struct ktask *t = new_selector(test, 2, 0);
	struct selector *s = ktask_frame(t);

	s->arms[0] = ktask_arm_future(&f[0]);
	s->arms[1] = ktask_arm_future(&f[1]);
	start(test, t);
	suspended(test, t);
	kt_call_in(test, test->param_value, complete_it, &f[1]);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 1);
}

/* --- Time ----------------------------------------------------------------- */

static void select_timeout(struct kunit *test)
{
	struct ktask_future *f = new_futures(test, 1);
	struct ktask *t = new_selector(test, 4, 0);
	struct selector *s = ktask_frame(t);

	/* The shortest is the one. */
	s->arms[0] = ktask_arm_timeout(ktime_set(3600, 0));
	s->arms[1] = ktask_arm_future(f);
	s->arms[2] = ktask_arm_timeout(ms_to_ktime(5));
	s->arms[3] = ktask_arm_timeout(KTIME_MAX);
	start(test, t);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 2);
	KUNIT_EXPECT_TRUE(test, s->timed_out);
	/* Nobody waits for it any more. */
	ktask_future_complete(f, 0);
}

static void select_timeout_not_above_zero(struct kunit *test)
{
	static const ktime_t timeouts[] = { 0, -1, KTIME_MIN };
	struct ktask_future *f = new_futures(test, 1);
	struct selector *s;
	struct ktask *t;
	int i, done;

	for (done = 0; done <= 1; done++) {
		for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
			t = new_selector(test, 2, 0);
			s = ktask_frame(t);
			s->arms[0] = ktask_arm_timeout(timeouts[i]);
			s->arms[1] = ktask_arm_future(f);
			start(test, t);
			KT_FINISH(test, t);
			KT_EXPECT_RETURNED(test, t, done);
			KUNIT_EXPECT_EQ(test, s->timed_out, !done);
			KUNIT_EXPECT_EQ(test, s->resumes, 1);
			KUNIT_EXPECT_EQ(test, done,
					ktask_select_killable(s->arms, 2, 0));
		}
		ktask_future_complete(f, 0);
	}
}

/* --- Requests ------------------------------------------------------------- */

static void select_request_granted(struct kunit *test)
{
	struct room *a = new_room(test), *b = new_room(test);
	struct ktask *t = new_selector(test, 2, 0);
	struct selector *s = ktask_frame(t);

	s->arms[0] = ktask_arm_request(ask_start(&s->ask[0], a, t));
	s->arms[1] = ktask_arm_request(ask_start(&s->ask[1], b, t));
	start(test, t);
	suspended(test, t);
	KUNIT_EXPECT_TRUE(test, room_answer(b, 5));
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 1);
	KUNIT_EXPECT_EQ(test, ktask_request_status(&s->ask[1].request), 5L);
	KUNIT_EXPECT_EQ(test, a->withdrawn, 1);
	KUNIT_EXPECT_EQ(test, a->returned, 0);
	KUNIT_EXPECT_FALSE(test, room_answer(a, 5));
	/* Given back by the end of the task, and only there. */
	KUNIT_EXPECT_EQ(test, b->withdrawn, 0);
	KUNIT_EXPECT_EQ(test, b->returned, 1);
}

static void select_request_refused(struct kunit *test)
{
	struct room *a = new_room(test), *b = new_room(test);
	struct ktask *t = new_selector(test, 2, 0);
	struct selector *s = ktask_frame(t);

	s->arms[0] = ktask_arm_request(ask_start(&s->ask[0], a, t));
	s->arms[1] = ktask_arm_request(ask_start(&s->ask[1], b, t));
	start(test, t);
	suspended(test, t);
	KUNIT_EXPECT_TRUE(test, room_answer(a, -EPIPE));
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_EQ(test, ktask_request_status(&s->ask[0].request),
			(long)-EPIPE);
	KUNIT_EXPECT_EQ(test, a->withdrawn + a->returned, 0);
	KUNIT_EXPECT_EQ(test, b->withdrawn, 1);
}

/* All are granted; the losers do not keep what they got. */
static void select_request_losers_give_back(struct kunit *test)
{
	struct room *room = new_room(test);
	struct ktask *t = new_selector(test, 3, 0);
	struct selector *s = ktask_frame(t);
	int i;

	for (i = 0; i < 3; i++)
		s->arms[i] = ktask_arm_request(ask_start(&s->ask[i], room, t));
	for (i = 0; i < 3; i++)
		room_answer(room, 0);
	start(test, t);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_EQ(test, room->withdrawn, 0);
	KUNIT_EXPECT_EQ(test, room->returned, 3);
}

/* --- Tasks ---------------------------------------------------------------- */

static void select_task_loses(struct kunit *test)
{
	struct ktask_future *f = new_futures(test, 2);
	struct ktask *loser = spawn_await(test, &f[0]);
	struct ktask *t = new_selector(test, 2, 0);
	struct selector *s = ktask_frame(t);

	s->arms[0] = ktask_arm_task(loser);
	s->arms[1] = ktask_arm_future(&f[1]);
	start(test, t);
	suspended(test, t);
	ktask_future_complete(&f[1], 0);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 1);
	KUNIT_EXPECT_TRUE(test, ktask_done(loser));
	KT_EXPECT_CANCELLED(test, loser);
}

static void select_task_wins(struct kunit *test)
{
	struct ktask_future *f = new_futures(test, 2);
	struct ktask *a = spawn_await(test, &f[0]);
	struct ktask *b = spawn_await(test, &f[1]);
	struct ktask *t = new_selector(test, 2, 0);
	struct selector *s = ktask_frame(t);

	s->arms[0] = ktask_arm_task(a);
	s->arms[1] = ktask_arm_task(b);
	start(test, t);
	suspended(test, t);
	ktask_future_complete(&f[1], 9);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 1);
	KT_EXPECT_CANCELLED(test, a);
	KT_EXPECT_RETURNED(test, b, 9);
}

/* Nothing goes on before a loser has ended, however long that takes. */
static void select_waits_for_loser(struct kunit *test)
{
	struct completion *let = new_let(test);
	struct ktask_future *f = new_futures(test, 1);
	struct ktask *loser[2], *t;
	struct selector *s;
	int i;

	for (i = 0; i < 2; i++)
		loser[i] = spawn_stubborn(test, let);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, let_go, let));
	t = new_selector(test, 4, 0);
	s = ktask_frame(t);
	s->arms[0] = ktask_arm_task(loser[0]);
	s->arms[1] = ktask_arm_future(f);
	s->arms[2] = ktask_arm_task(loser[1]);
	s->arms[3] = ktask_arm_timeout(ktime_set(3600, 0));
	start(test, t);
	suspended(test, t);
	ktask_future_complete(f, 0);
	KT_EVENTUALLY(test, ktask_aborted(loser[0]) && ktask_aborted(loser[1]));
	msleep(20);
	KUNIT_EXPECT_FALSE(test, ktask_done(t));
	complete_all(let);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 1);
	KUNIT_EXPECT_FALSE(test, s->timed_out);
	for (i = 0; i < 2; i++)
		KT_EXPECT_RETURNED(test, loser[i], 7);
}

static void select_no_wait(struct kunit *test)
{
	struct completion *let = new_let(test);
	struct ktask_future *f = new_futures(test, 1);
	struct ktask *loser = spawn_stubborn(test, let);
	struct selector *s;
	struct ktask *t;

	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, let_go, let));
	t = new_selector(test, 2, KTASK_SELECT_NO_WAIT);
	s = ktask_frame(t);
	s->arms[0] = ktask_arm_task(loser);
	s->arms[1] = ktask_arm_future(f);
	start(test, t);
	suspended(test, t);
	ktask_future_complete(f, 0);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 1);
	KUNIT_EXPECT_TRUE(test, ktask_aborted(loser));
	KUNIT_EXPECT_FALSE(test, ktask_done(loser));
	/* The thread form as well. */
	KUNIT_EXPECT_EQ(test, 1, ktask_select_killable(s->arms, 2,
						       KTASK_SELECT_NO_WAIT));
	KUNIT_EXPECT_FALSE(test, ktask_done(loser));
	complete_all(let);
	KT_FINISH(test, loser);
}

/* --- Again ---------------------------------------------------------------- */

/* Takes from a room until a future is complete, without asking anew for it. */
struct looper {
	struct ktask_select select;
	struct ktask_arm arms[3];
	struct ask ask;
	struct room *room;
	struct ktask_future *stop;
	struct ktask *other;
	atomic_t got;
};

static ktask_poll_t loop_body(struct ktask *t)
{
	struct looper *l = ktask_frame(t);

	KTASK_BEGIN(t);
	l->arms[0] = ktask_arm_request(ask_start(&l->ask, l->room, t));
	l->arms[1] = ktask_arm_future(l->stop);
	l->arms[2] = ktask_arm_task(l->other);
	for (;;) {
		KTASK_SELECT(t, &l->select, l->arms,
			     KTASK_SELECT_KEEP | KTASK_SELECT_FAIR);
		if (ktask_selected(&l->select) != 0)
			break;
		atomic_inc_return(&l->got);
		ktask_request_drop(&l->ask.request);
		ask_start(&l->ask, l->room, t);
	}
	KTASK_RETURN(t, ktask_selected(&l->select));
	KTASK_END(t);
}

static void select_keep(struct kunit *test)
{
	struct ktask_future *f = new_futures(test, 2);
	struct room *room = new_room(test);
	struct looper init = { .room = room, .stop = &f[0] }, *l;
	struct ktask *t;
	int i;

	init.other = spawn_await(test, &f[1]);
	t = kt_own(test, ktask_spawn(loop_body, struct looper, .init = &init));
	l = ktask_frame(t);
	for (i = 0; i < 50; i++) {
		KT_EVENTUALLY(test, room_answer(room, 0));
		KT_EVENTUALLY(test, atomic_read(&l->got) == i + 1);
	}
	KUNIT_EXPECT_EQ(test, room->withdrawn, 0);
	KUNIT_EXPECT_FALSE(test, ktask_aborted(init.other));
	ktask_future_complete(&f[0], 0);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 1);
	/* By the end of the task, for it is a request of its. */
	KUNIT_EXPECT_EQ(test, room->withdrawn, 1);
	KUNIT_EXPECT_EQ(test, room->returned, 50);
	KUNIT_EXPECT_FALSE(test, ktask_aborted(init.other));
}

static void select_keep_aborted(struct kunit *test)
{
	struct ktask_future *f = new_futures(test, 2);
	struct room *room = new_room(test);
	struct looper init = { .room = room, .stop = &f[0] };
	struct ktask *t;

	init.other = spawn_await(test, &f[1]);
	t = kt_own(test, ktask_spawn(loop_body, struct looper, .init = &init));
	KT_EVENTUALLY(test, room_answer(room, 0));
	ktask_abort(t);
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_FALSE(test, room_answer(room, 0));
	KUNIT_EXPECT_FALSE(test, ktask_aborted(init.other));
	/* No waiter of the task's is left with them. */
	ktask_future_complete(&f[0], 0);
	ktask_future_complete(&f[1], 0);
	KT_FINISH(test, init.other);
}

/* --- Aborted -------------------------------------------------------------- */

static void select_aborted(struct kunit *test)
{
	struct ktask_future *f = new_futures(test, 2);
	struct ktask *other = spawn_await(test, &f[0]);
	struct room *room = new_room(test);
	struct ktask *t = new_selector(test, 4, 0);
	struct selector *s = ktask_frame(t);

	s->arms[0] = ktask_arm_future(&f[1]);
	s->arms[1] = ktask_arm_request(ask_start(&s->ask[1], room, t));
	s->arms[2] = ktask_arm_task(other);
	s->arms[3] = ktask_arm_timeout(ktime_set(3600, 0));
	start(test, t);
	suspended(test, t);
	KUNIT_EXPECT_TRUE(test, ktask_abort(t));
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_EQ(test, s->resumes, 1);
	KUNIT_EXPECT_EQ(test, room->withdrawn, 1);
	KUNIT_EXPECT_TRUE(test, ktask_done(other));
	KT_EXPECT_CANCELLED(test, other);
	memset(s->arms, 0xff, sizeof(s->arms));
	ktask_future_complete(&f[1], 0);
}

/* Before it ran: the requests are its own, the rest was never selected on. */
static void select_aborted_while_queued(struct kunit *test)
{
	struct kt_plug *plug = kt_plug(test);
	struct room *room = new_room(test);
	struct ktask *t = new_selector_at(test, 1, 0, KT_BEHIND(plug));
	struct selector *s = ktask_frame(t);

	s->arms[0] = ktask_arm_request(ask_start(&s->ask[0], room, t));
	KUNIT_ASSERT_EQ(test, 0, ktask_start(t));
	kt_own(test, t);
	ktask_abort(t);
	kt_unplug(plug);
	KT_FINISH(test, t);
	KUNIT_EXPECT_EQ(test, room->withdrawn, 1);
}

/* The winner is known, and a loser does not end yet. */
static void select_aborted_while_waiting_for_loser(struct kunit *test)
{
	struct completion *let = new_let(test);
	struct ktask *loser = spawn_stubborn(test, let);
	struct room *a = new_room(test), *b = new_room(test);
	struct ktask *t = new_selector(test, 3, 0);
	struct selector *s = ktask_frame(t);

	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, let_go, let));
	s->arms[0] = ktask_arm_task(loser);
	s->arms[1] = ktask_arm_request(ask_start(&s->ask[1], a, t));
	s->arms[2] = ktask_arm_request(ask_start(&s->ask[2], b, t));
	start(test, t);
	suspended(test, t);
	room_answer(b, 0);
	KT_EVENTUALLY(test, ktask_aborted(loser));
	ktask_abort(t);
	msleep(20);
	KUNIT_EXPECT_FALSE(test, ktask_done(t));
	complete_all(let);
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_TRUE(test, ktask_done(loser));
	KUNIT_EXPECT_EQ(test, a->withdrawn, 1);
	KUNIT_EXPECT_EQ(test, b->returned, 1);
}

/* --- Threads -------------------------------------------------------------- */

struct thread {
	struct ktask_arm arms[MAX_ARMS];
	unsigned int n;
	unsigned int state;
	ktime_t deadline;
	struct completion ready;
};

static int select_thread(void *arg)
{
	struct thread *th = arg;

	allow_signal(SIGUSR1);
	complete(&th->ready);
	return ktask_select_until(th->arms, th->n, 0, th->state, th->deadline);
}

static struct thread *new_thread(struct kunit *test, unsigned int n)
{
	struct thread *th = kunit_kzalloc(test, sizeof(*th), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, th);
	th->n = n;
	th->state = TASK_INTERRUPTIBLE;
	th->deadline = KTIME_MAX;
	init_completion(&th->ready);
	return th;
}

static void select_thread_wins(struct kunit *test)
{
	struct ktask_future *f = new_futures(test, 2);
	struct thread *th = new_thread(test, 3);
	struct room *room = new_room(test);
	struct ask *ask = kunit_kzalloc(test, sizeof(*ask), GFP_KERNEL);
	struct ktask *loser = spawn_await(test, &f[0]);
	struct kt_thread *kth;

	KUNIT_ASSERT_NOT_NULL(test, ask);
	th->arms[0] = ktask_arm_request(ask_start(ask, room, NULL));
	th->arms[1] = ktask_arm_task(loser);
	th->arms[2] = ktask_arm_future(&f[1]);
	kth = kt_thread(test, select_thread, th);
	KT_COMPLETED(test, &th->ready);
	msleep(20);
	ktask_future_complete(&f[1], 0);
	KUNIT_EXPECT_EQ(test, 2, KT_THREAD_END(test, kth));
	KUNIT_EXPECT_EQ(test, room->withdrawn, 1);
	KT_EXPECT_CANCELLED(test, loser);
}

static void select_thread_interrupted(struct kunit *test)
{
	struct ktask_future *f = new_futures(test, 2);
	struct thread *th = new_thread(test, 2);
	struct ktask *loser = spawn_await(test, &f[0]);
	struct kt_thread *kth;

	th->arms[0] = ktask_arm_future(&f[1]);
	th->arms[1] = ktask_arm_task(loser);
	kth = kt_thread(test, select_thread, th);
	KT_COMPLETED(test, &th->ready);
	send_sig(SIGUSR1, kth->task, 1);
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS, KT_THREAD_END(test, kth));
	KT_EXPECT_CANCELLED(test, loser);
	ktask_future_complete(&f[1], 0);
}

static void select_thread_times(struct kunit *test)
{
	const ktime_t hour = ktime_set(3600, 0);
	struct ktask_future *f = new_futures(test, 1);
	struct ktask_arm arms[2];
	ktime_t begin = ktime_get();

	arms[0] = ktask_arm_future(f);
	arms[1] = ktask_arm_none();
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_select_until(arms, 2, 0, TASK_KILLABLE,
					   ktime_add_ms(begin, 5)));
	KUNIT_EXPECT_TRUE(test, ktime_ms_delta(ktime_get(), begin) >= 5);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_select_until(arms, 2, 0, TASK_KILLABLE, -1));
	/* The timeout is the earlier, then the deadline. */
	arms[1] = ktask_arm_timeout(ms_to_ktime(5));
	KUNIT_EXPECT_EQ(test, 1,
			ktask_select_until(arms, 2, 0, TASK_KILLABLE,
					   ktime_add(begin, hour)));
	arms[1] = ktask_arm_timeout(hour);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_select_until(arms, 2, 0, TASK_KILLABLE,
					   ktime_add_ms(begin, 5)));
	/* What is there is there, however late. */
	ktask_future_complete(f, 0);
	KUNIT_EXPECT_EQ(test, 0,
			ktask_select_until(arms, 2, 0, TASK_KILLABLE, 0));
}

static long select_blocking_body(struct ktask *t)
{
	struct thread **th = ktask_frame(t);

	return select_thread(*th);
}

/* An abort of a blocking task ends its select. */
static void select_blocking_aborted(struct kunit *test)
{
	struct ktask_future *f = new_futures(test, 2);
	struct thread *th = new_thread(test, 2);
	struct ktask *loser = spawn_await(test, &f[0]);
	struct ktask *t;

	th->arms[0] = ktask_arm_future(&f[1]);
	th->arms[1] = ktask_arm_task(loser);
	t = kt_own(test, ktask_spawn_blocking(select_blocking_body,
					      struct thread *, .init = &th));
	KT_COMPLETED(test, &th->ready);
	ktask_abort(t);
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
	KT_EXPECT_CANCELLED(test, loser);
	ktask_future_complete(&f[1], 0);
}

/* --- Races ---------------------------------------------------------------- */

static void complete_soon(void *f)
{
	kt_dither(50);
	ktask_future_complete(f, 3);
}

/*
 * Two futures complete and a deadline passes, all at about the same time; the
 * select and its waiters are on this stack. KASAN tells if they are touched
 * once it is over, and so does what the next round finds in their place.
 */
static void select_race_on_stack(struct kunit *test)
{
	struct ktask_future *f = new_futures(test, 2);
	struct kt_rival *a = kt_rival(test), *b = kt_rival(test);
	unsigned int won[2] = {}, late = 0;
	int i, ret;

	for (i = 0; i < 300; i++) {
		struct ktask_arm arms[2];

		ktask_future_init(&f[0]);
		ktask_future_init(&f[1]);
		arms[0] = ktask_arm_future(&f[0]);
		arms[1] = ktask_arm_future(&f[1]);
		kt_rival_go(a, complete_soon, &f[0]);
		kt_rival_go(b, complete_soon, &f[1]);
		ret = ktask_select_until(arms, 2, 0, TASK_UNINTERRUPTIBLE,
					 ktime_add_us(ktime_get(), i % 100));
		memset(arms, 0xff, sizeof(arms));
		if (ret >= 0)
			won[ret] += ktask_future_done(&f[ret]);
		else
			late += ret == -ETIMEDOUT;
		KUNIT_ASSERT_TRUE(test, kt_rival_done(a));
		KUNIT_ASSERT_TRUE(test, kt_rival_done(b));
	}
	KUNIT_EXPECT_EQ(test, won[0] + won[1] + late, 300U);
	kunit_info(test, "won %u and %u, too late %u\n", won[0], won[1], late);
}

/* A waiter whose callback takes its time, before that of who came after it. */
struct slow {
	struct ktask_waiter waiter;
	struct ktask_future *f;
	struct completion in;
	struct completion out;
};

/* In the thread below, so it may sleep. */
static void slow_notify(struct ktask_waiter *waiter, long value)
{
	struct slow *slow = container_of(waiter, struct slow, waiter);

	complete(&slow->in);
	wait_for_completion(&slow->out);
}

static int slow_complete(void *arg)
{
	struct slow *slow = arg;

	ktask_future_complete(slow->f, 0);
	return 0;
}

static void slow_go(void *arg)
{
	struct slow *slow = arg;

	complete_all(&slow->out);
}

/*
 * A future is complete, but its completer has not come to the select's waiter
 * when something else ends the select: that waits for it.
 */
static void select_waits_for_callback(struct kunit *test)
{
	enum { WINS, LOSES, ABORTED, NR };
	struct slow *slow = kunit_kzalloc(test, sizeof(*slow), GFP_KERNEL);
	struct ktask_future *f = new_futures(test, 2);
	struct kt_thread *th;
	struct selector *s;
	struct ktask *t;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, slow);
	for (i = 0; i < NR; i++) {
		memset(f, 0, 2 * sizeof(*f));
		slow->f = &f[0];
		init_completion(&slow->in);
		init_completion(&slow->out);
		KUNIT_ASSERT_TRUE(test, ktask_future_add(&f[0], &slow->waiter,
							 slow_notify));
		t = new_selector(test, 2, 0);
		s = ktask_frame(t);
		s->arms[i != LOSES] = ktask_arm_future(&f[1]);
		s->arms[i == LOSES] = ktask_arm_future(&f[0]);
		start(test, t);
		suspended(test, t);

		th = kt_thread(test, slow_complete, slow);
		KUNIT_ASSERT_EQ(test, 0,
				kunit_add_action_or_reset(test, slow_go, slow));
		KT_COMPLETED(test, &slow->in);
		if (i == ABORTED)
			ktask_abort(t);
		else
			ktask_future_complete(&f[1], 0);
		msleep(20);
		KUNIT_EXPECT_FALSE(test, ktask_done(t));
		slow_go(slow);
		KT_FINISH(test, t);
		if (i == ABORTED)
			KT_EXPECT_CANCELLED(test, t);
		else
			KT_EXPECT_RETURNED(test, t, 0);
		KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th));
	}
}

static void answer_soon(void *room)
{
	kt_dither(100);
	room_answer(room, 0);
}

static void abort_soon(void *t)
{
	kt_dither(100);
	ktask_abort(t);
}

/*
 * A request is granted, a future completes, the time is up, the task is
 * aborted: in whatever order, what was granted comes back, the other task has
 * ended, and the frame may be freed.
 */
static void select_race_all(struct kunit *test)
{
	struct ktask_future *f = new_futures(test, 2);
	struct kt_rival *a = kt_rival(test), *b = kt_rival(test);
	unsigned int cancelled = 0, won[MAX_ARMS] = {};
	struct room *room = new_room(test);
	struct ktask *t, *other;
	struct selector *s;
	long winner;
	int i;

	for (i = 0; i < 400; i++) {
		ktask_future_init(&f[0]);
		ktask_future_init(&f[1]);
		room->withdrawn = 0;
		room->returned = 0;
		other = ktask_spawn(await_body, struct ktask_future *,
				    .init = &(struct ktask_future *){ &f[1] });
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
		t = new_selector(test, 4, i & 1 ? KTASK_SELECT_FAIR : 0);
		s = ktask_frame(t);
		s->arms[0] = ktask_arm_request(ask_start(&s->ask[0], room, t));
		s->arms[1] = ktask_arm_future(&f[0]);
		s->arms[2] = ktask_arm_task(other);
		s->arms[3] = ktask_arm_timeout(kt_us(i % 200));
		KUNIT_ASSERT_EQ(test, 0, ktask_start(t));
		kt_rival_go(a, answer_soon, room);
		if (i % 3 == 0)
			kt_rival_go(b, abort_soon, t);
		else if (i % 3 == 1)
			kt_rival_go(b, complete_soon, &f[0]);
		else
			kt_rival_go(b, complete_soon, &f[1]);
		KUNIT_ASSERT_TRUE(test, kt_ended(t));
		/* Nothing is left running, unless it has never run. */
		if (!s->resumes)
			ktask_abort_and_wait(other);
		KUNIT_ASSERT_TRUE(test, ktask_done(other));
		KUNIT_ASSERT_TRUE(test, kt_rival_done(b));
		if (ktask_outcome(t) == KTASK_CANCELLED) {
			cancelled++;
		} else {
			winner = ktask_result(t);
			KUNIT_ASSERT_GE(test, winner, 0L);
			KUNIT_ASSERT_LT(test, winner, (long)MAX_ARMS);
			won[winner]++;
		}
		KUNIT_ASSERT_TRUE(test, kt_rival_done(a));
		KUNIT_EXPECT_EQ(test, room->withdrawn + room->returned, 1);
		ktask_put(t);
		ktask_put(other);
		ktask_future_complete(&f[0], 0);
		ktask_future_complete(&f[1], 0);
	}
	kunit_info(test, "won %u %u %u %u, cancelled %u\n", won[0], won[1],
		   won[2], won[3], cancelled);
}

static struct kunit_case select_cases[] = {
	KUNIT_CASE(select_ready_wins_at_once),
	KUNIT_CASE(select_late_wins),
	KUNIT_CASE(select_fair),
	KUNIT_CASE(select_none),
	KUNIT_CASE_PARAM(select_complete_in, context_gen_params),
	KUNIT_CASE(select_timeout),
	KUNIT_CASE(select_timeout_not_above_zero),
	KUNIT_CASE(select_request_granted),
	KUNIT_CASE(select_request_refused),
	KUNIT_CASE(select_request_losers_give_back),
	KUNIT_CASE(select_task_loses),
	KUNIT_CASE(select_task_wins),
	KUNIT_CASE(select_waits_for_loser),
	KUNIT_CASE(select_no_wait),
	KUNIT_CASE(select_keep),
	KUNIT_CASE(select_keep_aborted),
	KUNIT_CASE(select_aborted),
	KUNIT_CASE(select_aborted_while_queued),
	KUNIT_CASE(select_aborted_while_waiting_for_loser),
	KUNIT_CASE(select_thread_wins),
	KUNIT_CASE(select_thread_interrupted),
	KUNIT_CASE(select_thread_times),
	KUNIT_CASE(select_blocking_aborted),
	KUNIT_CASE(select_waits_for_callback),
	KUNIT_CASE_SLOW(select_race_on_stack),
	KUNIT_CASE_SLOW(select_race_all),
	{}
};

struct kunit_suite ktask_select_suite = {
	.name = "ktask_select",
	.test_cases = select_cases,
};
