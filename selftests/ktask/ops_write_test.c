// SPDX-License-Identifier: GPL-2.0
/*
 * The op write: every errno, every kind of file, and what an abort finds.
 */
#include <limits.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/swap.h>

#include "files.h"

FIXTURE(write) {
	int fd;
	int file;
	struct disk disk;
	struct ktask_args_write args;
};

FIXTURE_SETUP(write)
{
	SETUP_OPEN(self->fd, 0);
	self->file = temp_file("/tmp");
	ASSERT_LE(0, self->file);
	self->args.fd = self->file;
	self->args.data.ptr = to_u64("12345");
	self->args.data.len = 5;
}

FIXTURE_TEARDOWN(write)
{
	disk_remove(&self->disk);
	close(self->file);
	close(self->fd);
}

/* As write(2) and pwrite(2), with a task. */
static int64_t do_write(FIXTURE_DATA(write) *self, int file, __u64 offset,
			const void *data, size_t len)
{
	int64_t id = kt_write_file(self->fd, file, offset, data, len);

	return id < 0 ? id : kt_result(self->fd, id);
}

static int64_t write_here(FIXTURE_DATA(write) *self, int file, const void *data,
			  size_t len)
{
	return do_write(self, file, KTASK_OFFSET_FILE, data, len);
}

/* Whether @file has what pattern() gives from 0 on, at @offset. */
static bool right(int file, off_t offset, size_t len)
{
	unsigned char *want = malloc(len), *got = malloc(len);
	bool same;

	pattern(want, len, 0);
	same = pread(file, got, len, offset) == (ssize_t)len &&
	       !memcmp(want, got, len);
	free(want);
	free(got);
	return same;
}

/* --- Arguments ------------------------------------------------------------- */

TEST_F(write, unknown_flags_are_EOPNOTSUPP)
{
	int i;

	for (i = 0; i < 32; i++) {
		self->args.flags = 1U << i;
		EXPECT_EQ(-EOPNOTSUPP, kt_spawn_op(self->fd, "write", &self->args,
						   sizeof(self->args), 0));
	}
	EXPECT_EQ(0, file_size(self->file));
}

TEST_F(write, args_too_small_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, kt_spawn_op(self->fd, "write", &self->args,
				       sizeof(self->args) - 1, 0));
}

TEST_F(write, data_too_long_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, do_write(self, self->file, 0, "", KTASK_DATA_MAX + 1));
	EXPECT_EQ(-EINVAL, do_write(self, self->file, 0, "", SIZE_MAX));
}

TEST_F(write, data_that_is_not_there_is_EFAULT)
{
	char *page = guarded_alloc(1);
	size_t size = sysconf(_SC_PAGESIZE);
	struct ktask_info info;

	ASSERT_NE(NULL, page);
	EXPECT_EQ(-EFAULT, do_write(self, self->file, 0, NULL, 1));
	EXPECT_EQ(-EFAULT, do_write(self, self->file, 0, page + size - 1, 2));
	EXPECT_EQ(-EFAULT, do_write(self, self->file, 0, (void *)-4096L, 1));
	EXPECT_EQ(1, do_write(self, self->file, 0, page + size - 1, 1));
	/* And nothing is kept of it. */
	ASSERT_EQ(0, kt_info(self->fd, &info));
	EXPECT_EQ(0, wait_no_bytes(self->fd));
}

TEST_F(write, data_beside_an_input_is_EINVAL)
{
	struct ktask_after after = {
		.id = kt_nop(self->fd, 0, 0),
		.flags = KTASK_AFTER_INPUT,
	};
	struct ktask_desc desc = kt_desc(self->fd, "write", &self->args,
					 sizeof(self->args));

	desc.after = to_u64(&after);
	desc.nr_after = 1;
	EXPECT_EQ(-EINVAL, kt_spawn_desc(self->fd, &desc));
	self->args.data.len = 0;
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	EXPECT_EQ(0, kt_result(self->fd, desc.id));
}

TEST_F(write, range_beyond_the_largest_file_is_EFBIG)
{
	EXPECT_EQ(-EFBIG, do_write(self, self->file, INT64_MAX, "x", 1));
	EXPECT_EQ(-EFBIG, do_write(self, self->file, INT64_MAX - 4, "12345", 5));
	EXPECT_EQ(-EFBIG, do_write(self, self->file, 1ULL << 63, "x", 1));
	EXPECT_EQ(-EFBIG, do_write(self, self->file, UINT64_MAX - 1, "x", 1));
	EXPECT_EQ(0, file_size(self->file));
}

TEST_F(write, range_beyond_what_the_file_system_can_is_EFBIG)
{
	const char *why = disk_make(&self->disk, "8M");
	int file;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_LE(0, file = temp_file(self->disk.mnt));
	EXPECT_EQ(-EFBIG, do_write(self, file, 1LL << 50, "x", 1));
	EXPECT_EQ(0, file_size(file));
	close(file);
}

TEST_F(write, no_descriptor_is_EBADF)
{
	int file = dup(self->file);

	close(file);
	EXPECT_EQ(-EBADF, do_write(self, file, 0, "x", 1));
	EXPECT_EQ(-EBADF, do_write(self, -1, 0, "x", 1));
	EXPECT_EQ(-EBADF, do_write(self, INT_MAX, 0, "x", 1));
}

TEST_F(write, not_open_for_writing_is_EBADF)
{
	int file = reopen(self->file, O_RDONLY), fds[2];

	EXPECT_EQ(-EBADF, do_write(self, file, 0, "x", 1));
	close(file);
	ASSERT_LE(0, file = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	EXPECT_EQ(-EBADF, do_write(self, file, 0, "x", 1));
	close(file);
	ASSERT_EQ(0, pipe(fds));
	EXPECT_EQ(-EBADF, write_here(self, fds[0], "x", 1));
	close(fds[0]);
	close(fds[1]);
}

TEST_F(write, offset_of_what_has_none_is_ESPIPE)
{
	int fds[2], socks[2];

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
	EXPECT_EQ(-ESPIPE, do_write(self, fds[1], 0, "x", 1));
	EXPECT_EQ(-ESPIPE, do_write(self, socks[1], 0, "x", 1));
	close(fds[0]);
	close(fds[1]);
	close(socks[0]);
	close(socks[1]);
}

/* What the kernel writes for a process only; or is about whoever writes. */
TEST_F(write, files_of_processes_are_EINVAL)
{
	static const char *const paths[] = {
		SYSCTL_FILE, "/proc/self/comm", "/dev/null",
	};
	int event = eventfd(0, EFD_CLOEXEC), file;
	char host[64], now[64];
	uint64_t one = 1;
	size_t i;

	ASSERT_EQ(0, gethostname(host, sizeof(host)));
	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		file = open(paths[i], O_WRONLY | O_CLOEXEC);
		if (file < 0)
			continue;
		EXPECT_EQ(-EINVAL, write_here(self, file, "other", 5)) {
			TH_LOG("%s", paths[i]);
		}
		close(file);
	}
	ASSERT_EQ(0, gethostname(now, sizeof(now)));
	EXPECT_STREQ(host, now);
	EXPECT_EQ(-EINVAL, write_here(self, event, &one, 8));
	close(event);
}

TEST_F(write, ktask_itself_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, write_here(self, self->fd, "x", 1));
}

/* --- Regular files and block devices --------------------------------------- */

TEST_F(write, ranges)
{
	static const struct {
		off_t offset;
		size_t len;
	} ranges[] = {
		{ 0, 1 }, { 0, 4096 }, { 4095, 2 }, { 1, 65537 }, { 100000, 300001 },
		{ 3, KTASK_DATA_MAX }, { 1LL << 32, 100 },
	};
	unsigned char *data = malloc(KTASK_DATA_MAX);
	size_t i;

	ASSERT_EQ(777, lseek(self->file, 777, SEEK_SET));
	pattern(data, KTASK_DATA_MAX, 0);
	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		EXPECT_EQ(ranges[i].len, do_write(self, self->file, ranges[i].offset,
						  data, ranges[i].len));
		EXPECT_TRUE(right(self->file, ranges[i].offset, ranges[i].len));
	}
	EXPECT_EQ((1LL << 32) + 100, file_size(self->file));
	EXPECT_EQ(777, lseek(self->file, 0, SEEK_CUR));
	free(data);
}

TEST_F(write, data_can_be_reused_after_the_spawn)
{
	unsigned char *data = malloc(100000);
	int64_t ids[20];
	int i;

	for (i = 0; i < 20; i++) {
		pattern(data, 100000, 0);
		ids[i] = kt_write_file(self->fd, self->file, i * 100000, data, 100000);
		ASSERT_LT(0, ids[i]);
		memset(data, 0, 100000);
	}
	for (i = 0; i < 20; i++)
		ASSERT_EQ(100000, kt_result(self->fd, ids[i]));
	for (i = 0; i < 20; i++)
		EXPECT_TRUE(right(self->file, i * 100000, 100000));
	free(data);
}

TEST_F(write, moves_the_file_position)
{
	ASSERT_EQ(100, lseek(self->file, 100, SEEK_SET));
	EXPECT_EQ(5, write_here(self, self->file, "12345", 5));
	EXPECT_EQ(105, lseek(self->file, 0, SEEK_CUR));
	EXPECT_EQ(105, file_size(self->file));
	EXPECT_EQ(5, write_here(self, self->file, "12345", 5));
	EXPECT_EQ(110, lseek(self->file, 0, SEEK_CUR));
}

TEST_F(write, of_nothing)
{
	EXPECT_EQ(0, do_write(self, self->file, 100, NULL, 0));
	EXPECT_EQ(0, write_here(self, self->file, NULL, 0));
	EXPECT_EQ(0, file_size(self->file));
}

TEST_F(write, appends)
{
	int file = reopen(self->file, O_RDWR | O_APPEND);
	char got[10];

	ASSERT_EQ(3, write(file, "abc", 3));
	ASSERT_EQ(0, lseek(file, 0, SEEK_SET));
	EXPECT_EQ(2, write_here(self, file, "de", 2));
	EXPECT_EQ(5, lseek(file, 0, SEEK_CUR));
	/* As pwrite(2) does here, whatever the offset. */
	EXPECT_EQ(2, do_write(self, file, 0, "fg", 2));
	ASSERT_EQ(7, pread(file, got, sizeof(got), 0));
	EXPECT_EQ(0, memcmp("abcdefg", got, 7));
	close(file);
}

TEST_F_TIMEOUT(write, appends_from_many_tasks_are_all_there, SLOW)
{
	struct ktask_args_write args = { .offset = KTASK_OFFSET_FILE };
	struct ktask_completion c;
	static char line[500], got[500];
	int file = reopen(self->file, O_WRONLY | O_APPEND);
	int i;

	memset(line, 'a', sizeof(line));
	args.fd = file;
	args.data.ptr = to_u64(line);
	args.data.len = sizeof(line);
	ASSERT_EQ(0, kt_spawn_many(self->fd, "write", &args, sizeof(args), 200));
	while (kt_read(self->fd, &c, 1) == 1)
		ASSERT_EQ(sizeof(line), c.result);
	ASSERT_EQ(200 * sizeof(line), file_size(self->file));
	for (i = 0; i < 200; i++) {
		ASSERT_EQ(sizeof(got), read(self->file, got, sizeof(got)));
		ASSERT_EQ(0, memcmp(line, got, sizeof(line)));
	}
	close(file);
}

TEST_F(write, sealed_file_is_EPERM)
{
	int file = memfd_create("ktask-test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ASSERT_EQ(3, write(file, "abc", 3));
	ASSERT_EQ(0, fcntl(file, F_ADD_SEALS, F_SEAL_GROW));
	EXPECT_EQ(3, do_write(self, file, 0, "def", 3));
	EXPECT_EQ(-EPERM, do_write(self, file, 1 << 20, "x", 1));
	ASSERT_EQ(0, fcntl(file, F_ADD_SEALS, F_SEAL_WRITE));
	EXPECT_EQ(-EPERM, do_write(self, file, 0, "abc", 3));
	close(file);
}

/* RLIMIT_FSIZE is that of who spawns, and nobody gets a signal. */
TEST_F(write, file_size_limit)
{
	struct rlimit limit = { .rlim_cur = 1000, .rlim_max = RLIM_INFINITY };
	int append = reopen(self->file, O_WRONLY | O_APPEND);
	static char data[2000];
	int fds[2];

	ASSERT_EQ(0, catch_signal(SIGXFSZ, 0));
	ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &limit));
	EXPECT_EQ(1000, do_write(self, self->file, 0, data, 2000));
	EXPECT_EQ(10, do_write(self, self->file, 990, data, 2000));
	EXPECT_EQ(-EFBIG, do_write(self, self->file, 1000, data, 1));
	EXPECT_EQ(-EFBIG, write_here(self, append, data, 1));
	ASSERT_EQ(0, ftruncate(self->file, 998));
	EXPECT_EQ(2, write_here(self, append, data, 100));
	EXPECT_EQ(1000, file_size(self->file));
	/* It is about files. */
	ASSERT_EQ(0, pipe(fds));
	EXPECT_EQ(2000, write_here(self, fds[1], data, 2000));
	/* What was allowed at the spawn is. */
	limit.rlim_cur = RLIM_INFINITY;
	ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &limit));
	EXPECT_EQ(2000, do_write(self, self->file, 1000, data, 2000));
	EXPECT_EQ(0, signals_seen);
	close(append);
	close(fds[0]);
	close(fds[1]);
}

TEST_F(write, full_file_system)
{
	char path[] = "/tmp/ktask-test-XXXXXX";
	static char data[KTASK_DATA_MAX];
	int file;

	if (own_mounts())
		SKIP(return, "only root may mount");
	ASSERT_NE(NULL, mkdtemp(path));
	ASSERT_EQ(0, mount("ktask-test", path, "tmpfs", 0, "size=64k"));
	ASSERT_LE(0, file = temp_file(path));
	/* As much as fits, */
	EXPECT_EQ(65536, do_write(self, file, 0, data, sizeof(data)));
	/* and then why not more. */
	EXPECT_EQ(-ENOSPC, do_write(self, file, 65536, data, 1));
	close(file);
	umount2(path, MNT_DETACH);
	rmdir(path);
}

/* The file is not the worker's to keep its mode. */
TEST_F(write, setuid_bit_goes_when_others_write)
{
	struct stat st;
	pid_t pid;

	if (geteuid())
		SKIP(return, "only root can become another user");
	ASSERT_EQ(0, fchmod(self->file, 04777));
	EXPECT_EQ(1, do_write(self, self->file, 0, "x", 1));
	ASSERT_EQ(0, fstat(self->file, &st));
	EXPECT_EQ(04777, st.st_mode & 07777);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (become(ALICE))
			_exit(2);
		_exit(do_write(self, self->file, 0, "x", 1) == 1 ? 0 : 3);
	}
	EXPECT_EQ(0, child_status(pid));
	ASSERT_EQ(0, fstat(self->file, &st));
	EXPECT_EQ(0777, st.st_mode & 07777);
}

TEST_F(write, immutable_file_is_EPERM)
{
	const char *why = disk_make(&self->disk, "8M");
	int file;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_LE(0, file = temp_file(self->disk.mnt));
	EXPECT_EQ(1, do_write(self, file, 0, "x", 1));
	ASSERT_EQ(0, set_immutable(file, true));
	EXPECT_EQ(-EPERM, do_write(self, file, 0, "x", 1));
	ASSERT_EQ(0, set_immutable(file, false));
	close(file);
}

TEST_F(write, swap_file_is_ETXTBSY)
{
	const char *why = disk_make(&self->disk, "8M");
	char path[96], cmd[512];
	int file;

	if (why)
		SKIP(return, "%s", why);
	snprintf(path, sizeof(path), "%s/swap", self->disk.mnt);
	snprintf(cmd, sizeof(cmd),
		 "{ dd if=/dev/zero of=%s bs=1M count=2 && chmod 600 %s && mkswap %s; } >/dev/null 2>&1",
		 path, path, path);
	ASSERT_EQ(0, system(cmd));
	ASSERT_LE(0, file = open(path, O_RDWR | O_CLOEXEC));
	if (swapon(path, 0)) {
		close(file);
		SKIP(return, "no swap: %s", strerror(errno));
	}
	EXPECT_EQ(-ETXTBSY, do_write(self, file, 0, "x", 1));
	EXPECT_EQ(0, swapoff(path));
	EXPECT_EQ(1, do_write(self, file, 0, "x", 1));
	close(file);
}

TEST_F(write, direct_io_is_EINVAL)
{
	const char *why = disk_make(&self->disk, "8M");
	int file, direct;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_LE(0, file = temp_file(self->disk.mnt));
	ASSERT_LE(0, direct = reopen(file, O_RDWR | O_DIRECT));
	EXPECT_EQ(-EINVAL, do_write(self, direct, 0, "x", 1));
	EXPECT_EQ(0, file_size(file));
	close(direct);
	close(file);
}

TEST_F(write, block_device)
{
	const char *why = disk_make(&self->disk, "8M");
	static unsigned char data[100000];
	char cmd[256];
	off_t end;
	int file;

	if (why)
		SKIP(return, "%s", why);
	/* The disk without its file system. */
	ASSERT_EQ(0, umount(self->disk.mnt));
	snprintf(cmd, sizeof(cmd), "losetup /dev/loop7 %s", self->disk.image);
	ASSERT_EQ(0, system(cmd));
	ASSERT_LE(0, file = open("/dev/loop7", O_RDWR | O_CLOEXEC));
	pattern(data, sizeof(data), 0);
	EXPECT_EQ(sizeof(data), do_write(self, file, 12345, data, sizeof(data)));
	EXPECT_TRUE(right(file, 12345, sizeof(data)));
	ASSERT_EQ(8 << 20, end = lseek(file, 0, SEEK_END));
	EXPECT_EQ(100, do_write(self, file, end - 100, data, sizeof(data)));
	EXPECT_EQ(-ENOSPC, do_write(self, file, end, data, 1));
	close(file);
	EXPECT_EQ(0, system("losetup -d /dev/loop7"));
}

/* --- Pipes and sockets ----------------------------------------------------- */

TEST_F(write, pipe)
{
	char got[10];
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	EXPECT_EQ(5, write_here(self, fds[1], "hello", 5));
	ASSERT_EQ(5, read(fds[0], got, sizeof(got)));
	EXPECT_EQ(0, memcmp("hello", got, 5));
	EXPECT_EQ(0, write_here(self, fds[1], "", 0));
	close(fds[0]);
	close(fds[1]);
}

/* All of it, however little a pipe holds. */
TEST_F(write, more_than_a_pipe_holds)
{
	unsigned char *data = malloc(KTASK_DATA_MAX), *got = malloc(KTASK_DATA_MAX);
	size_t done = 0;
	ssize_t n = 1;
	int64_t id;
	int fds[2];

	pattern(data, KTASK_DATA_MAX, 0);
	ASSERT_EQ(0, pipe(fds));
	id = kt_write_file(self->fd, fds[1], KTASK_OFFSET_FILE, data, KTASK_DATA_MAX);
	ASSERT_LT(0, id);
	while (done < KTASK_DATA_MAX && n > 0) {
		n = read(fds[0], got + done, KTASK_DATA_MAX - done);
		done += n;
	}
	EXPECT_EQ(KTASK_DATA_MAX, kt_result(self->fd, id));
	EXPECT_EQ(0, memcmp(data, got, KTASK_DATA_MAX));
	close(fds[0]);
	close(fds[1]);
	free(data);
	free(got);
}

TEST_F(write, full_and_nonblocking)
{
	static char data[KTASK_DATA_MAX];
	int fds[2], socks[2];

	ASSERT_EQ(0, pipe2(fds, O_NONBLOCK));
	/* What fits; then nothing does. */
	EXPECT_EQ(65536, write_here(self, fds[1], data, sizeof(data)));
	EXPECT_EQ(-EAGAIN, write_here(self, fds[1], data, 1));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, socks));
	EXPECT_LT(0, write_here(self, socks[1], data, sizeof(data)));
	while (write(socks[1], data, 1000) > 0)
		;
	EXPECT_EQ(-EAGAIN, write_here(self, socks[1], data, 1000));
	close(fds[0]);
	close(fds[1]);
	close(socks[0]);
	close(socks[1]);
}

TEST_F(write, without_a_reader_is_EPIPE)
{
	int fds[2], socks[2];

	ASSERT_EQ(0, catch_signal(SIGPIPE, 0));
	ASSERT_EQ(0, pipe(fds));
	close(fds[0]);
	EXPECT_EQ(-EPIPE, write_here(self, fds[1], "x", 1));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
	close(socks[0]);
	EXPECT_EQ(-EPIPE, write_here(self, socks[1], "x", 1));
	/* Neither we nor the worker got a signal: it goes on. */
	EXPECT_EQ(0, signals_seen);
	EXPECT_EQ(1, do_write(self, self->file, 0, "x", 1));
	close(fds[1]);
	close(socks[1]);
}

TEST_F(write, reader_goes_meanwhile)
{
	static char data[KTASK_DATA_MAX];
	int fds[2];
	int64_t id;

	ASSERT_EQ(0, pipe(fds));
	id = kt_write_file(self->fd, fds[1], KTASK_OFFSET_FILE, data, sizeof(data));
	ASSERT_LT(0, id);
	/* It is full. */
	ASSERT_EQ(1, read(fds[0], data, 1));
	close(fds[0]);
	/* Some have been written: that is the result, as it is write(2)'s. */
	EXPECT_LE(1, kt_result(self->fd, id));
	close(fds[1]);
}

TEST_F(write, messages)
{
	static char data[KTASK_DATA_MAX], got[10];
	int socks[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, socks));
	EXPECT_EQ(3, write_here(self, socks[1], "abc", 3));
	/* One of no bytes is one. */
	EXPECT_EQ(0, write_here(self, socks[1], NULL, 0));
	EXPECT_EQ(2, write_here(self, socks[1], "de", 2));
	EXPECT_EQ(3, recv(socks[0], got, sizeof(got), MSG_DONTWAIT));
	EXPECT_EQ(0, recv(socks[0], got, sizeof(got), MSG_DONTWAIT));
	EXPECT_EQ(2, recv(socks[0], got, sizeof(got), MSG_DONTWAIT));
	/* A message is sent as a whole, or not. */
	EXPECT_EQ(-EMSGSIZE, write_here(self, socks[1], data, sizeof(data)));
	close(socks[0]);
	close(socks[1]);
}

TEST_F(write, terminal)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
	char got[100];

	if (master < 0)
		SKIP(return, "no pseudo-terminals: %s", strerror(errno));
	ASSERT_EQ(0, unlockpt(master));
	ASSERT_LE(0, slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC));
	EXPECT_EQ(6, write_here(self, slave, "hello\n", 6));
	EXPECT_EQ(7, read(master, got, sizeof(got)));
	EXPECT_EQ(0, memcmp("hello\r\n", got, 7));
	EXPECT_EQ(3, write_here(self, master, "hi\n", 3));
	EXPECT_EQ(3, read(slave, got, sizeof(got)));
	close(slave);
	close(master);
}

/* --- While it waits -------------------------------------------------------- */

TEST_F(write, aborted_while_it_waits)
{
	static char data[KTASK_DATA_MAX];
	struct ktask_completion c;
	int fds[2], i, n;
	int64_t id;

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	ASSERT_EQ(65536, write(fds[1], data, 65536));
	/* Of a full pipe, nothing has been written. */
	ASSERT_LT(0, id = kt_write_file(self->fd, fds[1], KTASK_OFFSET_FILE, data, 10));
	ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_RUNNING));
	ASSERT_EQ(0, kt_abort(self->fd, id));
	EXPECT_TRUE(kt_cancelled(self->fd, id));

	/* Now it can write some, and then waits. */
	ASSERT_EQ(8192, read(fds[0], data, 8192));
	id = kt_write_file(self->fd, fds[1], KTASK_OFFSET_FILE, data, sizeof(data));
	ASSERT_LT(0, id);
	do {
		ASSERT_EQ(0, ioctl(fds[0], FIONREAD, &n));
	} while (n < 65536);
	ASSERT_EQ(0, kt_abort(self->fd, id));
	ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &c));
	EXPECT_EQ(KTASK_RETURNED, c.outcome);
	EXPECT_EQ(8192, c.result);
	for (i = 0; i < 65536; i += n) {
		n = read(fds[0], data, sizeof(data));
		ASSERT_LT(0, n);
	}
	EXPECT_EQ(65536, i);
	close(fds[0]);
	close(fds[1]);
}

TEST_F(write, closed_set_while_it_waits)
{
	static char data[65536];
	int fds[2], fd = kt_open(0);
	int64_t id;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(65536, write(fds[1], data, 65536));
	ASSERT_LT(0, id = kt_write_file(fd, fds[1], KTASK_OFFSET_FILE, "x", 1));
	ASSERT_TRUE(wait_state(fd, id, KTASK_STATE_RUNNING));
	close(fd);
	EXPECT_EQ(0, file_tasks(self->fd));
	/* It has let go of the pipe. */
	close(fds[1]);
	ASSERT_EQ(65536, read(fds[0], data, sizeof(data)));
	EXPECT_EQ(0, read(fds[0], data, 1));
	close(fds[0]);
}

TEST_HARNESS_MAIN
