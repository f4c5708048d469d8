// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions: the task set that an open file is.
 *
 * A job is in the session from before it is started until its completion has
 * been taken, by a reader or a joiner. "taken" is claimed under the lock, then
 * the completion is copied out, and then the job is removed, or given back if
 * the copy failed: so a completion is seen once, and is not lost.
 *
 * The end of a job comes in any order with a joiner that has seen its task end:
 *
 *	session_job_ended()	ended; on session->done unless a joiner waits
 *	joiner, task has ended	takes it, perhaps before the above
 *	joiner, gives up	if ended and it was the last, on session->done
 *
 * Wake-ups are sent under the lock, because the session may be freed as soon as
 * nothing runs any more and the lock is free.
 */
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "device.h"

atomic_long_t session_count;
atomic_long_t job_count;

static unsigned int max_tasks = 1 << 20;
module_param(max_tasks, uint, 0644);
MODULE_PARM_DESC(max_tasks,
		 "tasks that an open file may hold whose completion is not taken");

static unsigned int max_blocking;
module_param(max_blocking, uint, 0644);
MODULE_PARM_DESC(max_blocking,
		 "blocking tasks that an open file may have at work at once; 0: four for each CPU");

/* Completions that one read copies out between two looks at the lock. */
#define READ_BATCH	64

struct session *session_new(void)
{
	struct session *s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);

	if (!s)
		return ERR_PTR(-ENOMEM);
	xa_init_flags(&s->jobs, XA_FLAGS_ACCOUNT);
	INIT_LIST_HEAD(&s->done);
	init_waitqueue_head(&s->wait);
	atomic_long_inc(&session_count);
	return s;
}

/* To whoever sleeps in session->wait. */
static void session_wake(struct session *s)
{
	lockdep_assert_held(&s->jobs.xa_lock);
	/*
	 * Needs no barrier: they put themselves there first, and then look at
	 * the session under the lock that we hold.
	 */
	if (waitqueue_active(&s->wait))
		wake_up_poll(&s->wait, EPOLLIN | EPOLLRDNORM);
}

/* Return: NULL if there is no memory for it. */
struct workqueue_struct *session_blocking_wq(struct session *s)
{
	struct workqueue_struct *wq, *other;
	/* Enough to keep disks busy; more would only crowd out everybody else. */
	unsigned int max = READ_ONCE(max_blocking) ?: 4 * num_online_cpus();

	/* Pairs with the cmpxchg() below. */
	wq = smp_load_acquire(&s->blocking_wq);
	if (wq)
		return wq;
	wq = alloc_workqueue("ktask_file", WQ_UNBOUND, min(max, 512U));
	if (!wq)
		return NULL;
	other = cmpxchg(&s->blocking_wq, NULL, wq);
	if (!other)
		return wq;
	destroy_workqueue(wq);
	return other;
}

/* --- Jobs come ------------------------------------------------------------ */

static void session_count_job(struct session *s)
{
	s->nr_jobs++;
	atomic_long_inc(&job_count);
}

/* Wakes a reader, which may be told that there is nothing more to come. */
static void session_uncount_job(struct session *s)
{
	atomic_long_dec(&job_count);
	if (!--s->nr_jobs)
		session_wake(s);
}

/*
 * Give @job an id and a place, where others find it once it has been started.
 * Return: -EAGAIN if the session is full.
 */
int session_add(struct session *s, struct job *job)
{
	int err;

	xa_lock(&s->jobs);
	if (s->nr_jobs >= READ_ONCE(max_tasks)) {
		xa_unlock(&s->jobs);
		return -EAGAIN;
	}
	job->id = ++s->last_id;
	/* The insert may drop the lock to allocate, so count first. */
	session_count_job(s);
	err = __xa_insert(&s->jobs, job->id, job, GFP_KERNEL_ACCOUNT);
	if (err)
		session_uncount_job(s);
	else
		s->nr_running++;
	xa_unlock(&s->jobs);
	return err;
}

/* A job that was added will not be started. */
void session_remove(struct session *s, struct job *job)
{
	xa_lock(&s->jobs);
	__xa_erase(&s->jobs, job->id);
	s->nr_running--;
	session_uncount_job(s);
	xa_unlock(&s->jobs);
}

/* --- Jobs end ------------------------------------------------------------- */

/*
 * In the order of the ends. That is at the end, but for jobs that are given back
 * after a fault: these go near the front, as a reader had taken the first, so
 * the search begins there.
 */
static void session_make_readable(struct session *s, struct job *job)
{
	struct job *after;

	if (!list_empty(&s->done) &&
	    list_last_entry(&s->done, struct job, node)->end_nr > job->end_nr) {
		list_for_each_entry(after, &s->done, node) {
			if (after->end_nr > job->end_nr)
				break;
		}
		list_add_tail(&job->node, &after->node);
	} else {
		list_add_tail(&job->node, &s->done);
	}
	session_wake(s);
}

void session_job_ended(struct session *s, struct job *job)
{
	xa_lock(&s->jobs);
	job->ended = true;
	job->end_nr = ++s->last_end;
	if (!job->taken && !job->joiners)
		session_make_readable(s, job);
	if (!--s->nr_running)
		session_wake(s);
	xa_unlock(&s->jobs);
}

/* --- Completions are taken ------------------------------------------------ */

/*
 * Return: the job with that id, with a reference to its task; NULL if there is
 * none, or it is not started yet, or somebody takes its completion.
 */
static struct job *session_find(struct session *s, u64 id)
{
	struct job *job;

	if (id != (unsigned long)id)
		return NULL;
	job = xa_load(&s->jobs, id);
	if (!job || !READ_ONCE(job->started) || job->taken)
		return NULL;
	ktask_get(&job->task);
	return job;
}

/* The completion has been copied out: forget the job. */
static void session_taken(struct session *s, struct job *job)
{
	__xa_erase(&s->jobs, job->id);
	session_uncount_job(s);
}

/* The completion could not be copied out: as if it had not been taken. */
static void session_untake(struct session *s, struct job *job)
{
	job->taken = false;
	if (job->ended && !job->joiners)
		session_make_readable(s, job);
}

static int copy_completion(struct job *job, struct iov_iter *to)
{
	struct ktask_completion c;
	size_t n;

	job_completion(job, &c);
	n = copy_to_iter(&c, sizeof(c), to);
	if (n == sizeof(c))
		return 0;
	iov_iter_revert(to, n);
	return -EFAULT;
}

/* @job's task has ended; the caller was its joiner. */
static int session_take_joined(struct session *s, struct job *job,
			       struct iov_iter *to)
{
	int err;

	xa_lock(&s->jobs);
	job->joiners--;
	if (job->taken) {
		xa_unlock(&s->jobs);
		return -ENOENT;
	}
	job->taken = true;
	list_del_init(&job->node);
	xa_unlock(&s->jobs);

	err = copy_completion(job, to);

	xa_lock(&s->jobs);
	if (err)
		session_untake(s, job);
	else
		session_taken(s, job);
	xa_unlock(&s->jobs);

	if (!err)
		ktask_put(&job->task);
	return err;
}

/* A joiner gives up. */
static void session_unjoin(struct session *s, struct job *job)
{
	xa_lock(&s->jobs);
	if (!--job->joiners && job->ended && !job->taken &&
	    list_empty(&job->node))
		session_make_readable(s, job);
	xa_unlock(&s->jobs);
}

/* KTASK_JOIN by id. @deadline: 0: do not wait; or CLOCK_MONOTONIC. */
int session_join(struct session *s, u64 id, ktime_t deadline,
		 struct iov_iter *to)
{
	struct job *job;
	int err = 0;

	xa_lock(&s->jobs);
	job = session_find(s, id);
	if (job)
		job->joiners++;
	xa_unlock(&s->jobs);
	if (!job)
		return -ENOENT;

	if (!ktask_done(&job->task))
		err = deadline ? ktask_join_until(&job->task, NULL,
						  TASK_INTERRUPTIBLE, deadline)
			       : -ETIMEDOUT;
	/* Joined, whatever its outcome; or err tells why not. */
	if (ktask_done(&job->task))
		err = session_take_joined(s, job, to);
	else
		session_unjoin(s, job);
	ktask_put(&job->task);
	return err;
}

/* Claim up to @max jobs. Return: how many. */
static unsigned int session_claim(struct session *s, struct job **jobs,
				  unsigned int max)
{
	unsigned int n = 0;

	while (n < max && !list_empty(&s->done)) {
		struct job *job;

		job = list_first_entry(&s->done, struct job, node);
		list_del_init(&job->node);
		job->taken = true;
		jobs[n++] = job;
	}
	return n;
}

/* Copy out what there is. Return: how many; or -EFAULT, if not even one. */
static ssize_t session_read_some(struct session *s, struct iov_iter *to)
{
	const size_t room = iov_iter_count(to) / sizeof(struct ktask_completion);
	struct job *jobs[READ_BATCH];
	unsigned int claimed, copied, i;
	bool faulted;

	xa_lock(&s->jobs);
	claimed = session_claim(s, jobs, min_t(size_t, room, READ_BATCH));
	xa_unlock(&s->jobs);

	for (copied = 0; copied < claimed; copied++) {
		if (copy_completion(jobs[copied], to))
			break;
	}
	faulted = copied < claimed;

	xa_lock(&s->jobs);
	for (i = 0; i < copied; i++)
		session_taken(s, jobs[i]);
	/* Last first, so that each goes straight to the front. */
	while (claimed > copied)
		session_untake(s, jobs[--claimed]);
	xa_unlock(&s->jobs);

	for (i = 0; i < copied; i++)
		ktask_put(&jobs[i]->task);
	return faulted && !copied ? -EFAULT : (ssize_t)copied;
}

static bool session_readable(struct session *s)
{
	bool readable;

	xa_lock(&s->jobs);
	readable = !list_empty(&s->done) || !s->nr_jobs;
	xa_unlock(&s->jobs);
	return readable;
}

/*
 * read(): as many completions as there are and @to has room for, but at least
 * one. Return: how many; 0 if the session has no task whose completion is not
 * taken.
 */
ssize_t session_read(struct session *s, struct iov_iter *to, bool nonblock)
{
	ssize_t total = 0, n;

	for (;;) {
		n = session_read_some(s, to);
		if (n < 0)
			return total ?: n;
		total += n;
		if (n == READ_BATCH && !signal_pending(current))
			continue;
		if (total || !READ_ONCE(s->nr_jobs))
			return total;
		if (nonblock)
			return -EAGAIN;
		if (wait_event_interruptible(s->wait, session_readable(s)))
			return -ERESTARTSYS;
	}
}

/* KTASK_JOIN of whichever ends first. @deadline: as for session_join(). */
int session_join_next(struct session *s, ktime_t deadline, struct iov_iter *to)
{
	ktime_t left;
	ssize_t n;
	int err;

	for (;;) {
		n = session_read_some(s, to);
		if (n)
			return n < 0 ? n : 0;
		if (!READ_ONCE(s->nr_jobs))
			return -ENOENT;
		left = KTIME_MAX;
		if (deadline != KTIME_MAX)
			left = ktime_sub(deadline, ktime_get());
		/* Below zero the wait would be endless. */
		if (left <= 0)
			return -ETIMEDOUT;
		err = wait_event_interruptible_hrtimeout(s->wait,
							 session_readable(s),
							 left);
		if (err)
			return err == -ETIME ? -ETIMEDOUT : err;
	}
}

__poll_t session_poll(struct session *s)
{
	__poll_t ready;

	xa_lock(&s->jobs);
	ready = list_empty(&s->done) ? 0 : EPOLLIN | EPOLLRDNORM;
	xa_unlock(&s->jobs);
	return ready;
}

/* --- Abort and close ------------------------------------------------------ */

/* KTASK_ABORT */
int session_abort(struct session *s, u64 id)
{
	struct job *job;
	bool asked;

	xa_lock(&s->jobs);
	job = session_find(s, id);
	xa_unlock(&s->jobs);
	if (!job)
		return -ENOENT;

	asked = job_abort(job);
	ktask_put(&job->task);
	return asked ? 0 : -EALREADY;
}

/* Return: the first job after *@id that has been started; or NULL. */
static struct job *session_next(struct session *s, unsigned long *id)
{
	struct job *job;

	xa_lock(&s->jobs);
	do {
		job = xa_find_after(&s->jobs, id, ULONG_MAX, XA_PRESENT);
	} while (job && !READ_ONCE(job->started));
	if (job)
		ktask_get(&job->task);
	xa_unlock(&s->jobs);
	return job;
}

/* KTASK_ABORT with KTASK_ABORT_ALL: those that are there when it is called. */
void session_abort_all(struct session *s)
{
	unsigned long id = 0;
	struct job *job;

	while ((job = session_next(s, &id))) {
		job_abort(job);
		ktask_put(&job->task);
		cond_resched();
	}
}

static bool session_idle(struct session *s)
{
	bool idle;

	xa_lock(&s->jobs);
	idle = !s->nr_running;
	xa_unlock(&s->jobs);
	return idle;
}

/* The last close(): end all jobs, and drop what nobody will take any more. */
void session_close(struct session *s)
{
	unsigned long id;
	struct job *job;

	session_abort_all(s);
	wait_event(s->wait, session_idle(s));
	xa_for_each(&s->jobs, id, job) {
		atomic_long_dec(&job_count);
		ktask_put(&job->task);
		cond_resched();
	}
	xa_destroy(&s->jobs);
	if (s->blocking_wq)
		destroy_workqueue(s->blocking_wq);
	kfree(s);
	atomic_long_dec(&session_count);
}
