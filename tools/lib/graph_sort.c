// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Putting a graph in an order in which each task comes after those that it is to
 * run after; or telling of a circle, for which there is none.
 */
#include <stdlib.h>

#include "graph.h"
#include "internal.h"

/**
 * struct successors - the edges of a graph, the other way round
 * @first: for each node, and one more, where in @nodes those begin that are after it
 * @nodes: their numbers
 */
struct successors {
	uint32_t *nodes;
	size_t *first;
};

static void successors_free(struct successors *succ)
{
	free(succ->first);
	free(succ->nodes);
}

static int successors_find(const struct ktask_graph *graph, struct successors *succ)
{
	const struct graph_node *node;
	size_t edges = 0, n;
	uint32_t i, k;

	succ->first = calloc((size_t)graph->nr + 2, sizeof(*succ->first));
	succ->nodes = NULL;
	if (!succ->first)
		return -ENOMEM;

	/* How many each has, two places on, as the filling in moves them by one. */
	for (i = 0; i < graph->nr; i++) {
		node = &graph->nodes[i];
		for (k = 0; k < node->nr_after; k++) {
			if (!is_edge(&node->after[k]))
				continue;
			succ->first[node->after[k].id + 2]++;
			edges++;
		}
	}
	for (n = 2; n < (size_t)graph->nr + 2; n++)
		succ->first[n] += succ->first[n - 1];

	succ->nodes = calloc(edges ? edges : 1, sizeof(*succ->nodes));
	if (!succ->nodes) {
		successors_free(succ);
		return -ENOMEM;
	}
	for (i = 0; i < graph->nr; i++) {
		node = &graph->nodes[i];
		for (k = 0; k < node->nr_after; k++) {
			if (is_edge(&node->after[k]))
				succ->nodes[succ->first[node->after[k].id + 1]++] = i;
		}
	}
	return 0;
}

/* Takes nodes whose predecessors have all been taken, as long as there are some. */
static uint32_t take(const struct ktask_graph *graph, const struct successors *succ,
		     uint32_t *missing, uint32_t *order)
{
	uint32_t nr = 0, done, i, k;
	size_t n;

	for (i = 0; i < graph->nr; i++) {
		for (k = 0; k < graph->nodes[i].nr_after; k++)
			missing[i] += is_edge(&graph->nodes[i].after[k]);
		if (!missing[i])
			order[nr++] = i;
	}
	for (done = 0; done < nr; done++) {
		i = order[done];
		for (n = succ->first[i]; n < succ->first[i + 1]; n++) {
			if (!--missing[succ->nodes[n]])
				order[nr++] = succ->nodes[n];
		}
	}
	return nr;
}

/*
 * An array of node numbers to be freed, of which the first *@nr are in order. If
 * these are not all, the others are in a circle or after one.
 */
int graph_sort(const struct ktask_graph *graph, uint32_t **order, uint32_t *nr)
{
	struct successors succ;
	uint32_t *missing;
	int err;

	err = successors_find(graph, &succ);
	if (err)
		return err;
	/* Both arrays in one. */
	*order = calloc((size_t)graph->nr + 1, 2 * sizeof(**order));
	if (!*order) {
		successors_free(&succ);
		return -ENOMEM;
	}
	missing = *order + graph->nr;
	*nr = take(graph, &succ, missing, *order);
	successors_free(&succ);
	return 0;
}

#define NEVER	UINT32_MAX

/* Some predecessor that is not in order: each that is not in order itself has one. */
static uint32_t predecessor(const struct graph_node *node, const bool *sorted)
{
	uint32_t k;

	for (k = 0; k < node->nr_after; k++) {
		if (is_edge(&node->after[k]) && !sorted[node->after[k].id])
			return node->after[k].id;
	}
	return NEVER;
}

/*
 * Goes from one to its predecessor until it comes to one for the second time:
 * that is in a circle, which @path then holds from *@begin to *@end.
 */
static void walk(const struct ktask_graph *graph, const bool *sorted, uint32_t *path,
		 uint32_t *at, uint32_t *begin, uint32_t *end)
{
	uint32_t node = 0, n;

	while (sorted[node])
		node++;
	for (n = 0; at[node] == NEVER; n++) {
		at[node] = n;
		path[n] = node;
		node = predecessor(&graph->nodes[node], sorted);
	}
	*begin = at[node];
	*end = n;
}

/* The circle, with its lowest node at first, and each after its predecessor. */
static void turn(const uint32_t *path, uint32_t len, uint32_t *nodes, size_t max)
{
	uint32_t lowest = 0, i;

	for (i = 1; i < len; i++) {
		if (path[i] < path[lowest])
			lowest = i;
	}
	for (i = 0; i < len && i < max; i++)
		nodes[i] = path[(lowest + len - i) % len];
}

ssize_t ktask_graph_cycle(const struct ktask_graph *graph, uint32_t *nodes, size_t max)
{
	uint32_t *order, *path, *at, nr, begin, end, i;
	bool *sorted;
	int err;

	err = graph_sort(graph, &order, &nr);
	if (err)
		return err;
	if (nr == graph->nr) {
		free(order);
		return 0;
	}

	sorted = calloc(graph->nr, sizeof(*sorted));
	path = calloc(graph->nr, sizeof(*path));
	at = calloc(graph->nr, sizeof(*at));
	if (!sorted || !path || !at) {
		err = -ENOMEM;
	} else {
		for (i = 0; i < nr; i++)
			sorted[order[i]] = true;
		for (i = 0; i < graph->nr; i++)
			at[i] = NEVER;
		walk(graph, sorted, path, at, &begin, &end);
		turn(path + begin, end - begin, nodes, max);
	}
	free(at);
	free(path);
	free(sorted);
	free(order);
	return err ? err : (ssize_t)(end - begin);
}
