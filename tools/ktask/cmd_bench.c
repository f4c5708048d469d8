// SPDX-License-Identifier: GPL-2.0
/*
 * ktask bench: becomes ktask-bench, which is a program of its own so that the command
 * needs nothing of what the peers need.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

/* Where it is if it is not beside the command, as it is where both were built. */
#define INSTALLED	KTASK_LIBEXECDIR "/ktask-bench"

int cmd_bench(int argc, char **argv)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	(void)argc;
	if (len > 0) {
		self[len] = '\0';
		/* Which of the commands there may be it is to compare. */
		setenv("KTASK_COMMAND", self, 1);
		slash = strrchr(self, '/');
		argv[0] = must_format("%.*s/ktask-bench", (int)(slash - self), self);
		execv(argv[0], argv);
		if (errno != ENOENT) {
			message_file(argv[0], errno);
			return STATUS_FAILED;
		}
	}
	execv(INSTALLED, argv);
	message("%s: %s: it comes with ktask, and is missing", INSTALLED, strerror(errno));
	return STATUS_FAILED;
}
