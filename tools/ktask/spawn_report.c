// SPDX-License-Identifier: GPL-2.0
/*
 * What "spawn" shows in the end.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "outcome.h"
#include "spawn.h"

static void print_one(const struct spawn_options *options,
		      const struct ktask_completion *completion)
{
	char *result = outcome_result(options->op, completion);
	char *output = outcome_output(completion);

	printf("outcome  %s\n", ktask_outcome_name(completion->outcome));
	if (completion->outcome == KTASK_CANCELLED)
		printf("cause    %s\n", ktask_cause_name(completion->cause));
	printf("result   %s\n", result);
	if (completion->out_len && !options->out)
		printf("output   %s\n", output);
	free(result);
	free(output);
}

/* When stdout is for the output, only what went wrong is said. */
static void complain(const struct spawn_options *options,
		     const struct ktask_completion *completion)
{
	char *result = outcome_result(options->op, completion);

	if (!outcome_is_success(completion))
		message("%s: %s: %s", options->op, ktask_outcome_name(completion->outcome),
			result);
	free(result);
}

static bool write_all(int fd, const char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(fd, buf, len);

		if (n < 0)
			return false;
		buf += n;
		len -= n;
	}
	return true;
}

/* False: could not; has been said. */
static bool write_output(const struct spawn_options *options, const void *out, size_t len)
{
	if (options->out_fd == STDOUT_FILENO) {
		fwrite(out, 1, len, stdout);
		return output_flush();
	}
	if (!write_all(options->out_fd, out, len) || close(options->out_fd) < 0) {
		message_file(options->out, errno);
		return false;
	}
	return true;
}

static int report_one(struct ktask_set *set, const struct spawn_options *options,
		      const struct ktask_completion *completion)
{
	bool ok = outcome_is_success(completion);
	struct json_object *object;
	void *out;
	int err;

	err = outcome_take_output(set, completion, &out);
	if (err) {
		message("cannot fetch the output: %s", strerror(-err));
		return STATUS_FAILED;
	}

	if (options->out && !write_output(options, out, completion->out_len))
		ok = false;
	if (options->json) {
		object = json_new();
		outcome_json(object, options->op, completion, out);
		json_print(object);
	} else if (options->out && options->out_fd == STDOUT_FILENO) {
		complain(options, completion);
	} else {
		print_one(options, completion);
	}
	free(out);
	return ok ? STATUS_OK : STATUS_FAILED;
}

static void print_many(const struct spawn_run *run)
{
	printf("spawned    %" PRIu64 "\n", run->spawned);
	printf("returned   %" PRIu64 ", %" PRIu64 " of them an error\n",
	       run->succeeded + run->erred, run->erred);
	printf("cancelled  %" PRIu64 "\n", run->cancelled);
	printf("failed     %" PRIu64 "\n", run->failed);
	printf("time       %.6f s\n", run->elapsed_ns / 1e9);
}

static void print_many_json(const struct spawn_options *options, const struct spawn_run *run)
{
	struct json_object *object = json_new();

	json_add_text(object, "op", options->op);
	json_add_u64(object, "spawned", run->spawned);
	json_add_u64(object, "returned", run->succeeded + run->erred);
	json_add_u64(object, "errors", run->erred);
	json_add_u64(object, "cancelled", run->cancelled);
	json_add_u64(object, "failed", run->failed);
	json_add_u64(object, "elapsed_ns", run->elapsed_ns);
	json_print(object);
}

int spawn_report(struct ktask_set *set, const struct spawn_options *options,
		 const struct spawn_run *run)
{
	int status = run->succeeded == run->count ? STATUS_OK : STATUS_FAILED;

	if (run->error)
		message("cannot spawn: %s", strerror(-run->error));
	if (run->count > 1) {
		if (options->json)
			print_many_json(options, run);
		else
			print_many(run);
	} else if (run->joined) {
		status = report_one(set, options, &run->last);
	}

	if (run->timed_out) {
		message("timed out after %s", options->timeout);
		return STATUS_TIMED_OUT;
	}
	return status;
}
