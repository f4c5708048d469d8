// SPDX-License-Identifier: GPL-2.0
/*
 * Promises: see linux/ktask_promise.h.
 *
 * Who moves how away from OPEN settles the promise, and alone writes its value
 * and completes its future; so the first wins, in whatever contexts they are.
 */
#include <linux/slab.h>

#include "../engine/engine.h"

enum promise_how {
	OPEN,
	KEPT,
	FAILED,
	BROKEN,
};

static bool promise_settle(struct ktask_promise *p, enum promise_how how,
			   long value, int err)
{
	if (atomic_cmpxchg(&p->how, OPEN, how) != OPEN)
		return false;
	p->value = value;
	ktask_future_complete(&p->done, err);
	return true;
}

/**
 * ktask_promise_init - make a promise in storage of the caller's
 * @p: the storage
 * @release: called at the last put, in any context; the storage is free again
 *
 * As ktask_promise_new(), for those who cannot fail, or who embed the promise.
 *
 * Context: any.
 */
void ktask_promise_init(struct ktask_promise *p,
			void (*release)(struct ktask_promise *p))
{
	ktask_future_init(&p->done);
	p->value = 0;
	atomic_set(&p->how, OPEN);
	/* The producer's and the consumer's. */
	refcount_set(&p->refs, 2);
	p->release = release;
}
EXPORT_SYMBOL_NS_GPL(ktask_promise_init, KTASK_NS);

static void promise_free(struct ktask_promise *p)
{
	kfree(p);
}

/**
 * ktask_promise_new - make a promise
 * @gfp: how to allocate it
 *
 * It has two references: the producer's, for ktask_promise_drop(), and the
 * consumer's, for ktask_promise_put().
 *
 * Context: any that suits @gfp.
 * Return: the promise, or ERR_PTR(-ENOMEM).
 */
struct ktask_promise *ktask_promise_new(gfp_t gfp)
{
	struct ktask_promise *p = kmalloc(sizeof(*p), gfp);

	if (!p)
		return ERR_PTR(-ENOMEM);
	ktask_promise_init(p, promise_free);
	return p;
}
EXPORT_SYMBOL_NS_GPL(ktask_promise_new, KTASK_NS);

/**
 * ktask_promise_keep - produce the value
 * @p: the promise; the caller has a reference, and keeps it
 * @value: any value, negative ones included
 *
 * Calls the callbacks of who waits, as ktask_future_complete() does.
 *
 * Context: any but NMI.
 * Return: true if this kept it; false if it has been kept, failed or broken
 * before, and keeps what it has.
 */
bool ktask_promise_keep(struct ktask_promise *p, long value)
{
	return promise_settle(p, KEPT, value, 0);
}
EXPORT_SYMBOL_NS_GPL(ktask_promise_keep, KTASK_NS);

/**
 * ktask_promise_fail - say that there will be no value, and why
 * @p: the promise; the caller has a reference, and keeps it
 * @err: a negative errno
 *
 * Context: any but NMI.
 * Return: as ktask_promise_keep().
 */
bool ktask_promise_fail(struct ktask_promise *p, int err)
{
	if (WARN_ONCE(err >= 0, "ktask: a promise failed with %d\n", err))
		err = -EINVAL;
	return promise_settle(p, FAILED, 0, err);
}
EXPORT_SYMBOL_NS_GPL(ktask_promise_fail, KTASK_NS);

/**
 * ktask_promise_drop - drop the producer's reference
 * @p: the promise, or NULL or ERR_PTR(); not used by the caller any more
 *
 * Breaks the promise, if it has been neither kept nor failed.
 *
 * Context: any but NMI.
 */
void ktask_promise_drop(struct ktask_promise *p)
{
	if (IS_ERR_OR_NULL(p))
		return;
	promise_settle(p, BROKEN, 0, -EPIPE);
	ktask_promise_put(p);
}
EXPORT_SYMBOL_NS_GPL(ktask_promise_drop, KTASK_NS);

/**
 * ktask_promise_put - drop a reference that is not the producer's
 * @p: the promise, or NULL or ERR_PTR(); not used by the caller any more
 *
 * Context: any but NMI.
 */
void ktask_promise_put(struct ktask_promise *p)
{
	if (!IS_ERR_OR_NULL(p) && refcount_dec_and_test(&p->refs))
		p->release(p);
}
EXPORT_SYMBOL_NS_GPL(ktask_promise_put, KTASK_NS);

/**
 * ktask_promise_result - what has become of a promise
 * @p: the promise; the caller has a reference
 * @value: where to put the value, or NULL; not changed unless it returns 0
 *
 * Context: any.
 * Return: 0 if it was kept; the errno it failed with; -EPIPE if it was broken;
 * -EINPROGRESS if nothing has happened yet.
 */
int ktask_promise_result(struct ktask_promise *p, long *value)
{
	int err;

	if (!ktask_future_done(&p->done))
		return -EINPROGRESS;
	err = ktask_future_value(&p->done);
	if (!err && value)
		*value = p->value;
	return err;
}
EXPORT_SYMBOL_NS_GPL(ktask_promise_result, KTASK_NS);

/**
 * ktask_promise_broken - whether the producer has gone without a word
 * @p: the promise; the caller has a reference
 *
 * Tells a broken promise from one that failed with an -EPIPE of its producer's.
 *
 * Context: any.
 * Return: true if @p was broken.
 */
bool ktask_promise_broken(struct ktask_promise *p)
{
	return ktask_future_done(&p->done) && atomic_read(&p->how) == BROKEN;
}
EXPORT_SYMBOL_NS_GPL(ktask_promise_broken, KTASK_NS);
