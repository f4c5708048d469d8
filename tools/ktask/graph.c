// SPDX-License-Identifier: GPL-2.0
/*
 * Graphs of tasks.
 */
#include <stdlib.h>

#include "graph.h"

static void free_task(struct graph_task *task)
{
	for (size_t i = 0; i < task->nr_args; i++) {
		free(task->args[i].key);
		free(task->args[i].value);
	}
	for (size_t i = 0; i < task->nr_refs; i++)
		free(task->refs[i].name);
	free(task->args);
	free(task->refs);
	args_close(&task->encoded);
	ktask_op_free(task->info);
	free(task->op);
	free(task->name);
}

void graph_free(struct graph *graph)
{
	graph_name_free(graph);
	for (size_t i = 0; i < graph->nr_tasks; i++)
		free_task(&graph->tasks[i]);
	free(graph->tasks);
	for (size_t i = 0; i < graph->nr_vars; i++) {
		free(graph->vars[i].name);
		free(graph->vars[i].value);
	}
	free(graph->vars);
	source_free(&graph->source);
}
