// SPDX-License-Identifier: GPL-2.0
/*
 * Hashing by programs.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "subjects.h"

static int open_command(void)
{
	return program_exists(program_ktask()) ? 0 : -ENOENT;
}

static int run_command(unsigned int count)
{
	const char *const argv[] = { program_ktask(), "hash", "-r", tree.dir, NULL };

	(void)count;
	return program_run(tree.out, argv);
}

static bool check(void)
{
	return !tree_read_sums() && tree_found_right();
}

const struct subject hash_ktask_command = {
	.name = "ktask_hash",
	.open = open_command,
	.run = run_command,
	.check = check,
	.reset = tree_reset,
};

static int open_xargs(void)
{
	return program_exists("find") && program_exists("xargs") &&
	       program_exists("sha256sum") ? 0 : -ENOENT;
}

/*
 * Two programs for each CPU, one after the other: fewer leave a CPU idle when the shares
 * are not alike, more cost more to start.
 */
static int run_xargs(unsigned int count)
{
	unsigned int cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int share = (count + 2 * cpus - 1) / (2 * cpus);
	char *line = must_format("find '%s' -type f -print0 | xargs -0 -P %u -n %u sha256sum",
				 tree.dir, cpus, share);
	const char *const argv[] = { "sh", "-c", line, NULL };
	int err = program_run(tree.out, argv);

	free(line);
	return err;
}

const struct subject hash_xargs = {
	.name = "xargs_sha256sum",
	.open = open_xargs,
	.run = run_xargs,
	.check = check,
	.reset = tree_reset,
};
