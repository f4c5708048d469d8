/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What several tests need beside the system calls of /dev/ktask.
 */
#ifndef KTASK_SELFTESTS_HELPERS_H
#define KTASK_SELFTESTS_HELPERS_H

#include <grp.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "wrappers.h"

/* Seconds for a test that is slow in an emulated kernel with all checks on. */
#define SLOW		180

/* A file that takes for ever to hash, and no memory. */
#define SPARSE_SIZE	(1LL << 40)

/* In FIXTURE_SETUP: without the device there is nothing to test. */
#define SETUP_OPEN(fd, flags)						\
do {									\
	fd = kt_open(flags);						\
	if (fd == -ENOENT)						\
		SKIP(return, DEVICE " is not there: load ktask");	\
	if (fd == -EACCES)						\
		SKIP(return, "no permission to use " DEVICE);		\
	ASSERT_LE(0, fd);						\
} while (0)

/* How many tasks of all files of the system have a completion to be taken. */
static inline int64_t file_tasks(int fd)
{
	struct ktask_info info;
	int err = kt_info(fd, &info);

	return err ? err : (int64_t)info.file_tasks;
}

/* @pages of memory that can be used, and one more after them that cannot. */
static inline char *guarded_alloc(size_t pages)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, (pages + 1) * page, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + pages * page, page, PROT_NONE))
		return NULL;
	return p;
}

/*
 * A page that is not delivered to who touches it before absent_page_deliver().
 * *@uffd polls readable when somebody waits for it. NULL: the kernel cannot.
 */
static inline char *absent_page(int *uffd)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	char *mem;

	*uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (*uffd < 0 || ioctl(*uffd, UFFDIO_API, &api))
		return NULL;
	mem = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		   -1, 0);
	reg.range.start = to_u64(mem);
	reg.range.len = page;
	return ioctl(*uffd, UFFDIO_REGISTER, &reg) ? NULL : mem;
}

static inline int absent_page_deliver(int uffd, char *mem)
{
	struct uffdio_zeropage zero = {
		.range.start = to_u64(mem),
		.range.len = sysconf(_SC_PAGESIZE),
	};

	return ioctl(uffd, UFFDIO_ZEROPAGE, &zero);
}

static inline int sparse_file(void)
{
	int fd = memfd_create("ktask-test", MFD_CLOEXEC);

	if (fd >= 0 && ftruncate(fd, SPARSE_SIZE)) {
		close(fd);
		return -1;
	}
	return fd;
}

/*
 * An epoll that tells of each completion that becomes readable, if the next is
 * not made before ready_wait() has returned.
 */
static inline int ready_open(int fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	return ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) ? -1 : ep;
}

static inline int ready_wait(int ep)
{
	struct epoll_event event;

	return epoll_wait(ep, &event, 1, -1);
}

/* Wait until no task holds memory: a moment after the ends of all can be seen. */
static inline int wait_no_bytes(int fd)
{
	struct ktask_info info;
	int err;

	do {
		sched_yield();
		err = kt_info(fd, &info);
	} while (!err && info.user_bytes);
	return err;
}

/* The test's file is all there is, and it is empty. */
#define ASSERT_NOTHING_LEFT()						\
do {									\
	struct ktask_info _info;					\
									\
	ASSERT_EQ(0, wait_no_bytes(self->fd));				\
	ASSERT_EQ(0, kt_info(self->fd, &_info));			\
	ASSERT_EQ(1, _info.files);					\
	ASSERT_EQ(0, _info.file_tasks);					\
	ASSERT_EQ(0, _info.user_tasks);					\
} while (0)

/*
 * A task of @desc's attributes that ends, with success, when its gate is opened:
 * it polls a pipe.
 */
struct gate {
	int fd;
	int key;
	__u64 id;
};

static inline int64_t gate_spawn_as(int fd, struct gate *g, struct ktask_desc *desc)
{
	struct ktask_args_poll args = { .events = POLLIN };
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	g->fd = fds[0];
	g->key = fds[1];
	args.fd = g->fd;
	desc->op = kt_op(fd, "poll");
	desc->args = to_u64(&args);
	desc->args_size = sizeof(args);
	g->id = kt_spawn_desc(fd, desc);
	return g->id;
}

static inline int64_t gate_spawn(int fd, struct gate *g)
{
	struct ktask_desc desc = {};

	return gate_spawn_as(fd, g, &desc);
}

static inline int gate_open(struct gate *g)
{
	return write(g->key, "", 1) == 1 ? 0 : -1;
}

static inline void gate_close(struct gate *g)
{
	close(g->fd);
	close(g->key);
}

/* Return: one of enum ktask_state, or a negative errno. */
static inline int task_state(int fd, __u64 id)
{
	struct ktask_task task = {};
	int err = kt_status(fd, id, &task);

	return err ? err : (int)task.state;
}

/* Wait until the task is in @state. Return: whether it came to that. */
static inline bool wait_state(int fd, __u64 id, int state)
{
	int now;

	while ((now = task_state(fd, id)) != state) {
		/* From there it comes to no other. */
		if (now < 0 || now == KTASK_STATE_ENDED)
			return false;
		sched_yield();
	}
	return true;
}

/* A module parameter, of which most are root's to set. */
static inline FILE *open_param(const char *name, const char *mode)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/ktask/parameters/%s", name);
	return fopen(path, mode);
}

static inline int set_param(const char *name, unsigned long long value)
{
	FILE *file = open_param(name, "we");

	if (!file)
		return -1;
	fprintf(file, "%llu\n", value);
	return fclose(file);
}

static inline int get_param(const char *name, unsigned long long *value)
{
	FILE *file = open_param(name, "re");
	int n;

	if (!file)
		return -1;
	n = fscanf(file, "%llu", value);
	fclose(file);
	return n == 1 ? 0 : -1;
}

/* A user of the device who is not root: one of two. */
#define ALICE		1000
#define BOB		1001

/* Be that user, for good. Only root can. Return: 0 or a negative errno. */
static inline int become(uid_t uid)
{
	struct stat st;

	if (stat(DEVICE, &st))
		return -errno;
	/* The device's group is ours, by which we may open it. */
	if (setgroups(1, &st.st_gid) || setresgid(uid, uid, uid) ||
	    setresuid(uid, uid, uid))
		return -errno;
	/* What /proc gives to others is not ours for having been root. */
	prctl(PR_SET_DUMPABLE, 1);
	return 0;
}

static inline int child_status(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Hash tasks that do not end on their own. */
static inline int hash_for_ever(int fd, unsigned int nr)
{
	struct ktask_args_hash args = { .alg = "sha256" };
	int err;

	args.fd = sparse_file();
	if (args.fd < 0)
		return -errno;
	err = kt_spawn_many(fd, "hash", &args, sizeof(args), nr);
	close(args.fd);
	return err;
}

static inline pid_t thread_id(void)
{
	return syscall(SYS_gettid);
}

/*
 * Wait until a thread of ours, which has announced its id in *@tid just before
 * the system call that is to block, sleeps in that call. Only a sleep that a
 * signal can end counts, which waiting for memory is not.
 */
static inline void wait_asleep(const _Atomic pid_t *tid)
{
	char path[64], line[512], *state;
	FILE *file;

	for (;;) {
		if (*tid) {
			snprintf(path, sizeof(path), "/proc/self/task/%d/stat",
				 *tid);
			file = fopen(path, "re");
			if (!file)
				return;	/* it did not sleep, and has ended */
			state = fgets(line, sizeof(line), file);
			fclose(file);
			state = state ? strrchr(line, ')') : NULL;
			if (state && state[2] == 'S')
				return;
		}
		sched_yield();
	}
}

/* A thread that takes one completion. */
struct taker {
	pthread_t thread;
	_Atomic pid_t tid;
	int fd;
	bool reads;
	__u64 id;
	__s64 timeout_ns;
	int ret;
	struct ktask_completion completion;
};

static inline void *taker_main(void *arg)
{
	struct taker *t = arg;

	t->tid = thread_id();
	if (t->reads)
		t->ret = kt_read(t->fd, &t->completion, 1);
	else
		t->ret = kt_join(t->fd, t->id, t->timeout_ns, &t->completion);
	return NULL;
}

static inline int taker_start(struct taker *t)
{
	if (pthread_create(&t->thread, NULL, taker_main, t))
		return -1;
	wait_asleep(&t->tid);
	return 0;
}

/* Each returns when the thread sleeps. @id: 0: whichever ends first. */
static inline int joiner_start(struct taker *t, int fd, __u64 id, __s64 timeout_ns)
{
	*t = (struct taker){ .fd = fd, .id = id, .timeout_ns = timeout_ns };
	return taker_start(t);
}

static inline int reader_start(struct taker *t, int fd)
{
	*t = (struct taker){ .fd = fd, .reads = true };
	return taker_start(t);
}

static inline int taker_wait(struct taker *t)
{
	pthread_join(t->thread, NULL);
	return t->ret;
}

/* A thread that makes one ioctl. */
struct caller {
	pthread_t thread;
	_Atomic pid_t tid;
	int fd;
	unsigned long cmd;
	void *arg;
	int ret;
};

static inline void *caller_main(void *arg)
{
	struct caller *c = arg;

	c->tid = thread_id();
	c->ret = kt_ioctl(c->fd, c->cmd, c->arg);
	return NULL;
}

/* Returns when the thread sleeps, or is through. */
static inline int caller_start(struct caller *c, int fd, unsigned long cmd, void *arg)
{
	*c = (struct caller){ .fd = fd, .cmd = cmd, .arg = arg };
	if (pthread_create(&c->thread, NULL, caller_main, c))
		return -1;
	wait_asleep(&c->tid);
	return 0;
}

static inline int caller_wait(struct caller *c)
{
	pthread_join(c->thread, NULL);
	return c->ret;
}

union fd_message {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

static inline int send_fd(int sock, int fd)
{
	union fd_message control = {};
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -errno;
}

static inline int receive_fd(int sock)
{
	union fd_message control = {};
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&msg))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* Have the caller be all that runs on @cpu. */
static inline int take_cpu(int cpu)
{
	struct sched_param param = { .sched_priority = 1 };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) ||
	    sched_setscheduler(0, SCHED_FIFO, &param))
		return -errno;
	return 0;
}

/* Start a process that keeps @cpu busy as long as the caller lives. */
static inline int occupy_cpu(int cpu)
{
	int ready[2], err = -1;
	pid_t pid;

	if (pipe(ready))
		return -errno;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		err = take_cpu(cpu);
		if (write(ready[1], &err, sizeof(err)) != sizeof(err) || err)
			_exit(1);
		syscall(SYS_close_range, 3U, ~0U, 0U);
		for (;;)
			;
	}
	if (pid < 0 || read(ready[0], &err, sizeof(err)) != sizeof(err))
		err = -EAGAIN;
	close(ready[0]);
	close(ready[1]);
	return err;
}

/*
 * Have the calling thread keep the workers of all CPUs from running while it does
 * not sleep, so that what it spawns stays queued.
 */
static inline int outrank_workers(void)
{
	int cpu, err, here;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return -errno;
	here = sched_getcpu();
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (cpu == here || !CPU_ISSET(cpu, &set))
			continue;
		err = occupy_cpu(cpu);
		if (err)
			return err;
	}
	return take_cpu(here);
}

static volatile sig_atomic_t signals_seen __attribute__((unused));

static inline void count_signal(int sig)
{
	(void)sig;
	signals_seen++;
}

static inline int catch_signal(int sig, int flags)
{
	struct sigaction action = {
		.sa_handler = count_signal,
		.sa_flags = flags,
	};

	signals_seen = 0;
	return sigaction(sig, &action, NULL);
}

#endif /* KTASK_SELFTESTS_HELPERS_H */
