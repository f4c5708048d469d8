// SPDX-License-Identifier: GPL-2.0
/*
 * ktask: tasks that run in the kernel, from the command line.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

static const struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} verbs[] = {
	{ "bench", cmd_bench, "measure what tasks cost, beside threads, io_uring and others" },
	{ "copy", cmd_copy, "copy files, many at once, and compare what came of it" },
	{ "hash", cmd_hash, "hash files, many at once" },
	{ "info", cmd_info, "show the kernel module and its counters" },
	{ "ops", cmd_ops, "list the operations and their arguments" },
	{ "ps", cmd_ps, "list the tasks of all programs" },
	{ "run", cmd_run, "run a graph of operations" },
	{ "spawn", cmd_spawn, "run an operation and show its result" },
	{ "top", cmd_top, "show the tasks of all programs, again and again" },
};

#define NR_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static int help(void)
{
	printf("Usage: ktask VERB [OPTION]... [ARGUMENT]...\n"
	       "Run tasks in the kernel.\n\n");
	for (size_t i = 0; i < NR_VERBS; i++)
		printf("  %-8s  %s\n", verbs[i].name, verbs[i].summary);
	printf("\n  --help     show this, or with a verb what it takes\n"
	       "  --version  show the version\n"
	       "\nSee ktask(1).\n");
	return STATUS_OK;
}

static int run(int argc, char **argv)
{
	const char *word = argv[1];

	if (argc < 2) {
		message("a verb is missing");
		return usage_error(NULL);
	}
	if (!strcmp(word, "--help") || !strcmp(word, "-h"))
		return help();
	if (!strcmp(word, "--version") || !strcmp(word, "-V")) {
		printf("ktask %s\n", KTASK_VERSION);
		return STATUS_OK;
	}
	for (size_t i = 0; i < NR_VERBS; i++) {
		if (strcmp(word, verbs[i].name))
			continue;
		/* What getopt_long(3) puts in front of its complaints. */
		argv[1] = argv[0];
		return verbs[i].run(argc - 1, argv + 1);
	}

	message("there is no %s \"%s\"", *word == '-' ? "option" : "verb", word);
	return usage_error(NULL);
}

/*
 * Descriptors 0 to 2 must be taken, or a file that we open would get one of
 * them and our output with it. Opened the wrong way round, so that using one
 * is still the error that it would have been.
 */
static void reserve_standard_fds(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
	}
}

int main(int argc, char **argv)
{
	static char program[] = "ktask";
	int status;

	if (argc)
		argv[0] = program;
	reserve_standard_fds();
	status = run(argc, argv);

	/* Output that could not be written is a failure, though found this late. */
	if (!output_close() && !status)
		status = STATUS_FAILED;
	return status;
}
