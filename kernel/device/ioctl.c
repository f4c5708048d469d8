// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of /dev/ktask: what is common to all in a table, then each.
 */
#include <linux/build_bug.h>
#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "../engine/engine.h"
#include "device.h"
#include "registry.h"
#include "user.h"

static int ioctl_info(struct file *file, void *arg, void __user *uarg)
{
	struct session *s = file->private_data;
	struct ktask_info *info = arg;
	struct ktask_stats stats;
	struct account *account;

	if (info->flags)
		return -EOPNOTSUPP;
	ktask_runtime_stats(default_runtime, &stats);
	info->abi_version = KTASK_ABI_VERSION;
	info->module_version = KTASK_VERSION_CODE;
	info->nr_ops = op_count();
	info->nr_executors = num_possible_cpus();
	info->spawned = stats.spawned;
	info->completed = stats.completed;
	info->cancelled = stats.cancelled;
	info->resumed = stats.resumed;
	info->helped = stats.helped;
	info->files = atomic_long_read(&session_count);
	info->file_tasks = atomic_long_read(&job_count);
	account = account_get_current(s);
	if (!account)
		return -ENOMEM;
	account_info(account, info);
	account_put(account);
	return 0;
}

static int ioctl_op_info(struct file *file, void *arg, void __user *uarg)
{
	return op_info(arg);
}

/*
 * When a wait of @timeout_ns, which is -1 or more, has to end: 0: it shall not
 * wait; KTIME_MAX: when it has what it waits for.
 */
ktime_t timeout_deadline(struct file *file, s64 timeout_ns)
{
	if (timeout_ns == -1)
		return file->f_flags & O_NONBLOCK ? 0 : KTIME_MAX;
	if (!timeout_ns)
		return 0;
	return ktime_add_safe(ktime_get(), ns_to_ktime(timeout_ns));
}

/* What a wait that ended with @err is to give. */
static int timeout_error(s64 timeout_ns, int err)
{
	/* A restart would wait for the whole time once more. */
	if (err == -ERESTARTSYS && timeout_ns != -1)
		return -EINTR;
	if (err == -ETIMEDOUT && timeout_ns == -1)
		return -EAGAIN;
	return err;
}

static int ioctl_spawn(struct file *file, void *arg, void __user *uarg)
{
	return session_spawn(file, arg);
}

static int ioctl_join(struct file *file, void *arg, void __user *uarg)
{
	struct session *s = file->private_data;
	struct ktask_join *join = arg;
	struct iov_iter to;
	struct delivery d = {
		.to = &to,
		.out = u64_to_user_ptr(join->out),
		.out_size = join->out_size,
	};
	ktime_t deadline;
	int err;

	if (join->flags)
		return -EOPNOTSUPP;
	if (join->timeout_ns < -1 || join->reserved ||
	    (join->id && join->group) || (!join->out && join->out_size))
		return -EINVAL;

	deadline = timeout_deadline(file, join->timeout_ns);
	iov_iter_ubuf(&to, ITER_DEST, u64_to_user_ptr(join->completion),
		      sizeof(struct ktask_completion));
	if (join->id)
		err = session_join(s, join->id, deadline, &d);
	else
		err = session_join_next(s, join->group, deadline, &d);
	return timeout_error(join->timeout_ns, err);
}

static int ioctl_join_any(struct file *file, void *arg, void __user *uarg)
{
	struct ktask_join_any __user *from = uarg;
	struct ktask_join_any *any = arg;

	if (any->timeout_ns < -1)
		return -EINVAL;
	return timeout_error(any->timeout_ns,
			     session_join_any(file->private_data, any,
					      &from->index,
					      timeout_deadline(file,
							       any->timeout_ns)));
}

static int ioctl_abort(struct file *file, void *arg, void __user *uarg)
{
	struct ktask_abort *abort = arg;

	switch (abort->flags) {
	case 0:
		return session_abort(file->private_data, abort->id);
	case KTASK_ABORT_GROUP:
		if (abort->id > U32_MAX)
			return -ENOENT;
		return session_abort_group(file->private_data, abort->id);
	case KTASK_ABORT_ALL:
		if (abort->id)
			return -EINVAL;
		session_abort_all(file->private_data);
		return 0;
	case KTASK_ABORT_ALL | KTASK_ABORT_GROUP:
		return -EINVAL;
	}
	return -EOPNOTSUPP;
}

static int ioctl_detach(struct file *file, void *arg, void __user *uarg)
{
	struct ktask_detach *detach = arg;

	if (detach->flags)
		return -EOPNOTSUPP;
	return session_detach(file->private_data, detach->id);
}

static int ioctl_output(struct file *file, void *arg, void __user *uarg)
{
	return session_output(file->private_data, arg);
}

static int ioctl_status(struct file *file, void *arg, void __user *uarg)
{
	return session_status(file->private_data, arg);
}

static int ioctl_list(struct file *file, void *arg, void __user *uarg)
{
	return session_list(file->private_data, arg);
}

static int ioctl_group(struct file *file, void *arg, void __user *uarg)
{
	return group_ioctl(file->private_data, arg);
}

static int ioctl_fd(struct file *file, void *arg, void __user *uarg)
{
	struct ktask_fd __user *from = uarg;

	return session_fd(file->private_data, arg, &from->fd);
}

static int ioctl_eventfd(struct file *file, void *arg, void __user *uarg)
{
	return session_eventfd(file->private_data, arg);
}

static int ioctl_restrict(struct file *file, void *arg, void __user *uarg)
{
	return session_restrict(file->private_data, arg);
}

union ioctl_arg {
	u32 size;
	struct ktask_info info;
	struct ktask_op_info op_info;
	struct ktask_spawn spawn;
	struct ktask_join join;
	struct ktask_abort abort;
	struct ktask_detach detach;
	struct ktask_join_any join_any;
	struct ktask_output output;
	struct ktask_status status;
	struct ktask_list list;
	struct ktask_group group;
	struct ktask_fd fd;
	struct ktask_eventfd eventfd;
	struct ktask_restrict restriction;
};

/**
 * struct ioctl_def - an ioctl
 * @fn: does it, with the structure copied in, from the last argument
 * @size: bytes of the structure
 * @min_size: bytes that it had in its first version
 * @out: copy it back, even on failure of @fn
 */
struct ioctl_def {
	int (*fn)(struct file *file, void *arg, void __user *uarg);
	u16 size;
	u16 min_size;
	bool out;
};

#define IOCTL_DEF(cmd, function, type, last, copy_back)			\
[cmd] = {								\
	.fn = function,							\
	.size = sizeof(type),						\
	.min_size = offsetofend(type, last),				\
	.out = copy_back,						\
}

static const struct ioctl_def ioctls[] = {
	IOCTL_DEF(KTASK_CMD_INFO, ioctl_info, struct ktask_info, file_tasks,
		  true),
	IOCTL_DEF(KTASK_CMD_OP_INFO, ioctl_op_info, struct ktask_op_info,
		  out_size, true),
	IOCTL_DEF(KTASK_CMD_SPAWN, ioctl_spawn, struct ktask_spawn, error,
		  true),
	IOCTL_DEF(KTASK_CMD_JOIN, ioctl_join, struct ktask_join, completion,
		  false),
	IOCTL_DEF(KTASK_CMD_ABORT, ioctl_abort, struct ktask_abort, id, false),
	IOCTL_DEF(KTASK_CMD_DETACH, ioctl_detach, struct ktask_detach, id,
		  false),
	IOCTL_DEF(KTASK_CMD_JOIN_ANY, ioctl_join_any, struct ktask_join_any,
		  completion, false),
	IOCTL_DEF(KTASK_CMD_OUTPUT, ioctl_output, struct ktask_output, total,
		  true),
	IOCTL_DEF(KTASK_CMD_STATUS, ioctl_status, struct ktask_status,
		  reserved, false),
	IOCTL_DEF(KTASK_CMD_LIST, ioctl_list, struct ktask_list, nr, true),
	IOCTL_DEF(KTASK_CMD_GROUP, ioctl_group, struct ktask_group, reserved,
		  true),
	IOCTL_DEF(KTASK_CMD_FD, ioctl_fd, struct ktask_fd, fd, false),
	IOCTL_DEF(KTASK_CMD_EVENTFD, ioctl_eventfd, struct ktask_eventfd, group,
		  false),
	IOCTL_DEF(KTASK_CMD_RESTRICT, ioctl_restrict, struct ktask_restrict,
		  reserved, false),
};

/* The ABI is the same for 32-bit and 64-bit callers: no holes, no surprises. */
static_assert(sizeof(struct ktask_info) == 120);
static_assert(sizeof(struct ktask_op_info) == 264);
static_assert(sizeof(struct ktask_arg_info) == 48);
static_assert(sizeof(struct ktask_after) == 16);
static_assert(sizeof(struct ktask_desc) == 112);
static_assert(sizeof(struct ktask_spawn) == 64);
static_assert(sizeof(struct ktask_uring_spawn) == 16);
static_assert(sizeof(struct ktask_completion) == 128);
static_assert(sizeof(struct ktask_join) == 56);
static_assert(sizeof(struct ktask_abort) == 16);
static_assert(sizeof(struct ktask_detach) == 16);
static_assert(sizeof(struct ktask_join_any) == 40);
static_assert(sizeof(struct ktask_output) == 48);
static_assert(sizeof(struct ktask_task) == 152);
static_assert(sizeof(struct ktask_status) == 32);
static_assert(sizeof(struct ktask_list) == 40);
static_assert(sizeof(struct ktask_group) == 32);
static_assert(sizeof(struct ktask_fd) == 24);
static_assert(sizeof(struct ktask_eventfd) == 16);
static_assert(sizeof(struct ktask_restrict) == 24);

/*
 * Read the structure of a program that does not know it as we do, or not where it
 * should be. Return: 0, with *@size, or why not.
 */
static noinline int read_other(union ioctl_arg *arg, const struct ioctl_def *def,
			       void __user *uarg, u32 *size)
{
	int err;

	if (get_user(*size, (u32 __user *)uarg))
		return -EFAULT;
	if (*size < def->min_size)
		return -EINVAL;
	if (*size > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(arg, def->size, uarg, *size);
	if (err)
		return err;
	/* It may have changed since, and is copied back. */
	arg->size = *size;

	/* Find out that it cannot be while nothing has been done. */
	if (def->out)
		return write_struct(uarg, *size, arg, def->size);
	return 0;
}

/* Inline, with all that is known of a certain one. */
static __always_inline long do_ioctl(struct file *file,
				     const struct ioctl_def *def,
				     void __user *uarg)
{
	/* What is read to it is all that is used. */
	union ioctl_arg arg __uninitialized;
	u32 size = def->size;
	int err;

	if (unlikely(!read_usual(&arg, def->size, uarg, def->out))) {
		err = read_other(&arg, def, uarg, &size);
		if (err)
			return err;
	}
	err = def->fn(file, &arg, uarg);
	if (def->out && write_struct(uarg, size, &arg, def->size))
		return -EFAULT;
	return err;
}

long ktask_ioctl(struct file *file, unsigned int cmd, unsigned long uaddr)
{
	void __user *uarg = (void __user *)uaddr;
	unsigned int nr = _IOC_NR(cmd);

	if (likely(cmd == KTASK_SPAWN))
		return do_ioctl(file, &ioctls[KTASK_CMD_SPAWN], uarg);
	if (nr >= ARRAY_SIZE(ioctls) || cmd != _IO(KTASK_IOC_TYPE, nr))
		return -ENOTTY;
	nr = array_index_nospec(nr, ARRAY_SIZE(ioctls));
	return do_ioctl(file, &ioctls[nr], uarg);
}
