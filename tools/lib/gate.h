/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A gate: a task after which others run, and which ends when we say so. It keeps
 * tasks that take several calls to spawn from running before all are there.
 */
#ifndef LIBKTASK_GATE_H
#define LIBKTASK_GATE_H

#include <stdint.h>

#include "ktask.h"

/**
 * struct gate - a gate in a set
 * @set: the set
 * @event: what the task waits for
 * @id: the task; it leaves no completion
 */
struct gate {
	struct ktask_set *set;
	int event;
	uint64_t id;
};

int gate_create(struct gate *gate, struct ktask_set *set);
int gate_open(struct gate *gate);
void gate_break(struct gate *gate);

#endif /* LIBKTASK_GATE_H */
