// SPDX-License-Identifier: GPL-2.0
/*
 * Spawning: frames, names, references, contexts, memory.
 */
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "util.h"

static void spawn_result(struct kunit *test)
{
	static const long results[] = { 0, 1, -1, -EIO, LONG_MAX, LONG_MIN };
	struct ktask *t;
	int i;

	for (i = 0; i < ARRAY_SIZE(results); i++) {
		t = kt_own(test, ktask_spawn(kt_return_body, long,
					     .init = &results[i]));
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, results[i]);
	}
}

static ktask_poll_t fall_through_body(struct ktask *t)
{
	KTASK_BEGIN(t);
	KTASK_END(t);
}

static void spawn_end_is_zero(struct kunit *test)
{
	struct ktask *t = kt_own(test, ktask_spawn(fall_through_body, void));

	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
}

/* --- Frames --------------------------------------------------------------- */

struct big_frame {
	u8 bytes[64 * 1024];
};

/* Returns how many bytes of the frame are not zero, and sets them all. */
static ktask_poll_t count_body(struct ktask *t)
{
	struct big_frame *f = ktask_frame(t);
	long n = 0;
	size_t i;

	KTASK_BEGIN(t);
	for (i = 0; i < sizeof(f->bytes); i++)
		n += !!f->bytes[i];
	memset(f->bytes, 0xff, sizeof(f->bytes));
	KTASK_RETURN(t, n);
	KTASK_END(t);
}

static void spawn_frame_is_zero(struct kunit *test)
{
	struct big_frame *f;
	struct ktask *t;
	int i;

	/* Again and again in the memory that the last one wrote to. */
	for (i = 0; i < 10; i++) {
		t = kt_own(test, ktask_spawn(count_body, struct big_frame));
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, 0);
		/* The frame stays readable. */
		f = ktask_frame(t);
		KUNIT_EXPECT_EQ(test, f->bytes[sizeof(f->bytes) - 1], 0xff);
	}
}

static void spawn_frame_is_a_copy(struct kunit *test)
{
	struct big_frame *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	struct ktask *t;

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->bytes[0] = 1;
	f->bytes[5000] = 1;
	f->bytes[sizeof(f->bytes) - 1] = 1;
	t = kt_own(test, ktask_spawn(count_body, struct big_frame, .init = f));
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 3);
	KUNIT_EXPECT_EQ(test, f->bytes[0], 1);
}

static void spawn_frame_is_aligned(struct kunit *test)
{
	struct ktask *t = kt_own(test, ktask_spawn(fall_through_body, u64));

	KUNIT_EXPECT_PTR_EQ(test, PTR_ALIGN(ktask_frame(t), 8), ktask_frame(t));
	KT_FINISH(test, t);
}

static long thirteen_body(struct ktask *t)
{
	return 13;
}

static void spawn_without_memory(struct kunit *test)
{
	/* The type of a frame that no allocator can give. */
	typedef u8 huge_frame[1UL << 46];
	struct ktask *t = ktask_new(fall_through_body, huge_frame,
				    .gfp = GFP_KERNEL | __GFP_NOWARN);

	KUNIT_EXPECT_EQ(test, PTR_ERR(t), -ENOMEM);
	t = ktask_spawn(fall_through_body, huge_frame,
			.gfp = GFP_KERNEL | __GFP_NOWARN);
	KUNIT_EXPECT_EQ(test, PTR_ERR(t), -ENOMEM);
	t = ktask_spawn_blocking(thirteen_body, huge_frame,
				 .gfp = GFP_KERNEL | __GFP_NOWARN);
	KUNIT_EXPECT_EQ(test, PTR_ERR(t), -ENOMEM);
}

static void spawn_nothing(struct kunit *test)
{
	KUNIT_EXPECT_PTR_EQ(test, ktask_spawn(NULL, void), ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, ktask_new_blocking(NULL, void),
			    ERR_PTR(-EINVAL));
}

/* --- Names ---------------------------------------------------------------- */

static void spawn_name(struct kunit *test)
{
	struct ktask *t = ktask_new(fall_through_body, void);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	KUNIT_EXPECT_STREQ(test, ktask_name(t), "fall_through_body");
	ktask_put(t);

	t = ktask_new(fall_through_body, void, .name = "faller");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	KUNIT_EXPECT_STREQ(test, ktask_name(t), "faller");
	ktask_put(t);
}

/* --- Made now, started later, or never ------------------------------------ */

static void spawn_later(struct kunit *test)
{
	struct ktask *t = ktask_new(kt_return_body, long);
	long *frame;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	frame = ktask_frame(t);
	KUNIT_EXPECT_EQ(test, *frame, 0L);
	*frame = 12;
	KUNIT_EXPECT_FALSE(test, ktask_done(t));
	KUNIT_EXPECT_EQ(test, 0, ktask_start(t));
	kt_own(test, t);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 12);
}

static long never_body(struct ktask *t)
{
	return -EIO;
}

/* kmemleak tells if they are not freed. */
static void spawn_never(struct kunit *test)
{
	struct ktask *t = ktask_new(kt_return_body, struct big_frame);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	ktask_put(t);
	t = ktask_new_blocking(never_body, struct big_frame);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	ktask_put(t);
	ktask_put(NULL);
}

/* A task in storage of its owner's. */
struct embedded {
	struct ktask task;
	long result;
	atomic_t released;
};

static void embedded_release(struct ktask *t)
{
	struct embedded *e = container_of(t, struct embedded, task);

	atomic_inc(&e->released);
}

static void spawn_in_own_storage(struct kunit *test)
{
	struct embedded *e = kunit_kzalloc(test, sizeof(*e), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, e);
	KUNIT_ASSERT_PTR_EQ(test, ktask_frame(&e->task), (void *)&e->result);
	/* What is free again can be used again. */
	for (i = 1; i <= 3; i++) {
		e->result = i;
		ktask_init(&e->task, kt_return_body, long,
			   .release = embedded_release);
		KUNIT_EXPECT_EQ(test, 0, ktask_start(&e->task));
		KUNIT_ASSERT_TRUE(test, kt_ended(&e->task));
		KT_EXPECT_RETURNED(test, &e->task, i);
		/* Our reference is the last, or the one before it. */
		KUNIT_EXPECT_EQ(test, atomic_read(&e->released), i - 1);
		ktask_put(&e->task);
		KT_EVENTUALLY(test, atomic_read(&e->released) == i);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&e->released), 3);
}

static void spawn_own_storage_never(struct kunit *test)
{
	struct embedded *e = kunit_kzalloc(test, sizeof(*e), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, e);
	ktask_init(&e->task, kt_return_body, long, .release = embedded_release);
	KUNIT_EXPECT_EQ(test, atomic_read(&e->released), 0);
	ktask_put(&e->task);
	KUNIT_EXPECT_EQ(test, atomic_read(&e->released), 1);

	ktask_init_blocking(&e->task, never_body, long,
			    .release = embedded_release);
	ktask_put(&e->task);
	KUNIT_EXPECT_EQ(test, atomic_read(&e->released), 2);
}

/* A task whose last reference is put by its runtime. */
static void spawn_own_storage_detached(struct kunit *test)
{
	struct embedded *e = kunit_kzalloc(test, sizeof(*e), GFP_KERNEL);
	struct ktask_runtime *rt = kt_runtime(test);
	struct kt_plug *plug;

	KUNIT_ASSERT_NOT_NULL(test, e);
	plug = kt_plug(test);
	ktask_init(&e->task, kt_return_body, long, .runtime = rt,
		   .release = embedded_release, .place = KT_BEHIND(plug));
	KUNIT_EXPECT_EQ(test, 0, ktask_start(&e->task));
	ktask_put(&e->task);
	KUNIT_EXPECT_EQ(test, atomic_read(&e->released), 0);
	kt_unplug(plug);
	KT_EVENTUALLY(test, atomic_read(&e->released));
	kt_destroy(test, rt);
	KUNIT_EXPECT_EQ(test, atomic_read(&e->released), 1);
}

/* Without .release nobody may free it: KASAN tells if somebody does. */
static void spawn_own_storage_unreleased(struct kunit *test)
{
	struct embedded *e = kunit_kzalloc(test, sizeof(*e), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, e);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			ktask_init(&e->task, kt_return_body, long));
	KUNIT_EXPECT_EQ(test, -EINVAL, ktask_start(&e->task));
	ktask_put(&e->task);

	KUNIT_EXPECT_EQ(test, -EINVAL,
			ktask_init_blocking(&e->task, never_body, long));
	KUNIT_EXPECT_EQ(test, -EINVAL, ktask_start(&e->task));
	/* What cannot be started can be aborted and put like any other. */
	ktask_abort(&e->task);
	KUNIT_EXPECT_EQ(test, -EAGAIN, ktask_try_join(&e->task, NULL));
	ktask_put(&e->task);
}

/* Caught, and nothing of it is known to anybody afterwards. */
static void spawn_on_stack(struct kunit *test)
{
	struct embedded e = {};

	KUNIT_EXPECT_EQ(test, -EINVAL,
			ktask_init(&e.task, kt_return_body, long,
				   .release = embedded_release));
	KUNIT_EXPECT_EQ(test, -EINVAL, ktask_start(&e.task));
	ktask_put(&e.task);
	KUNIT_EXPECT_EQ(test, atomic_read(&e.released), 1);

	KUNIT_EXPECT_EQ(test, -EINVAL,
			ktask_init_blocking(&e.task, never_body, long,
					    .release = embedded_release));
	KUNIT_EXPECT_EQ(test, -EINVAL, ktask_start(&e.task));
	ktask_put(&e.task);
	KUNIT_EXPECT_EQ(test, atomic_read(&e.released), 2);
}

/* --- References ----------------------------------------------------------- */

struct teller {
	struct completion *done;
};

static ktask_poll_t tell_body(struct ktask *t)
{
	struct teller *f = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_YIELD(t);
	complete(f->done);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static void spawn_detached(struct kunit *test)
{
	struct kt_plug *plug = kt_plug(test);
	DECLARE_COMPLETION_ONSTACK(done);
	struct ktask *t;

	t = ktask_new(tell_body, struct teller,
		      .init = &(struct teller){ .done = &done },
		      .place = KT_BEHIND(plug));
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	KUNIT_EXPECT_EQ(test, 0, ktask_start(t));
	ktask_put(t);
	kt_unplug(plug);
	KT_COMPLETED(test, &done);
}

static void spawn_references(struct kunit *test)
{
	long result = 77;
	struct ktask *t = kt_own(test, ktask_spawn(kt_return_body, long,
						   .init = &result));

	KUNIT_EXPECT_PTR_EQ(test, ktask_get(t), t);
	KT_FINISH(test, t);
	ktask_put(t);
	KT_EXPECT_RETURNED(test, t, 77);
	KUNIT_EXPECT_EQ(test, *(long *)ktask_frame(t), 77L);
}

/* --- Modules -------------------------------------------------------------- */

#define PINNERS	100

static long wait_body(struct ktask *t)
{
	struct ktask_future **f = ktask_frame(t);

	return ktask_future_wait_interruptible(*f);
}

static struct ktask *spawn_pinner(struct ktask_runtime *rt,
				  struct ktask_future **f, bool blocking,
				  unsigned int flags)
{
	if (blocking)
		return ktask_spawn_blocking(wait_body, struct ktask_future *,
					    .init = f, .flags = flags,
					    .runtime = rt);
	return ktask_spawn(kt_await_body, struct ktask_future *, .init = f,
			   .flags = flags, .runtime = rt);
}

/*
 * While KUnit runs its cases it may hold a reference itself, and tasks of
 * earlier cases may have one a moment longer than one sees them; both are few.
 */
static void check_pins(struct kunit *test, bool blocking, unsigned int flags)
{
	struct ktask_future *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	struct ktask_runtime *rt = kt_runtime(test);
	struct ktask *t[PINNERS];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, f);
	KT_EVENTUALLY(test, module_refcount(THIS_MODULE) < PINNERS / 2);
	for (i = 0; i < PINNERS; i++)
		t[i] = kt_own(test, spawn_pinner(rt, &f, blocking, flags));
	if (flags & KTASK_NO_PIN)
		KUNIT_EXPECT_LT(test, module_refcount(THIS_MODULE),
				PINNERS / 2);
	else
		KUNIT_EXPECT_GE(test, module_refcount(THIS_MODULE), PINNERS);
	ktask_future_complete(f, 0);
	for (i = 0; i < PINNERS; i++)
		KT_FINISH(test, t[i]);
	/* Though there are handles still. */
	KT_EVENTUALLY(test, module_refcount(THIS_MODULE) < PINNERS / 2);
}

static void spawn_pins_module(struct kunit *test)
{
	check_pins(test, false, 0);
	check_pins(test, true, 0);
}

static void spawn_no_pin(struct kunit *test)
{
	check_pins(test, false, KTASK_NO_PIN);
	check_pins(test, true, KTASK_NO_PIN);
}

/* Nobody would end it before its module goes. */
static void spawn_no_pin_on_default(struct kunit *test)
{
	KUNIT_EXPECT_PTR_EQ(test, ktask_spawn(kt_return_body, long,
					      .flags = KTASK_NO_PIN),
			    ERR_PTR(-EINVAL));
}

/* --- Contexts ------------------------------------------------------------- */

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

struct spawner {
	struct ktask *async;
	struct ktask *blocking;
	struct ktask *put;
};

static void spawn_some(void *arg)
{
	struct spawner *s = arg;
	long result = 12;

	s->async = ktask_spawn(kt_return_body, long, .init = &result,
			       .gfp = GFP_ATOMIC);
	s->blocking = ktask_spawn_blocking(thirteen_body, void,
					   .gfp = GFP_ATOMIC);
	s->put = ktask_spawn(kt_return_body, long, .gfp = GFP_ATOMIC);
	if (!IS_ERR(s->put))
		ktask_put(s->put);
}

static void spawn_in(struct kunit *test)
{
	struct spawner *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	kt_call_in(test, test->param_value, spawn_some, s);
	kt_own(test, s->async);
	kt_own(test, s->blocking);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, s->put);
	KT_FINISH(test, s->async);
	KT_FINISH(test, s->blocking);
	KT_EXPECT_RETURNED(test, s->async, 12);
	KT_EXPECT_RETURNED(test, s->blocking, 13);
}

/* A task that spawns a task, and so on. */
struct parent {
	long depth;
	struct ktask *child;
};

static ktask_poll_t parent_body(struct ktask *t)
{
	struct parent *f = ktask_frame(t);
	struct parent child;
	long depth;

	KTASK_BEGIN(t);
	if (!f->depth)
		KTASK_RETURN(t, 1);
	child = (struct parent){ .depth = f->depth - 1 };
	f->child = ktask_spawn(parent_body, struct parent, .init = &child);
	if (IS_ERR(f->child))
		KTASK_RETURN(t, PTR_ERR(f->child));
	KTASK_AWAIT_JOIN(t, f->child);
	depth = ktask_result(f->child);
	ktask_put(f->child);
	KTASK_RETURN(t, depth < 0 ? depth : depth + 1);
	KTASK_END(t);
}

static void spawn_in_tasks(struct kunit *test)
{
	struct parent f = { .depth = 50 };
	struct ktask *t;

	t = kt_own(test, ktask_spawn(parent_body, struct parent, .init = &f));
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 51);
}

/* --- Many ----------------------------------------------------------------- */

#define MANY	10000

static void spawn_many(struct kunit *test)
{
	struct ktask **t = kunit_kcalloc(test, MANY, sizeof(*t), GFP_KERNEL);
	unsigned int failed = 0, wrong = 0;
	long i;

	KUNIT_ASSERT_NOT_NULL(test, t);
	for (i = 0; i < MANY; i++) {
		t[i] = ktask_spawn(kt_return_body, long, .init = &i);
		failed += IS_ERR(t[i]);
	}
	for (i = 0; i < MANY; i++) {
		if (IS_ERR(t[i]))
			continue;
		if (!kt_ended(t[i]) || ktask_result(t[i]) != i ||
		    ktask_outcome(t[i]) != KTASK_RETURNED)
			wrong++;
		ktask_put(t[i]);
		if (wrong > 3)
			break;
	}
	KUNIT_EXPECT_EQ(test, failed, 0);
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

struct marker {
	struct kt_trail *trail;
	char c;
};

static ktask_poll_t mark_body(struct ktask *t)
{
	struct marker *f = ktask_frame(t);

	KTASK_BEGIN(t);
	kt_mark(f->trail, f->c);
	KTASK_RETURN(t, 0);
	KTASK_END(t);
}

static void spawn_order(struct kunit *test)
{
	struct kt_trail *trail = kt_trail(test);
	struct kt_plug *plug = kt_plug(test);
	struct marker f = { .trail = trail };
	struct ktask *t = NULL;

	for (f.c = 'a'; f.c <= 'z'; f.c++) {
		t = ktask_new(mark_body, struct marker, .init = &f,
			      .place = KT_BEHIND(plug));
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
		KUNIT_ASSERT_EQ(test, 0, ktask_start(t));
		kt_own(test, t);
	}
	kt_unplug(plug);
	KT_FINISH(test, t);
	KUNIT_EXPECT_STREQ(test, trail->s, "abcdefghijklmnopqrstuvwxyz");
}

static struct kunit_case spawn_cases[] = {
	KUNIT_CASE(spawn_result),
	KUNIT_CASE(spawn_end_is_zero),
	KUNIT_CASE(spawn_frame_is_zero),
	KUNIT_CASE(spawn_frame_is_a_copy),
	KUNIT_CASE(spawn_frame_is_aligned),
	KUNIT_CASE(spawn_without_memory),
	KUNIT_CASE(spawn_nothing),
	KUNIT_CASE(spawn_name),
	KUNIT_CASE(spawn_later),
	KUNIT_CASE(spawn_never),
	KUNIT_CASE(spawn_in_own_storage),
	KUNIT_CASE(spawn_own_storage_never),
	KUNIT_CASE(spawn_own_storage_unreleased),
	KUNIT_CASE(spawn_on_stack),
	KUNIT_CASE(spawn_own_storage_detached),
	KUNIT_CASE(spawn_detached),
	KUNIT_CASE(spawn_references),
	KUNIT_CASE(spawn_pins_module),
	KUNIT_CASE(spawn_no_pin),
	KUNIT_CASE(spawn_no_pin_on_default),
	KUNIT_CASE_PARAM(spawn_in, context_gen_params),
	KUNIT_CASE(spawn_in_tasks),
	KUNIT_CASE(spawn_many),
	KUNIT_CASE(spawn_order),
	{}
};

struct kunit_suite ktask_spawn_suite = {
	.name = "ktask_spawn",
	.test_cases = spawn_cases,
};
