// SPDX-License-Identifier: GPL-2.0
/*
 * io_uring commands: an SQE that spawns a task, and a CQE that tells its result.
 *
 * The job of a command is in the session, where it can be listed and aborted, but
 * nobody can join it. It has a pointer to its command; who takes that away, under
 * job->cancel_lock, is the one to complete the command:
 *
 *	the end of the job	completes it with the result, in the context of the
 *				task that submitted it, as only that may touch its
 *				memory
 *	io_uring, cancelling	aborts the job, and completes the command at once;
 *				the job then ends on its own, unnoticed
 *
 * io_uring cancels when a ring is closed and when a program is replaced by another.
 * IORING_OP_ASYNC_CANCEL knows nothing of drivers' commands; it reaches only what
 * runs in a thread of io_uring's. So that it can be used too, a command with
 * IOSQE_ASYNC waits there, as other requests with that flag do.
 *
 * A spawn may sleep, and does so within the submission, with the ring locked, rather
 * than in such a thread: a program may reuse the memory that a descriptor names when
 * its submission has returned, and we could keep a copy until then only with a way
 * to learn that a command will not be issued again.
 */
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "device.h"

/**
 * struct uring_data - what a command knows, for as long as it is not done
 * @job: its job. That has not been freed if it has the command still, or if its
 *	end has taken the command away
 * @completion: where the program wants the completion; or NULL
 * @ended: to be told instead of completing the command; or NULL
 */
struct uring_data {
	struct job *job;
	struct ktask_completion __user *completion;
	struct completion *ended;
};

static struct uring_data *uring_data(struct io_uring_cmd *cmd)
{
	static_assert(sizeof(struct uring_data) <=
		      sizeof_field(struct io_uring_cmd, pdu));
	return (struct uring_data *)cmd->pdu;
}

/* Return: the command of @job, for the caller to complete; NULL: others do. */
static struct io_uring_cmd *uring_claim(struct job *job)
{
	struct io_uring_cmd *cmd;
	unsigned long flags;

	spin_lock_irqsave(&job->cancel_lock, flags);
	cmd = job->uring;
	WRITE_ONCE(job->uring, NULL);
	spin_unlock_irqrestore(&job->cancel_lock, flags);
	return cmd;
}

/* --- The end --------------------------------------------------------------- */

/* The task of @cmd has ended, and nobody else knows either any more. */
static void uring_complete(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct uring_data *data = uring_data(cmd);
	struct job *job = data->job;
	struct ktask_completion c;
	s32 res;

	job_completion(job, &c);
	res = clamp_t(s64, c.result, S32_MIN, S32_MAX);
	/* If the task that submitted it is gone, a kernel thread stands in. */
	if (data->completion &&
	    (!current->mm || copy_to_user(data->completion, &c, sizeof(c))))
		res = -EFAULT;
	ktask_uring_done(cmd, res, c.result, issue_flags);
	/* Until now io_uring could ask us to cancel it. */
	job_leave(job);
}

KTASK_URING_TASK_WORK(uring_complete_work, uring_complete)

/* A job that was spawned by a command has ended. The reference to it is ours. */
void uring_job_ended(struct job *job)
{
	struct io_uring_cmd *cmd = uring_claim(job);
	struct uring_data *data;

	if (!cmd) {
		ktask_put(&job->task);
		return;
	}
	data = uring_data(cmd);
	if (data->ended)
		complete(data->ended);
	else
		ktask_uring_in_task(cmd, uring_complete_work);
}

/* Have @job end unnoticed. Return: its command, for the caller to complete. */
static struct io_uring_cmd *uring_disown(struct job *job)
{
	struct io_uring_cmd *cmd;

	/* Without the command it may end, and be gone, at any time. */
	ktask_get(&job->task);
	cmd = uring_claim(job);
	if (cmd)
		job_abort(job, KTASK_CAUSE_ABORT);
	ktask_put(&job->task);
	return cmd;
}

static void uring_complete_cancelled(struct io_uring_cmd *cmd,
				     unsigned int issue_flags)
{
	ktask_uring_done(cmd, -ECANCELED, -ECANCELED, issue_flags);
}

/* io_uring wants to be rid of @cmd. It keeps the command from being done. */
static void uring_cancel(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	/*
	 * Some rings have CQEs posted by one thread only, and we may be in
	 * another: have io_uring not do so as soon as it has asked all drivers.
	 */
	issue_flags &= ~IO_URING_F_COMPLETE_DEFER;
	if (uring_disown(uring_data(cmd)->job))
		uring_complete_cancelled(cmd, issue_flags);
}

/* --- Kernels that do not cancel ----------------------------------------------- */

#ifdef KTASK_URING_WATCH

KTASK_URING_TASK_WORK(uring_cancelled_work, uring_complete_cancelled)

/* How long io_uring may have to wait until we notice. */
#define WATCH_INTERVAL	(HZ / 10)

/* Jobs that are looked at between two looks at the lock. */
#define WATCH_BATCH	64

/* Return: the command of @job, for the caller to complete, if that is wanted. */
static struct io_uring_cmd *uring_claim_unwanted(struct job *job)
{
	struct io_uring_cmd *cmd;
	unsigned long flags;

	spin_lock_irqsave(&job->cancel_lock, flags);
	/* Pairs with the release in uring_spawn(). */
	cmd = smp_load_acquire(&job->uring);
	/* Where a thread waits, io_uring knows how to have it end. */
	if (cmd && !uring_data(cmd)->ended && ktask_uring_is_unwanted(cmd))
		WRITE_ONCE(job->uring, NULL);
	else
		cmd = NULL;
	spin_unlock_irqrestore(&job->cancel_lock, flags);
	return cmd;
}

/* Look for commands that are to be cancelled, as long as there are any at all. */
static void uring_watch(struct work_struct *work)
{
	struct session *s = container_of(to_delayed_work(work), struct session,
					 uring_watch);
	unsigned int looked = 0;
	unsigned long id = 0;
	struct io_uring_cmd *cmd;
	bool any = false;
	struct job *job;

	session_lock(s);
	while ((job = xa_find_after(&s->jobs, &id, ULONG_MAX, XA_PRESENT))) {
		cmd = NULL;
		if (READ_ONCE(job->uring)) {
			any = true;
			if (READ_ONCE(job->visible))
				cmd = uring_claim_unwanted(job);
		}
		if (!cmd && ++looked % WATCH_BATCH)
			continue;
		if (cmd)
			ktask_get(&job->task);
		session_unlock(s);
		if (cmd) {
			job_abort(job, KTASK_CAUSE_ABORT);
			ktask_put(&job->task);
			ktask_uring_in_task(cmd, uring_cancelled_work);
		}
		cond_resched();
		session_lock(s);
	}
	session_unlock(s);
	if (any)
		uring_watch_start(s);
}

void uring_watch_init(struct session *s)
{
	INIT_DELAYED_WORK(&s->uring_watch, uring_watch);
}

/* There is a command, from now on. */
void uring_watch_start(struct session *s)
{
	queue_delayed_work(system_dfl_wq, &s->uring_watch, WATCH_INTERVAL);
}

/* There is no command left. */
void uring_watch_stop(struct session *s)
{
	cancel_delayed_work_sync(&s->uring_watch);
}

#endif /* KTASK_URING_WATCH */

/* --- Commands that wait ------------------------------------------------------ */

/*
 * Whether the program is being killed. Of that io_uring's thread may have taken note,
 * and of the signal that went with it, before it came to its last command; then no
 * other signal will end a wait.
 */
static bool uring_is_dying(void)
{
	return READ_ONCE(current->signal->flags) & SIGNAL_GROUP_EXIT;
}

/* Wait for the end of the task, or until @cmd is cancelled. */
static void uring_wait(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct uring_data *data = uring_data(cmd);
	bool dying = uring_is_dying();
	int err;

	err = dying ? -EINTR :
		      wait_for_completion_state(data->ended,
						TASK_INTERRUPTIBLE |
						TASK_FREEZABLE);
	if (err) {
		/* The CQE tells that it has ended; but do not hold up an exit. */
		job_abort(data->job, KTASK_CAUSE_ABORT);
		err = dying ? -EINTR :
			      wait_for_completion_killable(data->ended);
	}
	if (err && uring_disown(data->job)) {
		uring_complete_cancelled(cmd, issue_flags);
		return;
	}
	if (err)
		wait_for_completion(data->ended);
	uring_complete(cmd, issue_flags);
}

/* --- The beginning ----------------------------------------------------------- */

/* Read once: the program may write to it meanwhile. */
static void uring_read_sqe(struct io_uring_cmd *cmd,
			   struct ktask_uring_spawn *spawn)
{
	const struct ktask_uring_spawn *from = ktask_uring_area(cmd);

	spawn->desc = READ_ONCE(from->desc);
	spawn->completion = READ_ONCE(from->completion);
}

static int uring_copy_desc(struct io_uring_cmd *cmd, u64 from,
			   struct ktask_desc *desc)
{
	u32 op = cmd->cmd_op;
	u32 size = _IOC_SIZE(op);
	int err;

	if (_IOC_TYPE(op) != KTASK_IOC_TYPE || _IOC_NR(op) != KTASK_CMD_SPAWN ||
	    _IOC_DIR(op) != _IOC_WRITE)
		return -ENOTTY;
	if (size < offsetofend(struct ktask_desc, id))
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(desc, sizeof(*desc), u64_to_user_ptr(from),
				    size);
	/* It is the CQE that tells of the end, and that comes in any case. */
	if (!err && desc->flags & KTASK_DESC_DETACHED)
		err = -EINVAL;
	return err;
}

static struct job *uring_make_job(struct session *s,
				  const struct ktask_desc *desc)
{
	const struct ktask_op *op;
	struct maker m;
	struct job *job;

	maker_init(&m, s);
	m.desc = *desc;
	op = maker_read(&m);
	job = IS_ERR(op) ? ERR_CAST(op) : maker_make(&m, op, 1);
	maker_end(&m);
	return job;
}

/* Return: a job in session @s that is not visible yet. */
static struct job *uring_add_job(struct session *s, struct ktask_desc *desc,
				 struct ktask_completion __user *completion)
{
	struct job *job;
	int err;

	/* Nobody can join it. */
	desc->flags |= KTASK_DESC_DETACHED;
	job = uring_make_job(s, desc);
	if (IS_ERR(job))
		return job;
	err = session_add(s, job, desc->group, NULL, 0);
	/* There is no waiting for room: that would hold up other commands. */
	if (err == -EBUSY)
		err = -EAGAIN;
	if (err)
		goto err_drop;
	/* While it can still be undone. */
	if (completion && put_user(job->id, &completion->id)) {
		session_remove(s, job);
		err = -EFAULT;
		goto err_drop;
	}
	return job;

err_drop:
	job_drop(job);
	return ERR_PTR(err);
}

static int uring_spawn(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	DECLARE_COMPLETION_ONSTACK(ended);
	struct uring_data *data = uring_data(cmd);
	struct file *file = cmd->file;
	struct session *s = file->private_data;
	struct ktask_uring_spawn spawn;
	struct ktask_desc desc;
	struct job *job;
	bool bound, wait;
	int err;

	/* No use of registered buffers. */
	if (cmd->flags)
		return -EOPNOTSUPP;
	uring_read_sqe(cmd, &spawn);
	err = uring_copy_desc(cmd, spawn.desc, &desc);
	if (err)
		return err;

	data->completion = u64_to_user_ptr(spawn.completion);
	job = uring_add_job(s, &desc, data->completion);
	if (IS_ERR(job)) {
		err = PTR_ERR(job);
		if (err != -EAGAIN)
			return err;
		/* That would be taken for a wish to try again in a thread. */
		ktask_uring_done(cmd, err, err, issue_flags);
		return -EIOCBQUEUED;
	}

	/* In a thread of io_uring's, for IOSQE_ASYNC or behind such a one. */
	wait = !(issue_flags & IO_URING_F_NONBLOCK);
	data->job = job;
	data->ended = wait ? &ended : NULL;
	job->keeps_output = spawn.completion;
	/* Pairs with the acquire in uring_claim_unwanted(). */
	smp_store_release(&job->uring, cmd);
	if (!wait) {
		/* Before it can be done. */
		ktask_uring_cancelable(cmd, issue_flags);
		uring_watch_start(s);
	}
	bound = job->files;
	session_commit(s, job, false);
	if (bound)
		session_check_bound(s, file);
	if (wait)
		uring_wait(cmd, issue_flags);
	return -EIOCBQUEUED;
}

int ktask_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	if (ktask_uring_is_cancel(issue_flags)) {
		uring_cancel(cmd, issue_flags);
		return 0;
	}
	return uring_spawn(cmd, issue_flags);
}
