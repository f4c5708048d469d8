// SPDX-License-Identifier: GPL-2.0
/*
 * libktask against the device: the functions for the module's own operations.
 */
#include <poll.h>

#include "alg.h"
#include "lib.h"

TEST_F(lib, spawn_nop)
{
	int64_t id = ktask_spawn_nop(self->set, LLONG_MIN, 7);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, ktask_join(self->set, id, self->c, KTASK_FOREVER));
	EXPECT_EQ(LLONG_MIN, self->c[0].result);
	EXPECT_EQ(7, self->c[0].user_data);
}

TEST_F(lib, spawn_sleep)
{
	int64_t start = now_ns();
	int64_t id = ktask_spawn_sleep(self->set, 30 * MSEC, 7);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, ktask_join(self->set, id, self->c, KTASK_FOREVER));
	EXPECT_LE(30 * MSEC, now_ns() - start);
	EXPECT_EQ(0, self->c[0].result);
}

TEST_F(lib, spawn_hash)
{
	unsigned char want[64];
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int64_t id;

	ASSERT_LE(0, file);
	if (alg_digest("sha256", file, 0, SIZE_MAX, want) != 32)
		SKIP(return, "no AF_ALG to compare with");
	ASSERT_LT(0, id = ktask_spawn_hash(self->set, file, "sha256", 0));
	ASSERT_EQ(0, ktask_join(self->set, id, self->c, KTASK_FOREVER));
	EXPECT_EQ(lseek(file, 0, SEEK_END), self->c[0].result);
	ASSERT_EQ(32, self->c[0].out_len);
	EXPECT_EQ(0, memcmp(want, self->c[0].out, 32));

	ASSERT_EQ(32, alg_digest("sha256", file, 99, 1234, want));
	ASSERT_LT(0, id = ktask_spawn_hash_range(self->set, file, 99, 1234, "sha256", 0));
	ASSERT_EQ(0, ktask_join(self->set, id, self->c, KTASK_FOREVER));
	EXPECT_EQ(1234, self->c[0].result);
	EXPECT_EQ(0, memcmp(want, self->c[0].out, 32));
	close(file);
}

TEST_F(lib, spawn_hash_errors)
{
	char name[KTASK_ALG_MAX + 1];
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int dir = open("/", O_RDONLY | O_CLOEXEC);

	memset(name, 'a', KTASK_ALG_MAX);
	name[KTASK_ALG_MAX] = 0;
	EXPECT_EQ(-EBADF, ktask_spawn_hash(self->set, -1, "sha256", 0));
	EXPECT_EQ(-EISDIR, ktask_spawn_hash(self->set, dir, "sha256", 0));
	EXPECT_EQ(-EOPNOTSUPP, ktask_spawn_hash(self->set, file, "no-such-alg", 0));
	EXPECT_EQ(-EINVAL, ktask_spawn_hash(self->set, file, "", 0));
	EXPECT_EQ(-ENAMETOOLONG, ktask_spawn_hash(self->set, file, name, 0));
	EXPECT_EQ(-EINVAL, ktask_spawn_hash_range(self->set, file, UINT64_MAX, 0,
						  "sha256", 0));
	close(file);
	close(dir);
}

/* Takes the completion of the task @id, and of that its result. */
static int64_t result_of(struct ktask_set *set, int64_t id)
{
	struct ktask_completion c;

	if (id <= 0)
		return id;
	if (ktask_join(set, id, &c, KTASK_FOREVER) || c.outcome != KTASK_RETURNED)
		return -EREMOTEIO;
	return c.result;
}

TEST_F(lib, spawn_read)
{
	int file = counting_file(10000), fds[2];
	int64_t id = ktask_spawn_read(self->set, file, 256, 32, 9);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, ktask_join(self->set, id, self->c, KTASK_FOREVER));
	EXPECT_EQ(32, self->c[0].result);
	EXPECT_EQ(32, self->c[0].out_len);
	EXPECT_EQ(9, self->c[0].user_data);
	EXPECT_TRUE(is_counting(self->c[0].out, 32));

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(3, write(fds[1], "abc", 3));
	id = ktask_spawn_read(self->set, fds[0], KTASK_OFFSET_FILE, 64, 0);
	ASSERT_LT(0, id);
	ASSERT_EQ(0, ktask_join(self->set, id, self->c, KTASK_FOREVER));
	EXPECT_EQ(3, self->c[0].result);
	EXPECT_EQ(0, memcmp("abc", self->c[0].out, 3));

	EXPECT_EQ(-EBADF, ktask_spawn_read(self->set, -1, 0, 1, 0));
	EXPECT_EQ(-EBADF, ktask_spawn_read(self->set, fds[1], KTASK_OFFSET_FILE, 1, 0));
	EXPECT_EQ(-ESPIPE, ktask_spawn_read(self->set, fds[0], 0, 1, 0));
	EXPECT_EQ(-EINVAL, ktask_spawn_read(self->set, file, 0, 0, 0));
	EXPECT_EQ(-EINVAL, ktask_spawn_read(self->set, file, 0, KTASK_DATA_MAX + 1, 0));
	close(fds[0]);
	close(fds[1]);
	close(file);
}

TEST_F(lib, spawn_write)
{
	int file = memfd_create("ktask-write", MFD_CLOEXEC), ro, fds[2];
	char got[8] = {}, data[] = "some data";

	ASSERT_LE(0, file);
	/* It has been copied when the call returns. */
	{
		int64_t id = ktask_spawn_write(self->set, file, 2, data, 4, 0);

		memset(data, 0, sizeof(data));
		EXPECT_EQ(4, result_of(self->set, id));
	}
	EXPECT_EQ(6, pread(file, got, sizeof(got), 0));
	EXPECT_EQ(0, memcmp("\0\0some", got, 6));
	EXPECT_EQ(0, lseek(file, 0, SEEK_CUR));
	EXPECT_EQ(2, result_of(self->set, ktask_spawn_write(self->set, file,
							    KTASK_OFFSET_FILE, "xy", 2, 0)));
	EXPECT_EQ(2, lseek(file, 0, SEEK_CUR));
	EXPECT_EQ(0, result_of(self->set, ktask_spawn_write(self->set, file, 0, NULL, 0, 0)));

	ASSERT_EQ(0, pipe(fds));
	ro = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	EXPECT_EQ(-EBADF, ktask_spawn_write(self->set, -1, 0, "x", 1, 0));
	EXPECT_EQ(-EBADF, ktask_spawn_write(self->set, ro, 0, "x", 1, 0));
	EXPECT_EQ(-ESPIPE, ktask_spawn_write(self->set, fds[1], 0, "x", 1, 0));
	EXPECT_EQ(-EFBIG, ktask_spawn_write(self->set, file, INT64_MAX, "x", 1, 0));
	EXPECT_EQ(-EINVAL, ktask_spawn_write(self->set, file, 0, data, KTASK_DATA_MAX + 1, 0));
	EXPECT_EQ(-EFAULT, ktask_spawn_write(self->set, file, 0, (void *)1, 5, 0));
	close(ro);
	close(fds[0]);
	close(fds[1]);
	close(file);
}

TEST_F(lib, spawn_fsync)
{
	char path[] = "/tmp/ktask-lib-XXXXXX";
	int file = mkostemp(path, O_CLOEXEC), fds[2];

	ASSERT_LE(0, file);
	unlink(path);
	ASSERT_EQ(0, pipe(fds));
	EXPECT_EQ(0, result_of(self->set, ktask_spawn_fsync(self->set, file, 0, 0)));
	EXPECT_EQ(0, result_of(self->set, ktask_spawn_fsync(self->set, file,
							    KTASK_FSYNC_DATA, 0)));
	EXPECT_EQ(-EBADF, ktask_spawn_fsync(self->set, -1, 0, 0));
	EXPECT_EQ(-EINVAL, ktask_spawn_fsync(self->set, fds[0], 0, 0));
	EXPECT_GT(0, ktask_spawn_fsync(self->set, file, 0x80, 0));
	close(fds[0]);
	close(fds[1]);
	close(file);
}

TEST_F(lib, spawn_copy)
{
	const size_t size = 300000;
	int in = counting_file(size), out = memfd_create("ktask-copy", MFD_CLOEXEC), dir;
	char *got = malloc(size);

	ASSERT_LE(0, in);
	ASSERT_LE(0, out);
	ASSERT_NE(NULL, got);
	EXPECT_EQ(size, result_of(self->set, ktask_spawn_copy(self->set, in, out, 0)));
	EXPECT_EQ(size, pread(out, got, size, 0));
	EXPECT_TRUE(is_counting(got, size));
	EXPECT_EQ(0, lseek(out, 0, SEEK_CUR));

	EXPECT_EQ(100, result_of(self->set, ktask_spawn_copy_range(self->set, in, 512, out,
								   size, 100, 0)));
	EXPECT_EQ(100, pread(out, got, size, size));
	EXPECT_TRUE(is_counting(got, 100));
	/* To the end of the first, which comes before that of the range. */
	EXPECT_EQ(10, result_of(self->set, ktask_spawn_copy_range(self->set, in, size - 10, out,
								  0, 1000, 0)));

	dir = open("/", O_RDONLY | O_CLOEXEC);
	EXPECT_EQ(-EBADF, ktask_spawn_copy(self->set, -1, out, 0));
	EXPECT_EQ(-EBADF, ktask_spawn_copy(self->set, in, dir, 0));
	EXPECT_EQ(-EISDIR, ktask_spawn_copy(self->set, dir, out, 0));
	EXPECT_EQ(-EINVAL, ktask_spawn_copy_range(self->set, in, 0, in, 5, 10, 0));
	EXPECT_EQ(-EINVAL, ktask_spawn_copy_range(self->set, in, UINT64_MAX, out, 0, 10, 0));
	close(dir);
	close(out);
	close(in);
	free(got);
}

TEST_F(lib, spawn_poll)
{
	int fds[2];
	int64_t id;

	ASSERT_EQ(0, pipe(fds));
	id = ktask_spawn_poll(self->set, fds[0], POLLIN, 0);
	ASSERT_LT(0, id);
	EXPECT_EQ(-ETIMEDOUT, ktask_join(self->set, id, self->c, 20 * MSEC));
	ASSERT_EQ(1, write(fds[1], "x", 1));
	ASSERT_EQ(0, ktask_join(self->set, id, self->c, KTASK_FOREVER));
	EXPECT_EQ(POLLIN, self->c[0].result);
	EXPECT_EQ(POLLOUT, result_of(self->set, ktask_spawn_poll(self->set, fds[1], POLLOUT, 0)));

	EXPECT_EQ(-EBADF, ktask_spawn_poll(self->set, -1, POLLIN, 0));
	EXPECT_EQ(-EINVAL, ktask_spawn_poll(self->set, ktask_set_fd(self->set), POLLIN, 0));
	EXPECT_EQ(-EINVAL, ktask_spawn_poll(self->set, fds[0], 0x80000000, 0));
	close(fds[0]);
	close(fds[1]);
}

TEST_HARNESS_MAIN
