// SPDX-License-Identifier: GPL-2.0
/*
 * Op "write": write bytes, which the program gives or another task leaves.
 *
 * A blocking task. Nobody is sent a SIGPIPE: workers ignore all signals but that
 * of an abort.
 */
#include <linux/fs.h>

#include "file.h"
#include "ops.h"

struct write_frame {
	struct file *file;
	u64 offset;
	u64 limit;
	void *data;
	size_t len;
};

static void write_release(struct ktask *t)
{
	struct write_frame *f = ktask_frame(t);

	ktask_op_free(t, f->data, f->len);
	ktask_op_fput(t, f->file);
}

static int write_prepare(struct ktask *t, const void *args)
{
	const struct ktask_args_write *a = args;
	struct write_frame *f = ktask_frame(t);
	bool at_offset = a->offset != KTASK_OFFSET_FILE;
	int err;

	if (a->flags)
		return -EOPNOTSUPP;
	if (a->data.len > KTASK_DATA_MAX ||
	    (a->data.len && ktask_op_has_input(t)))
		return -EINVAL;
	if (at_offset && !file_range_ok(a->offset, a->data.len))
		return -EFBIG;
	f->offset = a->offset;
	f->limit = file_limit();

	f->file = ktask_op_fget(t, a->fd);
	if (IS_ERR(f->file))
		return PTR_ERR(f->file);
	err = file_check_write(f->file, at_offset);
	if (!err) {
		f->data = ktask_op_copy_data(t, &a->data);
		err = PTR_ERR_OR_ZERO(f->data);
	}
	if (err)
		ktask_op_fput(t, f->file);
	else
		f->len = a->data.len;
	return err;
}

/* Return: how many of @len bytes may be written. */
static ssize_t write_room(struct write_frame *f, const struct file_pos *p,
			  size_t len)
{
	loff_t pos = p->pos;

	/* Unless somebody else appends meanwhile. */
	if (f->file->f_flags & O_APPEND)
		pos = i_size_read(file_inode(f->file));
	return file_room(f->file, pos, len, f->limit);
}

/* Return: how many bytes, or a negative errno if not one. */
static ssize_t write_all(struct ktask *t, const void *data, size_t len)
{
	struct write_frame *f = ktask_frame(t);
	struct file_pos p;
	size_t done = 0;
	ssize_t n;

	n = file_pos_begin(f->file, f->offset, &p);
	if (n)
		return n;
	/* Also of no bytes: that may be a message. */
	do {
		n = ktask_aborted(t) ? -ECANCELED
				     : write_room(f, &p, len - done);
		if (n >= 0)
			n = kernel_write(f->file, data + done, n, p.at);
		if (n > 0)
			done += n;
	} while (n > 0 && done < len);
	if (done)
		n = done;
	file_pos_end(f->file, &p, n);
	return n;
}

static long write_run(struct ktask *t)
{
	struct write_frame *f = ktask_frame(t);
	const void *data = f->data;
	size_t len = f->len;

	if (ktask_op_has_input(t)) {
		data = ktask_op_input(t, &len);
		if (IS_ERR(data))
			return PTR_ERR(data);
		if (f->offset != KTASK_OFFSET_FILE &&
		    !file_range_ok(f->offset, len))
			return -EFBIG;
	}
	return file_result(write_all(t, data, len));
}

static const struct ktask_op_arg write_args[] = {
	KTASK_OP_ARG(struct ktask_args_write, fd, KTASK_ARG_FD,
		     KTASK_ARG_REQUIRED | KTASK_ARG_WRITE),
	KTASK_OP_ARG(struct ktask_args_write, offset, KTASK_ARG_U64, 0),
	KTASK_OP_ARG(struct ktask_args_write, data, KTASK_ARG_DATA, 0),
};

struct ktask_op write_op = {
	.name = "write",
	.summary = "write bytes to a file, pipe, socket or terminal",
	.flags = KTASK_OP_INPUT,
	.args = write_args,
	.nr_args = ARRAY_SIZE(write_args),
	.args_size = sizeof(struct ktask_args_write),
	.args_min = offsetofend(struct ktask_args_write, data),
	.frame_size = sizeof(struct write_frame),
	.prepare = write_prepare,
	.run = write_run,
	.release = write_release,
};
