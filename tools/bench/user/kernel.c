// SPDX-License-Identifier: GPL-2.0
/*
 * The rows of the module ktask_bench, which does these by itself when it is told to.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define DIR	"/sys/kernel/debug/ktask_bench"
#define ROWS	DIR "/rows"
#define RUN	DIR "/run"

/* Operations a round where it only matters that it runs. */
#define QUICK_COUNT	64

/* Where the number of operations is given, that of the rounds must be. */
#define COUNT_ROUNDS	3

/* Whether there is such a row, but not here: there are too few CPUs. */
static bool is_missing(int err)
{
	return err == ENXIO || err == EOPNOTSUPP;
}

/* What the last run has measured. */
static void read_samples(const char *name)
{
	FILE *file = fopen(RUN, "re");
	char *line = NULL;
	size_t size = 0;

	if (!file) {
		fail("%s: %s", RUN, strerror(errno));
		return;
	}
	while (getline(&line, &size, file) > 0) {
		if (!samples_parse(line, "kernel")) {
			fail("kernel/%s: the module gave what is no sample: %s", name, line);
			break;
		}
	}
	free(line);
	fclose(file);
}

static void run_row(const char *name)
{
	char *request;
	ssize_t n;
	int fd;

	if (options.count)
		request = must_format("%s %u %u", name, options.rounds ?: COUNT_ROUNDS,
				      options.count);
	else if (options.quick)
		request = must_format("%s %u %u", name, options.rounds ?: 1, QUICK_COUNT);
	else if (options.rounds)
		request = must_format("%s %u", name, options.rounds);
	else
		request = must(strdup(name));

	fd = open(RUN, O_WRONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : write(fd, request, strlen(request));
	if (n >= 0)
		read_samples(name);
	else if (is_missing(errno))
		say("without kernel/%s: %s", name, strerror(errno));
	else
		fail("kernel/%s: %s", name, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(request);
}

/*
 * Has @visit see each row, and what it measures. Return: false: there are none, for
 * which errno says why.
 */
static bool for_each_row(void (*visit)(const char *name, const char *what))
{
	FILE *file = fopen(ROWS, "re");
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return false;
	while (getline(&line, &size, file) > 0) {
		char *what = line, *name = strsep(&what, "\t");

		if (what)
			what[strcspn(what, "\n")] = '\0';
		name[strcspn(name, "\n")] = '\0';
		visit(name, what ?: "");
	}
	free(line);
	fclose(file);
	return true;
}

static void run_selected(const char *name, const char *what)
{
	(void)what;
	if (selected("kernel", name))
		run_row(name);
}

/* Without the module there is nothing to be run, unless nothing else is wanted. */
void kernel_rows(void)
{
	if (for_each_row(run_selected))
		return;
	if (!options.user)
		fail("%s: %s: is the module ktask_bench loaded, and are you root?", DIR,
		     strerror(errno));
	else if (!options.names[0])
		say("without the rows of the kernel: the module ktask_bench cannot be reached: %s",
		    strerror(errno));
}

static void list_row(const char *name, const char *what)
{
	printf("kernel/%-14s %s\n", name, what);
}

void kernel_list(void)
{
	if (!for_each_row(list_row) && !options.user)
		fail("%s: %s: is the module ktask_bench loaded, and are you root?", DIR,
		     strerror(errno));
}
