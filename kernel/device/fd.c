// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors that stand for one task, or for a group: see KTASK_FD.
 *
 * That of a task keeps the job's memory, as any reference does, and that of a
 * group the session's, which is closed some day all the same.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "device.h"

static bool is_nonblock(const struct kiocb *iocb)
{
	return iocb->ki_filp->f_flags & O_NONBLOCK ||
	       iocb->ki_flags & IOCB_NOWAIT;
}

/* --- Of a task -------------------------------------------------------------- */

/**
 * struct task_fd - a descriptor of a task
 * @job: the task
 * @waiter: added to its future
 * @wait: threads in read() and poll()
 * @ended: it has ended; under the lock of @wait
 */
struct task_fd {
	struct job *job;
	struct ktask_waiter waiter;
	wait_queue_head_t wait;
	bool ended;
};

/* The last touch is the unlock, for which task_fd_release() waits. */
static void task_fd_notify(struct ktask_waiter *waiter, long value)
{
	struct task_fd *f = container_of(waiter, struct task_fd, waiter);
	unsigned long flags;

	spin_lock_irqsave(&f->wait.lock, flags);
	f->ended = true;
	wake_up_locked_poll(&f->wait, EPOLLIN | EPOLLRDNORM);
	spin_unlock_irqrestore(&f->wait.lock, flags);
}

static bool task_fd_ended(struct task_fd *f)
{
	bool ended;

	spin_lock_irq(&f->wait.lock);
	ended = f->ended;
	spin_unlock_irq(&f->wait.lock);
	return ended;
}

static ssize_t task_fd_read(struct kiocb *iocb, struct iov_iter *to)
{
	struct task_fd *f = iocb->ki_filp->private_data;
	struct ktask_completion c;

	if (iov_iter_count(to) < sizeof(c))
		return -EINVAL;
	if (!task_fd_ended(f)) {
		if (is_nonblock(iocb))
			return -EAGAIN;
		if (wait_event_interruptible(f->wait, task_fd_ended(f)))
			return -ERESTARTSYS;
	}
	job_completion(f->job, &c);
	return copy_to_iter(&c, sizeof(c), to) == sizeof(c) ? sizeof(c)
							    : -EFAULT;
}

static __poll_t task_fd_poll(struct file *file, poll_table *wait)
{
	struct task_fd *f = file->private_data;

	poll_wait(file, &f->wait, wait);
	return task_fd_ended(f) ? EPOLLIN | EPOLLRDNORM : 0;
}

static void task_fd_free(struct task_fd *f)
{
	if (!ktask_future_remove(ktask_future(&f->job->task), &f->waiter))
		wait_event(f->wait, task_fd_ended(f));
	job_leave(f->job);
	kfree(f);
}

static int task_fd_release(struct inode *inode, struct file *file)
{
	task_fd_free(file->private_data);
	return 0;
}

static const struct file_operations task_fops = {
	.owner = THIS_MODULE,
	.release = task_fd_release,
	.read_iter = task_fd_read,
	.poll = task_fd_poll,
};

static struct task_fd *task_fd_new(struct session *s, u64 id)
{
	struct task_fd *f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	struct job *job;

	if (!f)
		return ERR_PTR(-ENOMEM);
	session_lock(s);
	job = session_lookup(s, id);
	if (job)
		job_output_get(job);
	session_unlock(s);
	if (!job) {
		kfree(f);
		return ERR_PTR(-ENOENT);
	}
	f->job = job;
	init_waitqueue_head(&f->wait);
	if (!ktask_future_add(ktask_future(&job->task), &f->waiter,
			      task_fd_notify))
		f->ended = true;
	return f;
}

/* --- Of a group ------------------------------------------------------------- */

struct group_fd {
	struct session *s;
	struct group *g;
};

static ssize_t group_fd_read(struct kiocb *iocb, struct iov_iter *to)
{
	const size_t size = sizeof(struct ktask_completion);
	struct group_fd *f = iocb->ki_filp->private_data;
	ssize_t n;

	if (iov_iter_count(to) < size)
		return -EINVAL;
	n = session_read(f->s, f->g, to, is_nonblock(iocb));
	return n > 0 ? n * size : n;
}

static __poll_t group_fd_poll(struct file *file, poll_table *wait)
{
	struct group_fd *f = file->private_data;

	poll_wait(file, &f->s->pollers, wait);
	return session_poll(f->s, f->g);
}

static void group_fd_free(struct group_fd *f)
{
	group_put(f->g);
	session_put(f->s);
	kfree(f);
}

static int group_fd_release(struct inode *inode, struct file *file)
{
	group_fd_free(file->private_data);
	return 0;
}

static const struct file_operations group_fops = {
	.owner = THIS_MODULE,
	.release = group_fd_release,
	.read_iter = group_fd_read,
	.poll = group_fd_poll,
};

static struct group_fd *group_fd_new(struct session *s, u32 group)
{
	struct group_fd *f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);

	if (!f)
		return ERR_PTR(-ENOMEM);
	f->g = group_get(s, group);
	if (!f->g) {
		kfree(f);
		return ERR_PTR(-ENOENT);
	}
	kref_get(&s->ref);
	f->s = s;
	return f;
}

/* --- Made ------------------------------------------------------------------- */

static struct file *stream_file(const char *name,
				const struct file_operations *fops, void *priv)
{
	struct file *file = anon_inode_getfile(name, fops, priv, O_RDONLY);

	if (!IS_ERR(file))
		stream_open(file_inode(file), file);
	return file;
}

static struct file *task_file(struct session *s, u64 id)
{
	struct task_fd *f = task_fd_new(s, id);
	struct file *file;

	if (IS_ERR(f))
		return ERR_CAST(f);
	file = stream_file("[ktask-task]", &task_fops, f);
	if (IS_ERR(file))
		task_fd_free(f);
	return file;
}

static struct file *group_file(struct session *s, u32 group)
{
	struct group_fd *f = group_fd_new(s, group);
	struct file *file;

	if (IS_ERR(f))
		return ERR_CAST(f);
	file = stream_file("[ktask-group]", &group_fops, f);
	if (IS_ERR(file))
		group_fd_free(f);
	return file;
}

/* KTASK_FD. @to: where to tell the descriptor, before there is one. */
int session_fd(struct session *s, const struct ktask_fd *arg, s32 __user *to)
{
	struct file *file;
	int fd;

	if (arg->flags)
		return -EOPNOTSUPP;
	if (!arg->id == !arg->group)
		return -EINVAL;
	/* Find out that it cannot be told while nothing has been done. */
	if (put_user(-1, to))
		return -EFAULT;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = arg->id ? task_file(s, arg->id) : group_file(s, arg->group);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	if (put_user(fd, to)) {
		put_unused_fd(fd);
		fput(file);
		return -EFAULT;
	}
	fd_install(fd, file);
	return 0;
}
