// SPDX-License-Identifier: GPL-2.0
/*
 * What the tasks of a graph are to run after.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "graph.h"

static void link_task(struct graph *graph, struct graph_task *task, uint32_t *seen_by)
{
	uint32_t number = task - graph->tasks;

	for (size_t i = 0; i < task->nr_refs; i++) {
		struct graph_ref *ref = &task->refs[i];

		if (!graph_name_find(graph, ref->name, &ref->node))
			source_error(&graph->source, ref->at, "there is no task \"%s\"",
				     ref->name);
		else if (seen_by[ref->node] == number + 1)
			source_error(&graph->source, ref->at, "\"%s\" is named twice",
				     ref->name);
		else
			seen_by[ref->node] = number + 1;
	}
}

struct ktask_graph *graph_build(const struct graph *graph)
{
	struct ktask_graph *built;
	int64_t err;

	err = ktask_graph_create(&built);
	for (size_t i = 0; i < graph->nr_tasks && err >= 0; i++)
		err = ktask_graph_add(built, &graph->tasks[i].desc);
	for (size_t i = 0; i < graph->nr_tasks && err >= 0; i++) {
		const struct graph_task *task = &graph->tasks[i];

		for (size_t j = 0; j < task->nr_refs && err >= 0; j++)
			err = ktask_graph_after(built, i, task->refs[j].node,
						task->refs[j].flags);
	}
	if (err >= 0)
		return built;

	message("%s: %s", graph->source.name, strerror(-err));
	ktask_graph_free(built);
	return NULL;
}

/* Where @task says that it is to run after @node. */
static const char *place_of_ref(const struct graph_task *task, uint32_t node)
{
	for (size_t i = 0; i < task->nr_refs; i++) {
		if (task->refs[i].node == node)
			return task->refs[i].at;
	}
	return task->at;
}

/* @nodes: each is to run after the one before, and the first after the last. */
static void say_cycle(struct graph *graph, const uint32_t *nodes, size_t nr)
{
	const struct graph_task *first;
	char *names = NULL;
	size_t begin = 0;
	size_t size;
	FILE *to;

	/* From the one that comes first in the text, as people read it. */
	for (size_t i = 1; i < nr; i++) {
		if (nodes[i] < nodes[begin])
			begin = i;
	}
	first = &graph->tasks[nodes[begin]];

	to = must(open_memstream(&names, &size));
	for (size_t i = 0; i <= nr; i++)
		fprintf(to, "%s\"%s\"", i ? " after " : "",
			graph->tasks[nodes[(begin + nr - i % nr) % nr]].name);
	fclose(to);
	must(names);
	source_error(&graph->source, place_of_ref(first, nodes[(begin + nr - 1) % nr]),
		     "a circle: %s", names);
	free(names);
}

static void find_cycle(struct graph *graph)
{
	struct ktask_graph *built = graph_build(graph);
	uint32_t *nodes;
	ssize_t nr = -ENOMEM;

	nodes = must_calloc(graph->nr_tasks, sizeof(*nodes));
	if (built)
		nr = ktask_graph_cycle(built, nodes, graph->nr_tasks);
	if (nr > 0)
		say_cycle(graph, nodes, nr);
	else if (nr < 0)
		graph->source.errors++;
	ktask_graph_free(built);
	free(nodes);
}

void graph_link(struct graph *graph)
{
	uint32_t *seen_by = must_calloc(graph->nr_tasks + 1, sizeof(*seen_by));

	for (size_t i = 0; i < graph->nr_tasks; i++)
		link_task(graph, &graph->tasks[i], seen_by);
	free(seen_by);
	if (!graph->source.errors)
		find_cycle(graph);
}
