/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A line on the terminal that tells how far a verb has come.
 */
#ifndef KTASK_PROGRESS_H
#define KTASK_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Nothing is ever shown unless this has been called, and stderr is a terminal. */
void progress_start(void);

/* Whether there is a line to be shown, and it was not shown just a moment ago. */
bool progress_due(void);

/* How long that moment is, in milliseconds, as for poll(2); -1: no line is shown. */
int progress_interval(void);

void progress_show(uint64_t files, uint64_t bytes);

/* Erases the line: something is to be printed on stderr, or it is over. */
void progress_hide(void);

/* Erases the line if it would be in the way of what is printed on stdout. */
void progress_make_way(void);

#endif /* KTASK_PROGRESS_H */
