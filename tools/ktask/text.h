/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text of others, made fit to be shown.
 */
#ifndef KTASK_TEXT_H
#define KTASK_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A copy without control characters; to be freed. */
char *text_printable(const char *text);

/* A copy that is valid UTF-8; to be freed. */
char *text_utf8(const char *text);

/* How long the UTF-8 sequence at @text is; 0: it is none. */
size_t text_sequence(const char *text);

/* Whether a byte begins a character, or is none of UTF-8. */
static inline bool text_begins_character(char c)
{
	return (c & 0xc0) != 0x80;
}

/* How many characters there are, and how many bytes the first @width of them are. */
size_t text_width(const char *text);
size_t text_fitting(const char *text, size_t width);

#endif /* KTASK_TEXT_H */
