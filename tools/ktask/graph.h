/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Graphs of tasks as text: see ktask(1). In three steps: the text is parsed, what it
 * names is looked up, and then it is run.
 */
#ifndef KTASK_GRAPH_H
#define KTASK_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ktask.h"
#include "ops.h"
#include "source.h"

/**
 * struct graph_arg - an argument of a task
 * @key: its name
 * @value: its value
 * @key_at: where the name is
 * @value_at: where the value is
 */
struct graph_arg {
	char *key;
	char *value;
	const char *key_at;
	const char *value_at;
};

/**
 * struct graph_ref - a task that is named as one to run after
 * @name: its name
 * @at: where that is
 * @flags: as in &struct ktask_after
 * @node: its number, once it has been looked up
 */
struct graph_ref {
	char *name;
	const char *at;
	uint32_t flags;
	uint32_t node;
};

/**
 * struct graph_task - a task
 * @name: its name
 * @at: where that is
 * @op: the operation's name
 * @op_at: where that is
 * @args: its arguments
 * @nr_args: how many
 * @refs: what it is to run after
 * @nr_refs: how many
 * @given: which keywords have been met, see graph_parse.c
 * @desc: what is to be spawned
 * @info: the operation, once it has been looked up
 * @encoded: the arguments as the operation wants them
 * @ended: it has ended
 * @succeeded: and done what it was asked to do
 */
struct graph_task {
	char *name;
	const char *at;
	char *op;
	const char *op_at;
	struct graph_arg *args;
	size_t nr_args;
	struct graph_ref *refs;
	size_t nr_refs;
	unsigned int given;
	struct ktask_desc desc;
	struct ktask_op_info *info;
	struct args encoded;
	bool ended;
	bool succeeded;
};

/**
 * struct graph_var - a variable
 * @name: its name
 * @value: its value
 * @at: where that was set; NULL: on the command line, which the text does not change
 * @used: the text names it
 */
struct graph_var {
	char *name;
	char *value;
	const char *at;
	bool used;
};

/**
 * struct graph - a graph
 * @source: the text
 * @tasks: the tasks, in the order of the text; their numbers count from 0
 * @nr_tasks: how many
 * @vars: the variables
 * @nr_vars: how many
 * @names: tasks by name, for tsearch(3)
 */
struct graph {
	struct source source;
	struct graph_task *tasks;
	size_t nr_tasks;
	struct graph_var *vars;
	size_t nr_vars;
	void *names;
};

void graph_free(struct graph *graph);

/* graph_var.c */
bool graph_is_var_name(const char *name);
struct graph_var *graph_var_find(struct graph *graph, const char *name);
void graph_var_add(struct graph *graph, const char *name, const char *value,
		   const char *at);

/* graph_name.c: tasks by name. */
bool graph_name_find(const struct graph *graph, const char *name, uint32_t *node);
void graph_name_add(struct graph *graph, const char *name, uint32_t node);
void graph_name_free(struct graph *graph);

/* graph_parse.c: what is wrong is said, and counted in the source. */
void graph_parse(struct graph *graph);

/* graph_link.c: likewise. Names of tasks, circles. */
void graph_link(struct graph *graph);

/* The graph as the library has it, made of the tasks as they are now. */
struct ktask_graph *graph_build(const struct graph *graph);

/* graph_args.c: likewise. Operations, and their arguments, without opening files. */
void graph_check(struct graph *graph, struct ktask_set *set);

/* An exit status. Opens files. */
int graph_encode(struct graph *graph);

/**
 * struct graph_options - how to run it
 * @timeout: how long all may take, as it was written, or NULL
 * @timeout_ns: how long that is, or KTASK_FOREVER
 * @json: what is shown is for a program
 */
struct graph_options {
	const char *timeout;
	int64_t timeout_ns;
	bool json;
};

/* graph_run.c: spawns all, and shows what becomes of each. An exit status. */
int graph_run(struct graph *graph, struct ktask_set *set,
	      const struct graph_options *options);

#endif /* KTASK_GRAPH_H */
