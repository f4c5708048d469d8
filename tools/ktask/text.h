/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text of others, made fit to be shown.
 */
#ifndef KTASK_TEXT_H
#define KTASK_TEXT_H

#include <stddef.h>

/* A copy without control characters; to be freed. */
char *text_printable(const char *text);

/* A copy that is valid UTF-8; to be freed. */
char *text_utf8(const char *text);

/* How long the UTF-8 sequence at @text is; 0: it is none. */
size_t text_sequence(const char *text);

#endif /* KTASK_TEXT_H */
