// SPDX-License-Identifier: GPL-2.0
/*
 * ktask hash
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "hash.h"
#include "progress.h"

#define DEFAULT_ALG	"sha256"
#define MAX_JOBS	65536

static const char help[] =
	"Usage: ktask hash [OPTION]... [FILE]...\n"
	"Hash files with tasks in the kernel, many at once, and print the digests as\n"
	"sha256sum does. Without FILE, read a list of file names from standard input.\n\n"
	"  -a, --algorithm=ALG    one that the kernel's crypto API knows; default " DEFAULT_ALG "\n"
	"  -j, --jobs=N           so many files at once\n"
	"  -r, --recursive        walk directories; symbolic links are not followed\n"
	"      --files-from=FILE  read a list of file names from FILE; -: standard input\n"
	"  -0, --null             names of the list end with a zero, not a newline\n"
	"      --ordered          print in the order of the names, not as files are done\n"
	"      --no-progress      no progress line, even if stderr is a terminal\n"
	"      --help             show this\n";

enum {
	OPT_FILES_FROM = 256,
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
	{ "ordered", no_argument, NULL, OPT_ORDERED },
	{ "no-progress", no_argument, NULL, OPT_NO_PROGRESS },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 }
};

/* Enough that some can wait for the disk while others are computed. */
static size_t default_jobs(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return cpus > 4 ? 4 * cpus : 16;
}

static bool open_list(struct list *list, const char *path)
{
	if (!strcmp(path, "-")) {
		list->fd = STDIN_FILENO;
		list->label = "standard input";
		return true;
	}
	list->label = path;
	list->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (list->fd < 0)
		message_file(path, errno);
	return list->fd >= 0;
}

int cmd_hash(int argc, char **argv)
{
	struct hash_options options = { .alg = DEFAULT_ALG, .jobs = default_jobs() };
	struct names names = { .list = { .fd = -1, .end = '\n' } };
	const char *files_from = NULL;
	struct ktask_set *set;
	bool progress = true;
	uint64_t number;
	bool ok;
	int opt;

	while ((opt = getopt_long(argc, argv, "a:j:r0", long_options, NULL)) != -1) {
		switch (opt) {
		case 'a':
			options.alg = optarg;
			break;
		case 'j':
			if (!parse_number(optarg, MAX_JOBS, &number) || !number) {
				message("--jobs: \"%s\" is not a number from 1 to %d",
					optarg, MAX_JOBS);
				return usage_error("hash");
			}
			options.jobs = number;
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
			options.ordered = true;
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

	set = set_open();
	if (!set)
		return STATUS_FAILED;
	if (files_from && !open_list(&names.list, files_from)) {
		ktask_set_close(set);
		return STATUS_FAILED;
	}

	if (progress)
		progress_start();
	ok = hash_run(set, &options, &names);
	names_close(&names);
	ktask_set_close(set);
	return ok ? STATUS_OK : STATUS_FAILED;
}
