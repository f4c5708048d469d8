// SPDX-License-Identifier: GPL-2.0
/*
 * Sleepers by io_uring: timeouts.
 */
#include <errno.h>

#include "ring.h"
#include "subjects.h"

#define BATCH	1024

/* The most that a ring has room for; what is more, the kernel keeps until there is some. */
#define ROOM	65536

static struct io_uring ring;

static int open_ring(void)
{
	return ring_open(&ring, BATCH, ROOM);
}

static void close_ring(void)
{
	ring_close(&ring);
}

static int submit(unsigned int nr)
{
	struct __kernel_timespec ts = { .tv_nsec = SLEEP_NS };
	int n;

	for (unsigned int i = 0; i < nr; i++)
		io_uring_prep_timeout(io_uring_get_sqe(&ring), &ts, 0, 0);
	n = io_uring_submit(&ring);
	return n == (int)nr ? 0 : n < 0 ? n : -EPROTO;
}

/* Return: how many there are, or a negative errno. */
static int take(unsigned int at_least)
{
	struct io_uring_cqe *cqe;
	unsigned int head;
	int err, nr = 0;

	err = io_uring_wait_cqe_nr(&ring, &cqe, at_least);
	if (err)
		return err;
	io_uring_for_each_cqe(&ring, head, cqe) {
		if (cqe->res != -ETIME)
			err = -EPROTO;
		nr++;
	}
	io_uring_cq_advance(&ring, nr);
	return err ?: nr;
}

static int run(unsigned int count)
{
	int err;

	for (unsigned int done = 0; done < count; done += BATCH) {
		err = submit(count - done < BATCH ? count - done : BATCH);
		if (err)
			return err;
	}
	while (count) {
		int nr = take(count < BATCH ? count : BATCH);

		if (nr < 0)
			return nr;
		count -= nr;
	}
	return 0;
}

const struct subject sleepers_uring = {
	.name = "io_uring_timeout",
	.open = open_ring,
	.run = run,
	.close = close_ring,
};
