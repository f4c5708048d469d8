/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Runtimes: what tasks run on. Included by linux/ktask.h.
 */
#ifndef _LINUX_KTASK_RUNTIME_H
#define _LINUX_KTASK_RUNTIME_H

struct ktask_runtime;

/* Flags of ktask_runtime_create() */

/*
 * For work that frees memory, such as writing to storage: its workqueues have a
 * rescuer each, so the tasks go on when no memory is left to make a worker of.
 * They must not wait for tasks of a runtime without.
 */
#define KTASK_RT_MEM_RECLAIM	BIT(0)
/*
 * Its tasks stand still while the system is suspended. A blocking task that is
 * in the middle of its body is waited for, as with any freezable workqueue, so it
 * must not take long; an async one that awaits is no hindrance.
 */
#define KTASK_RT_FREEZABLE	BIT(1)

struct ktask_runtime *__ktask_runtime_create(const char *name,
					     unsigned int flags,
					     struct module *owner);
struct ktask_runtime *__ktask_local_create(const char *name, int place,
					   struct module *owner);
void ktask_runtime_destroy(struct ktask_runtime *rt);

/**
 * ktask_runtime_create - make a runtime of one's own
 * @name: shown with its workqueues; copied
 * @flags: %KTASK_RT_MEM_RECLAIM, %KTASK_RT_FREEZABLE
 *
 * Its tasks are aborted by ktask_runtime_destroy(), which makes it the way to
 * leave nothing behind when a driver or a device goes. One that a module has not
 * destroyed when it is gone is destroyed then, and that is said.
 *
 * Context: process context, may sleep.
 * Return: the runtime, or ERR_PTR(): -ENOMEM, -EINVAL (unknown flags).
 */
#define ktask_runtime_create(name, flags)				\
	__ktask_runtime_create(name, flags, THIS_MODULE)

/**
 * ktask_local_create - make a local set
 * @name: shown with its workqueue; copied
 * @place: KTASK_ON_CPU(), or 0: on any CPU, but on one at a time
 *
 * A local set is a runtime whose tasks never run in parallel with each other,
 * and start in the order in which they are spawned; for data without locks. It
 * is given to spawns as .runtime and ended by ktask_runtime_destroy(). Has no
 * blocking tasks and no priorities, and nobody helps; a resume function or
 * cleanup that sleeps keeps the whole set waiting, and one that joins another
 * task of the set waits for ever. Tokio's LocalSet.
 *
 * Context: process context, may sleep.
 * Return: the runtime, or ERR_PTR(): -ENOMEM, -EINVAL (no such CPU), -ENXIO (it
 * is offline).
 */
#define ktask_local_create(name, place)					\
	__ktask_local_create(name, place, THIS_MODULE)

#endif /* _LINUX_KTASK_RUNTIME_H */
