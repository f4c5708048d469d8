// SPDX-License-Identifier: GPL-2.0
/*
 * libktask against the device: outputs of any size.
 */
#include "lib.h"

/* More than a completion carries. */
#define LONG	300000

FIXTURE(output) {
	struct ktask_set *set;
	struct ktask_completion c;
	char *buf;
	int file;
};

FIXTURE_SETUP(output)
{
	int err = ktask_set_open(&self->set, 0);

	if (err == -ENOENT)
		SKIP(return, DEVICE " is not there: load ktask");
	ASSERT_EQ(0, err);
	self->file = counting_file(LONG);
	ASSERT_LE(0, self->file);
	self->buf = malloc(LONG);
	ASSERT_NE(NULL, self->buf);
}

FIXTURE_TEARDOWN(output)
{
	close(self->file);
	free(self->buf);
	ktask_set_close(self->set);
}

TEST_F(output, join_output)
{
	static const size_t sizes[] = { LONG, KTASK_OUT_MAX, KTASK_OUT_MAX + 1, 1 };
	int64_t id;
	void *out;
	size_t i;

	for (i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i / 2];

		id = ktask_spawn_read(self->set, self->file, 0, size, i);
		ASSERT_LT(0, id);
		ASSERT_EQ(0, ktask_join_output(self->set, i % 2 ? id : 0, &self->c, &out,
					       KTASK_FOREVER));
		EXPECT_EQ(id, self->c.id);
		EXPECT_EQ(i, self->c.user_data);
		EXPECT_EQ(size, self->c.result);
		ASSERT_EQ(size, self->c.out_len);
		EXPECT_TRUE(is_counting(out, size));
		free(out);
		/* Nothing is left of it. */
		EXPECT_EQ(-ENOENT, ktask_output_drop(self->set, id));
	}
}

TEST_F(output, join_output_of_none)
{
	void *out = self;
	int64_t id = ktask_spawn_nop(self->set, 3, 0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, ktask_join_output(self->set, id, &self->c, &out, KTASK_FOREVER));
	EXPECT_EQ(3, self->c.result);
	EXPECT_EQ(0, self->c.out_len);
	EXPECT_EQ(NULL, out);
}

TEST_F(output, join_output_errors)
{
	void *out = self;
	int64_t id = ktask_spawn_sleep(self->set, HOUR, 0);

	ASSERT_LT(0, id);
	EXPECT_EQ(-ETIMEDOUT, ktask_join_output(self->set, id, &self->c, &out, 0));
	EXPECT_EQ(NULL, out);
	EXPECT_EQ(-ETIMEDOUT, ktask_join_output(self->set, 0, &self->c, &out, MSEC));
	EXPECT_EQ(-EINVAL, ktask_join_output(self->set, id, &self->c, &out, -2));
	EXPECT_EQ(-ENOENT, ktask_join_output(self->set, id + 1, &self->c, &out, 0));
	ASSERT_EQ(0, ktask_abort(self->set, id));
	EXPECT_EQ(-EFAULT, ktask_join_output(self->set, id, NULL, &out, KTASK_FOREVER));
	EXPECT_EQ(0, ktask_join_output(self->set, id, &self->c, &out, KTASK_FOREVER));
	EXPECT_EQ(-ENOENT, ktask_join_output(self->set, 0, &self->c, &out, KTASK_FOREVER));
}

TEST_F(output, join_into)
{
	int64_t id = ktask_spawn_read(self->set, self->file, 0, LONG, 7);

	ASSERT_LT(0, id);
	/* It tells how much room there must be, and takes nothing. */
	EXPECT_EQ(-EMSGSIZE, ktask_join_into(self->set, 0, &self->c, self->buf, LONG - 1,
					     KTASK_FOREVER));
	EXPECT_EQ(id, self->c.id);
	EXPECT_EQ(LONG, self->c.out_len);
	EXPECT_EQ(-EMSGSIZE, ktask_join_into(self->set, id, &self->c, NULL, 0, 0));
	EXPECT_EQ(-EFAULT, ktask_join_into(self->set, id, &self->c, NULL, LONG, 0));
	EXPECT_EQ(-EFAULT, ktask_join_into(self->set, id, NULL, NULL, 0, 0));
	memset(&self->c, 0, sizeof(self->c));
	EXPECT_EQ(0, ktask_join_into(self->set, id, &self->c, self->buf, LONG, 0));
	EXPECT_EQ(7, self->c.user_data);
	EXPECT_TRUE(is_counting(self->buf, LONG));
	EXPECT_EQ(-ENOENT, ktask_join_into(self->set, id, &self->c, self->buf, LONG, 0));
}

TEST_F(output, taken_after_the_join)
{
	int64_t id = ktask_spawn_read(self->set, self->file, 0, LONG, 0);
	struct ktask_info before, after;
	size_t len = 0;
	void *out;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, ktask_join(self->set, id, &self->c, KTASK_FOREVER));
	EXPECT_EQ(LONG, self->c.out_len);
	EXPECT_TRUE(is_counting(self->c.out, KTASK_OUT_MAX));

	/* Parts of it, as often as one likes. */
	EXPECT_EQ(100, ktask_output_read(self->set, id, self->buf, 100, 256));
	EXPECT_TRUE(is_counting(self->buf, 100));
	EXPECT_EQ(10, ktask_output_read(self->set, id, self->buf, 100, LONG - 10));
	EXPECT_EQ(0, ktask_output_read(self->set, id, self->buf, 100, LONG));
	EXPECT_EQ(-EINVAL, ktask_output_read(self->set, id, self->buf, 100, LONG + 1));
	EXPECT_EQ(0, ktask_output_read(self->set, id, self->buf, 0, 0));
	EXPECT_EQ(-EFAULT, ktask_output_read(self->set, id, NULL, 100, 0));

	ASSERT_EQ(0, ktask_info(self->set, &before));
	ASSERT_EQ(0, ktask_output_take(self->set, id, &out, &len));
	EXPECT_EQ(LONG, len);
	EXPECT_TRUE(is_counting(out, LONG));
	free(out);
	EXPECT_EQ(-ENOENT, ktask_output_take(self->set, id, &out, &len));
	EXPECT_EQ(NULL, out);
	EXPECT_EQ(-ENOENT, ktask_output_read(self->set, id, self->buf, 100, 0));
	/* It does not count against the user any more. */
	ASSERT_EQ(0, ktask_info(self->set, &after));
	EXPECT_LE(after.user_bytes + LONG, before.user_bytes);
}

TEST_F(output, before_the_join_and_dropped)
{
	int64_t id = ktask_spawn_read(self->set, self->file, 0, LONG, 0);
	int64_t sleeper = ktask_spawn_sleep(self->set, HOUR, 0);
	size_t len;
	void *out;

	ASSERT_LT(0, id);
	ASSERT_LT(0, sleeper);
	EXPECT_EQ(-EBUSY, ktask_output_take(self->set, sleeper, &out, &len));
	EXPECT_EQ(-EBUSY, ktask_output_read(self->set, sleeper, self->buf, 1, 0));
	EXPECT_EQ(-EBUSY, ktask_output_drop(self->set, sleeper));
	EXPECT_EQ(-ENOENT, ktask_output_drop(self->set, sleeper + 1));

	ASSERT_EQ(0, wait_ended(self->set, id));
	ASSERT_EQ(0, ktask_output_take(self->set, id, &out, &len));
	EXPECT_EQ(LONG, len);
	free(out);
	EXPECT_EQ(0, ktask_output_drop(self->set, id));
	ASSERT_EQ(0, ktask_output_take(self->set, id, &out, &len));
	free(out);
	ASSERT_EQ(0, ktask_join(self->set, id, &self->c, KTASK_FOREVER));
	EXPECT_EQ(0, ktask_output_drop(self->set, id));
	EXPECT_EQ(-ENOENT, ktask_output_drop(self->set, id));
}

/* Each takes some of many long outputs, as they come. */
static void *taker_of_outputs(void *arg)
{
	struct ktask_set *set = arg;
	struct ktask_completion c;
	intptr_t n = 0;
	void *out;
	int err;

	while (!(err = ktask_join_output(set, 0, &c, &out, KTASK_FOREVER))) {
		if (c.out_len != c.user_data || !is_counting(out, c.out_len))
			return (void *)(intptr_t)-EIO;
		free(out);
		n++;
	}
	return (void *)(err == -ENOENT ? n : (intptr_t)err);
}

TEST_F_TIMEOUT(output, threads_take_outputs, SLOW)
{
	const int nr = 200;
	pthread_t threads[4];
	intptr_t sum = 0;
	size_t i;
	int k;

	for (k = 0; k < nr; k++) {
		size_t size = 1 + k * 317 % 9000;

		ASSERT_LT(0, ktask_spawn_read(self->set, self->file, 0, size, size));
	}
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, taker_of_outputs, self->set));
	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		void *n;

		ASSERT_EQ(0, pthread_join(threads[i], &n));
		EXPECT_LE(0, (intptr_t)n);
		sum += (intptr_t)n;
	}
	EXPECT_EQ(nr, sum);
}

TEST_HARNESS_MAIN
