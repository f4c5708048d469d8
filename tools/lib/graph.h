/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files about graphs share.
 */
#ifndef LIBKTASK_GRAPH_H
#define LIBKTASK_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "ktask.h"

/**
 * struct graph_node - a task of a graph
 * @desc: what to spawn; @desc.args is a copy of the node's own
 * @after: what it is to run after; with %KTASK_AFTER_INDEX @id is the number of
 *	a node
 * @nr_after: how many
 * @room: how many there is room for
 * @id: what it was spawned as; 0: has not been
 */
struct graph_node {
	struct ktask_desc desc;
	struct ktask_after *after;
	uint32_t nr_after;
	uint32_t room;
	uint64_t id;
};

/**
 * struct ktask_graph - see <ktask.h>
 * @nodes: the tasks, in the order in which they were added
 * @nr: how many
 * @room: how many there is room for
 */
struct ktask_graph {
	struct graph_node *nodes;
	uint32_t nr;
	uint32_t room;
};

/* Another node of the graph, not a task that the set has already. */
static inline bool is_edge(const struct ktask_after *after)
{
	return after->flags & KTASK_AFTER_INDEX;
}

int graph_sort(const struct ktask_graph *graph, uint32_t **order, uint32_t *nr);

#endif /* LIBKTASK_GRAPH_H */
