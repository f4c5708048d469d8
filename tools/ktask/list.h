/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A list of names in a file or pipe, each ended by a newline or a zero.
 */
#ifndef KTASK_LIST_H
#define KTASK_LIST_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct list - a list being read
 * @fd: where from, or -1
 * @label: what to call it in messages
 * @end: what ends a name
 * @text: what has been read
 * @start: where the next name begins in it
 * @len: how much there is in all
 * @room: how much there is room for
 * @eof: there is no more to read
 * @failed: that was because of an error, which has been said
 */
struct list {
	int fd;
	const char *label;
	char end;
	char *text;
	size_t start;
	size_t len;
	size_t room;
	bool eof;
	bool failed;
};

/* From a file, or "-": standard input. False: it cannot be opened; has been said. */
bool list_open(struct list *list, const char *path);

/* NULL: there are no more. To be freed. Reads, and so may wait, as needed. */
char *list_next(struct list *list);

/* Whether list_next() would have to read. */
bool list_would_wait(const struct list *list);

/* Reads once. */
void list_fill(struct list *list);

void list_close(struct list *list);

#endif /* KTASK_LIST_H */
