/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rings as io_uring's own advice has them: one thread submits, which also does what is
 * left to do when it waits, and it need not look up the ring's descriptor.
 */
#ifndef KTASK_BENCH_RING_H
#define KTASK_BENCH_RING_H

#include <liburing.h>

/* Return: 0 or a negative errno. */
int ring_open(struct io_uring *ring, unsigned int entries, unsigned int cq_entries);

void ring_close(struct io_uring *ring);

#endif /* KTASK_BENCH_RING_H */
