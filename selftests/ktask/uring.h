/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tasks as io_uring commands, for the tests of these.
 */
#ifndef KTASK_SELFTESTS_URING_H
#define KTASK_SELFTESTS_URING_H

#include <liburing.h>
#include <limits.h>
#include <stddef.h>

#include "helpers.h"

/* What of a ring there may be, beside the set. */
struct ring {
	struct io_uring io;
	int fd;			/* the set, or where it is in the ring's table */
	unsigned int sqe_flags;	/* of each command */
	__u32 nop, sleep, hash, read, poll;	/* ops */
};

/* Return: 0; -EINVAL: the kernel knows no such ring; or another negative errno. */
static inline int ring_open(struct ring *r, int fd, unsigned int entries,
			    unsigned int setup_flags, unsigned int sqe_flags)
{
	struct io_uring_params params = {
		.flags = setup_flags,
		.sq_thread_idle = 100,
	};
	int err;

	memset(r, 0, sizeof(*r));
	r->nop = kt_op(fd, "nop");
	r->sleep = kt_op(fd, "sleep");
	r->hash = kt_op(fd, "hash");
	r->read = kt_op(fd, "read");
	r->poll = kt_op(fd, "poll");
	r->fd = fd;
	r->sqe_flags = sqe_flags;
	err = io_uring_queue_init_params(entries, &r->io, &params);
	if (err || !(sqe_flags & IOSQE_FIXED_FILE))
		return err;
	r->fd = 0;
	err = io_uring_register_files(&r->io, &fd, 1);
	if (err)
		io_uring_queue_exit(&r->io);
	return err;
}

static inline void ring_close(struct ring *r)
{
	io_uring_queue_exit(&r->io);
}

/* Submits, if that is what it takes to get one. */
static inline struct io_uring_sqe *ring_sqe(struct ring *r)
{
	struct io_uring_sqe *sqe;

	while (!(sqe = io_uring_get_sqe(&r->io))) {
		io_uring_submit(&r->io);
		if (r->io.flags & IORING_SETUP_SQPOLL)
			io_uring_sqring_wait(&r->io);
	}
	return sqe;
}

static inline struct io_uring_sqe *ring_cmd(struct ring *r, unsigned int cmd_op,
					    const void *desc, void *completion,
					    __u64 user_data)
{
	struct ktask_uring_spawn spawn = {
		.desc = to_u64(desc),
		.completion = to_u64(completion),
	};
	struct io_uring_sqe *sqe = ring_sqe(r);

	io_uring_prep_rw(IORING_OP_URING_CMD, sqe, r->fd, NULL, 0, 0);
	sqe->cmd_op = cmd_op;
	sqe->flags |= r->sqe_flags;
	sqe->user_data = user_data;
	memcpy((char *)sqe + offsetof(struct io_uring_sqe, cmd), &spawn,
	       sizeof(spawn));
	return sqe;
}

static inline struct io_uring_sqe *ring_spawn(struct ring *r,
					      const struct ktask_desc *desc,
					      struct ktask_completion *completion,
					      __u64 user_data)
{
	return ring_cmd(r, KTASK_URING_SPAWN, desc, completion, user_data);
}

/* Return: the CQE's res; its user_data and what it has more go to *@cqe. */
static inline int ring_wait_cqe(struct ring *r, struct io_uring_cqe *cqe,
				__u64 *big)
{
	struct io_uring_cqe *c;
	int err;

	do {
		err = io_uring_wait_cqe(&r->io, &c);
	} while (err == -EINTR);
	if (err)
		return err;
	memcpy(cqe, c, sizeof(*c));
	if (big && r->io.flags & IORING_SETUP_CQE32)
		*big = c->big_cqe[0];
	io_uring_cqe_seen(&r->io, c);
	return cqe->res;
}

/* Submit what there is, and wait for one CQE. Return: its res. */
static inline int ring_run(struct ring *r)
{
	struct io_uring_cqe cqe;
	int err = io_uring_submit(&r->io);

	return err < 0 ? err : ring_wait_cqe(r, &cqe, NULL);
}

/* Wait until @id is there: the command's task has been started. */
static inline __u64 ring_wait_id(const struct ktask_completion *completion)
{
	__u64 id;

	while (!(id = __atomic_load_n(&completion->id, __ATOMIC_ACQUIRE)))
		sched_yield();
	return id;
}

/* In a fixture with @ring and @cqe: the SQE that there is must give @value. */
#define EXPECT_RES(value)						\
do {									\
	int _res = ring_run(&self->ring);				\
									\
	EXPECT_EQ(value, _res);						\
} while (0)

/* The next CQE is that of @data, and tells @value. */
#define EXPECT_CQE(value, data)						\
do {									\
	EXPECT_EQ(value, ring_wait_cqe(&self->ring, &self->cqe, NULL));	\
	EXPECT_EQ(data, self->cqe.user_data);				\
} while (0)

#define DESC(number, arguments)						\
	((struct ktask_desc){						\
		.op = number,						\
		.args = to_u64(&(arguments)),				\
		.args_size = sizeof(arguments),				\
	})

static const struct ktask_args_sleep an_hour = { .duration_ns = HOUR };
static const struct ktask_args_nop nothing;

/*
 * io_uring has threads for at least so many that wait. But when it has some that are
 * idle it may forget to wake them (6.12 and 7.3 do), until each looks by itself, five
 * seconds later.
 */
#define STARTED		4

#define SLEEPERS_MAX	64

/* @nr commands that do not end by themselves, some of them started. */
static inline int start_sleepers(struct ring *r, unsigned int nr)
{
	static struct ktask_completion c[SLEEPERS_MAX];
	static struct ktask_desc desc;
	unsigned int i;

	desc = DESC(r->sleep, an_hour);
	memset(c, 0, sizeof(c));
	for (i = 0; i < nr; i++)
		ring_spawn(r, &desc, &c[i], i);
	if (io_uring_submit(&r->io) < 0)
		return -1;
	for (i = 0; i < nr && i < STARTED; i++)
		ring_wait_id(&c[i]);
	return 0;
}

#define NEED_RING(err)							\
do {									\
	int _err = err;							\
									\
	if (_err == -ENOSYS || _err == -EPERM)				\
		SKIP(return, "there is no io_uring: %s", strerror(-_err)); \
	ASSERT_EQ(0, _err);						\
} while (0)

/*
 * The test's file is all there is, and it is empty; perhaps only soon, as a kernel
 * thread does away with rings.
 */
#define WAIT_NOTHING_LEFT(set)						\
do {									\
	struct ktask_info _info;					\
									\
	do {								\
		sched_yield();						\
		ASSERT_EQ(0, kt_info(set, &_info));			\
	} while (_info.files != 1 || _info.file_tasks ||		\
		 _info.user_tasks || _info.user_bytes);			\
} while (0)

#endif /* KTASK_SELFTESTS_URING_H */
