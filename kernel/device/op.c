// SPDX-License-Identifier: GPL-2.0
/*
 * What the functions of an op may call for their task.
 */
#include <linux/export.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "device.h"

/*
 * Files that hold no other files, and are put without a wait for somebody else. A
 * socket may have some on their way in it, and linger for as long as its owner
 * likes; what is behind other inodes nobody knows.
 */
static bool file_is_plain(const struct file *file)
{
	umode_t mode = file_inode(file)->i_mode;

	/* What a kernel makes without one is of no type, or said to be regular. */
	if (file_inode(file)->i_sb->s_magic == ANON_INODE_FS_MAGIC)
		return false;
	return S_ISREG(mode) || S_ISDIR(mode) || S_ISBLK(mode) || S_ISFIFO(mode);
}

/**
 * ktask_op_fget - take a file that an argument names
 * @t: the task of an op
 * @fd: descriptor of the calling process
 *
 * To be used rather than fget(), as it knows which files a task cannot hold
 * without being held by them. If the file is other than a regular file, directory,
 * block device or pipe, the task is aborted when the process has closed all its
 * descriptors of the set.
 *
 * Context: the prepare function of @t's op.
 * Return: the file, for ktask_op_fput(); or ERR_PTR(): -EBADF, -EINVAL if it is of
 * /dev/ktask, -ENOMEM.
 */
struct file *ktask_op_fget(struct ktask *t, int fd)
{
	struct file *file = fget(fd);
	struct job *job = job_of(t);

	if (!file)
		return ERR_PTR(-EBADF);
	/* The last put of it waits for its tasks, of which @t may be one. */
	if (file->f_op == &ktask_fops) {
		fput(file);
		return ERR_PTR(-EINVAL);
	}
	if (!file_is_plain(file)) {
		/* For ktask_op_fput(), which cannot fail. */
		if (!account_fput_wq(job->account)) {
			fput(file);
			return ERR_PTR(-ENOMEM);
		}
		job_bind(job);
	}
	return file;
}
EXPORT_SYMBOL_NS_GPL(ktask_op_fget, KTASK_NS);

/**
 * struct late_fput - a file that a worker lets go of
 * @work: does it
 * @file: the file
 * @account: whose it is; waits for @work before it is freed
 */
struct late_fput {
	struct work_struct work;
	struct file *file;
	struct account *account;
};

static void fput_late(struct work_struct *work)
{
	struct late_fput *late = container_of(work, struct late_fput, work);

	__fput_sync(late->file);
	account_fput_end(late->account);
	kfree(late);
}

/**
 * ktask_op_fput - let go of a file
 * @t: the task of an op
 * @file: from ktask_op_fget()
 *
 * Of a regular file, directory, block device or pipe at once, so that a program
 * that learns of the end of the task finds its file system free: fput() would
 * leave that for later in a worker. To let go of others may take any time, and
 * is left to a worker of the user's.
 *
 * Context: the op's functions but its cancel function, where they may sleep.
 */
void ktask_op_fput(struct ktask *t, struct file *file)
{
	struct late_fput *late;

	if (!(current->flags & PF_KTHREAD)) {
		fput(file);
		return;
	}
	if (file_is_plain(file)) {
		__fput_sync(file);
		return;
	}
	late = kmalloc(sizeof(*late), GFP_KERNEL | __GFP_NOFAIL);
	INIT_WORK(&late->work, fput_late);
	late->file = file;
	late->account = job_of(t)->account;
	account_fput_begin(late->account);
	queue_work(account_fput_wq(late->account), &late->work);
}
EXPORT_SYMBOL_NS_GPL(ktask_op_fput, KTASK_NS);

/**
 * ktask_op_alloc - allocate memory for data or output
 * @t: the task of an op
 * @size: bytes, above 0
 *
 * Charged to the user that the task works for and, as is what the op allocates
 * with %GFP_KERNEL_ACCOUNT, to its memory cgroup.
 *
 * Context: the prepare function or the body; may sleep.
 * Return: the memory, not cleared, for ktask_op_free() or
 * ktask_op_output_buffer(); or ERR_PTR(): -ENOMEM, -EDQUOT.
 */
void *ktask_op_alloc(struct ktask *t, size_t size)
{
	struct job *job = job_of(t);
	void *buf;
	int err;

	err = account_charge_bytes(job->account, size);
	if (err)
		return ERR_PTR(err);
	/* A program that has reached its cgroup's limit is no news for the log. */
	buf = kvmalloc(size, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (buf)
		return buf;
	account_uncharge_bytes(job->account, size);
	return ERR_PTR(-ENOMEM);
}
EXPORT_SYMBOL_NS_GPL(ktask_op_alloc, KTASK_NS);

/**
 * ktask_op_free - free what ktask_op_alloc() has given
 * @t: the task
 * @buf: the memory, or NULL
 * @size: its bytes
 *
 * Context: the op's functions but its cancel function.
 */
void ktask_op_free(struct ktask *t, void *buf, size_t size)
{
	if (!buf)
		return;
	kvfree(buf);
	account_uncharge_bytes(job_of(t)->account, size);
}
EXPORT_SYMBOL_NS_GPL(ktask_op_free, KTASK_NS);

/**
 * ktask_op_copy_data - take data that an argument gives
 * @t: the task of an op
 * @data: the argument
 *
 * Context: the prepare function of @t's op, in the program's thread.
 * Return: a copy, for ktask_op_free() with @data's len; NULL if that is 0; or
 * ERR_PTR(): -EINVAL if it is above %KTASK_DATA_MAX, -EFAULT, -ENOMEM, -EDQUOT.
 */
void *ktask_op_copy_data(struct ktask *t, const struct ktask_data *data)
{
	void *buf;

	if (!data->len)
		return NULL;
	if (data->len > KTASK_DATA_MAX)
		return ERR_PTR(-EINVAL);
	buf = ktask_op_alloc(t, data->len);
	if (IS_ERR(buf))
		return buf;
	if (!copy_from_user(buf, u64_to_user_ptr(data->ptr), data->len))
		return buf;
	ktask_op_free(t, buf, data->len);
	return ERR_PTR(-EFAULT);
}
EXPORT_SYMBOL_NS_GPL(ktask_op_copy_data, KTASK_NS);

/**
 * ktask_op_output - leave something to the program beside the result
 * @t: the task of an op
 * @data: what to leave; copied
 * @len: how many bytes, up to %KTASK_OUT_MAX
 *
 * Replaces what was left before. A program does not get to see it if the task
 * is cancelled.
 *
 * Context: the body of @t.
 * Return: 0; -EMSGSIZE if it is too much.
 */
int ktask_op_output(struct ktask *t, const void *data, size_t len)
{
	struct job *job = job_of(t);

	if (len > sizeof(job->out))
		return -EMSGSIZE;
	job_output_free(job);
	memcpy(job->out, data, len);
	job->out_len = len;
	return 0;
}
EXPORT_SYMBOL_NS_GPL(ktask_op_output, KTASK_NS);

/**
 * ktask_op_output_buffer - leave a buffer to the program
 * @t: the task of an op
 * @buf: from ktask_op_alloc(); not used by the caller any more
 * @size: its bytes
 * @len: how many of these are output
 *
 * As ktask_op_output(), for larger ones, and without a copy.
 *
 * Context: the body of @t.
 */
void ktask_op_output_buffer(struct ktask *t, void *buf, size_t size, size_t len)
{
	struct job *job = job_of(t);

	job_output_free(job);
	job->out_buf = buf;
	job->out_size = size;
	job->out_len = min(len, size);
}
EXPORT_SYMBOL_NS_GPL(ktask_op_output_buffer, KTASK_NS);

/**
 * ktask_op_has_input - whether a task is handed the output of others
 * @t: the task of an op that has %KTASK_OP_INPUT
 *
 * Context: the prepare function or the body of @t.
 * Return: true if so, even if that output will be empty.
 */
bool ktask_op_has_input(struct ktask *t)
{
	return plan_has_input(job_of(t));
}
EXPORT_SYMBOL_NS_GPL(ktask_op_has_input, KTASK_NS);

/**
 * ktask_op_input - the output of those that a task runs after
 * @t: the task of an op that has %KTASK_OP_INPUT
 * @len: where to put how many bytes it is
 *
 * Of those that were named for that, one behind the other. What has not returned
 * has none.
 *
 * Context: the body of @t; may sleep the first time.
 * Return: the input, which stays until the op's release function has returned;
 * NULL if it is empty; or ERR_PTR(): -EMSGSIZE if it is above %KTASK_DATA_MAX,
 * -ENOMEM, -EDQUOT.
 */
const void *ktask_op_input(struct ktask *t, size_t *len)
{
	return plan_input(job_of(t), len);
}
EXPORT_SYMBOL_NS_GPL(ktask_op_input, KTASK_NS);
