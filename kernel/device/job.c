// SPDX-License-Identifier: GPL-2.0
/*
 * Jobs: an op at work for a program.
 *
 * A job has the references of its task: the session's, put when its completion
 * has been taken, and the runtime's. It acts as whoever spawned it: with the
 * credentials and the memory cgroup that the thread had then.
 */
#include <linux/cred.h>
#include <linux/memcontrol.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "device.h"

static struct job *to_job(struct ktask *t)
{
	return container_of(t, struct job, task);
}

/* What a body runs as, and what the thread that runs it was before. */
struct job_guise {
	const struct cred *old_cred;
	struct mem_cgroup *old_memcg;
};

static void job_dress(struct job *job, struct job_guise *g)
{
	if (!job->cred)
		return;
	g->old_cred = override_creds(job->cred);
	g->old_memcg = set_active_memcg(job->memcg);
}

static void job_undress(struct job *job, struct job_guise *g)
{
	if (!job->cred)
		return;
	set_active_memcg(g->old_memcg);
	revert_creds(g->old_cred);
}

static ktask_poll_t job_resume(struct ktask *t)
{
	struct job *job = to_job(t);
	struct job_guise g;
	ktask_poll_t poll;

	job_dress(job, &g);
	poll = job->op->resume(t);
	job_undress(job, &g);
	return poll;
}

static long job_run(struct ktask *t)
{
	struct job *job = to_job(t);
	struct job_guise g;
	long result;

	job_dress(job, &g);
	result = job->op->run(t);
	job_undress(job, &g);
	return result;
}

/* The body has ended. The last of the deferred cleanups, being the first. */
static void job_end(void *arg)
{
	struct job *job = arg;
	unsigned long flags;

	spin_lock_irqsave(&job->cancel_lock, flags);
	job->body_over = true;
	spin_unlock_irqrestore(&job->cancel_lock, flags);
	if (job->op->release)
		job->op->release(&job->task);
}

/* The task has ended: no code of the op's will run any more. */
static void job_ended(struct ktask_waiter *waiter, long result)
{
	struct job *job = container_of(waiter, struct job, ended_waiter);

	op_put(job->op);
	session_job_ended(job->session, job);
}

/* The last reference is gone. Any context. */
static void job_free(struct ktask *t)
{
	struct job *job = to_job(t);

	if (job->cred) {
		mem_cgroup_put(job->memcg);
		put_cred(job->cred);
	}
	kfree(job);
}

/*
 * Make a job, not started, not in the session yet. Takes over the caller's pin
 * of the op's module if it succeeds.
 */
struct job *job_new(struct session *s, const struct ktask_op *op,
		    const struct ktask_desc *desc)
{
	struct workqueue_struct *wq = NULL;
	struct job *job;

	if (op->run) {
		wq = session_blocking_wq(s);
		if (!wq)
			return ERR_PTR(-ENOMEM);
	}
	job = kzalloc(sizeof(*job) + op->frame_size, GFP_KERNEL_ACCOUNT);
	if (!job)
		return ERR_PTR(-ENOMEM);
	job->session = s;
	job->op = op;
	job->user_data = desc->user_data;
	INIT_LIST_HEAD(&job->node);
	spin_lock_init(&job->cancel_lock);
	strscpy(job->name, desc->name, sizeof(job->name));
	if (!(op->flags & KTASK_OP_PURE)) {
		job->cred = get_current_cred();
		job->memcg = get_mem_cgroup_from_mm(current->mm);
	}

	/* job_ended() unpins the module, before the program is told. */
	if (op->run)
		ktask_init_blocking(&job->task, job_run, void,
				    .name = *job->name ? job->name : op->name,
				    .wq = wq,
				    .flags = KTASK_NO_PIN,
				    .release = job_free);
	else
		ktask_init(&job->task, job_resume, void,
			   .name = *job->name ? job->name : op->name,
			   .flags = KTASK_NO_PIN,
			   .release = job_free);
	ktask_defer(&job->task, &job->end_defer, job_end, job);
	return job;
}

/* Start a job that is in its session. The open file keeps the runtime alive. */
void job_start(struct job *job)
{
	ktask_future_add(ktask_future(&job->task), &job->ended_waiter,
			 job_ended);
	WRITE_ONCE(job->started, true);
	WARN_ON_ONCE(ktask_start(&job->task));
}

/* Drop a prepared job that was not started. */
void job_drop(struct job *job)
{
	const struct ktask_op *op = job->op;

	if (op->release)
		op->release(&job->task);
	op_put(op);
	ktask_put(&job->task);
}

/* Return: false if it has ended already. */
bool job_abort(struct job *job)
{
	unsigned long flags;

	if (!ktask_abort(&job->task))
		return false;
	/* Unless the body is over, the op is still there. */
	spin_lock_irqsave(&job->cancel_lock, flags);
	if (!job->body_over && job->op->cancel)
		job->op->cancel(&job->task);
	spin_unlock_irqrestore(&job->cancel_lock, flags);
	return true;
}

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
	struct job *job = to_job(t);

	if (len > sizeof(job->out))
		return -EMSGSIZE;
	memcpy(job->out, data, len);
	job->out_len = len;
	return 0;
}
EXPORT_SYMBOL_NS_GPL(ktask_op_output, KTASK_NS);

/* What the program is told of a job that has ended. */
void job_completion(struct job *job, struct ktask_completion *c)
{
	struct ktask *t = &job->task;

	*c = (struct ktask_completion){
		.id = job->id,
		.user_data = job->user_data,
		.result = ktask_result(t),
		.outcome = ktask_outcome(t),
	};
	if (c->outcome == KTASK_RETURNED) {
		c->out_len = job->out_len;
		memcpy(c->out, job->out, job->out_len);
	}
}
