/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A text in a language, and what is wrong in it.
 */
#ifndef KTASK_SOURCE_H
#define KTASK_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct source - a text
 * @name: where it is from
 * @text: all of it; a zero is behind it
 * @len: how long it is
 * @errors: how many places are wrong, so far
 *
 * A place is a pointer into @text, from its begin to the zero behind it.
 */
struct source {
	const char *name;
	char *text;
	size_t len;
	unsigned int errors;
};

/* A file, or "-": standard input. False: it cannot be read; has been said. */
bool source_read(struct source *source, const char *path);
void source_free(struct source *source);

/* Which line a place is on, from 1. */
size_t source_line(const struct source *source, const char *at);

/*
 * Says what is wrong, as NAME:LINE:COLUMN, with the line and a mark under the place.
 * A column is a character, and tabs are one.
 */
void source_error(struct source *source, const char *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* KTASK_SOURCE_H */
