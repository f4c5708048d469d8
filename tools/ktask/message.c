// SPDX-License-Identifier: GPL-2.0
/*
 * What goes to stderr.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "progress.h"
#include "text.h"

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

void message_file(const char *path, int err)
{
	char *shown = text_printable(path);

	message("%s: %s", shown, strerror(err));
	free(shown);
}

int usage_error(const char *verb)
{
	fprintf(stderr, "Try \"ktask%s%s --help\".\n", verb ? " " : "", verb ? verb : "");
	return STATUS_USAGE;
}
