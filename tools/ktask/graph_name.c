// SPDX-License-Identifier: GPL-2.0
/*
 * The tasks of a graph, by name.
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "graph.h"

/* The name is the task's own. */
struct named {
	const char *name;
	uint32_t node;
};

static int compare(const void *a, const void *b)
{
	const struct named *first = a, *second = b;

	return strcmp(first->name, second->name);
}

bool graph_name_find(const struct graph *graph, const char *name, uint32_t *node)
{
	struct named key = { .name = name };
	struct named **found = tfind(&key, &graph->names, compare);

	if (found)
		*node = (*found)->node;
	return found;
}

void graph_name_add(struct graph *graph, const char *name, uint32_t node)
{
	struct named *entry = must_calloc(1, sizeof(*entry));

	entry->name = name;
	entry->node = node;
	must(tsearch(entry, &graph->names, compare));
}

void graph_name_free(struct graph *graph)
{
	tdestroy(graph->names, free);
}
