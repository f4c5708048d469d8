// SPDX-License-Identifier: GPL-2.0
/*
 * ktask spawn
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "ops.h"
#include "spawn.h"

#define MAX_COUNT	1000000000

static const char help[] =
	"Usage: ktask spawn [OPTION]... OPERATION [KEY=VALUE]...\n"
	"Run an operation in the kernel and show what became of it. \"ktask ops\" lists\n"
	"the operations and their keys.\n\n"
	"Values: numbers are decimal, or hexadecimal with 0x; durations have a unit (ns,\n"
	"us, ms, s, m, h) or are nanoseconds; a file is a path, to be opened for reading,\n"
	"or @N: descriptor N.\n\n"
	"      --count=N           run it N times, at once, and show a summary\n"
	"      --name=NAME         what the task is called in listings\n"
	"      --timeout=DURATION  abort what has not ended by then, and exit with 124\n"
	"      --help              show this\n";

enum {
	OPT_COUNT = 256,
	OPT_NAME,
	OPT_TIMEOUT,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "count", required_argument, NULL, OPT_COUNT },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 }
};

static void print_one(const struct ktask_completion *completion)
{
	char text[2 * KTASK_OUT_MAX + 1];

	printf("outcome  %s\n", ktask_outcome_name(completion->outcome));
	printf("result   %lld", (long long)completion->result);
	if (completion->result < 0 && completion->result >= -4095)
		printf(" (%s)", strerror(-completion->result));
	putchar('\n');
	if (completion->out_len) {
		hex(text, completion->out, completion->out_len);
		printf("output   %s\n", text);
	}
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

static int report(const struct spawn_run *run, const char *timeout)
{
	if (run->error)
		message("cannot spawn: %s", strerror(-run->error));
	if (run->count > 1)
		print_many(run);
	else if (run->joined)
		print_one(&run->last);

	if (run->timed_out) {
		message("timed out after %s", timeout);
		return STATUS_TIMED_OUT;
	}
	return run->succeeded == run->count ? STATUS_OK : STATUS_FAILED;
}

/* The operation's description; NULL: it has been said what is wrong. */
static struct ktask_op_info *get_op(struct ktask_set *set, const char *name)
{
	struct ktask_op_info *info;
	int err;

	err = ktask_op_get(set, name, &info);
	if (err == -ENOENT || err == -ENAMETOOLONG)
		message("there is no operation \"%s\" (\"ktask ops\" lists them)", name);
	else if (err)
		message("/dev/ktask: %s", strerror(-err));
	return info;
}

/* words: the operation, and its arguments as key=value. */
static int spawn(struct ktask_set *set, char **words, struct spawn_run *run,
		 const char *timeout)
{
	struct ktask_op_info *info;
	void *args;
	int status;
	int err;

	info = get_op(set, words[0]);
	if (!info)
		return STATUS_FAILED;
	status = args_encode(info, words + 1, &args);
	if (status) {
		ktask_op_free(info);
		return status;
	}

	run->desc.op = info->op;
	run->desc.args = (uintptr_t)args;
	run->desc.args_size = info->args_size;
	err = spawn_run(set, run);

	free(args);
	ktask_op_free(info);
	if (err) {
		message("/dev/ktask: %s", strerror(-err));
		return STATUS_FAILED;
	}
	return report(run, timeout);
}

int cmd_spawn(int argc, char **argv)
{
	struct spawn_run run = { .count = 1, .timeout_ns = KTASK_FOREVER };
	const char *timeout = NULL;
	struct ktask_set *set;
	uint64_t ns;
	int status;
	int opt;

	/* Options first: what follows the operation is its own. */
	while ((opt = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
		switch (opt) {
		case OPT_COUNT:
			if (!parse_number(optarg, MAX_COUNT, &run.count) || !run.count) {
				message("--count: \"%s\" is not a number from 1 to %d",
					optarg, MAX_COUNT);
				return usage_error("spawn");
			}
			break;
		case OPT_NAME:
			if (strlen(optarg) >= sizeof(run.desc.name)) {
				message("--name: \"%s\" is longer than %zu bytes", optarg,
					sizeof(run.desc.name) - 1);
				return usage_error("spawn");
			}
			memset(run.desc.name, 0, sizeof(run.desc.name));
			memcpy(run.desc.name, optarg, strlen(optarg));
			break;
		case OPT_TIMEOUT:
			if (!parse_duration(optarg, &ns) || ns > INT64_MAX) {
				message("--timeout: \"%s\" is not a duration such as 1.5s",
					optarg);
				return usage_error("spawn");
			}
			timeout = optarg;
			run.timeout_ns = ns;
			break;
		case OPT_HELP:
			fputs(help, stdout);
			return STATUS_OK;
		default:
			return usage_error("spawn");
		}
	}
	if (optind == argc) {
		message("an operation is missing");
		return usage_error("spawn");
	}

	set = set_open();
	if (!set)
		return STATUS_FAILED;
	status = spawn(set, argv + optind, &run, timeout);
	ktask_set_close(set);
	return status;
}
