/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Abort handles: the right to abort a task, and nothing else. Included by
 * linux/ktask.h.
 */
#ifndef _LINUX_KTASK_ABORT_HANDLE_H
#define _LINUX_KTASK_ABORT_HANDLE_H

/**
 * DOC: abort handles
 *
 * A &struct ktask_abort_handle is for whoever shall be able to end a task, but
 * not to join it or to look into it. It keeps the memory of the task and its
 * frame, and neither the task at work nor its module or its runtime: it may
 * outlive all of these. The .release of a task in storage of its maker's waits
 * for the handle.
 *
 * The idea is that of Tokio's AbortHandle.
 */
struct ktask_abort_handle;

/**
 * ktask_abort_handle_get - make an abort handle
 * @t: a task to which the caller has a reference
 *
 * Context: any. Needs no memory, so it cannot fail.
 * Return: the handle, for ktask_abort_handle_put().
 */
static inline struct ktask_abort_handle *
ktask_abort_handle_get(struct ktask *t)
{
	return (struct ktask_abort_handle *)ktask_get(t);
}

/**
 * ktask_abort_by - ask a task to end
 * @h: a handle of it
 *
 * Context: any but NMI. May be called again and by many at once, also when the
 * task has ended long ago.
 * Return: as ktask_abort().
 */
static inline bool ktask_abort_by(struct ktask_abort_handle *h)
{
	return ktask_abort((struct ktask *)h);
}

/**
 * ktask_abort_handle_done - whether there is nothing left to abort
 * @h: a handle
 *
 * Context: any.
 * Return: true from the moment on when the task has ended.
 */
static inline bool ktask_abort_handle_done(const struct ktask_abort_handle *h)
{
	return ktask_done((const struct ktask *)h);
}

/**
 * ktask_abort_handle_put - drop an abort handle
 * @h: the handle, or NULL; not used by the caller any more
 *
 * Context: any but NMI.
 */
static inline void ktask_abort_handle_put(struct ktask_abort_handle *h)
{
	ktask_put((struct ktask *)h);
}

#endif /* _LINUX_KTASK_ABORT_HANDLE_H */
