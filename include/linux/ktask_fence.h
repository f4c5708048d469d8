/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Awaiting DMA fences: what dma_fence_wait() is to threads. For kernels with
 * CONFIG_DMA_SHARED_BUFFER.
 */
#ifndef _LINUX_KTASK_FENCE_H
#define _LINUX_KTASK_FENCE_H

#include <linux/dma-fence.h>
#include <linux/ktask.h>

/**
 * struct ktask_fence - a request for the signal of a DMA fence
 * @request: granted with 0 when the fence has signalled, with or without an
 *	error: ktask_fence_status() tells
 *
 * Holds a reference to the fence until the request is dropped. It is granted by
 * who signals, under the lock of the fence; so a callback of the request's
 * future, if it has one of a driver's, must not use the fence.
 */
struct ktask_fence {
	struct ktask_request request;
	/* private: */
	struct dma_fence *fence;
	struct dma_fence_cb cb;
	int error;
};

struct ktask_request *ktask_fence_start(struct ktask_fence *w, struct ktask *t,
					struct dma_fence *fence);
int ktask_fence_status(struct ktask_fence *w);

/**
 * KTASK_AWAIT_FENCE - go on when a DMA fence has signalled
 * @t: the task
 * @w: a &struct ktask_fence in its frame
 * @f: the &struct dma_fence; there must be a reference until this has begun
 *
 * ktask_fence_status() tells how. If @t is aborted meanwhile, its body does not go
 * on, and the fence is let go of.
 */
#define KTASK_AWAIT_FENCE(t, w, f)					\
	KTASK_AWAIT_FENCE_TIMEOUT(t, w, f, KTIME_MAX)

/**
 * KTASK_AWAIT_FENCE_TIMEOUT - the same, but give up after a time
 * @t: the task
 * @w: a &struct ktask_fence in its frame
 * @f: the &struct dma_fence
 * @timeout: ktime_t from now; not above zero: only look
 *
 * ktask_timed_out() tells which.
 */
#define KTASK_AWAIT_FENCE_TIMEOUT(t, w, f, timeout)			\
do {									\
	ktask_fence_start(w, t, f);					\
	KTASK_AWAIT_REQUEST_TIMEOUT(t, &(w)->request, timeout);		\
	ktask_request_drop(&(w)->request);				\
} while (0)

#endif /* _LINUX_KTASK_FENCE_H */
