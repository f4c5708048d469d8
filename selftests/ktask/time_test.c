// SPDX-License-Identifier: GPL-2.0
/*
 * When a task starts at the earliest, and when it has to end.
 */
#include "helpers.h"

FIXTURE(time) {
	int fd;
	struct ktask_args_nop nop;
	struct ktask_args_sleep sleep;
	struct ktask_desc desc;		/* a nop, unless the test has another */
	struct ktask_completion c;
	struct ktask_task task;
};

FIXTURE_SETUP(time)
{
	SETUP_OPEN(self->fd, 0);
	self->nop.result = 5;
	self->desc = kt_desc(self->fd, "nop", &self->nop, sizeof(self->nop));
}

FIXTURE_TEARDOWN(time)
{
	close(self->fd);
}

static void be_sleep(FIXTURE_DATA(time) *self, __u64 duration_ns)
{
	self->sleep.duration_ns = duration_ns;
	self->desc = kt_desc(self->fd, "sleep", &self->sleep, sizeof(self->sleep));
}

static int64_t spawn(FIXTURE_DATA(time) *self)
{
	return kt_spawn_desc(self->fd, &self->desc);
}

/* Spawn it and take its completion: it returns what the op gives. */
#define EXPECT_RETURNS(value)						\
do {									\
	int64_t _id = spawn(self);					\
									\
	ASSERT_LT(0, _id);						\
	ASSERT_EQ(0, kt_join(self->fd, _id, FOREVER, &self->c));	\
	EXPECT_EQ(KTASK_RETURNED, self->c.outcome);			\
	EXPECT_EQ(KTASK_CAUSE_NONE, self->c.cause);			\
	EXPECT_EQ(value, self->c.result);				\
} while (0)

#define EXPECT_TIMES_OUT()						\
do {									\
	int64_t _id = spawn(self);					\
									\
	ASSERT_LT(0, _id);						\
	ASSERT_EQ(0, kt_join(self->fd, _id, FOREVER, &self->c));	\
	EXPECT_EQ(_id, self->c.id);					\
	EXPECT_EQ(KTASK_CANCELLED, self->c.outcome);			\
	EXPECT_EQ(-ECANCELED, self->c.result);				\
	EXPECT_EQ(KTASK_CAUSE_TIMEOUT, self->c.cause);			\
	EXPECT_EQ(0, self->c.out_len);					\
} while (0)

/* --- Timeout -------------------------------------------------------------- */

TEST_F(time, timeout_cancels_a_sleeper)
{
	int64_t start = now_ns();

	be_sleep(self, HOUR);
	self->desc.timeout_ns = 50 * MSEC;
	self->desc.user_data = 4;
	EXPECT_TIMES_OUT();
	EXPECT_LE(50 * MSEC, now_ns() - start);
	EXPECT_EQ(4, self->c.user_data);
}

TEST_F(time, timeout_of_one_nanosecond)
{
	be_sleep(self, HOUR);
	self->desc.timeout_ns = 1;
	EXPECT_TIMES_OUT();
}

TEST_F(time, timeout_cancels_blocking_work)
{
	struct ktask_args_hash hash = { .fd = sparse_file(), .alg = "sha256" };

	ASSERT_LE(0, hash.fd);
	self->desc = kt_desc(self->fd, "hash", &hash, sizeof(hash));
	self->desc.timeout_ns = 50 * MSEC;
	EXPECT_TIMES_OUT();
	close(hash.fd);
}

TEST_F(time, timeout_that_is_not_needed)
{
	self->desc.timeout_ns = HOUR;
	EXPECT_RETURNS(5);
	/* Nor does one of a task that is gone do anything later. */
	self->desc.timeout_ns = 20 * MSEC;
	ASSERT_LT(0, spawn(self));
	ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
	be_sleep(self, 60 * MSEC);
	EXPECT_RETURNS(0);
}

TEST_F(time, timeout_of_an_ended_task_changes_nothing)
{
	int64_t id, later;

	self->desc.timeout_ns = SEC;
	ASSERT_LT(0, id = spawn(self));
	ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_ENDED));
	ASSERT_LT(0, later = kt_sleep(self->fd, 2 * SEC, 0));
	ASSERT_EQ(0, kt_join(self->fd, later, FOREVER, &self->c));
	ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &self->c));
	EXPECT_EQ(KTASK_RETURNED, self->c.outcome);
	EXPECT_EQ(KTASK_CAUSE_NONE, self->c.cause);
}

TEST_F(time, timeout_too_long_to_be_counted_is_never)
{
	static const __u64 lengths[] = {
		INT64_MAX - 1, INT64_MAX, 1ULL << 63, UINT64_MAX - 1, UINT64_MAX,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		be_sleep(self, 20 * MSEC);
		self->desc.timeout_ns = lengths[i];
		EXPECT_RETURNS(0);
	}
}

/* Whichever comes first, and one completion in any case. */
TEST_F_TIMEOUT(time, timeout_races_with_the_end, SLOW)
{
	int cancelled = 0, i;

	for (i = 0; i < 300; i++) {
		int64_t id;

		be_sleep(self, MSEC);
		self->desc.timeout_ns = MSEC / 2 + i % 50 * 20000;
		ASSERT_LT(0, id = spawn(self));
		ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &self->c));
		if (self->c.outcome == KTASK_CANCELLED) {
			ASSERT_EQ(KTASK_CAUSE_TIMEOUT, self->c.cause);
			ASSERT_EQ(-ECANCELED, self->c.result);
			cancelled++;
		} else {
			ASSERT_EQ(KTASK_RETURNED, self->c.outcome);
			ASSERT_EQ(KTASK_CAUSE_NONE, self->c.cause);
			ASSERT_EQ(0, self->c.result);
		}
		ASSERT_EQ(0, kt_read(self->fd, &self->c, 1));
	}
	TH_LOG("%d of 300 were cancelled", cancelled);
}

/* The reason is the first, not the last. */
TEST_F(time, abort_before_the_timeout_is_the_cause)
{
	int64_t id;

	be_sleep(self, HOUR);
	self->desc.timeout_ns = HOUR;
	ASSERT_LT(0, id = spawn(self));
	ASSERT_EQ(0, kt_abort(self->fd, id));
	ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &self->c));
	EXPECT_EQ(KTASK_CANCELLED, self->c.outcome);
	EXPECT_EQ(KTASK_CAUSE_ABORT, self->c.cause);
}

TEST_F_TIMEOUT(time, timeouts_of_thousands, SLOW)
{
	struct ktask_desc *descs = calloc(4096, sizeof(*descs));
	unsigned int i;

	ASSERT_NE(NULL, descs);
	be_sleep(self, HOUR);
	for (i = 0; i < 4096; i++) {
		descs[i] = self->desc;
		descs[i].timeout_ns = (1 + i % 200) * MSEC;
	}
	ASSERT_EQ(4096, kt_spawn(self->fd, descs, 4096, NULL));
	for (i = 0; i < 4096; i++) {
		ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
		ASSERT_EQ(KTASK_CAUSE_TIMEOUT, self->c.cause);
	}
	EXPECT_EQ(0, kt_read(self->fd, &self->c, 1));
	free(descs);
}

/* --- Deadline ------------------------------------------------------------- */

TEST_F(time, deadline_in_the_future)
{
	int64_t deadline = now_ns() + 100 * MSEC;

	be_sleep(self, HOUR);
	self->desc.flags = KTASK_DESC_DEADLINE;
	self->desc.timeout_ns = deadline;
	EXPECT_TIMES_OUT();
	EXPECT_LE(deadline, now_ns());
}

TEST_F(time, deadline_in_the_past)
{
	be_sleep(self, HOUR);
	self->desc.flags = KTASK_DESC_DEADLINE;
	self->desc.timeout_ns = 1;
	EXPECT_TIMES_OUT();
	self->desc.timeout_ns = now_ns();
	EXPECT_TIMES_OUT();
}

TEST_F(time, deadline_that_is_not_needed)
{
	self->desc.flags = KTASK_DESC_DEADLINE;
	self->desc.timeout_ns = now_ns() + HOUR;
	EXPECT_RETURNS(5);
}

TEST_F(time, deadline_too_far_to_be_counted_is_never)
{
	static const __u64 times[] = {
		INT64_MAX - 1, INT64_MAX, 1ULL << 63, UINT64_MAX - 1, UINT64_MAX,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(times); i++) {
		be_sleep(self, 20 * MSEC);
		self->desc.flags = KTASK_DESC_DEADLINE;
		self->desc.timeout_ns = times[i];
		EXPECT_RETURNS(0);
	}
}

/* --- Delay ---------------------------------------------------------------- */

TEST_F(time, delay_is_kept)
{
	static const __u64 lengths[] = { 1, 999, MSEC, 100 * MSEC };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		int64_t start = now_ns();

		self->desc.delay_ns = lengths[i];
		EXPECT_RETURNS(5);
		EXPECT_LE(lengths[i], now_ns() - start);
	}
}

TEST_F(time, delay_before_blocking_work)
{
	struct ktask_args_hash hash = {
		.fd = sparse_file(),
		.length = 4096,
		.alg = "sha256",
	};
	int64_t start = now_ns();

	ASSERT_LE(0, hash.fd);
	self->desc = kt_desc(self->fd, "hash", &hash, sizeof(hash));
	self->desc.delay_ns = 100 * MSEC;
	EXPECT_RETURNS(4096);
	EXPECT_LE(100 * MSEC, now_ns() - start);
	close(hash.fd);
}

TEST_F(time, delayed_task_is_seen_so_and_has_not_run)
{
	int64_t id;

	self->desc.delay_ns = HOUR;
	ASSERT_LT(0, id = spawn(self));
	ASSERT_EQ(0, kt_status(self->fd, id, &self->task));
	EXPECT_EQ(KTASK_STATE_DELAYED, self->task.state);
	EXPECT_EQ(0, self->task.run_ns);
	/* It need not start to be aborted. */
	ASSERT_EQ(0, kt_abort(self->fd, id));
	ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &self->c));
	EXPECT_EQ(KTASK_CANCELLED, self->c.outcome);
	EXPECT_EQ(KTASK_CAUSE_ABORT, self->c.cause);
}

TEST_F(time, delay_too_long_to_be_counted_is_for_ever)
{
	static const __u64 lengths[] = {
		INT64_MAX - 1, INT64_MAX, 1ULL << 63, UINT64_MAX - 1, UINT64_MAX,
	};
	size_t i;

	for (i = 0; i < 2 * ARRAY_SIZE(lengths); i++) {
		int64_t id;

		self->desc.flags = i % 2 ? KTASK_DESC_START_AT : 0;
		self->desc.delay_ns = lengths[i / 2];
		ASSERT_LT(0, id = spawn(self));
		EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, id, 10 * MSEC, &self->c));
		EXPECT_EQ(KTASK_STATE_DELAYED, task_state(self->fd, id));
	}
	ASSERT_EQ(0, kt_abort_all(self->fd));
	for (i = 0; i < 2 * ARRAY_SIZE(lengths); i++)
		EXPECT_EQ(1, kt_read(self->fd, &self->c, 1));
	EXPECT_EQ(0, kt_read(self->fd, &self->c, 1));
}

TEST_F(time, timeout_before_the_delay_is_over)
{
	self->desc.delay_ns = HOUR;
	self->desc.timeout_ns = 50 * MSEC;
	EXPECT_TIMES_OUT();
}

/* Both count from the spawn, not one from the end of the other. */
TEST_F(time, timeout_counts_from_the_spawn)
{
	int64_t start = now_ns();

	be_sleep(self, HOUR);
	self->desc.delay_ns = 300 * MSEC;
	self->desc.timeout_ns = 600 * MSEC;
	EXPECT_TIMES_OUT();
	EXPECT_LE(600 * MSEC, now_ns() - start);
}

TEST_F(time, delays_and_not_the_spawns_make_the_order)
{
	static const int order[] = { 2, 0, 1 };
	int i;

	for (i = 0; i < 3; i++) {
		/* Far apart, for a machine that is slow at times. */
		self->desc.delay_ns = (1 + order[i] * 500) * MSEC;
		self->desc.user_data = order[i];
		ASSERT_LT(0, spawn(self));
	}
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
		EXPECT_EQ(i, self->c.user_data);
	}
}

TEST_F(time, start_at_a_time_to_come)
{
	int64_t at = now_ns() + 100 * MSEC;

	self->desc.flags = KTASK_DESC_START_AT;
	self->desc.delay_ns = at;
	EXPECT_RETURNS(5);
	EXPECT_LE(at, now_ns());
}

TEST_F(time, start_at_a_time_that_is_over)
{
	self->desc.flags = KTASK_DESC_START_AT;
	EXPECT_RETURNS(5);
	self->desc.delay_ns = 1;
	EXPECT_RETURNS(5);
	self->desc.delay_ns = now_ns();
	EXPECT_RETURNS(5);
}

TEST_F(time, close_with_delayed_tasks)
{
	int fd = kt_open(0), i;

	ASSERT_LE(0, fd);
	self->desc.delay_ns = HOUR;
	self->desc.timeout_ns = 2 * HOUR;
	for (i = 0; i < 100; i++)
		ASSERT_LT(0, kt_spawn_desc(fd, &self->desc));
	/* These may be about to start. */
	self->desc.delay_ns = MSEC;
	for (i = 0; i < 100; i++)
		ASSERT_LT(0, kt_spawn_desc(fd, &self->desc));
	EXPECT_EQ(0, close(fd));
	ASSERT_NOTHING_LEFT();
}

TEST_F_TIMEOUT(time, abort_races_with_the_start, SLOW)
{
	int cancelled = 0, i;

	for (i = 0; i < 300; i++) {
		int64_t id, until;
		int err;

		self->desc.delay_ns = MSEC;
		ASSERT_LT(0, id = spawn(self));
		until = now_ns() + 700000 + i % 30 * 20000;
		while (now_ns() < until)
			;
		err = kt_abort(self->fd, id);
		ASSERT_TRUE(!err || err == -EALREADY);
		ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &self->c));
		if (self->c.outcome == KTASK_CANCELLED) {
			ASSERT_EQ(0, err);
			ASSERT_EQ(KTASK_CAUSE_ABORT, self->c.cause);
			cancelled++;
		} else {
			ASSERT_EQ(5, self->c.result);
		}
	}
	TH_LOG("%d of 300 were cancelled", cancelled);
}

TEST_HARNESS_MAIN
