/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of libktask share: a set to test with.
 */
#ifndef KTASK_SELFTESTS_LIB_H
#define KTASK_SELFTESTS_LIB_H

#include <ktask.h>
#include <limits.h>

#include "helpers.h"

FIXTURE(lib) {
	struct ktask_set *set;
	struct ktask_completion c[64];
};

FIXTURE_SETUP(lib)
{
	int err = ktask_set_open(&self->set, 0);

	if (err == -ENOENT)
		SKIP(return, DEVICE " is not there: load ktask");
	if (err == -EACCES)
		SKIP(return, "no permission to use " DEVICE);
	ASSERT_EQ(0, err);
}

FIXTURE_TEARDOWN(lib)
{
	ktask_set_close(self->set);
}

/* A descriptor of a task of that op, which must exist. */
#define ASSERT_DESC(desc, op, args) \
	ASSERT_EQ(0, ktask_desc_init(self->set, desc, op, args, sizeof(*(args))))

/* Wait, without taking it, until the end of the task @id has been noted. */
static inline int wait_ended(struct ktask_set *set, uint64_t id)
{
	struct ktask_completion c;
	struct ktask_task task;
	int fd = ktask_task_fd(set, id);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = ktask_fd_read(fd, &c, 1);
	close(fd);
	if (n != 1)
		return -EIO;
	do {
		if (ktask_task_status(set, id, &task))
			return -EIO;
	} while (task.state != KTASK_STATE_ENDED);
	return 0;
}

/* A file of @size bytes, each that of its offset, in memory. */
static inline int counting_file(size_t size)
{
	int fd = memfd_create("ktask-counting", MFD_CLOEXEC);
	unsigned char block[4096];
	size_t done, i;

	for (i = 0; i < sizeof(block); i++)
		block[i] = i;
	for (done = 0; fd >= 0 && done < size; done += sizeof(block)) {
		size_t n = size - done < sizeof(block) ? size - done : sizeof(block);

		if (write(fd, block, n) != (ssize_t)n)
			return -1;
	}
	return fd;
}

static inline bool is_counting(const void *data, size_t len)
{
	const unsigned char *p = data;
	size_t i;

	for (i = 0; i < len; i++) {
		if (p[i] != (unsigned char)i)
			return false;
	}
	return true;
}

#endif /* KTASK_SELFTESTS_LIB_H */
