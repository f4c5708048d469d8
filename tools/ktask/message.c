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

void message_files(const char *what, const char *from, const char *to, const char *why)
{
	char *shown_from = text_printable(from);
	char *shown_to = text_printable(to);

	message("%s %s to %s: %s", what, shown_from, shown_to, why);
	free(shown_from);
	free(shown_to);
}

int usage_error(const char *verb)
{
	fprintf(stderr, "Try \"ktask%s%s --help\".\n", verb ? " " : "", verb ? verb : "");
	return STATUS_USAGE;
}
