// SPDX-License-Identifier: GPL-2.0
/*
 * Running a graph, and showing what becomes of its tasks.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "graph.h"
#include "json.h"
#include "outcome.h"

/* Completions taken at once. */
#define BATCH	64

/**
 * struct run - a graph at work
 * @graph: the graph
 * @set: where its tasks are
 * @options: what was asked for
 * @deadline: when the time is over, or KTASK_FOREVER
 * @width: of the column of names
 * @ended: how many tasks have ended
 * @timed_out: the time was over first; what was left has been aborted
 * @failed: something has not succeeded
 */
struct run {
	struct graph *graph;
	struct ktask_set *set;
	const struct graph_options *options;
	int64_t deadline;
	int width;
	size_t ended;
	bool timed_out;
	bool failed;
};

static bool spawn(struct run *run)
{
	struct graph *graph = run->graph;
	struct ktask_graph *built;
	uint32_t node = UINT32_MAX;
	int err;

	built = graph_build(graph);
	if (!built)
		return false;
	err = ktask_graph_spawn(built, run->set, &node);
	ktask_graph_free(built);
	if (err && node < graph->nr_tasks)
		source_error(&graph->source, graph->tasks[node].op_at, "cannot spawn it: %s",
			     strerror(-err));
	else if (err)
		message("cannot spawn the graph: %s", strerror(-err));

	/* The kernel has what it needs; pipes shall end when its tasks do. */
	for (size_t i = 0; i < graph->nr_tasks; i++)
		args_close(&graph->tasks[i].encoded);
	return !err;
}

/* Why a task was cancelled, in words; to be freed. */
static char *cause_of(const struct run *run, const struct graph_task *task, uint32_t cause)
{
	if (cause == KTASK_CAUSE_TIMEOUT)
		return must_format("its time was up");
	if (cause != KTASK_CAUSE_AFTER)
		return must_format("aborted");

	for (size_t i = 0; i < task->nr_refs; i++) {
		const struct graph_ref *ref = &task->refs[i];
		const struct graph_task *before = &run->graph->tasks[ref->node];

		if (!(ref->flags & KTASK_AFTER_ANY) && before->ended && !before->succeeded)
			return must_format("\"%s\" has not succeeded", before->name);
	}
	return must_format("one before it has not succeeded");
}

static void print(const struct run *run, const struct graph_task *task,
		  const struct ktask_completion *completion)
{
	bool cancelled = completion->outcome == KTASK_CANCELLED;
	char *result = cancelled ? cause_of(run, task, completion->cause) :
				   outcome_result(task->op, completion);
	char *output = outcome_output(completion);

	printf("%-*s  %-9s  %s%s%s\n", run->width, task->name,
	       ktask_outcome_name(completion->outcome), result, *output ? "  " : "", output);
	free(result);
	free(output);
}

static bool print_json(struct run *run, const struct graph_task *task,
		       const struct ktask_completion *completion)
{
	struct json_object *object;
	void *out;
	int err;

	err = outcome_take_output(run->set, completion, &out);
	if (err) {
		message("cannot fetch the output of \"%s\": %s", task->name, strerror(-err));
		return false;
	}
	object = json_new();
	json_add_text(object, "task", task->name);
	outcome_json(object, task->op, completion, out);
	json_print_line(object);
	free(out);
	return true;
}

static void take(struct run *run, const struct ktask_completion *completion)
{
	struct graph_task *task = &run->graph->tasks[completion->user_data];

	task->ended = true;
	task->succeeded = outcome_is_success(completion);
	run->ended++;
	if (!task->succeeded)
		run->failed = true;

	if (!run->options->json)
		print(run, task, completion);
	else if (!print_json(run, task, completion))
		run->failed = true;
	/* It counts against our limits, and nobody asks for it any more. */
	if (completion->out_len > KTASK_OUT_MAX && !run->options->json)
		ktask_output_drop(run->set, completion->id);
}

/* Some that have ended, or the end of our time. 0 or a negative errno. */
static int collect(struct run *run)
{
	struct ktask_completion completions[BATCH];
	int64_t left = KTASK_FOREVER;
	ssize_t n;

	if (run->deadline != KTASK_FOREVER && !run->timed_out) {
		left = run->deadline - (int64_t)ktask_now();
		if (left < 0)
			left = 0;
	}
	n = ktask_join_many(run->set, completions, BATCH, left);
	if (n == -ETIMEDOUT) {
		run->timed_out = true;
		return ktask_abort_all(run->set);
	}
	if (n <= 0)
		return n ? n : -ENODATA;
	for (ssize_t i = 0; i < n; i++)
		take(run, &completions[i]);
	return 0;
}

int graph_run(struct graph *graph, struct ktask_set *set,
	      const struct graph_options *options)
{
	struct run run = {
		.graph = graph,
		.set = set,
		.options = options,
		.deadline = KTASK_FOREVER,
	};
	int err = 0;

	for (size_t i = 0; i < graph->nr_tasks; i++) {
		int len = strlen(graph->tasks[i].name);

		run.width = len > run.width ? len : run.width;
	}
	if (options->timeout_ns != KTASK_FOREVER &&
	    __builtin_add_overflow((int64_t)ktask_now(), options->timeout_ns, &run.deadline))
		run.deadline = INT64_MAX;
	if (!spawn(&run))
		return STATUS_FAILED;

	while (!err && run.ended < graph->nr_tasks) {
		err = collect(&run);
		/* Others may read it while we wait. */
		if (!err && !output_flush())
			return STATUS_FAILED;
	}
	if (err) {
		message("/dev/ktask: %s", strerror(-err));
		return STATUS_FAILED;
	}
	if (run.timed_out) {
		message("timed out after %s", options->timeout);
		return STATUS_TIMED_OUT;
	}
	return run.failed ? STATUS_FAILED : STATUS_OK;
}
