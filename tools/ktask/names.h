/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of the files to work on: from the command line, then from a list,
 * and what is below them if directories are to be walked.
 */
#ifndef KTASK_NAMES_H
#define KTASK_NAMES_H

#include <fts.h>
#include <stdbool.h>

#include "list.h"

/**
 * struct names - where names come from
 * @args: names from the command line, up to a NULL
 * @list: names from a file; its fd is -1 if there is none
 * @recursive: walk directories
 * @walk: the directory being walked, or NULL
 * @failed: something could not be read, which has been said
 */
struct names {
	char **args;
	struct list list;
	bool recursive;
	FTS *walk;
	bool failed;
};

/**
 * struct name - a file to open
 * @path: to be freed
 * @found: found in a directory: if it is a symbolic link now, it was not then
 */
struct name {
	char *path;
	bool found;
};

/* False: there are no more. May wait for the list. */
bool names_next(struct names *names, struct name *name);

/* Whether names_next() would wait for the list; then see list_fill(). */
bool names_would_wait(const struct names *names);

void names_close(struct names *names);

#endif /* KTASK_NAMES_H */
