/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How userspace reaches tasks. Private to kernel/device.
 */
#ifndef _KTASK_DEVICE_H
#define _KTASK_DEVICE_H

#include <linux/atomic.h>
#include <linux/ktask_op.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "../compat.h"

struct file;
struct iov_iter;

/**
 * struct session - an open file: a task set of a program
 * @jobs: tasks whose completion has not been taken, by id. Its lock, taken in
 *	process context only, guards the other members
 * @done: jobs whose completion waits to be read, first ended first
 * @nr_jobs: entries in @jobs
 * @nr_running: jobs whose end has not been noted yet
 * @last_id: id given last
 * @last_end: counts the ends of jobs
 * @wait: threads in read(), poll() and the last close()
 * @blocking_wq: where blocking jobs run, so that one file's, which may be stuck,
 *	do not keep another's waiting; made for the first
 */
struct session {
	struct xarray jobs;
	struct list_head done;
	unsigned int nr_jobs;
	unsigned int nr_running;
	u64 last_id;
	u64 last_end;
	wait_queue_head_t wait;
	struct workqueue_struct *blocking_wq;
};

/**
 * struct job - a task of a program
 * @session: its session; not to be used after job_ended() has counted it off
 * @op: what it does; its module is pinned until job_ended()
 * @id: its id
 * @user_data: the program's
 * @cred: credentials of the thread that spawned it, unless the op is pure
 * @memcg: memory cgroup of that thread, likewise; may be NULL
 * @node: in session->done; under the session's lock
 * @end_nr: the how many-th of the session it was to end; under its lock
 * @joiners: threads that wait for just this job; under the session's lock
 * @ended: its end has been noted; under the session's lock
 * @started: others may find it in the session
 * @taken: somebody takes its completion; under the session's lock
 * @body_over: op->cancel must not be called any more; under @cancel_lock
 * @cancel_lock: see @body_over
 * @ended_waiter: calls job_ended()
 * @end_defer: calls job_end()
 * @out_len: bytes in @out
 * @out: what the op left
 * @name: given by the program; or empty
 * @task: the task; its frame, which is the op's, follows
 */
struct job {
	struct session *session;
	const struct ktask_op *op;
	u64 id;
	u64 user_data;
	const struct cred *cred;
	struct mem_cgroup *memcg;
	struct list_head node;
	u64 end_nr;
	unsigned int joiners;
	bool started;
	bool ended;
	bool taken;
	bool body_over;
	spinlock_t cancel_lock; /* see above */
	struct ktask_waiter ended_waiter;
	struct ktask_defer end_defer;
	u32 out_len;
	u8 out[KTASK_OUT_MAX];
	char name[KTASK_NAME_MAX];
	struct ktask task;
};

/* Sessions, and the jobs in them, for KTASK_INFO. */
extern atomic_long_t session_count;
extern atomic_long_t job_count;

/* registry.c */
const struct ktask_op *op_get(u32 nr);
void op_put(const struct ktask_op *op);
int op_info(struct ktask_op_info *info);
unsigned int op_count(void);

/* job.c */
struct job *job_new(struct session *s, const struct ktask_op *op,
		    const struct ktask_desc *desc);
void job_start(struct job *job);
void job_drop(struct job *job);
bool job_abort(struct job *job);
void job_completion(struct job *job, struct ktask_completion *c);

/* session.c */
struct session *session_new(void);
void session_close(struct session *s);
struct workqueue_struct *session_blocking_wq(struct session *s);
int session_add(struct session *s, struct job *job);
void session_remove(struct session *s, struct job *job);
void session_job_ended(struct session *s, struct job *job);
int session_join(struct session *s, u64 id, ktime_t deadline,
		 struct iov_iter *to);
int session_join_next(struct session *s, ktime_t deadline, struct iov_iter *to);
int session_abort(struct session *s, u64 id);
void session_abort_all(struct session *s);
ssize_t session_read(struct session *s, struct iov_iter *to, bool nonblock);
__poll_t session_poll(struct session *s);

/* ioctl.c */
long ktask_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

/* chardev.c */
int ktask_chardev_init(void);
void ktask_chardev_exit(void);

#endif /* _KTASK_DEVICE_H */
