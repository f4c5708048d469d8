// SPDX-License-Identifier: GPL-2.0
/*
 * Hashing a file: one task.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "hash.h"
#include "json.h"
#include "progress.h"

/**
 * struct hash_job - a file
 * @job: what all kinds of jobs have
 * @task: its task
 * @err: the errno because of which there is no digest, or 0
 * @stopped: it is no fault of the file's that there is none
 * @bytes: how many were hashed
 * @len: bytes of the digest
 * @digest: it
 */
struct hash_job {
	struct work_job job;
	struct work_task task;
	int err;
	bool stopped;
	uint64_t bytes;
	size_t len;
	unsigned char digest[KTASK_OUT_MAX];
};

static struct hash_job *to_hash_job(struct work_job *job)
{
	return (struct hash_job *)job;
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

static int describe(struct work *work, struct hash_job *hash, int fd,
		    struct ktask_args_hash *args, struct ktask_desc *desc)
{
	const struct hash_options *options = work->data;
	size_t len = strlen(options->alg);

	if (len >= sizeof(args->alg))
		return EOPNOTSUPP;
	args->fd = fd;
	memcpy(args->alg, options->alg, len);

	hash->task.job = &hash->job;
	desc->user_data = (uintptr_t)&hash->task;
	return 0;
}

/* The descriptor is ours only until the task is spawned: it then has the file. */
static int start(struct work *work, struct work_job *job, const struct name *name)
{
	const struct hash_options *options = work->data;
	struct hash_job *hash = to_hash_job(job);
	struct ktask_args_hash args = { 0 };
	struct ktask_desc desc;
	int err;
	int fd;

	err = -ktask_desc_init(work->set, &desc, "hash", &args, sizeof(args));
	if (err == ENOENT) {
		message("the ktask module offers no operation \"hash\"");
		hash->stopped = true;
		work_stop(work);
		return 0;
	}
	if (err)
		return err;

	fd = file_open(name);
	if (fd < 0)
		return errno;
	err = describe(work, hash, fd, &args, &desc);
	if (!err)
		err = work_spawn(work, job, &desc, 1);
	close(fd);

	if (err == EOPNOTSUPP) {
		message("the kernel knows no hash algorithm \"%s\"", options->alg);
		hash->stopped = true;
		work_stop(work);
		return 0;
	}
	return err;
}

static void take(struct work *work, struct work_task *task,
		 const struct ktask_completion *completion)
{
	struct hash_job *hash = to_hash_job(task->job);

	(void)work;
	if (completion->result < 0) {
		hash->err = -completion->result;
		return;
	}
	hash->bytes = completion->result;
	hash->len = completion->out_len;
	memcpy(hash->digest, completion->out, hash->len);
}

static int next(struct work *work, struct work_job *job)
{
	struct hash_job *hash = to_hash_job(job);

	if (!hash->err) {
		work->files++;
		work->bytes += hash->bytes;
	}
	return hash->err;
}

static void fail(struct work *work, struct work_job *job, int err)
{
	(void)work;
	to_hash_job(job)->err = err;
	message_file(job->path, err);
}

static void print_json(const struct hash_job *hash, const struct hash_options *options)
{
	struct json_object *object = json_new();

	json_add_path(object, "path", hash->job.path);
	json_add_text(object, "algorithm", options->alg);
	if (hash->err) {
		json_add_text(object, "error", strerror(hash->err));
	} else {
		json_add_u64(object, "bytes", hash->bytes);
		json_add_hex(object, "digest", hash->digest, hash->len);
	}
	json_print_line(object);
}

static void print(struct work *work, struct work_job *job)
{
	const struct hash_options *options = work->data;
	struct hash_job *hash = to_hash_job(job);

	if (hash->stopped || (hash->err && !options->json))
		return;
	progress_make_way();
	if (options->json)
		print_json(hash, options);
	else
		sum_line(job->path, hash->digest, hash->len);
}

const struct work_kind hash_kind = {
	.job_size = sizeof(struct hash_job),
	.start = start,
	.take = take,
	.next = next,
	.fail = fail,
	.print = print,
};
