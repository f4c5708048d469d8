// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks as io_uring commands: what they give, on rings of all kinds.
 */
#include "uring.h"

#define ENTRIES		256

/* user_data of what is not a task. */
#define CANCEL_DATA	0xcccc

FIXTURE(uring) {
	int fd;
	struct ring ring;
	struct io_uring_cqe cqe;
	struct ktask_completion c;
};

FIXTURE_VARIANT(uring) {
	unsigned int setup_flags;
	unsigned int sqe_flags;
};

FIXTURE_VARIANT_ADD(uring, plain) {
};

FIXTURE_VARIANT_ADD(uring, coop_taskrun) {
	.setup_flags = IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
};

FIXTURE_VARIANT_ADD(uring, defer_taskrun) {
	.setup_flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
};

FIXTURE_VARIANT_ADD(uring, sqpoll) {
	.setup_flags = IORING_SETUP_SQPOLL,
};

FIXTURE_VARIANT_ADD(uring, big) {
	.setup_flags = IORING_SETUP_CQE32 | IORING_SETUP_SQE128,
};

FIXTURE_VARIANT_ADD(uring, async) {
	.sqe_flags = IOSQE_ASYNC,
};

FIXTURE_VARIANT_ADD(uring, big_defer_async) {
	.setup_flags = IORING_SETUP_CQE32 | IORING_SETUP_SINGLE_ISSUER |
		       IORING_SETUP_DEFER_TASKRUN,
	.sqe_flags = IOSQE_ASYNC,
};

FIXTURE_VARIANT_ADD(uring, fixed_file) {
	.sqe_flags = IOSQE_FIXED_FILE,
};

FIXTURE_SETUP(uring)
{
	SETUP_OPEN(self->fd, 0);
	NEED_RING(ring_open(&self->ring, self->fd, ENTRIES, variant->setup_flags,
			    variant->sqe_flags));
}

FIXTURE_TEARDOWN(uring)
{
	ring_close(&self->ring);
	close(self->fd);
}

/* --- Results --------------------------------------------------------------- */

TEST_F(uring, cqe_tells_the_result)
{
	static const struct {
		__s64 result;
		int res;
	} cases[] = {
		{ 0, 0 },
		{ 42, 42 },
		{ -EIO, -EIO },
		{ -EAGAIN, -EAGAIN },
		{ INT_MAX, INT_MAX },
		{ INT_MIN, INT_MIN },
		{ INT_MAX + 1LL, INT_MAX },
		{ INT_MIN - 1LL, INT_MIN },
		{ LLONG_MAX, INT_MAX },
		{ LLONG_MIN, INT_MIN },
		{ 0x100000000LL, INT_MAX },
	};
	struct ktask_args_nop args;
	unsigned int i;
	__u64 big;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ktask_desc desc = DESC(self->ring.nop, args);

		args.result = cases[i].result;
		big = args.result;
		ring_spawn(&self->ring, &desc, NULL, i);
		ASSERT_LE(0, io_uring_submit(&self->ring.io));
		EXPECT_EQ(cases[i].res,
			  ring_wait_cqe(&self->ring, &self->cqe, &big));
		EXPECT_EQ(i, self->cqe.user_data);
		EXPECT_EQ(cases[i].result, (__s64)big);
	}
}

TEST_F(uring, completion_is_written_before_the_cqe)
{
	struct ktask_args_nop args = { .result = 1LL << 40 };
	struct ktask_desc desc = DESC(self->ring.nop, args);
	__u64 last = 0;
	int i;

	desc.user_data = 5;
	for (i = 0; i < 10; i++) {
		memset(&self->c, 0xff, sizeof(self->c));
		ring_spawn(&self->ring, &desc, &self->c, 7);
		EXPECT_RES(INT_MAX);
		EXPECT_LT(last, self->c.id);
		last = self->c.id;
		EXPECT_EQ(5, self->c.user_data);
		EXPECT_EQ(1LL << 40, self->c.result);
		EXPECT_EQ(KTASK_RETURNED, self->c.outcome);
		EXPECT_EQ(0, self->c.out_len);
		EXPECT_EQ(KTASK_CAUSE_NONE, self->c.cause);
	}
	/* What is not asked for is not kept. */
	EXPECT_EQ(0, file_tasks(self->fd));
}

TEST_F(uring, output_comes_with_the_completion)
{
	static const __u8 digest[32] = {
		0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14,
		0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
		0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c,
		0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
	};
	struct ktask_args_hash args = { .alg = "sha256" };
	struct ktask_desc desc = DESC(self->ring.hash, args);

	args.fd = memfd_create("empty", MFD_CLOEXEC);
	ASSERT_LE(0, args.fd);
	ring_spawn(&self->ring, &desc, &self->c, 0);
	EXPECT_RES(0);
	close(args.fd);
	ASSERT_EQ(sizeof(digest), self->c.out_len);
	EXPECT_EQ(0, memcmp(digest, self->c.out, sizeof(digest)));
}

TEST_F(uring, long_output_is_kept)
{
	struct ktask_args_read args = { .length = 10000 };
	struct ktask_desc desc = DESC(self->ring.read, args);
	static char data[10000], got[10000];
	struct ktask_output output = {
		.size = sizeof(output),
		.buf = to_u64(got),
		.len = sizeof(got),
	};
	unsigned int i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = i * 7;
	args.fd = memfd_create("data", MFD_CLOEXEC);
	ASSERT_EQ(sizeof(data), write(args.fd, data, sizeof(data)));
	ring_spawn(&self->ring, &desc, &self->c, 0);
	EXPECT_RES(sizeof(data));
	EXPECT_EQ(sizeof(data), self->c.out_len);
	EXPECT_EQ(0, memcmp(data, self->c.out, KTASK_OUT_MAX));

	output.id = self->c.id;
	ASSERT_EQ(0, kt_ioctl(self->fd, KTASK_OUTPUT, &output));
	EXPECT_EQ(sizeof(data), output.len);
	EXPECT_EQ(0, memcmp(data, got, sizeof(data)));
	EXPECT_EQ(-ENOENT, kt_ioctl(self->fd, KTASK_OUTPUT, &output));

	/* Who did not ask for the completion does not know of it. */
	ring_spawn(&self->ring, &desc, NULL, 0);
	EXPECT_RES(sizeof(data));
	EXPECT_EQ(0, file_tasks(self->fd));
	close(args.fd);
}

TEST_F(uring, arguments_are_taken_at_once)
{
	struct ktask_args_sleep args = { .duration_ns = 20 * MSEC };
	struct ktask_desc desc = DESC(self->ring.sleep, args);
	int64_t began = now_ns();

	self->c.id = 0;
	ring_spawn(&self->ring, &desc, &self->c, 0);
	ASSERT_LE(0, io_uring_submit(&self->ring.io));
	/* A thread of io_uring's may have yet to look at it. */
	ring_wait_id(&self->c);
	memset(&desc, 0xff, sizeof(desc));
	memset(&args, 0xff, sizeof(args));
	EXPECT_EQ(0, ring_wait_cqe(&self->ring, &self->cqe, NULL));
	EXPECT_LE(began + 20 * MSEC, now_ns());
}

/* --- Other ways to reach such a task ---------------------------------------------- */

TEST_F(uring, nobody_else_can_join_it)
{
	struct ktask_desc desc = DESC(self->ring.sleep, an_hour);
	struct ktask_join any = {
		.size = sizeof(any),
		.timeout_ns = FOREVER,
		.completion = to_u64(&self->c),
	};
	struct ktask_completion c = {}, joined;
	__u64 id;

	ring_spawn(&self->ring, &desc, &c, 0);
	ASSERT_LE(0, io_uring_submit(&self->ring.io));
	id = ring_wait_id(&c);
	EXPECT_EQ(-ENOENT, kt_join(self->fd, id, FOREVER, &joined));
	EXPECT_EQ(-ENOENT, kt_ioctl(self->fd, KTASK_JOIN, &any));
	EXPECT_EQ(0, kt_read(self->fd, &joined, 1));
	EXPECT_EQ(1, file_tasks(self->fd));

	EXPECT_EQ(0, kt_abort(self->fd, id));
	EXPECT_CQE(-ECANCELED, 0);
	EXPECT_EQ(id, c.id);
	EXPECT_EQ(KTASK_CANCELLED, c.outcome);
	EXPECT_EQ(KTASK_CAUSE_ABORT, c.cause);
	EXPECT_EQ(-ECANCELED, c.result);
	EXPECT_EQ(-ENOENT, kt_abort(self->fd, id));
	EXPECT_EQ(0, file_tasks(self->fd));
}

TEST_F(uring, timeout_of_the_descriptor_ends_it)
{
	struct ktask_desc desc = DESC(self->ring.sleep, an_hour);
	int64_t began = now_ns();

	desc.timeout_ns = 10 * MSEC;
	ring_spawn(&self->ring, &desc, &self->c, 0);
	EXPECT_RES(-ECANCELED);
	EXPECT_EQ(KTASK_CAUSE_TIMEOUT, self->c.cause);
	EXPECT_LE(began + 10 * MSEC, now_ns());
}

TEST_F(uring, tasks_can_come_after_it)
{
	struct ktask_desc first = DESC(self->ring.sleep, an_hour);
	struct ktask_desc second = DESC(self->ring.nop, nothing);
	struct ktask_after after = { .flags = KTASK_AFTER_ANY };
	struct ktask_completion c = {};
	int i, res;

	ring_spawn(&self->ring, &first, &c, 1);
	ASSERT_LE(0, io_uring_submit(&self->ring.io));
	after.id = ring_wait_id(&c);
	second.after = to_u64(&after);
	second.nr_after = 1;
	self->c.id = 0;
	ring_spawn(&self->ring, &second, &self->c, 2);
	ASSERT_LE(0, io_uring_submit(&self->ring.io));
	ring_wait_id(&self->c);

	EXPECT_EQ(0, kt_abort(self->fd, after.id));
	/* The CQEs are not in the order of the ends. */
	for (i = 0; i < 2; i++) {
		res = ring_wait_cqe(&self->ring, &self->cqe, NULL);
		EXPECT_EQ(self->cqe.user_data == 1 ? -ECANCELED : 0, res);
	}
}

TEST_F(uring, set_may_be_closed_first)
{
	struct ktask_args_sleep args = { .duration_ns = 20 * MSEC };
	struct ktask_desc desc = DESC(self->ring.sleep, args);
	int other = kt_open(0);
	struct ktask_info info;

	/* The command has the set. Nobody else: it ends with the last of them. */
	ASSERT_LE(0, other);
	self->c.id = 0;
	ring_spawn(&self->ring, &desc, &self->c, 0);
	ASSERT_LE(0, io_uring_submit(&self->ring.io));
	ring_wait_id(&self->c);
	ASSERT_EQ(0, close(self->fd));
	EXPECT_CQE(0, 0);
	if (variant->sqe_flags & IOSQE_FIXED_FILE)
		ASSERT_EQ(0, io_uring_unregister_files(&self->ring.io));
	/* Some rings let go of it only when they are looked at. */
	do {
		io_uring_get_events(&self->ring.io);
		ASSERT_EQ(0, kt_info(other, &info));
	} while (info.files != 1);
	EXPECT_EQ(0, info.file_tasks);
	self->fd = other;
}

/* --- Links ------------------------------------------------------------------------ */

TEST_F(uring, links_run_one_after_the_other)
{
	struct ktask_args_sleep args = { .duration_ns = 5 * MSEC };
	struct ktask_desc desc = DESC(self->ring.sleep, args);
	struct ktask_completion c[4] = {};
	int64_t began = now_ns();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		struct io_uring_sqe *sqe;

		sqe = ring_spawn(&self->ring, &desc, &c[i], i);
		if (i + 1 < ARRAY_SIZE(c))
			sqe->flags |= IOSQE_IO_LINK;
	}
	ASSERT_LE(0, io_uring_submit(&self->ring.io));
	for (i = 0; i < ARRAY_SIZE(c); i++)
		EXPECT_CQE(0, i);
	EXPECT_LE(began + (int)ARRAY_SIZE(c) * 5 * MSEC, now_ns());
	for (i = 1; i < ARRAY_SIZE(c); i++)
		EXPECT_LT(c[i - 1].id, c[i].id);
}

TEST_F(uring, a_failure_breaks_the_link)
{
	struct ktask_args_nop args = { .result = -EIO };
	struct ktask_desc desc = DESC(self->ring.nop, args);
	struct ktask_desc next = DESC(self->ring.nop, nothing);

	ring_spawn(&self->ring, &desc, NULL, 1)->flags |= IOSQE_IO_LINK;
	ring_spawn(&self->ring, &next, NULL, 2);
	ASSERT_LE(0, io_uring_submit(&self->ring.io));
	EXPECT_CQE(-EIO, 1);
	EXPECT_CQE(-ECANCELED, 2);

	/* Unless it is a hard one. */
	ring_spawn(&self->ring, &desc, NULL, 3)->flags |= IOSQE_IO_HARDLINK;
	ring_spawn(&self->ring, &next, NULL, 4);
	ASSERT_LE(0, io_uring_submit(&self->ring.io));
	EXPECT_CQE(-EIO, 3);
	EXPECT_CQE(0, 4);
}

TEST_F(uring, drain_waits_for_it)
{
	struct ktask_args_sleep args = { .duration_ns = 10 * MSEC };
	struct ktask_desc desc = DESC(self->ring.sleep, args);
	struct ktask_desc next = DESC(self->ring.nop, nothing);

	ring_spawn(&self->ring, &desc, NULL, 1);
	ring_spawn(&self->ring, &next, NULL, 2)->flags |= IOSQE_IO_DRAIN;
	ASSERT_LE(0, io_uring_submit(&self->ring.io));
	EXPECT_CQE(0, 1);
	EXPECT_CQE(0, 2);
}

/* --- io_uring's ways to cancel ------------------------------------------------------ */

/*
 * They reach what waits in a thread of io_uring's. The others are ended by what
 * the set offers; that io_uring finds nothing is not for us to promise.
 */
#define NEED_ASYNC()							\
do {									\
	if (!(variant->sqe_flags & IOSQE_ASYNC))			\
		SKIP(return, "io_uring cancels drivers' commands only if IOSQE_ASYNC"); \
} while (0)

TEST_F(uring, async_cancel_ends_it)
{
	struct ktask_desc desc = DESC(self->ring.sleep, an_hour);
	struct io_uring_sqe *sqe;
	int i, res;

	NEED_ASYNC();
	self->c.id = 0;
	ring_spawn(&self->ring, &desc, &self->c, 1);
	ASSERT_LE(0, io_uring_submit(&self->ring.io));
	ring_wait_id(&self->c);
	sqe = ring_sqe(&self->ring);
	io_uring_prep_cancel64(sqe, 1, 0);
	sqe->user_data = CANCEL_DATA;
	ASSERT_LE(0, io_uring_submit(&self->ring.io));
	for (i = 0; i < 2; i++) {
		res = ring_wait_cqe(&self->ring, &self->cqe, NULL);
		if (self->cqe.user_data == CANCEL_DATA) {
			EXPECT_TRUE(!res || res == -EALREADY);
		} else {
			EXPECT_EQ(-ECANCELED, res);
		}
	}
	/* It had ended by then. */
	EXPECT_EQ(KTASK_CANCELLED, self->c.outcome);
	EXPECT_EQ(KTASK_CAUSE_ABORT, self->c.cause);
	EXPECT_EQ(0, file_tasks(self->fd));
}

TEST_F(uring, async_cancel_ends_all)
{
	struct ktask_desc desc = DESC(self->ring.sleep, an_hour);
	struct ktask_completion c = {};
	struct io_uring_sqe *sqe;
	int i, cancelled = 0;

	NEED_ASYNC();
	/* More than io_uring has threads. */
	for (i = 0; i < 100; i++)
		ring_spawn(&self->ring, &desc, i ? NULL : &c, 1);
	ASSERT_LE(0, io_uring_submit(&self->ring.io));
	ring_wait_id(&c);
	sqe = ring_sqe(&self->ring);
	io_uring_prep_cancel64(sqe, 0, IORING_ASYNC_CANCEL_ANY);
	sqe->user_data = CANCEL_DATA;
	ASSERT_LE(0, io_uring_submit(&self->ring.io));
	for (i = 0; i < 101; i++) {
		int res = ring_wait_cqe(&self->ring, &self->cqe, NULL);

		if (self->cqe.user_data == CANCEL_DATA) {
			/* What runs is not counted everywhere. */
			EXPECT_LE(0, res);
		} else {
			cancelled += res == -ECANCELED;
		}
	}
	EXPECT_EQ(100, cancelled);
	EXPECT_EQ(0, file_tasks(self->fd));
}

/*
 * A linked timeout does not find what no thread of io_uring's waits for, and does
 * not begin before one that waits is done. The task's own does its work.
 */
TEST_F(uring, linked_timeout_is_not_in_the_way)
{
	struct __kernel_timespec ts = { .tv_nsec = 10 * MSEC };
	struct ktask_desc desc = DESC(self->ring.sleep, an_hour);
	struct io_uring_sqe *sqe;
	int i, res;

	desc.timeout_ns = 20 * MSEC;
	ring_spawn(&self->ring, &desc, &self->c, 1)->flags |= IOSQE_IO_LINK;
	sqe = ring_sqe(&self->ring);
	io_uring_prep_link_timeout(sqe, &ts, 0);
	sqe->user_data = CANCEL_DATA;
	ASSERT_LE(0, io_uring_submit(&self->ring.io));
	for (i = 0; i < 2; i++) {
		res = ring_wait_cqe(&self->ring, &self->cqe, NULL);
		if (self->cqe.user_data == CANCEL_DATA) {
			EXPECT_TRUE(res == -ETIME || res == -EALREADY ||
				    res == -ENOENT || res == -ECANCELED);
		} else {
			EXPECT_EQ(-ECANCELED, res);
		}
	}
	EXPECT_EQ(KTASK_CANCELLED, self->c.outcome);
	EXPECT_EQ(0, file_tasks(self->fd));
}

/* A timeout that comes too late is cancelled itself. */
TEST_F(uring, linked_timeout_goes_with_it)
{
	struct __kernel_timespec ts = { .tv_sec = 3600 };
	struct ktask_args_nop args = { .result = 9 };
	struct ktask_desc desc = DESC(self->ring.nop, args);
	struct io_uring_sqe *sqe;
	int i, res;

	ring_spawn(&self->ring, &desc, NULL, 1)->flags |= IOSQE_IO_LINK;
	sqe = ring_sqe(&self->ring);
	io_uring_prep_link_timeout(sqe, &ts, 0);
	sqe->user_data = CANCEL_DATA;
	ASSERT_LE(0, io_uring_submit(&self->ring.io));
	for (i = 0; i < 2; i++) {
		res = ring_wait_cqe(&self->ring, &self->cqe, NULL);
		EXPECT_EQ(self->cqe.user_data == CANCEL_DATA ? -ECANCELED : 9, res);
	}
}

/* --- Many ------------------------------------------------------------------------- */

/* Wait for @nr CQEs, one for each user_data from 0 on. */
#define EXPECT_EACH_ONCE(nr, value)					\
do {									\
	char *_seen = calloc(nr, 1);					\
	unsigned int _i;						\
									\
	ASSERT_NE(NULL, _seen);						\
	for (_i = 0; _i < (nr); _i++) {					\
		ASSERT_EQ(value, ring_wait_cqe(&self->ring, &self->cqe, NULL)); \
		ASSERT_GT(nr, self->cqe.user_data);			\
		ASSERT_EQ(0, _seen[self->cqe.user_data]++);		\
	}								\
	free(_seen);							\
} while (0)

TEST_F_TIMEOUT(uring, many_are_told_one_by_one, SLOW)
{
	struct ktask_args_nop args = { .result = 4 };
	struct ktask_desc desc = DESC(self->ring.nop, args);
	unsigned int round, i;

	for (round = 0; round < 16; round++) {
		for (i = 0; i < ENTRIES; i++)
			ring_spawn(&self->ring, &desc, NULL, i);
		ASSERT_LE(0, io_uring_submit(&self->ring.io));
		EXPECT_EACH_ONCE(ENTRIES, 4);
	}
	EXPECT_EQ(0, file_tasks(self->fd));
}

TEST_F_TIMEOUT(uring, many_end_at_once, SLOW)
{
	struct ktask_desc desc = DESC(self->ring.sleep, an_hour);
	const unsigned int nr = 4000;
	unsigned int i;

	if (variant->sqe_flags & IOSQE_ASYNC)
		SKIP(return, "io_uring has threads for few at a time");
	/* More than the CQ has room for. */
	for (i = 0; i < nr; i++)
		ring_spawn(&self->ring, &desc, NULL, i);
	ASSERT_LE(0, io_uring_submit(&self->ring.io));
	while (file_tasks(self->fd) < nr)
		sched_yield();
	ASSERT_EQ(0, kt_abort_all(self->fd));
	EXPECT_EACH_ONCE(nr, -ECANCELED);
	EXPECT_EQ(0, file_tasks(self->fd));
}

TEST_HARNESS_MAIN
