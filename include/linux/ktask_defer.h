/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Deferred cleanups for what tasks hold, and scopes for threads that hold tasks.
 * Included by linux/ktask.h.
 */
#ifndef _LINUX_KTASK_DEFER_H
#define _LINUX_KTASK_DEFER_H

#include <linux/build_bug.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/slab.h>

/**
 * DOC: what a task may hold
 *
 * A task holds something across awaits by registering, with ktask_defer(), what
 * gives it back: that runs in whatever way the body ends. For the usual things
 * there is a function that does so, with the type of the thing in its prototype:
 *
 *	ktask_defer_kfree(t, d, p)	kfree() or kvfree() of memory
 *	ktask_defer_kvfree(t, d, p)
 *	ktask_defer_put(t, d, child)	ktask_put() of a task, which goes on
 *	ktask_defer_abort(t, d, child)	that task ends before t does, and is put
 *	ktask_defer_module_put(t, d, m)
 *	ktask_defer_fput(t, d, file)
 *
 * DEFINE_KTASK_DEFER() makes more of them.
 *
 * What can be held across an await is what has no owner but memory: references
 * to devices, files, modules or tasks, runtime PM counts, memory, DMA mappings,
 * and ktask's own locks and permits. What cannot is what belongs to a thread or
 * a CPU: a mutex or an rwsem must be released by the thread that took it, while a
 * body goes on in whichever thread runs it next; under a spinlock, in an RCU
 * read-side section or with preemption, interrupts or migration off one must not
 * return to the executor. Hold those between two awaits only: lockdep reports a
 * body that returns with one.
 */

/**
 * DEFINE_KTASK_DEFER - define a deferred cleanup for a type
 * @name: of the cleanup
 * @type: what it cleans up: a pointer or an integer no larger than one
 * @expr: what gives it back; _T is the thing
 *
 * Defines ktask_defer_NAME(t, d, thing), which registers @expr with the task t, in
 * the &struct ktask_defer d in its frame, see ktask_defer(). Takes no cast of a
 * function's type, so it works under kCFI. For example::
 *
 *	DEFINE_KTASK_DEFER(put_device, struct device *, put_device(_T))
 *	...
 *	ktask_defer_put_device(t, &f->dev_defer, get_device(dev));
 *
 * The idea and the shape are those of DEFINE_FREE() of linux/cleanup.h.
 */
#define DEFINE_KTASK_DEFER(name, type, expr)				\
static inline void __ktask_deferred_##name(void *arg)			\
{									\
	type _T = (type)(unsigned long)arg;				\
									\
	BUILD_BUG_ON(sizeof(type) > sizeof(arg));			\
	expr;								\
}									\
									\
static inline void __maybe_unused					\
ktask_defer_##name(struct ktask *t, struct ktask_defer *d, type thing)	\
{									\
	ktask_defer(t, d, __ktask_deferred_##name,			\
		    (void *)(unsigned long)thing);			\
}

/* Tasks may come right from a spawn that has failed. */
static inline void __ktask_put_scoped(struct ktask *t)
{
	if (!IS_ERR_OR_NULL(t))
		ktask_put(t);
}

static inline void __ktask_abort_scoped(struct ktask *t)
{
	if (IS_ERR_OR_NULL(t))
		return;
	ktask_abort_and_wait(t);
	ktask_put(t);
}

DEFINE_KTASK_DEFER(kfree, const void *, kfree(_T))
DEFINE_KTASK_DEFER(kvfree, const void *, kvfree(_T))
DEFINE_KTASK_DEFER(module_put, struct module *, module_put(_T))
DEFINE_KTASK_DEFER(fput, struct file *, fput(_T))
DEFINE_KTASK_DEFER(put, struct ktask *, __ktask_put_scoped(_T))
DEFINE_KTASK_DEFER(abort, struct ktask *, __ktask_abort_scoped(_T))

/*
 * For threads: __free(ktask_put) and __free(ktask_abort), see linux/cleanup.h.
 * A variable with the latter is a task that does not outlive its scope, in
 * whatever way that is left; no_free_ptr() lets it.
 */
DEFINE_FREE(ktask_put, struct ktask *, __ktask_put_scoped(_T))
DEFINE_FREE(ktask_abort, struct ktask *, __ktask_abort_scoped(_T))

#endif /* _LINUX_KTASK_DEFER_H */
