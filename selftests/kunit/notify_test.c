// SPDX-License-Identifier: GPL-2.0
/*
 * Notifications: one wakes one, or is kept; none is lost.
 *
 * Not tested: destroying what somebody waits for, since that warns, and a
 * warning fails the lane.
 */
#include "sync.h"

/* A task that waits to be notified. */
struct waiting {
	struct ktask_notify *n;
	ktime_t timeout;
	bool assassinated;
	struct kt_trail *trail;
	char mark;
	struct ktask_notified w;
	struct kt_assassin assassin;
	bool went_on;
};

static ktask_poll_t waiting_body(struct ktask *t)
{
	struct waiting *w = ktask_frame(t);
	struct ktask_request *r;

	KTASK_BEGIN(t);
	if (w->assassinated) {
		r = ktask_notify_request(w->n, &w->w, t);
		kt_abort_when_granted(&w->assassin, t, r);
		KTASK_AWAIT_REQUEST(t, &w->w.wait.request);
	} else {
		KTASK_NOTIFIED_TIMEOUT(t, w->n, &w->w, w->timeout);
	}
	if (ktask_timed_out(t))
		KTASK_RETURN(t, -ETIMEDOUT);
	WRITE_ONCE(w->went_on, true);
	if (w->trail)
		kt_mark(w->trail, w->mark);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static struct ktask *spawn_waiter(struct kunit *test, struct waiting w)
{
	if (!w.timeout)
		w.timeout = KTIME_MAX;
	return kt_own(test, ktask_spawn(waiting_body, struct waiting,
					.init = &w));
}

/* One that waits, as the @n-th. */
static struct ktask *spawn_waiting(struct kunit *test, struct waiting w, int n)
{
	struct ktask *t = spawn_waiter(test, w);

	KT_UNTIL_WAITING(test, &w.n->queue, n);
	return t;
}

static bool went_on(struct ktask *t)
{
	struct waiting *w = ktask_frame(t);

	return READ_ONCE(w->went_on);
}

static struct ktask_notify *new_notify(struct kunit *test)
{
	struct ktask_notify *n = kunit_kzalloc(test, sizeof(*n), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, n);
	ktask_notify_init(n);
	return n;
}

/* Whether a notification was kept; takes it. */
static bool was_kept(struct ktask_notify *n)
{
	return !ktask_notify_wait_until(n, TASK_UNINTERRUPTIBLE, -1);
}

static DEFINE_KTASK_NOTIFY(defined);

static void notify_kept(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, was_kept(&defined));
	ktask_notify_one(&defined);
	KUNIT_EXPECT_TRUE(test, was_kept(&defined));
	KUNIT_EXPECT_FALSE(test, was_kept(&defined));
	ktask_notify_one(&defined);
	ktask_notify_wait(&defined);
	/* One, however often. */
	ktask_notify_one(&defined);
	ktask_notify_one(&defined);
	KUNIT_EXPECT_TRUE(test, was_kept(&defined));
	KUNIT_EXPECT_FALSE(test, was_kept(&defined));
	/* For all who wait is for nobody. */
	ktask_notify_all(&defined);
	KUNIT_EXPECT_FALSE(test, was_kept(&defined));
}

static void notify_task_takes_kept(struct kunit *test)
{
	struct ktask_notify *n = new_notify(test);
	struct ktask *t;

	ktask_notify_one(n);
	t = spawn_waiter(test, (struct waiting){ .n = n });
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_FALSE(test, was_kept(n));
	ktask_notify_destroy(n);
}

static void notify_one_wakes_first(struct kunit *test)
{
	struct ktask_notify *n = new_notify(test);
	struct kt_trail *trail = kt_trail(test);
	struct ktask *t[4];
	int i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = spawn_waiting(test, (struct waiting){
			.n = n, .trail = trail, .mark = 'a' + i }, i + 1);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		ktask_notify_one(n);
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], 0);
		KUNIT_EXPECT_EQ(test, kt_waiting(&n->queue),
				ARRAY_SIZE(t) - i - 1);
	}
	KUNIT_EXPECT_STREQ(test, trail->s, "abcd");
	KUNIT_EXPECT_FALSE(test, was_kept(n));
	ktask_notify_destroy(n);
}

static void notify_all_wakes_all(struct kunit *test)
{
	struct ktask_notify *n = new_notify(test);
	struct ktask *t[4], *late;
	int i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = spawn_waiting(test, (struct waiting){ .n = n }, i + 1);
	ktask_notify_all(n);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], 0);
	}
	late = spawn_waiting(test, (struct waiting){ .n = n }, 1);
	KUNIT_EXPECT_FALSE(test, went_on(late));
	ktask_notify_all(n);
	KT_FINISH(test, late);
	KUNIT_EXPECT_FALSE(test, was_kept(n));
	ktask_notify_destroy(n);
}

/* Who has asked misses nothing, even if he looks first. */
static void notify_ask_then_look(struct kunit *test)
{
	struct ktask_notify *n = new_notify(test);
	struct ktask_notified w;
	struct ktask_request *r;

	r = ktask_notify_request(n, &w, NULL);
	KUNIT_EXPECT_EQ(test, ktask_request_status(r), -EINPROGRESS);
	ktask_notify_all(n);
	KUNIT_EXPECT_EQ(test, ktask_request_status(r), 0);
	ktask_request_drop(r);
	KUNIT_EXPECT_FALSE(test, was_kept(n));

	r = ktask_notify_request(n, &w, NULL);
	ktask_notify_one(n);
	KUNIT_EXPECT_EQ(test, ktask_request_status(r), 0);
	/* Who does not want it passes it on. */
	ktask_request_drop(r);
	KUNIT_EXPECT_TRUE(test, was_kept(n));

	r = ktask_notify_request(n, &w, NULL);
	ktask_request_drop(r);
	ktask_notify_one(n);
	KUNIT_EXPECT_TRUE(test, was_kept(n));
	ktask_notify_destroy(n);
}

/* A task that is notified again and again uses one struct for it. */
static ktask_poll_t again_body(struct ktask *t)
{
	struct waiting *w = ktask_frame(t);

	KTASK_BEGIN(t);
	for (w->mark = 0; w->mark < 10; w->mark++)
		KTASK_NOTIFIED(t, w->n, &w->w);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static void notify_again(struct kunit *test)
{
	struct ktask_notify *n = new_notify(test);
	struct waiting w = { .n = n };
	struct ktask *t;
	int i;

	t = kt_own(test, ktask_spawn(again_body, struct waiting, .init = &w));
	for (i = 0; i < 10; i++) {
		KT_UNTIL_WAITING(test, &n->queue, 1);
		if (i % 2)
			ktask_notify_one(n);
		else
			ktask_notify_all(n);
	}
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_FALSE(test, was_kept(n));
	ktask_notify_destroy(n);
}

/* --- Abort and timeout ---------------------------------------------------- */

static void notify_abort_while_waiting(struct kunit *test)
{
	struct ktask_notify *n = new_notify(test);
	struct ktask *a, *b;

	a = spawn_waiting(test, (struct waiting){ .n = n }, 1);
	b = spawn_waiting(test, (struct waiting){ .n = n }, 2);
	ktask_abort(a);
	KT_FINISH(test, a);
	KT_EXPECT_CANCELLED(test, a);
	KUNIT_EXPECT_EQ(test, kt_waiting(&n->queue), 1);
	ktask_notify_one(n);
	KT_FINISH(test, b);
	KT_EXPECT_RETURNED(test, b, 0);
	ktask_notify_destroy(n);
}

/* Notified, but not told: the next one is notified. */
static void notify_abort_passes_on(struct kunit *test)
{
	struct ktask_notify *n = new_notify(test);
	struct ktask *a, *b, *c;

	a = spawn_waiting(test, (struct waiting){
		.n = n, .assassinated = true }, 1);
	b = spawn_waiting(test, (struct waiting){
		.n = n, .assassinated = true }, 2);
	c = spawn_waiting(test, (struct waiting){ .n = n }, 3);
	ktask_notify_one(n);
	KT_FINISH(test, a);
	KT_FINISH(test, b);
	KT_FINISH(test, c);
	KT_EXPECT_CANCELLED(test, a);
	KT_EXPECT_CANCELLED(test, b);
	KT_EXPECT_RETURNED(test, c, 0);
	KUNIT_EXPECT_FALSE(test, went_on(a));
	KUNIT_EXPECT_FALSE(test, was_kept(n));
	/* Or it is kept. */
	a = spawn_waiting(test, (struct waiting){
		.n = n, .assassinated = true }, 1);
	ktask_notify_one(n);
	KT_FINISH(test, a);
	KUNIT_EXPECT_FALSE(test, went_on(a));
	KUNIT_EXPECT_TRUE(test, was_kept(n));
	/* What was for all has reached the others already. */
	a = spawn_waiting(test, (struct waiting){
		.n = n, .assassinated = true }, 1);
	ktask_notify_all(n);
	KT_FINISH(test, a);
	KUNIT_EXPECT_FALSE(test, went_on(a));
	KUNIT_EXPECT_FALSE(test, was_kept(n));
	ktask_notify_destroy(n);
}

static void notify_timeout(struct kunit *test)
{
	struct ktask_notify *n = new_notify(test);
	struct ktask *t;

	t = spawn_waiter(test, (struct waiting){ .n = n, .timeout = kt_us(99) });
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, kt_waiting(&n->queue), 0);
	ktask_notify_one(n);
	t = spawn_waiter(test, (struct waiting){ .n = n, .timeout = -1 });
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_notify_wait_until(n, TASK_IDLE,
						ktime_add_us(ktime_get(), 99)));
	ktask_notify_destroy(n);
}

static void notify_it(void *n)
{
	kt_dither(30);
	ktask_notify_one(n);
}

/* Either he was told or it was kept, with an abort or a timeout at that time. */
static void notify_races(struct kunit *test)
{
	struct ktask_notify *n = new_notify(test);
	struct kt_rival *rival = kt_rival(test);
	unsigned int told = 0;
	struct ktask *t;
	int i;

	for (i = 0; i < 200; i++) {
		struct waiting w = {
			.n = n, .timeout = i % 2 ? kt_us(i % 97) : KTIME_MAX,
		};
		bool kept;

		t = ktask_spawn(waiting_body, struct waiting, .init = &w);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		if (i % 4 == 0)
			KT_UNTIL_WAITING(test, &n->queue, 1);
		kt_rival_go(rival, notify_it, n);
		kt_dither(30);
		if (i % 2 == 0)
			ktask_abort(t);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		KUNIT_ASSERT_TRUE(test, kt_ended(t));
		kept = was_kept(n);
		KUNIT_EXPECT_NE(test, went_on(t), kept);
		told += went_on(t);
		ktask_put(t);
	}
	kunit_info(test, "told %u of %d\n", told, i);
	ktask_notify_destroy(n);
}

/* --- Contexts and threads ------------------------------------------------- */

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static void just_notify(void *n)
{
	ktask_notify_one(n);
}

static void just_notify_all(void *n)
{
	ktask_notify_all(n);
}

static void notify_in(struct kunit *test)
{
	struct ktask_notify *n = new_notify(test);
	struct ktask *t[3];
	int i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = spawn_waiting(test, (struct waiting){ .n = n }, i + 1);
	kt_call_in(test, test->param_value, just_notify, n);
	KT_FINISH(test, t[0]);
	KUNIT_EXPECT_EQ(test, kt_waiting(&n->queue), 2);
	kt_call_in(test, test->param_value, just_notify_all, n);
	KT_FINISH(test, t[1]);
	KT_FINISH(test, t[2]);
	kt_call_in(test, test->param_value, just_notify, n);
	KUNIT_EXPECT_TRUE(test, was_kept(n));
	ktask_notify_destroy(n);
}

static int interruptible_main(void *n)
{
	allow_signal(SIGUSR1);
	return ktask_notify_wait_until(n, TASK_INTERRUPTIBLE, KTIME_MAX);
}

static void notify_threads(struct kunit *test)
{
	struct ktask_notify *n = new_notify(test);
	struct kt_thread *th;

	th = kt_thread(test, interruptible_main, n);
	KT_UNTIL_WAITING(test, &n->queue, 1);
	send_sig(SIGUSR1, th->task, 1);
	KUNIT_EXPECT_EQ(test, KT_THREAD_END(test, th), -ERESTARTSYS);
	KUNIT_EXPECT_EQ(test, kt_waiting(&n->queue), 0);
	th = kt_thread(test, interruptible_main, n);
	KT_UNTIL_WAITING(test, &n->queue, 1);
	ktask_notify_one(n);
	KUNIT_EXPECT_EQ(test, KT_THREAD_END(test, th), 0);
	ktask_notify_destroy(n);
}

/* --- Stress --------------------------------------------------------------- */

#define STRESS_ITEMS	2000

/* Producers make items and notify one; whoever comes takes what is there. */
struct stress {
	struct ktask_notify n;
	atomic_t items;
	atomic_t taken;
};

static void stress_take(struct stress *s)
{
	while (atomic_dec_if_positive(&s->items) >= 0)
		atomic_inc(&s->taken);
}

struct stress_consumer {
	struct stress *s;
	struct ktask_notified w;
};

static ktask_poll_t consumer_body(struct ktask *t)
{
	struct stress_consumer *c = ktask_frame(t);

	KTASK_BEGIN(t);
	while (atomic_read(&c->s->taken) < STRESS_ITEMS) {
		KTASK_NOTIFIED(t, &c->s->n, &c->w);
		stress_take(c->s);
	}
	/* Nobody else is told that it is over. */
	ktask_notify_one(&c->s->n);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static int stress_producer(void *arg)
{
	struct stress *s = arg;
	int i;

	for (i = 0; i < STRESS_ITEMS / 2; i++) {
		atomic_inc(&s->items);
		ktask_notify_one(&s->n);
		if (i % 8 == 0)
			usleep_range(1, 50);
	}
	return 0;
}

static int stress_consumer_main(void *arg)
{
	struct stress *s = arg;

	while (atomic_read(&s->taken) < STRESS_ITEMS) {
		ktask_notify_wait(&s->n);
		stress_take(s);
	}
	ktask_notify_one(&s->n);
	return 0;
}

static void notify_stress(struct kunit *test)
{
	struct stress *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct stress_consumer c = { .s = s };
	struct kt_thread *th[4];
	struct ktask *t[3], *victim;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	ktask_notify_init(&s->n);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = kt_own(test, ktask_spawn(consumer_body,
						struct stress_consumer,
						.init = &c));
	for (i = 0; i < 4; i++)
		th[i] = kt_thread(test, i < 2 ? stress_producer :
					stress_consumer_main, s);
	/* Those that are aborted may have been notified. */
	for (i = 0; i < 200; i++) {
		victim = ktask_spawn(consumer_body, struct stress_consumer,
				     .init = &c);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, victim);
		usleep_range(1, 100);
		ktask_abort(victim);
		KUNIT_ASSERT_TRUE(test, kt_ended(victim));
		ktask_put(victim);
	}
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, KT_THREAD_END(test, th[i]), 0);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		KT_FINISH(test, t[i]);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->taken), STRESS_ITEMS);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->items), 0);
	ktask_notify_destroy(&s->n);
}

static struct kunit_case notify_cases[] = {
	KUNIT_CASE(notify_kept),
	KUNIT_CASE(notify_task_takes_kept),
	KUNIT_CASE(notify_one_wakes_first),
	KUNIT_CASE(notify_all_wakes_all),
	KUNIT_CASE(notify_ask_then_look),
	KUNIT_CASE(notify_again),
	KUNIT_CASE(notify_abort_while_waiting),
	KUNIT_CASE(notify_abort_passes_on),
	KUNIT_CASE(notify_timeout),
	KUNIT_CASE(notify_races),
	KUNIT_CASE_PARAM(notify_in, context_gen_params),
	KUNIT_CASE(notify_threads),
	KUNIT_CASE(notify_stress),
	{}
};

struct kunit_suite ktask_notify_suite = {
	.name = "ktask_notify",
	.test_cases = notify_cases,
};
