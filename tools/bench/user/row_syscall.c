// SPDX-License-Identifier: GPL-2.0
/*
 * syscall: how dear it is to enter the kernel at all, to compare the others with. An
 * ioctl that the device does not know shows the way to it and back.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "subjects.h"

static int device = -1;

static int run_getppid(unsigned int count)
{
	while (count--)
		syscall(SYS_getppid);
	return 0;
}

static const struct subject getppid_subject = {
	.name = "getppid",
	.run = run_getppid,
};

static int open_device(void)
{
	device = open("/dev/ktask", O_RDWR | O_CLOEXEC);
	return device < 0 ? -errno : 0;
}

static int run_ioctl(unsigned int count)
{
	uint32_t size = sizeof(size);

	while (count--) {
		if (!ioctl(device, _IO(KTASK_IOC_TYPE, 0xff), &size) || errno != ENOTTY)
			return -EPROTO;
	}
	return 0;
}

static void close_device(void)
{
	close(device);
}

static const struct subject ioctl_subject = {
	.name = "ktask_no_ioctl",
	.open = open_device,
	.run = run_ioctl,
	.close = close_device,
};

static const struct subject *const subjects[] = { &getppid_subject, &ioctl_subject, NULL };

const struct row row_syscall = {
	.name = "syscall",
	.what = "one system call: what all else is made of",
	.metric = "ns",
	.rounds = 7,
	.count = 20000,
	.quick = 10,
	.subjects = subjects,
};
