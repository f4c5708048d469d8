// SPDX-License-Identifier: GPL-2.0
/*
 * ktask top
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "top.h"

#define DEFAULT_DELAY_NS	2000000000

/* Enough for the display of a machine, not for an eye. */
#define MIN_DELAY_NS		10000000

static const char help[] =
	"Usage: ktask top [OPTION]...\n"
	"Show the tasks of all open files of /dev/ktask, again and again, those that use a\n"
	"CPU most first. On a terminal, q ends it and a blank looks at once; else the\n"
	"looks are printed one after the other.\n\n"
	"  -d, --delay=DURATION  how long between looks, without a unit in seconds; default 2\n"
	"  -n, --iterations=N    end after so many looks\n"
	"      --sort=KEY        by " ROWS_SORT_KEYS ";\n"
	"                        default share: the CPU use since the last look\n"
	"      --help            show this\n";

enum {
	OPT_SORT = 256,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "delay", required_argument, NULL, 'd' },
	{ "iterations", required_argument, NULL, 'n' },
	{ "sort", required_argument, NULL, OPT_SORT },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 }
};

/* As people are used to from others of that name, a number alone is seconds. */
static bool parse_delay(const char *text, uint64_t *ns)
{
	bool alone = text[strspn(text, "0123456789.")] == '\0';
	char *seconds = must_format("%s%s", text, alone ? "s" : "");
	bool ok = parse_duration(seconds, ns) && *ns >= MIN_DELAY_NS;

	free(seconds);
	return ok;
}

int cmd_top(int argc, char **argv)
{
	struct top top = { .delay_ns = DEFAULT_DELAY_NS };
	int status;
	int opt;

	rows_sort_key("share", &top.key);
	while ((opt = getopt_long(argc, argv, "d:n:", long_options, NULL)) != -1) {
		switch (opt) {
		case 'd':
			if (!parse_delay(optarg, &top.delay_ns)) {
				message("--delay: \"%s\" is not a duration of 10ms or more",
					optarg);
				return usage_error("top");
			}
			break;
		case 'n':
			if (!parse_number(optarg, UINT64_MAX, &top.iterations) ||
			    !top.iterations) {
				message("--iterations: \"%s\" is not a number above 0", optarg);
				return usage_error("top");
			}
			break;
		case OPT_SORT:
			if (!rows_sort_key(optarg, &top.key)) {
				message("--sort: \"%s\" is not one of " ROWS_SORT_KEYS, optarg);
				return usage_error("top");
			}
			break;
		case OPT_HELP:
			fputs(help, stdout);
			return STATUS_OK;
		default:
			return usage_error("top");
		}
	}
	if (optind < argc) {
		message("there is one argument too many: \"%s\"", argv[optind]);
		return usage_error("top");
	}

	top.set = set_open();
	if (!top.set)
		return STATUS_FAILED;
	status = top_run(&top);
	ktask_set_close(top.set);
	return status;
}
