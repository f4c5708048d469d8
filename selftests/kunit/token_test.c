// SPDX-License-Identifier: GPL-2.0
/*
 * Cancellation tokens: a tree of them, of which any part is cancelled by whom
 * and when it likes.
 */
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "util.h"

static void put_token(void *token)
{
	ktask_token_put(token);
}

static struct ktask_token *new_token(struct kunit *test,
				     struct ktask_token *parent)
{
	struct ktask_token *token = ktask_token_create(parent, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, token);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, put_token, token));
	return token;
}

static void drop_token(struct kunit *test, struct ktask_token *token)
{
	kunit_release_action(test, put_token, token);
}

static struct ktask_future *new_future(struct kunit *test)
{
	struct ktask_future *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	return f;
}

/* --- The tree ------------------------------------------------------------- */

static void token_cancelled_once(struct kunit *test)
{
	struct ktask_token *token = new_token(test, NULL);
	struct ktask_future *f = ktask_token_future(token);

	KUNIT_EXPECT_FALSE(test, ktask_token_cancelled(token));
	KUNIT_EXPECT_FALSE(test, ktask_future_done(f));
	ktask_token_cancel(token);
	KUNIT_EXPECT_TRUE(test, ktask_token_cancelled(token));
	KUNIT_EXPECT_TRUE(test, ktask_future_done(f));
	KUNIT_EXPECT_EQ(test, ktask_future_value(f), (long)-ECANCELED);
	ktask_token_cancel(token);
	KUNIT_EXPECT_TRUE(test, ktask_token_cancelled(token));
	ktask_token_put(NULL);
}

/*
 *	    0
 *	  1   2
 *	 3 4   5
 *	 6
 */
static void token_tree(struct kunit *test)
{
	static const int parent[] = { -1, 0, 0, 1, 1, 2, 3 };
	/* Cancelling the one, in bits, cancels these. */
	static const unsigned int below[] = {
		0x7f, 0x5a, 0x24, 0x48, 0x10, 0x20, 0x40,
	};
	struct ktask_token *token[ARRAY_SIZE(parent)];
	int i, k;

	for (i = 0; i < ARRAY_SIZE(parent); i++) {
		for (k = 0; k < ARRAY_SIZE(parent); k++)
			token[k] = new_token(test, parent[k] < 0 ? NULL :
						   token[parent[k]]);
		ktask_token_cancel(token[i]);
		for (k = 0; k < ARRAY_SIZE(parent); k++)
			KUNIT_EXPECT_EQ_MSG(test,
					    ktask_token_cancelled(token[k]),
					    !!(below[i] & BIT(k)),
					    "%d after %d", k, i);
		/* The rest follows, over what is cancelled. */
		ktask_token_cancel(token[0]);
		for (k = 0; k < ARRAY_SIZE(parent); k++)
			KUNIT_EXPECT_TRUE(test, ktask_token_cancelled(token[k]));
	}
}

static void token_born_cancelled(struct kunit *test)
{
	struct ktask_token *parent = new_token(test, NULL);
	struct ktask_token *child, *grandchild;

	ktask_token_cancel(parent);
	child = new_token(test, parent);
	KUNIT_EXPECT_TRUE(test, ktask_token_cancelled(child));
	drop_token(test, parent);
	grandchild = new_token(test, child);
	KUNIT_EXPECT_TRUE(test, ktask_token_cancelled(grandchild));
	ktask_token_cancel(grandchild);
}

/* To put a token cancels nothing, and leaves nothing out. */
static void token_put_parent(struct kunit *test)
{
	struct ktask_token *root = new_token(test, NULL);
	struct ktask_token *middle = new_token(test, root);
	struct ktask_token *leaf = new_token(test, middle);
	struct ktask_token *other = new_token(test, root);

	drop_token(test, middle);
	KUNIT_EXPECT_FALSE(test, ktask_token_cancelled(leaf));
	drop_token(test, other);
	ktask_token_cancel(root);
	KUNIT_EXPECT_TRUE(test, ktask_token_cancelled(leaf));

	/* The root as well, of which only the leaf is left. */
	root = new_token(test, NULL);
	middle = new_token(test, root);
	leaf = new_token(test, middle);
	drop_token(test, root);
	drop_token(test, middle);
	KUNIT_EXPECT_FALSE(test, ktask_token_cancelled(leaf));
	ktask_token_get(leaf);
	drop_token(test, leaf);
	ktask_token_cancel(leaf);
	KUNIT_EXPECT_TRUE(test, ktask_token_cancelled(leaf));
	ktask_token_put(leaf);
}

#define MANY	10000

struct family {
	struct ktask_token *root;
	struct ktask_token *last;
	unsigned int n;
};

static void family_cancel(void *arg)
{
	struct family *family = arg;

	ktask_token_cancel(family->root);
}

static void family_put(void *arg)
{
	struct family *family = arg;

	ktask_token_put(family->last);
}

/* A chain of which only the ends are held; nobody recurses. */
static void token_deep(struct kunit *test)
{
	static const struct kt_context hardirq = { "hardirq", KT_HARDIRQ };
	struct family *family;
	struct ktask_token *next;
	int i;

	family = kunit_kzalloc(test, sizeof(*family), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, family);
	for (i = 0; i < 4; i++) {
		bool cancel = i & 1;

		family->root = new_token(test, NULL);
		family->last = ktask_token_get(family->root);
		for (family->n = 0; family->n < MANY; family->n++) {
			next = ktask_token_create(family->last, GFP_KERNEL);
			if (IS_ERR(next))
				break;
			ktask_token_put(family->last);
			family->last = next;
		}
		if (cancel && i & 2)
			kt_call_in(test, &hardirq, family_cancel, family);
		else if (cancel)
			ktask_token_cancel(family->root);
		KUNIT_EXPECT_EQ(test, ktask_token_cancelled(family->last),
				cancel);
		drop_token(test, family->root);
		if (i & 2)
			kt_call_in(test, &hardirq, family_put, family);
		else
			ktask_token_put(family->last);
		KUNIT_EXPECT_EQ(test, family->n, MANY);
	}
}

static void token_wide(struct kunit *test)
{
	struct ktask_token *root = new_token(test, NULL);
	struct ktask_token **child;
	unsigned int i, n, cancelled = 0;

	child = kunit_kcalloc(test, MANY, sizeof(*child), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, child);
	for (n = 0; n < MANY; n++) {
		child[n] = ktask_token_create(root, GFP_KERNEL);
		if (IS_ERR(child[n]))
			break;
	}
	/* Some have gone before, some are cancelled before. */
	for (i = 0; i < n; i += 3) {
		ktask_token_cancel(child[i]);
		if (i & 1)
			ktask_token_put(child[i]);
	}
	ktask_token_cancel(root);
	for (i = 0; i < n; i++) {
		if (i % 3 == 0 && i & 1)
			continue;
		cancelled += !ktask_token_cancelled(child[i]);
		ktask_token_put(child[i]);
	}
	KUNIT_EXPECT_EQ(test, n, MANY);
	KUNIT_EXPECT_EQ(test, cancelled, 0);
}

/* --- Who is told ---------------------------------------------------------- */

struct listener {
	struct ktask_waiter waiter;
	struct ktask_token *token;
	struct ktask_token *born;
	atomic_t calls;
	unsigned int *turn;
	unsigned int my_turn;
};

static void listener_notify(struct ktask_waiter *waiter, long value)
{
	struct listener *l = container_of(waiter, struct listener, waiter);

	if (l->turn)
		l->my_turn = ++*l->turn;
	atomic_inc_return(&l->calls);
}

/* Everything that can be done with a token. */
static void busy_notify(struct ktask_waiter *waiter, long value)
{
	struct listener *l = container_of(waiter, struct listener, waiter);

	l->born = ktask_token_create(l->token, GFP_ATOMIC);
	ktask_token_cancel(l->token);
	ktask_token_put(l->token);
	atomic_inc_return(&l->calls);
}

static void token_tells_all(struct kunit *test)
{
	struct ktask_token *root = new_token(test, NULL);
	struct ktask_token *child = new_token(test, root);
	struct listener *l;
	unsigned int turn = 0;
	int i;

	l = kunit_kcalloc(test, 200, sizeof(*l), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, l);
	for (i = 0; i < 200; i++) {
		l[i].turn = &turn;
		KUNIT_ASSERT_TRUE(test,
				  ktask_future_add(ktask_token_future(i & 1 ?
							child : root),
						   &l[i].waiter,
						   listener_notify));
	}
	KUNIT_EXPECT_TRUE(test,
			  ktask_future_remove(ktask_token_future(child),
					      &l[101].waiter));
	ktask_token_cancel(root);
	for (i = 0; i < 200; i++) {
		KUNIT_EXPECT_EQ(test, atomic_read(&l[i].calls), i != 101);
		/* The parent's first. */
		if (!(i & 1))
			KUNIT_EXPECT_LE(test, l[i].my_turn, 100);
	}
}

/* No lock is held, and the tokens may go while they are cancelled. */
static void token_callback_may_do_all(struct kunit *test)
{
	struct ktask_token *root, *child, *grandchild;
	struct listener *l;
	int i;

	l = kunit_kcalloc(test, 3, sizeof(*l), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, l);
	root = new_token(test, NULL);
	child = ktask_token_create(root, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, child);
	grandchild = ktask_token_create(child, GFP_KERNEL);
	if (IS_ERR(grandchild))
		ktask_token_put(child);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, grandchild);
	/* Each callback puts a reference: to the last, but for the root's. */
	l[0].token = ktask_token_get(root);
	l[1].token = child;
	l[2].token = grandchild;
	for (i = 0; i < 3; i++)
		ktask_future_add(ktask_token_future(l[i].token), &l[i].waiter,
				 busy_notify);
	ktask_token_cancel(root);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, atomic_read(&l[i].calls), 1);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, l[i].born);
		KUNIT_EXPECT_TRUE(test, ktask_token_cancelled(l[i].born));
		ktask_token_put(l[i].born);
	}
}

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static void use_token(void *arg)
{
	struct family *family = arg;

	family->last = ktask_token_create(family->root, GFP_ATOMIC);
	if (IS_ERR(family->last))
		return;
	ktask_token_put(ktask_token_get(family->last));
	ktask_token_cancel(family->root);
	family->n = ktask_token_cancelled(family->last);
	ktask_token_put(family->last);
	ktask_token_put(family->root);
}

static void token_used_in(struct kunit *test)
{
	struct family *family;

	family = kunit_kzalloc(test, sizeof(*family), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, family);
	family->root = ktask_token_create(NULL, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, family->root);
	kt_call_in(test, test->param_value, use_token, family);
	KUNIT_EXPECT_EQ(test, family->n, 1);
}

/* --- Ends of tasks and scopes --------------------------------------------- */

struct guarded {
	struct ktask_defer d;
	struct ktask_token *token;
	struct ktask_future *f;
	bool undefer;
};

static ktask_poll_t guarded_body(struct ktask *t)
{
	struct guarded *g = ktask_frame(t);

	KTASK_BEGIN(t);
	ktask_token_defer(t, &g->d, g->token);
	KTASK_AWAIT(t, g->f);
	if (g->undefer) {
		ktask_undefer(t, &g->d);
		ktask_token_put(g->token);
	}
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static void token_defer(struct kunit *test)
{
	enum { RETURNS, ABORTED, UNDEFERS, NR };
	struct ktask_token *token, *child;
	struct guarded init = {};
	struct ktask *t;
	int i;

	for (i = 0; i < NR; i++) {
		token = new_token(test, NULL);
		child = new_token(test, token);
		init.token = ktask_token_get(token);
		init.f = new_future(test);
		init.undefer = i == UNDEFERS;
		t = ktask_spawn(guarded_body, struct guarded, .init = &init);
		if (IS_ERR(t))
			ktask_token_put(token);
		kt_own(test, t);
		/* Suspended, so that it has deferred. */
		KT_EVENTUALLY(test, READ_ONCE(init.f->head.first));
		KUNIT_EXPECT_FALSE(test, ktask_token_cancelled(token));
		if (i == ABORTED)
			ktask_abort(t);
		else
			ktask_future_complete(init.f, 0);
		KT_FINISH(test, t);
		KUNIT_EXPECT_EQ(test, ktask_token_cancelled(token),
				i != UNDEFERS);
		KUNIT_EXPECT_EQ(test, ktask_token_cancelled(child),
				i != UNDEFERS);
	}
}

static void in_scope(struct ktask_token *token, bool cancel)
{
	if (cancel) {
		struct ktask_token *own __free(ktask_token_cancel) =
			ktask_token_get(token);

		ktask_token_cancelled(own);
	} else {
		struct ktask_token *own __free(ktask_token_put) =
			ktask_token_get(token);

		ktask_token_cancelled(own);
	}
}

static void token_scope(struct kunit *test)
{
	struct ktask_token *token = new_token(test, NULL);

	in_scope(token, false);
	KUNIT_EXPECT_FALSE(test, ktask_token_cancelled(token));
	in_scope(token, true);
	KUNIT_EXPECT_TRUE(test, ktask_token_cancelled(token));
}

/* --- Something or a token ------------------------------------------------- */

struct worker {
	struct ktask_or_cancelled oc;
	struct ktask_token *token;
	struct ktask_arm arm;
	unsigned int resumes;
};

static ktask_poll_t worker_body(struct ktask *t)
{
	struct worker *w = ktask_frame(t);

	w->resumes++;
	KTASK_BEGIN(t);
	KTASK_AWAIT_OR_CANCELLED(t, &w->oc, w->arm, w->token);
	KTASK_RETURN(t, ktask_was_cancelled(&w->oc));
	KTASK_END(t);
}

static struct ktask *spawn_worker(struct kunit *test, struct ktask_arm arm,
				  struct ktask_token *token)
{
	struct worker init = { .arm = arm, .token = token };

	return kt_own(test, ktask_spawn(worker_body, struct worker,
					.init = &init));
}

static ktask_poll_t await_body(struct ktask *t)
{
	struct ktask_future **f = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_AWAIT(t, *f);
	KTASK_END(t);
}

static void token_await_or_cancelled(struct kunit *test)
{
	struct ktask_token *token = new_token(test, NULL);
	struct ktask_token *child = new_token(test, token);
	struct ktask_future *f = new_future(test), *g = new_future(test);
	struct ktask *other = kt_own(test, ktask_spawn(await_body,
						       struct ktask_future *,
						       .init = &g));
	struct ktask *t[3], *late;
	struct worker *w;
	int i;

	t[0] = spawn_worker(test, ktask_arm_future(f), child);
	t[1] = spawn_worker(test, ktask_arm_task(other), child);
	t[2] = spawn_worker(test, ktask_arm_none(), child);
	ktask_future_complete(f, 0);
	KT_FINISH(test, t[0]);
	KT_EXPECT_RETURNED(test, t[0], 0);
	KUNIT_EXPECT_FALSE(test, ktask_done(t[1]));
	KUNIT_EXPECT_FALSE(test, ktask_done(t[2]));
	for (i = 1; i < 3; i++) {
		w = ktask_frame(t[i]);
		KT_EVENTUALLY(test, READ_ONCE(w->oc.select.armed));
	}
	ktask_token_cancel(token);
	for (i = 1; i < 3; i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], 1);
	}
	KT_EXPECT_CANCELLED(test, other);
	/* Cancelled already: it wins over what is there, and at once. */
	late = spawn_worker(test, ktask_arm_future(f), child);
	KT_FINISH(test, late);
	KT_EXPECT_RETURNED(test, late, 1);
	w = ktask_frame(late);
	KUNIT_EXPECT_EQ(test, w->resumes, 1);
}

struct waiting {
	struct ktask_arm arm;
	struct ktask_token *token;
	struct completion ready;
};

static int waiting_main(void *arg)
{
	struct waiting *w = arg;

	allow_signal(SIGUSR1);
	complete(&w->ready);
	return ktask_wait_or_cancelled(w->arm, w->token, TASK_INTERRUPTIBLE,
				       KTIME_MAX);
}

static void token_threads(struct kunit *test)
{
	enum { CANCELLED, INTERRUPTED, COMPLETED, NR };
	static const int expected[] = { -ECANCELED, -ERESTARTSYS, 0 };
	struct ktask_token *token;
	struct kt_thread *th[2];
	struct ktask_future *f;
	struct waiting *w;
	int i, k;

	w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, w);
	for (i = 0; i < NR; i++) {
		f = new_future(test);
		token = new_token(test, NULL);
		w->arm = ktask_arm_future(f);
		w->token = token;
		for (k = 0; k < ARRAY_SIZE(th); k++) {
			init_completion(&w->ready);
			th[k] = kt_thread(test, waiting_main, w);
			KT_COMPLETED(test, &w->ready);
		}
		usleep_range(500, 2000);
		if (i == CANCELLED)
			ktask_token_cancel(token);
		else if (i == COMPLETED)
			ktask_future_complete(f, 0);
		for (k = 0; k < ARRAY_SIZE(th); k++) {
			if (i == INTERRUPTED)
				send_sig(SIGUSR1, th[k]->task, 1);
			KUNIT_EXPECT_EQ(test, KT_THREAD_END(test, th[k]),
					expected[i]);
		}
	}
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_wait_or_cancelled(ktask_arm_none(),
						new_token(test, NULL),
						TASK_KILLABLE,
						ktime_add_ms(ktime_get(), 2)));
}

/* --- Races ---------------------------------------------------------------- */

#define SLOTS	16
#define THREADS	4

/* Tokens that some threads add to, cancel and take away at random. */
struct forest {
	struct ktask_token *root;
	spinlock_t lock; /* guards slot */
	struct ktask_token *slot[SLOTS];
	unsigned int wrong;
};

/* Put @token, with its reference, in a random place; return who was there. */
static struct ktask_token *forest_swap(struct forest *forest,
				       struct ktask_token *token)
{
	unsigned int i = get_random_u32_below(SLOTS);

	spin_lock(&forest->lock);
	swap(forest->slot[i], token);
	spin_unlock(&forest->lock);
	return token;
}

static struct ktask_token *forest_get(struct forest *forest)
{
	unsigned int i = get_random_u32_below(SLOTS);
	struct ktask_token *token;

	spin_lock(&forest->lock);
	token = ktask_token_get(forest->slot[i] ?: forest->root);
	spin_unlock(&forest->lock);
	return token;
}

static int forester(void *arg)
{
	struct forest *forest = arg;
	struct ktask_token *a, *b;
	int i;

	for (i = 0; i < 3000; i++) {
		a = forest_get(forest);
		if (i % 4 == 0 && a != forest->root) {
			ktask_token_cancel(a);
			if (!ktask_token_cancelled(a))
				WRITE_ONCE(forest->wrong, 1);
		}
		b = ktask_token_create(a, GFP_KERNEL);
		ktask_token_put(a);
		if (IS_ERR(b))
			continue;
		a = forest_swap(forest, b);
		if (i % 8 == 0 && a)
			ktask_token_cancel(a);
		ktask_token_put(a);
		cond_resched();
	}
	return 0;
}

static void token_race_forest(struct kunit *test)
{
	struct forest *forest;
	struct kt_thread *th[THREADS];
	unsigned int round, i, not_cancelled = 0;

	forest = kunit_kzalloc(test, sizeof(*forest), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, forest);
	spin_lock_init(&forest->lock);
	for (round = 0; round < 2; round++) {
		forest->root = new_token(test, NULL);
		for (i = 0; i < THREADS; i++)
			th[i] = kt_thread(test, forester, forest);
		/* In the second, the root is cancelled while they are at it. */
		if (round == 1) {
			usleep_range(5000, 20000);
			ktask_token_cancel(forest->root);
		}
		for (i = 0; i < THREADS; i++)
			KUNIT_EXPECT_EQ(test, 0, KT_THREAD_END(test, th[i]));
		ktask_token_cancel(forest->root);
		for (i = 0; i < SLOTS; i++) {
			if (!forest->slot[i])
				continue;
			if (!ktask_token_cancelled(forest->slot[i]))
				not_cancelled++;
			ktask_token_put(forest->slot[i]);
			forest->slot[i] = NULL;
		}
	}
	KUNIT_EXPECT_EQ(test, forest->wrong, 0);
	KUNIT_EXPECT_EQ(test, not_cancelled, 0);
}

static void cancel_soon(void *token)
{
	kt_dither(100);
	ktask_token_cancel(token);
}

/* A cancel against an abort, an end and a put of what waits for the token. */
static void token_race_workers(struct kunit *test)
{
	struct kt_rival *rival = kt_rival(test);
	unsigned int stopped = 0, cancelled = 0, i, k;
	struct ktask_token *root, *child;
	struct ktask *t[4];
	struct worker init = {};

	for (i = 0; i < 200; i++) {
		root = new_token(test, NULL);
		child = new_token(test, root);
		for (k = 0; k < ARRAY_SIZE(t); k++) {
			init.token = k & 1 ? root : child;
			init.arm = ktask_arm_timeout(k & 2 ? kt_us(i) :
							KTIME_MAX);
			t[k] = kt_own(test, ktask_spawn(worker_body,
							struct worker,
							.init = &init));
		}
		kt_rival_go(rival, cancel_soon, root);
		kt_dither(100);
		ktask_abort(t[i % 4]);
		for (k = 0; k < ARRAY_SIZE(t); k++) {
			KT_FINISH(test, t[k]);
			cancelled += ktask_outcome(t[k]) == KTASK_CANCELLED;
			stopped += ktask_result(t[k]) == 1;
		}
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		KUNIT_EXPECT_TRUE(test, ktask_token_cancelled(child));
	}
	kunit_info(test, "stopped %u, cancelled %u\n", stopped, cancelled);
}

static struct kunit_case token_cases[] = {
	KUNIT_CASE(token_cancelled_once),
	KUNIT_CASE(token_tree),
	KUNIT_CASE(token_born_cancelled),
	KUNIT_CASE(token_put_parent),
	KUNIT_CASE_SLOW(token_deep),
	KUNIT_CASE(token_wide),
	KUNIT_CASE(token_tells_all),
	KUNIT_CASE(token_callback_may_do_all),
	KUNIT_CASE_PARAM(token_used_in, context_gen_params),
	KUNIT_CASE(token_defer),
	KUNIT_CASE(token_scope),
	KUNIT_CASE(token_await_or_cancelled),
	KUNIT_CASE(token_threads),
	KUNIT_CASE(token_race_forest),
	KUNIT_CASE(token_race_workers),
	{}
};

struct kunit_suite ktask_token_suite = {
	.name = "ktask_token",
	.test_cases = token_cases,
};
