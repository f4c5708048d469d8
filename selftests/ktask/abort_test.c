// SPDX-License-Identifier: GPL-2.0
/*
 * KTASK_ABORT: in each state that a task may be in.
 */
#include "helpers.h"

FIXTURE(abort) {
	int fd;
	struct ktask_completion c[256];
};

FIXTURE_SETUP(abort)
{
	SETUP_OPEN(self->fd, 0);
}

FIXTURE_TEARDOWN(abort)
{
	close(self->fd);
}

/* Join the task @which, which must be cancelled. */
#define EXPECT_CANCELLED(which)						\
do {									\
	__u64 _id = which;						\
									\
	ASSERT_EQ(0, kt_join(self->fd, _id, FOREVER, self->c));		\
	EXPECT_EQ(_id, self->c[0].id);					\
	EXPECT_EQ(KTASK_CANCELLED, self->c[0].outcome);			\
	EXPECT_EQ(-ECANCELED, self->c[0].result);			\
	EXPECT_EQ(KTASK_CAUSE_ABORT, self->c[0].cause);			\
	EXPECT_EQ(0, self->c[0].out_len);				\
} while (0)

/* Hash a file that takes for ever; returns when the task has been given a CPU. */
static int64_t running_hash(FIXTURE_DATA(abort) *self)
{
	struct ktask_info before, now;
	int file = sparse_file();
	int64_t id;

	if (file < 0 || kt_info(self->fd, &before))
		return -1;
	id = kt_hash(self->fd, file, "sha256", 0);
	close(file);
	do {
		if (kt_info(self->fd, &now))
			return -1;
	} while (now.resumed == before.resumed);
	return id;
}

TEST_F(abort, suspended_task_ends_at_once)
{
	int64_t id = kt_sleep(self->fd, HOUR, 0);

	ASSERT_LT(0, id);
	/* It has been given the CPU, and sleeps; or it will soon. */
	EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, id, 20 * MSEC, self->c));
	EXPECT_EQ(0, kt_abort(self->fd, id));
	EXPECT_CANCELLED(id);
}

TEST_F(abort, queued_task_never_runs)
{
	int err = outrank_workers();
	int64_t ids[100];
	int i;

	if (err)
		SKIP(return, "no real-time priority: %s", strerror(-err));
	for (i = 0; i < 100; i++)
		ASSERT_LT(0, ids[i] = kt_nop(self->fd, 5, i));
	for (i = 0; i < 100; i++)
		ASSERT_EQ(0, kt_abort(self->fd, ids[i]));
	/* The thread that joins one may end it itself; the others are read. */
	for (i = 0; i < 50; i++)
		EXPECT_CANCELLED(ids[i]);
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(1, kt_read(self->fd, self->c, 1));
		EXPECT_EQ(KTASK_CANCELLED, self->c[0].outcome);
	}
}

TEST_F(abort, just_spawned_task_is_cancelled_or_has_returned)
{
	int cancelled = 0, i;

	for (i = 0; i < 500; i++) {
		int64_t id = kt_nop(self->fd, 5, 0);
		int err;

		ASSERT_LT(0, id);
		err = kt_abort(self->fd, id);
		ASSERT_TRUE(!err || err == -EALREADY);
		ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, self->c));
		if (self->c[0].outcome == KTASK_CANCELLED) {
			/* Then it had not ended when it was aborted. */
			ASSERT_EQ(0, err);
			ASSERT_EQ(-ECANCELED, self->c[0].result);
			cancelled++;
		} else {
			ASSERT_EQ(KTASK_RETURNED, self->c[0].outcome);
			ASSERT_EQ(5, self->c[0].result);
		}
	}
	TH_LOG("%d of 500 were cancelled", cancelled);
}

/* More than there are workers, so most of them wait for one. */
TEST_F_TIMEOUT(abort, queued_blocking_tasks_end, SLOW)
{
	struct ktask_args_hash args = { .alg = "sha256" };
	unsigned int total = 0;
	int n, i;

	args.fd = sparse_file();
	ASSERT_LE(0, args.fd);
	ASSERT_EQ(0, kt_spawn_many(self->fd, "hash", &args, sizeof(args), 1000));
	ASSERT_EQ(0, kt_abort_all(self->fd));
	while ((n = kt_read(self->fd, self->c, 256)) > 0) {
		for (i = 0; i < n; i++) {
			ASSERT_EQ(KTASK_CANCELLED, self->c[i].outcome);
			ASSERT_EQ(-ECANCELED, self->c[i].result);
		}
		total += n;
	}
	EXPECT_EQ(0, n);
	EXPECT_EQ(1000, total);
	close(args.fd);
}

TEST_F(abort, running_blocking_task_ends)
{
	int64_t id = running_hash(self);

	ASSERT_LT(0, id);
	EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, id, 0, self->c));
	EXPECT_EQ(0, kt_abort(self->fd, id));
	EXPECT_CANCELLED(id);
}

TEST_F(abort, ended_task_is_EALREADY)
{
	int ep = ready_open(self->fd);
	int64_t id;

	ASSERT_LE(0, ep);
	ASSERT_LT(0, id = kt_nop(self->fd, 6, 0));
	ASSERT_EQ(1, ready_wait(ep));
	EXPECT_EQ(-EALREADY, kt_abort(self->fd, id));
	EXPECT_EQ(-EALREADY, kt_abort(self->fd, id));
	/* And is not changed by it. */
	ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, self->c));
	EXPECT_EQ(KTASK_RETURNED, self->c[0].outcome);
	EXPECT_EQ(6, self->c[0].result);
	close(ep);
}

TEST_F(abort, cancelled_task_is_EALREADY)
{
	int ep = ready_open(self->fd);
	int64_t id;

	ASSERT_LE(0, ep);
	ASSERT_LT(0, id = kt_sleep(self->fd, HOUR, 0));
	ASSERT_EQ(0, kt_abort(self->fd, id));
	ASSERT_EQ(1, ready_wait(ep));
	EXPECT_EQ(-EALREADY, kt_abort(self->fd, id));
	close(ep);
}

TEST_F(abort, taken_task_is_ENOENT)
{
	int64_t id = kt_nop(self->fd, 0, 0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, self->c));
	EXPECT_EQ(-ENOENT, kt_abort(self->fd, id));
}

TEST_F(abort, unknown_id_is_ENOENT)
{
	EXPECT_EQ(-ENOENT, kt_abort(self->fd, 0));
	EXPECT_EQ(-ENOENT, kt_abort(self->fd, 1));
	EXPECT_EQ(-ENOENT, kt_abort(self->fd, 1ULL << 32));
	EXPECT_EQ(-ENOENT, kt_abort(self->fd, UINT64_MAX));
}

TEST_F(abort, id_of_another_file_is_ENOENT)
{
	int other = kt_open(0);
	int64_t id = kt_sleep(other, 100 * MSEC, 0);

	ASSERT_LT(0, id);
	EXPECT_EQ(-ENOENT, kt_abort(self->fd, id));
	EXPECT_EQ(0, kt_join(other, id, FOREVER, self->c));
	EXPECT_EQ(KTASK_RETURNED, self->c[0].outcome);
	close(other);
}

TEST_F(abort, twice_is_no_error)
{
	int64_t id = running_hash(self);
	int err;

	ASSERT_LT(0, id);
	EXPECT_EQ(0, kt_abort(self->fd, id));
	err = kt_abort(self->fd, id);
	/* It may just have ended. */
	EXPECT_TRUE(!err || err == -EALREADY);
	EXPECT_CANCELLED(id);
}

TEST_F(abort, one_leaves_the_others_alone)
{
	int64_t ids[3];
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_LT(0, ids[i] = kt_sleep(self->fd, i == 1 ? HOUR : 100 * MSEC, i));
	EXPECT_EQ(0, kt_abort(self->fd, ids[1]));
	EXPECT_CANCELLED(ids[1]);
	ASSERT_EQ(0, kt_join(self->fd, ids[0], FOREVER, self->c));
	EXPECT_EQ(KTASK_RETURNED, self->c[0].outcome);
	ASSERT_EQ(0, kt_join(self->fd, ids[2], FOREVER, self->c));
	EXPECT_EQ(KTASK_RETURNED, self->c[0].outcome);
}

/* --- All ------------------------------------------------------------------ */

TEST_F(abort, all_with_an_id_is_EINVAL)
{
	struct ktask_abort abort = {
		.size = sizeof(abort),
		.flags = KTASK_ABORT_ALL,
		.id = kt_sleep(self->fd, 100 * MSEC, 0),
	};

	EXPECT_EQ(-EINVAL, kt_ioctl(self->fd, KTASK_ABORT, &abort));
	ASSERT_EQ(0, kt_join(self->fd, abort.id, FOREVER, self->c));
	EXPECT_EQ(KTASK_RETURNED, self->c[0].outcome);
}

TEST_F(abort, all_with_unknown_flags_is_EOPNOTSUPP)
{
	struct ktask_abort abort = {
		.size = sizeof(abort),
		.flags = KTASK_ABORT_ALL | 4,
	};

	EXPECT_EQ(-EOPNOTSUPP, kt_ioctl(self->fd, KTASK_ABORT, &abort));
	/* Nor can it be both. */
	abort.flags = KTASK_ABORT_ALL | KTASK_ABORT_GROUP;
	EXPECT_EQ(-EINVAL, kt_ioctl(self->fd, KTASK_ABORT, &abort));
}

TEST_F(abort, all_of_an_empty_set)
{
	EXPECT_EQ(0, kt_abort_all(self->fd));
	EXPECT_EQ(0, kt_abort_all(self->fd));
}

TEST_F_TIMEOUT(abort, all_of_10000_sleepers, SLOW)
{
	static bool seen[10000];
	unsigned int total = 0;
	int n, i;

	ASSERT_EQ(0, kt_sleep_many(self->fd, HOUR, 10000));
	EXPECT_EQ(0, kt_abort_all(self->fd));
	while ((n = kt_read(self->fd, self->c, 256)) > 0) {
		for (i = 0; i < n; i++) {
			ASSERT_EQ(KTASK_CANCELLED, self->c[i].outcome);
			ASSERT_FALSE(seen[self->c[i].user_data]);
			seen[self->c[i].user_data] = true;
		}
		total += n;
	}
	EXPECT_EQ(0, n);
	EXPECT_EQ(10000, total);
}

TEST_F(abort, all_leaves_other_files_alone)
{
	int other = kt_open(0);
	int64_t id = kt_sleep(other, 100 * MSEC, 0);

	ASSERT_LT(0, id);
	EXPECT_EQ(0, kt_abort_all(self->fd));
	EXPECT_EQ(0, kt_join(other, id, FOREVER, self->c));
	EXPECT_EQ(KTASK_RETURNED, self->c[0].outcome);
	close(other);
}

/* It is about the tasks that there are, not about those to come. */
TEST_F(abort, all_does_not_last)
{
	int64_t id;

	ASSERT_LT(0, kt_sleep(self->fd, HOUR, 0));
	EXPECT_EQ(0, kt_abort_all(self->fd));
	ASSERT_LT(0, id = kt_sleep(self->fd, MSEC, 0));
	ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, self->c));
	EXPECT_EQ(KTASK_RETURNED, self->c[0].outcome);
}

/* --- While somebody waits ------------------------------------------------- */

TEST_F(abort, while_joined)
{
	int64_t id = kt_sleep(self->fd, HOUR, 0);
	struct taker joiner;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, joiner_start(&joiner, self->fd, id, FOREVER));
	EXPECT_EQ(0, kt_abort(self->fd, id));
	EXPECT_EQ(0, taker_wait(&joiner));
	EXPECT_EQ(KTASK_CANCELLED, joiner.completion.outcome);
}

TEST_F(abort, running_blocking_task_while_joined)
{
	int64_t id = running_hash(self);
	struct taker joiner;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, joiner_start(&joiner, self->fd, id, FOREVER));
	EXPECT_EQ(0, kt_abort(self->fd, id));
	EXPECT_EQ(0, taker_wait(&joiner));
	EXPECT_EQ(KTASK_CANCELLED, joiner.completion.outcome);
}

TEST_F(abort, while_read)
{
	int64_t id = kt_sleep(self->fd, HOUR, 0);
	struct taker reader;

	ASSERT_LT(0, id);
	ASSERT_EQ(0, reader_start(&reader, self->fd));
	EXPECT_EQ(0, kt_abort_all(self->fd));
	EXPECT_EQ(1, taker_wait(&reader));
	EXPECT_EQ(id, reader.completion.id);
}

/* Aborts of one task from several threads, while its time runs out. */
struct aborter {
	pthread_t thread;
	int fd;
	__u64 id;
	int ret;
};

static void *aborter_main(void *arg)
{
	struct aborter *a = arg;

	do {
		a->ret = kt_abort(a->fd, a->id);
	} while (!a->ret);
	return NULL;
}

TEST_F_TIMEOUT(abort, races_with_the_end, SLOW)
{
	struct aborter a[3];
	int cancelled = 0, round, i;

	for (round = 0; round < 200; round++) {
		int64_t id = kt_sleep(self->fd, round * 2000, 0);

		ASSERT_LT(0, id);
		for (i = 0; i < 3; i++) {
			a[i] = (struct aborter){ .fd = self->fd, .id = id };
			ASSERT_EQ(0, pthread_create(&a[i].thread, NULL,
						    aborter_main, &a[i]));
		}
		ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, self->c));
		for (i = 0; i < 3; i++) {
			ASSERT_EQ(0, pthread_join(a[i].thread, NULL));
			ASSERT_TRUE(a[i].ret == -EALREADY || a[i].ret == -ENOENT);
		}
		if (self->c[0].outcome == KTASK_CANCELLED) {
			ASSERT_EQ(-ECANCELED, self->c[0].result);
			cancelled++;
		} else {
			ASSERT_EQ(KTASK_RETURNED, self->c[0].outcome);
			ASSERT_EQ(0, self->c[0].result);
		}
	}
	TH_LOG("%d of 200 were cancelled", cancelled);
}

TEST_HARNESS_MAIN
