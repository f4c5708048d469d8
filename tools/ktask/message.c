// SPDX-License-Identifier: GPL-2.0
/*
 * What goes to stderr.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "progress.h"

void message(const char *fmt, ...)
{
	va_list ap;

	progress_hide();
	/* So that lines of both kinds stand in the order in which they came. */
	fflush(stdout);

	fputs("ktask: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/*
 * What went wrong with a file. Control characters would be the file's owner
 * speaking to our user's terminal.
 */
void message_file(const char *path, int err)
{
	char *shown = strdup(path);

	for (char *c = shown; c && *c; c++) {
		if (iscntrl((unsigned char)*c))
			*c = '?';
	}
	message("%s: %s", shown ? shown : "?", strerror(err));
	free(shown);
}

int usage_error(const char *verb)
{
	fprintf(stderr, "Try \"ktask%s%s --help\".\n", verb ? " " : "", verb ? verb : "");
	return STATUS_USAGE;
}
