// SPDX-License-Identifier: GPL-2.0
/*
 * Op "copy": copy from one file to another.
 *
 * A blocking task. As copy_file_range(2), so that file systems may share blocks
 * or leave it to a server; where that cannot be, by reading and writing. Holes
 * stay holes where the file system can tell them: of a file with fewer blocks
 * than bytes, only what is between them is copied. To ask for them moves the
 * position of an open file, so that is not the program's.
 */
#include <linux/fs.h>
#include <linux/falloc.h>
#include <linux/ktime.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/stat.h>

#include "file.h"
#include "ops.h"

/* The least that is copied in one call, in which nobody looks for an abort. */
#define COPY_CHUNK_MIN	SZ_1M
/* The most, for file systems to which it makes no difference. */
#define COPY_CHUNK_MAX	SZ_1G
/* A chunk that took less is followed by a larger one, and the other way round. */
#define COPY_CHUNK_FAST	ms_to_ktime(20)
#define COPY_CHUNK_SLOW	ms_to_ktime(100)

/* For reading and writing. */
#define COPY_BUF_SIZE	SZ_128K

/**
 * struct copy_frame - a copy
 * @in: the file to copy from
 * @out: the file to copy to
 * @in_pos: what has been copied is before that
 * @out_pos: and before that
 * @end: where to end, in @in
 * @data_end: there is no hole in @in between @in_pos and that
 * @limit: how large a file may be made, see file_limit()
 * @chunk: how much to copy in one call
 * @buf: for reading and writing; made when it is needed, and then used for all
 *	that is left
 * @probe: the same file as @in, to look for holes; or NULL: there are none
 * @ends_in_hole: what was last copied is one
 */
struct copy_frame {
	struct file *in;
	struct file *out;
	loff_t in_pos;
	loff_t out_pos;
	loff_t end;
	loff_t data_end;
	u64 limit;
	size_t chunk;
	void *buf;
	struct file *probe;
	bool ends_in_hole;
};

/* --- What is to be copied -------------------------------------------------- */

static int copy_check_files(const struct copy_frame *f)
{
	int err = file_check_read(f->in, true);

	if (!err)
		err = file_check_write(f->out, true);
	/* Neither is what has no offsets a regular file. */
	if (err)
		return err == -ESPIPE ? -EINVAL : err;
	if (f->out->f_flags & O_APPEND)
		return -EBADF;
	if (!file_is_regular(f->in) || !file_is_regular(f->out))
		return -EINVAL;
	if (IS_SWAPFILE(file_inode(f->in)) || IS_SWAPFILE(file_inode(f->out)))
		return -ETXTBSY;
	return 0;
}

static int copy_set_range(struct copy_frame *f, const struct ktask_args_copy *a)
{
	loff_t size = i_size_read(file_inode(f->in));

	if (!file_range_ok(a->offset_in, a->length) ||
	    !file_range_ok(a->offset_out, a->length))
		return -EINVAL;
	f->in_pos = a->offset_in;
	f->out_pos = a->offset_out;
	f->end = a->length ? f->in_pos + a->length : MAX_LFS_FILESIZE;
	if (file_inode(f->in) != file_inode(f->out))
		return 0;

	/* What is written is not to be copied as well, for ever. */
	f->end = min(f->end, max(size, f->in_pos));
	if (abs(f->in_pos - f->out_pos) < f->end - f->in_pos)
		return -EINVAL;
	return 0;
}

static void copy_release(struct ktask *t)
{
	struct copy_frame *f = ktask_frame(t);

	if (!IS_ERR_OR_NULL(f->in))
		ktask_op_fput(t, f->in);
	if (!IS_ERR_OR_NULL(f->out))
		ktask_op_fput(t, f->out);
}

static int copy_prepare(struct ktask *t, const void *args)
{
	const struct ktask_args_copy *a = args;
	struct copy_frame *f = ktask_frame(t);
	int err;

	if (a->flags)
		return -EOPNOTSUPP;
	if (a->reserved)
		return -EINVAL;
	f->limit = file_limit();
	f->chunk = COPY_CHUNK_MIN;

	f->in = ktask_op_fget(t, a->fd_in);
	err = PTR_ERR_OR_ZERO(f->in);
	if (!err) {
		f->out = ktask_op_fget(t, a->fd_out);
		err = PTR_ERR_OR_ZERO(f->out);
	}
	if (!err)
		err = copy_check_files(f);
	if (!err)
		err = copy_set_range(f, a);
	if (err)
		copy_release(t);
	return err;
}

/* --- Data ------------------------------------------------------------------ */

/*
 * What the one call says that cannot copy these files where reading and writing
 * may. ENOTSUPP is what NFS should not say.
 */
static bool copy_is_unsupported(ssize_t err)
{
	return err == -EXDEV || err == -EOPNOTSUPP || err == -EINVAL ||
	       err == -ENOTSUPP;
}

/*
 * Sharing blocks is as quick for much as for little, and copying is not: so the
 * time tells how much to do at once.
 */
static void copy_adapt(struct copy_frame *f, ktime_t took)
{
	if (took < COPY_CHUNK_FAST && f->chunk < COPY_CHUNK_MAX)
		f->chunk *= 2;
	else if (took > COPY_CHUNK_SLOW && f->chunk > COPY_CHUNK_MIN)
		f->chunk /= 2;
}

static ssize_t copy_in_one_call(struct copy_frame *f, size_t len)
{
	ktime_t began = ktime_get();
	ssize_t n;

	len = min(len, f->chunk);
	n = vfs_copy_file_range(f->in, f->in_pos, f->out, f->out_pos, len, 0);
	if (n == len)
		copy_adapt(f, ktime_sub(ktime_get(), began));
	return n;
}

static ssize_t copy_by_buffer(struct copy_frame *f, size_t len)
{
	loff_t in_pos = f->in_pos, out_pos = f->out_pos;
	ssize_t done = 0, read, n;

	/* It may have been set since. */
	if (f->out->f_flags & O_APPEND)
		return -EBADF;
	read = kernel_read(f->in, f->buf, min_t(size_t, len, COPY_BUF_SIZE),
			   &in_pos);
	while (done < read) {
		n = kernel_write(f->out, f->buf + done, read - done, &out_pos);
		if (n <= 0)
			return done ?: n ?: -EIO;
		done += n;
	}
	return read;
}

/* Copy some of @len bytes. Return: how many; 0 at the end of the file. */
static ssize_t copy_data(struct copy_frame *f, loff_t len, bool first)
{
	loff_t room = file_room(f->out, f->out_pos, len, f->limit);
	ssize_t n;

	if (room < 0)
		return room;
	len = min_t(loff_t, room, COPY_CHUNK_MAX);
	if (!f->buf) {
		n = copy_in_one_call(f, len);
		/* Files that the kernel makes up as they are read have size 0. */
		if (n ? !copy_is_unsupported(n) : !first)
			return n;
		f->buf = kvmalloc(COPY_BUF_SIZE, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
		if (!f->buf)
			return -ENOMEM;
	}
	return copy_by_buffer(f, len);
}

/* --- Holes ----------------------------------------------------------------- */

/* Return: NULL if it is not worth while to look for holes, or not possible. */
static struct file *copy_open_probe(const struct file *file)
{
	struct file *probe;
	struct kstat stat;

	/* An open there drops pages, and waits for those its server owes us. */
	if (file_inode(file)->i_sb->s_magic == FUSE_SUPER_MAGIC)
		return NULL;
	if (vfs_getattr(&file->f_path, &stat, STATX_SIZE | STATX_BLOCKS,
			AT_STATX_SYNC_AS_STAT) ||
	    stat.blocks >= stat.size / 512)
		return NULL;
	/* If somebody has a lease on it, that is not waited for. */
	probe = dentry_open(&file->f_path, O_RDONLY | O_LARGEFILE | O_NONBLOCK,
			    current_cred());
	return IS_ERR(probe) ? NULL : probe;
}

static void copy_close_probe(struct ktask *t)
{
	struct copy_frame *f = ktask_frame(t);

	if (f->probe)
		ktask_op_fput(t, f->probe);
	f->probe = NULL;
}

/*
 * Look for the data at or after f->in_pos, and for its end. What cannot be told
 * is data. Return: how many bytes of hole come first.
 */
static loff_t copy_find_hole(struct ktask *t)
{
	struct copy_frame *f = ktask_frame(t);
	loff_t data = vfs_llseek(f->probe, f->in_pos, SEEK_DATA);

	/* There is none. If the file has grown now, that is looked at next. */
	if (data == -ENXIO)
		data = i_size_read(file_inode(f->in));
	else
		f->data_end = data < 0 ? 0 :
				vfs_llseek(f->probe, data, SEEK_HOLE);

	if (data > f->in_pos)
		return min(data, f->end) - f->in_pos;
	if (f->data_end <= f->in_pos)
		copy_close_probe(t);
	return 0;
}

/*
 * Have a hole of @len bytes: where the file already has something, by punching
 * it; behind its end, by writing no more than what copy_end() does. Return: false
 * if it cannot be.
 */
static bool copy_hole(struct copy_frame *f, loff_t len)
{
	loff_t size = i_size_read(file_inode(f->out));

	if (file_room(f->out, f->out_pos, len, f->limit) != len)
		return false;
	if (f->out_pos >= size)
		return true;
	return !vfs_fallocate(f->out,
			      FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      f->out_pos, min(len, size - f->out_pos));
}

/* After a hole at the end, the file has to become as long as it shall be. */
static int copy_end(struct copy_frame *f)
{
	loff_t last = f->out_pos - 1;
	ssize_t n;

	if (!f->ends_in_hole || f->out_pos <= i_size_read(file_inode(f->out)))
		return 0;
	n = kernel_write(f->out, "", 1, &last);
	return n < 0 ? n : 0;
}

/* --- The body -------------------------------------------------------------- */

/* Return: by how much to go on; 0 at the end; or a negative errno. */
static loff_t copy_step(struct ktask *t, bool first)
{
	struct copy_frame *f = ktask_frame(t);
	loff_t len = f->end - f->in_pos;
	ssize_t n;

	if (f->probe && f->in_pos >= f->data_end) {
		loff_t hole = copy_find_hole(t);

		if (hole && copy_hole(f, hole)) {
			f->ends_in_hole = true;
			return hole;
		}
		/* Then it is copied, as zeros. */
		if (hole)
			copy_close_probe(t);
	}
	if (f->probe)
		len = min(len, f->data_end - f->in_pos);
	n = copy_data(f, len, first);
	if (n > 0)
		f->ends_in_hole = false;
	return n;
}

static loff_t copy_all(struct ktask *t)
{
	struct copy_frame *f = ktask_frame(t);
	loff_t start = f->in_pos, n = 0;

	f->probe = copy_open_probe(f->in);
	while (f->in_pos < f->end) {
		if (ktask_aborted(t))
			return -ECANCELED;
		n = copy_step(t, f->in_pos == start);
		if (n <= 0)
			break;
		f->in_pos += n;
		f->out_pos += n;
		cond_resched();
	}
	if (n >= 0 && f->in_pos > start)
		n = copy_end(f);
	return n < 0 ? n : f->in_pos - start;
}

static long copy_run(struct ktask *t)
{
	struct copy_frame *f = ktask_frame(t);
	long result = file_result(copy_all(t));

	copy_close_probe(t);
	kvfree(f->buf);
	return result;
}

static const struct ktask_op_arg copy_args[] = {
	KTASK_OP_ARG(struct ktask_args_copy, fd_in, KTASK_ARG_FD,
		     KTASK_ARG_REQUIRED),
	KTASK_OP_ARG(struct ktask_args_copy, fd_out, KTASK_ARG_FD,
		     KTASK_ARG_REQUIRED | KTASK_ARG_WRITE),
	KTASK_OP_ARG(struct ktask_args_copy, offset_in, KTASK_ARG_U64, 0),
	KTASK_OP_ARG(struct ktask_args_copy, offset_out, KTASK_ARG_U64, 0),
	KTASK_OP_ARG(struct ktask_args_copy, length, KTASK_ARG_U64, 0),
};

struct ktask_op copy_op = {
	.name = "copy",
	.summary = "copy from one file to another",
	.args = copy_args,
	.nr_args = ARRAY_SIZE(copy_args),
	.args_size = sizeof(struct ktask_args_copy),
	.args_min = offsetofend(struct ktask_args_copy, length),
	.frame_size = sizeof(struct copy_frame),
	.prepare = copy_prepare,
	.run = copy_run,
	.release = copy_release,
};
