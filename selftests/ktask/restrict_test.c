// SPDX-License-Identifier: GPL-2.0
/*
 * KTASK_RESTRICT: what a file may not do any more.
 */
#include <limits.h>

#include "helpers.h"

FIXTURE(restrict) {
	int fd;
	__u32 nop;
	__u32 sleep;
	__u32 hash;
	struct ktask_completion c;
};

FIXTURE_SETUP(restrict)
{
	SETUP_OPEN(self->fd, 0);
	self->nop = kt_op(self->fd, "nop");
	self->sleep = kt_op(self->fd, "sleep");
	self->hash = kt_op(self->fd, "hash");
}

FIXTURE_TEARDOWN(restrict)
{
	close(self->fd);
}

static int64_t hash(FIXTURE_DATA(restrict) *self)
{
	int file = sparse_file();
	int64_t id = kt_hash_range(self->fd, file, "sha256", 0, 10, 0);

	close(file);
	return id;
}

TEST_F(restrict, to_a_list)
{
	__u32 ops[] = { self->sleep, self->nop };

	ASSERT_EQ(0, kt_restrict(self->fd, 0, ops, 2));
	EXPECT_LT(0, kt_nop(self->fd, 0, 0));
	EXPECT_LT(0, kt_sleep(self->fd, 0, 0));
	EXPECT_EQ(-EPERM, hash(self));
	EXPECT_EQ(2, file_tasks(self->fd));
}

TEST_F(restrict, to_none)
{
	ASSERT_EQ(0, kt_restrict(self->fd, 0, NULL, 0));
	EXPECT_EQ(-EPERM, kt_nop(self->fd, 0, 0));
	EXPECT_EQ(-EPERM, kt_sleep(self->fd, 0, 0));
	EXPECT_EQ(-EPERM, hash(self));
}

TEST_F(restrict, second_call_takes_away_only)
{
	__u32 both[] = { self->sleep, self->nop };
	__u32 other[] = { self->hash, self->nop };

	ASSERT_EQ(0, kt_restrict(self->fd, 0, both, 2));
	ASSERT_EQ(0, kt_restrict(self->fd, 0, other, 2));
	EXPECT_LT(0, kt_nop(self->fd, 0, 0));
	EXPECT_EQ(-EPERM, kt_sleep(self->fd, 0, 0));
	EXPECT_EQ(-EPERM, hash(self));
	ASSERT_EQ(0, kt_restrict(self->fd, 0, &other[0], 1));
	EXPECT_EQ(-EPERM, kt_nop(self->fd, 0, 0));
	ASSERT_EQ(0, kt_restrict(self->fd, 0, both, 2));
	EXPECT_EQ(-EPERM, kt_nop(self->fd, 0, 0));
	EXPECT_EQ(-EPERM, kt_sleep(self->fd, 0, 0));
}

TEST_F(restrict, same_op_several_times)
{
	__u32 ops[] = { self->nop, self->nop, self->nop };

	ASSERT_EQ(0, kt_restrict(self->fd, 0, ops, 3));
	ASSERT_EQ(0, kt_restrict(self->fd, 0, ops, 2));
	EXPECT_LT(0, kt_nop(self->fd, 0, 0));
	EXPECT_EQ(-EPERM, kt_sleep(self->fd, 0, 0));
}

TEST_F(restrict, spawn_ends_at_the_first_that_may_not_be)
{
	struct ktask_args_sleep args = {};
	struct ktask_desc descs[3];
	int error;

	descs[0] = kt_desc(self->fd, "nop", NULL, 0);
	descs[1] = kt_desc(self->fd, "sleep", &args, sizeof(args));
	descs[2] = descs[0];
	ASSERT_EQ(0, kt_restrict(self->fd, 0, &self->nop, 1));
	EXPECT_EQ(1, kt_spawn(self->fd, descs, 3, &error));
	EXPECT_EQ(-EPERM, error);
	EXPECT_EQ(-EPERM, kt_spawn_flags(self->fd, KTASK_SPAWN_ALL, descs, 3, &error));
	EXPECT_EQ(1, file_tasks(self->fd));
	/* One that is not there is told first. */
	descs[0].op = UINT_MAX;
	EXPECT_EQ(-ENOENT, kt_spawn(self->fd, descs, 1, NULL));
}

TEST_F(restrict, tasks_that_are_there_go_on)
{
	int64_t id = kt_sleep(self->fd, 50 * MSEC, 0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, kt_restrict(self->fd, 0, NULL, 0));
	/* And all else is as before. */
	EXPECT_EQ(0, kt_join(self->fd, id, FOREVER, &self->c));
	EXPECT_EQ(KTASK_RETURNED, self->c.outcome);
	EXPECT_LE(0, kt_op(self->fd, "sleep"));
	EXPECT_LT(0, kt_group_new(self->fd, 1, 1));
}

TEST_F(restrict, is_of_the_open_file)
{
	int copy = dup(self->fd), other = kt_open(0);
	pid_t pid;

	ASSERT_LE(0, copy);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, kt_restrict(copy, 0, &self->nop, 1));
	EXPECT_EQ(-EPERM, kt_sleep(self->fd, 0, 0));
	EXPECT_LT(0, kt_sleep(other, 0, 0));
	/* Whoever has it. */
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(kt_sleep(self->fd, 0, 0) == -EPERM &&
		      kt_nop(self->fd, 0, 0) > 0 ? 0 : 1);
	EXPECT_EQ(0, child_status(pid));
	close(copy);
	close(other);
}

TEST_F(restrict, as_long_as_may_be)
{
	static __u32 ops[KTASK_RESTRICT_MAX + 1];
	unsigned int i;

	/* Numbers that are nobody's are no error, and no right. */
	for (i = 0; i < KTASK_RESTRICT_MAX; i++)
		ops[i] = 1000000 + i;
	ops[KTASK_RESTRICT_MAX - 1] = self->nop;
	EXPECT_EQ(-EINVAL, kt_restrict(self->fd, 0, ops, KTASK_RESTRICT_MAX + 1));
	EXPECT_EQ(-EINVAL, kt_restrict(self->fd, 0, ops, UINT_MAX));
	EXPECT_LT(0, kt_sleep(self->fd, 0, 0));
	ASSERT_EQ(0, kt_restrict(self->fd, 0, ops, KTASK_RESTRICT_MAX));
	EXPECT_LT(0, kt_nop(self->fd, 0, 0));
	EXPECT_EQ(-EPERM, kt_sleep(self->fd, 0, 0));
}

TEST_F(restrict, bad_pointer_is_EFAULT_and_restricts_nothing)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *mem = guarded_alloc(1);
	__u32 *ops = (void *)(mem + page - 4);

	ASSERT_NE(NULL, mem);
	ops[0] = self->nop;
	EXPECT_EQ(-EFAULT, kt_restrict(self->fd, 0, NULL, 1));
	EXPECT_EQ(-EFAULT, kt_restrict(self->fd, 0, (void *)-8L, 1));
	EXPECT_EQ(-EFAULT, kt_restrict(self->fd, KTASK_RESTRICT_LIMITS, ops, 2));
	EXPECT_LT(0, kt_sleep(self->fd, 0, 0));
	EXPECT_EQ(0, kt_group_set(self->fd, 0, 1, 1));
	/* None is not looked for. */
	EXPECT_EQ(0, kt_restrict(self->fd, 0, (void *)-8L, 0));
	munmap(mem, 2 * page);
}

TEST_F(restrict, limits)
{
	int64_t nr = kt_group_new(self->fd, 0, 0);
	struct ktask_group group;

	ASSERT_LT(0, nr);
	ASSERT_EQ(0, kt_group_set(self->fd, 0, 3, 4));
	ASSERT_EQ(0, kt_restrict(self->fd, KTASK_RESTRICT_LIMITS, &self->nop, 1));
	EXPECT_EQ(-EPERM, kt_group_set(self->fd, 0, 0, 0));
	EXPECT_EQ(-EPERM, kt_group_set(self->fd, 0, 3, 4));
	ASSERT_EQ(0, kt_group_get(self->fd, 0, &group));
	EXPECT_EQ(3, group.max_running);
	EXPECT_EQ(4, group.max_tasks);
	/* Groups are within the set. */
	EXPECT_EQ(0, kt_group_set(self->fd, nr, 9, 9));
	EXPECT_LT(0, kt_group_new(self->fd, 9, 9));
	/* A second call cannot undo it. */
	EXPECT_EQ(0, kt_restrict(self->fd, 0, &self->nop, 1));
	EXPECT_EQ(-EPERM, kt_group_set(self->fd, 0, 0, 0));
}

struct restricter {
	pthread_t thread;
	int fd;
	__u32 ops[3];
};

static void *restricter_main(void *arg)
{
	struct restricter *r = arg;
	int i;

	for (i = 0; i < 50; i++)
		kt_restrict(r->fd, 0, r->ops, 3 - i / 20);
	return NULL;
}

/* In the midst of spawns: what is not listed last cannot be spawned any more. */
TEST_F_TIMEOUT(restrict, while_others_spawn, SLOW)
{
	struct restricter r[3];
	int round, i;

	for (round = 0; round < 20; round++) {
		int fd = kt_open(0);

		ASSERT_LE(0, fd);
		for (i = 0; i < 3; i++) {
			r[i] = (struct restricter){
				.fd = fd,
				.ops = { self->nop, self->sleep, self->hash },
			};
			ASSERT_EQ(0, pthread_create(&r[i].thread, NULL,
						    restricter_main, &r[i]));
		}
		for (i = 0; i < 200; i++) {
			int64_t id = kt_sleep(fd, 0, 0);

			ASSERT_TRUE(id > 0 || id == -EPERM);
			ASSERT_LT(0, kt_nop(fd, 0, 0));
		}
		for (i = 0; i < 3; i++)
			ASSERT_EQ(0, pthread_join(r[i].thread, NULL));
		EXPECT_EQ(-EPERM, kt_sleep(fd, 0, 0));
		close(fd);
	}
}

TEST_HARNESS_MAIN
