/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels ktask runs on; the only place that asks for
 * a kernel version.
 */
#ifndef _KTASK_COMPAT_H
#define _KTASK_COMPAT_H

#include <linux/version.h>

/* A symbol namespace is a bare word before 6.13, and a string from then on. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define KTASK_NS "KTASK"
#else
#define KTASK_NS KTASK
#endif

/* hrtimer_setup() takes the callback since 6.13; before, one assigns it. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#include <linux/hrtimer.h>

static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*fn)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
}
#endif

/* timer_delete_sync() is what del_timer_sync() is called since 6.2. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#include <linux/timer.h>

#define timer_delete_sync(timer)	del_timer_sync(timer)
#endif

/*
 * kthread_create_worker() also starts the worker before 6.14; from then on it is
 * kthread_run_worker() that does.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
#include <linux/kthread.h>

#define kthread_run_worker(flags, ...)					\
	kthread_create_worker(flags, __VA_ARGS__)
#define kthread_run_worker_on_cpu(cpu, flags, fmt)			\
	kthread_create_worker_on_cpu(cpu, flags, fmt, cpu)
#endif

/* Which workqueues have workers of each CPU is said since 6.18; before, which not. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
#include <linux/workqueue.h>

#define WQ_PERCPU	0
#define system_dfl_wq	system_unbound_wq
#endif

/* eventfd_signal() adds one since 6.8; before, one says how many. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#include <linux/eventfd.h>

#define eventfd_signal(ctx)	((void)eventfd_signal(ctx, 1))
#endif

/* Whether @file may be read is for who calls splice_direct_to_actor() since 6.8. */
#include <linux/fs.h>

static inline int ktask_splice_verify(struct file *file, const loff_t *pos,
				      size_t len)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	return rw_verify_area(READ, file, pos, len);
#else
	return 0;
#endif
}

/* Shrinkers are allocated since 6.7; before, their storage is the caller's. */
#include <linux/shrinker.h>
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#include <linux/slab.h>

#define shrinker_free(s)						\
do {									\
	unregister_shrinker(s);						\
	kfree(s);							\
} while (0)
#endif

typedef unsigned long (*ktask_shrink_t)(struct shrinker *s,
					struct shrink_control *sc);

/* Return: NULL if there is no memory; else to be given to shrinker_free(). */
static inline struct shrinker *
ktask_shrinker_register(const char *name, ktask_shrink_t count, ktask_shrink_t scan)
{
	struct shrinker *s;

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	s = kzalloc(sizeof(*s), GFP_KERNEL);
#else
	s = shrinker_alloc(0, "%s", name);
#endif
	if (!s)
		return NULL;
	s->count_objects = count;
	s->scan_objects = scan;
	s->seeks = DEFAULT_SEEKS;
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	if (register_shrinker(s, "%s", name)) {
		kfree(s);
		return NULL;
	}
#else
	shrinker_register(s);
#endif
	return s;
}

/*
 * io_uring commands. They can be cancelled since 6.7; before, nothing tells a
 * driver that a ring goes away, or that its program wants to become another:
 * see kernel/device/uring.c.
 */
#ifdef CONFIG_IO_URING
#include <linux/io_uring_types.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#include <linux/io_uring/cmd.h>
#else
#include <linux/io_uring.h>
#endif

/* What the SQE holds for the driver. */
static inline const void *ktask_uring_area(const struct io_uring_cmd *cmd)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
	return cmd->sqe->cmd;
#else
	return cmd->cmd;
#endif
}

/*
 * Define @name, for ktask_uring_in_task(), as what calls @fn with a command and the
 * issue_flags that hold there. Since 6.19 what is called gets a token in their place.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
#define KTASK_URING_TASK_WORK(name, fn)					\
static void name(struct io_tw_req req, io_tw_token_t token)		\
{									\
	fn(io_uring_cmd_from_tw(req), IO_URING_CMD_TASK_WORK_ISSUE_FLAGS); \
}
#else
#define KTASK_URING_TASK_WORK(name, fn)					\
static void name(struct io_uring_cmd *cmd, unsigned int issue_flags)	\
{									\
	fn(cmd, issue_flags);						\
}
#endif

/* Call @work in the task that submitted @cmd, when that next looks for CQEs. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#define ktask_uring_in_task(cmd, work)	io_uring_cmd_do_in_task_lazy(cmd, work)
#else
#define ktask_uring_in_task(cmd, work)	io_uring_cmd_complete_in_task(cmd, work)
#endif

/*
 * Complete @cmd. @extra is for 32-byte CQEs; rings without ignore it. Since 6.18
 * there is a function of its own for it.
 */
static inline void ktask_uring_done(struct io_uring_cmd *cmd, s32 res, u64 extra,
				    unsigned int issue_flags)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
	io_uring_cmd_done32(cmd, res, extra, issue_flags);
#else
	io_uring_cmd_done(cmd, res, extra, issue_flags);
#endif
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
static inline bool ktask_uring_is_cancel(unsigned int issue_flags)
{
	return issue_flags & IO_URING_F_CANCEL;
}

static inline void ktask_uring_cancelable(struct io_uring_cmd *cmd,
					  unsigned int issue_flags)
{
	io_uring_cmd_mark_cancelable(cmd, issue_flags);
}
#else
#define KTASK_URING_WATCH

#include <linux/percpu-refcount.h>
#include <linux/sched.h>

static inline bool ktask_uring_is_cancel(unsigned int issue_flags)
{
	return false;
}

static inline void ktask_uring_cancelable(struct io_uring_cmd *cmd,
					  unsigned int issue_flags)
{
}

/* Whether io_uring waits for @cmd, which is not done, in order to be rid of it. */
static inline bool ktask_uring_is_unwanted(struct io_uring_cmd *cmd)
{
	const struct io_kiocb *req = cmd_to_io_kiocb(cmd);
	const struct task_struct *task = req->task;
	bool waits;

	if (percpu_ref_is_dying(&req->ctx->refs))
		return true;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	waits = atomic_read(&task->io_uring->in_cancel);
#else
	waits = atomic_read(&task->io_uring->in_idle);
#endif
	/* A thread that exits does not wait; one that polls the SQ does. */
	return waits && (task->in_execve || task->flags & PF_IO_WORKER);
}
#endif
#endif /* CONFIG_IO_URING */

#endif /* _KTASK_COMPAT_H */
