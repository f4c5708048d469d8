// SPDX-License-Identifier: GPL-2.0
/*
 * The calls that sequences are made of, and what each of their fields means.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "fuzz.h"
#include "run.h"

const char *const op_names[OPS] = {
	"nop", "sleep", "hash", "read", "write", "copy", "fsync", "poll", "none",
};

const char *const texts[] = {
	"sha256", "crc32c", "sha1", "hmac(sha256)", "none", "",
	"123456789012345678901234567890123456789012345678901234567890123456789",
	"/dev/ktask", "/tmp/ktask_fuzz", "/dev/zero", "/dev/null", "/tmp",
	"/proc/filesystems", "/proc/self/maps", "/proc/sys/kernel/hostname", "/dev/full",
};

const unsigned int nr_texts = ARRAY_SIZE(texts);
const unsigned int nr_algs = 7;

/* --- What calls have made ------------------------------------------------------ */

static void harvest_spawn(struct run *run, const void *arg)
{
	const struct ktask_spawn *spawn = arg;
	const struct ktask_desc *desc = memory_slot(R_DESC, 0);
	const char *at = (const char *)(uintptr_t)spawn->descs;
	const char *base = (const char *)desc;
	unsigned int i;

	/* Elsewhere it may not be there any more. */
	if (at < base || at >= base + regions[R_DESC].size)
		return;
	for (i = 0; i < spawn->spawned && i < SLOTS; i++) {
		if (at + (i + 1) * sizeof(*desc) <= base + regions[R_DESC].size)
			run_put_id(run, ((const struct ktask_desc *)at)[i].id);
	}
}

static void harvest_group(struct run *run, const void *arg)
{
	const struct ktask_group *group = arg;

	if (group->flags == KTASK_GROUP_NEW)
		run_put_group(run, group->group);
}

static void harvest_fd(struct run *run, const void *arg)
{
	run_put_fd(run, ((const struct ktask_fd *)arg)->fd);
}

/* --- The table ------------------------------------------------------------------ */

/* A member of a structure; what follows are @region, @max and @def of the field. */
#define M(type, member, class, ...)						\
	{ #member, offsetof(struct type, member),				\
	  sizeof(((struct type *)NULL)->member), class, __VA_ARGS__ }
/* Of a system call. */
#define V(name, class, ...)	{ name, NOWHERE, 0, class, __VA_ARGS__ }

#define IOCTL(nr, type, weight, harvest)					\
	CALL_IOCTL, 0, sizeof(struct type), weight, nr, NULL, harvest
#define FILL(region, type, weight)						\
	CALL_FILL, region, sizeof(struct type), weight, 0, NULL, NULL
#define SYS(function, weight)	CALL_SYS, 0, 0, weight, 0, function, NULL

#define SET		V("fd", C_FD, 0, 0, FD_SET), V("arg", C_PTR, REGIONS)
#define SLOT		V("slot", C_PLAIN, 0, SLOTS - 1)
#define SIZE(type)	M(type, size, C_SIZE, 0, 0, sizeof(struct type))

const struct call_type call_types[] = {
	{ "info", IOCTL(KTASK_INFO, ktask_info, 2, NULL),
		{ SET, SIZE(ktask_info), M(ktask_info, flags, C_ZERO) } },
	{ "op_info", IOCTL(KTASK_OP_INFO, ktask_op_info, 2, NULL),
		{ SET, SIZE(ktask_op_info), M(ktask_op_info, flags, C_FLAGS, 0, 1),
		  M(ktask_op_info, op, C_OP), M(ktask_op_info, name, C_TEXT),
		  M(ktask_op_info, args, C_PTR, R_ARGINFO),
		  M(ktask_op_info, nr_args, C_NR, 0, 8, 4),
		  M(ktask_op_info, reserved, C_ZERO) } },
	{ "spawn", IOCTL(KTASK_SPAWN, ktask_spawn, 20, harvest_spawn),
		{ SET, SIZE(ktask_spawn), M(ktask_spawn, flags, C_FLAGS, 0, 3),
		  M(ktask_spawn, nr, C_NR, 0, SLOTS, 1),
		  M(ktask_spawn, desc_size, C_SIZE, 0, 0, sizeof(struct ktask_desc)),
		  M(ktask_spawn, descs, C_PTR, R_DESC),
		  M(ktask_spawn, completions, C_PTR, R_DONE),
		  M(ktask_spawn, max_completions, C_NR, 0, 64, 0),
		  M(ktask_spawn, min_completions, C_NR, 0, 16, 0),
		  M(ktask_spawn, timeout_ns, C_WAIT) } },
	{ "join", IOCTL(KTASK_JOIN, ktask_join, 12, NULL),
		{ SET, SIZE(ktask_join), M(ktask_join, flags, C_ZERO),
		  M(ktask_join, id, C_ID), M(ktask_join, timeout_ns, C_WAIT),
		  M(ktask_join, completion, C_PTR, R_DONE),
		  M(ktask_join, out, C_PTR, R_NULL),
		  M(ktask_join, out_size, C_LEN, 0, 2 << 20, 0),
		  M(ktask_join, group, C_GROUP), M(ktask_join, reserved, C_ZERO) } },
	{ "abort", IOCTL(KTASK_ABORT, ktask_abort, 8, NULL),
		{ SET, SIZE(ktask_abort), M(ktask_abort, flags, C_FLAGS, 0, 3),
		  M(ktask_abort, id, C_ID) } },
	{ "detach", IOCTL(KTASK_DETACH, ktask_detach, 6, NULL),
		{ SET, SIZE(ktask_detach), M(ktask_detach, flags, C_ZERO),
		  M(ktask_detach, id, C_ID) } },
	{ "join_any", IOCTL(KTASK_JOIN_ANY, ktask_join_any, 8, NULL),
		{ SET, SIZE(ktask_join_any), M(ktask_join_any, flags, C_FLAGS, 0, 1),
		  M(ktask_join_any, ids, C_PTR, R_IDS),
		  M(ktask_join_any, nr, C_NR, 0, SLOTS, 2),
		  M(ktask_join_any, timeout_ns, C_WAIT),
		  M(ktask_join_any, completion, C_PTR, R_DONE) } },
	{ "output", IOCTL(KTASK_OUTPUT, ktask_output, 6, NULL),
		{ SET, SIZE(ktask_output), M(ktask_output, flags, C_FLAGS, 0, 1),
		  M(ktask_output, id, C_ID), M(ktask_output, offset, C_OFFSET),
		  M(ktask_output, buf, C_PTR, R_OUT),
		  M(ktask_output, len, C_LEN, 0, 2 << 20, 64) } },
	{ "status", IOCTL(KTASK_STATUS, ktask_status, 4, NULL),
		{ SET, SIZE(ktask_status), M(ktask_status, flags, C_ZERO),
		  M(ktask_status, id, C_ID), M(ktask_status, task, C_PTR, R_TASK),
		  M(ktask_status, task_size, C_SIZE, 0, 0, sizeof(struct ktask_task)),
		  M(ktask_status, reserved, C_ZERO) } },
	{ "list", IOCTL(KTASK_LIST, ktask_list, 4, NULL),
		{ SET, SIZE(ktask_list), M(ktask_list, flags, C_FLAGS, 0, 1),
		  M(ktask_list, file, C_PLAIN, 0, 8), M(ktask_list, id, C_ID),
		  M(ktask_list, tasks, C_PTR, R_TASK),
		  M(ktask_list, task_size, C_SIZE, 0, 0, sizeof(struct ktask_task)),
		  M(ktask_list, nr, C_NR, 0, 64, 8) } },
	{ "group", IOCTL(KTASK_GROUP, ktask_group, 8, harvest_group),
		{ SET, SIZE(ktask_group), M(ktask_group, flags, C_FLAGS, 0, 7),
		  M(ktask_group, group, C_GROUP),
		  M(ktask_group, max_running, C_NR, 0, 4, 0),
		  M(ktask_group, max_tasks, C_NR, 0, 8, 0),
		  M(ktask_group, reserved, C_ZERO) } },
	{ "fd", IOCTL(KTASK_FD, ktask_fd, 6, harvest_fd),
		{ SET, SIZE(ktask_fd), M(ktask_fd, flags, C_ZERO), M(ktask_fd, id, C_ID),
		  M(ktask_fd, group, C_GROUP) } },
	{ "eventfd", IOCTL(KTASK_EVENTFD, ktask_eventfd, 4, NULL),
		{ SET, SIZE(ktask_eventfd), M(ktask_eventfd, flags, C_ZERO),
		  M(ktask_eventfd, fd, C_FD, 0, 0, FD_EVENT),
		  M(ktask_eventfd, group, C_GROUP) } },
	{ "restrict", IOCTL(KTASK_RESTRICT, ktask_restrict, 2, NULL),
		{ SET, SIZE(ktask_restrict), M(ktask_restrict, flags, C_FLAGS, 0, 1),
		  M(ktask_restrict, ops, C_PTR, R_OPS),
		  M(ktask_restrict, nr, C_NR, 0, SLOTS, 4),
		  M(ktask_restrict, reserved, C_ZERO) } },

	{ "desc", FILL(R_DESC, ktask_desc, 4),
		{ SLOT, M(ktask_desc, flags, C_FLAGS, 0, 15), M(ktask_desc, op, C_OP),
		  M(ktask_desc, user_data, C_ANY), M(ktask_desc, args, C_PTR, R_NULL),
		  M(ktask_desc, args_size, C_SIZE, 0, 0, 0),
		  M(ktask_desc, group, C_GROUP), M(ktask_desc, name, C_TEXT),
		  M(ktask_desc, delay_ns, C_NS), M(ktask_desc, timeout_ns, C_NS),
		  M(ktask_desc, after, C_PTR, R_AFTER),
		  M(ktask_desc, nr_after, C_NR, 0, SLOTS, 0),
		  M(ktask_desc, priority, C_PLAIN, 0, 2), M(ktask_desc, cpu, C_PLAIN, 0, 3),
		  M(ktask_desc, reserved, C_ZERO) } },
	{ "after", FILL(R_AFTER, ktask_after, 4),
		{ SLOT, M(ktask_after, id, C_ID), M(ktask_after, flags, C_FLAGS, 0, 7),
		  M(ktask_after, reserved, C_ZERO) } },
	{ "id", CALL_FILL, R_IDS, 8, 4, 0, NULL, NULL,
		{ SLOT, { "id", 0, 8, C_ID } } },
	{ "op", CALL_FILL, R_OPS, 4, 2, 0, NULL, NULL,
		{ SLOT, { "op", 0, 4, C_OP } } },
	{ "nop", FILL(R_ARGS, ktask_args_nop, 2),
		{ SLOT, M(ktask_args_nop, result, C_ANY) } },
	{ "sleep", FILL(R_ARGS, ktask_args_sleep, 2),
		{ SLOT, M(ktask_args_sleep, duration_ns, C_NS) } },
	{ "hash", FILL(R_ARGS, ktask_args_hash, 2),
		{ SLOT, M(ktask_args_hash, fd, C_FD, 0, 0, FD_FILE),
		  M(ktask_args_hash, flags, C_ZERO), M(ktask_args_hash, offset, C_OFFSET),
		  M(ktask_args_hash, length, C_LEN, 0, 1 << 20, 0),
		  M(ktask_args_hash, alg, C_TEXT) } },
	{ "read", FILL(R_ARGS, ktask_args_read, 2),
		{ SLOT, M(ktask_args_read, fd, C_FD, 0, 0, FD_FILE),
		  M(ktask_args_read, flags, C_ZERO), M(ktask_args_read, offset, C_OFFSET),
		  M(ktask_args_read, length, C_LEN, 0, 1 << 20, 100) } },
	{ "write", FILL(R_ARGS, ktask_args_write, 2),
		{ SLOT, M(ktask_args_write, fd, C_FD, 0, 0, FD_FILE),
		  M(ktask_args_write, flags, C_ZERO), M(ktask_args_write, offset, C_OFFSET),
		  M(ktask_args_write, data.ptr, C_PTR, R_DATA),
		  M(ktask_args_write, data.len, C_LEN, 0, 1 << 20, 100) } },
	{ "copy", FILL(R_ARGS, ktask_args_copy, 2),
		{ SLOT, M(ktask_args_copy, fd_in, C_FD, 0, 0, FD_FILE),
		  M(ktask_args_copy, fd_out, C_FD, 0, 0, FD_SPARSE),
		  M(ktask_args_copy, flags, C_ZERO), M(ktask_args_copy, reserved, C_ZERO),
		  M(ktask_args_copy, offset_in, C_OFFSET),
		  M(ktask_args_copy, offset_out, C_OFFSET),
		  M(ktask_args_copy, length, C_LEN, 0, 1 << 20, 0) } },
	{ "fsync", FILL(R_ARGS, ktask_args_fsync, 2),
		{ SLOT, M(ktask_args_fsync, fd, C_FD, 0, 0, FD_FILE),
		  M(ktask_args_fsync, flags, C_FLAGS, 0, 1) } },
	{ "poll", FILL(R_ARGS, ktask_args_poll, 2),
		{ SLOT, M(ktask_args_poll, fd, C_FD, 0, 0, FD_PIPE_READ),
		  M(ktask_args_poll, events, C_FLAGS, 0, POLLIN | POLLOUT | POLLPRI) } },

	{ "open", SYS(sys_open, 3),
		{ V("path", C_TEXT), V("flags", C_FLAGS, 0, O_WRONLY | O_RDWR | O_CREAT | O_APPEND |
				      O_NONBLOCK | O_CLOEXEC | O_DIRECT) } },
	{ "close", SYS(sys_close, 6), { V("fd", C_FD, 0, 0, FD_SET) } },
	{ "dup", SYS(sys_dup, 3), { V("fd", C_FD, 0, 0, FD_SET) } },
	{ "send", SYS(sys_send, 2),
		{ V("socket", C_FD, 0, 0, FD_SOCKET), V("fd", C_FD, 0, 0, FD_SET) } },
	{ "receive", SYS(sys_receive, 2), { V("socket", C_FD, 0, 0, FD_SOCKET_PEER) } },
	{ "watch", SYS(sys_watch, 2),
		{ V("epoll", C_FD, 0, 0, FD_EPOLL), V("fd", C_FD, 0, 0, FD_SET) } },
	{ "nonblock", SYS(sys_nonblock, 2),
		{ V("fd", C_FD, 0, 0, FD_SET), V("on", C_PLAIN, 0, 1) } },
	{ "take", SYS(sys_read, 8),
		{ V("fd", C_FD, 0, 0, FD_SET), V("buf", C_PTR, R_DONE),
		  V("len", C_SIZE, 0, 0, sizeof(struct ktask_completion)) } },
	{ "put", SYS(sys_write, 4),
		{ V("fd", C_FD, 0, 0, FD_PIPE_WRITE), V("buf", C_PTR, R_DATA),
		  V("len", C_SIZE, 0, 0, 8) } },
	{ "wait", SYS(sys_poll, 4),
		{ V("fd", C_FD, 0, 0, FD_SET), V("events", C_FLAGS, 0, POLLIN | POLLOUT),
		  V("ms", C_PLAIN, 0, 3) } },
	{ "mmap", SYS(sys_mmap, 1), { V("fd", C_FD, 0, 0, FD_SET), V("prot", C_FLAGS, 0, 3) } },
	{ "ioctl", SYS(sys_ioctl, 1),
		{ V("fd", C_FD, 0, 0, FD_SET), V("cmd", C_SIZE, 0, 0, KTASK_INFO),
		  V("arg", C_PTR, R_OUT) } },
	{ "protect", SYS(sys_protect, 2), { V("prot", C_FLAGS, 0, 3), V("drop", C_PLAIN, 0, 1) } },
	{ "truncate", SYS(sys_truncate, 1),
		{ V("fd", C_FD, 0, 0, FD_FILE), V("len", C_OFFSET) } },
	{ "pause", SYS(sys_sleep, 2), { V("us", C_PLAIN, 0, 2000) } },
	{ "proc", SYS(sys_read_proc, 1), { V("fd", C_FD, 0, 0, FD_SET) } },
	{ "fork", SYS(sys_fork, 1),
		{ V("calls", C_PLAIN, 0, 4), V("stay", C_PLAIN, 0, 1), V("exec", C_ZERO) } },
	{ "kill", SYS(sys_kill, 1), { V("child", C_PLAIN, 0, 3) } },
	{ "uring_spawn", SYS(sys_uring_spawn, 5),
		{ V("fd", C_FD, 0, 0, FD_SET), V("desc", C_PTR, R_DESC),
		  V("done", C_PTR, R_DONE), V("flags", C_FLAGS, 0, 0x16),
		  V("size", C_SIZE, 0, 0, sizeof(struct ktask_desc)) } },
	{ "uring_wait", SYS(sys_uring_wait, 2), { V("nr", C_PLAIN, 0, 2) } },
	{ "uring_cancel", SYS(sys_uring_cancel, 2), { V("which", C_PLAIN, 0, 3) } },
	{ "uring_close", SYS(sys_uring_close, 1), {} },
};

const unsigned int nr_call_types = ARRAY_SIZE(call_types);

int call_type_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_call_types; i++) {
		if (!strcmp(call_types[i].name, name))
			return i;
	}
	return -1;
}

unsigned int call_nr_fields(const struct call_type *type)
{
	unsigned int n = 0;

	while (n < FIELDS_MAX && type->fields[n].name)
		n++;
	return n;
}
