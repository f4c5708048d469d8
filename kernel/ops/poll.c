// SPDX-License-Identifier: GPL-2.0
/*
 * Op "poll": wait until a descriptor is ready.
 *
 * An async task, so that it holds no thread: it puts itself on the file's wait
 * queues, then looks, and suspends until one of them is woken. As the look may
 * find nothing, or what was there is gone again, that goes on until it finds
 * something.
 *
 * Some files are not to be looked at by whoever runs tasks:
 *
 * - A FUSE server is asked, and may take its time, or not answer at all. An
 *   executor would wait, with the tasks of others behind.
 * - A signalfd tells of signals of the thread that looks.
 * - An epoll looks at the files in it, which may be such ones. But it is woken
 *   only when one of them becomes ready. So the program's own thread looks at it,
 *   when it spawns, and after that a wake-up is taken for what it says.
 */
#include <linux/fs.h>
#include <linux/ktask_wakeup.h>
#include <linux/magic.h>
#include <linux/poll.h>

#include "file.h"
#include "ops.h"

/* Wait queues that a file may have. Most have one; pipes and terminals two. */
#define POLL_QUEUES	4

/**
 * struct poll_frame - a wait
 * @file: the file; or NULL if it cannot be polled
 * @events: what it waits for
 * @found: what has happened of that
 * @is_epoll: @file is an epoll
 * @nr_queues: wait queues that the file has; may be more than there is room for
 * @table: has the file's poll function call poll_enqueue()
 * @wakeups: where we are on its queues
 * @arms: a wake-up each, and @never
 * @select: waits for the first of these
 * @never: for a file that has no queue, and will never be ready
 */
struct poll_frame {
	struct file *file;
	__poll_t events;
	__poll_t found;
	bool is_epoll;
	unsigned int nr_queues;
	poll_table table;
	struct ktask_wakeup wakeups[POLL_QUEUES];
	struct ktask_arm arms[POLL_QUEUES + 1];
	struct ktask_select select;
	struct ktask_future never;
};

/* The file has a wait queue. Called by its poll function. */
static void poll_enqueue(struct file *file, wait_queue_head_t *wqh,
			 poll_table *table)
{
	struct poll_frame *f = container_of(table, struct poll_frame, table);
	unsigned int i = f->nr_queues++;

	if (i >= POLL_QUEUES)
		return;
	/* Not of the task, as the program's thread may be the one that looks. */
	ktask_wakeup_start(&f->wakeups[i], NULL, wqh, f->events);
	f->arms[i] = ktask_arm_request(&f->wakeups[i].request);
}

/* What happens after a look that finds nothing wakes the task. */
static void poll_look(struct poll_frame *f)
{
	unsigned int i;

	for (i = 0; i < POLL_QUEUES; i++)
		f->arms[i] = ktask_arm_none();
	f->nr_queues = 0;
	init_poll_funcptr(&f->table, poll_enqueue);
	f->table._key = f->events;
	f->found = vfs_poll(f->file, &f->table) & f->events;
}

/* Leave the file's queues. */
static void poll_leave(struct poll_frame *f)
{
	unsigned int i;

	for (i = 0; i < POLL_QUEUES; i++)
		ktask_request_drop(&f->wakeups[i].request);
}

/* Find out what a wake-up was for. */
static void poll_look_again(struct poll_frame *f)
{
	poll_leave(f);
	if (f->is_epoll)
		f->found = f->events & (EPOLLIN | EPOLLRDNORM);
	else
		poll_look(f);
}

/* Whether @file is not to be looked at by who runs tasks. */
static bool poll_is_refused(const struct file *file)
{
	return file_inode(file)->i_sb->s_magic == FUSE_SUPER_MAGIC ||
	       file_is_anon(file, "[signalfd]");
}

static int poll_prepare(struct ktask *t, const void *args)
{
	const struct ktask_args_poll *a = args;
	struct poll_frame *f = ktask_frame(t);
	__poll_t events = demangle_poll(a->events);

	/* Of a descriptor that there is, POLLNVAL says nothing. */
	if (a->events != mangle_poll(events) || events & EPOLLNVAL)
		return -EINVAL;
	f->events = events | EPOLLERR | EPOLLHUP;
	ktask_future_init(&f->never);
	f->arms[POLL_QUEUES] = ktask_arm_future(&f->never);

	f->file = ktask_op_fget(t, a->fd);
	if (IS_ERR(f->file))
		return PTR_ERR(f->file);
	/* All is known, so there is nothing to be held. */
	if (!file_can_poll(f->file)) {
		f->found = DEFAULT_POLLMASK & f->events;
		ktask_op_fput(t, f->file);
		f->file = NULL;
		return 0;
	}
	if (poll_is_refused(f->file)) {
		ktask_op_fput(t, f->file);
		return -EOPNOTSUPP;
	}
	f->is_epoll = file_is_anon(f->file, "[eventpoll]");
	if (f->is_epoll)
		poll_look(f);
	return 0;
}

static ktask_poll_t poll_resume(struct ktask *t)
{
	struct poll_frame *f = ktask_frame(t);

	KTASK_BEGIN(t);
	if (f->file && !f->is_epoll)
		poll_look(f);
	while (!f->found) {
		if (f->nr_queues > POLL_QUEUES)
			KTASK_RETURN(t, -EOPNOTSUPP);
		KTASK_SELECT(t, &f->select, f->arms, 0);
		/* However often it is woken in vain, others get their turn. */
		KTASK_YIELD(t);
		poll_look_again(f);
	}
	KTASK_RETURN(t, mangle_poll(f->found));
	KTASK_END(t);
}

static void poll_release(struct ktask *t)
{
	struct poll_frame *f = ktask_frame(t);

	poll_leave(f);
	if (f->file)
		ktask_op_fput(t, f->file);
}

static const struct ktask_op_arg poll_args[] = {
	KTASK_OP_ARG(struct ktask_args_poll, fd, KTASK_ARG_FD,
		     KTASK_ARG_REQUIRED | KTASK_ARG_ANY_FD),
	KTASK_OP_ARG(struct ktask_args_poll, events, KTASK_ARG_U32,
		     KTASK_ARG_REQUIRED),
};

struct ktask_op poll_op = {
	.name = "poll",
	.summary = "wait until a descriptor is ready",
	.args = poll_args,
	.nr_args = ARRAY_SIZE(poll_args),
	.args_size = sizeof(struct ktask_args_poll),
	.args_min = offsetofend(struct ktask_args_poll, events),
	.frame_size = sizeof(struct poll_frame),
	.prepare = poll_prepare,
	.resume = poll_resume,
	.release = poll_release,
};
