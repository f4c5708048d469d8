// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Waiting for all of several tasks.
 */
#include "deadline.h"
#include "internal.h"

/* What both give their callers, from how many were taken and why no more. */
static ssize_t result(size_t done, int err, int *error)
{
	if (error)
		*error = err;
	return done ? (ssize_t)done : err;
}

ssize_t ktask_join_ids(struct ktask_set *set, const uint64_t *ids, size_t nr,
		       struct ktask_completion *completions, int64_t timeout_ns, int *error)
{
	int64_t deadline;
	size_t done;
	int err = 0;

	if (timeout_ns < KTASK_FOREVER)
		return result(0, -EINVAL, error);

	deadline = deadline_after(timeout_ns);
	for (done = 0; done < nr; done++) {
		err = ktask_join(set, ids[done], &completions[done],
				 deadline_timeout(deadline, timeout_ns));
		if (err)
			break;
	}
	return result(done, err, error);
}

/* Some of those that have ended, at least one. */
static ssize_t take(struct ktask_set *set, uint32_t group,
		    struct ktask_completion *completions, size_t max, int64_t timeout_ns)
{
	if (group)
		return ktask_join_group(set, group, completions, timeout_ns);
	return ktask_join_many(set, completions, max, timeout_ns);
}

ssize_t ktask_join_all(struct ktask_set *set, uint32_t group,
		       struct ktask_completion *completions, size_t max, int64_t timeout_ns,
		       int *error)
{
	struct ktask_completion unwanted[16];
	int64_t deadline;
	size_t done = 0, room;
	ssize_t n = 0;

	if (timeout_ns < KTASK_FOREVER)
		return result(0, -EINVAL, error);

	deadline = deadline_after(timeout_ns);
	while (done < max) {
		room = max - done;
		if (!completions && room > sizeof(unwanted) / sizeof(unwanted[0]))
			room = sizeof(unwanted) / sizeof(unwanted[0]);
		n = take(set, group, completions ? &completions[done] : unwanted, room,
			 deadline_timeout(deadline, timeout_ns));
		if (n <= 0)
			break;
		done += n;
	}
	return result(done, n < 0 ? n : 0, error);
}
