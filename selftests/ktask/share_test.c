// SPDX-License-Identifier: GPL-2.0
/*
 * An open file in several hands, and tasks that hold descriptors which others,
 * or the file itself, may need: nothing may keep itself alive.
 *
 * A task that holds more than a regular file, a directory, a block device or a
 * pipe is aborted when the process that spawned it has closed its last
 * descriptor of the set.
 */
#include <sys/eventfd.h>
#include <sys/wait.h>

#include "helpers.h"

FIXTURE(share) {
	int fd;
	struct ktask_completion c;
};

FIXTURE_SETUP(share)
{
	SETUP_OPEN(self->fd, 0);
}

FIXTURE_TEARDOWN(share)
{
	close(self->fd);
}

/* A task that waits for what does not come. */
static int64_t poll_task(int fd, int what)
{
	struct ktask_args_poll args = { .fd = what, .events = POLLPRI };

	return kt_spawn_op(fd, "poll", &args, sizeof(args), 0);
}

static int64_t read_task(int fd, int what)
{
	struct ktask_args_read args = {
		.fd = what,
		.offset = KTASK_OFFSET_FILE,
		.length = 1,
	};

	return kt_spawn_op(fd, "read", &args, sizeof(args), 0);
}

/* --- What a process leaves behind ----------------------------------------- */

enum held {
	HELD_EVENTFD,
	HELD_SOCKET,
	HELD_SOCKET_READ,
	HELD_EPOLL,
	HELD_PIPE,
	HELD_PIPE_READ,
	HELD_FILE,
};

FIXTURE(left) {
	int fd;
	int to[2];			/* to the process */
	int from[2];
	int held;
	pid_t pid;
	int64_t id;
	struct ktask_completion c;
};

/*
 * @held: what the task holds
 * @aborted: it is aborted when the process has closed its last descriptor
 */
FIXTURE_VARIANT(left) {
	enum held held;
	bool aborted;
};

FIXTURE_VARIANT_ADD(left, eventfd) {
	.held = HELD_EVENTFD,
	.aborted = true,
};

FIXTURE_VARIANT_ADD(left, socket) {
	.held = HELD_SOCKET,
	.aborted = true,
};

FIXTURE_VARIANT_ADD(left, socket_read) {
	.held = HELD_SOCKET_READ,
	.aborted = true,
};

FIXTURE_VARIANT_ADD(left, epoll) {
	.held = HELD_EPOLL,
	.aborted = true,
};

FIXTURE_VARIANT_ADD(left, pipe) {
	.held = HELD_PIPE,
};

FIXTURE_VARIANT_ADD(left, pipe_read) {
	.held = HELD_PIPE_READ,
};

FIXTURE_VARIANT_ADD(left, file) {
	.held = HELD_FILE,
};

/* What it is; its other end is ours, and stays. */
static int make_held(enum held held)
{
	int fds[2];

	switch (held) {
	case HELD_EVENTFD:
		return eventfd(0, EFD_CLOEXEC);
	case HELD_SOCKET:
	case HELD_SOCKET_READ:
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
			return -1;
		return fds[0];
	case HELD_EPOLL:
		return epoll_create1(EPOLL_CLOEXEC);
	case HELD_PIPE:
	case HELD_PIPE_READ:
		return pipe2(fds, O_CLOEXEC) ? -1 : fds[0];
	case HELD_FILE:
		return sparse_file();
	}
	return -1;
}

FIXTURE_SETUP(left)
{
	SETUP_OPEN(self->fd, 0);
	ASSERT_EQ(0, pipe2(self->to, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(self->from, O_CLOEXEC));
	ASSERT_LE(0, self->held = make_held(variant->held));
}

FIXTURE_TEARDOWN(left)
{
	close(self->fd);
}

/* A task that holds it; it does not end by itself. */
static int64_t spawn_held(FIXTURE_DATA(left) *self, enum held held)
{
	struct ktask_args_hash hash = { .fd = self->held, .alg = "sha256" };

	switch (held) {
	case HELD_SOCKET_READ:
	case HELD_PIPE_READ:
		return read_task(self->fd, self->held);
	case HELD_FILE:
		return kt_spawn_op(self->fd, "hash", &hash, sizeof(hash), 0);
	default:
		return poll_task(self->fd, self->held);
	}
}

/* A process spawns the task, and does as it is told. */
#define CHILD_SPAWNS(body)						\
do {									\
	self->pid = fork();						\
	ASSERT_LE(0, self->pid);					\
	if (!self->pid) {						\
		char _byte;						\
		int64_t _id = spawn_held(self, variant->held);	\
									\
		if (write(self->from[1], &_id, sizeof(_id)) != sizeof(_id) || \
		    read(self->to[0], &_byte, 1) != 1)			\
			_exit(1);					\
		body;							\
		/* It lives on until it is told again. */		\
		if (write(self->from[1], "", 1) != 1 ||			\
		    read(self->to[0], &_byte, 1) != 1)			\
			_exit(1);					\
		_exit(0);						\
	}								\
	ASSERT_EQ(sizeof(self->id),					\
		  read(self->from[0], &self->id, sizeof(self->id)));	\
	ASSERT_LT(0, self->id);						\
} while (0)

/* The process goes on, until it has done that. */
#define CHILD_GOES_ON()							\
do {									\
	char _byte;							\
									\
	ASSERT_EQ(1, write(self->to[1], "", 1));			\
	ASSERT_EQ(1, read(self->from[0], &_byte, 1));			\
} while (0)

#define CHILD_ENDS()							\
do {									\
	ASSERT_EQ(1, write(self->to[1], "", 1));			\
	EXPECT_EQ(0, child_status(self->pid));				\
} while (0)

/* It has been aborted by nobody, or by what the variant is about. */
#define EXPECT_ALIVE()							\
	EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, self->id, 20 * MSEC, &self->c))

#define EXPECT_LEFT()							\
do {									\
	if (!variant->aborted) {					\
		EXPECT_ALIVE();						\
		ASSERT_EQ(0, kt_abort(self->fd, self->id));		\
	}								\
	ASSERT_EQ(0, kt_join(self->fd, self->id, FOREVER, &self->c));	\
	EXPECT_EQ(KTASK_CANCELLED, self->c.outcome);			\
	EXPECT_EQ(KTASK_CAUSE_ABORT, self->c.cause);			\
} while (0)

TEST_F(left, process_closes_its_descriptor)
{
	CHILD_SPAWNS(close(self->fd));
	EXPECT_ALIVE();
	CHILD_GOES_ON();
	EXPECT_LEFT();
	CHILD_ENDS();
}

TEST_F(left, process_puts_another_in_its_place)
{
	CHILD_SPAWNS(dup2(self->to[0], self->fd));
	CHILD_GOES_ON();
	EXPECT_LEFT();
	CHILD_ENDS();
}

TEST_F(left, process_ends)
{
	CHILD_SPAWNS({});
	CHILD_GOES_ON();
	EXPECT_ALIVE();
	CHILD_ENDS();
	EXPECT_LEFT();
}

TEST_F(left, process_is_killed)
{
	CHILD_SPAWNS({});
	ASSERT_EQ(0, kill(self->pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, child_status(self->pid));
	EXPECT_LEFT();
}

TEST_F(left, process_has_a_second_descriptor)
{
	CHILD_SPAWNS({
		int copy = dup(self->fd);

		close(self->fd);
		if (write(self->from[1], "", 1) != 1 ||
		    read(self->to[0], &_byte, 1) != 1)
			_exit(1);
		close(copy);
	});
	CHILD_GOES_ON();
	EXPECT_ALIVE();
	CHILD_GOES_ON();
	EXPECT_LEFT();
	CHILD_ENDS();
}

/* Its descriptor is close-on-exec. */
TEST_F(left, process_executes_another_program)
{
	int64_t id;

	self->pid = fork();
	ASSERT_LE(0, self->pid);
	if (!self->pid) {
		id = spawn_held(self, variant->held);
		if (write(self->from[1], &id, sizeof(id)) != sizeof(id))
			_exit(1);
		dup2(self->to[0], 0);
		dup2(self->from[1], 1);
		execl("/bin/sh", "sh", "-c", "echo; read line; exit 0", NULL);
		_exit(2);
	}
	ASSERT_EQ(sizeof(self->id), read(self->from[0], &self->id, sizeof(self->id)));
	ASSERT_LT(0, self->id);
	/* It speaks, so the old program is gone, but its process is not. */
	ASSERT_EQ(1, read(self->from[0], &id, 1));
	EXPECT_LEFT();
	ASSERT_EQ(1, write(self->to[1], "\n", 1));
	EXPECT_EQ(0, child_status(self->pid));
}

/* What another process does with the set is not what the spawner does. */
TEST_F(left, another_process_closes_its_descriptor)
{
	pid_t pid;

	ASSERT_LT(0, self->id = spawn_held(self, variant->held));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(self->fd);
		_exit(0);
	}
	EXPECT_EQ(0, child_status(pid));
	EXPECT_ALIVE();
	ASSERT_EQ(0, kt_abort(self->fd, self->id));
}

/* --- Threads -------------------------------------------------------------- */

/* Descriptors are the process's: any thread may close them. */
static void *close_main(void *arg)
{
	close(*(int *)arg);
	return NULL;
}

TEST_F(share, another_thread_closes_the_last_descriptor)
{
	struct ktask_info info;
	pthread_t thread;
	int fd = kt_open(0);

	ASSERT_LE(0, fd);
	ASSERT_LT(0, poll_task(fd, eventfd(0, EFD_CLOEXEC)));
	ASSERT_EQ(0, pthread_create(&thread, NULL, close_main, &fd));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_EQ(0, kt_info(self->fd, &info));
	EXPECT_EQ(1, info.files);
}

struct spawner {
	pthread_t thread;
	int fd;
	int event;
	_Atomic bool started;
};

static void *spawner_main(void *arg)
{
	struct spawner *s = arg;
	int i;

	s->started = true;
	/* Until the descriptor is gone. */
	for (i = 0; i < 1000 && poll_task(s->fd, s->event) > 0; i++)
		;
	return NULL;
}

/*
 * The set lives on in another process, but the spawning one has closed it, while
 * one of its threads still spawned.
 */
TEST_F_TIMEOUT(share, close_in_the_midst_of_a_spawn, SLOW)
{
	struct spawner s = { .fd = self->fd, .event = eventfd(0, EFD_CLOEXEC) };
	int round, spawned = 0, done[2];
	char byte;

	ASSERT_EQ(0, pipe2(done, O_CLOEXEC));
	for (round = 0; round < 100; round++) {
		pid_t pid = fork();

		ASSERT_LE(0, pid);
		if (!pid) {
			volatile int spin;

			if (pthread_create(&s.thread, NULL, spawner_main, &s))
				_exit(1);
			while (!s.started)
				;
			for (spin = round * 1000; spin; spin--)
				;
			close(self->fd);
			pthread_join(s.thread, NULL);
			if (write(done[1], "", 1) == 1)
				pause();
			_exit(1);
		}
		ASSERT_EQ(1, read(done[0], &byte, 1));
		/* It is alive, but what it has spawned ends. */
		while (kt_read(self->fd, &self->c, 1) == 1) {
			ASSERT_EQ(KTASK_CAUSE_ABORT, self->c.cause);
			spawned++;
		}
		ASSERT_EQ(0, file_tasks(self->fd));
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(128 + SIGKILL, child_status(pid));
	}
	TH_LOG("%d were spawned", spawned);
	EXPECT_LT(0, spawned);
	close(s.event);
	close(done[0]);
	close(done[1]);
}

/* --- In several hands ----------------------------------------------------- */

/* Whatever is done by one is seen by the others. */
TEST_F(share, dup_and_fork_are_the_same_set)
{
	int copy = dup(self->fd);
	int64_t nr = kt_group_new(copy, 2, 3), id;
	struct ktask_group group;
	pid_t pid;

	ASSERT_LT(0, nr);
	ASSERT_EQ(0, kt_group_get(self->fd, nr, &group));
	EXPECT_EQ(2, group.max_running);
	ASSERT_LT(0, id = kt_sleep(copy, HOUR, 0));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		struct ktask_task task;

		if (kt_group_set(self->fd, nr, 5, 5) ||
		    kt_status(self->fd, id, &task) || kt_abort(self->fd, id))
			_exit(1);
		_exit(kt_nop(self->fd, 0, 9) > 0 ? 0 : 2);
	}
	EXPECT_EQ(0, child_status(pid));
	ASSERT_EQ(0, kt_group_get(copy, nr, &group));
	EXPECT_EQ(5, group.max_running);
	ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &self->c));
	EXPECT_EQ(KTASK_CANCELLED, self->c.outcome);
	ASSERT_EQ(1, kt_read(copy, &self->c, 1));
	EXPECT_EQ(9, self->c.user_data);
	close(copy);
}

TEST_F(share, exec_keeps_what_is_not_close_on_exec)
{
	char command[128];
	int64_t id = kt_sleep(self->fd, 300 * MSEC, 0);
	pid_t pid;

	ASSERT_LT(0, id);
	snprintf(command, sizeof(command), "test -c /proc/self/fd/%d", self->fd);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		fcntl(self->fd, F_SETFD, 0);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(2);
	}
	EXPECT_EQ(0, child_status(pid));
	ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &self->c));
	EXPECT_EQ(KTASK_RETURNED, self->c.outcome);
}

/* What it may do is the spawner's, not the opener's: see also user_test.c. */
TEST_F(share, descriptors_are_those_of_who_spawns)
{
	int file = sparse_file();
	pid_t pid;

	ASSERT_LE(0, file);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(file);
		_exit(kt_hash(self->fd, file, "sha256", 0) == -EBADF ? 0 : 1);
	}
	EXPECT_EQ(0, child_status(pid));
	EXPECT_LT(0, kt_hash_range(self->fd, file, "sha256", 0, 10, 0));
	close(file);
}

/* --- Circles -------------------------------------------------------------- */

/* Of files in flight in sockets, the kernel collects those that nobody can reach. */
static void wait_nothing_left(int fd)
{
	struct ktask_info info;

	do {
		sched_yield();
	} while (!kt_info(fd, &info) && (info.files > 1 || info.file_tasks));
}

/* Each makes one, and returns whether it could. */

static bool set_that_polls_the_socket_it_is_in(void)
{
	int socks[2], fd = kt_open(0);

	/* Both ends, or one would hang up. */
	return !(fd < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, socks) ||
		 poll_task(fd, socks[0]) < 0 || poll_task(fd, socks[1]) < 0 ||
		 send_fd(socks[1], fd));
}

static bool set_that_reads_the_socket_it_is_in(void)
{
	int socks[2], fd = kt_open(0);

	/* Sent the other way than is read. */
	return !(fd < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, socks) ||
		 read_task(fd, socks[0]) < 0 || poll_task(fd, socks[1]) < 0 ||
		 send_fd(socks[0], fd));
}

static bool sets_in_each_others_sockets(void)
{
	int a[2], b[2], first = kt_open(0), second = kt_open(0);

	return !(first < 0 || second < 0 ||
		 socketpair(AF_UNIX, SOCK_STREAM, 0, a) ||
		 socketpair(AF_UNIX, SOCK_STREAM, 0, b) ||
		 poll_task(first, a[0]) < 0 || poll_task(first, a[1]) < 0 ||
		 poll_task(second, b[0]) < 0 || poll_task(second, b[1]) < 0 ||
		 send_fd(a[0], second) || send_fd(b[0], first));
}

/* No circle: no task holds the socket. */
static bool set_in_flight_to_nobody(void)
{
	int socks[2], fd = kt_open(0), event = eventfd(0, 0);

	return !(fd < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, socks) ||
		 kt_sleep_many(fd, HOUR, 100) || poll_task(fd, event) < 0 ||
		 send_fd(socks[0], fd));
}

static bool set_that_polls_an_epoll_of_itself(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = kt_open(0), ep = epoll_create1(0);

	return !(fd < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) ||
		 poll_task(fd, ep) < 0);
}

/* Its own end, and the completions of its group, which never come. */
static bool task_that_polls_descriptors_of_its_set(void)
{
	int fd = kt_open(0);
	int64_t nr = kt_group_new(fd, 0, 0), id = kt_sleep(fd, HOUR, 0);

	return !(nr < 0 || id < 0 || poll_task(fd, kt_fd(fd, id, 0)) < 0 ||
		 poll_task(fd, kt_fd(fd, 0, nr)) < 0);
}

static bool eventfd_that_its_own_tasks_poll(void)
{
	int fd = kt_open(0), event = eventfd(0, 0);

	return !(fd < 0 || kt_eventfd(fd, event, 0) || poll_task(fd, event) < 0);
}

FIXTURE(circle) {
	int fd;
};

FIXTURE_VARIANT(circle) {
	bool (*make)(void);
};

FIXTURE_VARIANT_ADD(circle, set_that_polls_the_socket_it_is_in) {
	.make = set_that_polls_the_socket_it_is_in,
};

FIXTURE_VARIANT_ADD(circle, set_that_reads_the_socket_it_is_in) {
	.make = set_that_reads_the_socket_it_is_in,
};

FIXTURE_VARIANT_ADD(circle, sets_in_each_others_sockets) {
	.make = sets_in_each_others_sockets,
};

FIXTURE_VARIANT_ADD(circle, set_in_flight_to_nobody) {
	.make = set_in_flight_to_nobody,
};

FIXTURE_VARIANT_ADD(circle, set_that_polls_an_epoll_of_itself) {
	.make = set_that_polls_an_epoll_of_itself,
};

FIXTURE_VARIANT_ADD(circle, task_that_polls_descriptors_of_its_set) {
	.make = task_that_polls_descriptors_of_its_set,
};

FIXTURE_VARIANT_ADD(circle, eventfd_that_its_own_tasks_poll) {
	.make = eventfd_that_its_own_tasks_poll,
};

FIXTURE_SETUP(circle)
{
	SETUP_OPEN(self->fd, 0);
}

FIXTURE_TEARDOWN(circle)
{
	close(self->fd);
}

/* In a process of its own: then there is nobody who could end it. */
TEST_F(circle, is_not_left)
{
	int how;

	for (how = 0; how < 2; how++) {
		pid_t pid = fork();

		ASSERT_LE(0, pid);
		if (!pid) {
			close(self->fd);
			if (!variant->make())
				_exit(1);
			/* By itself, or by being killed. */
			if (how)
				kill(getpid(), SIGKILL);
			_exit(0);
		}
		EXPECT_EQ(how ? 128 + SIGKILL : 0, child_status(pid));
		wait_nothing_left(self->fd);
		ASSERT_NOTHING_LEFT();
	}
}

/* It would wait for itself. */
TEST_F(share, task_cannot_hold_a_set)
{
	int other = kt_open(0);

	ASSERT_LE(0, other);
	EXPECT_EQ(-EINVAL, poll_task(self->fd, self->fd));
	EXPECT_EQ(-EINVAL, poll_task(self->fd, other));
	EXPECT_EQ(-EINVAL, read_task(self->fd, other));
	EXPECT_EQ(0, file_tasks(self->fd));
	close(other);
}

TEST_HARNESS_MAIN
