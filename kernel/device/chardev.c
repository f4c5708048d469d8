// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/ktask: the file operations, and the device itself.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/uio.h>

#include "device.h"

static int ktask_open(struct inode *inode, struct file *file)
{
	struct session *s = session_new();

	if (IS_ERR(s))
		return PTR_ERR(s);
	file->private_data = s;
	file->f_mode |= FMODE_NOWAIT;
	return stream_open(inode, file);
}

static int ktask_release(struct inode *inode, struct file *file)
{
	session_close(file->private_data);
	return 0;
}

static ssize_t ktask_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	const size_t size = sizeof(struct ktask_completion);
	struct file *file = iocb->ki_filp;
	struct session *s = file->private_data;
	ssize_t n;

	if (iov_iter_count(to) < size)
		return -EINVAL;
	n = session_read(s, &s->all, to, file->f_flags & O_NONBLOCK ||
			 iocb->ki_flags & IOCB_NOWAIT);
	return n > 0 ? n * size : n;
}

static __poll_t ktask_poll(struct file *file, poll_table *wait)
{
	struct session *s = file->private_data;

	poll_wait(file, &s->pollers, wait);
	return session_poll(s, &s->all);
}

/* A descriptor of the file has been closed, in the table @id. */
static int ktask_flush(struct file *file, fl_owner_t id)
{
	session_flush(file->private_data, file, id);
	return 0;
}

static void ktask_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct session *s = file->private_data;

	seq_printf(m, "ktask-file:\t%llu\nktask-tasks:\t%u\nktask-running:\t%u\nktask-ended:\t%u\n",
		   s->nr, READ_ONCE(s->all.nr_jobs),
		   READ_ONCE(s->all.nr_active), READ_ONCE(s->all.nr_done));
}

const struct file_operations ktask_fops = {
	.owner = THIS_MODULE,
	.open = ktask_open,
	.release = ktask_release,
	.read_iter = ktask_read_iter,
	.poll = ktask_poll,
	.flush = ktask_flush,
	.unlocked_ioctl = ktask_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = ktask_show_fdinfo,
	.uring_cmd = ktask_uring_cmd,
};

static struct miscdevice ktask_miscdev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ktask",
	.fops = &ktask_fops,
	.mode = 0660,
};

int __init ktask_chardev_init(void)
{
	return misc_register(&ktask_miscdev);
}

void ktask_chardev_exit(void)
{
	misc_deregister(&ktask_miscdev);
}
