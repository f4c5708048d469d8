// SPDX-License-Identifier: GPL-2.0
/*
 * What a descriptor says of a task beside its op: name, priority, CPU. See also
 * time_test.c.
 */
#include <limits.h>
#include <stddef.h>

#include "helpers.h"

FIXTURE(attr) {
	int fd;
	struct ktask_args_nop nop;
	struct ktask_args_sleep sleep;
	struct ktask_desc desc;		/* a nop, unless the test has another */
	struct ktask_completion c;
	struct ktask_task task;
};

FIXTURE_SETUP(attr)
{
	SETUP_OPEN(self->fd, 0);
	self->nop.result = 5;
	self->desc = kt_desc(self->fd, "nop", &self->nop, sizeof(self->nop));
}

FIXTURE_TEARDOWN(attr)
{
	close(self->fd);
}

static void be_sleep(FIXTURE_DATA(attr) *self, __u64 duration_ns)
{
	self->sleep.duration_ns = duration_ns;
	self->desc = kt_desc(self->fd, "sleep", &self->sleep, sizeof(self->sleep));
}

static int64_t spawn(FIXTURE_DATA(attr) *self)
{
	return kt_spawn_desc(self->fd, &self->desc);
}

/* The spawn fails so, and there is no such task. */
#define EXPECT_REFUSED(err)						\
do {									\
	EXPECT_EQ(-(err), spawn(self));					\
	EXPECT_EQ(0, file_tasks(self->fd));				\
} while (0)

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

/* --- Name ----------------------------------------------------------------- */

TEST_F(attr, name_is_told)
{
	int64_t id;

	be_sleep(self, HOUR);
	strcpy(self->desc.name, "copy of the copy");
	ASSERT_LT(0, id = spawn(self));
	ASSERT_EQ(0, kt_status(self->fd, id, &self->task));
	EXPECT_STREQ("copy of the copy", self->task.name);
	EXPECT_STREQ("sleep", self->task.op_name);
}

TEST_F(attr, name_of_the_greatest_length)
{
	int64_t id;

	be_sleep(self, HOUR);
	memset(self->desc.name, 'n', KTASK_NAME_MAX - 1);
	ASSERT_LT(0, id = spawn(self));
	ASSERT_EQ(0, kt_status(self->fd, id, &self->task));
	EXPECT_EQ(0, memcmp(self->desc.name, self->task.name, KTASK_NAME_MAX));
}

TEST_F(attr, name_may_be_empty)
{
	static const char zero[KTASK_NAME_MAX];
	int64_t id;

	be_sleep(self, HOUR);
	ASSERT_LT(0, id = spawn(self));
	ASSERT_EQ(0, kt_status(self->fd, id, &self->task));
	EXPECT_EQ(0, memcmp(zero, self->task.name, KTASK_NAME_MAX));
}

/* What lies behind the end of a name is not the caller's to see again. */
TEST_F(attr, name_ends_at_its_zero)
{
	static const char want[KTASK_NAME_MAX] = "a";
	int64_t id;

	be_sleep(self, HOUR);
	memset(self->desc.name, 'x', KTASK_NAME_MAX);
	strcpy(self->desc.name, "a");
	ASSERT_LT(0, id = spawn(self));
	ASSERT_EQ(0, kt_status(self->fd, id, &self->task));
	EXPECT_EQ(0, memcmp(want, self->task.name, KTASK_NAME_MAX));
}

/* --- Priority ------------------------------------------------------------- */

TEST_F(attr, priority_high_needs_CAP_SYS_NICE)
{
	int err;

	self->desc.priority = KTASK_PRIORITY_HIGH;
	if (geteuid())
		SKIP(return, "only root can show that root may");
	EXPECT_RETURNS(5);
	err = become(ALICE);
	ASSERT_EQ(0, err);
	EXPECT_REFUSED(EPERM);
	/* It is the caller who counts, not who opened the file. */
	self->desc.priority = KTASK_PRIORITY_NORMAL;
	EXPECT_RETURNS(5);
}

TEST_F(attr, priority_idle_is_for_everybody)
{
	struct ktask_args_hash hash = {
		.fd = sparse_file(),
		.length = 4096,
		.alg = "sha256",
	};

	ASSERT_LE(0, hash.fd);
	if (!geteuid())
		ASSERT_EQ(0, become(ALICE));
	self->desc.priority = KTASK_PRIORITY_IDLE;
	EXPECT_RETURNS(5);
	self->desc = kt_desc(self->fd, "hash", &hash, sizeof(hash));
	self->desc.priority = KTASK_PRIORITY_IDLE;
	EXPECT_RETURNS(4096);
	close(hash.fd);
}

TEST_F(attr, priority_of_blocking_work)
{
	struct ktask_args_hash hash = {
		.fd = sparse_file(),
		.length = 4096,
		.alg = "sha256",
	};

	if (geteuid())
		SKIP(return, "only root may ask for a high priority");
	ASSERT_LE(0, hash.fd);
	self->desc = kt_desc(self->fd, "hash", &hash, sizeof(hash));
	self->desc.priority = KTASK_PRIORITY_HIGH;
	EXPECT_RETURNS(4096);
	close(hash.fd);
}

TEST_F(attr, priority_is_told)
{
	int64_t id;

	be_sleep(self, HOUR);
	self->desc.priority = KTASK_PRIORITY_IDLE;
	ASSERT_LT(0, id = spawn(self));
	ASSERT_EQ(0, kt_status(self->fd, id, &self->task));
	EXPECT_EQ(KTASK_PRIORITY_IDLE, self->task.priority);
}

TEST_F(attr, priority_unknown_is_EOPNOTSUPP)
{
	self->desc.priority = KTASK_PRIORITY_IDLE + 1;
	EXPECT_REFUSED(EOPNOTSUPP);
	self->desc.priority = UINT_MAX;
	EXPECT_REFUSED(EOPNOTSUPP);
}

/* --- CPU ------------------------------------------------------------------ */

TEST_F(attr, cpu_each_that_is_online)
{
	int cpu, nr = sysconf(_SC_NPROCESSORS_ONLN);

	self->desc.flags = KTASK_DESC_ON_CPU;
	for (cpu = 0; cpu < nr; cpu++) {
		self->desc.cpu = cpu;
		EXPECT_RETURNS(5);
	}
}

TEST_F(attr, cpu_of_blocking_work)
{
	struct ktask_args_hash hash = {
		.fd = sparse_file(),
		.length = 4096,
		.alg = "sha256",
	};
	int cpu, nr = sysconf(_SC_NPROCESSORS_ONLN);

	ASSERT_LE(0, hash.fd);
	self->desc = kt_desc(self->fd, "hash", &hash, sizeof(hash));
	self->desc.flags = KTASK_DESC_ON_CPU;
	for (cpu = 0; cpu < nr; cpu++) {
		self->desc.cpu = cpu;
		EXPECT_RETURNS(4096);
	}
	close(hash.fd);
}

/* It does not run elsewhere while that CPU is kept from it. */
TEST_F(attr, cpu_that_is_busy_is_waited_for)
{
	int nr = sysconf(_SC_NPROCESSORS_ONLN);
	int err, here;
	int64_t id;

	if (nr < 2)
		SKIP(return, "there is one CPU only");
	here = sched_getcpu();
	err = take_cpu(here);
	if (err)
		SKIP(return, "no real-time priority: %s", strerror(-err));
	self->desc.flags = KTASK_DESC_ON_CPU;
	self->desc.cpu = here;
	ASSERT_LT(0, id = spawn(self));
	/* Others are free, but nobody else can run here. */
	self->desc.cpu = (here + 1) % nr;
	EXPECT_LT(0, spawn(self));
	while (task_state(self->fd, self->desc.id) != KTASK_STATE_ENDED)
		;
	EXPECT_EQ(KTASK_STATE_QUEUED, task_state(self->fd, id));
	/* Sleeping leaves it the CPU. */
	EXPECT_EQ(0, kt_join(self->fd, id, FOREVER, &self->c));
	EXPECT_EQ(5, self->c.result);
}

TEST_F(attr, cpu_that_there_is_not_is_EINVAL)
{
	self->desc.flags = KTASK_DESC_ON_CPU;
	self->desc.cpu = 1 << 20;
	EXPECT_REFUSED(EINVAL);
	self->desc.cpu = INT_MAX;
	EXPECT_REFUSED(EINVAL);
	self->desc.cpu = 1U << 31;
	EXPECT_REFUSED(EINVAL);
	self->desc.cpu = UINT_MAX;
	EXPECT_REFUSED(EINVAL);
}

TEST_F(attr, cpu_without_its_flag_is_EINVAL)
{
	self->desc.cpu = 1;
	EXPECT_REFUSED(EINVAL);
}

static int set_online(int cpu, int online)
{
	char path[64];
	int fd, n;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, online ? "1" : "0", 1) == 1 ? 0 : -errno;
	close(fd);
	return n;
}

TEST_F_TIMEOUT(attr, cpu_offline_is_ENXIO, SLOW)
{
	int cpu = sysconf(_SC_NPROCESSORS_ONLN) - 1;
	int64_t id;
	int err;

	if (!cpu)
		SKIP(return, "there is one CPU only");
	self->desc.flags = KTASK_DESC_ON_CPU;
	self->desc.cpu = cpu;
	/* One that waits for a CPU that goes away runs, wherever. */
	self->desc.delay_ns = SEC;
	ASSERT_LT(0, id = spawn(self));
	self->desc.delay_ns = 0;
	err = set_online(cpu, 0);
	if (err)
		SKIP(return, "cannot take a CPU offline: %s", strerror(-err));
	EXPECT_EQ(-ENXIO, spawn(self));
	EXPECT_EQ(0, kt_join(self->fd, id, FOREVER, &self->c));
	EXPECT_EQ(5, self->c.result);
	ASSERT_EQ(0, set_online(cpu, 1));
	EXPECT_RETURNS(5);
}

TEST_F(attr, cpu_outside_the_affinity_needs_CAP_SYS_NICE)
{
	cpu_set_t set;

	if (geteuid())
		SKIP(return, "only root can show that root may");
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "there is one CPU only");
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(set), &set));
	self->desc.flags = KTASK_DESC_ON_CPU;
	self->desc.cpu = 1;
	EXPECT_RETURNS(5);
	ASSERT_EQ(0, become(ALICE));
	EXPECT_REFUSED(EPERM);
	self->desc.cpu = 0;
	EXPECT_RETURNS(5);
}

/* --- All of it ------------------------------------------------------------ */

TEST_F(attr, everything_at_once)
{
	int64_t id, start = now_ns();

	be_sleep(self, 20 * MSEC);
	strcpy(self->desc.name, "all");
	self->desc.flags = KTASK_DESC_ON_CPU | KTASK_DESC_DEADLINE |
			   KTASK_DESC_START_AT;
	self->desc.delay_ns = start + 30 * MSEC;
	self->desc.timeout_ns = start + HOUR;
	self->desc.priority = KTASK_PRIORITY_IDLE;
	self->desc.user_data = ~0ULL;
	ASSERT_LT(0, id = spawn(self));
	ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &self->c));
	EXPECT_LE(50 * MSEC, now_ns() - start);
	EXPECT_EQ(KTASK_RETURNED, self->c.outcome);
	EXPECT_EQ(~0ULL, self->c.user_data);
}

/* Descriptors of the size of before have none of this. */
TEST_F(attr, none_in_a_descriptor_of_the_first_size)
{
	struct ktask_spawn spawn = {
		.size = sizeof(spawn),
		.nr = 1,
		.desc_size = offsetof(struct ktask_desc, delay_ns),
		.descs = to_u64(&self->desc),
	};

	self->desc.delay_ns = HOUR;
	self->desc.timeout_ns = 1;
	self->desc.priority = 99;
	self->desc.cpu = 99;
	self->desc.reserved = 99;
	ASSERT_EQ(0, kt_ioctl(self->fd, KTASK_SPAWN, &spawn));
	ASSERT_EQ(0, kt_join(self->fd, self->desc.id, FOREVER, &self->c));
	EXPECT_EQ(KTASK_RETURNED, self->c.outcome);
	EXPECT_EQ(5, self->c.result);
}

TEST_HARNESS_MAIN
