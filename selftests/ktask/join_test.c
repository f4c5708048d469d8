// SPDX-License-Identifier: GPL-2.0
/*
 * KTASK_JOIN: what a completion tells, waiting for one, and who gets it.
 */
#include <limits.h>

#include "helpers.h"

FIXTURE(join) {
	int fd;
	struct ktask_completion completion;
};

FIXTURE_SETUP(join)
{
	SETUP_OPEN(self->fd, 0);
	/* What is not written shows. */
	memset(&self->completion, 0xee, sizeof(self->completion));
}

FIXTURE_TEARDOWN(join)
{
	close(self->fd);
}

static int set_nonblock(int fd)
{
	return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* --- What is told --------------------------------------------------------- */

TEST_F(join, completion_of_nop)
{
	static const char zero[KTASK_OUT_MAX];
	struct ktask_completion *c = &self->completion;
	int64_t id = kt_nop(self->fd, 42, 0xfeedfacecafebeefULL);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, c));
	EXPECT_EQ(id, c->id);
	EXPECT_EQ(0xfeedfacecafebeefULL, c->user_data);
	EXPECT_EQ(42, c->result);
	EXPECT_EQ(KTASK_RETURNED, c->outcome);
	EXPECT_EQ(KTASK_CAUSE_NONE, c->cause);
	EXPECT_EQ(0, c->out_len);
	EXPECT_EQ(0, memcmp(c->reserved, zero, sizeof(c->reserved)));
	EXPECT_EQ(0, memcmp(c->out, zero, sizeof(c->out)));
}

TEST_F(join, results_are_64_bits_wide)
{
	static const __s64 results[] = {
		0, 1, -1, INT_MAX, INT_MIN, UINT_MAX, LLONG_MAX, LLONG_MIN,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(results); i++) {
		int64_t id = kt_nop(self->fd, results[i], i);

		ASSERT_LT(0, id);
		ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &self->completion));
		EXPECT_EQ(results[i], self->completion.result);
		EXPECT_EQ(KTASK_RETURNED, self->completion.outcome);
	}
}

TEST_F(join, own_error_is_returned)
{
	int64_t id = kt_nop(self->fd, -EIO, 0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &self->completion));
	EXPECT_EQ(-EIO, self->completion.result);
	EXPECT_EQ(KTASK_RETURNED, self->completion.outcome);
}

TEST_F(join, own_ECANCELED_is_not_cancelled)
{
	int64_t id = kt_nop(self->fd, -ECANCELED, 0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &self->completion));
	EXPECT_EQ(-ECANCELED, self->completion.result);
	EXPECT_EQ(KTASK_RETURNED, self->completion.outcome);
}

TEST_F(join, cancelled)
{
	int64_t id = kt_sleep(self->fd, HOUR, 3);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, kt_abort(self->fd, id));
	ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &self->completion));
	EXPECT_EQ(id, self->completion.id);
	EXPECT_EQ(3, self->completion.user_data);
	EXPECT_EQ(-ECANCELED, self->completion.result);
	EXPECT_EQ(KTASK_CANCELLED, self->completion.outcome);
	EXPECT_EQ(0, self->completion.out_len);
}

TEST_F(join, each_of_many)
{
	int64_t ids[500];
	int i;

	for (i = 0; i < 500; i++)
		ASSERT_LT(0, ids[i] = kt_nop(self->fd, 1000 + i, i));
	/* In an order that has nothing to do with theirs. */
	for (i = 0; i < 500; i++) {
		int k = i * 7 % 500;

		ASSERT_EQ(0, kt_join(self->fd, ids[k], FOREVER, &self->completion));
		EXPECT_EQ(ids[k], self->completion.id);
		EXPECT_EQ(1000 + k, self->completion.result);
		EXPECT_EQ(k, self->completion.user_data);
	}
	EXPECT_EQ(0, kt_read(self->fd, &self->completion, 1));
}

/* It runs in the thread that joins it, or that thread gives way. */
TEST_F(join, queued_task)
{
	int err = outrank_workers();
	int i;

	if (err)
		SKIP(return, "no real-time priority: %s", strerror(-err));
	for (i = 0; i < 200; i++) {
		int64_t id = kt_nop(self->fd, i, 0);

		ASSERT_LT(0, id);
		ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &self->completion));
		ASSERT_EQ(i, self->completion.result);
	}
}

/* --- For how long --------------------------------------------------------- */

TEST_F(join, timeout_zero_does_not_wait)
{
	int64_t id = kt_sleep(self->fd, HOUR, 0);

	ASSERT_LT(0, id);
	EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, id, 0, &self->completion));
	EXPECT_EQ(0xee, self->completion.out[0]);
}

TEST_F(join, timeout_zero_takes_what_has_ended)
{
	int64_t id = kt_nop(self->fd, 0, 0);
	int err;

	ASSERT_LT(0, id);
	do {
		err = kt_join(self->fd, id, 0, &self->completion);
	} while (err == -ETIMEDOUT);
	EXPECT_EQ(0, err);
	EXPECT_EQ(id, self->completion.id);
}

TEST_F(join, timeout_leaves_the_task_alone)
{
	int64_t start = now_ns();
	int64_t id = kt_sleep(self->fd, 300 * MSEC, 0);

	ASSERT_LT(0, id);
	EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, id, 10 * MSEC, &self->completion));
	EXPECT_LE(10 * MSEC, now_ns() - start);
	EXPECT_EQ(0, kt_join(self->fd, id, FOREVER, &self->completion));
	EXPECT_EQ(KTASK_RETURNED, self->completion.outcome);
	EXPECT_EQ(0, self->completion.result);
	EXPECT_LE(300 * MSEC, now_ns() - start);
}

TEST_F(join, timeout_one_nanosecond)
{
	int64_t id = kt_sleep(self->fd, HOUR, 0);

	ASSERT_LT(0, id);
	EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, id, 1, &self->completion));
}

TEST_F(join, timeout_of_292_years_is_enough)
{
	int64_t id = kt_sleep(self->fd, 50 * MSEC, 0);

	ASSERT_LT(0, id);
	EXPECT_EQ(0, kt_join(self->fd, id, LLONG_MAX, &self->completion));
}

TEST_F(join, timeout_below_minus_one_is_EINVAL)
{
	int64_t id = kt_nop(self->fd, 0, 0);

	ASSERT_LT(0, id);
	EXPECT_EQ(-EINVAL, kt_join(self->fd, id, -2, &self->completion));
	EXPECT_EQ(-EINVAL, kt_join(self->fd, id, LLONG_MIN, &self->completion));
	EXPECT_EQ(0, kt_join(self->fd, id, -1, &self->completion));
}

/* One of the two gets it, when the time is over just when the task ends. */
TEST_F(join, timeout_that_races_with_the_end)
{
	int joined = 0, i;

	for (i = 0; i < 300; i++) {
		int64_t id = kt_sleep(self->fd, MSEC, i);
		int err;

		ASSERT_LT(0, id);
		err = kt_join(self->fd, id, MSEC / 2 + i % 50 * 20000, &self->completion);
		if (err) {
			ASSERT_EQ(-ETIMEDOUT, err);
			ASSERT_EQ(1, kt_read(self->fd, &self->completion, 1));
		} else {
			joined++;
		}
		ASSERT_EQ(id, self->completion.id);
		ASSERT_EQ(0, kt_read(self->fd, &self->completion, 1));
	}
	TH_LOG("joined %d of 300", joined);
}

TEST_F(join, nonblock_forever_is_EAGAIN)
{
	int64_t id = kt_sleep(self->fd, 100 * MSEC, 0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, set_nonblock(self->fd));
	EXPECT_EQ(-EAGAIN, kt_join(self->fd, id, FOREVER, &self->completion));
	EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, id, 0, &self->completion));
	/* A time that is named is waited for all the same. */
	EXPECT_EQ(0, kt_join(self->fd, id, 20 * SEC, &self->completion));
}

TEST_F(join, nonblock_forever_takes_what_has_ended)
{
	int64_t id = kt_nop(self->fd, 5, 0);
	int err;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, set_nonblock(self->fd));
	do {
		err = kt_join(self->fd, id, FOREVER, &self->completion);
	} while (err == -EAGAIN);
	EXPECT_EQ(0, err);
	EXPECT_EQ(5, self->completion.result);
}

/* --- Which task ----------------------------------------------------------- */

TEST_F(join, id_unknown_is_ENOENT)
{
	int64_t id = kt_nop(self->fd, 0, 0);

	ASSERT_LT(0, id);
	EXPECT_EQ(-ENOENT, kt_join(self->fd, id + 1, FOREVER, &self->completion));
	EXPECT_EQ(-ENOENT, kt_join(self->fd, id + 1, 0, &self->completion));
}

TEST_F(join, id_huge_is_ENOENT)
{
	int64_t id = kt_nop(self->fd, 0, 0);

	ASSERT_LT(0, id);
	EXPECT_EQ(-ENOENT, kt_join(self->fd, UINT64_MAX, FOREVER, &self->completion));
	EXPECT_EQ(-ENOENT, kt_join(self->fd, 1ULL << 63, FOREVER, &self->completion));
	EXPECT_EQ(-ENOENT, kt_join(self->fd, id | 1ULL << 32, FOREVER,
				   &self->completion));
}

TEST_F(join, id_taken_is_ENOENT)
{
	int64_t joined = kt_nop(self->fd, 0, 0);
	int64_t read;

	ASSERT_LT(0, joined);
	ASSERT_EQ(0, kt_join(self->fd, joined, FOREVER, &self->completion));
	EXPECT_EQ(-ENOENT, kt_join(self->fd, joined, FOREVER, &self->completion));

	ASSERT_LT(joined, read = kt_nop(self->fd, 0, 0));
	ASSERT_EQ(1, kt_read(self->fd, &self->completion, 1));
	EXPECT_EQ(-ENOENT, kt_join(self->fd, read, FOREVER, &self->completion));
}

TEST_F(join, id_of_another_file_is_ENOENT)
{
	int other = kt_open(0);
	int64_t id = 0, i;

	ASSERT_LE(0, other);
	for (i = 0; i < 10; i++)
		ASSERT_LT(0, id = kt_nop(other, 0, 0));
	EXPECT_EQ(-ENOENT, kt_join(self->fd, id, FOREVER, &self->completion));
	EXPECT_EQ(0, kt_join(other, id, FOREVER, &self->completion));
	close(other);
}

/* --- Whichever ends first ------------------------------------------------- */

TEST_F(join, any_takes_the_first_to_end)
{
	int64_t first = kt_sleep(self->fd, HOUR, 1);
	int64_t second = kt_sleep(self->fd, HOUR, 2);

	ASSERT_LT(0, first);
	ASSERT_LT(0, second);
	ASSERT_EQ(0, kt_abort(self->fd, second));
	ASSERT_EQ(0, kt_join(self->fd, 0, FOREVER, &self->completion));
	EXPECT_EQ(second, self->completion.id);
	EXPECT_EQ(2, self->completion.user_data);
	ASSERT_EQ(0, kt_abort(self->fd, first));
	ASSERT_EQ(0, kt_join(self->fd, 0, HOUR, &self->completion));
	EXPECT_EQ(first, self->completion.id);
}

TEST_F(join, any_of_an_empty_set_is_ENOENT)
{
	EXPECT_EQ(-ENOENT, kt_join(self->fd, 0, FOREVER, &self->completion));
	EXPECT_EQ(-ENOENT, kt_join(self->fd, 0, 0, &self->completion));
	ASSERT_EQ(0, set_nonblock(self->fd));
	EXPECT_EQ(-ENOENT, kt_join(self->fd, 0, FOREVER, &self->completion));
}

TEST_F(join, any_timeout)
{
	int64_t start = now_ns();

	ASSERT_LT(0, kt_sleep(self->fd, HOUR, 0));
	EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, 0, 0, &self->completion));
	EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, 0, 1, &self->completion));
	EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, 0, 20 * MSEC, &self->completion));
	EXPECT_LE(20 * MSEC, now_ns() - start);
	EXPECT_EQ(-EINVAL, kt_join(self->fd, 0, -2, &self->completion));
	ASSERT_EQ(0, set_nonblock(self->fd));
	EXPECT_EQ(-EAGAIN, kt_join(self->fd, 0, FOREVER, &self->completion));
	EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, 0, 20 * MSEC, &self->completion));
}

TEST_F(join, any_timeout_of_292_years_is_enough)
{
	ASSERT_LT(0, kt_sleep(self->fd, 50 * MSEC, 0));
	EXPECT_EQ(0, kt_join(self->fd, 0, LLONG_MAX, &self->completion));
}

TEST_F(join, any_bad_pointer_is_EFAULT_and_loses_nothing)
{
	int64_t id = kt_nop(self->fd, 9, 0);

	ASSERT_LT(0, id);
	EXPECT_EQ(-EFAULT, kt_join(self->fd, 0, FOREVER, NULL));
	EXPECT_EQ(0, kt_join(self->fd, 0, FOREVER, &self->completion));
	EXPECT_EQ(id, self->completion.id);
}

/* Those who wait for any do not get what somebody waits for by its id. */
TEST_F(join, any_does_not_get_what_is_joined)
{
	struct taker by_id, any;
	int64_t id = kt_sleep(self->fd, HOUR, 0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, joiner_start(&by_id, self->fd, id, FOREVER));
	ASSERT_EQ(0, joiner_start(&any, self->fd, 0, HOUR));
	ASSERT_EQ(0, kt_abort(self->fd, id));
	EXPECT_EQ(0, taker_wait(&by_id));
	EXPECT_EQ(-ENOENT, taker_wait(&any));
}

TEST_F(join, any_signal)
{
	struct taker any;

	ASSERT_LT(0, kt_sleep(self->fd, HOUR, 0));
	ASSERT_EQ(0, catch_signal(SIGUSR1, SA_RESTART));
	ASSERT_EQ(0, joiner_start(&any, self->fd, 0, HOUR));
	ASSERT_EQ(0, pthread_kill(any.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, taker_wait(&any));

	ASSERT_EQ(0, catch_signal(SIGUSR1, SA_RESTART));
	ASSERT_EQ(0, joiner_start(&any, self->fd, 0, FOREVER));
	ASSERT_EQ(0, pthread_kill(any.thread, SIGUSR1));
	while (!signals_seen)
		sched_yield();
	wait_asleep(&any.tid);
	ASSERT_EQ(0, kt_abort_all(self->fd));
	EXPECT_EQ(0, taker_wait(&any));
}

/* --- Where to ------------------------------------------------------------- */

TEST_F(join, bad_pointer_is_EFAULT_and_loses_nothing)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *mem = guarded_alloc(1);
	struct ktask_completion *bad[] = {
		NULL,
		(void *)(mem + page),
		(void *)(mem + page - 1),
		(void *)(mem + page - sizeof(*bad[0]) + 1),
		(void *)-4096L,
	};
	int64_t id = kt_nop(self->fd, 9, 0);
	size_t i;

	ASSERT_NE(NULL, mem);
	ASSERT_LT(0, id);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EFAULT, kt_join(self->fd, id, FOREVER, bad[i]));
	EXPECT_EQ(0, kt_join(self->fd, id, FOREVER, (void *)(mem + page - sizeof(*bad[0]))));
	EXPECT_EQ(-ENOENT, kt_join(self->fd, id, FOREVER, &self->completion));
	munmap(mem, 2 * page);
}

TEST_F(join, bad_pointer_leaves_it_to_read)
{
	int64_t id = kt_sleep(self->fd, 50 * MSEC, 4);

	ASSERT_LT(0, id);
	EXPECT_EQ(-EFAULT, kt_join(self->fd, id, FOREVER, NULL));
	EXPECT_EQ(1, kt_read(self->fd, &self->completion, 1));
	EXPECT_EQ(id, self->completion.id);
	EXPECT_EQ(4, self->completion.user_data);
	EXPECT_EQ(0, kt_read(self->fd, &self->completion, 1));
}

/* It does not come before those that ended before it. */
TEST_F(join, bad_pointer_leaves_it_in_its_place)
{
	struct ktask_completion c[4];
	int64_t ids[4], got[4];
	int ep = ready_open(self->fd);
	int i, n;

	ASSERT_LE(0, ep);
	for (i = 0; i < 4; i++) {
		ASSERT_LT(0, ids[i] = kt_nop(self->fd, 0, i));
		ASSERT_EQ(1, ready_wait(ep));
	}
	EXPECT_EQ(-EFAULT, kt_join(self->fd, ids[2], FOREVER, NULL));
	for (n = 0; n < 4; n += i) {
		i = kt_read(self->fd, c + n, 4 - n);
		ASSERT_LT(0, i);
	}
	for (i = 0; i < 4; i++)
		got[i] = c[i].id;
	EXPECT_EQ(0, memcmp(ids, got, sizeof(ids))) {
		TH_LOG("read %lld %lld %lld %lld", (long long)got[0],
		       (long long)got[1], (long long)got[2], (long long)got[3]);
	}
}

TEST_F(join, read_only_memory_is_EFAULT_and_loses_nothing)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *mem = guarded_alloc(1);
	int64_t id = kt_nop(self->fd, 9, 0);

	ASSERT_NE(NULL, mem);
	ASSERT_LT(0, id);
	ASSERT_EQ(0, mprotect(mem, page, PROT_READ));
	EXPECT_EQ(-EFAULT, kt_join(self->fd, id, FOREVER, (void *)mem));
	EXPECT_EQ(0, kt_join(self->fd, id, FOREVER, &self->completion));
	munmap(mem, 2 * page);
}

/* --- Who ------------------------------------------------------------------ */

TEST_F(join, two_threads_one_gets_it)
{
	struct taker a, b;
	int64_t id = kt_sleep(self->fd, HOUR, 0);
	int ra, rb;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, joiner_start(&a, self->fd, id, FOREVER));
	ASSERT_EQ(0, joiner_start(&b, self->fd, id, 20 * SEC));
	ASSERT_EQ(0, kt_abort(self->fd, id));
	ra = taker_wait(&a);
	rb = taker_wait(&b);
	EXPECT_TRUE((ra == 0 && rb == -ENOENT) || (ra == -ENOENT && rb == 0)) {
		TH_LOG("got %d and %d", ra, rb);
	}
	EXPECT_EQ(id, (ra ? &b : &a)->completion.id);
	EXPECT_EQ(-ENOENT, kt_join(self->fd, id, 0, &self->completion));
}

#define CROWD		8

TEST_F(join, many_threads_many_rounds_one_gets_it)
{
	struct taker t[CROWD];
	int round, i;

	for (round = 0; round < 50; round++) {
		int64_t id = kt_sleep(self->fd, round % 5 * MSEC, 0);
		int got = 0;

		ASSERT_LT(0, id);
		for (i = 0; i < CROWD; i++) {
			memset(&t[i], 0, sizeof(t[i]));
			t[i].fd = self->fd;
			t[i].id = id;
			t[i].timeout_ns = FOREVER;
			ASSERT_EQ(0, pthread_create(&t[i].thread, NULL, taker_main,
						    &t[i]));
		}
		for (i = 0; i < CROWD; i++) {
			int ret = taker_wait(&t[i]);

			if (ret) {
				EXPECT_EQ(-ENOENT, ret);
			} else {
				got++;
			}
		}
		ASSERT_EQ(1, got);
	}
	EXPECT_EQ(0, kt_read(self->fd, &self->completion, 1));
}

TEST_F(join, reader_does_not_get_what_is_joined)
{
	struct taker joiner, reader;
	int64_t id = kt_sleep(self->fd, HOUR, 0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, joiner_start(&joiner, self->fd, id, FOREVER));
	ASSERT_EQ(0, reader_start(&reader, self->fd));
	ASSERT_EQ(0, kt_abort(self->fd, id));
	EXPECT_EQ(0, taker_wait(&joiner));
	EXPECT_EQ(id, joiner.completion.id);
	/* There is nothing more to come, which ends the reader's wait. */
	EXPECT_EQ(0, taker_wait(&reader));
}

TEST_F(join, reader_gets_what_a_joiner_gave_up)
{
	int64_t id = kt_sleep(self->fd, HOUR, 0);
	struct taker reader;

	ASSERT_LT(0, id);
	ASSERT_EQ(-ETIMEDOUT, kt_join(self->fd, id, 20 * MSEC, &self->completion));
	ASSERT_EQ(0, reader_start(&reader, self->fd));
	ASSERT_EQ(0, kt_abort(self->fd, id));
	EXPECT_EQ(1, taker_wait(&reader));
	EXPECT_EQ(id, reader.completion.id);
}

TEST_F(join, reader_gets_what_a_faulting_joiner_gave_up)
{
	/* Time for both to be waiting. */
	int64_t id = kt_sleep(self->fd, SEC, 0);
	struct taker reader;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, reader_start(&reader, self->fd));
	EXPECT_EQ(-EFAULT, kt_join(self->fd, id, FOREVER, NULL));
	EXPECT_EQ(1, taker_wait(&reader));
	EXPECT_EQ(id, reader.completion.id);
}

/* --- Signals -------------------------------------------------------------- */

TEST_F(join, signal_with_timeout_is_EINTR)
{
	int64_t id = kt_sleep(self->fd, HOUR, 0);
	struct taker joiner;

	ASSERT_LT(0, id);
	/* Even if asked to: a restart would wait for the whole time once more. */
	ASSERT_EQ(0, catch_signal(SIGUSR1, SA_RESTART));
	ASSERT_EQ(0, joiner_start(&joiner, self->fd, id, HOUR));
	ASSERT_EQ(0, pthread_kill(joiner.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, taker_wait(&joiner));
	EXPECT_EQ(1, signals_seen);
	EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, id, 0, &self->completion));
}

TEST_F(join, signal_without_restart_is_EINTR)
{
	int64_t id = kt_sleep(self->fd, HOUR, 0);
	struct taker joiner;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, catch_signal(SIGUSR1, 0));
	ASSERT_EQ(0, joiner_start(&joiner, self->fd, id, FOREVER));
	ASSERT_EQ(0, pthread_kill(joiner.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, taker_wait(&joiner));
	/* Nobody waits for it any more: it is there to be read. */
	ASSERT_EQ(0, kt_abort(self->fd, id));
	EXPECT_EQ(1, kt_read(self->fd, &self->completion, 1));
}

TEST_F(join, signal_with_restart_goes_on)
{
	int64_t id = kt_sleep(self->fd, HOUR, 0);
	struct taker joiner;
	int i;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, catch_signal(SIGUSR1, SA_RESTART));
	ASSERT_EQ(0, joiner_start(&joiner, self->fd, id, FOREVER));
	for (i = 1; i <= 5; i++) {
		ASSERT_EQ(0, pthread_kill(joiner.thread, SIGUSR1));
		while (signals_seen < i)
			sched_yield();
		wait_asleep(&joiner.tid);
	}
	ASSERT_EQ(0, kt_abort(self->fd, id));
	EXPECT_EQ(0, taker_wait(&joiner));
	EXPECT_EQ(id, joiner.completion.id);
}

TEST_HARNESS_MAIN
