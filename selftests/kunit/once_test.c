// SPDX-License-Identifier: GPL-2.0
/*
 * Once cells: the first makes the value, the others wait; who fails leaves the
 * turn to the next.
 *
 * Not tested: what warns, such as to finish without having the turn, since a
 * warning fails the lane.
 */
#include "sync.h"

static int value;
static int other_value;

/* A task that needs the value, and makes it if it is its turn. */
struct needy {
	struct ktask_once *once;
	ktime_t timeout;
	struct ktask_future *hold;	/* its turn takes until then */
	long fail;			/* it fails with that */
	bool assassinated;
	struct ktask_once_turn turn;
	struct kt_assassin assassin;
	bool asked;
	bool had_turn;
	void *got;
};

static ktask_poll_t needy_body(struct ktask *t)
{
	struct needy *n = ktask_frame(t);
	struct ktask_request *r;

	KTASK_BEGIN(t);
	if (n->assassinated) {
		r = ktask_once_request(n->once, &n->turn, t);
		kt_abort_when_granted(&n->assassin, t, r);
		KTASK_AWAIT_REQUEST(t, &n->turn.wait.request);
	} else {
		KTASK_ONCE_ENTER_TIMEOUT(t, n->once, &n->turn, n->timeout);
	}
	if (ktask_timed_out(t))
		KTASK_RETURN(t, -ETIMEDOUT);
	if (ktask_once_my_turn(&n->turn)) {
		WRITE_ONCE(n->had_turn, true);
		if (n->hold)
			KTASK_AWAIT(t, n->hold);
		if (n->fail)
			KTASK_RETURN(t, n->fail);
		ktask_once_finish(&n->turn, &value);
	}
	n->got = ktask_once_get(n->once);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static struct ktask *spawn_needy(struct kunit *test, struct needy n)
{
	if (!n.timeout)
		n.timeout = KTIME_MAX;
	return kt_own(test, ktask_spawn(needy_body, struct needy, .init = &n));
}

static struct ktask *spawn_waiting(struct kunit *test, struct needy n, int nr)
{
	struct ktask *t = spawn_needy(test, n);

	KT_UNTIL_WAITING(test, &n.once->queue, nr);
	return t;
}

static bool had_turn(struct ktask *t)
{
	struct needy *n = ktask_frame(t);

	return READ_ONCE(n->had_turn);
}

static void *got(struct ktask *t)
{
	struct needy *n = ktask_frame(t);

	return n->got;
}

static struct ktask_once *new_once(struct kunit *test)
{
	struct ktask_once *once = kunit_kzalloc(test, sizeof(*once),
						GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, once);
	ktask_once_init(once);
	return once;
}

static struct ktask_future *new_future(struct kunit *test)
{
	struct ktask_future *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	return f;
}

static DEFINE_KTASK_ONCE(defined);

static void once_set_get(struct kunit *test)
{
	struct ktask_once_turn turn;

	KUNIT_EXPECT_FALSE(test, ktask_once_is_set(&defined));
	KUNIT_EXPECT_NULL(test, ktask_once_get(&defined));
	KUNIT_EXPECT_EQ(test, ktask_once_set(&defined, &value), 0);
	KUNIT_EXPECT_TRUE(test, ktask_once_is_set(&defined));
	KUNIT_EXPECT_PTR_EQ(test, ktask_once_get(&defined), &value);
	KUNIT_EXPECT_EQ(test, ktask_once_set(&defined, &other_value), -EEXIST);
	KUNIT_EXPECT_PTR_EQ(test, ktask_once_get(&defined), &value);
	KUNIT_EXPECT_EQ(test, ktask_once_enter(&defined, &turn, NULL), 0);
	KUNIT_EXPECT_FALSE(test, ktask_once_my_turn(&turn));
	ktask_once_leave(&turn);
	KUNIT_EXPECT_TRUE(test, ktask_once_is_set(&defined));
	ktask_once_destroy(&defined);
	ktask_once_init(&defined);
}

static void once_by_thread(struct kunit *test)
{
	struct ktask_once *once = new_once(test);
	struct ktask_once_turn turn;

	KUNIT_EXPECT_EQ(test, ktask_once_enter(once, &turn, NULL), 1);
	KUNIT_EXPECT_TRUE(test, ktask_once_my_turn(&turn));
	KUNIT_EXPECT_EQ(test, ktask_once_set(once, &other_value), -EBUSY);
	/* Without success. */
	ktask_once_leave(&turn);
	ktask_once_leave(&turn);
	KUNIT_EXPECT_FALSE(test, ktask_once_my_turn(&turn));
	KUNIT_EXPECT_FALSE(test, ktask_once_is_set(once));
	KUNIT_EXPECT_EQ(test, ktask_once_enter(once, &turn, NULL), 1);
	/* The value may be NULL. */
	ktask_once_finish(&turn, NULL);
	KUNIT_EXPECT_FALSE(test, ktask_once_my_turn(&turn));
	KUNIT_EXPECT_TRUE(test, ktask_once_is_set(once));
	KUNIT_EXPECT_NULL(test, ktask_once_get(once));
	KUNIT_EXPECT_EQ(test, ktask_once_enter(once, &turn, NULL), 0);
	ktask_once_destroy(once);
}

static void once_others_wait(struct kunit *test)
{
	struct ktask_once *once = new_once(test);
	struct ktask_future *hold = new_future(test);
	struct ktask *t[4];
	int i;

	t[0] = spawn_needy(test, (struct needy){ .once = once, .hold = hold });
	KT_EVENTUALLY(test, had_turn(t[0]));
	for (i = 1; i < ARRAY_SIZE(t); i++)
		t[i] = spawn_waiting(test, (struct needy){ .once = once }, i);
	KUNIT_EXPECT_FALSE(test, ktask_once_is_set(once));
	ktask_future_complete(hold, 0);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], 0);
		KUNIT_EXPECT_EQ(test, had_turn(t[i]), !i);
		KUNIT_EXPECT_PTR_EQ(test, got(t[i]), &value);
	}
	ktask_once_destroy(once);
}

/* --- Those who fail ------------------------------------------------------- */

static void once_failure_passes_on(struct kunit *test)
{
	struct ktask_once *once = new_once(test);
	struct ktask_future *hold = new_future(test);
	struct ktask *t[4];
	int i;

	t[0] = spawn_needy(test, (struct needy){
		.once = once, .hold = hold, .fail = -EIO });
	KT_EVENTUALLY(test, had_turn(t[0]));
	t[1] = spawn_waiting(test, (struct needy){
		.once = once, .fail = -ENXIO }, 1);
	t[2] = spawn_waiting(test, (struct needy){ .once = once }, 2);
	t[3] = spawn_waiting(test, (struct needy){ .once = once }, 3);
	ktask_future_complete(hold, 0);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		KT_FINISH(test, t[i]);
	KT_EXPECT_RETURNED(test, t[0], -EIO);
	KT_EXPECT_RETURNED(test, t[1], -ENXIO);
	KT_EXPECT_RETURNED(test, t[2], 0);
	KT_EXPECT_RETURNED(test, t[3], 0);
	KUNIT_EXPECT_TRUE(test, had_turn(t[2]));
	KUNIT_EXPECT_FALSE(test, had_turn(t[3]));
	KUNIT_EXPECT_PTR_EQ(test, got(t[3]), &value);
	ktask_once_destroy(once);
}

static void once_failure_leaves_it_empty(struct kunit *test)
{
	struct ktask_once *once = new_once(test);
	struct ktask *t;

	t = spawn_needy(test, (struct needy){ .once = once, .fail = -EIO });
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, -EIO);
	KUNIT_EXPECT_EQ(test, ktask_once_set(once, &other_value), 0);
	t = spawn_needy(test, (struct needy){ .once = once });
	KT_FINISH(test, t);
	KUNIT_EXPECT_FALSE(test, had_turn(t));
	KUNIT_EXPECT_PTR_EQ(test, got(t), &other_value);
	ktask_once_destroy(once);
}

static void once_abort_of_initialiser(struct kunit *test)
{
	struct ktask_once *once = new_once(test);
	struct ktask_future *never = new_future(test);
	struct ktask *a, *b;

	a = spawn_needy(test, (struct needy){ .once = once, .hold = never });
	KT_EVENTUALLY(test, had_turn(a));
	b = spawn_waiting(test, (struct needy){ .once = once }, 1);
	ktask_abort(a);
	KT_FINISH(test, a);
	KT_EXPECT_CANCELLED(test, a);
	KT_FINISH(test, b);
	KT_EXPECT_RETURNED(test, b, 0);
	KUNIT_EXPECT_TRUE(test, had_turn(b));
	KUNIT_EXPECT_TRUE(test, ktask_once_is_set(once));
	ktask_once_destroy(once);
}

static void once_abort_while_waiting(struct kunit *test)
{
	struct ktask_once *once = new_once(test);
	struct ktask_once_turn turn;
	struct ktask *a, *b;

	ktask_once_enter(once, &turn, NULL);
	a = spawn_waiting(test, (struct needy){ .once = once }, 1);
	b = spawn_waiting(test, (struct needy){ .once = once }, 2);
	ktask_abort(a);
	KT_FINISH(test, a);
	KT_EXPECT_CANCELLED(test, a);
	KUNIT_EXPECT_EQ(test, kt_waiting(&once->queue), 1);
	ktask_once_leave(&turn);
	KT_FINISH(test, b);
	KUNIT_EXPECT_TRUE(test, had_turn(b));
	ktask_once_destroy(once);
}

/* It has the turn, but has not been told: the next one gets it. */
static void once_abort_when_granted(struct kunit *test)
{
	struct ktask_once *once = new_once(test);
	struct ktask_once_turn turn;
	struct ktask *a, *b;

	ktask_once_enter(once, &turn, NULL);
	a = spawn_waiting(test, (struct needy){
		.once = once, .assassinated = true }, 1);
	b = spawn_waiting(test, (struct needy){ .once = once }, 2);
	ktask_once_leave(&turn);
	KT_FINISH(test, a);
	KT_EXPECT_CANCELLED(test, a);
	KUNIT_EXPECT_FALSE(test, had_turn(a));
	KT_FINISH(test, b);
	KT_EXPECT_RETURNED(test, b, 0);
	KUNIT_EXPECT_TRUE(test, had_turn(b));
	/* The value stays, whoever did not come to know of it. */
	ktask_once_destroy(once);
	ktask_once_init(once);
	ktask_once_enter(once, &turn, NULL);
	a = spawn_waiting(test, (struct needy){
		.once = once, .assassinated = true }, 1);
	ktask_once_finish(&turn, &value);
	KT_FINISH(test, a);
	KT_EXPECT_CANCELLED(test, a);
	KUNIT_EXPECT_TRUE(test, ktask_once_is_set(once));
	ktask_once_destroy(once);
}

static void once_timeout(struct kunit *test)
{
	struct ktask_once *once = new_once(test);
	struct ktask_once_turn turn, late;
	struct ktask *t;

	ktask_once_enter(once, &turn, NULL);
	t = spawn_needy(test, (struct needy){
		.once = once, .timeout = kt_us(99) });
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_once_enter_until(once, &late, NULL, TASK_IDLE,
					       -1));
	KUNIT_EXPECT_FALSE(test, ktask_once_my_turn(&late));
	KUNIT_EXPECT_EQ(test, kt_waiting(&once->queue), 0);
	ktask_once_leave(&turn);
	t = spawn_needy(test, (struct needy){ .once = once, .timeout = -1 });
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_TRUE(test, had_turn(t));
	ktask_once_destroy(once);
}

static void leave_it(void *turn)
{
	kt_dither(30);
	ktask_once_leave(turn);
}

static void finish_it(void *turn)
{
	kt_dither(30);
	ktask_once_finish(turn, &other_value);
}

/* Left or finished, with a timeout and an abort at that time. */
static void once_races(struct kunit *test)
{
	struct ktask_once *once = new_once(test);
	struct kt_rival *rival = kt_rival(test);
	struct ktask_once_turn *turn;
	unsigned int made = 0;
	struct ktask *t[3];
	int i, k;

	turn = kunit_kzalloc(test, sizeof(*turn), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, turn);
	for (i = 0; i < 100; i++) {
		bool left = i % 3;

		ktask_once_init(once);
		KUNIT_ASSERT_EQ(test, ktask_once_enter(once, turn, NULL), 1);
		for (k = 0; k < ARRAY_SIZE(t); k++) {
			struct needy n = {
				.once = once, .fail = k == 1 ? -EIO : 0,
				.timeout = k == 2 ? kt_us(i) : KTIME_MAX,
			};

			t[k] = ktask_spawn(needy_body, struct needy,
					   .init = &n);
			KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t[k]);
		}
		if (i % 4)
			usleep_range(1, 100);
		kt_rival_go(rival, left ? leave_it : finish_it, turn);
		kt_dither(30);
		ktask_abort(t[0]);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		for (k = 0; k < ARRAY_SIZE(t); k++) {
			KUNIT_ASSERT_TRUE(test, kt_ended(t[k]));
			if (got(t[k]))
				KUNIT_EXPECT_PTR_EQ(test, got(t[k]),
						    ktask_once_get(once));
			made += had_turn(t[k]);
			ktask_put(t[k]);
		}
		/* Set by the one or the other, or anybody can still do so. */
		KUNIT_ASSERT_EQ(test, kt_waiting(&once->queue), 0);
		if (!left)
			KUNIT_EXPECT_PTR_EQ(test, ktask_once_get(once),
					    &other_value);
		if (!ktask_once_is_set(once))
			KUNIT_EXPECT_EQ(test, ktask_once_set(once, NULL), 0);
		ktask_once_destroy(once);
	}
	kunit_info(test, "%u turns of %d\n", made, 3 * i);
}

/* --- Contexts and threads ------------------------------------------------- */

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static void just_leave(void *turn)
{
	ktask_once_leave(turn);
}

static void just_finish(void *turn)
{
	ktask_once_finish(turn, &value);
}

static void just_set(void *once)
{
	ktask_once_set(once, &value);
}

static void once_all_calls_in(struct kunit *test)
{
	struct ktask_once *once = new_once(test);
	struct ktask_once_turn *turn;
	struct ktask *a, *b;

	turn = kunit_kzalloc(test, sizeof(*turn), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, turn);
	ktask_once_enter(once, turn, NULL);
	a = spawn_waiting(test, (struct needy){ .once = once }, 1);
	b = spawn_waiting(test, (struct needy){ .once = once }, 2);
	kt_call_in(test, test->param_value, just_leave, turn);
	KT_FINISH(test, a);
	KT_FINISH(test, b);
	KUNIT_EXPECT_PTR_EQ(test, got(b), &value);

	ktask_once_init(once);
	ktask_once_enter(once, turn, NULL);
	a = spawn_waiting(test, (struct needy){ .once = once }, 1);
	kt_call_in(test, test->param_value, just_finish, turn);
	KT_FINISH(test, a);
	KUNIT_EXPECT_PTR_EQ(test, got(a), &value);
	KUNIT_EXPECT_FALSE(test, had_turn(a));

	ktask_once_init(once);
	kt_call_in(test, test->param_value, just_set, once);
	KUNIT_EXPECT_PTR_EQ(test, ktask_once_get(once), &value);
	ktask_once_destroy(once);
}

static int killable_main(void *once)
{
	struct ktask_once_turn turn;
	int ret;

	allow_signal(SIGKILL);
	ret = ktask_once_enter_until(once, &turn, NULL, TASK_KILLABLE,
				     KTIME_MAX);
	if (ret == 1)
		ktask_once_finish(&turn, &value);
	return ret;
}

static void once_threads(struct kunit *test)
{
	struct ktask_once *once = new_once(test);
	struct ktask_once_turn turn;
	struct kt_thread *th[2];

	ktask_once_enter(once, &turn, NULL);
	th[0] = kt_thread(test, killable_main, once);
	KT_UNTIL_WAITING(test, &once->queue, 1);
	send_sig(SIGKILL, th[0]->task, 1);
	KUNIT_EXPECT_EQ(test, KT_THREAD_END(test, th[0]), -ERESTARTSYS);
	th[0] = kt_thread(test, killable_main, once);
	KT_UNTIL_WAITING(test, &once->queue, 1);
	th[1] = kt_thread(test, killable_main, once);
	KT_UNTIL_WAITING(test, &once->queue, 2);
	ktask_once_leave(&turn);
	KUNIT_EXPECT_EQ(test, KT_THREAD_END(test, th[0]), 1);
	KUNIT_EXPECT_EQ(test, KT_THREAD_END(test, th[1]), 0);
	KUNIT_EXPECT_PTR_EQ(test, ktask_once_get(once), &value);
	ktask_once_destroy(once);
}

struct blocking_needy {
	struct ktask_once *once;
	struct ktask_once_turn turn;
};

/* Returns with the turn, so it passes on. */
static long blocking_body(struct ktask *t)
{
	struct blocking_needy *n = ktask_frame(t);

	return ktask_once_enter_until(n->once, &n->turn, t, TASK_KILLABLE,
				      KTIME_MAX);
}

static void once_blocking_task(struct kunit *test)
{
	struct ktask_once *once = new_once(test);
	struct blocking_needy n = { .once = once };
	int i;

	for (i = 0; i < 2; i++) {
		struct ktask *t = ktask_spawn_blocking(blocking_body,
						       struct blocking_needy,
						       .init = &n);

		kt_own(test, t);
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, 1);
	}
	KUNIT_EXPECT_EQ(test, ktask_once_set(once, &value), 0);
	ktask_once_destroy(once);
}

/* --- Stress --------------------------------------------------------------- */

/* Who has the turn fails more often than not, or is aborted. */
static ktask_poll_t stress_body(struct ktask *t)
{
	struct needy *n = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_ONCE_ENTER(t, n->once, &n->turn);
	if (ktask_once_my_turn(&n->turn)) {
		KTASK_YIELD(t);
		if (n->fail)
			KTASK_RETURN(t, -EIO);
		n->had_turn = true;
		ktask_once_finish(&n->turn, &value);
	}
	n->got = ktask_once_get(n->once);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static int stress_thread(void *once)
{
	struct ktask_once_turn turn;

	while (ktask_once_enter(once, &turn, NULL) == 1) {
		cond_resched();
		ktask_once_leave(&turn);
		if (ktask_once_is_set(once))
			break;
	}
	return ktask_once_get(once) == &value ? 0 : -EIO;
}

static void once_stress(struct kunit *test)
{
	struct ktask_once *once = new_once(test);
	struct kt_thread *th;
	struct ktask *t[10];
	int i, k, made;

	for (i = 0; i < 50; i++) {
		ktask_once_init(once);
		th = kt_thread(test, stress_thread, once);
		for (k = 0; k < ARRAY_SIZE(t); k++) {
			struct needy n = { .once = once, .fail = k % 5 };

			t[k] = ktask_spawn(stress_body, struct needy,
					   .init = &n);
			KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t[k]);
		}
		for (k = 1; k < ARRAY_SIZE(t); k += 2) {
			kt_dither(20);
			if (k % 5)
				ktask_abort(t[k]);
		}
		made = 0;
		for (k = 0; k < ARRAY_SIZE(t); k++) {
			KUNIT_ASSERT_TRUE(test, kt_ended(t[k]));
			made += had_turn(t[k]);
			if (ktask_outcome(t[k]) == KTASK_RETURNED &&
			    !ktask_result(t[k]))
				KUNIT_EXPECT_PTR_EQ(test, got(t[k]), &value);
			ktask_put(t[k]);
		}
		KUNIT_EXPECT_EQ(test, made, 1);
		KUNIT_EXPECT_EQ(test, KT_THREAD_END(test, th), 0);
		ktask_once_destroy(once);
	}
}

static struct kunit_case once_cases[] = {
	KUNIT_CASE(once_set_get),
	KUNIT_CASE(once_by_thread),
	KUNIT_CASE(once_others_wait),
	KUNIT_CASE(once_failure_passes_on),
	KUNIT_CASE(once_failure_leaves_it_empty),
	KUNIT_CASE(once_abort_of_initialiser),
	KUNIT_CASE(once_abort_while_waiting),
	KUNIT_CASE(once_abort_when_granted),
	KUNIT_CASE(once_timeout),
	KUNIT_CASE(once_races),
	KUNIT_CASE_PARAM(once_all_calls_in, context_gen_params),
	KUNIT_CASE(once_threads),
	KUNIT_CASE(once_blocking_task),
	KUNIT_CASE(once_stress),
	{}
};

struct kunit_suite ktask_once_suite = {
	.name = "ktask_once",
	.test_cases = once_cases,
};
