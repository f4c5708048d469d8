// SPDX-License-Identifier: GPL-2.0
/*
 * In place of what needs liburing, where that was not there: subjects that cannot be had.
 */
#include <errno.h>

#include "subjects.h"

static int no_liburing(void)
{
	why_not("this was built without liburing");
	return -ENOSYS;
}

/* Not "ktask_uring": that it is missing is no failure then. */
#define MISSING(which, called)	\
	const struct subject which = { .name = called, .open = no_liburing }

MISSING(nop_batch_uring, "io_uring");
MISSING(nop_batch_uring_async, "io_uring_async");
MISSING(nop_batch_ktask_uring, "io_uring with ktask");
MISSING(nop_single_uring, "io_uring");
MISSING(nop_single_uring_async, "io_uring_async");
MISSING(nop_single_ktask_uring, "io_uring with ktask");
MISSING(sleepers_uring, "io_uring_timeout");
