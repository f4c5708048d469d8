// SPDX-License-Identifier: GPL-2.0
/*
 * A text in a language, and what is wrong in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "source.h"
#include "text.h"

/* No text that people write is longer. */
#define MAX_LEN		(64 << 20)

/* More places than these are not shown: the first may have caused the rest. */
#define MAX_ERRORS	20

#define CHUNK		65536

static bool read_all(struct source *source, int fd)
{
	size_t room = 0;
	ssize_t n;

	do {
		if (room - source->len < CHUNK) {
			room = room * 2 + CHUNK;
			source->text = must_realloc(source->text, room + 1, 1);
		}
		n = read(fd, source->text + source->len, room - source->len);
		if (n < 0) {
			message_file(source->name, errno);
			return false;
		}
		source->len += n;
		if (source->len > MAX_LEN) {
			message_file(source->name, EFBIG);
			return false;
		}
	} while (n);
	source->text[source->len] = '\0';
	return true;
}

bool source_read(struct source *source, const char *path)
{
	bool from_stdin = !strcmp(path, "-");
	bool ok;
	int fd;

	memset(source, 0, sizeof(*source));
	source->name = from_stdin ? "standard input" : path;
	fd = from_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		message_file(path, errno);
		return false;
	}
	ok = read_all(source, fd);
	if (!from_stdin)
		close(fd);
	return ok;
}

void source_free(struct source *source)
{
	free(source->text);
}

size_t source_line(const struct source *source, const char *at)
{
	size_t line = 1;

	for (const char *c = source->text; c < at; c++)
		line += *c == '\n';
	return line;
}

/* The line, and a mark under the character that is number @column in it. */
static void show_line(const char *begin, const char *end, size_t column)
{
	char *line = must_strndup(begin, end - begin);
	char *shown;

	/* For the terminal a tab is no control character like others. */
	for (char *c = line; *c; c++) {
		if (*c == '\t')
			*c = ' ';
	}
	shown = text_printable(line);
	fprintf(stderr, "    %s\n    %*s^\n", shown, (int)column - 1, "");
	free(shown);
	free(line);
}

void source_error(struct source *source, const char *at, const char *fmt, ...)
{
	char *shown = text_printable(source->name);
	const char *begin = at;
	size_t column = 1;
	const char *end;
	char *what;
	va_list ap;

	if (source->errors++ < MAX_ERRORS) {
		while (begin > source->text && begin[-1] != '\n')
			begin--;
		for (const char *c = begin; c < at; c++)
			column += text_begins_character(*c);
		end = begin + strcspn(begin, "\r\n");

		va_start(ap, fmt);
		what = must_vformat(fmt, ap);
		va_end(ap);
		fflush(stdout);
		fprintf(stderr, "%s:%zu:%zu: %s\n", shown, source_line(source, at), column, what);
		show_line(begin, end, column);
		free(what);
	}
	free(shown);
}
