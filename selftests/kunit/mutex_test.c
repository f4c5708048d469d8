// SPDX-License-Identifier: GPL-2.0
/*
 * Mutexes: one holder at a time, across awaits, in whatever way it ends; and the
 * search for deadlocks.
 *
 * Not tested: unlocking what one does not hold, and destroying what somebody
 * holds, since both warn, and a warning fails the lane. A deadlock is reported to
 * the test instead.
 */
#include "kernel/async/deadlock.h"
#include "sync.h"

/* What a task does with a mutex. */
struct locker {
	struct ktask_mutex *m;
	ktime_t timeout;
	struct ktask_future *hold;	/* keep it until then */
	bool keep;			/* leave unlocking to the end */
	bool assassinated;
	struct kt_trail *trail;
	char mark;
	struct ktask_mutex_guard g;
	struct kt_assassin assassin;
	bool went_on;
};

static ktask_poll_t locker_body(struct ktask *t)
{
	struct locker *l = ktask_frame(t);
	struct ktask_request *r;

	KTASK_BEGIN(t);
	if (l->assassinated) {
		r = ktask_mutex_request(l->m, &l->g, t);
		kt_abort_when_granted(&l->assassin, t, r);
		KTASK_AWAIT_REQUEST(t, &l->g.permit.wait.request);
	} else {
		KTASK_MUTEX_LOCK_TIMEOUT(t, l->m, &l->g, l->timeout);
	}
	if (ktask_mutex_status(&l->g))
		KTASK_RETURN(t, ktask_mutex_status(&l->g));
	WRITE_ONCE(l->went_on, true);
	if (l->trail)
		kt_mark(l->trail, l->mark);
	if (l->hold)
		KTASK_AWAIT(t, l->hold);
	if (!l->keep)
		ktask_mutex_unlock(&l->g);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static struct ktask *spawn_locker(struct kunit *test, struct locker l)
{
	if (!l.timeout)
		l.timeout = KTIME_MAX;
	return kt_own(test, ktask_spawn(locker_body, struct locker,
					.init = &l));
}

static bool went_on(struct ktask *t)
{
	struct locker *l = ktask_frame(t);

	return READ_ONCE(l->went_on);
}

static struct ktask_mutex *new_mutex(struct kunit *test)
{
	struct ktask_mutex *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, m);
	ktask_mutex_init(m);
	return m;
}

static struct ktask_future *new_future(struct kunit *test)
{
	struct ktask_future *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	return f;
}

static void mutex_lock_unlock(struct kunit *test)
{
	struct ktask_mutex *m = new_mutex(test);
	struct ktask_mutex_guard g, h;

	KUNIT_EXPECT_FALSE(test, ktask_mutex_is_locked(m));
	KUNIT_EXPECT_EQ(test, ktask_mutex_lock(m, &g, NULL), 0);
	KUNIT_EXPECT_EQ(test, ktask_mutex_status(&g), 0);
	KUNIT_EXPECT_TRUE(test, ktask_mutex_is_locked(m));
	KUNIT_EXPECT_FALSE(test, ktask_mutex_trylock(m, &h, NULL));
	ktask_mutex_unlock(&g);
	KUNIT_EXPECT_FALSE(test, ktask_mutex_is_locked(m));
	KUNIT_EXPECT_TRUE(test, ktask_mutex_trylock(m, &h, NULL));
	KUNIT_EXPECT_TRUE(test, ktask_mutex_is_locked(m));
	ktask_mutex_unlock(&h);
	ktask_mutex_destroy(m);
}

static DEFINE_KTASK_MUTEX(defined);

static void mutex_defined(struct kunit *test)
{
	struct ktask_mutex_guard g;

	KUNIT_EXPECT_EQ(test, ktask_mutex_lock(&defined, &g, NULL), 0);
	KUNIT_EXPECT_TRUE(test, ktask_mutex_is_locked(&defined));
	ktask_mutex_unlock(&g);
	KUNIT_EXPECT_FALSE(test, ktask_mutex_is_locked(&defined));
}

/* Nobody else gets in while its holder awaits something else. */
static void mutex_held_across_await(struct kunit *test)
{
	struct ktask_mutex *m = new_mutex(test);
	struct ktask_future *hold = new_future(test);
	struct kt_trail *trail = kt_trail(test);
	struct ktask *a, *b, *c;

	a = spawn_locker(test, (struct locker){
		.m = m, .hold = hold, .trail = trail, .mark = 'a' });
	KT_EVENTUALLY(test, went_on(a));
	b = spawn_locker(test, (struct locker){
		.m = m, .keep = true, .trail = trail, .mark = 'b' });
	KT_UNTIL_WAITING(test, &m->sem.queue, 1);
	c = spawn_locker(test, (struct locker){
		.m = m, .trail = trail, .mark = 'c' });
	KT_UNTIL_WAITING(test, &m->sem.queue, 2);
	KUNIT_EXPECT_STREQ(test, trail->s, "a");
	ktask_future_complete(hold, 0);
	KT_FINISH(test, a);
	KT_FINISH(test, b);
	KT_FINISH(test, c);
	KUNIT_EXPECT_STREQ(test, trail->s, "abc");
	KUNIT_EXPECT_FALSE(test, ktask_mutex_is_locked(m));
	ktask_mutex_destroy(m);
}

static void mutex_abort_of_holder(struct kunit *test)
{
	struct ktask_mutex *m = new_mutex(test);
	struct ktask_future *never = new_future(test);
	struct ktask *a, *b;

	a = spawn_locker(test, (struct locker){ .m = m, .hold = never });
	KT_EVENTUALLY(test, went_on(a));
	b = spawn_locker(test, (struct locker){ .m = m });
	KT_UNTIL_WAITING(test, &m->sem.queue, 1);
	ktask_abort(a);
	KT_FINISH(test, a);
	KT_EXPECT_CANCELLED(test, a);
	KT_FINISH(test, b);
	KT_EXPECT_RETURNED(test, b, 0);
	KUNIT_EXPECT_FALSE(test, ktask_mutex_is_locked(m));
	ktask_mutex_destroy(m);
}

static void mutex_abort_while_waiting(struct kunit *test)
{
	struct ktask_mutex *m = new_mutex(test);
	struct ktask_mutex_guard g;
	struct ktask *a, *b;

	ktask_mutex_lock(m, &g, NULL);
	a = spawn_locker(test, (struct locker){ .m = m });
	KT_UNTIL_WAITING(test, &m->sem.queue, 1);
	b = spawn_locker(test, (struct locker){ .m = m });
	KT_UNTIL_WAITING(test, &m->sem.queue, 2);
	ktask_abort(a);
	KT_FINISH(test, a);
	KT_EXPECT_CANCELLED(test, a);
	KUNIT_EXPECT_FALSE(test, went_on(a));
	KUNIT_EXPECT_EQ(test, kt_waiting(&m->sem.queue), 1);
	ktask_mutex_unlock(&g);
	KT_FINISH(test, b);
	KT_EXPECT_RETURNED(test, b, 0);
	KUNIT_EXPECT_FALSE(test, ktask_mutex_is_locked(m));
	ktask_mutex_destroy(m);
}

static void mutex_abort_when_granted(struct kunit *test)
{
	struct ktask_mutex *m = new_mutex(test);
	struct ktask_mutex_guard g;
	struct ktask *a, *b;

	ktask_mutex_lock(m, &g, NULL);
	a = spawn_locker(test, (struct locker){ .m = m, .assassinated = true });
	KT_UNTIL_WAITING(test, &m->sem.queue, 1);
	b = spawn_locker(test, (struct locker){ .m = m });
	KT_UNTIL_WAITING(test, &m->sem.queue, 2);
	ktask_mutex_unlock(&g);
	KT_FINISH(test, a);
	KT_EXPECT_CANCELLED(test, a);
	KUNIT_EXPECT_FALSE(test, went_on(a));
	KT_FINISH(test, b);
	KT_EXPECT_RETURNED(test, b, 0);
	KUNIT_EXPECT_FALSE(test, ktask_mutex_is_locked(m));
	ktask_mutex_destroy(m);
}

static void mutex_abort_races_unlock(struct kunit *test)
{
	struct ktask_mutex *m = new_mutex(test);
	struct kt_rival *rival = kt_rival(test);
	struct locker l = { .m = m, .timeout = KTIME_MAX };
	struct ktask_mutex_guard *g;
	unsigned int cancelled = 0;
	struct ktask *t;
	int i;

	g = kunit_kzalloc(test, sizeof(*g), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, g);
	for (i = 0; i < 300; i++) {
		KUNIT_ASSERT_TRUE(test, ktask_mutex_trylock(m, g, NULL));
		t = ktask_spawn(locker_body, struct locker, .init = &l);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		if (i % 4)
			KT_UNTIL_WAITING(test, &m->sem.queue, 1);
		kt_rival_go(rival, kt_abort_soon, t);
		ktask_mutex_unlock(g);
		KUNIT_ASSERT_TRUE(test, kt_ended(t));
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		cancelled += ktask_outcome(t) == KTASK_CANCELLED;
		ktask_put(t);
		KUNIT_ASSERT_FALSE(test, ktask_mutex_is_locked(m));
	}
	kunit_info(test, "cancelled %u of %d\n", cancelled, i);
	ktask_mutex_destroy(m);
}

static void mutex_timeout(struct kunit *test)
{
	struct ktask_mutex *m = new_mutex(test);
	struct ktask_mutex_guard g, h;
	struct ktask *t;

	ktask_mutex_lock(m, &g, NULL);
	t = spawn_locker(test, (struct locker){ .m = m, .timeout = kt_us(99) });
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, -ETIMEDOUT);
	ktask_mutex_unlock(&g);
	t = spawn_locker(test, (struct locker){ .m = m, .timeout = -1 });
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_EQ(test, 0,
			ktask_mutex_lock_until(m, &h, NULL, TASK_KILLABLE, -1));
	ktask_mutex_unlock(&h);
	ktask_mutex_destroy(m);
}

static void unlock_soon(void *g)
{
	kt_dither(200);
	ktask_mutex_unlock(g);
}

static void mutex_timeout_races_unlock(struct kunit *test)
{
	struct ktask_mutex *m = new_mutex(test);
	struct kt_rival *rival = kt_rival(test);
	struct locker l = { .m = m };
	struct ktask_mutex_guard *g;
	unsigned int late = 0;
	struct ktask *t;
	int i;

	g = kunit_kzalloc(test, sizeof(*g), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, g);
	for (i = 0; i < 300; i++) {
		KUNIT_ASSERT_TRUE(test, ktask_mutex_trylock(m, g, NULL));
		l.timeout = kt_us(1 + i % 100);
		t = ktask_spawn(locker_body, struct locker, .init = &l);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		kt_rival_go(rival, unlock_soon, g);
		KUNIT_ASSERT_TRUE(test, kt_ended(t));
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		late += ktask_result(t) == -ETIMEDOUT;
		KUNIT_EXPECT_EQ(test, went_on(t), !ktask_result(t));
		ktask_put(t);
		KUNIT_ASSERT_FALSE(test, ktask_mutex_is_locked(m));
	}
	kunit_info(test, "too late %u of %d\n", late, i);
	ktask_mutex_destroy(m);
}

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static void just_unlock(void *g)
{
	ktask_mutex_unlock(g);
}

static void mutex_unlock_in(struct kunit *test)
{
	struct ktask_mutex *m = new_mutex(test);
	struct ktask_mutex_guard *g;
	struct ktask *t;

	g = kunit_kzalloc(test, sizeof(*g), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, g);
	ktask_mutex_lock(m, g, NULL);
	t = spawn_locker(test, (struct locker){ .m = m });
	KT_UNTIL_WAITING(test, &m->sem.queue, 1);
	kt_call_in(test, test->param_value, just_unlock, g);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	ktask_mutex_destroy(m);
}

struct all_calls {
	struct ktask_mutex m;
	struct ktask_mutex_guard a, b;
	bool tried[2];
	int got;
};

static void call_all(void *arg)
{
	struct all_calls *all = arg;

	all->tried[0] = ktask_mutex_trylock(&all->m, &all->a, NULL);
	all->tried[1] = ktask_mutex_trylock(&all->m, &all->b, NULL);
	ktask_mutex_request(&all->m, &all->b, NULL);
	ktask_mutex_unlock(&all->a);
	all->got = ktask_mutex_status(&all->b);
	ktask_mutex_unlock(&all->b);
}

static void mutex_all_calls_in(struct kunit *test)
{
	struct all_calls *all = kunit_kzalloc(test, sizeof(*all), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, all);
	ktask_mutex_init(&all->m);
	kt_call_in(test, test->param_value, call_all, all);
	KUNIT_EXPECT_TRUE(test, all->tried[0]);
	KUNIT_EXPECT_FALSE(test, all->tried[1]);
	KUNIT_EXPECT_EQ(test, all->got, 0);
	KUNIT_EXPECT_FALSE(test, ktask_mutex_is_locked(&all->m));
	ktask_mutex_destroy(&all->m);
}

/* --- Threads -------------------------------------------------------------- */

static int killable_main(void *m)
{
	struct ktask_mutex_guard g;
	int ret;

	allow_signal(SIGKILL);
	ret = ktask_mutex_lock_until(m, &g, NULL, TASK_KILLABLE, KTIME_MAX);
	if (!ret)
		ktask_mutex_unlock(&g);
	return ret;
}

static void mutex_thread_killed(struct kunit *test)
{
	struct ktask_mutex *m = new_mutex(test);
	struct ktask_mutex_guard g;
	struct kt_thread *th;

	ktask_mutex_lock(m, &g, NULL);
	th = kt_thread(test, killable_main, m);
	KT_UNTIL_WAITING(test, &m->sem.queue, 1);
	send_sig(SIGKILL, th->task, 1);
	KUNIT_EXPECT_EQ(test, KT_THREAD_END(test, th), -ERESTARTSYS);
	th = kt_thread(test, killable_main, m);
	KT_UNTIL_WAITING(test, &m->sem.queue, 1);
	ktask_mutex_unlock(&g);
	KUNIT_EXPECT_EQ(test, KT_THREAD_END(test, th), 0);
	ktask_mutex_destroy(m);
}

struct blocking_locker {
	struct ktask_mutex *m;
	struct ktask_mutex_guard g;
};

/* Leaves it locked. */
static long blocking_body(struct ktask *t)
{
	struct blocking_locker *b = ktask_frame(t);

	return ktask_mutex_lock_until(b->m, &b->g, t, TASK_INTERRUPTIBLE,
				      KTIME_MAX);
}

static void mutex_blocking_task(struct kunit *test)
{
	struct ktask_mutex *m = new_mutex(test);
	struct blocking_locker b = { .m = m };
	struct ktask_mutex_guard g;
	struct ktask *t;

	t = kt_own(test, ktask_spawn_blocking(blocking_body,
					      struct blocking_locker,
					      .init = &b));
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_FALSE(test, ktask_mutex_is_locked(m));
	ktask_mutex_lock(m, &g, NULL);
	t = kt_own(test, ktask_spawn_blocking(blocking_body,
					      struct blocking_locker,
					      .init = &b));
	KT_UNTIL_WAITING(test, &m->sem.queue, 1);
	ktask_abort(t);
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
	ktask_mutex_unlock(&g);
	KUNIT_EXPECT_FALSE(test, ktask_mutex_is_locked(m));
	ktask_mutex_destroy(m);
}

/* --- Deadlocks ------------------------------------------------------------ */

#ifdef __KTASK_DEBUG_MUTEX

static DEFINE_SPINLOCK(report_lock); /* guards the next two */
static char last_report[256];
static int reports;

static void note_report(const char *report)
{
	unsigned long flags;

	spin_lock_irqsave(&report_lock, flags);
	strscpy(last_report, report, sizeof(last_report));
	reports++;
	spin_unlock_irqrestore(&report_lock, flags);
}

static void report_no_more(void *unused)
{
	ktask_deadlock_report = NULL;
}

static void expect_reports(struct kunit *test)
{
	reports = 0;
	ktask_deadlock_report = note_report;
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, report_no_more, NULL));
}

static void mutex_relock_by_thread(struct kunit *test)
{
	struct ktask_mutex *m = new_mutex(test);
	struct ktask_mutex_guard g, h;

	expect_reports(test);
	ktask_mutex_lock(m, &g, NULL);
	KUNIT_EXPECT_EQ(test, ktask_mutex_lock(m, &h, NULL), -EDEADLK);
	KUNIT_EXPECT_EQ(test, reports, 1);
	/* Not what a trylock is afraid of. */
	KUNIT_EXPECT_FALSE(test, ktask_mutex_trylock(m, &h, NULL));
	KUNIT_EXPECT_EQ(test, reports, 1);
	ktask_mutex_unlock(&g);
	KUNIT_EXPECT_EQ(test, ktask_mutex_lock(m, &h, NULL), 0);
	ktask_mutex_unlock(&h);
	ktask_mutex_destroy(m);
}

struct relocker {
	struct ktask_mutex *m;
	struct ktask_mutex_guard g, h;
	int status;
};

static ktask_poll_t relocker_body(struct ktask *t)
{
	struct relocker *r = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_MUTEX_LOCK(t, r->m, &r->g);
	KTASK_YIELD(t);
	KTASK_MUTEX_LOCK(t, r->m, &r->h);
	r->status = ktask_mutex_status(&r->h);
	KTASK_RETURN(t, ktask_mutex_status(&r->g));
	KTASK_END(t);
}

static void mutex_relock_by_task(struct kunit *test)
{
	struct ktask_mutex *m = new_mutex(test);
	struct relocker init = { .m = m }, *r;
	struct ktask *t;

	expect_reports(test);
	t = kt_own(test, ktask_spawn(relocker_body, struct relocker,
				     .init = &init, .name = "again"));
	KT_FINISH(test, t);
	r = ktask_frame(t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_EQ(test, r->status, -EDEADLK);
	KUNIT_EXPECT_EQ(test, reports, 1);
	KUNIT_EXPECT_STREQ(test, last_report,
			   "\"again\" waits for a mutex that \"again\" holds");
	KUNIT_EXPECT_FALSE(test, ktask_mutex_is_locked(m));
	ktask_mutex_destroy(m);
}

static ktask_poll_t retry_body(struct ktask *t)
{
	struct relocker *r = ktask_frame(t);

	KTASK_BEGIN(t);
	if (!ktask_mutex_trylock(r->m, &r->g, t))
		KTASK_RETURN(t, -EBUSY);
	KTASK_MUTEX_LOCK(t, r->m, &r->h);
	KTASK_RETURN(t, ktask_mutex_status(&r->h));
	KTASK_END(t);
}

/* What was locked without having waited is known as well. */
static void mutex_relock_after_trylock(struct kunit *test)
{
	struct ktask_mutex *m = new_mutex(test);
	struct relocker init = { .m = m };
	struct ktask *t;

	expect_reports(test);
	t = kt_own(test, ktask_spawn(retry_body, struct relocker,
				     .init = &init, .name = "tried"));
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, -EDEADLK);
	KUNIT_EXPECT_EQ(test, reports, 1);
	KUNIT_EXPECT_STREQ(test, last_report,
			   "\"tried\" waits for a mutex that \"tried\" holds");
	KUNIT_EXPECT_FALSE(test, ktask_mutex_is_locked(m));
	ktask_mutex_destroy(m);
}

/* One of those who lock one mutex after another. */
struct philosopher {
	struct ktask_mutex *first, *second;
	struct ktask_barrier *seated;
	struct ktask_barrier_wait wait;
	struct ktask_mutex_guard left, right;
};

static ktask_poll_t philosopher_body(struct ktask *t)
{
	struct philosopher *p = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_MUTEX_LOCK(t, p->first, &p->left);
	KTASK_BARRIER_WAIT(t, p->seated, &p->wait);
	KTASK_MUTEX_LOCK(t, p->second, &p->right);
	KTASK_RETURN(t, ktask_mutex_status(&p->right));
	KTASK_END(t);
}

/* All take the left one, then all the right one: one is refused, and leaves. */
static void dine(struct kunit *test, int n)
{
	static const char * const names[] = { "Aristotle", "Bacon", "Comte" };
	struct ktask_mutex *m[3];
	struct ktask_barrier *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	struct philosopher p;
	struct ktask *t[3];
	int i, refused = 0;

	KUNIT_ASSERT_NOT_NULL(test, b);
	ktask_barrier_init(b, n);
	for (i = 0; i < n; i++)
		m[i] = new_mutex(test);
	reports = 0;
	for (i = 0; i < n; i++) {
		p = (struct philosopher){ .first = m[i], .seated = b,
					  .second = m[(i + 1) % n] };
		t[i] = kt_own(test, ktask_spawn(philosopher_body,
						struct philosopher, .init = &p,
						.name = names[i]));
	}
	for (i = 0; i < n; i++)
		KT_FINISH(test, t[i]);
	for (i = 0; i < n; i++) {
		if (ktask_result(t[i]) == -EDEADLK)
			refused++;
		else
			KT_EXPECT_RETURNED(test, t[i], 0);
		KUNIT_EXPECT_NOT_NULL(test, strstr(last_report, names[i]));
		ktask_mutex_destroy(m[i]);
	}
	KUNIT_EXPECT_EQ(test, refused, 1);
	KUNIT_EXPECT_EQ(test, reports, 1);
	ktask_barrier_destroy(b);
}

static void mutex_circle(struct kunit *test)
{
	int i;

	expect_reports(test);
	for (i = 0; i < 20; i++) {
		dine(test, 2);
		dine(test, 3);
	}
}

/* Each waits for the next one, who waits for a thread: that is no circle. */
static void mutex_chain_is_no_circle(struct kunit *test)
{
	struct ktask_mutex *m[5];
	struct ktask_barrier *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	struct ktask_mutex_guard g;
	struct philosopher p;
	struct ktask *t[4];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, b);
	expect_reports(test);
	ktask_barrier_init(b, 1);
	for (i = 0; i < ARRAY_SIZE(m); i++)
		m[i] = new_mutex(test);
	ktask_mutex_lock(m[4], &g, NULL);
	for (i = ARRAY_SIZE(t) - 1; i >= 0; i--) {
		p = (struct philosopher){ .first = m[i], .seated = b,
					  .second = m[i + 1] };
		t[i] = kt_own(test, ktask_spawn(philosopher_body,
						struct philosopher,
						.init = &p));
		KT_UNTIL_WAITING(test, &m[i + 1]->sem.queue, 1);
	}
	ktask_mutex_unlock(&g);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], 0);
	}
	KUNIT_EXPECT_EQ(test, reports, 0);
	for (i = 0; i < ARRAY_SIZE(m); i++)
		ktask_mutex_destroy(m[i]);
	ktask_barrier_destroy(b);
}

/* By a thread and a task. */
static void mutex_circle_with_thread(struct kunit *test)
{
	struct ktask_mutex *a = new_mutex(test), *b = new_mutex(test);
	struct ktask_barrier *one = kunit_kzalloc(test, sizeof(*one),
						  GFP_KERNEL);
	struct philosopher p = { .first = a, .second = b, .seated = one };
	struct ktask_mutex_guard g, h;
	struct ktask *t;

	KUNIT_ASSERT_NOT_NULL(test, one);
	expect_reports(test);
	ktask_barrier_init(one, 1);
	ktask_mutex_lock(b, &g, NULL);
	t = kt_own(test, ktask_spawn(philosopher_body, struct philosopher,
				     .init = &p, .name = "task"));
	KT_UNTIL_WAITING(test, &b->sem.queue, 1);
	KUNIT_EXPECT_EQ(test, ktask_mutex_lock(a, &h, NULL), -EDEADLK);
	KUNIT_EXPECT_EQ(test, reports, 1);
	KUNIT_EXPECT_NOT_NULL(test, strstr(last_report, "\"task\" holds"));
	KUNIT_EXPECT_NOT_NULL(test, strstr(last_report, "\"task\" waits"));
	KUNIT_EXPECT_NOT_NULL(test, strstr(last_report, current->comm));
	ktask_mutex_unlock(&g);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_EQ(test, ktask_mutex_lock(a, &h, NULL), 0);
	ktask_mutex_unlock(&h);
	ktask_mutex_destroy(a);
	ktask_mutex_destroy(b);
	ktask_barrier_destroy(one);
}

#endif

/* --- Stress --------------------------------------------------------------- */

/* What they all change, each in two steps. */
struct stress {
	struct ktask_mutex m[2];
	unsigned long count[2];
	atomic_t held[2];
	atomic_t wrong;
};

struct stress_locker {
	struct stress *s;
	unsigned int i, k;
	unsigned long seen;
	struct ktask_mutex_guard g, h;
};

static void stress_begin(struct stress *s, int k, unsigned long *seen)
{
	if (atomic_inc_return(&s->held[k]) != 1)
		atomic_inc(&s->wrong);
	*seen = s->count[k];
}

static void stress_end(struct stress *s, int k, unsigned long seen)
{
	s->count[k] = seen + 1;
	atomic_dec(&s->held[k]);
}

/* Both in the same order, so nobody may be refused. */
static ktask_poll_t stress_body(struct ktask *t)
{
	struct stress_locker *l = ktask_frame(t);
	struct stress *s = l->s;

	KTASK_BEGIN(t);
	for (l->i = 0; l->i < 150; l->i++) {
		KTASK_MUTEX_LOCK(t, &s->m[0], &l->g);
		stress_begin(s, 0, &l->seen);
		if (l->i % 2)
			KTASK_YIELD(t);
		else if (l->i % 3)
			KTASK_SLEEP(t, kt_us(l->i % 20));
		stress_end(s, 0, l->seen);
		KTASK_MUTEX_LOCK(t, &s->m[1], &l->h);
		stress_begin(s, 1, &l->seen);
		ktask_mutex_unlock(&l->g);
		KTASK_YIELD(t);
		stress_end(s, 1, l->seen);
		ktask_mutex_unlock(&l->h);
	}
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static int stress_thread(void *arg)
{
	struct stress *s = arg;
	struct ktask_mutex_guard g;
	unsigned long seen;
	int i;

	for (i = 0; i < 300; i++) {
		if (ktask_mutex_lock(&s->m[i % 2], &g, NULL))
			return -EIO;
		stress_begin(s, i % 2, &seen);
		cond_resched();
		stress_end(s, i % 2, seen);
		ktask_mutex_unlock(&g);
	}
	return 0;
}

static void mutex_stress(struct kunit *test)
{
	struct stress *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct stress_locker l = { .s = s };
	struct locker victim;
	struct kt_thread *th[2];
	struct ktask *t[6], *v;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	ktask_mutex_init(&s->m[0]);
	ktask_mutex_init(&s->m[1]);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = kt_own(test, ktask_spawn(stress_body,
						struct stress_locker,
						.init = &l));
	for (i = 0; i < ARRAY_SIZE(th); i++)
		th[i] = kt_thread(test, stress_thread, s);
	for (i = 0; i < 200; i++) {
		victim = (struct locker){ .m = &s->m[i % 2],
					  .timeout = KTIME_MAX };
		v = ktask_spawn(locker_body, struct locker, .init = &victim);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, v);
		usleep_range(1, 100);
		ktask_abort(v);
		KUNIT_ASSERT_TRUE(test, kt_ended(v));
		ktask_put(v);
	}
	for (i = 0; i < ARRAY_SIZE(th); i++)
		KUNIT_EXPECT_EQ(test, KT_THREAD_END(test, th[i]), 0);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		KT_FINISH(test, t[i]);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->wrong), 0);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, s->count[i], ARRAY_SIZE(t) * 150 +
				ARRAY_SIZE(th) * 150);
		ktask_mutex_destroy(&s->m[i]);
	}
}

static struct kunit_case mutex_cases[] = {
	KUNIT_CASE(mutex_lock_unlock),
	KUNIT_CASE(mutex_defined),
	KUNIT_CASE(mutex_held_across_await),
	KUNIT_CASE(mutex_abort_of_holder),
	KUNIT_CASE(mutex_abort_while_waiting),
	KUNIT_CASE(mutex_abort_when_granted),
	KUNIT_CASE(mutex_abort_races_unlock),
	KUNIT_CASE(mutex_timeout),
	KUNIT_CASE(mutex_timeout_races_unlock),
	KUNIT_CASE_PARAM(mutex_unlock_in, context_gen_params),
	KUNIT_CASE_PARAM(mutex_all_calls_in, context_gen_params),
	KUNIT_CASE(mutex_thread_killed),
	KUNIT_CASE(mutex_blocking_task),
#ifdef __KTASK_DEBUG_MUTEX
	KUNIT_CASE(mutex_relock_by_thread),
	KUNIT_CASE(mutex_relock_by_task),
	KUNIT_CASE(mutex_relock_after_trylock),
	KUNIT_CASE(mutex_circle),
	KUNIT_CASE(mutex_chain_is_no_circle),
	KUNIT_CASE(mutex_circle_with_thread),
#endif
	KUNIT_CASE(mutex_stress),
	{}
};

struct kunit_suite ktask_mutex_suite = {
	.name = "ktask_mutex",
	.test_cases = mutex_cases,
};
