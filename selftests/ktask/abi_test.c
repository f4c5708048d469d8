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

_Static_assert(sizeof(struct ktask_info) == 120, "ktask_info");
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
AT(ktask_info, user_tasks, 80, 8);
AT(ktask_info, user_bytes, 88, 8);
AT(ktask_info, user_run_ns, 96, 8);
AT(ktask_info, max_user_tasks, 104, 8);
AT(ktask_info, max_user_bytes, 112, 8);

_Static_assert(sizeof(struct ktask_data) == 16, "ktask_data");
AT(ktask_data, ptr, 0, 8);
AT(ktask_data, len, 8, 8);

_Static_assert(sizeof(struct ktask_arg_info) == 48, "ktask_arg_info");
AT(ktask_arg_info, name, 0, 32);
AT(ktask_arg_info, type, 32, 4);
AT(ktask_arg_info, flags, 36, 4);
AT(ktask_arg_info, offset, 40, 4);
AT(ktask_arg_info, len, 44, 4);

_Static_assert(sizeof(struct ktask_op_info) == 264, "ktask_op_info");
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
AT(ktask_op_info, op_flags, 256, 4);
AT(ktask_op_info, reserved, 260, 4);

_Static_assert(sizeof(struct ktask_after) == 16, "ktask_after");
AT(ktask_after, id, 0, 8);
AT(ktask_after, flags, 8, 4);
AT(ktask_after, reserved, 12, 4);

_Static_assert(sizeof(struct ktask_desc) == 112, "ktask_desc");
AT(ktask_desc, flags, 0, 4);
AT(ktask_desc, op, 4, 4);
AT(ktask_desc, user_data, 8, 8);
AT(ktask_desc, args, 16, 8);
AT(ktask_desc, args_size, 24, 4);
AT(ktask_desc, group, 28, 4);
AT(ktask_desc, name, 32, 32);
AT(ktask_desc, id, 64, 8);
AT(ktask_desc, delay_ns, 72, 8);
AT(ktask_desc, timeout_ns, 80, 8);
AT(ktask_desc, after, 88, 8);
AT(ktask_desc, nr_after, 96, 4);
AT(ktask_desc, priority, 100, 4);
AT(ktask_desc, cpu, 104, 4);
AT(ktask_desc, reserved, 108, 4);

_Static_assert(sizeof(struct ktask_spawn) == 64, "ktask_spawn");
AT(ktask_spawn, size, 0, 4);
AT(ktask_spawn, flags, 4, 4);
AT(ktask_spawn, nr, 8, 4);
AT(ktask_spawn, desc_size, 12, 4);
AT(ktask_spawn, descs, 16, 8);
AT(ktask_spawn, spawned, 24, 4);
AT(ktask_spawn, error, 28, 4);
AT(ktask_spawn, completions, 32, 8);
AT(ktask_spawn, max_completions, 40, 4);
AT(ktask_spawn, min_completions, 44, 4);
AT(ktask_spawn, timeout_ns, 48, 8);
AT(ktask_spawn, completed, 56, 4);
AT(ktask_spawn, wait_error, 60, 4);

_Static_assert(sizeof(struct ktask_uring_spawn) == 16, "ktask_uring_spawn");
AT(ktask_uring_spawn, desc, 0, 8);
AT(ktask_uring_spawn, completion, 8, 8);

_Static_assert(sizeof(struct ktask_completion) == 128, "ktask_completion");
AT(ktask_completion, id, 0, 8);
AT(ktask_completion, user_data, 8, 8);
AT(ktask_completion, result, 16, 8);
AT(ktask_completion, outcome, 24, 4);
AT(ktask_completion, out_len, 28, 4);
AT(ktask_completion, cause, 32, 4);
AT(ktask_completion, reserved, 36, 28);
AT(ktask_completion, out, 64, 64);

_Static_assert(sizeof(struct ktask_join) == 56, "ktask_join");
AT(ktask_join, size, 0, 4);
AT(ktask_join, flags, 4, 4);
AT(ktask_join, id, 8, 8);
AT(ktask_join, timeout_ns, 16, 8);
AT(ktask_join, completion, 24, 8);
AT(ktask_join, out, 32, 8);
AT(ktask_join, out_size, 40, 8);
AT(ktask_join, group, 48, 4);
AT(ktask_join, reserved, 52, 4);

_Static_assert(sizeof(struct ktask_abort) == 16, "ktask_abort");
AT(ktask_abort, size, 0, 4);
AT(ktask_abort, flags, 4, 4);
AT(ktask_abort, id, 8, 8);

_Static_assert(sizeof(struct ktask_detach) == 16, "ktask_detach");
AT(ktask_detach, size, 0, 4);
AT(ktask_detach, flags, 4, 4);
AT(ktask_detach, id, 8, 8);

_Static_assert(sizeof(struct ktask_join_any) == 40, "ktask_join_any");
AT(ktask_join_any, size, 0, 4);
AT(ktask_join_any, flags, 4, 4);
AT(ktask_join_any, ids, 8, 8);
AT(ktask_join_any, nr, 16, 4);
AT(ktask_join_any, index, 20, 4);
AT(ktask_join_any, timeout_ns, 24, 8);
AT(ktask_join_any, completion, 32, 8);

_Static_assert(sizeof(struct ktask_output) == 48, "ktask_output");
AT(ktask_output, size, 0, 4);
AT(ktask_output, flags, 4, 4);
AT(ktask_output, id, 8, 8);
AT(ktask_output, offset, 16, 8);
AT(ktask_output, buf, 24, 8);
AT(ktask_output, len, 32, 8);
AT(ktask_output, total, 40, 8);

_Static_assert(sizeof(struct ktask_task) == 152, "ktask_task");
AT(ktask_task, file, 0, 8);
AT(ktask_task, id, 8, 8);
AT(ktask_task, user_data, 16, 8);
AT(ktask_task, spawned_ns, 24, 8);
AT(ktask_task, run_ns, 32, 8);
AT(ktask_task, result, 40, 8);
AT(ktask_task, state, 48, 4);
AT(ktask_task, outcome, 52, 4);
AT(ktask_task, cause, 56, 4);
AT(ktask_task, op, 60, 4);
AT(ktask_task, group, 64, 4);
AT(ktask_task, priority, 68, 4);
AT(ktask_task, uid, 72, 4);
AT(ktask_task, pid, 76, 4);
AT(ktask_task, waits_for, 80, 4);
AT(ktask_task, out_len, 84, 4);
AT(ktask_task, name, 88, 32);
AT(ktask_task, op_name, 120, 32);

_Static_assert(sizeof(struct ktask_status) == 32, "ktask_status");
AT(ktask_status, size, 0, 4);
AT(ktask_status, flags, 4, 4);
AT(ktask_status, id, 8, 8);
AT(ktask_status, task, 16, 8);
AT(ktask_status, task_size, 24, 4);
AT(ktask_status, reserved, 28, 4);

_Static_assert(sizeof(struct ktask_list) == 40, "ktask_list");
AT(ktask_list, size, 0, 4);
AT(ktask_list, flags, 4, 4);
AT(ktask_list, file, 8, 8);
AT(ktask_list, id, 16, 8);
AT(ktask_list, tasks, 24, 8);
AT(ktask_list, task_size, 32, 4);
AT(ktask_list, nr, 36, 4);

_Static_assert(sizeof(struct ktask_group) == 32, "ktask_group");
AT(ktask_group, size, 0, 4);
AT(ktask_group, flags, 4, 4);
AT(ktask_group, group, 8, 4);
AT(ktask_group, max_running, 12, 4);
AT(ktask_group, max_tasks, 16, 4);
AT(ktask_group, nr_tasks, 20, 4);
AT(ktask_group, nr_running, 24, 4);
AT(ktask_group, reserved, 28, 4);

_Static_assert(sizeof(struct ktask_fd) == 24, "ktask_fd");
AT(ktask_fd, size, 0, 4);
AT(ktask_fd, flags, 4, 4);
AT(ktask_fd, id, 8, 8);
AT(ktask_fd, group, 16, 4);
AT(ktask_fd, fd, 20, 4);

_Static_assert(sizeof(struct ktask_eventfd) == 16, "ktask_eventfd");
AT(ktask_eventfd, size, 0, 4);
AT(ktask_eventfd, flags, 4, 4);
AT(ktask_eventfd, fd, 8, 4);
AT(ktask_eventfd, group, 12, 4);

_Static_assert(sizeof(struct ktask_restrict) == 24, "ktask_restrict");
AT(ktask_restrict, size, 0, 4);
AT(ktask_restrict, flags, 4, 4);
AT(ktask_restrict, ops, 8, 8);
AT(ktask_restrict, nr, 16, 4);
AT(ktask_restrict, reserved, 20, 4);

_Static_assert(sizeof(struct ktask_args_nop) == 8, "ktask_args_nop");
_Static_assert(sizeof(struct ktask_args_sleep) == 8, "ktask_args_sleep");
_Static_assert(sizeof(struct ktask_args_hash) == 88, "ktask_args_hash");
AT(ktask_args_hash, fd, 0, 4);
AT(ktask_args_hash, flags, 4, 4);
AT(ktask_args_hash, offset, 8, 8);
AT(ktask_args_hash, length, 16, 8);
AT(ktask_args_hash, alg, 24, 64);

_Static_assert(sizeof(struct ktask_args_read) == 24, "ktask_args_read");
AT(ktask_args_read, fd, 0, 4);
AT(ktask_args_read, flags, 4, 4);
AT(ktask_args_read, offset, 8, 8);
AT(ktask_args_read, length, 16, 8);

_Static_assert(sizeof(struct ktask_args_write) == 32, "ktask_args_write");
AT(ktask_args_write, fd, 0, 4);
AT(ktask_args_write, flags, 4, 4);
AT(ktask_args_write, offset, 8, 8);
AT(ktask_args_write, data, 16, 16);

_Static_assert(sizeof(struct ktask_args_fsync) == 8, "ktask_args_fsync");
AT(ktask_args_fsync, fd, 0, 4);
AT(ktask_args_fsync, flags, 4, 4);

_Static_assert(sizeof(struct ktask_args_copy) == 40, "ktask_args_copy");
AT(ktask_args_copy, fd_in, 0, 4);
AT(ktask_args_copy, fd_out, 4, 4);
AT(ktask_args_copy, flags, 8, 4);
AT(ktask_args_copy, reserved, 12, 4);
AT(ktask_args_copy, offset_in, 16, 8);
AT(ktask_args_copy, offset_out, 24, 8);
AT(ktask_args_copy, length, 32, 8);

_Static_assert(sizeof(struct ktask_args_poll) == 8, "ktask_args_poll");
AT(ktask_args_poll, fd, 0, 4);
AT(ktask_args_poll, events, 4, 4);

/* No task has it. */
#define NO_ID		0x7fffffffffULL

/* --- Each ioctl ----------------------------------------------------------- */

FIXTURE(ioctl) {
	int fd;
	size_t page;
	char *mem;			/* two pages, then one not to be used */
	char *end;			/* of the two */
	struct ktask_desc desc;
	struct ktask_task task;
	struct ktask_completion completion;
	__u64 id;
};

/*
 * @size: of its structure
 * @least: that size in the ABI's first version; 0: the same
 * @ret: what it gives if its structure is accepted
 * @writes: it writes to its structure
 * @flags: those that it knows
 * @reserved: where it must be 0
 */
FIXTURE_VARIANT(ioctl) {
	unsigned long cmd;
	unsigned int size;
	unsigned int least;
	int ret;
	bool writes;
	__u32 flags;
	unsigned int reserved;
};

FIXTURE_VARIANT_ADD(ioctl, info) {
	.cmd = KTASK_INFO,
	.size = sizeof(struct ktask_info),
	.least = 80,
	.writes = true,
};

FIXTURE_VARIANT_ADD(ioctl, op_info) {
	.cmd = KTASK_OP_INFO,
	.size = sizeof(struct ktask_op_info),
	.least = 256,
	.writes = true,
	.flags = KTASK_OP_BY_NAME,
};

FIXTURE_VARIANT_ADD(ioctl, spawn) {
	.cmd = KTASK_SPAWN,
	.size = sizeof(struct ktask_spawn),
	.least = 32,
	.writes = true,
	.flags = KTASK_SPAWN_NOWAIT | KTASK_SPAWN_ALL,
};

FIXTURE_VARIANT_ADD(ioctl, join) {
	.cmd = KTASK_JOIN,
	.size = sizeof(struct ktask_join),
	.least = 32,
	.ret = -ENOENT,
	.reserved = offsetof(struct ktask_join, reserved),
};

FIXTURE_VARIANT_ADD(ioctl, abort) {
	.cmd = KTASK_ABORT,
	.size = sizeof(struct ktask_abort),
	.ret = -ENOENT,
	.flags = KTASK_ABORT_ALL | KTASK_ABORT_GROUP,
};

FIXTURE_VARIANT_ADD(ioctl, detach) {
	.cmd = KTASK_DETACH,
	.size = sizeof(struct ktask_detach),
	.ret = -ENOENT,
};

FIXTURE_VARIANT_ADD(ioctl, join_any) {
	.cmd = KTASK_JOIN_ANY,
	.size = sizeof(struct ktask_join_any),
	.ret = -ENOENT,
	.writes = true,
	.flags = KTASK_JOIN_ANY_ABORT_REST,
};

FIXTURE_VARIANT_ADD(ioctl, output) {
	.cmd = KTASK_OUTPUT,
	.size = sizeof(struct ktask_output),
	.ret = -ENOENT,
	.writes = true,
	.flags = KTASK_OUTPUT_KEEP,
};

FIXTURE_VARIANT_ADD(ioctl, status) {
	.cmd = KTASK_STATUS,
	.size = sizeof(struct ktask_status),
	.ret = -ENOENT,
	.reserved = offsetof(struct ktask_status, reserved),
};

FIXTURE_VARIANT_ADD(ioctl, list) {
	.cmd = KTASK_LIST,
	.size = sizeof(struct ktask_list),
	.writes = true,
	.flags = KTASK_LIST_ALL,
};

FIXTURE_VARIANT_ADD(ioctl, group) {
	.cmd = KTASK_GROUP,
	.size = sizeof(struct ktask_group),
	.writes = true,
	.flags = KTASK_GROUP_NEW | KTASK_GROUP_SET | KTASK_GROUP_REMOVE,
	.reserved = offsetof(struct ktask_group, reserved),
};

FIXTURE_VARIANT_ADD(ioctl, fd) {
	.cmd = KTASK_FD,
	.size = sizeof(struct ktask_fd),
	.ret = -ENOENT,
	.writes = true,
};

FIXTURE_VARIANT_ADD(ioctl, eventfd) {
	.cmd = KTASK_EVENTFD,
	.size = sizeof(struct ktask_eventfd),
};

FIXTURE_VARIANT_ADD(ioctl, restrict) {
	.cmd = KTASK_RESTRICT,
	.size = sizeof(struct ktask_restrict),
	.flags = KTASK_RESTRICT_LIMITS,
	.reserved = offsetof(struct ktask_restrict, reserved),
};

FIXTURE_SETUP(ioctl)
{
	int64_t op;

	SETUP_OPEN(self->fd, 0);
	op = kt_op(self->fd, "nop");
	ASSERT_LE(0, op);
	self->desc.op = op;
	self->id = NO_ID;
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

static unsigned int least(const FIXTURE_VARIANT(ioctl) *variant)
{
	return variant->least ? variant->least : variant->size;
}

/*
 * Put the ioctl's structure to @p, saying that it is @size long, which is all
 * that is written if that is less than it is now.
 */
static void *put(FIXTURE_DATA(ioctl) *self, const FIXTURE_VARIANT(ioctl) *variant,
		 void *p, __u32 size)
{
	union {
		__u32 size;
		struct ktask_spawn spawn;
		struct ktask_join join;
		struct ktask_abort abort;
		struct ktask_detach detach;
		struct ktask_join_any any;
		struct ktask_output output;
		struct ktask_status status;
		struct ktask_list list;
		struct ktask_fd fd;
		struct ktask_eventfd event;
		char bytes[512];
	} u = { .size = size };

	switch (variant->cmd) {
	case KTASK_SPAWN:
		u.spawn.nr = 1;
		u.spawn.desc_size = sizeof(self->desc);
		u.spawn.descs = to_u64(&self->desc);
		break;
	case KTASK_JOIN:
		u.join.id = NO_ID;
		u.join.completion = to_u64(&self->completion);
		break;
	case KTASK_ABORT:
		u.abort.id = NO_ID;
		break;
	case KTASK_DETACH:
		u.detach.id = NO_ID;
		break;
	case KTASK_JOIN_ANY:
		u.any.ids = to_u64(&self->id);
		u.any.nr = 1;
		u.any.completion = to_u64(&self->completion);
		break;
	case KTASK_OUTPUT:
		u.output.id = NO_ID;
		break;
	case KTASK_STATUS:
		u.status.id = NO_ID;
		u.status.task = to_u64(&self->task);
		u.status.task_size = sizeof(self->task);
		break;
	case KTASK_LIST:
		u.list.tasks = to_u64(&self->task);
		u.list.task_size = sizeof(self->task);
		u.list.nr = 1;
		break;
	case KTASK_FD:
		u.fd.id = NO_ID;
		break;
	case KTASK_EVENTFD:
		u.event.fd = -1;
		break;
	}
	return memcpy(p, &u, size < variant->size ? size : variant->size);
}

TEST_F(ioctl, least_size_works)
{
	put(self, variant, self->mem, least(variant));
	EXPECT_EQ(variant->ret, kt_ioctl(self->fd, variant->cmd, self->mem));
	/* What is told is its own size, not the kernel's. */
	EXPECT_EQ(least(variant), *(__u32 *)self->mem);
	/* Nor is anything written behind that. */
	EXPECT_EQ(0, self->mem[least(variant)]);
}

TEST_F(ioctl, each_size_in_between_works)
{
	unsigned int size;

	for (size = least(variant); size <= variant->size; size++) {
		put(self, variant, self->end - size, size);
		EXPECT_EQ(variant->ret, kt_ioctl(self->fd, variant->cmd,
						 self->end - size));
	}
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
	put(self, variant, self->mem, least(variant) - 1);
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
	const __u32 size = variant->size;
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

/* EOPNOTSUPP for a flag; EINVAL for what may never be anything else than 0. */
TEST_F(ioctl, unknown_flags_and_reserved_members)
{
	int i;

	for (i = 0; i < 32; i++) {
		__u32 flags = 1U << i;

		if (flags & variant->flags)
			continue;
		put(self, variant, self->mem, variant->size);
		memcpy(self->mem + 4, &flags, sizeof(flags));
		EXPECT_EQ(-EOPNOTSUPP,
			  kt_ioctl(self->fd, variant->cmd, self->mem));
		flags |= variant->flags;
		memcpy(self->mem + 4, &flags, sizeof(flags));
		EXPECT_EQ(-EOPNOTSUPP,
			  kt_ioctl(self->fd, variant->cmd, self->mem));
	}
	for (i = 0; i < 4 && variant->reserved; i++) {
		put(self, variant, self->mem, variant->size);
		self->mem[variant->reserved + i] = 1;
		EXPECT_EQ(-EINVAL, kt_ioctl(self->fd, variant->cmd, self->mem));
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

	for (nr = KTASK_CMD_RESTRICT + 1; nr < 256; nr++)
		EXPECT_EQ(-ENOTTY,
			  kt_ioctl(self->fd, _IO(KTASK_IOC_TYPE, nr), mem));
	EXPECT_EQ(-ENOTTY, kt_ioctl(self->fd, _IO('K', KTASK_CMD_INFO), mem));
	EXPECT_EQ(-ENOTTY, kt_ioctl(self->fd, 0, mem));
	EXPECT_EQ(-ENOTTY, kt_ioctl(self->fd, UINT_MAX, mem));
	/* The number tells nothing about size and direction: see the size. */
	EXPECT_EQ(-ENOTTY, kt_ioctl(self->fd, _IOWR(KTASK_IOC_TYPE, KTASK_CMD_INFO,
						    struct ktask_info), mem));
	EXPECT_EQ(-ENOTTY, kt_ioctl(self->fd, KTASK_URING_SPAWN, mem));
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
