// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation, and every access to our memory, that fails in turn: see
 * /proc/self/fail-nth in the kernel's fault-injection documentation. What a
 * call gives is an error of ours or a result, and nothing is left behind.
 */
#include "fail.h"
#include "helpers.h"

FIXTURE(fail) {
	int fd;
	int nth;
	int file;
	struct ktask_completion c;
};

FIXTURE_SETUP(fail)
{
	SETUP_OPEN(self->fd, 0);
	self->nth = fail_begin();
	ASSERT_LE(0, self->nth);
	self->file = sparse_file();
	ASSERT_LE(0, self->file);
	ASSERT_EQ(0, ftruncate(self->file, 100000));
}

FIXTURE_TEARDOWN(fail)
{
	fail_end(self->nth);
	close(self->file);
	close(self->fd);
}

static bool is_failure(int64_t ret)
{
	return ret == -ENOMEM || ret == -EFAULT;
}

/* End and take all that there is. Return: how many tasks that was. */
static int drain(FIXTURE_DATA(fail) *self)
{
	int n = 0;

	kt_abort_all(self->fd);
	while (kt_read(self->fd, &self->c, 1) == 1)
		n++;
	return file_tasks(self->fd) ? -1 : n;
}

/*
 * Do @call again and again, each time with another thing failing, until it makes
 * so few that nothing fails. Then @check, where failed tells whether it did.
 */
#define FAIL_EACH(nth, call, check)					\
do {									\
	bool failed = true;						\
	unsigned int n;							\
									\
	for (n = 1; failed && n < MANY; n++) {				\
		fail_nth(nth, n);					\
		call;							\
		failed = has_failed(nth);				\
		check;							\
	}								\
	ASSERT_GT(MANY, n);						\
	/* Or nothing has been tried. */				\
	ASSERT_LT(2, n);						\
	TH_LOG("%u things failed", n - 2);				\
} while (0)

TEST_F_TIMEOUT(fail, open, SLOW)
{
	int fd;

	FAIL_EACH(self->nth, fd = kt_open(0), {
		EXPECT_TRUE(fd >= 0 || (failed && is_failure(fd)));
		if (fd >= 0)
			close(fd);
	});
}

/* Of a user who has no other file open, and so no account. */
TEST_F_TIMEOUT(fail, open_first, SLOW)
{
	int fd;

	close(self->fd);
	FAIL_EACH(self->nth, fd = kt_open(0), {
		EXPECT_TRUE(fd >= 0 || (failed && is_failure(fd)));
		if (fd >= 0)
			close(fd);
	});
	self->fd = kt_open(0);
	ASSERT_LE(0, self->fd);
}

TEST_F_TIMEOUT(fail, info, SLOW)
{
	struct ktask_info info;
	int ret;

	FAIL_EACH(self->nth, ret = kt_info(self->fd, &info),
		  EXPECT_TRUE(!ret || (failed && is_failure(ret))));
}

TEST_F_TIMEOUT(fail, op_info, SLOW)
{
	int64_t ret;

	FAIL_EACH(self->nth, ret = kt_op(self->fd, "hash"),
		  EXPECT_TRUE(ret >= 0 || (failed && is_failure(ret))));
}

/*
 * Spawn @nr of @op. A call that fails has started none; but if the last thing
 * that it does fails, telling how many, it cannot undo what it did.
 */
static void spawn(struct __test_metadata *_metadata, FIXTURE_DATA(fail) *self,
		  const char *op, void *args, size_t size, int nr)
{
	struct ktask_desc descs[8] = {};
	int ret, error, left, i;

	for (i = 0; i < nr; i++) {
		descs[i].op = kt_op(self->fd, op);
		descs[i].args = to_u64(args);
		descs[i].args_size = size;
	}
	FAIL_EACH(self->nth, ret = kt_spawn(self->fd, descs, nr, &error), {
		left = drain(self);
		if (ret < 0) {
			EXPECT_TRUE(failed && is_failure(ret)) {
				TH_LOG("spawn gave %d", ret);
			}
			EXPECT_TRUE(!left || (ret == -EFAULT && left == nr));
		} else {
			EXPECT_EQ(ret, left);
			EXPECT_TRUE(ret == nr ? !error : failed && is_failure(error)) {
				TH_LOG("error is %d after %d", error, ret);
			}
		}
	});
}

TEST_F_TIMEOUT(fail, spawn_nop, SLOW)
{
	struct ktask_args_nop args = { .result = 1 };

	spawn(_metadata, self, "nop", &args, sizeof(args), 1);
}

TEST_F_TIMEOUT(fail, spawn_several, SLOW)
{
	struct ktask_args_sleep args = { .duration_ns = HOUR };

	spawn(_metadata, self, "sleep", &args, sizeof(args), 8);
}

TEST_F_TIMEOUT(fail, spawn_hash, SLOW)
{
	struct ktask_args_hash args = { .fd = self->file, .alg = "sha256" };

	spawn(_metadata, self, "hash", &args, sizeof(args), 1);
}

/* Of a file that is let go of in a workqueue, which is made for the first. */
TEST_F_TIMEOUT(fail, spawn_poll, SLOW)
{
	struct ktask_args_poll args = { .events = POLLOUT };
	int fds[2];

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	args.fd = fds[1];
	spawn(_metadata, self, "poll", &args, sizeof(args), 1);
	close(fds[0]);
	close(fds[1]);
}

/* @call takes the completion of a task, or leaves it to be taken. */
#define FAIL_TO_TAKE(duration, call)					\
do {									\
	int64_t id;							\
	int ret;							\
									\
	FAIL_EACH(self->nth, {						\
		fail_nth(self->nth, 0);					\
		id = kt_sleep(self->fd, duration, 0);			\
		fail_nth(self->nth, n);					\
		ret = call;						\
	}, {								\
		EXPECT_TRUE(ret >= 0 || (failed && is_failure(ret)));	\
		EXPECT_EQ(ret < 0, drain(self));			\
		self->c.id = id;					\
	});								\
} while (0)

TEST_F_TIMEOUT(fail, join, SLOW)
{
	FAIL_TO_TAKE(0, kt_join(self->fd, id, FOREVER, &self->c));
	FAIL_TO_TAKE(MSEC, kt_join(self->fd, id, HOUR, &self->c));
}

TEST_F_TIMEOUT(fail, join_any, SLOW)
{
	FAIL_TO_TAKE(0, kt_join(self->fd, 0, FOREVER, &self->c));
	FAIL_TO_TAKE(MSEC, kt_join(self->fd, 0, HOUR, &self->c));
}

TEST_F_TIMEOUT(fail, read, SLOW)
{
	FAIL_TO_TAKE(0, kt_read(self->fd, &self->c, 1));
	FAIL_TO_TAKE(MSEC, kt_read(self->fd, &self->c, 1));
}

/* --- The calls that are about several tasks, groups and descriptors ---------- */

/* A graph within a group, with times: all that a plan may hold. */
static void make_graph(FIXTURE_DATA(fail) *self, struct ktask_desc *descs,
		       struct ktask_after *after, __u32 group)
{
	static struct ktask_args_hash hash = { .alg = "sha256" };
	int i;

	hash.fd = self->file;
	for (i = 0; i < 8; i++) {
		after[i] = (struct ktask_after){
			.id = 0,
			.flags = KTASK_AFTER_INDEX | KTASK_AFTER_INPUT,
		};
		descs[i] = i ? kt_desc(self->fd, "nop", NULL, 0) :
			       kt_desc(self->fd, "hash", &hash, sizeof(hash));
		descs[i].group = group;
		descs[i].after = to_u64(after);
		/* Two digests fit into a completion, so no output is kept. */
		descs[i].nr_after = i < 2 ? i : 2;
		descs[i].timeout_ns = HOUR;
	}
}

TEST_F_TIMEOUT(fail, spawn_graph, SLOW)
{
	int64_t group = kt_group_new(self->fd, 2, 0);
	struct ktask_after after[8];
	struct ktask_desc descs[8];
	int ret, error, left;

	ASSERT_LT(0, group);
	make_graph(self, descs, after, group);
	FAIL_EACH(self->nth, ret = kt_spawn(self->fd, descs, 8, &error), {
		left = drain(self);
		EXPECT_TRUE(ret == 8 ? !error :
			    failed && is_failure(ret < 0 ? ret : error));
		EXPECT_TRUE(left == (ret < 0 ? 0 : ret) || (ret == -EFAULT && left == 8));
	});
}

TEST_F_TIMEOUT(fail, spawn_all, SLOW)
{
	int64_t group = kt_group_new(self->fd, 2, 0);
	struct ktask_after after[8];
	struct ktask_desc descs[8];
	int ret, error, left;

	ASSERT_LT(0, group);
	make_graph(self, descs, after, group);
	FAIL_EACH(self->nth, ret = kt_spawn_flags(self->fd, KTASK_SPAWN_ALL, descs, 8, &error), {
		left = drain(self);
		EXPECT_TRUE(ret == 8 || (failed && is_failure(ret)));
		EXPECT_TRUE(left == (ret == 8 ? 8 : 0) || (ret == -EFAULT && left == 8));
	});
}

TEST_F_TIMEOUT(fail, submit_and_wait, SLOW)
{
	struct ktask_completion c[4];
	struct ktask_desc descs[3];
	struct ktask_spawn spawn = {
		.size = sizeof(spawn),
		.nr = 3,
		.desc_size = sizeof(descs[0]),
		.descs = to_u64(descs),
		.completions = to_u64(c),
		.max_completions = 4,
		.min_completions = 3,
		.timeout_ns = FOREVER,
	};
	int ret, i, left;

	for (i = 0; i < 3; i++)
		descs[i] = kt_desc(self->fd, "nop", NULL, 0);
	FAIL_EACH(self->nth, ret = kt_ioctl(self->fd, KTASK_SPAWN, &spawn), {
		left = drain(self);
		if (ret) {
			EXPECT_TRUE(failed && is_failure(ret));
		} else {
			EXPECT_EQ(spawn.spawned, spawn.completed + left);
			EXPECT_TRUE((spawn.spawned == 3 && spawn.completed == 3) || failed);
		}
	});
}

TEST_F_TIMEOUT(fail, join_first_of, SLOW)
{
	FAIL_TO_TAKE(0, kt_join_any(self->fd, 0, (__u64 *)&id, 1, FOREVER, &self->c, NULL));
	FAIL_TO_TAKE(MSEC, kt_join_any(self->fd, KTASK_JOIN_ANY_ABORT_REST,
				       (__u64 *)&id, 1, HOUR, &self->c, NULL));
}

/* What is read, kept and fetched. */
TEST_F_TIMEOUT(fail, output, SLOW)
{
	struct ktask_args_read args = { .fd = self->file, .length = 10000 };
	static char out[10000];
	struct ktask_info info;
	int64_t id, ret;

	FAIL_EACH(self->nth, {
		fail_nth(self->nth, 0);
		id = kt_spawn_op(self->fd, "read", &args, sizeof(args), 0);
		ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
		fail_nth(self->nth, n);
		ret = kt_output(self->fd, 0, id, 0, out, sizeof(out), NULL);
	}, {
		EXPECT_TRUE(ret == sizeof(out) || (failed && is_failure(ret)));
		/* It may have been copied before that could not be told. */
		if (ret < 0)
			kt_output(self->fd, 0, id, 0, out, sizeof(out), NULL);
		ASSERT_EQ(0, kt_info(self->fd, &info));
		EXPECT_EQ(0, wait_no_bytes(self->fd));
	});
}

TEST_F_TIMEOUT(fail, status_and_list, SLOW)
{
	int64_t id = kt_sleep(self->fd, HOUR, 0);
	struct ktask_task tasks[4];
	__u64 file, last;
	int ret;

	FAIL_EACH(self->nth, ret = kt_status(self->fd, id, tasks),
		  EXPECT_TRUE(!ret || (failed && is_failure(ret))));
	FAIL_EACH(self->nth, {
		file = 0;
		last = 0;
		ret = kt_list(self->fd, KTASK_LIST_ALL, &file, &last, tasks, 4);
	}, EXPECT_TRUE(ret == 1 || (failed && is_failure(ret))));
}

static int remove_all_groups(FIXTURE_DATA(fail) *self)
{
	int nr;

	for (nr = 1; nr < MANY; nr++)
		kt_group_remove(self->fd, nr);
	return 0;
}

TEST_F_TIMEOUT(fail, group, SLOW)
{
	struct ktask_info info;
	int64_t nr;

	FAIL_EACH(self->nth, nr = kt_group_new(self->fd, 1, 1), {
		EXPECT_TRUE(nr > 0 || (failed && is_failure(nr)));
		/* It may be there, but could not be told. */
		if (nr == -EFAULT)
			nr = remove_all_groups(self);
		else if (nr > 0)
			nr = kt_group_remove(self->fd, nr);
		else
			nr = 0;
		EXPECT_EQ(0, nr);
	});
	ASSERT_EQ(0, kt_info(self->fd, &info));
	EXPECT_EQ(0, wait_no_bytes(self->fd));
}

TEST_F_TIMEOUT(fail, descriptors, SLOW)
{
	int64_t id = kt_sleep(self->fd, HOUR, 0), nr = kt_group_new(self->fd, 0, 0);
	int free_fd = dup(self->file), fd;

	ASSERT_LT(0, id);
	ASSERT_LT(0, nr);
	close(free_fd);
	FAIL_EACH(self->nth, fd = kt_fd(self->fd, id, 0), {
		EXPECT_TRUE(fd >= 0 || (failed && is_failure(fd)));
		if (fd >= 0)
			close(fd);
	});
	FAIL_EACH(self->nth, fd = kt_fd(self->fd, 0, nr), {
		EXPECT_TRUE(fd >= 0 || (failed && is_failure(fd)));
		if (fd >= 0)
			close(fd);
	});
	/* None is open that could not be told. */
	EXPECT_EQ(free_fd, dup(self->file));
	close(free_fd);
}

TEST_F_TIMEOUT(fail, restrict, SLOW)
{
	__u32 ops[8] = { kt_op(self->fd, "nop"), kt_op(self->fd, "sleep") };
	int ret;

	FAIL_EACH(self->nth, ret = kt_restrict(self->fd, 0, ops, 8),
		  EXPECT_TRUE(!ret || (failed && is_failure(ret))));
	EXPECT_LT(0, kt_nop(self->fd, 0, 0));
}

/* An abort has no use for memory: it cannot fail but for its own structure. */
TEST_F_TIMEOUT(fail, abort, SLOW)
{
	int64_t id;
	int ret;

	FAIL_EACH(self->nth, {
		fail_nth(self->nth, 0);
		id = kt_sleep(self->fd, HOUR, 0);
		fail_nth(self->nth, n);
		ret = kt_abort(self->fd, id);
	}, {
		EXPECT_TRUE(!ret || (failed && ret == -EFAULT));
		EXPECT_EQ(1, drain(self));
	});
}

TEST_HARNESS_MAIN
