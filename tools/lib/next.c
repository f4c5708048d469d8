// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Taking completions in the order in which tasks end.
 */
#include <limits.h>
#include <unistd.h>

#include "internal.h"

int ktask_join_next(struct ktask_set *set, struct ktask_completion *completion,
		    int64_t timeout_ns)
{
	int err = set_join(set, 0, completion, timeout_ns);

	if (!err)
		return 1;
	return err == -ENOENT ? 0 : err;
}

/* Without a limit: as many as there are, in one system call. */
static ssize_t read_many(struct ktask_set *set, struct ktask_completion *completions,
			 size_t max)
{
	ssize_t n;

	if (max > SSIZE_MAX / sizeof(*completions))
		max = SSIZE_MAX / sizeof(*completions);
	do {
		n = read(set->fd, completions, max * sizeof(*completions));
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n / (ssize_t)sizeof(*completions);
}

/*
 * With one, read(2) is no use: it might wait, and what poll(2) saw may be taken
 * by another thread before we read.
 */
ssize_t ktask_join_many(struct ktask_set *set, struct ktask_completion *completions,
			size_t max, int64_t timeout_ns)
{
	size_t n = 0;
	int ret;

	if (!max || timeout_ns < KTASK_FOREVER)
		return -EINVAL;
	if (timeout_ns == KTASK_FOREVER)
		return read_many(set, completions, max);

	do {
		ret = ktask_join_next(set, &completions[n], n ? 0 : timeout_ns);
		n += ret == 1;
	} while (ret == 1 && n < max);
	return n ? (ssize_t)n : ret;
}
