/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The system calls of /dev/ktask. Each function returns what the call gave, or
 * a negative errno.
 */
#ifndef KTASK_SELFTESTS_WRAPPERS_H
#define KTASK_SELFTESTS_WRAPPERS_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/ktask.h>

#define DEVICE		"/dev/ktask"

#define MSEC		1000000LL
#define SEC		(1000 * MSEC)
#define HOUR		(3600 * SEC)
#define FOREVER		(-1LL)

static inline __u64 to_u64(const void *p)
{
	return (uintptr_t)p;
}

static inline int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SEC + ts.tv_nsec;
}

static inline int kt_open(int flags)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC | flags);

	return fd < 0 ? -errno : fd;
}

static inline int kt_ioctl(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? -errno : 0;
}

static inline int kt_info(int fd, struct ktask_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	return kt_ioctl(fd, KTASK_INFO, info);
}

/* Return: the number of the op called @name. */
static inline int64_t kt_op(int fd, const char *name)
{
	struct ktask_op_info info = {
		.size = sizeof(info),
		.flags = KTASK_OP_BY_NAME,
	};
	int err;

	strncpy(info.name, name, sizeof(info.name) - 1);
	err = kt_ioctl(fd, KTASK_OP_INFO, &info);
	return err ? err : (int64_t)info.op;
}

/* An op that is not there gives a descriptor that no spawn takes. */
static inline struct ktask_desc kt_desc(int fd, const char *op, const void *args,
					size_t args_size)
{
	return (struct ktask_desc){
		.op = kt_op(fd, op),
		.args = to_u64(args),
		.args_size = args_size,
	};
}

/* Return: how many were started; why the next was not goes to *@error. */
static inline int kt_spawn_flags(int fd, __u32 flags, struct ktask_desc *descs,
				 unsigned int nr, int *error)
{
	struct ktask_spawn spawn = {
		.size = sizeof(spawn),
		.flags = flags,
		.nr = nr,
		.desc_size = sizeof(*descs),
		.descs = to_u64(descs),
	};
	int err = kt_ioctl(fd, KTASK_SPAWN, &spawn);

	if (error)
		*error = spawn.error;
	return err ? err : (int)spawn.spawned;
}

static inline int kt_spawn(int fd, struct ktask_desc *descs, unsigned int nr,
			   int *error)
{
	return kt_spawn_flags(fd, 0, descs, nr, error);
}

/* Return: the id of the task. */
static inline int64_t kt_spawn_desc(int fd, struct ktask_desc *desc)
{
	int n = kt_spawn(fd, desc, 1, NULL);

	return n < 0 ? n : (int64_t)desc->id;
}

/* Return: the id of the task. */
static inline int64_t kt_spawn_op(int fd, const char *op, const void *args,
				  size_t args_size, __u64 user_data)
{
	struct ktask_desc desc = kt_desc(fd, op, args, args_size);

	desc.user_data = user_data;
	return kt_spawn_desc(fd, &desc);
}

static inline int64_t kt_nop(int fd, __s64 result, __u64 user_data)
{
	struct ktask_args_nop args = { .result = result };

	return kt_spawn_op(fd, "nop", &args, sizeof(args), user_data);
}

static inline int64_t kt_sleep(int fd, __u64 duration_ns, __u64 user_data)
{
	struct ktask_args_sleep args = { .duration_ns = duration_ns };

	return kt_spawn_op(fd, "sleep", &args, sizeof(args), user_data);
}

static inline int64_t kt_hash_range(int fd, int file, const char *alg,
				    __u64 offset, __u64 length, __u64 user_data)
{
	struct ktask_args_hash args = {
		.fd = file,
		.offset = offset,
		.length = length,
	};

	strncpy(args.alg, alg, sizeof(args.alg) - 1);
	return kt_spawn_op(fd, "hash", &args, sizeof(args), user_data);
}

static inline int64_t kt_hash(int fd, int file, const char *alg, __u64 user_data)
{
	return kt_hash_range(fd, file, alg, 0, 0, user_data);
}

/*
 * Start @nr tasks with the same arguments, whose user_data counts up from 0.
 * Return: 0.
 */
static inline int kt_spawn_many(int fd, const char *op, const void *args,
				size_t args_size, unsigned int nr)
{
	struct ktask_desc *descs = calloc(KTASK_SPAWN_MAX, sizeof(*descs));
	int64_t op_nr = kt_op(fd, op);
	unsigned int done = 0;
	int err = 0;

	if (!descs)
		return -ENOMEM;
	if (op_nr < 0)
		err = op_nr;
	while (!err && done < nr) {
		unsigned int left = nr - done, i;
		int n;

		if (left > KTASK_SPAWN_MAX)
			left = KTASK_SPAWN_MAX;
		for (i = 0; i < left; i++) {
			descs[i].op = op_nr;
			descs[i].user_data = done + i;
			descs[i].args = to_u64(args);
			descs[i].args_size = args_size;
		}
		n = kt_spawn(fd, descs, left, &err);
		if (n < 0)
			err = n;
		else
			done += n;
	}
	free(descs);
	return err;
}

static inline int kt_sleep_many(int fd, __u64 duration_ns, unsigned int nr)
{
	struct ktask_args_sleep args = { .duration_ns = duration_ns };

	return kt_spawn_many(fd, "sleep", &args, sizeof(args), nr);
}

static inline int kt_join(int fd, __u64 id, __s64 timeout_ns,
			  struct ktask_completion *completion)
{
	struct ktask_join join = {
		.size = sizeof(join),
		.id = id,
		.timeout_ns = timeout_ns,
		.completion = to_u64(completion),
	};

	return kt_ioctl(fd, KTASK_JOIN, &join);
}

static inline int kt_abort(int fd, __u64 id)
{
	struct ktask_abort abort = { .size = sizeof(abort), .id = id };

	return kt_ioctl(fd, KTASK_ABORT, &abort);
}

static inline int kt_abort_all(int fd)
{
	struct ktask_abort abort = {
		.size = sizeof(abort),
		.flags = KTASK_ABORT_ALL,
	};

	return kt_ioctl(fd, KTASK_ABORT, &abort);
}

static inline int kt_abort_group(int fd, __u32 group)
{
	struct ktask_abort abort = {
		.size = sizeof(abort),
		.flags = KTASK_ABORT_GROUP,
		.id = group,
	};

	return kt_ioctl(fd, KTASK_ABORT, &abort);
}

static inline int kt_detach(int fd, __u64 id)
{
	struct ktask_detach detach = { .size = sizeof(detach), .id = id };

	return kt_ioctl(fd, KTASK_DETACH, &detach);
}

/* Whichever task of @group ends first. */
static inline int kt_join_group(int fd, __u32 group, __s64 timeout_ns,
				struct ktask_completion *completion)
{
	struct ktask_join join = {
		.size = sizeof(join),
		.timeout_ns = timeout_ns,
		.completion = to_u64(completion),
		.group = group,
	};

	return kt_ioctl(fd, KTASK_JOIN, &join);
}

/* With all of its output, if that fits. */
static inline int kt_join_out(int fd, __u64 id, __s64 timeout_ns,
			      struct ktask_completion *completion, void *out,
			      size_t out_size)
{
	struct ktask_join join = {
		.size = sizeof(join),
		.id = id,
		.timeout_ns = timeout_ns,
		.completion = to_u64(completion),
		.out = to_u64(out),
		.out_size = out_size,
	};

	return kt_ioctl(fd, KTASK_JOIN, &join);
}

/* Return: 0, with the index of the task in *@index; or a negative errno. */
static inline int kt_join_any(int fd, __u32 flags, const __u64 *ids,
			      unsigned int nr, __s64 timeout_ns,
			      struct ktask_completion *completion,
			      unsigned int *index)
{
	struct ktask_join_any join = {
		.size = sizeof(join),
		.flags = flags,
		.ids = to_u64(ids),
		.nr = nr,
		.index = ~0U,
		.timeout_ns = timeout_ns,
		.completion = to_u64(completion),
	};
	int err = kt_ioctl(fd, KTASK_JOIN_ANY, &join);

	if (index)
		*index = join.index;
	return err;
}

/* Return: how many bytes were copied; how many there are goes to *@total. */
static inline int64_t kt_output(int fd, __u32 flags, __u64 id, __u64 offset,
				void *buf, size_t len, __u64 *total)
{
	struct ktask_output output = {
		.size = sizeof(output),
		.flags = flags,
		.id = id,
		.offset = offset,
		.buf = to_u64(buf),
		.len = len,
	};
	int err = kt_ioctl(fd, KTASK_OUTPUT, &output);

	if (total)
		*total = output.total;
	return err ? err : (int64_t)output.len;
}

static inline int kt_status(int fd, __u64 id, struct ktask_task *task)
{
	struct ktask_status status = {
		.size = sizeof(status),
		.id = id,
		.task = to_u64(task),
		.task_size = sizeof(*task),
	};

	return kt_ioctl(fd, KTASK_STATUS, &status);
}

/*
 * List from *@file and *@id on, which it moves.
 * Return: how many were listed.
 */
static inline int kt_list(int fd, __u32 flags, __u64 *file, __u64 *id,
			  struct ktask_task *tasks, unsigned int nr)
{
	struct ktask_list list = {
		.size = sizeof(list),
		.flags = flags,
		.file = *file,
		.id = *id,
		.tasks = to_u64(tasks),
		.task_size = sizeof(*tasks),
		.nr = nr,
	};
	int err = kt_ioctl(fd, KTASK_LIST, &list);

	*file = list.file;
	*id = list.id;
	return err ? err : (int)list.nr;
}

static inline int kt_group(int fd, struct ktask_group *group)
{
	group->size = sizeof(*group);
	return kt_ioctl(fd, KTASK_GROUP, group);
}

/* Return: the number of the group. */
static inline int64_t kt_group_new(int fd, __u32 max_running, __u32 max_tasks)
{
	struct ktask_group group = {
		.flags = KTASK_GROUP_NEW,
		.max_running = max_running,
		.max_tasks = max_tasks,
	};
	int err = kt_group(fd, &group);

	return err ? err : (int64_t)group.group;
}

static inline int kt_group_get(int fd, __u32 nr, struct ktask_group *group)
{
	*group = (struct ktask_group){ .group = nr };
	return kt_group(fd, group);
}

static inline int kt_group_set(int fd, __u32 nr, __u32 max_running,
			       __u32 max_tasks)
{
	struct ktask_group group = {
		.flags = KTASK_GROUP_SET,
		.group = nr,
		.max_running = max_running,
		.max_tasks = max_tasks,
	};

	return kt_group(fd, &group);
}

static inline int kt_group_remove(int fd, __u32 nr)
{
	struct ktask_group group = { .flags = KTASK_GROUP_REMOVE, .group = nr };

	return kt_group(fd, &group);
}

/* Return: a descriptor of the task @id, or of the group if @id is 0. */
static inline int kt_fd(int fd, __u64 id, __u32 group)
{
	struct ktask_fd arg = {
		.size = sizeof(arg),
		.id = id,
		.group = group,
		.fd = -1,
	};
	int err = kt_ioctl(fd, KTASK_FD, &arg);

	return err ? err : arg.fd;
}

static inline int kt_eventfd(int fd, int event, __u32 group)
{
	struct ktask_eventfd arg = {
		.size = sizeof(arg),
		.fd = event,
		.group = group,
	};

	return kt_ioctl(fd, KTASK_EVENTFD, &arg);
}

static inline int kt_restrict(int fd, __u32 flags, const __u32 *ops,
			      unsigned int nr)
{
	struct ktask_restrict arg = {
		.size = sizeof(arg),
		.flags = flags,
		.ops = to_u64(ops),
		.nr = nr,
	};

	return kt_ioctl(fd, KTASK_RESTRICT, &arg);
}

/* read(2), but the compiler does not know it, and lets bad pointers pass. */
static inline ssize_t raw_read(int fd, void *buf, size_t len)
{
	return syscall(SYS_read, fd, buf, len);
}

/* Return: how many completions were read. */
static inline int kt_read(int fd, void *completions, size_t nr)
{
	const ssize_t size = sizeof(struct ktask_completion);
	ssize_t n = raw_read(fd, completions, nr * size);

	if (n < 0)
		return -errno;
	/* Half a completion would be a bug; make it one that is seen. */
	return n % size ? -EBADMSG : n / size;
}

#endif /* KTASK_SELFTESTS_WRAPPERS_H */
