// SPDX-License-Identifier: GPL-2.0
/*
 * ktask run
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cmd.h"
#include "graph.h"
#include "json.h"

static const char help[] =
	"Usage: ktask run [OPTION]... GRAPH [NAME=VALUE]...\n"
	"Run the tasks that the file GRAPH tells of, each when those that it is to run\n"
	"after have ended, and show what becomes of each. -: read standard input.\n\n"
	"A line is a task, or sets a variable:\n\n"
	"  NAME: OPERATION [KEY=VALUE]... [after TASK[?]...] [from TASK[?]...]\n"
	"        [delay DURATION] [timeout DURATION] [priority WORD] [cpu N]\n"
	"  NAME = VALUE\n\n"
	"after: when TASK has succeeded; with ? behind it, in whatever way it has ended.\n"
	"from: the same, and its output is the input. $NAME in a value is a variable,\n"
	"which NAME=VALUE behind GRAPH sets. # begins a comment. See ktask(1).\n\n"
	"      --check             only look for errors; start nothing, open no files\n"
	"      --json              show each outcome as a JSON object, one a line\n"
	"      --timeout=DURATION  abort what has not ended by then, and exit with 124\n"
	"      --help              show this\n";

enum {
	OPT_CHECK = 256,
	OPT_JSON,
	OPT_TIMEOUT,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "dry-run", no_argument, NULL, OPT_CHECK },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 }
};

/* Variables from the command line. False: one is not such a thing; has been said. */
static bool set_vars(struct graph *graph, char *const *words)
{
	for (; *words; words++) {
		const char *equals = strchr(*words, '=');
		char *name = must_strndup(*words, equals ? equals - *words : 0);
		bool ok = graph_is_var_name(name) && !graph_var_find(graph, name);

		if (ok)
			graph_var_add(graph, name, equals + 1, NULL);
		else
			message("\"%s\" is not of the form NAME=VALUE, or sets NAME again", *words);
		free(name);
		if (!ok)
			return false;
	}
	return true;
}

/* All must be of use, or a name has been misspelt. */
static bool vars_are_used(const struct graph *graph)
{
	for (size_t i = 0; i < graph->nr_vars; i++) {
		if (!graph->vars[i].at && !graph->vars[i].used) {
			message("there is no variable \"%s\" in %s", graph->vars[i].name,
				graph->source.name);
			return false;
		}
	}
	return true;
}

/* Each task may have several files, if only until it is spawned. */
static void allow_many_files(void)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int run(struct graph *graph, const struct graph_options *options, bool check)
{
	struct ktask_set *set;
	int status;

	graph_parse(graph);
	graph_link(graph);
	if (graph->source.errors || !vars_are_used(graph))
		return STATUS_USAGE;

	set = set_open();
	if (!set)
		return STATUS_FAILED;
	graph_check(graph, set);
	status = graph->source.errors ? STATUS_USAGE : STATUS_OK;
	if (!status && !check) {
		allow_many_files();
		status = graph_encode(graph);
		if (!status)
			status = graph_run(graph, set, options);
	}
	ktask_set_close(set);
	return status;
}

int cmd_run(int argc, char **argv)
{
	struct graph_options options = { .timeout_ns = KTASK_FOREVER };
	struct graph graph = { 0 };
	bool check = false;
	uint64_t ns;
	int status;
	int opt;

	while ((opt = getopt_long(argc, argv, "n", long_options, NULL)) != -1) {
		switch (opt) {
		case 'n':
		case OPT_CHECK:
			check = true;
			break;
		case OPT_JSON:
			options.json = true;
			break;
		case OPT_TIMEOUT:
			if (!parse_duration(optarg, &ns) || ns > INT64_MAX) {
				message("--timeout: \"%s\" is not a duration such as 1.5s",
					optarg);
				return usage_error("run");
			}
			options.timeout = optarg;
			options.timeout_ns = ns;
			break;
		case OPT_HELP:
			fputs(help, stdout);
			return STATUS_OK;
		default:
			return usage_error("run");
		}
	}
	if (optind == argc) {
		message("a graph is missing");
		return usage_error("run");
	}
	if (options.json && !json_available())
		return STATUS_FAILED;

	if (!source_read(&graph.source, argv[optind]))
		status = STATUS_FAILED;
	else if (!set_vars(&graph, argv + optind + 1))
		status = usage_error("run");
	else
		status = run(&graph, &options, check);
	graph_free(&graph);
	return status;
}
