// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks as io_uring commands: what is refused, and how it is told.
 */
#include "uring.h"

FIXTURE(uring_error) {
	int fd;
	struct ring ring;
	struct io_uring_cqe cqe;
	struct ktask_completion c;
};

FIXTURE_VARIANT(uring_error) {
	unsigned int setup_flags;
	unsigned int sqe_flags;
};

FIXTURE_VARIANT_ADD(uring_error, plain) {
};

FIXTURE_VARIANT_ADD(uring_error, sqpoll) {
	.setup_flags = IORING_SETUP_SQPOLL,
};

FIXTURE_VARIANT_ADD(uring_error, async) {
	.sqe_flags = IOSQE_ASYNC,
};

FIXTURE_SETUP(uring_error)
{
	SETUP_OPEN(self->fd, 0);
	NEED_RING(ring_open(&self->ring, self->fd, 64, variant->setup_flags,
			    variant->sqe_flags));
}

FIXTURE_TEARDOWN(uring_error)
{
	ring_close(&self->ring);
	close(self->fd);
}

TEST_F(uring_error, bad_descriptors_are_refused)
{
	const struct ktask_desc good = DESC(self->ring.nop, nothing);
	char *page = guarded_alloc(1);
	struct ktask_after after = { .flags = KTASK_AFTER_INDEX };
	struct ktask_desc desc;

#define EXPECT_REFUSED(error, member, value)				\
do {									\
	desc = good;							\
	desc.member = value;						\
	self->c.id = 0;							\
	ring_spawn(&self->ring, &desc, &self->c, 0);			\
	EXPECT_RES(error);						\
	/* That tells it from a result. */				\
	EXPECT_EQ(0, self->c.id);					\
} while (0)

	ASSERT_NE(NULL, page);
	EXPECT_REFUSED(-ENOENT, op, 0x7fffffff);
	EXPECT_REFUSED(-ENOENT, group, 1);
	EXPECT_REFUSED(-EOPNOTSUPP, flags, 0x80000000);
	EXPECT_REFUSED(-EINVAL, flags, KTASK_DESC_DETACHED);
	EXPECT_REFUSED(-EINVAL, reserved, 1);
	EXPECT_REFUSED(-EFAULT, args, to_u64(page + 4096));
	EXPECT_REFUSED(-E2BIG, args_size, 4097);
	EXPECT_REFUSED(-EFAULT, nr_after, 1);

	/* There is no earlier one in the same call. */
	desc = good;
	desc.after = to_u64(&after);
	desc.nr_after = 1;
	ring_spawn(&self->ring, &desc, NULL, 0);
	EXPECT_RES(-EINVAL);

	ring_spawn(&self->ring, NULL, NULL, 0);
	EXPECT_RES(-EFAULT);
	/* Half of it is there. */
	ring_spawn(&self->ring, (void *)(page + 4096 - sizeof(desc) / 2), NULL, 0);
	EXPECT_RES(-EFAULT);
	EXPECT_EQ(0, file_tasks(self->fd));
}

TEST_F(uring_error, commands_that_are_not_known_are_refused)
{
	const struct ktask_desc desc = DESC(self->ring.nop, nothing);
	static const unsigned int unknown[] = {
		0, ~0U, KTASK_SPAWN, KTASK_INFO, KTASK_ABORT,
		_IOR(KTASK_IOC_TYPE, KTASK_CMD_SPAWN, struct ktask_desc),
		_IOWR(KTASK_IOC_TYPE, KTASK_CMD_SPAWN, struct ktask_desc),
		_IOW(KTASK_IOC_TYPE, KTASK_CMD_JOIN, struct ktask_desc),
		_IOW('K', KTASK_CMD_SPAWN, struct ktask_desc),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		ring_cmd(&self->ring, unknown[i], &desc, NULL, 0);
		EXPECT_RES(-ENOTTY);
	}
}

TEST_F(uring_error, descriptor_may_be_shorter_or_longer)
{
	const unsigned int least = offsetof(struct ktask_desc, id) + sizeof(__u64);
	struct ktask_args_nop args = { .result = 3 };
	char *end = guarded_alloc(2);
	struct ktask_desc desc = DESC(self->ring.nop, args);
	unsigned int size;

#define SIZED(size)	_IOC(_IOC_WRITE, KTASK_IOC_TYPE, KTASK_CMD_SPAWN, size)

	ASSERT_NE(NULL, end);
	end += 2 * 4096;
	for (size = least; size <= 4097; size++) {
		char *p = end - size;

		memset(p, 0, size);
		memcpy(p, &desc, size < sizeof(desc) ? size : sizeof(desc));
		ring_cmd(&self->ring, SIZED(size), p, NULL, 0);
		EXPECT_RES(size <= 4096 ? 3 : -E2BIG);
		if (size <= sizeof(desc))
			continue;
		end[-1] = 1;
		ring_cmd(&self->ring, SIZED(size), p, NULL, 0);
		EXPECT_RES(-E2BIG);
		/* All sizes would take long. */
		size += size < 4000 ? 61 : 0;
	}
	for (size = 0; size < least; size++) {
		ring_cmd(&self->ring, SIZED(size), &desc, NULL, 0);
		EXPECT_RES(-EINVAL);
	}
}

TEST_F(uring_error, completion_must_be_memory)
{
	struct ktask_desc desc = DESC(self->ring.nop, nothing);
	char *page = guarded_alloc(1);
	struct ktask_info before, now;

	ASSERT_NE(NULL, page);
	ASSERT_EQ(0, kt_info(self->fd, &before));
	ring_spawn(&self->ring, &desc, (void *)(page + 4096), 0);
	EXPECT_RES(-EFAULT);
	/* That was found before it was started. */
	ASSERT_EQ(0, kt_info(self->fd, &now));
	EXPECT_EQ(before.resumed, now.resumed);

	/* If only the id can be written, that comes later. */
	ring_spawn(&self->ring, &desc, (void *)(page + 4096 - 8), 0);
	EXPECT_RES(-EFAULT);
}

TEST_F(uring_error, completion_may_lose_its_memory)
{
	struct ktask_desc desc = DESC(self->ring.sleep, an_hour);
	struct ktask_completion *c = (void *)guarded_alloc(1);
	__u64 id;

	ASSERT_NE(NULL, c);
	ring_spawn(&self->ring, &desc, c, 0);
	ASSERT_LE(0, io_uring_submit(&self->ring.io));
	id = ring_wait_id(c);
	ASSERT_EQ(0, munmap(c, 4096));
	ASSERT_EQ(0, kt_abort(self->fd, id));
	EXPECT_CQE(-EFAULT, 0);
}

TEST_F(uring_error, registered_buffers_are_refused)
{
	struct ktask_desc desc = DESC(self->ring.nop, nothing);
	struct iovec iov = { .iov_base = &self->c, .iov_len = sizeof(self->c) };
	struct io_uring_sqe *sqe;

	ASSERT_EQ(0, io_uring_register_buffers(&self->ring.io, &iov, 1));
	sqe = ring_spawn(&self->ring, &desc, NULL, 0);
	sqe->rw_flags = IORING_URING_CMD_FIXED;
	EXPECT_RES(-EOPNOTSUPP);
}

TEST_F(uring_error, restriction_holds)
{
	__u32 op = self->ring.sleep;
	struct ktask_restrict arg = {
		.size = sizeof(arg),
		.ops = to_u64(&op),
		.nr = 1,
	};
	struct ktask_args_sleep soon = { .duration_ns = 1 };
	struct ktask_desc desc = DESC(self->ring.nop, nothing);

	ASSERT_EQ(0, kt_ioctl(self->fd, KTASK_RESTRICT, &arg));
	ring_spawn(&self->ring, &desc, NULL, 0);
	EXPECT_RES(-EPERM);
	desc = DESC(self->ring.sleep, soon);
	ring_spawn(&self->ring, &desc, NULL, 0);
	EXPECT_RES(0);
}

TEST_F(uring_error, a_full_group_does_not_block)
{
	struct ktask_group group = {
		.size = sizeof(group),
		.flags = KTASK_GROUP_NEW,
		.max_tasks = 2,
	};
	struct ktask_desc desc = DESC(self->ring.sleep, an_hour);
	struct ktask_completion c[2] = {};

	ASSERT_EQ(0, kt_ioctl(self->fd, KTASK_GROUP, &group));
	desc.group = group.group;
	ring_spawn(&self->ring, &desc, &c[0], 0);
	ring_spawn(&self->ring, &desc, &c[1], 1);
	ASSERT_LE(0, io_uring_submit(&self->ring.io));
	ring_wait_id(&c[0]);
	ring_wait_id(&c[1]);
	ring_spawn(&self->ring, &desc, NULL, 2);
	EXPECT_RES(-EAGAIN);

	ASSERT_EQ(0, kt_abort(self->fd, c[0].id));
	EXPECT_CQE(-ECANCELED, 0);
	ring_spawn(&self->ring, &desc, &self->c, 3);
	ASSERT_LE(0, io_uring_submit(&self->ring.io));
	ring_wait_id(&self->c);
	ASSERT_EQ(0, kt_abort_all(self->fd));
	EXPECT_EQ(-ECANCELED, ring_wait_cqe(&self->ring, &self->cqe, NULL));
	EXPECT_EQ(-ECANCELED, ring_wait_cqe(&self->ring, &self->cqe, NULL));
}

/* --- A ring for polled I/O ---------------------------------------------------------- */

FIXTURE(iopoll) {
	int fd;
};

FIXTURE_SETUP(iopoll)
{
	SETUP_OPEN(self->fd, 0);
}

FIXTURE_TEARDOWN(iopoll)
{
	close(self->fd);
}

/* Newer kernels let such a ring have commands that cannot be polled. */
TEST_F(iopoll, is_refused_or_makes_no_difference)
{
	struct ktask_desc desc;
	struct ring ring;
	int res;

	NEED_RING(ring_open(&ring, self->fd, 8, IORING_SETUP_IOPOLL, 0));
	desc = DESC(ring.nop, nothing);
	ring_spawn(&ring, &desc, NULL, 0);
	res = ring_run(&ring);
	if (res != -EOPNOTSUPP)
		EXPECT_EQ(0, res);
	ring_close(&ring);
}

TEST_HARNESS_MAIN
