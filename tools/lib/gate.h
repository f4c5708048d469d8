/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A gate: a task that never runs, and after which others do. It keeps back tasks that
 * take several calls to spawn, until it is aborted.
 */
#ifndef LIBKTASK_GATE_H
#define LIBKTASK_GATE_H

#include <stdint.h>

#include "ktask.h"

/**
 * struct gate - a gate in a set
 * @set: the set
 * @id: the task; it leaves no completion
 */
struct gate {
	struct ktask_set *set;
	uint64_t id;
};

int gate_create(struct gate *gate, struct ktask_set *set, const struct ktask_desc *like);
void gate_open(struct gate *gate);

#endif /* LIBKTASK_GATE_H */
