// SPDX-License-Identifier: GPL-2.0
/*
 * The rules that all ioctls follow, and what the file does not do. Also built
 * for 32 bits, where the structures are the same.
 */
#include <limits.h>
#include <stddef.h>

#include "helpers.h"

#define AT(type, member, offset, len)					\
	_Static_assert(offsetof(struct type, member) == (offset) &&	\
		       sizeof(((struct type *)0)->member) == (len),	\
		       #type "." #member)

_Static_assert(sizeof(struct ktask_info) == 80, "ktask_info");
AT(ktask_info, size, 0, 4);
AT(ktask_info, flags, 4, 4);
AT(ktask_info, abi_version, 8, 4);
AT(ktask_info, module_version, 12, 4);
AT(ktask_info, nr_ops, 16, 4);
AT(ktask_info, nr_executors, 20, 4);
AT(ktask_info, spawned, 24, 8);
AT(ktask_info, completed, 32, 8);
AT(ktask_info, cancelled, 40, 8);
AT(ktask_info, resumed, 48, 8);
AT(ktask_info, helped, 56, 8);
AT(ktask_info, files, 64, 8);
AT(ktask_info, file_tasks, 72, 8);

_Static_assert(sizeof(struct ktask_arg_info) == 48, "ktask_arg_info");
AT(ktask_arg_info, name, 0, 32);
AT(ktask_arg_info, type, 32, 4);
AT(ktask_arg_info, flags, 36, 4);
AT(ktask_arg_info, offset, 40, 4);
AT(ktask_arg_info, len, 44, 4);

_Static_assert(sizeof(struct ktask_op_info) == 256, "ktask_op_info");
AT(ktask_op_info, size, 0, 4);
AT(ktask_op_info, flags, 4, 4);
AT(ktask_op_info, op, 8, 4);
AT(ktask_op_info, args_size, 12, 4);
AT(ktask_op_info, name, 16, 32);
AT(ktask_op_info, module, 48, 64);
AT(ktask_op_info, summary, 112, 128);
AT(ktask_op_info, args, 240, 8);
AT(ktask_op_info, nr_args, 248, 4);
AT(ktask_op_info, out_size, 252, 4);

_Static_assert(sizeof(struct ktask_desc) == 72, "ktask_desc");
AT(ktask_desc, flags, 0, 4);
AT(ktask_desc, op, 4, 4);
AT(ktask_desc, user_data, 8, 8);
AT(ktask_desc, args, 16, 8);
AT(ktask_desc, args_size, 24, 4);
AT(ktask_desc, reserved, 28, 4);
AT(ktask_desc, name, 32, 32);
AT(ktask_desc, id, 64, 8);

_Static_assert(sizeof(struct ktask_spawn) == 32, "ktask_spawn");
AT(ktask_spawn, size, 0, 4);
AT(ktask_spawn, flags, 4, 4);
AT(ktask_spawn, nr, 8, 4);
AT(ktask_spawn, desc_size, 12, 4);
AT(ktask_spawn, descs, 16, 8);
AT(ktask_spawn, spawned, 24, 4);
AT(ktask_spawn, error, 28, 4);

_Static_assert(sizeof(struct ktask_completion) == 128, "ktask_completion");
AT(ktask_completion, id, 0, 8);
AT(ktask_completion, user_data, 8, 8);
AT(ktask_completion, result, 16, 8);
AT(ktask_completion, outcome, 24, 4);
AT(ktask_completion, out_len, 28, 4);
AT(ktask_completion, reserved, 32, 32);
AT(ktask_completion, out, 64, 64);

_Static_assert(sizeof(struct ktask_join) == 32, "ktask_join");
AT(ktask_join, size, 0, 4);
AT(ktask_join, flags, 4, 4);
AT(ktask_join, id, 8, 8);
AT(ktask_join, timeout_ns, 16, 8);
AT(ktask_join, completion, 24, 8);

_Static_assert(sizeof(struct ktask_abort) == 16, "ktask_abort");
AT(ktask_abort, size, 0, 4);
AT(ktask_abort, flags, 4, 4);
AT(ktask_abort, id, 8, 8);

_Static_assert(sizeof(struct ktask_args_nop) == 8, "ktask_args_nop");
_Static_assert(sizeof(struct ktask_args_sleep) == 8, "ktask_args_sleep");
_Static_assert(sizeof(struct ktask_args_hash) == 88, "ktask_args_hash");
AT(ktask_args_hash, fd, 0, 4);
AT(ktask_args_hash, flags, 4, 4);
AT(ktask_args_hash, offset, 8, 8);
AT(ktask_args_hash, length, 16, 8);
AT(ktask_args_hash, alg, 24, 64);

/* No task has it. */
#define NO_ID		0x7fffffffffULL

/* --- Each ioctl ----------------------------------------------------------- */

FIXTURE(ioctl) {
	int fd;
	size_t page;
	char *mem;			/* two pages, then one not to be used */
	char *end;			/* of the two */
	struct ktask_desc desc;
};

/*
 * @size: of its structure, which is also the least
 * @ret: what it gives if its structure is accepted
 * @writes: it writes to its structure
 */
FIXTURE_VARIANT(ioctl) {
	unsigned long cmd;
	unsigned int size;
	int ret;
	bool writes;
};

FIXTURE_VARIANT_ADD(ioctl, info) {
	.cmd = KTASK_INFO,
	.size = sizeof(struct ktask_info),
	.writes = true,
};

FIXTURE_VARIANT_ADD(ioctl, op_info) {
	.cmd = KTASK_OP_INFO,
	.size = sizeof(struct ktask_op_info),
	.writes = true,
};

FIXTURE_VARIANT_ADD(ioctl, spawn) {
	.cmd = KTASK_SPAWN,
	.size = sizeof(struct ktask_spawn),
	.writes = true,
};

FIXTURE_VARIANT_ADD(ioctl, join) {
	.cmd = KTASK_JOIN,
	.size = sizeof(struct ktask_join),
	.ret = -ENOENT,
};

FIXTURE_VARIANT_ADD(ioctl, abort) {
	.cmd = KTASK_ABORT,
	.size = sizeof(struct ktask_abort),
	.ret = -ENOENT,
};

FIXTURE_SETUP(ioctl)
{
	int64_t op;

	SETUP_OPEN(self->fd, 0);
	op = kt_op(self->fd, "nop");
	ASSERT_LE(0, op);
	self->desc.op = op;
	self->page = sysconf(_SC_PAGESIZE);
	self->mem = guarded_alloc(2);
	ASSERT_NE(NULL, self->mem);
	self->end = self->mem + 2 * self->page;
}

FIXTURE_TEARDOWN(ioctl)
{
	munmap(self->mem, 3 * self->page);
	close(self->fd);
}

/* Put the ioctl's structure to @p, saying that it is @size long. */
static void *put(FIXTURE_DATA(ioctl) *self, const FIXTURE_VARIANT(ioctl) *variant,
		 void *p, __u32 size)
{
	union {
		__u32 size;
		struct ktask_spawn spawn;
		struct ktask_join join;
		struct ktask_abort abort;
		char bytes[256];
	} u = { .size = size };

	switch (variant->cmd) {
	case KTASK_SPAWN:
		u.spawn.nr = 1;
		u.spawn.desc_size = sizeof(self->desc);
		u.spawn.descs = to_u64(&self->desc);
		break;
	case KTASK_JOIN:
		u.join.id = NO_ID;
		break;
	case KTASK_ABORT:
		u.abort.id = NO_ID;
		break;
	}
	return memcpy(p, &u, variant->size);
}

TEST_F(ioctl, least_size_works)
{
	put(self, variant, self->mem, variant->size);
	EXPECT_EQ(variant->ret, kt_ioctl(self->fd, variant->cmd, self->mem));
	/* What is told is its own size, not the kernel's. */
	EXPECT_EQ(variant->size, *(__u32 *)self->mem);
}

TEST_F(ioctl, works_at_the_end_of_memory)
{
	char *p = put(self, variant, self->end - variant->size, variant->size);

	EXPECT_EQ(variant->ret, kt_ioctl(self->fd, variant->cmd, p));
}

TEST_F(ioctl, works_across_two_pages)
{
	char *p = put(self, variant, self->mem + self->page - 8, variant->size);

	EXPECT_EQ(variant->ret, kt_ioctl(self->fd, variant->cmd, p));
}

TEST_F(ioctl, works_misaligned)
{
	int i;

	for (i = 1; i < 8; i++) {
		put(self, variant, self->mem + i, variant->size);
		EXPECT_EQ(variant->ret,
			  kt_ioctl(self->fd, variant->cmd, self->mem + i));
	}
}

TEST_F(ioctl, size_zero_is_EINVAL)
{
	put(self, variant, self->mem, 0);
	EXPECT_EQ(-EINVAL, kt_ioctl(self->fd, variant->cmd, self->mem));
}

TEST_F(ioctl, size_one_is_EINVAL)
{
	put(self, variant, self->mem, 1);
	EXPECT_EQ(-EINVAL, kt_ioctl(self->fd, variant->cmd, self->mem));
}

TEST_F(ioctl, size_one_too_small_is_EINVAL)
{
	put(self, variant, self->mem, variant->size - 1);
	EXPECT_EQ(-EINVAL, kt_ioctl(self->fd, variant->cmd, self->mem));
}

TEST_F(ioctl, longer_with_zeroes_works)
{
	unsigned int more;

	for (more = 1; more <= 16; more++) {
		put(self, variant, self->mem, variant->size + more);
		EXPECT_EQ(variant->ret,
			  kt_ioctl(self->fd, variant->cmd, self->mem));
		EXPECT_EQ(variant->size + more, *(__u32 *)self->mem);
		/* Nor is anything written that we did not know of. */
		EXPECT_EQ(0, self->mem[variant->size]);
	}
}

TEST_F(ioctl, page_with_zeroes_works)
{
	put(self, variant, self->mem, self->page);
	EXPECT_EQ(variant->ret, kt_ioctl(self->fd, variant->cmd, self->mem));
}

TEST_F(ioctl, longer_with_something_is_E2BIG)
{
	unsigned int more;

	for (more = 1; more <= 16; more++) {
		put(self, variant, self->mem, variant->size + more);
		self->mem[variant->size + more - 1] = 1;
		EXPECT_EQ(-E2BIG, kt_ioctl(self->fd, variant->cmd, self->mem));
		self->mem[variant->size + more - 1] = 0;
	}
}

TEST_F(ioctl, page_with_something_is_E2BIG)
{
	put(self, variant, self->mem, self->page);
	self->mem[self->page - 1] = 1;
	EXPECT_EQ(-E2BIG, kt_ioctl(self->fd, variant->cmd, self->mem));
}

TEST_F(ioctl, above_a_page_is_E2BIG)
{
	put(self, variant, self->mem, self->page + 1);
	EXPECT_EQ(-E2BIG, kt_ioctl(self->fd, variant->cmd, self->mem));
	put(self, variant, self->mem, UINT_MAX);
	EXPECT_EQ(-E2BIG, kt_ioctl(self->fd, variant->cmd, self->mem));
}

TEST_F(ioctl, null_is_EFAULT)
{
	EXPECT_EQ(-EFAULT, kt_ioctl(self->fd, variant->cmd, NULL));
}

TEST_F(ioctl, unmapped_is_EFAULT)
{
	EXPECT_EQ(-EFAULT, kt_ioctl(self->fd, variant->cmd, self->end));
	EXPECT_EQ(-EFAULT, kt_ioctl(self->fd, variant->cmd, (void *)-4096L));
	EXPECT_EQ(-EFAULT, kt_ioctl(self->fd, variant->cmd, (void *)-1L));
}

/* All but the size, or a part of the size, is in the unmapped page. */
TEST_F(ioctl, crossing_into_unmapped_is_EFAULT)
{
	__u32 size = variant->size;
	unsigned int here;

	for (here = 1; here < variant->size; here++) {
		memcpy(self->end - here, &size, here < 4 ? here : 4);
		EXPECT_EQ(-EFAULT, kt_ioctl(self->fd, variant->cmd,
					    self->end - here));
	}
}

TEST_F(ioctl, tail_crossing_into_unmapped_is_EFAULT)
{
	char *p = put(self, variant, self->end - variant->size,
		      variant->size + 8);

	EXPECT_EQ(-EFAULT, kt_ioctl(self->fd, variant->cmd, p));
}

TEST_F(ioctl, read_only_structure)
{
	put(self, variant, self->mem, variant->size);
	ASSERT_EQ(0, mprotect(self->mem, self->page, PROT_READ));
	EXPECT_EQ(variant->writes ? -EFAULT : variant->ret,
		  kt_ioctl(self->fd, variant->cmd, self->mem));
}

TEST_F(ioctl, unknown_flags_are_EOPNOTSUPP)
{
	unsigned int known = 0;
	int i;

	if (variant->cmd == KTASK_OP_INFO)
		known = KTASK_OP_BY_NAME;
	else if (variant->cmd == KTASK_ABORT)
		known = KTASK_ABORT_ALL;
	for (i = 0; i < 32; i++) {
		__u32 flags = 1U << i;

		if (flags & known)
			continue;
		put(self, variant, self->mem, variant->size);
		memcpy(self->mem + 4, &flags, sizeof(flags));
		EXPECT_EQ(-EOPNOTSUPP,
			  kt_ioctl(self->fd, variant->cmd, self->mem));
	}
}

/* --- The file ------------------------------------------------------------- */

FIXTURE(file) {
	int fd;
};

FIXTURE_SETUP(file)
{
	SETUP_OPEN(self->fd, 0);
}

FIXTURE_TEARDOWN(file)
{
	close(self->fd);
}

TEST_F(file, unknown_ioctl_is_ENOTTY)
{
	char mem[256] = { 16 };
	unsigned int nr;

	for (nr = KTASK_CMD_ABORT + 1; nr < 256; nr++)
		EXPECT_EQ(-ENOTTY,
			  kt_ioctl(self->fd, _IO(KTASK_IOC_TYPE, nr), mem));
	EXPECT_EQ(-ENOTTY, kt_ioctl(self->fd, _IO('K', KTASK_CMD_INFO), mem));
	EXPECT_EQ(-ENOTTY, kt_ioctl(self->fd, 0, mem));
	EXPECT_EQ(-ENOTTY, kt_ioctl(self->fd, UINT_MAX, mem));
	/* The number tells nothing about size and direction: see the size. */
	EXPECT_EQ(-ENOTTY, kt_ioctl(self->fd, _IOWR(KTASK_IOC_TYPE, KTASK_CMD_INFO,
						    struct ktask_info), mem));
	/* Not even a bad pointer is looked at. */
	EXPECT_EQ(-ENOTTY, kt_ioctl(self->fd, _IO(KTASK_IOC_TYPE, 99), NULL));
}

TEST_F(file, is_no_tty)
{
	EXPECT_EQ(0, isatty(self->fd));
	EXPECT_EQ(ENOTTY, errno);
}

TEST_F(file, write_is_EINVAL)
{
	EXPECT_EQ(-1, write(self->fd, "x", 1));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(file, lseek_is_ESPIPE)
{
	EXPECT_EQ(-1, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_EQ(ESPIPE, errno);
}

TEST_F(file, pread_is_ESPIPE)
{
	char mem[sizeof(struct ktask_completion)];

	EXPECT_EQ(-1, pread(self->fd, mem, sizeof(mem), 0));
	EXPECT_EQ(ESPIPE, errno);
}

TEST_F(file, mmap_is_ENODEV)
{
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->fd, 0));
	EXPECT_EQ(ENODEV, errno);
}

TEST_F(file, read_of_write_only_is_EBADF)
{
	struct ktask_completion completion;
	int fd = open(DEVICE, O_WRONLY | O_CLOEXEC);
	int64_t id;

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBADF, kt_read(fd, &completion, 1));
	/* All else goes by ioctl. */
	id = kt_nop(fd, 7, 0);
	EXPECT_LT(0, id);
	EXPECT_EQ(0, kt_join(fd, id, FOREVER, &completion));
	EXPECT_EQ(7, completion.result);
	EXPECT_EQ(0, close(fd));
}

TEST_F(file, two_are_two_sets)
{
	struct ktask_completion completion;
	int64_t id = kt_nop(self->fd, 0, 0);
	int fd = kt_open(0);

	ASSERT_LT(0, id);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, kt_read(fd, &completion, 1));
	EXPECT_EQ(-ENOENT, kt_join(fd, id, 0, &completion));
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(1, kt_read(self->fd, &completion, 1));
	EXPECT_EQ(id, completion.id);
}

TEST_HARNESS_MAIN
