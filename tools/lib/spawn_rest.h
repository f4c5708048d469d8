/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rest of an array of descriptors, of which an earlier call has started the
 * first ones: %KTASK_AFTER_INDEX counts from the beginning of a call's array.
 */
#ifndef LIBKTASK_SPAWN_REST_H
#define LIBKTASK_SPAWN_REST_H

#include <stddef.h>
#include <stdint.h>

#include "ktask.h"

/**
 * struct spawn_rest - descriptors that have been changed for one call
 * @descs: the first of them
 * @nr: how many
 * @saved: their members @after as they were; NULL: nothing has been changed
 * @after: what these point to now
 */
struct spawn_rest {
	struct ktask_desc *descs;
	size_t nr;
	uint64_t *saved;
	struct ktask_after *after;
};

int spawn_rest_begin(struct spawn_rest *rest, struct ktask_desc *descs, size_t done,
		     size_t nr);
void spawn_rest_end(struct spawn_rest *rest);

#endif /* LIBKTASK_SPAWN_REST_H */
