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
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "../engine/engine.h"
#include "device.h"
#include "registry.h"

/* Bytes of frame that a job from the cache has room for. */
#define CACHED_FRAME	64

static struct kmem_cache *job_cache;

/* --- The body ------------------------------------------------------------- */

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
	struct job *job = job_of(t);
	u64 began = local_clock();
	struct job_guise g;
	ktask_poll_t poll;

	job_dress(job, &g);
	poll = job->op->resume(t);
	job_undress(job, &g);
	WRITE_ONCE(job->run_ns, job->run_ns + local_clock() - began);
	return poll;
}

static long job_run(struct ktask *t)
{
	struct job *job = job_of(t);
	u64 began = current->se.sum_exec_runtime;
	struct job_guise g;
	long result;

	/* While it runs this is what is to be taken off: see job_run_ns(). */
	WRITE_ONCE(job->run_ns, began);
	job_dress(job, &g);
	result = job->op->run(t);
	job_undress(job, &g);
	WRITE_ONCE(job->run_ns, current->se.sum_exec_runtime - began);
	return result;
}

/* CPU time that @job, which does not end meanwhile, has taken. */
u64 job_run_ns(struct job *job)
{
	u64 ns;

	if (!job->blocking || job->ended || !blocking_runtime(&job->task, &ns))
		return READ_ONCE(job->run_ns);
	ns -= READ_ONCE(job->run_ns);
	/* It may have ended its body between the two looks. */
	return (s64)ns < 0 ? 0 : ns;
}

/* The body has ended. The last of the deferred cleanups, being the first. */
static void job_end(void *arg)
{
	struct job *job = arg;
	unsigned long flags;

	if (job->cancelable) {
		spin_lock_irqsave(&job->cancel_lock, flags);
		job->body_over = true;
		spin_unlock_irqrestore(&job->cancel_lock, flags);
	}
	if (job->op->release)
		job->op->release(&job->task);
	if (job->plan)
		plan_end(job);
	account_ran(job->account, job->run_ns);
}

/* The task has ended: no code of the op's will run any more. */
static void job_ended(struct ktask_waiter *waiter, long result)
{
	struct job *job = container_of(waiter, struct job, ended_waiter);

	op_put(job->op);
	session_job_ended(job->session, job);
}

/* --- Made and freed -------------------------------------------------------- */

void job_memory_free(struct job *job)
{
	/* Knows by itself whether that is from the cache. */
	kfree(job);
}

/* Free of the output what is not in @job itself. */
void job_output_free(struct job *job)
{
	ktask_op_free(&job->task, job->out_buf, job->out_size);
	job->out_buf = NULL;
	job->out_size = 0;
}

/* The last reference is gone. Any context. */
static void job_free(struct ktask *t)
{
	struct job *job = job_of(t);

	if (job->cred) {
		mem_cgroup_put(job->memcg);
		put_cred(job->cred);
	}
	job_output_free(job);
	if (job->plan)
		plan_free(job);
	account_put(job->account);
	job_memory_free(job);
}

/*
 * Memory for a job, which is zero as far as need be. @spare: memory of jobs that
 * have gone. Takes over a reference to @account, if it succeeds.
 */
static struct job *job_alloc(const struct ktask_op *op, struct account *account,
			     struct list_head *spare)
{
	size_t frame_size = round_up(op->frame_size, sizeof(u64));
	bool usual = frame_size <= CACHED_FRAME;
	struct job *job;

	if (usual && !list_empty(spare)) {
		job = list_first_entry(spare, struct job, place.node);
		list_del(&job->place.node);
		/* Most likely the same. */
		account_put(job->account);
	} else if (usual) {
		job = kmem_cache_alloc(job_cache, GFP_KERNEL);
	} else {
		job = kmalloc(size_add(sizeof(*job), frame_size),
			      GFP_KERNEL_ACCOUNT);
	}
	if (!job)
		return NULL;
	zero_words(job, offsetof(struct job, out));
	zero_words(ktask_frame(&job->task), frame_size);
	refcount_set(&job->out_users, 1);
	job->spareable = usual;
	job->account = account;
	return job;
}

static enum ktask_prio job_prio(const struct job *job)
{
	switch (job->priority) {
	case KTASK_PRIORITY_HIGH:
		return KTASK_PRIO_HIGH;
	case KTASK_PRIORITY_IDLE:
		return KTASK_PRIO_IDLE;
	default:
		return KTASK_PRIO_NORMAL;
	}
}

/* job_ended() unpins the module, before the program is told. */
static void job_init_task(struct job *job, const struct ktask_desc *desc,
			  struct workqueue_struct *wq)
{
	const char *name = *job->name ? job->name : job->op->name;
	bool on_cpu = desc->flags & KTASK_DESC_ON_CPU;
	int place = on_cpu ? KTASK_ON_CPU(desc->cpu) : 0;

	if (job->blocking)
		ktask_init_blocking(&job->task, job_run, void,
				    .name = name,
				    .wq = wq,
				    .prio = job_prio(job),
				    .place = place,
				    .flags = KTASK_NO_PIN,
				    .release = job_free);
	else
		ktask_init(&job->task, job_resume, void,
			   .name = name,
			   .prio = job_prio(job),
			   .place = place,
			   .flags = KTASK_NO_PIN,
			   .release = job_free);
	ktask_defer(&job->task, &job->end_defer, job_end, job);
	/* First of the waiters, so that the others find it noted. */
	future_add_first(ktask_future(&job->task), &job->ended_waiter,
			 job_ended);
}

/*
 * Make a job, not started, not in the session yet; its op's module is pinned by the
 * caller. @spare: memory to make it of.
 */
struct job *job_new(struct session *s, const struct ktask_op *op,
		    const struct ktask_desc *desc, struct list_head *spare)
{
	struct workqueue_struct *wq = NULL;
	struct account *account;
	struct job *job;

	account = account_get_current(s);
	if (!account)
		return ERR_PTR(-ENOMEM);
	if (op->run) {
		wq = account_wq(account, desc->flags & KTASK_DESC_ON_CPU,
				desc->priority == KTASK_PRIORITY_HIGH);
		if (!wq)
			goto err_account;
	}
	job = job_alloc(op, account, spare);
	if (!job)
		goto err_account;

	job->session = s;
	job->op = op;
	job->op_nr = op->nr;
	job->blocking = op->run;
	job->cancelable = op->cancel;
	job->user_data = desc->user_data;
	job->priority = desc->priority;
	job->joinable = !(desc->flags & KTASK_DESC_DETACHED);
	job->spawned_ns = ktime_get_coarse_ns();
	INIT_LIST_HEAD(&job->place.node);
	INIT_LIST_HEAD(&job->group_place.node);
	spin_lock_init(&job->cancel_lock);
	strscpy(job->name, desc->name, sizeof(job->name));
	/* Input is put together on its behalf, even for a pure one. */
	if (!(op->flags & KTASK_OP_PURE) || desc->nr_after) {
		job->cred = get_current_cred();
		job->memcg = get_mem_cgroup_from_mm(current->mm);
	}
	job_init_task(job, desc, wq);
	return job;

err_account:
	account_put(account);
	return ERR_PTR(-ENOMEM);
}

/* Start a job that is in its session. The open file keeps the runtime alive. */
void job_launch(struct job *job)
{
	/* Then its body never runs, but its end is as that of any other. */
	if (job->cause)
		ktask_abort(&job->task);
	task_start_promised(&job->task);
}

/*
 * The same, for one that was not aborted, by the thread that will wait for it. May
 * sleep.
 */
void job_launch_here(struct job *job)
{
	task_start_here(&job->task);
}

/* Drop a prepared job that was not started. */
void job_drop(struct job *job)
{
	const struct ktask_op *op = job->op;

	if (op->release)
		op->release(&job->task);
	op_put(op);
	if (job->plan)
		plan_end(job);
	ktask_put(&job->task);
}

/*
 * Put a reference to @job and to its output. The engine may have one to the task for a
 * while yet; but a program that has taken an output may make the next of that size at
 * once. Process context; where that may not sleep, ktask_put() will do.
 */
void job_leave(struct job *job)
{
	/* Nobody else may come if it is one. Pairs with the release of whoever left. */
	if (atomic_read_acquire(&job->out_users.refs) == 1 ||
	    refcount_dec_and_test(&job->out_users))
		job_output_free(job);
	ktask_put(&job->task);
}

/*
 * Have @job end with the calling process's descriptors of the session: it holds
 * a file that may in turn hold the session's, such as a socket in which that is
 * on its way. Nothing else would end such a circle.
 */
void job_bind(struct job *job)
{
	job->files = current->files;
}

/* --- Abort and outcome ----------------------------------------------------- */

/*
 * Any context, softirq included; the caller has a reference, or keeps @job from
 * its end. Return: false if it has ended already.
 */
bool job_abort(struct job *job, enum ktask_cause cause)
{
	struct session *s = job->session;
	unsigned long flags;
	bool ended, held;

	session_lock(s);
	ended = job->ended;
	held = !ended && job->stage < JOB_READY;
	if (!ended) {
		if (!job->cause)
			job->cause = cause;
		/* If it is held back, that is over. */
		session_advance(job);
	}
	session_unlock(s);
	/* Then it has been started only to end, and may have done so by now. */
	if (held)
		return true;
	if (ended || !ktask_abort(&job->task))
		return false;

	if (!job->cancelable)
		return true;
	/* Unless the body is over, the op is still there. */
	spin_lock_irqsave(&job->cancel_lock, flags);
	if (!job->body_over)
		job->op->cancel(&job->task);
	spin_unlock_irqrestore(&job->cancel_lock, flags);
	return true;
}

/* Whether @job, which has ended, has done what was asked. */
bool job_succeeded(const struct job *job)
{
	return ktask_outcome(&job->task) == KTASK_RETURNED &&
	       ktask_result(&job->task) >= 0;
}

/* What the program is told of a job that has ended. */
void job_completion(struct job *job, struct ktask_completion *c)
{
	struct ktask *t = &job->task;

	zero_words(c, sizeof(*c));
	c->id = job->id;
	c->user_data = job->user_data;
	c->result = ktask_result(t);
	c->outcome = ktask_outcome(t);
	if (c->outcome == KTASK_CANCELLED) {
		c->cause = job->cause;
	} else if (c->outcome == KTASK_RETURNED) {
		c->out_len = job->out_len;
		if (job->out_len)
			memcpy(c->out, job_out(job),
			       min_t(size_t, job->out_len, sizeof(c->out)));
	}
}

int __init job_cache_init(void)
{
	/* Outputs are copied to programs from where they are. */
	job_cache = kmem_cache_create_usercopy("ktask_job",
					       sizeof(struct job) + CACHED_FRAME,
					       0, SLAB_ACCOUNT,
					       offsetof(struct job, out),
					       sizeof_field(struct job, out),
					       NULL);
	return job_cache ? 0 : -ENOMEM;
}

void job_cache_exit(void)
{
	kmem_cache_destroy(job_cache);
}
