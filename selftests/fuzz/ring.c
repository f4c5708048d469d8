// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks as commands of an io_uring. A sequence has one ring, which one thread at
 * a time can use.
 */
#include <errno.h>
#include <string.h>

#include "run.h"

/* Return: 0, with the lock taken. */
static int ring_get(struct run *run)
{
	int err;

	/* A child has no mapping of it. */
	if (run->in_child)
		return -EPERM;
	if (pthread_mutex_trylock(&run->ring_lock))
		return -EBUSY;
	if (run->has_ring)
		return 0;
	err = io_uring_queue_init(8, &run->ring, 0);
	run->has_ring = !err;
	if (err)
		pthread_mutex_unlock(&run->ring_lock);
	return err;
}

static long ring_submit(struct run *run)
{
	long n = io_uring_submit(&run->ring);

	pthread_mutex_unlock(&run->ring_lock);
	return n;
}

long sys_uring_spawn(struct run *run, int thread, const uint64_t *v)
{
	struct ktask_uring_spawn spawn = { .desc = v[1], .completion = v[2] };
	struct io_uring_sqe *sqe;
	int err = ring_get(run);

	(void)thread;
	if (err)
		return err;
	sqe = io_uring_get_sqe(&run->ring);
	if (!sqe) {
		ring_submit(run);
		return -EAGAIN;
	}
	io_uring_prep_rw(IORING_OP_URING_CMD, sqe, v[0], NULL, 0, 0);
	sqe->cmd_op = _IOC(_IOC_WRITE, KTASK_IOC_TYPE, KTASK_CMD_SPAWN, v[4]);
	sqe->flags |= v[3] & (IOSQE_IO_DRAIN | IOSQE_IO_LINK | IOSQE_ASYNC);
	sqe->user_data = v[1] / 16 & 3;
	memcpy((char *)sqe + offsetof(struct io_uring_sqe, cmd), &spawn, sizeof(spawn));
	return ring_submit(run);
}

long sys_uring_wait(struct run *run, int thread, const uint64_t *v)
{
	struct __kernel_timespec time = { .tv_nsec = 2000000 };
	struct io_uring_cqe *cqe;
	long err = ring_get(run);
	unsigned int i;

	(void)thread;
	if (err)
		return err;
	for (i = 0; !err && i <= v[0] % 4; i++) {
		err = io_uring_wait_cqe_timeout(&run->ring, &cqe, &time);
		if (!err)
			io_uring_cqe_seen(&run->ring, cqe);
	}
	pthread_mutex_unlock(&run->ring_lock);
	return err;
}

long sys_uring_cancel(struct run *run, int thread, const uint64_t *v)
{
	struct io_uring_sqe *sqe;
	int err = ring_get(run);

	(void)thread;
	if (err)
		return err;
	sqe = io_uring_get_sqe(&run->ring);
	if (sqe)
		io_uring_prep_cancel64(sqe, v[0] & 3, 0);
	return ring_submit(run);
}

long sys_uring_close(struct run *run, int thread, const uint64_t *v)
{
	(void)thread;
	(void)v;
	if (run->in_child || pthread_mutex_trylock(&run->ring_lock))
		return -EBUSY;
	ring_end(run);
	pthread_mutex_unlock(&run->ring_lock);
	return 0;
}

void ring_end(struct run *run)
{
	if (run->has_ring)
		io_uring_queue_exit(&run->ring);
	run->has_ring = false;
}
