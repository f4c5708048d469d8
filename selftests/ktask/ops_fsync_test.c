// SPDX-License-Identifier: GPL-2.0
/*
 * The op fsync.
 */
#include <limits.h>
#include <sys/eventfd.h>

#include "files.h"

FIXTURE(fsync) {
	int fd;
	struct disk disk;
};

FIXTURE_SETUP(fsync)
{
	SETUP_OPEN(self->fd, 0);
}

FIXTURE_TEARDOWN(fsync)
{
	disk_remove(&self->disk);
	close(self->fd);
}

static int64_t do_fsync(FIXTURE_DATA(fsync) *self, int file, __u32 flags)
{
	int64_t id = kt_fsync(self->fd, file, flags);

	return id < 0 ? id : kt_result(self->fd, id);
}

TEST_F(fsync, unknown_flags_are_EOPNOTSUPP)
{
	int file = temp_file("/tmp"), i;

	for (i = 1; i < 32; i++)
		EXPECT_EQ(-EOPNOTSUPP, do_fsync(self, file, 1U << i));
	EXPECT_EQ(-EOPNOTSUPP, do_fsync(self, file, ~0U));
	close(file);
}

TEST_F(fsync, args_too_small_is_EINVAL)
{
	struct ktask_args_fsync args = { .fd = temp_file("/tmp") };

	EXPECT_EQ(-EINVAL, kt_spawn_op(self->fd, "fsync", &args, sizeof(args) - 1, 0));
	close(args.fd);
}

TEST_F(fsync, no_descriptor_is_EBADF)
{
	int file = temp_file("/tmp");

	close(file);
	EXPECT_EQ(-EBADF, do_fsync(self, file, 0));
	EXPECT_EQ(-EBADF, do_fsync(self, -1, 0));
	EXPECT_EQ(-EBADF, do_fsync(self, INT_MAX, 0));
	ASSERT_LE(0, file = open("/proc/self/exe", O_PATH | O_CLOEXEC));
	EXPECT_EQ(-EBADF, do_fsync(self, file, 0));
	close(file);
}

TEST_F(fsync, what_is_not_on_a_disk_is_EINVAL)
{
	int fds[2], socks[2], event = eventfd(0, EFD_CLOEXEC);
	int proc = open(PROC_FILE, O_RDONLY | O_CLOEXEC);

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
	EXPECT_EQ(-EINVAL, do_fsync(self, fds[0], 0));
	EXPECT_EQ(-EINVAL, do_fsync(self, fds[1], KTASK_FSYNC_DATA));
	EXPECT_EQ(-EINVAL, do_fsync(self, socks[0], 0));
	EXPECT_EQ(-EINVAL, do_fsync(self, event, 0));
	EXPECT_EQ(-EINVAL, do_fsync(self, proc, 0));
	EXPECT_EQ(-EINVAL, do_fsync(self, self->fd, 0));
	close(fds[0]);
	close(fds[1]);
	close(socks[0]);
	close(socks[1]);
	close(event);
	close(proc);
}

TEST_F(fsync, memory)
{
	int file = temp_file("/tmp");

	ASSERT_EQ(3, write(file, "abc", 3));
	EXPECT_EQ(0, do_fsync(self, file, 0));
	EXPECT_EQ(0, do_fsync(self, file, KTASK_FSYNC_DATA));
	close(file);
}

/* How often @text is on the disk. */
static int on_disk(const struct disk *d, const char *text)
{
	static char buf[8 << 20];
	int image = open(d->image, O_RDONLY | O_CLOEXEC), found = 0;
	ssize_t len = read(image, buf, sizeof(buf));
	char *at = buf;

	close(image);
	if (len <= 0)
		return -1;
	while ((at = memmem(at, buf + len - at, text, strlen(text)))) {
		at++;
		found++;
	}
	return found;
}

TEST_F(fsync, puts_it_on_the_disk)
{
	static const char first[] = "the first that is written";
	static const char second[] = "and what comes second";
	const char *why = disk_make(&self->disk, "8M");
	int file, dir;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_LE(0, file = temp_file(self->disk.mnt));
	ASSERT_EQ(sizeof(first), write(file, first, sizeof(first)));
	EXPECT_EQ(0, do_fsync(self, file, 0));
	EXPECT_EQ(1, on_disk(&self->disk, first));
	ASSERT_EQ(sizeof(second), write(file, second, sizeof(second)));
	EXPECT_EQ(0, do_fsync(self, file, KTASK_FSYNC_DATA));
	EXPECT_EQ(1, on_disk(&self->disk, second));
	/* Directories, block devices; and however it is open. */
	ASSERT_LE(0, dir = open(self->disk.mnt, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	EXPECT_EQ(0, do_fsync(self, dir, 0));
	close(dir);
	close(file);
	ASSERT_LE(0, file = open("/dev/vda", O_RDONLY | O_CLOEXEC));
	EXPECT_EQ(0, do_fsync(self, file, 0));
	close(file);
}

TEST_F(fsync, of_a_closed_descriptor)
{
	const char *why = disk_make(&self->disk, "8M");
	int64_t ids[20];
	char text[64], path[96];
	int i, file;

	if (why)
		SKIP(return, "%s", why);
	for (i = 0; i < 20; i++) {
		snprintf(path, sizeof(path), "%s/%d", self->disk.mnt, i);
		ASSERT_LE(0, file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
		snprintf(text, sizeof(text), "<file number %d>", i);
		ASSERT_LT(0, write(file, text, strlen(text)));
		ASSERT_LT(0, ids[i] = kt_fsync(self->fd, file, 0));
		close(file);
	}
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, kt_result(self->fd, ids[i]));
		snprintf(text, sizeof(text), "<file number %d>", i);
		EXPECT_EQ(1, on_disk(&self->disk, text));
	}
	/* And nothing holds the disk any more. */
	EXPECT_EQ(0, umount(self->disk.mnt));
}

TEST_HARNESS_MAIN
