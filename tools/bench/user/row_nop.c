// SPDX-License-Identifier: GPL-2.0
/*
 * nop_batch and nop_single: what it takes to have something done, and to learn of it,
 * when there is nothing to do. Each subject fills in what it submits, gives each a
 * number, and adds up those that come back.
 *
 * Not measured: opening the set, setting up the ring, and finding the operation's
 * number, which a program does once.
 */
#include <errno.h>
#include <pthread.h>

#include "subjects.h"

static void *nothing(void *arg)
{
	return arg;
}

/*
 * glibc keeps the stacks of threads that have ended, so that only the first ones have
 * theirs mapped.
 */
static int run_pthread(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		pthread_t thread;
		void *result;
		int err = pthread_create(&thread, NULL, nothing, &i);

		if (!err)
			err = pthread_join(thread, &result);
		if (err)
			return -err;
		if (result != &i)
			return -EPROTO;
	}
	return 0;
}

static const struct subject nop_single_pthread = {
	.name = "pthread",
	.share = 4,
	.run = run_pthread,
};

static const struct subject *const batch_subjects[] = {
	&nop_batch_ktask,
	&nop_batch_ktask_read,
	&nop_batch_ktask_uring,
	&nop_batch_uring,
	&nop_batch_uring_async,
	NULL
};

const struct row row_nop_batch = {
	.name = "nop_batch",
	.what = "a nop, 64 submitted and reaped at a time",
	.metric = "ns",
	.rounds = 11,
	.count = 200 * NOP_BATCH,
	.quick = 2 * NOP_BATCH,
	.subjects = batch_subjects,
};

static const struct subject *const single_subjects[] = {
	&nop_single_ktask,
	&nop_single_ktask_join,
	&nop_single_ktask_uring,
	&nop_single_uring,
	&nop_single_uring_async,
	&nop_single_pthread,
	NULL
};

const struct row row_nop_single = {
	.name = "nop_single",
	.what = "a nop, submitted and reaped one at a time",
	.metric = "ns",
	.rounds = 11,
	.count = 2000,
	.quick = 8,
	.subjects = single_subjects,
};
