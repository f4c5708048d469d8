// SPDX-License-Identifier: GPL-2.0
/*
 * Hashing many files at once: a task a file, a bounded number at a time.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "cmd.h"
#include "hash.h"
#include "progress.h"

/* Completions taken at once. */
#define BATCH	64

/* Results kept at most while an earlier name's is waited for. */
#define MAX_KEPT	4096

/**
 * struct job - a file
 * @link: in &struct run.jobs
 * @path: its name
 * @ended: its task has ended, and nothing is left to do but to print
 * @ok: there is a digest
 * @len: bytes of it
 * @digest: it
 */
struct job {
	TAILQ_ENTRY(job) link;
	char *path;
	bool ended;
	bool ok;
	size_t len;
	unsigned char digest[KTASK_OUT_MAX];
};

/**
 * struct run - all that is going on
 * @set: where the tasks are
 * @options: what to do
 * @jobs: files that are not printed yet, in the order of their names
 * @nr_jobs: how many
 * @nr_running: of these, how many have a task
 * @files: files that have been hashed
 * @bytes: bytes that have been hashed
 * @failed: a file could not be hashed
 * @stop: there is no sense in going on
 */
struct run {
	struct ktask_set *set;
	const struct hash_options *options;
	TAILQ_HEAD(, job) jobs;
	size_t nr_jobs;
	size_t nr_running;
	uint64_t files;
	uint64_t bytes;
	bool failed;
	bool stop;
};

static void stop(struct run *run)
{
	run->failed = true;
	run->stop = true;
}

static struct job *job_add(struct run *run, char *path)
{
	struct job *job = must_calloc(1, sizeof(*job));

	job->path = path;
	TAILQ_INSERT_TAIL(&run->jobs, job, link);
	run->nr_jobs++;
	return job;
}

static void job_remove(struct run *run, struct job *job)
{
	TAILQ_REMOVE(&run->jobs, job, link);
	run->nr_jobs--;
	free(job->path);
	free(job);
}

static void job_print(struct run *run, struct job *job)
{
	if (job->ok) {
		progress_make_way();
		sum_line(job->path, job->digest, job->len);
	}
	job_remove(run, job);
}

/* Print what may be printed now that @job has ended. */
static void job_end(struct run *run, struct job *job)
{
	job->ended = true;
	if (!run->options->ordered) {
		job_print(run, job);
		return;
	}
	while ((job = TAILQ_FIRST(&run->jobs)) && job->ended)
		job_print(run, job);
}

static void job_fail(struct run *run, struct job *job, int err)
{
	message_file(job->path, err);
	run->failed = true;
	job_end(run, job);
}

static void take(struct run *run, const struct ktask_completion *completion)
{
	struct job *job = (struct job *)(uintptr_t)completion->user_data;

	run->nr_running--;
	if (completion->result < 0) {
		job_fail(run, job, -completion->result);
		return;
	}

	job->ok = true;
	job->len = completion->out_len;
	memcpy(job->digest, completion->out, job->len);
	run->files++;
	run->bytes += completion->result;
	job_end(run, job);
}

/* What is ready to be read by others, before we wait. */
static void before_waiting(struct run *run)
{
	if (!output_flush())
		stop(run);
	progress_show(run->files, run->bytes);
}

static void reap(struct run *run, int64_t timeout_ns)
{
	struct ktask_completion completions[BATCH];
	ssize_t n;

	before_waiting(run);
	n = ktask_join_many(run->set, completions, BATCH, timeout_ns);
	if (n == -ETIMEDOUT)
		return;
	if (n <= 0) {
		message("/dev/ktask: %s", n ? strerror(-n) : "tasks are missing");
		stop(run);
		return;
	}
	for (ssize_t i = 0; i < n; i++)
		take(run, &completions[i]);
}

/* Errors that go away when some of our tasks end, with what they hold. */
static bool is_shortage(int err)
{
	return err == EAGAIN || err == ENOMEM || err == EMFILE || err == ENFILE;
}

/*
 * O_NONBLOCK so that a FIFO is opened, and then refused, rather than waited
 * for; it means nothing to files that can be hashed.
 */
static int file_open(const struct name *name)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

	if (!name->found && !strcmp(name->path, "-"))
		return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	return open(name->path, flags | (name->found ? O_NOFOLLOW : 0));
}

/*
 * 0, or the errno because of which the file is not going to be hashed. The
 * descriptor is ours only until the task is spawned: it then has the file.
 */
static int try_start(struct run *run, const struct name *name, struct job *job)
{
	const char *alg = run->options->alg;
	int64_t id;
	int fd;

	fd = file_open(name);
	if (fd < 0)
		return errno;
	id = ktask_spawn_hash(run->set, fd, alg, (uintptr_t)job);
	close(fd);

	switch (id) {
	case -EOPNOTSUPP:
	case -ENAMETOOLONG:
		message("the kernel knows no hash algorithm \"%s\"", alg);
		stop(run);
		return 0;
	case -ENOENT:
		message("the ktask module offers no operation \"hash\"");
		stop(run);
		return 0;
	}
	if (id < 0)
		return -id;
	run->nr_running++;
	return 0;
}

static void start(struct run *run, const struct name *name)
{
	struct job *job = job_add(run, name->path);
	int err;

	err = try_start(run, name, job);
	while (is_shortage(err) && run->nr_running && !run->stop) {
		reap(run, KTASK_FOREVER);
		err = try_start(run, name, job);
	}
	if (err)
		job_fail(run, job, err);
}

/* Until a task has ended or there is more of the list. */
static void wait_for_either(struct run *run, struct list *list)
{
	struct pollfd fds[] = {
		{ .fd = ktask_set_fd(run->set), .events = POLLIN },
		{ .fd = list->fd, .events = POLLIN },
	};

	before_waiting(run);
	if (poll(fds, 2, -1) < 0)
		return;
	if (fds[0].revents)
		reap(run, 0);
	if (fds[1].revents)
		list_fill(list);
}

static void start_all(struct run *run, struct names *names)
{
	size_t max_kept = run->options->jobs + (run->options->ordered ? MAX_KEPT : 0);
	struct name name;

	while (!run->stop) {
		if (run->nr_running >= run->options->jobs || run->nr_jobs >= max_kept) {
			reap(run, KTASK_FOREVER);
			continue;
		}
		if (names_would_wait(names)) {
			if (run->nr_running) {
				wait_for_either(run, &names->list);
				continue;
			}
			before_waiting(run);
		}
		if (!names_next(names, &name))
			break;
		start(run, &name);
	}
}

bool hash_run(struct ktask_set *set, const struct hash_options *options,
	      struct names *names)
{
	struct run run = {
		.set = set,
		.options = options,
		.jobs = TAILQ_HEAD_INITIALIZER(run.jobs),
	};

	start_all(&run, names);
	while (run.nr_running && !run.stop)
		reap(&run, KTASK_FOREVER);
	progress_hide();

	/* When stopped, tasks may still run: closing the set will end them. */
	while (!TAILQ_EMPTY(&run.jobs))
		job_remove(&run, TAILQ_FIRST(&run.jobs));
	return !run.failed && !names->failed && !names->list.failed;
}
