// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Joining a task that has a long output.
 */
#include <stdlib.h>

#include "deadline.h"
#include "internal.h"

int ktask_join_into(struct ktask_set *set, uint64_t id, struct ktask_completion *completion,
		    void *buf, size_t size, int64_t timeout_ns)
{
	struct ktask_join cmd = {
		.size = sizeof(cmd),
		.id = id,
		.timeout_ns = timeout_ns,
		.completion = to_u64(completion),
		/* Somewhere, even where there is no room: 0 means that it is not wanted. */
		.out = to_u64(size ? buf : completion),
		.out_size = size,
	};

	if (!cmd.out)
		return -EFAULT;
	return set_ioctl_wait(set, KTASK_JOIN, &cmd, &cmd.timeout_ns);
}

/* The memory comes first: a completion that has been taken cannot be given back. */
int ktask_join_output(struct ktask_set *set, uint64_t id, struct ktask_completion *completion,
		      void **out, int64_t timeout_ns)
{
	void *buf = NULL, *larger;
	size_t size = KTASK_OUT_MAX;
	uint64_t which = id;
	int64_t deadline;
	int err;

	*out = NULL;
	if (timeout_ns < KTASK_FOREVER)
		return -EINVAL;

	deadline = deadline_after(timeout_ns);
	for (;;) {
		larger = realloc(buf, size);
		if (!larger) {
			err = -ENOMEM;
			break;
		}
		buf = larger;

		err = ktask_join_into(set, which, completion, buf, size,
				      deadline_timeout(deadline, timeout_ns));
		if (err == -EMSGSIZE) {
			which = completion->id;
			size = completion->out_len;
		} else if (err == -ENOENT && which != id) {
			/* Another thread has taken it: the next one, then. */
			which = id;
		} else {
			break;
		}
	}

	if (err || !completion->out_len) {
		free(buf);
		return err;
	}
	*out = buf;
	return 0;
}
