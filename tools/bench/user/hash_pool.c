// SPDX-License-Identifier: GPL-2.0
/*
 * Hashing by a pool of threads, through AF_ALG: by reading into a buffer which fits in the
 * cache; from pages mapped; and by sendfile(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "subjects.h"

/* Give all of a file to a socket. 0 or a negative errno. */
typedef int (*feed_fn)(struct pool_worker *worker, int fd);

static int hash_file(struct pool_worker *worker, unsigned int file, feed_fn feed)
{
	int fd = openat(tree.fd, tree.paths[file], O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = feed(worker, fd);
	close(fd);
	return err ?: alg_end(worker->alg, &tree.found[file]);
}

/* A short read is not yet the end, but of files in memory it is: one call fewer. */
static int feed_read(struct pool_worker *worker, int fd)
{
	ssize_t n;
	int err;

	do {
		n = read(fd, worker->buf, POOL_BUF);
		if (n < 0)
			return -errno;
		err = alg_write(worker->alg, worker->buf, n);
	} while (!err && n == POOL_BUF);
	return err;
}

static int feed_mmap(struct pool_worker *worker, int fd)
{
	struct stat st;
	void *map;
	int err;

	if (fstat(fd, &st))
		return -errno;
	map = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	err = alg_write(worker->alg, map, st.st_size);
	munmap(map, st.st_size);
	return err;
}

/* In one call: the last page of each tells the socket that the file ends there. */
static int feed_sendfile(struct pool_worker *worker, int fd)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		return -errno;
	n = sendfile(worker->alg, fd, NULL, st.st_size);
	if (n < 0)
		return -errno;
	return n == st.st_size ? 0 : -EPROTO;
}

static int work_read(struct pool_worker *worker, unsigned int file)
{
	return hash_file(worker, file, feed_read);
}

static int work_mmap(struct pool_worker *worker, unsigned int file)
{
	return hash_file(worker, file, feed_mmap);
}

static int work_sendfile(struct pool_worker *worker, unsigned int file)
{
	return hash_file(worker, file, feed_sendfile);
}

static int run_read(unsigned int count)
{
	(void)count;
	return pool_run(work_read);
}

static int run_mmap(unsigned int count)
{
	(void)count;
	return pool_run(work_mmap);
}

static int run_sendfile(unsigned int count)
{
	(void)count;
	return pool_run(work_sendfile);
}

const struct subject hash_pool_read = {
	.name = "pool_read",
	.open = pool_open,
	.run = run_read,
	.check = tree_found_right,
	.reset = tree_reset,
};

const struct subject hash_pool_mmap = {
	.name = "pool_mmap",
	.open = pool_open,
	.run = run_mmap,
	.check = tree_found_right,
	.reset = tree_reset,
};

const struct subject hash_pool_sendfile = {
	.name = "pool_sendfile",
	.open = pool_open,
	.run = run_sendfile,
	.check = tree_found_right,
	.reset = tree_reset,
};
