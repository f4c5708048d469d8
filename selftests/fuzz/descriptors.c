// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors: those that every sequence can count on, and what is done with them.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "run.h"

static int make_file(void)
{
	static const char bytes[4 * 4096];
	int fd = memfd_create("ktask_fuzz", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, bytes, sizeof(bytes)) != sizeof(bytes)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int make_sparse(void)
{
	int fd = memfd_create("ktask_fuzz_sparse", MFD_CLOEXEC);

	if (fd >= 0 && ftruncate(fd, 1LL << 40)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int make_timer(void)
{
	const struct itimerspec in = { .it_value.tv_nsec = 1000000 };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd >= 0)
		timerfd_settime(fd, 0, &in, NULL);
	return fd;
}

/* Both ends at once. */
static int make_pair(struct run *run, int slot)
{
	int first = slot == FD_PIPE_WRITE ? FD_PIPE_READ :
		    slot == FD_SOCKET_PEER ? FD_SOCKET : slot;
	int fds[2];

	if (first == FD_PIPE_READ ? pipe2(fds, O_CLOEXEC) :
				    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return -errno;
	run->fds[first] = fds[0];
	run->fds[first + 1] = fds[1];
	return fds[slot - first];
}

int make_fd(struct run *run, int slot)
{
	int fd;

	switch (slot) {
	case FD_SET:
		fd = open("/dev/ktask", O_RDWR | O_CLOEXEC);
		break;
	case FD_SET_NONBLOCK:
		fd = open("/dev/ktask", O_RDWR | O_CLOEXEC | O_NONBLOCK);
		break;
	case FD_EVENT:
		fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		break;
	case FD_FILE:
		fd = make_file();
		break;
	case FD_SPARSE:
		fd = make_sparse();
		break;
	case FD_DIR:
		fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		break;
	case FD_EPOLL:
		fd = epoll_create1(EPOLL_CLOEXEC);
		break;
	case FD_TIMER:
		fd = make_timer();
		break;
	default:
		return make_pair(run, slot);
	}
	if (fd < 0)
		return -errno;
	run->fds[slot] = fd;
	return fd;
}

long sys_open(struct run *run, int thread, const uint64_t *v)
{
	const char *path = (const char *)(uintptr_t)v[0];

	(void)thread;
	return run_put_fd(run, open(path[0] == '/' ? path : "/dev/ktask", v[1], 0600));
}

/* The slot must not name what another may get by that number. */
long sys_close(struct run *run, int thread, const uint64_t *v)
{
	int fd = v[0], i;

	(void)thread;
	if (fd < 0)
		return -EBADF;
	for (i = 0; i < FDS; i++) {
		int expected = fd;

		if (atomic_compare_exchange_strong(&run->fds[i], &expected, -2))
			return close(fd) ? -errno : 0;
	}
	return -EBADF;
}

long sys_dup(struct run *run, int thread, const uint64_t *v)
{
	(void)thread;
	return run_put_fd(run, dup(v[0]));
}

union fd_message {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

static struct msghdr message_of(union fd_message *control, struct iovec *iov)
{
	memset(control, 0, sizeof(*control));
	return (struct msghdr){
		.msg_iov = iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(*control),
	};
}

long sys_send(struct run *run, int thread, const uint64_t *v)
{
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	union fd_message control;
	struct msghdr message = message_of(&control, &iov);
	int fd = v[1];

	(void)run;
	(void)thread;
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(v[0], &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

long sys_receive(struct run *run, int thread, const uint64_t *v)
{
	char byte;
	struct iovec iov = { &byte, 1 };
	union fd_message control;
	struct msghdr message = message_of(&control, &iov);
	int fd;

	(void)thread;
	if (recvmsg(v[0], &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) < 0)
		return -errno;
	if (!CMSG_FIRSTHDR(&message))
		return -ENOMSG;
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return run_put_fd(run, fd);
}

long sys_watch(struct run *run, int thread, const uint64_t *v)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET };

	(void)run;
	(void)thread;
	return epoll_ctl(v[0], EPOLL_CTL_ADD, v[1], &event) ? -errno : 0;
}

long sys_nonblock(struct run *run, int thread, const uint64_t *v)
{
	int flags = fcntl(v[0], F_GETFL);

	(void)run;
	(void)thread;
	if (flags < 0)
		return -errno;
	flags = v[1] & 1 ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	return fcntl(v[0], F_SETFL, flags) ? -errno : 0;
}
