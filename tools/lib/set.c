// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A task set: an open file of /dev/ktask.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

static struct ktask_set *set_alloc(void)
{
	struct ktask_set *set = calloc(1, sizeof(*set));

	if (set)
		op_cache_init(&set->ops);
	return set;
}

static void set_free(struct ktask_set *set)
{
	op_cache_destroy(&set->ops);
	free(set);
}

int ktask_set_open(struct ktask_set **set, unsigned int flags)
{
	struct ktask_set *s;
	int oflags = O_RDWR | O_CLOEXEC;
	int err;

	*set = NULL;
	if (flags & ~KTASK_SET_NONBLOCK)
		return -EINVAL;

	s = set_alloc();
	if (!s)
		return -ENOMEM;

	if (flags & KTASK_SET_NONBLOCK)
		oflags |= O_NONBLOCK;

	do {
		s->fd = open(KTASK_DEVICE, oflags);
	} while (s->fd < 0 && errno == EINTR);
	if (s->fd < 0) {
		err = -errno;
		set_free(s);
		return err;
	}

	*set = s;
	return 0;
}

int ktask_set_adopt(struct ktask_set **set, int fd)
{
	struct ktask_info info;
	struct ktask_set *s;
	int err;

	*set = NULL;
	s = set_alloc();
	if (!s)
		return -ENOMEM;

	/* Only our device answers that. */
	s->fd = fd;
	err = ktask_info(s, &info);
	if (err) {
		set_free(s);
		return err;
	}

	*set = s;
	return 0;
}

void ktask_set_close(struct ktask_set *set)
{
	if (!set)
		return;

	/* The kernel aborts and waits. Never retried: the number is free. */
	close(set->fd);
	set_free(set);
}

int ktask_set_fd(const struct ktask_set *set)
{
	return set->fd;
}
