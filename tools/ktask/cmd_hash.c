// SPDX-License-Identifier: GPL-2.0
/*
 * ktask hash
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "hash.h"
#include "json.h"
#include "progress.h"

#define DEFAULT_ALG	"sha256"

static const char help[] =
	"Usage: ktask hash [OPTION]... [FILE]...\n"
	"Hash files with tasks in the kernel, many at once, and print the digests as\n"
	"sha256sum does. Without FILE, read a list of file names from standard input.\n\n"
	"  -a, --algorithm=ALG    one that the kernel's crypto API knows; default " DEFAULT_ALG "\n"
	"  -j, --jobs=N           so many files at once\n"
	"  -r, --recursive        walk directories; symbolic links are not followed\n"
	"      --files-from=FILE  read a list of file names from FILE; -: standard input\n"
	"  -0, --null             names of the list end with a zero, not a newline\n"
	"      --json             show each result as a JSON object, one a line\n"
	"      --ordered          print in the order of the names, not as files are done\n"
	"      --no-progress      no progress line, even if stderr is a terminal\n"
	"      --help             show this\n";

enum {
	OPT_FILES_FROM = 256,
	OPT_JSON,
	OPT_ORDERED,
	OPT_NO_PROGRESS,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "algorithm", required_argument, NULL, 'a' },
	{ "jobs", required_argument, NULL, 'j' },
	{ "recursive", no_argument, NULL, 'r' },
	{ "files-from", required_argument, NULL, OPT_FILES_FROM },
	{ "null", no_argument, NULL, '0' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "ordered", no_argument, NULL, OPT_ORDERED },
	{ "no-progress", no_argument, NULL, OPT_NO_PROGRESS },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 }
};

int cmd_hash(int argc, char **argv)
{
	struct hash_options options = { .alg = DEFAULT_ALG };
	struct work work = {
		.kind = &hash_kind,
		.data = &options,
		.max_jobs = work_default_jobs(),
		.signal_fd = -1,
	};
	struct names names = { .list = { .fd = -1, .end = '\n' } };
	const char *files_from = NULL;
	bool progress = true;
	bool ok;
	int opt;

	while ((opt = getopt_long(argc, argv, "a:j:r0", long_options, NULL)) != -1) {
		switch (opt) {
		case 'a':
			options.alg = optarg;
			break;
		case 'j':
			if (!work_parse_jobs(optarg, &work.max_jobs))
				return usage_error("hash");
			break;
		case 'r':
			names.recursive = true;
			break;
		case OPT_FILES_FROM:
			files_from = optarg;
			break;
		case '0':
			names.list.end = '\0';
			break;
		case OPT_ORDERED:
			work.ordered = true;
			break;
		case OPT_JSON:
			options.json = true;
			break;
		case OPT_NO_PROGRESS:
			progress = false;
			break;
		case OPT_HELP:
			fputs(help, stdout);
			return STATUS_OK;
		default:
			return usage_error("hash");
		}
	}

	if (!*options.alg) {
		message("--algorithm: a name is missing");
		return usage_error("hash");
	}

	names.args = argv + optind;
	if (!*names.args && !files_from) {
		if (isatty(STDIN_FILENO)) {
			message("no file given, and standard input is a terminal");
			return usage_error("hash");
		}
		files_from = "-";
	}
	if (names.list.end == '\0' && !files_from) {
		message("--null is about a list of names, and there is none");
		return usage_error("hash");
	}

	if (options.json && !json_available())
		return STATUS_FAILED;
	work.set = set_open();
	if (!work.set)
		return STATUS_FAILED;
	if (files_from && !list_open(&names.list, files_from)) {
		ktask_set_close(work.set);
		return STATUS_FAILED;
	}

	if (progress)
		progress_start();
	ok = work_run(&work, &names);
	names_close(&names);
	ktask_set_close(work.set);
	return ok ? STATUS_OK : STATUS_FAILED;
}
