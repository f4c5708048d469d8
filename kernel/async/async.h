/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of this room share.
 */
#ifndef _KTASK_ASYNC_H
#define _KTASK_ASYNC_H

#include <linux/ktask.h>
#include <linux/sched/signal.h>

/* join.c */
void join_lockdep(struct ktask *t);

/*
 * Whether a thread that is going to wait for several tasks had better stop
 * helping them; the wait then tells why.
 */
static inline bool join_is_over(unsigned int state, ktime_t deadline)
{
	return signal_pending_state(state, current) ||
		(deadline != KTIME_MAX && ktime_get() >= deadline);
}

#endif /* _KTASK_ASYNC_H */
