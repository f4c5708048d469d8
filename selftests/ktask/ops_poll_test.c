// SPDX-License-Identifier: GPL-2.0
/*
 * The op poll: what each kind of file says, and that no event is missed, nor a
 * thread held.
 */
#include <dirent.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include "files.h"

FIXTURE(op_poll) {
	int fd;
	int fds[2];
	struct ktask_completion c;
};

FIXTURE_SETUP(op_poll)
{
	SETUP_OPEN(self->fd, 0);
	ASSERT_EQ(0, pipe2(self->fds, O_CLOEXEC));
}

FIXTURE_TEARDOWN(op_poll)
{
	close(self->fds[0]);
	close(self->fds[1]);
	close(self->fd);
}

static int64_t do_poll(FIXTURE_DATA(op_poll) *self, int file, __u32 events)
{
	int64_t id = kt_poll(self->fd, file, events);

	return id < 0 ? id : kt_result(self->fd, id);
}

/* Spawn one that waits. */
#define ASSERT_WAITS(id, file, events)					\
do {									\
	ASSERT_LT(0, id = kt_poll(self->fd, file, events));		\
	ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_WAITING));	\
} while (0)

/* --- Arguments ------------------------------------------------------------- */

TEST_F(op_poll, no_descriptor_is_EBADF)
{
	int file = dup(self->fds[0]);

	close(file);
	EXPECT_EQ(-EBADF, kt_poll(self->fd, file, POLLIN));
	EXPECT_EQ(-EBADF, kt_poll(self->fd, -1, POLLIN));
	EXPECT_EQ(-EBADF, kt_poll(self->fd, INT_MAX, POLLIN));
	ASSERT_LE(0, file = open("/proc/self/exe", O_PATH | O_CLOEXEC));
	EXPECT_EQ(-EBADF, kt_poll(self->fd, file, POLLIN));
	close(file);
}

TEST_F(op_poll, events_that_do_not_exist_are_EINVAL)
{
	const __u32 known = POLLIN | POLLPRI | POLLOUT | POLLERR | POLLHUP |
			    POLLRDNORM | POLLRDBAND | POLLWRNORM | POLLWRBAND |
			    POLLMSG | POLLRDHUP;
	int i;

	for (i = 0; i < 32; i++) {
		int64_t id = kt_poll(self->fd, self->fds[0], 1U << i);

		if (known & 1U << i) {
			ASSERT_LT(0, id);
			ASSERT_EQ(0, kt_abort(self->fd, id));
			EXPECT_TRUE(kt_cancelled(self->fd, id));
		} else {
			EXPECT_EQ(-EINVAL, id);
		}
	}
}

TEST_F(op_poll, args_too_small_is_EINVAL)
{
	struct ktask_args_poll args = { .fd = self->fds[0], .events = POLLIN };

	EXPECT_EQ(-EINVAL, kt_spawn_op(self->fd, "poll", &args, sizeof(args) - 1, 0));
}

TEST_F(op_poll, ktask_itself_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, kt_poll(self->fd, self->fd, POLLIN));
}

/* It tells of the signals of whoever asks. */
TEST_F(op_poll, signalfd_is_EOPNOTSUPP)
{
	sigset_t mask;
	int file;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	ASSERT_LE(0, file = signalfd(-1, &mask, SFD_CLOEXEC));
	EXPECT_EQ(-EOPNOTSUPP, kt_poll(self->fd, file, POLLIN));
	EXPECT_EQ(0, file_tasks(self->fd));
	close(file);
}

/* --- What there is --------------------------------------------------------- */

TEST_F(op_poll, what_cannot_be_polled_is_ready)
{
	int file = temp_file("/tmp"), dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	EXPECT_EQ(POLLIN, do_poll(self, file, POLLIN));
	EXPECT_EQ(POLLIN | POLLOUT, do_poll(self, file, POLLIN | POLLOUT));
	EXPECT_EQ(POLLIN | POLLRDNORM, do_poll(self, dir, POLLIN | POLLRDNORM | POLLPRI));
	close(file);
	close(dir);
}

/* As poll(2), which would wait for ever. */
TEST_F(op_poll, event_that_never_comes)
{
	int file = temp_file("/tmp");
	int64_t id;

	ASSERT_WAITS(id, file, POLLPRI);
	EXPECT_EQ(0, kt_abort(self->fd, id));
	EXPECT_TRUE(kt_cancelled(self->fd, id));
	ASSERT_WAITS(id, file, 0);
	EXPECT_EQ(0, kt_abort(self->fd, id));
	EXPECT_TRUE(kt_cancelled(self->fd, id));
	close(file);
}

TEST_F(op_poll, pipe)
{
	int64_t id;
	char byte;

	EXPECT_EQ(POLLOUT, do_poll(self, self->fds[1], POLLOUT | POLLIN));
	ASSERT_WAITS(id, self->fds[0], POLLIN);
	ASSERT_EQ(1, write(self->fds[1], "x", 1));
	EXPECT_EQ(POLLIN, kt_result(self->fd, id));
	/* It is still there. */
	EXPECT_EQ(POLLIN | POLLRDNORM, do_poll(self, self->fds[0], POLLIN | POLLRDNORM));
	ASSERT_EQ(1, read(self->fds[0], &byte, 1));
	ASSERT_WAITS(id, self->fds[0], POLLIN | POLLRDNORM);
	ASSERT_EQ(1, write(self->fds[1], "x", 1));
	EXPECT_EQ(POLLIN | POLLRDNORM, kt_result(self->fd, id));
}

TEST_F(op_poll, pipe_that_is_full)
{
	static char data[65536];
	int64_t id;

	ASSERT_EQ(65536, write(self->fds[1], data, sizeof(data)));
	ASSERT_WAITS(id, self->fds[1], POLLOUT);
	ASSERT_EQ(4096, read(self->fds[0], data, 4096));
	EXPECT_EQ(POLLOUT, kt_result(self->fd, id));
}

/* Asked for or not. */
TEST_F(op_poll, pipe_whose_other_end_is_closed)
{
	int fds[2];
	int64_t id;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_WAITS(id, fds[0], 0);
	close(fds[1]);
	EXPECT_EQ(POLLHUP, kt_result(self->fd, id));
	EXPECT_EQ(POLLHUP, do_poll(self, fds[0], POLLIN));
	close(fds[0]);
	ASSERT_EQ(0, pipe(fds));
	while (write(fds[1], "0123456789abcdef", 16) == 16 && poll(&(struct pollfd){
			.fd = fds[1], .events = POLLOUT }, 1, 0))
		;
	ASSERT_WAITS(id, fds[1], POLLOUT);
	close(fds[0]);
	EXPECT_EQ(POLLERR, kt_result(self->fd, id) & ~POLLOUT);
	EXPECT_EQ(POLLERR, do_poll(self, fds[1], 0));
	close(fds[1]);
}

/* Both of its queues. */
TEST_F(op_poll, pipe_open_for_both)
{
	char path[] = "/tmp/ktask-test-XXXXXX";
	static char data[65536];
	int64_t in, out;
	int file;

	ASSERT_NE(NULL, mkdtemp(path));
	ASSERT_EQ(0, rmdir(path));
	ASSERT_EQ(0, mkfifo(path, 0600));
	ASSERT_LE(0, file = open(path, O_RDWR | O_CLOEXEC));
	ASSERT_WAITS(in, file, POLLIN);
	ASSERT_EQ(65536, write(file, data, sizeof(data)));
	EXPECT_EQ(POLLIN, kt_result(self->fd, in));
	ASSERT_WAITS(out, file, POLLOUT);
	ASSERT_EQ(65536, read(file, data, sizeof(data)));
	EXPECT_EQ(POLLOUT, kt_result(self->fd, out));
	close(file);
	unlink(path);
}

TEST_F(op_poll, stream_socket)
{
	int socks[2];
	int64_t id;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
	EXPECT_EQ(POLLOUT, do_poll(self, socks[0], POLLIN | POLLOUT));
	ASSERT_WAITS(id, socks[0], POLLIN | POLLRDHUP);
	ASSERT_EQ(1, write(socks[1], "x", 1));
	EXPECT_EQ(POLLIN, kt_result(self->fd, id));
	ASSERT_WAITS(id, socks[0], POLLRDHUP);
	shutdown(socks[1], SHUT_WR);
	EXPECT_EQ(POLLRDHUP, kt_result(self->fd, id));
	ASSERT_WAITS(id, socks[0], 0);
	close(socks[1]);
	EXPECT_EQ(POLLHUP, kt_result(self->fd, id));
	close(socks[0]);
}

/* A wake-up for reading, with events of which none is asked for, is none. */
TEST_F(op_poll, other_events_do_not_end_it)
{
	int socks[2], i;
	char byte;
	int64_t id;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
	ASSERT_WAITS(id, socks[0], POLLPRI);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(1, write(socks[1], "x", 1));
		ASSERT_EQ(1, read(socks[0], &byte, 1));
	}
	EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, id, 20 * MSEC, &self->c));
	/* And it still waits for what is. */
	close(socks[1]);
	EXPECT_EQ(POLLHUP, kt_result(self->fd, id));
	close(socks[0]);
}

TEST_F(op_poll, listening_and_datagram_sockets)
{
	struct sockaddr_un { sa_family_t family; char path[108]; } name = {
		.family = AF_UNIX,
		.path = "\0ktask-test",
	};
	int sock = socket(AF_UNIX, SOCK_STREAM, 0), peer, socks[2];
	int64_t id;

	ASSERT_EQ(0, bind(sock, (struct sockaddr *)&name, sizeof(name)));
	ASSERT_EQ(0, listen(sock, 1));
	ASSERT_WAITS(id, sock, POLLIN);
	peer = socket(AF_UNIX, SOCK_STREAM, 0);
	ASSERT_EQ(0, connect(peer, (struct sockaddr *)&name, sizeof(name)));
	EXPECT_EQ(POLLIN, kt_result(self->fd, id));
	close(peer);
	close(sock);

	/* One whose peer is full waits in the peer's queue. */
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, socks));
	while (write(socks[0], "x", 1) == 1)
		;
	ASSERT_WAITS(id, socks[0], POLLOUT);
	for (;;) {
		char byte;

		if (read(socks[1], &byte, 1) != 1)
			break;
	}
	EXPECT_EQ(POLLOUT, kt_result(self->fd, id));
	close(socks[0]);
	close(socks[1]);
}

TEST_F(op_poll, eventfd)
{
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	uint64_t value = 1;
	int64_t id;

	EXPECT_EQ(POLLOUT, do_poll(self, event, POLLIN | POLLOUT));
	ASSERT_WAITS(id, event, POLLIN);
	ASSERT_EQ(8, write(event, &value, 8));
	EXPECT_EQ(POLLIN, kt_result(self->fd, id));
	value = UINT64_MAX - 2;
	ASSERT_EQ(8, write(event, &value, 8));
	ASSERT_WAITS(id, event, POLLOUT);
	ASSERT_EQ(8, read(event, &value, 8));
	EXPECT_EQ(POLLOUT, kt_result(self->fd, id));
	close(event);
}

TEST_F(op_poll, timerfd)
{
	struct itimerspec soon = { .it_value.tv_nsec = 5 * MSEC };
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	int64_t id;

	ASSERT_WAITS(id, timer, POLLIN);
	ASSERT_EQ(0, timerfd_settime(timer, 0, &soon, NULL));
	EXPECT_EQ(POLLIN, kt_result(self->fd, id));
	close(timer);
}

TEST_F(op_poll, inotify)
{
	char path[] = "/tmp/ktask-test-XXXXXX";
	int notify = inotify_init1(IN_CLOEXEC), file = mkstemp(path);
	int64_t id;

	if (notify < 0)
		SKIP(return, "no inotify");
	ASSERT_LE(0, inotify_add_watch(notify, path, IN_MODIFY));
	ASSERT_WAITS(id, notify, POLLIN);
	/* By a task: others are told of that as well. */
	EXPECT_EQ(1, kt_result(self->fd, kt_write_file(self->fd, file, 0, "x", 1)));
	EXPECT_EQ(POLLIN, kt_result(self->fd, id));
	close(notify);
	close(file);
	unlink(path);
}

TEST_F(op_poll, terminal)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
	int64_t id, hup;

	if (master < 0)
		SKIP(return, "no pseudo-terminals: %s", strerror(errno));
	ASSERT_EQ(0, unlockpt(master));
	ASSERT_LE(0, slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC));
	EXPECT_EQ(POLLOUT, do_poll(self, slave, POLLIN | POLLOUT));
	ASSERT_WAITS(id, slave, POLLIN);
	/* Not before there is a line. */
	ASSERT_EQ(3, write(master, "one", 3));
	EXPECT_EQ(-ETIMEDOUT, kt_join(self->fd, id, 20 * MSEC, &self->c));
	ASSERT_EQ(1, write(master, "\n", 1));
	EXPECT_EQ(POLLIN, kt_result(self->fd, id));
	ASSERT_WAITS(hup, slave, 0);
	close(master);
	EXPECT_EQ(POLLHUP, kt_result(self->fd, hup) & POLLHUP);
	close(slave);
}

static int epoll_with(int file, __u32 events)
{
	struct epoll_event event = { .events = events };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	return epoll_ctl(ep, EPOLL_CTL_ADD, file, &event) ? -1 : ep;
}

TEST_F(op_poll, epoll)
{
	int ep = epoll_with(self->fds[0], EPOLLIN), outer;
	struct epoll_event event;
	int64_t id, id_outer;

	ASSERT_LE(0, ep);
	ASSERT_LE(0, outer = epoll_with(ep, EPOLLIN));
	ASSERT_WAITS(id, ep, POLLIN);
	ASSERT_WAITS(id_outer, outer, POLLIN);
	ASSERT_EQ(1, write(self->fds[1], "x", 1));
	EXPECT_EQ(POLLIN, kt_result(self->fd, id));
	EXPECT_EQ(POLLIN, kt_result(self->fd, id_outer));
	/* It takes none of its events. */
	EXPECT_EQ(1, epoll_wait(ep, &event, 1, 0));
	EXPECT_EQ(POLLIN | POLLRDNORM, do_poll(self, ep, POLLIN | POLLRDNORM | POLLOUT));
	close(ep);
	close(outer);
}

/* Other tasks' completions, in an epoll or by a descriptor for their group. */
TEST_F(op_poll, completions)
{
	int group = kt_group_new(self->fd, 0, 0), group_fd, ep, other = kt_open(0);
	struct ktask_args_nop args = {};
	struct ktask_desc desc = kt_desc(self->fd, "nop", &args, sizeof(args));
	int64_t id, nop;

	ASSERT_LT(0, group);
	ASSERT_LE(0, group_fd = kt_fd(self->fd, 0, group));
	ASSERT_WAITS(id, group_fd, POLLIN);
	desc.group = group;
	ASSERT_LT(0, nop = kt_spawn_desc(self->fd, &desc));
	EXPECT_EQ(POLLIN, kt_result(self->fd, id));
	EXPECT_EQ(0, kt_result(self->fd, nop));

	ASSERT_LE(0, ep = epoll_with(other, EPOLLIN));
	ASSERT_WAITS(id, ep, POLLIN);
	ASSERT_LT(0, kt_nop(other, 0, 0));
	EXPECT_EQ(POLLIN, kt_result(self->fd, id));
	close(ep);
	/* Its own file's too. */
	ASSERT_LE(0, ep = epoll_with(self->fd, EPOLLIN));
	ASSERT_WAITS(id, ep, POLLIN);
	ASSERT_LT(0, nop = kt_nop(self->fd, 0, 0));
	EXPECT_EQ(POLLIN, kt_result(self->fd, id));
	EXPECT_EQ(0, kt_result(self->fd, nop));
	close(ep);
	close(other);
	close(group_fd);
}

/* --- Nothing is missed ----------------------------------------------------- */

/* The event comes at any time: before, while it puts itself there, after. */
TEST_F_TIMEOUT(op_poll, races_with_the_event, SLOW)
{
	char byte;
	int i;

	for (i = 0; i < 2000; i++) {
		int64_t id = kt_poll(self->fd, self->fds[0], POLLIN);

		ASSERT_LT(0, id);
		ASSERT_EQ(1, write(self->fds[1], "x", 1));
		ASSERT_EQ(POLLIN, kt_result(self->fd, id));
		ASSERT_EQ(1, read(self->fds[0], &byte, 1));
	}
}

/* The same with somebody who takes what is there away again. */
struct thief {
	pthread_t thread;
	_Atomic bool stop;
	int fd;
};

static void *thief_main(void *arg)
{
	struct thief *t = arg;
	char byte;

	while (!t->stop) {
		if (read(t->fd, &byte, 1) != 1)
			sched_yield();
	}
	return NULL;
}

TEST_F_TIMEOUT(op_poll, woken_in_vain, SLOW)
{
	struct thief thief = {};
	int64_t ids[10];
	int fds[2], i;

	ASSERT_EQ(0, pipe2(fds, O_NONBLOCK));
	thief.fd = fds[0];
	ASSERT_EQ(0, pthread_create(&thief.thread, NULL, thief_main, &thief));
	for (i = 0; i < 10; i++)
		ASSERT_LT(0, ids[i] = kt_poll(self->fd, fds[0], POLLIN));
	for (i = 0; i < 3000; i++)
		ASSERT_EQ(1, write(fds[1], "x", 1));
	thief.stop = true;
	pthread_join(thief.thread, NULL);
	/* This one stays, and all see it. */
	ASSERT_EQ(1, write(fds[1], "x", 1));
	for (i = 0; i < 10; i++)
		EXPECT_EQ(POLLIN, kt_result(self->fd, ids[i]));
	close(fds[0]);
	close(fds[1]);
}

/* One who waits alone to read is not kept from it by those who only look. */
TEST_F(op_poll, leaves_the_event_to_readers)
{
	int64_t ids[20], reader;
	int i;

	for (i = 0; i < 10; i++)
		ASSERT_WAITS(ids[i], self->fds[0], POLLIN);
	reader = kt_read_file(self->fd, self->fds[0], KTASK_OFFSET_FILE, 1);
	ASSERT_TRUE(wait_state(self->fd, reader, KTASK_STATE_RUNNING));
	for (; i < 20; i++)
		ASSERT_WAITS(ids[i], self->fds[0], POLLIN);
	ASSERT_EQ(1, write(self->fds[1], "x", 1));
	EXPECT_EQ(1, kt_result(self->fd, reader));
	ASSERT_EQ(1, write(self->fds[1], "x", 1));
	for (i = 0; i < 20; i++)
		EXPECT_EQ(POLLIN, kt_result(self->fd, ids[i]));
}

/* --- Many ------------------------------------------------------------------ */

static int count_kworkers(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int n = 0;

	while (proc && (entry = readdir(proc))) {
		char path[300], comm[32] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fgets(comm, sizeof(comm), file) && !strncmp(comm, "kworker", 7))
			n++;
		fclose(file);
	}
	if (proc)
		closedir(proc);
	return n;
}

TEST_F_TIMEOUT(op_poll, a_thousand_and_no_thread, SLOW)
{
	struct ktask_args_poll args = { .fd = self->fds[0], .events = POLLIN };
	struct ktask_group all;
	int before = count_kworkers(), i;
	__u64 file = 0, id = 0;
	static struct ktask_task tasks[1000];
	bool waiting;

	ASSERT_EQ(0, kt_spawn_many(self->fd, "poll", &args, sizeof(args), 1000));
	do {
		file = 0;
		id = 0;
		ASSERT_EQ(1000, kt_list(self->fd, 0, &file, &id, tasks, 1000));
		waiting = true;
		for (i = 0; i < 1000; i++)
			waiting &= tasks[i].state == KTASK_STATE_WAITING;
	} while (!waiting);
	/* Those of each CPU may have become one more. */
	EXPECT_GE(before + 2 * sysconf(_SC_NPROCESSORS_ONLN), count_kworkers());
	ASSERT_EQ(0, kt_group_get(self->fd, 0, &all));
	EXPECT_EQ(1000, all.nr_running);
	/* Others run meanwhile, blocking ones too. */
	EXPECT_EQ(3, kt_result(self->fd, kt_nop(self->fd, 3, 0)));
	EXPECT_EQ(-EAGAIN, kt_result(self->fd, kt_nop(self->fd, -EAGAIN, 0)));
	ASSERT_EQ(1, write(self->fds[1], "x", 1));
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(1, kt_read(self->fd, &self->c, 1));
		ASSERT_EQ(POLLIN, self->c.result);
	}
}

TEST_F_TIMEOUT(op_poll, a_thousand_files, SLOW)
{
	struct rlimit limit = { 4096, 4096 };
	static int events[1000];
	static int64_t ids[1000];
	uint64_t one = 1;
	int i;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	for (i = 0; i < 1000; i++) {
		ASSERT_LE(0, events[i] = eventfd(0, EFD_CLOEXEC));
		ASSERT_LT(0, ids[i] = kt_poll(self->fd, events[i], POLLIN));
	}
	for (i = 0; i < 1000; i++) {
		int k = i * 7 % 1000;

		ASSERT_EQ(8, write(events[k], &one, 8));
		ASSERT_EQ(POLLIN, kt_result(self->fd, ids[k]));
		close(events[k]);
	}
}

/* --- While it waits -------------------------------------------------------- */

TEST_F_TIMEOUT(op_poll, aborts_race_with_events, SLOW)
{
	int i, cancelled = 0;
	char byte;

	for (i = 0; i < 500; i++) {
		int64_t id = kt_poll(self->fd, self->fds[0], POLLIN), writer;

		ASSERT_LT(0, id);
		if (i % 2)
			ASSERT_TRUE(wait_state(self->fd, id, KTASK_STATE_WAITING));
		writer = kt_write_file(self->fd, self->fds[1], KTASK_OFFSET_FILE,
				       "x", 1);
		if (i % 4 > 1)
			ASSERT_TRUE(wait_state(self->fd, writer, KTASK_STATE_RUNNING) ||
				    task_state(self->fd, writer) == KTASK_STATE_ENDED);
		kt_abort(self->fd, id);
		ASSERT_EQ(1, kt_result(self->fd, writer));
		ASSERT_EQ(0, kt_join(self->fd, id, FOREVER, &self->c));
		if (self->c.outcome == KTASK_CANCELLED)
			cancelled++;
		else
			ASSERT_EQ(POLLIN, self->c.result);
		ASSERT_EQ(1, read(self->fds[0], &byte, 1));
	}
	TH_LOG("%d of 500 were cancelled", cancelled);
}

TEST_F(op_poll, descriptor_closed_meanwhile)
{
	int fds[2];
	int64_t id;

	ASSERT_EQ(0, pipe(fds));
	ASSERT_WAITS(id, fds[0], POLLIN);
	close(fds[0]);
	/* It is the task's as well, so there is somebody to write to. */
	ASSERT_EQ(1, write(fds[1], "x", 1));
	EXPECT_EQ(POLLIN, kt_result(self->fd, id));
	/* Now it is not. */
	signal(SIGPIPE, SIG_IGN);
	EXPECT_EQ(-1, write(fds[1], "x", 1));
	EXPECT_EQ(EPIPE, errno);
	close(fds[1]);
}

TEST_F(op_poll, all_descriptors_of_a_pair_closed)
{
	int socks[2];
	int64_t id;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socks));
	ASSERT_WAITS(id, socks[0], POLLIN);
	close(socks[0]);
	close(socks[1]);
	EXPECT_EQ(POLLIN | POLLHUP, kt_result(self->fd, id));
}

TEST_F(op_poll, epoll_closed_meanwhile)
{
	int ep = epoll_with(self->fds[0], EPOLLIN);
	int64_t id;

	ASSERT_WAITS(id, ep, POLLIN);
	close(ep);
	ASSERT_EQ(1, write(self->fds[1], "x", 1));
	EXPECT_EQ(POLLIN, kt_result(self->fd, id));
	/* And one that is aborted. */
	ASSERT_LE(0, ep = epoll_create1(EPOLL_CLOEXEC));
	ASSERT_WAITS(id, ep, POLLIN);
	close(ep);
	EXPECT_EQ(0, kt_abort(self->fd, id));
	EXPECT_TRUE(kt_cancelled(self->fd, id));
}

TEST_F(op_poll, timeout)
{
	struct ktask_args_poll args = { .fd = self->fds[0], .events = POLLIN };
	struct ktask_desc desc = kt_desc(self->fd, "poll", &args, sizeof(args));

	desc.timeout_ns = 5 * MSEC;
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	ASSERT_EQ(0, kt_join(self->fd, desc.id, FOREVER, &self->c));
	EXPECT_EQ(KTASK_CANCELLED, self->c.outcome);
	EXPECT_EQ(KTASK_CAUSE_TIMEOUT, self->c.cause);
}

TEST_F_TIMEOUT(op_poll, closed_set_while_they_wait, SLOW)
{
	struct ktask_args_poll args = { .fd = self->fds[0], .events = POLLIN };
	int fd = kt_open(0), ep;

	ASSERT_EQ(0, kt_spawn_many(fd, "poll", &args, sizeof(args), 1000));
	ASSERT_LE(0, ep = epoll_with(fd, EPOLLIN));
	args.fd = ep;
	ASSERT_EQ(0, kt_spawn_many(fd, "poll", &args, sizeof(args), 10));
	close(fd);
	EXPECT_EQ(0, file_tasks(self->fd));
	ASSERT_EQ(1, write(self->fds[1], "x", 1));
	close(ep);
}

/* Longer than anything takes that is not stuck. */
#define PATIENCE	(20 * SEC)

#define LINGERERS	60

static int loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int sock = socket(AF_INET, SOCK_DGRAM, 0);
	int err = ioctl(sock, SIOCSIFFLAGS, &request) ? -errno : 0;

	close(sock);
	return err;
}

/* One of whose data nothing is read; who closes it waits for that. */
static int lingering_socket(int listener, int *peer)
{
	const struct linger hour = { 1, 3600 };
	struct sockaddr_in name;
	socklen_t len = sizeof(name);
	int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = 4096;
	static char data[4096];

	if (sock < 0 || getsockname(listener, (struct sockaddr *)&name, &len) ||
	    setsockopt(sock, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)) ||
	    setsockopt(sock, SOL_SOCKET, SO_LINGER, &hour, sizeof(hour)) ||
	    connect(sock, (struct sockaddr *)&name, len))
		return -1;
	*peer = accept(listener, NULL, NULL);
	while (send(sock, data, sizeof(data), MSG_DONTWAIT) > 0)
		;
	return sock;
}

/* The last to have it open is a task; it is for nobody else to wait. */
TEST_F_TIMEOUT(op_poll, sockets_that_linger_keep_no_others_waiting, SLOW)
{
	struct sockaddr_in name = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener = socket(AF_INET, SOCK_STREAM, 0), small = 4096, i;
	int peers[LINGERERS], fd = kt_open(0);
	int64_t began;

	if (listener < 0 || loopback_up())
		SKIP(return, "no network: %s", strerror(errno));
	setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	ASSERT_EQ(0, bind(listener, (struct sockaddr *)&name, sizeof(name)));
	ASSERT_EQ(0, listen(listener, 10));
	for (i = 0; i < LINGERERS; i++) {
		int sock = lingering_socket(listener, &peers[i]);
		int64_t id;

		ASSERT_LE(0, sock);
		ASSERT_LT(0, id = kt_poll(fd, sock, POLLIN));
		ASSERT_TRUE(wait_state(fd, id, KTASK_STATE_WAITING));
		close(sock);
	}
	began = now_ns();
	ASSERT_EQ(0, kt_abort_all(fd));
	for (i = 0; i < LINGERERS; i++)
		ASSERT_EQ(0, kt_join(fd, 0, PATIENCE, &self->c));
	/* Tasks run that nobody helps, and on all CPUs. */
	ASSERT_EQ(0, kt_sleep_many(self->fd, 1, 1000));
	for (i = 0; i < 1000; i++)
		ASSERT_EQ(0, kt_join(self->fd, 0, PATIENCE, &self->c));
	EXPECT_GT(PATIENCE, now_ns() - began);
	close(fd);
	/* Now nobody will read it. */
	for (i = 0; i < LINGERERS; i++)
		close(peers[i]);
	close(listener);
}

/* --- After it -------------------------------------------------------------- */

/* A read that never holds a thread for nothing: it comes after a poll. */
TEST_F(op_poll, then_read)
{
	struct ktask_args_poll poll = { .fd = self->fds[0], .events = POLLIN };
	struct ktask_args_read read = {
		.fd = self->fds[0],
		.offset = KTASK_OFFSET_FILE,
		.length = 100,
	};
	struct ktask_desc desc = kt_desc(self->fd, "poll", &poll, sizeof(poll));
	struct ktask_after after = {};
	char out[100];

	ASSERT_LT(0, after.id = kt_spawn_desc(self->fd, &desc));
	desc = kt_desc(self->fd, "read", &read, sizeof(read));
	desc.after = to_u64(&after);
	desc.nr_after = 1;
	ASSERT_LT(0, kt_spawn_desc(self->fd, &desc));
	EXPECT_EQ(KTASK_STATE_HELD, task_state(self->fd, desc.id));
	ASSERT_EQ(5, write(self->fds[1], "hello", 5));
	EXPECT_EQ(5, kt_result_out(self->fd, desc.id, out, sizeof(out)));
	EXPECT_EQ(0, memcmp("hello", out, 5));
	EXPECT_EQ(POLLIN, kt_result(self->fd, after.id));
}

TEST_HARNESS_MAIN
