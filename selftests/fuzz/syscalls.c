// SPDX-License-Identifier: GPL-2.0
/*
 * The system calls that are no ioctl of ours. Numbers and pointers pass as they
 * are, so most go around the C library, which might look at them.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "run.h"

#define UNUSED	((void)run, (void)thread)

static long ret(long value)
{
	return value < 0 ? -errno : value;
}

long sys_read(struct run *run, int thread, const uint64_t *v)
{
	UNUSED;
	return ret(syscall(SYS_read, (int)v[0], v[1], v[2]));
}

/* Only to what is ours. */
long sys_write(struct run *run, int thread, const uint64_t *v)
{
	UNUSED;
	return ret(syscall(SYS_write, (int)v[0], v[1], v[2] % 100000));
}

long sys_poll(struct run *run, int thread, const uint64_t *v)
{
	struct pollfd fd = { .fd = v[0], .events = v[1] };

	UNUSED;
	return ret(poll(&fd, 1, v[2] & 0xff));
}

long sys_mmap(struct run *run, int thread, const uint64_t *v)
{
	void *p = mmap(NULL, 4096, v[1] & 7, MAP_SHARED, v[0], 0);

	UNUSED;
	if (p == MAP_FAILED)
		return -errno;
	munmap(p, 4096);
	return 0;
}

long sys_ioctl(struct run *run, int thread, const uint64_t *v)
{
	UNUSED;
	return ret(syscall(SYS_ioctl, (int)v[0], v[1], v[2]));
}

/* The region that comes and goes; when dropped, its page is made anew. */
long sys_protect(struct run *run, int thread, const uint64_t *v)
{
	char *p = regions[R_TURN].base;

	UNUSED;
	if (v[1] & 1)
		madvise(p, regions[R_TURN].size, MADV_DONTNEED);
	return ret(mprotect(p, regions[R_TURN].size, v[0] & 3));
}

/* It must stay small enough for the guest's memory, where it has any. */
long sys_truncate(struct run *run, int thread, const uint64_t *v)
{
	UNUSED;
	return ret(ftruncate(v[0], v[1] % (1 << 20)));
}

long sys_sleep(struct run *run, int thread, const uint64_t *v)
{
	UNUSED;
	return ret(usleep(v[0] % 10000));
}

/* What the device tells of itself there. */
long sys_read_proc(struct run *run, int thread, const uint64_t *v)
{
	char path[64], text[2048];
	long n;
	int fd;

	UNUSED;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", (int)v[0]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = ret(read(fd, text, sizeof(text)));
	close(fd);
	return n;
}
