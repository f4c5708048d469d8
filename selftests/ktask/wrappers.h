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

/* Return: how many were started; why the next was not goes to *@error. */
static inline int kt_spawn(int fd, struct ktask_desc *descs, unsigned int nr,
			   int *error)
{
	struct ktask_spawn spawn = {
		.size = sizeof(spawn),
		.nr = nr,
		.desc_size = sizeof(*descs),
		.descs = to_u64(descs),
	};
	int err = kt_ioctl(fd, KTASK_SPAWN, &spawn);

	if (error)
		*error = spawn.error;
	return err ? err : (int)spawn.spawned;
}

/* Return: the id of the task. */
static inline int64_t kt_spawn_op(int fd, const char *op, const void *args,
				  size_t args_size, __u64 user_data)
{
	struct ktask_desc desc = {
		.user_data = user_data,
		.args = to_u64(args),
		.args_size = args_size,
	};
	int64_t nr = kt_op(fd, op);
	int n;

	if (nr < 0)
		return nr;
	desc.op = nr;
	n = kt_spawn(fd, &desc, 1, NULL);
	return n < 0 ? n : (int64_t)desc.id;
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
