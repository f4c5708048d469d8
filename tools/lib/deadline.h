/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A moment of CLOCK_MONOTONIC, so that a wait that is resumed, after a signal
 * or because somebody else was faster, does not start its time anew.
 */
#ifndef LIBKTASK_DEADLINE_H
#define LIBKTASK_DEADLINE_H

#include <stdint.h>
#include <time.h>

#include "ktask.h"

#define NSEC_PER_SEC	1000000000LL
#define DEADLINE_NEVER	INT64_MAX

static inline int64_t deadline_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/* timeout_ns must not be below KTASK_FOREVER. */
static inline int64_t deadline_after(int64_t timeout_ns)
{
	int64_t at;

	if (timeout_ns == KTASK_FOREVER ||
	    __builtin_add_overflow(deadline_now(), timeout_ns, &at))
		return DEADLINE_NEVER;
	return at;
}

/* Nanoseconds until then; 0 when it is past, DEADLINE_NEVER when it never comes. */
static inline int64_t deadline_left(int64_t at)
{
	int64_t now;

	if (at == DEADLINE_NEVER)
		return DEADLINE_NEVER;
	now = deadline_now();
	return at > now ? at - now : 0;
}

/* What is left of a timeout that ends then. */
static inline int64_t deadline_timeout(int64_t at, int64_t timeout_ns)
{
	return timeout_ns == KTASK_FOREVER ? KTASK_FOREVER : deadline_left(at);
}

#endif /* LIBKTASK_DEADLINE_H */
