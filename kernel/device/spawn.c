// SPDX-License-Identifier: GPL-2.0
/*
 * Spawning: from descriptors to jobs, one by one or all at once. See KTASK_SPAWN.
 */
#include <linux/capability.h>
#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "../engine/engine.h"
#include "brief.h"
#include "device.h"
#include "registry.h"
#include "user.h"

#define DESC_FLAGS	(KTASK_DESC_DETACHED | KTASK_DESC_ON_CPU |	\
			 KTASK_DESC_DEADLINE | KTASK_DESC_START_AT)

#define COLLECT_MAX	((u32)(INT_MAX / sizeof(struct ktask_completion)))

static int desc_check_cpu(const struct ktask_desc *desc)
{
	if (!(desc->flags & KTASK_DESC_ON_CPU))
		return desc->cpu ? -EINVAL : 0;
	if (desc->cpu >= nr_cpu_ids || !cpu_possible(desc->cpu))
		return -EINVAL;
	if (!cpu_online(desc->cpu))
		return -ENXIO;
	/* What the caller may not use itself, nobody uses for it. */
	if (!cpumask_test_cpu(desc->cpu, current->cpus_ptr) &&
	    !capable(CAP_SYS_NICE))
		return -EPERM;
	return 0;
}

/* As desc_check(), of any. */
static noinline int desc_check_all(const struct ktask_desc *desc)
{
	if (desc->flags & ~DESC_FLAGS)
		return -EOPNOTSUPP;
	if (desc->reserved || desc->nr_after > KTASK_IDS_MAX)
		return -EINVAL;
	if (strnlen(desc->name, sizeof(desc->name)) == sizeof(desc->name))
		return -EINVAL;
	if (desc->priority > KTASK_PRIORITY_IDLE)
		return -EOPNOTSUPP;
	if (desc->priority == KTASK_PRIORITY_HIGH && !capable(CAP_SYS_NICE))
		return -EPERM;
	return desc_check_cpu(desc);
}

/* Whether there can be such a task, for the calling thread. */
static __always_inline int desc_check(const struct ktask_desc *desc)
{
	/* Most often that is all. */
	if (desc_is_plain(desc) && !(desc->reserved | desc->cpu | desc->name[0]))
		return 0;
	return desc_check_all(desc);
}

void maker_init(struct maker *m, struct session *s)
{
	m->s = s;
	m->op = NULL;
	INIT_LIST_HEAD(&m->spare);
}

void maker_end(struct maker *m)
{
	if (m->op)
		op_put(m->op);
	if (!list_empty(&m->spare))
		spare_give(m->s, &m->spare);
}

/* Return: the op that the descriptor names, pinned by @m; or NULL. */
static __always_inline const struct ktask_op *maker_op(struct maker *m)
{
	if (m->op && m->op->nr == m->desc.op)
		return m->op;
	if (m->op)
		op_put(m->op);
	m->op = op_get(m->desc.op);
	return m->op;
}

/* What is to be done with a new job before its descriptor has been followed. */
static int job_prepare(struct job *job, struct maker *m)
{
	const struct ktask_op *op = job->op;
	int err;

	err = plan_make(job, &m->desc);
	if (!err && op->prepare)
		err = op->prepare(&job->task, m->args);
	if (!err)
		return 0;
	if (job->plan)
		plan_end(job);
	ktask_put(&job->task);
	return err;
}

/*
 * Check @m->desc, and read the arguments to @m->args. Return: the op, which @m keeps
 * pinned; or ERR_PTR().
 */
static __always_inline const struct ktask_op *maker_read_desc(struct maker *m)
{
	const struct ktask_desc *desc = &m->desc;
	const struct ktask_op *op;
	int err;

	err = desc_check(desc);
	if (err)
		return ERR_PTR(err);
	op = maker_op(m);
	if (!op)
		return ERR_PTR(-ENOENT);
	if (!session_allows(m->s, desc->op))
		return ERR_PTR(-EPERM);
	if (desc->args_size < op->args_min)
		return ERR_PTR(-EINVAL);
	if (desc->args_size > PAGE_SIZE)
		return ERR_PTR(-E2BIG);
	err = read_struct(m->args, op->args_size, u64_to_user_ptr(desc->args),
			  desc->args_size);
	return err ? ERR_PTR(err) : op;
}

/* The same, for whom one more call is not much. */
const struct ktask_op *maker_read(struct maker *m)
{
	return maker_read_desc(m);
}

/*
 * Make a job of @op, which maker_read() has returned, for job_drop() or
 * session_add(); or tell why not. @left: it and how many may follow.
 */
struct job *maker_make(struct maker *m, const struct ktask_op *op, u32 left)
{
	struct job *job;
	int err;

	if (list_empty(&m->spare))
		spare_take(m->s, &m->spare, left);
	job = job_new(m->s, op, &m->desc, &m->spare);
	if (IS_ERR(job))
		return job;
	err = job_prepare(job, m);
	if (err)
		return ERR_PTR(err);
	op_get_again(op);
	return job;
}

/**
 * struct spawner - a KTASK_SPAWN at work
 * @file: the open file
 * @s: its session
 * @desc_size: bytes of a descriptor of the program's
 * @wait: to wait for room
 * @whole: all or none
 * @here: all that the calling thread does when it has spawned them is to wait, so it
 *	may run them itself
 * @began: when it began with that, in jiffies
 * @maker: makes the jobs
 * @brief: does what is done at once
 * @jobs: those made so far, with references, if that is asked for or if others may
 *	name them; else NULL
 * @nr_jobs: how many
 */
struct spawner {
	struct file *file;
	struct session *s;
	u32 desc_size;
	bool wait;
	bool whole;
	bool here;
	unsigned long began;
	struct maker maker;
	struct brief brief;
	struct job **jobs;
	u32 nr_jobs;
};

/* Return: -EAGAIN if there is no room. */
static int spawn_add(struct spawner *sp, struct job *job, u32 group)
{
	struct session *s = sp->s;
	int err;

	for (;;) {
		err = session_add(s, job, group, sp->jobs, sp->nr_jobs);
		if (err != -EBUSY)
			return err;
		if (!sp->wait)
			return -EAGAIN;
		if (wait_event_interruptible(s->room,
					     session_has_room(s, group)))
			return -EINTR;
	}
}

/*
 * Whether the calling thread should run the next one, as that is over sooner than
 * somebody else is told of it. If those before it were no such trifle, the other
 * CPUs shall have their share.
 */
static bool spawn_runs_here(const struct spawner *sp)
{
	return sp->here && jiffies - sp->began <= 1 && !need_resched();
}

/* Have the program's tasks begin. */
static void spawn_commit(struct spawner *sp, struct job *job, bool here)
{
	bool bound = job->files;

	session_commit(sp->s, job, here);
	if (unlikely(bound))
		session_check_bound(sp->s, sp->file);
}

/* As spawn_one(), by a job, as its descriptor has been read, and names @op. */
static noinline int spawn_job(struct spawner *sp, const struct ktask_op *op,
			      struct ktask_desc __user *from, u32 left)
{
	struct job *job;
	int err;

	job = maker_make(&sp->maker, op, left);
	if (IS_ERR(job))
		return PTR_ERR(job);
	err = spawn_add(sp, job, sp->maker.desc.group);
	if (err)
		goto err_drop;
	/* While it can still be undone. */
	err = put_user(job->id, &from->id);
	if (err)
		goto err_remove;
	if (sp->jobs) {
		ktask_get(&job->task);
		job_output_get(job);
		sp->jobs[sp->nr_jobs++] = job;
	}
	if (!sp->whole)
		spawn_commit(sp, job, spawn_runs_here(sp));
	return 0;

err_remove:
	session_remove(sp->s, job);
err_drop:
	job_drop(job);
	return err;
}

/* @left: how many there are from this one on. */
static __always_inline int spawn_one(struct spawner *sp,
				     struct ktask_desc __user *from, u32 left)
{
	struct ktask_desc *desc = &sp->maker.desc;
	const struct ktask_op *op;
	int err;

	err = read_struct(desc, sizeof(*desc), from, sp->desc_size);
	if (err)
		return err;
	op = maker_read_desc(&sp->maker);
	if (IS_ERR(op))
		return PTR_ERR(op);
	if (brief_spawn(&sp->brief, op, &sp->maker, left, &from->id))
		return 0;
	return spawn_job(sp, op, from, left);
}

/* Start those of a spawn of all or none; or, if one could not be made, none. */
static noinline void spawn_settle(struct spawner *sp, int err)
{
	u32 i;

	for (i = 0; !err && i < sp->nr_jobs; i++)
		spawn_commit(sp, sp->jobs[i], spawn_runs_here(sp));
	/* The last first, as it may be one that runs after others. */
	for (i = sp->nr_jobs; err && i > 0; i--) {
		session_remove(sp->s, sp->jobs[i - 1]);
		job_drop(sp->jobs[i - 1]);
	}
}

static noinline void spawn_put_jobs(struct spawner *sp)
{
	u32 i;

	for (i = 0; i < sp->nr_jobs; i++)
		job_leave(sp->jobs[i]);
	kvfree(sp->jobs);
}

/* Whether one of the descriptors may name one before it. */
static noinline bool spawn_has_after(const struct ktask_spawn *spawn)
{
	void __user *desc = u64_to_user_ptr(spawn->descs);
	u32 i, nr_after;

	if (spawn->nr < 2 ||
	    spawn->desc_size < offsetofend(struct ktask_desc, nr_after))
		return false;
	for (i = 0; i < spawn->nr; i++, desc += spawn->desc_size) {
		/* A fault is found again, and reported, where it is read. */
		if (get_user(nr_after,
			     &((struct ktask_desc __user *)desc)->nr_after))
			return false;
		if (nr_after)
			return true;
	}
	return false;
}

static int spawn_check(const struct ktask_spawn *spawn)
{
	if (spawn->flags & ~(KTASK_SPAWN_NOWAIT | KTASK_SPAWN_ALL))
		return -EOPNOTSUPP;
	if (spawn->nr > KTASK_SPAWN_MAX ||
	    (!spawn->nr && !spawn->max_completions))
		return -EINVAL;
	if (spawn->timeout_ns < -1 ||
	    spawn->min_completions > spawn->max_completions)
		return -EINVAL;
	if (!spawn->nr)
		return 0;
	/* As it was in its first version. */
	if (spawn->desc_size < offsetofend(struct ktask_desc, id))
		return -EINVAL;
	return spawn->desc_size > PAGE_SIZE ? -E2BIG : 0;
}

/* What is over at once is for who waits for it; and it cannot be undone. */
static void spawn_begin_brief(struct spawner *sp, const struct ktask_spawn *spawn)
{
	bool may_be = sp->here && !sp->whole && !sp->jobs;

	sp->brief.s = sp->s;
	sp->brief.to = may_be ? u64_to_user_ptr(spawn->completions) : NULL;
	sp->brief.max = spawn->max_completions;
	sp->brief.nr = 0;
	sp->brief.nr_ids = 0;
}

/* Return: 0, or why not all were started; spawn->spawned says how many were. */
KT_IN_PAGE(spawn_all, 4096)
static noinline int spawn_all(struct file *file, struct ktask_spawn *spawn)
{
	/* All of it that is used is set. */
	struct spawner sp __uninitialized;
	void __user *descs = u64_to_user_ptr(spawn->descs);
	int err = 0;
	u32 i;

	sp.file = file;
	sp.s = file->private_data;
	sp.desc_size = spawn->desc_size;
	sp.whole = spawn->flags & KTASK_SPAWN_ALL;
	sp.wait = !sp.whole && !(spawn->flags & KTASK_SPAWN_NOWAIT) &&
		  !(file->f_flags & O_NONBLOCK);
	sp.here = spawn->min_completions;
	sp.began = jiffies;
	sp.jobs = NULL;
	sp.nr_jobs = 0;
	maker_init(&sp.maker, sp.s);
	if (sp.whole || spawn_has_after(spawn)) {
		sp.jobs = kvcalloc(spawn->nr, sizeof(*sp.jobs),
				   GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
		if (!sp.jobs)
			return -ENOMEM;
	}
	spawn_begin_brief(&sp, spawn);
	for (i = 0; i < spawn->nr; i++) {
		if (fatal_signal_pending(current))
			err = -EINTR;
		else
			err = spawn_one(&sp, descs, spawn->nr - i);
		if (err)
			break;
		descs += spawn->desc_size;
		if (need_resched())
			cond_resched();
	}
	if (sp.whole) {
		spawn_settle(&sp, err);
		i = err ? 0 : spawn->nr;
	}
	if (sp.jobs)
		spawn_put_jobs(&sp);
	maker_end(&sp.maker);
	if (sp.brief.nr)
		tasks_count_brief(sp.brief.nr);
	spawn->completed = sp.brief.nr;
	spawn->spawned = i;
	return err;
}

/* Take completions, as KTASK_SPAWN may be told to. */
static void spawn_collect(struct file *file, struct ktask_spawn *spawn)
{
	/* More than anybody has room for. */
	u32 max = min(spawn->max_completions, COLLECT_MAX);
	bool all = spawn->spawned == spawn->nr;
	u32 min = all ? min(spawn->min_completions, max) : 0;
	u32 done = spawn->completed;
	struct iov_iter to;
	int err;

	iov_iter_ubuf(&to, ITER_DEST, u64_to_user_ptr(spawn->completions),
		      max * sizeof(struct ktask_completion));
	iov_iter_advance(&to, done * sizeof(struct ktask_completion));
	spawn->completed += session_collect(file->private_data, &to,
					    min > done ? min - done : 0,
					    timeout_deadline(file,
							     spawn->timeout_ns),
					    &err);
	if (err == -ERESTARTSYS)
		err = -EINTR;
	if (err == -ETIMEDOUT && spawn->timeout_ns == -1)
		err = -EAGAIN;
	spawn->wait_error = err;
}

/* KTASK_SPAWN */
int session_spawn(struct file *file, struct ktask_spawn *spawn)
{
	int err;

	spawn->spawned = 0;
	spawn->error = 0;
	spawn->completed = 0;
	spawn->wait_error = 0;
	err = spawn_check(spawn);
	if (!err)
		err = spawn_all(file, spawn);
	spawn->error = err;
	if (err && !spawn->spawned)
		return err;
	if (spawn->completed < spawn->max_completions)
		spawn_collect(file, spawn);
	if (!spawn->nr && !spawn->completed)
		return spawn->wait_error;
	return 0;
}
