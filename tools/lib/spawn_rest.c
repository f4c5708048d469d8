// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Going on in the middle of an array of descriptors.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "spawn_rest.h"

static const struct ktask_after *after_of(const struct ktask_desc *desc)
{
	return (const struct ktask_after *)(uintptr_t)desc->after;
}

/* More than may be are left to the kernel, which says so. */
static bool has_index(const struct ktask_desc *desc)
{
	const struct ktask_after *after = after_of(desc);
	uint32_t i;

	if (!after || desc->nr_after > KTASK_IDS_MAX)
		return false;
	for (i = 0; i < desc->nr_after; i++) {
		if (after[i].flags & KTASK_AFTER_INDEX)
			return true;
	}
	return false;
}

/* From an index into the whole array to an id, or to an index into the rest. */
static void rebase(struct ktask_after *after, const struct ktask_desc *descs, size_t done)
{
	if (!(after->flags & KTASK_AFTER_INDEX))
		return;
	if (after->id < done) {
		after->flags &= ~KTASK_AFTER_INDEX;
		after->id = descs[after->id].id;
	} else {
		after->id -= done;
	}
}

/*
 * Of @descs the first @done have been started. Prepare the next @nr for a call of
 * their own: 0, or -ENOMEM.
 */
int spawn_rest_begin(struct spawn_rest *rest, struct ktask_desc *descs, size_t done, size_t nr)
{
	struct ktask_after *to;
	size_t entries = 0, i;
	uint32_t k;

	*rest = (struct spawn_rest){ .descs = descs + done, .nr = nr };
	if (!done)
		return 0;

	for (i = 0; i < nr; i++) {
		if (has_index(&rest->descs[i]))
			entries += rest->descs[i].nr_after;
	}
	if (!entries)
		return 0;

	rest->after = calloc(entries, sizeof(*rest->after));
	rest->saved = calloc(nr, sizeof(*rest->saved));
	if (!rest->after || !rest->saved) {
		free(rest->after);
		free(rest->saved);
		return -ENOMEM;
	}

	to = rest->after;
	for (i = 0; i < nr; i++) {
		struct ktask_desc *desc = &rest->descs[i];

		rest->saved[i] = desc->after;
		if (!has_index(desc))
			continue;
		memcpy(to, after_of(desc), desc->nr_after * sizeof(*to));
		for (k = 0; k < desc->nr_after; k++)
			rebase(&to[k], descs, done);
		desc->after = to_u64(to);
		to += desc->nr_after;
	}
	return 0;
}

void spawn_rest_end(struct spawn_rest *rest)
{
	size_t i;

	if (!rest->saved)
		return;
	for (i = 0; i < rest->nr; i++)
		rest->descs[i].after = rest->saved[i];
	free(rest->saved);
	free(rest->after);
}
