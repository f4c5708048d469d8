// SPDX-License-Identifier: GPL-2.0
/*
 * DMA fences: see linux/ktask_fence.h.
 *
 * The callback is called under the lock of the fence, where the last reference
 * to it must not be put; so it is put by who drops the request. For that, a
 * signal is a grant even if it is one of an error.
 */
#include <linux/ktask_fence.h>

#include "../compat.h"

/* Called under the lock of the fence, in any context. */
static void fence_signalled(struct dma_fence *fence, struct dma_fence_cb *cb)
{
	struct ktask_fence *w = container_of(cb, struct ktask_fence, cb);

	w->error = fence->error;
	ktask_future_complete(&w->request.done, 0);
}

/* If it is not there to be removed, it has been called: both are locked. */
static bool fence_withdraw(struct ktask_request *r)
{
	struct ktask_fence *w = container_of(r, struct ktask_fence, request);

	if (!dma_fence_remove_callback(w->fence, &w->cb))
		return false;
	dma_fence_put(w->fence);
	return true;
}

static void fence_give_back(struct ktask_request *r)
{
	dma_fence_put(container_of(r, struct ktask_fence, request)->fence);
}

static const struct ktask_request_ops fence_ops = {
	.withdraw = fence_withdraw,
	.give_back = fence_give_back,
};

/**
 * ktask_fence_start - begin to wait for a DMA fence
 * @w: storage for the request, in the frame of @t; not in use
 * @t: the task, or NULL for a thread
 * @fence: the fence; the request takes a reference of its own
 *
 * Asks for the fence to be signalled, as dma_fence_add_callback() does.
 *
 * Context: the body of @t, or the thread.
 * Return: the request, to be awaited, or one of several. To be dropped with
 * ktask_request_drop() in any case, or by the end of @t.
 */
struct ktask_request *ktask_fence_start(struct ktask_fence *w, struct ktask *t,
					struct dma_fence *fence)
{
	ktask_request_init(&w->request, t, &fence_ops);
	w->fence = dma_fence_get(fence);
	w->error = 0;
	/* It fails only if the fence has signalled. */
	if (dma_fence_add_callback(fence, &w->cb, fence_signalled)) {
		w->error = fence->error;
		ktask_future_complete(&w->request.done, 0);
	}
	return &w->request;
}
EXPORT_SYMBOL_NS_GPL(ktask_fence_start, KTASK_NS);

/**
 * ktask_fence_status - how a DMA fence has signalled
 * @w: the request, which may have been dropped
 *
 * Context: any.
 * Return: 0; the error that the fence was signalled with; -EINPROGRESS if it has
 * not been; or -ETIMEDOUT if an await gave up.
 */
int ktask_fence_status(struct ktask_fence *w)
{
	int status = ktask_request_status(&w->request);

	return status ?: w->error;
}
EXPORT_SYMBOL_NS_GPL(ktask_fence_status, KTASK_NS);
