// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Waiting for one task.
 */
#include "deadline.h"
#include "internal.h"

/* As good as for ever, one at a time; see below. */
#define A_DAY_NS	(86400 * NSEC_PER_SEC)

int ktask_join(struct ktask_set *set, uint64_t id, struct ktask_completion *completion,
	       int64_t timeout_ns)
{
	struct ktask_join cmd = {
		.size = sizeof(cmd),
		.id = id,
		.timeout_ns = timeout_ns,
		.completion = to_u64(completion),
	};
	int64_t deadline;
	int err;

	if (timeout_ns < KTASK_FOREVER)
		return -EINVAL;

	deadline = deadline_after(timeout_ns);
	for (;;) {
		err = set_ioctl(set, KTASK_JOIN, &cmd);

		if (timeout_ns != KTASK_FOREVER) {
			if (err != -EINTR)
				return err;
			cmd.timeout_ns = deadline_left(deadline);
			continue;
		}

		/*
		 * Without a limit the kernel does not wait on an O_NONBLOCK
		 * file, which is what the caller wants of a set that was
		 * opened so, but not of one that set_unblock() has switched.
		 * It does wait there for a time that is named.
		 */
		if (err == -EAGAIN && !set->nonblock)
			cmd.timeout_ns = A_DAY_NS;
		else if (err == -ETIMEDOUT && cmd.timeout_ns == A_DAY_NS)
			;
		else if (err != -EINTR)
			return err;
	}
}
