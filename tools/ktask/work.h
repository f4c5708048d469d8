/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Working on many files at once: a job a file, of a task or several, and a bounded
 * number of jobs at a time. What is done with a file is the verb's own.
 */
#ifndef KTASK_WORK_H
#define KTASK_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "ktask.h"
#include "names.h"

/**
 * struct work_job - a file, begin of a structure of the verb's own
 * @link: in &struct work.jobs
 * @stalled: in &struct work.stalled
 * @path: its name
 * @pending: how many tasks it has that have not ended
 * @no_room: tasks of it could not be spawned for want of what others will give back
 * @is_stalled: it waits for that
 * @ended: all is done but for printing
 */
struct work_job {
	TAILQ_ENTRY(work_job) link;
	TAILQ_ENTRY(work_job) stalled;
	char *path;
	unsigned int pending;
	bool no_room;
	bool is_stalled;
	bool ended;
};

TAILQ_HEAD(work_jobs, work_job);

/**
 * struct work_task - what the user data of a task points to
 * @job: the task's job
 */
struct work_task {
	struct work_job *job;
};

struct work;

/**
 * struct work_kind - what is done with a file
 * @job_size: bytes of the verb's job
 * @start: begins a job: spawns tasks, or does all there is to do. 0, or the errno
 *	because of which the file is left out
 * @take: a task of the job has ended
 * @next: all of them have: spawns more, or finishes the job. As @start
 * @fail: the job has failed, because of an errno that @start or @next gave: says so
 * @print: what is to be printed when the job has ended
 * @bytes: how far a job has come, for the progress line; may be NULL
 * @release: frees what the job has, however it ended; may be NULL
 */
struct work_kind {
	size_t job_size;
	int (*start)(struct work *work, struct work_job *job, const struct name *name);
	void (*take)(struct work *work, struct work_task *task,
		     const struct ktask_completion *completion);
	int (*next)(struct work *work, struct work_job *job);
	void (*fail)(struct work *work, struct work_job *job, int err);
	void (*print)(struct work *work, struct work_job *job);
	uint64_t (*bytes)(const struct work_job *job);
	void (*release)(struct work_job *job);
};

/**
 * struct work - all that is going on
 * @set: where the tasks are
 * @kind: what is done
 * @data: the verb's own
 * @max_jobs: how many jobs at once
 * @ordered: print in the order of the names, not as jobs end
 * @signal_fd: see interrupt_open(), or -1: signals end the program as they do
 * @jobs: those that are not printed yet, in the order of their names
 * @stalled: those that wait for room
 * @nr_jobs: how many are in @jobs
 * @nr_running: of these, how many have not ended
 * @nr_tasks: tasks that have not ended
 * @files: files that are done, for the progress line
 * @bytes: bytes of them
 * @failed: something could not be done
 * @stop: there is no sense in going on
 */
struct work {
	struct ktask_set *set;
	const struct work_kind *kind;
	void *data;
	size_t max_jobs;
	bool ordered;
	int signal_fd;
	struct work_jobs jobs;
	struct work_jobs stalled;
	size_t nr_jobs;
	size_t nr_running;
	size_t nr_tasks;
	uint64_t files;
	uint64_t bytes;
	bool failed;
	bool stop;
};

/* All names; the members up to @signal_fd are set. False: something failed, was said. */
bool work_run(struct work *work, struct names *names);

/*
 * Spawns all of some tasks for a job, or none: the user data of each is a &struct
 * work_task. 0, or an errno.
 */
int work_spawn(struct work *work, struct work_job *job, struct ktask_desc *descs,
	       size_t nr);

/* Enough jobs that some can wait for the disk while others are computed. */
size_t work_default_jobs(void);

/* The value of --jobs. False: it cannot be used; has been said. */
bool work_parse_jobs(const char *text, size_t *jobs);

/* Nothing more is started. */
void work_stop(struct work *work);

#endif /* KTASK_WORK_H */
