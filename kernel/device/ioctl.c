// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of /dev/ktask: what is common to all in a table, then each.
 */
#include <linux/build_bug.h>
#include <linux/cpumask.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "../engine/engine.h"
#include "device.h"

static int ioctl_info(struct file *file, void *arg)
{
	struct ktask_info *info = arg;
	struct ktask_stats stats;

	if (info->flags)
		return -EOPNOTSUPP;
	ktask_runtime_stats(ktask_default_runtime(), &stats);
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
	return 0;
}

static int ioctl_op_info(struct file *file, void *arg)
{
	return op_info(arg);
}

static int desc_check(const struct ktask_desc *desc)
{
	if (desc->flags)
		return -EOPNOTSUPP;
	if (desc->reserved)
		return -EINVAL;
	if (strnlen(desc->name, sizeof(desc->name)) == sizeof(desc->name))
		return -EINVAL;
	return 0;
}

/* Make a job as @desc says, or tell why not. */
static struct job *job_from_desc(struct session *s,
				 const struct ktask_desc *desc)
{
	u64 args[KTASK_OP_ARGS_MAX / sizeof(u64)];
	const struct ktask_op *op;
	struct job *job;
	int err;

	op = op_get(desc->op);
	if (!op)
		return ERR_PTR(-ENOENT);

	err = -EINVAL;
	if (desc->args_size < op->args_min)
		goto err_op;
	err = -E2BIG;
	if (desc->args_size > PAGE_SIZE)
		goto err_op;
	err = copy_struct_from_user(args, op->args_size,
				    u64_to_user_ptr(desc->args),
				    desc->args_size);
	if (err)
		goto err_op;
	job = job_new(s, op, desc);
	err = PTR_ERR_OR_ZERO(job);
	if (err)
		goto err_op;
	if (op->prepare) {
		err = op->prepare(&job->task, args);
		if (err)
			goto err_job;
	}
	return job;

err_job:
	ktask_put(&job->task);
err_op:
	op_put(op);
	return ERR_PTR(err);
}

static int spawn_one(struct session *s, struct ktask_desc __user *from,
		     u32 size)
{
	struct ktask_desc desc;
	struct job *job;
	int err;

	err = copy_struct_from_user(&desc, sizeof(desc), from, size);
	if (!err)
		err = desc_check(&desc);
	if (err)
		return err;

	job = job_from_desc(s, &desc);
	if (IS_ERR(job))
		return PTR_ERR(job);
	err = session_add(s, job);
	if (err)
		goto err_drop;
	/* While it can still be undone. */
	err = put_user(job->id, &from->id);
	if (err)
		goto err_remove;
	job_start(job);
	return 0;

err_remove:
	session_remove(s, job);
err_drop:
	job_drop(job);
	return err;
}

static int ioctl_spawn(struct file *file, void *arg)
{
	struct ktask_spawn *spawn = arg;
	void __user *descs = u64_to_user_ptr(spawn->descs);
	int err = 0;
	u32 i;

	if (spawn->flags)
		return -EOPNOTSUPP;
	if (spawn->nr < 1 || spawn->nr > KTASK_SPAWN_MAX)
		return -EINVAL;
	if (spawn->desc_size < offsetofend(struct ktask_desc, id))
		return -EINVAL;
	if (spawn->desc_size > PAGE_SIZE)
		return -E2BIG;

	for (i = 0; i < spawn->nr; i++) {
		if (fatal_signal_pending(current))
			err = -EINTR;
		else
			err = spawn_one(file->private_data, descs,
					spawn->desc_size);
		if (err)
			break;
		descs += spawn->desc_size;
		if (need_resched())
			cond_resched();
	}
	spawn->spawned = i;
	spawn->error = err;
	return i ? 0 : err;
}

static int ioctl_join(struct file *file, void *arg)
{
	struct ktask_join *join = arg;
	struct iov_iter to;
	ktime_t deadline = KTIME_MAX;
	bool forever = join->timeout_ns == -1;
	int err;

	if (join->flags)
		return -EOPNOTSUPP;
	if (join->timeout_ns < -1)
		return -EINVAL;
	if (!join->timeout_ns || (forever && file->f_flags & O_NONBLOCK))
		deadline = 0;
	else if (!forever)
		deadline = ktime_add_safe(ktime_get(),
					  ns_to_ktime(join->timeout_ns));

	iov_iter_ubuf(&to, ITER_DEST, u64_to_user_ptr(join->completion),
		      sizeof(struct ktask_completion));
	if (join->id)
		err = session_join(file->private_data, join->id, deadline, &to);
	else
		err = session_join_next(file->private_data, deadline, &to);
	/* A restart would wait for the whole time once more. */
	if (err == -ERESTARTSYS && !forever)
		return -EINTR;
	if (err == -ETIMEDOUT && forever)
		return -EAGAIN;
	return err;
}

static int ioctl_abort(struct file *file, void *arg)
{
	struct ktask_abort *abort = arg;

	if (abort->flags & ~KTASK_ABORT_ALL)
		return -EOPNOTSUPP;
	if (!(abort->flags & KTASK_ABORT_ALL))
		return session_abort(file->private_data, abort->id);
	if (abort->id)
		return -EINVAL;
	session_abort_all(file->private_data);
	return 0;
}

union ioctl_arg {
	u32 size;
	struct ktask_info info;
	struct ktask_op_info op_info;
	struct ktask_spawn spawn;
	struct ktask_join join;
	struct ktask_abort abort;
};

/**
 * struct ioctl_def - an ioctl
 * @fn: does it, with the structure copied in
 * @size: bytes of the structure
 * @min_size: bytes that it had in its first version
 * @out: copy it back, even on failure of @fn
 */
struct ioctl_def {
	int (*fn)(struct file *file, void *arg);
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
};

/* The ABI is the same for 32-bit and 64-bit callers: no holes, no surprises. */
static_assert(sizeof(struct ktask_info) == 80);
static_assert(sizeof(struct ktask_op_info) == 256);
static_assert(sizeof(struct ktask_arg_info) == 48);
static_assert(sizeof(struct ktask_desc) == 72);
static_assert(sizeof(struct ktask_spawn) == 32);
static_assert(sizeof(struct ktask_completion) == 128);
static_assert(sizeof(struct ktask_join) == 32);
static_assert(sizeof(struct ktask_abort) == 16);

long ktask_ioctl(struct file *file, unsigned int cmd, unsigned long uaddr)
{
	void __user *uarg = (void __user *)uaddr;
	const struct ioctl_def *def;
	union ioctl_arg arg;
	unsigned int nr = _IOC_NR(cmd);
	u32 size;
	int err;

	if (nr >= ARRAY_SIZE(ioctls) || cmd != _IO(KTASK_IOC_TYPE, nr))
		return -ENOTTY;
	def = &ioctls[nr];

	if (get_user(size, (u32 __user *)uarg))
		return -EFAULT;
	if (size < def->min_size)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(&arg, def->size, uarg, size);
	if (err)
		return err;
	/* It may have changed since, and is copied back. */
	arg.size = size;

	/* Find out that it cannot be while nothing has been done. */
	if (def->out && copy_to_user(uarg, &arg, min_t(u32, size, def->size)))
		return -EFAULT;
	err = def->fn(file, &arg);
	if (def->out && copy_to_user(uarg, &arg, min_t(u32, size, def->size)))
		return -EFAULT;
	return err;
}
