// SPDX-License-Identifier: GPL-2.0
/*
 * Copying a file, and comparing what came of it: a few tasks. First it is copied; when
 * that has succeeded, the source is hashed and the copy is put onto its disk. When it
 * is there, what memory has of it is dropped, so that it is read from the disk when it
 * is hashed. If that is the source's digest, the copy gets its name.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "copy.h"
#include "hash.h"
#include "json.h"
#include "place.h"
#include "progress.h"

/* A copy's tasks, in the order in which they are spawned. */
enum step {
	STEP_COPY,
	STEP_SYNC,
	STEP_HASH_SOURCE,
	STEP_HASH_COPY,
	NR_STEPS
};

/**
 * struct copy_job - a file
 * @job: what all kinds of jobs have
 * @tasks: its tasks, by step
 * @kind: what it is
 * @target: where it is copied to
 * @source: the file
 * @before: what was known of it in the beginning
 * @place: the copy
 * @check_left: the copy is still to be hashed
 * @err: the errno that a task ended with, or 0; of the first step that has one
 * @err_step: that step
 * @bytes: bytes that were copied
 * @len: bytes of the digests
 * @digests: of the source and of the copy
 * @why: why it failed, or NULL
 * @stopped: it is no fault of the file's that it has not been copied
 */
struct copy_job {
	struct work_job job;
	struct work_task tasks[NR_STEPS];
	enum name_kind kind;
	char *target;
	int source;
	struct stat before;
	struct place place;
	bool check_left;
	int err;
	enum step err_step;
	uint64_t bytes;
	size_t len[2];
	unsigned char digests[2][KTASK_OUT_MAX];
	char *why;
	bool stopped;
};

static struct copy_job *to_copy_job(const struct work_job *job)
{
	return (struct copy_job *)job;
}

static int refuse(struct copy_job *copy, int err, const char *why)
{
	free(copy->why);
	copy->why = must_strndup(why, strlen(why));
	return err;
}

/* --- Spawning ------------------------------------------------------------------ */

/**
 * struct batch - tasks to be spawned
 * @descs: what to spawn
 * @nr: how many
 * @index: which of @descs a step is
 * @after: what each is to run after
 * @copy: arguments
 * @fsync: arguments
 * @hash: arguments, of the source and of the copy
 */
struct batch {
	struct ktask_desc descs[NR_STEPS];
	size_t nr;
	size_t index[NR_STEPS];
	struct ktask_after after[NR_STEPS];
	struct ktask_args_copy copy;
	struct ktask_args_fsync fsync;
	struct ktask_args_hash hash[2];
};

static int batch_add(struct work *work, struct copy_job *copy, struct batch *batch,
		     enum step step, const char *op, const void *args, size_t args_size)
{
	struct ktask_desc *desc = &batch->descs[batch->nr];
	int err;

	err = ktask_desc_init(work->set, desc, op, args, args_size);
	if (err)
		return -err;
	copy->tasks[step].job = &copy->job;
	desc->user_data = (uintptr_t)&copy->tasks[step];
	batch->index[step] = batch->nr++;
	return 0;
}

/* Only if that succeeds. */
static void batch_after(struct batch *batch, enum step step, enum step before)
{
	struct ktask_after *after = &batch->after[step];

	after->id = batch->index[before];
	after->flags = KTASK_AFTER_INDEX;
	ktask_desc_after(&batch->descs[batch->index[step]], after, 1);
}

static int add_hash(struct work *work, struct copy_job *copy, struct batch *batch,
		    enum step step, int fd)
{
	const struct copy *options = work->data;
	struct ktask_args_hash *args = &batch->hash[step - STEP_HASH_SOURCE];
	size_t len = strlen(options->alg);

	if (len >= sizeof(args->alg))
		return EOPNOTSUPP;
	args->fd = fd;
	memcpy(args->alg, options->alg, len);
	return batch_add(work, copy, batch, step, "hash", args, sizeof(*args));
}

/* The copy, and all that is to be done after it but for reading it from the disk. */
static int add_first(struct work *work, struct copy_job *copy, struct batch *batch)
{
	const struct copy *options = work->data;
	int err;

	batch->copy.fd_in = copy->source;
	batch->copy.fd_out = copy->place.fd;
	err = batch_add(work, copy, batch, STEP_COPY, "copy", &batch->copy,
			sizeof(batch->copy));
	if (!err && options->sync) {
		batch->fsync.fd = copy->place.fd;
		err = batch_add(work, copy, batch, STEP_SYNC, "fsync", &batch->fsync,
				sizeof(batch->fsync));
		if (!err)
			batch_after(batch, STEP_SYNC, STEP_COPY);
	}
	if (!err && options->alg) {
		err = add_hash(work, copy, batch, STEP_HASH_SOURCE, copy->source);
		if (!err)
			batch_after(batch, STEP_HASH_SOURCE, STEP_COPY);
	}
	if (!err && options->alg && !options->sync) {
		err = add_hash(work, copy, batch, STEP_HASH_COPY, copy->place.fd);
		if (!err)
			batch_after(batch, STEP_HASH_COPY, STEP_COPY);
	}
	return err;
}

/* What has been said of all files need not be said of each. */
static int check_spawned(struct work *work, struct copy_job *copy, int err)
{
	const struct copy *options = work->data;

	switch (err) {
	case EOPNOTSUPP:
		message("the kernel knows no hash algorithm \"%s\"", options->alg);
		break;
	case ENOENT:
		message("the ktask module does not offer the operations \"copy\", \"hash\" and \"fsync\"");
		break;
	default:
		return err;
	}
	copy->stopped = true;
	work_stop(work);
	return 0;
}

static int spawn_first(struct work *work, struct copy_job *copy)
{
	const struct copy *options = work->data;
	struct batch batch = { .nr = 0 };
	int err;

	err = add_first(work, copy, &batch);
	if (!err)
		err = work_spawn(work, &copy->job, batch.descs, batch.nr);
	copy->check_left = !err && options->alg && options->sync;
	return check_spawned(work, copy, err);
}

static int spawn_check(struct work *work, struct copy_job *copy)
{
	struct batch batch = { .nr = 0 };
	int err;

	posix_fadvise(copy->place.fd, 0, 0, POSIX_FADV_DONTNEED);
	err = add_hash(work, copy, &batch, STEP_HASH_COPY, copy->place.fd);
	if (!err)
		err = work_spawn(work, &copy->job, batch.descs, batch.nr);
	copy->check_left = err;
	return check_spawned(work, copy, err);
}

/* --- The steps ----------------------------------------------------------------- */

/* Whatever was given by name; O_NONBLOCK so that a FIFO is not waited for. */
static int open_source(struct copy_job *copy, const struct name *name)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

	copy->source = open(name->path, flags | (name->found ? O_NOFOLLOW : 0));
	if (copy->source < 0 || fstat(copy->source, &copy->before))
		return errno;
	if (S_ISDIR(copy->before.st_mode))
		return refuse(copy, EISDIR, "a directory, and --recursive is not given");
	if (!S_ISREG(copy->before.st_mode))
		return refuse(copy, EINVAL, "not a regular file");
	return 0;
}

static int open_target(struct copy_job *copy, const struct copy *options)
{
	const char *why;
	char *real;
	int err;

	err = copy_check(copy->target, &copy->before, options->force, &real, &why);
	if (err)
		return why ? refuse(copy, err, why) : err;
	err = place_open(&copy->place, real);
	free(real);
	if (!err && fchmod(copy->place.fd, copy->before.st_mode & 0777))
		err = errno;
	return err;
}

static void close_files(struct copy_job *copy)
{
	if (copy->source >= 0)
		close(copy->source);
	copy->source = -1;
	place_close(&copy->place);
}

static int start_file(struct work *work, struct copy_job *copy, const struct name *name)
{
	int err;

	err = open_source(copy, name);
	if (!err)
		err = open_target(copy, work->data);
	if (!err)
		err = spawn_first(work, copy);
	if (err)
		close_files(copy);
	return err;
}

static int start(struct work *work, struct work_job *job, const struct name *name)
{
	struct copy_job *copy = to_copy_job(job);
	struct copy *options = work->data;
	const char *why = NULL;
	int err;

	/* It may be tried again, when there was a shortage. */
	if (!copy->target) {
		copy->kind = name->kind;
		copy->source = -1;
		copy->place.fd = -1;
		copy->target = copy_target(options, name);
		if (!name->found && !copy_claim(options, copy->target))
			return refuse(copy, EEXIST, "another file has been copied there");
	}

	switch (name->kind) {
	case NAME_DIRECTORY:
		err = copy_directory(options, name, copy->target, &why);
		return why ? refuse(copy, err, why) : err;
	case NAME_LINK:
		return copy_link(options, name, copy->target);
	case NAME_SPECIAL:
		return refuse(copy, EINVAL, "not a regular file");
	default:
		return start_file(work, copy, name);
	}
}

/* That which failed first says what is wrong; what was to come after it was cancelled. */
static void take_error(struct copy_job *copy, enum step step, int err)
{
	if (!copy->err || step < copy->err_step) {
		copy->err = err;
		copy->err_step = step;
	}
}

static void take(struct work *work, struct work_task *task,
		 const struct ktask_completion *completion)
{
	struct copy_job *copy = to_copy_job(task->job);
	enum step step = task - copy->tasks;

	(void)work;
	if (completion->result < 0) {
		take_error(copy, step, -completion->result);
	} else if (step == STEP_COPY) {
		copy->bytes = completion->result;
	} else if (step == STEP_HASH_SOURCE || step == STEP_HASH_COPY) {
		size_t which = step - STEP_HASH_SOURCE;

		copy->len[which] = completion->out_len;
		memcpy(copy->digests[which], completion->out, completion->out_len);
	}
}

static bool has_changed(const struct copy_job *copy)
{
	struct stat now;

	return !fstat(copy->source, &now) &&
	       (now.st_size != copy->before.st_size ||
		now.st_mtim.tv_sec != copy->before.st_mtim.tv_sec ||
		now.st_mtim.tv_nsec != copy->before.st_mtim.tv_nsec);
}

static int compare(struct copy_job *copy)
{
	if (copy->len[0] == copy->len[1] &&
	    !memcmp(copy->digests[0], copy->digests[1], copy->len[0]))
		return 0;
	if (has_changed(copy))
		return refuse(copy, EBUSY, "the source was changed meanwhile");
	return refuse(copy, EIO, "the copy differs from the source");
}

static int finish(struct work *work, struct copy_job *copy)
{
	struct copy *options = work->data;
	int err = 0;

	if (options->alg)
		err = compare(copy);
	if (!err)
		err = place_commit(&copy->place);
	if (err)
		return err;
	copy_dirs_changed(&options->dirs, copy->place.path);
	work->files++;
	work->bytes += copy->bytes;
	return 0;
}

static int next(struct work *work, struct work_job *job)
{
	struct copy_job *copy = to_copy_job(job);

	if (copy->err)
		return copy->err;
	return copy->check_left ? spawn_check(work, copy) : finish(work, copy);
}

/* --- What is said -------------------------------------------------------------- */

static void fail(struct work *work, struct work_job *job, int err)
{
	struct copy_job *copy = to_copy_job(job);

	(void)work;
	if (!copy->why)
		refuse(copy, err, strerror(err));
	message_files("cannot copy", job->path, copy->target, copy->why);
}

static const char *kind_name(const struct copy_job *copy)
{
	switch (copy->kind) {
	case NAME_DIRECTORY:
		return "directory";
	case NAME_LINK:
		return "link";
	case NAME_SPECIAL:
		return "special";
	default:
		return "file";
	}
}

static void print_json(const struct copy_job *copy, const struct copy *options)
{
	struct json_object *object = json_new();

	json_add_path(object, "source", copy->job.path);
	json_add_path(object, "destination", copy->target);
	json_add_text(object, "kind", kind_name(copy));
	if (copy->why) {
		json_add_text(object, "error", copy->why);
	} else if (copy->kind == NAME_FILE) {
		json_add_u64(object, "bytes", copy->bytes);
		if (options->alg) {
			json_add_text(object, "algorithm", options->alg);
			json_add_hex(object, "digest", copy->digests[1], copy->len[1]);
		}
	}
	json_print_line(object);
}

static void print(struct work *work, struct work_job *job)
{
	const struct copy *options = work->data;
	struct copy_job *copy = to_copy_job(job);

	if (copy->stopped || (!options->json && !options->verbose))
		return;
	progress_make_way();
	if (options->json)
		print_json(copy, options);
	else if (copy->kind == NAME_FILE && !copy->why && options->alg)
		sum_line(copy->target, copy->digests[1], copy->len[1]);
	else if (copy->kind == NAME_FILE && !copy->why)
		puts(copy->target);
}

static uint64_t bytes(const struct work_job *job)
{
	const struct copy_job *copy = to_copy_job(job);
	struct stat now;

	return copy->place.fd < 0 || fstat(copy->place.fd, &now) ? 0 : now.st_size;
}

static void release(struct work_job *job)
{
	struct copy_job *copy = to_copy_job(job);

	if (copy->target)
		close_files(copy);
	free(copy->target);
	free(copy->why);
}

const struct work_kind copy_kind = {
	.job_size = sizeof(struct copy_job),
	.start = start,
	.take = take,
	.next = next,
	.fail = fail,
	.print = print,
	.bytes = bytes,
	.release = release,
};
