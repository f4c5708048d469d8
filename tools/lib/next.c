// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Taking completions in the order in which tasks end.
 */
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "deadline.h"
#include "internal.h"

/*
 * The longest that we poll before we look again ourselves. The descriptor
 * polls readable when there is something to take; nothing wakes a poller when
 * the set becomes empty because another thread took the last completion.
 */
#define SLICE_NS	(NSEC_PER_SEC / 10)

/* Returns 0 when it is worth to read again, also if for no particular reason. */
static int wait_readable(const struct ktask_set *set, int64_t deadline)
{
	struct pollfd pfd = { .fd = set->fd, .events = POLLIN };
	int64_t left = deadline_left(deadline);
	struct timespec ts = { 0 };

	if (!left)
		return -ETIMEDOUT;
	ts.tv_nsec = left < SLICE_NS ? left : SLICE_NS;
	if (ppoll(&pfd, 1, &ts, NULL) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

ssize_t ktask_join_many(struct ktask_set *set, struct ktask_completion *completions,
			size_t max, int64_t timeout_ns)
{
	int64_t deadline;
	ssize_t n;
	int err;

	if (!max || timeout_ns < KTASK_FOREVER)
		return -EINVAL;
	if (max > SSIZE_MAX / sizeof(*completions))
		max = SSIZE_MAX / sizeof(*completions);

	/*
	 * Without a limit the kernel does the waiting, in one system call. With
	 * one, read(2) must never wait: what poll(2) saw may be taken by
	 * another thread before we read. From then on all callers poll.
	 */
	if (timeout_ns != KTASK_FOREVER) {
		err = set_unblock(set);
		if (err)
			return err;
	}

	deadline = deadline_after(timeout_ns);
	for (;;) {
		n = read(set->fd, completions, max * sizeof(*completions));
		if (n >= 0)
			return n / sizeof(*completions);
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		if (set->nonblock && timeout_ns == KTASK_FOREVER)
			return -EAGAIN;

		err = wait_readable(set, deadline);
		if (err)
			return err;
	}
}

int ktask_join_next(struct ktask_set *set, struct ktask_completion *completion,
		    int64_t timeout_ns)
{
	return ktask_join_many(set, completion, 1, timeout_ns);
}
