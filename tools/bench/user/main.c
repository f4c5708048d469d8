// SPDX-License-Identifier: GPL-2.0
/*
 * ktask-bench: ktask against its peers. Started by "ktask bench".
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define ROUNDS_MAX	1000
#define COUNT_MAX	10000000

static const char help[] =
	"Usage: ktask bench [OPTION]... [ROW]...\n"
	"Measure ktask and its peers beside each other, and print a table. Those inside of\n"
	"the kernel take part if the module ktask_bench is loaded.\n\n"
	"      --list          show what rows there are\n"
	"      --user          only those of programs\n"
	"      --kernel        only those inside of the kernel\n"
	"      --rounds=N      measure each N times\n"
	"      --count=N       as N operations in each round; files, for trees of these\n"
	"      --quick         hardly any work: only to see that it runs\n"
	"      --dir=DIR       make trees of files in DIR; default /dev/shm\n"
	"      --extra=FILE    add to the table what was measured elsewhere\n"
	"      --samples=FILE  write all that was measured to FILE, as --extra reads it\n"
	"      --json[=FILE]   as a JSON object in place of the table, or to FILE beside it\n"
	"      --help          show this\n\n"
	"A line of such a file is ROW, SUBJECT, METRIC, ROUND and VALUE, with tabs between.\n"
	"The exit status tells whether all has run, not how fast.\n";

enum {
	OPT_LIST = 256,
	OPT_USER,
	OPT_KERNEL,
	OPT_ROUNDS,
	OPT_COUNT,
	OPT_QUICK,
	OPT_DIR,
	OPT_EXTRA,
	OPT_SAMPLES,
	OPT_JSON,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "list", no_argument, NULL, OPT_LIST },
	{ "user", no_argument, NULL, OPT_USER },
	{ "kernel", no_argument, NULL, OPT_KERNEL },
	{ "rounds", required_argument, NULL, OPT_ROUNDS },
	{ "count", required_argument, NULL, OPT_COUNT },
	{ "quick", no_argument, NULL, OPT_QUICK },
	{ "dir", required_argument, NULL, OPT_DIR },
	{ "extra", required_argument, NULL, OPT_EXTRA },
	{ "samples", required_argument, NULL, OPT_SAMPLES },
	{ "json", optional_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 }
};

struct options options;

static bool failed;

__attribute__((format(printf, 1, 0)))
static void vsay(const char *fmt, va_list ap)
{
	fflush(stdout);
	fputs("ktask: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(fmt, ap);
	va_end(ap);
}

void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(fmt, ap);
	va_end(ap);
	failed = true;
}

/**
 * struct output - where to what was measured goes
 * @samples: a file, or NULL
 * @json: that as a JSON object: to stdout
 * @json_file: the same: to that file, or NULL
 */
struct output {
	const char *samples;
	bool json;
	const char *json_file;
};

static int usage(void)
{
	fputs("Try \"ktask bench --help\".\n", stderr);
	return STATUS_USAGE;
}

static bool parse_number(const char *option, const char *text, unsigned long max,
			 unsigned int *number)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || !value || value > max) {
		say("%s: \"%s\" is not a number from 1 to %lu", option, text, max);
		return false;
	}
	*number = value;
	return true;
}

static int list(void)
{
	if (options.user) {
		for (const struct row *const *row = rows; *row; row++)
			printf("user/%-16s %s\n", (*row)->name, (*row)->what);
	}
	if (options.kernel)
		kernel_list();
	return failed ? STATUS_FAILED : STATUS_OK;
}

static bool write_json(const char *path)
{
	FILE *file = fopen(path, "we");
	bool ok;

	if (!file) {
		say("%s: %s", path, strerror(errno));
		return false;
	}
	json_write(file);
	ok = !ferror(file);
	ok = !fclose(file) && ok;
	if (!ok)
		say("%s: %s", path, strerror(errno));
	return ok;
}

static bool write_stdout(const struct output *output)
{
	if (output->json)
		json_write(stdout);
	else
		table_print(stdout);
	if (!fflush(stdout) && !ferror(stdout))
		return true;
	say("write error: %s", strerror(errno));
	return false;
}

static int run(const struct output *output)
{
	if (options.user)
		run_rows();
	if (options.kernel)
		kernel_rows();
	selected_all_seen();
	series_sort();

	if (output->samples && !samples_write(output->samples))
		failed = true;
	if (output->json_file && !write_json(output->json_file))
		failed = true;
	if (!write_stdout(output))
		failed = true;
	return failed ? STATUS_FAILED : STATUS_OK;
}

int main(int argc, char **argv)
{
	static char program[] = "ktask";
	struct output output = { 0 };
	bool only_list = false;
	int opt;

	if (argc)
		argv[0] = program;
	while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (opt) {
		case OPT_LIST:
			only_list = true;
			break;
		case OPT_USER:
			options.user = true;
			break;
		case OPT_KERNEL:
			options.kernel = true;
			break;
		case OPT_ROUNDS:
			if (!parse_number("--rounds", optarg, ROUNDS_MAX, &options.rounds))
				return usage();
			break;
		case OPT_COUNT:
			if (!parse_number("--count", optarg, COUNT_MAX, &options.count))
				return usage();
			break;
		case OPT_QUICK:
			options.quick = true;
			break;
		case OPT_DIR:
			options.dir = optarg;
			break;
		case OPT_EXTRA:
			if (!samples_read(optarg))
				return STATUS_FAILED;
			break;
		case OPT_SAMPLES:
			output.samples = optarg;
			break;
		case OPT_JSON:
			output.json = !optarg;
			output.json_file = optarg;
			break;
		case OPT_HELP:
			fputs(help, stdout);
			return STATUS_OK;
		default:
			return usage();
		}
	}
	options.names = argv + optind;
	if (!options.user && !options.kernel) {
		options.user = true;
		options.kernel = true;
	}
	return only_list ? list() : run(&output);
}
