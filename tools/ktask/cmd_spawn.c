// SPDX-License-Identifier: GPL-2.0
/*
 * ktask spawn
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "desc.h"
#include "json.h"
#include "ops.h"
#include "spawn.h"

#define MAX_COUNT	1000000000

static const char help[] =
	"Usage: ktask spawn [OPTION]... OPERATION [KEY=VALUE]...\n"
	"Run an operation in the kernel and show what became of it. \"ktask ops\" lists\n"
	"the operations and their keys.\n\n"
	"Values: numbers are decimal, or hexadecimal with 0x; durations have a unit (ns,\n"
	"us, ms, s, m, h) or are nanoseconds; a file is a path, which is opened as the\n"
	"operation needs it, or @N: descriptor N; data is text, hex:DIGITS, or @FILE.\n\n"
	"      --count=N           run it N times, at once, and show a summary\n"
	"      --cpu=N             on this CPU only\n"
	"      --delay=DURATION    do not start it before\n"
	"      --json              show it as a JSON object\n"
	"      --name=NAME         what the task is called in listings\n"
	"      --out=FILE          write its output to FILE, as it is; -: to standard output\n"
	"      --priority=WORD     normal, high or idle\n"
	"      --timeout=DURATION  abort what has not ended by then, and exit with 124\n"
	"      --help              show this\n";

enum {
	OPT_COUNT = 256,
	OPT_DESC,
	OPT_JSON,
	OPT_OUT,
	OPT_TIMEOUT,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "count", required_argument, NULL, OPT_COUNT },
	{ "cpu", required_argument, NULL, OPT_DESC },
	{ "delay", required_argument, NULL, OPT_DESC },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "name", required_argument, NULL, OPT_DESC },
	{ "out", required_argument, NULL, OPT_OUT },
	{ "priority", required_argument, NULL, OPT_DESC },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 }
};

/* words: the arguments, as key=value. An exit status. */
static int set_args(struct args *args, char *const *words)
{
	int status = STATUS_OK;

	for (; !status && *words; words++) {
		const char *equals = strchr(*words, '=');
		char *key;

		if (!equals)
			return args_fail(args, STATUS_USAGE,
					 "\"%s\" is not of the form key=value", *words);
		key = must_strndup(*words, equals - *words);
		status = args_set(args, key, equals + 1);
		free(key);
	}
	return status ? status : args_finish(args, false);
}

/*
 * Fills in args. An exit status; if not 0, it has been said why. Files are opened, and
 * perhaps made, when all the rest is known to be right.
 */
static int fill_args(struct args *args, const struct ktask_op_info *info,
		     char *const *words)
{
	int status;

	args_open(args, info, true);
	status = set_args(args, words);
	if (!status) {
		args_close(args);
		args_open(args, info, false);
		status = set_args(args, words);
	}
	if (status)
		message("%s", args->why);
	return status;
}

static bool open_out(struct spawn_options *options)
{
	if (!options->out)
		return true;
	if (!strcmp(options->out, "-")) {
		options->out_fd = STDOUT_FILENO;
		return true;
	}
	options->out_fd = open(options->out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY,
			       0666);
	if (options->out_fd < 0)
		message_file(options->out, errno);
	return options->out_fd >= 0;
}

static int spawn(struct ktask_set *set, char **words, struct spawn_options *options,
		 struct spawn_run *run)
{
	struct ktask_op_info *info;
	struct args args;
	int status;
	int err;

	options->op = words[0];
	info = op_get(set, options->op);
	if (!info)
		return STATUS_FAILED;

	status = fill_args(&args, info, words + 1);
	if (!status && !open_out(options))
		status = STATUS_FAILED;
	if (!status) {
		run->desc.op = info->op;
		run->desc.args = (uintptr_t)args.bytes;
		run->desc.args_size = info->args_size;
		run->out_size = info->out_size;
		err = spawn_run(set, run);
		if (err) {
			message("/dev/ktask: %s", strerror(-err));
			status = STATUS_FAILED;
		} else {
			status = spawn_report(set, options, run);
		}
	}
	args_close(&args);
	ktask_op_free(info);
	return status;
}

/* False: the value cannot be used; has been said. */
static bool set_desc(struct ktask_desc *desc, const char *key, const char *value)
{
	char *why = desc_set(desc, key, value);

	if (why)
		message("--%s: %s", key, why);
	free(why);
	return !why;
}

int cmd_spawn(int argc, char **argv)
{
	struct spawn_run run = { .count = 1, .timeout_ns = KTASK_FOREVER };
	struct spawn_options options = { .out_fd = -1 };
	struct ktask_set *set;
	int which = 0;
	uint64_t ns;
	int status;
	int opt;

	/* Options first: what follows the operation is its own. */
	while ((opt = getopt_long(argc, argv, "+", long_options, &which)) != -1) {
		switch (opt) {
		case OPT_COUNT:
			if (!parse_number(optarg, MAX_COUNT, &run.count) || !run.count) {
				message("--count: \"%s\" is not a number from 1 to %d",
					optarg, MAX_COUNT);
				return usage_error("spawn");
			}
			break;
		case OPT_DESC:
			if (!set_desc(&run.desc, long_options[which].name, optarg))
				return usage_error("spawn");
			break;
		case OPT_JSON:
			options.json = true;
			break;
		case OPT_OUT:
			options.out = optarg;
			break;
		case OPT_TIMEOUT:
			if (!parse_duration(optarg, &ns) || ns > INT64_MAX) {
				message("--timeout: \"%s\" is not a duration such as 1.5s",
					optarg);
				return usage_error("spawn");
			}
			options.timeout = optarg;
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
	if (options.out && run.count > 1) {
		message("--out is for the output of one task");
		return usage_error("spawn");
	}
	if (options.out && options.json && !strcmp(options.out, "-")) {
		message("--out=- and --json cannot both have standard output");
		return usage_error("spawn");
	}
	if (options.json && !json_available())
		return STATUS_FAILED;

	set = set_open();
	if (!set)
		return STATUS_FAILED;
	status = spawn(set, argv + optind, &options, &run);
	ktask_set_close(set);
	return status;
}
