// SPDX-License-Identifier: GPL-2.0
/*
 * Copying by a pool of threads which hash through AF_ALG: what was read is written and
 * hashed from the same buffer, so that the source is read once; or the kernel copies, by
 * copy_file_range(2), and both files are read.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "subjects.h"

static int to = -1;

static int write_all(int fd, const unsigned char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(fd, buf, len);

		if (n < 0)
			return -errno;
		buf += n;
		len -= n;
	}
	return 0;
}

/* Hash a file from its beginning on; and write what was read to @out, unless it is -1. */
static int hash(struct pool_worker *worker, int in, int out, struct digest *digest)
{
	off_t offset = 0;
	ssize_t n;
	int err;

	do {
		n = pread(in, worker->buf, POOL_BUF, offset);
		if (n < 0)
			return -errno;
		offset += n;
		err = out < 0 ? 0 : write_all(out, worker->buf, n);
		if (!err)
			err = alg_write(worker->alg, worker->buf, n);
	} while (!err && n == POOL_BUF);
	return err ?: alg_end(worker->alg, digest);
}

static int copy_range(int in, int out)
{
	off_t from = 0, at = 0;
	ssize_t n;

	do {
		n = copy_file_range(in, &from, out, &at, 1U << 30, 0);
	} while (n > 0);
	return n ? -errno : 0;
}

static int copy_file(struct pool_worker *worker, unsigned int file, bool range)
{
	struct digest *source = &tree.found[file], *target = &tree.found_copy[file];
	int in = openat(tree.fd, tree.paths[file], O_RDONLY | O_CLOEXEC);
	int out = openat(to, tree.paths[file], O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int err = in < 0 || out < 0 ? -errno : 0;

	if (!err && range)
		err = copy_range(in, out);
	if (!err)
		err = hash(worker, in, range ? -1 : out, source);
	if (!err)
		err = hash(worker, out, -1, target);
	if (!err && memcmp(source->bytes, target->bytes, DIGEST_LEN))
		err = -EBADMSG;
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return err;
}

static int work_once(struct pool_worker *worker, unsigned int file)
{
	return copy_file(worker, file, false);
}

static int work_range(struct pool_worker *worker, unsigned int file)
{
	return copy_file(worker, file, true);
}

static int run(int (*work)(struct pool_worker *worker, unsigned int file))
{
	int err = tree_copy_dirs(&to);

	if (err)
		return err;
	err = pool_run(work);
	close(to);
	return err;
}

static int run_once(unsigned int count)
{
	(void)count;
	return run(work_once);
}

static int run_range(unsigned int count)
{
	(void)count;
	return run(work_range);
}

const struct subject copy_pool = {
	.name = "pool_read_write",
	.open = pool_open,
	.run = run_once,
	.check = tree_copied_right,
	.reset = tree_reset,
};

const struct subject copy_pool_range = {
	.name = "pool_copy_range",
	.open = pool_open,
	.run = run_range,
	.check = tree_copied_right,
	.reset = tree_reset,
};
