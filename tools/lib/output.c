// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The output of tasks, apart from their completions.
 */
#include <stdlib.h>

#include "internal.h"

static int fetch(struct ktask_set *set, struct ktask_output *cmd)
{
	cmd->size = sizeof(*cmd);
	return set_ioctl(set, KTASK_OUTPUT, cmd);
}

ssize_t ktask_output_read(struct ktask_set *set, uint64_t id, void *buf, size_t len,
			  uint64_t offset)
{
	struct ktask_output cmd = {
		.flags = KTASK_OUTPUT_KEEP,
		.id = id,
		.offset = offset,
		.buf = to_u64(buf),
		.len = len,
	};
	int err = fetch(set, &cmd);

	return err ? err : (ssize_t)cmd.len;
}

int ktask_output_take(struct ktask_set *set, uint64_t id, void **out, size_t *len)
{
	struct ktask_output size = { .flags = KTASK_OUTPUT_KEEP, .id = id };
	struct ktask_output cmd = { .id = id };
	void *buf;
	int err;

	*out = NULL;
	*len = 0;
	err = fetch(set, &size);
	if (err)
		return err;
	/* Not of 0 bytes, which malloc() may answer with NULL. */
	buf = malloc(size.total ? size.total : 1);
	if (!buf)
		return -ENOMEM;

	cmd.buf = to_u64(buf);
	cmd.len = size.total;
	err = fetch(set, &cmd);
	if (err) {
		free(buf);
		return err;
	}
	*out = buf;
	*len = cmd.len;
	return 0;
}

int ktask_output_drop(struct ktask_set *set, uint64_t id)
{
	struct ktask_output cmd = { .id = id };

	return fetch(set, &cmd);
}
