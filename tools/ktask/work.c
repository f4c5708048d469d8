// SPDX-License-Identifier: GPL-2.0
/*
 * Working on many files at once.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "progress.h"
#include "work.h"

/* Completions taken at once. */
#define BATCH	64

/* Jobs kept at most while an earlier one is waited for, to be printed. */
#define MAX_KEPT	4096

void work_stop(struct work *work)
{
	work->failed = true;
	work->stop = true;
}

static void job_remove(struct work *work, struct work_job *job)
{
	if (job->is_stalled)
		TAILQ_REMOVE(&work->stalled, job, stalled);
	TAILQ_REMOVE(&work->jobs, job, link);
	work->nr_jobs--;
	if (work->kind->release)
		work->kind->release(job);
	free(job->path);
	free(job);
}

static void job_print(struct work *work, struct work_job *job)
{
	work->kind->print(work, job);
	job_remove(work, job);
}

/* Print what may be printed now that @job has ended. */
static void job_end(struct work *work, struct work_job *job)
{
	job->ended = true;
	work->nr_running--;
	if (!work->ordered) {
		job_print(work, job);
		return;
	}
	while ((job = TAILQ_FIRST(&work->jobs)) && job->ended)
		job_print(work, job);
}

static void job_fail(struct work *work, struct work_job *job, int err)
{
	work->failed = true;
	work->kind->fail(work, job, err);
	job_end(work, job);
}

/* Errors that go away when some of our tasks end, with what they hold. */
static bool is_shortage(int err)
{
	return err == EAGAIN || err == EDQUOT || err == ENOMEM || err == EMFILE ||
	       err == ENFILE;
}

/* Nothing of it runs: what comes next, or nothing does. */
static void job_next(struct work *work, struct work_job *job)
{
	int err;

	job->no_room = false;
	err = work->kind->next(work, job);
	if (job->pending)
		return;
	if (job->no_room && work->nr_tasks) {
		job->is_stalled = true;
		TAILQ_INSERT_TAIL(&work->stalled, job, stalled);
	} else if (err) {
		job_fail(work, job, err);
	} else {
		job_end(work, job);
	}
}

/* Some tasks have ended, so there may be room: at least they are tried once. */
static void retry_stalled(struct work *work)
{
	struct work_job *last = TAILQ_LAST(&work->stalled, work_jobs);
	struct work_job *job = NULL;

	while (job != last && !work->stop) {
		job = TAILQ_FIRST(&work->stalled);
		TAILQ_REMOVE(&work->stalled, job, stalled);
		job->is_stalled = false;
		job_next(work, job);
	}
}

int work_spawn(struct work *work, struct work_job *job, struct ktask_desc *descs, size_t nr)
{
	int err = -ktask_spawn_all(work->set, descs, nr);

	job->no_room = is_shortage(err);
	if (err)
		return err;
	job->pending += nr;
	work->nr_tasks += nr;
	return 0;
}

static void take(struct work *work, const struct ktask_completion *completion)
{
	struct work_task *task = (struct work_task *)(uintptr_t)completion->user_data;
	struct work_job *job = task->job;

	work->nr_tasks--;
	job->pending--;
	work->kind->take(work, task, completion);
	if (!job->pending)
		job_next(work, job);
}

static void show_progress(struct work *work)
{
	uint64_t bytes = work->bytes;
	struct work_job *job;

	if (!progress_due())
		return;
	TAILQ_FOREACH(job, &work->jobs, link) {
		if (work->kind->bytes && !job->ended)
			bytes += work->kind->bytes(job);
	}
	progress_show(work->files, bytes);
}

/* What is ready to be read by others, before we wait. */
static void before_waiting(struct work *work)
{
	if (!output_flush())
		work_stop(work);
	show_progress(work);
}

static void reap(struct work *work, int64_t timeout_ns)
{
	struct ktask_completion completions[BATCH];
	ssize_t n;

	n = ktask_join_many(work->set, completions, BATCH, timeout_ns);
	if (n == -ETIMEDOUT)
		return;
	if (n <= 0) {
		message("/dev/ktask: %s", n ? strerror(-n) : "tasks are missing");
		work_stop(work);
		return;
	}
	for (ssize_t i = 0; i < n; i++)
		take(work, &completions[i]);
	retry_stalled(work);
}

/*
 * Until a task has ended, a signal has come, a moment has passed if there is progress
 * to be shown, or, with @list, there is more of that.
 */
static void wait_for_any(struct work *work, struct list *list)
{
	struct pollfd fds[] = {
		{ .fd = ktask_set_fd(work->set), .events = POLLIN },
		{ .fd = work->signal_fd, .events = POLLIN },
		{ .fd = list ? list->fd : -1, .events = POLLIN },
	};

	before_waiting(work);
	if (work->stop)
		return;
	if (!list && work->signal_fd < 0 && progress_interval() < 0) {
		reap(work, KTASK_FOREVER);
		return;
	}
	if (poll(fds, 3, progress_interval()) < 0)
		return;
	if (fds[0].revents)
		reap(work, 0);
	if (fds[1].revents)
		work_stop(work);
	if (fds[2].revents)
		list_fill(list);
}

static void start(struct work *work, const struct name *name)
{
	struct work_job *job = must_calloc(1, work->kind->job_size);
	int err;

	job->path = name->path;
	TAILQ_INSERT_TAIL(&work->jobs, job, link);
	work->nr_jobs++;
	work->nr_running++;

	err = work->kind->start(work, job, name);
	while (is_shortage(err) && work->nr_tasks && !work->stop) {
		wait_for_any(work, NULL);
		err = work->kind->start(work, job, name);
	}
	if (err)
		job_fail(work, job, err);
	else if (!job->pending)
		job_end(work, job);
}

static void start_all(struct work *work, struct names *names)
{
	size_t max_kept = work->max_jobs + (work->ordered ? MAX_KEPT : 0);
	struct name name;

	while (!work->stop) {
		if (work->nr_running >= work->max_jobs || work->nr_jobs >= max_kept) {
			wait_for_any(work, NULL);
			continue;
		}
		if (names_would_wait(names)) {
			if (work->nr_running || work->signal_fd >= 0) {
				wait_for_any(work, &names->list);
				continue;
			}
			before_waiting(work);
		}
		if (!names_next(names, &name))
			break;
		start(work, &name);
	}
}

bool work_run(struct work *work, struct names *names)
{
	TAILQ_INIT(&work->jobs);
	TAILQ_INIT(&work->stalled);

	start_all(work, names);
	while (work->nr_running && !work->stop)
		wait_for_any(work, NULL);
	progress_hide();

	/* When stopped, tasks may still run: closing the set will end them. */
	while (!TAILQ_EMPTY(&work->jobs))
		job_remove(work, TAILQ_FIRST(&work->jobs));
	return !work->failed && !names->failed && !names->list.failed;
}
