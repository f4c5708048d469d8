/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Promises: values that somebody has undertaken to produce. Included by
 * linux/ktask.h.
 */
#ifndef _LINUX_KTASK_PROMISE_H
#define _LINUX_KTASK_PROMISE_H

/**
 * DOC: promises
 *
 * A promise is a future between two who may each vanish: a producer, who keeps
 * it with a value, fails it with an error, or goes away; and a consumer, who
 * waits, or goes away. Each has a reference, so neither can leave the other with
 * freed memory, as happens with a future in the frame of a consumer that is
 * aborted. And when the producer goes without having done anything, the promise
 * is broken: the consumer does not wait for ever, but gets -EPIPE.
 *
 *	p = ktask_promise_new(GFP_KERNEL);
 *	t = ktask_new(produce, struct produce);
 *	...
 *	f = ktask_frame(t);
 *	f->p = p;
 *	ktask_defer_promise_drop(t, &f->drop, p);
 *	ktask_start(t);
 *	...
 *	ktask_future_wait(ktask_promise_future(p));
 *	err = ktask_promise_result(p, &value);
 *	ktask_promise_put(p);
 *
 * The producing task keeps it with ktask_promise_keep(). Wherever that task is
 * aborted, its end drops the promise, which thereby is broken; even if it is
 * aborted before its body runs, as the cleanup was registered by its maker. A
 * body that is handed a promise later, in a message say, registers the cleanup
 * itself. Consumers that are tasks have ktask_defer_promise_put(), and threads
 * have __free(ktask_promise_drop) and __free(ktask_promise_put).
 *
 * It is Tokio's oneshot channel, with a value and an errno beside each other.
 */

/**
 * struct ktask_promise - a value that somebody has undertaken to produce
 *
 * All members are private. Its future's value is 0 once it is kept, and a
 * negative errno if it is not.
 */
struct ktask_promise {
	/* private: */
	struct ktask_future done;
	long value;		/* before done is complete: of who has set how */
	atomic_t how;		/* enum promise_how */
	refcount_t refs;
	void (*release)(struct ktask_promise *p);
};

struct ktask_promise *ktask_promise_new(gfp_t gfp);
void ktask_promise_init(struct ktask_promise *p,
			void (*release)(struct ktask_promise *p));
bool ktask_promise_keep(struct ktask_promise *p, long value);
bool ktask_promise_fail(struct ktask_promise *p, int err);
void ktask_promise_drop(struct ktask_promise *p);
void ktask_promise_put(struct ktask_promise *p);
int ktask_promise_result(struct ktask_promise *p, long *value);
bool ktask_promise_broken(struct ktask_promise *p);

/**
 * ktask_promise_get - take one more reference
 * @p: a promise to which the caller has a reference
 *
 * For one more consumer, or for one more who may keep the promise; it is still
 * one producer only who drops it.
 *
 * Context: any.
 * Return: @p, for ktask_promise_put().
 */
static inline struct ktask_promise *ktask_promise_get(struct ktask_promise *p)
{
	refcount_inc(&p->refs);
	return p;
}

/**
 * ktask_promise_future - the future of a promise
 * @p: the promise; who waits has a reference to it
 *
 * Return: the future, complete when @p is kept, failed or broken.
 */
static inline struct ktask_future *ktask_promise_future(struct ktask_promise *p)
{
	return &p->done;
}

/**
 * ktask_promise_wanted - whether anybody else is there
 * @p: the promise; the caller has a reference
 *
 * Lets a producer save the work of which nobody wants the result any more.
 *
 * Context: any.
 * Return: true if there is another reference than the caller's.
 */
static inline bool ktask_promise_wanted(struct ktask_promise *p)
{
	return refcount_read(&p->refs) > 1;
}

DEFINE_FREE(ktask_promise_drop, struct ktask_promise *, ktask_promise_drop(_T))
DEFINE_FREE(ktask_promise_put, struct ktask_promise *, ktask_promise_put(_T))

/* ktask_defer_promise_drop() and _put(): see "what a task may hold". */
DEFINE_KTASK_DEFER(promise_drop, struct ktask_promise *, ktask_promise_drop(_T))
DEFINE_KTASK_DEFER(promise_put, struct ktask_promise *, ktask_promise_put(_T))

#endif /* _LINUX_KTASK_PROMISE_H */
