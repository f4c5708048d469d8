// SPDX-License-Identifier: GPL-2.0
/*
 * Listings: what tasks there are, and what they do.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../engine/engine.h"
#include "device.h"
#include "registry.h"

/* Tasks that are described in one go, under the lock; and that are looked at. */
#define LIST_BATCH	16
#define LIST_LOOKS	256

static u32 job_state(const struct job *job)
{
	int state;

	if (job->ended)
		return KTASK_STATE_ENDED;
	switch (job->stage) {
	case JOB_HELD:
		return KTASK_STATE_HELD;
	case JOB_DELAYED:
		return KTASK_STATE_DELAYED;
	case JOB_LIMITED:
		return KTASK_STATE_LIMITED;
	}
	state = atomic_read(&job->task.state);
	if (state & (KT_RUNNING | KT_COMPLETE))
		return KTASK_STATE_RUNNING;
	/* One that is being started is as good as queued. */
	if (state & (KT_NEW | KT_READY))
		return KTASK_STATE_QUEUED;
	return KTASK_STATE_WAITING;
}

static void job_describe(struct session *s, struct job *job,
			 struct ktask_task *to)
{
	struct ktask_completion c;

	session_assert_locked(s);
	*to = (struct ktask_task){
		.file = s->nr,
		.id = job->id,
		.user_data = job->user_data,
		.spawned_ns = job->spawned_ns,
		.run_ns = job_run_ns(job),
		.state = job_state(job),
		.op = job->op_nr,
		.group = job->group ? job->group->id : 0,
		.priority = job->priority,
		.uid = account_uid(job->account),
		.pid = pid_vnr(s->opener),
		.waits_for = plan_waits(job),
	};
	if (job->ended) {
		job_completion(job, &c);
		to->result = c.result;
		to->outcome = c.outcome;
		to->cause = c.cause;
		to->out_len = c.out_len;
	}
	strscpy(to->name, job->name, sizeof(to->name));
	op_name(job->op_nr, to->op_name);
}

/* As copy_struct_from_user(), the other way. */
static int copy_task_to_user(void __user *to, u32 size,
			     const struct ktask_task *task)
{
	size_t known = min_t(size_t, size, sizeof(*task));

	if (copy_to_user(to, task, known) ||
	    clear_user(to + known, size - known))
		return -EFAULT;
	return 0;
}

static int task_size_check(u32 size)
{
	if (size < offsetofend(struct ktask_task, op_name))
		return -EINVAL;
	return size > PAGE_SIZE ? -E2BIG : 0;
}

/* KTASK_STATUS */
int session_status(struct session *s, const struct ktask_status *arg)
{
	struct ktask_task task;
	struct job *job;
	int err;

	if (arg->flags)
		return -EOPNOTSUPP;
	if (arg->reserved)
		return -EINVAL;
	err = task_size_check(arg->task_size);
	if (err)
		return err;

	session_lock(s);
	job = session_lookup(s, arg->id);
	if (job)
		job_describe(s, job, &task);
	session_unlock(s);
	if (!job)
		return -ENOENT;
	ktask_put(&job->task);
	return copy_task_to_user(u64_to_user_ptr(arg->task), arg->task_size,
				 &task);
}

/* Whether the caller may know of others' tasks. */
static bool may_see(const struct job *job, bool everything)
{
	return everything || account_is(job->account, current_uid());
}

/**
 * struct lister - a list being made
 * @s: the session that is looked at
 * @at: id of the job that was looked at last
 * @over: there are no more
 * @all: it is for KTASK_LIST_ALL
 * @everything: for who may see everybody's
 * @batch: described, to be copied out
 */
struct lister {
	struct session *s;
	unsigned long at;
	bool over;
	bool all;
	bool everything;
	struct ktask_task batch[LIST_BATCH];
};

/* Describe up to @max jobs into the batch. Return: how many. */
static unsigned int lister_fill(struct lister *l, unsigned int max)
{
	unsigned int n = 0, looks = 0;
	struct job *job;

	session_lock(l->s);
	while (n < min(max, LIST_BATCH) && looks++ < LIST_LOOKS) {
		job = xa_find_after(&l->s->jobs, &l->at, ULONG_MAX,
				    XA_PRESENT);
		if (!job) {
			l->over = true;
			break;
		}
		if (!READ_ONCE(job->visible) || job->kept ||
		    (l->all && !may_see(job, l->everything)))
			continue;
		job_describe(l->s, job, &l->batch[n]);
		if (l->all)
			l->batch[n].user_data = 0;
		n++;
	}
	session_unlock(l->s);
	return n;
}

/* Copy out tasks of l->s after l->at. Return: 0 or -EFAULT. */
static int list_session(struct lister *l, struct ktask_list *arg, u32 *done)
{
	unsigned int n, i;

	l->over = false;
	while (!l->over && *done < arg->nr && !fatal_signal_pending(current)) {
		n = lister_fill(l, arg->nr - *done);
		for (i = 0; i < n; i++, ++*done) {
			void __user *to = u64_to_user_ptr(arg->tasks) +
					  (size_t)*done * arg->task_size;

			if (copy_task_to_user(to, arg->task_size,
					      &l->batch[i]))
				return -EFAULT;
			arg->file = l->s->nr;
			arg->id = l->batch[i].id;
		}
		cond_resched();
	}
	return 0;
}

static int list_all(struct lister *l, struct ktask_list *arg, u32 *done)
{
	u64 file = arg->file;
	int err = 0;

	/* First the rest of the file where the last call has stopped. */
	l->s = session_next(file ? file - 1 : 0);
	while (l->s) {
		if (l->s->nr != file)
			l->at = 0;
		file = l->s->nr;
		err = list_session(l, arg, done);
		session_put(l->s);
		if (err || *done == arg->nr || fatal_signal_pending(current))
			break;
		l->s = session_next(file);
	}
	return err;
}

/* KTASK_LIST */
int session_list(struct session *s, struct ktask_list *arg)
{
	struct lister *l;
	u32 done = 0;
	int err;

	if (arg->flags & ~KTASK_LIST_ALL)
		return -EOPNOTSUPP;
	err = task_size_check(arg->task_size);
	if (err)
		return err;
	if (!arg->nr)
		return -EINVAL;
	l = kzalloc(sizeof(*l), GFP_KERNEL_ACCOUNT);
	if (!l)
		return -ENOMEM;
	l->s = s;
	l->at = min_t(u64, arg->id, ULONG_MAX);
	l->all = arg->flags & KTASK_LIST_ALL;
	l->everything = l->all && capable(CAP_SYS_ADMIN);
	err = l->all ? list_all(l, arg, &done) : list_session(l, arg, &done);
	arg->nr = done;
	kfree(l);
	return err;
}
