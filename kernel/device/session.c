// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions: the task set that an open file is. How jobs come into it, start, end
 * and leave; how their completions are taken is in take.c, how they are aborted in
 * abort.c.
 *
 * A job is added before it is visible, so that its spawn can still fail, with
 * nothing done; then it is committed. From then on whoever removes what holds it
 * back, which the job's stage tells, starts it: the end of another job, a timer,
 * a limit that is raised, or an abort. Tasks are started under the lock; that
 * calls nobody back.
 *
 * Wake-ups are sent under the lock, because the session may be freed as soon as
 * nothing runs any more and the lock is free.
 */
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>

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

static struct workqueue_struct *session_finish_wq;
static DEFINE_MUTEX(sessions_mutex);
static LIST_HEAD(sessions);
static u64 last_nr;

/* --- The session itself ---------------------------------------------------- */

/* The lock of the groups is taken under that of the jobs. */
static struct lock_class_key groups_key;

struct session *session_new(void)
{
	struct session *s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);

	if (!s)
		return ERR_PTR(-ENOMEM);
	s->account = account_get_current(NULL);
	if (!s->account) {
		kfree(s);
		return ERR_PTR(-ENOMEM);
	}
	kref_init(&s->ref);
	xa_init_flags(&s->jobs, XA_FLAGS_LOCK_BH | XA_FLAGS_ACCOUNT);
	xa_init_flags(&s->groups, XA_FLAGS_ALLOC1 | XA_FLAGS_LOCK_BH |
		      XA_FLAGS_ACCOUNT);
	lockdep_set_class(&s->groups.xa_lock, &groups_key);
	group_init(&s->all, 0);
	/* Enough to keep disks busy; more would only crowd out everybody else. */
	limit_init(&s->blocking,
		   READ_ONCE(max_blocking) ?: 4 * num_online_cpus());
	INIT_LIST_HEAD(&s->spare);
	init_waitqueue_head(&s->readers);
	init_waitqueue_head(&s->pollers);
	init_waitqueue_head(&s->room);
	uring_watch_init(s);
	s->opener = get_pid(task_tgid(current));
	atomic_long_inc(&session_count);

	guard(mutex)(&sessions_mutex);
	s->nr = ++last_nr;
	list_add_tail(&s->list, &sessions);
	return s;
}

static void session_free(struct kref *ref)
{
	struct session *s = container_of(ref, struct session, ref);

	event_put(s->all.event);
	kfree(s->allowed);
	put_pid(s->opener);
	account_put(s->account);
	kfree(s);
}

void session_put(struct session *s)
{
	kref_put(&s->ref, session_free);
}

/* Return: the first session after number @after, with a reference; or NULL. */
struct session *session_next(u64 after)
{
	struct session *s;

	guard(mutex)(&sessions_mutex);
	list_for_each_entry(s, &sessions, list) {
		if (s->nr > after) {
			kref_get(&s->ref);
			return s;
		}
	}
	return NULL;
}

/* Wake whoever sleeps in a wait queue of @s. */
static void session_wake_up(struct session *s, wait_queue_head_t *queue,
			    __poll_t events)
{
	session_assert_locked(s);
	/*
	 * Needs no barrier: they put themselves there first, and then look at
	 * the session under the lock that we hold.
	 */
	if (waitqueue_active(queue))
		__wake_up(queue, TASK_NORMAL, 0, poll_to_key(events));
}

/* Threads that sleep until there is enough to read, or nothing more to come. */
static void session_wake(struct session *s)
{
	session_wake_up(s, &s->readers, 0);
}

/* Threads that sleep until they can spawn. */
void session_wake_room(struct session *s)
{
	session_wake_up(s, &s->room, 0);
}

/* --- Jobs come ------------------------------------------------------------ */

static void count_job(struct group *g, const struct job *job)
{
	counter_add(g->nr_jobs, 1);
	counter_add(g->nr_joinable, job->joinable);
}

static void session_count_job(struct session *s, const struct job *job)
{
	count_job(&s->all, job);
	if (job->group)
		count_job(job->group, job);
	s->nr_bound += !!job->files;
	atomic_long_inc(&job_count);
}

/* Its completion will not be there to be taken, or has been. */
void session_unjoinable(struct session *s, struct job *job)
{
	session_assert_locked(s);
	job->joinable = false;
	counter_add(s->all.nr_joinable, -1);
	if (job->group)
		counter_add(job->group->nr_joinable, -1);
	/* A reader may be told that there is nothing more to come. */
	session_wake(s);
}

/* @job is none any more of those that the session, or a group, may have. */
static void session_uncount_job(struct session *s, struct job *job)
{
	if (job->joinable)
		session_unjoinable(s, job);
	counter_add(s->all.nr_jobs, -1);
	if (job->group)
		counter_add(job->group->nr_jobs, -1);
	job->group = NULL;
	session_wake_room(s);
}

/* The completion of @job has been taken, but its output may still be fetched. */
void session_keep(struct session *s, struct job *job)
{
	session_assert_locked(s);
	job->kept = true;
	session_uncount_job(s, job);
}

/* @job leaves the session; the caller has the session's reference to it now. */
void session_forget(struct session *s, struct job *job)
{
	session_assert_locked(s);
	__xa_erase(&s->jobs, job->id);
	if (!job->kept)
		session_uncount_job(s, job);
	job->kept = false;
	s->nr_bound -= !!job->files;
	atomic_long_dec(&job_count);
	account_uncharge_job(job->account);
}

static bool group_has_room(const struct group *g)
{
	return !g || !g->max_jobs || g->nr_jobs < g->max_jobs;
}

/* Whether a job of group @id, if there is such, would fit by the program's limits. */
bool session_has_room(struct session *s, u32 id)
{
	bool room;

	session_lock(s);
	room = s->closed || (group_has_room(&s->all) &&
			     group_has_room(group_find(s, id)));
	session_unlock(s);
	return room;
}

/* Nothing holds @job back any more, or it shall end without having run. */
void session_ready(struct job *job)
{
	session_assert_locked(job->session);
	job->stage = JOB_READY;
	counter_add(job->session->all.nr_active, 1);
	if (job->group)
		counter_add(job->group->nr_active, 1);
	if (job->visible) {
		job->stage = JOB_STARTED;
		job_launch(job);
	}
}

/* Have @job, which is held back, go as far as it can now. */
void session_advance(struct job *job)
{
	session_assert_locked(job->session);
	if (job->stage >= JOB_READY)
		return;
	if (job->cause) {
		list_del_init(&job->place.node);
		plan_unlink(job);
	} else if (!plan_over(job) || !limits_pass(job)) {
		return;
	}
	session_ready(job);
}

/* Under the lock, which may be dropped to allocate. */
static int session_insert(struct session *s, struct job *job, u32 group)
{
	struct group *g = group_find(s, group);
	int err;

	if (group && !g)
		return -ENOENT;
	if (s->all.nr_jobs >= READ_ONCE(max_tasks))
		return -EAGAIN;
	if (!group_has_room(&s->all) || !group_has_room(g))
		return -EBUSY;

	job->group = g;
	job->id = atomic64_inc_return(&s->last_id);
	/* Counted first, so that neither room nor group goes meanwhile. */
	session_count_job(s, job);
	err = __xa_insert(&s->jobs, job->id, job, GFP_KERNEL_ACCOUNT);
	if (!err)
		s->nr_running++;
	return err;
}

/*
 * Give @job an id and a place, where others find it once it is committed. @batch:
 * @nr_batch jobs that it may have been planned to run after.
 * Return: -EAGAIN if the session is as full as it may be; -EBUSY if it, or the
 * group, is as full as the program wants it; -EDQUOT, -ENOENT, -ENOMEM.
 */
int session_add(struct session *s, struct job *job, u32 group,
		struct job *const *batch, u32 nr_batch)
{
	int err;

	err = account_charge_job(job->account);
	if (err)
		return err;
	session_lock(s);
	err = session_insert(s, job, group);
	if (!err && job->plan) {
		err = plan_link(job, batch, nr_batch);
		if (err)
			s->nr_running--;
	}
	if (err && job->id) {
		session_forget(s, job);
		job->id = 0;
	} else if (err) {
		account_uncharge_job(job->account);
	} else {
		session_advance(job);
		job->prompt = job->stage == JOB_READY;
	}
	session_unlock(s);
	return err;
}

/*
 * Ids for up to @max tasks that are over before anybody could hear of them: see
 * brief.h. Return: the first; 0 if the session has no room for such a task, or
 * others have to be told of its end.
 */
u64 session_reserve_ids(struct session *s, u32 max)
{
	/* As it happens to be now: no task of this call changes any of it. */
	if (READ_ONCE(s->all.nr_jobs) >= READ_ONCE(max_tasks) ||
	    !group_has_room(&s->all) || READ_ONCE(s->all.event))
		return 0;
	return atomic64_add_return(max, &s->last_id) - max + 1;
}

/* A job that was added will not be started. */
void session_remove(struct session *s, struct job *job)
{
	session_lock(s);
	if (job->stage == JOB_READY) {
		counter_add(s->all.nr_active, -1);
		if (job->group)
			counter_add(job->group->nr_active, -1);
	}
	list_del_init(&job->place.node);
	plan_unlink(job);
	limits_leave(job);
	s->nr_running--;
	session_forget(s, job);
	session_unlock(s);
}

/*
 * Have a job that was added be seen, and start it if nothing holds it back. @here:
 * the calling thread may run it, for all it does next is wait. The job may be gone
 * when this returns.
 */
void session_commit(struct session *s, struct job *job, bool here)
{
	/* Nobody else does anything about it, so there is no need of the lock. */
	if (job->prompt && !job->plan) {
		job->stage = JOB_STARTED;
		WRITE_ONCE(job->visible, true);
		if (here)
			job_launch_here(job);
		else
			job_launch(job);
		return;
	}
	session_lock(s);
	WRITE_ONCE(job->visible, true);
	plan_begin(job);
	if (job->stage == JOB_READY) {
		job->stage = JOB_STARTED;
		job_launch(job);
	}
	session_unlock(s);
}

/* --- Jobs end ------------------------------------------------------------- */

/*
 * In the order of the ends. That is at the end, but for jobs that are given back
 * after a fault: these go near the front, as a reader had taken the first, so
 * the search begins there.
 */
static void done_insert(struct list_head *done, struct place *place)
{
	struct list_head *before = done;
	struct place *p;

	if (!list_empty(done) &&
	    list_last_entry(done, struct place, node)->nr > place->nr) {
		list_for_each_entry(p, done, node) {
			if (p->nr > place->nr) {
				before = &p->node;
				break;
			}
		}
	}
	list_add_tail(&place->node, before);
}

static void group_make_readable(struct group *g, struct place *place)
{
	done_insert(&g->done, place);
	counter_add(g->nr_done, 1);
	if (g->event)
		event_signal(g->event);
}

/* Off the lists of what can be read, if it is there. */
void session_unreadable(struct session *s, struct job *job)
{
	/* One that has not ended may be in the list of a limit. */
	if (!job->ended || list_empty(&job->place.node))
		return;
	list_del_init(&job->place.node);
	counter_add(s->all.nr_done, -1);
	if (!job->group)
		return;
	list_del_init(&job->group_place.node);
	counter_add(job->group->nr_done, -1);
}

void session_make_readable(struct session *s, struct job *job)
{
	session_assert_locked(s);
	group_make_readable(&s->all, &job->place);
	if (job->group)
		group_make_readable(job->group, &job->group_place);
	session_wake(s);
	session_wake_up(s, &s->pollers, EPOLLIN | EPOLLRDNORM);
}

/* In the context of who has run it, with preemption off. */
void session_job_ended(struct session *s, struct job *job)
{
	bool uring = READ_ONCE(job->uring);
	bool gone;

	session_lock(s);
	job->ended = true;
	job->place.nr = ++s->last_end;
	job->group_place.nr = s->last_end;
	counter_add(s->all.nr_active, -1);
	if (job->group)
		counter_add(job->group->nr_active, -1);
	limits_leave(job);
	plan_succeed(job);
	gone = !job->joinable;
	/* Whoever waits for it finds that it has been taken. */
	if (gone)
		job->taken = true;
	if (gone && uring && job->keeps_output && job_output_is_long(job)) {
		session_keep(s, job);
		ktask_get(&job->task);
		job_output_get(job);
	} else if (gone) {
		session_forget(s, job);
	} else if (!job->taken && !job->joiners) {
		session_make_readable(s, job);
	}
	if (!--s->nr_running) {
		session_wake(s);
		if (s->left)
			queue_work(session_finish_wq, &s->finish_work);
	}
	session_unlock(s);

	if (uring)
		uring_job_ended(job);
	else if (gone)
		ktask_put(&job->task);
}

/* --- Close ----------------------------------------------------------------- */

static bool session_idle(struct session *s)
{
	bool idle;

	session_lock(s);
	idle = !s->nr_running;
	session_unlock(s);
	return idle;
}

/*
 * Forget what nobody will take any more. What the reader of a descriptor is taking
 * just now becomes its: that may be long in copying, and we do not wait for it.
 */
static void session_drop_all(struct session *s)
{
	unsigned long id = 0;
	struct job *job;
	bool ours;

	session_lock(s);
	while ((job = xa_find(&s->jobs, &id, ULONG_MAX, XA_PRESENT))) {
		ours = !job->taken || job->kept;
		job->dropped = true;
		session_unreadable(s, job);
		session_forget(s, job);
		session_unlock(s);
		if (ours)
			job_leave(job);
		cond_resched();
		session_lock(s);
	}
	s->closed = true;
	session_wake(s);
	session_wake_up(s, &s->pollers, EPOLLIN | EPOLLHUP);
	session_unlock(s);
}

/* No job runs any more, and none will come. Descriptors of the session may remain. */
static void session_finish(struct session *s)
{
	uring_watch_stop(s);
	scoped_guard(mutex, &sessions_mutex)
		list_del(&s->list);
	session_drop_all(s);
	group_free_all(s);
	xa_destroy(&s->jobs);
	spare_free(s);
	atomic_long_dec(&session_count);
	session_put(s);
}

static void session_finish_work(struct work_struct *work)
{
	session_finish(container_of(work, struct session, finish_work));
	/* session_exit() waits until this has returned. */
	module_put(THIS_MODULE);
}

/* Return: whether session_job_ended() will see to the rest. */
static bool session_leave(struct session *s)
{
	session_lock(s);
	s->left = s->nr_running;
	if (s->left) {
		INIT_WORK(&s->finish_work, session_finish_work);
		/* Until now by the file. */
		__module_get(THIS_MODULE);
	}
	session_unlock(s);
	return s->left;
}

/* The last close(): end all jobs. */
void session_close(struct session *s)
{
	session_abort_all(s);
	/*
	 * Kernel threads close what others have left: a set of which an io_uring
	 * command or a message was the last holder. They do so for everybody, one
	 * file after the other, so they must not wait for an op that is stuck.
	 */
	if (current->flags & PF_KTHREAD && session_leave(s))
		return;
	wait_event(s->readers, session_idle(s));
	session_finish(s);
}

int __init session_init(void)
{
	session_finish_wq = alloc_workqueue("ktask_close", WQ_UNBOUND, 0);
	return session_finish_wq ? 0 : -ENOMEM;
}

void session_exit(void)
{
	destroy_workqueue(session_finish_wq);
}
