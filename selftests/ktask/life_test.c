// SPDX-License-Identifier: GPL-2.0
/*
 * Who holds an open file, how it ends, and that nothing is left then.
 *
 * What is left is asked right after close() or waitpid() has returned, with no
 * patience: see kill_test.c.
 */
#include "helpers.h"

FIXTURE(life) {
	int fd;
	struct ktask_completion c[64];
};

FIXTURE_SETUP(life)
{
	SETUP_OPEN(self->fd, 0);
}

FIXTURE_TEARDOWN(life)
{
	close(self->fd);
}

/* --- close ---------------------------------------------------------------- */

TEST_F_TIMEOUT(life, close_ends_thousands_of_sleepers, SLOW)
{
	int fd = kt_open(0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, kt_sleep_many(fd, HOUR, 10000));
	EXPECT_EQ(10000, file_tasks(fd));
	EXPECT_EQ(0, close(fd));
	ASSERT_NOTHING_LEFT();
}

TEST_F_TIMEOUT(life, close_ends_running_hashes, SLOW)
{
	int fd = kt_open(0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, hash_for_ever(fd, 300));
	EXPECT_EQ(300, file_tasks(fd));
	EXPECT_EQ(0, close(fd));
	ASSERT_NOTHING_LEFT();
}

TEST_F_TIMEOUT(life, close_drops_what_was_not_taken, SLOW)
{
	int i;

	for (i = 0; i < 20; i++) {
		int fd = kt_open(0);

		ASSERT_LE(0, fd);
		/* Some have ended by the time of the close, some not. */
		ASSERT_EQ(0, kt_spawn_many(fd, "nop", NULL, 0, 500));
		ASSERT_EQ(0, kt_sleep_many(fd, MSEC, 100));
		EXPECT_EQ(0, close(fd));
		ASSERT_NOTHING_LEFT();
	}
}

TEST_F(life, close_of_a_dup_is_not_the_last)
{
	int64_t id = kt_sleep(self->fd, 200 * MSEC, 0);
	int copy = dup(self->fd);

	ASSERT_LT(0, id);
	ASSERT_LE(0, copy);
	EXPECT_EQ(0, close(copy));
	EXPECT_EQ(0, kt_join(self->fd, id, FOREVER, self->c));
	EXPECT_EQ(KTASK_RETURNED, self->c[0].outcome);
}

/*
 * close() does not end the wait of another thread in the same file: as for any
 * file, that thread holds it until its call returns, and then it ends.
 */
TEST_F(life, close_does_not_end_the_wait_of_a_reader)
{
	int fd = kt_open(0);
	struct taker reader;
	int64_t id;

	ASSERT_LE(0, fd);
	id = kt_sleep(fd, 300 * MSEC, 0);
	ASSERT_LT(0, id);
	ASSERT_LT(0, kt_sleep(fd, HOUR, 0));
	ASSERT_EQ(0, reader_start(&reader, fd));
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(1, taker_wait(&reader));
	EXPECT_EQ(id, reader.completion.id);
	EXPECT_EQ(KTASK_RETURNED, reader.completion.outcome);
	ASSERT_NOTHING_LEFT();
}

TEST_F(life, close_does_not_end_the_wait_of_a_joiner)
{
	int fd = kt_open(0);
	struct taker joiner;
	int64_t id;

	ASSERT_LE(0, fd);
	id = kt_sleep(fd, 300 * MSEC, 0);
	ASSERT_LT(0, id);
	ASSERT_LT(0, kt_sleep(fd, HOUR, 0));
	ASSERT_EQ(0, joiner_start(&joiner, fd, id, FOREVER));
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(0, taker_wait(&joiner));
	EXPECT_EQ(id, joiner.completion.id);
	ASSERT_NOTHING_LEFT();
}

TEST_F(life, close_while_epoll_watches)
{
	int ep = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN };
	int fd, i;

	ASSERT_LE(0, ep);
	for (i = 0; i < 50; i++) {
		ASSERT_LE(0, fd = kt_open(0));
		ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
		ASSERT_LT(0, kt_nop(fd, 0, 0));
		ASSERT_EQ(0, close(fd));
	}
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 0));
	close(ep);
	ASSERT_NOTHING_LEFT();
}

/* --- fork, exec, passing on ----------------------------------------------- */

TEST_F(life, fork_shares_the_file)
{
	int64_t id = kt_sleep(self->fd, 50 * MSEC, 99);
	pid_t pid;

	ASSERT_LT(0, id);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int n = kt_read(self->fd, self->c, 1);

		_exit(n == 1 && self->c[0].user_data == 99 ? 0 : 1);
	}
	EXPECT_EQ(0, child_status(pid));
	EXPECT_EQ(-ENOENT, kt_join(self->fd, id, FOREVER, self->c));
}

TEST_F(life, child_that_ends_leaves_the_tasks_alone)
{
	int64_t id = kt_sleep(self->fd, 300 * MSEC, 0);
	pid_t pid = fork();

	ASSERT_LT(0, id);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(0);
	EXPECT_EQ(0, child_status(pid));
	EXPECT_EQ(0, kt_join(self->fd, id, FOREVER, self->c));
	EXPECT_EQ(KTASK_RETURNED, self->c[0].outcome);
}

/* A task outlives the process that spawned it, if the file does. */
TEST_F(life, task_outlives_its_spawner)
{
	int file = sparse_file();
	int pipe_fds[2];
	int64_t ids[2];
	pid_t pid;

	ASSERT_LE(0, file);
	ASSERT_EQ(0, pipe(pipe_fds));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		ids[0] = kt_sleep(self->fd, 200 * MSEC, 1);
		ids[1] = kt_hash_range(self->fd, file, "sha256", 0, 1 << 20, 2);
		_exit(write(pipe_fds[1], ids, sizeof(ids)) == sizeof(ids) ? 0 : 1);
	}
	EXPECT_EQ(0, child_status(pid));
	ASSERT_EQ(sizeof(ids), read(pipe_fds[0], ids, sizeof(ids)));
	EXPECT_EQ(0, kt_join(self->fd, ids[0], FOREVER, self->c));
	EXPECT_EQ(KTASK_RETURNED, self->c[0].outcome);
	EXPECT_EQ(0, kt_join(self->fd, ids[1], FOREVER, self->c));
	EXPECT_EQ(1 << 20, self->c[0].result);
}

TEST_F(life, last_of_several_processes_ends_the_tasks)
{
	struct ktask_info info;
	int fd = kt_open(0);
	int pipe_fds[2];
	pid_t pid;
	char byte;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, kt_sleep_many(fd, HOUR, 50));
	ASSERT_EQ(0, pipe(pipe_fds));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(pipe_fds[1]);
		_exit(read(pipe_fds[0], &byte, 1) ? 1 : 0);
	}
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, kt_info(self->fd, &info));
	EXPECT_EQ(2, info.files);
	EXPECT_EQ(50, info.file_tasks);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	EXPECT_EQ(0, child_status(pid));
	ASSERT_NOTHING_LEFT();
}

TEST_F(life, exec_closes_it)
{
	struct ktask_info info;
	int in[2], out[2];
	pid_t pid;
	char byte;

	ASSERT_EQ(0, pipe2(in, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(out, O_CLOEXEC));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd;

		/* Ours, which the test asks, is a third file. */
		close(self->fd);
		fd = kt_open(0);	/* O_CLOEXEC */
		if (fd < 0 || kt_sleep_many(fd, HOUR, 10))
			_exit(2);
		dup2(in[0], 0);
		dup2(out[1], 1);
		execl("/bin/sh", "sh", "-c", "echo; read line; exit 0", NULL);
		_exit(3);
	}
	/* It speaks, so the old program is gone, but its process is not. */
	ASSERT_EQ(1, read(out[0], &byte, 1));
	ASSERT_EQ(0, kt_info(self->fd, &info));
	EXPECT_EQ(1, info.files);
	EXPECT_EQ(0, info.file_tasks);
	ASSERT_EQ(1, write(in[1], "\n", 1));
	EXPECT_EQ(0, child_status(pid));
}

TEST_F(life, passed_to_another_process_that_joins)
{
	int64_t id;
	int socks[2];
	pid_t pid;
	int fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(socks[0]);
		fd = receive_fd(socks[1]);
		if (fd < 0 || read(socks[1], &id, sizeof(id)) != sizeof(id))
			_exit(2);
		/* That it is the last holder now does not end the task. */
		if (kt_join(fd, id, FOREVER, self->c))
			_exit(3);
		_exit(self->c[0].outcome == KTASK_RETURNED ? 0 : 4);
	}
	ASSERT_LE(0, fd = kt_open(0));
	id = kt_sleep(fd, 300 * MSEC, 0);
	ASSERT_LT(0, id);
	ASSERT_EQ(0, send_fd(socks[0], fd));
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(sizeof(id), write(socks[0], &id, sizeof(id)));
	EXPECT_EQ(0, child_status(pid));
	ASSERT_NOTHING_LEFT();
	close(socks[0]);
	close(socks[1]);
}

TEST_F(life, lost_on_its_way_to_another_process)
{
	int socks[2];
	int fd = kt_open(0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
	ASSERT_EQ(0, kt_sleep_many(fd, HOUR, 100));
	ASSERT_EQ(0, send_fd(socks[0], fd));
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(100, file_tasks(self->fd));
	close(socks[0]);
	close(socks[1]);
	ASSERT_NOTHING_LEFT();
}

TEST_HARNESS_MAIN
