// SPDX-License-Identifier: GPL-2.0
/*
 * Plans: what a job waits for before it runs, and until when it may. Most jobs
 * have none.
 *
 * An edge leads from a job to one that runs after it, its successor. It is on the
 * first one's list from the moment the second is added to the session until one
 * of them is over. An edge that hands on the output keeps the first one's memory
 * until the second one's end.
 *
 * The timers are armed when the job becomes visible, and taken back by its last
 * cleanup; so a timer that fires finds the job, and the session.
 */
#include <linux/hrtimer.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "device.h"

/**
 * struct edge - a job runs after another
 * @node: in the other's job->successors, while it is waited for; under the lock
 *	of the session
 * @job: the one that runs after
 * @from: the other one; valid while @node is linked, or, with
 *	%KTASK_AFTER_INPUT, a reference
 * @id: as the program gave it
 * @flags: likewise
 */
struct edge {
	struct hlist_node node;
	struct job *job;
	struct job *from;
	u64 id;
	u32 flags;
};

/**
 * struct plan - what a job waits for
 * @job: the job
 * @delay: fires when it may run
 * @timeout: fires when it must not any more
 * @delay_at: CLOCK_MONOTONIC, or 0
 * @timeout_at: CLOCK_MONOTONIC, or 0
 * @delayed: the first has not fired; under the session's lock
 * @waits: jobs that must end first; under the session's lock
 * @input: the input, put together; charged to the job's user
 * @input_len: bytes of that
 * @nr: how many edges there are
 * @edges: to the jobs that it runs after
 */
struct plan {
	struct job *job;
	struct hrtimer delay;
	struct hrtimer timeout;
	ktime_t delay_at;
	ktime_t timeout_at;
	bool delayed;
	unsigned int waits;
	void *input;
	size_t input_len;
	unsigned int nr;
	struct edge edges[];
};

/* --- Made ------------------------------------------------------------------ */

static enum hrtimer_restart plan_delay_over(struct hrtimer *timer)
{
	struct plan *p = container_of(timer, struct plan, delay);
	struct session *s = p->job->session;

	session_lock(s);
	p->delayed = false;
	if (p->job->stage == JOB_DELAYED)
		session_advance(p->job);
	session_unlock(s);
	return HRTIMER_NORESTART;
}

static enum hrtimer_restart plan_timed_out(struct hrtimer *timer)
{
	struct plan *p = container_of(timer, struct plan, timeout);

	job_abort(p->job, KTASK_CAUSE_TIMEOUT);
	return HRTIMER_NORESTART;
}

/* Return: a CLOCK_MONOTONIC time above 0, or 0 if @ns is. */
static ktime_t plan_time(u64 ns, bool absolute)
{
	ktime_t t = min_t(u64, ns, KTIME_MAX);

	if (!ns || absolute)
		return t;
	return ktime_add_safe(ktime_get(), t);
}

static int plan_set_edges(struct plan *p, const struct ktask_after *after,
			  const struct ktask_op *op)
{
	const u32 known = KTASK_AFTER_ANY | KTASK_AFTER_INDEX |
			  KTASK_AFTER_INPUT;
	unsigned int i;

	for (i = 0; i < p->nr; i++) {
		if (after[i].flags & ~known)
			return -EOPNOTSUPP;
		if (after[i].reserved)
			return -EINVAL;
		if (after[i].flags & KTASK_AFTER_INPUT &&
		    !(op->flags & KTASK_OP_INPUT))
			return -EOPNOTSUPP;
		p->edges[i].job = p->job;
		p->edges[i].id = after[i].id;
		p->edges[i].flags = after[i].flags;
	}
	return 0;
}

static int plan_copy_edges(struct plan *p, u64 addr)
{
	struct ktask_after *after;
	int err;

	if (!p->nr)
		return 0;
	after = vmemdup_user(u64_to_user_ptr(addr),
			     array_size(p->nr, sizeof(*after)));
	if (IS_ERR(after))
		return PTR_ERR(after);
	err = plan_set_edges(p, after, p->job->op);
	kvfree(after);
	return err;
}

/*
 * Give @job, which is being made, the plan that @desc asks for, if any. Return: 0,
 * -EFAULT, -EINVAL, -EOPNOTSUPP, -ENOMEM or -EDQUOT.
 */
int plan_make(struct job *job, const struct ktask_desc *desc)
{
	struct plan *p;
	size_t size = struct_size(p, edges, desc->nr_after);

	if (!desc->nr_after && !desc->delay_ns && !desc->timeout_ns)
		return 0;
	/* Charged as data is, since a program may have as much of it. */
	p = ktask_op_alloc(&job->task, size);
	if (IS_ERR(p))
		return PTR_ERR(p);
	memset(p, 0, size);
	job->plan = p;
	p->job = job;
	p->nr = desc->nr_after;
	p->delay_at = plan_time(desc->delay_ns,
				desc->flags & KTASK_DESC_START_AT);
	p->timeout_at = plan_time(desc->timeout_ns,
				  desc->flags & KTASK_DESC_DEADLINE);
	p->delayed = p->delay_at;
	hrtimer_setup(&p->delay, plan_delay_over, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_SOFT);
	hrtimer_setup(&p->timeout, plan_timed_out, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_SOFT);
	return plan_copy_edges(p, desc->after);
}

/* --- Linked ---------------------------------------------------------------- */

/* Whether the end of the other one is as @e wants it; if not, that is the end. */
static void edge_over(struct edge *e, const struct job *from)
{
	if (!(e->flags & KTASK_AFTER_ANY) && !job_succeeded(from) &&
	    !e->job->cause)
		e->job->cause = KTASK_CAUSE_AFTER;
}

static int edge_link(struct edge *e, struct job *const *batch, u32 nr_batch)
{
	struct job *from;

	if (e->flags & KTASK_AFTER_INDEX) {
		if (e->id >= nr_batch)
			return -EINVAL;
		from = batch[e->id];
		ktask_get(&from->task);
	} else {
		from = session_lookup(e->job->session, e->id);
		if (!from)
			return -ENOENT;
	}
	if (from->ended) {
		edge_over(e, from);
	} else {
		hlist_add_head(&e->node, &from->successors);
		e->job->plan->waits++;
	}
	e->from = from;
	if (e->flags & KTASK_AFTER_INPUT)
		job_output_get(from);
	else
		ktask_put(&from->task);
	return 0;
}

/*
 * @job is being added to its session: find those that it runs after. Return:
 * -ENOENT if one is not there, -EINVAL if it is not in @batch.
 */
int plan_link(struct job *job, struct job *const *batch, u32 nr_batch)
{
	struct plan *p = job->plan;
	unsigned int i;
	int err;

	session_assert_locked(job->session);
	for (i = 0; i < p->nr; i++) {
		err = edge_link(&p->edges[i], batch, nr_batch);
		if (err) {
			plan_unlink(job);
			return err;
		}
	}
	return 0;
}

/* @job waits for nobody any more. */
void plan_unlink(struct job *job)
{
	struct plan *p = job->plan;
	unsigned int i;

	session_assert_locked(job->session);
	if (!p || !p->waits)
		return;
	for (i = 0; i < p->nr; i++)
		hlist_del_init(&p->edges[i].node);
	p->waits = 0;
}

/* Whether @job may run, as far as its plan goes. */
bool plan_over(struct job *job)
{
	struct plan *p = job->plan;

	if (!p)
		return true;
	if (p->waits) {
		job->stage = JOB_HELD;
		return false;
	}
	if (p->delayed) {
		job->stage = JOB_DELAYED;
		return false;
	}
	return true;
}

/* @job has become visible: from now on its timers may fire. */
void plan_begin(struct job *job)
{
	struct plan *p = job->plan;

	if (!p)
		return;
	if (p->delay_at)
		hrtimer_start(&p->delay, p->delay_at, HRTIMER_MODE_ABS_SOFT);
	if (p->timeout_at)
		hrtimer_start(&p->timeout, p->timeout_at,
			      HRTIMER_MODE_ABS_SOFT);
}

/* @from has ended: tell those that run after it. */
void plan_succeed(struct job *from)
{
	session_assert_locked(from->session);
	while (!hlist_empty(&from->successors)) {
		struct edge *e = hlist_entry(from->successors.first,
					     struct edge, node);
		struct plan *p = e->job->plan;

		hlist_del_init(&e->node);
		p->waits--;
		edge_over(e, from);
		if (e->job->stage == JOB_HELD && (e->job->cause || !p->waits))
			session_advance(e->job);
	}
}

unsigned int plan_waits(const struct job *job)
{
	return job->plan ? job->plan->waits : 0;
}

/* --- The input ------------------------------------------------------------- */

bool plan_has_input(const struct job *job)
{
	const struct plan *p = job->plan;
	unsigned int i;

	for (i = 0; p && i < p->nr; i++) {
		if (p->edges[i].flags & KTASK_AFTER_INPUT)
			return true;
	}
	return false;
}

/* What the other one hands on. It has ended, and left this to the reference. */
static const void *edge_output(const struct edge *e, size_t *len)
{
	const struct job *from = e->from;

	*len = 0;
	if (!(e->flags & KTASK_AFTER_INPUT) ||
	    ktask_outcome(&from->task) != KTASK_RETURNED)
		return NULL;
	*len = from->out_len;
	return job_out(from);
}

static size_t plan_input_len(const struct plan *p)
{
	size_t sum = 0, len;
	unsigned int i;

	for (i = 0; i < p->nr; i++) {
		edge_output(&p->edges[i], &len);
		sum = size_add(sum, len);
	}
	return sum;
}

/*
 * Called by the body of @job: the outputs that it is handed, one behind the other.
 * Return: NULL if that is nothing; or ERR_PTR(): -EMSGSIZE, -ENOMEM, -EDQUOT.
 */
const void *plan_input(struct job *job, size_t *len)
{
	struct plan *p = job->plan;
	size_t sum, n, at = 0;
	unsigned int i;

	*len = 0;
	if (!p)
		return NULL;
	if (p->input)
		goto out;
	sum = plan_input_len(p);
	if (!sum)
		return NULL;
	if (sum > KTASK_DATA_MAX)
		return ERR_PTR(-EMSGSIZE);
	p->input = ktask_op_alloc(&job->task, sum);
	if (IS_ERR(p->input)) {
		void *err = p->input;

		p->input = NULL;
		return err;
	}
	for (i = 0; i < p->nr; i++) {
		const void *data = edge_output(&p->edges[i], &n);

		memcpy(p->input + at, data, n);
		at += n;
	}
	p->input_len = sum;
out:
	*len = p->input_len;
	return p->input;
}

/* --- Over ------------------------------------------------------------------ */

/*
 * @job has ended, or will not be started: nothing fires for it any more. Process
 * context.
 */
void plan_end(struct job *job)
{
	struct plan *p = job->plan;
	unsigned int i;

	hrtimer_cancel(&p->delay);
	hrtimer_cancel(&p->timeout);
	for (i = 0; i < p->nr; i++) {
		struct edge *e = &p->edges[i];

		if (e->flags & KTASK_AFTER_INPUT && e->from)
			job_leave(e->from);
		e->from = NULL;
	}
	ktask_op_free(&job->task, p->input, p->input_len);
	p->input = NULL;
}

void plan_free(struct job *job)
{
	ktask_op_free(&job->task, job->plan,
		      struct_size(job->plan, edges, job->plan->nr));
}
