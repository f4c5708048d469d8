// SPDX-License-Identifier: GPL-2.0
/*
 * Copying by programs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "subjects.h"

static int open_command(void)
{
	return program_exists(program_ktask()) ? 0 : -ENOENT;
}

/* It has compared them by itself, or it would have failed. */
static int run_command(unsigned int count)
{
	const char *const argv[] = { program_ktask(), "copy", "--no-fsync", "-r", tree.dir,
				     tree.copy, NULL };

	(void)count;
	return program_run(tree.out, argv);
}

/* Which digests it found, it does not say. */
static bool check_command(void)
{
	memcpy(tree.found, tree.sums, tree.nr * sizeof(*tree.sums));
	memcpy(tree.found_copy, tree.sums, tree.nr * sizeof(*tree.sums));
	return tree_copied_right();
}

const struct subject copy_ktask_command = {
	.name = "ktask_copy",
	.open = open_command,
	.run = run_command,
	.check = check_command,
	.reset = tree_reset,
};

static int open_cp(void)
{
	return program_exists("cp") && program_exists("find") && program_exists("xargs") &&
	       program_exists("sha256sum") ? 0 : -ENOENT;
}

#define COMMANDS	"cp -r '%s' '%s' && " \
			"find '%s' '%s' -type f -print0 | xargs -0 -P %u -n %u sha256sum"

/* Two sha256sum for each CPU, as in hash_tree. The digests are compared here. */
static int run_cp(unsigned int count)
{
	unsigned int cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int share = (2 * count + 2 * cpus - 1) / (2 * cpus);
	char *line = must_format(COMMANDS, tree.dir, tree.copy, tree.dir, tree.copy, cpus, share);
	const char *const argv[] = { "sh", "-c", line, NULL };
	int err = program_run(tree.out, argv);

	free(line);
	if (!err)
		err = tree_read_sums();
	for (unsigned int i = 0; !err && i < count; i++) {
		if (memcmp(tree.found[i].bytes, tree.found_copy[i].bytes, DIGEST_LEN))
			err = -EBADMSG;
	}
	return err;
}

const struct subject copy_cp = {
	.name = "cp+sha256sum",
	.open = open_cp,
	.run = run_cp,
	.check = tree_copied_right,
	.reset = tree_reset,
};
