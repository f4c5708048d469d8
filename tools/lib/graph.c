// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Building a graph: tasks, and which runs after which.
 */
#include <stdlib.h>
#include <string.h>

#include "graph.h"
#include "internal.h"

#define KNOWN_FLAGS	(KTASK_AFTER_ANY | KTASK_AFTER_INPUT)

int ktask_graph_create(struct ktask_graph **graph)
{
	*graph = calloc(1, sizeof(**graph));
	return *graph ? 0 : -ENOMEM;
}

static void node_destroy(struct graph_node *node)
{
	free((void *)(uintptr_t)node->desc.args);
	free(node->after);
}

void ktask_graph_free(struct ktask_graph *graph)
{
	uint32_t i;

	if (!graph)
		return;
	for (i = 0; i < graph->nr; i++)
		node_destroy(&graph->nodes[i]);
	free(graph->nodes);
	free(graph);
}

/* Room for one more in an array, which doubles each time that it is full. */
static int grow(void *array, uint32_t nr, uint32_t *room, size_t size)
{
	void **p = array, *larger;
	uint32_t more = *room ? 2 * *room : 4;

	if (nr < *room)
		return 0;
	larger = reallocarray(*p, more, size);
	if (!larger)
		return -ENOMEM;
	*p = larger;
	*room = more;
	return 0;
}

static int add_after(struct graph_node *node, uint64_t id, uint32_t flags)
{
	int err;

	if (node->nr_after == KTASK_IDS_MAX)
		return -E2BIG;
	err = grow(&node->after, node->nr_after, &node->room, sizeof(*node->after));
	if (err)
		return err;
	node->after[node->nr_after++] = (struct ktask_after){
		.id = id,
		.flags = flags,
	};
	return 0;
}

/* The tasks of the set that it is to run after. */
static int copy_after(struct graph_node *node, const struct ktask_desc *desc)
{
	const struct ktask_after *after = (void *)(uintptr_t)desc->after;
	uint32_t i;
	int err;

	for (i = 0; i < desc->nr_after; i++) {
		if (is_edge(&after[i]))
			return -EINVAL;
		err = add_after(node, after[i].id, after[i].flags);
		if (err)
			return err;
	}
	return 0;
}

static int copy_args(struct graph_node *node, const struct ktask_desc *desc)
{
	void *copy;

	if (!desc->args_size)
		return 0;
	copy = malloc(desc->args_size);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, (void *)(uintptr_t)desc->args, desc->args_size);
	node->desc.args = to_u64(copy);
	return 0;
}

int64_t ktask_graph_add(struct ktask_graph *graph, const struct ktask_desc *desc)
{
	struct graph_node node = { .desc = *desc };
	int err;

	/* What these are to point to is its own. */
	node.desc.args = 0;
	ktask_desc_after(&node.desc, NULL, 0);
	if (graph->nr > INT32_MAX)
		return -E2BIG;
	err = grow(&graph->nodes, graph->nr, &graph->room, sizeof(*graph->nodes));
	if (!err)
		err = copy_args(&node, desc);
	if (!err)
		err = copy_after(&node, desc);
	if (err) {
		node_destroy(&node);
		return err;
	}
	graph->nodes[graph->nr] = node;
	return graph->nr++;
}

int ktask_graph_after(struct ktask_graph *graph, uint32_t node, uint32_t before, uint32_t flags)
{
	if (node >= graph->nr || before >= graph->nr)
		return -ENOENT;
	if (flags & ~KNOWN_FLAGS)
		return -EOPNOTSUPP;
	return add_after(&graph->nodes[node], before, flags | KTASK_AFTER_INDEX);
}

uint32_t ktask_graph_size(const struct ktask_graph *graph)
{
	return graph->nr;
}

uint64_t ktask_graph_id(const struct ktask_graph *graph, uint32_t node)
{
	return node < graph->nr ? graph->nodes[node].id : 0;
}
