// SPDX-License-Identifier: GPL-2.0
/*
 * Aborting jobs of a session: one, a group, all, or those that end with a
 * descriptor table.
 */
#include <linux/fdtable.h>
#include <linux/sched.h>

#include "device.h"

/*
 * Return: the job with that id, if it is visible, with a reference to its task; or
 * NULL. Under the lock.
 */
struct job *session_lookup(struct session *s, u64 id)
{
	struct job *job;

	session_assert_locked(s);
	if (id != (unsigned long)id)
		return NULL;
	job = xa_load(&s->jobs, id);
	if (!job || !READ_ONCE(job->visible) || job->kept)
		return NULL;
	ktask_get(&job->task);
	return job;
}

/* KTASK_ABORT */
int session_abort(struct session *s, u64 id)
{
	struct job *job;
	bool asked;

	session_lock(s);
	job = session_lookup(s, id);
	if (job && job->taken) {
		ktask_put(&job->task);
		job = NULL;
	}
	session_unlock(s);
	if (!job)
		return -ENOENT;

	asked = job_abort(job, KTASK_CAUSE_ABORT);
	ktask_put(&job->task);
	return asked ? 0 : -EALREADY;
}

static bool job_is(const struct job *job, const struct group *g,
		   const struct files_struct *files)
{
	return (!g || job->group == g) && (!files || job->files == files);
}

/* Jobs that are looked at under the lock in one go. */
#define ABORT_LOOKS	256

/*
 * Note of jobs up to @last that they shall end. Those that wait for others of them
 * do not begin when these end, then.
 */
static void session_doom(struct session *s, u64 last, const struct group *g,
			 const struct files_struct *files)
{
	unsigned long id = 0;
	unsigned int looks = 0;
	struct job *job;

	session_lock(s);
	while ((job = xa_find_after(&s->jobs, &id, last, XA_PRESENT))) {
		if (READ_ONCE(job->visible) && !job->ended &&
		    job_is(job, g, files) && !job->cause)
			job->cause = KTASK_CAUSE_ABORT;
		if (++looks % ABORT_LOOKS == 0) {
			session_unlock(s);
			cond_resched();
			session_lock(s);
		}
	}
	session_unlock(s);
}

/* Those that are there when it is called: of a group, bound to a table, or all. */
static void session_abort_those(struct session *s, const struct group *g,
				const struct files_struct *files)
{
	unsigned long id = 0;
	struct job *job;
	u64 last;

	session_lock(s);
	last = atomic64_read(&s->last_id);
	session_unlock(s);
	session_doom(s, last, g, files);

	session_lock(s);
	while ((job = xa_find_after(&s->jobs, &id, last, XA_PRESENT))) {
		if (!READ_ONCE(job->visible) || job->ended ||
		    !job_is(job, g, files))
			continue;
		ktask_get(&job->task);
		session_unlock(s);
		job_abort(job, KTASK_CAUSE_ABORT);
		ktask_put(&job->task);
		cond_resched();
		session_lock(s);
	}
	session_unlock(s);
}

/* KTASK_ABORT with KTASK_ABORT_ALL */
void session_abort_all(struct session *s)
{
	session_abort_those(s, NULL, NULL);
}

/* KTASK_ABORT with KTASK_ABORT_GROUP */
int session_abort_group(struct session *s, u32 id)
{
	struct group *g;

	if (!id) {
		session_abort_all(s);
		return 0;
	}
	g = group_get(s, id);
	if (!g)
		return -ENOENT;
	session_abort_those(s, g, NULL);
	group_put(g);
	return 0;
}

static int is_file(const void *file, struct file *other, unsigned int fd)
{
	return other == file;
}

/*
 * Whether @file has a descriptor in @files. Since 6.13 a table that goes with its
 * last process keeps its files until it is gone, though they are being closed.
 */
static bool files_have(struct files_struct *files, struct file *file)
{
	return atomic_read(&files->count) &&
	       iterate_fd(files, 0, is_file, file);
}

/*
 * A descriptor of @file has been closed in the table @files. See job_bind().
 *
 * Pairs with session_check_bound(): either that sees that the descriptor has gone
 * from the table, or this sees the job in the session.
 */
void session_flush(struct session *s, struct file *file,
		   struct files_struct *files)
{
	bool bound;

	session_lock(s);
	bound = s->nr_bound;
	session_unlock(s);
	if (bound && !files_have(files, file))
		session_abort_those(s, NULL, files);
}

/* After a spawn: the caller's table may have lost the set meanwhile. */
void session_check_bound(struct session *s, struct file *file)
{
	session_flush(s, file, current->files);
}
