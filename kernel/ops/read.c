// SPDX-License-Identifier: GPL-2.0
/*
 * Op "read": bytes of a file, pipe, socket, terminal.
 *
 * A blocking task. Its memory is taken when it runs, not when it is spawned, so
 * that of many that are queued only those at work need any.
 */
#include <linux/fs.h>

#include "file.h"
#include "ops.h"

struct read_frame {
	struct file *file;
	u64 offset;
	size_t length;
};

static int read_prepare(struct ktask *t, const void *args)
{
	const struct ktask_args_read *a = args;
	struct read_frame *f = ktask_frame(t);
	bool at_offset = a->offset != KTASK_OFFSET_FILE;
	int err;

	if (a->flags)
		return -EOPNOTSUPP;
	if (a->length < 1 || a->length > KTASK_DATA_MAX)
		return -EINVAL;
	if (at_offset && !file_range_ok(a->offset, a->length))
		return -EINVAL;
	f->offset = a->offset;
	f->length = a->length;

	f->file = ktask_op_fget(t, a->fd);
	if (IS_ERR(f->file))
		return PTR_ERR(f->file);
	err = file_check_read(f->file, at_offset);
	if (err)
		ktask_op_fput(t, f->file);
	return err;
}

static void read_release(struct ktask *t)
{
	struct read_frame *f = ktask_frame(t);

	ktask_op_fput(t, f->file);
}

/* Return: how many bytes, or a negative errno if not one. */
static ssize_t read_into(struct ktask *t, void *buf)
{
	struct read_frame *f = ktask_frame(t);
	/* What a pipe gives is gone from there, so it cannot be read in vain. */
	bool once = !file_is_regular(f->file) &&
		    !S_ISBLK(file_inode(f->file)->i_mode);
	struct file_pos p;
	size_t done = 0;
	ssize_t n;

	n = file_pos_begin(f->file, f->offset, &p);
	if (n)
		return n;
	do {
		n = kernel_read(f->file, buf + done, f->length - done, p.at);
		if (n > 0)
			done += n;
		if (!once && ktask_aborted(t)) {
			done = 0;
			n = -ECANCELED;
		}
	} while (n > 0 && !once && done < f->length);
	if (done)
		n = done;
	file_pos_end(f->file, &p, n);
	return n;
}

static long read_run(struct ktask *t)
{
	struct read_frame *f = ktask_frame(t);
	void *buf = ktask_op_alloc(t, f->length);
	ssize_t n;

	if (IS_ERR(buf))
		return PTR_ERR(buf);
	n = read_into(t, buf);
	if (n > KTASK_OUT_MAX) {
		ktask_op_output_buffer(t, buf, f->length, n);
		return n;
	}
	if (n > 0)
		ktask_op_output(t, buf, n);
	ktask_op_free(t, buf, f->length);
	return file_result(n);
}

static const struct ktask_op_arg read_args[] = {
	KTASK_OP_ARG(struct ktask_args_read, fd, KTASK_ARG_FD,
		     KTASK_ARG_REQUIRED),
	KTASK_OP_ARG(struct ktask_args_read, offset, KTASK_ARG_U64, 0),
	KTASK_OP_ARG(struct ktask_args_read, length, KTASK_ARG_U64,
		     KTASK_ARG_REQUIRED),
};

struct ktask_op read_op = {
	.name = "read",
	.summary = "bytes of a file, pipe, socket or terminal",
	.args = read_args,
	.nr_args = ARRAY_SIZE(read_args),
	.args_size = sizeof(struct ktask_args_read),
	.args_min = offsetofend(struct ktask_args_read, length),
	.out_size = KTASK_DATA_MAX,
	.frame_size = sizeof(struct read_frame),
	.prepare = read_prepare,
	.run = read_run,
	.release = read_release,
};
