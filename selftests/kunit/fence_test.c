// SPDX-License-Identifier: GPL-2.0
/*
 * DMA fences as something to await, and the references that this holds.
 */
#include <linux/ktask.h>
#include <linux/slab.h>

#include "util.h"

#if IS_ENABLED(CONFIG_DMA_SHARED_BUFFER)
#include <linux/ktask_fence.h>

static const char *fence_name(struct dma_fence *fence)
{
	return "kunit";
}

/* As of a driver that finds that it is over when it is asked to signal. */
struct fence {
	struct dma_fence base;
	spinlock_t lock; /* of @base */
	bool is_over;
	unsigned int *released;
};

static bool fence_enable_signaling(struct dma_fence *base)
{
	return !container_of(base, struct fence, base)->is_over;
}

static void fence_release(struct dma_fence *base)
{
	struct fence *fence = container_of(base, struct fence, base);

	++*fence->released;
	dma_fence_free(base);
}

static const struct dma_fence_ops fence_ops = {
	.get_driver_name = fence_name,
	.get_timeline_name = fence_name,
	.enable_signaling = fence_enable_signaling,
	.release = fence_release,
};

static struct dma_fence *new_fence(struct kunit *test, unsigned int *released)
{
	/* Freed by dma_fence_free(), as it is the first member. */
	struct fence *fence = kzalloc(sizeof(*fence), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fence);
	BUILD_BUG_ON(offsetof(struct fence, base));
	spin_lock_init(&fence->lock);
	*released = 0;
	fence->released = released;
	dma_fence_init(&fence->base, &fence_ops, &fence->lock, 1, 1);
	return &fence->base;
}

struct awaiter {
	struct ktask_fence w;
	struct dma_fence *fence;
	ktime_t timeout;
	bool in;
	bool timed_out;
};

static ktask_poll_t await_body(struct ktask *t)
{
	struct awaiter *f = ktask_frame(t);

	KTASK_BEGIN(t);
	KTASK_AWAIT_FENCE_TIMEOUT(t, &f->w, f->fence, f->timeout);
	f->timed_out = ktask_timed_out(t);
	KTASK_RETURN(t, ktask_fence_status(&f->w));
	KTASK_END(t);
}

static struct ktask *spawn_unowned(struct kunit *test, struct dma_fence *fence,
				   ktime_t timeout)
{
	const struct awaiter f = { .fence = fence, .timeout = timeout };
	struct ktask *t = ktask_spawn(await_body, struct awaiter, .init = &f);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	return t;
}

static struct ktask *spawn_await(struct kunit *test, struct dma_fence *fence,
				 ktime_t timeout)
{
	return kt_own(test, spawn_unowned(test, fence, timeout));
}

/* The task has its own reference. */
static void wait_held(struct kunit *test, struct dma_fence *fence)
{
	KT_EVENTUALLY(test, kref_read(&fence->refcount) > 1);
}

static void fence_signalled(struct kunit *test)
{
	unsigned int released;
	struct dma_fence *fence = new_fence(test, &released);
	struct ktask *t = spawn_await(test, fence, KTIME_MAX);

	wait_held(test, fence);
	KUNIT_EXPECT_FALSE(test, ktask_done(t));
	dma_fence_signal(fence);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	KUNIT_EXPECT_EQ(test, released, 0);
	dma_fence_put(fence);
	KUNIT_EXPECT_EQ(test, released, 1);
}

static void fence_signalled_with_error(struct kunit *test)
{
	unsigned int released;
	struct dma_fence *fence = new_fence(test, &released);
	struct ktask *t = spawn_await(test, fence, KTIME_MAX);

	wait_held(test, fence);
	dma_fence_set_error(fence, -EIO);
	dma_fence_signal(fence);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, -EIO);

	/* And one that comes later. */
	t = spawn_await(test, fence, 0);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, -EIO);
	dma_fence_put(fence);
	KUNIT_EXPECT_EQ(test, released, 1);
}

static void fence_signalled_before(struct kunit *test)
{
	unsigned int released;
	struct dma_fence *fence = new_fence(test, &released);
	struct ktask *t;

	dma_fence_signal(fence);
	t = spawn_await(test, fence, 0);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	dma_fence_put(fence);
	KUNIT_EXPECT_EQ(test, released, 1);

	/* When it is asked for. */
	fence = new_fence(test, &released);
	container_of(fence, struct fence, base)->is_over = true;
	t = spawn_await(test, fence, KTIME_MAX);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	dma_fence_put(fence);
	KUNIT_EXPECT_EQ(test, released, 1);
}

static void fence_by_many(struct kunit *test)
{
	unsigned int released;
	struct dma_fence *fence = new_fence(test, &released);
	struct ktask *t[10];
	int i;

	for (i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = spawn_await(test, fence, KTIME_MAX);
	KT_EVENTUALLY(test, kref_read(&fence->refcount) == 11);
	dma_fence_signal(fence);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		KT_FINISH(test, t[i]);
		KT_EXPECT_RETURNED(test, t[i], 0);
	}
	dma_fence_put(fence);
	KUNIT_EXPECT_EQ(test, released, 1);
}

static void fence_aborted(struct kunit *test)
{
	unsigned int released;
	struct dma_fence *fence = new_fence(test, &released);
	struct ktask *t = spawn_await(test, fence, KTIME_MAX);

	wait_held(test, fence);
	ktask_abort(t);
	KT_FINISH(test, t);
	KT_EXPECT_CANCELLED(test, t);
	KUNIT_EXPECT_EQ(test, kref_read(&fence->refcount), 1);
	dma_fence_signal(fence);
	dma_fence_put(fence);
	KUNIT_EXPECT_EQ(test, released, 1);
}

static void fence_timeout(struct kunit *test)
{
	static const s64 timeouts[] = { KTIME_MIN, 0, NSEC_PER_MSEC };
	unsigned int released;
	struct dma_fence *fence = new_fence(test, &released);
	struct awaiter *f;
	struct ktask *t;
	int i;

	for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
		t = spawn_await(test, fence, timeouts[i]);
		KT_FINISH(test, t);
		KT_EXPECT_RETURNED(test, t, -ETIMEDOUT);
		f = ktask_frame(t);
		KUNIT_EXPECT_TRUE(test, f->timed_out);
		KUNIT_EXPECT_EQ(test, kref_read(&fence->refcount), 1);
	}
	dma_fence_signal(fence);
	dma_fence_put(fence);
}

/* Its reference may be the last one, also after the signal. */
static void fence_last_reference(struct kunit *test)
{
	unsigned int released;
	struct dma_fence *fence = new_fence(test, &released);
	struct ktask_fence w;
	struct ktask_request *r;

	r = ktask_fence_start(&w, NULL, fence);
	KUNIT_EXPECT_EQ(test, -EINPROGRESS, ktask_fence_status(&w));
	dma_fence_signal(fence);
	dma_fence_put(fence);
	KUNIT_EXPECT_EQ(test, released, 0);
	KUNIT_EXPECT_EQ(test, 0,
			ktask_request_wait_until(r, TASK_UNINTERRUPTIBLE, 0));
	ktask_request_drop(r);
	KUNIT_EXPECT_EQ(test, released, 1);
	KUNIT_EXPECT_EQ(test, 0, ktask_fence_status(&w));

	fence = new_fence(test, &released);
	r = ktask_fence_start(&w, NULL, fence);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			ktask_request_wait_until(r, TASK_UNINTERRUPTIBLE, 0));
	KUNIT_EXPECT_EQ(test, kref_read(&fence->refcount), 1);
	dma_fence_signal(fence);
	dma_fence_put(fence);
	KUNIT_EXPECT_EQ(test, released, 1);
}

KUNIT_ARRAY_PARAM(context, kt_contexts, kt_context_desc);

static void signal_it(void *fence)
{
	dma_fence_signal(fence);
}

static void fence_in_context(struct kunit *test)
{
	unsigned int released;
	struct dma_fence *fence = new_fence(test, &released);
	struct ktask *t = spawn_await(test, fence, KTIME_MAX);

	wait_held(test, fence);
	kt_call_in(test, test->param_value, signal_it, fence);
	KT_FINISH(test, t);
	KT_EXPECT_RETURNED(test, t, 0);
	dma_fence_put(fence);
	KUNIT_EXPECT_EQ(test, released, 1);
}

/* Signalled, aborted and timed out at once; the task may be the last to put. */
static void fence_race(struct kunit *test)
{
	struct kt_rival *rival = kt_rival(test);
	unsigned int all = 0, released;
	int i;

	for (i = 0; i < 300; i++) {
		struct dma_fence *fence = new_fence(test, &released);
		struct ktask *t;

		t = spawn_unowned(test, fence,
				  i % 3 ? kt_us(i % 200) : KTIME_MAX);
		kt_dither(i % 50);
		kt_rival_go(rival, signal_it, fence);
		if (i & 1)
			ktask_abort(t);
		KUNIT_ASSERT_TRUE(test, kt_ended(t));
		ktask_put(t);
		KUNIT_ASSERT_TRUE(test, kt_rival_done(rival));
		dma_fence_put(fence);
		all += released;
	}
	KUNIT_EXPECT_EQ(test, all, 300);
}

static struct kunit_case fence_cases[] = {
	KUNIT_CASE(fence_signalled),
	KUNIT_CASE(fence_signalled_with_error),
	KUNIT_CASE(fence_signalled_before),
	KUNIT_CASE(fence_by_many),
	KUNIT_CASE(fence_aborted),
	KUNIT_CASE(fence_timeout),
	KUNIT_CASE(fence_last_reference),
	KUNIT_CASE_PARAM(fence_in_context, context_gen_params),
	KUNIT_CASE(fence_race),
	{}
};
#else
static void fence_none(struct kunit *test)
{
	kunit_skip(test, "the kernel has no DMA fences");
}

static struct kunit_case fence_cases[] = {
	KUNIT_CASE(fence_none),
	{}
};
#endif

struct kunit_suite ktask_fence_suite = {
	.name = "ktask_fence",
	.test_cases = fence_cases,
};
