// SPDX-License-Identifier: GPL-2.0
/*
 * What goes to stdout, and whether it got there.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

static bool failed;

static bool fail(int err)
{
	failed = true;
	/* The cause may be lost when it was met in the midst of printing. */
	if (err)
		message("write error: %s", strerror(err));
	else
		message("write error");
	return false;
}

bool output_flush(void)
{
	if (failed)
		return false;

	errno = 0;
	if (fflush(stdout) || ferror(stdout))
		return fail(errno);
	return true;
}

/* Some file systems tell only here. */
bool output_close(void)
{
	if (!output_flush())
		return false;
	if (close(STDOUT_FILENO) < 0)
		return fail(errno);
	return true;
}
