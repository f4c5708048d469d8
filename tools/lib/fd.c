// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Descriptors that stand for one task, or for a group.
 */
#include <limits.h>
#include <unistd.h>

#include "internal.h"

static int make_fd(struct ktask_set *set, uint64_t id, uint32_t group)
{
	struct ktask_fd cmd = {
		.size = sizeof(cmd),
		.id = id,
		.group = group,
	};
	int err = set_ioctl(set, KTASK_FD, &cmd);

	return err ? err : cmd.fd;
}

/* To the device both 0 is a wrong call; here each is a task or a group of no set. */
int ktask_task_fd(struct ktask_set *set, uint64_t id)
{
	return id ? make_fd(set, id, 0) : -ENOENT;
}

int ktask_group_fd(struct ktask_set *set, uint32_t group)
{
	return group ? make_fd(set, 0, group) : -ENOENT;
}

ssize_t ktask_fd_read(int fd, struct ktask_completion *completions, size_t max)
{
	ssize_t n;

	if (!max)
		return -EINVAL;
	/* No more is read at once, and the kernel asks for memory of that size. */
	if (max > INT_MAX / sizeof(*completions))
		max = INT_MAX / sizeof(*completions);
	do {
		n = read(fd, completions, max * sizeof(*completions));
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n / (ssize_t)sizeof(*completions);
}
