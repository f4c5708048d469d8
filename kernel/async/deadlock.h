/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The search for deadlocks among those who hold mutexes. Private to
 * kernel/async.
 */
#ifndef _KTASK_DEADLOCK_H
#define _KTASK_DEADLOCK_H

#include <linux/ktask.h>

#ifdef __KTASK_DEBUG_MUTEX

void deadlock_init(struct ktask_mutex *m);
void deadlock_destroy(struct ktask_mutex *m);
bool deadlock_ahead(struct ktask_mutex *m, struct ktask_mutex_guard *g,
		    struct ktask *t, struct task_struct *thread);
void deadlock_hold(struct ktask_mutex *m, struct ktask_mutex_guard *g,
		   struct ktask *t);
void deadlock_forget(struct ktask_mutex_guard *g);
void deadlock_check_unlock(struct ktask_mutex_guard *g);

/* For tests: called with the report, instead of a warning. */
extern void (*ktask_deadlock_report)(const char *report);

#else

static inline void deadlock_init(struct ktask_mutex *m)
{
}

static inline void deadlock_destroy(struct ktask_mutex *m)
{
}

static inline bool deadlock_ahead(struct ktask_mutex *m,
				  struct ktask_mutex_guard *g, struct ktask *t,
				  struct task_struct *thread)
{
	return false;
}

static inline void deadlock_hold(struct ktask_mutex *m,
				 struct ktask_mutex_guard *g, struct ktask *t)
{
}

static inline void deadlock_forget(struct ktask_mutex_guard *g)
{
}

static inline void deadlock_check_unlock(struct ktask_mutex_guard *g)
{
}

#endif

#endif /* _KTASK_DEADLOCK_H */
