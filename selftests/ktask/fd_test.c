// SPDX-License-Identifier: GPL-2.0
/*
 * KTASK_FD: descriptors that stand for a task, or for a group.
 */
#include <sys/resource.h>

#include "helpers.h"

/* Milliseconds after which a wake-up must have been lost. */
#define LOST		20000

#define READABLE	(POLLIN | POLLRDNORM)

static int poll_fd(int fd, int timeout_ms)
{
	struct pollfd pfd = {
		.fd = fd,
		.events = POLLIN | POLLRDNORM | POLLPRI | POLLOUT,
	};
	int n = poll(&pfd, 1, timeout_ms);

	return n < 0 ? -errno : pfd.revents;
}

/* --- Of a task ------------------------------------------------------------ */

FIXTURE(task_fd) {
	int fd;
	struct gate gate;
	int one;			/* a descriptor of the gate's task */
	struct ktask_completion c[4];
};

FIXTURE_SETUP(task_fd)
{
	struct ktask_desc desc = { .user_data = 33 };

	SETUP_OPEN(self->fd, 0);
	ASSERT_LT(0, gate_spawn_as(self->fd, &self->gate, &desc));
	ASSERT_LE(0, self->one = kt_fd(self->fd, self->gate.id, 0));
}

FIXTURE_TEARDOWN(task_fd)
{
	gate_close(&self->gate);
	close(self->one);
	close(self->fd);
}

#define EXPECT_ITS_COMPLETION(n)					\
do {									\
	EXPECT_EQ(self->gate.id, self->c[n].id);			\
	EXPECT_EQ(33, self->c[n].user_data);				\
	EXPECT_EQ(KTASK_RETURNED, self->c[n].outcome);			\
	EXPECT_EQ(POLLIN, self->c[n].result);				\
} while (0)

TEST_F(task_fd, polls_readable_from_the_end_on)
{
	EXPECT_EQ(0, poll_fd(self->one, 10));
	ASSERT_EQ(0, gate_open(&self->gate));
	EXPECT_EQ(READABLE, poll_fd(self->one, LOST));
	ASSERT_EQ(1, kt_read(self->one, self->c, 1));
	EXPECT_EQ(READABLE, poll_fd(self->one, 0));
	ASSERT_EQ(0, kt_join(self->fd, self->gate.id, FOREVER, self->c));
	EXPECT_EQ(READABLE, poll_fd(self->one, 0));
}

TEST_F(task_fd, read_gives_the_completion_again_and_again)
{
	int i;

	ASSERT_EQ(0, gate_open(&self->gate));
	for (i = 0; i < 3; i++) {
		memset(self->c, 0xee, sizeof(self->c));
		/* One, however much room there is. */
		ASSERT_EQ(1, kt_read(self->one, self->c, 4));
		EXPECT_ITS_COMPLETION(0);
		EXPECT_EQ(0xee, self->c[1].out[0]);
	}
	/* The set's own is not taken by that. */
	ASSERT_EQ(1, kt_read(self->fd, self->c, 4));
	EXPECT_ITS_COMPLETION(0);
	ASSERT_EQ(1, kt_read(self->one, self->c, 4));
	EXPECT_ITS_COMPLETION(0);
}

TEST_F(task_fd, read_waits)
{
	struct taker reader;

	ASSERT_EQ(0, reader_start(&reader, self->one));
	ASSERT_EQ(0, gate_open(&self->gate));
	EXPECT_EQ(1, taker_wait(&reader));
	EXPECT_EQ(self->gate.id, reader.completion.id);
}

TEST_F(task_fd, many_who_wait)
{
	struct taker readers[4], joiner;
	int i;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, reader_start(&readers[i], self->one));
	ASSERT_EQ(0, joiner_start(&joiner, self->fd, self->gate.id, FOREVER));
	ASSERT_EQ(0, gate_open(&self->gate));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(1, taker_wait(&readers[i]));
	EXPECT_EQ(0, taker_wait(&joiner));
}

TEST_F(task_fd, read_nonblock_is_EAGAIN)
{
	ASSERT_EQ(0, fcntl(self->one, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, kt_read(self->one, self->c, 1));
	ASSERT_EQ(0, gate_open(&self->gate));
	EXPECT_EQ(READABLE, poll_fd(self->one, LOST));
	EXPECT_EQ(1, kt_read(self->one, self->c, 1));
}

TEST_F(task_fd, read_signal_is_EINTR)
{
	struct taker reader;

	ASSERT_EQ(0, catch_signal(SIGUSR1, 0));
	ASSERT_EQ(0, reader_start(&reader, self->one));
	ASSERT_EQ(0, pthread_kill(reader.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, taker_wait(&reader));
}

TEST_F(task_fd, read_to_a_bad_buffer)
{
	ASSERT_EQ(0, gate_open(&self->gate));
	EXPECT_EQ(READABLE, poll_fd(self->one, LOST));
	EXPECT_EQ(-EFAULT, kt_read(self->one, NULL, 1));
	EXPECT_EQ(-EFAULT, kt_read(self->one, (void *)-4096L, 1));
	EXPECT_EQ(-1, read(self->one, self->c, sizeof(self->c[0]) - 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, read(self->one, self->c, 0));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(1, kt_read(self->one, self->c, 1));
	EXPECT_ITS_COMPLETION(0);
}

TEST_F(task_fd, of_a_task_that_has_ended)
{
	int again;

	ASSERT_EQ(0, gate_open(&self->gate));
	ASSERT_TRUE(wait_state(self->fd, self->gate.id, KTASK_STATE_ENDED));
	again = kt_fd(self->fd, self->gate.id, 0);
	ASSERT_LE(0, again);
	EXPECT_EQ(READABLE, poll_fd(again, 0));
	ASSERT_EQ(1, kt_read(again, self->c, 1));
	EXPECT_ITS_COMPLETION(0);
	close(again);
}

TEST_F(task_fd, of_no_task_is_ENOENT)
{
	int other = kt_open(0);
	int64_t id = 0, taken = kt_nop(self->fd, 0, 0), i;

	ASSERT_LE(0, other);
	for (i = 0; i < 9; i++)
		ASSERT_LT(0, id = kt_nop(other, 0, 0));
	ASSERT_EQ(0, kt_join(self->fd, taken, FOREVER, self->c));
	EXPECT_EQ(-ENOENT, kt_fd(self->fd, taken, 0));
	EXPECT_EQ(-ENOENT, kt_fd(self->fd, id, 0));
	EXPECT_EQ(-ENOENT, kt_fd(self->fd, UINT64_MAX, 0));
	/* Nor of two things, or none. */
	EXPECT_EQ(-EINVAL, kt_fd(self->fd, self->gate.id, kt_group_new(self->fd, 0, 0)));
	EXPECT_EQ(-EINVAL, kt_fd(self->fd, 0, 0));
	close(other);
}

TEST_F(task_fd, of_a_detached_task)
{
	struct ktask_desc desc = { .flags = KTASK_DESC_DETACHED };
	struct gate gate;
	int fd;

	ASSERT_EQ(0, kt_detach(self->fd, self->gate.id));
	ASSERT_EQ(0, gate_open(&self->gate));
	ASSERT_EQ(1, kt_read(self->one, self->c, 1));
	EXPECT_ITS_COMPLETION(0);
	EXPECT_EQ(0, kt_read(self->fd, self->c, 1));
	/* From the start. */
	ASSERT_LT(0, gate_spawn_as(self->fd, &gate, &desc));
	ASSERT_LE(0, fd = kt_fd(self->fd, gate.id, 0));
	ASSERT_EQ(0, gate_open(&gate));
	ASSERT_EQ(1, kt_read(fd, self->c, 1));
	EXPECT_EQ(gate.id, self->c[0].id);
	close(fd);
	gate_close(&gate);
}

TEST_F(task_fd, of_an_aborted_task)
{
	ASSERT_EQ(0, kt_abort(self->fd, self->gate.id));
	EXPECT_EQ(READABLE, poll_fd(self->one, LOST));
	ASSERT_EQ(1, kt_read(self->one, self->c, 1));
	EXPECT_EQ(KTASK_CANCELLED, self->c[0].outcome);
	EXPECT_EQ(KTASK_CAUSE_ABORT, self->c[0].cause);
}

/* It keeps neither the task nor the set alive. */
TEST_F(task_fd, outlives_the_set)
{
	struct ktask_info info;
	int other = kt_open(0);

	ASSERT_LE(0, other);
	ASSERT_EQ(0, close(self->fd));
	ASSERT_EQ(0, kt_info(other, &info));
	EXPECT_EQ(1, info.files);
	EXPECT_EQ(0, info.file_tasks);
	EXPECT_EQ(READABLE, poll_fd(self->one, 0));
	ASSERT_EQ(1, kt_read(self->one, self->c, 1));
	EXPECT_EQ(self->gate.id, self->c[0].id);
	EXPECT_EQ(KTASK_CANCELLED, self->c[0].outcome);
	self->fd = other;
}

/* Only the completion's part of an output is there: the rest goes with the set. */
TEST_F(task_fd, of_a_task_with_a_long_output)
{
	struct ktask_args_read args = { .fd = sparse_file(), .length = 100000 };
	int64_t id = kt_spawn_op(self->fd, "read", &args, sizeof(args), 0);
	int fd = kt_fd(self->fd, id, 0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(1, kt_read(fd, self->c, 1));
	EXPECT_EQ(100000, self->c[0].out_len);
	ASSERT_EQ(0, close(self->fd));
	ASSERT_LE(0, self->fd = kt_open(0));
	ASSERT_EQ(1, kt_read(fd, self->c, 1));
	EXPECT_EQ(100000, self->c[0].out_len);
	/* It is there, and counted, as long as the descriptor is. */
	ASSERT_EQ(0, close(fd));
	ASSERT_NOTHING_LEFT();
	close(args.fd);
}

TEST_F(task_fd, is_for_reading_only)
{
	EXPECT_EQ(O_RDONLY, fcntl(self->one, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(-1, write(self->one, "x", 1));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(-1, lseek(self->one, 0, SEEK_CUR));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->one, 0));
	EXPECT_EQ(ENODEV, errno);
	/* It gives no right to the set. */
	EXPECT_EQ(-ENOTTY, kt_abort(self->one, self->gate.id));
	EXPECT_EQ(-ENOTTY, kt_info(self->one, &(struct ktask_info){}));
}

TEST_F(task_fd, is_close_on_exec)
{
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->one, F_GETFD));
}

TEST_F(task_fd, no_descriptor_left_is_EMFILE)
{
	struct rlimit limit;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = self->one + 1;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EMFILE, kt_fd(self->fd, self->gate.id, 0));
	close(self->one);
	EXPECT_EQ(self->one, kt_fd(self->fd, self->gate.id, 0));
}

static int set_file_max(const char *value, char *before, size_t size)
{
	int fd = open("/proc/sys/fs/file-max", O_RDWR | O_CLOEXEC);
	int err = -1;

	if (fd < 0)
		return -1;
	if (!before || read(fd, before, size) > 0)
		err = pwrite(fd, value, strlen(value), 0) < 0;
	close(fd);
	return err;
}

/* Only root may have more than there may be. */
TEST_F(task_fd, no_file_left_is_ENFILE)
{
	char before[32] = "";
	int ret = 0;
	pid_t pid;

	if (set_file_max("1\n", before, sizeof(before) - 1))
		SKIP(return, "only root may change fs.file-max");
	pid = fork();
	if (!pid)
		_exit(become(ALICE) ? 0 : -kt_fd(self->fd, self->gate.id, 0));
	ret = child_status(pid);
	EXPECT_EQ(0, set_file_max(before, NULL, 0));
	EXPECT_EQ(ENFILE, ret);
}

/* Where the descriptor goes cannot be told. */
TEST_F(task_fd, structure_in_read_only_memory)
{
	struct ktask_fd arg = { .size = sizeof(arg), .id = self->gate.id };
	size_t page = sysconf(_SC_PAGESIZE);
	char *mem = guarded_alloc(1);
	int next = dup(self->one);

	ASSERT_NE(NULL, mem);
	memcpy(mem, &arg, sizeof(arg));
	ASSERT_EQ(0, mprotect(mem, page, PROT_READ));
	EXPECT_EQ(-EFAULT, kt_ioctl(self->fd, KTASK_FD, mem));
	/* It is not open either. */
	close(next);
	EXPECT_EQ(next, dup(self->one));
	EXPECT_EQ(-1, fcntl(next + 1, F_GETFD));
	close(next);
	munmap(mem, 2 * page);
}

TEST_F(task_fd, passed_to_another_process)
{
	int socks[2], fd;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(self->fd);
		close(self->one);
		close(socks[0]);
		/* Of whatever user. */
		if (!geteuid() && become(BOB))
			_exit(1);
		fd = receive_fd(socks[1]);
		if (fd < 0 || write(socks[1], "", 1) != 1)
			_exit(2);
		if (poll_fd(fd, -1) != READABLE || kt_read(fd, self->c, 1) != 1)
			_exit(3);
		_exit(self->c[0].id == self->gate.id &&
		      self->c[0].result == POLLIN ? 0 : 4);
	}
	close(socks[1]);
	ASSERT_EQ(0, send_fd(socks[0], self->one));
	ASSERT_EQ(1, read(socks[0], self->c, 1));
	ASSERT_EQ(0, gate_open(&self->gate));
	EXPECT_EQ(0, child_status(pid));
	close(socks[0]);
}

TEST_F(task_fd, fork)
{
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		close(self->fd);
		_exit(kt_read(self->one, self->c, 1) == 1 ? 0 : 1);
	}
	ASSERT_EQ(0, gate_open(&self->gate));
	EXPECT_EQ(0, child_status(pid));
	EXPECT_EQ(1, kt_read(self->one, self->c, 1));
}

#define MANY		200

TEST_F(task_fd, many_in_one_epoll)
{
	struct ktask_args_sleep args = { .duration_ns = 20 * MSEC };
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT };
	int ep = epoll_create1(EPOLL_CLOEXEC), fds[MANY], i;
	bool seen[MANY] = {};

	ASSERT_LE(0, ep);
	for (i = 0; i < MANY; i++) {
		int64_t id = kt_spawn_op(self->fd, "sleep", &args, sizeof(args), i);

		ASSERT_LT(0, id);
		ASSERT_LE(0, fds[i] = kt_fd(self->fd, id, 0));
		event.data.u64 = i;
		ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fds[i], &event));
	}
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(1, epoll_wait(ep, &event, 1, LOST));
		ASSERT_GT(MANY, event.data.u64);
		ASSERT_FALSE(seen[event.data.u64]);
		seen[event.data.u64] = true;
		ASSERT_EQ(1, kt_read(fds[event.data.u64], self->c, 1));
		EXPECT_EQ(event.data.u64, self->c[0].user_data);
	}
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 0));
	for (i = 0; i < MANY; i++)
		close(fds[i]);
	close(ep);
}

TEST_F_TIMEOUT(task_fd, close_races_with_the_end, SLOW)
{
	int i;

	for (i = 0; i < 1000; i++) {
		int64_t id = i % 2 ? kt_nop(self->fd, 0, 0) :
				     kt_sleep(self->fd, i * 300, 0);
		int fd;

		ASSERT_LT(0, id);
		ASSERT_LE(0, fd = kt_fd(self->fd, id, 0));
		if (i % 3 == 0) {
			ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, self->c));
		}
		ASSERT_EQ(0, close(fd));
		if (i % 3 != 0) {
			ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, self->c));
		}
	}
}

/* --- Of a group ----------------------------------------------------------- */

FIXTURE(group_fd) {
	int fd;
	__u32 nr;
	int one;
	struct ktask_completion c[4];
};

FIXTURE_SETUP(group_fd)
{
	int64_t nr;

	SETUP_OPEN(self->fd, 0);
	ASSERT_LT(0, nr = kt_group_new(self->fd, 0, 0));
	self->nr = nr;
	ASSERT_LE(0, self->one = kt_fd(self->fd, 0, self->nr));
}

FIXTURE_TEARDOWN(group_fd)
{
	close(self->one);
	close(self->fd);
}

static int64_t spawn_in(FIXTURE_DATA(group_fd) *self, __u32 group, __u64 duration,
			__u64 user_data)
{
	struct ktask_args_sleep args = { .duration_ns = duration };
	struct ktask_desc desc = kt_desc(self->fd, "sleep", &args, sizeof(args));

	desc.group = group;
	desc.user_data = user_data;
	return kt_spawn_desc(self->fd, &desc);
}

TEST_F(group_fd, polls_readable_while_a_completion_can_be_taken)
{
	EXPECT_EQ(0, poll_fd(self->one, 0));
	ASSERT_LT(0, spawn_in(self, 0, 0, 0));
	ASSERT_LT(0, spawn_in(self, self->nr, HOUR, 0));
	EXPECT_EQ(READABLE, poll_fd(self->fd, LOST));
	EXPECT_EQ(0, poll_fd(self->one, 10));
	ASSERT_LT(0, spawn_in(self, self->nr, MSEC, 0));
	EXPECT_EQ(READABLE, poll_fd(self->one, LOST));
	ASSERT_EQ(0, kt_join_group(self->fd, self->nr, 0, self->c));
	EXPECT_EQ(0, poll_fd(self->one, 0));
}

TEST_F(group_fd, read_takes_of_the_group_only)
{
	int i;

	for (i = 0; i < 6; i++) {
		int64_t id = spawn_in(self, i % 2 ? self->nr : 0, 0, i);

		ASSERT_LT(0, id);
		ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_ENDED));
	}
	ASSERT_EQ(3, kt_read(self->one, self->c, 4));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(1 + 2 * i, self->c[i].user_data);
	/* They are taken. */
	EXPECT_EQ(-ENOENT, kt_join(self->fd, self->c[0].id, 0, self->c));
	EXPECT_EQ(-ENOENT, kt_join_group(self->fd, self->nr, 0, self->c));
	EXPECT_EQ(0, kt_read(self->one, self->c, 4));
	EXPECT_EQ(3, kt_read(self->fd, self->c, 4));
}

TEST_F(group_fd, read_waits)
{
	struct taker reader;
	int64_t id = spawn_in(self, self->nr, HOUR, 0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, reader_start(&reader, self->one));
	ASSERT_EQ(0, kt_abort(self->fd, id));
	EXPECT_EQ(1, taker_wait(&reader));
	EXPECT_EQ(id, reader.completion.id);
}

TEST_F(group_fd, read_nonblock_is_EAGAIN)
{
	ASSERT_LT(0, spawn_in(self, self->nr, HOUR, 0));
	ASSERT_EQ(0, fcntl(self->one, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, kt_read(self->one, self->c, 1));
	/* That is this file's, not the set's. */
	EXPECT_EQ(0, fcntl(self->fd, F_GETFL) & O_NONBLOCK);
}

TEST_F(group_fd, read_ends_when_the_group_becomes_empty)
{
	struct taker reader;
	int64_t id = spawn_in(self, self->nr, HOUR, 0);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, reader_start(&reader, self->one));
	ASSERT_EQ(0, kt_detach(self->fd, id));
	EXPECT_EQ(0, taker_wait(&reader));
}

TEST_F(group_fd, read_to_a_bad_buffer_loses_nothing)
{
	int64_t id = spawn_in(self, self->nr, 0, 0);

	ASSERT_LT(0, id);
	EXPECT_EQ(READABLE, poll_fd(self->one, LOST));
	EXPECT_EQ(-EFAULT, kt_read(self->one, NULL, 1));
	EXPECT_EQ(-1, read(self->one, self->c, sizeof(self->c[0]) - 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(1, kt_read(self->one, self->c, 1));
	EXPECT_EQ(id, self->c[0].id);
}

TEST_F(group_fd, of_no_group_is_ENOENT)
{
	EXPECT_EQ(-ENOENT, kt_fd(self->fd, 0, self->nr + 1));
	EXPECT_EQ(-ENOENT, kt_fd(self->fd, 0, ~0U));
}

TEST_F(group_fd, is_close_on_exec)
{
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->one, F_GETFD));
}

TEST_F(group_fd, hangs_up_when_the_set_is_closed)
{
	int other = kt_open(0);
	struct ktask_info info;

	ASSERT_LE(0, other);
	ASSERT_LT(0, spawn_in(self, self->nr, HOUR, 0));
	ASSERT_LT(0, spawn_in(self, self->nr, 0, 0));
	EXPECT_EQ(READABLE, poll_fd(self->one, LOST));
	ASSERT_EQ(0, close(self->fd));
	ASSERT_EQ(0, kt_info(other, &info));
	EXPECT_EQ(1, info.files);
	EXPECT_EQ(0, info.file_tasks);
	/* What nobody took is gone. */
	EXPECT_EQ(POLLHUP, poll_fd(self->one, 0) & ~READABLE);
	EXPECT_EQ(0, kt_read(self->one, self->c, 1));
	self->fd = other;
}

/* Those who wait learn of it. */
TEST_F(group_fd, hang_up_ends_the_waits)
{
	struct epoll_event event = { .events = EPOLLIN };
	int ep = epoll_create1(EPOLL_CLOEXEC);
	struct taker reader;

	ASSERT_LT(0, spawn_in(self, self->nr, HOUR, 0));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->one, &event));
	ASSERT_EQ(0, reader_start(&reader, self->one));
	ASSERT_EQ(0, close(self->fd));
	/* The task was aborted first: this may still be read. */
	EXPECT_LE(0, taker_wait(&reader));
	EXPECT_EQ(1, epoll_wait(ep, &event, 1, LOST));
	EXPECT_EQ(EPOLLHUP, event.events & ~EPOLLIN);
	EXPECT_EQ(0, kt_read(self->one, self->c, 1));
	ASSERT_LE(0, self->fd = kt_open(0));
	close(ep);
}

/* It stands for the group that it was made of, not for a number. */
TEST_F(group_fd, of_a_group_that_is_removed)
{
	int64_t nr;
	int i;

	ASSERT_EQ(0, kt_group_remove(self->fd, self->nr));
	EXPECT_EQ(0, kt_read(self->one, self->c, 1));
	for (i = 0; i < 10; i++) {
		ASSERT_LT(0, nr = kt_group_new(self->fd, 0, 0));
		ASSERT_LT(0, spawn_in(self, nr, 0, 0));
	}
	EXPECT_EQ(0, kt_read(self->one, self->c, 1));
	EXPECT_EQ(0, poll_fd(self->one, 0) & READABLE);
}

TEST_F(group_fd, passed_to_another_process)
{
	int socks[2], fd, i, n;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(self->fd);
		close(self->one);
		close(socks[0]);
		fd = receive_fd(socks[1]);
		if (fd < 0)
			_exit(1);
		for (i = 0; i < 20; i += n) {
			n = kt_read(fd, self->c, 4);
			if (n < 1)
				_exit(2);
		}
		/* And then the set goes. */
		if (write(socks[1], "", 1) != 1 || poll_fd(fd, -1) < 0)
			_exit(3);
		while (!(poll_fd(fd, -1) & POLLHUP))
			;
		_exit(kt_read(fd, self->c, 1) ? 4 : 0);
	}
	close(socks[1]);
	for (i = 0; i < 20; i++)
		ASSERT_LT(0, spawn_in(self, self->nr, i * MSEC, i));
	ASSERT_EQ(0, send_fd(socks[0], self->one));
	ASSERT_EQ(1, read(socks[0], self->c, 1));
	ASSERT_EQ(0, close(self->fd));
	EXPECT_EQ(0, child_status(pid));
	ASSERT_LE(0, self->fd = kt_open(0));
	/* The group itself goes with the last descriptor of it. */
	close(self->one);
	ASSERT_NOTHING_LEFT();
	close(socks[0]);
}

struct group_reader {
	pthread_t thread;
	int fd;
	int taken;
};

static void *group_reader_main(void *arg)
{
	struct group_reader *r = arg;
	struct ktask_completion c[4];
	int n;

	/* It hangs up when all is over; before, it is empty now and then. */
	do {
		n = kt_read(r->fd, c, 4);
		if (n > 0)
			r->taken += n;
	} while (n > 0 || !(poll_fd(r->fd, 0) & POLLHUP));
	return NULL;
}

TEST_F_TIMEOUT(group_fd, set_is_closed_while_others_read, SLOW)
{
	struct group_reader r[2];
	int round, i;

	ASSERT_EQ(0, close(self->one));
	for (round = 0; round < 50; round++) {
		self->nr = kt_group_new(self->fd, 0, 0);
		ASSERT_LE(0, self->one = kt_fd(self->fd, 0, self->nr));
		for (i = 0; i < 2; i++) {
			r[i] = (struct group_reader){ .fd = self->one };
			ASSERT_EQ(0, pthread_create(&r[i].thread, NULL,
						    group_reader_main, &r[i]));
		}
		for (i = 0; i < 50; i++)
			ASSERT_LT(0, spawn_in(self, self->nr, i * 20000, 0));
		ASSERT_EQ(0, close(self->fd));
		for (i = 0; i < 2; i++)
			ASSERT_EQ(0, pthread_join(r[i].thread, NULL));
		ASSERT_GE(50, r[0].taken + r[1].taken);
		ASSERT_EQ(0, close(self->one));
		ASSERT_LE(0, self->fd = kt_open(0));
		ASSERT_NOTHING_LEFT();
	}
}

TEST_HARNESS_MAIN
