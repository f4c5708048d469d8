// SPDX-License-Identifier: GPL-2.0
/*
 * How completions are taken out of a session.
 *
 * A job is in the session from before it is started until its completion has
 * been taken, by a reader or a joiner. "taken" is claimed under the lock, then
 * the completion is copied out, and then the job is forgotten, or given back if
 * the copy failed: so a completion is seen once, and is not lost.
 *
 * While a joiner waits for a job by its id, its completion cannot be read. When it
 * has ended, the joiner takes it; if the last joiner gives up, it can be read. Who
 * has seen the task end waits until that has been noted, see task_settle(), so the
 * session knows nothing taken that has not ended.
 *
 * A job whose completion was taken, but not the whole of its output, is kept,
 * found by session_output() only.
 */
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "../engine/engine.h"
#include "device.h"
#include "user.h"

/* Completions that one read copies out between two looks at the lock. */
#define READ_BATCH	64

/* --- One completion --------------------------------------------------------- */

static void session_claim(struct session *s, struct job *job)
{
	session_unreadable(s, job);
	job->taken = true;
}

/*
 * The completion could not be copied out: as if it had not been taken. Return: as
 * session_taken().
 */
static bool session_untake(struct session *s, struct job *job)
{
	if (job->dropped)
		return true;
	job->taken = false;
	if (job->ended && !job->joiners)
		session_make_readable(s, job);
	return false;
}

/*
 * The completion has been copied out, and the output with it, if @all. Return:
 * whether the caller has the session's reference now, to be put.
 */
static bool session_taken(struct session *s, struct job *job, bool all)
{
	/* The session was closed meanwhile, which is a descriptor's reader's to see. */
	if (job->dropped)
		return true;
	if (!all && job_output_is_long(job)) {
		session_keep(s, job);
		return false;
	}
	session_forget(s, job);
	return !spare_put(s, job);
}

static int copy_completion(struct job *job, struct iov_iter *to)
{
	struct ktask_completion c;
	size_t n;

	job_completion(job, &c);
	if (likely(iter_is_ubuf(to))) {
		if (write_words(to->ubuf + to->iov_offset, &c, sizeof(c)))
			return -EFAULT;
		iov_iter_advance(to, sizeof(c));
		return 0;
	}
	n = copy_to_iter(&c, sizeof(c), to);
	if (n == sizeof(c))
		return 0;
	iov_iter_revert(to, n);
	return -EFAULT;
}

/* Copy out the completion of @job, which the caller has claimed. */
static int deliver(struct job *job, struct delivery *d)
{
	bool returned = ktask_outcome(&job->task) == KTASK_RETURNED;
	u32 len = returned ? job->out_len : 0;
	int err;

	err = copy_completion(job, d->to);
	if (err || !d->out)
		return err;
	if (len > d->out_size)
		return -EMSGSIZE;
	return copy_to_user(d->out, job_out(job), len) ? -EFAULT : 0;
}

/* --- Of one task ------------------------------------------------------------ */

/* As session_lookup(), but only one whose completion is still to be had. */
static struct job *session_lookup_joinable(struct session *s, u64 id)
{
	struct job *job = session_lookup(s, id);

	if (!job || (job->joinable && !job->taken))
		return job;
	ktask_put(&job->task);
	return NULL;
}

/*
 * The job with that id becomes one that a thread waits for. Return: the job, with
 * a reference to its task; NULL if there is none, or its completion is somebody
 * else's.
 */
struct job *session_join_begin(struct session *s, u64 id)
{
	struct job *job;

	session_lock(s);
	job = session_lookup_joinable(s, id);
	if (job) {
		job->joiners++;
		/* Not any more to whoever comes along. */
		session_unreadable(s, job);
	}
	session_unlock(s);
	return job;
}

/* A joiner gives up. */
void session_join_cancel(struct session *s, struct job *job)
{
	session_lock(s);
	if (!--job->joiners && job->ended && !job->taken && job->joinable &&
	    list_empty(&job->place.node))
		session_make_readable(s, job);
	session_unlock(s);
	ktask_put(&job->task);
}

/*
 * The end of @job has been noted; the caller was its joiner. Puts the reference of
 * session_join_begin().
 */
int session_join_take(struct session *s, struct job *job, struct delivery *d)
{
	bool put = false;
	int err;

	session_lock(s);
	WARN_ON_ONCE(!job->ended);
	job->joiners--;
	if (job->taken || !job->joinable) {
		session_unlock(s);
		ktask_put(&job->task);
		return -ENOENT;
	}
	session_claim(s, job);
	session_unlock(s);

	err = deliver(job, d);

	session_lock(s);
	if (err)
		put = session_untake(s, job);
	else
		put = session_taken(s, job, d->out);
	session_unlock(s);

	if (put)
		job_leave(job);
	ktask_put(&job->task);
	return err;
}

/* KTASK_JOIN by id. @deadline: 0: do not wait; or CLOCK_MONOTONIC. */
int session_join(struct session *s, u64 id, ktime_t deadline,
		 struct delivery *to)
{
	struct job *job = session_join_begin(s, id);
	int err = 0;

	if (!job)
		return -ENOENT;
	if (!ktask_done(&job->task))
		err = deadline ? ktask_join_until(&job->task, NULL,
						  TASK_INTERRUPTIBLE, deadline)
			       : -ETIMEDOUT;
	/* Joined, whatever its outcome; or err tells why not. */
	if (ktask_done(&job->task)) {
		task_settle(&job->task);
		return session_join_take(s, job, to);
	}
	session_join_cancel(s, job);
	return err;
}

/* KTASK_DETACH */
int session_detach(struct session *s, u64 id)
{
	struct job *job;
	bool gone = false;

	session_lock(s);
	job = session_lookup_joinable(s, id);
	if (job) {
		session_unreadable(s, job);
		session_unjoinable(s, job);
		gone = job->ended;
		if (gone) {
			job->taken = true;
			session_forget(s, job);
		}
	}
	session_unlock(s);
	if (!job)
		return -ENOENT;
	if (gone)
		job_leave(job);
	ktask_put(&job->task);
	return 0;
}

/* --- Of whichever ends first ------------------------------------------------ */

/* Claim up to @max jobs of a group. Return: how many. */
static unsigned int group_claim(struct session *s, struct group *g,
				struct job **jobs, unsigned int max)
{
	unsigned int n = 0;

	while (n < max && !list_empty(&g->done)) {
		struct job *job;

		if (g == &s->all)
			job = list_first_entry(&g->done, struct job,
					       place.node);
		else
			job = list_first_entry(&g->done, struct job,
					       group_place.node);
		session_claim(s, job);
		jobs[n++] = job;
	}
	return n;
}

/* Copy out what there is, up to @max. Return: how many, or why not even one. */
static ssize_t group_take_some(struct session *s, struct group *g,
			       struct delivery *d, size_t max)
{
	struct job *jobs[READ_BATCH];
	unsigned int claimed, copied, i;
	bool ours;
	int err = 0;

	session_lock(s);
	claimed = group_claim(s, g, jobs, min_t(size_t, max, READ_BATCH));
	session_unlock(s);

	for (copied = 0; copied < claimed; copied++) {
		err = deliver(jobs[copied], d);
		if (err)
			break;
	}

	session_lock(s);
	/* Last first, so that what is given back goes straight to the front. */
	for (i = claimed; i > 0; i--) {
		ours = i > copied ? session_untake(s, jobs[i - 1])
				  : session_taken(s, jobs[i - 1], d->out);
		if (!ours)
			jobs[i - 1] = NULL;
	}
	session_unlock(s);

	for (i = 0; i < claimed; i++) {
		if (jobs[i])
			job_leave(jobs[i]);
	}
	return copied ? (ssize_t)copied : err;
}

/* A thread that waits until so many completions can be read. */
struct reader {
	struct wait_queue_entry entry;
	struct session *s;
	struct group *g;
	u32 want;
};

/* Or there will never be so many. Under the lock. */
static bool reader_satisfied(const struct reader *r)
{
	return r->g->nr_done >= r->want || r->g->nr_joinable <= r->g->nr_done;
}

/* Called by session_wake(), under the lock: spares the thread what is too early. */
static int reader_wake(struct wait_queue_entry *entry, unsigned int mode,
		       int flags, void *key)
{
	struct reader *r = container_of(entry, struct reader, entry);

	if (!reader_satisfied(r))
		return 0;
	return default_wake_function(entry, mode, flags, key);
}

static bool reader_may_go(struct reader *r)
{
	bool satisfied;

	session_lock(r->s);
	satisfied = reader_satisfied(r);
	session_unlock(r->s);
	return satisfied;
}

/*
 * Wait until @want completions of @g can be read, or all that are to come. Return:
 * 0; -ERESTARTSYS; -ETIMEDOUT.
 */
static int group_wait(struct session *s, struct group *g, u32 want,
		      ktime_t deadline)
{
	ktime_t *expires = deadline == KTIME_MAX ? NULL : &deadline;
	struct reader r = { .s = s, .g = g, .want = want };
	int err = 0;

	executor_hurry();
	init_waitqueue_func_entry(&r.entry, reader_wake);
	r.entry.private = current;
	add_wait_queue(&s->readers, &r.entry);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (reader_may_go(&r))
			break;
		if (signal_pending(current)) {
			err = -ERESTARTSYS;
			break;
		}
		if (!deadline ||
		    !schedule_hrtimeout(expires, HRTIMER_MODE_ABS)) {
			err = -ETIMEDOUT;
			break;
		}
	}
	__set_current_state(TASK_RUNNING);
	remove_wait_queue(&s->readers, &r.entry);
	return err;
}

static bool group_empty(const struct group *g)
{
	return !READ_ONCE(g->nr_joinable);
}

/*
 * read(): as many completions as there are and @to has room for, but at least
 * one. Return: how many; 0 if the group has no task whose completion is not
 * taken.
 */
ssize_t session_read(struct session *s, struct group *g, struct iov_iter *to,
		     bool nonblock)
{
	const size_t room = iov_iter_count(to) / sizeof(struct ktask_completion);
	struct delivery d = { .to = to };
	ssize_t total = 0, n;

	for (;;) {
		n = group_take_some(s, g, &d, room - total);
		if (n < 0)
			return total ?: n;
		total += n;
		if (n == READ_BATCH && !signal_pending(current))
			continue;
		if (total || group_empty(g))
			return total;
		if (nonblock)
			return -EAGAIN;
		n = group_wait(s, g, 1, KTIME_MAX);
		if (n)
			return n;
	}
}

/*
 * Take up to as many as @to has room for, and wait until there are @min. *@error:
 * why there are not. Return: how many.
 */
ssize_t session_collect(struct session *s, struct iov_iter *to, u32 min,
			ktime_t deadline, int *error)
{
	const size_t room = iov_iter_count(to) / sizeof(struct ktask_completion);
	struct delivery d = { .to = to };
	size_t total = 0;
	int waited = 0;
	ssize_t n;

	*error = 0;
	for (;;) {
		n = group_take_some(s, &s->all, &d, room - total);
		if (n < 0) {
			*error = n;
			return total;
		}
		total += n;
		if (total == room || (total >= min && n < READ_BATCH))
			return total;
		if (n == READ_BATCH)
			continue;
		/* What had come until the wait was over has been taken now. */
		if (waited) {
			*error = waited;
			return total;
		}
		if (group_empty(&s->all)) {
			*error = -ENOENT;
			return total;
		}
		waited = group_wait(s, &s->all, min - total, deadline);
	}
}

static int group_join_next(struct session *s, struct group *g,
			   ktime_t deadline, struct delivery *d)
{
	ssize_t n;
	int err;

	for (;;) {
		n = group_take_some(s, g, d, 1);
		if (n)
			return n < 0 ? n : 0;
		if (group_empty(g))
			return -ENOENT;
		err = group_wait(s, g, 1, deadline);
		if (err)
			return err;
	}
}

/* KTASK_JOIN of whichever ends first. @deadline: as for session_join(). */
int session_join_next(struct session *s, u32 id, ktime_t deadline,
		      struct delivery *to)
{
	struct group *g;
	int err;

	if (!id)
		return group_join_next(s, &s->all, deadline, to);
	g = group_get(s, id);
	if (!g)
		return -ENOENT;
	err = group_join_next(s, g, deadline, to);
	group_put(g);
	return err;
}

__poll_t session_poll(struct session *s, struct group *g)
{
	__poll_t ready = 0;

	session_lock(s);
	if (g->nr_done)
		ready |= EPOLLIN | EPOLLRDNORM;
	if (s->closed)
		ready |= EPOLLHUP;
	session_unlock(s);
	return ready;
}

/* --- Of what is kept -------------------------------------------------------- */

/* Return: a job that has ended, for job_leave(); or ERR_PTR(). */
static struct job *session_find_ended(struct session *s, u64 id)
{
	struct job *job = NULL;

	session_lock(s);
	if (id == (unsigned long)id)
		job = xa_load(&s->jobs, id);
	if (!job || !READ_ONCE(job->visible)) {
		job = ERR_PTR(-ENOENT);
	} else if (!job->ended) {
		job = ERR_PTR(-EBUSY);
	} else {
		ktask_get(&job->task);
		job_output_get(job);
	}
	session_unlock(s);
	return job;
}

static int copy_output(struct job *job, struct ktask_output *arg)
{
	u64 total = 0;

	if (ktask_outcome(&job->task) == KTASK_RETURNED)
		total = job->out_len;
	arg->total = total;
	if (arg->offset > total)
		return -EINVAL;
	arg->len = min(arg->len, total - arg->offset);
	if (copy_to_user(u64_to_user_ptr(arg->buf), job_out(job) + arg->offset,
			 arg->len))
		return -EFAULT;
	return 0;
}

/* KTASK_OUTPUT */
int session_output(struct session *s, struct ktask_output *arg)
{
	struct job *job;
	bool put = false;
	int err;

	if (arg->flags & ~KTASK_OUTPUT_KEEP)
		return -EOPNOTSUPP;
	job = session_find_ended(s, arg->id);
	if (IS_ERR(job))
		return PTR_ERR(job);
	err = copy_output(job, arg);
	if (!err && !(arg->flags & KTASK_OUTPUT_KEEP)) {
		session_lock(s);
		put = job->kept;
		if (put)
			session_forget(s, job);
		session_unlock(s);
	}
	if (put)
		job_leave(job);
	job_leave(job);
	return err;
}
