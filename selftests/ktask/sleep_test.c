// SPDX-License-Identifier: GPL-2.0
/*
 * The op sleep: any length, any number, never too short.
 */
#include "helpers.h"

FIXTURE(sleep) {
	int fd;
	struct ktask_completion c[256];
};

FIXTURE_SETUP(sleep)
{
	SETUP_OPEN(self->fd, 0);
}

FIXTURE_TEARDOWN(sleep)
{
	close(self->fd);
}

TEST_F(sleep, zero_ends_at_once)
{
	int64_t id = kt_sleep(self->fd, 0, 8);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, self->c));
	EXPECT_EQ(0, self->c[0].result);
	EXPECT_EQ(8, self->c[0].user_data);
	EXPECT_EQ(KTASK_RETURNED, self->c[0].outcome);
}

TEST_F(sleep, never_early)
{
	static const __u64 lengths[] = {
		0, 1, 999, 50000, MSEC, 3 * MSEC + 1, 100 * MSEC,
	};
	size_t i;
	int k;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		for (k = 0; k < 5; k++) {
			int64_t start = now_ns();
			int64_t id = kt_sleep(self->fd, lengths[i], 0);

			ASSERT_LT(0, id);
			ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, self->c));
			EXPECT_LE(lengths[i], now_ns() - start);
			EXPECT_EQ(0, self->c[0].result);
		}
	}
}

TEST_F(sleep, huge_goes_on_until_aborted)
{
	static const __u64 lengths[] = {
		INT64_MAX - 1, INT64_MAX, 1ULL << 63, UINT64_MAX - 1, UINT64_MAX,
		INT64_MAX / 2,
	};
	int64_t ids[ARRAY_SIZE(lengths)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++)
		ASSERT_LT(0, ids[i] = kt_sleep(self->fd, lengths[i], i));
	EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, 0, 100 * MSEC, self->c));
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		EXPECT_EQ(0, kt_abort(self->fd, ids[i]));
		ASSERT_EQ(0, kt_join(self->fd, ids[i], FOREVER, self->c));
		EXPECT_EQ(KTASK_CANCELLED, self->c[0].outcome);
	}
}

/* Read all; each must have slept for @length since @start. */
static bool all_slept(FIXTURE_DATA(sleep) *self, unsigned int nr, int64_t start,
		      int64_t length)
{
	unsigned int total = 0;
	int n, i;

	while ((n = kt_read(self->fd, self->c, 256)) > 0) {
		if (now_ns() - start < length)
			return false;
		for (i = 0; i < n; i++) {
			if (self->c[i].outcome != KTASK_RETURNED || self->c[i].result)
				return false;
		}
		total += n;
	}
	return !n && total == nr;
}

TEST_F_TIMEOUT(sleep, ten_thousand_at_once, SLOW)
{
	int64_t start = now_ns();

	ASSERT_EQ(0, kt_sleep_many(self->fd, 100 * MSEC, 10000));
	EXPECT_TRUE(all_slept(self, 10000, start, 100 * MSEC));
}

/* They end as fast as they are started. */
TEST_F_TIMEOUT(sleep, ten_thousand_short_ones, SLOW)
{
	int64_t start = now_ns();

	ASSERT_EQ(0, kt_sleep_many(self->fd, 1, 10000));
	EXPECT_TRUE(all_slept(self, 10000, start, 1));
}

TEST_F_TIMEOUT(sleep, of_different_lengths, SLOW)
{
	static bool seen[1000];
	int64_t start = now_ns();
	int64_t op = kt_op(self->fd, "sleep");
	struct ktask_args_sleep args[1000];
	struct ktask_desc descs[1000] = {};
	int i;

	ASSERT_LE(0, op);
	for (i = 0; i < 1000; i++) {
		args[i].duration_ns = i * 7919 % 1000 * 200000ULL;
		descs[i].op = op;
		descs[i].user_data = i;
		descs[i].args = to_u64(&args[i]);
		descs[i].args_size = sizeof(args[i]);
	}
	ASSERT_EQ(1000, kt_spawn(self->fd, descs, 1000, NULL));
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(1, kt_read(self->fd, self->c, 1));
		ASSERT_LE(args[self->c[0].user_data].duration_ns, now_ns() - start);
		ASSERT_FALSE(seen[self->c[0].user_data]);
		seen[self->c[0].user_data] = true;
	}
}

TEST_HARNESS_MAIN
