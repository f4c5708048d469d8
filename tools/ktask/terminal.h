/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A whole terminal to draw on.
 */
#ifndef KTASK_TERMINAL_H
#define KTASK_TERMINAL_H

#include <stddef.h>

/*
 * Takes the terminal that stdout is, and stdin if that is one too: keys come as they
 * are pressed, unseen. Whoever does that has signals held back, see interrupt.h.
 */
void terminal_open(void);

/* Gives it back as it was. */
void terminal_close(void);

/* Lines and columns. */
void terminal_size(size_t *lines, size_t *columns);

/* Has lines of text be all that is on it. */
void terminal_draw(const char *text);

#endif /* KTASK_TERMINAL_H */
