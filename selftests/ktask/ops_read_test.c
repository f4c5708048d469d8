// SPDX-License-Identifier: GPL-2.0
/*
 * The op read: every errno, every kind of file, and what an abort finds.
 */
#include <limits.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <termios.h>

#include "files.h"

#define SIZE	200000

FIXTURE(read) {
	int fd;
	int file;
	unsigned char *out;
	struct ktask_args_read args;
};

FIXTURE_SETUP(read)
{
	SETUP_OPEN(self->fd, 0);
	self->file = pattern_file(SIZE);
	ASSERT_LE(0, self->file);
	self->out = malloc(KTASK_DATA_MAX);
	ASSERT_NE(NULL, self->out);
	self->args.fd = self->file;
	self->args.length = 100;
}

FIXTURE_TEARDOWN(read)
{
	free(self->out);
	close(self->file);
	close(self->fd);
}

/* As read(2) and pread(2), with a task. */
static int64_t do_read(FIXTURE_DATA(read) *self, int file, __u64 offset, size_t len)
{
	int64_t id = kt_read_file(self->fd, file, offset, len);

	return id < 0 ? id : kt_result_out(self->fd, id, self->out, KTASK_DATA_MAX);
}

static int64_t read_here(FIXTURE_DATA(read) *self, int file, size_t len)
{
	return do_read(self, file, KTASK_OFFSET_FILE, len);
}

/* Whether the output is what pattern_file() has there. */
static bool right(FIXTURE_DATA(read) *self, size_t offset, size_t len)
{
	unsigned char *want = malloc(len + 1);
	bool same;

	pattern(want, len, offset);
	same = !memcmp(want, self->out, len);
	free(want);
	return same;
}

/* --- Arguments ------------------------------------------------------------- */

TEST_F(read, unknown_flags_are_EOPNOTSUPP)
{
	int i;

	for (i = 0; i < 32; i++) {
		self->args.flags = 1U << i;
		EXPECT_EQ(-EOPNOTSUPP, kt_spawn_op(self->fd, "read", &self->args,
						   sizeof(self->args), 0));
	}
}

TEST_F(read, args_too_small_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, kt_spawn_op(self->fd, "read", &self->args,
				       sizeof(self->args) - 1, 0));
}

TEST_F(read, length_out_of_range_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, kt_read_file(self->fd, self->file, 0, 0));
	EXPECT_EQ(-EINVAL, kt_read_file(self->fd, self->file, 0, KTASK_DATA_MAX + 1));
	EXPECT_EQ(-EINVAL, kt_read_file(self->fd, self->file, 0, 1ULL << 32));
	EXPECT_EQ(-EINVAL, kt_read_file(self->fd, self->file, 0, UINT64_MAX));
	EXPECT_EQ(0, file_tasks(self->fd));
}

TEST_F(read, range_beyond_the_largest_file_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, kt_read_file(self->fd, self->file, INT64_MAX, 1));
	EXPECT_EQ(-EINVAL, kt_read_file(self->fd, self->file, 1ULL << 63, 1));
	EXPECT_EQ(-EINVAL, kt_read_file(self->fd, self->file, UINT64_MAX - 1, 1));
	EXPECT_EQ(0, do_read(self, self->file, INT64_MAX - 1, 1));
}

TEST_F(read, no_descriptor_is_EBADF)
{
	int file = dup(self->file);

	close(file);
	EXPECT_EQ(-EBADF, do_read(self, file, 0, 1));
	EXPECT_EQ(-EBADF, do_read(self, -1, 0, 1));
	EXPECT_EQ(-EBADF, do_read(self, INT_MAX, 0, 1));
	EXPECT_EQ(-EBADF, do_read(self, AT_FDCWD, 0, 1));
}

TEST_F(read, not_open_for_reading_is_EBADF)
{
	int file = reopen(self->file, O_WRONLY), fds[2];

	EXPECT_EQ(-EBADF, do_read(self, file, 0, 1));
	close(file);
	ASSERT_LE(0, file = open("/proc/self/exe", O_PATH | O_CLOEXEC));
	EXPECT_EQ(-EBADF, do_read(self, file, 0, 1));
	close(file);
	ASSERT_EQ(0, pipe(fds));
	EXPECT_EQ(-EBADF, read_here(self, fds[1], 1));
	close(fds[0]);
	close(fds[1]);
}

TEST_F(read, directory_is_EISDIR)
{
	int file = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	EXPECT_EQ(-EISDIR, do_read(self, file, 0, 1));
	EXPECT_EQ(-EISDIR, read_here(self, file, 1));
	close(file);
}

TEST_F(read, offset_of_what_has_none_is_ESPIPE)
{
	int pipe_fds[2], socks[2], terminal, event;

	ASSERT_EQ(0, pipe(pipe_fds));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
	EXPECT_EQ(-ESPIPE, do_read(self, pipe_fds[0], 0, 1));
	EXPECT_EQ(-ESPIPE, do_read(self, socks[0], 0, 1));
	ASSERT_LE(0, event = eventfd(1, 0));
	EXPECT_EQ(-ESPIPE, do_read(self, event, 0, 8));
	close(event);
	terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal >= 0) {
		EXPECT_EQ(-ESPIPE, do_read(self, terminal, 0, 1));
		close(terminal);
	}
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	close(socks[0]);
	close(socks[1]);
}

TEST_F(read, offset_of_a_named_pipe_is_ESPIPE)
{
	char path[] = "/tmp/ktask-test-XXXXXX";
	int file;

	ASSERT_NE(NULL, mkdtemp(path));
	ASSERT_EQ(0, rmdir(path));
	ASSERT_EQ(0, mkfifo(path, 0600));
	ASSERT_LE(0, file = open(path, O_RDWR | O_CLOEXEC));
	EXPECT_EQ(-ESPIPE, do_read(self, file, 0, 1));
	ASSERT_EQ(2, write(file, "hi", 2));
	EXPECT_EQ(2, read_here(self, file, 5));
	close(file);
	unlink(path);
}

/* What the kernel reads for a process only; or tells of whoever reads. */
TEST_F(read, files_of_processes_are_EINVAL)
{
	static const char *const paths[] = {
		PROC_TASK_FILE, "/proc/self/status", SYSCTL_FILE, "/dev/null",
	};
	sigset_t mask;
	size_t i;
	int file;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		ASSERT_LE(0, file = open(paths[i], O_RDONLY | O_CLOEXEC));
		EXPECT_EQ(-EINVAL, read_here(self, file, 100)) {
			TH_LOG("%s", paths[i]);
		}
		close(file);
	}
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	ASSERT_LE(0, file = signalfd(-1, &mask, SFD_CLOEXEC));
	EXPECT_EQ(-EINVAL, read_here(self, file, 1000));
	close(file);
}

/* When it tells of a fork it makes a descriptor, which none of ours shall have. */
TEST_F(read, userfaultfd_is_EINVAL)
{
	int file;

	if (!absent_page(&file))
		SKIP(return, "no userfaultfd: %s", strerror(errno));
	EXPECT_EQ(-EINVAL, read_here(self, file, 1000));
	close(file);
}

TEST_F(read, ktask_itself_is_EINVAL)
{
	int other = kt_open(0);

	EXPECT_EQ(-EINVAL, read_here(self, self->fd, 1000));
	EXPECT_EQ(-EINVAL, read_here(self, other, 1000));
	close(other);
}

TEST_F(read, epoll_is_EINVAL)
{
	int file = epoll_create1(EPOLL_CLOEXEC);

	EXPECT_EQ(-EINVAL, read_here(self, file, 1000));
	close(file);
}

/* --- Regular files and block devices --------------------------------------- */

TEST_F(read, ranges)
{
	static const struct {
		off_t offset;
		size_t len;
		__s64 result;
	} ranges[] = {
		{ 0, 1, 1 },
		{ 0, KTASK_OUT_MAX, KTASK_OUT_MAX },
		{ 1, KTASK_OUT_MAX + 1, KTASK_OUT_MAX + 1 },
		{ 4095, 2, 2 },
		{ 0, SIZE, SIZE },
		{ 5, KTASK_DATA_MAX, SIZE - 5 },
		{ SIZE - 1, 1, 1 },
		{ SIZE - 1, 100, 1 },
		{ SIZE, 100, 0 },
		{ 1LL << 40, KTASK_DATA_MAX, 0 },
	};
	size_t i;

	ASSERT_EQ(777, lseek(self->file, 777, SEEK_SET));
	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		EXPECT_EQ(ranges[i].result, do_read(self, self->file, ranges[i].offset,
						    ranges[i].len));
		EXPECT_TRUE(right(self, ranges[i].offset, ranges[i].result));
	}
	/* Neither used nor moved. */
	EXPECT_EQ(777, lseek(self->file, 0, SEEK_CUR));
}

TEST_F(read, as_much_as_can_be)
{
	int file = pattern_file(KTASK_DATA_MAX + 5);

	EXPECT_EQ(KTASK_DATA_MAX, do_read(self, file, 3, KTASK_DATA_MAX));
	EXPECT_TRUE(right(self, 3, KTASK_DATA_MAX));
	close(file);
}

/* The output is what was read, also when that is less than was asked for. */
TEST_F(read, output_is_charged_until_it_is_taken)
{
	struct ktask_completion c;
	struct ktask_info info;
	int64_t id = kt_read_file(self->fd, self->file, SIZE - 1000, KTASK_DATA_MAX);
	__u64 total;

	ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &c));
	EXPECT_EQ(1000, c.result);
	EXPECT_EQ(1000, c.out_len);
	ASSERT_EQ(0, kt_info(self->fd, &info));
	EXPECT_LE(1000, info.user_bytes);
	EXPECT_EQ(1000, kt_output(self->fd, 0, id, 0, self->out, 1000, &total));
	EXPECT_TRUE(right(self, SIZE - 1000, 1000));
	ASSERT_EQ(0, kt_info(self->fd, &info));
	EXPECT_EQ(0, wait_no_bytes(self->fd));
}

TEST_F(read, moves_the_file_position)
{
	int other = dup(self->file);

	ASSERT_EQ(100, lseek(self->file, 100, SEEK_SET));
	EXPECT_EQ(1000, read_here(self, self->file, 1000));
	EXPECT_TRUE(right(self, 100, 1000));
	EXPECT_EQ(1100, lseek(self->file, 0, SEEK_CUR));
	/* The same open file. */
	EXPECT_EQ(KTASK_OUT_MAX, read_here(self, other, KTASK_OUT_MAX));
	EXPECT_TRUE(right(self, 1100, KTASK_OUT_MAX));
	EXPECT_EQ(1100 + KTASK_OUT_MAX, lseek(self->file, 0, SEEK_CUR));
	ASSERT_EQ(SIZE - 10, lseek(self->file, -10, SEEK_END));
	EXPECT_EQ(10, read_here(self, self->file, 1000));
	EXPECT_EQ(0, read_here(self, self->file, 1000));
	EXPECT_EQ(SIZE, lseek(self->file, 0, SEEK_CUR));
	close(other);
}

/* However many share a position, each part is read once: by read(2) too. */
TEST_F_TIMEOUT(read, position_is_shared, SLOW)
{
	struct ktask_args_read args = { .offset = KTASK_OFFSET_FILE };
	struct ktask_completion c;
	static bool seen[200];
	int part[250], i, k;

	/* Each part has its number all over it. */
	args.fd = temp_file("/tmp");
	args.length = sizeof(part);
	for (i = 0; i < 200; i++) {
		for (k = 0; k < 250; k++)
			part[k] = i;
		ASSERT_EQ(sizeof(part), write(args.fd, part, sizeof(part)));
	}
	ASSERT_EQ(0, lseek(args.fd, 0, SEEK_SET));
	ASSERT_EQ(0, kt_spawn_many(self->fd, "read", &args, sizeof(args), 150));
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(sizeof(part), read(args.fd, part, sizeof(part)));
		ASSERT_FALSE(seen[part[0]]);
		seen[part[0]] = true;
	}
	for (i = 0; i < 150; i++) {
		ASSERT_EQ(0, kt_join_out(self->fd, 0, FOREVER, &c, part, sizeof(part)));
		ASSERT_EQ(sizeof(part), c.result);
		ASSERT_EQ(sizeof(part), c.out_len);
		for (k = 0; k < 250; k++)
			ASSERT_EQ(part[0], part[k]);
		ASSERT_FALSE(seen[part[0]]);
		seen[part[0]] = true;
	}
	EXPECT_EQ(200 * sizeof(part), lseek(args.fd, 0, SEEK_CUR));
	close(args.fd);
}

/* Its size is not known before it has been read. */
TEST_F(read, proc_file_to_its_end)
{
	int file = open(PROC_FILE, O_RDONLY | O_CLOEXEC);
	static unsigned char want[1 << 16];
	ssize_t len = 0, n;

	ASSERT_LE(0, file);
	while ((n = pread(file, want + len, sizeof(want) - len, len)) > 0)
		len += n;
	ASSERT_LT(0, len);
	EXPECT_EQ(len, do_read(self, file, 0, KTASK_DATA_MAX));
	EXPECT_EQ(0, memcmp(want, self->out, len));
	EXPECT_EQ(len - 3, do_read(self, file, 3, KTASK_DATA_MAX));
	EXPECT_EQ(0, memcmp(want + 3, self->out, len - 3));
	EXPECT_EQ(0, do_read(self, file, len, 10));
	close(file);
}

TEST_F(read, block_device)
{
	int file = open("/dev/vda", O_RDONLY | O_CLOEXEC);
	static unsigned char want[300001];
	off_t end;

	if (file < 0)
		SKIP(return, "no block device /dev/vda");
	ASSERT_EQ(sizeof(want), pread(file, want, sizeof(want), 12345));
	EXPECT_EQ(sizeof(want), do_read(self, file, 12345, sizeof(want)));
	EXPECT_EQ(0, memcmp(want, self->out, sizeof(want)));
	ASSERT_LT(0, end = lseek(file, 0, SEEK_END));
	EXPECT_EQ(100, do_read(self, file, end - 100, 1000));
	EXPECT_EQ(0, do_read(self, file, end, 1000));
	/* Our buffer is not aligned. */
	close(file);
	ASSERT_LE(0, file = open("/dev/vda", O_RDONLY | O_DIRECT | O_CLOEXEC));
	EXPECT_EQ(-EINVAL, do_read(self, file, 0, 4096));
	close(file);
}

TEST_F(read, file_system_can_be_unmounted_once_joined)
{
	char path[] = "/tmp/ktask-test-XXXXXX", name[64];
	int file, i;

	if (own_mounts())
		SKIP(return, "only root may mount");
	ASSERT_NE(NULL, mkdtemp(path));
	snprintf(name, sizeof(name), "%s/file", path);
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, mount("ktask-test", path, "tmpfs", 0, NULL));
		ASSERT_LE(0, file = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
		ASSERT_EQ(0, ftruncate(file, 1 << 20));
		self->args.fd = file;
		self->args.length = 1 << 20;
		ASSERT_LT(0, kt_spawn_op(self->fd, "read", &self->args,
					 sizeof(self->args), 0));
		close(file);
		EXPECT_EQ(1 << 20, kt_result(self->fd, 0));
		EXPECT_EQ(0, umount(path)) {
			umount2(path, MNT_DETACH);
		}
	}
	rmdir(path);
}

/* --- Pipes, sockets, terminals and the like -------------------------------- */

TEST_F(read, pipe)
{
	int fds[2];
	int64_t id;

	ASSERT_EQ(0, pipe(fds));
	/* What there is, */
	ASSERT_EQ(5, write(fds[1], "hello", 5));
	EXPECT_EQ(5, read_here(self, fds[0], 1000));
	EXPECT_EQ(0, memcmp("hello", self->out, 5));
	/* or what comes, */
	ASSERT_LT(0, id = kt_read_file(self->fd, fds[0], KTASK_OFFSET_FILE, 3));
	ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_RUNNING));
	ASSERT_EQ(5, write(fds[1], "world", 5));
	EXPECT_EQ(3, kt_result_out(self->fd, id, self->out, 1000));
	EXPECT_EQ(0, memcmp("wor", self->out, 3));
	EXPECT_EQ(2, read_here(self, fds[0], 3));
	/* or the end. */
	ASSERT_LT(0, id = kt_read_file(self->fd, fds[0], KTASK_OFFSET_FILE, 3));
	ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_RUNNING));
	close(fds[1]);
	EXPECT_EQ(0, kt_result_out(self->fd, id, self->out, 1000));
	close(fds[0]);
}

TEST_F(read, pipe_that_is_full)
{
	static unsigned char want[65536];
	int fds[2];

	pattern(want, sizeof(want), 0);
	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(sizeof(want), write(fds[1], want, sizeof(want)));
	EXPECT_EQ(sizeof(want), read_here(self, fds[0], KTASK_DATA_MAX));
	EXPECT_EQ(0, memcmp(want, self->out, sizeof(want)));
	close(fds[0]);
	close(fds[1]);
}

TEST_F(read, nothing_there_and_nonblocking_is_EAGAIN)
{
	int fds[2], socks[2], event = eventfd(0, EFD_NONBLOCK);

	ASSERT_EQ(0, pipe2(fds, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, kt_result(self->fd, kt_read_file(self->fd, fds[0],
							    KTASK_OFFSET_FILE, 10)));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, socks));
	EXPECT_EQ(-EAGAIN, kt_result(self->fd, kt_read_file(self->fd, socks[0],
							    KTASK_OFFSET_FILE, 10)));
	EXPECT_EQ(-EAGAIN, kt_result(self->fd, kt_read_file(self->fd, event,
							    KTASK_OFFSET_FILE, 8)));
	close(fds[0]);
	close(fds[1]);
	close(socks[0]);
	close(socks[1]);
	close(event);
}

/* There O_DIRECT has to do with packets. */
TEST_F(read, packets_of_a_pipe)
{
	int fds[2];

	ASSERT_EQ(0, pipe2(fds, O_DIRECT));
	ASSERT_EQ(3, write(fds[1], "abc", 3));
	ASSERT_EQ(2, write(fds[1], "de", 2));
	EXPECT_EQ(3, read_here(self, fds[0], 100));
	EXPECT_EQ(2, read_here(self, fds[0], 100));
	close(fds[0]);
	close(fds[1]);
}

TEST_F(read, stream_socket)
{
	int socks[2];
	int64_t id;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
	ASSERT_LT(0, id = kt_read_file(self->fd, socks[0], KTASK_OFFSET_FILE, 100));
	ASSERT_EQ(4, write(socks[1], "four", 4));
	EXPECT_EQ(4, kt_result_out(self->fd, id, self->out, 100));
	EXPECT_EQ(0, memcmp("four", self->out, 4));
	shutdown(socks[1], SHUT_WR);
	EXPECT_EQ(0, read_here(self, socks[0], 100));
	close(socks[0]);
	close(socks[1]);
}

/* A message a read, and the rest of a longer one is lost. */
TEST_F(read, messages)
{
	int socks[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, socks));
	ASSERT_EQ(5, write(socks[1], "12345", 5));
	ASSERT_EQ(2, write(socks[1], "67", 2));
	EXPECT_EQ(3, read_here(self, socks[0], 3));
	EXPECT_EQ(0, memcmp("123", self->out, 3));
	EXPECT_EQ(2, read_here(self, socks[0], 3));
	EXPECT_EQ(0, memcmp("67", self->out, 2));
	close(socks[0]);
	close(socks[1]);
}

TEST_F(read, socket_that_is_not_connected)
{
	int sock = socket(AF_UNIX, SOCK_STREAM, 0);

	EXPECT_EQ(-EINVAL, kt_result(self->fd, kt_read_file(self->fd, sock,
							    KTASK_OFFSET_FILE, 10)));
	close(sock);
}

TEST_F(read, terminal)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
	int64_t id;

	if (master < 0)
		SKIP(return, "no pseudo-terminals: %s", strerror(errno));
	ASSERT_EQ(0, unlockpt(master));
	ASSERT_LE(0, slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC));
	ASSERT_LT(0, id = kt_read_file(self->fd, slave, KTASK_OFFSET_FILE, 100));
	/* A line at a time. */
	ASSERT_EQ(9, write(master, "one\ntwo\n.", 9));
	EXPECT_EQ(4, kt_result_out(self->fd, id, self->out, 100));
	EXPECT_EQ(0, memcmp("one\n", self->out, 4));
	EXPECT_EQ(4, read_here(self, slave, 100));
	EXPECT_EQ(0, memcmp("two\n", self->out, 4));
	/* The echo. */
	EXPECT_LT(0, read_here(self, master, 100));
	ASSERT_LT(0, id = kt_read_file(self->fd, slave, KTASK_OFFSET_FILE, 100));
	ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_RUNNING));
	ASSERT_EQ(0, kt_abort(self->fd, id));
	EXPECT_TRUE(kt_cancelled(self->fd, id));
	/* Hung up: one of two things, whichever it sees first. */
	ASSERT_LT(0, id = kt_read_file(self->fd, slave, KTASK_OFFSET_FILE, 100));
	close(master);
	id = kt_result(self->fd, id);
	EXPECT_TRUE(id == 0 || id == -EIO);
	close(slave);
}

TEST_F(read, eventfd)
{
	int event = eventfd(7, EFD_CLOEXEC);
	uint64_t value = 0;
	int64_t id;

	EXPECT_EQ(-EINVAL, kt_result(self->fd, kt_read_file(self->fd, event,
							    KTASK_OFFSET_FILE, 7)));
	EXPECT_EQ(8, read_here(self, event, 100));
	memcpy(&value, self->out, 8);
	EXPECT_EQ(7, value);
	ASSERT_LT(0, id = kt_read_file(self->fd, event, KTASK_OFFSET_FILE, 8));
	value = 3;
	ASSERT_EQ(8, write(event, &value, 8));
	EXPECT_EQ(8, kt_result_out(self->fd, id, self->out, 100));
	memcpy(&value, self->out, 8);
	EXPECT_EQ(3, value);
	close(event);
}

/* Kernels before 6.8 read these for a process only. */
TEST_F(read, timerfd)
{
	struct itimerspec soon = { .it_value.tv_nsec = MSEC };
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	int64_t n;

	ASSERT_EQ(0, timerfd_settime(timer, 0, &soon, NULL));
	n = read_here(self, timer, 8);
	if (n == -EINVAL)
		SKIP(return, "the kernel cannot read a timerfd for us");
	EXPECT_EQ(8, n);
	EXPECT_EQ(1, self->out[0]);
	close(timer);
}

/* More than may be at work at once: each gets a byte. */
TEST_F_TIMEOUT(read, many_of_one_pipe, SLOW)
{
	struct ktask_args_read args = { .offset = KTASK_OFFSET_FILE, .length = 1 };
	static bool seen[200];
	struct ktask_completion c;
	int fds[2], i;

	ASSERT_EQ(0, pipe(fds));
	args.fd = fds[0];
	ASSERT_EQ(0, kt_spawn_many(self->fd, "read", &args, sizeof(args), 200));
	for (i = 0; i < 200; i++) {
		unsigned char byte = i;

		ASSERT_EQ(1, write(fds[1], &byte, 1));
	}
	for (i = 0; i < 200; i++) {
		ASSERT_EQ(1, kt_read(self->fd, &c, 1));
		ASSERT_EQ(1, c.result);
		ASSERT_FALSE(seen[c.out[0]]);
		seen[c.out[0]] = true;
	}
	close(fds[0]);
	close(fds[1]);
}

/* --- While it waits -------------------------------------------------------- */

TEST_F(read, aborted_while_it_waits)
{
	int fds[2], socks[2], event = eventfd(0, EFD_CLOEXEC);
	int64_t ids[3];
	int i;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
	ids[0] = kt_read_file(self->fd, fds[0], KTASK_OFFSET_FILE, 10);
	ids[1] = kt_read_file(self->fd, socks[0], KTASK_OFFSET_FILE, 10);
	ids[2] = kt_read_file(self->fd, event, KTASK_OFFSET_FILE, 10);
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(wait_state(self->fd, ids[i], KTASK_STATE_RUNNING));
		ASSERT_EQ(0, kt_abort(self->fd, ids[i]));
		EXPECT_TRUE(kt_cancelled(self->fd, ids[i]));
	}
	/* Nobody waits there any more. */
	ASSERT_EQ(1, write(fds[1], "x", 1));
	EXPECT_EQ(1, read_here(self, fds[0], 10));
	close(fds[0]);
	close(fds[1]);
	close(socks[0]);
	close(socks[1]);
	close(event);
}

/* An abort takes nothing out of the pipe with it. */
TEST_F_TIMEOUT(read, abort_races_with_data, SLOW)
{
	int fds[2], round, cancelled = 0;
	struct ktask_completion c;
	char byte;

	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	for (round = 0; round < 200; round++) {
		int64_t id = kt_read_file(self->fd, fds[0], KTASK_OFFSET_FILE, 1);

		ASSERT_LT(0, id);
		if (round % 2)
			ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_RUNNING));
		ASSERT_EQ(1, write(fds[1], "x", 1));
		kt_abort(self->fd, id);
		ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &c));
		if (c.outcome == KTASK_CANCELLED) {
			cancelled++;
			ASSERT_EQ(1, read(fds[0], &byte, 1));
		} else {
			ASSERT_EQ(1, c.result);
			ASSERT_EQ('x', c.out[0]);
		}
	}
	TH_LOG("%d of 200 were cancelled", cancelled);
	close(fds[0]);
	close(fds[1]);
}

TEST_F(read, closed_set_while_it_waits)
{
	int fds[2], fd = kt_open(0);
	int64_t id;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_LT(0, id = kt_read_file(fd, fds[0], KTASK_OFFSET_FILE, 10));
	ASSERT_TRUE(wait_state(fd, id, KTASK_STATE_RUNNING));
	close(fd);
	EXPECT_EQ(0, file_tasks(self->fd));
	/* It has let go of the pipe. */
	close(fds[0]);
	signal(SIGPIPE, SIG_IGN);
	EXPECT_EQ(-1, write(fds[1], "x", 1));
	EXPECT_EQ(EPIPE, errno);
	close(fds[1]);
}

TEST_F(read, descriptor_closed_while_it_waits)
{
	int fds[2];
	int64_t id;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_LT(0, id = kt_read_file(self->fd, fds[0], KTASK_OFFSET_FILE, 10));
	close(fds[0]);
	/* There is a reader all the same. */
	ASSERT_EQ(2, write(fds[1], "ok", 2));
	EXPECT_EQ(2, kt_result_out(self->fd, id, self->out, 10));
	close(fds[1]);
}

TEST_HARNESS_MAIN
