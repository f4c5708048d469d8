// SPDX-License-Identifier: GPL-2.0
/*
 * Barriers: all go on together, one of them leads, and the next round begins.
 *
 * Not tested: destroying one where somebody waits, since that warns, and a
 * warning fails the lane.
 */
#include "sync.h"

/* A task that goes through a barrier some times. */
struct party {
	struct ktask_barrier *b;
	unsigned int rounds;
	ktime_t timeout;
	bool assassinated;
	struct ktask_barrier_wait w;
	struct kt_assassin assassin;
	unsigned int passed;
	unsigned int led;
};

static ktask_poll_t party_body(struct ktask *t)
{
	struct party *p = ktask_frame(t);
	struct ktask_request *r;

	KTASK_BEGIN(t);
	if (p->assassinated) {
		r = ktask_barrier_request(p->b, &p->w, t);
		kt_abort_when_granted(&p->assassin, t, r);
		KTASK_AWAIT_REQUEST(t, &p->w.wait.request);
	}
	while (p->passed < p->rounds) {
		KTASK_BARRIER_WAIT_TIMEOUT(t, p->b, &p->w, p->timeout);
		if (ktask_timed_out(t))
			KTASK_RETURN(t, -ETIMEDOUT);
		p->led += ktask_barrier_leads(&p->w);
		WRITE_ONCE(p->passed, p->passed + 1);
	}
	KTASK_RETURN(t, p->led);
	KTASK_END(t);
}

static struct ktask *spawn_party(struct kunit *test, struct party p)
{
	if (!p.timeout)
		p.timeout = KTIME_MAX;
	if (!p.rounds)
		p.rounds = 1;
	return kt_own(test, ktask_spawn(party_body, struct party, .init = &p));
}

static unsigned int passed(struct ktask *t)
{
	struct party *p = ktask_frame(t);

	return READ_ONCE(p->passed);
}

static struct ktask_barrier *new_barrier(struct kunit *test, unsigned int n)
{
	struct ktask_barrier *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	ktask_barrier_init(b, n);
	return b;
}

static DEFINE_KTASK_BARRIER(defined, 1);

static void barrier_for_one(struct kunit *test)
{
	struct ktask_barrier *b = new_barrier(test, 0);

	KUNIT_EXPECT_EQ(test, ktask_barrier_wait(b), 1);
	KUNIT_EXPECT_EQ(test, ktask_barrier_wait(b), 1);
	KUNIT_EXPECT_EQ(test, ktask_barrier_wait(&defined), 1);
	ktask_barrier_destroy(b);
}

/* Nobody goes on before the last has come, who leads. */
static void barrier_together(struct kunit *test)
{
	struct ktask_barrier *b = new_barrier(test, 4);
	struct ktask *t[3];
	int i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = spawn_party(test, (struct party){ .b = b });
	KT_UNTIL_WAITING(test, &b->queue, ARRAY_SIZE(t));
	for (i = 0; i < ARRAY_SIZE(t); i++)
		KUNIT_EXPECT_EQ(test, passed(t[i]), 0);
	KUNIT_EXPECT_EQ(test, ktask_barrier_wait(b), 1);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], 0);
	}
	ktask_barrier_destroy(b);
}

static void barrier_one_leads_each_round(struct kunit *test)
{
	enum { ROUNDS = 200 };
	struct ktask_barrier *b = new_barrier(test, 5);
	struct ktask *t[5];
	long led = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = spawn_party(test, (struct party){
			.b = b, .rounds = ROUNDS });
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		KT_FINISH(test, t[i]);
		KUNIT_EXPECT_EQ(test, passed(t[i]), ROUNDS);
		led += ktask_result(t[i]);
	}
	KUNIT_EXPECT_EQ(test, led, (long)ROUNDS);
	ktask_barrier_destroy(b);
}

/* --- Abort and timeout ---------------------------------------------------- */

/* Who gives up has not come. */
static void barrier_abort_leaves(struct kunit *test)
{
	struct ktask_barrier *b = new_barrier(test, 3);
	struct ktask *a, *gone;

	a = spawn_party(test, (struct party){ .b = b });
	KT_UNTIL_WAITING(test, &b->queue, 1);
	gone = spawn_party(test, (struct party){ .b = b });
	KT_UNTIL_WAITING(test, &b->queue, 2);
	ktask_abort(gone);
	KT_FINISH(test, gone);
	KT_EXPECT_CANCELLED(test, gone);
	KUNIT_EXPECT_EQ(test, kt_waiting(&b->queue), 1);
	gone = spawn_party(test, (struct party){ .b = b });
	KT_UNTIL_WAITING(test, &b->queue, 2);
	KUNIT_EXPECT_EQ(test, passed(a), 0);
	KUNIT_EXPECT_EQ(test, ktask_barrier_wait(b), 1);
	KT_FINISH(test, a);
	KT_FINISH(test, gone);
	ktask_barrier_destroy(b);
}

/* The round is complete, so its abort changes nothing for the others. */
static void barrier_abort_when_complete(struct kunit *test)
{
	struct ktask_barrier *b = new_barrier(test, 3);
	struct ktask *a, *victim;

	victim = spawn_party(test, (struct party){
		.b = b, .assassinated = true });
	KT_UNTIL_WAITING(test, &b->queue, 1);
	a = spawn_party(test, (struct party){ .b = b });
	KT_UNTIL_WAITING(test, &b->queue, 2);
	KUNIT_EXPECT_EQ(test, ktask_barrier_wait(b), 1);
	KT_FINISH(test, a);
	KT_EXPECT_RETURNED(test, a, 0);
	KT_FINISH(test, victim);
	KT_EXPECT_CANCELLED(test, victim);
	KUNIT_EXPECT_EQ(test, passed(victim), 0);
	/* And the next round wants three. */
	a = spawn_party(test, (struct party){ .b = b });
	KT_UNTIL_WAITING(test, &b->queue, 1);
	victim = spawn_party(test, (struct party){ .b = b });
	KT_UNTIL_WAITING(test, &b->queue, 2);
	KUNIT_EXPECT_EQ(test, ktask_barrier_wait(b), 1);
	KT_FINISH(test, a);
	KT_FINISH(test, victim);
	ktask_barrier_destroy(b);
}

static void barrier_timeout(struct kunit *test)
{
	struct ktask_barrier *b = new_barrier(test, 2);
	struct ktask *t;

	t = spawn_party(test, (struct party){ .b = b, .timeout = kt_us(99) });
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, kt_waiting(&b->queue), 0);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_barrier_wait_until(b, TASK_KILLABLE, -1));
	t = spawn_party(test, (struct party){ .b = b });
	KT_UNTIL_WAITING(test, &b->queue, 1);
	/* The last one has nothing to wait for. */
	KUNIT_EXPECT_EQ(test, 1,
			ktask_barrier_wait_until(b, TASK_KILLABLE, -1));
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	ktask_barrier_destroy(b);
}

static void come(void *arg)
{
	struct kt_thread *th = arg;

	kt_dither(30);
	th->ret = ktask_barrier_wait_until(th->arg, TASK_UNINTERRUPTIBLE, -1);
}

/*
 * Two try to meet for a moment, and a third may be aborted. If anybody goes on,
 * one leads; and if not, nobody is left there.
 */
static void barrier_races(struct kunit *test)
{
	struct ktask_barrier *b = new_barrier(test, 2);
	struct kt_rival *rival = kt_rival(test);
	struct kt_thread *comer = kunit_kzalloc(test, sizeof(*comer),
						GFP_KERNEL);
	unsigned int met = 0;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, comer);
	comer->arg = b;
	for (i = 0; i < 400; i++) {
		struct party p = {
			.b = b, .rounds = 1,
			.timeout = i % 2 ? kt_us(i % 97) : KTIME_MAX,
		};
		struct ktask *t;
		bool together;

		t = ktask_spawn(party_body, struct party, .init = &p);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		if (i % 4 == 0)
			KT_UNTIL_WAITING(test, &b->queue, 1);
		kt_rival_go(rival, come, comer);
		kt_dither(30);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		/* Who did not meet anybody would wait for ever. */
		if (i % 2 == 0 || comer->ret < 0)
			ktask_abort(t);
		KUNIT_ASSERT_TRUE(test, kt_ended(t));
		together = comer->ret >= 0;
		if (passed(t)) {
			KUNIT_EXPECT_TRUE(test, together);
			KUNIT_EXPECT_EQ(test, comer->ret + ktask_result(t), 1L);
		}
		met += passed(t);
		ktask_put(t);
		KUNIT_ASSERT_EQ(test, kt_waiting(&b->queue), 0);
		KUNIT_ASSERT_EQ(test, b->missing, 2);
	}
	kunit_info(test, "met %u of %d times\n", met, i);
	ktask_barrier_destroy(b);
}

/* --- Contexts and threads ------------------------------------------------- */

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

struct comer {
	struct ktask_barrier *b;
	struct ktask_barrier_wait w;
};

static void come_here(void *arg)
{
	struct comer *c = arg;

	ktask_barrier_request(c->b, &c->w, NULL);
}

/* An interrupt handler that comes last, or first and does not wait. */
static void barrier_come_in(struct kunit *test)
{
	struct comer *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	struct ktask *t;

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->b = new_barrier(test, 2);
	t = spawn_party(test, (struct party){ .b = c->b });
	KT_UNTIL_WAITING(test, &c->b->queue, 1);
	kt_call_in(test, test->param_value, come_here, c);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_TRUE(test, ktask_barrier_leads(&c->w));
	kt_call_in(test, test->param_value, come_here, c);
	KUNIT_EXPECT_FALSE(test, ktask_barrier_leads(&c->w));
	KUNIT_EXPECT_EQ(test, ktask_barrier_wait(c->b), 1);
	KUNIT_EXPECT_EQ(test, ktask_request_status(&c->w.wait.request), 0L);
	ktask_barrier_destroy(c->b);
}

static int killable_main(void *b)
{
	allow_signal(SIGKILL);
	return ktask_barrier_wait_until(b, TASK_KILLABLE, KTIME_MAX);
}

static void barrier_thread_killed(struct kunit *test)
{
	struct ktask_barrier *b = new_barrier(test, 2);
	struct kt_thread *th;

	th = kt_thread(test, killable_main, b);
	KT_UNTIL_WAITING(test, &b->queue, 1);
	send_sig(SIGKILL, th->task, 1);
	KUNIT_EXPECT_EQ(test, KT_THREAD_END(test, th), -ERESTARTSYS);
	th = kt_thread(test, killable_main, b);
	KT_UNTIL_WAITING(test, &b->queue, 1);
	KUNIT_EXPECT_EQ(test, ktask_barrier_wait(b), 1);
	KUNIT_EXPECT_EQ(test, KT_THREAD_END(test, th), 0);
	ktask_barrier_destroy(b);
}

/* --- Stress --------------------------------------------------------------- */

#define STRESS_ROUNDS	200

/* In each round all write their number, and after it all see all of them. */
struct stress {
	struct ktask_barrier b;
	unsigned int round_of[6];
	atomic_t led;
	atomic_t wrong;
};

static void stress_check(struct stress *s, unsigned int round)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(s->round_of); i++) {
		if (READ_ONCE(s->round_of[i]) != round)
			atomic_inc(&s->wrong);
	}
}

struct stress_party {
	struct stress *s;
	unsigned int id;
	unsigned int round;
	struct ktask_barrier_wait w;
};

static ktask_poll_t stress_body(struct ktask *t)
{
	struct stress_party *p = ktask_frame(t);

	KTASK_BEGIN(t);
	for (p->round = 1; p->round <= STRESS_ROUNDS; p->round++) {
		WRITE_ONCE(p->s->round_of[p->id], p->round);
		KTASK_BARRIER_WAIT(t, &p->s->b, &p->w);
		atomic_add(ktask_barrier_leads(&p->w), &p->s->led);
		stress_check(p->s, p->round);
		KTASK_BARRIER_WAIT(t, &p->s->b, &p->w);
	}
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static int stress_thread(void *arg)
{
	struct stress_party *p = arg;
	unsigned int round;

	for (round = 1; round <= STRESS_ROUNDS; round++) {
		WRITE_ONCE(p->s->round_of[p->id], round);
		atomic_add(ktask_barrier_wait(&p->s->b), &p->s->led);
		stress_check(p->s, round);
		ktask_barrier_wait(&p->s->b);
	}
	return 0;
}

static void barrier_stress(struct kunit *test)
{
	struct stress *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct stress_party *p;
	struct kt_thread *th[2];
	struct ktask *t[4];
	int i;

	p = kunit_kcalloc(test, ARRAY_SIZE(s->round_of), sizeof(*p),
			  GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_ASSERT_NOT_NULL(test, p);
	ktask_barrier_init(&s->b, ARRAY_SIZE(s->round_of));
	for (i = 0; i < ARRAY_SIZE(s->round_of); i++) {
		p[i].s = s;
		p[i].id = i;
	}
	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = kt_own(test, ktask_spawn(stress_body,
						struct stress_party,
						.init = &p[i]));
	for (i = 0; i < ARRAY_SIZE(th); i++)
		th[i] = kt_thread(test, stress_thread, &p[ARRAY_SIZE(t) + i]);
	for (i = 0; i < ARRAY_SIZE(th); i++)
		KUNIT_EXPECT_EQ(test, KT_THREAD_END(test, th[i]), 0);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		KT_FINISH(test, t[i]);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->wrong), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->led), STRESS_ROUNDS);
	ktask_barrier_destroy(&s->b);
}

static struct kunit_case barrier_cases[] = {
	KUNIT_CASE(barrier_for_one),
	KUNIT_CASE(barrier_together),
	KUNIT_CASE(barrier_one_leads_each_round),
	KUNIT_CASE(barrier_abort_leaves),
	KUNIT_CASE(barrier_abort_when_complete),
	KUNIT_CASE(barrier_timeout),
	KUNIT_CASE(barrier_races),
	KUNIT_CASE_PARAM(barrier_come_in, context_gen_params),
	KUNIT_CASE(barrier_thread_killed),
	KUNIT_CASE(barrier_stress),
	{}
};

struct kunit_suite ktask_barrier_suite = {
	.name = "ktask_barrier",
	.test_cases = barrier_cases,
};
