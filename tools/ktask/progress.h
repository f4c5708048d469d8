/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A line on the terminal that tells how far a verb has come.
 */
#ifndef KTASK_PROGRESS_H
#define KTASK_PROGRESS_H

#include <stdint.h>

/* Nothing is ever shown unless this has been called, and stderr is a terminal. */
void progress_start(void);

/* Shows the line, unless it did so a moment ago. */
void progress_show(uint64_t files, uint64_t bytes);

/* Erases the line: something is to be printed on stderr, or it is over. */
void progress_hide(void);

/* Erases the line if it would be in the way of what is printed on stdout. */
void progress_make_way(void);

#endif /* KTASK_PROGRESS_H */
