// SPDX-License-Identifier: GPL-2.0
/*
 * ktask copy
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd.h"
#include "copy.h"
#include "interrupt.h"
#include "json.h"
#include "progress.h"

#define DEFAULT_ALG	"sha256"

static const char help[] =
	"Usage: ktask copy [OPTION]... SOURCE DESTINATION\n"
	"       ktask copy [OPTION]... SOURCE... DIRECTORY\n"
	"       ktask copy [OPTION]... -t DIRECTORY [SOURCE]...\n"
	"Copy files with tasks in the kernel, many at once. A copy gets its name when it is\n"
	"on its disk and has been read back from there, with the digest of the source.\n\n"
	"  -a, --algorithm=ALG         one that the kernel's crypto API knows; default " DEFAULT_ALG "\n"
	"  -f, --force                 replace files that may not be written to\n"
	"  -j, --jobs=N                so many files at once\n"
	"  -r, --recursive             copy directories; symbolic links in them as such\n"
	"  -t, --target-directory=DIR  copy all into DIR\n"
	"  -v, --verbose               print digest and name of each copy, as sha256sum does\n"
	"      --files-from=FILE       read more names from FILE; -: standard input\n"
	"  -0, --null                  names of the list end with a zero, not a newline\n"
	"      --json                  show what came of each as a JSON object, one a line\n"
	"      --no-fsync              do not wait for the disk\n"
	"      --no-progress           no progress line, even if stderr is a terminal\n"
	"      --no-verify             do not compare copies with their sources\n"
	"      --help                  show this\n";

enum {
	OPT_FILES_FROM = 256,
	OPT_JSON,
	OPT_NO_FSYNC,
	OPT_NO_PROGRESS,
	OPT_NO_VERIFY,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "algorithm", required_argument, NULL, 'a' },
	{ "force", no_argument, NULL, 'f' },
	{ "jobs", required_argument, NULL, 'j' },
	{ "recursive", no_argument, NULL, 'r' },
	{ "target-directory", required_argument, NULL, 't' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "files-from", required_argument, NULL, OPT_FILES_FROM },
	{ "null", no_argument, NULL, '0' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "no-fsync", no_argument, NULL, OPT_NO_FSYNC },
	{ "no-progress", no_argument, NULL, OPT_NO_PROGRESS },
	{ "no-verify", no_argument, NULL, OPT_NO_VERIFY },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 }
};

/**
 * struct words - what the command line names
 * @names: the sources
 * @target: where to, by an option, or NULL
 * @files_from: where more names are, or NULL
 */
struct words {
	struct names names;
	const char *target;
	const char *files_from;
};

static bool is_directory(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* Tells sources and destination apart. An exit status. */
static int sort_words(struct copy *copy, struct words *words, char **args, int nr)
{
	struct stat st;

	words->names.args = args;
	if (words->names.list.end == '\0' && !words->files_from) {
		message("--null is about a list of names, and there is none");
		return usage_error("copy");
	}
	if (words->target) {
		if (!nr && !words->files_from) {
			message("a file to copy is missing");
			return usage_error("copy");
		}
		copy->dest = words->target;
	} else if (words->files_from) {
		message("--files-from needs --target-directory");
		return usage_error("copy");
	} else if (nr < 2) {
		message(nr ? "a destination is missing" : "a file to copy is missing");
		return usage_error("copy");
	} else {
		copy->dest = args[--nr];
		args[nr] = NULL;
	}

	copy->into = is_directory(copy->dest);
	if (!copy->into && (words->target || nr > 1)) {
		message_file(copy->dest, stat(copy->dest, &st) ? errno : ENOTDIR);
		return STATUS_FAILED;
	}
	return STATUS_OK;
}

static int run(struct copy *copy, struct words *words, struct work *work)
{
	int status = STATUS_OK;

	work->set = set_open();
	if (!work->set)
		return STATUS_FAILED;
	if (words->files_from && !list_open(&words->names.list, words->files_from)) {
		ktask_set_close(work->set);
		return STATUS_FAILED;
	}

	if (!work_run(work, &words->names))
		status = STATUS_FAILED;
	/* Even if we were interrupted: that is what they are to be like. */
	if (!copy_dirs_chmod(&copy->dirs))
		status = STATUS_FAILED;
	if (copy->sync && !work->stop && !copy_dirs_sync(&copy->dirs, work->set))
		status = STATUS_FAILED;
	names_close(&words->names);
	copy_free(copy);
	ktask_set_close(work->set);
	return status;
}

int cmd_copy(int argc, char **argv)
{
	struct words words = { .names = { .everything = true,
					  .list = { .fd = -1, .end = '\n' } } };
	struct copy copy = { .names = &words.names, .alg = DEFAULT_ALG, .sync = true };
	struct work work = {
		.kind = &copy_kind,
		.data = &copy,
		.max_jobs = work_default_jobs(),
	};
	bool progress = true;
	bool verify = true;
	int status;
	int opt;

	while ((opt = getopt_long(argc, argv, "a:fj:rRt:v0", long_options, NULL)) != -1) {
		switch (opt) {
		case 'a':
			copy.alg = optarg;
			break;
		case 'f':
			copy.force = true;
			break;
		case 'j':
			if (!work_parse_jobs(optarg, &work.max_jobs))
				return usage_error("copy");
			break;
		case 'r':
		case 'R':
			words.names.recursive = true;
			break;
		case 't':
			words.target = optarg;
			break;
		case 'v':
			copy.verbose = true;
			break;
		case '0':
			words.names.list.end = '\0';
			break;
		case OPT_FILES_FROM:
			words.files_from = optarg;
			break;
		case OPT_JSON:
			copy.json = true;
			break;
		case OPT_NO_FSYNC:
			copy.sync = false;
			break;
		case OPT_NO_PROGRESS:
			progress = false;
			break;
		case OPT_NO_VERIFY:
			verify = false;
			break;
		case OPT_HELP:
			fputs(help, stdout);
			return STATUS_OK;
		default:
			return usage_error("copy");
		}
	}
	if (!*copy.alg) {
		message("--algorithm: a name is missing");
		return usage_error("copy");
	}
	if (!verify)
		copy.alg = NULL;
	if (copy.json && !json_available())
		return STATUS_FAILED;

	status = sort_words(&copy, &words, argv + optind, argc - optind);
	if (status)
		return status;
	if (progress)
		progress_start();
	work.signal_fd = interrupt_open();
	status = run(&copy, &words, &work);
	interrupt_deliver();
	return status;
}
