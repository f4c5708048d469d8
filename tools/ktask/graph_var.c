// SPDX-License-Identifier: GPL-2.0
/*
 * The variables of a graph's text.
 */
#include <ctype.h>
#include <string.h>

#include "cmd.h"
#include "graph.h"

bool graph_is_var_name(const char *name)
{
	if (!*name || isdigit((unsigned char)*name))
		return false;
	while (isalnum((unsigned char)*name) || *name == '_')
		name++;
	return !*name;
}

/* Few, so an array will do. */
struct graph_var *graph_var_find(struct graph *graph, const char *name)
{
	for (size_t i = 0; i < graph->nr_vars; i++) {
		if (!strcmp(graph->vars[i].name, name))
			return &graph->vars[i];
	}
	return NULL;
}

void graph_var_add(struct graph *graph, const char *name, const char *value,
		   const char *at)
{
	struct graph_var *var;

	graph->vars = must_realloc(graph->vars, graph->nr_vars + 1, sizeof(*var));
	var = &graph->vars[graph->nr_vars++];
	var->name = must_strndup(name, strlen(name));
	var->value = must_strndup(value, strlen(value));
	var->at = at;
	var->used = false;
}
