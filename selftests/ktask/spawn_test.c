// SPDX-License-Identifier: GPL-2.0
/*
 * KTASK_SPAWN: descriptors and arguments, and what is left when one is wrong.
 */
#include <limits.h>
#include <stddef.h>

#include "helpers.h"

FIXTURE(spawn) {
	int fd;
	int64_t nop;
	int64_t sleep;
	struct ktask_args_nop args;
	struct ktask_desc desc;
	struct ktask_spawn spawn;
	struct ktask_completion c[64];
	char *mem;			/* a page, then one not to be used */
	size_t page;
};

FIXTURE_SETUP(spawn)
{
	SETUP_OPEN(self->fd, 0);
	ASSERT_LE(0, self->nop = kt_op(self->fd, "nop"));
	ASSERT_LE(0, self->sleep = kt_op(self->fd, "sleep"));
	self->page = sysconf(_SC_PAGESIZE);
	ASSERT_NE(NULL, self->mem = guarded_alloc(1));

	/* One nop; a test changes what it is about. */
	self->desc.op = self->nop;
	self->desc.user_data = 1;
	self->desc.args = to_u64(&self->args);
	self->desc.args_size = sizeof(self->args);
	self->spawn.size = sizeof(self->spawn);
	self->spawn.nr = 1;
	self->spawn.desc_size = sizeof(self->desc);
	self->spawn.descs = to_u64(&self->desc);
	/* To be overwritten. */
	self->spawn.spawned = 77;
	self->spawn.error = 77;
}

FIXTURE_TEARDOWN(spawn)
{
	munmap(self->mem, 2 * self->page);
	close(self->fd);
}

static int spawn(FIXTURE_DATA(spawn) *self)
{
	return kt_ioctl(self->fd, KTASK_SPAWN, &self->spawn);
}

/* Fails as a whole, says so twice, and leaves nothing behind. */
#define EXPECT_SPAWN_FAILS(err)						\
do {									\
	EXPECT_EQ(-(err), spawn(self));					\
	EXPECT_EQ(0, self->spawn.spawned);				\
	EXPECT_EQ(-(err), self->spawn.error);				\
	EXPECT_EQ(0, file_tasks(self->fd));				\
	EXPECT_EQ(0, kt_read(self->fd, self->c, 1));			\
} while (0)

static struct ktask_desc *many(FIXTURE_DATA(spawn) *self, unsigned int nr)
{
	struct ktask_desc *descs = calloc(nr, sizeof(*descs));
	unsigned int i;

	for (i = 0; i < nr; i++) {
		descs[i] = self->desc;
		descs[i].user_data = i;
	}
	self->spawn.nr = nr;
	self->spawn.descs = to_u64(descs);
	return descs;
}

/* Read all that there is; user_data must be each of 0 to @nr - 1, once. */
static bool drain(FIXTURE_DATA(spawn) *self, unsigned int nr)
{
	unsigned int *seen = calloc(nr, sizeof(*seen)), total = 0;
	bool once = true;
	int n, i;

	while ((n = kt_read(self->fd, self->c, ARRAY_SIZE(self->c))) > 0) {
		for (i = 0; i < n; i++) {
			if (self->c[i].user_data >= nr ||
			    seen[self->c[i].user_data]++)
				once = false;
		}
		total += n;
	}
	free(seen);
	return !n && once && total == nr;
}

/* --- How many ------------------------------------------------------------- */

TEST_F(spawn, one)
{
	self->args.result = 12;
	self->desc.user_data = 34;
	ASSERT_EQ(0, spawn(self));
	EXPECT_EQ(1, self->spawn.spawned);
	EXPECT_EQ(0, self->spawn.error);
	EXPECT_LT(0, self->desc.id);
	ASSERT_EQ(0, kt_join(self->fd, self->desc.id, FOREVER, self->c));
	EXPECT_EQ(12, self->c[0].result);
	EXPECT_EQ(34, self->c[0].user_data);
}

TEST_F(spawn, many)
{
	struct ktask_desc *descs = many(self, 100);
	int i;

	ASSERT_EQ(0, spawn(self));
	EXPECT_EQ(100, self->spawn.spawned);
	EXPECT_EQ(0, self->spawn.error);
	for (i = 0; i < 100; i++) {
		EXPECT_LT(0, descs[i].id);
		if (i) {
			EXPECT_NE(descs[i - 1].id, descs[i].id);
		}
		/* Nothing else of it is written. */
		EXPECT_EQ(i, descs[i].user_data);
		EXPECT_EQ(self->desc.args, descs[i].args);
	}
	EXPECT_TRUE(drain(self, 100));
	free(descs);
}

TEST_F(spawn, nr_max)
{
	struct ktask_desc *descs = many(self, KTASK_SPAWN_MAX);

	ASSERT_EQ(0, spawn(self));
	EXPECT_EQ(KTASK_SPAWN_MAX, self->spawn.spawned);
	EXPECT_EQ(0, self->spawn.error);
	EXPECT_TRUE(drain(self, KTASK_SPAWN_MAX));
	free(descs);
}

TEST_F(spawn, nr_above_max_is_EINVAL)
{
	struct ktask_desc *descs = many(self, KTASK_SPAWN_MAX + 1);

	EXPECT_EQ(-EINVAL, spawn(self));
	self->spawn.nr = UINT_MAX;
	EXPECT_EQ(-EINVAL, spawn(self));
	EXPECT_EQ(0, file_tasks(self->fd));
	free(descs);
}

TEST_F(spawn, nr_zero_is_EINVAL)
{
	self->spawn.nr = 0;
	EXPECT_EQ(-EINVAL, spawn(self));
	EXPECT_EQ(0, file_tasks(self->fd));
}

TEST_F(spawn, ids_are_not_used_again)
{
	__u64 last = 0;
	int i;

	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, spawn(self));
		ASSERT_LT(last, self->desc.id);
		last = self->desc.id;
		ASSERT_EQ(0, kt_join(self->fd, last, FOREVER, self->c));
	}
}

/* --- Partly --------------------------------------------------------------- */

TEST_F(spawn, wrong_one_in_the_middle_ends_the_call)
{
	struct ktask_desc *descs = many(self, 10);
	int i;

	descs[6].op = UINT_MAX;
	ASSERT_EQ(0, spawn(self));
	EXPECT_EQ(6, self->spawn.spawned);
	EXPECT_EQ(-ENOENT, self->spawn.error);
	for (i = 0; i < 10; i++)
		EXPECT_EQ(i < 6, descs[i].id != 0);
	EXPECT_EQ(6, file_tasks(self->fd));
	EXPECT_TRUE(drain(self, 6));
	free(descs);
}

TEST_F(spawn, wrong_last_one)
{
	struct ktask_desc *descs = many(self, 10);

	descs[9].flags = 1U << 31;
	ASSERT_EQ(0, spawn(self));
	EXPECT_EQ(9, self->spawn.spawned);
	EXPECT_EQ(-EOPNOTSUPP, self->spawn.error);
	EXPECT_TRUE(drain(self, 9));
	free(descs);
}

TEST_F(spawn, wrong_first_one_fails)
{
	struct ktask_desc *descs = many(self, 10);

	descs[0].reserved = 1;
	EXPECT_SPAWN_FAILS(EINVAL);
	free(descs);
}

TEST_F(spawn, descs_crossing_into_unmapped_end_the_call)
{
	struct ktask_desc *descs;
	int i;

	descs = (void *)(self->mem + self->page - 5 * sizeof(*descs) / 2);
	for (i = 0; i < 2; i++) {
		descs[i] = self->desc;
		descs[i].user_data = i;
	}
	self->spawn.nr = 3;
	self->spawn.descs = to_u64(descs);
	ASSERT_EQ(0, spawn(self));
	EXPECT_EQ(2, self->spawn.spawned);
	EXPECT_EQ(-EFAULT, self->spawn.error);
	EXPECT_TRUE(drain(self, 2));
}

/* --- Descriptors ---------------------------------------------------------- */

TEST_F(spawn, descs_bad_pointer_is_EFAULT)
{
	self->spawn.descs = 0;
	EXPECT_SPAWN_FAILS(EFAULT);
	self->spawn.descs = to_u64(self->mem + self->page);
	EXPECT_SPAWN_FAILS(EFAULT);
	self->spawn.descs = to_u64(self->mem + self->page - sizeof(self->desc) + 1);
	EXPECT_SPAWN_FAILS(EFAULT);
	self->spawn.descs = (__u64)-4096;
	EXPECT_SPAWN_FAILS(EFAULT);
}

/* The id could not be told, so there must be no such task. */
TEST_F(spawn, descs_in_read_only_memory_is_EFAULT)
{
	memcpy(self->mem, &self->desc, sizeof(self->desc));
	self->spawn.descs = to_u64(self->mem);
	ASSERT_EQ(0, mprotect(self->mem, self->page, PROT_READ));
	EXPECT_SPAWN_FAILS(EFAULT);
}

/* Only its id is in memory that can be read but not written. */
TEST_F(spawn, id_in_read_only_memory_is_EFAULT)
{
	char *mem = mmap(NULL, 2 * self->page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ktask_desc *descs;
	int i;

	ASSERT_NE(MAP_FAILED, mem);
	descs = (void *)(mem + self->page - offsetof(struct ktask_desc, id) -
			 3 * sizeof(*descs));
	for (i = 0; i < 4; i++) {
		descs[i] = self->desc;
		descs[i].user_data = i;
	}
	ASSERT_EQ(0, mprotect(mem + self->page, self->page, PROT_READ));
	self->spawn.nr = 4;
	self->spawn.descs = to_u64(descs);
	ASSERT_EQ(0, spawn(self));
	EXPECT_EQ(3, self->spawn.spawned);
	EXPECT_EQ(-EFAULT, self->spawn.error);
	EXPECT_EQ(3, file_tasks(self->fd));
	EXPECT_TRUE(drain(self, 3));
	munmap(mem, 2 * self->page);
}

/*
 * How many were started could not be told, and a call that fails has started
 * none.
 */
TEST_F(spawn, structure_in_read_only_memory_starts_nothing)
{
	memcpy(self->mem, &self->spawn, sizeof(self->spawn));
	ASSERT_EQ(0, mprotect(self->mem, self->page, PROT_READ));
	EXPECT_EQ(-EFAULT, kt_ioctl(self->fd, KTASK_SPAWN, self->mem));
	EXPECT_EQ(0, file_tasks(self->fd));
}

TEST_F(spawn, desc_size_zero_is_EINVAL)
{
	self->spawn.desc_size = 0;
	EXPECT_EQ(-EINVAL, spawn(self));
	EXPECT_EQ(0, file_tasks(self->fd));
}

TEST_F(spawn, desc_size_one_too_small_is_EINVAL)
{
	self->spawn.desc_size = offsetof(struct ktask_desc, delay_ns) - 1;
	EXPECT_EQ(-EINVAL, spawn(self));
	EXPECT_EQ(0, file_tasks(self->fd));
}

static struct ktask_desc *long_desc(FIXTURE_DATA(spawn) *self, int i, size_t size)
{
	struct ktask_desc *desc = (void *)(self->mem + i * size);

	*desc = self->desc;
	desc->user_data = i;
	self->spawn.desc_size = size;
	self->spawn.descs = to_u64(self->mem);
	self->spawn.nr = i + 1;
	return desc;
}

TEST_F(spawn, desc_size_longer_with_zeroes_works)
{
	struct ktask_desc *descs[3];
	int i;

	for (i = 0; i < 3; i++)
		descs[i] = long_desc(self, i, sizeof(self->desc) + 16);
	ASSERT_EQ(0, spawn(self));
	EXPECT_EQ(3, self->spawn.spawned);
	for (i = 0; i < 3; i++)
		EXPECT_LT(0, descs[i]->id);
	EXPECT_TRUE(drain(self, 3));
}

TEST_F(spawn, desc_size_longer_with_something_is_E2BIG)
{
	int i;

	for (i = 0; i < 3; i++)
		long_desc(self, i, sizeof(self->desc) + 16);
	self->mem[2 * (sizeof(self->desc) + 16) - 1] = 1;
	ASSERT_EQ(0, spawn(self));
	EXPECT_EQ(1, self->spawn.spawned);
	EXPECT_EQ(-E2BIG, self->spawn.error);
	EXPECT_TRUE(drain(self, 1));
}

TEST_F(spawn, desc_size_page_works)
{
	long_desc(self, 0, self->page);
	ASSERT_EQ(0, spawn(self));
	EXPECT_EQ(1, self->spawn.spawned);
}

TEST_F(spawn, desc_size_above_a_page_is_E2BIG)
{
	self->spawn.desc_size = self->page + 1;
	EXPECT_EQ(-E2BIG, spawn(self));
	self->spawn.desc_size = UINT_MAX;
	EXPECT_EQ(-E2BIG, spawn(self));
	EXPECT_EQ(0, file_tasks(self->fd));
}

TEST_F(spawn, desc_unknown_flags_are_EOPNOTSUPP)
{
	int i;

	for (i = 4; i < 32; i++) {
		self->desc.flags = 1U << i;
		EXPECT_SPAWN_FAILS(EOPNOTSUPP);
	}
}

TEST_F(spawn, desc_reserved_is_EINVAL)
{
	self->desc.reserved = 1;
	EXPECT_SPAWN_FAILS(EINVAL);
	self->desc.reserved = 1U << 31;
	EXPECT_SPAWN_FAILS(EINVAL);
}

TEST_F(spawn, desc_group_unknown_is_ENOENT)
{
	self->desc.group = 1;
	EXPECT_SPAWN_FAILS(ENOENT);
	self->desc.group = UINT_MAX;
	EXPECT_SPAWN_FAILS(ENOENT);
}

/* What is shorter than now is zero behind its end, as at each size before. */
TEST_F(spawn, desc_sizes_in_between_work)
{
	size_t size;

	self->spawn.descs = to_u64(self->mem);
	for (size = offsetof(struct ktask_desc, delay_ns);
	     size <= sizeof(self->desc); size++) {
		struct ktask_desc *desc = (void *)self->mem;

		memset(self->mem, 0xff, self->page);
		memcpy(self->mem, &self->desc, size);
		self->spawn.desc_size = size;
		ASSERT_EQ(0, spawn(self));
		ASSERT_EQ(0, kt_join(self->fd, desc->id, FOREVER, self->c));
		ASSERT_EQ(KTASK_RETURNED, self->c[0].outcome);
	}
}

TEST_F(spawn, desc_name_unterminated_is_EINVAL)
{
	memset(self->desc.name, 'n', sizeof(self->desc.name));
	EXPECT_SPAWN_FAILS(EINVAL);
	self->desc.name[KTASK_NAME_MAX - 1] = 0;
	EXPECT_EQ(0, spawn(self));
}

TEST_F(spawn, desc_id_given_is_ignored)
{
	self->desc.id = 0xdeadbeefULL;
	ASSERT_EQ(0, spawn(self));
	EXPECT_NE(0xdeadbeefULL, self->desc.id);
	EXPECT_EQ(0, kt_join(self->fd, self->desc.id, FOREVER, self->c));
}

/* --- Ops and arguments ---------------------------------------------------- */

TEST_F(spawn, op_unknown_is_ENOENT)
{
	self->desc.op = 1000000;
	EXPECT_SPAWN_FAILS(ENOENT);
	self->desc.op = UINT_MAX;
	EXPECT_SPAWN_FAILS(ENOENT);
}

TEST_F(spawn, args_none_for_nop_works)
{
	self->desc.args = 0;
	self->desc.args_size = 0;
	ASSERT_EQ(0, spawn(self));
	ASSERT_EQ(0, kt_join(self->fd, self->desc.id, FOREVER, self->c));
	EXPECT_EQ(0, self->c[0].result);
}

TEST_F(spawn, args_part_counts_as_zero)
{
	self->args.result = -1;
	self->desc.args_size = 2;
	ASSERT_EQ(0, spawn(self));
	ASSERT_EQ(0, kt_join(self->fd, self->desc.id, FOREVER, self->c));
	EXPECT_EQ(0xffff, self->c[0].result);
}

TEST_F(spawn, args_too_small_is_EINVAL)
{
	struct ktask_args_sleep args = {};

	self->desc.op = self->sleep;
	self->desc.args = to_u64(&args);
	self->desc.args_size = sizeof(args) - 1;
	EXPECT_SPAWN_FAILS(EINVAL);
	self->desc.args_size = 0;
	EXPECT_SPAWN_FAILS(EINVAL);
}

TEST_F(spawn, args_longer_with_zeroes_works)
{
	memset(self->mem, 0, self->page);
	self->desc.args = to_u64(self->mem);
	self->desc.args_size = sizeof(self->args) + 1;
	EXPECT_EQ(0, spawn(self));
	self->desc.args_size = self->page;
	EXPECT_EQ(0, spawn(self));
}

TEST_F(spawn, args_longer_with_something_is_E2BIG)
{
	self->mem[sizeof(self->args)] = 1;
	self->desc.args = to_u64(self->mem);
	self->desc.args_size = sizeof(self->args) + 1;
	EXPECT_SPAWN_FAILS(E2BIG);
	self->desc.args_size = self->page;
	EXPECT_SPAWN_FAILS(E2BIG);
}

/*
 * By the rule for all structures. Without it a caller keeps the kernel busy
 * looking for zeroes, for gigabytes of one page of them.
 */
TEST_F(spawn, args_above_a_page_is_E2BIG)
{
	char *mem = mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);

	ASSERT_NE(MAP_FAILED, mem);
	self->desc.args = to_u64(mem);
	self->desc.args_size = self->page + 1;
	EXPECT_SPAWN_FAILS(E2BIG);
	self->desc.args_size = 1 << 20;
	EXPECT_SPAWN_FAILS(E2BIG);
	self->desc.args_size = UINT_MAX;
	EXPECT_SPAWN_FAILS(E2BIG);
	munmap(mem, 1 << 20);
}

TEST_F(spawn, args_bad_pointer_is_EFAULT)
{
	self->desc.args = 0;
	EXPECT_SPAWN_FAILS(EFAULT);
	self->desc.args = to_u64(self->mem + self->page);
	EXPECT_SPAWN_FAILS(EFAULT);
	self->desc.args = to_u64(self->mem + self->page - sizeof(self->args) + 1);
	EXPECT_SPAWN_FAILS(EFAULT);
	self->desc.args = (__u64)-8;
	EXPECT_SPAWN_FAILS(EFAULT);
	self->desc.args = 1ULL << 63;
	EXPECT_SPAWN_FAILS(EFAULT);
}

TEST_F(spawn, args_at_the_end_of_memory)
{
	self->desc.args = to_u64(self->mem + self->page - sizeof(self->args));
	EXPECT_EQ(0, spawn(self));
	/* Some more that is zero, but not there. */
	self->desc.args_size++;
	EXPECT_EQ(-EFAULT, spawn(self));
}

TEST_F(spawn, args_are_copied_before_the_call_returns)
{
	int i;

	for (i = 0; i < 200; i++) {
		self->args.result = i;
		ASSERT_EQ(0, spawn(self));
		self->args.result = -1;
		ASSERT_EQ(0, kt_join(self->fd, self->desc.id, FOREVER, self->c));
		ASSERT_EQ(i, self->c[0].result);
	}
}

/* --- max_tasks ------------------------------------------------------------ */

FIXTURE(max_tasks) {
	int fd;
	unsigned long long before;
	struct ktask_completion c[8];
};

FIXTURE_SETUP(max_tasks)
{
	SETUP_OPEN(self->fd, 0);
	ASSERT_EQ(0, get_param("max_tasks", &self->before));
	if (set_param("max_tasks", self->before))
		SKIP(return, "only root may change max_tasks");
}

FIXTURE_TEARDOWN(max_tasks)
{
	EXPECT_EQ(0, set_param("max_tasks", self->before));
	close(self->fd);
}

TEST_F(max_tasks, default_is_not_zero)
{
	EXPECT_LE(KTASK_SPAWN_MAX, self->before);
}

TEST_F(max_tasks, reached_is_EAGAIN)
{
	int other = kt_open(0);
	int i;

	ASSERT_LE(0, other);
	ASSERT_EQ(0, set_param("max_tasks", 5));
	for (i = 0; i < 5; i++)
		ASSERT_LT(0, kt_nop(self->fd, 0, 0));
	/* Also when they have all ended: their completions are kept. */
	EXPECT_EQ(-EAGAIN, kt_nop(self->fd, 0, 0));
	/* Each file has a limit of its own. */
	EXPECT_LT(0, kt_nop(other, 0, 0));
	close(other);

	ASSERT_EQ(1, kt_read(self->fd, self->c, 1));
	EXPECT_LT(0, kt_nop(self->fd, 0, 0));
	EXPECT_EQ(-EAGAIN, kt_nop(self->fd, 0, 0));
	ASSERT_EQ(0, kt_join(self->fd, 0, FOREVER, self->c));
	EXPECT_LT(0, kt_nop(self->fd, 0, 0));
	EXPECT_EQ(5, file_tasks(self->fd));
}

TEST_F(max_tasks, reached_within_a_call)
{
	struct ktask_desc descs[8] = {};
	int error, i;

	ASSERT_EQ(0, set_param("max_tasks", 5));
	for (i = 0; i < 8; i++)
		descs[i].op = kt_op(self->fd, "nop");
	EXPECT_EQ(5, kt_spawn(self->fd, descs, 8, &error));
	EXPECT_EQ(-EAGAIN, error);
	EXPECT_EQ(-EAGAIN, kt_spawn(self->fd, descs, 8, &error));
	EXPECT_EQ(-EAGAIN, error);
}

/* What prepare took, the file, is given back. */
TEST_F(max_tasks, reached_by_a_hash)
{
	int file = sparse_file();

	ASSERT_LE(0, file);
	ASSERT_EQ(0, set_param("max_tasks", 0));
	EXPECT_EQ(-EAGAIN, kt_hash(self->fd, file, "sha256", 0));
	EXPECT_EQ(0, file_tasks(self->fd));
	close(file);
}

TEST_HARNESS_MAIN
