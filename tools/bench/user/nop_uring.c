// SPDX-License-Identifier: GPL-2.0
/*
 * Nops by io_uring: done at once as they are submitted; by threads of its own; and tasks
 * of ktask, which a program that has a ring may spawn through it.
 */
#include <errno.h>
#include <string.h>

#include "ring.h"
#include "subjects.h"

static struct io_uring ring;
static uint64_t sum;
static unsigned int users;

static struct ktask_set *set;
static struct ktask_args_nop args;
static struct ktask_desc descs[NOP_BATCH];
static struct ktask_completion completions[NOP_BATCH];

static int open_ring(void)
{
	int err = users ? 0 : ring_open(&ring, NOP_BATCH, 0);

	users += !err;
	return err;
}

static void close_ring(void)
{
	if (!--users)
		ring_close(&ring);
}

static void close_set(void)
{
	close_ring();
	ktask_set_close(set);
}

static int open_set(void)
{
	int err = open_ring();

	if (err)
		return err;
	err = ktask_set_open(&set, 0);
	for (unsigned int i = 0; !err && i < NOP_BATCH; i++)
		err = ktask_desc_init(set, &descs[i], "nop", &args, sizeof(args));
	if (err)
		close_set();
	return err;
}

/* Fills in one of a batch. */
typedef void (*prepare_fn)(struct io_uring_sqe *sqe, unsigned int i);

static void prepare_nop(struct io_uring_sqe *sqe, unsigned int i)
{
	io_uring_prep_nop(sqe);
	sqe->user_data = i;
}

static void prepare_async(struct io_uring_sqe *sqe, unsigned int i)
{
	io_uring_prep_nop(sqe);
	sqe->flags |= IOSQE_ASYNC;
	sqe->user_data = i;
}

/* A program that has no use for more than the result would give no completion. */
static void prepare_ktask(struct io_uring_sqe *sqe, unsigned int i)
{
	struct ktask_uring_spawn spawn = {
		.desc = (uintptr_t)&descs[i],
		.completion = (uintptr_t)&completions[i],
	};

	io_uring_prep_rw(IORING_OP_URING_CMD, sqe, ktask_set_fd(set), NULL, 0, 0);
	sqe->cmd_op = KTASK_URING_SPAWN;
	memcpy((char *)sqe + offsetof(struct io_uring_sqe, cmd), &spawn, sizeof(spawn));
	sqe->user_data = i;
}

/* Return: 0; or what the first one that failed did so for. */
static int take(unsigned int nr)
{
	struct io_uring_cqe *cqe;
	unsigned int head, seen = 0;
	int err = 0;

	io_uring_for_each_cqe(&ring, head, cqe) {
		sum += cqe->user_data;
		if (cqe->res < 0 && !err)
			err = cqe->res;
		seen++;
	}
	io_uring_cq_advance(&ring, seen);
	return err ?: seen == nr ? 0 : -EPROTO;
}

static int run(unsigned int count, unsigned int nr, prepare_fn prepare)
{
	int err;

	sum = 0;
	for (unsigned int done = 0; done + nr <= count; done += nr) {
		for (unsigned int i = 0; i < nr; i++)
			prepare(io_uring_get_sqe(&ring), i);
		err = io_uring_submit_and_wait(&ring, nr);
		err = err < 0 ? err : take(nr);
		if (err)
			return err;
	}
	return sum == (uint64_t)(count / nr) * nr * (nr - 1) / 2 ? 0 : -EPROTO;
}

static int run_batch(unsigned int count)
{
	return run(count, NOP_BATCH, prepare_nop);
}

static int run_batch_async(unsigned int count)
{
	return run(count, NOP_BATCH, prepare_async);
}

static int run_single(unsigned int count)
{
	return run(count, 1, prepare_nop);
}

static int run_single_async(unsigned int count)
{
	return run(count, 1, prepare_async);
}

static int run_batch_ktask(unsigned int count)
{
	return run(count, NOP_BATCH, prepare_ktask);
}

static int run_single_ktask(unsigned int count)
{
	return run(count, 1, prepare_ktask);
}

const struct subject nop_batch_uring = {
	.name = "io_uring",
	.open = open_ring,
	.run = run_batch,
	.close = close_ring,
};

const struct subject nop_batch_uring_async = {
	.name = "io_uring_async",
	.open = open_ring,
	.run = run_batch_async,
	.close = close_ring,
};

const struct subject nop_single_uring = {
	.name = "io_uring",
	.open = open_ring,
	.run = run_single,
	.close = close_ring,
};

const struct subject nop_single_uring_async = {
	.name = "io_uring_async",
	.share = 4,
	.open = open_ring,
	.run = run_single_async,
	.close = close_ring,
};

const struct subject nop_batch_ktask_uring = {
	.name = "ktask_uring",
	.open = open_set,
	.run = run_batch_ktask,
	.close = close_set,
};

const struct subject nop_single_ktask_uring = {
	.name = "ktask_uring",
	.open = open_set,
	.run = run_single_ktask,
	.close = close_set,
};
