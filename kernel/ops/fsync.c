// SPDX-License-Identifier: GPL-2.0
/*
 * Op "fsync": have a file on its disk.
 *
 * A blocking task. File systems do not let go of it before the disk has answered,
 * so an abort that finds it at work is not heard.
 */
#include <linux/fs.h>

#include "file.h"
#include "ops.h"

struct fsync_frame {
	struct file *file;
	bool datasync;
};

static int fsync_prepare(struct ktask *t, const void *args)
{
	const struct ktask_args_fsync *a = args;
	struct fsync_frame *f = ktask_frame(t);

	if (a->flags & ~KTASK_FSYNC_DATA)
		return -EOPNOTSUPP;
	f->datasync = a->flags & KTASK_FSYNC_DATA;
	f->file = ktask_op_fget(t, a->fd);
	if (IS_ERR(f->file))
		return PTR_ERR(f->file);
	if (f->file->f_op->fsync)
		return 0;
	ktask_op_fput(t, f->file);
	return -EINVAL;
}

static void fsync_release(struct ktask *t)
{
	struct fsync_frame *f = ktask_frame(t);

	ktask_op_fput(t, f->file);
}

static long fsync_run(struct ktask *t)
{
	struct fsync_frame *f = ktask_frame(t);

	return file_result(vfs_fsync(f->file, f->datasync));
}

static const struct ktask_op_arg fsync_args[] = {
	KTASK_OP_ARG(struct ktask_args_fsync, fd, KTASK_ARG_FD,
		     KTASK_ARG_REQUIRED | KTASK_ARG_ANY_FD),
	KTASK_OP_ARG(struct ktask_args_fsync, flags, KTASK_ARG_U32, 0),
};

struct ktask_op fsync_op = {
	.name = "fsync",
	.summary = "have a file on its disk",
	.args = fsync_args,
	.nr_args = ARRAY_SIZE(fsync_args),
	.args_size = sizeof(struct ktask_args_fsync),
	.args_min = offsetofend(struct ktask_args_fsync, flags),
	.frame_size = sizeof(struct fsync_frame),
	.prepare = fsync_prepare,
	.run = fsync_run,
	.release = fsync_release,
};
