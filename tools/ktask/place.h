/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A new file that appears in its place when it is whole, or never.
 */
#ifndef KTASK_PLACE_H
#define KTASK_PLACE_H

#include <stdbool.h>

/**
 * struct place - a file to be
 * @path: where it will appear
 * @temporary: where it is until then, or NULL: nowhere
 * @fd: open for reading and writing; -1: there is none
 */
struct place {
	char *path;
	char *temporary;
	int fd;
};

/* The directory of a path; to be freed. */
char *place_directory(const char *path);

/* These return 0 or an errno. What is there already is replaced by the last step. */
int place_open(struct place *place, const char *path);
int place_commit(struct place *place);

/* A symbolic link, likewise. */
int place_link(const char *target, const char *path);

/* Whatever has not been committed is gone then. */
void place_close(struct place *place);

#endif /* KTASK_PLACE_H */
