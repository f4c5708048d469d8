// SPDX-License-Identifier: GPL-2.0
/*
 * Rings of io_uring.
 */
#include <errno.h>

#include "ring.h"

int ring_open(struct io_uring *ring, unsigned int entries, unsigned int cq_entries)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
			 (cq_entries ? IORING_SETUP_CQSIZE : 0),
		.cq_entries = cq_entries,
	};
	int err = io_uring_queue_init_params(entries, ring, &params);

	if (err)
		return err;
	err = io_uring_register_ring_fd(ring);
	if (err != 1) {
		io_uring_queue_exit(ring);
		return err < 0 ? err : -EPROTO;
	}
	return 0;
}

void ring_close(struct io_uring *ring)
{
	io_uring_queue_exit(ring);
}
