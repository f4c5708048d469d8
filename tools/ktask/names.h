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
 * @everything: then give directories too, before what is in them, and files that are
 *	no regular ones; else regular files only
 * @walk: the directory being walked, or NULL
 * @entry: the latest of it, while it can be skipped
 * @root: length of its name
 * @failed: something could not be read, which has been said
 */
struct names {
	char **args;
	struct list list;
	bool recursive;
	bool everything;
	FTS *walk;
	FTSENT *entry;
	size_t root;
	bool failed;
};

/**
 * enum name_kind - what a name stands for
 * @NAME_FILE: a file, or whatever else was given by name
 * @NAME_DIRECTORY: a directory to be walked
 * @NAME_LINK: a symbolic link in a directory
 * @NAME_SPECIAL: neither of these, in a directory
 */
enum name_kind {
	NAME_FILE,
	NAME_DIRECTORY,
	NAME_LINK,
	NAME_SPECIAL,
};

/**
 * struct name - a file to work on
 * @path: to be freed
 * @root: how much of it was given: the rest has been found
 * @kind: what it is
 * @found: found in a directory: if it is a symbolic link now, it was not then
 */
struct name {
	char *path;
	size_t root;
	enum name_kind kind;
	bool found;
};

/* False: there are no more. May wait for the list. */
bool names_next(struct names *names, struct name *name);

/* Whether names_next() would wait for the list; then see list_fill(). */
bool names_would_wait(const struct names *names);

/* What is in the directory that names_next() gave last is not wanted. */
void names_skip(struct names *names);

void names_close(struct names *names);

#endif /* KTASK_NAMES_H */
