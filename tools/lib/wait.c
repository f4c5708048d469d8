// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Calls that wait, and go on waiting when a signal has interrupted them.
 */
#include "deadline.h"
#include "internal.h"

/* @timeout_ns: the member of that name of what @arg points to. */
int set_ioctl_wait(const struct ktask_set *set, unsigned long cmd, void *arg,
		   __s64 *timeout_ns)
{
	const int64_t whole = *timeout_ns;
	int64_t deadline;
	int err;

	if (whole < KTASK_FOREVER)
		return -EINVAL;

	deadline = deadline_after(whole);
	while ((err = set_ioctl(set, cmd, arg)) == -EINTR)
		*timeout_ns = deadline_timeout(deadline, whole);
	return err;
}
