// SPDX-License-Identifier: GPL-2.0
/*
 * KTASK_SPAWN_ALL: all or none, whatever is wrong with one.
 */
#include <limits.h>
#include <stddef.h>

#include "helpers.h"

#define ALL_NR		20

/*
 * All but the last are right. The call fails with @err, and as far as anybody
 * can see it was never made.
 */
#define EXPECT_NONE(descs, err)						\
do {									\
	struct ktask_info _before, _now;				\
	int _error;							\
									\
	ASSERT_EQ(0, kt_info(self->fd, &_before));			\
	EXPECT_EQ(-(err), kt_spawn_flags(self->fd, KTASK_SPAWN_ALL,	\
					 descs, ALL_NR, &_error));	\
	EXPECT_EQ(-(err), _error);					\
	ASSERT_EQ(0, kt_info(self->fd, &_now));				\
	EXPECT_EQ(_before.file_tasks, _now.file_tasks);			\
	EXPECT_EQ(_before.user_tasks, _now.user_tasks);			\
	EXPECT_EQ(_before.user_bytes, _now.user_bytes);			\
	EXPECT_EQ(_before.resumed, _now.resumed);			\
	EXPECT_EQ(0, kt_read(self->fd, &self->c, 1));			\
} while (0)

FIXTURE(all) {
	int fd;
	int64_t nop;
	struct ktask_completion c;
	struct ktask_desc descs[ALL_NR];
	struct ktask_after after[ALL_NR];
};

FIXTURE_SETUP(all)
{
	int i;

	SETUP_OPEN(self->fd, 0);
	ASSERT_LE(0, self->nop = kt_op(self->fd, "nop"));
	for (i = 0; i < ALL_NR; i++) {
		self->after[i].id = i - 1;
		self->after[i].flags = KTASK_AFTER_INDEX | KTASK_AFTER_INPUT;
		self->descs[i] = (struct ktask_desc){
			.op = self->nop,
			.after = to_u64(&self->after[i]),
			.nr_after = i % 3 == 2,
			.user_data = i,
		};
	}
}

FIXTURE_TEARDOWN(all)
{
	close(self->fd);
}

TEST_F(all, all)
{
	int error, i;

	ASSERT_EQ(ALL_NR, kt_spawn_flags(self->fd, KTASK_SPAWN_ALL, self->descs,
					 ALL_NR, &error));
	EXPECT_EQ(0, error);
	for (i = 0; i < ALL_NR; i++) {
		ASSERT_LT(0, self->descs[i].id);
		ASSERT_EQ(0, kt_join(self->fd, self->descs[i].id, FOREVER, &self->c));
		EXPECT_EQ(i, self->c.user_data);
		EXPECT_EQ(KTASK_RETURNED, self->c.outcome);
	}
}

TEST_F(all, none_for_what_is_wrong_with_one)
{
	struct ktask_desc *one = &self->descs[ALL_NR - 1], right = *one;
	struct ktask_after *after = &self->after[ALL_NR - 1];
	struct ktask_args_hash hash = { .fd = -1, .alg = "sha256" };
	char *mem = guarded_alloc(1);
	size_t page = sysconf(_SC_PAGESIZE);

	ASSERT_NE(NULL, mem);
	one->op = UINT_MAX;
	EXPECT_NONE(self->descs, ENOENT);
	*one = right;
	one->flags = 1U << 31;
	EXPECT_NONE(self->descs, EOPNOTSUPP);
	*one = right;
	one->reserved = 1;
	EXPECT_NONE(self->descs, EINVAL);
	*one = right;
	one->group = 17;
	EXPECT_NONE(self->descs, ENOENT);
	*one = right;
	one->priority = 17;
	EXPECT_NONE(self->descs, EOPNOTSUPP);
	*one = right;
	one->args = to_u64(mem + page);
	one->args_size = 8;
	EXPECT_NONE(self->descs, EFAULT);
	*one = right;
	one->op = kt_op(self->fd, "hash");
	one->args = to_u64(&hash);
	one->args_size = sizeof(hash);
	one->nr_after = 0;
	EXPECT_NONE(self->descs, EBADF);
	*one = right;
	after->id = 12345;
	after->flags = 0;
	one->nr_after = 1;
	EXPECT_NONE(self->descs, ENOENT);
	after->id = ALL_NR - 1;
	after->flags = KTASK_AFTER_INDEX;
	EXPECT_NONE(self->descs, EINVAL);
	one->after = to_u64(mem + page);
	EXPECT_NONE(self->descs, EFAULT);
	munmap(mem, 2 * page);
}

TEST_F(all, none_if_a_descriptor_is_not_there)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *mem = guarded_alloc(1);
	struct ktask_desc *descs = (void *)(mem + page -
					    sizeof(*descs) * (2 * ALL_NR - 1) / 2);

	ASSERT_NE(NULL, mem);
	memcpy(descs, self->descs, sizeof(*descs) * (ALL_NR - 1));
	EXPECT_NONE(descs, EFAULT);
	munmap(mem, 2 * page);
}

/* The last id could not be told, when all the others were. */
TEST_F(all, none_if_an_id_cannot_be_told)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *mem = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ktask_desc *descs;

	ASSERT_NE(MAP_FAILED, mem);
	descs = (void *)(mem + page - sizeof(*descs) * (ALL_NR - 1) -
			 offsetof(struct ktask_desc, id));
	memcpy(descs, self->descs, sizeof(self->descs));
	ASSERT_EQ(0, mprotect(mem + page, page, PROT_READ));
	EXPECT_NONE(descs, EFAULT);
	munmap(mem, 2 * page);
}

TEST_F(all, none_beyond_max_tasks)
{
	unsigned long long before;

	ASSERT_EQ(0, get_param("max_tasks", &before));
	if (set_param("max_tasks", ALL_NR - 1))
		SKIP(return, "only root may change max_tasks");
	EXPECT_NONE(self->descs, EAGAIN);
	EXPECT_EQ(0, set_param("max_tasks", ALL_NR));
	EXPECT_EQ(ALL_NR, kt_spawn_flags(self->fd, KTASK_SPAWN_ALL, self->descs,
					 ALL_NR, NULL));
	EXPECT_EQ(0, set_param("max_tasks", before));
}

TEST_F(all, none_beyond_the_limits_of_set_and_group)
{
	int64_t group = kt_group_new(self->fd, 0, 3);
	int i;

	ASSERT_LT(0, group);
	/* It does not wait for room. */
	ASSERT_EQ(0, kt_group_set(self->fd, 0, 0, ALL_NR - 1));
	EXPECT_NONE(self->descs, EAGAIN);
	ASSERT_EQ(0, kt_group_set(self->fd, 0, 0, ALL_NR));
	for (i = 0; i < 4; i++)
		self->descs[i * 5].group = group;
	EXPECT_NONE(self->descs, EAGAIN);
	ASSERT_EQ(0, kt_group_set(self->fd, group, 0, 4));
	EXPECT_EQ(ALL_NR, kt_spawn_flags(self->fd, KTASK_SPAWN_ALL, self->descs,
					 ALL_NR, NULL));
}

/* None runs while the kernel still waits for the last descriptor. */
TEST_F(all, none_runs_before_all_are_known)
{
	struct ktask_spawn spawn = {
		.size = sizeof(spawn),
		.flags = KTASK_SPAWN_ALL,
		.nr = ALL_NR,
		.desc_size = sizeof(self->descs[0]),
	};
	struct caller caller = { .fd = self->fd, .cmd = KTASK_SPAWN, .arg = &spawn };
	size_t page = sysconf(_SC_PAGESIZE);
	struct ktask_info before, now;
	struct ktask_desc *descs;
	struct pollfd pfd = { .events = POLLIN };
	char *absent = absent_page(&pfd.fd), *mem;
	int i;

	if (!absent)
		SKIP(return, "no userfaultfd: %s", strerror(errno));
	/* Put the absent page behind one that is there. */
	mem = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(mem + page, mremap(absent, page, page,
				     MREMAP_MAYMOVE | MREMAP_FIXED, mem + page)) {
		TH_LOG("%s", strerror(errno));
	}
	absent = mem + page;
	descs = (void *)(absent - sizeof(*descs) * (ALL_NR - 1));
	memcpy(descs, self->descs, sizeof(*descs) * (ALL_NR - 1));
	spawn.descs = to_u64(descs);
	ASSERT_EQ(0, kt_info(self->fd, &before));
	/* mremap() has taken it from the userfaultfd. */
	{
		struct uffdio_register reg = {
			.mode = UFFDIO_REGISTER_MODE_MISSING,
			.range = { to_u64(absent), page },
		};

		ASSERT_EQ(0, ioctl(pfd.fd, UFFDIO_REGISTER, &reg));
	}
	ASSERT_EQ(0, pthread_create(&caller.thread, NULL, caller_main, &caller));
	ASSERT_EQ(1, poll(&pfd, 1, -1));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, kt_info(self->fd, &now));
		EXPECT_EQ(before.resumed, now.resumed);
		sched_yield();
	}
	/* Of zeroes: op 0, the nop, and nothing else. */
	ASSERT_EQ(0, self->nop);
	ASSERT_EQ(0, absent_page_deliver(pfd.fd, absent));
	EXPECT_EQ(0, caller_wait(&caller));
	EXPECT_EQ(ALL_NR, spawn.spawned);
	for (i = 0; i < ALL_NR; i++)
		ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
	EXPECT_EQ(0, kt_read(self->fd, &self->c, 1));
	munmap(mem, 2 * page);
	close(pfd.fd);
}

TEST_HARNESS_MAIN
