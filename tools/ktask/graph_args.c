// SPDX-License-Identifier: GPL-2.0
/*
 * The operations of a graph's tasks, and their arguments.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "graph.h"

/* The first task whose output is an input, or NULL. */
static const struct graph_ref *find_input(const struct graph_task *task)
{
	for (size_t i = 0; i < task->nr_refs; i++) {
		if (task->refs[i].flags & KTASK_AFTER_INPUT)
			return &task->refs[i];
	}
	return NULL;
}

/* Encodes all arguments anew; says what is wrong. An exit status. */
static int encode(struct graph *graph, struct graph_task *task, bool check)
{
	struct args *encoded = &task->encoded;
	int status;

	args_close(encoded);
	args_open(encoded, task->info, check);
	for (size_t i = 0; i < task->nr_args; i++) {
		const struct graph_arg *arg = &task->args[i];

		status = args_set(encoded, arg->key, arg->value);
		if (status) {
			source_error(&graph->source,
				     encoded->at_value ? arg->value_at : arg->key_at,
				     "%s", encoded->why);
			return status;
		}
	}
	status = args_finish(encoded, find_input(task));
	if (status)
		source_error(&graph->source, task->op_at, "%s", encoded->why);
	return status;
}

static void check_task(struct graph *graph, struct ktask_set *set, struct graph_task *task)
{
	const struct graph_ref *input;
	int err;

	err = ktask_op_get(set, task->op, &task->info);
	if (err) {
		source_error(&graph->source, task->op_at, "there is no operation \"%s\"%s%s",
			     task->op, err == -ENOENT || err == -ENAMETOOLONG ? "" : ": ",
			     err == -ENOENT || err == -ENAMETOOLONG ? "" : strerror(-err));
		return;
	}

	input = find_input(task);
	if (input && !(task->info->op_flags & KTASK_OP_TAKES_INPUT))
		source_error(&graph->source, input->at,
			     "\"%s\" does not take the output of other tasks", task->op);
	encode(graph, task, true);
}

void graph_check(struct graph *graph, struct ktask_set *set)
{
	for (size_t i = 0; i < graph->nr_tasks; i++)
		check_task(graph, set, &graph->tasks[i]);
}

int graph_encode(struct graph *graph)
{
	int status = STATUS_OK;

	for (size_t i = 0; i < graph->nr_tasks && !status; i++) {
		struct graph_task *task = &graph->tasks[i];

		status = encode(graph, task, false);
		task->desc.op = task->info->op;
		task->desc.args = (uintptr_t)task->encoded.bytes;
		task->desc.args_size = task->info->args_size;
	}
	return status;
}
